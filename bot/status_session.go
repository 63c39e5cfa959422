package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// placeSession reads the session of argument 0 and the place of argument 1 by
// which it is looked at, and asks whether the person may see who came there.
func (t *Turn) placeSession() (record.Session, record.Code, error) {
	s, err := t.Session(record.SessionID(t.Arg(0)))
	if err != nil {
		return s, "", err
	}
	place := record.Code(t.Arg(1))
	if place == "" {
		place = s.Place
	}
	return s, place, t.Allow(record.SeeSession, record.Object{Place: place})
}

// statusSession is a session as seen from a place: its counts, by township,
// and the ways to who came and who did not.
func (t *Turn) statusSession() error {
	s, place, err := t.placeSession()
	if err != nil {
		return err
	}
	c, err := t.Tally(s.ID, place.Township())
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["State"], args["Counts"] = t.Say("state."+string(s.State)), t.tallyText(c)
	lines := []string{t.Say("host.page", args)}
	line := string(s.ID) + " " + string(place)
	var turn [][]Btn
	if place.Level() == record.County {
		more, rows, err := t.sessionTowns(s, "status.session "+line)
		if err != nil {
			return err
		}
		lines, turn = append(lines, more...), rows
	}
	rows := append(t.whoButtons(s, c, place), turn...)
	if s.State != record.Cancelled && t.Allow(record.RunSession, sessionObject(s)) == nil {
		rows = append(rows, []Btn{t.Btn("host", "host.show "+string(s.ID))})
	}
	back := "status.sessions " + string(place) + " " + s.Start.In(t.b.conf.Zone).Format(mondayLayout)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow(back))...)
	return nil
}

// whoButtons lead to the names; they are there where there is somebody.
func (t *Turn) whoButtons(s record.Session, c record.SessionCount, place record.Code) [][]Btn {
	line := string(s.ID) + " " + string(place)
	var row []Btn
	missing := "missing_n"
	if s.State == record.Planned {
		missing = "expected_n" // nobody is missing yet
	}
	for _, part := range []struct {
		key, who string
		n        int
	}{{missing, "missing", c.Missing()}, {"came_n", "came", c.Present}, {"excused_n", "excused", c.Excused}} {
		if part.n > 0 {
			row = append(row, Btn{Text: t.Say("button."+part.key, text.A{"N": part.n}), Line: "status.who " + line + " " + part.who})
		}
	}
	if s.State == record.Planned && t.Now.Before(s.Start) {
		silent, err := t.Silent(s, place)
		if err == nil && len(silent) > 0 { // else the page is there all the same
			sc := silentScope{places: []record.Code{place}, until: s.Start, only: s.ID}
			row = append(row, Btn{Text: t.Say("button.silent_n", text.A{"N": len(silent)}), Line: "silent " + sc.args()})
		}
	}
	if c.Waiting > 0 && t.Allow(record.RunSession, sessionObject(s)) == nil {
		row = append(row, Btn{Text: t.Say("button.confirm_n", text.A{"N": c.Waiting}), Line: "roll.waiting " + string(s.ID)})
	}
	return inRows(row, 2)
}

// sessionTowns says the counts of a session by township, a page of them.
func (t *Turn) sessionTowns(s record.Session, line string) (lines []string, turn [][]Btn, err error) {
	towns, err := t.ExpectedTownships(s.ID)
	if err != nil || len(towns) < 2 {
		return nil, nil, err
	}
	from, to, turn := t.window(2, len(towns), line)
	for _, code := range towns[from:to] {
		p, err := t.Place(code)
		if err != nil {
			return nil, nil, err
		}
		c, err := t.Tally(s.ID, code)
		if err != nil {
			return nil, nil, err
		}
		lines = append(lines, t.Say("query.session_town", text.A{"Name": p.Name, "Counts": t.tallyText(c)}))
	}
	return lines, turn, nil
}

// statusWho lists who came to a session, who did not, or who is excused.
func (t *Turn) statusWho() error {
	s, place, err := t.placeSession()
	if err != nil {
		return err
	}
	who := t.Arg(2)
	if who != "came" && who != "excused" {
		who = "missing"
	}
	villages, err := t.branchesOf(s, place, who)
	if err != nil {
		return err
	}
	line := string(s.ID) + " " + string(place)
	from, to, turn := t.window(3, len(villages), "status.who "+line+" "+who)
	args := t.sessionArgs(s)
	args["N"] = len(villages)
	key := "query.who_" + who
	if who == "missing" && s.State == record.Planned {
		key = "query.who_expected"
	}
	lines := []string{t.Say(key, args)}
	var row []Btn
	for _, v := range villages[from:to] {
		said, b, err := t.attendedLine(s, v, who)
		if err != nil {
			return err
		}
		lines, row = append(lines, said), append(row, b)
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("status.session "+line))...)
	return nil
}

// branchesOf lists the expected villages of a place that came, are missing or
// are excused.
func (t *Turn) branchesOf(s record.Session, place record.Code, who string) ([]record.Code, error) {
	if who == "missing" {
		return t.Missing(s.ID, place)
	}
	expected, err := t.Expected(s.ID, place)
	if err != nil {
		return nil, err
	}
	var list []record.Code
	for _, v := range expected {
		mark, _, err := t.Branch(s.ID, v)
		if err != nil {
			return nil, err
		}
		if (who == "came" && mark.Status.Came()) || (who == "excused" && mark.Status == record.Excused) {
			list = append(list, v)
		}
	}
	return list, nil
}

// attendedLine says a village at a session with the person who stood for it;
// where nobody did, with its secretary.
func (t *Turn) attendedLine(s record.Session, village record.Code, who string) (string, Btn, error) {
	if who == "missing" {
		return t.branchLine(village, "")
	}
	mark, _, err := t.Branch(s.ID, village)
	if err != nil {
		return "", Btn{}, err
	}
	p, err := t.Tx.Person(mark.Person)
	if err != nil {
		return "", Btn{}, err
	}
	name, err := t.placeName(village)
	if err != nil {
		return "", Btn{}, err
	}
	place, err := t.Place(village)
	if err != nil {
		return "", Btn{}, err
	}
	more := ""
	if mark.Status.Came() {
		more = t.Voice.Clock(mark.At.In(t.b.conf.Zone))
	}
	if mark.Status == record.Late {
		more = t.Say("query.late_at", text.A{"At": more})
	}
	line := t.Say("query.branch_line", text.A{"Place": name, "Name": p.Name, "More": more})
	return line, Btn{Text: place.Name, Line: "status " + string(village)}, nil
}

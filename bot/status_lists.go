package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// listSize is how many entries a page of a list shows.
const listSize = 10

// window bounds the entries of a page, [from, to), and makes the buttons that
// turn it; argument i names the page.
func (t *Turn) window(i, items int, line string) (from, to int, turn [][]Btn) {
	n, pages := t.pageNumber(i, items, listSize)
	from = (n - 1) * listSize
	return from, min(from+listSize, items), t.pager(n, pages, line)
}

// statusTowns lists the townships of a county with the sum of a week each.
func (t *Turn) statusTowns() error {
	v, err := t.view(record.SeePlace)
	if err != nil {
		return err
	}
	towns, err := t.Children(v.place.County())
	if err != nil {
		return err
	}
	from, to, turn := t.window(2, len(towns), v.line("status.towns"))
	lines := []string{t.head(v)}
	var row []Btn
	for _, town := range towns[from:to] {
		line, err := t.townLine(town, v)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		row = append(row, Btn{Text: town.Name, Line: "status " + string(town.Code) + " " + v.from.Format(mondayLayout)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows,
		[]Btn{t.Btn("chart", v.line("status.chart attendance")), t.Btn("chart_enrolled", v.line("status.chart enrolled"))},
		t.backRow(v.line("status")))...)
	return nil
}

func (t *Turn) townLine(town record.Place, v view) (string, error) {
	sum, err := t.weekSum(town.Code, v.from)
	if err != nil {
		return "", err
	}
	n, err := t.Count(town.Code)
	if err != nil {
		return "", err
	}
	return t.Say("query.town_line", text.A{
		"Name": town.Name, "Sessions": sum.sessions, "Expected": sum.Expected, "Present": sum.Present,
		"Excused": sum.Excused, "Missing": sum.missed, "NotEnrolled": n.Secretaries - n.Enrolled,
	}), nil
}

// statusVillages lists the villages of a township with their secretaries.
func (t *Turn) statusVillages() error {
	v, err := t.view(record.SeePerson)
	if err != nil {
		return err
	}
	lines, rows, err := t.villageList(v, "status.villages")
	if err != nil {
		return err
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow(v.line("status")))...)
	return nil
}

// villageList is a page of a township's villages: who is secretary, and
// whether enrolled.
func (t *Turn) villageList(v view, command string) (lines []string, rows [][]Btn, err error) {
	villages, err := t.Children(v.place.Township())
	if err != nil {
		return nil, nil, err
	}
	n, err := t.Count(v.place)
	if err != nil {
		return nil, nil, err
	}
	from, to, turn := t.window(2, len(villages), v.line(command))
	lines = []string{t.Say("query.roster_head", text.A{
		"Place": v.name, "Villages": n.Villages, "Secretaries": n.Secretaries, "Enrolled": n.Enrolled,
	})}
	var row []Btn
	for _, village := range villages[from:to] {
		args := text.A{"Village": village.Name, "Name": t.Say("query.vacant"), "State": ""}
		p, found, err := t.Secretary(village.Code)
		if err != nil {
			return nil, nil, err
		}
		if found {
			args["Name"], args["State"] = p.Name, t.reachOf(p)
		}
		lines = append(lines, t.Say("query.roster_line", args))
		row = append(row, Btn{Text: village.Name, Line: "status " + string(village.Code) + " " + v.from.Format(mondayLayout)})
	}
	return lines, append(inRows(row, 2), turn...), nil
}

// statusSessions lists the sessions of a week with what came of each.
func (t *Turn) statusSessions() error {
	v, err := t.view(record.SeeSession)
	if err != nil {
		return err
	}
	lines, rows, err := t.sessionList(v, "status.sessions")
	if err != nil {
		return err
	}
	rows = append(rows, t.weekRow("status.sessions", v), t.backRow(v.line("status")))
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// sessionList is a page of the sessions of a place in a week.
func (t *Turn) sessionList(v view, command string) (lines []string, rows [][]Btn, err error) {
	list, err := t.Duties(v.place, v.from, v.from.AddDate(0, 0, 7), 0)
	if err != nil {
		return nil, nil, err
	}
	lines = []string{t.head(v)}
	if len(list) == 0 {
		lines = append(lines, t.Say("query.no_sessions"))
	}
	const size = 6
	n, pages := t.pageNumber(2, len(list), size)
	for _, s := range list[(n-1)*size : min(n*size, len(list))] {
		c, err := t.Tally(s.ID, v.township())
		if err != nil {
			return nil, nil, err
		}
		args := t.sessionArgs(s)
		args["State"], args["Counts"] = t.Say("state."+string(s.State)), t.tallyText(c)
		if s.State == record.Planned {
			args["Counts"] = t.Say("button.expected_n", text.A{"N": c.Expected})
		}
		lines = append(lines, t.Say("query.session_line", args))
		rows = append(rows, []Btn{{Text: t.buttonOf(s), Line: "status.session " + string(s.ID) + " " + string(v.place)}})
	}
	return lines, append(rows, t.pager(n, pages, v.line(command))...), nil
}

// missedAt is a village that nobody stood for at a session.
type missedAt struct {
	s       record.Session
	village record.Code
}

// statusMissed lists who did not come to the sessions of a week that are over.
func (t *Turn) statusMissed() error {
	v, err := t.view(record.SeeSession)
	if err != nil {
		return err
	}
	all, err := t.missedIn(v)
	if err != nil {
		return err
	}
	from, to, turn := t.window(2, len(all), v.line("status.missed"))
	lines := []string{t.head(v), t.Say("query.missed", text.A{"N": len(all)})}
	var row []Btn
	last := record.SessionID("")
	for _, m := range all[from:to] {
		if m.s.ID != last {
			lines, last = append(lines, t.Say("query.missed_at", t.sessionArgs(m.s))), m.s.ID
		}
		line, b, err := t.branchLine(m.village, "")
		if err != nil {
			return err
		}
		lines, row = append(lines, line), append(row, b)
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow(v.line("status")))...)
	return nil
}

func (t *Turn) missedIn(v view) ([]missedAt, error) {
	list, err := t.Duties(v.place, v.from, v.from.AddDate(0, 0, 7), 0)
	if err != nil {
		return nil, err
	}
	var all []missedAt
	for _, s := range list {
		if s.State != record.Closed {
			continue
		}
		missing, err := t.Missing(s.ID, v.place)
		if err != nil {
			return nil, err
		}
		for _, village := range missing {
			all = append(all, missedAt{s, village})
		}
	}
	return all, nil
}

// branchLine says a village with its secretary and what is to be added, and
// makes the button that leads there.
func (t *Turn) branchLine(village record.Code, more string) (string, Btn, error) {
	place, err := t.Place(village)
	if err != nil {
		return "", Btn{}, err
	}
	name, err := t.placeName(village)
	if err != nil {
		return "", Btn{}, err
	}
	who := t.Say("query.vacant")
	p, found, err := t.Secretary(village)
	if found {
		who = p.Name
	}
	line := t.Say("query.branch_line", text.A{"Place": name, "Name": who, "More": more})
	return line, Btn{Text: place.Name, Line: "status " + string(village)}, err
}

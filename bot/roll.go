package bot

import (
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func rollCommands() []command {
	return []command{
		{name: "roll.list", hidden: true, roles: keepers, run: (*Turn).rollTownships},
		{name: "roll.call", hidden: true, roles: keepers, run: (*Turn).rollCall},
		{name: "roll.one", hidden: true, roles: keepers, run: (*Turn).rollOne},
		{name: "roll.mark", hidden: true, roles: keepers, run: (*Turn).rollMark},
		{name: "roll.waiting", hidden: true, roles: keepers, run: (*Turn).rollWaiting},
		{name: "roll.accept", hidden: true, roles: keepers, run: (*Turn).rollAccept},
	}
}

// rollTownships is the first page of a roll call: the townships of a session
// with what is missing in each; one alone is opened at once.
func (t *Turn) rollTownships() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	townships, err := t.ExpectedTownships(s.ID)
	if err != nil {
		return err
	}
	id := string(s.ID)
	if len(townships) == 1 {
		t.Args = []string{id, string(townships[0])}
		return t.rollCall()
	}
	var row []Btn
	for _, code := range townships {
		c, err := t.Tally(s.ID, code)
		if err != nil {
			return err
		}
		p, err := t.Place(code)
		if err != nil {
			return err
		}
		row = append(row, Btn{Text: t.Say("roll.township", text.A{"Name": p.Name, "N": c.Missing()}), Line: "roll.call " + id + " " + string(code)})
	}
	t.reply(t.Say("roll.choose", t.sessionArgs(s)), append(inRows(row, 2), []Btn{t.Btn("back", "host.show "+id)})...)
	return nil
}

// reply answers a button on the live message with a new message, any other
// button by replacing its message. As long as the live message's number is not
// kept, every button in its chat may be on it.
func (t *Turn) reply(body string, rows ...[]Btn) {
	board, err := t.Board(record.SessionID(t.Arg(0)))
	if err == nil && board.Chat == t.Ev.Chat.ID && (board.Message == 0 || board.Message == t.Ev.MessageID) {
		t.Send(body, rows...)
		return
	}
	t.Answer(body, rows...)
}

// rollCall lists the expected villages of a township with where each stands,
// ten a page; a tap on one that is missing marks it.
func (t *Turn) rollCall() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	township := record.Code(t.Arg(1))
	expected, err := t.Expected(s.ID, township)
	if err != nil {
		return err
	}
	line := "roll.call " + string(s.ID) + " " + string(township)
	page, turn := t.page(expected, 2, rollPage, line)
	var row []Btn
	for _, v := range page {
		b, err := t.villageButton(s, v)
		if err != nil {
			return err
		}
		row = append(row, b)
	}
	c, err := t.Tally(s.ID, township)
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["Counts"] = t.tallyText(c)
	rows := append(inRows(row, 2), turn...)
	t.reply(t.Say("roll.page", args), append(rows, []Btn{t.Btn("back", "roll.list "+string(s.ID)), t.Btn("done", "host.show "+string(s.ID))})...)
	return nil
}

// villageButton shows where a village stands: ✅ came, 假 excused, ○ missing.
func (t *Turn) villageButton(s record.Session, v record.Code) (Btn, error) {
	p, err := t.Place(v)
	if err != nil {
		return Btn{}, err
	}
	mark, _, err := t.Branch(s.ID, v)
	sign := "○ "
	switch {
	case mark.Status.Came():
		sign = "✅ "
	case mark.Status == record.Excused:
		sign = t.Say("roll.excused_sign") + " "
	}
	return Btn{Text: sign + p.Name, Line: "roll.one " + string(s.ID) + " " + string(v)}, err
}

// rollOne shows one village at a session and what may be marked.
func (t *Turn) rollOne() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	v := record.Code(t.Arg(1))
	name, err := t.placeName(v)
	if err != nil {
		return err
	}
	mark, _, err := t.Branch(s.ID, v)
	if err != nil {
		return err
	}
	p, found, err := t.Secretary(v)
	if err != nil {
		return err
	}
	back := []Btn{t.Btn("back", t.rollLine(s, v))}
	if !found && mark.Person == "" {
		t.Answer(t.Say("roll.vacant", text.A{"Place": name}), back)
		return nil
	}
	args := text.A{"Place": name, "Name": p.Name, "State": t.Say("status.missing"), "At": ""}
	if mark.Status != "" {
		args["State"], args["At"] = t.Say("status."+string(mark.Status)), t.When(mark.At)
	}
	line := "roll.mark " + string(s.ID) + " " + string(v) + " "
	var row []Btn
	if !mark.Status.Came() {
		row = append(row, t.Btn("mark_present", line+"present"))
	}
	if mark.Status != record.Excused {
		row = append(row, t.Btn("mark_excused", line+"excused"))
	}
	if mark.Status.Came() || mark.Status == record.Excused {
		row = append(row, t.Btn("mark_absent", line+"absent"))
	}
	t.Answer(t.Say("roll.village", args), row, back)
	return nil
}

// markStatuses are what a roll call may say.
var markStatuses = []record.Status{record.Present, record.Excused, record.Absent}

// rollMark marks the secretary of a village. What contradicts an earlier row,
// or comes after the end, asks for a reason first.
func (t *Turn) rollMark() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	status := record.Status(t.Arg(2))
	if !slices.Contains(markStatuses, status) {
		return record.ErrInvalid
	}
	v := record.Code(t.Arg(1))
	about, err := t.standing(s, v)
	if err != nil {
		return err
	}
	mark, _, err := t.Branch(s.ID, v)
	if err != nil {
		return err
	}
	if s.State == record.Closed || mark.Status != "" {
		return t.startFlow("correct", map[string]string{"session": string(s.ID), "village": string(v), "status": string(status)})
	}
	if err := t.markPerson(s, v, about, status, record.ByRollCall, ""); err != nil {
		return err
	}
	t.Args = strings.Fields(t.rollLine(s, v))[1:]
	return t.rollCall()
}

// rollPage is how many villages a page of the roll call shows.
const rollPage = 10

// rollLine leads back to the page of the roll call that has the village.
func (t *Turn) rollLine(s record.Session, v record.Code) string {
	line := "roll.call " + string(s.ID) + " " + string(v.Township())
	expected, err := t.Expected(s.ID, v.Township())
	if err != nil {
		return line // the first page
	}
	return line + " " + strconv.Itoa(1+max(0, slices.Index(expected, v))/rollPage)
}

// standing is who stands for a village at a session: whoever is marked, else
// the secretary of now.
func (t *Turn) standing(s record.Session, v record.Code) (record.Actor, error) {
	expected, err := t.Expected(s.ID, v)
	if err != nil {
		return record.Actor{}, err
	}
	if len(expected) == 0 {
		return record.Actor{}, record.ErrNotFound
	}
	mark, found, err := t.Branch(s.ID, v)
	if err != nil {
		return record.Actor{}, err
	}
	if found {
		return t.Tx.Actor(mark.Person)
	}
	by, err := t.StandIns(s.ID)
	if err != nil {
		return record.Actor{}, err
	}
	if in := by[v]; in != "" {
		v = in
	}
	p, found, err := t.Secretary(v)
	if err != nil {
		return record.Actor{}, err
	}
	if !found {
		return record.Actor{}, record.ErrNotFound
	}
	return t.Tx.Actor(p.ID)
}

// markPerson appends the row, writes the audit line, and tells the person.
func (t *Turn) markPerson(s record.Session, v record.Code, about record.Actor, status record.Status, method record.Method, reason string) error {
	if err := t.Allow(record.RunSession, sessionObject(s)); err != nil {
		return err
	}
	if err := t.Mark(s, about, status, method, t.Person.ID, reason); err != nil {
		return err
	}
	t.AfterCommit(t.b.boards.kick)
	if about.Person != t.Person.ID {
		t.Queue(record.Outbox{
			Key:   strings.Join([]string{"marked", string(s.ID), string(about.Person), stampOf(t.Tx.Now)}, "/"),
			Class: record.Notice, Kind: record.KindMarked, Person: about.Person, Session: s.ID, Rev: s.Rev,
			Args: map[string]string{"status": string(status)},
		})
	}
	return t.Audit(record.Audit{
		By: t.Person.ID, Action: record.RunSession, Person: about.Person, Place: v, Session: s.ID,
		Note: string(status),
	})
}

// rollWaiting lists those who came without being expected, each with a yes and
// a no.
func (t *Turn) rollWaiting() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	list, err := t.WaitingFor(s.ID)
	if err != nil {
		return err
	}
	lines := []string{t.Say("roll.waiting_head", text.A{"N": len(list), "Title": t.title(s)})}
	if len(list) == 0 {
		lines = []string{t.Say("roll.nobody_waiting")}
	}
	var rows [][]Btn
	for _, id := range list[:min(len(list), 5)] {
		p, err := t.Tx.Person(id)
		if err != nil {
			return err
		}
		actor, err := t.Tx.Actor(id)
		if err != nil {
			return err
		}
		posts, err := t.postLines(actor)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("roll.waiting_line", text.A{"Name": p.Name, "Posts": strings.Join(posts, "、")}))
		line := "roll.accept " + string(s.ID) + " " + string(id)
		rows = append(rows, []Btn{
			{Text: t.Say("roll.reject", text.A{"Name": clip(p.Name, 8)}), Line: line + " no"},
			{Text: t.Say("roll.accept", text.A{"Name": clip(p.Name, 8)}), Line: line + " yes"},
		})
	}
	t.reply(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "host.show "+string(s.ID))})...)
	return nil
}

// rollAccept takes the host's yes or no about somebody who was not expected.
func (t *Turn) rollAccept() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	about, err := t.Tx.Actor(record.PersonID(t.Arg(1)))
	if err != nil {
		return err
	}
	att, _, err := t.Attendance(s.ID, about.Person)
	if err != nil {
		return err
	}
	if att.Now().Status != record.Waiting {
		return record.ErrChanged
	}
	status := record.Absent
	if t.Arg(2) == "yes" {
		status = record.Present
	}
	reason := ""
	if s.State == record.Closed {
		reason = t.Say("roll.accepted_after")
	}
	if err := t.markPerson(s, "", about, status, record.ByHost, reason); err != nil {
		return err
	}
	t.Args = []string{string(s.ID)}
	return t.rollWaiting()
}

// rollNotices are the notices of a roll call.
func rollNotices() map[string]render {
	return map[string]render{
		record.KindHosting: hostingNotice,
		record.KindMarked: func(t *Turn, row record.Outbox) (notice, string, error) {
			s, err := t.Session(row.Session)
			if err != nil {
				return notice{}, "", err
			}
			att, _, err := t.Attendance(s.ID, t.Person.ID)
			if err != nil {
				return notice{}, "", err
			}
			now := att.Now()
			if string(now.Status) != row.Args["status"] {
				return notice{}, "corrected meanwhile", nil
			}
			args := t.sessionArgs(s)
			if now.Status == record.Absent {
				if expected, err := t.expects(s); err != nil || !expected {
					return notice{card: card{Text: t.Say("roll.not_accepted", args)}}, "", err
				}
			}
			args["State"], args["Reason"] = t.Say("status."+string(now.Status)), now.Reason
			return notice{card: card{Text: t.Say("roll.marked", args)}}, "", nil
		},
	}
}

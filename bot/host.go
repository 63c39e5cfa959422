package bot

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

func hostCommands() []command {
	return []command{
		{name: "host", words: []string{"主持", "host"}, roles: keepers, run: (*Turn).hostList},
		{name: "host.show", hidden: true, roles: keepers, run: (*Turn).hostShow},
		{name: "host.open", hidden: true, roles: keepers, run: (*Turn).hostOpen},
		{name: "host.code", hidden: true, roles: keepers, run: (*Turn).hostCode},
		{name: "host.close", hidden: true, roles: keepers, run: (*Turn).hostClose},
		{name: "host.missing", hidden: true, roles: keepers, run: (*Turn).hostMissing},
	}
}

// hostList shows the sessions that the person may run about now: the own
// ones, and for an officer those of the own place.
func (t *Turn) hostList() error {
	list, err := t.runnable()
	if err != nil {
		return err
	}
	var rows [][]Btn
	body := t.Say("host.none")
	if len(list) > 0 {
		body = t.Say("host.choose")
	}
	for _, s := range list {
		label := t.buttonOf(s)
		if s.State != record.Planned {
			label += " · " + t.Say("state."+string(s.State))
		}
		rows = append(rows, []Btn{{Text: label, Line: "host.show " + string(s.ID)}})
	}
	if t.Actor.Has(officers...) {
		rows = append(rows, []Btn{t.Btn("new_session", "rota.new now")})
	}
	t.Answer(body, append(rows, t.homeRow())...)
	return nil
}

// maxRunnable is how many sessions the list of a host shows.
const maxRunnable = 8

func (t *Turn) runnable() ([]record.Session, error) {
	from, to := t.Now.Add(-dayLong), t.Now.Add(weekLong)
	list, err := t.Hosting(t.Person.ID, from, to)
	if err != nil {
		return nil, err
	}
	for _, place := range t.offices() {
		more, err := t.Duties(place, from, to, 0)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	list = slices.DeleteFunc(list, func(s record.Session) bool {
		stale := s.State == record.Cancelled || (s.State != record.Open && s.End.Before(t.Now.Add(-dayLong/2)))
		return stale || t.Allow(record.RunSession, sessionObject(s)) != nil
	})
	slices.SortStableFunc(list, func(a, b record.Session) int { return a.Start.Compare(b.Start) })
	list = slices.CompactFunc(list, func(a, b record.Session) bool { return a.ID == b.ID })
	return list[:min(len(list), maxRunnable)], nil
}

// sessionObject is a session as the object of record.Allow.
func sessionObject(s record.Session) record.Object {
	return record.Object{Place: s.Place, Persons: s.Hosts}
}

// buttonOf names a session on a button: 3日 09:00 廉政教育.
func (t *Turn) buttonOf(s record.Session) string {
	at := s.Start.In(t.b.conf.Zone)
	letters := 8
	if t.Voice.Lang == "en" {
		letters = 24 // of half the width
	}
	return t.Voice.ShortDay(at) + " " + t.Voice.Clock(at) + " " + clip(t.title(s), letters)
}

// ownSession reads the session of an argument and asks whether the person may
// do action to it.
func (t *Turn) ownSession(i int, action record.Action) (record.Session, error) {
	s, err := t.Session(record.SessionID(t.Arg(i)))
	if err != nil {
		return s, err
	}
	return s, t.Allow(action, sessionObject(s))
}

// hostShow is a session's page for whoever runs it.
func (t *Turn) hostShow() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	return t.showSession(s)
}

func (t *Turn) showSession(s record.Session) error {
	c, err := t.Tally(s.ID, "")
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["State"] = t.Say("state." + string(s.State))
	args["Counts"] = t.tallyText(c)
	id := string(s.ID)
	var rows [][]Btn
	switch s.State {
	case record.Planned:
		args["Counts"] = t.Say("host.expected", text.A{"N": c.Expected})
		rows = [][]Btn{{t.Btn("open", "host.open "+id), t.Btn("expected", "host.missing "+id)}}
	case record.Open:
		rows = [][]Btn{
			{t.Btn("show_code", "host.code "+id), t.Btn("roll", "roll.list "+id)},
			{t.Btn("missing", "host.missing "+id), t.Btn("close", "host.close "+id)},
		}
	case record.Closed:
		rows = [][]Btn{{t.Btn("missing", "host.missing "+id), t.Btn("correct", "roll.list "+id)}}
	}
	if c.Waiting > 0 {
		rows = append(rows, []Btn{{Text: t.Say("button.confirm_n", text.A{"N": c.Waiting}), Line: "roll.waiting " + id}})
	}
	t.Answer(t.Say("host.page", args), append(rows, []Btn{t.Btn("back", "host")})...)
	return nil
}

// tallyText says the counts of a session: 已到 23 / 31 · 迟到 2 · 请假 3 · 待确认 1.
func (t *Turn) tallyText(c record.SessionCount) string {
	parts := []string{t.Say("host.came", text.A{"Present": c.Present, "Expected": c.Expected})}
	for _, part := range []struct {
		key string
		n   int
	}{{"host.late", c.Late}, {"host.excused", c.Excused}, {"host.extra", c.Extra}, {"host.waiting", c.Waiting}} {
		if part.n > 0 {
			parts = append(parts, t.Say(part.key, text.A{"N": part.n}))
		}
	}
	return strings.Join(parts, " · ")
}

// hostOpen opens check-in and puts the live message with the code up.
func (t *Turn) hostOpen() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	was := s.State
	if s, err = t.OpenSession(s.ID); err != nil {
		return err
	}
	if was != record.Open {
		if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.RunSession, Session: s.ID, Place: s.Place, Note: "open"}); err != nil {
			return err
		}
	}
	return t.putBoard(s)
}

// hostCode puts the live message up once more, at the end of the chat.
func (t *Turn) hostCode() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	if s.State != record.Open {
		return t.showSession(s)
	}
	return t.putBoard(s)
}

// putBoard stores the live message of a session for this chat. Its buttons are
// sealed once; the message itself is sent and kept up by the boards' loop.
func (t *Turn) putBoard(s record.Session) error {
	id := string(s.ID)
	rows := [][]record.Button{
		{{Text: "roll", Data: "roll.list " + id}, {Text: "missing", Data: "host.missing " + id}},
		{{Text: "confirm_n", Data: "roll.waiting " + id}, {Text: "close", Data: "host.close " + id}},
	}
	if err := sealButtons(t.Tx, t.Ev.Chat.ID, t.bound(), rows); err != nil {
		return err
	}
	board := storage.Board{Session: s.ID, Chat: t.Ev.Chat.ID, Host: t.Person.ID, Buttons: rows}
	if old, err := t.Board(s.ID); err == nil && old.Message != 0 {
		board.OldChat, board.OldMessage = old.Chat, old.Message
	}
	if err := t.PutBoard(board); err != nil {
		return err
	}
	t.AfterCommit(t.b.boards.kick)
	args := t.sessionArgs(s)
	args["From"] = ""
	if t.Now.Before(s.Opens) {
		args["From"] = t.Voice.Clock(s.Opens.In(t.b.conf.Zone))
	}
	t.Answer(t.Say("host.opened", args), []Btn{t.Btn("back", "host.show "+id)})
	return nil
}

// hostMissing lists the villages that nobody stood for, by township.
func (t *Turn) hostMissing() error {
	s, err := t.ownSession(0, record.SeeSession)
	if err != nil {
		return err
	}
	missing, err := t.Missing(s.ID, s.Place.County())
	if err != nil {
		return err
	}
	page, rows := t.page(missing, 1, 20, "host.missing "+string(s.ID))
	head := "host.missing_head"
	if s.State == record.Planned {
		head = "host.expected_head"
	}
	lines := []string{t.Say(head, text.A{"Title": t.title(s), "When": t.When(s.Start), "N": len(missing)})}
	if len(missing) == 0 {
		lines = []string{t.Say("host.nobody_missing", t.sessionArgs(s))}
	}
	named, err := t.namesByTownship(page)
	if err != nil {
		return err
	}
	lines = append(lines, named...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "host.show "+string(s.ID))})...)
	return nil
}

// page cuts a list to the page that argument i names and makes the buttons
// that turn it.
func (t *Turn) page(list []record.Code, i, size int, line string) (page []record.Code, rows [][]Btn) {
	n, pages := t.pageNumber(i, len(list), size)
	rows = t.pager(n, pages, line)
	from := min((n-1)*size, len(list))
	return list[from:min(from+size, len(list))], rows
}

// pageNumber reads a page's number from argument i and bounds it.
func (t *Turn) pageNumber(i, items, size int) (n, pages int) {
	pages = max(1, (items+size-1)/size)
	n, err := strconv.Atoi(t.Arg(i))
	if err != nil {
		n = 1
	}
	return min(max(n, 1), pages), pages
}

// pager makes the buttons that turn a page.
func (t *Turn) pager(n, pages int, line string) [][]Btn {
	var row []Btn
	if n > 1 {
		row = append(row, Btn{Text: t.Say("button.prev_page"), Line: line + " " + strconv.Itoa(n-1)})
	}
	if n < pages {
		row = append(row, Btn{Text: t.Say("button.next_page"), Line: line + " " + strconv.Itoa(n+1)})
	}
	if row == nil {
		return nil
	}
	return [][]Btn{row}
}

// namesByTownship says villages under their townships, a township a line:
// 巴燕镇:下加合村、金家庄村.
func (t *Turn) namesByTownship(villages []record.Code) ([]string, error) {
	var lines []string
	var last record.Code
	for _, v := range villages {
		p, err := t.Place(v)
		if err != nil {
			return nil, err
		}
		if v.Township() == last {
			lines[len(lines)-1] += t.Say("host.and") + p.Name
			continue
		}
		up, err := t.Place(v.Township())
		if err != nil {
			return nil, err
		}
		last = v.Township()
		lines = append(lines, t.Say("host.township_line", text.A{"Township": up.Name, "Villages": p.Name}))
	}
	return lines, nil
}

// hostClose ends check-in; it is asked once more with its consequence.
func (t *Turn) hostClose() error {
	s, err := t.ownSession(0, record.RunSession)
	if err != nil {
		return err
	}
	c, err := t.Tally(s.ID, "")
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["N"], args["Counts"] = c.Missing(), t.tallyText(c)
	id := string(s.ID)
	if t.Arg(1) != "yes" {
		ask := "host.close_ask"
		if c.Missing() == 0 {
			ask = "host.close_all"
		}
		t.Send(t.Say(ask, args), []Btn{t.Btn("back", "host.show "+id), t.Btn("close_yes", "host.close "+id+" yes")})
		return nil
	}
	if s, err = t.CloseSession(s.ID); err != nil {
		if errors.Is(err, record.ErrNotOpen) {
			return t.showSession(s)
		}
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.RunSession, Session: s.ID, Place: s.Place, Note: "close"}); err != nil {
		return err
	}
	t.AfterCommit(t.b.boards.kick)
	t.planChanged()
	var confirm []Btn
	if c.Waiting > 0 {
		confirm = []Btn{{Text: t.Say("button.confirm_n", text.A{"N": c.Waiting}), Line: "roll.waiting " + id}}
	}
	t.Answer(t.Say("host.closed", args), confirm, []Btn{t.Btn("missing", "host.missing "+id), t.Btn("correct", "roll.list "+id)}, t.homeRow())
	return nil
}

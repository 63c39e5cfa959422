package bot

import (
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func scheduleCommands() []command {
	return []command{
		{name: "schedule", words: []string{"日程", "我的日程", "安排", "schedule"}, run: (*Turn).schedule},
		{name: "schedule.mine", hidden: true, run: (*Turn).scheduleMine},
		{name: "schedule.file", hidden: true, run: (*Turn).scheduleFile},
		{name: "schedule.base", hidden: true, roles: record.Roles(), run: (*Turn).scheduleBase},
		{name: "schedule.week", hidden: true, roles: officers, run: (*Turn).scheduleWeek},
	}
}

// schedule shows the own next sessions, or for somebody who has none of the
// own, the office's week; with the name of a base what comes there.
func (t *Turn) schedule() error {
	if name := strings.Join(t.Args, " "); name != "" {
		base, err := t.baseNamed(name)
		if err != nil {
			return err
		}
		if base != "" {
			t.Args = []string{string(base)}
			return t.scheduleBase()
		}
	}
	list, err := t.mySessions()
	if err != nil {
		return err
	}
	if len(list) == 0 && len(t.offices()) > 0 {
		t.Args = []string{string(t.offices()[0])}
		return t.scheduleWeek()
	}
	t.Args = nil
	return t.scheduleMine()
}

// scheduleMine lists the sessions that the person has to come to or hosts.
func (t *Turn) scheduleMine() error {
	list, err := t.mySessions()
	if err != nil {
		return err
	}
	const size = 5
	n, pages := t.pageNumber(0, len(list), size)
	lines := []string{t.Say("schedule.mine", text.A{"N": len(list)})}
	if len(list) == 0 {
		lines = []string{t.Say("schedule.nothing")}
	}
	hosting := false
	for _, s := range list[(n-1)*size : min(n*size, len(list))] {
		args := t.sessionArgs(s)
		args["Hosting"] = slices.Contains(s.Hosts, t.Person.ID)
		att, _, err := t.Attendance(s.ID, t.Person.ID)
		if err != nil {
			return err
		}
		args["Mark"] = "" // on leave, or there already
		if now := att.Now().Status; now != "" {
			args["Mark"] = t.Say("status." + string(now))
		}
		args["Open"] = s.State == record.Open && args["Mark"] == ""
		hosting = hosting || slices.Contains(s.Hosts, t.Person.ID)
		lines = append(lines, t.Say("schedule.line", args))
	}
	rows := t.pager(n, pages, "schedule.mine")
	var row []Btn
	if hosting {
		row = append(row, t.Btn("host", "host"))
	}
	if len(list) > 0 {
		row = append(row, t.Btn("calendar_file", "schedule.file"))
	}
	if offices := t.offices(); len(offices) > 0 {
		row = append(row, t.Btn("office_week", "schedule.week "+string(offices[0])))
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, row, t.homeRow())...)
	return nil
}

// mySessions lists the sessions not over that expect a village of the person
// or that the person hosts, by start.
func (t *Turn) mySessions() ([]record.Session, error) {
	list, err := t.allMySessions()
	return slices.DeleteFunc(list, func(s record.Session) bool {
		return s.Over() || (s.State == record.Planned && !t.Now.Before(s.End))
	}), err
}

// allMySessions lists the same with those that are over or cancelled, from
// yesterday on.
func (t *Turn) allMySessions() ([]record.Session, error) {
	from, to := t.Now.Add(-dayLong), t.Now.Add(yearLong)
	list, err := t.hosting(from, to)
	if err != nil {
		return nil, err
	}
	for _, v := range t.Actor.Places(record.Secretary) {
		more, err := t.Duties(v, from, to, 0)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	slices.SortStableFunc(list, func(a, b record.Session) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return slices.CompactFunc(list, func(a, b record.Session) bool { return a.ID == b.ID }), nil
}

// scheduleWeek lists the sessions of an office's week.
func (t *Turn) scheduleWeek() error {
	v, err := t.view(record.SeeSession)
	if err != nil {
		return err
	}
	lines, rows, err := t.sessionList(v, "schedule.week")
	if err != nil {
		return err
	}
	rows = append(rows, t.weekRow("schedule.week", v))
	bases, err := t.baseButtons()
	if err != nil {
		return err
	}
	rows = append(rows, inRows(bases, 2)...)
	row := []Btn{}
	if t.b.commands["rota"] != nil {
		row = append(row, t.Btn("rota", "rota"))
	}
	if t.Actor.Has(record.Secretary, record.Host) {
		row = append(row, t.Btn("my_sessions", "schedule.mine"))
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, row, t.homeRow())...)
	return nil
}

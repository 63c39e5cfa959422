package bot

import (
	"strconv"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func rotaCommands() []command {
	return []command{
		{name: "rota", words: []string{"轮值", "轮值安排"}, roles: officers, run: (*Turn).rotaWeek},
		{name: "rota.show", hidden: true, roles: officers, run: (*Turn).rotaShow},
		{name: "rota.new", hidden: true, roles: officers, run: (*Turn).rotaNew},
		{name: "rota.move", hidden: true, roles: officers, run: (*Turn).rotaMove},
		{name: "rota.cancel", hidden: true, roles: officers, run: (*Turn).rotaCancel},
	}
}

// weekStart is the Monday 00:00 of the week of t, in t's zone.
func weekStart(t time.Time) time.Time {
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, t.Location())
}

// weeksBetween counts the weeks from one Monday to another, of which some are an
// hour shorter or longer where clocks are changed.
func weeksBetween(from, to time.Time) int {
	return int(to.Sub(from).Round(weekLong) / weekLong)
}

// maxWeeks bounds how far the weeks can be turned.
const maxWeeks = 104

// weekArg reads argument i as a number of weeks from now.
func (t *Turn) weekArg(i int) (n int, from time.Time) {
	n, err := strconv.Atoi(t.Arg(i))
	if err != nil {
		n = 0
	}
	n = max(-maxWeeks, min(maxWeeks, n))
	return n, weekStart(t.Now).AddDate(0, 0, 7*n)
}

// rotaWeek shows the sessions of a week in the officer's place.
func (t *Turn) rotaWeek() error {
	n, from := t.weekArg(0)
	to := from.AddDate(0, 0, 7)
	var list []record.Session
	for _, place := range t.offices() {
		more, err := t.Duties(place, from, to, 0)
		if err != nil {
			return err
		}
		list = append(list, more...)
	}
	lines := []string{t.Say("rota.week", text.A{"Span": t.Voice.Span(from, to.AddDate(0, 0, -1)), "N": len(list)})}
	var rows [][]Btn
	for _, s := range list[:min(len(list), 10)] {
		c, err := t.Tally(s.ID, "")
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("rota.line", text.A{
			"When": t.When(s.Start), "Title": t.title(s), "N": c.Expected, "State": t.Say("state." + string(s.State)),
		}))
		rows = append(rows, []Btn{{Text: t.buttonOf(s), Line: "rota.show " + string(s.ID)}})
	}
	if len(list) > 10 {
		lines = append(lines, t.Say("rota.more", text.A{"N": len(list) - 10}))
	}
	rows = append(rows,
		[]Btn{{Text: t.Say("button.prev_week"), Line: "rota " + strconv.Itoa(n-1)}, {Text: t.Say("button.next_week"), Line: "rota " + strconv.Itoa(n+1)}},
		[]Btn{t.Btn("new_session", "rota.new"), t.Btn("cycles", "cycle")},
		append([]Btn{t.Btn("calendar", "calendar")}, t.homeRow()...),
	)
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// rotaShow is a session's page for planning: when, where, who is expected.
func (t *Turn) rotaShow() error {
	s, err := t.Session(record.SessionID(t.Arg(0)))
	if err != nil {
		return err
	}
	if err := t.maySeeSession(s); err != nil {
		return err
	}
	expected, err := t.Expected(s.ID, s.Place.County())
	if err != nil {
		return err
	}
	page, turn := t.page(expected, 1, 40, "rota.show "+string(s.ID))
	names, err := t.namesByTownship(page)
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["State"], args["N"] = t.Say("state."+string(s.State)), len(expected)
	args["End"] = t.Voice.Clock(s.End.In(t.b.conf.Zone))
	rows := turn
	if s.State == record.Planned && t.Allow(record.PlanSession, sessionObject(s)) == nil {
		rows = append(rows, []Btn{t.Btn("move", "rota.move "+string(s.ID)), t.Btn("cancel_session", "rota.cancel "+string(s.ID))})
	}
	if t.Allow(record.RunSession, sessionObject(s)) == nil && s.State != record.Cancelled {
		rows = append(rows, []Btn{{Text: t.Say("button.host"), Line: "host.show " + string(s.ID)}})
	}
	weeks := weeksBetween(weekStart(t.Now), weekStart(s.Start.In(t.b.conf.Zone)))
	body := append([]string{t.Say("rota.page", args)}, names...)
	t.Answer(strings.Join(body, "\n"), append(rows, []Btn{t.Btn("back", "rota "+strconv.Itoa(weeks))})...)
	return nil
}

// maySeeSession asks whether the person may see a session's plan: the own one,
// or one that expects somebody of the own township.
func (t *Turn) maySeeSession(s record.Session) error {
	if t.Allow(record.SeeSession, sessionObject(s)) == nil {
		return nil
	}
	townships, err := t.ExpectedTownships(s.ID)
	if err != nil {
		return err
	}
	for _, code := range townships {
		if t.Allow(record.SeeSession, record.Object{Place: code}) == nil {
			return nil
		}
	}
	return t.Allow(record.SeeSession, sessionObject(s))
}

// rotaNew asks for a new session; "now" is one that begins at once.
func (t *Turn) rotaNew() error {
	answers := map[string]string{}
	if t.Arg(0) == "now" {
		answers["now"] = "yes"
	}
	return t.startFlow("session", answers)
}

// planned reads the session of argument 0, which the person may plan and which
// has not begun.
func (t *Turn) planned() (record.Session, error) {
	s, err := t.ownSession(0, record.PlanSession)
	if err == nil && s.State != record.Planned {
		err = record.ErrChanged
	}
	return s, err
}

// rotaMove asks for another time of a session.
func (t *Turn) rotaMove() error {
	s, err := t.planned()
	if err != nil {
		return err
	}
	return t.startFlow("move", map[string]string{"session": string(s.ID)})
}

// rotaCancel cancels a session; it is asked once more with its consequence.
func (t *Turn) rotaCancel() error {
	s, err := t.planned()
	if err != nil {
		return err
	}
	c, err := t.Tally(s.ID, "")
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["N"] = c.Expected
	id := string(s.ID)
	if t.Arg(1) != "yes" {
		t.Answer(t.Say("rota.cancel_ask", args), []Btn{t.Btn("back", "rota.show "+id), t.Btn("cancel_yes", "rota.cancel "+id+" yes")})
		return nil
	}
	if s, err = t.CancelSession(s.ID); err != nil {
		return err
	}
	t.tellHosts(s, "off")
	t.planChanged()
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanSession, Session: s.ID, Place: s.Place, Note: "cancel"}); err != nil {
		return err
	}
	t.Answer(t.Say("rota.cancelled", args), []Btn{t.Btn("rota", "rota"), t.Btn("home", "start")})
	return nil
}

// planChanged has the schedule look at what is due once the change is durable.
func (t *Turn) planChanged() {
	if p := t.b.conf.Planner; p != nil {
		t.AfterCommit(p.Kick)
	}
}

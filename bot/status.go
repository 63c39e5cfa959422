package bot

import (
	"fmt"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// An officer's questions. Every page is a command line, so a button leads to
// it and so does a notice:
//
//	status [place [week] | name]       a county, a township, a village (here)
//	status.towns, .villages, .sessions, .missed    what lies below (status_lists.go)
//	status.session, .who               one session (status_session.go)
//	status.flag, .undelivered          who needs somebody's eye (status_flags.go)
//	status.person, .link, .unbind      one person (person.go)
//	status.chart                       the counts as a picture (status_chart.go)
//
// A week is named by its Monday, so that an old button means the same week.
// Whoever asks is authorised on the place, session or person of the page, in
// the transaction that reads it; a list is read no further than its page needs.
func statusCommands() []command {
	return []command{
		{name: "status", words: []string{"查询", "状态", "status"}, roles: officers, groups: true, run: (*Turn).status},
		{name: "status.towns", hidden: true, roles: officers, run: (*Turn).statusTowns},
		{name: "status.villages", hidden: true, roles: officers, run: (*Turn).statusVillages},
		{name: "status.sessions", hidden: true, roles: officers, run: (*Turn).statusSessions},
		{name: "status.missed", hidden: true, roles: officers, run: (*Turn).statusMissed},
		{name: "status.session", hidden: true, roles: officers, run: (*Turn).statusSession},
		{name: "status.who", hidden: true, roles: officers, run: (*Turn).statusWho},
		{name: "status.flag", hidden: true, roles: officers, run: (*Turn).statusFlag},
		{name: "status.undelivered", hidden: true, roles: officers, run: (*Turn).statusUndelivered},
		{name: "status.grads", hidden: true, roles: officers, run: (*Turn).statusGraduates},
		{name: "status.chart", hidden: true, roles: officers, run: (*Turn).statusChart},
		{name: "status.find", hidden: true, roles: officers, run: (*Turn).statusFind},
	}
}

// status shows the own place, the place of a code, or what a name means.
func (t *Turn) status() error {
	first := record.Code(t.Arg(0))
	switch {
	case first == "":
		offices := t.offices()
		if len(offices) == 0 {
			return record.ErrNotYours
		}
		t.Args = []string{string(offices[0])}
	case first.Level() == record.NoLevel:
		return t.statusOf(strings.Join(t.Args, " "))
	}
	v, err := t.view(record.SeePlace)
	if err != nil {
		return err
	}
	if v.place.Level() == record.Village {
		return t.villagePage(v)
	}
	return t.placePage(v)
}

// statusOf answers /status with a name behind it.
func (t *Turn) statusOf(name string) error {
	found, err := t.lookup(name)
	if err != nil || found {
		return err
	}
	t.Answer(t.Say("query.unknown", text.A{"Text": clip(name, 30)}), t.backRow("status"))
	return nil
}

// view is what a page is about: a place and a week.
type view struct {
	place record.Code
	name  string
	from  time.Time // Monday 00:00
	this  bool      // the week of now
}

// view reads place and week of the first two arguments and asks whether the
// person may do action to the place.
func (t *Turn) view(action record.Action) (view, error) {
	v := view{place: record.Code(t.Arg(0))}
	if v.place.Level() == record.NoLevel {
		return v, record.ErrNotFound
	}
	if err := t.Allow(action, record.Object{Place: v.place}); err != nil {
		return v, err
	}
	v.from = t.mondayArg(1)
	v.this = v.from.Equal(weekStart(t.Now))
	var err error
	v.name, err = t.placeName(v.place)
	return v, err
}

const mondayLayout = "20060102"

// mondayArg reads argument i as a day and returns the Monday of its week; of
// this week where it is none.
func (t *Turn) mondayArg(i int) time.Time {
	day, err := time.ParseInLocation(mondayLayout, t.Arg(i), t.b.conf.Zone)
	now := weekStart(t.Now)
	if err != nil || day.Before(now.AddDate(-maxWeeks/52, 0, 0)) || day.After(now.AddDate(maxWeeks/52, 0, 0)) {
		return now
	}
	return weekStart(day)
}

// args writes place and week for a button's line.
func (v view) args() string { return string(v.place) + " " + v.from.Format(mondayLayout) }

// line is a command line about the place and week.
func (v view) line(command string) string { return command + " " + v.args() }

// week is the same place, n weeks on.
func (v view) week(n int) view {
	v.from = v.from.AddDate(0, 0, 7*n)
	return v
}

// township is the township to count by in a session; "" for the whole county.
func (v view) township() record.Code { return v.place.Township() }

// backRow is the row that leads back to a page.
func (t *Turn) backRow(line string) []Btn {
	if t.Ev.Chat.Group {
		return nil
	}
	return []Btn{t.Btn("back", line)}
}

// head says the place and the week: 化隆县 · 本周(12月1日—7日).
func (t *Turn) head(v view) string {
	key := "query.week_of"
	if v.this {
		key = "query.this_week"
	}
	return t.Say(key, text.A{"Place": v.name, "Span": t.Voice.Span(v.from, v.from.AddDate(0, 0, 6))})
}

// placePage is a county or a township in a week: the result first.
func (t *Turn) placePage(v view) error {
	sum, err := t.weekSum(v.place, v.from)
	if err != nil {
		return err
	}
	n, err := t.Count(v.place)
	if err != nil {
		return err
	}
	lines := []string{t.head(v), t.sumLine(sum), t.Say("query.people", text.A{
		"NotEnrolled": n.Secretaries - n.Enrolled, "Unreachable": n.Unreachable, "Vacant": n.Villages - n.Secretaries,
	})}
	plans, leads, err := t.planLines(v.place)
	if err != nil {
		return err
	}
	lines = append(lines, plans...)
	if t.Ev.Chat.Group {
		t.Answer(strings.Join(lines, "\n"))
		return nil
	}
	rows := t.placeButtons(v, sum, n)
	if len(leads) > 0 {
		rows = append([][]Btn{leads}, rows...)
	}
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// planLines say how far the programme and the cycle are that are going on, with
// the buttons that lead to them.
func (t *Turn) planLines(place record.Code) (lines []string, row []Btn, err error) {
	said, programme, err := t.programmeLine(place)
	if err != nil {
		return nil, nil, err
	}
	if said != "" {
		lines, row = append(lines, said), append(row, t.Btn("plan", "plan.show "+string(programme)))
	}
	said, cycle, err := t.cycleLine(place)
	if err != nil {
		return nil, nil, err
	}
	if said != "" {
		lines, row = append(lines, said), append(row, t.Btn("cycles", "cycle.show "+string(cycle)))
	}
	return lines, row, nil
}

// sumLine says a week's sum: 场次 6 · 应到 184 · 已到 171 · 请假 8 · 未到 5.
func (t *Turn) sumLine(sum weekCount) string {
	if sum.sessions == 0 {
		return t.Say("query.no_sessions")
	}
	return t.Say("query.sum", text.A{
		"Sessions": sum.sessions, "Expected": sum.Expected, "Present": sum.Present,
		"Excused": sum.Excused, "Missing": sum.missed, "Open": sum.open(),
	})
}

// open is how many branches may still come: of sessions that are not over.
func (c weekCount) open() int { return c.Missing() - c.missed }

func (t *Turn) placeButtons(v view, sum weekCount, n record.PlaceCount) [][]Btn {
	below := t.Btn("townships", v.line("status.towns"))
	if v.place.Level() == record.Township {
		below = t.Btn("villages", v.line("status.villages"))
	}
	row := []Btn{below}
	counted := func(key string, n int, line string) {
		if n > 0 {
			row = append(row, Btn{Text: t.Say("button."+key, text.A{"N": n}), Line: line})
		}
	}
	flag := func(f string) string { return "status.flag " + f + " " + string(v.place) }
	counted("sessions_n", sum.sessions, v.line("status.sessions"))
	counted("missing_n", sum.missed, v.line("status.missed"))
	counted("unenrolled_n", n.Secretaries-n.Enrolled, flag("notenrolled"))
	counted("vacant_n", n.Villages-n.Secretaries, flag("vacant"))
	counted("doubted_n", storage.Doubted.Of(n.Graduates), "graduates "+string(v.place)+" "+string(storage.Doubted))
	row = append(row, t.Btn("unreached", flag("unreachable")), t.Btn("grads", v.line("status.grads")))
	if v.place.Level() == record.County || sum.sessions > 0 {
		row = append(row, t.Btn("chart", v.line("status.chart attendance")))
	}
	if v.place == t.b.conf.County && t.Allow(record.SeeBurden, record.Object{Place: v.place}) == nil {
		row = append(row, t.Btn("burden", v.line("burden")))
	}
	rows := append(inRows(row, 2), t.weekRow("status", v))
	back := t.homeRow()
	if up := v.place.Parent(); up != "" && t.Allow(record.SeePlace, record.Object{Place: up}) == nil {
		back = []Btn{t.Btn("back", "status.towns "+string(up)+" "+v.from.Format(mondayLayout)), t.Btn("home", "start")}
	}
	return append(rows, back)
}

// weekRow turns a page to the weeks before and after.
func (t *Turn) weekRow(command string, v view) []Btn {
	return []Btn{t.Btn("prev_week", v.week(-1).line(command)), t.Btn("next_week", v.week(1).line(command))}
}

const (
	recentDays   = 90 * dayLong
	recentShown  = 3
	formerlyDays = 366 * dayLong
)

// villagePage is a village: its secretary, the next session and the last ones,
// its graduates.
func (t *Turn) villagePage(v view) error {
	if t.Ev.Chat.Group {
		t.Answer(t.Say("query.in_private"))
		return nil
	}
	if err := t.Allow(record.SeePerson, record.Object{Place: v.place}); err != nil {
		return err
	}
	lines := []string{v.name}
	p, found, err := t.Secretary(v.place)
	if err != nil {
		return err
	}
	var row []Btn
	if found {
		line, err := t.secretaryLine(p, v.place)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		row = append(row, Btn{Text: p.Name, Line: "status.person " + string(p.ID)})
	} else {
		lines = append(lines, t.Say("query.no_secretary"))
	}
	for _, more := range []func(view) ([]string, error){t.formerLine, t.villageSessions, t.villageGraduates} {
		said, err := more(v)
		if err != nil {
			return err
		}
		lines = append(lines, said...)
	}
	if t.b.commands["graduates"] != nil {
		row = append(row, t.Btn("graduates", "graduates "+string(v.place)))
	}
	back := "status.villages " + string(v.place.Parent()) + " " + v.from.Format(mondayLayout)
	if t.Allow(record.SeePlace, record.Object{Place: v.place.Parent()}) != nil {
		back = "start"
	}
	t.Answer(strings.Join(lines, "\n"), row, t.backRow(back))
	return nil
}

// secretaryLine says who is secretary, since when, and whether enrolled.
func (t *Turn) secretaryLine(p record.Person, village record.Code) (string, error) {
	posts, err := t.Posts(p.ID)
	if err != nil {
		return "", err
	}
	since := record.Date("")
	for _, post := range posts {
		if post.Held() && post.Role == record.Secretary && post.Place == village {
			since = post.From
		}
	}
	return t.Say("query.secretary", text.A{"Name": p.Name, "Since": string(since), "State": t.reachOf(p)}), nil
}

// reachOf says whether a person is enrolled and can be written to.
func (t *Turn) reachOf(p record.Person) string {
	switch {
	case !p.Enrolled():
		return t.Say("query.not_enrolled")
	case !p.UnreachableSince.IsZero():
		return t.Say("query.unreachable")
	}
	return t.Say("query.enrolled")
}

// formerLine says who was secretary before, the last one first.
func (t *Turn) formerLine(v view) ([]string, error) {
	ids, err := t.PastHolders(record.Secretary, v.place)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	p, err := t.Tx.Person(ids[len(ids)-1])
	if err != nil {
		return nil, err
	}
	return []string{t.Say("query.former", text.A{"Name": p.Name})}, nil
}

// villageSessions says the next session that expects a village, and how the
// last ones went.
func (t *Turn) villageSessions(v view) ([]string, error) {
	list, err := t.Duties(v.place, t.Now.Add(-recentDays), t.Now.Add(yearLong), 0)
	if err != nil {
		return nil, err
	}
	var lines, past []string
	for _, s := range list {
		switch {
		case s.State == record.Cancelled:
		case s.State == record.Closed:
			result, err := t.resultOf(s, v.place)
			if err != nil {
				return nil, err
			}
			past = append(past, t.Say("query.past_session", text.A{
				"Day": t.Voice.ShortDay(s.Start.In(t.b.conf.Zone)), "Title": t.title(s), "Result": result,
			}))
		case len(lines) == 0 && t.Now.Before(s.End):
			lines = append(lines, t.Say("query.next_session", t.sessionArgs(s)))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, t.Say("query.no_next"))
	}
	for i := len(past) - 1; i >= max(0, len(past)-recentShown); i-- {
		lines = append(lines, past[i])
	}
	return lines, nil
}

// resultOf says where a village stands at a session: 已到 09:02.
func (t *Turn) resultOf(s record.Session, village record.Code) (string, error) {
	mark, _, err := t.Branch(s.ID, village)
	if err != nil {
		return "", err
	}
	if mark.Status.Came() {
		return t.Say("status."+string(mark.Status)) + " " + t.Voice.Clock(mark.At.In(t.b.conf.Zone)), nil
	}
	if mark.Status == record.Excused {
		return t.Say("status.excused"), nil
	}
	return t.Say("status.missing"), nil
}

func (t *Turn) villageGraduates(v view) ([]string, error) {
	n, err := t.Count(v.place)
	if err != nil {
		return nil, err
	}
	return []string{t.Say("query.graduates", text.A{
		"All": n.Graduates.All, "Seeking": n.Graduates.Employment[record.Seeking], "Willing": n.Graduates.SeekingWilling,
	})}, nil
}

// statusGraduates counts the graduates of a place by employment and by
// willingness.
func (t *Turn) statusGraduates() error {
	v, err := t.view(record.SeeGraduates)
	if err != nil {
		return err
	}
	n, err := t.Count(v.place)
	if err != nil {
		return err
	}
	g := n.Graduates
	lines := []string{t.Say("query.grads_head", text.A{"Place": v.name, "All": g.All, "Studying": g.Studying})}
	var parts []string
	for _, e := range record.Employments() {
		parts = append(parts, fmt.Sprintf("%s %d", t.Say("query.employment."+string(e)), g.Employment[e]))
	}
	lines = append(lines, strings.Join(parts, " · "))
	parts = nil
	for _, w := range record.Willingnesses() {
		parts = append(parts, fmt.Sprintf("%s %d", t.Say("query.willingness."+string(w)), g.Willingness[w]))
	}
	lines = append(lines, strings.Join(parts, " · "), t.Say("query.grads_key", text.A{"N": g.SeekingWilling}),
		t.Say("facts.status", text.A{"Fresh": g.All - g.Asked - g.OnCall, "Asked": g.Asked, "Calls": g.OnCall}))
	row := []Btn{t.Btn("chart", v.line("status.chart graduates"))}
	if t.b.commands["graduates"] != nil {
		row = append(row, t.Btn("grad_list", "graduates "+string(v.place)))
	}
	t.Answer(strings.Join(lines, "\n"), row, t.backRow(v.line("status")))
	return nil
}

package bot

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The county's calendar: holidays, make-up workdays, days on which a base is shut
// or nobody travels. A change is shown with what it moves before it is saved; the
// days, and the changes of the cycles that follow, are written together and can be
// taken back together.
func calendarCommands() []command {
	county := []record.Role{record.CountyOfficer}
	return []command{
		{name: "calendar", words: []string{"日历", "calendar"}, roles: officers, run: (*Turn).calendar},
		{name: "calendar.edit", hidden: true, roles: county, run: func(t *Turn) error { return t.startFlow("calendar", nil) }},
		{name: "calendar.save", hidden: true, roles: county, run: (*Turn).calendarSave},
		{name: "calendar.sheet", hidden: true, roles: county, run: (*Turn).calendarSheet},
		{name: "calendar.undo", hidden: true, roles: county, run: (*Turn).calendarUndo},
	}
}

func calendarFlows() []*flow {
	return []*flow{{
		name: "calendar", direct: true, steps: calendarSteps, title: say("calendar.form"),
		may:  func(t *Turn, _ dialog.Answers) error { return t.Allow(record.EditCalendar, t.countyObject()) },
		save: func(t *Turn, a dialog.Answers) error { return t.calendarAsk(editOf(a)) },
	}}
}

const monthLayout = "2006-01"

// calendar lists what a month of the calendar says that weekdays do not.
func (t *Turn) calendar() error {
	if err := t.Allow(record.SeeRota, record.Object{Place: t.planPlace()}); err != nil {
		return err
	}
	month, err := time.ParseInLocation(monthLayout, t.Arg(0), t.b.conf.Zone)
	if err != nil {
		month = time.Date(t.Now.Year(), t.Now.Month(), 1, 0, 0, 0, 0, t.b.conf.Zone)
	}
	days, err := t.CalendarDays(t.b.conf.County, record.DateOf(month), record.DateOf(month.AddDate(0, 1, -1)))
	if err != nil {
		return err
	}
	lines := []string{t.Say("calendar.head", text.A{"Year": month.Year(), "Month": t.Voice.Month(month.Month())})}
	said, err := t.calendarLines(days)
	if err != nil {
		return err
	}
	if lines = append(lines, said...); len(said) == 0 {
		lines = append(lines, t.Say("calendar.plain"))
	}
	turn := []Btn{
		t.Btn("prev_month", "calendar "+month.AddDate(0, -1, 0).Format(monthLayout)),
		t.Btn("next_month", "calendar "+month.AddDate(0, 1, 0).Format(monthLayout)),
	}
	rows := [][]Btn{turn}
	if t.Allow(record.EditCalendar, t.countyObject()) == nil {
		row := []Btn{t.Btn("change_calendar", "calendar.edit"), t.Btn("calendar_sheet", "calendar.sheet "+itoa(month.Year()))}
		_, found, err := t.LastCalendarChange(t.b.conf.County)
		if err != nil {
			return err
		}
		if found {
			row = append(row, t.Btn("undo_calendar", "calendar.undo"))
		}
		rows = append(rows, inRows(row, 2)...)
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "rota"), t.Btn("home", "start")})...)
	return nil
}

// calendarLines says days in runs: 12月14日—16日 停训 党性教育基地:维修.
func (t *Turn) calendarLines(days []record.CalendarDay) ([]string, error) {
	same := func(a, b record.CalendarDay) bool {
		return a.Kind == b.Kind && a.Base == b.Base && a.Name == b.Name && a.Provisional == b.Provisional
	}
	var runs [][]record.CalendarDay
	for _, d := range days {
		i := slices.IndexFunc(runs, func(run []record.CalendarDay) bool {
			last := run[len(run)-1]
			return same(last, d) && last.Day.Shift(1) == d.Day
		})
		if i < 0 {
			runs = append(runs, nil)
			i = len(runs) - 1
		}
		runs[i] = append(runs[i], d)
	}
	var lines []string
	for _, run := range runs {
		first := run[0]
		where := ""
		if first.Base != "" {
			where = t.baseTitle(first.Base)
		} else if first.Kind == record.Shut {
			where = t.Say("calendar.all_bases")
		}
		lines = append(lines, t.Say("calendar.line", text.A{
			"Span": t.daysText(record.Days{From: first.Day, To: run[len(run)-1].Day}), "Kind": t.Say("day_kind." + string(first.Kind)),
			"Where": where, "Name": first.Name, "Provisional": first.Provisional,
		}))
	}
	return lines, nil
}

// everyBase is the answer for all bases; plainDay the kind of a day that is to be
// what its weekday says again.
const (
	everyBase = "*"
	plainDay  = "plain"
)

func calendarSteps(t *Turn) []dialog.Step {
	wholeCounty := func(a dialog.Answers) (bool, error) {
		return a["kind"] != string(record.Shut) && a["kind"] != plainDay, nil
	}
	return []dialog.Step{
		{Name: "kind", Ask: "calendar.ask_kind", Field: "calendar.field_kind", Choices: t.kindChoices, Columns: 1, Drops: []string{"base", "name"}},
		{Name: "base", Ask: "calendar.ask_base", Field: "calendar.field_base", Skip: wholeCounty, Choices: t.shutChoices, Columns: 1},
		{Name: "from", Ask: "calendar.ask_from", Field: "plan.field_from", Choices: t.nextDays, Parse: t.parseDay, Show: t.showDay},
		{Name: "days", Ask: "calendar.ask_days", Field: "plan.field_days", Choices: numbers("1", "2", "3", "5", "7"), Parse: parseNumber(1, record.MaxCalendarRun)},
		{Name: "name", Ask: "calendar.ask_name", Field: "calendar.field_name", Parse: dialog.Text(record.MaxTitle), Choices: t.closureNames},
	}
}

func (t *Turn) kindChoices(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for _, kind := range []string{string(record.Shut), string(record.Holiday), string(record.Workday), plainDay} {
		list = append(list, dialog.Choice{Value: kind, Label: t.Say("calendar.choose_" + kind)})
	}
	return list, nil
}

func (t *Turn) shutChoices(dialog.Answers) ([]dialog.Choice, error) {
	bases, err := t.Bases(t.b.conf.County)
	list := []dialog.Choice{{Value: everyBase, Label: t.Say("calendar.all_bases")}}
	for _, b := range bases {
		list = append(list, dialog.Choice{Value: string(b.ID), Label: t.baseName(b)})
	}
	return list, err
}

// nextDays offers the next week, today first: weather comes at short notice.
func (t *Turn) nextDays(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for i := range 8 {
		day := t.Now.AddDate(0, 0, i)
		list = append(list, dialog.Choice{Value: day.Format(time.DateOnly), Label: t.Voice.Day(day, t.Now)})
	}
	return list, nil
}

func (t *Turn) closureNames(a dialog.Answers) ([]dialog.Choice, error) {
	if a["kind"] != string(record.Shut) {
		return nil, nil
	}
	return plainChoices(t.Say("calendar.repairs"), t.Say("calendar.weather")), nil
}

// calendarEdit is a change of the calendar that is being asked about.
type calendarEdit struct {
	kind, base string
	from       record.Date
	days       int
	name       string
}

func editOf(a dialog.Answers) calendarEdit {
	return calendarEdit{kind: a["kind"], base: a["base"], from: record.Date(a["from"]), days: atoi(a["days"]), name: a["name"]}
}

// line writes the change for a button, with the mark of the consequences that were
// shown; editArgs reads it.
func (e calendarEdit) line(shown string) string {
	base := e.base
	if base == "" {
		base = everyBase
	}
	return strings.Join([]string{"calendar.save", e.kind, base, string(e.from), strconv.Itoa(e.days), url.QueryEscape(e.name), shown}, " ")
}

func (t *Turn) editArgs() (calendarEdit, error) {
	name, err := url.QueryUnescape(t.Arg(4))
	e := calendarEdit{kind: t.Arg(0), base: t.Arg(1), from: record.Date(t.Arg(2)), days: atoi(t.Arg(3)), name: name}
	if err != nil || e.days < 1 || e.days > record.MaxCalendarRun || e.from < record.DateOf(t.Now) {
		return e, record.ErrTooLate
	}
	return e, nil
}

// changes are the days that a change sets, and those of which nothing is to be
// said any more.
func (e calendarEdit) changes() (set, drop []record.CalendarDay) {
	base := record.BaseID(e.base)
	if e.base == everyBase {
		base = ""
	}
	for i := range e.days {
		day := e.from.Shift(i)
		switch e.kind {
		case string(record.Shut):
			set = append(set, record.CalendarDay{Day: day, Base: base, Kind: record.Shut, Name: e.name})
		case plainDay:
			drop = append(drop, record.CalendarDay{Day: day, Base: base, Kind: record.Shut})
			if base == "" {
				drop = append(drop, record.CalendarDay{Day: day, Kind: record.Holiday}) // one entry says either
			}
		default:
			set = append(set, record.CalendarDay{Day: day, Kind: record.DayKind(e.kind), Name: e.name})
		}
	}
	return set, drop
}

// calendarAsk shows a change with what it moves; said stands above it.
func (t *Turn) calendarAsk(e calendarEdit, first ...string) error {
	set, drop := e.changes()
	rotas, kept, err := t.calendarMoves(set, drop)
	if err != nil {
		return err
	}
	others, err := t.otherSessions(set, kept)
	if err != nil {
		return err
	}
	said, err := t.calendarLines(slices.Concat(set, drop))
	if err != nil {
		return err
	}
	head := "calendar.ask_save"
	if e.kind == plainDay {
		head, said = "calendar.ask_plain", []string{t.daysText(record.Days{From: e.from, To: e.from.Shift(e.days - 1)})}
	}
	lines := append(append(first, t.Say(head)), said...)
	for _, r := range rotas {
		lines = append(lines, t.Say("calendar.moves", text.A{"Title": r.c.Title, "N": len(villagesOf(r.moves))}))
		lines = append(lines, t.consequences(r.in, r.plan, r.moves)...)
	}
	switch {
	case others > 0:
		lines = append(lines, t.Say("calendar.sessions", text.A{"N": others}))
	case len(rotas) == 0:
		lines = append(lines, t.Say("calendar.moves_nothing"))
	}
	t.Answer(strings.Join(lines, "\n"), []Btn{t.Btn("back", "calendar "+string(e.from[:7])), t.Btn("save_calendar", e.line(rotasMark(rotas, others)))})
	return nil
}

// calendarSave writes the change and the changes of the cycles that follow, if they
// are those that were shown; else it shows them anew. While another change of a cycle
// is being made, it is refused.
func (t *Turn) calendarSave() error {
	if err := t.Allow(record.EditCalendar, t.countyObject()); err != nil {
		return err
	}
	e, err := t.editArgs()
	if err != nil {
		return err
	}
	set, drop := e.changes()
	rotas, kept, err := t.calendarMoves(set, drop)
	if err != nil {
		return err
	}
	others, err := t.otherSessions(set, kept)
	if err != nil {
		return err
	}
	if t.Arg(5) != rotasMark(rotas, others) { // somebody has changed the plan meanwhile
		return t.calendarAsk(e, t.Say("calendar.changed_since"))
	}
	change, err := t.ChangeCalendar(t.b.conf.County, set, drop, t.Person.ID, e.name)
	if err != nil {
		return err
	}
	told, err := t.followCalendar(change, rotas, e.name)
	if err != nil {
		return err
	}
	if err := t.auditCalendar(e.kind + " " + string(e.from)); err != nil {
		return err
	}
	t.planChanged()
	rows := [][]Btn{{t.Btn("see_calendar", "calendar "+string(e.from[:7])), t.Btn("home", "start")}}
	if others > 0 {
		rows = append([][]Btn{{t.Btn("rota", "rota "+itoa(t.weeksTo(e.from)))}}, rows...)
	}
	t.Answer(t.Say("calendar.saved", text.A{"N": told, "Others": others}), rows...)
	return nil
}

func (t *Turn) auditCalendar(note string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.EditCalendar, Place: t.b.conf.County, Note: note})
}

// calendarUndo takes the last change back, with the turns that it moved and that
// still stand where it put them; it is asked once more.
func (t *Turn) calendarUndo() error {
	if err := t.Allow(record.EditCalendar, t.countyObject()); err != nil {
		return err
	}
	last, found, err := t.LastCalendarChange(t.b.conf.County)
	if err != nil {
		return err
	}
	if !found {
		t.Answer(t.Say("calendar.nothing_to_undo"), []Btn{t.Btn("see_calendar", "calendar")})
		return nil
	}
	undos, moved, err := t.undoRotas(last)
	if err != nil {
		return err
	}
	mark := undosMark(undos)
	if t.Arg(0) != last.ID || t.Arg(1) != mark {
		said, err := t.calendarLines(last.After)
		if err != nil {
			return err
		}
		lines := append(t.changedSince(0), t.Say("calendar.undo_ask", text.A{"When": t.When(last.At), "N": moved}))
		t.Answer(strings.Join(append(lines, said...), "\n"), []Btn{t.Btn("back", "calendar"), t.Btn("undo_yes", "calendar.undo "+last.ID+" "+mark)})
		return nil
	}
	if err := t.UndoCalendar(t.b.conf.County, last); err != nil {
		return err
	}
	for _, u := range undos {
		if _, err := t.AddRotaChange(u); err != nil {
			return err
		}
	}
	if err := t.auditCalendar("undo " + last.ID); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("calendar.undone", text.A{"N": moved}), []Btn{t.Btn("see_calendar", "calendar"), t.Btn("home", "start")})
	return nil
}

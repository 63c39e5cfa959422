package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// rotaFlows are the forms of planning: a new session, another time of one, and
// the reason of a correction.
func rotaFlows() []*flow {
	return []*flow{
		{name: "session", steps: sessionSteps, title: say("rota.form_new"), may: mayPlan, save: saveSession},
		{name: "move", steps: moveSteps, title: say("rota.form_move"), may: mayMove, save: saveMove},
		{name: "correct", steps: correctSteps, title: correctTitle, may: mayCorrect, save: saveCorrect, direct: true},
	}
}

// say is a title without arguments.
func say(key string) func(*Turn, dialog.Answers) (string, error) {
	return func(t *Turn, _ dialog.Answers) (string, error) { return t.Say(key), nil }
}

// other is the choice of a place that is no base.
const other = "other"

func sessionSteps(t *Turn) []dialog.Step {
	isNow := func(a dialog.Answers) (bool, error) { return a["now"] != "", nil }
	atBase := func(a dialog.Answers) (bool, error) { return a["base"] != other, nil }
	return []dialog.Step{
		{Name: "base", Ask: "rota.ask_base", Field: "rota.field_base", Choices: t.baseChoices, Columns: 1},
		{Name: "title", Ask: "rota.ask_title", Field: "rota.field_title", Parse: dialog.Text(record.MaxTitle), Skip: atBase},
		{Name: "at", Ask: "rota.ask_at", Field: "rota.field_at", Parse: dialog.Text(record.MaxTitle), Skip: atBase},
		{Name: "day", Ask: "rota.ask_day", Field: "rota.field_day", Choices: t.dayChoices, Parse: t.parseDay, Show: t.showDay, Skip: isNow},
		{
			Name: "time", Ask: "rota.ask_time", Field: "rota.field_time", Skip: isNow, Parse: parseSpan,
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				return plainChoices("09:00-11:30", "14:30-17:00", "09:00-17:00"), nil
			},
		},
		{
			Name: "townships", Ask: "rota.ask_townships", Field: "rota.field_townships", Many: true, PerPage: 10,
			Choices: t.townshipChoices, Drops: []string{"which", "villages"},
			Skip: func(dialog.Answers) (bool, error) { return t.planPlace().Level() == record.Township, nil },
		},
		{Name: "which", Ask: "rota.ask_which", Field: "rota.field_which", Choices: t.whichChoices, Drops: []string{"villages"}},
		{
			Name: "villages", Ask: "rota.ask_villages", Field: "rota.field_villages", Many: true, PerPage: 12, Choices: t.villageChoices,
			Skip: func(a dialog.Answers) (bool, error) { return a["which"] != "some", nil },
		},
		{Name: "hosts", Ask: "rota.ask_hosts", Field: "rota.field_hosts", Many: true, Optional: true, Choices: t.hostChoices},
		{Name: "meet", Ask: "rota.ask_meet", Field: "rota.field_meet", Parse: dialog.Text(record.MaxTitle), Optional: true, Skip: isNow},
	}
}

func plainChoices(values ...string) []dialog.Choice {
	var list []dialog.Choice
	for _, v := range values {
		list = append(list, dialog.Choice{Value: v, Label: v})
	}
	return list
}

func (t *Turn) baseChoices(dialog.Answers) ([]dialog.Choice, error) {
	bases, err := t.Bases(t.b.conf.County)
	var list []dialog.Choice
	for _, b := range bases {
		list = append(list, dialog.Choice{Value: string(b.ID), Label: t.baseName(b)})
	}
	return append(list, dialog.Choice{Value: other, Label: t.Say("rota.other_place")}), err
}

// baseName is a base's name in the reader's language, where it has one.
func (t *Turn) baseName(b record.Base) string {
	if t.Voice.Lang == "en" && b.NameEN != "" {
		return b.NameEN
	}
	return b.Name
}

func (t *Turn) dayChoices(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for i := range 14 {
		day := t.Now.AddDate(0, 0, i)
		list = append(list, dialog.Choice{Value: day.Format(time.DateOnly), Label: t.Voice.Day(day, t.Now)})
	}
	return list, nil
}

func (t *Turn) showDay(value string) string {
	day, err := record.Date(value).In(t.b.conf.Zone)
	if err != nil {
		return value
	}
	return t.Voice.Day(day, t.Now)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // of digits that a pattern matched, or of nothing
	return n
}

var spanPattern = regexp.MustCompile(`^(\d{1,2})[::点](\d{0,2})(?:[-—–~到至](\d{1,2})[::点](\d{0,2}))?$`)

// usualLength is how long a session is where only its start is said.
const usualLength = 150 * time.Minute

// parseSpan reads 9:00-11:30, or 9:00 alone.
func parseSpan(s string, _ dialog.Answers) (string, error) {
	fault := &dialog.Fault{Key: "rota.bad_time"}
	m := spanPattern.FindStringSubmatch(strings.ReplaceAll(s, " ", ""))
	if m == nil {
		return "", fault
	}
	from := 60*atoi(m[1]) + atoi(m[2])
	to := from + int(usualLength/time.Minute)
	if m[3] != "" {
		to = 60*atoi(m[3]) + atoi(m[4])
	}
	if atoi(m[2]) > 59 || atoi(m[4]) > 59 || from >= to || to > 24*60-1 {
		return "", fault
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60), nil
}

// planPlace is whose session a person plans: the county's, or the township's.
func (t *Turn) planPlace() record.Code {
	if places := t.Actor.Places(record.CountyOfficer); len(places) > 0 {
		return places[0]
	}
	if places := t.Actor.Places(record.TownshipOfficer); len(places) > 0 {
		return places[0]
	}
	return ""
}

func (t *Turn) townshipChoices(dialog.Answers) ([]dialog.Choice, error) {
	return t.choicesIn(t.planPlace())
}

func (t *Turn) choicesIn(place record.Code) ([]dialog.Choice, error) {
	children, err := t.Children(place)
	var list []dialog.Choice
	for _, p := range children {
		list = append(list, dialog.Choice{Value: string(p.Code), Label: p.Name})
	}
	return list, err
}

// chosenTownships are those of the answers, or the officer's own.
func (t *Turn) chosenTownships(a dialog.Answers) []string {
	if own := t.planPlace(); own.Level() == record.Township {
		return []string{string(own)}
	}
	return dialog.List(a["townships"])
}

func (t *Turn) whichChoices(a dialog.Answers) ([]dialog.Choice, error) {
	n := 0
	for _, code := range t.chosenTownships(a) {
		c, err := t.Count(record.Code(code))
		if err != nil {
			return nil, err
		}
		n += c.Villages
	}
	return []dialog.Choice{
		{Value: "all", Label: t.Say("rota.all_villages", text.A{"N": n})},
		{Value: "some", Label: t.Say("rota.some_villages")},
	}, nil
}

func (t *Turn) villageChoices(a dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for _, code := range t.chosenTownships(a) {
		more, err := t.choicesIn(record.Code(code))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// hostChoices are the county's hosts, those of the chosen townships, and the
// person who plans.
func (t *Turn) hostChoices(a dialog.Answers) ([]dialog.Choice, error) {
	places := append([]string{string(t.b.conf.County)}, t.chosenTownships(a)...)
	ids := []record.PersonID{t.Person.ID}
	for _, place := range places {
		more, err := t.Holders(record.Host, record.Code(place))
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	slices.Sort(ids[1:])
	var list []dialog.Choice
	for _, id := range slices.Compact(ids) {
		p, err := t.Tx.Person(id)
		if err != nil {
			return nil, err
		}
		list = append(list, dialog.Choice{Value: string(id), Label: p.Name})
	}
	return list, nil
}

func mayPlan(t *Turn, _ dialog.Answers) error {
	return t.Allow(record.PlanSession, record.Object{Place: t.planPlace()})
}

// fits asks whether the answers stay within what one session may have.
func fits(t *Turn, a dialog.Answers) error {
	if len(t.chosenTownships(a)) > record.MaxTownships {
		return &dialog.Fault{Key: "rota.many_townships", Args: text.A{"Max": record.MaxTownships}, Step: "townships"}
	}
	if len(dialog.List(a["hosts"])) > record.MaxHosts {
		return &dialog.Fault{Key: "rota.many_hosts", Args: text.A{"Max": record.MaxHosts}, Step: "hosts"}
	}
	return nil
}

// saveSession adds the session that the answers describe.
func saveSession(t *Turn, a dialog.Answers) error {
	if err := fits(t, a); err != nil {
		return err
	}
	s, err := t.sessionOfAnswers(a)
	if err != nil {
		return err
	}
	villages, err := t.villagesOfAnswers(a)
	if err != nil {
		return err
	}
	if err := t.Allow(record.PlanSession, sessionObject(s)); err != nil {
		return err
	}
	if s, err = t.AddSession(s, villages); err != nil {
		return err
	}
	t.tellHosts(s, "new")
	t.planChanged()
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanSession, Session: s.ID, Place: s.Place, Note: "new"}); err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["N"] = len(villages)
	key, row := "rota.saved", []Btn{{Text: t.Say("button.see_plan"), Line: "rota.show " + string(s.ID)}, t.Btn("home", "start")}
	if a["now"] != "" {
		key, row = "rota.saved_now", []Btn{t.Btn("open", "host.open "+string(s.ID)), t.Btn("home", "start")}
	}
	t.Answer(t.Say(key, args), row)
	return nil
}

// nowLength is how long a session lasts that is made on the spot.
const nowLength = 2 * time.Hour

func (t *Turn) sessionOfAnswers(a dialog.Answers) (record.Session, error) {
	s := record.Session{Place: t.planPlace(), Title: a["title"], At: a["at"], Meet: a["meet"], By: t.Person.ID}
	if a["base"] != other {
		b, err := t.Base(t.b.conf.County, record.BaseID(a["base"]))
		if err != nil {
			return s, err
		}
		s.Base, s.Title, s.TitleEN, s.At = b.ID, b.Name, b.NameEN, b.At
	}
	for _, id := range dialog.List(a["hosts"]) {
		s.Hosts = append(s.Hosts, record.PersonID(id))
	}
	if a["now"] != "" {
		s.Start = t.Tx.Now.Truncate(time.Minute)
		s.End, s.Opens, s.LateFrom = s.Start.Add(nowLength), s.Start, s.Start.Add(t.b.conf.Grace)
		return s, nil
	}
	if err := t.setTimes(&s, a["day"], a["time"]); err != nil {
		return s, err
	}
	if !t.Tx.Now.Before(s.Start) {
		return s, &dialog.Fault{Key: "rota.past", Step: "time"}
	}
	return s, nil
}

// setTimes sets the times of a session from a day and a span of the clock.
func (t *Turn) setTimes(s *record.Session, day, span string) error {
	from, to, _ := strings.Cut(span, "-")
	start, err := time.ParseInLocation("2006-01-02 15:04", day+" "+from, t.b.conf.Zone)
	if err != nil {
		return fmt.Errorf("%w: time", record.ErrInvalid)
	}
	end, err := time.ParseInLocation("2006-01-02 15:04", day+" "+to, t.b.conf.Zone)
	if err != nil {
		return fmt.Errorf("%w: time", record.ErrInvalid)
	}
	s.Start, s.End = start, end
	s.Opens, s.LateFrom = start.Add(-t.b.conf.OpensBefore), start.Add(t.b.conf.Grace)
	return nil
}

// villagesOfAnswers are the villages that the answers name.
func (t *Turn) villagesOfAnswers(a dialog.Answers) ([]record.Code, error) {
	var villages []record.Code
	if a["which"] == "some" {
		for _, code := range dialog.List(a["villages"]) {
			villages = append(villages, record.Code(code))
		}
		return villages, nil
	}
	for _, code := range t.chosenTownships(a) {
		places, err := t.Villages(record.Code(code))
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			villages = append(villages, p.Code)
		}
	}
	return villages, nil
}

// formSession is the session of a form's context.
func (t *Turn) formSession(a dialog.Answers, action record.Action) (record.Session, error) {
	s, err := t.Session(record.SessionID(a["session"]))
	if err != nil {
		return s, err
	}
	return s, t.Allow(action, sessionObject(s))
}

func moveSteps(t *Turn) []dialog.Step {
	return []dialog.Step{
		{Name: "day", Ask: "rota.ask_day", Field: "rota.field_day", Choices: t.dayChoices, Parse: t.parseDay, Show: t.showDay},
		{
			Name: "time", Ask: "rota.ask_time", Field: "rota.field_time", Parse: parseSpan,
			Choices: func(a dialog.Answers) ([]dialog.Choice, error) {
				s, err := t.Session(record.SessionID(a["session"]))
				clock := func(at time.Time) string { return at.In(t.b.conf.Zone).Format("15:04") }
				return plainChoices(clock(s.Start) + "-" + clock(s.End)), err
			},
		},
	}
}

func mayMove(t *Turn, a dialog.Answers) error {
	_, err := t.formSession(a, record.PlanSession)
	return err
}

func saveMove(t *Turn, a dialog.Answers) error {
	s, err := t.formSession(a, record.PlanSession)
	if err != nil {
		return err
	}
	if s.State != record.Planned {
		return record.ErrChanged
	}
	moved := s
	if err := t.setTimes(&moved, a["day"], a["time"]); err != nil {
		return err
	}
	if !t.Tx.Now.Before(moved.Start) {
		return &dialog.Fault{Key: "rota.past", Step: "time"}
	}
	was := t.When(s.Start)
	s, err = t.ChangeSession(s.ID, func(s *record.Session) {
		s.Start, s.End, s.Opens, s.LateFrom = moved.Start, moved.End, moved.Opens, moved.LateFrom
	})
	if err != nil {
		return err
	}
	t.planChanged()
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanSession, Session: s.ID, Place: s.Place, Note: "move"}); err != nil {
		return err
	}
	t.tellHosts(s, "moved")
	args := t.sessionArgs(s)
	args["Was"] = was
	t.Answer(t.Say("rota.moved", args), []Btn{{Text: t.Say("button.see_plan"), Line: "rota.show " + string(s.ID)}, t.Btn("home", "start")})
	return nil
}

// correctTitle names the village, what is recorded, and what it will be.
func correctTitle(t *Turn, a dialog.Answers) (string, error) {
	v := record.Code(a["village"])
	p, err := t.Place(v)
	if err != nil {
		return "", err
	}
	mark, _, err := t.Branch(record.SessionID(a["session"]), v)
	was := t.Say("status.missing")
	if mark.Status != "" {
		was = t.Say("status." + string(mark.Status))
	}
	return t.Say("correct.title", text.A{"Place": p.Name, "Was": was, "State": t.Say("status." + a["status"])}), err
}

func correctSteps(*Turn) []dialog.Step {
	return []dialog.Step{{Name: "reason", Ask: "roll.reason_ask", Field: "correct.reason", Parse: dialog.Text(record.MaxReason)}}
}

func mayCorrect(t *Turn, a dialog.Answers) error {
	_, err := t.formSession(a, record.RunSession)
	return err
}

func saveCorrect(t *Turn, a dialog.Answers) error {
	s, err := t.formSession(a, record.RunSession)
	if err != nil {
		return err
	}
	v, status := record.Code(a["village"]), record.Status(a["status"])
	about, err := t.standing(s, v)
	if err != nil {
		return err
	}
	if err := t.markPerson(s, v, about, status, record.ByHost, a["reason"]); err != nil {
		return err
	}
	t.Answer(t.Say("roll.corrected", text.A{"State": t.Say("status." + string(status))}),
		[]Btn{t.Btn("back", t.rollLine(s, v)), t.Btn("done", "host.show "+string(s.ID))})
	return nil
}

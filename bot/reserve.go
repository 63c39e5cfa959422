package bot

import (
	"slices"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The list of reserve cadres: who is on it, since when, with whom as mentor, and
// what was done with them. Reached from a list of graduates and from a record.
func reserveCommands() []command {
	return []command{
		{name: "reserve", hidden: true, roles: branch, run: (*Turn).reserves},
		{name: "reserve.show", hidden: true, roles: branch, run: onGraduate(record.KeepReserve, (*Turn).reserveShow)},
		{name: "reserve.add", hidden: true, roles: branch, run: onGraduate(record.KeepReserve, (*Turn).reserveAdd)},
		{name: "reserve.deed", hidden: true, roles: branch, run: func(t *Turn) error { return t.startFlow("reserve", dialog.Answers{ofGraduate: t.Arg(0)}) }},
		{name: "reserve.mentor", hidden: true, roles: branch, run: onGraduate(record.KeepReserve, (*Turn).reserveMentor)},
		{name: "reserve.leave", hidden: true, roles: branch, run: onGraduate(record.KeepReserve, (*Turn).reserveLeave)},
	}
}

func reserveFlows() []*flow {
	return []*flow{{name: "reserve", steps: reserveSteps, title: say("reserve.form"), may: mayKeepReserve, save: saveReserveDeed}}
}

// reserves lists who is on the list in a place: place, page.
func (t *Turn) reserves() error {
	place := record.Code(t.Arg(0))
	if place.Level() == record.NoLevel {
		own := append(t.offices(), t.Actor.Places(record.Secretary)...)
		switch len(own) {
		case 0:
			return record.ErrNotYours
		case 1:
			place = own[0]
		default:
			return t.choosePlace("reserve", own)
		}
	}
	if err := t.Allow(record.KeepReserve, record.Object{Place: place}); err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	n, err := t.ReserveCount(place)
	if err != nil {
		return err
	}
	list, err := t.Reserves(place)
	if err != nil {
		return err
	}
	left := 0
	for _, of := range n.Left {
		left += of
	}
	lines := []string{t.Say("reserve.head", text.A{"Place": name, "On": n.On, "Left": left, "Posts": n.Left[record.ReserveTookPost]})}
	from, to, turn := t.window(1, len(list), "reserve "+string(place))
	var row []Btn
	for _, r := range list[from:to] {
		g, err := t.Graduate(r.Graduate)
		if err != nil {
			return err
		}
		village, err := t.placeName(r.Village)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("reserve.line", text.A{"Name": g.Name, "Village": village, "Since": t.showDay(string(r.Since))}))
		row = append(row, Btn{Text: clip(g.Name, 12), Line: "reserve.show " + string(g.ID)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "graduates "+string(place)), t.Btn("home", "start")})...)
	return nil
}

// reserveShow is one graduate as a reserve cadre, with what was done lately.
func (t *Turn) reserveShow(g record.Graduate) error {
	if err := t.looked(record.KeepReserve, record.Audit{Person: g.Person, Graduate: g.ID, Place: g.Village, Note: "reserve"}); err != nil {
		return err
	}
	return t.reserveCard(g)
}

func (t *Turn) reserveCard(g record.Graduate) error {
	id := string(g.ID)
	back := []Btn{t.Btn("back", "graduate.show "+id), t.Btn("reserve_list", "reserve "+string(g.Village))}
	r, found, err := t.Reserve(g.ID)
	if err != nil {
		return err
	}
	if !found {
		t.Answer(t.Say("reserve.not_on", text.A{"Name": g.Name}), []Btn{t.Btn("reserve_add", "reserve.add "+id)}, back)
		return nil
	}
	head, err := t.reserveHead(g, r)
	if err != nil {
		return err
	}
	lines := []string{head}
	const shown = 5
	for _, d := range r.Deeds[max(0, len(r.Deeds)-shown):] {
		lines = append(lines, t.Say("reserve.deed", text.A{"Day": t.showDay(string(d.Day)), "Kind": t.Say("reserve_deed." + string(d.Kind)), "Words": d.Words}))
	}
	rows := [][]Btn{{t.Btn("reserve_deed", "reserve.deed "+id), t.Btn("reserve_mentor", "reserve.mentor "+id), t.Btn("reserve_leave", "reserve.leave "+id)}, back}
	if r.Left != "" {
		lines = append(lines, t.Say("reserve.left", text.A{"Day": t.showDay(string(r.Left)), "Outcome": t.Say("reserve_outcome." + string(r.Outcome))}))
		rows[0] = []Btn{t.Btn("reserve_add", "reserve.add "+id)}
	}
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// reserveHead says who is on the list since when, and with whom as mentor; one whose
// post has ended is to be replaced.
func (t *Turn) reserveHead(g record.Graduate, r record.Reserve) (string, error) {
	args := text.A{"Name": g.Name, "Since": t.showDay(string(r.Since)), "Mentor": "", "Former": false, "N": len(r.Deeds)}
	var err error
	if args["Village"], err = t.placeName(r.Village); err != nil {
		return "", err
	}
	if r.Mentor != "" {
		if args["Mentor"], err = t.nameOf(r.Mentor); err != nil {
			return "", err
		}
		now, err := t.Mentors(r.Village)
		if err != nil {
			return "", err
		}
		args["Former"] = r.Left == "" && !slices.Contains(now, r.Mentor)
	}
	return t.Say("reserve.card", args), nil
}

// reserveMentor gives another mentor: graduate, person. It offers those who may be it.
func (t *Turn) reserveMentor(g record.Graduate) error {
	id := string(g.ID)
	if mentor := t.Arg(1); mentor != "" {
		if _, err := t.SetMentor(g.ID, record.PersonID(mentor)); err != nil {
			return err
		}
		return t.reserveDone(g, "mentor "+mentor)
	}
	may, err := t.Mentors(g.Village)
	if err != nil {
		return err
	}
	var row []Btn
	for _, p := range may {
		name, err := t.nameOf(p)
		if err != nil {
			return err
		}
		row = append(row, Btn{Text: clip(name, 12), Line: "reserve.mentor " + id + " " + string(p)})
	}
	t.Answer(t.Say("reserve.mentor_ask", text.A{"Name": g.Name, "N": len(row)}), append(inRows(row, 2), t.backRow("reserve.show "+id))...)
	return nil
}

func (t *Turn) reserveAdd(g record.Graduate) error {
	if _, err := t.AddReserve(g.ID, record.DateOf(t.Now)); err != nil {
		return err
	}
	return t.reserveDone(g, "added")
}

// reserveLeave asks for the outcome, then takes the graduate off the list.
func (t *Turn) reserveLeave(g record.Graduate) error {
	id := string(g.ID)
	outcome := record.ReserveOutcome(t.Arg(1))
	if outcome == "" {
		var row []Btn
		for _, o := range record.ReserveOutcomes() {
			row = append(row, Btn{Text: t.Say("reserve_outcome." + string(o)), Line: "reserve.leave " + id + " " + string(o)})
		}
		t.Answer(t.Say("reserve.leave_ask", text.A{"Name": g.Name}), append([][]Btn{t.backRow("reserve.show " + id)}, inRows(row, 2)...)...)
		return nil
	}
	if _, err := t.LeaveReserve(g.ID, record.DateOf(t.Now), outcome, ""); err != nil {
		return err
	}
	return t.reserveDone(g, "left "+string(outcome))
}

func (t *Turn) reserveDone(g record.Graduate, what string) error {
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.KeepReserve, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: what}); err != nil {
		return err
	}
	return t.reserveCard(g)
}

func mayKeepReserve(t *Turn, a dialog.Answers) error {
	g, err := t.Graduate(record.GraduateID(a[ofGraduate]))
	if err != nil {
		return err
	}
	return t.Allow(record.KeepReserve, record.Object{Place: g.Village})
}

func reserveSteps(t *Turn) []dialog.Step {
	kinds := func(dialog.Answers) (list []dialog.Choice, err error) {
		for _, k := range []record.ReserveDeedKind{record.ReserveTraining, record.ReserveMatter} {
			list = append(list, dialog.Choice{Value: string(k), Label: t.Say("reserve_deed." + string(k))})
		}
		return list, nil
	}
	// A day that is typed may be an older one: a list on paper is entered later.
	past := func(s string, _ dialog.Answers) (string, error) { return t.parsePastDay(s, 5) }
	days := func(dialog.Answers) (list []dialog.Choice, err error) {
		for i := range 14 {
			day := t.Now.AddDate(0, 0, -i)
			list = append(list, dialog.Choice{Value: string(record.DateOf(day)), Label: t.Voice.Day(day, t.Now)})
		}
		return list, nil
	}
	return []dialog.Step{
		{Name: "kind", Ask: "reserve.ask_kind", Field: "reserve.field_kind", Choices: kinds},
		{Name: "day", Ask: "reserve.ask_day", Field: "reserve.field_day", Choices: days, Parse: past, Show: t.showDay},
		{Name: "words", Ask: "reserve.ask_words", Field: "reserve.field_words", Parse: dialog.Text(record.MaxReserveWords), Max: record.MaxReserveWords},
	}
}

func saveReserveDeed(t *Turn, a dialog.Answers) error {
	g, err := t.Graduate(record.GraduateID(a[ofGraduate]))
	if err != nil {
		return err
	}
	_, err = t.AddReserveDeed(g.ID, record.ReserveDeed{Day: record.Date(a["day"]), Kind: record.ReserveDeedKind(a["kind"]), Words: a["words"], By: t.Person.ID})
	if err != nil {
		return err
	}
	return t.reserveDone(g, "row")
}

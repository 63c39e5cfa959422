package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// How much the bot asks of people: the prompts of a week, for the county to see.
func burdenCommands() []command {
	county := []record.Role{record.CountyOfficer}
	return []command{
		{name: "burden", hidden: true, roles: county, run: (*Turn).burden},
		{name: "burden.people", hidden: true, roles: county, run: (*Turn).burdenPeople},
	}
}

// burden says how many prompts went out in a week, and who had enough.
func (t *Turn) burden() error {
	v, err := t.burdenView()
	if err != nil {
		return err
	}
	sum, err := t.Burden(record.WeekName(v.from))
	if err != nil {
		return err
	}
	lines := []string{t.Say("burden.head", text.A{"Head": t.head(v)}), t.Say("burden.sum", text.A{"Sent": sum.Sent, "People": sum.People(), "Most": sum.Most()})}
	lines = append(lines, t.Say("burden.bound", text.A{"Week": t.b.conf.Prompts, "Officer": t.b.conf.OfficerPrompts}))
	if sum.Urgent > 0 {
		lines = append(lines, t.Say("burden.urgent", text.A{"N": sum.Urgent}))
	}
	var rows [][]Btn
	if sum.Over > 0 {
		lines = append(lines, t.Say("burden.held", text.A{"N": sum.Over, "Held": sum.Held}))
	} else {
		lines = append(lines, t.Say("burden.nobody"))
	}
	if sum.Sent > 0 {
		rows = append(rows, []Btn{t.Btn("burden_people", v.line("burden.people"))})
	}
	rows = append(rows, t.weekRow("burden", v), t.backRow("status "+string(v.place)))
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

func (t *Turn) burdenView() (view, error) {
	if t.Arg(0) == "" {
		t.Args = []string{string(t.b.conf.County)}
	}
	return t.view(record.SeeBurden)
}

// burdenPeople lists who got most in a week.
func (t *Turn) burdenPeople() error {
	v, err := t.burdenView()
	if err != nil {
		return err
	}
	const most = 60
	ids, counts, err := t.Burdened(record.WeekName(v.from), most)
	if err != nil {
		return err
	}
	from, to, turn := t.window(2, len(ids), v.line("burden.people"))
	lines := []string{t.Say("burden.head", text.A{"Head": t.head(v)})}
	var row []Btn
	for i := from; i < to; i++ {
		p, err := t.Tx.Person(ids[i])
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("burden.line", text.A{"Name": p.Name, "Sent": counts[i].Sent, "Held": counts[i].Held}))
		row = append(row, Btn{Text: p.Name, Line: "status.person " + string(p.ID)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow(v.line("burden")))...)
	return nil
}

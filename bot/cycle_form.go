package bot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

func cycleFlows() []*flow {
	return []*flow{
		{name: "cycle", steps: cycleSteps, title: say("cycle.form"), may: mayPlanRota, save: saveCycle},
		{name: "forgive", steps: reasonSteps("cycle.ask_reason"), title: turnTitle, may: mayChangeTurn, save: saveForgive, direct: true},
		{name: "turn", steps: turnSteps, title: turnTitle, may: mayChangeTurn, save: saveTurn},
	}
}

func mayPlanRota(t *Turn, _ dialog.Answers) error { return t.Allow(record.PlanRota, t.countyObject()) }

// cycleSteps ask for a cycle: from when, how each base takes part, the gap
// between two turns of a branch, who hosts, which township begins.
func cycleSteps(t *Turn) []dialog.Step {
	steps := []dialog.Step{
		{Name: "title", Ask: "cycle.ask_title", Field: "rota.field_title", Parse: dialog.Text(record.MaxTitle), Choices: t.cycleTitles, Columns: 1},
		{Name: "from", Ask: "cycle.ask_from", Field: "cycle.field_from", Choices: t.mondayChoices, Parse: t.parseDay, Show: t.showDay},
	}
	bases, _ := t.Bases(t.b.conf.County) // an error is met again when it is saved
	for _, b := range bases {
		id, name := string(b.ID), t.baseName(b)
		of := func(key string) func(dialog.Answers) (string, map[string]any) {
			return func(dialog.Answers) (string, map[string]any) { return key, text.A{"Base": name} }
		}
		steps = append(steps,
			dialog.Step{
				Name: "cap_" + id, AskFor: of("cycle.ask_capacity"), Field: "cycle.field_capacity", Parse: parseNumber(1, 99),
				Choices: func(dialog.Answers) ([]dialog.Choice, error) {
					return plainChoices("10", "12", "15", "20", "25", "30"), nil
				},
			},
			dialog.Step{Name: "days_" + id, AskFor: of("cycle.ask_days"), Field: "cycle.field_days", Many: true, Choices: t.weekdayChoices},
			dialog.Step{
				Name: "hours_" + id, AskFor: of("cycle.ask_hours"), Field: "rota.field_time", Parse: parseSpan,
				Choices: func(dialog.Answers) ([]dialog.Choice, error) {
					return plainChoices("09:00-11:30", "14:30-17:00", "09:00-17:00"), nil
				},
			},
		)
	}
	return append(steps,
		dialog.Step{
			Name: "gap", Ask: "cycle.ask_gap", Field: "cycle.field_gap", Parse: parseNumber(0, 90),
			Choices: func(dialog.Answers) ([]dialog.Choice, error) { return plainChoices("7", "14", "21", "28"), nil },
		},
		dialog.Step{Name: "first", Ask: "cycle.ask_first", Field: "cycle.field_first", Choices: t.townshipChoices, PerPage: 10},
		dialog.Step{Name: "hosts", Ask: "rota.ask_hosts", Field: "rota.field_hosts", Many: true, Optional: true, Choices: t.hostChoices},
		dialog.Step{Name: "meet", Ask: "rota.ask_meet", Field: "rota.field_meet", Parse: dialog.Text(record.MaxTitle), Optional: true},
	)
}

// cycleTitles offers a title: 2026 年第 1 轮.
func (t *Turn) cycleTitles(dialog.Answers) ([]dialog.Choice, error) {
	list, err := t.Cycles(t.b.conf.County)
	n := 1
	for _, c := range list {
		if c.Created.In(t.b.conf.Zone).Year() == t.Now.Year() {
			n++
		}
	}
	label := t.Say("cycle.title_of", text.A{"Year": t.Now.Year(), "N": n})
	return []dialog.Choice{{Value: strings.ReplaceAll(label, " ", "_"), Label: label}}, err
}

func (t *Turn) mondayChoices(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for i := 1; i <= 4; i++ {
		day := weekStart(t.Now).AddDate(0, 0, 7*i)
		list = append(list, dialog.Choice{Value: day.Format(time.DateOnly), Label: t.Voice.Day(day, t.Now)})
	}
	return list, nil
}

func (t *Turn) weekdayChoices(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for d := time.Monday; d <= time.Friday; d++ {
		list = append(list, dialog.Choice{Value: strconv.Itoa(int(d)), Label: t.Voice.Weekday(d)})
	}
	return list, nil
}

// parseNumber reads a whole number from lo to hi.
func parseNumber(lo, hi int) func(string, dialog.Answers) (string, error) {
	return func(s string, _ dialog.Answers) (string, error) {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < lo || n > hi {
			return "", &dialog.Fault{Key: "form.bad_number", Args: text.A{"Lo": lo, "Hi": hi}}
		}
		return strconv.Itoa(n), nil
	}
}

func saveCycle(t *Turn, a dialog.Answers) error {
	c := record.Cycle{
		Place: t.b.conf.County, Title: strings.ReplaceAll(a["title"], "_", " "), From: record.Date(a["from"]),
		Gap: atoi(a["gap"]), First: record.Code(a["first"]), By: t.Person.ID,
	}
	var hosts []record.PersonID
	for _, id := range dialog.List(a["hosts"]) {
		hosts = append(hosts, record.PersonID(id))
	}
	if len(hosts) > record.MaxHosts {
		return &dialog.Fault{Key: "rota.many_hosts", Args: text.A{"Max": record.MaxHosts}, Step: "hosts"}
	}
	bases, err := t.Bases(t.b.conf.County)
	if err != nil {
		return err
	}
	for _, b := range bases {
		id := string(b.ID)
		base := record.CycleBase{Base: b.ID, Capacity: atoi(a["cap_"+id]), Hosts: hosts, Meet: a["meet"]}
		days := dialog.List(a["days_"+id])
		slices.Sort(days)
		for _, d := range days {
			base.Slots = append(base.Slots, record.Slot{Weekday: time.Weekday(atoi(d)), Hours: a["hours_"+id]})
		}
		c.Bases = append(c.Bases, base)
	}
	if c, err = t.AddCycle(c); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRota, Place: c.Place, Note: "new " + string(c.ID)}); err != nil {
		return err
	}
	t.Args = []string{string(c.ID)}
	return t.cyclePlan()
}

// reasonSteps ask for a reason alone.
func reasonSteps(ask string) func(*Turn) []dialog.Step {
	return func(*Turn) []dialog.Step {
		return []dialog.Step{{Name: "reason", Ask: ask, Field: "correct.reason", Parse: dialog.Text(record.MaxReason)}}
	}
}

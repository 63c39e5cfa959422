package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// scheduleBase lists what comes to a base in two weeks: argument 0 is the base, 1
// the week. It says counts, no names.
func (t *Turn) scheduleBase() error {
	place := t.planPlace()
	if villages := t.Actor.Places(record.Secretary); len(t.offices()) == 0 && len(villages) > 0 {
		place = villages[0]
	}
	if err := t.Allow(record.SeeRota, record.Object{Place: place}); err != nil {
		return err
	}
	base, err := t.Base(t.b.conf.County, record.BaseID(t.Arg(0)))
	if err != nil {
		return err
	}
	from := t.mondayArg(1)
	all, err := t.SessionsBetween(t.b.conf.County, from, from.AddDate(0, 0, pushDays))
	if err != nil {
		return err
	}
	lines := []string{t.Say("schedule.base", text.A{"Base": t.baseName(base), "Span": t.Voice.Span(from, from.AddDate(0, 0, pushDays-1))})}
	n := 0
	for _, s := range all {
		if s.Base != base.ID || s.State == record.Cancelled {
			continue
		}
		c, err := t.Tally(s.ID, "")
		if err != nil {
			return err
		}
		if n++; n <= 20 {
			lines = append(lines, t.Say("schedule.base_line", text.A{"When": t.When(s.Start), "State": t.Say("state." + string(s.State)), "Counts": t.tallyText(c)}))
		}
	}
	if n == 0 {
		lines = append(lines, t.Say("query.no_sessions"))
	}
	line := func(weeks int) string {
		return "schedule.base " + string(base.ID) + " " + from.AddDate(0, 0, 7*weeks).Format(mondayLayout)
	}
	back := []Btn{t.Btn("home", "start")}
	if offices := t.offices(); len(offices) > 0 {
		back = []Btn{t.Btn("back", "schedule.week "+string(offices[0])), t.Btn("home", "start")}
	}
	t.Answer(strings.Join(lines, "\n"), []Btn{t.Btn("prev_week", line(-1)), t.Btn("next_week", line(1))}, back)
	return nil
}

// baseButtons lead to what comes to each base.
func (t *Turn) baseButtons() ([]Btn, error) {
	bases, err := t.Bases(t.b.conf.County)
	var row []Btn
	for _, b := range bases {
		row = append(row, Btn{Text: t.baseName(b), Line: "schedule.base " + string(b.ID)})
	}
	return row, err
}

// baseNamed finds the base that a word behind /schedule means.
func (t *Turn) baseNamed(name string) (record.BaseID, error) {
	bases, err := t.Bases(t.b.conf.County)
	if err != nil {
		return "", err
	}
	for _, b := range bases {
		if string(b.ID) == name || strings.Contains(b.Name, name) || strings.Contains(strings.ToLower(b.NameEN), strings.ToLower(name)) {
			return b.ID, nil
		}
	}
	return "", nil
}

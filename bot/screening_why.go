package bot

import (
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Why somebody is in a screening or is not: asked by name, answered by the
// criteria, each with the fact and when it was said to be so.

func (t *Turn) askWhy(s record.Screening) error {
	return t.startFlow("screening_why", dialog.Answers{"place": string(s.Place), "id": string(s.ID)})
}

func whySteps(*Turn) []dialog.Step {
	return []dialog.Step{{Name: "name", Ask: "screening.ask_who", Field: "register.name", Parse: dialog.Name}}
}

// namesakes is how many of one name are offered.
const namesakes = 20

// findWhy finds who is meant by a name in the screening's place.
func (t *Turn) findWhy(a dialog.Answers) error {
	s, err := t.Screening(record.ScreeningID(a["id"]))
	if err != nil {
		return err
	}
	found, err := t.GraduatesNamed(s.Place, a["name"], namesakes)
	if err != nil {
		return err
	}
	line := "screening.whyof " + string(s.ID) + " "
	switch len(found) {
	case 0:
		return &dialog.Fault{Key: "screening.nobody", Args: map[string]any{"Name": a["name"]}, Step: "name"}
	case 1:
		return t.sayWhy(s, found[0])
	}
	var row []Btn
	for _, g := range found {
		p, err := t.Place(g.Village)
		if err != nil {
			return err
		}
		row = append(row, Btn{Text: t.Say("screening.namesake", text.A{"Village": p.Name, "Born": g.BirthYear}), Line: line + string(g.ID)})
	}
	t.Answer(t.Say("screening.which", text.A{"Name": a["name"]}), append(inRows(row, 2), t.backRow("screening.show "+string(s.ID)))...)
	return nil
}

// whyOf says why a graduate is in or out: screening, graduate.
func (t *Turn) whyOf(s record.Screening) error {
	g, err := t.Graduate(record.GraduateID(t.Arg(1)))
	if err != nil {
		return err
	}
	return t.sayWhy(s, g)
}

func (t *Turn) sayWhy(s record.Screening, g record.Graduate) error {
	if err := t.Allow(record.SeeGraduates, objectOf(g)); err != nil {
		return err
	}
	if err := t.lookedAt(g, "screening.why "+string(s.ID)); err != nil {
		return err
	}
	village, err := t.placeName(g.Village)
	if err != nil {
		return err
	}
	var failed, passed []string
	for _, r := range s.Why(g, t.Tx.Now) {
		line, err := t.reasonLine(s, r)
		if err != nil {
			return err
		}
		if r.Passed {
			passed = append(passed, line)
		} else {
			failed = append(failed, line)
		}
	}
	head := "screening.is_in"
	if len(failed) > 0 {
		head = "screening.is_out"
	}
	lines := append([]string{t.Say(head, text.A{"Village": village, "Name": g.Name, "Screening": s.Name, "N": len(failed)})}, failed...)
	id := string(s.ID)
	t.Answer(strings.Join(append(lines, passed...), "\n"),
		[]Btn{t.Btn("see_record", "graduate.show "+string(g.ID)), t.Btn("why_another", "screening.why "+id)}, t.backRow("screening.show "+id))
	return nil
}

// reasonLine says one criterion: what is wanted, the fact, and its date.
func (t *Turn) reasonLine(s record.Screening, r record.Reason) (string, error) {
	want, err := t.wantText(s, r.Criterion)
	if err != nil {
		return "", err
	}
	if want == "" { // of another place than the screening's
		if want, err = t.placeName(s.Place); err != nil {
			return "", err
		}
	}
	key := "screening.passes"
	if !r.Passed {
		key = "screening.fails"
	}
	day := ""
	if r.Criterion != record.ByConfirmed { // there the day is the fact
		day = t.factDay(r.At)
	}
	return t.Say(key, text.A{"What": t.Say("screening.by_" + string(r.Criterion)), "Fact": t.factText(r), "Want": want, "Day": day}), nil
}

package dialog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"headgoose/storage/record"
)

// Type takes a typed answer to the current step. A *Fault leaves the dialog as
// it was.
func (f Flow) Type(d *record.Dialog, text string) error {
	s, ok := f.step(d.Step)
	if !ok {
		return &Fault{Key: "form.choose"}
	}
	limit := s.Max
	if limit == 0 {
		limit = MaxText
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return &Fault{Key: "form.too_long", Args: map[string]any{"Max": limit, "Got": n}}
	}
	value, err := s.read(text, d.Answers)
	if err != nil {
		return err
	}
	if s.Many {
		return f.Pick(d, value)
	}
	return f.answer(d, s, value)
}

// read turns a typed text into a value: one of the choices, by its label, or
// by a part of it that only one has; or what Parse makes of it.
func (s Step) read(text string, a Answers) (string, error) {
	choices, err := s.choices(a)
	if err != nil {
		return "", err
	}
	var part []Choice
	for _, c := range choices {
		if strings.EqualFold(c.Label, text) || c.Value == text {
			return c.Value, nil
		}
		if text != "" && strings.Contains(c.Label, text) {
			part = append(part, c)
		}
	}
	if s.Parse != nil {
		return s.Parse(text, a)
	}
	if len(part) == 1 {
		return part[0].Value, nil
	}
	return "", &Fault{Key: "form.choose"}
}

func (s Step) choices(a Answers) ([]Choice, error) {
	if s.Choices == nil {
		return nil, nil
	}
	return s.Choices(a)
}

// Choose takes a pressed choice as the answer; one that is not offered is
// record.ErrChanged.
func (f Flow) Choose(d *record.Dialog, value string) error {
	s, err := f.offered(d, value)
	if err != nil {
		return err
	}
	return f.answer(d, s, value)
}

// Pick ticks a choice of a step with Many, or takes the tick away.
func (f Flow) Pick(d *record.Dialog, value string) error {
	s, err := f.offered(d, value)
	if err != nil {
		return err
	}
	picked := f.picked(d, s)
	if i := slices.Index(picked, value); i >= 0 {
		picked = slices.Delete(picked, i, i+1)
	} else {
		picked = append(picked, value)
	}
	set(d, draft(s.Name), strings.Join(picked, ","))
	return nil
}

// picked are the ticks so far, or those of an earlier answer.
func (f Flow) picked(d *record.Dialog, s Step) []string {
	if ticks, ok := d.Answers[draft(s.Name)]; ok {
		return List(ticks)
	}
	return List(d.Answers[s.Name])
}

// Done takes the ticks as the answer, in the order of the choices.
func (f Flow) Done(d *record.Dialog) error {
	s, ok := f.step(d.Step)
	if !ok || !s.Many {
		return record.ErrChanged
	}
	choices, err := s.choices(d.Answers)
	if err != nil {
		return err
	}
	ticks := f.picked(d, s)
	var values []string
	for _, c := range choices {
		if slices.Contains(ticks, c.Value) {
			values = append(values, c.Value)
		}
	}
	if len(values) == 0 && !s.Optional {
		return &Fault{Key: "form.pick_one"}
	}
	return f.answer(d, s, strings.Join(values, ","))
}

// Leave leaves an optional step empty.
func (f Flow) Leave(d *record.Dialog) error {
	s, ok := f.step(d.Step)
	if !ok || !s.Optional {
		return record.ErrChanged
	}
	return f.answer(d, s, "")
}

// Keep goes on without changing the answer of the current step.
func (f Flow) Keep(d *record.Dialog) error {
	if _, ok := d.Answers[d.Step]; !ok {
		return record.ErrChanged
	}
	delete(d.Answers, draft(d.Step))
	return f.advance(d, d.Step)
}

// offered finds the current step and makes sure that it offers the value.
func (f Flow) offered(d *record.Dialog, value string) (Step, error) {
	s, ok := f.step(d.Step)
	if !ok {
		return s, record.ErrChanged
	}
	choices, err := s.choices(d.Answers)
	if err == nil && !slices.ContainsFunc(choices, func(c Choice) bool { return c.Value == value }) {
		err = record.ErrChanged
	}
	return s, err
}

// answer keeps the value of a step, takes away what it makes void, and goes on.
func (f Flow) answer(d *record.Dialog, s Step, value string) error {
	if old, ok := d.Answers[s.Name]; !ok || old != value {
		for _, name := range s.Drops {
			delete(d.Answers, name)
		}
	}
	set(d, s.Name, value)
	delete(d.Answers, draft(s.Name))
	return f.advance(d, s.Name)
}

func set(d *record.Dialog, name, value string) {
	if d.Answers == nil {
		d.Answers = map[string]string{}
	}
	d.Answers[name] = value
	d.Edited = true
}

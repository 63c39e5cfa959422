// Package dialog asks a question after the other: a state machine over
// record.Dialog that knows no platform, no storage and no words.
//
// # A flow
//
// A [Flow] is a list of steps in the order in which they are asked. A [Step]
// is answered by pressing one of its Choices, by typing a text that its Parse
// takes, or by either; with Many, several choices are ticked before going on.
// An answer is kept as a short string in a form that no language changes: a
// code, a number, a date, a text as typed.
//
// The next question is always the first step behind the answered one that has
// no answer yet, then the first such step at all; when there is none, the
// summary follows ([Summary]). From this one rule comes the rest: going back
// and answering again leads on to where one was, an answer changed from the
// summary leads back to it, and a flow that starts with all answers (a record
// that is to be changed) starts at the summary.
//
// A step may be skipped by what was answered (Skip), and an answer that is
// changed may take others with it (Drops). Answers that belong to no step are
// the flow's context (which record, which session) and stay as they are.
//
// # Adding a flow
//
//	steps := []dialog.Step{
//		{Name: "base", Ask: "host.ask_base", Field: "host.field_base", Choices: bases},
//		{Name: "title", Ask: "host.ask_title", Field: "host.field_title", Parse: dialog.Text(record.MaxTitle),
//			Skip: func(a dialog.Answers) (bool, error) { return a["base"] != "other", nil }},
//	}
//
// Steps are made anew for every event, by a function that holds the
// transaction, so Choices and Skip may read it. bot/form.go is the engine
// around this package and says how to register a flow.
package dialog

import (
	"slices"
	"strings"

	"headgoose/storage/record"
)

// Summary is the step at which all answers are shown before they are saved.
const Summary = "summary"

// MaxText is how many runes a typed answer may have where its step sets none.
const MaxText = record.MaxReason

// PageSize is how many choices are shown at once where a step sets none.
const PageSize = 8

// Answers are the answers by the name of the step, and the flow's context.
// An optional step that was left empty is there with "".
type Answers map[string]string

// Choice is one answer to choose: its value, without white space, and what
// the button says.
type Choice struct {
	Value, Label string
	Picked       bool // of a step with Many: ticked; filled in by View
}

// Step is one question.
type Step struct {
	Name string
	Ask  string         // key of the question
	Args map[string]any // arguments of the question
	// AskFor chooses the question by the answers before it; nil: Ask, Args.
	AskFor func(Answers) (key string, args map[string]any)
	Field  string // key of the answer's name in the list of answers
	Empty  string // key of what an answer that was left empty means; "": not given

	// Choices lists the answers to choose from; nil where it is typed.
	Choices func(Answers) ([]Choice, error)
	// Parse reads a typed answer into the value that is kept. An error that
	// is a *Fault is told to the person, any other one is internal. nil: a
	// typed text must be one of the choices.
	Parse func(text string, a Answers) (string, error)
	// Skip leaves the question out; it looks at answers of earlier steps.
	Skip func(Answers) (bool, error)
	// Show says a value that is none of the choices; nil: as it is kept.
	Show func(value string) string
	// Drops names steps whose answers make no sense any more when this one
	// changes.
	Drops []string

	Max      int  // runes of a typed answer; 0: MaxText
	PerPage  int  // choices on a page; 0: PageSize
	Columns  int  // choices in a row; 0: two, or one where they are long
	Many     bool // several choices; the value is a list (see List)
	Optional bool // may be left empty
	// Digits: six digits alone are an answer here, not a check-in.
	Digits bool
	// Contact: the person's own contact card answers it with its number.
	Contact bool
	// Secret: the answer is not repeated in the form.
	Secret bool
}

// Fault is an answer that does not fit: the key of a sentence that says what
// is wrong and what is right, with its arguments. A Fault of saving names the
// step to return to.
type Fault struct {
	Key  string
	Args map[string]any
	Step string
	// Card: nothing but the person's own contact card mends it.
	Card bool
}

// Error is the key; the arguments may hold what a person typed.
func (f *Fault) Error() string { return "dialog: " + f.Key }

// Flow is the steps of a form.
type Flow struct{ Steps []Step }

// List reads the value of a step with Many.
func List(value string) []string {
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

// draft is where the ticks of a step with Many are kept until they are done.
func draft(name string) string { return "~" + name }

// Begin brings a dialog to its first open step.
func (f Flow) Begin(d *record.Dialog) error { return f.advance(d, "") }

// Settle makes sure that the dialog stands at a step that is asked: the flow
// may have changed since (a new version, another post).
func (f Flow) Settle(d *record.Dialog) error {
	asked, err := f.asked(d.Answers)
	if err != nil {
		return err
	}
	known := func(s Step) bool { return s.Name == d.Step }
	if d.Step == Summary && f.firstOpen(asked, d.Answers, "") == "" {
		return nil
	}
	if slices.ContainsFunc(asked, known) {
		return nil
	}
	return f.advance(d, "")
}

// Goto goes to a step that is asked, to change its answer.
func (f Flow) Goto(d *record.Dialog, name string) error {
	asked, err := f.asked(d.Answers)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(asked, func(s Step) bool { return s.Name == name }) {
		return record.ErrChanged
	}
	d.Step = name
	return nil
}

// Back goes to the step before; at the first one it stays.
func (f Flow) Back(d *record.Dialog) error {
	asked, err := f.asked(d.Answers)
	if err != nil || len(asked) == 0 {
		return err
	}
	i := slices.IndexFunc(asked, func(s Step) bool { return s.Name == d.Step })
	if i < 0 {
		i = len(asked) // from the summary
	}
	d.Step = asked[max(0, i-1)].Name
	return nil
}

// Ready are the answers to save, without those of steps that were skipped. ok
// is false, and the dialog at the step to answer, where one is missing or is
// no longer on offer.
func (f Flow) Ready(d *record.Dialog) (a Answers, ok bool, err error) {
	asked, err := f.asked(d.Answers)
	if err != nil {
		return nil, false, err
	}
	a = Answers{}
	for k, v := range d.Answers {
		if _, isStep := f.step(k); !isStep && !strings.HasPrefix(k, "~") {
			a[k] = v
		}
	}
	for _, s := range asked {
		v, there := d.Answers[s.Name]
		valid := there
		if there && s.Parse == nil {
			if valid, err = s.stillOffered(d.Answers, v); err != nil {
				return nil, false, err
			}
		}
		if !valid {
			delete(d.Answers, s.Name)
			d.Step = s.Name
			return nil, false, nil
		}
		a[s.Name] = v
	}
	return a, true, nil
}

func (s Step) stillOffered(a Answers, value string) (bool, error) {
	if value == "" && s.Optional {
		return true, nil
	}
	choices, err := s.choices(a)
	values := []string{value}
	if s.Many {
		values = List(value)
	}
	for _, v := range values {
		if !slices.ContainsFunc(choices, func(c Choice) bool { return c.Value == v }) {
			return false, err
		}
	}
	return true, err
}

// advance goes to the next step without an answer behind the one named.
func (f Flow) advance(d *record.Dialog, from string) error {
	asked, err := f.asked(d.Answers)
	if err != nil {
		return err
	}
	d.Step = f.firstOpen(asked, d.Answers, from)
	if d.Step == "" {
		d.Step = Summary
	}
	return nil
}

// firstOpen is the first step without an answer, those behind from first; ""
// where all have one.
func (f Flow) firstOpen(asked []Step, a Answers, from string) string {
	i := slices.IndexFunc(asked, func(s Step) bool { return s.Name == from })
	for _, part := range [][]Step{asked[i+1:], asked} {
		for _, s := range part {
			if _, ok := a[s.Name]; !ok {
				return s.Name
			}
		}
	}
	return ""
}

// asked are the steps that are not skipped.
func (f Flow) asked(a Answers) ([]Step, error) {
	var asked []Step
	for _, s := range f.Steps {
		if s.Skip != nil {
			skip, err := s.Skip(a)
			if err != nil {
				return nil, err
			}
			if skip {
				continue
			}
		}
		asked = append(asked, s)
	}
	return asked, nil
}

// Current is the step that waits for an answer; ok is false at the summary.
func (f Flow) Current(d *record.Dialog) (s Step, ok bool) { return f.step(d.Step) }

func (f Flow) step(name string) (Step, bool) {
	i := slices.IndexFunc(f.Steps, func(s Step) bool { return s.Name == name })
	if i < 0 {
		return Step{}, false
	}
	return f.Steps[i], true
}

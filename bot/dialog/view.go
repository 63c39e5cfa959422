package dialog

import (
	"slices"
	"strings"

	"headgoose/storage/record"
)

// View is what a form shows.
type View struct {
	Step      Step // the question; its Name is Summary at the summary
	Index, Of int  // the Index-th step of Of, from 1
	Said      []Said

	Choices     []Choice // of this page
	Page, Pages int      // from 0
	Picked      int      // ticks of a step with Many

	First    bool // there is no step before
	Answered bool // the step has an answer that can be kept
}

// Said is one answer so far.
type Said struct {
	Step Step
	Text string // as the person reads it; "" where it was left empty
}

// View is what the form shows at a page of the current step's choices.
func (f Flow) View(d *record.Dialog, page int) (View, error) {
	asked, err := f.asked(d.Answers)
	if err != nil {
		return View{}, err
	}
	v := View{Of: len(asked), Index: len(asked), Step: Step{Name: Summary}}
	for i, s := range asked {
		if s.Name == d.Step {
			v.Step, v.Index, v.First = s, i+1, i == 0
		}
	}
	_, v.Answered = d.Answers[v.Step.Name]
	for _, s := range asked {
		value, ok := d.Answers[s.Name]
		if !ok || (s.Name == d.Step && !v.Answered) {
			continue
		}
		text, err := s.say(value, d.Answers)
		if err != nil {
			return View{}, err
		}
		v.Said = append(v.Said, Said{Step: s, Text: text})
	}
	return v, f.fillPage(&v, d, page)
}

// fillPage cuts the page of choices out.
func (f Flow) fillPage(v *View, d *record.Dialog, page int) error {
	all, err := v.Step.choices(d.Answers)
	if err != nil {
		return err
	}
	if v.Step.Many {
		picked := f.picked(d, v.Step)
		for i := range all {
			all[i].Picked = slices.Contains(picked, all[i].Value)
			if all[i].Picked {
				v.Picked++
			}
		}
	}
	size := v.Step.PerPage
	if size <= 0 {
		size = PageSize
	}
	v.Pages = max(1, (len(all)+size-1)/size)
	v.Page = min(max(0, page), v.Pages-1)
	v.Choices = all[min(v.Page*size, len(all)):min((v.Page+1)*size, len(all))]
	return nil
}

// say says a value as the person reads it.
func (s Step) say(value string, a Answers) (string, error) {
	if value == "" {
		return "", nil
	}
	choices, err := s.choices(a)
	if err != nil {
		return "", err
	}
	values := []string{value}
	if s.Many {
		values = List(value)
	}
	for i, one := range values {
		if j := slices.IndexFunc(choices, func(c Choice) bool { return c.Value == one }); j >= 0 {
			values[i] = choices[j].Label
		} else if s.Show != nil {
			values[i] = s.Show(one)
		}
	}
	return strings.Join(values, "、"), nil
}

package bot

import (
	"strconv"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
)

// formCard draws a form: title and step, the answers so far, what is wrong
// with the last one, the question, and the buttons.
func (t *Turn) formCard(f openForm, fault *dialog.Fault) (card, error) {
	v, err := f.View(&f.d, f.page)
	if err != nil {
		return card{}, err
	}
	title, err := f.title(t, f.d.Answers)
	if err != nil {
		return card{}, err
	}
	summary := v.Step.Name == dialog.Summary
	perLine := 4
	if summary {
		perLine = 2
		title = t.Say("form.title_check", text.A{"Title": title})
	} else if v.Of > 1 {
		title = t.Say("form.title", text.A{"Title": title, "I": v.Index, "Of": v.Of})
	}
	lines := append([]string{title}, t.saidLines(v.Said, perLine)...)
	if fault != nil {
		lines = append(lines, t.Say(fault.Key, fault.Args))
	}
	if summary {
		lines = append(lines, t.Say("form.check"))
	} else {
		key, args := v.Step.Ask, v.Step.Args
		if v.Step.AskFor != nil {
			key, args = v.Step.AskFor(f.d.Answers)
		}
		lines = append(lines, t.Say(key, args))
	}
	rev := "form " + strconv.FormatInt(f.d.Rev, 10) + " "
	rows := t.choiceRows(v, rev)
	if summary {
		rows = t.summaryRows(v, rev)
	}
	return card{Text: strings.Join(lines, "\n"), rows: append(rows, t.formFoot(v, rev)...)}, nil
}

// saidLines says the answers so far, some in a line.
func (t *Turn) saidLines(said []dialog.Said, perLine int) []string {
	var lines, parts []string
	for i, s := range said {
		value := clip(s.Text, 40)
		switch {
		case value == "" && s.Step.Empty != "":
			value = t.Say(s.Step.Empty)
		case value == "":
			value = t.Say("form.empty")
		case s.Step.Secret:
			value = t.Say("form.given")
		}
		parts = append(parts, t.Say("form.said", text.A{"Field": t.Say(s.Step.Field), "Value": value}))
		if len(parts) == perLine || i == len(said)-1 {
			lines, parts = append(lines, strings.Join(parts, " · ")), nil
		}
	}
	return lines
}

// choiceRows are the choices of the page, and the ways to others.
func (t *Turn) choiceRows(v dialog.View, rev string) [][]Btn {
	verb, tail := "set ", ""
	if v.Step.Many {
		verb, tail = "pick ", " "+strconv.Itoa(v.Page)
	}
	var all []Btn
	long := false
	for _, c := range v.Choices {
		label := clip(c.Label, 24)
		if c.Picked {
			label = "✓ " + label
		}
		long = long || text.Columns(label) > 18
		all = append(all, Btn{Text: label, Line: rev + verb + c.Value + tail})
	}
	columns := v.Step.Columns
	switch {
	case columns == 0 && long:
		columns = 1
	case columns == 0:
		columns = 2
	}
	rows := inRows(all, columns)
	var turn []Btn
	if v.Page > 0 {
		turn = append(turn, t.Btn("prev_page", rev+"page "+strconv.Itoa(v.Page-1)))
	}
	if v.Page < v.Pages-1 {
		turn = append(turn, t.Btn("next_page", rev+"page "+strconv.Itoa(v.Page+1)))
	}
	return append(rows, turn)
}

// summaryRows are the button that saves and one for each answer.
func (t *Turn) summaryRows(v dialog.View, rev string) [][]Btn {
	var fields []Btn
	for _, s := range v.Said {
		fields = append(fields, Btn{Text: t.Say("form.change", text.A{"Field": t.Say(s.Step.Field)}), Line: rev + "goto " + s.Step.Name})
	}
	return append([][]Btn{{t.Btn("save", rev+"save")}}, inRows(fields, 2)...)
}

// formFoot are the last rows: done, leave out, keep, and the ways back and out.
func (t *Turn) formFoot(v dialog.View, rev string) [][]Btn {
	var own, foot []Btn
	if v.Step.Many && (v.Picked > 0 || v.Step.Optional) {
		own = append(own, Btn{Text: t.Say("form.done", text.A{"Picked": v.Picked}), Line: rev + "done"})
	} else if v.Step.Optional {
		own = append(own, t.Btn("leave_out", rev+"leave"))
	}
	if v.Answered {
		own = append(own, t.Btn("keep", rev+"keep"))
	}
	if !v.First && v.Step.Name != dialog.Summary {
		foot = append(foot, t.Btn("prev_step", rev+"back"))
	}
	foot = append(foot, t.Btn("later", rev+"later"), t.Btn("cancel", "form cancel"))
	return append(inRows(own, 2), inRows(foot, 2)...)
}

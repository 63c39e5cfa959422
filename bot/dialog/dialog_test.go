package dialog

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"headgoose/storage/record"
)

// lunch is a flow with a step of every sort: chosen, typed, skipped, several,
// optional.
func lunch() Flow {
	return Flow{Steps: []Step{
		{Name: "dish", Choices: fixed("rice", "noodles", "none"), Drops: []string{"extras"}},
		{Name: "name", Parse: Text(10)},
		{
			Name: "extras", Choices: fixed("egg", "tofu", "greens"), Many: true,
			Skip: func(a Answers) (bool, error) { return a["dish"] == "none", nil },
		},
		{Name: "note", Parse: Text(20), Optional: true},
	}}
}

func fixed(values ...string) func(Answers) ([]Choice, error) {
	return func(Answers) ([]Choice, error) {
		var list []Choice
		for _, v := range values {
			list = append(list, Choice{Value: v, Label: strings.ToUpper(v)})
		}
		return list, nil
	}
}

func begun(t *testing.T, f Flow, a Answers) *record.Dialog {
	t.Helper()
	d := &record.Dialog{Answers: a}
	if err := f.Begin(d); err != nil {
		t.Fatal(err)
	}
	return d
}

// does runs steps one after the other and wants none to fail.
func does(t *testing.T, steps ...error) {
	t.Helper()
	for i, err := range steps {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}

func at(t *testing.T, d *record.Dialog, want string) {
	t.Helper()
	if d.Step != want {
		t.Fatalf("at %q, want %q (answers %v)", d.Step, want, d.Answers)
	}
}

func faultKey(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Key
	}
	return ""
}

func TestThroughAFlow(t *testing.T) {
	f := lunch()
	d := begun(t, f, nil)
	at(t, d, "dish")
	does(t, f.Choose(d, "rice"))
	at(t, d, "name")
	does(t, f.Type(d, "Ann"))
	at(t, d, "extras")
	if key := faultKey(f.Done(d)); key != "form.pick_one" {
		t.Fatalf("nothing picked: %q", key)
	}
	does(t, f.Pick(d, "tofu"), f.Pick(d, "egg"), f.Pick(d, "greens"), f.Pick(d, "greens"), f.Done(d), f.Leave(d))
	at(t, d, Summary)
	a, ok, err := f.Ready(d)
	want := Answers{"dish": "rice", "name": "Ann", "extras": "egg,tofu", "note": ""}
	if err != nil || !ok || !maps.Equal(a, want) {
		t.Fatalf("ready %v: %v, %v", ok, a, err)
	}
}

func TestAChangeLeadsBackToTheSummary(t *testing.T) {
	f := lunch()
	full := func() Answers { return Answers{"dish": "rice", "name": "Ann", "extras": "egg", "note": "", "id": "7"} }
	t.Run("begins there", func(t *testing.T) { at(t, begun(t, f, full()), Summary) })
	t.Run("another name", func(t *testing.T) {
		d := begun(t, f, full())
		does(t, f.Goto(d, "name"), f.Type(d, "Bea"))
		at(t, d, Summary)
	})
	t.Run("the same answer drops nothing", func(t *testing.T) {
		d := begun(t, f, full())
		does(t, f.Goto(d, "dish"), f.Choose(d, "rice"))
		at(t, d, Summary)
	})
	t.Run("another dish drops the extras", func(t *testing.T) {
		d := begun(t, f, full())
		does(t, f.Goto(d, "dish"), f.Choose(d, "noodles"))
		at(t, d, "extras")
	})
	t.Run("a step that is skipped is not saved", func(t *testing.T) {
		d := begun(t, f, full())
		d.Answers["dish"] = "none"
		a, ok, err := f.Ready(d)
		if _, there := a["extras"]; there || !ok || err != nil || a["id"] != "7" {
			t.Fatalf("ready %v: %v, %v", ok, a, err)
		}
	})
	t.Run("kept as it was", func(t *testing.T) {
		d := begun(t, f, full())
		does(t, f.Goto(d, "extras"), f.Pick(d, "tofu"), f.Keep(d))
		at(t, d, Summary)
		if d.Answers["extras"] != "egg" {
			t.Fatalf("changed to %q", d.Answers["extras"])
		}
	})
}

func TestBack(t *testing.T) {
	f := lunch()
	d := begun(t, f, nil)
	does(t, f.Back(d))
	at(t, d, "dish")
	does(t, f.Choose(d, "none"), f.Type(d, "Ann"))
	at(t, d, "note")
	does(t, f.Back(d))
	at(t, d, "name") // extras are skipped
	does(t, f.Back(d), f.Choose(d, "rice"))
	at(t, d, "extras") // on to what is open, past the name
}

func TestWhatIsRefused(t *testing.T) {
	f := lunch()
	for name, c := range map[string]struct {
		step string
		do   func(*record.Dialog) error
		want string // key of the fault; "" is record.ErrChanged
	}{
		"not on offer":          {"dish", func(d *record.Dialog) error { return f.Choose(d, "soup") }, ""},
		"typed, not on offer":   {"dish", func(d *record.Dialog) error { return f.Type(d, "soup") }, "form.choose"},
		"typed, fits two":       {"dish", func(d *record.Dialog) error { return f.Type(d, "N") }, "form.choose"},
		"too long":              {"name", func(d *record.Dialog) error { return f.Type(d, strings.Repeat("x", MaxText+1)) }, "form.too_long"},
		"longer than the step":  {"name", func(d *record.Dialog) error { return f.Type(d, "eleven runes") }, "form.bad_text"},
		"typed at the summary":  {Summary, func(d *record.Dialog) error { return f.Type(d, "x") }, "form.choose"},
		"left though asked":     {"name", f.Leave, ""},
		"kept without answer":   {"note", f.Keep, ""},
		"to an unknown step":    {"dish", func(d *record.Dialog) error { return f.Goto(d, "tip") }, ""},
		"done where one is one": {"dish", f.Done, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &record.Dialog{Step: c.step, Answers: map[string]string{"dish": "rice"}}
			err := c.do(d)
			if faultKey(err) != c.want || (c.want == "" && !errors.Is(err, record.ErrChanged)) {
				t.Fatalf("got %v", err)
			}
			if d.Step != c.step || len(d.Answers) != 1 || d.Edited {
				t.Fatalf("changed to %+v", d)
			}
		})
	}
}

func TestAPartOfALabelIsEnough(t *testing.T) {
	f := lunch()
	d := begun(t, f, nil)
	does(t, f.Type(d, "OODL"))
	if d.Answers["dish"] != "noodles" {
		t.Fatalf("took %v", d.Answers)
	}
}

func TestWhatIsNoLongerOnOfferIsAskedAgain(t *testing.T) {
	f := lunch()
	d := begun(t, f, Answers{"dish": "soup", "name": "Ann", "extras": "egg", "note": ""})
	_, ok, err := f.Ready(d)
	if ok || err != nil {
		t.Fatalf("ready %v, %v", ok, err)
	}
	at(t, d, "dish")
}

func TestAFlowThatChangedMeanwhile(t *testing.T) {
	d := &record.Dialog{Step: "tip", Answers: map[string]string{"dish": "rice"}}
	does(t, lunch().Settle(d))
	at(t, d, "name")
	d.Step = Summary
	does(t, lunch().Settle(d))
	at(t, d, "name")
}

func TestViewPages(t *testing.T) {
	var names []string
	for i := range 20 {
		names = append(names, string(rune('a'+i)))
	}
	f := Flow{Steps: []Step{{Name: "one", Choices: fixed(names...)}, {Name: "two", Parse: Text(5)}}}
	d := begun(t, f, nil)
	for page, want := range map[int]int{-1: 8, 0: 8, 1: 8, 2: 4, 9: 4} {
		v, err := f.View(d, page)
		if err != nil || len(v.Choices) != want || v.Pages != 3 || !v.First || v.Answered || v.Index != 1 || v.Of != 2 {
			t.Errorf("page %d: %+v, %v", page, v, err)
		}
	}
}

// TestAnyOrder presses and types at random: the form never stands at a step
// that is not asked, and the summary means that nothing is missing.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := lunch()
		d := &record.Dialog{}
		if err := f.Begin(d); err != nil {
			t.Fatal(err)
		}
		word := rapid.SampledFrom([]string{"rice", "none", "egg", "tofu", "Ann", "name", "dish", "extras", "note", "", "很长很长很长很长很长很长"})
		ops := map[string]func(string) error{
			"type": func(s string) error { return f.Type(d, s) }, "choose": func(s string) error { return f.Choose(d, s) },
			"pick": func(s string) error { return f.Pick(d, s) }, "goto": func(s string) error { return f.Goto(d, s) },
			"done": func(string) error { return f.Done(d) }, "leave": func(string) error { return f.Leave(d) },
			"keep": func(string) error { return f.Keep(d) }, "back": func(string) error { return f.Back(d) },
		}
		names := slices.Sorted(maps.Keys(ops))
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			before := *d
			err := ops[rapid.SampledFrom(names).Draw(t, "op")](word.Draw(t, "word"))
			if err != nil && faultKey(err) == "" && !errors.Is(err, record.ErrChanged) {
				t.Fatal(err)
			}
			if err != nil && d.Step != before.Step {
				t.Fatalf("a refusal moved from %q to %q", before.Step, d.Step)
			}
			asked, _ := f.asked(d.Answers)
			known := slices.ContainsFunc(asked, func(s Step) bool { return s.Name == d.Step })
			if open := f.firstOpen(asked, d.Answers, ""); d.Step == Summary && open != "" || d.Step != Summary && !known {
				t.Fatalf("at %q with %v", d.Step, d.Answers)
			}
			if _, err := f.View(d, 0); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPhone(t *testing.T) {
	for in, want := range map[string]string{
		"138 0000 0001": "13800000001", "+86 138-0000-0001": "13800000001", "1380000001": "form.phone_short",
		"138000000011": "form.phone_long", "12800000001": "form.phone_odd", "none": "form.phone_none", "": "form.phone_none",
	} {
		got, err := Phone(in, nil)
		if err != nil {
			got = faultKey(err)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestName(t *testing.T) {
	for in, ok := range map[string]bool{
		"毕业生 001": true, "买买提·艾合买提": true, "甲": false, "12": false, "a/b": false, "谁?": false,
		strings.Repeat("长", record.MaxName+1): false, "a\u202eb": false,
	} {
		if _, err := Name(in, nil); (err == nil) != ok {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestYear(t *testing.T) {
	for in, want := range map[string]string{"2003": "2003", "2003年": "2003", " 2003 年 ": "2003", "1949": "", "03": "", "二〇〇三": ""} {
		if got, _ := Year(1950, 2011)(in, nil); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

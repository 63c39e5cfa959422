package record

import (
	"testing"
	"time"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// aged is a record whose facts were said on 1 March 2027.
func aged(change func(*Graduate)) Graduate {
	g := Graduate{
		Employment: Seeking, Willingness: Willing, Source: BySecretary, By: "p1", ConfirmedAt: day("2027-03-01"),
		Consent: Consent{Version: "1", At: day("2027-01-01"), Until: day("2032-01-01")},
	}
	change(&g)
	return g
}

func TestWhenFactsAreAskedAnew(t *testing.T) {
	study := func(g *Graduate) { g.Studying, g.Employment, g.Graduation = true, "", "2027-07" }
	for name, c := range map[string]struct {
		change func(*Graduate)
		want   string
	}{
		"seeking work":         {func(*Graduate) {}, "2027-03-31"},
		"sitting exams":        {func(g *Graduate) { g.Employment = Exams }, "2027-05-30"},
		"employed":             {func(g *Graduate) { g.Employment = Employed }, "2027-08-28"},
		"serving":              {func(g *Graduate) { g.Employment = Serving }, "2027-08-28"},
		"studying further":     {func(g *Graduate) { g.Employment = FurtherStudy }, "2027-08-28"},
		"unwilling, employed":  {func(g *Graduate) { g.Employment, g.Willingness = Employed, Unwilling }, "2028-02-29"},
		"unwilling, seeking":   {func(g *Graduate) { g.Willingness = Unwilling }, "2028-02-29"},
		"studying":             {study, "2027-05-01"},
		"confirmed in May":     {func(g *Graduate) { study(g); g.ConfirmedAt = day("2027-05-20") }, "2027-08-01"},
		"studying still after": {func(g *Graduate) { study(g); g.ConfirmedAt = day("2027-08-05") }, "2027-09-04"},
		"the oldest counts":    {func(g *Graduate) { g.Confirm(Said{At: day("2027-03-20")}, EmploymentFact, PhoneFact) }, "2027-03-31"},
		"all said anew":        {func(g *Graduate) { g.Confirm(Said{At: day("2027-03-20")}, AgingFacts()...) }, "2027-04-19"},
		"waiting for an answer": {func(g *Graduate) {
			g.Asked = Asked{At: day("2027-04-02"), Open: true}
		}, "2027-04-09"},
		"after a silence": {func(g *Graduate) {
			g.Asked = Asked{At: day("2027-04-02"), Silences: 1}
		}, "2027-05-02"},
		"on the call list": {func(g *Graduate) { g.Asked = Asked{At: day("2027-04-02"), Silences: 2, Listed: true} }, ""},
		"no consent then":  {func(g *Graduate) { g.Consent.Until = day("2027-03-30") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := DefaultAges().Next(aged(c.change))
			if c.want == "" && !got.IsZero() || c.want != "" && !got.Equal(day(c.want)) {
				t.Errorf("asked on %v, want %q", got, c.want)
			}
		})
	}
}

func TestWhoSaidAFact(t *testing.T) {
	old := aged(func(*Graduate) {})
	if got := old.Told(PhoneFact); got.By != "p1" || !got.At.Equal(day("2027-03-01")) {
		t.Errorf("an old record's phone was said %+v", got)
	}
	g := old
	g.Employment, g.Source, g.By = Employed, BySelf, "p2"
	g.Retell(old, day("2027-04-01"))
	if got := g.Told(EmploymentFact); got.By != "p2" || got.Source != BySelf || !got.At.Equal(day("2027-04-01")) {
		t.Errorf("the changed fact was said %+v", got)
	}
	if got := g.Told(WillingnessFact); got.By != "p1" || !got.At.Equal(day("2027-03-01")) {
		t.Errorf("the fact left alone was said %+v", got)
	}
	said := Said{Source: ByOfficer, By: "p3", At: day("2027-05-01")}
	next := g
	next.Confirm(said, PhoneFact)
	next.Retell(g, day("2027-05-02"))
	if got := next.Told(PhoneFact); got != said {
		t.Errorf("the confirmed fact was said %+v", got)
	}
}

func TestGraduationThatPassedIsToBeConfirmed(t *testing.T) {
	g := aged(func(g *Graduate) { g.Studying, g.Employment, g.Graduation = true, "", "2027-07" })
	if g.AwaitsGraduation(day("2027-07-31")) {
		t.Error("in the month of graduation it counts as passed")
	}
	if !g.AwaitsGraduation(day("2027-08-01")) {
		t.Error("after the month of graduation it does not count as passed")
	}
	g.Studying = false
	if g.AwaitsGraduation(day("2027-08-01")) {
		t.Error("somebody who has graduated awaits it")
	}
}

func TestAnAnswerEndsTheQuestion(t *testing.T) {
	now := day("2027-05-01")
	g := aged(func(g *Graduate) { g.Asked = Asked{At: day("2027-04-02"), Silences: 2, Listed: true} })
	DefaultAges().Age(&g, now)
	if !g.Asked.Listed || g.Next != "" {
		t.Errorf("without an answer: %+v, next %q", g.Asked, g.Next)
	}
	g.Confirm(Said{At: now}, EmploymentFact)
	if DefaultAges().Age(&g, now); !g.Asked.Listed {
		t.Error("one fact of three took the graduate off the call list")
	}
	g.Confirm(Said{At: now}, AgingFacts()...)
	if DefaultAges().Age(&g, now); g.Asked != (Asked{}) || g.Next != "2027-05-31" {
		t.Errorf("with an answer: %+v, next %q", g.Asked, g.Next)
	}
}

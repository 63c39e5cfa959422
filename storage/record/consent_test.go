package record

import (
	"testing"
	"time"
)

// A consent holds for its time and no longer, and the others fall with the one
// to keeping the record.
func TestAgrees(t *testing.T) {
	given := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	yes := Consent{Version: "1", At: given, Source: BySelf}
	short := yes
	short.Until = given.AddDate(0, 6, 0)
	for _, c := range []struct {
		name         string
		keep, refer  Consent
		months       int
		keeps, finds bool
	}{
		{"both, at once", yes, yes, 0, true, true},
		{"nothing but keeping", yes, Consent{}, 0, true, false},
		{"the day before the end", yes, yes, 23, true, true},
		{"at the end", yes, yes, 24, false, false},
		{"a shorter one has ended", yes, short, 6, true, false},
		{"keeping has ended first", short, yes, 6, false, false},
		{"none at all", Consent{}, Consent{}, 0, false, false},
	} {
		g := Graduate{Consent: c.keep}
		g.SetConsent(ToRefer, c.refer)
		now := given.AddDate(0, c.months, 0)
		if g.Agrees(ToKeep, now) != c.keeps || g.Agrees(ToRefer, now) != c.finds || g.Agrees(ToContact, now) {
			t.Errorf("%s: %v, %v, %v", c.name, g.Agrees(ToKeep, now), g.Agrees(ToRefer, now), g.Agrees(ToContact, now))
		}
	}
}

// A copy of a record does not share its consents with it.
func TestSetConsentCopies(t *testing.T) {
	yes := Consent{Version: "1", At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	var old Graduate
	old.SetConsent(ToRefer, yes)
	changed := old
	changed.SetConsent(ToRefer, Consent{})
	if old.ConsentTo(ToRefer) != yes || changed.Consents != nil {
		t.Errorf("old %+v, changed %+v", old.Consents, changed.Consents)
	}
}

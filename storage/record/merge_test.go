package record

import (
	"slices"
	"testing"
	"time"
)

func TestMergedFacts(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 12, d, 0, 0, 0, 0, time.UTC) }
	said := func(g Graduate, at time.Time) Graduate {
		g.ConfirmedAt, g.Source = at, BySelf
		g.Confirm(Said{Source: BySelf, At: at}, AgingFacts()...)
		return g
	}
	old := said(Graduate{ID: "g1", Village: "630224100200", Employment: Seeking, Willingness: Willing, Graduation: "2025-06", Phone: "13900000201", CreatedAt: day(1)}, day(1))
	late := said(Graduate{ID: "g2", Village: "630224100201", Studying: true, Graduation: "2027-06", Willingness: Unwilling, Major: "农学", Person: "p1", CreatedAt: day(2)}, day(9))
	for name, c := range map[string]struct{ kept, other Graduate }{"the older stays": {old, late}, "the newer stays": {late, old}} {
		t.Run(name, func(t *testing.T) {
			m := c.kept.Merged(c.other)
			if m.ID != c.kept.ID || m.Village != c.kept.Village || !m.CreatedAt.Equal(day(1)) || !m.ConfirmedAt.Equal(day(9)) {
				t.Errorf("%+v", m)
			}
			if !m.Studying || m.Employment != "" || m.Graduation != "2027-06" || m.Willingness != Unwilling || m.Major != "农学" || m.Person != "p1" {
				t.Errorf("%+v", m)
			}
			// No number is no word against one.
			if m.Phone != "13900000201" || !m.Told(PhoneFact).At.Equal(day(1)) || !m.Told(EmploymentFact).At.Equal(day(9)) {
				t.Errorf("%s, %+v", m.Phone, m.Facts)
			}
		})
	}
	if got := late.Newer(old); !slices.Equal(got, []Fact{PhoneFact}) {
		t.Errorf("%v", got)
	}
}

func TestVouchOfTwo(t *testing.T) {
	v := func(s VouchState) Vouch { return Vouch{State: s} }
	for _, c := range []struct{ a, b, want VouchState }{
		{"", VouchOpen, ""},
		{VouchNo, "", ""},
		{VouchOpen, VouchYes, VouchYes},
		{VouchNo, VouchYes, VouchYes},
		{VouchOpen, VouchNo, VouchNo},
		{VouchUnknown, VouchOpen, VouchUnknown},
		{VouchNo, VouchUnknown, VouchNo},
	} {
		if got := v(c.a).or(v(c.b)); got.State != c.want {
			t.Errorf("%q or %q: %q, want %q", c.a, c.b, got.State, c.want)
		}
	}
}

package calendar

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t testing.TB, loc *time.Location, s string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04:05", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func wantTime(t *testing.T, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDayBefore(t *testing.T) {
	sh := zone(t, "Asia/Shanghai")
	for _, c := range []struct{ name, session, want string }{
		{"an ordinary day", "2026-12-03 09:00:00", "2026-12-02 16:00:00"},
		{"the first of a month", "2026-12-01 09:00:00", "2026-11-30 16:00:00"},
		{"the first of March", "2027-03-01 09:00:00", "2027-02-28 16:00:00"},
		{"the first of March in a leap year", "2028-03-01 09:00:00", "2028-02-29 16:00:00"},
		{"new year", "2027-01-01 00:00:00", "2026-12-31 16:00:00"},
		{"the last second of a day", "2026-12-03 23:59:59", "2026-12-02 16:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantTime(t, DayBefore(at(t, sh, c.session), Clock(16, 0), sh), at(t, sh, c.want))
		})
	}
	t.Run("the county's day, not the server's", func(t *testing.T) {
		// 23:30 UTC is 07:30 of the next day in Shanghai.
		session := time.Date(2026, 12, 2, 23, 30, 0, 0, time.UTC)
		wantTime(t, DayBefore(session, Clock(16, 0), sh), at(t, sh, "2026-12-02 16:00:00"))
	})
	t.Run("the same wall clock when summer time begins", func(t *testing.T) {
		berlin := zone(t, "Europe/Berlin")
		wantTime(t, DayBefore(at(t, berlin, "2026-03-30 09:00:00"), Clock(16, 0), berlin), at(t, berlin, "2026-03-29 16:00:00"))
		wantTime(t, DayBefore(at(t, berlin, "2026-03-29 09:00:00"), Clock(16, 0), berlin), at(t, berlin, "2026-03-28 16:00:00"))
	})
}

func TestWeek(t *testing.T) {
	sh := zone(t, "Asia/Shanghai")
	for _, c := range []struct{ name, in, from, label string }{
		{"Monday's first instant", "2026-11-30 00:00:00", "2026-11-30 00:00:00", "2026-W49"},
		{"Sunday's last second", "2026-12-06 23:59:59", "2026-11-30 00:00:00", "2026-W49"},
		{"over new year", "2027-01-01 12:00:00", "2026-12-28 00:00:00", "2026-W53"},
	} {
		t.Run(c.name, func(t *testing.T) {
			when := at(t, sh, c.in)
			wantTime(t, Week(when, sh), at(t, sh, c.from))
			if got := WeekName(when, sh); got != c.label {
				t.Errorf("named %s, want %s", got, c.label)
			}
		})
	}
}

func TestQuiet(t *testing.T) {
	sh := zone(t, "Asia/Shanghai")
	night := Quiet{From: Clock(21, 30), To: Clock(7, 0)}
	noon := Quiet{From: Clock(12, 0), To: Clock(14, 0)}
	for _, c := range []struct {
		name     string
		q        Quiet
		in, want string
	}{
		{"by day", night, "2026-12-02 16:00:00", "2026-12-02 16:00:00"},
		{"the last second before", night, "2026-12-02 21:29:59", "2026-12-02 21:29:59"},
		{"its first instant", night, "2026-12-02 21:30:00", "2026-12-03 07:00:00"},
		{"at midnight, at a month's end", night, "2026-12-01 00:00:00", "2026-12-01 07:00:00"},
		{"before midnight, at a month's end", night, "2026-11-30 23:59:59", "2026-12-01 07:00:00"},
		{"before midnight, at the year's end", night, "2026-12-31 22:00:00", "2027-01-01 07:00:00"},
		{"its last second", night, "2026-12-03 06:59:59", "2026-12-03 07:00:00"},
		{"its end", night, "2026-12-03 07:00:00", "2026-12-03 07:00:00"},
		{"within a day", noon, "2026-12-03 12:00:00", "2026-12-03 14:00:00"},
		{"none", Quiet{}, "2026-12-03 03:00:00", "2026-12-03 03:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantTime(t, c.q.Next(at(t, sh, c.in), sh), at(t, sh, c.want))
		})
	}
}

// Next never answers a quiet instant, never an earlier one, and never skips
// one that was allowed.
func TestQuietNextIsTheFirstAllowed(t *testing.T) {
	zones := []*time.Location{zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		q := Quiet{From: TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "from")), To: TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "to"))}
		when := time.Unix(rapid.Int64Range(1_790_000_000, 1_830_000_000).Draw(t, "when"), 0)
		next := q.Next(when, loc)
		if next.Before(when) {
			t.Fatalf("%v is before %v", next, when)
		}
		// A night in which summer time begins or ends may hold To twice or not at all.
		_, before := when.In(loc).Zone()
		_, after := next.In(loc).Zone()
		if before != after {
			return
		}
		if q.Contains(next, loc) {
			t.Fatalf("%v is quiet in %v", next, q)
		}
		if !next.Equal(when) && !q.Contains(next.Add(-time.Second), loc) {
			t.Fatalf("%v was allowed already", next.Add(-time.Second))
		}
	})
}

func TestTimeOfDayText(t *testing.T) {
	for _, good := range []string{"00:00", "07:05", "23:59"} {
		var c TimeOfDay
		if err := c.UnmarshalText([]byte(good)); err != nil || c.String() != good {
			t.Errorf("%q became %v, %v", good, c, err)
		}
	}
	for _, bad := range []string{"", "7:05", "24:00", "12:60", "16", "16:00:00", "16点"} {
		if c, err := ParseTimeOfDay(bad); err == nil {
			t.Errorf("%q was taken as %v", bad, c)
		}
	}
}

package schedule

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

var shanghai = mustZone("Asia/Shanghai")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// on is an instant in Shanghai, "12-02 16:00" of 2026.
func on(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-"+s+":00", shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

func mustLine(t testing.TB, text string) Line {
	t.Helper()
	line, err := ParseLine(text, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestParseLine(t *testing.T) {
	t.Run("slots in the county's zone", func(t *testing.T) {
		for _, c := range []struct{ line, after, want string }{
			{"0 8 * * MON", "12-02 12:00", "12-07 08:00"},
			{"0 8 * * 1", "12-07 07:59", "12-07 08:00"},
			{"0 8 * * MON", "12-07 08:00", "12-14 08:00"},
			{"0 16 * * FRI", "11-30 00:00", "12-04 16:00"},
			{"  30   3 1 * * ", "11-30 23:59", "12-01 03:30"},
			{"@daily", "11-30 23:59", "12-01 00:00"},
		} {
			if got := mustLine(t, c.line).Next(on(c.after).UTC()); !got.Equal(on(c.want)) {
				t.Errorf("%q after %s: %v, want %s", c.line, c.after, got, c.want)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		for line, hint := range map[string]string{
			"":                             "empty",
			"CRON_TZ=Asia/Shanghai":        "zone",
			"TZ=UTC 0 8 * * MON":           "zone",
			"@every -1h":                   "fixed times",
			"@every 10m":                   "fixed times",
			"0 0 30 2 *":                   "never comes",
			"0 8 1 * MON":                  "together",
			"0 8 * *":                      "5 fields",
			"0 0 8 * * MON":                "5 fields",
			"0 25 * * *":                   "above maximum",
			"0 8 * * MONTAG":               "MONTAG",
			"*/0 * * * *":                  "positive",
			"@fortnightly":                 "unrecognized",
			"99999999999999999999 8 * * *": "failed",
		} {
			got, err := ParseLine(line, shanghai)
			if err == nil || !strings.Contains(err.Error(), hint) {
				t.Errorf("%q became %v, %v; want a word of %q", line, got, err, hint)
			}
		}
	})
	t.Run("the last slot", func(t *testing.T) {
		for _, c := range []struct{ line, now, want string }{
			{"0 8 * * MON", "12-07 08:00", "12-07 08:00"},
			{"0 8 * * MON", "12-07 07:59", "11-30 08:00"},
			{"*/5 * * * *", "12-07 07:59", "12-07 07:55"},
			{"0 0 1 3 *", "12-07 07:59", "03-01 00:00"},
		} {
			if got := mustLine(t, c.line).last(on(c.now)); !got.Equal(on(c.want)) {
				t.Errorf("%q at %s: %v, want %s", c.line, c.now, got, c.want)
			}
		}
	})
}

func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{"0 8 * * MON", "CRON_TZ=X", "TZ=", "@every -1h", "0 0 30 2 *", "*/0 * * * *", "@", "1-99999999999/3 * * * *"} {
		f.Add(seed)
	}
	now := on("12-02 12:00")
	f.Fuzz(func(t *testing.T, text string) {
		line, err := ParseLine(text, shanghai)
		if err != nil {
			return
		}
		if next := line.Next(now); !next.After(now) || next.Sub(now) < time.Second {
			t.Errorf("%q fires at %v after %v", text, next, now)
		}
	})
}

package bot

import (
	"regexp"
	"strings"
	"time"

	"headgoose/bot/dialog"
)

// Days as people type them: 12-3, 12月3日, 2026-12-03.

var dayPattern = regexp.MustCompile(`^(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?$`)

// typedDay is a day as somebody typed it; the year is noYear where none was typed.
type typedDay struct{ year, month, day int }

const noYear = -1

func readDay(s string) (d typedDay, ok bool) {
	m := dayPattern.FindStringSubmatch(strings.ReplaceAll(s, " ", ""))
	if m == nil {
		return d, false
	}
	d = typedDay{noYear, atoi(m[2]), atoi(m[3])}
	if m[1] != "" {
		d.year = atoi(m[1])
	}
	return d, true
}

// in is the day in the year that was typed, or else in the one that is named; ok is
// false for a day that the calendar does not have.
func (d typedDay) in(year int, zone *time.Location) (at time.Time, ok bool) {
	if d.year != noYear {
		year = d.year
	}
	at = time.Date(year, time.Month(d.month), d.day, 0, 0, 0, 0, zone)
	return at, int(at.Month()) == d.month && at.Day() == d.day
}

// parseDay reads a day to come; without a year it is the next such day. Days before
// today and more than a year ahead do not fit.
func (t *Turn) parseDay(s string, _ dialog.Answers) (string, error) {
	d, read := readDay(s)
	today := time.Date(t.Now.Year(), t.Now.Month(), t.Now.Day(), 0, 0, 0, 0, t.b.conf.Zone)
	at, ok := d.in(t.Now.Year(), t.b.conf.Zone)
	if d.year == noYear && at.Before(today) {
		at, ok = d.in(t.Now.Year()+1, t.b.conf.Zone)
	}
	if !read || !ok || at.Before(today) || at.After(today.AddDate(1, 0, 0)) {
		return "", &dialog.Fault{Key: "rota.bad_day"}
	}
	return at.Format(time.DateOnly), nil
}

// parsePastDay reads a day that has been; without a year it is the last such day. Days
// after today and of more than so many years ago do not fit.
func (t *Turn) parsePastDay(s string, years int) (string, error) {
	d, read := readDay(s)
	at, ok := d.in(t.Now.Year(), t.b.conf.Zone)
	if d.year == noYear && at.After(t.Now) {
		at, ok = d.in(t.Now.Year()-1, t.b.conf.Zone)
	}
	if !read || !ok || at.After(t.Now) || at.Before(t.Now.AddDate(-years, 0, 0)) {
		return "", &dialog.Fault{Key: "rota.bad_past_day"}
	}
	return at.Format(time.DateOnly), nil
}

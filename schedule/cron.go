package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Line is a cron line in a zone: the slots at which a job is due.
type Line struct {
	schedule cron.Schedule
	zone     *time.Location
	text     string
}

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// ParseLine reads a cron line of five fields (minute, hour, day of month,
// month, day of week), or @daily, @weekly and the like. It refuses what the
// library takes and nobody means: a zone in the line (the county's holds),
// @every (it has no fixed slots), a line that never fires, and a day of month
// together with a day of week (the library fires on either).
func ParseLine(text string, zone *time.Location) (line Line, err error) {
	fields := strings.Fields(text)
	switch {
	case len(fields) == 0:
		return Line{}, errors.New("empty cron line")
	case strings.Contains(text, "TZ="):
		return Line{}, errors.New("a cron line has no zone of its own: the county's holds")
	case strings.HasPrefix(fields[0], "@every"):
		return Line{}, errors.New("@every has no fixed times: write */15 * * * * and the like")
	case len(fields) == 5 && !anyDay(fields[2]) && !anyDay(fields[4]):
		return Line{}, errors.New("day of month and day of week together mean either: leave one of them *")
	}
	defer func() { // the parser indexes without looking
		if p := recover(); p != nil {
			line, err = Line{}, fmt.Errorf("cron line %q: %v", text, p)
		}
	}()
	schedule, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return Line{}, fmt.Errorf("cron line %q: %w", text, err)
	}
	line = Line{schedule: schedule, zone: zone, text: text}
	if line.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, zone)).IsZero() {
		return Line{}, fmt.Errorf("cron line %q never comes", text)
	}
	return line, nil
}

func anyDay(field string) bool { return field == "*" || field == "?" }

// Next is the first slot after t; zero where there is none within five years.
func (l Line) Next(t time.Time) time.Time { return l.schedule.Next(t.In(l.zone)) }

func (l Line) String() string { return l.text }

// last is the newest slot at or before t, looked for as far back as a year; t
// where there is none.
func (l Line) last(t time.Time) time.Time {
	const year = 366 * 24 * time.Hour
	for back := time.Hour; ; back *= 4 {
		last, found := t, false
		for slot := l.Next(t.Add(-min(back, year))); !slot.IsZero() && !slot.After(t); slot = l.Next(slot) {
			last, found = slot, true
		}
		if found || back >= year {
			return last
		}
	}
}

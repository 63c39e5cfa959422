// Package calendar is wall-clock arithmetic in the county's zone: "the day
// before at 16:00", "Monday of that week", the quiet hours. It is pure: every
// instant is given to it, and nothing in it waits.
//
// Days are counted on the calendar, not as 24 hours, so a zone with summer
// time gives the same wall-clock time on both sides of the change. A wall-clock
// time that a day does not have (a clock put forward) is the instant that
// time.Date makes of it.
//
// A program that uses a zone by name must carry the zone data: import
// time/tzdata in its main package.
package calendar

import (
	"fmt"
	"time"

	"headgoose/storage/record"
)

// TimeOfDay is a wall-clock time, in minutes after midnight: 0 to 1439.
type TimeOfDay int

// Clock makes a time of day of an hour and a minute.
func Clock(hour, minute int) TimeOfDay { return TimeOfDay(hour*60 + minute) }

// ParseTimeOfDay reads "16:00" (24 hours, two digits each, as written in the
// configuration).
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day such as 16:00", s)
	}
	return Clock(t.Hour(), t.Minute()), nil
}

func (c TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// UnmarshalText makes a time of day readable from a configuration.
func (c *TimeOfDay) UnmarshalText(text []byte) error {
	parsed, err := ParseTimeOfDay(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

// MarshalText is the reverse of UnmarshalText.
func (c TimeOfDay) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// On is the instant of this time of day, days after the day of t in the zone
// (-1: the day before).
func (c TimeOfDay) On(t time.Time, days int, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+days, int(c/60), int(c%60), 0, 0, zone)
}

// of is the time of day of t in the zone, without the seconds.
func of(t time.Time, zone *time.Location) TimeOfDay {
	t = t.In(zone)
	return Clock(t.Hour(), t.Minute())
}

// Day is the midnight that begins the day of t in the zone.
func Day(t time.Time, zone *time.Location) time.Time { return Clock(0, 0).On(t, 0, zone) }

// DayBefore is the time of day on the day before t.
func DayBefore(t time.Time, at TimeOfDay, zone *time.Location) time.Time {
	return at.On(t, -1, zone)
}

// Week is the midnight that begins the Monday of t's week in the zone.
func Week(t time.Time, zone *time.Location) time.Time {
	sinceMonday := (int(t.In(zone).Weekday()) + 6) % 7
	return Clock(0, 0).On(t, -sinceMonday, zone)
}

// WeekName names t's week as ISO 8601 does: "2026-W49".
func WeekName(t time.Time, zone *time.Location) string {
	return record.WeekName(t.In(zone))
}

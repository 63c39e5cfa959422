package record

import (
	"fmt"
	"time"
)

// Date is a day of the calendar without a zone, "2006-01-02", or a month
// ("2006-01") or a year ("2006") where no more is known. Empty is unknown.
type Date string

// DateOf is the day of t in t's own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// In is the start of the day in the zone; the first of a month or a year
// that names no day.
func (d Date) In(zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if t, err := time.ParseInLocation(layout, string(d), zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: date %q", ErrInvalid, string(d))
}

// Shift is the day so many days later; what is no whole day stays as it is.
func (d Date) Shift(days int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return DateOf(t.AddDate(0, 0, days))
}

// Whole says whether a date names a day.
func (d Date) Whole() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

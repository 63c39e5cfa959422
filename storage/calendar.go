package storage

import (
	"context"
	"fmt"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	calday/<county>/<day>/<whom>  -> record.CalendarDay; whom: a base, - for the county, * where nobody travels

func calendarKey(county record.Code, day record.Date, base record.BaseID) string {
	if base == "" {
		base = "-"
	}
	return "calday/" + string(county) + "/" + string(day) + "/" + string(base)
}

// CalendarDays lists the days from one to another, both included, that are not
// what their weekday says, closures of bases with them, in the order of days. A
// day that is both a holiday and shut for everybody has two entries.
func (tx *Tx) CalendarDays(county record.Code, from, to record.Date) ([]record.CalendarDay, error) {
	prefix := "calday/" + string(county) + "/"
	var days []record.CalendarDay
	for e, err := range scan[record.CalendarDay](tx, between(prefix+string(from), prefix+string(to)+"0")) { // '0' follows '/'
		if err != nil {
			return nil, err
		}
		days = append(days, e.val)
	}
	return days, nil
}

// SetCalendarDay writes a day in the place of what was said of it. A closure of
// the whole county stands beside a holiday, not in its place.
func (tx *Tx) SetCalendarDay(county record.Code, d record.CalendarDay) error {
	if _, err := time.Parse(time.DateOnly, string(d.Day)); err != nil {
		return fmt.Errorf("%w: day of the calendar", record.ErrInvalid)
	}
	switch {
	case d.Kind != record.Holiday && d.Kind != record.Workday && d.Kind != record.Shut,
		d.Base != "" && d.Kind != record.Shut:
		return fmt.Errorf("%w: day of the calendar", record.ErrInvalid)
	}
	d.At = tx.Now
	return put(tx, calendarKeyOf(county, d), d)
}

// allShut is the place of a closure of the whole county in a key.
const allShut = record.BaseID("*")

func calendarKeyOf(county record.Code, d record.CalendarDay) string {
	if d.Kind == record.Shut && d.Base == "" {
		return calendarKey(county, d.Day, allShut)
	}
	return calendarKey(county, d.Day, d.Base)
}

// DropCalendarDay takes back what was said of a day: it is what its weekday says
// again, or open. None is no error.
func (tx *Tx) DropCalendarDay(county record.Code, d record.CalendarDay) error {
	return del(tx, calendarKeyOf(county, d))
}

// SeedCalendar writes the program's own table of a year where the store has
// nothing of it, or where all that it has are provisional days of the program's
// own and the table has become definite. What an officer wrote stays. It may be
// repeated; changed says whether something was written.
func (s *Store) SeedCalendar(ctx context.Context, county record.Code, year int, days []record.CalendarDay) (changed bool, err error) {
	from, to := record.Date(fmt.Sprintf("%04d-01-01", year)), record.Date(fmt.Sprintf("%04d-12-31", year))
	err = s.Update(ctx, func(tx *Tx) error {
		changed = false
		have, err := tx.CalendarDays(county, from, to)
		if err != nil {
			return err
		}
		if len(days) == 0 || len(days)+len(have) > kv.MaxWrites || !replaceable(have, days) {
			return nil
		}
		for _, d := range have {
			if own(d) {
				if err := tx.DropCalendarDay(county, d); err != nil {
					return err
				}
			}
		}
		for _, d := range days {
			if err := tx.SetCalendarDay(county, d); err != nil {
				return err
			}
		}
		changed = true
		return nil
	})
	return changed, err
}

// own says whether a day is of the program's own table.
func own(d record.CalendarDay) bool { return d.By == "" && d.Kind != record.Shut }

// replaceable says whether a year's days may be replaced by the program's.
func replaceable(have, days []record.CalendarDay) bool {
	provisional := false
	for _, d := range have {
		switch {
		case d.Kind == record.Shut:
		case !own(d) || !d.Provisional:
			return false
		default:
			provisional = true
		}
	}
	return !provisional || !days[0].Provisional
}

package calendar

import (
	"time"

	"headgoose/storage/record"
)

// Shift is the day so many days after another. A day that is none stays as it is.
func Shift(day record.Date, days int) record.Date { return day.Shift(days) }

// Between is how many days lie from one day to another; negative backwards, 0
// where one of them is none.
func Between(from, to record.Date) int {
	a, errA := time.Parse(time.DateOnly, string(from))
	b, errB := time.Parse(time.DateOnly, string(to))
	if errA != nil || errB != nil {
		return 0
	}
	return int(b.Sub(a) / (24 * time.Hour))
}

// Weekday is the weekday of a day; Sunday where it is none.
func Weekday(day record.Date) time.Weekday {
	t, _ := time.Parse(time.DateOnly, string(day))
	return t.Weekday()
}

// Table answers questions about days: which are worked, and on which a base
// receives branches. The zero value knows weekdays and weekends alone. It is not
// changed after NewTable and safe for concurrent use.
type Table struct {
	county map[record.Date]record.CalendarDay
	shut   map[shutKey]record.CalendarDay
}

type shutKey struct {
	base record.BaseID // empty: nobody travels
	day  record.Date
}

// NewTable makes a table of the days that are not what their weekday says.
func NewTable(days []record.CalendarDay) Table {
	t := Table{county: map[record.Date]record.CalendarDay{}, shut: map[shutKey]record.CalendarDay{}}
	for _, d := range days {
		if d.Kind == record.Shut {
			t.shut[shutKey{d.Base, d.Day}] = d
		} else {
			t.county[d.Day] = d
		}
	}
	return t
}

// Workday says whether a day is worked.
func (t Table) Workday(day record.Date) bool {
	switch t.county[day].Kind {
	case record.Holiday:
		return false
	case record.Workday:
		return true
	}
	w := Weekday(day)
	return w != time.Saturday && w != time.Sunday
}

// Open says whether a base receives branches on a day; where it does not, why: a
// holiday, a closure, or a zero day for a weekend. A make-up workday is worked
// but belongs to another day's work, and a base receives on it like on any
// workday.
func (t Table) Open(base record.BaseID, day record.Date) (open bool, why record.CalendarDay) {
	for _, key := range []shutKey{{"", day}, {base, day}} {
		if d, found := t.shut[key]; found {
			return false, d
		}
	}
	return t.Workday(day), t.county[day]
}

// Provisional says whether a day may still become a holiday, or a neighbour of
// one: it lies in a year that is not announced, within reach of a statutory day
// (three days on either side, as far as the notices of 2014 to 2026 ever moved
// one).
func (t Table) Provisional(day record.Date) bool {
	for i := -3; i <= 3; i++ {
		if t.county[Shift(day, i)].Provisional {
			return true
		}
	}
	return false
}

// mostFree bounds the search for a workday: no run of days off is longer.
const mostFree = 40

// NextWorkday is the first workday after a day.
func (t Table) NextWorkday(day record.Date) record.Date { return t.workdayFrom(day, 1) }

// PrevWorkday is the last workday before a day.
func (t Table) PrevWorkday(day record.Date) record.Date { return t.workdayFrom(day, -1) }

func (t Table) workdayFrom(day record.Date, step int) record.Date {
	for range mostFree {
		day = Shift(day, step)
		if t.Workday(day) {
			return day
		}
	}
	return day
}

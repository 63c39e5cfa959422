package storage

import (
	"fmt"
	"slices"

	"headgoose/storage/record"
)

// Keys:
//
//	calchange/<county>/<number>  -> record.CalendarChange, as 8 digits

// CalendarAfter lists days as they would be said after a change: without those
// that drop names, and with those of set in the place of what is said of the same
// day and base.
func CalendarAfter(county record.Code, days, set, drop []record.CalendarDay) []record.CalendarDay {
	gone := map[string]bool{}
	for _, d := range slices.Concat(set, drop) {
		gone[calendarKeyOf(county, d)] = true
	}
	after := slices.DeleteFunc(slices.Clone(days), func(d record.CalendarDay) bool { return gone[calendarKeyOf(county, d)] })
	return append(after, set...)
}

// MaxCalendarChange is how many days one change of the calendar says or takes back: so
// many that it is made, and undone, in one transaction with what follows from it.
const MaxCalendarChange = 80

// ChangeCalendar says days otherwise, and keeps what was said of them. What drop
// names is said no more. It moves no turn: see PutCalendarChange for what follows.
// ErrInvalid for no day, and for more than MaxCalendarChange.
func (tx *Tx) ChangeCalendar(county record.Code, set, drop []record.CalendarDay, by record.PersonID, reason string) (record.CalendarChange, error) {
	c := record.CalendarChange{At: tx.Now, By: by, Reason: reason}
	if n := len(set) + len(drop); n == 0 || n > MaxCalendarChange {
		return c, fmt.Errorf("%w: a change of %d days of the calendar", record.ErrInvalid, n)
	}
	for _, d := range slices.Concat(set, drop) {
		was, found, err := get[record.CalendarDay](tx, calendarKeyOf(county, d))
		if err != nil {
			return c, err
		}
		if found {
			c.Before = append(c.Before, was)
		}
	}
	for _, d := range drop {
		if err := tx.DropCalendarDay(county, d); err != nil {
			return c, err
		}
	}
	for _, d := range set {
		d.By, d.Provisional = by, false
		if err := tx.SetCalendarDay(county, d); err != nil {
			return c, err
		}
		c.After = append(c.After, d)
	}
	n, err := tx.next("calchange")
	if err != nil {
		return c, err
	}
	c.ID = fmt.Sprintf("%08d", n)
	return c, tx.PutCalendarChange(county, c)
}

// PutCalendarChange keeps a change, with the changes of cycles that followed.
func (tx *Tx) PutCalendarChange(county record.Code, c record.CalendarChange) error {
	return put(tx, "calchange/"+string(county)+"/"+c.ID, c)
}

// LastCalendarChange is the newest change that can be taken back; found is false
// where the newest one was, or is too old.
func (tx *Tx) LastCalendarChange(county record.Code) (c record.CalendarChange, found bool, err error) {
	r := under("calchange/" + string(county) + "/")
	r.Reverse = true
	for e, err := range scan[record.CalendarChange](tx, r) {
		if err != nil {
			return c, false, err
		}
		return e.val, !e.val.Undone && tx.Now.Sub(e.val.At) < undoFor, nil
	}
	return c, false, nil
}

// UndoCalendar says the days of a change as before it. ErrChanged where it was
// taken back already.
func (tx *Tx) UndoCalendar(county record.Code, c record.CalendarChange) error {
	if c.Undone {
		return record.ErrChanged
	}
	for _, d := range c.After {
		if err := tx.DropCalendarDay(county, d); err != nil {
			return err
		}
	}
	for _, d := range c.Before {
		if err := put(tx, calendarKeyOf(county, d), d); err != nil {
			return err
		}
	}
	c.Undone = true
	return tx.PutCalendarChange(county, c)
}

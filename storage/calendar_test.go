package storage

import (
	"context"
	"errors"
	"slices"
	"testing"

	"headgoose/storage/record"
)

func (c *county) days(from, to record.Date) (days []record.CalendarDay) {
	c.t.Helper()
	c.do(func(tx *Tx) (err error) { days, err = tx.CalendarDays("630224", from, to); return err })
	for i := range days {
		days[i].At = days[0].At
	}
	return days
}

func TestCalendarDays(t *testing.T) {
	c := newCounty(t)
	holiday := record.CalendarDay{Day: "2026-10-01", Kind: record.Holiday, Name: "国庆节"}
	snow := record.CalendarDay{Day: "2026-10-01", Kind: record.Shut, Name: "大雪", By: "p1"}
	repairs := record.CalendarDay{Day: "2026-10-02", Base: "party", Kind: record.Shut, Name: "修缮", By: "p1"}
	for _, d := range []record.CalendarDay{repairs, snow, holiday} {
		c.do(func(tx *Tx) error { return tx.SetCalendarDay("630224", d) })
	}
	names := func(days []record.CalendarDay) (list []string) {
		for _, d := range days {
			list = append(list, d.Name)
		}
		return list
	}
	if got := names(c.days("2026-10-01", "2026-10-02")); !slices.Equal(got, []string{"大雪", "国庆节", "修缮"}) {
		t.Errorf("days: %v", got)
	}
	if got := names(c.days("2026-10-02", "2026-10-31")); !slices.Equal(got, []string{"修缮"}) {
		t.Errorf("from the second: %v", got)
	}
	if got := names(c.days("2026-09-01", "2026-09-30")); got != nil {
		t.Errorf("in September: %v", got)
	}
	c.do(func(tx *Tx) error { return tx.DropCalendarDay("630224", snow) })
	if got := names(c.days("2026-10-01", "2026-10-01")); !slices.Equal(got, []string{"国庆节"}) {
		t.Errorf("after the snow: %v", got)
	}
	for _, bad := range []record.CalendarDay{
		{Day: "2026-13-01", Kind: record.Holiday},
		{Day: "2026-10", Kind: record.Holiday},
		{Day: "2026-10-01", Kind: "feast"},
		{Day: "2026-10-01", Kind: record.Holiday, Base: "party"},
	} {
		err := c.s.Update(context.Background(), func(tx *Tx) error { return tx.SetCalendarDay("630224", bad) })
		if !errors.Is(err, record.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestSeedCalendar(t *testing.T) {
	provisional := []record.CalendarDay{{Day: "2027-10-01", Kind: record.Holiday, Name: "国庆节", Provisional: true}}
	definite := []record.CalendarDay{{Day: "2027-10-02", Kind: record.Holiday, Name: "国庆节"}}
	seed := func(c *county, days []record.CalendarDay) bool {
		changed, err := c.s.SeedCalendar(context.Background(), "630224", 2027, days)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	c := newCounty(t)
	if !seed(c, provisional) || seed(c, provisional) {
		t.Error("the first time writes, the second does not")
	}
	repairs := record.CalendarDay{Day: "2027-03-01", Base: "party", Kind: record.Shut, Name: "修缮", By: "p1"}
	c.do(func(tx *Tx) error { return tx.SetCalendarDay("630224", repairs) })
	if !seed(c, definite) || seed(c, provisional) || seed(c, definite) {
		t.Error("a definite table takes the place of a provisional one, once")
	}
	if days := c.days("2027-01-01", "2027-12-31"); len(days) != 2 || days[0].Name != "修缮" || days[1].Day != "2027-10-02" {
		t.Errorf("days: %+v", days)
	}
	edited := newCounty(t)
	seed(edited, provisional)
	edited.do(func(tx *Tx) error {
		return tx.SetCalendarDay("630224", record.CalendarDay{Day: "2027-10-03", Kind: record.Holiday, By: "p1"})
	})
	if seed(edited, definite) {
		t.Error("what an officer wrote was replaced")
	}
}

// As many days as one sheet may say are one change: made in one transaction, and taken
// back in one.
func TestTheLargestChangeOfTheCalendar(t *testing.T) {
	c := newCounty(t)
	var set, drop []record.CalendarDay
	for i := range MaxCalendarChange - 10 {
		day := record.CalendarDay{Day: shiftDay("2027-01-01", i), Kind: record.Holiday, Name: "放假"}
		set = append(set, day)
		if i%2 == 0 {
			was := day
			was.Name = "原来"
			c.do(func(tx *Tx) error { return tx.SetCalendarDay("630224", was) })
		}
	}
	for i := range 10 {
		day := record.CalendarDay{Day: shiftDay("2027-06-01", i), Kind: record.Holiday, Name: "推算", Provisional: true}
		drop = append(drop, day)
		c.do(func(tx *Tx) error { return tx.SetCalendarDay("630224", day) })
	}
	before := c.days("2027-01-01", "2027-12-31")
	var change record.CalendarChange
	c.do(func(tx *Tx) (err error) {
		change, err = tx.ChangeCalendar("630224", set, drop, "p1", "sheet")
		return err
	})
	if days := c.days("2027-01-01", "2027-12-31"); len(days) != len(set) || days[0].Name != "放假" {
		t.Errorf("%d days, the first %+v", len(days), days[0])
	}
	c.do(func(tx *Tx) error {
		last, found, err := tx.LastCalendarChange("630224")
		if !found || last.ID != change.ID {
			t.Errorf("the last change: %+v, %v", last.ID, found)
		}
		return errors.Join(err, tx.UndoCalendar("630224", last))
	})
	after := c.days("2027-01-01", "2027-12-31")
	same := func(a, b record.CalendarDay) bool {
		return a.Day == b.Day && a.Name == b.Name && a.Provisional == b.Provisional
	}
	if !slices.EqualFunc(before, after, same) {
		t.Errorf("after the undo %d days, before %d", len(after), len(before))
	}
	err := c.s.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.ChangeCalendar("630224", append(set, drop...), []record.CalendarDay{{Day: "2027-09-01", Kind: record.Shut}}, "p1", "")
		return err
	})
	if !errors.Is(err, record.ErrInvalid) {
		t.Errorf("more days than one change takes: %v", err)
	}
}

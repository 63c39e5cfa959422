package calendar

import (
	"slices"
	"testing"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"

	"headgoose/storage/record"
)

// The table of 2026 is held against another one of the same notice.
func TestYear2026IsTheNotice(t *testing.T) {
	want := map[record.Date]record.DayKind{}
	list := HolidayUtil.GetHolidaysByYear(2026)
	for e := list.Front(); e != nil; e = e.Next() {
		h := e.Value.(*HolidayUtil.Holiday)
		want[record.Date(h.GetDay())] = record.Holiday
		if h.IsWork() {
			want[record.Date(h.GetDay())] = record.Workday
		}
	}
	off, work := 0, 0
	for _, d := range Year(2026) {
		if want[d.Day] != d.Kind || d.Provisional {
			t.Errorf("%s is %s, want %s", d.Day, d.Kind, want[d.Day])
		}
		delete(want, d.Day)
		if d.Kind == record.Holiday {
			off++
		} else {
			work++
		}
	}
	if len(want) > 0 || off != 33 || work != 6 {
		t.Errorf("%d days off and %d workdays, left out %v", off, work, want)
	}
}

func TestYearNotAnnounced(t *testing.T) {
	var days []record.Date
	for _, d := range Year(2027) {
		if d.Kind != record.Holiday || !d.Provisional || d.Name == "" {
			t.Errorf("%+v", d)
		}
		days = append(days, d.Day)
	}
	// Spring Festival 2027 is 6 February, Dragon Boat 9 June, Mid-Autumn 15 September.
	want := []record.Date{
		"2027-01-01", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-04-05", "2027-05-01", "2027-05-02",
		"2027-06-09", "2027-09-15", "2027-10-01", "2027-10-02", "2027-10-03",
	}
	if !slices.Equal(days, want) {
		t.Errorf("days off %v\nwant %v", days, want)
	}
}

// The rules of the law give days that every notice since 2025 contains.
func TestStatutoryDaysAreInTheNotices(t *testing.T) {
	for _, year := range []int{2025, 2026} {
		for _, d := range statutory(year) {
			h := HolidayUtil.GetHoliday(string(d.Day))
			if h == nil || h.IsWork() {
				t.Errorf("%d: %s (%s) is no day off in the notice", year, d.Day, d.Name)
			}
		}
	}
	if n := len(statutory(2026)); n != 13 {
		t.Errorf("%d statutory days, the law has 13", n)
	}
}

func TestMidAutumnInNationalWeek(t *testing.T) {
	// 2020 and 2039 have Mid-Autumn within the first three days of October.
	for _, year := range []int{2020, 2039} {
		seen := map[record.Date]bool{}
		for _, d := range statutory(year) {
			if seen[d.Day] {
				t.Errorf("%d: %s twice", year, d.Day)
			}
			seen[d.Day] = true
		}
	}
}

func TestTable(t *testing.T) {
	days := append(Year(2026), Year(2027)...)
	days = append(days,
		record.CalendarDay{Day: "2026-12-09", Base: "party", Kind: record.Shut, Name: "修缮"},
		record.CalendarDay{Day: "2026-12-10", Kind: record.Shut, Name: "大雪"},
		record.CalendarDay{Day: "2026-10-08", Base: "clean", Kind: record.Shut, Name: "开学"},
	)
	table := NewTable(days)
	for day, want := range map[record.Date]bool{
		"2026-12-07": true, "2026-12-05": false, "2026-10-01": false, "2026-10-10": true, "2026-02-14": true, "2026-02-16": false,
		"2027-02-05": false, "2030-01-02": true,
	} {
		if got := table.Workday(day); got != want {
			t.Errorf("%s worked: %v", day, got)
		}
	}
	for _, tc := range []struct {
		base record.BaseID
		day  record.Date
		open bool
		why  string
	}{
		{"party", "2026-12-09", false, "修缮"},
		{"clean", "2026-12-09", true, ""},
		{"clean", "2026-12-10", false, "大雪"},
		{"party", "2026-12-12", false, ""},
		{"party", "2026-10-02", false, "国庆节"},
		{"party", "2026-10-10", true, ""},
	} {
		open, why := table.Open(tc.base, tc.day)
		if open != tc.open || why.Name != tc.why {
			t.Errorf("%s on %s: open %v, %q", tc.base, tc.day, open, why.Name)
		}
	}
	if got := table.NextWorkday("2026-09-30"); got != "2026-10-08" {
		t.Errorf("after 30 September comes %s", got)
	}
	if got := table.PrevWorkday("2026-02-24"); got != "2026-02-14" {
		t.Errorf("before 24 February comes %s", got)
	}
	if !table.Provisional("2027-02-09") || table.Provisional("2027-03-01") || table.Provisional("2026-10-08") {
		t.Error("provisional days")
	}
}

func TestShift(t *testing.T) {
	if got := Shift("2026-12-31", 1); got != "2027-01-01" {
		t.Errorf("New Year's Eve and a day: %s", got)
	}
	if got := Between("2026-02-28", "2026-03-01"); got != 1 {
		t.Errorf("%d days", got)
	}
	if got := Weekday("2026-12-07"); got != time.Monday {
		t.Errorf("7 December 2026 is a %s", got)
	}
	if got := Shift("none", 3); got != "none" {
		t.Errorf("a day that is none became %s", got)
	}
}

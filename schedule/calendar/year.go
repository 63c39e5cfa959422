package calendar

import (
	"slices"
	"time"

	lunar "github.com/6tail/lunar-go/calendar"

	"headgoose/storage/record"
)

// notice is a year's holiday arrangement as the General Office of the State
// Council announces it in the autumn before.
type notice struct {
	off  []span
	work []record.Date // weekend days that are worked
}

type span struct {
	from, to record.Date
	name     string
}

// notices are the years that are announced. 2026: 国办发明电〔2025〕7号, 33 days off
// and 6 make-up workdays.
var notices = map[int]notice{
	2026: {
		off: []span{
			{"2026-01-01", "2026-01-03", "元旦"},
			{"2026-02-15", "2026-02-23", "春节"},
			{"2026-04-04", "2026-04-06", "清明节"},
			{"2026-05-01", "2026-05-05", "劳动节"},
			{"2026-06-19", "2026-06-21", "端午节"},
			{"2026-09-25", "2026-09-27", "中秋节"},
			{"2026-10-01", "2026-10-07", "国庆节"},
		},
		work: []record.Date{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"},
	},
}

// Announced says whether the arrangement of a year is known whole.
func Announced(year int) bool { _, known := notices[year]; return known }

// Year lists the days of a year that are not what their weekday says, in order:
// as announced, or, for a year that is not announced yet, the statutory days off
// alone, marked provisional. The notice will move days to make longer breaks and
// add the make-up workdays for them.
func Year(year int) []record.CalendarDay {
	n, known := notices[year]
	if !known {
		return statutory(year)
	}
	var days []record.CalendarDay
	for _, s := range n.off {
		for day := s.from; day <= s.to; day = Shift(day, 1) {
			days = append(days, record.CalendarDay{Day: day, Kind: record.Holiday, Name: s.name})
		}
	}
	for _, day := range n.work {
		days = append(days, record.CalendarDay{Day: day, Kind: record.Workday})
	}
	slices.SortFunc(days, byDay)
	return days
}

func byDay(a, b record.CalendarDay) int {
	if a.Day < b.Day {
		return -1
	}
	if a.Day > b.Day {
		return 1
	}
	return 0
}

// statutory computes the days off of a year from the law: the Regulation on
// Public Holidays for National Annual Festivals and Memorial Days as amended by
// State Council Decree 795, in force since 2025-01-01. It gives 13 days: New
// Year 1, Spring Festival 4 (the eve and the first three days), Qingming 1,
// Labour Day 2, Dragon Boat 1, Mid-Autumn 1, National Day 3.
func statutory(year int) []record.CalendarDay {
	var days []record.CalendarDay
	add := func(name string, first record.Date, n int) {
		for i := range n {
			days = append(days, record.CalendarDay{Day: Shift(first, i), Kind: record.Holiday, Name: name, Provisional: true})
		}
	}
	solar := func(month time.Month, day int) record.Date {
		return record.DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	}
	add("元旦", solar(time.January, 1), 1)
	add("春节", Shift(lunarDay(year, 1, 1), -1), 4)
	add("清明节", dateOfSolar(lunar.NewLunarFromYmd(year, 1, 1).GetJieQiTable()["清明"]), 1)
	add("劳动节", solar(time.May, 1), 2)
	add("端午节", lunarDay(year, 5, 5), 1)
	add("中秋节", lunarDay(year, 8, 15), 1)
	add("国庆节", solar(time.October, 1), 3)
	slices.SortStableFunc(days, byDay)
	// Mid-Autumn may fall on one of the three days of National Day: one of the
	// two names stays, the notice says which day is given for it.
	return slices.CompactFunc(days, func(a, b record.CalendarDay) bool { return a.Day == b.Day })
}

// lunarDay is the day of a date of the Chinese calendar.
func lunarDay(year, month, day int) record.Date {
	return dateOfSolar(lunar.NewLunarFromYmd(year, month, day).GetSolar())
}

func dateOfSolar(s *lunar.Solar) record.Date {
	return record.DateOf(time.Date(s.GetYear(), time.Month(s.GetMonth()), s.GetDay(), 0, 0, 0, 0, time.UTC))
}

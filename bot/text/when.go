package text

import (
	"fmt"
	"time"
)

var zhDays = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

// When says an instant: 今天 09:00, 12月3日(周三) 09:00, and with the year where
// it is not that of now. Both times are in the zone that is to be said.
func (v Voice) When(t, now time.Time) string {
	if sameDay(t, now) {
		return v.Today() + " " + t.Format("15:04")
	}
	if v.Lang == "en" {
		return v.Day(t, now) + ", " + t.Format("15:04")
	}
	return v.Day(t, now) + " " + t.Format("15:04")
}

// Day says a day: 12月3日(周三).
func (v Voice) Day(t, now time.Time) string {
	if v.Lang == "en" {
		if t.Year() != now.Year() {
			return t.Format("Mon 2 Jan 2006")
		}
		return t.Format("Mon 2 Jan")
	}
	day := fmt.Sprintf("%d月%d日(%s)", t.Month(), t.Day(), zhDays[t.Weekday()])
	if t.Year() != now.Year() {
		return fmt.Sprintf("%d年%s", t.Year(), day)
	}
	return day
}

// ShortDay says a day without the day of the week: 12月3日.
func (v Voice) ShortDay(t time.Time) string {
	if v.Lang == "en" {
		return t.Format("2 Jan")
	}
	return fmt.Sprintf("%d月%d日", t.Month(), t.Day())
}

// Month says a month of the year: 7月.
func (v Voice) Month(m time.Month) string {
	if v.Lang == "en" {
		return m.String()[:3]
	}
	return fmt.Sprintf("%d月", m)
}

// Today says today.
func (v Voice) Today() string {
	if v.Lang == "en" {
		return "today"
	}
	return "今天"
}

// Span says the days from a to b: 12月1日—7日.
func (v Voice) Span(a, b time.Time) string {
	switch {
	case v.Lang == "en" && a.Month() == b.Month():
		return fmt.Sprintf("%d–%s", a.Day(), b.Format("2 Jan"))
	case v.Lang == "en":
		return a.Format("2 Jan") + "–" + b.Format("2 Jan")
	case a.Month() == b.Month():
		return fmt.Sprintf("%d月%d日—%d日", a.Month(), a.Day(), b.Day())
	}
	return v.ShortDay(a) + "—" + v.ShortDay(b)
}

// Comma stands between the parts of a list.
func (v Voice) Comma() string {
	if v.Lang == "en" {
		return ", "
	}
	return "、"
}

// Clock says the time of day: 09:02.
func (v Voice) Clock(t time.Time) string { return t.Format("15:04") }

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}

var enDays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// Weekday says a day of the week: 周二.
func (v Voice) Weekday(d time.Weekday) string {
	if v.Lang == "en" {
		return enDays[d]
	}
	return zhDays[d]
}

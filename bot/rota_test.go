package bot

import (
	"testing"
	"time"
	_ "time/tzdata"

	"headgoose/storage/record"
)

// A session of a later week leads back to its week, also across a week that is
// an hour shorter or longer.
func TestBackToTheWeekOfASession(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ now, start, week string }{
		"clocks go forward": {"2027-03-22 10:00", "2027-03-30 09:00", "3月29日"},
		"clocks go back":    {"2027-10-25 10:00", "2027-11-02 09:00", "11月1日"},
		"a week before":     {"2027-03-30 10:00", "2027-03-23 09:00", "3月22日"},
		"over the year":     {"2026-12-28 10:00", "2027-01-05 09:00", "1月4日"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.bot.conf.Zone = zone
			at := func(s string) time.Time {
				v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			w.now = at(c.now)
			county := w.person("县级管理员 001", record.CountyOfficer, hualong)
			s := w.session("会议", at(c.start), []record.Code{xiajiahe})
			county.line("rota.show "+string(s.ID)).press("返回").sees(c.week+"—", "会议")
		})
	}
}

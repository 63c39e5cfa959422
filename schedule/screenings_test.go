package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// graduate registers somebody who seeks work.
func (c *county) graduate(name string, village record.Code) (g record.Graduate) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		g, err = tx.AddGraduate(record.Graduate{
			Village: village, Name: name, BirthYear: 2003, Education: record.Bachelor, School: "青海大学", Graduation: "2025-07",
			Employment: record.Seeking, Willingness: record.Willing, Source: record.BySecretary,
			Consent: record.Consent{Version: "1", At: tx.Now, Source: record.BySecretary},
		}, nil)
		return err
	})
	return g
}

// screening saves a screening of who seeks work, confirmed within so many days.
func (c *county) screening(place record.Code, by record.PersonID, within int) (s record.Screening) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		s, err = tx.AddScreening(record.Screening{
			Place: place, Name: "求职", By: by, Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}, Within: within},
		})
		return err
	})
	if err := c.store.FillScreening(context.Background(), s.ID, nil); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// settleScreened settles the open words about screenings.
func (c *county) settleScreened(state record.OutState) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		rows, err := tx.LeaseOutbox(record.Notice, 50, func(row record.Outbox) bool { return row.Kind == record.KindScreened })
		if err != nil {
			return err
		}
		for _, row := range rows {
			row.State = state
			if _, err := tx.SettleOutbox(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// Who newly fits is told on the first workday's morning, once, to who saved the
// screening and still may see it; what did not arrive is told a week later.
func TestNewlyScreenedAreTold(t *testing.T) {
	inCounty(t, 2, 1, func(t *testing.T, c *county) {
		c.wake()
		c.graduate("早有的", c.villages[0])
		all := c.screening(hualong, c.officer, 0)
		own := c.screening(c.villages[0].Township(), c.town[0], 0)
		c.screening(c.villages[1].Township(), c.town[1], 0)
		c.at("11-30 09:00")
		if got := c.rows("screened/"); len(got) > 0 {
			t.Fatalf("told of nobody: %q", got)
		}
		c.goTo("12-01 10:00")
		c.graduate("新来的", c.villages[0])
		c.update(func(tx *storage.Tx) error { // Monday is a day off
			return tx.SetCalendarDay(hualong, record.CalendarDay{Day: "2026-12-07", Kind: record.Holiday})
		})
		c.at("12-02 09:00", "12-07 09:00", "12-07 10:00", "12-08 09:00", "12-08 09:01", "12-09 09:00")
		told := func(week string, want ...string) {
			t.Helper()
			var got []string
			c.update(func(tx *storage.Tx) error {
				got = nil
				rows, err := tx.OutboxUnder("screened/"+week+"/", 100)
				for _, row := range rows {
					got = append(got, string(row.Person)+" "+row.Args["ids"])
					if !row.Prompt {
						t.Errorf("%s does not count as a prompt", row.Key)
					}
				}
				return err
			})
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("week %s: told %q, want %q", week, got, want)
			}
		}
		told("2026-W50", fmt.Sprint(c.officer, " ", all.ID), fmt.Sprint(c.town[0], " ", own.ID))
		c.settleScreened(record.Failed) // it did not arrive
		c.at("12-14 09:00")
		told("2026-W51", fmt.Sprint(c.officer, " ", all.ID), fmt.Sprint(c.town[0], " ", own.ID))
		c.settleScreened(record.Sent)
		c.at("12-15 04:00") // upkeep
		c.update(func(tx *storage.Tx) error {
			n, err := tx.ScreenCount(all.ID)
			if n.New != 0 || n.All != 2 {
				t.Errorf("after the word: %+v", n)
			}
			return err
		})
		c.goTo("12-16 10:00")
		c.graduate("又一个", c.villages[0])
		c.update(func(tx *storage.Tx) error { return tx.EndPost(c.officer, record.CountyOfficer, hualong) })
		c.at("12-21 09:00")
		told("2026-W52", fmt.Sprint(c.town[0], " ", own.ID))
	})
}

// Who is not confirmed again drops out of a screening when the days are over.
func TestScreeningsLapse(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.wake()
		s := c.screening(hualong, c.officer, 3)
		c.graduate("甲", c.villages[0])
		count := func(want int) {
			t.Helper()
			c.update(func(tx *storage.Tx) error {
				n, err := tx.ScreenCount(s.ID)
				if n.All != want {
					t.Errorf("%d fit, want %d", n.All, want)
				}
				return err
			})
		}
		c.at("11-30 09:59")
		count(1)
		c.at("11-30 10:01")
		count(0)
		if faults, err := c.store.Check(t.Context()); err != nil || len(faults) > 0 {
			t.Error(faults, err)
		}
	})
}

// A month is kept when it has ended, if something ran in it; others stay empty.
func TestMonthsAreKept(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		months := func(want ...string) {
			t.Helper()
			for _, place := range []record.Code{hualong, c.villages[0].Township()} {
				var got []string
				c.update(func(tx *storage.Tx) error {
					got = nil
					list, err := tx.GraduateMonths(place, "2020-01")
					for _, m := range list {
						got = append(got, fmt.Sprint(m.Month, ":", m.Counts.All))
					}
					return err
				})
				if !slices.Equal(got, want) {
					t.Errorf("%s has %q, want %q", place, got, want)
				}
			}
		}
		c.graduate("甲", c.villages[0])
		c.wake()
		months()
		c.at("11-30 23:59")
		months()
		c.at("12-01 00:00")
		months("2026-11:1")
		c.graduate("乙", c.villages[0])
		c.at("12-01 00:01", "12-31 23:59")
		months("2026-11:1")
		c.clock.move(90 * 24 * time.Hour) // it stands still until the end of March
		c.wake()
		months("2026-11:1", "2026-12:2")
		c.clock.move(24 * time.Hour)
		c.wake()
		c.clock.move(24 * time.Hour)
		c.wake()
		if now := c.store.Now().In(shanghai).Format("2006-01-02"); !strings.HasPrefix(now, "2027-04") {
			t.Fatalf("it is %s", now)
		}
		months("2026-11:1", "2026-12:2", "2027-03:2")
	})
}

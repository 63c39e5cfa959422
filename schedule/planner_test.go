package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

func TestPlannerWeek(t *testing.T) {
	t.Run("one message for each branch that has something", func(t *testing.T) {
		inCounty(t, 2, 3, func(t *testing.T, c *county) {
			c.wake()
			c.session("12-08 09:00", c.villages[0], c.villages[1])
			c.session("12-10 09:00", c.villages[1], c.villages[3])
			c.session("12-15 09:00", c.villages[5]) // for the next push
			c.goTo("11-30 08:00")
			c.wake()
			c.wake()
			wantKeys(t, c.rows("week/"),
				"week/2026-W49/"+string(c.people[c.villages[0]]),
				"week/2026-W49/"+string(c.people[c.villages[1]]),
				"week/2026-W49/"+string(c.people[c.villages[3]]))
		})
	})
	t.Run("down over Monday: on Tuesday, for what is still to come", func(t *testing.T) {
		inCounty(t, 1, 2, func(t *testing.T, c *county) {
			c.wake()
			c.session("11-30 14:00", c.villages[0])
			c.session("12-08 09:00", c.villages[1])
			c.goTo("12-01 10:00")
			c.wake()
			wantKeys(t, c.rows("week/"), "week/2026-W49/"+string(c.people[c.villages[1]]))
		})
	})
	t.Run("down for the week: not on the next Monday", func(t *testing.T) {
		inCounty(t, 1, 2, func(t *testing.T, c *county) {
			c.wake()
			c.session("12-03 09:00", c.villages[0])
			c.session("12-10 09:00", c.villages[1])
			c.goTo("12-07 09:00")
			c.wake()
			wantKeys(t, c.rows("week/"), "week/2026-W50/"+string(c.people[c.villages[1]]))
		})
	})
	t.Run("each session stands in one push, and none that was announced", func(t *testing.T) {
		inCounty(t, 1, 3, func(t *testing.T, c *county) {
			c.wake()
			c.session("11-28 09:00", c.villages[2]) // announced: of the week that is going on
			c.wake()
			c.session("12-10 09:00", c.villages[0])
			c.session("12-11 09:00", c.villages[1])
			for _, monday := range []string{"11-30 08:00", "12-07 08:00"} {
				c.goTo(monday)
				c.wake()
			}
			wantKeys(t, c.rows("week/"), "week/2026-W49/"+string(c.people[c.villages[0]]), "week/2026-W49/"+string(c.people[c.villages[1]]))
		})
	})
	t.Run("what was answered is no reason for a push", func(t *testing.T) {
		inCounty(t, 1, 2, func(t *testing.T, c *county) {
			c.wake()
			s := c.session("12-10 09:00", c.villages[0], c.villages[1])
			c.answer(s, c.villages[0], record.Coming)
			c.goTo("11-30 08:00")
			c.wake()
			wantKeys(t, c.rows("week/"), "week/2026-W49/"+string(c.people[c.villages[1]]))
		})
	})
	t.Run("a first start on Wednesday pushes nothing, but says what is new", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			c.goTo("12-02 10:00")
			s := c.session("12-04 09:00", c.villages[0])
			c.wake()
			c.wake()
			wantKeys(t, c.rows("week/"))
			c.wantKinds(s, map[string]int{record.KindAnnounce: 1})
		})
	})
	t.Run("a clock set back does nothing, then goes on", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			c.wake()
			s := c.session("12-03 09:00", c.villages[0])
			c.wake()
			c.goTo("12-02 16:00")
			c.wake()
			before := len(c.rows(""))
			for _, when := range []string{"11-29 10:00", "11-30 08:00", "12-02 16:00"} {
				c.goTo(when)
				c.wake()
			}
			if after := len(c.rows("")); after != before {
				t.Errorf("%d rows became %d", before, after)
			}
			c.goTo("12-03 07:00")
			c.wake()
			c.wantKinds(s, map[string]int{record.KindDayBefore: 1, record.KindSoon: 1})
		})
	})
}

func TestPlannerWhoIsTold(t *testing.T) {
	inCounty(t, 2, 4, func(t *testing.T, c *county) {
		c.wake()
		v := c.villages
		c.update(func(tx *storage.Tx) error { // one person for two villages
			return tx.Appoint(c.people[v[0]], record.Secretary, v[1], "2026-01-01")
		})
		c.update(func(tx *storage.Tx) error { return tx.EndPost(c.people[v[2]], record.Secretary, v[2]) })
		c.update(func(tx *storage.Tx) error { return tx.Unbind(c.people[v[3]]) })
		s := c.session("12-10 09:00", v...)
		c.wake()
		c.update(func(tx *storage.Tx) error { // asked leave
			who, err := tx.Actor(c.people[v[4]])
			if err != nil {
				return err
			}
			return tx.Mark(s, who, record.Excused, record.ByHost, c.officer, "")
		})
		c.goTo("12-09 16:00")
		c.wake()
		want := []string(nil)
		for _, village := range []int{0, 5, 6, 7} {
			want = append(want, record.NoticeKey(s.ID, c.people[v[village]], record.KindDayBefore, "1"))
		}
		got := c.rows("notice/")
		slices.Sort(want)
		wantKeys(t, got, want...)
		c.update(func(tx *storage.Tx) error {
			said, err := tx.Said(s.ID)
			if want := (storage.Unreached{Vacant: 1, NotEnrolled: 1}); said.Unreached != want {
				t.Errorf("unreached %+v, want %+v", said.Unreached, want)
			}
			return err
		})
	})
}

func TestPlannerFollowsASessionOutOfSight(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.wake()
		s := c.session("12-10 09:00", c.villages[0])
		c.wake()
		c.goTo("12-01 10:00")
		c.wake()
		c.update(func(tx *storage.Tx) error {
			_, err := tx.ChangeSession(s.ID, func(s *record.Session) { s.Start, s.End = on("12-29 09:00"), on("12-29 11:00") })
			return err
		})
		c.wake()
		c.wantKinds(s, map[string]int{record.KindAnnounce: 1})
		c.update(func(tx *storage.Tx) error {
			rows, err := tx.OutboxUnder("notice/", 9)
			if len(rows) != 1 || rows[0].Args["moved"] == "" || rows[0].Rev != 2 {
				t.Errorf("%+v", rows)
			}
			return err
		})
	})
}

// A plan that changes between the decision and its commit is decided anew.
func TestPlannerDecidesAnewWhenThePlanChanges(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.wake()
		s := c.session("12-10 09:00", c.villages[0])
		c.wake()
		c.goTo("12-08 10:00")
		c.wake()
		c.goTo("12-09 16:00")
		c.under.onUpdate = func() {
			c.update(func(tx *storage.Tx) error {
				_, err := tx.ChangeSession(s.ID, func(s *record.Session) { s.Meet = "镇政府门口" })
				return err
			})
		}
		c.wake()
		c.wantKinds(s, map[string]int{record.KindAnnounce: 1})
	})
}

func TestPlannerAfterASession(t *testing.T) {
	t.Run("the result to the county's officers and those of its townships", func(t *testing.T) {
		inCounty(t, 3, 2, func(t *testing.T, c *county) {
			c.wake()
			s := c.session("12-03 09:00", c.villages[0], c.villages[2])
			c.goTo("12-03 09:00")
			c.update(func(tx *storage.Tx) error { _, err := tx.OpenSession(s.ID); return err })
			c.goTo("12-03 11:00")
			c.update(func(tx *storage.Tx) error { _, err := tx.CloseSession(s.ID); return err })
			c.wake()
			c.goTo("12-03 14:00")
			c.wake()
			var results []string
			for _, key := range c.rows("notice/") {
				if strings.Contains(key, "/"+record.KindResult+"/") {
					results = append(results, key)
				}
			}
			want := []string{
				record.NoticeKey(s.ID, c.officer, record.KindResult, string(hualong)),
				record.NoticeKey(s.ID, c.town[0], record.KindResult, "630224001"),
				record.NoticeKey(s.ID, c.town[1], record.KindResult, "630224002"),
			}
			slices.Sort(want)
			wantKeys(t, results, want...)
		})
	})
	t.Run("nobody closed it", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			c.wake()
			s := c.session("12-03 09:00", c.villages[0])
			c.goTo("12-03 09:00")
			c.update(func(tx *storage.Tx) error { _, err := tx.OpenSession(s.ID); return err })
			c.goTo("12-03 11:30")
			c.wake()
			c.wantKinds(s, map[string]int{record.KindUnclosed: 1})
			c.goTo("12-03 13:00")
			c.wake()
			c.wake()
			c.wantKinds(s, map[string]int{record.KindUnclosed: 1, record.KindAutoClosed: 1, record.KindResult: 2})
			c.update(func(tx *storage.Tx) error {
				now, err := tx.Session(s.ID)
				last, auditErr := tx.LastAudit()
				if now.State != record.Closed || last.Session != s.ID || last.By != "" {
					t.Errorf("session %s, audit %+v", now.State, last)
				}
				return errors.Join(err, auditErr)
			})
		})
	})
	t.Run("the digest on Friday", func(t *testing.T) {
		inCounty(t, 2, 1, func(t *testing.T, c *county) {
			c.wake()
			c.goTo("12-04 16:00")
			c.wake()
			c.wake()
			want := []string{
				"digest/2026-W49/" + string(c.officer) + "/630224",
				"digest/2026-W49/" + string(c.town[0]) + "/630224001",
				"digest/2026-W49/" + string(c.town[1]) + "/630224002",
			}
			slices.Sort(want)
			// The first look was on a Friday before 16:00: its digest came too.
			wantKeys(t, slices.DeleteFunc(c.rows("digest/"), func(k string) bool { return strings.Contains(k, "W48") }), want...)
		})
	})
}

// A session for all 362 branches: its rows take several transactions, and a
// look that dies in between is made up for by the next.
func TestPlannerChunks(t *testing.T) {
	inCounty(t, 1, 150, func(t *testing.T, c *county) {
		c.wake()
		s := c.session("12-10 09:00", c.villages...)
		c.wake()
		c.goTo("12-09 16:00")
		c.planner()
		ctx, cancel := context.WithCancel(context.Background())
		adds := 0
		c.store.OnOutbox(func(record.Outbox) {
			if adds++; adds == 60 {
				cancel()
			}
		})
		if err := c.plan.Wake(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("the look did not die: %v", err)
		}
		if n := c.kinds(s)[record.KindDayBefore]; n == 0 || n >= 150 {
			t.Fatalf("%d rows before it died", n)
		}
		c.wake()
		c.wantKinds(s, map[string]int{record.KindDayBefore: 150})
	})
}

func TestPlannerCommitStopsWhenThePlanChanged(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.wake()
		var rows []record.Outbox
		for i := range 3 * chunk {
			rows = append(rows, notice(fmt.Sprintf("x/%03d", i), 1))
		}
		looks := atomic.Int32{}
		ok, err := c.plan.commit(context.Background(), rows,
			func(*storage.Tx) (bool, error) { return looks.Add(1) <= 2, nil }, // memkv runs each function twice
			func(*storage.Tx) error { return errors.New("the last part was done") })
		if ok || err != nil || len(c.rows("x/")) != chunk {
			t.Errorf("%v %v with %d rows", ok, err, len(c.rows("x/")))
		}
	})
}

func TestPlannerRun(t *testing.T) {
	t.Run("looks at every full minute, and when kicked", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			c.goTo("12-02 15:58")
			c.runAll()
			defer func() { c.stop() }()
			c.clock.move(25 * time.Second)
			s := c.session("12-02 17:59", c.villages[0])
			c.plan.Kick()
			synctest.Wait()
			c.wantKinds(s, map[string]int{record.KindAnnounce: 1})
			c.session("12-02 18:30", c.villages[0])
			time.Sleep(3 * time.Minute)
			if n := len(c.rows("notice/")); n != 2 {
				t.Errorf("%d rows, the heartbeat missed the second session", n)
			}
		})
	})
	t.Run("a part that fails or panics does not stop the rest", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			c.goTo("12-02 03:29")
			var runs atomic.Int32
			c.cfg.Upkeep = []func(context.Context) error{func(context.Context) error {
				switch runs.Add(1) {
				case 1:
					panic("a fault in the upkeep")
				case 2:
					return errors.New("disk is full")
				}
				return nil
			}}
			c.runAll()
			defer func() { c.stop() }()
			time.Sleep(10 * time.Minute)
			if n := runs.Load(); n != 3 {
				t.Errorf("upkeep ran %d times, want 3: it is tried again until it is done", n)
			}
		})
	})
	t.Run("looks do not overlap", func(t *testing.T) {
		inCounty(t, 1, 1, func(t *testing.T, c *county) {
			s := c.session("12-03 09:00", c.villages[0])
			c.goTo("12-02 16:00")
			c.planner()
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					if err := c.plan.Wake(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			c.wantKinds(s, map[string]int{record.KindAnnounce: 1})
		})
	})
}

func TestPlannerUpkeep(t *testing.T) {
	inCounty(t, 1, 120, func(t *testing.T, c *county) {
		c.wake()
		c.session("12-03 09:00", c.villages...)
		c.goTo("12-02 16:00")
		c.wake()
		c.run()
		c.settleDown()
		c.halt()
		c.clock.move(c.cfg.KeepSent + 48*time.Hour)
		c.wake()
		if left := c.rows("notice/"); len(left) != 0 {
			t.Errorf("%d rows are kept", len(left))
		}
	})
}

func TestConfigCheck(t *testing.T) {
	good := DefaultConfig(shanghai)
	good.County = hualong
	if err := good.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for hint, spoil := range map[string]func(*Config){
		"county":        func(c *Config) { c.County = "6302" },
		"zone":          func(c *Config) { c.Zone = nil },
		"no job":        func(c *Config) { c.Jobs = map[string]string{"weekly": "0 8 * * *"} },
		"job week":      func(c *Config) { c.Jobs = map[string]string{JobWeek: "0 0 30 2 *"} },
		"12 h":          func(c *Config) { c.Before = 0 },
		"hosts are":     func(c *Config) { c.CloseAfter = c.AskAfter },
		"at least 60 d": func(c *Config) { c.KeepSent = time.Hour },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", hint, err)
		}
	}
	all := Config{Jobs: map[string]string{"x": "0 0 * * *", JobWeek: "daily"}}
	if err := all.Check(); err == nil || strings.Count(err.Error(), "\n") < 4 {
		t.Errorf("not every fault at once: %v", err)
	}
}

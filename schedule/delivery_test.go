package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

func throttled(after time.Duration) record.Result {
	return record.Result{State: record.Pending, Throttle: true, After: after, Reason: "throttled"}
}

var notSent = record.Result{State: record.Pending, Reason: "no connection"}

func TestDeliverySends(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.run()
		r.add(reply("r1", 1), notice("n1", 2), bulk("b1", 3))
		r.settleDown()
		got := r.to.keys()
		slices.Sort(got)
		wantKeys(t, got, "b1", "n1", "r1")
		r.wantState("n1", record.Sent)
		r.wantState("b1", record.Sent)
		r.wantState("r1", "") // a sent reply is gone
		if id := r.row("n1").MessageID; id == 0 {
			t.Error("the message's number is not kept")
		}
	})
}

func TestDeliverySendsWithoutWaiting(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.run()
		r.settleDown()
		time.Sleep(time.Hour)
		r.add(reply("r", 1))
		synctest.Wait()
		near(t, "sent", r.to.when("r", r.start)[0], time.Hour, 0)
	})
}

func TestDeliveryKeepsTheOrderOfAChat(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.to.delay = 30 * time.Millisecond
		r.to.says("3", notSent, notSent)
		r.run()
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i))
			r.add(reply(fmt.Sprint(i), 7))
		}
		r.settleDown()
		wantKeys(t, r.to.keys(), want...)
	})
}

func TestDeliveryPriorities(t *testing.T) {
	slow := Limits{PerSecond: 11} // ten a second
	t.Run("replies go before notices before bulk", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.limit, r.cfg.Share = slow, 100
			for i := range 5 {
				r.add(bulk(fmt.Sprint("b", i), int64(10+i)), notice(fmt.Sprint("n", i), int64(20+i)))
			}
			for i := range 5 {
				r.add(reply(fmt.Sprint("r", i), int64(30+i)))
			}
			r.run()
			r.settleDown()
			for i, key := range r.to.keys() {
				if want := "rnb"[i/5 : i/5+1]; !strings.HasPrefix(key, want) {
					t.Errorf("%d is %s, want %s: %v", i, key, want, r.to.keys())
				}
			}
		})
	})
	t.Run("bulk does not starve under replies without end", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.limit = slow
			r.add(bulk("b", 1))
			for i := range 40 {
				r.add(reply(fmt.Sprint("r", i), int64(100+i)))
			}
			r.run()
			r.settleDown()
			if at := slices.Index(r.to.keys(), "b"); at < 5 || at > 15 {
				t.Errorf("bulk came at place %d", at)
			}
		})
	})
	t.Run("a reply does not wait behind a broadcast", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.limit = slow
			for i := range 300 {
				r.add(bulk(fmt.Sprint("b", i), int64(10+i)))
			}
			r.run()
			time.Sleep(5 * time.Second)
			r.add(reply("r", 1))
			r.settleDown()
			near(t, "reply", r.to.when("r", r.start)[0], 5*time.Second, 200*time.Millisecond)
		})
	})
}

// Many notices to one slow chat do not fill the window that all share.
func TestDeliveryOneChatDoesNotHoldUpTheRest(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.limit = DefaultLimits()
		r.cfg.Window = 8
		for i := range 100 {
			r.add(notice(fmt.Sprintf("a%02d", i), 1))
		}
		r.run()
		time.Sleep(5 * time.Second)
		r.add(notice("b", 2))
		r.settleDown()
		near(t, "other chat", r.to.when("b", r.start)[0], 5*time.Second, time.Second)
		if n := len(r.to.arrivals()); n != 101 {
			t.Errorf("%d arrived", n)
		}
	})
}

func TestDeliveryThrottled(t *testing.T) {
	limits := DefaultLimits()
	t.Run("a chat waits to the second, others go on", func(t *testing.T) {
		for _, row := range []record.Outbox{reply("x", 1), notice("x", 1)} {
			inFakeTime(t, func(t *testing.T, r *rig) {
				r.limit = limits
				r.to.says("x", throttled(7*time.Second))
				r.run()
				r.add(row)
				synctest.Wait()
				r.add(reply("y", 1), reply("z", 2))
				time.Sleep(20 * time.Second)
				r.settleDown()
				tries := r.to.when("x", r.start)
				if len(tries) != 2 {
					t.Fatalf("tries at %v", tries)
				}
				near(t, "second try", tries[1], 7*time.Second, 100*time.Millisecond)
				if y := r.to.when("y", r.start)[0]; y < 7*time.Second {
					t.Errorf("same chat written to after %v", y)
				}
				near(t, "other chat", r.to.when("z", r.start)[0], 0, 100*time.Millisecond)
			})
		}
	})
	t.Run("two chats at once mean everything", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.limit = limits
			r.to.says("x", throttled(7*time.Second))
			r.to.says("y", throttled(9*time.Second))
			r.run()
			r.add(reply("x", 1), reply("y", 2))
			time.Sleep(time.Second)
			r.add(reply("z", 3))
			r.settleDown()
			near(t, "third chat", r.to.when("z", r.start)[0], 9*time.Second, time.Second)
		})
	})
	t.Run("it is no try", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.cfg.Retry = Retry{Tries: 2, First: time.Second, Most: time.Second}
			for range 10 {
				r.to.says("x", throttled(time.Second))
			}
			r.run()
			r.add(notice("x", 1))
			time.Sleep(time.Minute)
			r.wantState("x", record.Sent)
		})
	})
}

func TestDeliveryTriesAgain(t *testing.T) {
	retry := Retry{Tries: 4, First: time.Second, Most: 4 * time.Second}
	t.Run("ever later, then a person sees it", func(t *testing.T) {
		for _, row := range []record.Outbox{reply("x", 1), notice("x", 1)} {
			inFakeTime(t, func(t *testing.T, r *rig) {
				r.cfg.Retry = retry
				r.to.says("x", notSent, notSent, notSent, notSent, notSent)
				r.run()
				r.add(row)
				time.Sleep(time.Hour)
				tries := r.to.when("x", r.start)
				if len(tries) != retry.Tries {
					t.Fatalf("tries at %v", tries)
				}
				for i, want := range []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second} {
					near(t, fmt.Sprint("try ", i), tries[i], want*9/10, want/5)
				}
				r.wantState("x", record.Failed)
				r.update(func(tx *storage.Tx) error {
					rows, err := tx.Undelivered(r.start, 10)
					if len(rows) != 1 || rows[0].Reason != "no connection" {
						t.Errorf("people see %v", rows)
					}
					return err
				})
			})
		}
	})
	t.Run("not when it has become useless", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.says("x", notSent, notSent, notSent, notSent)
			r.run()
			late := notice("x", 1)
			late.UselessAfter = r.start.Add(2500 * time.Millisecond)
			r.add(late)
			time.Sleep(time.Minute)
			if tries := r.to.when("x", r.start); len(tries) != 2 {
				t.Errorf("tries at %v", tries)
			}
			r.wantState("x", record.Failed)
		})
	})
	t.Run("what is useless before its first try is dropped", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			old := notice("x", 1)
			old.UselessAfter = r.start.Add(time.Minute)
			r.add(old)
			time.Sleep(time.Hour)
			r.run()
			r.settleDown()
			r.wantState("x", record.Dropped)
			wantKeys(t, r.to.keys())
		})
	})
}

func TestDeliveryUnknown(t *testing.T) {
	unknown := record.Result{State: record.Unknown, Reason: "timeout"}
	t.Run("a notice is repeated once, marked", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.says("x", unknown)
			r.run()
			r.add(notice("x", 1))
			time.Sleep(time.Minute)
			r.wantState("x", record.Sent)
			got := r.to.arrivals()
			if len(got) != 2 || got[0].row.Maybe || !got[1].row.Maybe {
				t.Errorf("arrived %+v", got)
			}
		})
	})
	t.Run("not twice", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.says("x", unknown, unknown)
			r.run()
			r.add(notice("x", 1))
			time.Sleep(time.Hour)
			r.wantState("x", record.Unknown)
			if n := len(r.to.arrivals()); n != 2 {
				t.Errorf("%d arrived", n)
			}
		})
	})
	t.Run("never what is at most once", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.says("x", unknown)
			r.run()
			once := notice("x", 1)
			once.AtMostOnce = true
			r.add(once)
			time.Sleep(time.Hour)
			r.wantState("x", record.Unknown)
			if n := len(r.to.arrivals()); n != 1 {
				t.Errorf("%d arrived", n)
			}
		})
	})
	t.Run("a reply until it is known to have arrived", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.says("x", unknown, unknown, unknown)
			r.run()
			r.add(reply("x", 1))
			r.settleDown()
			if n := len(r.to.arrivals()); n != 4 {
				t.Errorf("%d arrived", n)
			}
		})
	})
	t.Run("a courier that panics or hangs", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			calls := 0
			r.to.before = func(record.Outbox) {
				if calls++; calls == 1 {
					panic("no such kind")
				}
			}
			r.run()
			r.add(notice("x", 1))
			time.Sleep(time.Minute)
			r.wantState("x", record.Sent)
			r.to.delay = time.Hour
			r.add(notice("y", 1))
			time.Sleep(2 * time.Hour)
			r.wantState("y", record.Unknown)
		})
	})
}

func TestDeliverySettler(t *testing.T) {
	t.Run("keeps what the result brought, in the same transaction", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			var person record.PersonID
			r.update(func(tx *storage.Tx) (err error) {
				if person, err = tx.AddPerson(record.Person{Name: "书记 001"}, ""); err != nil {
					return err
				}
				return tx.Bind(person, 77, "zh")
			})
			r.to.settled = func(tx *storage.Tx, row record.Outbox, res record.Result) error {
				if !res.Unreachable {
					return nil
				}
				if changed, err := tx.SetReachable(row.Person, false); err != nil || !changed {
					return err
				}
				_, err := tx.AddOutbox(notice("officer/"+string(row.Person), 9))
				return err
			}
			blocked := record.Result{State: record.Failed, Unreachable: true, Reason: "unreachable"}
			for _, key := range []string{"a", "b"} {
				row := notice(key, 0)
				row.Person = person
				r.to.says(key, blocked)
				r.add(row)
			}
			r.run()
			r.settleDown()
			if chat := r.to.calls[0].chat; chat != 77 {
				t.Errorf("sent to %d, not to the person's chat", chat)
			}
			wantKeys(t, r.to.keys(), "officer/"+string(person))
			r.wantState("a", record.Failed)
		})
	})
	t.Run("its fault does not hold up the others", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.settled = func(tx *storage.Tx, row record.Outbox, res record.Result) error {
				if row.Key == "n3" {
					return errors.New("no such board")
				}
				return tx.SetJobMark(row.Key, tx.Now)
			}
			for i := range 8 {
				r.add(notice(fmt.Sprint("n", i), int64(i+1)))
			}
			r.run()
			r.settleDown()
			for i := range 8 {
				key := fmt.Sprint("n", i)
				r.wantState(key, record.Sent)
				r.update(func(tx *storage.Tx) error {
					if _, kept, err := tx.JobMark(key); kept != (i != 3) {
						t.Errorf("%s kept %v, %v", key, kept, err)
					}
					return nil
				})
			}
		})
	})
	t.Run("a chat that moved", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			moved := map[int64]int64{}
			r.to.settled = func(tx *storage.Tx, row record.Outbox, res record.Result) error {
				if res.MovedTo != 0 {
					moved[-5] = res.MovedTo
				}
				return nil
			}
			gone := record.Result{State: record.Pending, MovedTo: -1005}
			r.to.says("n", gone)
			r.to.says("r", gone)
			r.run()
			r.add(notice("n", -5))
			r.settleDown()
			r.add(reply("r", -5))
			r.settleDown()
			for _, a := range r.to.arrivals() {
				if a.chat != -1005 {
					t.Errorf("%s arrived in %d", a.row.Key, a.chat)
				}
			}
			if moved[-5] != -1005 || len(r.to.arrivals()) != 2 {
				t.Errorf("moved %v, arrived %v", moved, r.to.keys())
			}
		})
	})
}

func TestDeliveryRestart(t *testing.T) {
	t.Run("a crash between sending and settling", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			once := notice("once", 3)
			once.AtMostOnce = true
			r.add(reply("r", 1), notice("n", 2), once, notice("later", 4))
			// A process leased three rows, sent them, and died.
			r.update(func(tx *storage.Tx) error {
				_, err := tx.LeaseOutbox(record.Notice, 9, func(row record.Outbox) bool { return row.Key != "later" })
				return err
			})
			r.run()
			r.settleDown()
			r.wantState("once", record.Unknown)
			r.wantState("n", record.Sent)
			for _, a := range r.to.arrivals() {
				if a.row.Maybe != (a.row.Key == "n") {
					t.Errorf("%s marked %v", a.row.Key, a.row.Maybe)
				}
			}
			if n := len(r.to.arrivals()); n != 3 {
				t.Errorf("arrived %v", r.to.keys())
			}
		})
	})
	t.Run("replies in the order in which they were made", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			var want []string
			for i := range 1200 {
				key := fmt.Sprint("u/", 2000-i)
				want = append(want, key)
				r.add(reply(key, 1))
				time.Sleep(time.Millisecond)
			}
			r.run()
			r.settleDown()
			wantKeys(t, r.to.keys(), want...)
		})
	})
	t.Run("an orderly stop finishes what is being sent and gives back the rest", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.to.delay = time.Second
			r.limit = Limits{PerSecond: 11}
			for i := range 50 {
				r.add(notice(fmt.Sprint("n", i), int64(i+1)))
			}
			r.run()
			time.Sleep(1500 * time.Millisecond)
			r.halt()
			sent := len(r.to.arrivals())
			r.update(func(tx *storage.Tx) error {
				c, err := tx.OutboxCounts()
				if c.Leased != 0 || c.Pending != 50-sent || sent < 10 || sent > 20 {
					t.Errorf("%+v after %d were sent", c, sent)
				}
				return err
			})
			r.run()
			r.settleDown()
			for _, a := range r.to.arrivals() {
				if a.row.Maybe {
					t.Errorf("%s marked as a repeat", a.row.Key)
				}
			}
			if n := len(r.to.arrivals()); n != 50 {
				t.Errorf("%d arrived", n)
			}
		})
	})
	t.Run("a stop does not wait for ever", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.cfg.SendTime = time.Hour
			r.to.delay = time.Hour
			r.run()
			r.add(notice("n", 1))
			time.Sleep(time.Second)
			before := time.Now()
			r.halt()
			near(t, "stopped", time.Since(before), 10*time.Second, time.Second)
			if row := r.row("n"); row.State != record.Pending || !row.Maybe {
				t.Errorf("%+v", row)
			}
		})
	})
}

func TestDeliveryFollowsTheClock(t *testing.T) {
	t.Run("a row waits for its instant", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.run()
			later := notice("n", 1)
			later.NotBefore = r.start.Add(90 * time.Minute)
			r.add(later)
			time.Sleep(3 * time.Hour)
			near(t, "sent", r.to.when("n", r.start)[0], 90*time.Minute, 0)
		})
	})
	t.Run("a clock moved forward, with a word to delivery", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			r.run()
			later := notice("n", 1)
			later.NotBefore = r.start.Add(24 * time.Hour)
			r.add(later)
			r.settleDown()
			r.clock.move(25 * time.Hour)
			r.d.Kick()
			r.settleDown()
			near(t, "sent", r.to.when("n", r.start)[0], 0, 0)
		})
	})
	t.Run("nothing is sent in quiet hours but replies", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T, r *rig) {
			morning := r.start.Add(7 * time.Hour)
			r.cfg.Allowed = func(t time.Time) time.Time { return later(t, morning) }
			r.run()
			r.add(notice("n", 1), reply("r", 2))
			time.Sleep(8 * time.Hour)
			near(t, "reply", r.to.when("r", r.start)[0], 0, 0)
			near(t, "notice", r.to.when("n", r.start)[0], 7*time.Hour, 0)
		})
	})
}

// 362 reminders against a platform that enforces its limits.
func TestDeliveryOfACountysReminders(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.limit = DefaultLimits()
		r.to.strict, r.to.delay = true, 40*time.Millisecond
		r.run()
		for i := range 362 {
			r.add(notice(fmt.Sprintf("n%03d", i), int64(1000+i)))
		}
		r.settleDown()
		if took := time.Since(r.start); took > 14*time.Second {
			t.Errorf("took %v", took)
		}
		if r.to.refused != 0 {
			t.Errorf("%d throttled by our own making", r.to.refused)
		}
		got := r.to.keys()
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 362 || len(r.to.arrivals()) != 362 {
			t.Errorf("%d of 362 arrived, %d messages", n, len(r.to.arrivals()))
		}
	})
}

func TestDeliveryIdleEndsWithItsContext(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.to.delay = time.Minute
		r.cfg.SendTime = time.Hour
		r.run()
		r.add(reply("r", 1))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.d.Idle(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		r.settleDown()
	})
}

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

// Idle does not end between two leases: what is due comes before it.
func TestDeliveryIdleWaitsForAllThatIsDue(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		r.run()
		const rounds, due = 200, 5 * laneDepth
		for round := range rounds {
			for i := range due {
				r.add(notice(fmt.Sprintf("%d/%d", round, i), 1))
			}
			r.settleDown()
			if n := len(r.to.arrivals()); n != (round+1)*due {
				t.Fatalf("idle with %d of %d sent in round %d", n-round*due, due, round)
			}
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

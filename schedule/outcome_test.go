package schedule

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

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

// What a result brought is kept in the settling transaction.
func TestDeliverySettlerKeepsWhatTheResultBrought(t *testing.T) {
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
}

// A row that the settler refuses is settled without it; the others with it.
func TestDeliverySettlerFaultHoldsUpNobody(t *testing.T) {
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
}

// A chat that moved is written to at its new number, at once.
func TestDeliveryToAChatThatMoved(t *testing.T) {
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
}

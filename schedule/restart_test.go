package schedule

import (
	"fmt"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// A crash between sending and settling leaves the outcome open.
func TestDeliveryAfterACrash(t *testing.T) {
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
}

// Replies are taken up in the order in which they were made, whatever their keys.
func TestDeliveryTakesUpRepliesInOrder(t *testing.T) {
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
}

// An orderly stop finishes what is being sent and gives back the rest.
func TestDeliveryStopsOrderly(t *testing.T) {
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
}

// A stop does not wait for ever: what hangs is cut off, its outcome unknown.
func TestDeliveryStopsInTime(t *testing.T) {
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
}

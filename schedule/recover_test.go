package schedule

import (
	"testing"

	"headgoose/storage"
)

// A reply that is committed while delivery takes up the outbox is sent once,
// whichever of the two tells it first.
func TestRecoverAndAcceptTellTheSameReply(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		row := reply("0", 7)
		d := NewDelivery(r.store, r.to, NewBudget(r.limit), r.cfg, quietLog)
		r.update(func(tx *storage.Tx) error { _, err := tx.AddOutbox(row); return err })
		if err := d.recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.accept(row) // the commit was before, the word of it comes now
		r.update(func(tx *storage.Tx) error { _, err := tx.AddOutbox(reply("1", 7)); return err })
		d.accept(reply("1", 7))
		if d.queue.size != 2 {
			t.Errorf("%d replies are queued, want 2", d.queue.size)
		}
	})
}

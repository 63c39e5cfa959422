package bot

import (
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// cycle is one of a single base that is open on Friday mornings, in which no turn is
// planned yet.
func (w *officeWorld) cycle() (c record.Cycle, hours record.Hours) {
	w.Helper()
	w.do(func(tx *storage.Tx) (err error) {
		if err := tx.PutBase(hualong, record.Base{ID: "clean", Name: "廉政教育基地"}); err != nil {
			return err
		}
		c, err = tx.AddCycle(record.Cycle{
			Place: hualong, Title: "第 1 轮", From: "2026-12-01", Gap: 3, By: w.county.id,
			Bases: []record.CycleBase{{Base: "clean", Capacity: 14, Slots: []record.Slot{{Weekday: time.Friday, Hours: "09:00-11:30"}}}},
		})
		return err
	})
	return c, record.Hours{Zone: w.now.Location(), OpensBefore: 30 * time.Minute, Grace: 15 * time.Minute}
}

// A change that was taken back before somebody heard of it is not told, nor is that it
// was taken back; one that stands is told, and so is taking it back then.
func TestAChangeTakenBackIsNotTold(t *testing.T) {
	w := newOfficeWorld(t)
	c, hours := w.cycle()
	first, second := record.TurnSlot{Day: "2026-12-11", Hours: "09:00-11:30"}, record.TurnSlot{Day: "2026-12-18", Hours: "09:00-11:30"}
	change := func(from, to record.TurnSlot, undo record.RotaChangeID) (made record.RotaChange) {
		t.Helper()
		w.do(func(tx *storage.Tx) (err error) {
			move := record.TurnMove{Base: "clean", Village: xiajiahe, From: from, To: to}
			if made, err = tx.AddRotaChange(record.RotaChange{Cycle: c.ID, By: w.county.id, Undo: undo, Moves: []record.TurnMove{move}}); err != nil {
				return err
			}
			if _, err = tx.MoveTurn(c, move, hours, w.county.id, ""); err != nil {
				return err
			}
			made.Done = 1
			return tx.PutRotaChange(made, true)
		})
		return made
	}
	row := func(r record.RotaChange) record.Outbox {
		return record.Outbox{
			Key:   "turns/" + string(c.ID) + "/" + string(r.ID) + "/" + string(w.xia.id),
			Class: record.Notice, Kind: record.KindTurns, Person: w.xia.id,
			Args: map[string]string{"cycle": string(c.ID), "change": string(r.ID)},
		}
	}
	tell := func(r record.RotaChange, want record.OutState) {
		t.Helper()
		if got := w.bot.Deliver(t.Context(), row(r)); got.State != want {
			t.Errorf("change %s: %s, %q, want %s", r.ID, got.State, got.Reason, want)
		}
	}
	change(record.TurnSlot{}, first, "")
	moved := change(first, second, "")
	tell(moved, record.Sent)
	w.xia.sees("12月18日(周五) 09:00", "原 12月11日(周五)")
	tell(change(second, first, moved.ID), record.Sent)

	moved = change(first, second, "")
	undo := change(second, first, moved.ID)
	tell(moved, record.Dropped)
	w.do(func(tx *storage.Tx) error {
		dropped := row(moved)
		dropped.NotBefore = tx.Now
		_, err := tx.AddOutbox(dropped)
		return err
	})
	w.do(func(tx *storage.Tx) error {
		_, err := tx.WithdrawOutbox(row(moved).Key, "changed since", 1)
		return err
	})
	tell(undo, record.Dropped)
}

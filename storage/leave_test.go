package storage

import (
	"errors"
	"slices"
	"testing"

	"headgoose/storage/record"
)

// onLeave asks for and approves the leave of a branch's secretary on the first day
// of the plan.
func (c *county) onLeave(i, person int) (l record.Leave) {
	c.t.Helper()
	c.do(func(tx *Tx) (err error) {
		l, err = tx.AskLeave(record.Leave{
			Village: c.village(i), Person: c.people[person], Days: record.Days{From: first.Day, To: first.Day}, Reason: "住院",
		}, hours, c.people[person])
		if err == nil {
			l, err = tx.DecideLeave(l.ID, true, hours, "p1", "")
		}
		return err
	})
	return l
}

func (c *county) status(id record.SessionID, i int) (s record.Status) {
	c.do(func(tx *Tx) error {
		mark, _, err := tx.Branch(id, c.village(i))
		s = mark.Status
		return err
	})
	return s
}

// Whoever is secretary of two branches is away for both: the leave says so, both
// are excused, also at a turn that is planned later, and both get a make-up.
func TestLeaveOfTwoBranches(t *testing.T) {
	c, cycle := rotaCounty(t)
	c.do(func(tx *Tx) error { return tx.Appoint(c.people[0], record.Secretary, c.village(4), "2020") })
	if err := c.move(cycle, 0, record.TurnSlot{}, first); err != nil {
		t.Fatal(err)
	}
	l := c.onLeave(0, 0)
	if !slices.Equal(l.Villages(), []record.Code{c.village(0), c.village(4)}) {
		t.Errorf("the leave is of %v", l.Villages())
	}
	if err := c.move(cycle, 4, record.TurnSlot{}, first); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error {
		open, err := tx.LeaveOpen(l, hours)
		if !open {
			t.Error("the branch that was planned later is overlooked")
		}
		of, err2 := tx.RequestsOf(c.village(4))
		if !slices.Contains(of, l.ID) {
			t.Errorf("requests of the other branch: %v", of)
		}
		return errors.Join(err, err2, tx.KeepLeave(l.ID, hours))
	})
	at := c.turn(0).Session
	c.do(func(tx *Tx) error {
		_, err := tx.OpenSession(at)
		return err
	})
	c.do(func(tx *Tx) error { _, err := tx.CloseSession(at); return err })
	c.settle()
	for _, i := range []int{0, 4} {
		if got := c.turn(i); c.status(at, i) != record.Excused || got.State != record.TurnOwed || !got.MakeUp {
			t.Errorf("branch %d is %q, its turn %+v", i, c.status(at, i), got)
		}
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// A successor is not on leave because the predecessor was.
func TestLeaveStaysWithThePerson(t *testing.T) {
	c, cycle := rotaCounty(t)
	if err := c.move(cycle, 0, record.TurnSlot{}, first); err != nil {
		t.Fatal(err)
	}
	l := c.onLeave(0, 0)
	at := c.turn(0).Session
	c.do(func(tx *Tx) error {
		return errors.Join(
			tx.EndPost(c.people[0], record.Secretary, c.village(0)),
			tx.Appoint(c.people[5], record.Secretary, c.village(0), "2026"),
		)
	})
	c.do(func(tx *Tx) error { return tx.KeepLeave(l.ID, hours) })
	if got := c.status(at, 0); got != "" {
		t.Errorf("the successor is %q", got)
	}
	c.do(func(tx *Tx) error {
		busy, err := tx.BusyDays("630224", hours, func(record.Session) bool { return false })
		if len(busy[c.village(0)]) > 0 {
			t.Errorf("busy: %v", busy)
		}
		return err
	})
	if l := c.onLeave(0, 5); l.State != record.RequestApproved {
		t.Errorf("the successor's own leave: %+v", l)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// Who stands in for another branch and is on leave then gives that turn back: it
// is not excused by somebody else's leave.
func TestLeaveOfAStandIn(t *testing.T) {
	c, cycle := swapCounty(t)
	w, err := c.ask(cycle, record.Substitute, 0, 3)
	if err == nil {
		w, err = c.say(cycle, w, false, true)
	}
	if err == nil {
		_, err = c.say(cycle, w, true, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.onLeave(3, 3)
	got := c.turn(0)
	if got.State != record.TurnPlanned || got.Substitute != "" || c.status(got.Session, 0) != "" {
		t.Errorf("the turn: %+v, the branch %q", got, c.status(got.Session, 0))
	}
	c.do(func(tx *Tx) error {
		by, err := tx.StandIns(got.Session)
		if len(by) > 0 {
			t.Errorf("stand-ins: %v", by)
		}
		now, err2 := tx.Swap(w.ID)
		clash := now.Rows[len(now.Rows)-1].Clash
		if now.State != record.RequestVoid || clash == nil || clash.Kind != record.BusyLeave || clash.Village != c.village(3) {
			t.Errorf("the request: %+v", now)
		}
		return errors.Join(err, err2)
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

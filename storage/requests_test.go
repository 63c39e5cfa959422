package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"headgoose/storage/record"
)

// swapCounty is a county whose first two branches fill the first slot and whose
// next two fill the second.
func swapCounty(t *testing.T) (*county, record.Cycle) {
	t.Helper()
	c, cycle := rotaCounty(t)
	for i, at := range []record.TurnSlot{first, first, second, second} {
		if err := c.move(cycle, i, record.TurnSlot{}, at); err != nil {
			t.Fatal(err)
		}
	}
	return c, cycle
}

func (c *county) ask(cycle record.Cycle, kind record.SwapKind, from, to int) (w record.Swap, err error) {
	err = c.s.Update(context.Background(), func(tx *Tx) (err error) {
		w, err = tx.AskSwap(cycle, record.Swap{Kind: kind, Base: "party", From: c.village(from), To: c.village(to), Reason: "家中有事"}, hours, c.people[from])
		return err
	})
	return w, err
}

func (c *county) say(cycle record.Cycle, w record.Swap, officer, yes bool) (got record.Swap, err error) {
	err = c.s.Update(context.Background(), func(tx *Tx) (err error) {
		row := record.RequestRow{By: "p1"}
		if officer {
			got, err = tx.DecideSwap(cycle, w.ID, yes, hours, row)
		} else {
			got, err = tx.AnswerSwap(cycle, w.ID, yes, hours, row)
		}
		return err
	})
	return got, err
}

func TestSwap(t *testing.T) {
	c, cycle := swapCounty(t)
	w, err := c.ask(cycle, record.SwapTurns, 0, 2)
	if err != nil || w.State != record.RequestAsked || !w.Deadline.Equal(c.now.Add(48*time.Hour)) {
		t.Fatalf("%+v, %v", w, err)
	}
	if _, err := c.ask(cycle, record.SwapTurns, 3, 0); !errors.Is(err, record.ErrPending) {
		t.Errorf("a second request about one turn: %v", err)
	}
	if _, err := c.ask(cycle, record.SwapTurns, 1, 0); !errors.Is(err, record.ErrChanged) {
		t.Errorf("two turns of one slot: %v", err)
	}
	if _, err := c.say(cycle, w, true, true); !errors.Is(err, record.ErrAlready) {
		t.Errorf("the officer before the other side: %v", err)
	}
	if w, err = c.say(cycle, w, false, true); err != nil || w.State != record.RequestAgreed {
		t.Fatalf("agreed: %+v, %v", w, err)
	}
	c.do(func(tx *Tx) error {
		open, err := tx.OpenRequests(c.village(0).Township())
		if len(open) != 1 {
			t.Errorf("open: %v", open)
		}
		return err
	})
	if w, err = c.say(cycle, w, true, true); err != nil || w.State != record.RequestApproved {
		t.Fatalf("approved: %+v, %v", w, err)
	}
	if a, b := c.turn(0), c.turn(2); a.TurnSlot != second || b.TurnSlot != first || !a.Fixed || !b.Fixed {
		t.Errorf("turns: %+v, %+v", a, b)
	}
	if _, err := c.say(cycle, w, true, true); !errors.Is(err, record.ErrSettled) {
		t.Errorf("approved twice: %v", err)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// Where both townships let what is agreed stand, no officer is asked.
func TestSwapByRule(t *testing.T) {
	c, cycle := swapCounty(t)
	c.do(func(tx *Tx) error { return tx.SetRule(c.village(0).Township(), record.TownshipRule{AutoSwap: true}) })
	w, err := c.ask(cycle, record.SwapTurns, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = c.say(cycle, w, false, true); err != nil || w.State != record.RequestApproved {
		t.Fatalf("%+v, %v", w, err)
	}
	if got := c.turn(0).TurnSlot; got != second {
		t.Errorf("the turn stands at %v", got)
	}
}

func TestSubstitute(t *testing.T) {
	c, cycle := swapCounty(t)
	w, err := c.ask(cycle, record.Substitute, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = c.say(cycle, w, false, true); err == nil {
		w, err = c.say(cycle, w, true, true)
	}
	if err != nil || w.State != record.RequestApproved {
		t.Fatalf("%+v, %v", w, err)
	}
	turn := c.turn(0)
	c.do(func(tx *Tx) error {
		by, err := tx.StandIns(turn.Session)
		if by[c.village(0)] != c.village(3) || turn.Substitute != c.village(3) || turn.TurnSlot != first {
			t.Errorf("stand-ins %v, turn %+v", by, turn)
		}
		return err
	})
}

// A plan that changes under a request makes it void; one that nobody answers
// expires; a busy branch cannot take a turn.
func TestSwapsThatComeToNothing(t *testing.T) {
	c, cycle := swapCounty(t)
	w, err := c.ask(cycle, record.SwapTurns, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.move(cycle, 2, second, second2); err != nil {
		t.Fatal(err)
	}
	if w, err = c.say(cycle, w, false, true); err != nil || w.State != record.RequestVoid {
		t.Errorf("after the plan changed: %+v, %v", w, err)
	}
	if w, err = c.ask(cycle, record.SwapTurns, 1, 3); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(49 * time.Hour)
	if _, err := c.say(cycle, w, false, true); !errors.Is(err, record.ErrTooLate) {
		t.Errorf("after the deadline: %v", err)
	}
	c.do(func(tx *Tx) error {
		due, err := tx.RequestsDue("630224")
		if len(due) != 1 || due[0] != w.ID {
			t.Errorf("due: %v", due)
		}
		expired, err2 := tx.ExpireRequest(w.ID)
		if !expired {
			t.Error("not expired")
		}
		return errors.Join(err, err2)
	})
	c.do(func(tx *Tx) error {
		l, err := tx.AskLeave(record.Leave{Village: c.village(3), Person: c.people[3], Days: record.Days{From: first.Day, To: first.Day}, Reason: "住院"}, hours, c.people[3])
		if err == nil {
			_, err = tx.DecideLeave(l.ID, true, hours, "p1", "")
		}
		return err
	})
	if _, err := c.ask(cycle, record.SwapTurns, 1, 3); !errors.Is(err, record.ErrClashing) {
		t.Errorf("a branch on leave takes a turn: %v", err)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

func TestLeave(t *testing.T) {
	c, _ := swapCounty(t)
	ask := func(from, to record.Date) (l record.Leave, err error) {
		err = c.s.Update(context.Background(), func(tx *Tx) (err error) {
			l, err = tx.AskLeave(record.Leave{Village: c.village(0), Person: c.people[0], Days: record.Days{From: from, To: to}, Reason: "住院"}, hours, c.people[0])
			return err
		})
		return l, err
	}
	if _, err := ask("2026-11-30", "2026-12-02"); !errors.Is(err, record.ErrTooLate) {
		t.Errorf("leave of yesterday: %v", err)
	}
	if _, err := ask("2026-12-09", "2026-12-08"); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("leave that ends before it begins: %v", err)
	}
	l, err := ask("2026-12-07", "2026-12-09")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask("2026-12-09", "2026-12-12"); !errors.Is(err, record.ErrPending) {
		t.Errorf("leave that meets another: %v", err)
	}
	c.do(func(tx *Tx) error { _, err := tx.DecideLeave(l.ID, true, hours, "p1", ""); return err })
	at := c.turn(0).Session
	status := func() (s record.Status) {
		c.do(func(tx *Tx) error {
			mark, _, err := tx.Branch(at, c.village(0))
			s = mark.Status
			return err
		})
		return s
	}
	if status() != record.Excused {
		t.Errorf("the branch is %q at its turn", status())
	}
	c.do(func(tx *Tx) error { _, err := tx.WithdrawLeave(l.ID, hours, c.people[0]); return err })
	if status() == record.Excused {
		t.Error("leave was taken back, and the branch is still excused")
	}
	c.do(func(tx *Tx) error {
		leaves, err := tx.ApprovedLeave("630224", "2026-12-01")
		if len(leaves) != 0 {
			t.Errorf("approved: %+v", leaves)
		}
		return err
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// A swap that both sides want and that clashes by the time of the officer's word
// ends, and says with what; neither branch is left with an open request.
func TestSwapThatClashesMeanwhile(t *testing.T) {
	c, cycle := swapCounty(t)
	w, err := c.ask(cycle, record.SwapTurns, 0, 3)
	if err == nil {
		w, err = c.say(cycle, w, false, true)
	}
	if err != nil || w.State != record.RequestAgreed {
		t.Fatalf("%+v, %v", w, err)
	}
	c.onLeave(3, 3)
	w, err = c.say(cycle, w, true, true)
	if err != nil || w.State != record.RequestVoid {
		t.Fatalf("%+v, %v", w, err)
	}
	want := record.SwapClash{Village: c.village(3), Day: first.Day, Kind: record.BusyLeave}
	if got := w.Rows[len(w.Rows)-1].Clash; got == nil || *got != want {
		t.Errorf("it says %+v, want %+v", got, want)
	}
	if c.turn(0).TurnSlot != first || c.turn(3).TurnSlot != second {
		t.Errorf("turns: %+v, %+v", c.turn(0), c.turn(3))
	}
	c.do(func(tx *Tx) error {
		open, err := tx.OpenRequests("630224")
		if len(open) > 0 {
			t.Errorf("open: %v", open)
		}
		return err
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

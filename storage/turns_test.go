package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"headgoose/storage/record"
)

// rotaCounty is a county with a cycle whose first three branches have their
// turns on the same morning as far as the capacity of two goes.
func rotaCounty(t *testing.T) (*county, record.Cycle) {
	t.Helper()
	c := newCounty(t)
	var cycle record.Cycle
	for i := range 4 {
		c.do(func(tx *Tx) error { return tx.Appoint(c.people[i], record.Secretary, c.village(i), "2020") })
	}
	c.do(func(tx *Tx) (err error) {
		if err := tx.PutBase("630224", record.Base{ID: "party", Name: "党性教育基地"}); err != nil {
			return err
		}
		cycle, err = tx.AddCycle(oneBase)
		return err
	})
	return c, cycle
}

// first and second are two slots after the county's day.
var (
	first   = record.TurnSlot{Day: "2026-12-08", Hours: "09:00-11:30"}
	second  = record.TurnSlot{Day: "2026-12-15", Hours: "09:00-11:30"}
	second2 = record.TurnSlot{Day: "2026-12-22", Hours: "09:00-11:30"}
)

func (c *county) move(cycle record.Cycle, i int, from, to record.TurnSlot) error {
	return c.s.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.MoveTurn(cycle, record.TurnMove{Base: "party", Village: c.village(i), From: from, To: to}, hours, "p1", "")
		return err
	})
}

func (c *county) turn(i int) (turn record.Turn) {
	c.t.Helper()
	c.do(func(tx *Tx) (err error) { turn, err = tx.Turn("c1", "party", c.village(i)); return err })
	return turn
}

func TestMoveTurn(t *testing.T) {
	c, cycle := rotaCounty(t)
	owed := record.TurnSlot{}
	for i := range 2 {
		if err := c.move(cycle, i, owed, first); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.move(cycle, 2, owed, first); !errors.Is(err, record.ErrFull) {
		t.Errorf("a third one in a slot of two: %v", err)
	}
	if err := c.move(cycle, 0, owed, second); !errors.Is(err, record.ErrChanged) {
		t.Errorf("a turn that does not stand there: %v", err)
	}
	at := c.turn(0).Session
	if at == "" || at != c.turn(1).Session {
		t.Fatalf("sessions %q and %q", at, c.turn(1).Session)
	}
	c.do(func(tx *Tx) error {
		s, err := tx.Session(at)
		if s.Cycle != cycle.ID || !s.Start.Equal(time.Date(2026, 12, 8, 9, 0, 0, 0, time.UTC)) || s.Title != "党性教育基地" {
			t.Errorf("the session: %+v", s)
		}
		return err
	})
	if err := errors.Join(c.move(cycle, 0, first, second), c.move(cycle, 1, first, second)); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error {
		s, err := tx.Session(at)
		if s.State != record.Cancelled {
			t.Errorf("a session that nobody is expected at is %s", s.State)
		}
		n, err2 := tx.TurnCount(cycle.ID, "630224")
		if n["party"][record.TurnPlanned] != 2 || len(n["party"]) != 1 {
			t.Errorf("counts: %v", n)
		}
		return errors.Join(err, err2)
	})
	c.do(func(tx *Tx) error {
		moved, err := tx.MoveTurn(cycle, record.TurnMove{Base: "party", Village: c.village(2), To: second2}, hours, "p1", "")
		if err != nil {
			return err
		}
		return tx.FixTurn(moved)
	})
	if fixed := c.turn(2); !fixed.Fixed || len(fixed.Rows) != 1 {
		t.Errorf("a turn that was moved and fixed: %+v", fixed)
	}
	if rows := c.turn(0).Rows; len(rows) != 2 || rows[1].TurnSlot != second || rows[1].Person != c.people[0] {
		t.Errorf("rows: %+v", rows)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// settle carries what waits to be carried.
func (c *county) settle() {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		list, err := tx.ToCarry("630224")
		if err != nil {
			return err
		}
		for _, s := range list {
			townships, err := tx.ExpectedTownships(s.ID)
			if err != nil {
				return err
			}
			for _, township := range townships {
				if err := tx.SettleTurns(s, township, hours); err != nil {
					return err
				}
			}
			if err := tx.Carried(s); err != nil {
				return err
			}
		}
		return nil
	})
}

// A turn is served by who came, substituted where another branch attended, and
// owed again with a make-up due where nobody did; a later correction is followed.
func TestSettleTurns(t *testing.T) {
	c, cycle := rotaCounty(t)
	cycle.Bases[0].Capacity = 3
	for i := range 3 {
		if err := c.move(cycle, i, record.TurnSlot{}, first); err != nil {
			t.Fatal(err)
		}
	}
	c.do(func(tx *Tx) error {
		turn, err := tx.Turn("c1", "party", c.village(1))
		if err != nil {
			return err
		}
		return tx.SubstituteTurn(turn, c.village(3), "p1", "替代")
	})
	c.now = time.Date(2026, 12, 8, 9, 0, 0, 0, time.UTC)
	var s record.Session
	c.do(func(tx *Tx) (err error) { s, err = tx.OpenSession(c.turnIn(tx, 0).Session); return err })
	for _, i := range []int{0, 3} {
		if row, err := c.checkIn(s, i); err != nil || row.Status != record.Present {
			t.Fatalf("branch %d: %+v, %v", i, row, err)
		}
	}
	c.do(func(tx *Tx) error { _, err := tx.CloseSession(s.ID); return err })
	c.settle()
	c.settle()
	for i, want := range []record.TurnState{record.TurnServed, record.TurnSubstituted, record.TurnOwed} {
		if got := c.turn(i); got.State != want || got.MakeUp != (want == record.TurnOwed) {
			t.Errorf("branch %d: %+v, want %s", i, got, want)
		}
	}
	if err := c.move(cycle, 2, record.TurnSlot{}, second); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error {
		s, err := tx.Session(s.ID)
		if err != nil {
			return err
		}
		return errors.Join(
			tx.Mark(s, record.Actor{Person: c.people[2], Posts: []record.Post{{Role: record.Secretary, Place: c.village(2)}}}, record.Present, record.ByHost, "p1", "漏记"),
			tx.Mark(s, record.Actor{Person: c.people[0]}, record.Absent, record.ByHost, "p1", "记错"),
		)
	})
	c.settle()
	if got := c.turn(2); got.State != record.TurnServed || got.MakeUp || got.TurnSlot != first {
		t.Errorf("after the correction the absent one is %+v", got)
	}
	if got := c.turn(0); got.State != record.TurnOwed || !got.MakeUp {
		t.Errorf("after the correction the one who came is %+v", got)
	}
	c.do(func(tx *Tx) error {
		list, err := tx.SessionsBetween("630224", c.now, c.now.AddDate(0, 0, 30))
		for _, s := range list {
			if s.State == record.Planned {
				t.Errorf("the make-up that is not needed is still planned: %+v", s)
			}
		}
		return err
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

func (c *county) turnIn(tx *Tx, i int) record.Turn {
	turn, err := tx.Turn("c1", "party", c.village(i))
	if err != nil {
		c.t.Fatal(err)
	}
	return turn
}

// A session that is moved takes its turns along; one that is cancelled leaves
// them owed, without a make-up.
func TestTurnsFollowTheirSession(t *testing.T) {
	c, cycle := rotaCounty(t)
	if err := c.move(cycle, 0, record.TurnSlot{}, first); err != nil {
		t.Fatal(err)
	}
	at := c.turn(0).Session
	c.do(func(tx *Tx) error {
		_, err := tx.ChangeSession(at, func(s *record.Session) { s.Start, s.End = s.Start.AddDate(0, 0, 1), s.End.AddDate(0, 0, 1) })
		return err
	})
	c.settle()
	if got := c.turn(0); got.Day != "2026-12-09" || got.State != record.TurnPlanned {
		t.Errorf("after the move: %+v", got)
	}
	c.do(func(tx *Tx) error { _, err := tx.CancelSession(at); return err })
	c.settle()
	if got := c.turn(0); got.Day != "" || got.State != record.TurnOwed || got.MakeUp {
		t.Errorf("after the cancellation: %+v", got)
	}
}

func TestForgiveTurn(t *testing.T) {
	c, cycle := rotaCounty(t)
	if err := c.move(cycle, 0, record.TurnSlot{}, first); err != nil {
		t.Fatal(err)
	}
	forgive := func() error {
		return c.s.Update(context.Background(), func(tx *Tx) error {
			_, err := tx.ForgiveTurn(cycle, "party", c.village(0), "p1", "去年已参加")
			return err
		})
	}
	if err := forgive(); err != nil {
		t.Fatal(err)
	}
	if err := forgive(); !errors.Is(err, record.ErrSettled) {
		t.Errorf("forgiven twice: %v", err)
	}
	if err := c.move(cycle, 0, record.TurnSlot{}, second); !errors.Is(err, record.ErrSettled) {
		t.Errorf("a forgiven turn is planned: %v", err)
	}
	if got := c.turn(0); got.State != record.TurnForgiven || got.Rows[1].Reason != "去年已参加" {
		t.Errorf("%+v", got)
	}
}

func TestRotaChanges(t *testing.T) {
	c, cycle := rotaCounty(t)
	change := record.RotaChange{Cycle: cycle.ID, By: "p1", Moves: []record.TurnMove{{Base: "party", Village: c.village(0), To: first}}}
	add := func() (got record.RotaChange, err error) {
		err = c.s.Update(context.Background(), func(tx *Tx) (err error) { got, err = tx.AddRotaChange(change); return err })
		return got, err
	}
	one, err := add()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(); !errors.Is(err, record.ErrMoving) {
		t.Errorf("a second change at a time: %v", err)
	}
	one.Done = 1
	c.do(func(tx *Tx) error { return tx.PutRotaChange(one, true) })
	if _, err := add(); err != nil {
		t.Errorf("after the first was made: %v", err)
	}
	last := func() (id record.RotaChangeID, found bool) {
		c.do(func(tx *Tx) error {
			got, ok, err := tx.LastRotaChange(cycle.ID)
			id, found = got.ID, ok
			return err
		})
		return id, found
	}
	if id, found := last(); !found || id == one.ID {
		t.Errorf("the last change is %s, %v", id, found)
	}
	c.now = c.now.AddDate(0, 0, 8)
	if _, found := last(); found {
		t.Error("a change of a week ago can be taken back")
	}
}

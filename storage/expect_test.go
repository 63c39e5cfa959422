package storage

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"headgoose/storage/record"
)

// meeting is a session of two villages that is open, with a secretary for each
// of the first three villages.
func meeting(c *county) record.Session {
	c.t.Helper()
	var s record.Session
	for i := range 3 {
		c.do(func(tx *Tx) error { return tx.Appoint(c.people[i], record.Secretary, c.village(i), "2020") })
	}
	c.do(func(tx *Tx) (err error) {
		s, err = tx.AddSession(record.Session{
			Place: "630224", Title: "廉政教育基地", State: record.Open, Cycle: "c1",
			Start: c.now, End: c.now.Add(time.Hour), Opens: c.now, LateFrom: c.now.Add(15 * time.Minute),
		}, []record.Code{c.village(0), c.village(1)})
		return err
	})
	return s
}

func (c *county) checkIn(s record.Session, i int) (row record.AttendanceRow, err error) {
	c.t.Helper()
	_ = c.s.Update(context.Background(), func(tx *Tx) error {
		var actor record.Actor
		if actor, err = tx.Actor(c.people[i]); err != nil {
			return err
		}
		row, err = tx.CheckIn(s, actor, record.ByCode)
		return err
	})
	return row, err
}

func (c *county) tally(s record.Session) (n record.SessionCount) {
	c.t.Helper()
	c.do(func(tx *Tx) (err error) { n, err = tx.Tally(s.ID, ""); return err })
	return n
}

func TestExpectOneMoreAndOneLess(t *testing.T) {
	c := newCounty(t)
	s := meeting(c)
	other := c.village(4) // of another township
	c.do(func(tx *Tx) error { return tx.Expect(s.ID, other) })
	c.do(func(tx *Tx) error { return tx.Expect(s.ID, other) }) // twice is once
	c.do(func(tx *Tx) error { return tx.Unexpect(s.ID, c.village(1)) })
	c.do(func(tx *Tx) error {
		list, err := tx.Expected(s.ID, "630224")
		if want := []record.Code{c.village(0), other}; !slices.Equal(list, want) {
			t.Errorf("expected %v, want %v", list, want)
		}
		duties, err2 := tx.Duties(other, c.now.Add(-time.Hour), c.now.Add(time.Hour), 0)
		if len(duties) != 1 {
			t.Errorf("the village that was added has %d duties", len(duties))
		}
		return errors.Join(err, err2)
	})
	if n := c.tally(s); n.Expected != 2 {
		t.Errorf("counts %d expected", n.Expected)
	}
	if row, err := c.checkIn(s, 1); err != nil || row.Status != record.Waiting {
		t.Errorf("a branch that was taken off is %s, %v", row.Status, err)
	}
	if _, err := c.checkIn(s, 0); err != nil {
		t.Fatal(err)
	}
	c.try(func(tx *Tx) error {
		if err := tx.Unexpect(s.ID, c.village(0)); !errors.Is(err, record.ErrSettled) {
			t.Errorf("a branch that came is taken off: %v", err)
		}
		return nil
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

func TestStandIn(t *testing.T) {
	c := newCounty(t)
	s := meeting(c)
	c.do(func(tx *Tx) error { return tx.SetStandIn(s.ID, c.village(1), c.village(2)) })
	if row, err := c.checkIn(s, 2); err != nil || row.Status != record.Present {
		t.Fatalf("the branch that stands in is %s, %v", row.Status, err)
	}
	c.do(func(tx *Tx) error {
		mark, _, err := tx.Branch(s.ID, c.village(1))
		if mark.Person != c.people[2] || !mark.Status.Came() {
			t.Errorf("the absent branch is %+v", mark)
		}
		return err
	})
	if row, err := c.checkIn(s, 1); err != nil || row.Status != record.Waiting {
		t.Errorf("the secretary who is stood in for is %s, %v", row.Status, err)
	}
	c.do(func(tx *Tx) error { _, err := tx.CloseSession(s.ID); return err })
	c.do(func(tx *Tx) error {
		list, err := tx.ToCarry("630224")
		if len(list) != 1 || list[0].ID != s.ID {
			t.Errorf("to carry: %v", list)
		}
		return errors.Join(err, tx.Carried(s))
	})
	c.do(func(tx *Tx) error {
		s, err := tx.Session(s.ID)
		if err != nil {
			return err
		}
		return tx.Mark(s, record.Actor{Person: c.people[2]}, record.Absent, record.ByHost, "p1", "记错")
	})
	c.do(func(tx *Tx) error {
		list, err := tx.ToCarry("630224")
		if len(list) != 1 {
			t.Errorf("a correction after the end is to be carried, got %v", list)
		}
		return err
	})
}

package storage

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
)

// trainingCounty is a county of six secretaries with a batch of two seats whose
// three days have their sessions.
func trainingCounty(t *testing.T) (*county, record.Batch) {
	t.Helper()
	c := newCounty(t)
	for i := range 6 {
		c.do(func(tx *Tx) error { return tx.Appoint(c.people[i], record.Secretary, c.village(i), "2020") })
	}
	var b record.Batch
	c.do(func(tx *Tx) error {
		p, err := tx.AddProgramme(record.Programme{Place: "630224", Share: 50, AnswerDays: 3, OfferHours: 24, NoteDays: 14})
		if err != nil {
			return err
		}
		b, err = tx.AddBatch(record.Batch{
			Programme: p.ID, Place: "平安区", Days: record.Days{From: "2026-12-08", To: "2026-12-10"}, Hours: "09:00-17:00", Seats: 2,
		})
		return err
	})
	c.addDays(&b)
	return c, b
}

// addDays makes the sessions of a batch's days; they expect nobody yet.
func (c *county) addDays(b *record.Batch) {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		ids := []record.SessionID(nil)
		for i := range 3 {
			s := record.Session{Place: "630224", Title: "轮训", Batch: b.ID, Day: i + 1}
			if err := hours.Set(&s, shiftDay(b.From, i), b.Hours); err != nil {
				return err
			}
			s, err := tx.AddSession(s, []record.Code{c.village(7)})
			if err != nil {
				return err
			}
			if err := tx.Unexpect(s.ID, c.village(7)); err != nil {
				return err
			}
			ids = append(ids, s.ID)
		}
		var err error
		*b, err = tx.ChangeBatch(b.ID, func(b *record.Batch) { b.Sessions = ids })
		return err
	})
}

func (c *county) give(b record.Batch, i int, state record.SeatState) error {
	return c.s.Update(context.Background(), func(tx *Tx) error {
		seat := record.RotationSeat{Village: c.village(i), Batch: b.ID, Why: record.Why{Kind: record.WhyNever}}
		_, err := tx.GiveSeat(b.Programme, seat, state, c.now.Add(24*time.Hour), hours, "p1")
		return err
	})
}

func (c *county) answer(b record.Batch, i int, yes bool) error {
	return c.s.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.AnswerSeat(b.Programme, c.village(i), yes, hours, c.people[i], "家中有事")
		return err
	})
}

func (c *county) standing(b record.Batch, i int) (s record.Standing) {
	c.t.Helper()
	c.do(func(tx *Tx) (err error) { s, err = tx.Standing(b.Programme, c.village(i)); return err })
	return s
}

func (c *county) expects(id record.SessionID, i int) (found bool) {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		list, err := tx.Expected(id, c.village(i))
		found = len(list) > 0
		return err
	})
	return found
}

func TestSeats(t *testing.T) {
	c, b := trainingCounty(t)
	if err := errors.Join(c.give(b, 0, record.SeatAssigned), c.give(b, 1, record.SeatOffered)); err != nil {
		t.Fatal(err)
	}
	if err := c.give(b, 2, record.SeatAssigned); !errors.Is(err, record.ErrFull) {
		t.Errorf("a third one in two seats: %v", err)
	}
	if err := c.give(b, 0, record.SeatAssigned); !errors.Is(err, record.ErrPending) {
		t.Errorf("a second seat for one branch: %v", err)
	}
	for _, id := range b.Sessions {
		if !c.expects(id, 0) || c.expects(id, 2) {
			t.Errorf("%s expects the wrong people", id)
		}
	}
	if err := c.answer(b, 0, false); err != nil {
		t.Fatal(err)
	}
	if c.expects(b.Sessions[0], 0) {
		t.Error("who declined is still expected")
	}
	if err := c.answer(b, 0, true); !errors.Is(err, record.ErrChanged) {
		t.Errorf("a yes after the no: %v", err)
	}
	c.now = c.now.Add(25 * time.Hour)
	if err := c.answer(b, 1, true); !errors.Is(err, record.ErrTooLate) {
		t.Errorf("a yes after the offer's time: %v", err)
	}
	c.do(func(tx *Tx) error {
		due, err := tx.SeatsDue("630224", tx.Now, 10)
		if len(due) != 1 || due[0].Village != c.village(1) {
			t.Errorf("due: %+v", due)
		}
		return err
	})
	c.do(func(tx *Tx) error { _, err := tx.LapseSeat(b.Programme, c.village(1)); return err })
	if err := errors.Join(c.give(b, 2, record.SeatAssigned), c.give(b, 3, record.SeatAssigned), c.answer(b, 2, true)); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error {
		cover, err := tx.Coverage(b.Programme, "630224")
		for state, want := range map[record.SeatState]int{
			record.SeatDeclined: 1, record.SeatLapsed: 1, record.SeatConfirmed: 1, record.SeatAssigned: 1,
		} {
			if cover.States[state] != want {
				t.Errorf("%d are %s, want %d", cover.States[state], state, want)
			}
		}
		return err
	})
	c.now = time.Date(2026, 12, 8, 7, 0, 0, 0, time.UTC)
	if err := c.answer(b, 3, false); !errors.Is(err, record.ErrTooLate) {
		t.Errorf("a no on the first day: %v", err)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// A seat belongs to the post: who takes it over has the seat, the rows keep who
// was meant.
func TestASeatFollowsThePost(t *testing.T) {
	c, b := trainingCounty(t)
	if err := c.give(b, 0, record.SeatAssigned); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error { return tx.Appoint(c.people[5], record.Secretary, c.village(0), "2026-12") })
	if err := c.s.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.AnswerSeat(b.Programme, c.village(0), true, hours, c.people[5], "")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s := c.standing(b, 0)
	if s.State != record.SeatConfirmed || s.Person != c.people[5] || s.Rows[0].Person != c.people[0] || s.Rows[1].Person != c.people[5] {
		t.Errorf("%+v", s)
	}
}

func TestSettleSeats(t *testing.T) {
	c, b := trainingCounty(t)
	if err := errors.Join(c.give(b, 0, record.SeatAssigned), c.give(b, 1, record.SeatAssigned)); err != nil {
		t.Fatal(err)
	}
	never := func() (n int) {
		c.do(func(tx *Tx) error {
			count, err := tx.Count("630224")
			n = count.Never
			return err
		})
		return n
	}
	if never() != 6 {
		t.Fatalf("%d have never gone", never())
	}
	for i, id := range b.Sessions {
		c.now = time.Date(2026, 12, 8+i, 9, 0, 0, 0, time.UTC)
		c.do(func(tx *Tx) error { _, err := tx.OpenSession(id); return err })
		c.do(func(tx *Tx) error {
			s, err := tx.Session(id)
			if err != nil || i == 2 {
				return err
			}
			actor, err := tx.Actor(c.people[0])
			if err == nil {
				_, err = tx.CheckIn(s, actor, record.ByCode)
			}
			return err
		})
		c.do(func(tx *Tx) error { _, err := tx.CloseSession(id); return err })
	}
	settle := func() {
		for _, i := range []int{0, 1} {
			c.do(func(tx *Tx) error { _, _, err := tx.SettleSeat(b, c.village(i), "", ""); return err })
		}
	}
	settle()
	settle()
	if s := c.standing(b, 0); s.State != record.SeatAttended || len(s.Rows) != 2 {
		t.Errorf("two days of three: %+v", s)
	}
	if s := c.standing(b, 1); s.State != record.SeatAbsent || !s.MakeUp {
		t.Errorf("no day of three: %+v", s)
	}
	if never() != 5 {
		t.Errorf("%d have never gone", never())
	}
	c.do(func(tx *Tx) error {
		flagged, err := tx.Flagged(Never, "630224", Flagged{}, 10)
		if len(flagged) != 5 || flagged[0].Place != c.village(1) {
			t.Errorf("never gone: %+v", flagged)
		}
		return err
	})
	c.do(func(tx *Tx) error {
		_, err := tx.CorrectSeat(b, c.village(1), record.SeatExcused, "p1", "住院")
		return err
	})
	if s := c.standing(b, 1); s.State != record.SeatExcused || s.MakeUp || s.Rows[2].Reason != "住院" {
		t.Errorf("after the correction: %+v", s)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// Officers who assign at the same moment never fill more seats than there are.
func TestSeatsOfManyOfficersAtOnce(t *testing.T) {
	engine, err := boltkv.Open(filepath.Join(t.TempDir(), "x.db"), boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), engine, Options{Key: make([]byte, KeySize), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	c := &county{t: t, s: s, engine: engine, now: now}
	c.fill()
	var b record.Batch
	c.do(func(tx *Tx) error {
		for i := range 6 {
			if err := tx.Appoint(c.people[i], record.Secretary, c.village(i), "2020"); err != nil {
				return err
			}
		}
		p, err := tx.AddProgramme(record.Programme{Place: "630224", Share: 50, AnswerDays: 3, OfferHours: 24, NoteDays: 14})
		if err != nil {
			return err
		}
		b, err = tx.AddBatch(record.Batch{
			Programme: p.ID, Place: "平安区", Days: record.Days{From: "2026-12-08", To: "2026-12-08"}, Hours: "09:00-17:00", Seats: 3,
		})
		return err
	})
	var given, refused atomic.Int32
	var officers sync.WaitGroup
	for i := range 6 {
		officers.Go(func() {
			switch err := c.give(b, i, record.SeatAssigned); {
			case err == nil:
				given.Add(1)
			case errors.Is(err, record.ErrFull):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	officers.Wait()
	if given.Load() != 3 || refused.Load() != 3 {
		t.Errorf("%d were given, %d refused", given.Load(), refused.Load())
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// Who missed a batch can have a seat of a later one, and is still known to have missed
// the first; an absence is owed until a batch is attended. Who turns out to have come
// after all gives the later seat back.
func TestAMakeUpInALaterBatch(t *testing.T) {
	c, first := trainingCounty(t)
	var later record.Batch
	c.do(func(tx *Tx) (err error) {
		later, err = tx.AddBatch(record.Batch{
			Programme: first.Programme, Place: "平安区", Days: record.Days{From: "2026-12-20", To: "2026-12-22"}, Hours: "09:00-17:00", Seats: 2,
		})
		return err
	})
	c.addDays(&later)
	if err := errors.Join(c.give(first, 0, record.SeatAssigned), c.give(first, 1, record.SeatAssigned)); err != nil {
		t.Fatal(err)
	}
	candidates := func() (list []record.Code) {
		c.do(func(tx *Tx) error {
			p, err := tx.Programme("630224", first.Programme)
			if err != nil {
				return err
			}
			in, err := tx.RotationInput(p, hours)
			for _, x := range in.Candidates {
				list = append(list, x.Village)
			}
			return err
		})
		return list
	}
	if slices.Contains(candidates(), c.village(0)) {
		t.Error("who has a seat is a candidate")
	}
	c.hold(first, []int{})
	settle := func(b record.Batch, i int) {
		c.do(func(tx *Tx) error { _, _, err := tx.SettleSeat(b, c.village(i), "", ""); return err })
	}
	settle(first, 0)
	settle(first, 1)
	if list := candidates(); !slices.Contains(list, c.village(0)) || !slices.Contains(list, c.village(1)) {
		t.Errorf("who missed the batch is no candidate: %v", list)
	}
	if err := c.give(first, 0, record.SeatAssigned); !errors.Is(err, record.ErrChanged) {
		t.Errorf("a seat of the batch that was missed: %v", err)
	}
	if err := errors.Join(c.give(later, 0, record.SeatOffered), c.give(later, 1, record.SeatAssigned)); err != nil {
		t.Fatal(err)
	}
	if err := c.give(later, 0, record.SeatAssigned); !errors.Is(err, record.ErrPending) {
		t.Errorf("a second seat: %v", err)
	}
	c.do(func(tx *Tx) error {
		seats, err := tx.SeatsOf(first)
		if len(seats) != 2 || seats[0].State != record.SeatAbsent || len(seats[0].Rows) != 2 {
			t.Errorf("the first batch: %+v", seats)
		}
		return err
	})
	if s := c.standing(first, 0); s.State != record.SeatOffered || !s.MakeUp || !c.expects(later.Sessions[0], 0) {
		t.Errorf("a seat of the later batch: %+v", s)
	}
	settle(first, 0) // again: nothing is written
	c.do(func(tx *Tx) error {
		actor, err := tx.Actor(c.people[0])
		for _, id := range first.Sessions {
			s, fault := tx.Session(id)
			err = errors.Join(err, fault, tx.Mark(s, actor, record.Present, record.ByHost, "p1", "签到机坏了"))
		}
		return err
	})
	settle(first, 0)
	if s := c.standing(first, 0); s.State != record.SeatAttended || s.Batch != first.ID || s.MakeUp || c.expects(later.Sessions[0], 0) {
		t.Errorf("came after all: %+v", s)
	}
	c.hold(later, []int{1})
	settle(later, 1)
	if s := c.standing(first, 1); s.State != record.SeatAttended || s.Batch != later.ID || s.MakeUp {
		t.Errorf("the make-up: %+v", s)
	}
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

// hold opens the days of a batch, checks people in and closes them.
func (c *county) hold(b record.Batch, who []int) {
	c.t.Helper()
	for _, id := range b.Sessions {
		var s record.Session
		c.do(func(tx *Tx) (err error) { s, err = tx.Session(id); return err })
		c.now = s.Start
		c.do(func(tx *Tx) (err error) { s, err = tx.OpenSession(id); return err })
		for _, i := range who {
			if _, err := c.checkIn(s, i); err != nil {
				c.t.Fatal(err)
			}
		}
		c.do(func(tx *Tx) error { _, err := tx.CloseSession(id); return err })
	}
}

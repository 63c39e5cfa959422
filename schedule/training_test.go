package schedule

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"headgoose/schedule/rotation"
	"headgoose/storage"
	"headgoose/storage/record"
)

// programme is a programme of two batches of two days with so many seats each,
// decided: it is to be published.
func (c *county) programme(seats int) (r record.Programme) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		r, err = tx.AddProgramme(record.Programme{
			Place: hualong, Title: "2026 年集中轮训", Share: 100, AnswerDays: 3, OfferHours: 24, NoteDays: 14, By: c.officer,
		})
		if err != nil {
			return err
		}
		for i := range 2 {
			from := record.Date(fmt.Sprintf("2026-12-%02d", 14+7*i))
			_, err := tx.AddBatch(record.Batch{
				Programme: r.ID, Place: "平安区", Days: record.Days{From: from, To: from[:8] + record.Date(fmt.Sprintf("%02d", 15+7*i))},
				Hours: "09:00-17:00", Seats: seats, Hosts: []record.PersonID{c.host},
			})
			if err != nil {
				return err
			}
		}
		in, err := tx.RotationInput(r, c.cfg.hours())
		if err != nil {
			return err
		}
		if err := tx.PutDraft(r.ID, rotation.Plan(in)); err != nil {
			return err
		}
		r, err = tx.ChangeProgramme(hualong, r.ID, func(r *record.Programme) { r.State = record.PlanPublishing })
		return err
	})
	return r
}

func (c *county) standings(r record.Programme) (list []record.Standing) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) { list, err = tx.Standings(r.ID, hualong); return err })
	return list
}

func (c *county) check() {
	c.t.Helper()
	found, err := c.store.Check(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range found {
		c.t.Error("data:", f)
	}
}

// checkPublished holds a published programme against its draft's promise: every
// seat is written and told once, every day has its session with those people.
func (c *county) checkPublished(r record.Programme, seats int) {
	c.t.Helper()
	list := c.standings(r)
	if len(list) != seats {
		c.t.Fatalf("%d branches have seats, want %d", len(list), seats)
	}
	for _, st := range list {
		if st.State != record.SeatAssigned || len(st.Rows) != 1 {
			c.t.Errorf("%+v", st)
		}
	}
	if rows := c.rows("seat/"); len(rows) != seats {
		c.t.Errorf("%d rows tell of them", len(rows))
	}
	c.update(func(tx *storage.Tx) error {
		now, err := tx.Programme(hualong, r.ID)
		if err != nil || now.State != record.PlanPublished {
			c.t.Errorf("the programme is %s, %v", now.State, err)
		}
		batches, err := tx.Batches(r.ID)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if b.State != record.PlanPublished || len(b.Sessions) != 2 {
				c.t.Errorf("%+v", b)
			}
			for _, id := range b.Sessions {
				if n, err := tx.Tally(id, ""); err != nil || n.Expected != b.Taken {
					c.t.Errorf("%s expects %d of %d, %v", id, n.Expected, b.Taken, err)
				}
			}
		}
		return nil
	})
	c.check()
}

func TestPublish(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 2, 5)
		p := c.programme(4)
		c.wake()
		c.checkPublished(p, 8)
		before := r.under.commits.Load()
		c.wake()
		if after := r.under.commits.Load(); after != before {
			t.Errorf("a second look wrote %d times", after-before)
		}
	})
}

// A publication that is cut off at any commit is taken up by the next process,
// and nobody gets two seats or is told twice.
func TestPublishCutOff(t *testing.T) {
	for _, after := range []bool{false, true} {
		for dies := int64(1); ; dies++ {
			finished := false
			inFakeTime(t, func(t *testing.T, r *rig) {
				c := newCounty(r, 2, 5)
				p := c.programme(4)
				r.under.commits.Store(0)
				r.under.dies, r.under.after = dies, after
				c.planner()
				finished = c.plan.Wake(context.Background()) == nil
				r.under.dies = 0
				c.wake()
				c.checkPublished(p, 8)
			})
			if finished {
				break
			}
		}
	}
}

// A seat that somebody gives back is offered to the next in order until a
// deadline; an offer that nobody answers moves on.
func TestFreedSeats(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 2, 5)
		p := c.programme(4) // ten branches, eight seats
		c.wake()
		gone := c.standings(p)[0]
		c.update(func(tx *storage.Tx) error {
			_, err := tx.AnswerSeat(p.ID, gone.Village, false, c.cfg.hours(), gone.Person, "家中有事")
			return err
		})
		c.wake()
		offered := func() (list []record.Standing) {
			return slices.DeleteFunc(c.standings(p), func(st record.Standing) bool { return st.State != record.SeatOffered })
		}
		first := offered()
		if len(first) != 1 || first[0].Batch != gone.Batch || !first[0].AnswerBy.Equal(on("11-28 10:00")) {
			t.Fatalf("offered: %+v", first)
		}
		c.wake()
		if len(offered()) != 1 {
			t.Error("one free seat is offered to several")
		}
		c.goTo("11-28 10:01")
		c.wake()
		second := offered()
		if len(second) != 1 || second[0].Village == first[0].Village {
			t.Fatalf("after the deadline: %+v", second)
		}
		c.goTo("11-29 12:00")
		c.wake()
		if left := offered(); len(left) != 0 {
			t.Errorf("everybody was asked, but %+v", left)
		}
		c.check()
	})
}

// batchDay holds a day of the first batch: so many come.
func (c *county) batchDay(day int, id record.SessionID, come []record.Standing) {
	c.t.Helper()
	c.goTo(fmt.Sprintf("12-%d 09:00", 14+day))
	c.update(func(tx *storage.Tx) error { _, err := tx.OpenSession(id); return err })
	c.update(func(tx *storage.Tx) error {
		s, err := tx.Session(id)
		if err != nil {
			return err
		}
		for _, st := range come {
			actor, err := tx.Actor(st.Person)
			if err != nil {
				return err
			}
			if _, err := tx.CheckIn(s, actor, record.ByCode); err != nil {
				return err
			}
		}
		return nil
	})
	c.update(func(tx *storage.Tx) error { _, err := tx.CloseSession(id); return err })
	c.wake()
}

// A study note that is not handed in is told to its township the workday after it
// was due, and to the county a week later; once each.
func TestLateNotesAreTold(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 3)
		p := c.programme(3)
		c.wake()
		var b record.Batch
		c.update(func(tx *storage.Tx) error {
			batches, err := tx.Batches(p.ID)
			b = batches[0]
			return err
		})
		seats := c.standings(p)
		for day, id := range b.Sessions {
			c.batchDay(day, id, seats)
		}
		handed := seats[0]
		c.update(func(tx *storage.Tx) error {
			if _, err := tx.AddNotePart(p.ID, handed.Village, record.NotePart{Person: handed.Person, Text: "学了公开账目"}); err != nil {
				return err
			}
			_, err := tx.HandInNote(p.ID, handed.Village, handed.Person)
			return err
		})
		for day := on("12-28 08:30"); day.Before(on("12-28 08:30").AddDate(0, 0, 12)); day = day.AddDate(0, 0, 1) {
			for _, at := range []time.Time{day, day.Add(8*time.Hour + 30*time.Minute)} {
				time.Sleep(at.Sub(c.clock.Now()))
				c.wake()
			}
		}
		got := slices.DeleteFunc(c.digests(), func(d string) bool { return d < "12-28" && d > "01-10" })
		want := []string{"01-06T08:30 county 630224", "12-30T17:00 town0 630224001"}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		c.update(func(tx *storage.Tx) error {
			late, err := tx.LateNotes(hualong, "2026-12-31")
			if len(late) != 1 || late[0].Village == handed.Village {
				t.Errorf("late are %+v", late)
			}
			return err
		})
	})
}

// What came of a batch is settled after its last day, the hosts' posts end, and
// those who were absent come first next time.
func TestBatchIsSettled(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 2, 5)
		p := c.programme(4)
		c.wake()
		var b record.Batch
		c.update(func(tx *storage.Tx) error {
			batches, err := tx.Batches(p.ID)
			b = batches[0]
			return err
		})
		seats := slices.DeleteFunc(c.standings(p), func(st record.Standing) bool { return st.Batch != b.ID })
		for day, id := range b.Sessions {
			c.batchDay(day, id, seats[1:])
			if day == 0 && slices.ContainsFunc(c.standings(p), func(st record.Standing) bool { return st.State == record.SeatAttended }) {
				t.Error("settled after the first day")
			}
		}
		for _, st := range c.standings(p) {
			want := record.SeatAttended
			switch {
			case st.Batch != b.ID:
				want = record.SeatAssigned
			case st.Village == seats[0].Village:
				want = record.SeatAbsent
			}
			if st.State != want || st.MakeUp != (want == record.SeatAbsent) {
				t.Errorf("%s is %s, want %s", st.Village, st.State, want)
			}
		}
		c.check()
	})
}

// A post that was given for a time ends after its last day.
func TestPostsEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 1)
		guest := c.people[c.villages[0]]
		c.update(func(tx *storage.Tx) error {
			return tx.AppointUntil(guest, record.Host, hualong, "2026-11-27", "2026-12-18")
		})
		holds := func() (held bool) {
			c.update(func(tx *storage.Tx) error {
				actor, err := tx.Actor(guest)
				held = actor.Has(record.Host)
				return err
			})
			return held
		}
		c.goTo("12-18 23:00")
		c.wake()
		if !holds() {
			t.Error("ended on its last day")
		}
		c.goTo("12-19 00:10")
		c.wake()
		if holds() {
			t.Error("did not end")
		}
		c.check()
	})
}

// rotaCycle is a cycle over two bases that is being published.
func (c *county) rotaCycle(capacity int) (cycle record.Cycle) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		slots := func(days ...time.Weekday) (list []record.Slot) {
			for _, d := range days {
				list = append(list, record.Slot{Weekday: d, Hours: "09:00-11:30"})
			}
			return list
		}
		for _, id := range []record.BaseID{"party", "clean"} {
			if err := tx.PutBase(hualong, record.Base{ID: id, Name: string(id)}); err != nil {
				return err
			}
		}
		cycle, err = tx.AddCycle(record.Cycle{
			Place: hualong, Title: "第 1 轮", From: "2026-12-01", Gap: 3, By: c.officer,
			Bases: []record.CycleBase{
				{Base: "party", Capacity: capacity, Slots: slots(time.Tuesday), Hosts: []record.PersonID{c.host}},
				{Base: "clean", Capacity: capacity, Slots: slots(time.Friday), Hosts: []record.PersonID{c.host}},
			},
		})
		if err != nil {
			return err
		}
		in, err := tx.RotaInput(cycle, c.cfg.hours())
		if err != nil {
			return err
		}
		c.planner()
		_, err = tx.AddRotaChange(record.RotaChange{
			Cycle: cycle.ID, By: c.officer, Publication: true, Moves: record.MovesOf(in.Turns, c.plan.PlanRota(in)),
		})
		return err
	})
	return cycle
}

func (c *county) turns(cycle record.Cycle) (list []record.Turn) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) { list, err = tx.Turns(cycle, hualong); return err })
	return list
}

func (c *county) checkRota(cycle record.Cycle, planned, told int) {
	c.t.Helper()
	n := 0
	for _, turn := range c.turns(cycle) {
		if turn.State == record.TurnPlanned && turn.Session != "" {
			n++
		}
	}
	if n != planned {
		c.t.Errorf("%d turns are planned, want %d", n, planned)
	}
	if rows := c.rows("turns/"); len(rows) != told {
		c.t.Errorf("%d rows tell of turns, want %d: %v", len(rows), told, rows)
	}
	c.check()
}

func TestRotaIsPublished(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 2, 5)
		cycle := c.rotaCycle(4)
		c.wake()
		c.checkRota(cycle, 20, 10)
		c.wake() // the first sight of its sessions
		c.update(func(tx *storage.Tx) error {
			now, err := tx.Cycle(hualong, cycle.ID)
			if now.State != record.PlanPublished {
				t.Errorf("the cycle is %s", now.State)
			}
			return err
		})
		before := r.under.commits.Load()
		c.wake()
		if after := r.under.commits.Load(); after != before {
			t.Errorf("a second look wrote %d times", after-before)
		}
	})
}

func TestRotaCutOff(t *testing.T) {
	for _, after := range []bool{false, true} {
		for dies := int64(1); ; dies++ {
			finished := false
			inFakeTime(t, func(t *testing.T, r *rig) {
				c := newCounty(r, 2, 5)
				cycle := c.rotaCycle(4)
				r.under.commits.Store(0)
				r.under.dies, r.under.after = dies, after
				c.planner()
				finished = c.plan.Wake(context.Background()) == nil
				r.under.dies = 0
				c.wake()
				c.checkRota(cycle, 20, 10)
			})
			if finished {
				break
			}
		}
	}
}

// Who was absent gets a make-up by itself, and is told; a cycle in which nothing
// is left ends.
func TestTurnsAreServedAndMadeUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 3)
		cycle := c.rotaCycle(3)
		c.wake()
		absent := c.villages[0]
		for day := 1; day <= 40; day++ {
			at := on("12-01 00:00").AddDate(0, 0, day-1).Add(9 * time.Hour)
			c.clock.move(at.Sub(c.clock.Now()))
			c.hold(at, func(v record.Code) bool { return v != absent || day > 10 })
			c.wake()
		}
		for _, turn := range c.turns(cycle) {
			if turn.State != record.TurnServed {
				t.Errorf("%s at %s is %s", turn.Village, turn.Base, turn.State)
			}
		}
		c.update(func(tx *storage.Tx) error {
			now, err := tx.Cycle(hualong, cycle.ID)
			if now.State != record.PlanEnded {
				t.Errorf("the cycle is %s", now.State)
			}
			return err
		})
		if rows := c.rows("turns/" + string(cycle.ID)); len(rows) < 5 {
			t.Errorf("rows: %v", rows)
		}
		c.check()
	})
}

// hold opens and closes the sessions that start at an instant, with those who
// come.
func (c *county) hold(at time.Time, comes func(record.Code) bool) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		list, err := tx.SessionsBetween(hualong, at, at.Add(time.Minute))
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.State != record.Planned {
				continue
			}
			if s, err = tx.OpenSession(s.ID); err != nil {
				return err
			}
			expected, err := tx.Expected(s.ID, hualong)
			if err != nil {
				return err
			}
			for _, v := range expected {
				actor, err := tx.Actor(c.people[v])
				if err != nil {
					return err
				}
				if comes(v) {
					if _, err := tx.CheckIn(s, actor, record.ByCode); err != nil {
						return err
					}
				}
			}
			if _, err := tx.CloseSession(s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

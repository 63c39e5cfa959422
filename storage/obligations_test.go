package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/record"
)

// obliged plays what can befall the turns of a cycle.
type obliged struct {
	*county
	cycle record.Cycle
}

// slot is one of the next Tuesdays, or the one before them, which is over.
func (o *obliged) slot(k int) record.TurnSlot {
	day := o.now.AddDate(0, 0, (int(time.Tuesday)-int(o.now.Weekday())+7)%7+7*(k%4-1))
	return record.TurnSlot{Day: record.DateOf(day), Hours: "09:00-11:30"}
}

// secretary is the actor who is secretary of a branch; nobody: false.
func (o *obliged) secretary(tx *Tx, v record.Code) (record.Actor, bool) {
	p, found, err := tx.Secretary(v)
	if err != nil || !found {
		return record.Actor{}, false
	}
	a, err := tx.Actor(p.ID)
	return a, err == nil
}

// acts are the things that happen; a refusal is no fault.
func (o *obliged) acts(v, w record.Code, k int) []func(*Tx) error {
	return []func(*Tx) error{
		func(tx *Tx) error { return o.plan(tx, v, o.slot(k)) },
		func(tx *Tx) error { return o.plan(tx, v, record.TurnSlot{}) },
		func(tx *Tx) error { return o.undo(tx, v) },
		func(tx *Tx) error { return o.mark(tx, v, k) },
		func(tx *Tx) error { return o.mark(tx, v, k+1) },
		func(tx *Tx) error { return o.session(tx, v, k) },
		func(tx *Tx) error { return o.session(tx, v, k) },
		func(tx *Tx) error { return o.swap(tx, v, w, record.SwapTurns) },
		func(tx *Tx) error { return o.swap(tx, v, w, record.Substitute) },
		func(tx *Tx) error { return o.leave(tx, v, k) },
		func(tx *Tx) error { return o.withdraw(tx, v) },
		func(tx *Tx) error { _, err := tx.ForgiveTurn(o.cycle, "party", v, "p1", "去年已参加"); return err },
		func(tx *Tx) error { return tx.Appoint(o.people[k%len(o.people)], record.Secretary, v, "2026") },
	}
}

func (o *obliged) plan(tx *Tx, v record.Code, to record.TurnSlot) error {
	t, err := tx.Turn(o.cycle.ID, "party", v)
	if err != nil {
		return err
	}
	_, err = tx.MoveTurn(o.cycle, record.TurnMove{Base: "party", Village: v, From: t.TurnSlot, To: to}, hours, "p1", "")
	return err
}

// undo takes a turn back to where it was before its last step.
func (o *obliged) undo(tx *Tx, v record.Code) error {
	t, err := tx.Turn(o.cycle.ID, "party", v)
	if err != nil || len(t.Rows) < 2 {
		return err
	}
	return o.plan(tx, v, t.Rows[len(t.Rows)-2].TurnSlot)
}

// mark says something of a branch at one of the sessions that it was planned at.
func (o *obliged) mark(tx *Tx, v record.Code, k int) error {
	t, err := tx.Turn(o.cycle.ID, "party", v)
	if err != nil || len(t.Rows) == 0 {
		return err
	}
	s, err := tx.Session(t.Rows[k%len(t.Rows)].Session)
	if err != nil {
		return err
	}
	about, found := o.secretary(tx, v)
	if !found {
		return nil
	}
	status := []record.Status{record.Present, record.Absent, record.Excused}[k%3]
	return tx.Mark(s, about, status, record.ByHost, "p1", "更正")
}

// session moves a turn's session on, or cancels it.
func (o *obliged) session(tx *Tx, v record.Code, k int) error {
	t, err := tx.Turn(o.cycle.ID, "party", v)
	if err != nil || t.Session == "" {
		return err
	}
	s, err := tx.Session(t.Session)
	switch {
	case err != nil:
		return err
	case s.State == record.Open:
		_, err = tx.CloseSession(s.ID)
	case k%5 == 0:
		_, err = tx.CancelSession(s.ID)
	default:
		_, err = tx.OpenSession(s.ID)
	}
	return err
}

func (o *obliged) swap(tx *Tx, v, w record.Code, kind record.SwapKind) error {
	got, err := tx.AskSwap(o.cycle, record.Swap{Kind: kind, Base: "party", From: v, To: w, Reason: "家中有事"}, hours, "p1")
	if err != nil {
		return err
	}
	row := record.RequestRow{By: "p1"}
	if got, err = tx.AnswerSwap(o.cycle, got.ID, true, hours, row); err != nil || got.State != record.RequestAgreed {
		return err
	}
	_, err = tx.DecideSwap(o.cycle, got.ID, true, hours, row)
	return err
}

func (o *obliged) leave(tx *Tx, v record.Code, k int) error {
	p, found, err := tx.Secretary(v)
	if err != nil || !found {
		return err
	}
	day := o.slot(k).Day
	l, err := tx.AskLeave(record.Leave{Village: v, Person: p.ID, Days: record.Days{From: day, To: day}, Reason: "住院"}, hours, p.ID)
	if err != nil {
		return err
	}
	_, err = tx.DecideLeave(l.ID, true, hours, "p1", "")
	return err
}

func (o *obliged) withdraw(tx *Tx, v record.Code) error {
	ids, err := tx.RequestsOf(v)
	for _, id := range slices.Backward(ids) {
		if err == nil && IsLeave(id) {
			_, err = tx.WithdrawLeave(id, hours, "p1")
			return err
		}
	}
	return err
}

// keep does what the planner does by itself: outcomes into the ledger, approved
// leave at sessions planned since.
func (o *obliged) keep() {
	o.settle()
	o.do(func(tx *Tx) error {
		leaves, err := tx.ApprovedLeave("630224", record.DateOf(o.now))
		for _, l := range leaves {
			if err == nil {
				err = tx.KeepLeave(l.ID, hours)
			}
		}
		return err
	})
}

// stands checks that a branch's obligation stands somewhere, and says so truly.
func (o *obliged) stands(tx *Tx, t record.Turn) error {
	at, came, err := o.history(tx, t)
	if err != nil {
		return err
	}
	fault := func(what string) error { return fmt.Errorf("%s: %+v", what, t) }
	switch t.State {
	case record.TurnPlanned:
		if len(at) != 1 || at[0] != t.Session || came {
			return fault(fmt.Sprintf("planned, expected at %v, came %v", at, came))
		}
	case record.TurnServed, record.TurnSubstituted:
		if len(at) > 0 && came || !came {
			// A second session may be open to which the branch has come as well.
			return o.servedTwice(tx, t, at, came)
		}
	case record.TurnForgiven:
		if len(at) > 0 || t.Rows[len(t.Rows)-1].Reason == "" {
			return fault(fmt.Sprintf("forgiven, expected at %v", at))
		}
	case record.TurnOwed:
		if len(at) > 0 || came || t.Session != "" || t.Day != "" || t.Fixed || t.Substitute != "" {
			return fault(fmt.Sprintf("owed, expected at %v, came %v", at, came))
		}
	default:
		return fault("in no state")
	}
	return nil
}

func (o *obliged) servedTwice(tx *Tx, t record.Turn, at []record.SessionID, came bool) error {
	if !came {
		return fmt.Errorf("%s, and never came: %+v", t.State, t)
	}
	for _, id := range at {
		if s, err := tx.Session(id); err != nil || s.State != record.Open {
			return fmt.Errorf("%s, and expected at %s: %+v, %w", t.State, id, t, err)
		}
	}
	return nil
}

// history lists the sessions to come that expect the branch for its turn, and
// says whether it came to one that is closed.
func (o *obliged) history(tx *Tx, t record.Turn) (at []record.SessionID, came bool, err error) {
	all, err := tx.SessionsBetween("630224", o.now.AddDate(-1, 0, 0), o.now.AddDate(1, 0, 0))
	for _, s := range all {
		if err != nil {
			return at, came, err
		}
		var expected []record.Code
		if expected, err = tx.Expected(s.ID, t.Village); err != nil || len(expected) == 0 {
			continue
		}
		switch s.State {
		case record.Planned, record.Open:
			at = append(at, s.ID)
		case record.Closed:
			var mark BranchMark
			mark, _, err = tx.Branch(s.ID, t.Village)
			came = came || mark.Status.Came()
		}
	}
	return at, came, err
}

// Whatever happens, in any order, every branch of a cycle has either a day, or has
// served its turn, or was forgiven it with a reason, or is seen to owe it; the
// counts say the same.
func TestObligationsAreNeverLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newCounty(rt)
		o := &obliged{county: c}
		for i, v := range []int{0, 1, 2, 4} { // the first person is secretary of two branches
			c.do(func(tx *Tx) error { return tx.Appoint(c.people[i%3], record.Secretary, c.village(v), "2020") })
		}
		c.do(func(tx *Tx) (err error) {
			if err := tx.PutBase("630224", record.Base{ID: "party", Name: "党性教育基地"}); err != nil {
				return err
			}
			o.cycle, err = tx.AddCycle(oneBase)
			return err
		})
		draw := func(n int, what string) int { return rapid.IntRange(0, n-1).Draw(rt, what) }
		var told []string
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			v, w, k := c.village([]int{0, 1, 2, 4}[draw(4, "branch")]), c.village([]int{0, 1, 2, 4}[draw(4, "other")]), draw(60, "k")
			acts := o.acts(v, w, k)
			which := draw(len(acts)+1, "act")
			told = append(told, fmt.Sprintf("%d %s %s %d", which, v, w, k))
			if which == len(acts) {
				c.now = c.now.Add(time.Duration(k) * time.Hour)
			} else {
				c.try(acts[which])
			}
			o.keep()
			c.do(func(tx *Tx) error {
				turns, err := tx.Turns(o.cycle, "630224")
				for _, turn := range turns {
					if err == nil {
						err = o.stands(tx, turn)
					}
				}
				if err != nil {
					rt.Fatalf("%v\nafter %s", err, strings.Join(told, "\n"))
				}
				return err
			})
		}
		if found := c.check(); len(found) > 0 {
			rt.Fatalf("%s\nafter %s", strings.Join(found, "\n"), strings.Join(told, "\n"))
		}
	})
}

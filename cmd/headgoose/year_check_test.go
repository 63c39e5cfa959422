package main

import (
	"fmt"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// check holds the year against what it promises.
func (y *year) check() {
	y.t.Helper()
	for _, f := range y.late {
		y.t.Error("arrived though it was not so:", f)
	}
	y.onceEach()
	y.withinBudget()
	y.turnsEnd()
	y.seatsEnd()
	y.notesEnd()
	found, err := y.store.Check(y.ctx)
	y.must(err)
	for _, f := range found {
		y.t.Error("data:", f)
	}
}

// onceEach: no notice came twice, unless the second says that it is a repeat; and
// each is as the table of kinds has it.
func (y *year) onceEach() {
	var said spoken
	times := map[string]int{}
	for _, h := range y.heard {
		said.row(y.t, h.row)
		if times[h.row.Key]++; times[h.row.Key] > 1 && !h.row.Maybe {
			y.t.Errorf("%s arrived %d times", h.row.Key, times[h.row.Key])
		}
	}
}

// withinBudget: nobody got more prompts in a week than the bound, but for what
// was urgent. Counted from what arrived, not from what the program counts.
func (y *year) withinBudget() {
	type week struct {
		person record.PersonID
		name   string
	}
	got := map[week]int{}
	for _, h := range y.heard {
		if h.row.Prompt && !h.row.UrgentAt(h.at) {
			got[week{h.row.Person, record.WeekName(h.at.In(y.zone))}]++
		}
	}
	most := 0
	for w, n := range got {
		bound := y.conf.Prompts.Week
		y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
			actor, err := tx.Actor(w.person)
			if actor.Has(record.CountyOfficer, record.TownshipOfficer, record.Host) {
				bound = y.conf.Prompts.Officer
			} else {
				most = max(most, n)
			}
			return err
		}))
		if n > bound {
			y.t.Errorf("%s got %d prompts in %s, more than %d", w.person, n, w.name, bound)
		}
	}
	y.counts["most prompts in a week"] = most
}

// turnsEnd: every turn of a cycle is settled, or stands in the open as planned or
// owed; a cycle has ended only when nothing is left of it, and the first has come
// to its end in a year.
func (y *year) turnsEnd() {
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		for i, id := range y.cycles {
			c, err := tx.Cycle(yearCounty, id)
			if err != nil {
				return err
			}
			turns, err := tx.Turns(c, yearCounty)
			if err != nil {
				return err
			}
			open, settled := 0, 0
			for _, turn := range turns {
				y.counts[fmt.Sprintf("cycle %d: %s", i+1, turn.State)]++
				switch {
				case turn.State.Settled():
					settled++
				case turn.State == record.TurnPlanned && turn.Day == "", turn.State != record.TurnPlanned && turn.State != record.TurnOwed:
					y.t.Errorf("cycle %s: turn of %s is lost: %+v", id, turn.Village, turn)
				default:
					open++
				}
			}
			if want := 2 * len(y.villages); len(turns) != want {
				y.t.Errorf("cycle %s has %d turns, want %d", id, len(turns), want)
			}
			if (c.State == record.PlanEnded) != (open == 0) {
				y.t.Errorf("cycle %s is %s with %d turns open", id, c.State, open)
			}
			if i == 0 && yearDays == 365 && settled < len(turns)*99/100 {
				y.t.Errorf("after a year %d of %d turns of the first cycle are settled", settled, len(turns))
			}
		}
		return nil
	}))
}

// seatsEnd: every branch stands somewhere in the coverage ledger, an absence with
// a make-up due, and what is not planned is counted.
func (y *year) seatsEnd() {
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		cover, err := tx.Coverage(y.programme.ID, yearCounty)
		if err != nil {
			return err
		}
		list, err := tx.Standings(y.programme.ID, yearCounty)
		if err != nil {
			return err
		}
		sum := 0
		for state, n := range cover.States {
			y.counts["seat "+string(state)] = n
			sum += n
		}
		if sum != len(list) || sum > len(y.villages) {
			y.t.Errorf("coverage counts %d branches, %d have a standing", sum, len(list))
		}
		y.counts["seat none"] = len(y.villages) - sum
		for _, st := range list {
			if st.State == record.SeatAbsent && !st.MakeUp {
				y.t.Errorf("%s was absent and owes nothing", st.Village)
			}
			if st.State == record.SeatOffered {
				y.t.Errorf("%s still has an offer of %s", st.Village, st.AnswerBy)
			}
		}
		if yearDays == 365 && cover.States[record.SeatAttended] < len(y.villages)*9/10 {
			y.t.Errorf("only %d of %d attended", cover.States[record.SeatAttended], len(y.villages))
		}
		return nil
	}))
}

// notesEnd: who attended owes a note, which is accepted, forgiven, or stands in
// the open; its words have been said as far as their days have come.
func (y *year) notesEnd() {
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		list, err := tx.Standings(y.programme.ID, yearCounty)
		if err != nil {
			return err
		}
		today := record.DateOf(time.Now().In(y.zone))
		for _, st := range list {
			if st.State != record.SeatAttended {
				continue
			}
			n, err := tx.Note(y.programme.ID, st.Village)
			if err != nil {
				return fmt.Errorf("%s attended: %w", st.Village, err)
			}
			y.counts["note "+string(n.State)]++
			if n.Next != "" && n.Next < today.Shift(-1) {
				y.t.Errorf("of the note of %s a word was to be said on %s: %+v", st.Village, n.Next, n)
			}
		}
		return nil
	}))
}

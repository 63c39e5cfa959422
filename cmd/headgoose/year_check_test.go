package main

import (
	"fmt"
	"slices"
	"strings"
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
	y.requestsEnd()
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

// requestsEnd: no leave and no swap stays open past its deadline.
func (y *year) requestsEnd() {
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		ids, err := tx.RequestsDue(yearCounty)
		for _, id := range ids {
			villages, err := tx.RequestVillages(id)
			if err != nil {
				return err
			}
			row, err := tx.RequestNotice(id, villages[0], "", y.hours())
			if err != nil {
				return err
			}
			if row.UselessAfter.Before(y.looked) {
				y.t.Errorf("request %s is open past its deadline, %s", id, row.UselessAfter)
			}
		}
		return err
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

// heardOf holds a session that is about to be opened against the ladder: whoever
// is to come has heard of it, was reminded unless an answer had made that needless,
// and stands in a digest of the officers when nothing is known of them. What was
// planned within two days, and what an outage kept back, is left out.
func (y *year) heardOf(s record.Session) {
	if s.Day > 1 || y.deaf || time.Since(y.upSince) < 50*time.Hour {
		return
	}
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		missing, err := tx.Missing(s.ID, yearCounty)
		if err != nil {
			return err
		}
		by, err := tx.StandIns(s.ID)
		if err != nil {
			return err
		}
		for _, v := range missing {
			if in := by[v]; in != "" {
				v = in
			}
			if err := y.ladderOf(tx, s, v); err != nil {
				return err
			}
		}
		return nil
	}))
}

// ladderOf is heardOf for one branch.
func (y *year) ladderOf(tx *storage.Tx, s record.Session, v record.Code) error {
	p, held, err := tx.Secretary(v)
	if err != nil || !held || y.newAt(tx, s, v, p.ID) {
		return err
	}
	reminded, digest := false, false
	y.mu.Lock()
	for _, row := range y.reminders[s.ID] {
		reminded = reminded || (row.Person == p.ID && row.Rev == s.Rev)
	}
	for _, h := range slices.Backward(y.digests) {
		if s.Start.Sub(h.at) > 6*24*time.Hour || digest {
			break
		}
		until, err := time.Parse(time.RFC3339, h.row.Args["until"])
		told := strings.Contains(h.row.Args["places"], string(v.Township())) || h.row.Args["places"] == yearCounty
		digest = err == nil && told && !s.Start.After(until)
	}
	y.mu.Unlock()
	a, answered, err := tx.Answered(s, v)
	if err != nil {
		return err
	}
	if !reminded && !(answered && a.Kind != record.Received) && !y.heldBack(tx, s, p.ID) {
		y.t.Errorf("%s begins at %s: %s was not reminded", s.ID, s.Start, p.Name)
	}
	if !answered && !digest {
		y.t.Errorf("%s begins at %s: no officer was told that nothing is known of %s", s.ID, s.Start, p.Name)
	}
	y.note("ladders looked at")
	return nil
}

// newAt says whether a branch has come to a session, or its secretary to the post,
// too late for the ladder.
func (y *year) newAt(tx *storage.Tx, s record.Session, v record.Code, id record.PersonID) bool {
	actor, err := tx.Actor(id)
	y.must(err)
	late := record.DateOf(s.Start.In(y.zone)).Shift(-4)
	for _, post := range actor.Posts {
		if post.From >= late {
			return true
		}
	}
	last := time.Time{}
	turns, err := tx.TurnsOf(v)
	y.must(err)
	for _, t := range turns {
		for _, r := range t.Rows {
			if r.Session == s.ID && r.At.After(last) {
				last = r.At
			}
		}
	}
	seats, err := tx.StandingsOf(v)
	y.must(err)
	for _, st := range seats {
		for _, r := range st.Rows {
			if r.Batch != "" && r.Batch == s.Batch && r.At.After(last) {
				last = r.At
			}
		}
	}
	return s.Start.Sub(last) < 4*24*time.Hour
}

// heldBack says whether a person's week had no room for a reminder, which then
// stands on the officers' list.
func (y *year) heldBack(tx *storage.Tx, s record.Session, id record.PersonID) bool {
	rows, err := tx.OutboxUnder(record.NoticeKey(s.ID, id), 20)
	y.must(err)
	for _, row := range rows {
		if row.Reason == record.ReasonBudget {
			y.note("reminders held back")
			return true
		}
	}
	return false
}

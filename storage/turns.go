package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"headgoose/storage/record"
)

// Keys:
//
//	turn/<cycle>/<base>/<village>         -> record.Turn; none: the turn is owed
//	turnof/<village>/<cycle>/<base>       -> true
//	turncount/<cycle>/<place>             -> TurnCount, of a township or the county
//
// A turn has a row from the moment that it was first planned, forgiven or
// settled; before, it is owed.

func turnKey(cycle record.CycleID, base record.BaseID, village record.Code) string {
	return "turn/" + string(cycle) + "/" + string(base) + "/" + string(village)
}

func turnOfKey(t record.Turn) string {
	return "turnof/" + string(t.Village) + "/" + string(t.Cycle) + "/" + string(t.Base)
}

// TurnCount counts the turns of a place at each base by state. Owed turns are
// not counted as they are not all written down: they are the villages that are
// left.
type TurnCount map[record.BaseID]map[record.TurnState]int

// Turn reads the turn of a branch at a base.
func (tx *Tx) Turn(cycle record.CycleID, base record.BaseID, village record.Code) (record.Turn, error) {
	t, found, err := get[record.Turn](tx, turnKey(cycle, base, village))
	if !found {
		t = record.Turn{Cycle: cycle, Base: base, Village: village, State: record.TurnOwed}
	}
	return t, err
}

// Turns lists the turns of a place (a county, a township or one village) in a
// cycle, by base, in the office's order; owed ones are among them.
func (tx *Tx) Turns(c record.Cycle, place record.Code) ([]record.Turn, error) {
	villages, err := tx.Villages(place)
	if err != nil {
		return nil, err
	}
	var list []record.Turn
	for _, b := range c.Bases {
		rows := map[record.Code]record.Turn{}
		for e, err := range scan[record.Turn](tx, under(turnKey(c.ID, b.Base, place))) {
			if err != nil {
				return nil, err
			}
			rows[e.val.Village] = e.val
		}
		for _, v := range villages {
			t, found := rows[v.Code]
			if !found {
				t = record.Turn{Cycle: c.ID, Base: b.Base, Village: v.Code, State: record.TurnOwed}
			}
			list = append(list, t)
		}
	}
	return list, nil
}

// TurnsOf lists the turns of a branch in all cycles that have a row.
func (tx *Tx) TurnsOf(village record.Code) ([]record.Turn, error) {
	prefix := "turnof/" + string(village) + "/"
	var list []record.Turn
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		cycle, base, _ := strings.Cut(string(e.Key[len(prefix):]), "/")
		t, err := tx.Turn(record.CycleID(cycle), record.BaseID(base), village)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// TurnCount counts the turns of a township or the county.
func (tx *Tx) TurnCount(cycle record.CycleID, place record.Code) (TurnCount, error) {
	n, _, err := get[TurnCount](tx, "turncount/"+string(cycle)+"/"+string(place))
	return n, err
}

// putTurn writes a turn in the place of old, with a row that says so, its index
// and its counts. Five writes at most.
func (tx *Tx) putTurn(old record.Turn, t *record.Turn, by record.PersonID, reason string) error {
	p, _, err := tx.Secretary(t.Village)
	if err != nil {
		return err
	}
	t.Rows = append(slices.Clone(old.Rows), record.TurnRow{
		At: tx.Now, State: t.State, TurnSlot: t.TurnSlot, Session: t.Session, Person: p.ID, By: by, Reason: reason,
	})
	if err := put(tx, turnKey(t.Cycle, t.Base, t.Village), *t); err != nil {
		return err
	}
	if len(old.Rows) == 0 {
		if err := put(tx, turnOfKey(*t), true); err != nil {
			return err
		}
	}
	return tx.countTurn(old, *t)
}

func (tx *Tx) countTurn(old, t record.Turn) error {
	for _, place := range []record.Code{t.Village.Township(), t.Village.County()} {
		key := "turncount/" + string(t.Cycle) + "/" + string(place)
		n, _, err := get[TurnCount](tx, key)
		if err != nil {
			return err
		}
		if n == nil {
			n = TurnCount{}
		}
		if len(old.Rows) > 0 {
			n[t.Base] = counted(n[t.Base], old.State, -1)
		}
		n[t.Base] = counted(n[t.Base], t.State, +1)
		if err := put(tx, key, n); err != nil {
			return err
		}
	}
	return nil
}

// MoveTurn moves one turn: its row, who is expected at the sessions, and the
// counts. The session of a slot is made where there is none, and cancelled when
// nobody is expected at it any more. It tells nobody: who calls it tells the
// branch. Refusals: ErrChanged where the turn does not stand at move.From (any
// more), its session is closed, or the slot that it is to go to has begun; ErrSettled;
// ErrFull where the slot has no room left; a refusal has written nothing. About twenty
// writes at most, less where moves share a session.
func (tx *Tx) MoveTurn(c record.Cycle, move record.TurnMove, h record.Hours, by record.PersonID, reason string) (record.Turn, error) {
	old, err := tx.Turn(c.ID, move.Base, move.Village)
	switch {
	case err != nil:
		return old, err
	case old.State.Settled():
		return old, record.ErrSettled
	case old.TurnSlot != move.From, (old.State == record.TurnPlanned) != (move.From.Day != ""):
		return old, record.ErrChanged
	}
	t := old
	t.TurnSlot, t.Provisional, t.Session, t.State, t.Substitute = move.To, move.Provisional, "", record.TurnOwed, ""
	t.Fixed = t.Fixed && move.To.Day != "" // what was agreed is gone with the day
	var into record.Session
	if move.To.Day != "" { // refused before anything is written
		if into, err = tx.slotFor(c, move, h); err != nil {
			return old, err
		}
	}
	if old.State == record.TurnPlanned {
		if err := tx.leaveSlot(old); err != nil {
			return old, err
		}
	}
	if move.To.Day != "" {
		if t.Session, err = tx.enterSlot(into, move.Village); err != nil {
			return old, err
		}
		t.State = record.TurnPlanned
	}
	err = tx.putTurn(old, &t, by, reason)
	return t, err
}

// leaveSlot takes a planned turn off its session, which is cancelled when it
// expects nobody any more.
func (tx *Tx) leaveSlot(t record.Turn) error {
	s, err := tx.Session(t.Session)
	if err != nil {
		return err
	}
	switch s.State {
	case record.Cancelled:
		return nil
	case record.Closed:
		return record.ErrChanged
	}
	if err := tx.Unexpect(s.ID, t.Village); err != nil {
		return errors.Join(record.ErrChanged, err)
	}
	n, err := tx.Tally(s.ID, "")
	if err != nil || n.Expected > 0 || s.State != record.Planned {
		return err
	}
	_, err = tx.ChangeSession(s.ID, func(s *record.Session) { s.State = record.Cancelled })
	return err
}

// slotFor is the session of the slot that a turn moves to: the one that is there,
// or one without an id that is to be made. ErrFull where it has no room left.
func (tx *Tx) slotFor(c record.Cycle, move record.TurnMove, h record.Hours) (s record.Session, err error) {
	i := slices.IndexFunc(c.Bases, func(b record.CycleBase) bool { return b.Base == move.Base })
	if i < 0 {
		return s, fmt.Errorf("%w: base of the cycle", record.ErrNotFound)
	}
	base, err := tx.Base(c.Place, move.Base)
	if err != nil {
		return s, err
	}
	s = record.Session{
		Place: c.Place, Base: base.ID, Title: base.Name, TitleEN: base.NameEN, At: base.At, Meet: c.Bases[i].Meet,
		Hosts: c.Bases[i].Hosts, Cycle: c.ID, By: c.By,
	}
	if err := h.Set(&s, move.To.Day, move.To.Hours); err != nil {
		return s, err
	}
	if !tx.Now.Before(s.Start) {
		return s, fmt.Errorf("%w: the slot is over", record.ErrChanged) // a turn there would be lost
	}
	there, found, err := tx.slotSession(s)
	if err != nil || !found {
		return s, err
	}
	n, err := tx.Tally(there.ID, "")
	if err == nil && n.Expected >= c.Bases[i].Capacity {
		err = record.ErrFull
	}
	return there, err
}

// enterSlot has the session of a slot expect a branch; it makes the session
// where it is not there.
func (tx *Tx) enterSlot(s record.Session, village record.Code) (record.SessionID, error) {
	if s.ID != "" {
		return s.ID, tx.Expect(s.ID, village)
	}
	s, err := tx.AddSession(s, []record.Code{village})
	return s.ID, err
}

// slotSession finds the session of a cycle's slot that has not begun.
func (tx *Tx) slotSession(want record.Session) (record.Session, bool, error) {
	list, err := tx.SessionsBetween(want.Place.County(), want.Start, want.Start.Add(1))
	if err != nil {
		return want, false, err
	}
	i := slices.IndexFunc(list, func(s record.Session) bool {
		return s.Cycle == want.Cycle && s.Base == want.Base && s.End.Equal(want.End) && s.State == record.Planned
	})
	if i < 0 {
		return want, false, nil
	}
	return list[i], true, nil
}

// exchangeTurns exchanges the planned turns of two branches at a base: each is
// expected at the other's session from now on, and neither needs a free place. A
// new plan leaves both.
func (tx *Tx) exchangeTurns(a, b record.Turn, by record.PersonID, reason string) error {
	for _, t := range []record.Turn{a, b} {
		if err := tx.Unexpect(t.Session, t.Village); err != nil {
			return errors.Join(record.ErrChanged, err)
		}
	}
	for _, pair := range [][2]record.Turn{{a, b}, {b, a}} {
		old, other := pair[0], pair[1]
		if err := tx.Expect(other.Session, old.Village); err != nil {
			return err
		}
		t := old
		t.TurnSlot, t.Session, t.Provisional, t.Fixed = other.TurnSlot, other.Session, other.Provisional, true
		if err := tx.putTurn(old, &t, by, reason); err != nil {
			return err
		}
	}
	return nil
}

// ForgiveTurn says that a branch need not come in this cycle, for a reason. A
// turn that is settled is ErrSettled. It tells nobody.
func (tx *Tx) ForgiveTurn(c record.Cycle, base record.BaseID, village record.Code, by record.PersonID, reason string) (record.Turn, error) {
	old, err := tx.Turn(c.ID, base, village)
	switch {
	case err != nil:
		return old, err
	case old.State.Settled():
		return old, record.ErrSettled
	case old.State == record.TurnPlanned:
		if err := tx.leaveSlot(old); err != nil {
			return old, err
		}
	}
	t := old
	t.State, t.TurnSlot, t.Session, t.MakeUp = record.TurnForgiven, record.TurnSlot{}, "", false
	t.Fixed, t.Substitute = false, ""
	err = tx.putTurn(old, &t, by, reason)
	return t, err
}

// FixTurn notes that a turn was agreed or set by hand: a new plan leaves it.
func (tx *Tx) FixTurn(t record.Turn) error {
	t.Fixed = true
	return put(tx, turnKey(t.Cycle, t.Base, t.Village), t)
}

// SubstituteTurn has another branch attend for one at its planned turn.
func (tx *Tx) SubstituteTurn(t record.Turn, substitute record.Code, by record.PersonID, reason string) error {
	if t.State != record.TurnPlanned {
		return record.ErrChanged
	}
	if err := tx.SetStandIn(t.Session, t.Village, substitute); err != nil {
		return err
	}
	mark, marked, err := tx.Branch(t.Session, t.Village)
	if err != nil {
		return err
	}
	if marked && !mark.Status.Came() { // excused, and now somebody comes for it
		if err := tx.unmark(t.Session, t.Village, mark); err != nil {
			return err
		}
	}
	next := t
	next.Substitute, next.Fixed = substitute, true
	return tx.putTurn(t, &next, by, reason)
}

// rebuildTurns writes indexes and counts of turns anew, for Check.
func rebuildTurns(from, to *Tx) error {
	for e, err := range scan[record.Turn](from, under("turn/")) {
		if err != nil {
			return err
		}
		t := e.val
		if err := put(to, turnOfKey(t), true); err != nil {
			return err
		}
		if err := to.countTurn(record.Turn{}, t); err != nil {
			return err
		}
	}
	return nil
}

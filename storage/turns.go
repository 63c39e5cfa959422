package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// SettleTurns carries what came of a session into the turns of one township:
// served, substituted, or owed again with a make-up due. A session that was
// cancelled leaves them owed, one that was moved takes them along. It may be
// repeated, also after a correction: a branch that came to any of the sessions
// at which it had this turn has served it, and one that came to none owes it. Two
// writes for each branch and three for the counts.
func (tx *Tx) SettleTurns(s record.Session, township record.Code, h record.Hours) error {
	villages, err := tx.Expected(s.ID, township)
	if err != nil {
		return err
	}
	by, err := tx.StandIns(s.ID)
	if err != nil {
		return err
	}
	for _, v := range villages {
		t, err := tx.Turn(s.Cycle, s.Base, v)
		if err != nil {
			return err
		}
		if err := tx.settleTurn(s, t, by[v], h); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) settleTurn(s record.Session, t record.Turn, standIn record.Code, h record.Hours) error {
	here := t.Session == s.ID
	if !here && !slices.ContainsFunc(t.Rows, func(r record.TurnRow) bool { return r.Session == s.ID }) {
		return nil // not of this session
	}
	next := t
	var reason string
	switch {
	case s.State == record.Closed:
		if !here && (t.State == record.TurnServed || t.State == record.TurnSubstituted) {
			return nil // served elsewhere, which stands
		}
		mark, _, err := tx.Branch(s.ID, t.Village)
		if err != nil {
			return err
		}
		if next, reason = outcome(s, t, mark, standIn, h); next.State == record.TurnOwed {
			if !here {
				return nil // absent here, and planned or forgiven since
			}
			if next, reason, err = tx.cameElsewhere(s, t, next, reason, h); err != nil {
				return err
			}
		}
	case !here || t.State != record.TurnPlanned:
		return nil
	case s.State == record.Cancelled:
		next.State, next.TurnSlot, next.Session, reason = record.TurnOwed, record.TurnSlot{}, "", "cancelled"
		next.Fixed, next.Substitute = false, ""
	default:
		next.TurnSlot, reason = h.Of(s), "moved"
	}
	if next.State == t.State && next.TurnSlot == t.TurnSlot && next.Session == t.Session {
		return nil
	}
	if t.State == record.TurnPlanned && !here { // came after all: the make-up is not needed
		switch err := tx.leaveSlot(t); {
		case errors.Is(err, record.ErrChanged):
			return nil // that one is closed, or was come to: it settles the turn
		case err != nil:
			return err
		}
	}
	return tx.putTurn(t, &next, "", reason)
}

// cameElsewhere looks for another closed session at which the branch had the turn
// and came, where s says that it is owed: a correction of one session does not
// take away what was done at another.
func (tx *Tx) cameElsewhere(s record.Session, t, owed record.Turn, why string, h record.Hours) (record.Turn, string, error) {
	seen := []record.SessionID{s.ID, ""}
	for _, row := range slices.Backward(t.Rows) {
		if slices.Contains(seen, row.Session) {
			continue
		}
		seen = append(seen, row.Session)
		other, err := tx.Session(row.Session)
		if err != nil {
			return owed, why, err
		}
		mark, _, err := tx.Branch(other.ID, t.Village)
		if err != nil {
			return owed, why, err
		}
		if other.State != record.Closed || !mark.Status.Came() {
			continue
		}
		by, err := tx.StandIns(other.ID)
		if err != nil {
			return owed, why, err
		}
		next, reason := outcome(other, t, mark, by[t.Village], h)
		return next, reason, nil
	}
	return owed, why, nil
}

// outcome is a turn after its session was closed.
func outcome(s record.Session, t record.Turn, mark BranchMark, standIn record.Code, h record.Hours) (record.Turn, string) {
	t.Fixed = false
	if mark.Status.Came() {
		t.State, t.TurnSlot, t.Session, t.MakeUp = record.TurnServed, h.Of(s), s.ID, false
		if standIn != "" {
			t.State = record.TurnSubstituted
		}
		return t, string(mark.Status)
	}
	status := mark.Status
	if status == "" {
		status = record.Absent
	}
	t.State, t.TurnSlot, t.Session, t.MakeUp, t.Substitute = record.TurnOwed, record.TurnSlot{}, "", true, ""
	return t, string(status)
}

// RotaInput is what the planner of a cycle looks at, as of today: nothing up to
// and including today is moved.
func (tx *Tx) RotaInput(c record.Cycle, h record.Hours) (record.RotaInput, error) {
	today := record.DateOf(tx.Now.In(h.Zone))
	in := record.RotaInput{Cycle: c, Today: today, Frozen: today}
	var err error
	if in.Turns, err = tx.Turns(c, c.Place); err != nil {
		return in, err
	}
	if in.Days, err = tx.CalendarDays(c.Place, today, aheadOf(today)); err != nil {
		return in, err
	}
	in.Busy, err = tx.BusyDays(c.Place, h, func(s record.Session) bool { return s.Cycle != c.ID })
	return in, err
}

// ahead is how far planners look.
const ahead = 2 * 366 * 24 * time.Hour

func aheadOf(day record.Date) record.Date {
	t, err := day.In(time.UTC)
	if err != nil {
		return "9999"
	}
	return record.DateOf(t.Add(ahead))
}

// BusyDays lists, by branch, the days from today on that sessions which take
// says yes to and approved leave fill.
func (tx *Tx) BusyDays(county record.Code, h record.Hours, take func(record.Session) bool) (map[record.Code][]record.Busy, error) {
	busy := map[record.Code][]record.Busy{}
	now := tx.Now.In(h.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, h.Zone)
	sessions, err := tx.SessionsBetween(county, midnight, midnight.Add(ahead))
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		if s.State == record.Cancelled || !take(s) {
			continue
		}
		villages, err := tx.Expected(s.ID, county)
		if err != nil {
			return nil, err
		}
		day := h.Of(s).Day
		b := record.Busy{Days: record.Days{From: day, To: day}, Kind: kindOf(s), ID: string(s.ID)}
		by, err := tx.StandIns(s.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range by {
			busy[v] = append(busy[v], b)
		}
		for _, v := range villages {
			busy[v] = append(busy[v], b)
		}
	}
	leaves, err := tx.ApprovedLeave(county, record.DateOf(now))
	if err != nil {
		return nil, err
	}
	for _, l := range leaves {
		about, err := tx.Actor(l.Person)
		if err != nil {
			return nil, err
		}
		for _, v := range about.Places(record.Secretary) { // leave follows the person, not the post
			busy[v] = append(busy[v], record.Busy{Days: l.Days, Kind: record.BusyLeave, ID: string(l.ID)})
		}
	}
	return busy, nil
}

// kindOf is what a session fills days with.
func kindOf(s record.Session) record.BusyKind {
	switch {
	case s.Cycle != "":
		return record.BusyTurn
	case s.Batch != "":
		return record.BusyBatch
	}
	return record.BusySession
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

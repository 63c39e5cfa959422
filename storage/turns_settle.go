package storage

import (
	"errors"
	"slices"

	"headgoose/storage/record"
)

// What came of a session, carried into the turns that were planned for it.

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

package storage

import (
	"fmt"
	"slices"
	"time"

	"headgoose/storage/record"
)

// What is done with a seat of a batch: given, answered, lapsed, released, moved, and
// what came of it. Where a branch stands after each is in standings.go.

// openBatch reads a batch whose seats can still change: it has not ended, and
// its first day lies ahead.
func (tx *Tx) openBatch(id record.BatchID, h record.Hours) (record.Batch, error) {
	b, err := tx.Batch(id)
	if err != nil {
		return b, err
	}
	if b.State == record.PlanEnded || b.State == record.PlanCancelled || b.From <= record.DateOf(tx.Now.In(h.Zone)) {
		return b, record.ErrTooLate
	}
	return b, nil
}

// GiveSeat assigns a seat (offered: keeps a freed one for an answer) to a branch
// that has none or missed its batch, until answerBy. Refusals: ErrFull, ErrTooLate
// for a batch that has begun, ErrPending where the branch has a seat or has attended,
// ErrChanged for the batch that it missed, ErrNotFound where nobody holds the post.
func (tx *Tx) GiveSeat(programme record.ProgrammeID, seat record.RotationSeat, state record.SeatState, answerBy time.Time, h record.Hours, by record.PersonID) (record.Standing, error) {
	old, err := tx.Standing(programme, seat.Village)
	switch {
	case err != nil:
		return old, err
	case !old.Open():
		return old, record.ErrPending
	case old.Missed() && old.Batch == seat.Batch:
		return old, record.ErrChanged
	case state != record.SeatAssigned && state != record.SeatOffered:
		return old, fmt.Errorf("%w: a seat cannot be given as %s", record.ErrInvalid, state)
	}
	b, err := tx.openBatch(seat.Batch, h)
	if err != nil {
		return old, err
	}
	if b.Programme != programme {
		return old, fmt.Errorf("%w: batch of another programme", record.ErrInvalid)
	}
	if _, found, err := tx.Secretary(seat.Village); err != nil || !found {
		if err == nil {
			err = fmt.Errorf("%w: secretary", record.ErrNotFound)
		}
		return old, err
	}
	s := old
	s.State, s.Batch, s.Why, s.AnswerBy = state, seat.Batch, seat.Why, answerBy
	reason := ""
	if len(seat.Why.Args) > 0 && (seat.Why.Kind == record.WhyOfficer || seat.Why.Kind == record.WhyLocked) {
		reason = seat.Why.Args[0]
	}
	err = tx.setStanding(old, &s, by, reason)
	return s, err
}

// AnswerSeat takes a branch's yes or no, its own or an officer's on its behalf.
// A no frees the seat. Refusals: ErrTooLate for an offer whose time is over and
// for a batch that has begun, ErrChanged where the branch has no seat.
func (tx *Tx) AnswerSeat(programme record.ProgrammeID, village record.Code, yes bool, h record.Hours, by record.PersonID, reason string) (record.Standing, error) {
	old, err := tx.Standing(programme, village)
	switch {
	case err != nil:
		return old, err
	case old.State == record.SeatLapsed, old.State == record.SeatOffered && tx.Now.After(old.AnswerBy):
		return old, record.ErrTooLate
	case old.State != record.SeatAssigned && old.State != record.SeatOffered && old.State != record.SeatConfirmed:
		return old, record.ErrChanged
	}
	if _, err := tx.openBatch(old.Batch, h); err != nil {
		return old, err
	}
	s := old
	s.State = record.SeatConfirmed
	if !yes {
		s.State = record.SeatDeclined
	}
	if s.State == old.State {
		return old, record.ErrAlready
	}
	err = tx.setStanding(old, &s, by, reason)
	return s, err
}

// LapseSeat ends an offer that nobody answered in time, and frees the seat.
func (tx *Tx) LapseSeat(programme record.ProgrammeID, village record.Code) (record.Standing, error) {
	old, err := tx.Standing(programme, village)
	if err != nil {
		return old, err
	}
	if old.State != record.SeatOffered || tx.Now.Before(old.AnswerBy) {
		return old, record.ErrChanged
	}
	s := old
	s.State = record.SeatLapsed
	err = tx.setStanding(old, &s, "", "")
	return s, err
}

// ReleaseSeat takes a seat off a branch, with a reason. A batch that has begun
// is ErrTooLate.
func (tx *Tx) ReleaseSeat(programme record.ProgrammeID, village record.Code, h record.Hours, by record.PersonID, reason string) (record.Standing, error) {
	old, err := tx.Standing(programme, village)
	switch {
	case err != nil:
		return old, err
	case old.State != record.SeatAssigned && old.State != record.SeatOffered && old.State != record.SeatConfirmed:
		return old, record.ErrChanged
	}
	b, err := tx.Batch(old.Batch)
	if err != nil {
		return old, err
	}
	if b.State != record.PlanCancelled {
		if _, err := tx.openBatch(old.Batch, h); err != nil {
			return old, err
		}
	}
	s := old
	s.State = record.SeatReleased
	err = tx.setStanding(old, &s, by, reason)
	return s, err
}

// MoveSeat moves a branch's seat to another batch of the programme; it is asked
// for an answer anew. ErrFull, ErrTooLate as for GiveSeat.
func (tx *Tx) MoveSeat(programme record.ProgrammeID, village record.Code, to record.BatchID, answerBy time.Time, h record.Hours, by record.PersonID, reason string) (record.Standing, error) {
	old, err := tx.Standing(programme, village)
	switch {
	case err != nil:
		return old, err
	case old.State != record.SeatAssigned && old.State != record.SeatOffered && old.State != record.SeatConfirmed, old.Batch == to:
		return old, record.ErrChanged
	}
	if _, err := tx.openBatch(old.Batch, h); err != nil {
		return old, err
	}
	b, err := tx.openBatch(to, h)
	if err != nil {
		return old, err
	}
	if b.Programme != programme {
		return old, fmt.Errorf("%w: batch of another programme", record.ErrInvalid)
	}
	s := old
	s.State, s.Batch, s.AnswerBy, s.Why = record.SeatAssigned, to, answerBy, record.Why{Kind: record.WhyOfficer, Args: []string{reason}}
	err = tx.setStanding(old, &s, by, reason)
	return s, err
}

// SettleSeat carries the attendance of a batch's days into a branch's standing:
// attended on at least half of the days, excused where every day missed was
// excused, else absent with a make-up due. Who attended is trained from then on.
// It may be repeated, also after a correction; what a hand has set (CorrectSeat)
// stays. Who turns out to have come after all gives a later seat back, unless that
// batch has begun. changed says whether it wrote.
func (tx *Tx) SettleSeat(b record.Batch, village record.Code, by record.PersonID, reason string) (s record.Standing, changed bool, err error) {
	old, err := tx.Standing(b.Programme, village)
	there := old.AsOf(b.ID)
	if err != nil || !there.State.Held() || !slices.Contains(old.Seats(), b.ID) {
		return old, false, err
	}
	if last := there.Rows[len(there.Rows)-1]; by == "" && last.By != "" && last.State.Over() {
		return old, false, nil
	}
	state, person, err := tx.cameTo(b, village, there.Person)
	if err != nil {
		return old, false, err
	}
	if old.Batch != b.ID {
		if later, err := tx.Batch(old.Batch); err != nil || state != record.SeatAttended || old.State.Over() || later.From <= record.DateOf(tx.Now.UTC()) {
			return old, false, err
		}
	}
	return tx.closeSeat(b, old, state, person, by, reason)
}

// cameTo is what came of a seat by the marks of the batch's days, and who came.
func (tx *Tx) cameTo(b record.Batch, village record.Code, person record.PersonID) (record.SeatState, record.PersonID, error) {
	came, excused := 0, 0
	for _, sid := range b.Sessions {
		mark, _, err := tx.Branch(sid, village)
		if err != nil {
			return "", person, err
		}
		switch {
		case mark.Status.Came():
			came++
			person = mark.Person
		case mark.Status == record.Excused:
			excused++
		}
	}
	state := record.SeatAbsent
	switch {
	case 2*came >= len(b.Sessions) && came > 0:
		state = record.SeatAttended
	case excused > 0 && came+excused == len(b.Sessions):
		state = record.SeatExcused
	}
	return state, person, nil
}

// CorrectSeat sets by hand what came of a seat, with a reason.
func (tx *Tx) CorrectSeat(b record.Batch, village record.Code, state record.SeatState, by record.PersonID, reason string) (record.Standing, error) {
	old, err := tx.Standing(b.Programme, village)
	switch {
	case err != nil:
		return old, err
	case old.Batch != b.ID || !old.State.Held():
		return old, record.ErrChanged
	case !state.Over(), reason == "":
		return old, fmt.Errorf("%w: outcome of a seat", record.ErrInvalid)
	}
	s, changed, err := tx.closeSeat(b, old, state, old.Person, by, reason)
	if err == nil && !changed {
		err = record.ErrAlready
	}
	return s, err
}

func (tx *Tx) closeSeat(b record.Batch, old record.Standing, state record.SeatState, person, by record.PersonID, reason string) (record.Standing, bool, error) {
	if old.State == state && old.Batch == b.ID {
		return old, false, nil
	}
	s := old
	s.State, s.Batch, s.Person = state, b.ID, person
	if err := tx.setStanding(old, &s, by, reason); err != nil {
		return s, true, err
	}
	if err := tx.oweNote(b, s); err != nil || person == "" {
		return s, true, err
	}
	trained, err := tx.Trained(person)
	if err != nil {
		return s, true, err
	}
	switch {
	case state == record.SeatAttended && trained < b.To:
		err = tx.SetTrained(person, b.To)
	case old.State == record.SeatAttended && trained == b.To:
		err = tx.SetTrained(person, "") // what was before is not known any more; an officer can say it
	}
	return s, true, err
}

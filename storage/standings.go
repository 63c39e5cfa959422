package storage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	standing/<programme>/<village>    -> record.Standing
//	standof/<village>/<programme>     -> true
//	seat/<batch>/<village>            -> true: the seats that are held
//	seatdue/<county>/<answer by>/<programme>/<village>  -> true: seats that wait for an answer
//	cover/<programme>/<place>         -> Coverage, of a township or the county
//
// A branch without a standing is not planned. Whoever holds the post answers for
// it, so a seat passes to a new secretary with everything else.

// Coverage counts the branches of a place by where they stand in a programme;
// those that are not planned are the villages that are left.
type Coverage struct {
	States map[record.SeatState]int `json:"states,omitzero"`
	MakeUp int                      `json:"make_up,omitzero"`
	// Notes counts the study notes that were ever owed, by where they stand.
	Notes map[record.NoteState]int `json:"notes,omitzero"`
}

func standingKey(programme record.ProgrammeID, village record.Code) string {
	return "standing/" + string(programme) + "/" + string(village)
}

func dueKey(s record.Standing) string {
	return "seatdue/" + string(s.Village.County()) + "/" + stamp(s.AnswerBy) + "/" + string(s.Programme) + "/" + string(s.Village)
}

// Standing is where a branch stands in a programme; without a state it is not
// planned.
func (tx *Tx) Standing(programme record.ProgrammeID, village record.Code) (record.Standing, error) {
	s, found, err := get[record.Standing](tx, standingKey(programme, village))
	if !found {
		s = record.Standing{Programme: programme, Village: village}
	}
	return s, err
}

// Standings lists the branches of a place that have a standing, in the office's
// order.
func (tx *Tx) Standings(programme record.ProgrammeID, place record.Code) ([]record.Standing, error) {
	var list []record.Standing
	for e, err := range scan[record.Standing](tx, under(standingKey(programme, place))) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// StandingsOf lists where a branch stands in all programmes.
func (tx *Tx) StandingsOf(village record.Code) ([]record.Standing, error) {
	prefix := "standof/" + string(village) + "/"
	var list []record.Standing
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		s, err := tx.Standing(record.ProgrammeID(e.Key[len(prefix):]), village)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// SeatsOf lists the branches that hold a seat of a batch, in the office's order, as
// they stand in that batch.
func (tx *Tx) SeatsOf(b record.Batch) ([]record.Standing, error) {
	villages, err := tx.seatVillages(b.ID)
	if err != nil {
		return nil, err
	}
	var list []record.Standing
	for _, v := range villages {
		s, err := tx.Standing(b.Programme, v)
		if err != nil {
			return nil, err
		}
		list = append(list, s.AsOf(b.ID))
	}
	return list, nil
}

func (tx *Tx) seatVillages(b record.BatchID) ([]record.Code, error) {
	prefix := "seat/" + string(b) + "/"
	var list []record.Code
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		list = append(list, record.Code(e.Key[len(prefix):]))
	}
	return list, nil
}

// Coverage counts a township or the county.
func (tx *Tx) Coverage(programme record.ProgrammeID, place record.Code) (Coverage, error) {
	c, _, err := get[Coverage](tx, "cover/"+string(programme)+"/"+string(place))
	return c, err
}

// SeatsDue lists up to limit seats of a county whose answer was due before an
// instant, the longest overdue first.
func (tx *Tx) SeatsDue(county record.Code, before time.Time, limit int) ([]record.Standing, error) {
	prefix := "seatdue/" + string(county) + "/"
	var list []record.Standing
	for e, err := range tx.r.Scan(between(prefix, prefix+stamp(before))) {
		if err != nil {
			return nil, err
		}
		part := strings.Split(string(e.Key[len(prefix):]), "/")
		s, err := tx.Standing(record.ProgrammeID(part[1]), record.Code(part[2]))
		if err != nil {
			return nil, err
		}
		if list = append(list, s); len(list) == limit {
			break
		}
	}
	return list, nil
}

// waits says whether a seat waits for an answer.
func waits(s record.Standing) bool {
	return (s.State == record.SeatAssigned || s.State == record.SeatOffered) && !s.AnswerBy.IsZero()
}

// setStanding writes a standing in the place of old, with a row that says so,
// its indexes, counts, and the seats of its batches. Ten writes, and four for
// each day of a batch whose sessions have been made.
func (tx *Tx) setStanding(old record.Standing, s *record.Standing, by record.PersonID, reason string) error {
	p, _, err := tx.Secretary(s.Village)
	if err != nil {
		return err
	}
	if s.State == record.SeatAssigned || s.State == record.SeatOffered || s.State == record.SeatConfirmed {
		s.Person = p.ID
	}
	s.Rows = append(slices.Clone(old.Rows), record.StandingRow{
		At: tx.Now, State: s.State, Batch: s.Batch, Person: p.ID, By: by, Reason: reason,
	})
	s.MakeUp = s.Owes()
	if !waits(*s) {
		s.AnswerBy = time.Time{}
	}
	if waits(old) {
		if err := del(tx, dueKey(old)); err != nil {
			return err
		}
	}
	if waits(*s) {
		if err := put(tx, dueKey(*s), true); err != nil {
			return err
		}
	}
	if err := put(tx, standingKey(s.Programme, s.Village), *s); err != nil {
		return err
	}
	if len(old.Rows) == 0 {
		if err := put(tx, "standof/"+string(s.Village)+"/"+string(s.Programme), true); err != nil {
			return err
		}
	}
	if err := tx.countStanding(old, *s); err != nil {
		return err
	}
	return tx.moveSeat(old, *s)
}

func (tx *Tx) countStanding(old, s record.Standing) error {
	for _, place := range []record.Code{s.Village.Township(), s.Village.County()} {
		key := "cover/" + string(s.Programme) + "/" + string(place)
		c, _, err := get[Coverage](tx, key)
		if err != nil {
			return err
		}
		if len(old.Rows) > 0 {
			c.States = counted(c.States, old.State, -1)
		}
		c.States = counted(c.States, s.State, +1)
		c.MakeUp += b2i(s.MakeUp) - b2i(old.MakeUp)
		if err := put(tx, key, c); err != nil {
			return err
		}
	}
	return nil
}

// moveSeat brings the seats of batches and who is expected on their days in line.
func (tx *Tx) moveSeat(old, s record.Standing) error {
	was, is := old.Seats(), s.Seats()
	for _, b := range was {
		if slices.Contains(is, b) {
			continue
		}
		if err := tx.leaveBatch(b, s.Village); err != nil {
			return err
		}
	}
	for _, b := range is {
		if slices.Contains(was, b) {
			continue
		}
		if err := tx.enterBatch(b, s.Village); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) leaveBatch(id record.BatchID, village record.Code) error {
	b, err := tx.Batch(id)
	if err != nil {
		return err
	}
	if err := del(tx, "seat/"+string(id)+"/"+string(village)); err != nil {
		return err
	}
	for _, sid := range b.Sessions {
		s, err := tx.Session(sid)
		if err != nil {
			return err
		}
		if !s.Over() {
			if err := tx.Unexpect(sid, village); err != nil {
				return err
			}
		}
	}
	b.Taken--
	return put(tx, "batch/"+string(id), b)
}

func (tx *Tx) enterBatch(id record.BatchID, village record.Code) error {
	b, err := tx.Batch(id)
	if err != nil {
		return err
	}
	if b.Taken >= b.Seats {
		return record.ErrFull
	}
	if err := put(tx, "seat/"+string(id)+"/"+string(village), true); err != nil {
		return err
	}
	for _, sid := range b.Sessions {
		s, err := tx.Session(sid)
		if err != nil {
			return err
		}
		if !s.Over() {
			if err := tx.Expect(sid, village); err != nil {
				return err
			}
		}
	}
	b.Taken++
	return put(tx, "batch/"+string(id), b)
}

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

// rebuildStandings writes indexes and counts of standings anew, for Check.
func rebuildStandings(from, to *Tx) error {
	for e, err := range scan[record.Standing](from, under("standing/")) {
		if err != nil {
			return err
		}
		s := e.val
		if err := put(to, "standof/"+string(s.Village)+"/"+string(s.Programme), true); err != nil {
			return err
		}
		for _, b := range s.Seats() {
			if err := put(to, "seat/"+string(b)+"/"+string(s.Village), true); err != nil {
				return err
			}
		}
		if waits(s) {
			if err := put(to, dueKey(s), true); err != nil {
				return err
			}
		}
		if err := to.countStanding(record.Standing{}, s); err != nil {
			return err
		}
	}
	return nil
}

// checkBatches lists batches whose count of seats differs from the seats.
func (tx *Tx) checkBatches() ([]string, error) {
	var found []string
	for e, err := range scan[record.Batch](tx, under("batch/")) {
		if err != nil {
			return nil, err
		}
		villages, err := tx.seatVillages(e.val.ID)
		if err != nil {
			return nil, err
		}
		if len(villages) != e.val.Taken || e.val.Taken > e.val.Seats {
			found = append(found, fmt.Sprintf("batch/%s: %d of %d seats are taken, %d are held", e.val.ID, e.val.Taken, e.val.Seats, len(villages)))
		}
	}
	return found, nil
}

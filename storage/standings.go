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

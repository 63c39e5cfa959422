package storage

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	programme/<county>/<id>           -> record.Programme
//	batch/<id>                        -> record.Batch
//	batches/<programme>/<id>          -> record.BatchID
//	draft/<programme>                 -> draft: a plan that is not published
//	constraint/<programme>/<village>  -> record.Constraint

func programmeKey(county record.Code, id record.ProgrammeID) string {
	return "programme/" + string(county) + "/" + string(id)
}

// Bounds of a programme.
const (
	MaxBatches   = 40
	MaxBatchDays = 15
	MaxSeats     = 60 // of a batch
)

// AddProgramme adds a draft of a programme and returns it with its id.
func (tx *Tx) AddProgramme(p record.Programme) (record.Programme, error) {
	if p.Place.Level() != record.County || p.Share < 1 || p.Share > 100 || p.AnswerDays < 1 || p.OfferHours < 1 || p.NoteDays < 1 {
		return p, fmt.Errorf("%w: programme", record.ErrInvalid)
	}
	id, err := tx.newID("programme", "r")
	if err != nil {
		return p, err
	}
	p.ID, p.State, p.Created, p.Rev = record.ProgrammeID(id), record.PlanDraft, tx.Now, 1
	return p, put(tx, programmeKey(p.Place, p.ID), p)
}

// Programme reads a programme of a county; ErrNotFound where there is none.
func (tx *Tx) Programme(county record.Code, id record.ProgrammeID) (record.Programme, error) {
	p, found, err := get[record.Programme](tx, programmeKey(county, id))
	if err == nil && !found {
		err = fmt.Errorf("%w: programme %s", record.ErrNotFound, id)
	}
	return p, err
}

// Programmes lists a county's programmes, the oldest first.
func (tx *Tx) Programmes(county record.Code) ([]record.Programme, error) {
	var list []record.Programme
	for e, err := range scan[record.Programme](tx, under("programme/"+string(county)+"/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// ChangeProgramme changes a programme; ID and Place stay, Rev grows.
func (tx *Tx) ChangeProgramme(county record.Code, id record.ProgrammeID, change func(*record.Programme)) (record.Programme, error) {
	p, err := tx.Programme(county, id)
	if err != nil {
		return p, err
	}
	rev := p.Rev
	change(&p)
	p.ID, p.Place, p.Rev = id, county, rev+1
	return p, put(tx, programmeKey(county, id), p)
}

// checkBatch says whether a batch can be kept.
func checkBatch(b record.Batch) error {
	from, errFrom := time.Parse(time.DateOnly, string(b.From))
	to, errTo := time.Parse(time.DateOnly, string(b.To))
	var times record.Session
	hours := record.Hours{Zone: time.UTC}.Set(&times, b.From, b.Hours)
	switch {
	case errFrom != nil, errTo != nil, to.Before(from), to.Sub(from) >= MaxBatchDays*24*time.Hour:
		return fmt.Errorf("%w: days of a batch", record.ErrInvalid)
	case b.Seats < 1, b.Seats > MaxSeats, b.Place == "", hours != nil, len(b.Hosts) > record.MaxHosts:
		return fmt.Errorf("%w: batch", record.ErrInvalid)
	}
	return nil
}

// AddBatch adds a batch to a programme and returns it with its id and number.
func (tx *Tx) AddBatch(b record.Batch) (record.Batch, error) {
	if err := checkBatch(b); err != nil {
		return b, err
	}
	others, err := tx.Batches(b.Programme)
	if err != nil {
		return b, err
	}
	if len(others) >= MaxBatches {
		return b, record.ErrFull
	}
	free, next := b.Number > 0, 1
	for _, o := range others {
		free, next = free && o.Number != b.Number, max(next, o.Number+1)
	}
	if !free {
		b.Number = next
	}
	id, err := tx.newID("batch", "b")
	if err != nil {
		return b, err
	}
	b.ID, b.State, b.Rev, b.Taken, b.Sessions = record.BatchID(id), record.PlanDraft, 1, 0, nil
	if err := put(tx, "batches/"+string(b.Programme)+"/"+id, b.ID); err != nil {
		return b, err
	}
	return b, put(tx, "batch/"+id, b)
}

// Batch reads a batch; ErrNotFound where there is none.
func (tx *Tx) Batch(id record.BatchID) (record.Batch, error) {
	b, found, err := get[record.Batch](tx, "batch/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: batch %s", record.ErrNotFound, id)
	}
	return b, err
}

// Batches lists the batches of a programme by their first day.
func (tx *Tx) Batches(programme record.ProgrammeID) ([]record.Batch, error) {
	var list []record.Batch
	for e, err := range scan[record.BatchID](tx, under("batches/"+string(programme)+"/")) {
		if err != nil {
			return nil, err
		}
		b, err := tx.Batch(e.val)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b record.Batch) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Number, b.Number))
	})
	return list, nil
}

// ChangeBatch changes a batch. What people are told of (destination, days, hours,
// meeting point, documents) raises Rev. Fewer seats than are taken are ErrFull.
// The days of a batch whose sessions have been made stay: see MoveBatch.
func (tx *Tx) ChangeBatch(id record.BatchID, change func(*record.Batch)) (record.Batch, error) {
	old, err := tx.Batch(id)
	if err != nil {
		return old, err
	}
	b := old
	b.Hosts, b.Sessions = slices.Clone(old.Hosts), slices.Clone(old.Sessions)
	change(&b)
	b.ID, b.Programme, b.Taken, b.Rev = old.ID, old.Programme, old.Taken, old.Rev
	if err := checkBatch(b); err != nil {
		return old, err
	}
	if b.Seats < b.Taken {
		return old, record.ErrFull
	}
	if len(old.Sessions) > 0 && len(b.Sessions) >= len(old.Sessions) && (b.Days != old.Days || b.Hours != old.Hours) {
		return old, fmt.Errorf("%w: days of a published batch", record.ErrInvalid)
	}
	if b.Place != old.Place || b.Days != old.Days || b.Hours != old.Hours || b.Meet != old.Meet || b.Bring != old.Bring {
		b.Rev++
	}
	return b, put(tx, "batch/"+string(id), b)
}

// MoveBatch moves a batch to other days, as many as before, and raises its Rev;
// the schedule brings its sessions in line (MoveDay). One that has begun is
// ErrTooLate. It tells nobody.
func (tx *Tx) MoveBatch(id record.BatchID, from record.Date, h record.Hours) (record.Batch, error) {
	b, err := tx.Batch(id)
	if err != nil {
		return b, err
	}
	if b.State == record.PlanEnded || b.State == record.PlanCancelled || b.From <= record.DateOf(tx.Now.In(h.Zone)) {
		return b, record.ErrTooLate
	}
	shift := daysBetween(b.From, from)
	b.From, b.To = from, shiftDay(b.To, shift)
	if err := checkBatch(b); err != nil {
		return b, err
	}
	b.Rev++
	return b, put(tx, "batch/"+string(id), b)
}

// MoveDay brings the session of a batch's n-th day (from 0) in line with the
// batch: moved, or cancelled with it. changed is false where it was so.
func (tx *Tx) MoveDay(b record.Batch, n int, h record.Hours) (changed bool, err error) {
	s, err := tx.Session(b.Sessions[n])
	if err != nil || s.Over() {
		return false, err
	}
	if b.State == record.PlanCancelled {
		_, err := tx.ChangeSession(s.ID, func(s *record.Session) { s.State = record.Cancelled })
		return true, err
	}
	want := s
	if err := h.Set(&want, shiftDay(b.From, n), b.Hours); err != nil {
		return false, err
	}
	want.At, want.Title, want.TitleEN = b.Place, b.Title(), b.TitleEN()
	if n == 0 {
		want.Meet = b.Meet
	}
	if want.Start.Equal(s.Start) && want.End.Equal(s.End) && want.At == s.At && want.Meet == s.Meet {
		return false, nil
	}
	_, err = tx.ChangeSession(s.ID, func(s *record.Session) {
		s.Start, s.End, s.Opens, s.LateFrom = want.Start, want.End, want.Opens, want.LateFrom
		s.At, s.Title, s.TitleEN, s.Meet = want.At, want.Title, want.TitleEN, want.Meet
	})
	return true, err
}

// CancelBatch cancels a batch that has not begun; its seats are released one by
// one by whoever calls it (ReleaseSeat), its sessions by the schedule (MoveDay).
func (tx *Tx) CancelBatch(id record.BatchID, h record.Hours) (record.Batch, error) {
	b, err := tx.openBatch(id, h)
	if err != nil {
		return b, err
	}
	b.State = record.PlanCancelled
	b.Rev++
	return b, put(tx, "batch/"+string(id), b)
}

func shiftDay(day record.Date, n int) record.Date {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return day
	}
	return record.DateOf(t.AddDate(0, 0, n))
}

func daysBetween(from, to record.Date) int {
	a, errA := time.Parse(time.DateOnly, string(from))
	b, errB := time.Parse(time.DateOnly, string(to))
	if errA != nil || errB != nil {
		return 0
	}
	return int(b.Sub(a) / (24 * time.Hour))
}

// DropBatch deletes a batch of a draft.
func (tx *Tx) DropBatch(id record.BatchID) error {
	b, err := tx.Batch(id)
	if err != nil {
		return err
	}
	if b.State != record.PlanDraft || b.Taken > 0 {
		return record.ErrChanged
	}
	if err := del(tx, "batches/"+string(b.Programme)+"/"+string(id)); err != nil {
		return err
	}
	return del(tx, "batch/"+string(id))
}

// PutDraft stores the draft of a programme's seats.
func (tx *Tx) PutDraft(id record.ProgrammeID, plan record.RotationPlan) error {
	return put(tx, "draft/"+string(id), draft{At: tx.Now, Plan: plan})
}

// Draft reads the draft of a programme's seats; empty where none was made.
func (tx *Tx) Draft(id record.ProgrammeID) (record.RotationPlan, bool, error) {
	d, found, err := get[draft](tx, "draft/"+string(id))
	return d.Plan, found, err
}

// DropDraft deletes it.
func (tx *Tx) DropDraft(id record.ProgrammeID) error { return del(tx, "draft/"+string(id)) }

// draft is a plan that is not published. Its reasons may tell of many people, so
// it is sealed under the key of the week in which it was made.
type draft struct {
	At     time.Time           `json:"at"`
	Plan   record.RotationPlan `json:"plan,omitzero" personal:"words"`
	Sealed []byte              `json:"sealed,omitzero"`
}

// Seal is the key of the week.
func (d draft) Seal() record.SealKey { return record.SealKey{Week: d.At} }

func constraintKey(id record.ProgrammeID, village record.Code) string {
	return "constraint/" + string(id) + "/" + string(village)
}

// PutConstraint keeps a hand's change of a draft, in the place of an earlier one
// of the branch.
func (tx *Tx) PutConstraint(c record.Constraint) error {
	holder, err := tx.holderID(c.Village)
	if err != nil {
		return err
	}
	c.At, c.Person = tx.Now, holder
	return put(tx, constraintKey(c.Programme, c.Village), c)
}

// DropConstraint takes a hand's change back; none is no error.
func (tx *Tx) DropConstraint(id record.ProgrammeID, village record.Code) error {
	return del(tx, constraintKey(id, village))
}

// Constraints lists the hands' changes of a draft, in the office's order.
func (tx *Tx) Constraints(id record.ProgrammeID) ([]record.Constraint, error) {
	var list []record.Constraint
	for e, err := range scan[record.Constraint](tx, under(constraintKey(id, ""))) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// RotationInput is what the planner of a programme looks at: every branch of the
// county that has no seat in it or missed its batch, with who holds the post, when they were trained
// last, and what fills their days.
func (tx *Tx) RotationInput(p record.Programme, h record.Hours) (record.RotationInput, error) {
	in := record.RotationInput{Share: p.Share, Townships: map[record.Code]int{}}
	batches, err := tx.Batches(p.ID)
	if err != nil {
		return in, err
	}
	own := map[record.BatchID]bool{}
	held := map[record.Code]bool{}
	for _, b := range batches {
		own[b.ID] = true
		if b.State == record.PlanCancelled {
			continue
		}
		slot := record.BatchSlot{ID: b.ID, Days: b.Days, Seats: b.Seats}
		if slot.Held, err = tx.seatVillages(b.ID); err != nil {
			return in, err
		}
		for _, v := range slot.Held {
			st, err := tx.Standing(p.ID, v)
			if err != nil {
				return in, err
			}
			held[v] = held[v] || !st.Open()
		}
		in.Batches = append(in.Batches, slot)
	}
	if err := tx.countSecretaries(p.Place, in.Townships); err != nil {
		return in, err
	}
	busy, err := tx.BusyDays(p.Place, h, func(s record.Session) bool { return !own[s.Batch] })
	if err != nil {
		return in, err
	}
	return in, tx.candidates(p, held, busy, &in)
}

func (tx *Tx) countSecretaries(county record.Code, into map[record.Code]int) error {
	townships, err := tx.Children(county)
	if err != nil {
		return err
	}
	for _, t := range townships {
		n, err := tx.Count(t.Code)
		if err != nil {
			return err
		}
		into[t.Code] = n.Secretaries
	}
	return nil
}

func (tx *Tx) candidates(p record.Programme, held map[record.Code]bool, busy map[record.Code][]record.Busy, in *record.RotationInput) error {
	hands, err := tx.Constraints(p.ID)
	if err != nil {
		return err
	}
	byHand := map[record.Code]record.Constraint{}
	for _, c := range hands {
		byHand[c.Village] = c
	}
	draft, _, err := tx.Draft(p.ID)
	if err != nil {
		return err
	}
	now := map[record.Code]record.BatchID{}
	for _, s := range draft.Seats {
		now[s.Village] = s.Batch
	}
	goes := map[record.PersonID]record.Code{} // a person of several branches goes once
	for v := range held {
		if !held[v] {
			continue
		}
		if person, found, err := tx.Secretary(v); err != nil {
			return err
		} else if found {
			goes[person.ID] = v
		}
	}
	villages, err := tx.Villages(p.Place)
	if err != nil {
		return err
	}
	for _, v := range villages {
		if held[v.Code] {
			continue
		}
		c := record.Candidate{Village: v.Code, Busy: busy[v.Code], Now: now[v.Code]}
		person, found, err := tx.Secretary(v.Code)
		if err != nil {
			return err
		}
		if found {
			c.Person, c.Same = person.ID, goes[person.ID]
			if c.Same == "" {
				goes[person.ID] = v.Code
			}
			if c.Last, err = tx.Trained(person.ID); err != nil {
				return err
			}
		}
		st, err := tx.Standing(p.ID, v.Code)
		if err != nil {
			return err
		}
		c.MakeUp = st.MakeUp
		if hand, found := byHand[v.Code]; found {
			c.Locked, c.Excluded, c.Reason = hand.Batch, hand.Batch == "", hand.Reason
		}
		in.Candidates = append(in.Candidates, c)
	}
	return nil
}

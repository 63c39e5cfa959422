package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Leave: asked, decided, withdrawn, and what it excuses. The keys stand at the head
// of requests.go.

// MaxLeave is how many days one leave may last.
const MaxLeave = 60

// Leave reads a leave; ErrNotFound where there is none.
func (tx *Tx) Leave(id record.RequestID) (record.Leave, error) {
	l, found, err := get[record.Leave](tx, "leave/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: leave", record.ErrNotFound)
	}
	return l, err
}

// AskLeave asks for leave of a branch's secretary. Refusals: ErrTooLate for days
// that have begun, ErrPending where open or approved leave meets them.
func (tx *Tx) AskLeave(l record.Leave, h record.Hours, by record.PersonID) (record.Leave, error) {
	from, errFrom := l.From.In(time.UTC)
	to, errTo := l.To.In(time.UTC)
	switch {
	case errFrom != nil, errTo != nil, len(l.From) != len(time.DateOnly), len(l.To) != len(time.DateOnly), to.Before(from),
		to.Sub(from) > (MaxLeave-1)*24*time.Hour, l.Village.Level() != record.Village, l.Reason == "":
		return l, fmt.Errorf("%w: leave", record.ErrInvalid)
	case l.From < record.DateOf(tx.Now.In(h.Zone)):
		return l, record.ErrTooLate
	}
	ids, err := tx.RequestsOf(l.Village)
	if err != nil {
		return l, err
	}
	for _, id := range ids {
		if !IsLeave(id) {
			continue
		}
		other, err := tx.Leave(id)
		if err != nil {
			return l, err
		}
		if (other.State.Open() || other.State == record.RequestApproved) && other.Meets(l.Days) {
			return l, record.ErrPending
		}
	}
	id, err := tx.newID("request", "l")
	if err != nil {
		return l, err
	}
	first, err := l.From.In(h.Zone)
	if err != nil {
		return l, err
	}
	l.ID, l.Deadline = record.RequestID(id), first.AddDate(0, 0, 1)
	return tx.setLeave(nil, l, record.RequestAsked, record.RequestRow{By: by, Reason: l.Reason})
}

func (tx *Tx) setLeave(old *record.Leave, l record.Leave, state record.RequestState, row record.RequestRow) (record.Leave, error) {
	var was *request
	if old != nil {
		r := ofLeave(*old)
		was = &r
	}
	l.State = state
	row.At, row.State = tx.Now, state
	l.Rows = append(slices.Clone(l.Rows), row)
	if err := tx.indexRequest(was, ofLeave(l)); err != nil {
		return l, err
	}
	return l, put(tx, "leave/"+string(l.ID), l)
}

// maxExcused is how many sessions one leave excuses at once: what fits one
// transaction.
const maxExcused = 8

// DecideLeave approves or refuses leave. Approved leave excuses the branch at the
// sessions of those days that have not begun, and gives back a seat of a batch
// that they meet. Refusals: ErrSettled; ErrTooLate after the first day; ErrFull
// for more sessions than fit one step.
func (tx *Tx) DecideLeave(id record.RequestID, yes bool, h record.Hours, by record.PersonID, reason string) (record.Leave, error) {
	old, err := tx.Leave(id)
	if err != nil {
		return old, err
	}
	switch {
	case old.State != record.RequestAsked:
		return old, record.ErrSettled
	case !tx.Now.Before(old.Deadline):
		return old, record.ErrTooLate
	}
	state := record.RequestRefused
	if yes {
		state = record.RequestApproved
		if err := tx.excuse(old, h, by); err != nil {
			return old, err
		}
	}
	return tx.setLeave(&old, old, state, record.RequestRow{By: by, Reason: reason})
}

// excuse marks the branch excused at the sessions of a leave's days, and gives
// back its seats that have not begun.
func (tx *Tx) excuse(l record.Leave, h record.Hours, by record.PersonID) error {
	standings, err := tx.StandingsOf(l.Village)
	if err != nil {
		return err
	}
	for _, st := range standings {
		if st.State != record.SeatAssigned && st.State != record.SeatOffered && st.State != record.SeatConfirmed {
			continue
		}
		b, err := tx.Batch(st.Batch)
		if err != nil {
			return err
		}
		if !b.Meets(l.Days) {
			continue
		}
		_, err = tx.ReleaseSeat(st.Programme, l.Village, h, by, l.Reason) // given back, not declined
		if err != nil && !errors.Is(err, record.ErrTooLate) && !errors.Is(err, record.ErrChanged) {
			return err
		}
	}
	return tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		err := tx.Mark(s, about, record.Excused, record.ByLeave, by, l.Reason)
		if errors.Is(err, record.ErrAlready) {
			return nil
		}
		return err
	})
}

// LeaveOpen says whether a session of an approved leave's days expects the branch
// and nobody has noted anything of it there: it was planned later.
func (tx *Tx) LeaveOpen(l record.Leave, h record.Hours) (open bool, err error) {
	err = tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		att, _, err := tx.Attendance(s.ID, about.Person)
		open = open || len(att.Rows) == 0
		return err
	})
	if errors.Is(err, record.ErrFull) {
		return false, nil // more than one step takes; the officer excuses by hand
	}
	return open, err
}

// KeepLeave excuses the branch of an approved leave where LeaveOpen says so. It may
// be called again. What somebody has noted stays.
func (tx *Tx) KeepLeave(id record.RequestID, h record.Hours) error {
	l, err := tx.Leave(id)
	if err != nil || l.State != record.RequestApproved {
		return err
	}
	by := l.Rows[len(l.Rows)-1].By
	return tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		att, _, err := tx.Attendance(s.ID, about.Person)
		if err != nil || len(att.Rows) > 0 {
			return err
		}
		return tx.Mark(s, about, record.Excused, record.ByLeave, by, l.Reason)
	})
}

// eachLeaveSession calls fn for the sessions of a leave's days that expect the
// branch and have not begun: what began is the host's to note.
func (tx *Tx) eachLeaveSession(l record.Leave, h record.Hours, fn func(record.Session, record.Actor) error) error {
	from, err := l.From.In(h.Zone)
	if err != nil {
		return err
	}
	to, err := l.To.In(h.Zone)
	if err != nil {
		return err
	}
	p, found, err := tx.Secretary(l.Village)
	if err != nil || !found {
		return err
	}
	about, err := tx.Actor(p.ID)
	if err != nil {
		return err
	}
	sessions, err := tx.Duties(l.Village, from, to.AddDate(0, 0, 1), 0)
	if err != nil {
		return err
	}
	sessions = slices.DeleteFunc(sessions, func(s record.Session) bool { return s.State != record.Planned || !tx.Now.Before(s.Start) })
	if len(sessions) > maxExcused {
		return fmt.Errorf("%w: sessions of one leave", record.ErrFull)
	}
	for _, s := range sessions {
		if err := fn(s, about); err != nil {
			return err
		}
	}
	return nil
}

// WithdrawLeave takes leave back: while it is open, or once approved until its
// first day; the branch is then expected again.
func (tx *Tx) WithdrawLeave(id record.RequestID, h record.Hours, by record.PersonID) (record.Leave, error) {
	old, err := tx.Leave(id)
	switch {
	case err != nil:
		return old, err
	case old.State == record.RequestApproved:
		if old.From <= record.DateOf(tx.Now.In(h.Zone)) {
			return old, record.ErrTooLate
		}
		err := tx.eachLeaveSession(old, h, func(s record.Session, about record.Actor) error {
			att, _, err := tx.Attendance(s.ID, about.Person)
			if err != nil || att.Now().Status != record.Excused || att.Now().Method != record.ByLeave {
				return err // excused by somebody else, or not at all
			}
			return tx.Mark(s, about, record.Absent, record.ByLeave, by, "withdrawn")
		})
		if err != nil {
			return old, err
		}
	case !old.State.Open():
		return old, record.ErrSettled
	}
	return tx.setLeave(&old, old, record.RequestWithdrawn, record.RequestRow{By: by})
}

// ApprovedLeave lists the approved leave of a county that ends on a day or later.
func (tx *Tx) ApprovedLeave(county record.Code, from record.Date) ([]record.Leave, error) {
	prefix := "leaveday/" + string(county) + "/"
	r := under(prefix)
	r.Lo = []byte(prefix + string(from))
	var list []record.Leave
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		key := string(e.Key)
		l, err := tx.Leave(record.RequestID(key[strings.LastIndexByte(key, '/')+1:]))
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

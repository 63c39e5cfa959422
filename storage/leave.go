package storage

import (
	"errors"
	"fmt"
	"maps"
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
	about, err := tx.Actor(l.Person)
	if err != nil {
		return l, err
	}
	l.Also = slices.DeleteFunc(about.Places(record.Secretary), func(v record.Code) bool { return v == l.Village })
	for _, v := range l.Villages() {
		if err := tx.noLeave(l, v); err != nil {
			return l, err
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

// noLeave refuses a second leave of a person on the same days. A predecessor's
// leave is none of theirs.
func (tx *Tx) noLeave(l record.Leave, v record.Code) error {
	ids, err := tx.RequestsOf(v)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !IsLeave(id) {
			continue
		}
		other, err := tx.Leave(id)
		if err != nil {
			return err
		}
		if other.Person == l.Person && (other.State.Open() || other.State == record.RequestApproved) && other.Meets(l.Days) {
			return record.ErrPending
		}
	}
	return nil
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

// DecideLeave approves or refuses leave. Approved leave excuses all branches of the
// person at the sessions of those days that have not begun, gives back a seat of
// a batch that they meet, and ends what EndedByLeave lists. Refusals: ErrSettled;
// ErrTooLate after the first day; ErrFull for more sessions than fit one step.
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

// excuse marks the person's branches excused at the sessions of a leave's days,
// gives back their seats that have not begun, and hands back the turns that they
// would have attended for others.
func (tx *Tx) excuse(l record.Leave, h record.Hours, by record.PersonID) error {
	about, err := tx.Actor(l.Person)
	if err != nil {
		return err
	}
	for _, v := range about.Places(record.Secretary) {
		if err := tx.releaseSeats(l, v, h, by); err != nil {
			return err
		}
	}
	ended, err := tx.EndedByLeave(l, h)
	if err != nil {
		return err
	}
	for _, w := range ended {
		if err := tx.endStandIn(w, l, by); err != nil {
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

// EndedByLeave lists the approved stand-ins of other branches that somebody on
// leave cannot keep: those branches are expected themselves again.
func (tx *Tx) EndedByLeave(l record.Leave, h record.Hours) ([]record.Swap, error) {
	var ended []record.Swap
	err := tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		by, err := tx.StandIns(s.ID)
		if err != nil {
			return err
		}
		own := about.Places(record.Secretary)
		for _, v := range slices.Sorted(maps.Keys(by)) {
			if slices.Contains(own, v) || !slices.Contains(own, by[v]) {
				continue
			}
			w, err := tx.standInSwap(s, v)
			if err != nil {
				return err
			}
			if w.ID != "" {
				ended = append(ended, w)
			}
		}
		return nil
	})
	return ended, err
}

// standInSwap is the approved request by which another branch stands in at a
// session; one without an id where there is none.
func (tx *Tx) standInSwap(s record.Session, v record.Code) (record.Swap, error) {
	t, err := tx.Turn(s.Cycle, s.Base, v)
	if err != nil || t.State != record.TurnPlanned || t.Session != s.ID {
		return record.Swap{}, err
	}
	ids, err := tx.RequestsOf(v)
	if err != nil {
		return record.Swap{}, err
	}
	for _, id := range slices.Backward(ids) {
		if IsLeave(id) {
			continue
		}
		w, err := tx.Swap(id)
		if err != nil {
			return w, err
		}
		if w.Kind == record.Substitute && w.State == record.RequestApproved && w.Cycle == t.Cycle && w.Base == t.Base &&
			w.From == v && w.To == t.Substitute && w.FromAt == t.TurnSlot {
			return w, nil
		}
	}
	return record.Swap{}, nil
}

// endStandIn gives a turn back to its branch, as who was to attend for it is on
// leave.
func (tx *Tx) endStandIn(w record.Swap, l record.Leave, by record.PersonID) error {
	t, err := tx.Turn(w.Cycle, w.Base, w.From)
	if err != nil {
		return err
	}
	if err := tx.DropStandIn(t.Session, t.Village); err != nil {
		return err
	}
	next := t
	next.Substitute = ""
	if err := tx.putTurn(t, &next, by, string(w.ID)); err != nil {
		return err
	}
	clash := &record.SwapClash{Village: w.To, Day: w.FromAt.Day, Kind: record.BusyLeave}
	_, err = tx.setSwap(&w, w, record.RequestVoid, record.RequestRow{By: by, Clash: clash})
	return err
}

// releaseSeats gives back a branch's seats that a leave meets.
func (tx *Tx) releaseSeats(l record.Leave, v record.Code, h record.Hours, by record.PersonID) error {
	standings, err := tx.StandingsOf(v)
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
		_, err = tx.ReleaseSeat(st.Programme, v, h, by, l.Reason) // given back, not declined
		if err != nil && !errors.Is(err, record.ErrTooLate) && !errors.Is(err, record.ErrChanged) {
			return err
		}
	}
	return nil
}

// LeaveOpen says whether KeepLeave has something to do: a session of an approved
// leave's days came to expect a branch of the person, and nothing is noted of the
// branch there, or a branch that has another secretary since is still excused.
func (tx *Tx) LeaveOpen(l record.Leave, h record.Hours) (open bool, err error) {
	stale, err := tx.staleExcuses(l, h)
	if err != nil || len(stale) > 0 {
		return len(stale) > 0, err
	}
	err = tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		unmarked, err := tx.unmarked(s.ID, about)
		open = open || unmarked
		return err
	})
	if errors.Is(err, record.ErrFull) {
		return false, nil // more than one step takes; the officer excuses by hand
	}
	return open, err
}

// unmarked says whether nothing is noted of a branch for which the person stands.
// The branch counts, not the person: a second branch may come to a session at
// which the person is excused already.
func (tx *Tx) unmarked(id record.SessionID, about record.Actor) (bool, error) {
	villages, err := tx.standsFor(id, about)
	if err != nil {
		return false, err
	}
	for _, v := range villages {
		if _, marked, err := tx.Branch(id, v); err != nil || !marked {
			return true, err
		}
	}
	return false, nil
}

// excusedAt is a branch at a session.
type excusedAt struct {
	session record.SessionID
	village record.Code
}

// staleExcuses lists where a leave still excuses a branch that has another
// secretary by now.
func (tx *Tx) staleExcuses(l record.Leave, h record.Hours) ([]excusedAt, error) {
	var list []excusedAt
	for _, v := range l.Villages() {
		p, _, err := tx.Secretary(v)
		if err != nil {
			return nil, err
		}
		if p.ID == l.Person {
			continue
		}
		sessions, err := tx.leaveSessions(l, v, h)
		if err != nil {
			return nil, err
		}
		for _, s := range sessions {
			mark, _, err := tx.Branch(s.ID, v)
			if err != nil {
				return nil, err
			}
			if mark.Person == l.Person && mark.Status == record.Excused {
				list = append(list, excusedAt{s.ID, v})
			}
		}
	}
	return list[:min(len(list), maxExcused)], nil
}

// KeepLeave excuses the branches of an approved leave where LeaveOpen says so, and
// has those of a successor expected again. It may be called again. What somebody
// has noted stays.
func (tx *Tx) KeepLeave(id record.RequestID, h record.Hours) error {
	l, err := tx.Leave(id)
	if err != nil || l.State != record.RequestApproved {
		return err
	}
	stale, err := tx.staleExcuses(l, h)
	if err != nil {
		return err
	}
	for _, at := range stale {
		mark, _, err := tx.Branch(at.session, at.village)
		if err != nil {
			return err
		}
		if err := tx.unmark(at.session, at.village, mark); err != nil {
			return err
		}
	}
	by := l.Rows[len(l.Rows)-1].By
	return tx.eachLeaveSession(l, h, func(s record.Session, about record.Actor) error {
		unmarked, err := tx.unmarked(s.ID, about)
		if err != nil || !unmarked {
			return err
		}
		return tx.Mark(s, about, record.Excused, record.ByLeave, by, l.Reason)
	})
}

// eachLeaveSession calls fn for the sessions of a leave's days that expect a branch
// of the person and have not begun: what began is the host's to note.
func (tx *Tx) eachLeaveSession(l record.Leave, h record.Hours, fn func(record.Session, record.Actor) error) error {
	about, err := tx.Actor(l.Person)
	if err != nil {
		return err
	}
	var sessions []record.Session
	for _, v := range about.Places(record.Secretary) {
		more, err := tx.leaveSessions(l, v, h)
		if err != nil {
			return err
		}
		for _, s := range more {
			if !slices.ContainsFunc(sessions, func(o record.Session) bool { return o.ID == s.ID }) {
				sessions = append(sessions, s)
			}
		}
	}
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

// leaveSessions lists the sessions of a leave's days at which a branch has to be
// and that have not begun.
func (tx *Tx) leaveSessions(l record.Leave, v record.Code, h record.Hours) ([]record.Session, error) {
	sessions, err := tx.leaveDuties(l, v, h)
	return slices.DeleteFunc(sessions, func(s record.Session) bool { return s.State != record.Planned || !tx.Now.Before(s.Start) }), err
}

// leaveDuties lists the sessions of a leave's days that expect a branch.
func (tx *Tx) leaveDuties(l record.Leave, v record.Code, h record.Hours) ([]record.Session, error) {
	from, err := l.From.In(h.Zone)
	if err != nil {
		return nil, err
	}
	to, err := l.To.In(h.Zone)
	if err != nil {
		return nil, err
	}
	return tx.Duties(v, from, to.AddDate(0, 0, 1), 0)
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

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
//	leave/<id>                          -> record.Leave
//	swap/<id>                           -> record.Swap
//	requestof/<village>/<id>            -> true: leaves and swaps that concern a branch
//	requestopen/<township>/<id>         -> true: those that wait for an answer
//	requestdue/<county>/<deadline>/<id> -> true: when they expire
//	leaveday/<county>/<last day>/<id>   -> true: approved leave
//	rule/<township>                     -> record.TownshipRule
//
// Ids of leaves begin with l, of swaps with w.

// MaxLeave is how many days one leave may last.
const MaxLeave = 60

// IsLeave tells a leave's id from a swap's.
func IsLeave(id record.RequestID) bool { return strings.HasPrefix(string(id), "l") }

// Leave reads a leave; ErrNotFound where there is none.
func (tx *Tx) Leave(id record.RequestID) (record.Leave, error) {
	l, found, err := get[record.Leave](tx, "leave/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: leave", record.ErrNotFound)
	}
	return l, err
}

// Swap reads a swap; ErrNotFound where there is none.
func (tx *Tx) Swap(id record.RequestID) (record.Swap, error) {
	w, found, err := get[record.Swap](tx, "swap/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: swap", record.ErrNotFound)
	}
	return w, err
}

// RequestsOf lists the leaves and swaps that concern a branch, the oldest first.
func (tx *Tx) RequestsOf(village record.Code) ([]record.RequestID, error) {
	return tx.requestIDs("requestof/" + string(village) + "/")
}

// OpenRequests lists the leaves and swaps of a township, or of a whole county,
// that wait for an answer.
func (tx *Tx) OpenRequests(place record.Code) ([]record.RequestID, error) {
	return tx.requestIDs("requestopen/" + string(place))
}

func (tx *Tx) requestIDs(prefix string) ([]record.RequestID, error) {
	var ids []record.RequestID
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		key := string(e.Key)
		if id := record.RequestID(key[strings.LastIndexByte(key, '/')+1:]); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// RequestsDue lists the requests of a county whose deadline has passed.
func (tx *Tx) RequestsDue(county record.Code) ([]record.RequestID, error) {
	prefix := "requestdue/" + string(county) + "/"
	var ids []record.RequestID
	for e, err := range tx.r.Scan(between(prefix, prefix+stamp(tx.Now))) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, record.RequestID(keyAfterStamp(e.Key[len(prefix):])))
	}
	return ids, nil
}

// request is what the indexes know of a leave or a swap.
type request struct {
	id       record.RequestID
	villages []record.Code
	open     bool
	deadline time.Time
	approved record.Date // last day of approved leave
}

func ofLeave(l record.Leave) request {
	r := request{id: l.ID, villages: []record.Code{l.Village}, open: l.State.Open(), deadline: l.Deadline}
	if l.State == record.RequestApproved {
		r.approved = l.To
	}
	return r
}

func ofSwap(w record.Swap) request {
	return request{id: w.ID, villages: []record.Code{w.From, w.To}, open: w.State.Open(), deadline: w.Deadline}
}

// keys are the index entries of a request. The officers of both townships see a
// swap.
func (r request) keys() []string {
	var keys []string
	for _, v := range r.villages {
		keys = append(keys, "requestof/"+string(v)+"/"+string(r.id))
		if r.open {
			keys = append(keys, "requestopen/"+string(v.Township())+"/"+string(r.id))
		}
	}
	county := string(r.villages[0].County())
	if r.open {
		keys = append(keys, "requestdue/"+county+"/"+stamp(r.deadline)+"/"+string(r.id))
	}
	if r.approved != "" {
		keys = append(keys, "leaveday/"+county+"/"+string(r.approved)+"/"+string(r.id))
	}
	return keys
}

// index brings the index entries of a request from what it was to what it is.
func (tx *Tx) indexRequest(was *request, is request) error {
	now := is.keys()
	if was != nil {
		for _, key := range was.keys() {
			if !slices.Contains(now, key) {
				if err := del(tx, key); err != nil {
					return err
				}
			}
		}
	}
	for _, key := range now {
		if err := put(tx, key, true); err != nil {
			return err
		}
	}
	return nil
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
		_, err = tx.AnswerSeat(st.Programme, l.Village, false, h, by, l.Reason)
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

// Rule is how a township deals with what its branches agree on.
func (tx *Tx) Rule(township record.Code) (record.TownshipRule, error) {
	r, _, err := get[record.TownshipRule](tx, "rule/"+string(township))
	return r, err
}

// SetRule changes it.
func (tx *Tx) SetRule(township record.Code, r record.TownshipRule) error {
	return put(tx, "rule/"+string(township), r)
}

// swapAnswer is how long an answer to a swap may take.
const swapAnswer = 48 * time.Hour

// AskSwap asks another branch to exchange turns or to stand in. Refusals:
// ErrChanged where a turn is not planned, ErrTooLate where one is so near that no
// answer could come, ErrPending where a turn is in an open request already,
// ErrClashing where one of the branches is busy on its new day.
func (tx *Tx) AskSwap(c record.Cycle, w record.Swap, h record.Hours, by record.PersonID) (record.Swap, error) {
	from, err := tx.Turn(c.ID, w.Base, w.From)
	if err != nil {
		return w, err
	}
	to, err := tx.Turn(c.ID, w.Base, w.To)
	if err != nil {
		return w, err
	}
	w.Cycle, w.FromAt, w.ToAt = c.ID, from.TurnSlot, record.TurnSlot{}
	if w.Kind == record.SwapTurns {
		w.ToAt = to.TurnSlot
	}
	if err := tx.swappable(c, w, from, to, h); err != nil {
		return w, err
	}
	for _, v := range []record.Code{w.From, w.To} {
		if err := tx.noOpenSwap(w, v); err != nil {
			return w, err
		}
	}
	if w.Deadline, err = swapDeadline(w, tx.Now, h.Zone); err != nil {
		return w, err
	}
	id, err := tx.newID("request", "w")
	if err != nil {
		return w, err
	}
	w.ID = record.RequestID(id)
	return tx.setSwap(nil, w, record.RequestAsked, record.RequestRow{By: by, Reason: w.Reason})
}

// swappable asks whether the turns of a swap can be exchanged, or stood in for,
// as they are now.
func (tx *Tx) swappable(c record.Cycle, w record.Swap, from, to record.Turn, h record.Hours) error {
	switch {
	case w.From == w.To, w.Kind != record.SwapTurns && w.Kind != record.Substitute:
		return fmt.Errorf("%w: swap", record.ErrInvalid)
	case from.State != record.TurnPlanned, from.TurnSlot != w.FromAt, from.Substitute != "",
		w.Kind == record.SwapTurns && (to.State != record.TurnPlanned || to.TurnSlot != w.ToAt || to.Substitute != "" || w.ToAt == w.FromAt):
		return record.ErrChanged
	}
	if _, found, err := tx.Secretary(w.To); err != nil || !found {
		if err == nil {
			err = fmt.Errorf("%w: secretary", record.ErrNotFound)
		}
		return err
	}
	busy, err := tx.BusyDays(c.Place, h, func(s record.Session) bool { return s.ID != from.Session && s.ID != to.Session })
	if err != nil {
		return err
	}
	free := func(v record.Code, day record.Date) bool {
		return day == "" || !slices.ContainsFunc(busy[v], func(b record.Busy) bool { return b.Has(day) })
	}
	if !free(w.From, w.ToAt.Day) || !free(w.To, w.FromAt.Day) {
		return record.ErrClashing
	}
	return nil
}

// noOpenSwap refuses a second open request about a branch's turn.
func (tx *Tx) noOpenSwap(w record.Swap, v record.Code) error {
	ids, err := tx.RequestsOf(v)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if IsLeave(id) {
			continue
		}
		other, err := tx.Swap(id)
		if err != nil {
			return err
		}
		if other.State.Open() && other.Cycle == w.Cycle && other.Base == w.Base {
			return record.ErrPending
		}
	}
	return nil
}

// swapDeadline is until when a swap is to be answered: two days, not later than
// the evening before the earlier of its turns.
func swapDeadline(w record.Swap, now time.Time, zone *time.Location) (time.Time, error) {
	first := w.FromAt.Day
	if w.ToAt.Day != "" {
		first = min(first, w.ToAt.Day)
	}
	day, err := first.In(zone)
	if err != nil {
		return now, err
	}
	deadline := now.Add(swapAnswer)
	if last := time.Date(day.Year(), day.Month(), day.Day()-1, 18, 0, 0, 0, zone); last.Before(deadline) {
		deadline = last
	}
	if !deadline.After(now) {
		return now, record.ErrTooLate
	}
	return deadline, nil
}

func (tx *Tx) setSwap(old *record.Swap, w record.Swap, state record.RequestState, row record.RequestRow) (record.Swap, error) {
	var was *request
	if old != nil {
		r := ofSwap(*old)
		was = &r
	}
	w.State = state
	row.At, row.State = tx.Now, state
	w.Rows = append(slices.Clone(w.Rows), row)
	if err := tx.indexRequest(was, ofSwap(w)); err != nil {
		return w, err
	}
	return w, put(tx, "swap/"+string(w.ID), w)
}

// AnswerSwap takes the other side's yes or no, its own or an officer's on its
// behalf. A yes is approved at once where the rules of both townships say so;
// else the officer is asked.
func (tx *Tx) AnswerSwap(c record.Cycle, id record.RequestID, yes bool, h record.Hours, row record.RequestRow) (record.Swap, error) {
	old, err := tx.openSwap(id, record.RequestAsked)
	if err != nil {
		return old, err
	}
	if !yes {
		return tx.setSwap(&old, old, record.RequestRefused, row)
	}
	auto := true
	for _, v := range []record.Code{old.From, old.To} {
		rule, err := tx.Rule(v.Township())
		if err != nil {
			return old, err
		}
		auto = auto && rule.AutoSwap
	}
	if auto {
		return tx.approveSwap(c, old, h, row)
	}
	w := old
	if w.Deadline, err = swapDeadline(w, tx.Now, h.Zone); err != nil {
		return old, err
	}
	return tx.setSwap(&old, w, record.RequestAgreed, row)
}

// DecideSwap takes the officer's word about a swap that both sides agreed on.
func (tx *Tx) DecideSwap(c record.Cycle, id record.RequestID, yes bool, h record.Hours, row record.RequestRow) (record.Swap, error) {
	old, err := tx.openSwap(id, record.RequestAgreed)
	if err != nil {
		return old, err
	}
	if !yes {
		return tx.setSwap(&old, old, record.RequestRefused, row)
	}
	return tx.approveSwap(c, old, h, row)
}

func (tx *Tx) openSwap(id record.RequestID, want record.RequestState) (record.Swap, error) {
	w, err := tx.Swap(id)
	switch {
	case err != nil:
		return w, err
	case !w.State.Open():
		return w, record.ErrSettled
	case w.State != want:
		return w, record.ErrAlready
	case tx.Now.After(w.Deadline):
		return w, record.ErrTooLate
	}
	return w, nil
}

// approveSwap carries a swap out: both turns move, or the other branch stands in.
// Where the plan has changed since it was asked, it is void.
func (tx *Tx) approveSwap(c record.Cycle, old record.Swap, h record.Hours, row record.RequestRow) (record.Swap, error) {
	from, err := tx.Turn(old.Cycle, old.Base, old.From)
	if err != nil {
		return old, err
	}
	to, err := tx.Turn(old.Cycle, old.Base, old.To)
	if err != nil {
		return old, err
	}
	switch err := tx.swappable(c, old, from, to, h); {
	case errors.Is(err, record.ErrChanged):
		return tx.setSwap(&old, old, record.RequestVoid, row)
	case err != nil:
		return old, err
	}
	if old.Kind == record.Substitute {
		if err := tx.SubstituteTurn(from, old.To, row.By, string(old.ID)); err != nil {
			return old, err
		}
		return tx.setSwap(&old, old, record.RequestApproved, row)
	}
	if err := tx.exchangeTurns(from, to, row.By, string(old.ID)); err != nil {
		return old, err
	}
	return tx.setSwap(&old, old, record.RequestApproved, row)
}

// WithdrawSwap takes a swap back, by either side, until it is approved.
func (tx *Tx) WithdrawSwap(id record.RequestID, row record.RequestRow) (record.Swap, error) {
	old, err := tx.Swap(id)
	if err != nil {
		return old, err
	}
	if !old.State.Open() {
		return old, record.ErrSettled
	}
	return tx.setSwap(&old, old, record.RequestWithdrawn, row)
}

// ExpireRequest ends a request whose deadline has passed; expired is false where
// it was answered meanwhile.
func (tx *Tx) ExpireRequest(id record.RequestID) (expired bool, err error) {
	if IsLeave(id) {
		l, err := tx.Leave(id)
		if err != nil || !l.State.Open() || tx.Now.Before(l.Deadline) {
			return false, err
		}
		_, err = tx.setLeave(&l, l, record.RequestExpired, record.RequestRow{})
		return true, err
	}
	w, err := tx.Swap(id)
	if err != nil || !w.State.Open() || !tx.Now.After(w.Deadline) {
		return false, err
	}
	_, err = tx.setSwap(&w, w, record.RequestExpired, record.RequestRow{})
	return true, err
}

// rebuildRequests writes the indexes of requests anew, for Check.
func rebuildRequests(from, to *Tx) error {
	for e, err := range scan[record.Leave](from, under("leave/")) {
		if err != nil {
			return err
		}
		if err := to.indexRequest(nil, ofLeave(e.val)); err != nil {
			return err
		}
	}
	for e, err := range scan[record.Swap](from, under("swap/")) {
		if err != nil {
			return err
		}
		if err := to.indexRequest(nil, ofSwap(e.val)); err != nil {
			return err
		}
	}
	return nil
}

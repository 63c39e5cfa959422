package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"headgoose/storage/record"
)

// Exchanges of turns and stand-ins, and the rule of a township. The keys stand at
// the head of requests.go.

// Swap reads a swap; ErrNotFound where there is none.
func (tx *Tx) Swap(id record.RequestID) (record.Swap, error) {
	w, found, err := get[record.Swap](tx, "swap/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: swap", record.ErrNotFound)
	}
	return w, err
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
	asker, _, err := tx.Secretary(w.From)
	if err != nil {
		return w, err
	}
	w.ID, w.Asker = record.RequestID(id), asker.ID
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
	clash, err := tx.swapClash(c, w, from, to, h)
	if err == nil && clash != nil {
		err = record.ErrClashing
	}
	return err
}

// swapClash is what keeps one of the branches from attending on its new day; nil:
// nothing does.
func (tx *Tx) swapClash(c record.Cycle, w record.Swap, from, to record.Turn, h record.Hours) (*record.SwapClash, error) {
	busy, err := tx.BusyDays(c.Place, h, func(s record.Session) bool { return s.ID != from.Session && s.ID != to.Session })
	if err != nil {
		return nil, err
	}
	for _, at := range []struct {
		village record.Code
		day     record.Date
	}{{w.From, w.ToAt.Day}, {w.To, w.FromAt.Day}} {
		i := slices.IndexFunc(busy[at.village], func(b record.Busy) bool { return at.day != "" && b.Has(at.day) })
		if i >= 0 {
			return &record.SwapClash{Village: at.village, Day: at.day, Kind: busy[at.village][i].Kind}, nil
		}
	}
	return nil, nil
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
	var err error
	if row.About, err = tx.aboutSwap(w, row); err != nil {
		return w, err
	}
	w.Rows = append(slices.Clone(w.Rows), row)
	if err := tx.indexRequest(was, ofSwap(w)); err != nil {
		return w, err
	}
	return w, put(tx, "swap/"+string(w.ID), w)
}

// aboutSwap is whose words a row's reason is about: the secretary of the branch
// that speaks, or for which an officer speaks; empty: of the one that asked.
func (tx *Tx) aboutSwap(w record.Swap, row record.RequestRow) (record.PersonID, error) {
	if row.For != "" {
		p, _, err := tx.Secretary(row.For)
		return p.ID, err
	}
	to, _, err := tx.Secretary(w.To)
	if to.ID != row.By {
		return "", err
	}
	return to.ID, err
}

// AnswerSwap takes the other side's yes or no, its own or an officer's on its
// behalf. A yes is approved at once where the rules of both townships say so;
// else the officer is asked. A yes to what cannot be done any more makes the
// request void; see voidSwap.
func (tx *Tx) AnswerSwap(c record.Cycle, id record.RequestID, yes bool, h record.Hours, row record.RequestRow) (record.Swap, error) {
	old, err := tx.openSwap(id, record.RequestAsked)
	if err != nil {
		return old, err
	}
	if !yes {
		return tx.setSwap(&old, old, record.RequestRefused, row)
	}
	if w, void, err := tx.voidSwap(c, old, h, row); err != nil || void {
		return w, err
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
		return tx.approveSwap(old, row)
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
	if w, void, err := tx.voidSwap(c, old, h, row); err != nil || void {
		return w, err
	}
	return tx.approveSwap(old, row)
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

// voidSwap ends a swap to which somebody says yes and which cannot be carried out
// any more: a turn has moved, the other post is vacant, or a branch has become busy
// on its new day. The row then says with what, so that both sides know why, and
// may ask anew; nothing stays open that no answer could end.
func (tx *Tx) voidSwap(c record.Cycle, old record.Swap, h record.Hours, row record.RequestRow) (w record.Swap, void bool, err error) {
	from, err := tx.Turn(old.Cycle, old.Base, old.From)
	if err != nil {
		return old, false, err
	}
	to, err := tx.Turn(old.Cycle, old.Base, old.To)
	if err != nil {
		return old, false, err
	}
	switch err := tx.swappable(c, old, from, to, h); {
	case err == nil:
		return old, false, nil
	case errors.Is(err, record.ErrClashing):
		if row.Clash, err = tx.swapClash(c, old, from, to, h); err != nil {
			return old, false, err
		}
	case !errors.Is(err, record.ErrChanged) && !errors.Is(err, record.ErrNotFound):
		return old, false, err
	}
	w, err = tx.setSwap(&old, old, record.RequestVoid, row)
	return w, true, err
}

// approveSwap carries a swap out: both turns move, or the other branch stands in.
func (tx *Tx) approveSwap(old record.Swap, row record.RequestRow) (record.Swap, error) {
	from, err := tx.Turn(old.Cycle, old.Base, old.From)
	if err != nil {
		return old, err
	}
	to, err := tx.Turn(old.Cycle, old.Base, old.To)
	if err != nil {
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

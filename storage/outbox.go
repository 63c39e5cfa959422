package storage

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	outr/<key>                        -> record.Outbox: a reply until it is settled
//	out/<key>                         -> record.Outbox: a notice or bulk row, kept after it is settled
//	outq/<class>/<not before>/<key>   -> bool: the open rows of out/, true while leased
//	outx/<settled at>/<key>           -> true: what ended at a person, failed or unknown
//
// A reply is written leased: delivery takes it from memory right after the
// commit, and whatever stands under outr/ at a start is sent (again). It is
// deleted when it was sent; one that failed moves to out/ without its words.
//
// A notice stays under out/ after it was sent, because its key means once. The
// lease of a notice stands in its index entry alone: leasing is one small
// write, and whoever reads the row gets the state put together.

// outboxHook is who is told of new rows.
type outboxHook struct {
	fn atomic.Pointer[func(record.Outbox)]
}

// OnOutbox has fn called with every row that a committed transaction added, in
// the order in which it added them. fn must not block. There is one: delivery.
func (s *Store) OnOutbox(fn func(record.Outbox)) { s.outbox.fn.Store(&fn) }

func (h *outboxHook) tell(row record.Outbox) {
	if fn := h.fn.Load(); fn != nil {
		(*fn)(row)
	}
}

// AddOutbox adds a row and hands it to delivery after the commit. added is
// false where a row of this key is there or was sent: the key means once.
// State, Created and an empty NotBefore are filled in, and what its kind says
// (record.Outbox.Fitted); a reply is always due at once.
func (tx *Tx) AddOutbox(row record.Outbox) (added bool, err error) {
	if row.Key == "" || row.Class < record.Reply || row.Class > record.Bulk {
		return false, fmt.Errorf("%w: outbox row without key or class", record.ErrInvalid)
	}
	key := outKey(row)
	if found, err := has(tx, key); err != nil || found {
		return false, err
	}
	row.Created = tx.Now
	if row.Class == record.Reply {
		row.State, row.NotBefore = record.Leased, time.Time{}
	} else {
		row.State = record.Pending
		if row.NotBefore.IsZero() {
			row.NotBefore = tx.Now
		}
		row = row.Fitted()
		if err := put(tx, queueKey(row), false); err != nil {
			return false, err
		}
	}
	if err := put(tx, key, row); err != nil {
		return false, err
	}
	tx.AfterCommit(func() { tx.s.outbox.tell(row) })
	return true, nil
}

func outKey(row record.Outbox) string {
	if row.Class == record.Reply {
		return "outr/" + row.Key
	}
	return "out/" + row.Key
}

func queuePrefix(class record.Class) string { return fmt.Sprintf("outq/%d/", class) }

func queueKey(row record.Outbox) string {
	return queuePrefix(row.Class) + stamp(row.NotBefore) + "/" + row.Key
}

func issueKey(row record.Outbox) string { return "outx/" + stamp(row.SettledAt) + "/" + row.Key }

// leased reads the index entry of a notice: whether it is open, and leased.
func (tx *Tx) leased(row record.Outbox) (open, leased bool, err error) {
	leased, open, err = get[bool](tx, queueKey(row))
	return open, leased, err
}

// Outbox reads a row by its key; found is false where there is none, which is
// also so for a reply that was sent.
func (tx *Tx) Outbox(key string) (row record.Outbox, found bool, err error) {
	if row, found, err = get[record.Outbox](tx, "outr/"+key); err != nil || found {
		return row, found, err
	}
	if row, found, err = get[record.Outbox](tx, "out/"+key); err != nil || !found {
		return row, found, err
	}
	err = tx.fillLease(&row)
	return row, true, err
}

func (tx *Tx) fillLease(row *record.Outbox) error {
	if row.State != record.Pending {
		return nil
	}
	_, leased, err := tx.leased(*row)
	if leased {
		row.State = record.Leased
	}
	return err
}

// OutboxUnder lists up to limit notices and bulk rows whose key begins with
// prefix, settled ones included, in the order of their keys.
func (tx *Tx) OutboxUnder(prefix string, limit int) ([]record.Outbox, error) {
	var rows []record.Outbox
	for e, err := range scan[record.Outbox](tx, under("out/"+prefix)) {
		if err != nil {
			return nil, err
		}
		if err := tx.fillLease(&e.val); err != nil {
			return nil, err
		}
		if rows = append(rows, e.val); len(rows) == limit {
			break
		}
	}
	return rows, nil
}

// leaseLook is how many due rows one lease looks at, so that rows which the
// caller does not take cannot make it long.
const leaseLook = 512

// LeaseOutbox leases up to limit rows of a class that are due now, oldest
// first: from the commit on they count as being sent, until SettleOutbox. take
// refuses a row for now (its chat has to wait); like the whole function of the
// transaction it may run again.
func (tx *Tx) LeaseOutbox(class record.Class, limit int, take func(record.Outbox) bool) ([]record.Outbox, error) {
	due, err := tx.openRows(class, false, leaseLook)
	if err != nil {
		return nil, err
	}
	var rows []record.Outbox
	for _, key := range due {
		if len(rows) == limit {
			break
		}
		row, found, err := get[record.Outbox](tx, "out/"+key)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("storage: outbox: index entry without a row")
		}
		if !take(row) {
			continue
		}
		if err := put(tx, queueKey(row), true); err != nil {
			return nil, err
		}
		row.State = record.Leased
		rows = append(rows, row)
	}
	return rows, nil
}

// openRows lists the keys of up to limit open rows of a class: the leased ones,
// or those pending and due now.
func (tx *Tx) openRows(class record.Class, leased bool, limit int) ([]string, error) {
	prefix := queuePrefix(class)
	r := under(prefix)
	if !leased {
		r = between(prefix, prefix+stamp(tx.Now.Add(1)))
	}
	want := strconv.AppendBool(nil, leased)
	var list []string
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(e.Value, want) {
			continue
		}
		if list = append(list, keyAfterStamp(e.Key[len(prefix):])); len(list) == limit {
			break
		}
	}
	return list, nil
}

// keyAfterStamp is a row's key in what follows the prefix of an index.
func keyAfterStamp(rest []byte) string {
	_, key, _ := bytes.Cut(rest, []byte("/"))
	return string(key)
}

// OutboxDue says whether a notice or bulk row is pending and due.
func (tx *Tx) OutboxDue() (bool, error) {
	for _, class := range []record.Class{record.Notice, record.Bulk} {
		if due, err := tx.openRows(class, false, 1); err != nil || len(due) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// NextOutbox is when the next row falls due that is not due yet; ok is false
// where there is none.
func (tx *Tx) NextOutbox() (at time.Time, ok bool, err error) {
	for _, class := range []record.Class{record.Notice, record.Bulk} {
		prefix := queuePrefix(class)
		r := under(prefix)
		r.Lo = []byte(prefix + stamp(tx.Now.Add(1)))
		for e, err := range tx.r.Scan(r) {
			if err != nil {
				return at, false, err
			}
			row, found, err := get[record.Outbox](tx, "out/"+keyAfterStamp(e.Key[len(prefix):]))
			if err != nil {
				return at, false, err
			}
			if found && (!ok || row.NotBefore.Before(at)) {
				at, ok = row.NotBefore, true
			}
			break
		}
	}
	return at, ok, nil
}

// SettleOutbox writes what a try of a leased row came to, as row.State says:
// sent, dropped, failed or unknown for good, or pending to be tried again from
// row.NotBefore on. settled is false, and nothing is written, where the row is
// not leased (it was settled before). At most three writes.
func (tx *Tx) SettleOutbox(row record.Outbox) (settled bool, err error) {
	switch row.State {
	case record.Pending, record.Sent, record.Dropped, record.Failed, record.Unknown:
	default:
		return false, fmt.Errorf("%w: an outbox row cannot be settled as %q", record.ErrInvalid, row.State)
	}
	if row.Class == record.Reply {
		return tx.settleReply(row)
	}
	old, found, err := get[record.Outbox](tx, "out/"+row.Key)
	if err != nil || !found {
		return false, err
	}
	open, leased, err := tx.leased(old)
	if err != nil || !open || !leased {
		return false, err
	}
	return true, tx.settle(old, row)
}

// settleReply settles a reply. One to be tried again stays as it is: whatever
// is under outr/ will be sent.
func (tx *Tx) settleReply(row record.Outbox) (bool, error) {
	key := outKey(row)
	found, err := has(tx, key)
	if err != nil || !found || row.State == record.Pending {
		return found, err
	}
	if err := del(tx, key); err != nil || row.State == record.Sent || row.State == record.Dropped {
		return true, err
	}
	row.Words, row.SettledAt = nil, tx.Now
	if err := put(tx, "out/"+row.Key, row); err != nil {
		return false, err
	}
	return true, put(tx, issueKey(row), true)
}

// settle replaces the open notice old by row.
func (tx *Tx) settle(old, row record.Outbox) error {
	if row.State == record.Pending {
		if row.NotBefore.IsZero() {
			row.NotBefore = old.NotBefore
		}
		if !row.NotBefore.Equal(old.NotBefore) {
			if err := del(tx, queueKey(old)); err != nil {
				return err
			}
		}
		return errors.Join(put(tx, queueKey(row), false), put(tx, "out/"+row.Key, row))
	}
	row.SettledAt = tx.Now
	if err := del(tx, queueKey(old)); err != nil {
		return err
	}
	if row.State == record.Failed || row.State == record.Unknown {
		if err := put(tx, issueKey(row), true); err != nil {
			return err
		}
	}
	return put(tx, "out/"+row.Key, row)
}

// WithdrawOutbox drops up to limit pending notices whose key begins with
// prefix, because their reason is gone; fewer than limit: none is left. A row
// that is being sent is left alone: the courier asks the plan before every try.
// Two writes for each.
func (tx *Tx) WithdrawOutbox(prefix, reason string, limit int) (dropped int, err error) {
	var rows []record.Outbox
	for e, err := range scan[record.Outbox](tx, under("out/"+prefix)) {
		if err != nil {
			return 0, err
		}
		if e.val.State != record.Pending {
			continue
		}
		if _, leased, err := tx.leased(e.val); err != nil || leased {
			if err != nil {
				return 0, err
			}
			continue
		}
		if rows = append(rows, e.val); len(rows) == limit {
			break
		}
	}
	for _, old := range rows {
		row := old
		row.State, row.Reason = record.Dropped, reason
		if err := tx.settle(old, row); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// maxRecoveries is after how many tries a notice whose outcome a crash left
// open is not sent again.
const maxRecoveries = 10

// RecoverOutbox takes up to limit notices that a process left leased when it
// died: what came of them is unknown. They are to be sent again, marked
// (Maybe); those that are at most once end as unknown, and a person sees them.
// Fewer than limit: none is left. At most three writes for each.
func (tx *Tx) RecoverOutbox(limit int) (recovered int, err error) {
	var keys []string
	for _, class := range []record.Class{record.Notice, record.Bulk} {
		list, err := tx.openRows(class, true, limit-len(keys))
		if err != nil {
			return 0, err
		}
		if keys = append(keys, list...); len(keys) == limit {
			break
		}
	}
	for _, key := range keys {
		old, _, err := get[record.Outbox](tx, "out/"+key)
		if err != nil {
			return 0, err
		}
		row := old
		row.Maybe, row.State = true, record.Pending
		row.Tries++
		if row.AtMostOnce || row.Tries >= maxRecoveries {
			row.State, row.Reason = record.Unknown, "stopped while sending"
		}
		if err := tx.settle(old, row); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

// Replies lists up to limit replies that are not settled, in the order of
// their keys, from the one after `after` on.
func (tx *Tx) Replies(after string, limit int) ([]record.Outbox, error) {
	r := under("outr/")
	if after != "" {
		r.Lo = []byte("outr/" + after + "\x00")
	}
	var rows []record.Outbox
	for e, err := range scan[record.Outbox](tx, r) {
		if err != nil {
			return nil, err
		}
		if rows = append(rows, e.val); len(rows) == limit {
			break
		}
	}
	return rows, nil
}

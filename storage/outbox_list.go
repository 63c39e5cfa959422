package storage

import (
	"iter"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Undelivered lists up to limit rows that ended at a person since an instant:
// failed for good (Reason says why, "unreachable" among it), or sent with an
// outcome that nobody knows. The newest comes first.
func (tx *Tx) Undelivered(since time.Time, limit int) ([]record.Outbox, error) {
	r := kv.Range{Lo: []byte("outx/" + stamp(since)), Hi: kv.PrefixEnd([]byte("outx/")), Reverse: true}
	var rows []record.Outbox
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		row, found, err := get[record.Outbox](tx, "out/"+keyAfterStamp(e.Key[len("outx/"):]))
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if rows = append(rows, row); len(rows) == limit {
			break
		}
	}
	return rows, nil
}

// OutboxCount is how many rows are where.
type OutboxCount struct {
	Replies     int // on their way
	Pending     int // notices and bulk: due or to come
	Leased      int // notices and bulk: being sent
	Undelivered int // at a person, until they are purged
}

// OutboxCounts counts the rows. It costs the number of open and undelivered
// rows, not of those that were sent.
func (tx *Tx) OutboxCounts() (OutboxCount, error) {
	var c OutboxCount
	count := func(prefix string, add func(value []byte)) error {
		for e, err := range tx.r.Scan(under(prefix)) {
			if err != nil {
				return err
			}
			add(e.Value)
		}
		return nil
	}
	if err := count("outr/", func([]byte) { c.Replies++ }); err != nil {
		return c, err
	}
	if err := count("outq/", func(v []byte) {
		if string(v) == "true" {
			c.Leased++
		} else {
			c.Pending++
		}
	}); err != nil {
		return c, err
	}
	err := count("outx/", func([]byte) { c.Undelivered++ })
	return c, err
}

// purgeLook is how many rows one call of PurgeOutbox looks at.
const purgeLook = 500

// PurgeOutbox deletes up to limit rows that were settled before an instant,
// from the key `from` on. next is where to go on, "" at the end. From then on
// their keys no longer mean once: purge only what no plan can make again. At
// most two writes for each.
func (tx *Tx) PurgeOutbox(before time.Time, from string, limit int) (next string, purged int, err error) {
	r := under("out/")
	r.Lo = append(r.Lo, from...)
	var old []record.Outbox
	looked := 0
	for e, err := range scan[record.Outbox](tx, r) {
		if err != nil {
			return "", 0, err
		}
		if looked == purgeLook || len(old) == limit {
			next = e.val.Key
			break
		}
		looked++
		if !e.val.SettledAt.IsZero() && e.val.SettledAt.Before(before) {
			old = append(old, e.val)
		}
	}
	for _, row := range old {
		if err := del(tx, issueKey(row)); err != nil {
			return "", 0, err
		}
		if err := del(tx, "out/"+row.Key); err != nil {
			return "", 0, err
		}
	}
	return next, len(old), nil
}

// CheckOutbox yields what does not fit together in the outbox: an open row
// without its index entry, an entry without its row, and the like. It reads all
// rows.
func (tx *Tx) CheckOutbox() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		open := map[string]bool{} // index entries that a row accounts for
		for e, err := range scan[record.Outbox](tx, under("out/")) {
			if err != nil {
				yield("", err)
				return
			}
			if fault := tx.checkRow(e.val, open); fault != "" && !yield(fault, nil) {
				return
			}
		}
		for _, prefix := range []string{"outq/", "outx/"} {
			for e, err := range tx.r.Scan(under(prefix)) {
				if err != nil {
					yield("", err)
					return
				}
				if !open[string(e.Key)] && !yield("index entry "+string(e.Key)+" has no row", nil) {
					return
				}
			}
		}
	}
}

// checkRow says what is wrong with a row, and notes the index entry that it
// must have.
func (tx *Tx) checkRow(row record.Outbox, open map[string]bool) (fault string) {
	var key string
	switch row.State {
	case record.Pending:
		key = queueKey(row)
	case record.Failed, record.Unknown:
		key = issueKey(row)
	case record.Sent, record.Dropped:
		return ""
	default:
		return "row out/" + row.Key + " is " + string(row.State)
	}
	open[key] = true
	if found, err := has(tx, key); err != nil || !found {
		return "row out/" + row.Key + " lacks its index entry"
	}
	return ""
}

package boltkv

import (
	"bytes"
	"iter"

	"go.etcd.io/bbolt"

	"headgoose/storage/kv"
	"headgoose/storage/kv/internal/writebuf"
)

// reader reads one bbolt transaction.
type reader struct {
	bucket *bbolt.Bucket
	cursor *bbolt.Cursor // for Get; made when first used
	over   bool
}

func (r *reader) end() { r.over = true }

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, bool, error) {
	if r.over {
		return nil, false, kv.ErrOver
	}
	if r.cursor == nil {
		r.cursor = r.bucket.Cursor()
	}
	k, v := r.cursor.Seek(key)
	if k == nil || !bytes.Equal(k, key) {
		return nil, false, nil
	}
	return v, true, nil
}

// Scan implements kv.Reader.
func (r *reader) Scan(rg kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		if r.over {
			yield(kv.Entry{}, kv.ErrOver)
			return
		}
		c := r.bucket.Cursor()
		k, v := start(c, rg)
		for k != nil && rg.Contains(k) {
			if !yield(kv.Entry{Key: k, Value: v}, nil) {
				return
			}
			if r.over {
				yield(kv.Entry{}, kv.ErrOver)
				return
			}
			if rg.Reverse {
				k, v = prev(c, k)
			} else {
				k, v = c.Next()
			}
		}
	}
}

// start moves c to the first entry of a scan, or to one outside of its range.
func start(c *bbolt.Cursor, r kv.Range) (k, v []byte) {
	if !r.Reverse {
		return c.Seek(r.Lo)
	}
	if len(r.Hi) == 0 {
		return c.Last()
	}
	if k, _ := c.Seek(r.Hi); k == nil {
		return c.Last()
	}
	return prev(c, r.Hi)
}

// prev moves c, which stands at the first key not below key, one back. Where
// an earlier function of the group emptied a page, bbolt's Prev stops at that
// page as if it were the beginning; then it is asked on, as long as there is
// a smaller key.
func prev(c *bbolt.Cursor, key []byte) (k, v []byte) {
	if k, v = c.Prev(); k != nil {
		return k, v
	}
	first, _ := c.Bucket().Cursor().First()
	if first == nil || bytes.Compare(first, key) >= 0 {
		return nil, nil
	}
	for k == nil {
		k, v = c.Prev()
	}
	return k, v
}

// txn is one function's view of its group: the state that the functions
// before it left, with its own writes over it.
type txn struct {
	reader
	writes writebuf.Buffer
}

// Get implements kv.Reader.
func (t *txn) Get(key []byte) ([]byte, bool, error) {
	if t.over {
		return nil, false, kv.ErrOver
	}
	if op, ok := t.writes.Lookup(key); ok {
		if op.Delete {
			return nil, false, nil
		}
		return op.Value, true, nil
	}
	return t.reader.Get(key)
}

// Scan implements kv.Reader.
func (t *txn) Scan(r kv.Range) iter.Seq2[kv.Entry, error] {
	return t.writes.Merge(r, t.reader.Scan(r))
}

// Put implements kv.Txn.
func (t *txn) Put(key, value []byte) error {
	if t.over {
		return kv.ErrOver
	}
	return t.writes.Put(key, value)
}

// Delete implements kv.Txn.
func (t *txn) Delete(key []byte) error {
	if t.over {
		return kv.ErrOver
	}
	return t.writes.Delete(key)
}

package memkv

import (
	"bytes"
	"errors"
	"iter"
	"slices"

	"headgoose/storage/kv"
	"headgoose/storage/kv/internal/writebuf"
)

var (
	errChanged  = errors.New("memkv: a key or value was changed after it was given to the transaction")
	errScanning = errors.New("memkv: write to a range while it is scanned: collect first")
)

// dead is what a value turns into when its transaction has ended.
const dead = 0xdb

// reader reads one state and hands out copies that it takes back at its end.
type reader struct {
	root   *node
	over   bool
	copies arena
	scans  []*kv.Range // under way
}

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, bool, error) {
	if r.over {
		return nil, false, kv.ErrOver
	}
	n := r.root.get(key)
	if n == nil {
		return nil, false, nil
	}
	return r.copies.clone(n.value), true, nil
}

// Scan implements kv.Reader.
func (r *reader) Scan(rg kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		if r.over {
			yield(kv.Entry{}, kv.ErrOver)
			return
		}
		mine := &rg
		r.scans = append(r.scans, mine)
		defer func() {
			r.scans = slices.DeleteFunc(r.scans, func(s *kv.Range) bool { return s == mine })
		}()
		r.root.walk(rg, func(n *node) bool {
			if r.over {
				yield(kv.Entry{}, kv.ErrOver)
				return false
			}
			return yield(kv.Entry{Key: r.copies.clone(n.key), Value: r.copies.clone(n.value)}, nil)
		})
	}
}

func (r *reader) scanning(key []byte) bool {
	return slices.ContainsFunc(r.scans, func(s *kv.Range) bool { return s.Contains(key) })
}

func (r *reader) end() {
	r.over = true
	r.copies.kill()
}

// txn is a reader with writes laid over it.
type txn struct {
	reader
	writes writebuf.Buffer
	given  []given
	misuse error // the first one; with it the Update fails
}

// given is a slice that was handed in, with what it held then.
type given struct{ slice, held []byte }

// write is one change of the committed state, in memory of its own.
type write struct {
	key, value []byte
	delete     bool
}

// Get implements kv.Reader.
func (t *txn) Get(key []byte) ([]byte, bool, error) {
	if t.over {
		return nil, false, kv.ErrOver
	}
	if op, ok := t.writes.Lookup(key); ok {
		return t.copies.clone(op.Value), !op.Delete, nil
	}
	return t.reader.Get(key)
}

// Scan implements kv.Reader.
func (t *txn) Scan(r kv.Range) iter.Seq2[kv.Entry, error] {
	return t.writes.Merge(r, t.reader.Scan(r))
}

// Put implements kv.Txn.
func (t *txn) Put(key, value []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	if err := t.writes.Put(key, value); err != nil {
		return err
	}
	t.note(key, value)
	return nil
}

// Delete implements kv.Txn.
func (t *txn) Delete(key []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	if err := t.writes.Delete(key); err != nil {
		return err
	}
	t.note(key)
	return nil
}

func (t *txn) writable(key []byte) error {
	switch {
	case t.over:
		return kv.ErrOver
	case t.scanning(key):
		t.misuse = errScanning
	}
	return t.misuse
}

func (t *txn) note(slices ...[]byte) {
	for _, s := range slices {
		t.given = append(t.given, given{s, bytes.Clone(s)})
	}
}

// proper says whether the function kept to the contract.
func (t *txn) proper() error {
	if t.misuse != nil {
		return t.misuse
	}
	for _, g := range t.given {
		if !bytes.Equal(g.slice, g.held) {
			return errChanged
		}
	}
	return nil
}

// take copies the writes for the committed state. Values that came from Get
// die with the transaction, so nothing is shared.
func (t *txn) take() []write {
	ops := t.writes.Ops()
	ws := make([]write, len(ops))
	for i, op := range ops {
		ws[i] = write{key: bytes.Clone(op.Key), value: bytes.Clone(op.Value), delete: op.Delete}
	}
	return ws
}

// arena holds copies in few large pieces.
type arena struct {
	blocks [][]byte
	free   []byte
}

const blockSize = 4 << 10

func (a *arena) clone(p []byte) []byte {
	if len(p) > len(a.free) {
		a.free = make([]byte, max(blockSize, len(p)))
		a.blocks = append(a.blocks, a.free)
	}
	c := a.free[:len(p):len(p)]
	a.free = a.free[len(p):]
	copy(c, p)
	return c
}

// kill overwrites everything that was handed out.
func (a *arena) kill() {
	for _, b := range a.blocks {
		for i := range b {
			b[i] = dead
		}
	}
	*a = arena{}
}

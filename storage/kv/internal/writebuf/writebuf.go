// Package writebuf holds what one transaction has written and not yet
// committed: a small sorted list over the engine's own data. Every engine
// keeps its writes here, so the limits of package kv are counted in one place
// and a function that fails is undone by forgetting its list.
//
// A list and not a tree: it has at most [kv.MaxWrites] entries, so a binary
// search and a short move of memory cost less than any pointer.
package writebuf

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"sort"

	"headgoose/storage/kv"
)

// Buffer is the writes of one transaction. The zero Buffer is empty and ready.
// It keeps the slices that it is given.
type Buffer struct {
	ops  []Op
	size int
	err  error
}

// Op is the last write of a key.
type Op struct {
	Key, Value []byte
	Delete     bool
}

func (o Op) size() int { return len(o.Key) + len(o.Value) }

// Put notes that key gets value.
func (b *Buffer) Put(key, value []byte) error {
	if len(value) > kv.MaxValue {
		return b.refuse("a value of %d bytes, at most %d", len(value), kv.MaxValue)
	}
	return b.write(Op{Key: key, Value: value})
}

// Delete notes that key goes away.
func (b *Buffer) Delete(key []byte) error {
	return b.write(Op{Key: key, Delete: true})
}

func (b *Buffer) write(op Op) error {
	if len(op.Key) == 0 || len(op.Key) > kv.MaxKey {
		return b.refuse("a key of %d bytes, from 1 to %d", len(op.Key), kv.MaxKey)
	}
	i, found := b.search(op.Key)
	size := b.size + op.size()
	if found {
		size -= b.ops[i].size()
	} else if len(b.ops) == kv.MaxWrites {
		return b.refuse("more than %d keys", kv.MaxWrites)
	}
	if size > kv.MaxBytes {
		return b.refuse("%d bytes, at most %d", size, kv.MaxBytes)
	}
	b.size = size
	if found {
		b.ops[i] = op
	} else {
		b.ops = slices.Insert(b.ops, i, op)
	}
	return nil
}

// refuse remembers the first refusal, so that a function that overlooks it
// cannot commit the rest.
func (b *Buffer) refuse(format string, args ...any) error {
	err := fmt.Errorf("%w: "+format, append([]any{kv.ErrTooLarge}, args...)...)
	if b.err == nil {
		b.err = err
	}
	return err
}

// Err is the first refusal: with one, nothing of the buffer may be committed.
func (b *Buffer) Err() error { return b.err }

// Ops are the writes in the order of their keys, valid until the next write.
func (b *Buffer) Ops() []Op { return b.ops }

// Size is the number of bytes of all keys and values.
func (b *Buffer) Size() int { return b.size }

// Lookup finds the write of key.
func (b *Buffer) Lookup(key []byte) (Op, bool) {
	if i, found := b.search(key); found {
		return b.ops[i], true
	}
	return Op{}, false
}

func (b *Buffer) search(key []byte) (int, bool) {
	i := b.lowerBound(key)
	return i, i < len(b.ops) && bytes.Equal(b.ops[i].Key, key)
}

// lowerBound is the place of the first key that is not below key. Most
// functions write in the order of keys, so the end is tried first.
func (b *Buffer) lowerBound(key []byte) int {
	n := len(b.ops)
	if n == 0 || bytes.Compare(b.ops[n-1].Key, key) < 0 {
		return n
	}
	return sort.Search(n, func(i int) bool { return bytes.Compare(b.ops[i].Key, key) >= 0 })
}

// Merge yields base, the entries of r as the engine has them, with the writes
// of the buffer laid over it.
func (b *Buffer) Merge(r kv.Range, base iter.Seq2[kv.Entry, error]) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		m := merge{ops: b.within(r), reverse: r.Reverse, yield: yield}
		for e, err := range base {
			if err != nil {
				yield(kv.Entry{}, err)
				return
			}
			if !m.entry(e) {
				return
			}
		}
		m.rest()
	}
}

// within is a copy of the writes in r, in the direction of r. A copy, because
// the loop may write elsewhere.
func (b *Buffer) within(r kv.Range) []Op {
	lo, hi := b.lowerBound(r.Lo), len(b.ops)
	if len(r.Hi) > 0 {
		hi = b.lowerBound(r.Hi)
	}
	if lo >= hi {
		return nil
	}
	ops := slices.Clone(b.ops[lo:hi])
	if r.Reverse {
		slices.Reverse(ops)
	}
	return ops
}

type merge struct {
	ops     []Op // not yet yielded
	reverse bool
	yield   func(kv.Entry, error) bool
}

// entry yields the writes that come before e, and e or what replaces it.
func (m *merge) entry(e kv.Entry) bool {
	for len(m.ops) > 0 {
		order := bytes.Compare(m.ops[0].Key, e.Key)
		if m.reverse {
			order = -order
		}
		if order > 0 {
			break
		}
		if !m.next() {
			return false
		}
		if order == 0 {
			return true
		}
	}
	return m.yield(e, nil)
}

func (m *merge) rest() {
	for len(m.ops) > 0 && m.next() {
	}
}

func (m *merge) next() bool {
	op := m.ops[0]
	m.ops = m.ops[1:]
	return op.Delete || m.yield(kv.Entry{Key: op.Key, Value: op.Value}, nil)
}

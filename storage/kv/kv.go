// Package kv is the seam under the records: a small contract for an ordered
// key-value engine, so that the file of today and a distributed engine of
// tomorrow carry the same storage room.
//
// # The contract
//
// Keys are ordered by bytes. A transaction sees one state of the data, its
// own writes included. Update is serializable and all or nothing, and may
// run its function more than once: the function touches nothing but the
// transaction and values that it sets anew on every run.
//
// Limits are part of the contract, in every engine, so that no caller grows
// into something that only one engine can carry: see [MaxWrites], [MaxBytes],
// [MaxKey] and [MaxValue]. Work that needs more goes in chunks that can be
// repeated.
//
// Package kvtest proves an engine against this text.
package kv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
)

// Limits of one transaction. They leave room below the defaults of etcd
// (128 operations and 1.5 MiB a transaction, etcd 3.x operations guide).
const (
	// MaxWrites is how many keys one Update may put or delete. A key that is
	// written again counts once.
	MaxWrites = 100
	// MaxBytes is how many bytes of keys and values one Update may write; of a
	// key that is written again, the last value counts.
	MaxBytes = 1 << 20
	// MaxKey is the longest key in bytes; a key has at least one byte.
	MaxKey = 1024
	// MaxValue is the longest value in bytes.
	MaxValue = 512 << 10
)

// Errors of an engine. They arrive wrapped; ask with errors.Is.
var (
	// ErrTooLarge refuses a write beyond a limit, and the empty key. The
	// transaction changes nothing, even if its function goes on and returns nil.
	ErrTooLarge = errors.New("kv: beyond a limit of the transaction")
	// ErrClosed is the answer of a closed engine.
	ErrClosed = errors.New("kv: engine is closed")
	// ErrUnknown says that a commit failed in a way that leaves open whether
	// it took effect: stop, reopen, look. The engine takes no further Update.
	ErrUnknown = errors.New("kv: outcome of the commit is unknown")
	// ErrFull says that the disk or the file's set size is used up. The
	// transaction changed nothing and a later one may succeed.
	ErrFull = errors.New("kv: no room left")
	// ErrInUse says that another process holds the data.
	ErrInUse = errors.New("kv: data is in use by another process")
	// ErrReadOnly refuses an Update of data that was opened only to be read.
	ErrReadOnly = errors.New("kv: data is open for reading only")
	// ErrOver is the answer of a Reader or Txn that is used after the function
	// that received it has returned.
	ErrOver = errors.New("kv: transaction is over")
)

// Engine keeps ordered keys. All methods are safe for concurrent use.
type Engine interface {
	// View runs fn on one unchanging state. Keep it short: a reader that
	// stays open makes some engines' files grow. An error of fn is returned
	// as it is.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn and commits what it wrote, durably, before it returns
	// nil. fn may run several times; only the last run counts. An error of fn
	// is returned as it is and changes nothing; a panic of fn changes nothing
	// and reaches the caller. A ctx that ends before the commit has begun
	// changes nothing.
	Update(ctx context.Context, fn func(Txn) error) error

	// Close waits for running transactions and releases the data. It may be
	// called again.
	Close() error
}

// Reader reads one state of the data. It must not be used after the function
// that received it returns, nor from another goroutine.
type Reader interface {
	// Get returns the value of key; found is false where there is none. The
	// value must not be changed, and dies with the transaction.
	Get(key []byte) (value []byte, found bool, err error)

	// Scan yields the entries with Lo <= key < Hi in order. Writing to the
	// scanned range while the loop runs is not allowed: collect first.
	Scan(r Range) iter.Seq2[Entry, error]
}

// Txn is a Reader that also writes. The slices that it is given belong to the
// engine until Update returns.
type Txn interface {
	Reader
	Put(key, value []byte) error
	// Delete removes key; a key that is not there is no error.
	Delete(key []byte) error
}

// Range is a half-open run of keys. An empty Hi means: to the end.
type Range struct {
	Lo, Hi  []byte
	Reverse bool // from the last key to the first
}

// Prefix is the range of all keys that begin with p.
func Prefix(p []byte) Range {
	return Range{Lo: p, Hi: PrefixEnd(p)}
}

// PrefixEnd is the first key after all those that begin with p; empty where
// there is none (p is empty or all 0xff).
func PrefixEnd(p []byte) []byte {
	end := append([]byte(nil), p...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// Contains says whether key lies in the range.
func (r Range) Contains(key []byte) bool {
	return bytes.Compare(r.Lo, key) <= 0 && (len(r.Hi) == 0 || bytes.Compare(key, r.Hi) < 0)
}

// Entry is one key with its value; both die with the transaction.
type Entry struct {
	Key, Value []byte
}

// Snapshotter is an engine that can write a consistent copy of its data while
// it works.
type Snapshotter interface {
	// Snapshot writes one committed state to w in the engine's own format.
	// w should be a local file: a slow writer holds a reader open.
	Snapshot(ctx context.Context, w io.Writer) (int64, error)
}

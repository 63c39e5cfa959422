// Package storage keeps what the office knows: typed functions on a
// transaction, in the office's words, over the small engine of package kv.
//
// # One transaction
//
// [Store.Update] opens the one transaction in which an update of the chat, a
// wake-up of the schedule or a chunk of an import has its whole effect:
// records, indexes, counts, the audit line and the replies in the outbox. Its
// function may run more than once (see kv.Engine), so it touches nothing but
// the transaction; what must happen after the commit goes through
// [Tx.AfterCommit]. [Tx.Now] is fixed for a transaction.
//
// # Keys
//
// A key is "topic/part/part". The layout of every topic stands at the head of
// the file that owns it and, as a whole, in README.md beside this file. Every
// index is written in the transaction of its record, and the counts of a
// place (counts.go) and a session (sessions.go) are kept as records change, so
// that a query costs the size of its answer. [Store.Check] compares them all.
package storage

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// SchemaVersion is what this program writes. Migrations lead up to it.
const SchemaVersion = 3

// SchemaSealed is the first version in which what concerns people is sealed.
const SchemaSealed = 2

// KeySize is the length of the master key in bytes.
const KeySize = 32

// Errors of Open.
var (
	// ErrNewer refuses data that a newer program wrote.
	ErrNewer = errors.New("storage: the data was written by a newer version of the program")
	// ErrKey refuses a master key that is not the one of the data.
	ErrKey = errors.New("storage: the master key is not the one of this data")
)

// Store is the county's data.
type Store struct {
	engine    kv.Engine
	clock     func() time.Time
	keys      keys
	ring      Keys
	ages      record.Ages
	outbox    outboxHook
	codes     sync.Map // codeStep -> Code
	codesKept atomic.Int64
}

// Options of a Store.
type Options struct {
	// Clock gives the time of a transaction; time.Now if nil.
	Clock func() time.Time
	// Key is the root secret of KeySize bytes; keyed hashes are derived from
	// it. Data written with one key cannot be matched with another.
	Key []byte
	// Ring has the keys that seal what concerns a person. Without one they are
	// derived from Key and cannot be destroyed: for tests and tools.
	Ring Keys
	// Ages says how soon graduates' facts are asked about anew; zero:
	// record.DefaultAges.
	Ages record.Ages
}

// keys are derived from the master key, one for each use.
type keys struct{ phone, link, code, blind []byte }

func deriveKeys(master []byte) (keys, error) {
	if len(master) != KeySize {
		return keys{}, fmt.Errorf("storage: master key of %d bytes, want %d", len(master), KeySize)
	}
	var k keys
	for use, into := range map[string]*[]byte{"phone": &k.phone, "link": &k.link, "code": &k.code, "blind": &k.blind} {
		sub, err := hkdf.Key(sha256.New, master, nil, "headgoose/"+use, 32)
		if err != nil {
			return keys{}, fmt.Errorf("storage: derive key: %w", err)
		}
		*into = sub
	}
	return k, nil
}

// Open takes an engine into use: new data gets the schema version, older data
// is migrated step by step, newer data is refused with ErrNewer, a master key
// that is not the one of the data with ErrKey.
func Open(ctx context.Context, engine kv.Engine, o Options) (*Store, error) {
	k, err := deriveKeys(o.Key)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Ring == nil {
		o.Ring = seal.Derived(o.Key)
	}
	if o.Ages == (record.Ages{}) {
		o.Ages = record.DefaultAges()
	}
	s := &Store{engine: engine, clock: o.Clock, keys: k, ring: o.Ring, ages: o.Ages}
	if err := s.ring.Reserve(weekKeys); err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	if err := s.keepGraves(ctx); err != nil {
		return nil, fmt.Errorf("storage: forget again whom a backup brought back: %w", err)
	}
	return s, s.Bury(ctx)
}

// On is a store over another engine with the same data: a copy to be checked.
func (s *Store) On(engine kv.Engine) *Store {
	return &Store{engine: engine, clock: s.clock, keys: s.keys, ring: s.ring, ages: s.ages}
}

// Engine is the engine under the store, for backup and checks.
func (s *Store) Engine() kv.Engine { return s.engine }

// Now is the store's clock.
func (s *Store) Now() time.Time { return s.clock() }

// View runs fn on one unchanging state. Keep it short.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.engine.View(ctx, func(r kv.Reader) error {
		return fn(&Tx{Now: s.clock(), r: r, s: s})
	})
}

// Update runs fn and commits its writes durably. fn may run more than once.
// After the commit the AfterCommit functions of the run that counted are
// called, in order.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	var last *Tx
	err := s.engine.Update(ctx, func(w kv.Txn) error {
		last = &Tx{Now: s.clock(), r: w, w: w, s: s}
		return fn(last)
	})
	if err != nil {
		return err
	}
	for _, f := range last.after {
		f()
	}
	return nil
}

// Tx is one transaction. It dies with the function that received it.
type Tx struct {
	// Now is the transaction's time.
	Now   time.Time
	r     kv.Reader
	w     kv.Txn
	s     *Store
	after []func()
	// screenLater leaves who fits which screening to ScreenAgain.
	screenLater bool
}

// AfterCommit calls f once the transaction is durable, and never when it fails.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

var errReadOnly = errors.New("storage: write in a View")

// get reads one record; found is false where there is none.
func get[T any](tx *Tx, key string) (v T, found bool, err error) {
	raw, found, err := tx.r.Get([]byte(key))
	if err != nil || !found {
		return v, false, err
	}
	if err := tx.s.decode(key, raw, &v); err != nil {
		return v, false, fmt.Errorf("storage: record %s: %w", topic(key), err)
	}
	return v, true, nil
}

// put writes one record.
func put(tx *Tx, key string, v any) error {
	if tx.w == nil {
		return errReadOnly
	}
	raw, err := tx.s.encode(key, v)
	if err != nil {
		return fmt.Errorf("storage: record %s: %w", topic(key), err)
	}
	return tx.w.Put([]byte(key), raw)
}

func del(tx *Tx, key string) error {
	if tx.w == nil {
		return errReadOnly
	}
	return tx.w.Delete([]byte(key))
}

// has says whether a key is there.
func has(tx *Tx, key string) (bool, error) {
	_, found, err := tx.r.Get([]byte(key))
	return found, err
}

// row is one record of a scan; its key is whole.
type row[T any] struct {
	key string
	val T
}

// scan yields the records of a range in order.
func scan[T any](tx *Tx, r kv.Range) iter.Seq2[row[T], error] {
	return func(yield func(row[T], error) bool) {
		for e, err := range tx.r.Scan(r) {
			out := row[T]{key: string(e.Key)}
			if err == nil {
				if err = tx.s.decode(out.key, e.Value, &out.val); err != nil {
					err = fmt.Errorf("storage: record %s: %w", topic(out.key), err)
				}
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}

// under is the range of all keys that begin with prefix.
func under(prefix string) kv.Range { return kv.Prefix([]byte(prefix)) }

// between is the range lo <= key < hi.
func between(lo, hi string) kv.Range { return kv.Range{Lo: []byte(lo), Hi: []byte(hi)} }

// parts yields the parts that follow a prefix in the keys, each once. It costs the
// number of parts, not of keys.
func (tx *Tx) parts(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := under(prefix)
		for {
			part := ""
			for e, err := range tx.r.Scan(r) {
				if err != nil {
					yield("", err)
					return
				}
				part, _, _ = strings.Cut(string(e.Key[len(prefix):]), "/")
				break
			}
			if part == "" || !yield(part, nil) {
				return
			}
			r.Lo = kv.PrefixEnd([]byte(prefix + part + "/"))
		}
	}
}

// lastOf is the part behind the last slash of a key.
func lastOf(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

// topic is the first part of a key: all of it that may stand in an error.
func topic(key string) string {
	for i := range key {
		if key[i] == '/' {
			return key[:i]
		}
	}
	return key
}

// stamp writes a time so that its order is the order of the keys.
func stamp(t time.Time) string { return fmt.Sprintf("%016x", t.UnixNano()) }

// next counts a sequence on and returns the new number, from 1.
func (tx *Tx) next(name string) (uint64, error) {
	key := "seq/" + name
	n, _, err := get[uint64](tx, key)
	if err != nil {
		return 0, err
	}
	return n + 1, put(tx, key, n+1)
}

// newID makes a short id of a sequence.
func (tx *Tx) newID(name, prefix string) (string, error) {
	n, err := tx.next(name)
	return prefix + strconv.FormatUint(n, 36), err
}

// newSubject is newID for somebody whose records are sealed: the key is there,
// durably, before anything is sealed with it. A number whose key was destroyed
// is never given again: data that was restored counts from where it was.
func (tx *Tx) newSubject(name, prefix string, key func(id string) record.SealKey) (string, error) {
	for {
		id, err := tx.newID(name, prefix)
		if err != nil {
			return "", err
		}
		if err := tx.reserve(key(id)); err != nil {
			return "", err
		}
		_, err = tx.s.sealKey(key(id))
		if !errors.Is(err, seal.ErrDestroyed) {
			return id, err
		}
	}
}

// reserve has a key made, durably, before anything is sealed with it.
func (tx *Tx) reserve(key record.SealKey) error {
	n, err := keyNumber(key)
	if err != nil {
		return err
	}
	return tx.s.ring.Reserve(n)
}

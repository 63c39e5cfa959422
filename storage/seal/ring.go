package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"sync"
	"time"
)

// The ring's layout: a header of one slot's size, then the slots.
//
//	header: magic (8) · ring's id (16) · wrapped root: nonce, text, tag (60) · zeros
//	slot:   state (1) · wrapped key: nonce, text, tag (60) · zeros
const (
	magic      = "HGRING1\n"
	idSize     = 16
	wrapSize   = nonceSize + KeySize + tagSize
	slotSize   = 64
	headerSize = 128

	slotKey       = 'k'
	slotDestroyed = 'x'

	// block is how many slots are made at once.
	block = 1024
)

// backing is where a ring's bytes are: a file, or memory.
type backing interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Size() (int64, error)
	Close() error
}

// Ring is the keys of all people of one store. Safe for concurrent use.
type Ring struct {
	mu   sync.RWMutex
	b    backing
	wrap cipher.AEAD
	id   []byte
	root []byte
	made uint64 // slots that are durable
}

// Open opens the ring in a file. A master key that is not the one of the ring is
// ErrMaster. A block of slots that was being written when the machine stopped is
// made anew: none of it was in use.
func Open(path string, master []byte) (*Ring, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	r, err := open(file{f}, master)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// New writes an empty ring to w, as the first content of a file that Open will
// open. root is the store's root secret.
func New(w io.Writer, master, root []byte) error {
	id := make([]byte, idSize)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	wrap, err := gcm(master)
	if err != nil {
		return err
	}
	if len(root) != KeySize {
		return fmt.Errorf("seal: root of %d bytes, want %d", len(root), KeySize)
	}
	_, err = w.Write(header(wrap, id, root))
	return err
}

// InMemory is a ring that is gone with the process, for tests.
func InMemory(master []byte) (*Ring, error) {
	var b bytes.Buffer
	if err := New(&b, master, master); err != nil {
		return nil, err
	}
	return open(&memory{data: b.Bytes()}, master)
}

func header(wrap cipher.AEAD, id, root []byte) []byte {
	out := make([]byte, 0, headerSize)
	out = append(append(out, magic...), id...)
	out = append(out, wrapped(wrap, id, 0, root)...)
	return append(out, make([]byte, headerSize-len(out))...)
}

// wrapped wraps a secret, bound to the ring and to the slot's number; the root
// has number 0, slots count from 1.
func wrapped(wrap cipher.AEAD, id []byte, number uint64, secret []byte) []byte {
	nonce := make([]byte, nonceSize, wrapSize)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return wrap.Seal(nonce, nonce, secret, boundTo(id, number))
}

func unwrapped(wrap cipher.AEAD, id []byte, number uint64, text []byte) ([]byte, error) {
	return wrap.Open(nil, text[:nonceSize], text[nonceSize:wrapSize], boundTo(id, number))
}

func boundTo(id []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(id), number)
}

func open(b backing, master []byte) (*Ring, error) {
	wrap, err := gcm(master)
	if err != nil {
		return nil, err
	}
	size, err := b.Size()
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	head := make([]byte, headerSize)
	if _, err := b.ReadAt(head, 0); err != nil || string(head[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: not a ring of keys", ErrDamaged)
	}
	id := head[len(magic) : len(magic)+idSize]
	root, err := unwrapped(wrap, id, 0, head[len(magic)+idSize:])
	if err != nil {
		return nil, ErrMaster
	}
	r := &Ring{b: b, wrap: wrap, id: id, root: root}
	// A torn block is passed over: Reserve writes it anew.
	r.made = uint64(size-headerSize) / slotSize / block * block
	return r, nil
}

// Root is the store's root secret.
func (r *Ring) Root() []byte { return bytes.Clone(r.root) }

// Made is how many keys there are, destroyed ones included: the numbers up to
// it, from 1.
func (r *Ring) Made() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.made
}

// Reserve makes keys, durably, until there is one of that number. It writes only
// where a block is used up. It may be called again.
func (r *Ring) Reserve(number uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.made < number {
		out := make([]byte, 0, block*slotSize)
		key := make([]byte, KeySize)
		for i := range uint64(block) {
			_, _ = rand.Read(key) // never fails (crypto/rand)
			out = append(out, slotKey)
			out = append(out, wrapped(r.wrap, r.id, r.made+1+i, key)...)
			out = append(out, make([]byte, slotSize-1-wrapSize)...)
		}
		if _, err := r.b.WriteAt(out, offset(r.made+1)); err != nil {
			return fmt.Errorf("seal: make keys: %w", err)
		}
		if err := r.b.Sync(); err != nil {
			return fmt.Errorf("seal: make keys: %w", err)
		}
		r.made += block
	}
	return nil
}

func offset(number uint64) int64 { return headerSize + int64(number-1)*slotSize }

// Key is the key of a number: ErrNoKey where none was made, ErrDestroyed where
// it was destroyed.
func (r *Ring) Key(number uint64) (Key, error) {
	raw, err := r.raw(number)
	if err != nil {
		return Key{}, err
	}
	return NewKey(raw)
}

func (r *Ring) raw(number uint64) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if number == 0 || number > r.made {
		return nil, fmt.Errorf("%w: %d", ErrNoKey, number)
	}
	slot := make([]byte, slotSize)
	if _, err := r.b.ReadAt(slot, offset(number)); err != nil {
		return nil, fmt.Errorf("seal: read key: %w", err)
	}
	switch slot[0] {
	case slotDestroyed:
		return nil, ErrDestroyed
	case slotKey:
		raw, err := unwrapped(r.wrap, r.id, number, slot[1:])
		if err != nil {
			return nil, fmt.Errorf("%w: key %d", ErrDamaged, number)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("%w: key %d", ErrDamaged, number)
}

// Grave is what stays in the place of a key that was destroyed: when that was,
// and a mark by which the store knows the person again (a keyed hash), so that
// data of before can be told to forget once more.
type Grave struct {
	Number uint64
	Mark   [MarkSize]byte
	At     time.Time // to the second
}

// MarkSize is the length of a grave's mark in bytes.
const MarkSize = 16

// Destroy destroys keys, durably, and leaves their graves. A number without a
// key is passed over, and a grave stays as it is: it may be called again.
func (r *Ring) Destroy(graves ...Grave) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range graves {
		if g.Number == 0 || g.Number > r.made {
			continue
		}
		slot := make([]byte, slotSize)
		if _, err := r.b.ReadAt(slot, offset(g.Number)); err != nil {
			return fmt.Errorf("seal: destroy key: %w", err)
		}
		if slot[0] == slotDestroyed {
			continue
		}
		if _, err := r.b.WriteAt(g.slot(), offset(g.Number)); err != nil {
			return fmt.Errorf("seal: destroy key: %w", err)
		}
	}
	if err := r.b.Sync(); err != nil {
		return fmt.Errorf("seal: destroy key: %w", err)
	}
	return nil
}

func (g Grave) slot() []byte {
	slot := make([]byte, 1, slotSize)
	slot[0] = slotDestroyed
	slot = append(slot, g.Mark[:]...)
	slot = binary.BigEndian.AppendUint64(slot, uint64(g.At.Unix()))
	return append(slot, make([]byte, slotSize-len(slot))...)
}

// Graves yields the graves in the order of their numbers.
func (r *Ring) Graves() iter.Seq2[Grave, error] {
	return func(yield func(Grave, error) bool) {
		part := make([]byte, block*slotSize)
		for first := uint64(1); first <= r.Made(); first += block {
			r.mu.RLock()
			_, err := r.b.ReadAt(part, offset(first))
			r.mu.RUnlock()
			if err != nil {
				yield(Grave{}, fmt.Errorf("seal: read graves: %w", err))
				return
			}
			for i := range uint64(block) {
				slot := part[i*slotSize : (i+1)*slotSize]
				if slot[0] != slotDestroyed {
					continue
				}
				g := Grave{Number: first + i, At: time.Unix(int64(binary.BigEndian.Uint64(slot[1+MarkSize:])), 0)}
				copy(g.Mark[:], slot[1:])
				if !yield(g, nil) {
					return
				}
			}
		}
	}
}

// Copy writes the ring as it stands: for a copy to be kept apart, of which only
// the newest may be kept.
func (r *Ring) Copy(w io.Writer) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	size := headerSize + int64(r.made)*slotSize
	_, err := io.Copy(w, io.NewSectionReader(r.b, 0, size))
	return err
}

// Rotate writes the ring with another master key: root and keys are the same,
// wrapped anew. Destroyed keys stay destroyed. The file that w is takes the
// ring's place when it is whole; until then the old master key holds.
func (r *Ring) Rotate(w io.Writer, master []byte) error {
	wrap, err := gcm(master)
	if err != nil {
		return err
	}
	if _, err := w.Write(header(wrap, r.id, r.root)); err != nil {
		return err
	}
	graves := map[uint64]Grave{}
	for g, err := range r.Graves() {
		if err != nil {
			return err
		}
		graves[g.Number] = g
	}
	for n := uint64(1); n <= r.Made(); n++ {
		g, buried := graves[n]
		slot := g.slot()
		if !buried {
			raw, err := r.raw(n)
			if err != nil {
				return err
			}
			slot = append([]byte{slotKey}, wrapped(wrap, r.id, n, raw)...)
			slot = append(slot, make([]byte, slotSize-len(slot))...)
		}
		if _, err := w.Write(slot); err != nil {
			return err
		}
	}
	return nil
}

// Close releases the file.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Close()
}

// file is a ring on disk.
type file struct{ *os.File }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// memory is a ring in memory.
type memory struct{ data []byte }

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(m.data).ReadAt(p, at)
}

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if need := int(at) + len(p); need > len(m.data) {
		m.data = append(m.data, make([]byte, need-len(m.data))...)
	}
	return copy(m.data[at:], p), nil
}

func (m *memory) Sync() error          { return nil }
func (m *memory) Size() (int64, error) { return int64(len(m.data)), nil }
func (m *memory) Close() error         { return nil }

// Derived is a ring whose keys follow from a secret: every number has one, and
// none can be destroyed. For tests, and for tools that read a copy.
func Derived(secret []byte) *DerivedRing { return &DerivedRing{secret: secret} }

// DerivedRing is the ring of Derived. It remembers the keys that it derived.
type DerivedRing struct {
	secret []byte
	keys   sync.Map // number -> Key
}

// Key derives the key of a number.
func (d *DerivedRing) Key(number uint64) (Key, error) {
	if k, found := d.keys.Load(number); found {
		return k.(Key), nil
	}
	raw, err := hkdf.Key(sha256.New, d.secret, nil, "headgoose/seal/"+strconv.FormatUint(number, 10), KeySize)
	if err != nil {
		return Key{}, fmt.Errorf("seal: %w", err)
	}
	k, err := NewKey(raw)
	if err == nil {
		d.keys.Store(number, k)
	}
	return k, err
}

// Reserve does nothing: every key is there.
func (d *DerivedRing) Reserve(uint64) error { return nil }

// Destroy is refused with ErrDerived.
func (d *DerivedRing) Destroy(...Grave) error {
	return ErrDerived
}

// Graves yields none.
func (d *DerivedRing) Graves() iter.Seq2[Grave, error] { return func(func(Grave, error) bool) {} }

// Root is the secret.
func (d *DerivedRing) Root() []byte { return bytes.Clone(d.secret) }

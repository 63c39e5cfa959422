package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
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

// Destroy destroys keys, durably. It may be called again.
func (r *Ring) Destroy(numbers ...uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range numbers {
		if n == 0 || n > r.made {
			continue
		}
		gone := make([]byte, slotSize)
		gone[0] = slotDestroyed
		if _, err := r.b.WriteAt(gone, offset(n)); err != nil {
			return fmt.Errorf("seal: destroy key: %w", err)
		}
	}
	if err := r.b.Sync(); err != nil {
		return fmt.Errorf("seal: destroy key: %w", err)
	}
	return nil
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
	for n := uint64(1); n <= r.Made(); n++ {
		slot := make([]byte, 1, slotSize)
		slot[0] = slotDestroyed
		raw, err := r.raw(n)
		switch {
		case err == nil:
			slot[0] = slotKey
			slot = append(slot, wrapped(wrap, r.id, n, raw)...)
		case !errors.Is(err, ErrDestroyed):
			return err
		}
		if _, err := w.Write(append(slot, make([]byte, slotSize-len(slot))...)); err != nil {
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

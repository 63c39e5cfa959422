// Package seal keeps a key for each person, so that what is stored about a
// person can be made unreadable everywhere at once, old backups included, by
// destroying one key.
//
// # The ring
//
// A [Ring] is a file of its own, apart from the data and from its backups: a
// header and one slot of 64 bytes for each key. A slot holds a random key,
// wrapped under the master key and bound to the ring and to its number. Slots
// are made ahead in blocks ([Ring.Reserve]), so that taking a new person's key
// costs no write of its own; the caller numbers them (see storage's use of the
// ids of people). Destroying a key writes zeros over its slot and syncs it.
//
// The header also holds the root secret, from which the store derives the keys
// of its keyed hashes. The master key can therefore be changed ([Rotate])
// without touching the data: root and slots are wrapped anew.
//
// # What is sealed
//
// A [Key] seals with AES-256-GCM (NIST SP 800-38D) under a random nonce and
// binds the text to where it stands: moved to another record it does not open.
//
// # What it does not do
//
// Who has the running machine has its keys. A copy of the ring that was taken
// before a key was destroyed still holds it: keep one copy, the newest. Flash
// storage may keep the old content of a slot until it is reused; the slot is
// useless without the master key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// KeySize is the length of the master key, the root secret and a person's key,
// in bytes.
const KeySize = 32

// Errors, wrapped; ask with errors.Is.
var (
	// ErrDestroyed: the key was destroyed, what it sealed is gone for good.
	ErrDestroyed = errors.New("seal: the key is destroyed")
	// ErrNoKey: no key of that number has been made.
	ErrNoKey = errors.New("seal: there is no such key")
	// ErrMaster refuses a master key that is not the one of the ring.
	ErrMaster = errors.New("seal: the master key is not the one of this ring")
	// ErrDerived: keys that follow from a secret cannot be destroyed.
	ErrDerived = errors.New("seal: derived keys cannot be destroyed")
	// ErrDamaged: a ring, a slot or a sealed text is not what was written.
	ErrDamaged = errors.New("seal: damaged")
)

// Key seals what is stored about one person.
type Key struct{ aead cipher.AEAD }

// NewKey makes a Key of KeySize bytes.
func NewKey(raw []byte) (Key, error) {
	aead, err := gcm(raw)
	return Key{aead}, err
}

func gcm(raw []byte) (cipher.AEAD, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("seal: key of %d bytes, want %d", len(raw), KeySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return aead, nil
}

// Overhead is how many bytes a sealed text is longer than the plain one.
const Overhead = nonceSize + tagSize

const (
	nonceSize = 12
	tagSize   = 16
)

// Seal seals a text and binds it to where it stands.
func (k Key) Seal(where string, plain []byte) []byte {
	out := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	_, _ = rand.Read(out) // never fails (crypto/rand)
	return k.aead.Seal(out, out, plain, []byte(where))
}

// Open reads what Seal wrote at the same place; ErrDamaged for anything else.
func (k Key) Open(where string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, fmt.Errorf("%w: sealed text of %d bytes", ErrDamaged, len(sealed))
	}
	plain, err := k.aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], []byte(where))
	if err != nil {
		return nil, fmt.Errorf("%w: sealed text", ErrDamaged)
	}
	return plain, nil
}

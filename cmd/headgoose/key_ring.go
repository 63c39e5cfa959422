package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/seal"
)

// openRing opens the ring of keys that seals what concerns people. On the first
// run it makes one; for data that an earlier version wrote, which has none, one
// whose root is that data's master key. For data that was sealed it never makes
// one: nobody's name could be read any more.
func openRing(ctx context.Context, c storageConfig, master []byte, log *slog.Logger) (*seal.Ring, error) {
	ring, err := seal.Open(c.RingFile, master)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, seal.ErrMaster):
		return nil, fmt.Errorf("the master key %s is not the one of the ring of keys %s: put the right files back", c.KeyFile, c.RingFile)
	default:
		return ring, err
	}
	root, err := rootFor(ctx, c, master)
	if err != nil {
		return nil, err
	}
	if err := makeRing(c.RingFile, master, root); err != nil {
		return nil, err
	}
	log.Warn("a ring of keys was made: keep its newest copy, and only that, apart from the backups", "file", c.RingFile)
	return seal.Open(c.RingFile, master)
}

// rootFor is the root secret of a new ring.
func rootFor(ctx context.Context, c storageConfig, master []byte) ([]byte, error) {
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
		root := make([]byte, seal.KeySize)
		_, _ = rand.Read(root) // never fails
		return root, nil
	}
	stamp, err := readStamp(ctx, c.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ring of keys: %w", err)
	case stamp.Schema >= storage.SchemaSealed:
		return nil, fmt.Errorf("there is data in %s, but not its ring of keys %s: put your newest copy of the ring back, without it nobody's record can be read", c.Path, c.RingFile)
	}
	return master, nil
}

// makeRing writes an empty ring.
func makeRing(path string, master, root []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("ring of keys: %w", err)
	}
	err := boltkv.WriteFile(path, func(f *os.File) error { return seal.New(f, master, root) }, nil)
	if err != nil {
		return fmt.Errorf("ring of keys: %w", err)
	}
	return nil
}

// nextKey is where a new master key waits until the ring is wrapped under it.
func nextKey(c storageConfig) string { return c.KeyFile + ".next" }

// rotateKeys puts a new master key in the place of the old one. The ring is
// wrapped anew beside the old one and takes its place in one step; the new key
// is there, under another name, before that step, and takes the old one's name
// after it. Whenever the machine stops, one of the two opens the ring.
func rotateKeys(c storageConfig, ring *seal.Ring) error {
	fresh := make([]byte, seal.KeySize)
	_, _ = rand.Read(fresh) // never fails
	err := boltkv.WriteFile(nextKey(c), func(f *os.File) error { _, err := f.Write(fresh); return err }, nil)
	if err != nil {
		return fmt.Errorf("new master key: %w", err)
	}
	err = boltkv.WriteFile(c.RingFile, func(f *os.File) error { return ring.Rotate(f, fresh) }, func(path string) error {
		turned, err := seal.Open(path, fresh)
		if err != nil {
			return err
		}
		same := bytes.Equal(turned.Root(), ring.Root()) && turned.Made() == ring.Made()
		if err := turned.Close(); err != nil || same {
			return err
		}
		return errors.New("the new ring is not the old one")
	})
	if err != nil {
		return fmt.Errorf("ring of keys: %w", err)
	}
	return finishRotation(c)
}

// finishRotation gives a new master key its name, once the ring is wrapped under
// it; one that the ring does not know is left over, and goes.
func finishRotation(c storageConfig) error {
	fresh, err := os.ReadFile(nextKey(c))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("new master key: %w", err)
	}
	ring, err := seal.Open(c.RingFile, fresh)
	if err != nil {
		return os.Remove(nextKey(c))
	}
	return errors.Join(ring.Close(), os.Rename(nextKey(c), c.KeyFile))
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// sealedOffice is an office with a person in its data, and how it is read.
func sealedOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.do("roster", "import", o.write("roster.csv", roster), "--yes").want(t, exitOK)
	return o
}

// firstName reads the first person's name with the keys as they stand.
func (o *office) firstName() (name string) {
	o.t.Helper()
	o.inStore(func(tx *storage.Tx) error {
		p, err := tx.Person("p1")
		name = p.Name
		return err
	})
	return name
}

func TestKeysRotate(t *testing.T) {
	o := sealedOffice(t)
	before, key := o.firstName(), contents(t, o.path("headgoose.key"))
	o.do("keys", "rotate").want(t, exitOK, "is a new one")
	if bytes.Equal(key, contents(t, o.path("headgoose.key"))) {
		t.Fatal("the master key is the old one")
	}
	if got := o.firstName(); got != before || got == "" {
		t.Errorf("read %q after the change, %q before", got, before)
	}
	o.do("check").want(t, exitOK, "data: in order")
	if err := os.WriteFile(o.path("headgoose.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	o.do("check").want(t, exitFailed, "is not the one of the ring of keys")
}

// Whenever a change of the master key is cut off, one of the two keys opens
// the ring, and the next command finds out which.
func TestKeysRotateCutOff(t *testing.T) {
	for name, cut := range map[string]func(t *testing.T, o *office, fresh []byte){
		"before the ring": func(t *testing.T, o *office, fresh []byte) {
			if err := os.WriteFile(o.path("headgoose.key.next"), fresh, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"before the key's name": func(t *testing.T, o *office, fresh []byte) {
			ring, err := seal.Open(o.path("headgoose.ring"), contents(t, o.path("headgoose.key")))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ring.Close() }()
			err = boltkv.WriteFile(o.path("headgoose.ring"), func(f *os.File) error { return ring.Rotate(f, fresh) }, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(o.path("headgoose.key.next"), fresh, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := sealedOffice(t)
			before := o.firstName()
			cut(t, o, bytes.Repeat([]byte{7}, seal.KeySize))
			o.do("check").want(t, exitOK, "data: in order")
			if got := o.firstName(); got != before {
				t.Errorf("read %q, want %q", got, before)
			}
			if _, err := os.Stat(o.path("headgoose.key.next")); err == nil {
				t.Error("the waiting key is still there")
			}
		})
	}
}

func TestKeysCopy(t *testing.T) {
	o := sealedOffice(t)
	o.do("keys", "copy", o.path("headgoose.key")).want(t, exitFailed, "needs another name")
	copied := o.path("copy.ring")
	o.do("keys", "copy", copied).want(t, exitOK, "no older copy")
	before := o.firstName()
	if err := os.Rename(copied, o.path("headgoose.ring")); err != nil {
		t.Fatal(err)
	}
	if got := o.firstName(); got != before {
		t.Errorf("with the copy it reads %q, want %q", got, before)
	}
	if err := os.Remove(o.path("headgoose.ring")); err != nil {
		t.Fatal(err)
	}
	o.do("check").want(t, exitFailed, "put your newest copy of the ring back")
	if _, err := os.Stat(o.path("headgoose.ring")); err == nil {
		t.Error("a ring was made that opens nothing")
	}
}

// Data of the version before has no ring: it gets one whose root is its master
// key, so that its keyed hashes still hold.
func TestRingForOlderData(t *testing.T) {
	dir := t.TempDir()
	c := storageConfig{Path: filepath.Join(dir, "x.db"), KeyFile: filepath.Join(dir, "x.key"), RingFile: filepath.Join(dir, "x.ring")}
	master := bytes.Repeat([]byte{3}, storage.KeySize)
	engine, err := boltkv.Open(c.Path, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), engine, storage.Options{Key: master})
	if err == nil {
		err = store.Update(t.Context(), func(tx *storage.Tx) error {
			return tx.PutPlace(record.Place{Code: "630224", Name: "化隆县"})
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Update(context.Background(), func(w kv.Txn) error {
		meta, _, err := w.Get([]byte("meta/schema"))
		if err != nil {
			return err
		}
		return w.Put([]byte("meta/schema"), bytes.Replace(meta, []byte(fmt.Sprintf(`"version":%d`, storage.SchemaVersion)), []byte(`"version":1`), 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	ring, err := openRing(t.Context(), c, master, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	if !bytes.Equal(ring.Root(), master) {
		t.Error("the root of older data's ring is not its master key")
	}
	if info, err := os.Stat(c.RingFile); err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

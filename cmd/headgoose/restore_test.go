package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// officeWithData has a roster, a backup of it, and no bot running.
func officeWithData(t *testing.T) (o *office, backup string) {
	t.Helper()
	o = newOffice(t)
	o.do("roster", "import", o.write("roster.csv", roster), "--yes").want(t, exitOK)
	backup = o.path("backup.db")
	o.do("backup", backup).want(t, exitOK)
	return o, backup
}

// inStore changes the data.
func (o *office) inStore(change func(*storage.Tx) error) {
	o.t.Helper()
	engine, err := boltkv.Open(o.data, boltkv.Options{})
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	ring, err := seal.Open(o.path("headgoose.ring"), contents(o.t, o.path("headgoose.key")))
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	store, err := storage.Open(context.Background(), engine, storage.Options{Key: ring.Root(), Ring: ring})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := store.Update(context.Background(), change); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) keptFiles() []string {
	o.t.Helper()
	kept, err := filepath.Glob(o.data + ".before-*")
	if err != nil {
		o.t.Fatal(err)
	}
	return kept
}

func note(tx *storage.Tx) error { return tx.Audit(record.Audit{Note: "later than the backup"}) }

func TestRestore(t *testing.T) {
	t.Run("the same state, and the old one is kept", func(t *testing.T) {
		o, backup := officeWithData(t)
		before := contents(t, o.data)
		o.do("restore", backup).want(t, exitOK, "is restored", "is kept as")
		if !bytes.Equal(contents(t, o.data), contents(t, backup)) {
			t.Error("another content than the backup")
		}
		if kept := o.keptFiles(); len(kept) != 1 || !bytes.Equal(contents(t, kept[0]), before) {
			t.Errorf("kept %v", kept)
		}
		o.do("check").want(t, exitOK, "data: in order")
	})
	t.Run("where no data is", func(t *testing.T) {
		o, backup := officeWithData(t)
		if err := os.RemoveAll(filepath.Dir(o.data)); err != nil {
			t.Fatal(err)
		}
		o.do("restore", backup).want(t, exitOK, "is restored")
		if kept := o.keptFiles(); len(kept) > 0 {
			t.Errorf("kept %v", kept)
		}
		o.do("check").want(t, exitOK, "data: in order")
	})
	t.Run("newer data stays without --force", func(t *testing.T) {
		o, backup := officeWithData(t)
		o.inStore(note)
		before := contents(t, o.data)
		o.do("restore", backup).want(t, exitFailed, "newer than the backup", "--force")
		if !bytes.Equal(contents(t, o.data), before) || len(o.keptFiles()) > 0 {
			t.Error("something was changed")
		}
		o.do("restore", backup, "--force").want(t, exitOK, "is restored")
		if kept := o.keptFiles(); len(kept) != 1 || !bytes.Equal(contents(t, kept[0]), before) {
			t.Errorf("kept %v", kept)
		}
	})
	t.Run("older data is replaced", func(t *testing.T) {
		o, _ := officeWithData(t)
		old := contents(t, o.data)
		o.inStore(note)
		o.do("backup", o.path("later.db")).want(t, exitOK)
		if err := os.WriteFile(o.data, old, 0o600); err != nil {
			t.Fatal(err)
		}
		o.do("restore", o.path("later.db")).want(t, exitOK, "is restored")
	})
	t.Run("damaged data stays without --force", func(t *testing.T) {
		o, backup := officeWithData(t)
		damage(t, o.data)
		o.do("check").want(t, exitFailed, "boltkv: check")
		o.do("restore", backup).want(t, exitFailed, "is damaged", "--force")
		o.do("restore", backup, "--force").want(t, exitOK, "is restored")
		o.do("check").want(t, exitOK)
	})
	t.Run("while another process holds the data", func(t *testing.T) {
		o, backup := officeWithData(t)
		engine, err := boltkv.Open(o.data, boltkv.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = engine.Close() }()
		o.do("restore", backup, "--force").want(t, exitFailed, "stop the bot first")
		o.do("backup", o.path("more.db")).want(t, exitFailed, "does not answer")
	})
}

func TestRestoreOfNoBackup(t *testing.T) {
	o, backup := officeWithData(t)
	before := contents(t, o.data)
	damaged := o.write("damaged.db", string(contents(t, backup)))
	damage(t, damaged)
	empty := o.path("empty.db")
	engine, err := boltkv.Open(empty, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, says string }{
		{"damaged", damaged, "boltkv: check"},
		{"without data", empty, "it holds no data"},
		{"no such file", o.path("none.db"), "no such file"},
		{"of another kind", o.write("text.db", strings.Repeat("text ", 5000)), "boltkv: check"},
		{"the data itself", o.data, "this is the data itself"},
		{"of a newer program", newerBackup(t, backup, o.path("newer.db")), storage.ErrNewer.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			o.do("restore", c.file, "--force").want(t, exitFailed, c.says)
			if !bytes.Equal(contents(t, o.data), before) || len(o.keptFiles()) > 0 {
				t.Error("something was changed")
			}
		})
	}
}

// damage overwrites all pages but the first three.
func damage(t *testing.T, path string) {
	t.Helper()
	raw := contents(t, path)
	page := os.Getpagesize()
	for i := 3 * page; i < len(raw); i++ {
		raw[i] = 0xa5
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// newerBackup is a backup with the schema version of a later program.
func newerBackup(t *testing.T, from, to string) string {
	t.Helper()
	if err := os.WriteFile(to, contents(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := boltkv.Open(to, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	err = engine.Update(t.Context(), func(w kv.Txn) error {
		raw, found, err := w.Get([]byte("meta/schema"))
		if err != nil || !found {
			t.Fatal("no schema", err)
		}
		var meta map[string]any
		if err := json.Unmarshal(raw, &meta); err != nil {
			return err
		}
		meta["version"] = storage.SchemaVersion + 1
		raw, err = json.Marshal(meta)
		if err != nil {
			return err
		}
		return w.Put([]byte("meta/schema"), raw)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

package boltkv

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"testing"

	"headgoose/storage/kv"
)

// smallFile is a limit that some thousand rows reach. bbolt grows a file by 16
// MiB, and counts the step.
const smallFile = 20 << 20

// fill puts rows until the file is full, and returns how many it holds.
func fill(t *testing.T, e *Engine) int {
	t.Helper()
	for n := 0; n < 20_000; n += 10 {
		err := e.Update(context.Background(), func(tx kv.Txn) error {
			for i := n; i < n+10; i++ {
				if err := tx.Put(row(i), make([]byte, 4<<10)); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, kv.ErrFull) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the file does not get full")
	return 0
}

func row(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func TestAFullFileChangesNothingAndGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path, Options{MaxSize: smallFile})
	n := fill(t, e)
	if got := len(keys(t, e)); got != n {
		t.Errorf("%d rows, want %d", got, n)
	}
	for i := range 200 {
		err := e.Update(context.Background(), func(tx kv.Txn) error { return tx.Delete(row(i)) })
		if err != nil {
			t.Fatalf("delete of row %d of a full file: %v", i, err)
		}
	}
	err := e.Update(context.Background(), func(tx kv.Txn) error { return tx.Put([]byte("new"), make([]byte, 4<<10)) })
	if err != nil {
		t.Errorf("put after room was made: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
	e = openAt(t, path, Options{})
	if got := len(keys(t, e)); got != n-200+1 {
		t.Errorf("%d rows after opening again, want %d", got, n-200+1)
	}
}

func TestOneLargeUpdateDoesNotFailItsGroup(t *testing.T) {
	inDesk(t, Options{MaxSize: smallFile}, func(d *desk) {
		n := fill(t, d.Engine)
		for i := range 100 {
			err := d.Update(context.Background(), func(tx kv.Txn) error { return tx.Delete(row(i)) })
			if err != nil {
				t.Fatal(err)
			}
		}
		d.hold()
		before := d.queue(put("x"))
		large := d.queue(func(tx kv.Txn) error {
			return errors.Join(tx.Put([]byte("y"), make([]byte, kv.MaxValue)), tx.Put([]byte("z"), make([]byte, kv.MaxValue-10)))
		})
		after := d.queue(func(tx kv.Txn) error {
			if _, found, err := tx.Get([]byte("y")); found && d.commits > 1 {
				t.Errorf("the undone update is seen: %v", err)
			}
			return tx.Delete([]byte("first"))
		})
		d.goOn()
		if before.err != nil || after.err != nil || !errors.Is(large.err, kv.ErrFull) {
			t.Errorf("before %v, large %v, after %v", before.err, large.err, after.err)
		}
		got := keys(t, d.Engine)
		if len(got) != n-100+1 || got[len(got)-1] != "x" {
			t.Errorf("%d keys to %q, want %d to x", len(got), got[len(got)-1], n-100+1)
		}
	})
}

package memkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"headgoose/storage/kv"
	"headgoose/storage/kv/kvtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Engine { return New(Options{}) })
}

var ctx = context.Background()

func TestEveryUpdateRunsTwiceAndCommitsOnce(t *testing.T) {
	commits := 0
	e := New(Options{BeforeCommit: func() { commits++ }})
	runs := 0
	count := func(tx kv.Txn) error {
		runs++
		return tx.Put([]byte("runs"), []byte{byte(runs)})
	}
	if err := e.Update(ctx, count); err != nil || runs != 2 || commits != 1 {
		t.Errorf("%v, %d runs, %d commits", err, runs, commits)
	}
	if got := get(t, e, "runs"); !bytes.Equal(got, []byte{2}) {
		t.Errorf("stored %v, want what the second run wrote", got)
	}

	// The first run decides nothing, not even by an error.
	runs = 0
	err := e.Update(ctx, func(tx kv.Txn) error {
		if runs++; runs == 1 {
			return errors.New("first run")
		}
		return tx.Put([]byte("a"), nil)
	})
	if err != nil || runs != 2 || get(t, e, "a") == nil {
		t.Errorf("%v after %d runs", err, runs)
	}
	if err := e.Update(ctx, func(kv.Txn) error { return nil }); err != nil || commits != 2 {
		t.Errorf("nothing to commit: %v, %d commits", err, commits)
	}
}

func get(t *testing.T, e *Engine, key string) (value []byte) {
	t.Helper()
	err := e.View(ctx, func(r kv.Reader) error {
		v, found, err := r.Get([]byte(key))
		if found {
			value = append([]byte{}, v...)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return value
}

func TestWhatIsReadDiesWithItsTransaction(t *testing.T) {
	e := New(Options{})
	if err := e.Update(ctx, func(tx kv.Txn) error { return tx.Put([]byte("key"), []byte("value")) }); err != nil {
		t.Fatal(err)
	}
	var kept [][]byte
	read := func(r kv.Reader) error {
		v, _, err := r.Get([]byte("key"))
		kept = append(kept, v)
		for entry, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			kept = append(kept, entry.Key, entry.Value)
		}
		return err
	}
	if err := e.View(ctx, read); err != nil {
		t.Fatal(err)
	}
	if err := e.Update(ctx, func(tx kv.Txn) error { return read(tx) }); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 9 {
		t.Errorf("read %d slices, want 3 in each of 3 runs", len(kept))
	}
	for i, p := range kept {
		if !bytes.Equal(p, bytes.Repeat([]byte{dead}, len(p))) {
			t.Errorf("slice %d still holds %q", i, p)
		}
	}
	if got := get(t, e, "key"); string(got) != "value" {
		t.Errorf("stored %q", got)
	}
}

func TestMisuseIsAnError(t *testing.T) {
	key, value := []byte("a"), []byte("1")
	for name, c := range map[string]struct {
		fn   func(kv.Txn) error
		want error
	}{
		"a key that changes": {func(tx kv.Txn) error {
			key := bytes.Clone(key)
			err := tx.Put(key, value)
			key[0] = 'b'
			return err
		}, errChanged},
		"a value that changes": {func(tx kv.Txn) error {
			value := bytes.Clone(value)
			err := tx.Put(key, value)
			value[0]++
			return err
		}, errChanged},
		"a write to what is scanned": {func(tx kv.Txn) error {
			for range tx.Scan(kv.Prefix(key)) {
				_ = tx.Delete(key)
			}
			return nil
		}, errScanning},
		"a write beside what is scanned": {func(tx kv.Txn) error {
			for range tx.Scan(kv.Prefix(key)) {
				if err := tx.Put([]byte("b"), nil); err != nil {
					return err
				}
			}
			return tx.Delete(key)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(Options{})
			if err := e.Update(ctx, func(tx kv.Txn) error { return tx.Put(key, value) }); err != nil {
				t.Fatal(err)
			}
			if err := e.Update(ctx, c.fn); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// BenchmarkUpdate puts one row into as many as a county has.
func BenchmarkUpdate(b *testing.B) {
	e := New(Options{})
	row := make([]byte, 200)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		err := e.Update(ctx, func(tx kv.Txn) error {
			return tx.Put(binary.BigEndian.AppendUint64(nil, i%50_000*0x9e3779b97f4a7c15), row)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

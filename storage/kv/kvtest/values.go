package kvtest

import (
	"bytes"
	"context"
	"testing"

	"headgoose/storage/kv"
)

// Values covers Get, Put and Delete of single keys.
func Values(t *testing.T, open Open) {
	t.Run("what is put is found, and nothing else", func(t *testing.T) {
		e := start(t, open)
		e.put("b", "1", "bb", "2")
		e.view(func(r kv.Reader) error {
			wantGet(t, r, "b", "1", true)
			wantGet(t, r, "bb", "2", true)
			for _, key := range []string{"", "a", "ba", "bbb", "c"} {
				wantGet(t, r, key, "", false)
			}
			return nil
		})
	})
	t.Run("an empty value is a value", func(t *testing.T) {
		e := start(t, open)
		e.update(func(tx kv.Txn) error {
			if err := tx.Put([]byte("nil"), nil); err != nil {
				return err
			}
			wantGet(t, tx, "nil", "", true)
			return tx.Put([]byte("empty"), []byte{})
		})
		e.wantAll("empty=", "nil=")
		e.view(func(r kv.Reader) error {
			wantGet(t, r, "nil", "", true)
			wantGet(t, r, "empty", "", true)
			return nil
		})
	})
	t.Run("any bytes are a key", func(t *testing.T) {
		e := start(t, open)
		e.put("\x00", "1", "\x00\x00", "2", "\xff\xff", "3", "村\x00", "4")
		e.wantAll("\x00=1", "\x00\x00=2", "村\x00=4", "\xff\xff=3")
	})
	t.Run("the last write of a key counts", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "0", "b", "0")
		e.update(func(tx kv.Txn) error {
			if err := putAll(tx, "a", "1", "a", "2", "b", "1"); err != nil {
				return err
			}
			if err := tx.Delete([]byte("b")); err != nil {
				return err
			}
			if err := tx.Delete([]byte("c")); err != nil {
				return err
			}
			return putAll(tx, "c", "1")
		})
		e.wantAll("a=2", "c=1")
	})
	t.Run("deleting what is not there is no error", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		e.update(func(tx kv.Txn) error { return tx.Delete([]byte("b")) })
		e.wantAll("a=1")
	})
	t.Run("a transaction reads its own writes", ownWrites(open))
	t.Run("a value may be written again under another key", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "value")
		e.update(func(tx kv.Txn) error {
			v, _, err := tx.Get([]byte("a"))
			if err != nil {
				return err
			}
			return tx.Put([]byte("b"), v)
		})
		e.wantAll("a=value", "b=value")
	})
	t.Run("a value of the greatest size comes back whole", func(t *testing.T) {
		e := start(t, open)
		big := bytes.Repeat([]byte("0123456789abcdef"), kv.MaxValue/16)
		key := bytes.Repeat([]byte("k"), kv.MaxKey)
		e.update(func(tx kv.Txn) error { return tx.Put(key, big) })
		e.view(func(r kv.Reader) error {
			if v, ok, err := r.Get(key); err != nil || !ok || !bytes.Equal(v, big) {
				t.Errorf("got %d bytes, %v, %v", len(v), ok, err)
			}
			return nil
		})
	})
	t.Run("after its end a transaction answers ErrOver", afterEnd(open))
}

func ownWrites(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		e.put("a", "0", "b", "0")
		e.update(func(tx kv.Txn) error {
			if err := putAll(tx, "a", "1", "c", "1"); err != nil {
				return err
			}
			if err := tx.Delete([]byte("b")); err != nil {
				return err
			}
			wantGet(t, tx, "a", "1", true)
			wantGet(t, tx, "b", "", false)
			wantGet(t, tx, "c", "1", true)
			return nil
		})
		e.wantAll("a=1", "c=1")
	}
}

func afterEnd(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		var kept kv.Reader
		e.view(func(r kv.Reader) error { kept = r; return nil })
		wantOver(t, kept)
		var txn kv.Txn
		for _, result := range []error{nil, context.Canceled} {
			err := e.Update(context.Background(), func(tx kv.Txn) error { txn = tx; return result })
			if err != result {
				t.Fatalf("Update: %v, want %v", err, result)
			}
			wantOver(t, txn)
			wantErr(t, txn.Put([]byte("b"), nil), kv.ErrOver)
			wantErr(t, txn.Delete([]byte("a")), kv.ErrOver)
		}
		e.wantAll("a=1")
	}
}

func wantOver(t *testing.T, r kv.Reader) {
	t.Helper()
	_, _, err := r.Get([]byte("a"))
	wantErr(t, err, kv.ErrOver)
	_, err = list(r, kv.Range{})
	wantErr(t, err, kv.ErrOver)
}

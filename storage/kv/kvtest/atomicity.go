package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"headgoose/storage/kv"
)

// Atomicity covers functions that do not end well.
func Atomicity(t *testing.T, open Open) {
	t.Run("an error undoes and comes back as it is", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		mine := errors.New("mine")
		err := e.Update(context.Background(), func(tx kv.Txn) error {
			if err := putAll(tx, "a", "2", "b", "2"); err != nil {
				return err
			}
			return mine
		})
		if err != mine {
			t.Errorf("error %v, want %v itself", err, mine)
		}
		e.wantAll("a=1")
		if err := e.View(context.Background(), func(kv.Reader) error { return mine }); err != mine {
			t.Errorf("error %v of View, want %v itself", err, mine)
		}
	})
	t.Run("a panic undoes and reaches the caller", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		for _, run := range []func(){
			func() {
				_ = e.Update(context.Background(), func(tx kv.Txn) error {
					_ = tx.Put([]byte("a"), []byte("2"))
					panic("mine")
				})
			},
			func() { _ = e.View(context.Background(), func(kv.Reader) error { panic("mine") }) },
		} {
			if p := panicOf(run); p != "mine" {
				t.Errorf("panic %v, want mine", p)
			}
		}
		e.wantAll("a=1")
		e.put("a", "3")
		e.wantAll("a=3")
	})
	t.Run("a goroutine that ends itself undoes", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		var ended sync.WaitGroup
		ended.Go(func() {
			_ = e.Update(context.Background(), func(tx kv.Txn) error {
				_ = tx.Put([]byte("a"), []byte("2"))
				runtime.Goexit()
				return nil
			})
		})
		ended.Wait()
		e.wantAll("a=1")
		e.put("a", "3")
		e.wantAll("a=3")
	})
}

func panicOf(fn func()) (p any) {
	defer func() { p = recover() }()
	fn()
	return nil
}

// Reruns covers that a function may be run again, and only its last run counts.
func Reruns(t *testing.T, open Open) {
	e := start(t, open)
	e.put("n", "0")
	runs := 0
	e.update(func(tx kv.Txn) error {
		runs++
		wantGet(t, tx, "n", "0", true) // nothing of an earlier run is left
		wantScan(t, tx, kv.Range{}, "n=0")
		return putAll(tx, "n", "1", fmt.Sprintf("run %d", runs), "x")
	})
	e.wantAll("n=1", fmt.Sprintf("run %d=x", runs))
}

// Limits covers the limits of a transaction: up to each all is well, beyond it
// nothing changes, whatever the function makes of the error.
func Limits(t *testing.T, open Open) {
	type step = func(kv.Txn) error
	half := make([]byte, kv.MaxValue)
	writes := func(n int) step {
		return func(tx kv.Txn) error {
			for i := range n {
				if err := putAll(tx, number(i), "x"); err != nil {
					return err
				}
			}
			return nil
		}
	}
	bytesOf := func(last int) step {
		return func(tx kv.Txn) error { // MaxBytes with a last value of MaxValue-2 bytes
			return errors.Join(tx.Put([]byte("1"), half), tx.Put([]byte("2"), half[:last]))
		}
	}
	key := func(n int) step {
		return func(tx kv.Txn) error { return tx.Put(bytes.Repeat([]byte("k"), n), nil) }
	}
	for _, c := range []struct {
		name         string
		good, beyond step
	}{
		{"keys put", writes(kv.MaxWrites), writes(kv.MaxWrites + 1)},
		{"keys deleted", onlyDeletes(kv.MaxWrites), onlyDeletes(kv.MaxWrites + 1)},
		{"bytes", bytesOf(kv.MaxBytes - kv.MaxValue - 2), bytesOf(kv.MaxBytes - kv.MaxValue - 1)},
		{"length of a key", key(kv.MaxKey), key(kv.MaxKey + 1)},
		{"empty key", key(1), key(0)},
		{"empty key deleted", onlyDeletes(1), func(tx kv.Txn) error { return tx.Delete(nil) }},
		{
			"length of a value",
			func(tx kv.Txn) error { return tx.Put([]byte("v"), half) },
			func(tx kv.Txn) error { return tx.Put([]byte("v"), make([]byte, kv.MaxValue+1)) },
		},
		{"a key written again counts once", writeAgain, writes(kv.MaxWrites + 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := start(t, open)
			e.put("before", "1")
			refused := func(fn step) {
				t.Helper()
				wantErr(t, e.Update(context.Background(), fn), kv.ErrTooLarge)
				e.wantAll("before=1")
			}
			refused(func(tx kv.Txn) error {
				_ = putAll(tx, "before", "2")
				return c.beyond(tx)
			})
			refused(func(tx kv.Txn) error {
				_ = putAll(tx, "before", "2")
				wantErr(t, c.beyond(tx), kv.ErrTooLarge)
				return nil
			})
			e.update(c.good)
		})
	}
}

func onlyDeletes(n int) func(kv.Txn) error {
	return func(tx kv.Txn) error {
		for i := range n {
			if err := tx.Delete([]byte(number(i))); err != nil {
				return err
			}
		}
		return nil
	}
}

func writeAgain(tx kv.Txn) error {
	big := make([]byte, kv.MaxValue)
	for range 2 * kv.MaxWrites {
		if err := tx.Put([]byte("same"), big); err != nil {
			return err
		}
		if err := tx.Delete([]byte("other")); err != nil {
			return err
		}
	}
	return nil
}

// Cancellation covers contexts that end before the commit.
func Cancellation(t *testing.T, open Open) {
	t.Run("before the function", func(t *testing.T) {
		e := start(t, open)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		wantErr(t, e.Update(ctx, func(kv.Txn) error { t.Error("ran"); return nil }), context.Canceled)
		wantErr(t, e.View(ctx, func(kv.Reader) error { t.Error("ran"); return nil }), context.Canceled)
	})
	t.Run("in the function", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		ctx, cancel := context.WithCancel(context.Background())
		err := e.Update(ctx, func(tx kv.Txn) error {
			cancel()
			return putAll(tx, "a", "2")
		})
		wantErr(t, err, context.Canceled)
		e.wantAll("a=1")
		e.put("a", "3")
		e.wantAll("a=3")
	})
	t.Run("while it waits for another", func(t *testing.T) {
		e := start(t, open)
		inside, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		var others sync.WaitGroup
		others.Go(func() {
			_ = e.Update(context.Background(), func(tx kv.Txn) error {
				once.Do(func() { close(inside) })
				<-release
				return putAll(tx, "a", "1")
			})
		})
		<-inside
		ctx, cancel := context.WithCancel(context.Background())
		cancelled := make(chan error)
		go func() {
			cancelled <- e.Update(ctx, func(kv.Txn) error { t.Error("ran"); return nil })
		}()
		cancel()
		wantErr(t, <-cancelled, context.Canceled)
		close(release)
		others.Wait()
		e.wantAll("a=1")
	})
}

package kvtest_test

import (
	"context"
	"errors"
	"testing"

	"headgoose/storage/kv"
	"headgoose/storage/kv/kvtest"
	"headgoose/storage/kv/memkv"
)

func TestFaultsKeepTheContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Engine { return kvtest.NewFaults(memkv.New(memkv.Options{})) })
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  kvtest.Fault
		want   error
		stored bool // the failed commit's row
		stops  bool
	}{
		{"full", kvtest.Full, kv.ErrFull, false, false},
		{"lost", kvtest.Lost, kv.ErrUnknown, false, true},
		{"kept", kvtest.Kept, kv.ErrUnknown, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := kvtest.NewFaults(memkv.New(memkv.Options{}))
			put := func(key string) error {
				return e.Update(context.Background(), func(tx kv.Txn) error { return tx.Put([]byte(key), nil) })
			}
			e.At(2, c.fault)
			refused := errors.New("refused")
			if err := e.Update(context.Background(), func(kv.Txn) error { return refused }); err != refused {
				t.Errorf("an Update that fails by itself: %v", err)
			}
			if err := put("1"); err != nil {
				t.Errorf("commit 1: %v", err)
			}
			if err := put("2"); !errors.Is(err, c.want) {
				t.Errorf("commit 2: %v, want %v", err, c.want)
			}
			if err := put("3"); (err != nil) != c.stops || c.stops && !errors.Is(err, c.want) {
				t.Errorf("commit 3: %v", err)
			}
			e.Reopen()
			if err := put("4"); err != nil {
				t.Errorf("after Reopen: %v", err)
			}
			for key, want := range map[string]bool{"1": true, "2": c.stored, "3": !c.stops, "4": true} {
				if err := e.View(context.Background(), func(r kv.Reader) error {
					if _, found, err := r.Get([]byte(key)); found != want || err != nil {
						t.Errorf("row %s: %v, %v; want %v", key, found, err, want)
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Package kvtest proves an engine against the contract of package kv, and
// makes engines fail on purpose.
//
// An engine's own test calls [Run], or, where it cannot offer all, the parts
// that it can: each part is a function that opens its engines by itself.
//
//	func TestContract(t *testing.T) {
//		kvtest.Run(t, func(t *testing.T) kv.Engine {
//			return memkv.New(memkv.Options{})
//		})
//	}
//
// [Faults] wraps an engine so that chosen commits fail.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"headgoose/storage/kv"
)

// Open returns a new, empty engine. The suite closes it.
type Open func(t *testing.T) kv.Engine

// Run runs all parts.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Values", Values},
		{"Ranges", Ranges},
		{"Views", Views},
		{"Atomicity", Atomicity},
		{"Reruns", Reruns},
		{"Limits", Limits},
		{"Cancellation", Cancellation},
		{"Concurrency", Concurrency},
		{"Lifecycle", Lifecycle},
		{"Model", Model},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open) })
	}
}

// engine is an engine under test with helpers that fail the test.
type engine struct {
	kv.Engine
	t *testing.T
}

func start(t *testing.T, open Open) engine {
	t.Helper()
	e := open(t)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return engine{e, t}
}

func (e engine) update(fn func(kv.Txn) error) {
	e.t.Helper()
	if err := e.Update(context.Background(), fn); err != nil {
		e.t.Errorf("Update: %v", err)
	}
}

func (e engine) view(fn func(kv.Reader) error) {
	e.t.Helper()
	if err := e.View(context.Background(), fn); err != nil {
		e.t.Errorf("View: %v", err)
	}
}

// put commits pairs of key and value.
func (e engine) put(pairs ...string) {
	e.t.Helper()
	e.update(func(tx kv.Txn) error { return putAll(tx, pairs...) })
}

func putAll(tx kv.Txn, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// wantAll compares everything that is stored with "key=value" entries.
func (e engine) wantAll(want ...string) {
	e.t.Helper()
	e.view(func(r kv.Reader) error {
		wantScan(e.t, r, kv.Range{}, want...)
		return nil
	})
}

func wantScan(t *testing.T, r kv.Reader, rg kv.Range, want ...string) {
	t.Helper()
	got, err := list(r, rg)
	if err != nil {
		t.Errorf("Scan: %v", err)
		return
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Scan(%s) = %v, want %v", show(rg), got, want)
	}
}

func show(rg kv.Range) string {
	return fmt.Sprintf("%q to %q, reverse %v", rg.Lo, rg.Hi, rg.Reverse)
}

// list is a scan as "key=value" entries.
func list(r kv.Reader, rg kv.Range) ([]string, error) {
	var got []string
	for e, err := range r.Scan(rg) {
		if err != nil {
			return got, err
		}
		got = append(got, string(e.Key)+"="+string(e.Value))
	}
	return got, nil
}

func wantGet(t *testing.T, r kv.Reader, key, want string, found bool) {
	t.Helper()
	v, ok, err := r.Get([]byte(key))
	if err != nil || ok != found || string(v) != want {
		t.Errorf("Get(%q) = %q, %v, %v; want %q, %v", key, v, ok, err, want, found)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

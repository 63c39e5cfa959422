package kvtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"headgoose/storage/kv"
)

// Model runs random transactions against a sorted map.
func Model(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		e := open(t)
		defer e.Close()
		state := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(rt, "transactions") {
			state = modelUpdate(rt, e, state)
			err := e.View(context.Background(), func(r kv.Reader) error { return sameAs(r, state, drawRange(rt)) })
			if err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// write is one write of a modelled transaction. All is drawn before the
// transaction, since its function may run twice.
type write struct {
	key, value string
	delete     bool
}

var errModel = errors.New("refused by the model")

// modelUpdate runs one transaction and returns the state after it.
func modelUpdate(rt *rapid.T, e kv.Engine, state map[string]string) map[string]string {
	var writes []write
	for range rapid.IntRange(0, 12).Draw(rt, "writes") {
		writes = append(writes, write{drawKey(rt), rapid.StringN(0, 9, -1).Draw(rt, "value"), rapid.Bool().Draw(rt, "delete")})
	}
	look := drawRange(rt)
	fail := rapid.IntRange(0, 4).Draw(rt, "fail") == 0

	var next map[string]string
	err := e.Update(context.Background(), func(tx kv.Txn) error {
		next = maps.Clone(state)
		for _, w := range writes {
			if err := w.apply(tx, next); err != nil {
				return err
			}
			if err := sameAs(tx, next, look); err != nil {
				return err
			}
		}
		if fail {
			return errModel
		}
		return nil
	})
	switch {
	case err == nil && !fail:
		return next
	case err == errModel && fail:
		return state
	}
	rt.Fatal(err)
	return nil
}

func (w write) apply(tx kv.Txn, m map[string]string) error {
	if w.delete {
		delete(m, w.key)
		return tx.Delete([]byte(w.key))
	}
	m[w.key] = w.value
	return tx.Put([]byte(w.key), []byte(w.value))
}

func drawKey(rt *rapid.T) string {
	return rapid.StringMatching(`[ab\x00\xff]{1,3}`).Draw(rt, "key")
}

func drawRange(rt *rapid.T) kv.Range {
	bound := rapid.StringMatching(`[ab\x00\xff]{0,3}`)
	return kv.Range{
		Lo:      []byte(bound.Draw(rt, "lo")),
		Hi:      []byte(bound.Draw(rt, "hi")),
		Reverse: rapid.Bool().Draw(rt, "reverse"),
	}
}

// sameAs compares the entries in rg and the values of all keys of m.
func sameAs(r kv.Reader, m map[string]string, rg kv.Range) error {
	var want []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if rg.Contains([]byte(key)) {
			want = append(want, key+"="+m[key])
		}
		if v, found, err := r.Get([]byte(key)); err != nil || !found || string(v) != m[key] {
			return fmt.Errorf("Get(%q) = %q, %v, %v; want %q", key, v, found, err, m[key])
		}
	}
	if rg.Reverse {
		slices.Reverse(want)
	}
	got, err := list(r, rg)
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		return fmt.Errorf("Scan(%s) = %q, %v; want %q", show(rg), got, err, want)
	}
	return nil
}

package kvtest

import (
	"fmt"
	"slices"
	"testing"

	"headgoose/storage/kv"
)

// Ranges covers Scan: order, bounds, direction, and a transaction's own
// writes between those that are stored.
func Ranges(t *testing.T, open Open) {
	t.Run("stored", func(t *testing.T) {
		e := start(t, open)
		e.put("d", "4", "a", "1", "c", "3", "b", "2")
		e.view(func(r kv.Reader) error { scans(t, r); return nil })
	})
	t.Run("written in the transaction", func(t *testing.T) {
		e := start(t, open)
		e.update(func(tx kv.Txn) error {
			if err := putAll(tx, "d", "4", "a", "1", "c", "3", "b", "2"); err != nil {
				return err
			}
			scans(t, tx)
			return nil
		})
	})
	t.Run("both", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "0", "a0", "x", "c", "3", "d0", "x")
		e.update(func(tx kv.Txn) error {
			if err := putAll(tx, "d", "4", "a", "1", "b", "2"); err != nil {
				return err
			}
			for _, key := range []string{"a0", "d0", "z"} {
				if err := tx.Delete([]byte(key)); err != nil {
					return err
				}
			}
			scans(t, tx)
			return nil
		})
	})
	t.Run("empty", func(t *testing.T) {
		e := start(t, open)
		e.wantAll()
		e.view(func(r kv.Reader) error {
			wantScan(t, r, kv.Range{Reverse: true})
			wantScan(t, r, kv.Range{Hi: []byte("x"), Reverse: true})
			return nil
		})
	})
	t.Run("prefixes", prefixes(open))
	t.Run("a loop may end early and scans may nest", nested(open))
	t.Run("writing outside of the range while it is scanned", scanAndWrite(open))
	t.Run("many", many(open))
}

// scans expects a=1 b=2 c=3 d=4.
func scans(t *testing.T, r kv.Reader) {
	t.Helper()
	for _, c := range []struct {
		lo, hi string
		want   []string
	}{
		{"", "", []string{"a=1", "b=2", "c=3", "d=4"}},
		{"b", "", []string{"b=2", "c=3", "d=4"}},
		{"b", "d", []string{"b=2", "c=3"}},
		{"aa", "cc", []string{"b=2", "c=3"}},
		{"", "b", []string{"a=1"}},
		{"d", "zz", []string{"d=4"}},
		{"e", "", nil},
		{"b", "b", nil},
		{"c", "b", nil},
		{"", "a", nil},
	} {
		rg := kv.Range{Lo: []byte(c.lo), Hi: []byte(c.hi)}
		wantScan(t, r, rg, c.want...)
		rg.Reverse = true
		slices.Reverse(c.want)
		wantScan(t, r, rg, c.want...)
	}
}

func prefixes(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1", "a/1", "2", "a/2", "3", "a0", "4", "\xff", "5", "\xff\xff", "6")
		e.view(func(r kv.Reader) error {
			wantScan(t, r, kv.Prefix([]byte("a/")), "a/1=2", "a/2=3")
			wantScan(t, r, kv.Prefix([]byte("\xff")), "\xff=5", "\xff\xff=6")
			wantScan(t, r, kv.Prefix([]byte("b")))
			last := kv.Prefix([]byte("a/"))
			last.Reverse = true
			wantScan(t, r, last, "a/2=3", "a/1=2")
			return nil
		})
	}
}

func nested(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1", "b", "2", "c", "3")
		var got []string
		e.view(func(r kv.Reader) error {
			for outer, err := range r.Scan(kv.Range{}) {
				if err != nil {
					return err
				}
				for inner, err := range r.Scan(kv.Range{Reverse: true}) {
					if err != nil {
						return err
					}
					got = append(got, string(outer.Key)+string(inner.Key))
					if string(inner.Key) == "b" {
						break
					}
				}
				if string(outer.Key) == "b" {
					break
				}
			}
			return nil
		})
		if want := []string{"ac", "ab", "bc", "bb"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func scanAndWrite(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		e.put("a/1", "1", "a/2", "2", "b/9", "9")
		e.update(func(tx kv.Txn) error {
			if err := putAll(tx, "a/3", "3"); err != nil {
				return err
			}
			for entry, err := range tx.Scan(kv.Prefix([]byte("a/"))) {
				if err != nil {
					return err
				}
				if err := tx.Put(append([]byte("b"), entry.Key[1:]...), entry.Value); err != nil {
					return err
				}
			}
			wantScan(t, tx, kv.Prefix([]byte("b/")), "b/1=1", "b/2=2", "b/3=3", "b/9=9")
			return nil
		})
		e.wantAll("a/1=1", "a/2=2", "a/3=3", "b/1=1", "b/2=2", "b/3=3", "b/9=9")
	}
}

// many has enough entries to fill pages, and empties some of them again.
func many(open Open) func(*testing.T) {
	return func(t *testing.T) {
		const n = 3000
		e := start(t, open)
		var want []string
		for lo := 0; lo < n; lo += kv.MaxWrites {
			e.update(func(tx kv.Txn) error {
				for i := lo; i < lo+kv.MaxWrites; i++ {
					if err := putAll(tx, number(i), "some value to fill a page"); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for lo := 0; lo < n; lo += kv.MaxWrites {
			if lo%(3*kv.MaxWrites) != 0 {
				e.update(func(tx kv.Txn) error {
					for i := lo; i < lo+kv.MaxWrites; i++ {
						if err := tx.Delete([]byte(number(i))); err != nil {
							return err
						}
					}
					return nil
				})
				continue
			}
			for i := lo; i < lo+kv.MaxWrites; i++ {
				want = append(want, number(i)+"=some value to fill a page")
			}
		}
		e.wantAll(want...)
		slices.Reverse(want)
		e.view(func(r kv.Reader) error {
			wantScan(t, r, kv.Range{Reverse: true}, want...)
			return nil
		})
	}
}

func number(i int) string { return fmt.Sprintf("%06d", i) }

package kvtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"headgoose/storage/kv"
)

// Views covers that a View sees one state from its beginning to its end.
func Views(t *testing.T, open Open) {
	e := start(t, open)
	e.put("a", "1", "b", "1", "c", "1")
	began, changed := make(chan struct{}), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		e.view(func(r kv.Reader) error {
			close(began)
			<-changed
			wantGet(t, r, "a", "1", true)
			wantGet(t, r, "b", "1", true)
			wantGet(t, r, "d", "", false)
			wantScan(t, r, kv.Range{}, "a=1", "b=1", "c=1")
			return nil
		})
	})
	<-began
	e.update(func(tx kv.Txn) error {
		if err := tx.Delete([]byte("b")); err != nil {
			return err
		}
		return putAll(tx, "a", "2", "d", "2")
	})
	e.wantAll("a=2", "c=1", "d=2")
	close(changed)
	reading.Wait()
}

const writers = 8

// Concurrency covers that updates side by side have the effect of some order
// of theirs, and that no View sees half of one.
func Concurrency(t *testing.T, open Open) {
	t.Run("no increment is lost", func(t *testing.T) {
		const each = 50
		e := start(t, open)
		side(writers, func(int) {
			for range each {
				e.update(func(tx kv.Txn) error { return add(tx, "n", 1) })
			}
		})
		e.wantAll(fmt.Sprintf("n=%d", writers*each))
	})
	t.Run("write skew", writeSkew(open))
	t.Run("transfers keep the sum", transfers(open))
}

func side(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

func read(r kv.Reader, key string) (int, error) {
	v, found, err := r.Get([]byte(key))
	if err != nil || !found {
		return 0, err
	}
	return strconv.Atoi(string(v))
}

func add(tx kv.Txn, key string, by int) error {
	n, err := read(tx, key)
	if err != nil {
		return err
	}
	return putAll(tx, key, strconv.Itoa(n+by))
}

// writeSkew has everybody check that a seat is free and take it by a key of
// their own: with less than serializability several get the one seat.
func writeSkew(open Open) func(*testing.T) {
	return func(t *testing.T) {
		e := start(t, open)
		for round := range 20 {
			seat := fmt.Sprintf("seat/%03d/", round)
			side(writers, func(i int) {
				e.update(func(tx kv.Txn) error {
					for _, err := range tx.Scan(kv.Prefix([]byte(seat))) {
						return err // taken
					}
					return putAll(tx, seat+strconv.Itoa(i), "")
				})
			})
			e.view(func(r kv.Reader) error {
				if taken, err := list(r, kv.Prefix([]byte(seat))); len(taken) != 1 {
					t.Errorf("round %d: taken by %v, %v", round, taken, err)
				}
				return nil
			})
		}
	}
}

func transfers(open Open) func(*testing.T) {
	return func(t *testing.T) {
		const accounts, start0, each = 5, 100, 60
		e := start(t, open)
		account := func(i int) string { return fmt.Sprintf("account/%d", i) }
		for i := range accounts {
			e.put(account(i), strconv.Itoa(start0))
		}
		sum := func(r kv.Reader) error {
			total, n := 0, 0
			for entry, err := range r.Scan(kv.Prefix([]byte("account/"))) {
				if err != nil {
					return err
				}
				v, err := strconv.Atoi(string(entry.Value))
				if err != nil || v < 0 {
					return fmt.Errorf("%s holds %q", entry.Key, entry.Value)
				}
				total, n = total+v, n+1
			}
			if n != accounts || total != accounts*start0 {
				return fmt.Errorf("%d accounts hold %d", n, total)
			}
			return nil
		}
		side(writers, func(i int) {
			if i == 0 {
				for range each {
					e.view(sum)
				}
				return
			}
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			for range each {
				from, to, amount := account(rnd.IntN(accounts)), account(rnd.IntN(accounts)), rnd.IntN(80)
				err := e.Update(context.Background(), func(tx kv.Txn) error { return move(tx, from, to, amount) })
				if err != nil && err != errPoor {
					t.Error(err)
				}
			}
		})
		e.view(sum)
	}
}

var errPoor = fmt.Errorf("not that much left")

// move takes first and refuses afterwards, so that a refusal has to undo.
func move(tx kv.Txn, from, to string, amount int) error {
	if err := add(tx, from, -amount); err != nil {
		return err
	}
	if err := add(tx, to, amount); err != nil {
		return err
	}
	if left, err := read(tx, from); err != nil || left < 0 {
		return errPoor
	}
	return nil
}

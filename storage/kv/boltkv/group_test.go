package boltkv

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"headgoose/storage/kv"
)

// desk is an engine whose first commits can be held up, so that a test says
// which updates share a commit.
type desk struct {
	*Engine
	t       *testing.T
	commits int
	began   chan struct{} // receives at each held commit
	release chan struct{}
	held    bool
	wg      sync.WaitGroup
}

// inDesk runs fn with an engine over a new file, under a clock and a scheduler
// that know when everybody waits.
func inDesk(t *testing.T, opts Options, fn func(d *desk)) {
	path := filepath.Join(t.TempDir(), "data")
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, began: make(chan struct{}), release: make(chan struct{})}
		opts.BeforeCommit = func() {
			d.commits++
			if d.held {
				d.began <- struct{}{}
				<-d.release
			}
		}
		d.Engine = openAt(t, path, opts)
		fn(d)
		d.wg.Wait()
	})
}

// hold begins an update and returns while its commit is held up.
func (d *desk) hold() {
	d.held = true
	d.queue(func(tx kv.Txn) error { return tx.Put([]byte("first"), nil) })
	<-d.began
	d.held = false
	d.commits = 0
}

// queue starts an update and returns when it waits for its turn.
func (d *desk) queue(fn func(kv.Txn) error) *result {
	return d.queueCtx(context.Background(), fn)
}

func (d *desk) queueCtx(ctx context.Context, fn func(kv.Txn) error) *result {
	r := &result{}
	d.wg.Go(func() {
		defer func() { r.panicked = recover() }()
		r.err = d.Update(ctx, fn)
		r.returned = true
	})
	synctest.Wait()
	return r
}

// goOn ends the hold and waits for all updates.
func (d *desk) goOn() {
	d.release <- struct{}{}
	d.wg.Wait()
}

type result struct {
	err      error
	panicked any
	returned bool
}

func put(keys ...string) func(kv.Txn) error {
	return func(tx kv.Txn) error {
		for _, key := range keys {
			if err := tx.Put([]byte(key), nil); err != nil {
				return err
			}
		}
		return nil
	}
}

func (d *desk) wantKeys(want ...string) {
	d.t.Helper()
	if got := keys(d.t, d.Engine); !slices.Equal(got, want) {
		d.t.Errorf("keys %q, want %q", got, want)
	}
}

func keys(t testing.TB, e *Engine) []string {
	t.Helper()
	var got []string
	err := e.View(context.Background(), func(r kv.Reader) error {
		for entry, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			got = append(got, string(entry.Key))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestWaitingUpdatesShareACommit(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		var order []int
		var results []*result
		for i := range 100 {
			results = append(results, d.queue(func(tx kv.Txn) error {
				order = append(order, i)
				return put(fmt.Sprintf("k%03d", i))(tx)
			}))
		}
		d.goOn()
		if d.commits != 1 {
			t.Errorf("%d commits, want 1", d.commits)
		}
		if !slices.IsSorted(order) || len(order) != 100 {
			t.Errorf("ran in the order %v", order)
		}
		for i, r := range results {
			if r.err != nil || !r.returned {
				t.Errorf("update %d: %+v", i, *r)
			}
		}
		if n := len(keys(t, d.Engine)); n != 101 {
			t.Errorf("%d keys, want 101", n)
		}
	})
}

func TestAFailureUndoesOnlyItself(t *testing.T) {
	mine := errors.New("mine")
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		good := []*result{d.queue(put("a"))}
		failed := d.queue(func(tx kv.Txn) error {
			_, found, err := tx.Get([]byte("a"))
			if !found || err != nil {
				t.Errorf("the update before is not seen: %v", err)
			}
			return errors.Join(put("a", "failed")(tx), tx.Delete([]byte("first")), mine)
		})
		panicked := d.queue(func(tx kv.Txn) error { _ = put("panicked")(tx); panic(mine) })
		ended := d.queue(func(tx kv.Txn) error { _ = put("ended")(tx); runtime.Goexit(); return nil })
		large := d.queue(func(tx kv.Txn) error { _ = put("large")(tx); _ = tx.Put(nil, nil); return nil })
		ctx, cancel := context.WithCancel(context.Background())
		cancelled := d.queueCtx(ctx, func(tx kv.Txn) error { cancel(); return put("cancelled")(tx) })
		good = append(good, d.queue(func(tx kv.Txn) error {
			for _, key := range []string{"failed", "panicked", "ended", "large", "cancelled"} {
				if _, found, err := tx.Get([]byte(key)); found || err != nil {
					t.Errorf("%s is seen: %v", key, err)
				}
			}
			return put("b")(tx)
		}))
		d.goOn()
		if d.commits != 1 {
			t.Errorf("%d commits, want 1", d.commits)
		}
		d.wantKeys("a", "b", "first")
		for i, r := range good {
			if r.err != nil || !r.returned {
				t.Errorf("good update %d: %+v", i, *r)
			}
		}
		if !errors.Is(failed.err, mine) || panicked.panicked != mine || ended.returned ||
			!errors.Is(large.err, kv.ErrTooLarge) || !errors.Is(cancelled.err, context.Canceled) {
			t.Errorf("failed %v, panicked %v, ended %v, large %v, cancelled %v",
				failed.err, panicked.panicked, ended.returned, large.err, cancelled.err)
		}
	})
}

func TestTheLastOfAGroupFails(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		good := d.queue(put("a"))
		bad := d.queue(func(tx kv.Txn) error { _ = put("b")(tx); panic("mine") })
		d.goOn()
		d.wantKeys("a", "first")
		if good.err != nil || bad.panicked != "mine" || d.commits != 1 {
			t.Errorf("good %v, bad %v, %d commits", good.err, bad.panicked, d.commits)
		}
	})
}

func TestALoneUpdateCommitsAtOnce(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		for range 3 {
			if err := d.Update(context.Background(), put("a")); err != nil {
				t.Fatal(err)
			}
		}
		if d.commits != 3 {
			t.Errorf("%d commits, want 3", d.commits)
		}
		if err := d.Update(context.Background(), put()); err != nil || d.commits != 3 {
			t.Errorf("nothing to write: %v, %d commits, want 3", err, d.commits)
		}
	})
}

// An update that only read must not tell what a commit that fails would undo.
func TestAReaderOfAGroupWaitsForItsCommit(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		d.queue(put("a"))
		d.held = true
		reader := d.queue(func(tx kv.Txn) error {
			_, _, err := tx.Get([]byte("a"))
			return err
		})
		d.release <- struct{}{}
		<-d.began
		if synctest.Wait(); reader.returned {
			t.Error("returned before the commit of what it read")
		}
		d.goOn()
		if reader.err != nil || !reader.returned {
			t.Errorf("reader: %+v", *reader)
		}
	})
}

func TestGroupsAreBounded(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		for i := range maxGroup + 1 {
			d.queue(put(fmt.Sprint(i)))
		}
		d.goOn()
		if d.commits != 2 {
			t.Errorf("%d functions in %d commits, want 2", maxGroup+1, d.commits)
		}
		d.hold()
		big := make([]byte, kv.MaxValue)
		for i := range maxGroupBytes/kv.MaxValue + 1 {
			d.queue(func(tx kv.Txn) error { return tx.Put([]byte(fmt.Sprint(i)), big) })
		}
		d.goOn()
		if d.commits != 2 {
			t.Errorf("%d bytes in %d commits, want 2", maxGroupBytes, d.commits)
		}
	})
}

func TestAWaitingUpdateCanLeave(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		ctx, cancel := context.WithCancel(context.Background())
		left := d.queueCtx(ctx, func(kv.Txn) error { t.Error("ran"); return nil })
		d.queue(put("b"))
		cancel()
		synctest.Wait()
		if left.err != context.Canceled {
			t.Errorf("left with %v", left.err)
		}
		d.goOn()
		d.wantKeys("b", "first")
	})
}

func TestCloseLetsWaitingUpdatesEnd(t *testing.T) {
	inDesk(t, Options{}, func(d *desk) {
		d.hold()
		waiting := d.queue(put("a"))
		closed := false
		d.wg.Go(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			closed = true
		})
		synctest.Wait()
		if err := d.Update(context.Background(), put("late")); closed || !errors.Is(err, kv.ErrClosed) {
			t.Errorf("closed %v, a late update: %v", closed, err)
		}
		d.goOn()
		if waiting.err != nil || !waiting.returned {
			t.Errorf("waiting update: %+v", *waiting)
		}
	})
}

// An earlier function may empty whole pages of the tree before a later one
// scans; the tree is put in order only by the commit.
func TestScansAcrossEmptiedPages(t *testing.T) {
	const n = 1000
	key := func(i int) []byte { return fmt.Appendf(nil, "k%04d", i) }
	for name, emptied := range map[string][2]int{"first": {0, 300}, "middle": {300, 700}, "last": {700, n}, "all": {0, n}} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, Options{}, func(d *desk) {
				forEachHundred(0, n, func(lo, hi int) {
					err := d.Update(context.Background(), func(tx kv.Txn) error {
						for i := lo; i < hi; i++ {
							if err := tx.Put(key(i), make([]byte, 300)); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
				})
				d.hold()
				var want []string
				for i := range n {
					if i < emptied[0] || i >= emptied[1] {
						want = append(want, string(key(i)))
					}
				}
				forEachHundred(emptied[0], emptied[1], func(lo, hi int) {
					d.queue(func(tx kv.Txn) error {
						for i := lo; i < hi; i++ {
							if err := tx.Delete(key(i)); err != nil {
								return err
							}
						}
						return nil
					})
				})
				d.queue(func(tx kv.Txn) error { wantScans(t, tx, want); return nil })
				d.goOn()
				if d.commits != 1 {
					t.Errorf("%d commits, want 1", d.commits)
				}
				d.wantKeys(append([]string{"first"}, want...)...)
			})
		})
	}
}

func forEachHundred(lo, hi int, fn func(lo, hi int)) {
	for ; lo < hi; lo += 100 {
		fn(lo, lo+100)
	}
}

// wantScans scans the keys that begin with k, from several places, both ways.
func wantScans(t *testing.T, r kv.Reader, want []string) {
	for _, hi := range []string{"", "k0001", "k0150", "k0300", "k0500", "k0700", "k0850", "l"} {
		for _, reverse := range []bool{false, true} {
			var got, expected []string
			rg := kv.Range{Lo: []byte("k"), Hi: []byte(hi), Reverse: reverse}
			for e, err := range r.Scan(rg) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(e.Key))
			}
			for _, k := range want {
				if rg.Contains([]byte(k)) {
					expected = append(expected, k)
				}
			}
			if reverse {
				slices.Reverse(expected)
			}
			if !slices.Equal(got, expected) {
				t.Errorf("to %q, reverse %v: %d keys, want %d", hi, reverse, len(got), len(expected))
			}
		}
	}
}

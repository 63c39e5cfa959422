package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// process is the engine as one process sees it: from some commit on it does
// not answer any more, or has no room for a while.
type process struct {
	kv.Engine
	commits atomic.Int64
	dies    int64 // at this commit; 0: never
	after   bool  // the commit at which it dies has its effect
	full    atomic.Bool
	// once before the next View or Update
	onView, onUpdate func()
}

func (p *process) View(ctx context.Context, fn func(kv.Reader) error) error {
	if f := p.onView; f != nil {
		p.onView = nil
		f()
	}
	return p.Engine.View(ctx, fn)
}

func (p *process) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if f := p.onUpdate; f != nil {
		p.onUpdate = nil
		f()
	}
	if p.full.Load() {
		return fmt.Errorf("test: %w", kv.ErrFull)
	}
	n := p.commits.Add(1)
	if p.dies == 0 || n < p.dies {
		return p.Engine.Update(ctx, fn)
	}
	if n == p.dies && p.after {
		if err := p.Engine.Update(ctx, fn); err != nil {
			return err
		}
	}
	return fmt.Errorf("test: %w", kv.ErrUnknown)
}

func storeOver(t interface{ Fatal(...any) }, engine kv.Engine) *storage.Store {
	s, err := storage.Open(context.Background(), engine, storage.Options{Key: make([]byte, storage.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runUntil runs a delivery over a store for a while and returns what Run did.
func runUntil(s *storage.Store, to Courier, d time.Duration) error {
	delivery := NewDelivery(s, to, NewBudget(Limits{}), DeliveryConfig{Workers: 3, Window: 4}, quietLog)
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return delivery.Run(ctx)
}

func TestDeliveryEndsWithItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{Engine: memkv.New(memkv.Options{})}
		s := storeOver(t, p)
		add(t, s, notice("a", 1), notice("b", 2))
		p.dies = p.commits.Load() + 3 // lease, settle, then no more
		if err := runUntil(s, newPlatform(), time.Hour); !errors.Is(err, kv.ErrUnknown) {
			t.Errorf("Run returned %v", err)
		}
	})
}

// A reply that is committed while the outbox is taken up is in the store and
// is handed over as well: it is sent once, after those before it.
func TestDeliveryTakesUpEachReplyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{Engine: memkv.New(memkv.Options{})}
		s, to := storeOver(t, p), newPlatform()
		add(t, s, reply("1", 7))
		time.Sleep(time.Second)
		p.onView = func() { add(t, s, reply("2", 7)) }
		if err := runUntil(s, to, time.Minute); err != nil {
			t.Error(err)
		}
		wantKeys(t, to.keys(), "1", "2")
	})
}

func TestDeliveryWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{Engine: memkv.New(memkv.Options{})}
		s, to := storeOver(t, p), newPlatform()
		to.delay = time.Second
		add(t, s, notice("a", 1))
		time.AfterFunc(500*time.Millisecond, func() { p.full.Store(true) })
		time.AfterFunc(time.Minute, func() { p.full.Store(false) })
		if err := runUntil(s, to, time.Hour); err != nil {
			t.Error(err)
		}
		wantKeys(t, to.keys(), "a")
		if got := outbox(t, s, "a").State; got != record.Sent {
			t.Errorf("it is %q", got)
		}
	})
}

// Whenever a process dies, and whatever came of its last commit: a reply
// arrives at least once, a notice too, every repeat of it marked, and what must
// be at most once arrives at most once.
func TestDeliveryOverCrashes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.IntRange(1, 12).Draw(rt, "rows")
		crashes := rapid.SliceOfN(rapid.Int64Range(1, 12), 0, 4).Draw(rt, "dies at commit")
		after := rapid.Bool().Draw(rt, "after its effect")
		fails := rapid.SliceOfN(rapid.IntRange(0, rows-1), 0, 4).Draw(rt, "rows that fail once")
		synctest.Test(t, func(t *testing.T) {
			engine, to := memkv.New(memkv.Options{}), newPlatform()
			to.delay = 20 * time.Millisecond
			s := storeOver(t, engine)
			for i := range rows {
				for _, row := range []record.Outbox{reply(fmt.Sprint("r", i), int64(1+i%3)), notice(fmt.Sprint("n", i), int64(1+i%3)), notice(fmt.Sprint("o", i), int64(1+i%3))} {
					row.AtMostOnce = row.Key[0] == 'o'
					add(t, s, row)
				}
			}
			for _, i := range fails {
				to.says(fmt.Sprint("n", i), notSent)
				to.says(fmt.Sprint("r", i), notSent)
			}
			for _, commit := range crashes {
				p := &process{Engine: engine, dies: commit, after: after}
				if err := runUntil(storeOver(t, p), to, time.Hour); err != nil && !errors.Is(err, kv.ErrUnknown) {
					rt.Fatalf("Run: %v", err)
				}
			}
			if err := runUntil(storeOver(t, engine), to, time.Hour); err != nil {
				rt.Fatal(err)
			}
			checkArrivals(rt, to, rows)
			for i := range rows {
				if row := outbox(t, s, fmt.Sprint("n", i)); row.State != record.Sent {
					rt.Fatalf("%s is %q", row.Key, row.State)
				}
			}
		})
	})
}

func checkArrivals(t *rapid.T, to *platform, rows int) {
	n := map[string]int{}
	for _, a := range to.arrivals() {
		n[a.row.Key]++
		if a.row.Key[0] == 'n' && n[a.row.Key] > 1 && !a.row.Maybe {
			t.Fatalf("%s came again without a mark", a.row.Key)
		}
	}
	for i := range rows {
		r, nn, o := n[fmt.Sprint("r", i)], n[fmt.Sprint("n", i)], n[fmt.Sprint("o", i)]
		if r < 1 || nn < 1 || o > 1 {
			t.Fatalf("row %d arrived %d times as a reply, %d as a notice, %d where once at most", i, r, nn, o)
		}
	}
	if to.overlap {
		t.Fatal("two sends to one chat at a time")
	}
}

func add(t testing.TB, s *storage.Store, rows ...record.Outbox) {
	t.Helper()
	err := s.Update(context.Background(), func(tx *storage.Tx) error {
		for _, row := range rows {
			if _, err := tx.AddOutbox(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func outbox(t testing.TB, s *storage.Store, key string) (row record.Outbox) {
	t.Helper()
	err := s.View(context.Background(), func(tx *storage.Tx) (err error) {
		row, _, err = tx.Outbox(key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

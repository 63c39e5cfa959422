package schedule

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// instant is a courier that takes no time.
type instant struct {
	n    atomic.Int64
	last atomic.Int64
	wake chan struct{}
}

func (c *instant) Deliver(context.Context, record.Outbox) record.Result {
	c.n.Add(1)
	c.last.Store(time.Now().UnixNano())
	if c.wake != nil {
		c.wake <- struct{}{}
	}
	return record.Result{State: record.Sent, MessageID: 1}
}

func benchDelivery(b *testing.B, engine kv.Engine, courier Courier) (*storage.Store, *Delivery) {
	b.Helper()
	store := newStore(b, engine, &shiftedClock{})
	d := NewDelivery(store, courier, NewBudget(Limits{}), DeliveryConfig{}, quietLog)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	if err := d.Idle(ctx); err != nil {
		b.Fatal(err)
	}
	return store, d
}

// BenchmarkReplies: a committed reply through the loop, settled; memkv under
// it, a courier that takes no time, the budget off.
func BenchmarkReplies(b *testing.B) {
	b.ReportAllocs()
	courier := &instant{}
	store, d := benchDelivery(b, memkv.New(memkv.Options{}), courier)
	b.ResetTimer()
	for i := 0; i < b.N; i += 10 {
		err := store.Update(b.Context(), func(tx *storage.Tx) error {
			for j := range 10 {
				if _, err := tx.AddOutbox(reply(fmt.Sprintf("u/%d/%d", i, j), int64(i+j+1))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Idle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(courier.n.Load())/b.Elapsed().Seconds(), "replies/s")
}

// BenchmarkBolt: rows from 64 updates side by side, each durable in a file,
// sent by a courier that takes no time, and settled in the file; the budget
// off. A reply costs one row written and deleted, a notice its lease as well.
func BenchmarkBolt(b *testing.B) {
	for name, row := range map[string]func(string, int64) record.Outbox{"reply": reply, "notice": notice} {
		b.Run(name, func(b *testing.B) {
			engine, err := boltkv.Open(b.TempDir()+"/bench.db", boltkv.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = engine.Close() })
			courier := &instant{}
			store, d := benchDelivery(b, engine, courier)
			var n atomic.Int64
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					err := store.Update(b.Context(), func(tx *storage.Tx) error {
						_, err := tx.AddOutbox(row(fmt.Sprintf("u/%d", i), i))
						return err
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
			if err := d.Idle(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(courier.n.Load())/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkReplyStart: from the return of the commit to the courier's call.
func BenchmarkReplyStart(b *testing.B) {
	courier := &instant{wake: make(chan struct{}, 1)}
	store, _ := benchDelivery(b, memkv.New(memkv.Options{}), courier)
	var total time.Duration
	b.ResetTimer()
	for i := range b.N {
		var committed time.Time
		err := store.Update(b.Context(), func(tx *storage.Tx) error {
			tx.AfterCommit(func() { committed = time.Now() })
			_, err := tx.AddOutbox(reply(fmt.Sprintf("u/%d", i), int64(i+1)))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		<-courier.wake
		total += time.Duration(courier.last.Load() - committed.UnixNano())
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "µs-to-start")
}

// BenchmarkLoop: the loop alone, without a store: push, pick, finish.
func BenchmarkLoop(b *testing.B) {
	b.ReportAllocs()
	q, budget := newQueue(8), NewBudget(Limits{})
	now := time.Now()
	take := func(chat int64) (time.Duration, bool) { return budget.take(chat, now) }
	for i := range b.N {
		q.push(&job{row: reply("u", int64(i%5000)+1), chat: int64(i%5000) + 1})
		j, _ := q.pick(now, take)
		q.release(j.lane())
	}
}

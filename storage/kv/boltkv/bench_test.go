package boltkv

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"headgoose/storage/kv"
)

// The benchmarks write rows of this size, each under a key of its own, in an
// order that is not that of the keys.
const rowSize = 200

func benchKey(i uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("row/"), i*0x9e3779b97f4a7c15)
}

// bare is bbolt with its own defaults and one Update for each row.
func bare(b testing.TB, delay time.Duration) func(i uint64) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	create := func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucketName)
		return err
	}
	if err := db.Update(create); err != nil {
		b.Fatal(err)
	}
	row := make([]byte, rowSize)
	return func(i uint64) {
		err := db.Update(func(tx *bbolt.Tx) error {
			time.Sleep(delay)
			return tx.Bucket(bucketName).Put(benchKey(i), row)
		})
		if err != nil {
			b.Error(err)
		}
	}
}

// grouped is the engine with one Update for each row.
func grouped(b testing.TB, delay time.Duration) func(i uint64) {
	e := openAt(b, filepath.Join(b.TempDir(), "grouped"), Options{BeforeCommit: func() { time.Sleep(delay) }})
	row := make([]byte, rowSize)
	return func(i uint64) {
		err := e.Update(context.Background(), func(tx kv.Txn) error { return tx.Put(benchKey(i), row) })
		if err != nil {
			b.Error(err)
		}
	}
}

// rate calls update for n rows from some goroutines and returns rows a second.
func rate(update func(uint64), n, goroutines int) float64 {
	var next atomic.Uint64
	var wg sync.WaitGroup
	began := time.Now()
	for range goroutines {
		wg.Go(func() {
			for i := next.Add(1); i <= uint64(n); i = next.Add(1) {
				update(i)
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(began).Seconds()
}

// BenchmarkBare is what BenchmarkGrouped is compared with.
func BenchmarkBare(b *testing.B) {
	update := bare(b, 0)
	b.ReportAllocs()
	b.ResetTimer()
	b.ReportMetric(rate(update, b.N, 1), "updates/s")
}

// BenchmarkGrouped reports how many times the rate of bare one-row Updates,
// measured just before on the same disk, the engine reaches.
func BenchmarkGrouped(b *testing.B) {
	for _, delay := range []time.Duration{0, 5 * time.Millisecond} {
		for _, goroutines := range []int{1, 16, 256, 5000} {
			b.Run(fmt.Sprintf("delay=%v/waiting=%d", delay, goroutines), func(b *testing.B) {
				rows := 3000
				if delay > 0 {
					rows = 200
				}
				reference := rate(bare(b, delay), rows, 1)
				update := grouped(b, delay)
				b.ReportAllocs()
				b.ResetTimer()
				r := rate(update, b.N, goroutines)
				b.ReportMetric(r, "updates/s")
				b.ReportMetric(r/reference, "x-bare")
			})
		}
	}
}

// BenchmarkLone writes one row at a time to bbolt and to the engine in turn,
// so that both see the same disk, and reports how much longer the engine takes.
func BenchmarkLone(b *testing.B) {
	plain, engine := bare(b, 0), grouped(b, 0)
	var t [2]time.Duration
	var i uint64
	for b.Loop() {
		i++
		for j, update := range []func(uint64){plain, engine} {
			began := time.Now()
			update(i)
			t[j] += time.Since(began)
		}
	}
	b.ReportMetric(float64(t[0].Microseconds())/float64(i), "bare-µs")
	b.ReportMetric(float64(t[1].Microseconds())/float64(i), "engine-µs")
	b.ReportMetric(float64(t[1])/float64(t[0]), "x-bare-latency")
}

// BenchmarkView is one Get in a View of its own.
func BenchmarkView(b *testing.B) {
	e := openAt(b, filepath.Join(b.TempDir(), "data"), Options{})
	for lo := range uint64(50) {
		err := e.Update(context.Background(), func(tx kv.Txn) error {
			for i := range uint64(kv.MaxWrites) {
				if err := tx.Put(benchKey(lo*kv.MaxWrites+i), make([]byte, rowSize)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var i uint64
	for b.Loop() {
		i = (i + 1) % 5000
		err := e.View(context.Background(), func(r kv.Reader) error {
			if _, found, err := r.Get(benchKey(i)); err != nil || !found {
				b.Errorf("row %d: %v, %v", i, found, err)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

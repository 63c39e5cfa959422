package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"headgoose/storage/record"
)

// The benchmarks run the whole program as a process of its own against the
// sandbox in this process, and compare it with bare one-key bbolt updates on
// the same disk in the same run. The process is the real program, or, where
// commits are to take longer or a profile is asked for, this test binary:
//
//	go test -run '^$' -bench . -benchtime 3x ./cmd/headgoose
//
// HEADGOOSE_BENCH_PROFILE=FILE writes a processor profile of the bot.

// bareRate is how many one-key updates bbolt commits a second on this disk.
func bareRate(b testing.TB, delay time.Duration) float64 {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n := 1500
	if delay > 0 {
		n = 100
	}
	value := make([]byte, 128)
	begin := time.Now()
	for i := range n {
		time.Sleep(delay)
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "key/%08d", i), value)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}

// BenchmarkCheckIns drains 5,000 check-ins: update in, durable commit, reply
// accepted. Floors: 1.25 times the bare rate; 10 times with 5 ms added to
// every commit; 48 MB.
func BenchmarkCheckIns(b *testing.B) {
	for _, c := range []struct {
		name  string
		delay time.Duration
	}{{"disk", 0}, {"disk+5ms", 5 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			x := newBench(b)
			var took time.Duration
			var peak float64
			for b.Loop() {
				sessions := x.open()
				x.start(c.delay)
				x.warm()
				codes := x.codes(sessions)
				x.expect(benchPeople)
				begin := time.Now()
				for i := range benchPeople {
					x.say(int64(benchAccount+i), codes[i/(record.MaxTownships*benchVillages)])
				}
				x.wait()
				took += time.Since(begin)
				peak = max(peak, x.stop())
				if came := x.close(sessions); came != benchPeople {
					b.Fatalf("%d of %d check-ins are in the store", came, benchPeople)
				}
			}
			rate := float64(benchPeople*b.N) / took.Seconds()
			bare := bareRate(b, c.delay)
			b.ReportMetric(rate, "checkins/s")
			b.ReportMetric(bare, "bare/s")
			b.ReportMetric(rate/bare, "x-bare")
			b.ReportMetric(peak, "peak-MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkAnswer measures how long a person waits: 362 at once (floor: p99
// 150 ms), and 200 a second steadily (floor: p99 5 ms).
func BenchmarkAnswer(b *testing.B) {
	b.Run("362-at-once", func(b *testing.B) { benchAnswer(b, 362, 0) })
	b.Run("200-a-second", func(b *testing.B) { benchAnswer(b, 1000, 5*time.Millisecond) })
}

func benchAnswer(b *testing.B, people int, every time.Duration) {
	x := newBench(b)
	var p50, p99 time.Duration
	for b.Loop() {
		sessions := x.open()
		x.start(0)
		x.warm()
		codes := x.codes(sessions)
		x.expect(people)
		next := time.Now()
		for i := range people {
			if every > 0 {
				next = next.Add(every)
				time.Sleep(time.Until(next))
			}
			x.say(int64(benchAccount+i), codes[i/(record.MaxTownships*benchVillages)])
		}
		x.wait()
		p50, p99 = max(p50, x.percentile(0.5)), max(p99, x.percentile(0.99))
		x.stop()
		x.close(sessions)
	}
	b.ReportMetric(float64(p50)/1e6, "p50-ms")
	b.ReportMetric(float64(p99)/1e6, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStart measures the time from the start of the process to the first
// answer, with 5,000 people in the data (floor: 100 ms with the county's 362).
func BenchmarkStart(b *testing.B) {
	x := newBench(b)
	var took time.Duration
	for b.Loop() {
		x.expect(1)
		x.say(benchAccount, "/help")
		begin := time.Now()
		x.start(0)
		x.wait()
		took += time.Since(begin)
		x.stop()
	}
	b.ReportMetric(float64(took)/float64(b.N)/1e6, "ms/start")
	b.ReportMetric(0, "ns/op")
}

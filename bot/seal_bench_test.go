package bot

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// countingRing counts the keys that are fetched: each seals or opens one text.
type countingRing struct {
	storage.Keys
	fetched atomic.Int64
}

func (c *countingRing) Key(number uint64) (seal.Key, error) {
	c.fetched.Add(1)
	return c.Keys.Key(number)
}

// fileRing is a ring in a file, as the program has it.
func fileRing(b *testing.B) *countingRing {
	b.Helper()
	master := bytes.Repeat([]byte{1}, seal.KeySize)
	path := filepath.Join(b.TempDir(), "ring")
	f, err := os.Create(path)
	if err == nil {
		err = seal.New(f, master, make([]byte, storage.KeySize))
	}
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	ring, err := seal.Open(path, master)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ring.Close() })
	return &countingRing{Keys: ring}
}

// BenchmarkSealingOfCheckIn says which share of a check-in's time goes into sealing
// and opening (aim: under 10%): the texts that are sealed or opened in one, counted,
// times what one takes, measured in the same run, with its key read from the ring's
// file. A check-in is the event from a person's text to the committed reply.
func BenchmarkSealingOfCheckIn(b *testing.B) {
	ring := fileRing(b)
	s, err := newBenchStoreOn(benchVillages, ring)
	if err != nil {
		b.Fatal(err)
	}
	var villages []record.Code
	for i := range benchVillages {
		villages = append(villages, benchVillage(i))
	}
	id := int64(1 << 40)
	var at record.Session
	open := func() {
		err := s.chunked(1, 1, func(tx *storage.Tx, _ int) (err error) {
			at, err = tx.AddSession(record.Session{Place: hualong, Title: "廉政教育基地", Start: s.now, End: s.now.Add(time.Hour), State: record.Open}, villages)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var took time.Duration
	var fetched, events int64
	next := benchVillages
	for b.Loop() {
		if next == benchVillages {
			s.now = s.now.Add(24 * time.Hour)
			next = 0
			open()
		}
		id++
		before, begin := ring.fetched.Load(), time.Now()
		err := s.bot.Handle(b.Context(), chat.Event{ID: id, At: s.now, Kind: chat.Text, Text: s.store.CodeAt(at.ID, s.now).Digits, From: chat.User{ID: int64(1000 + next), Lang: "zh"}, Chat: chat.Chat{ID: int64(1000 + next)}})
		took += time.Since(begin)
		if err != nil {
			b.Fatal(err)
		}
		fetched += ring.fetched.Load() - before
		events++
		next++
	}
	err = s.store.View(b.Context(), func(tx *storage.Tx) error {
		mark, found, err := tx.Branch(at.ID, villages[next-1])
		if err == nil && (!found || !mark.Status.Came()) {
			b.Fatalf("the last one has not checked in: %+v", mark)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	each := sealingTakes(b, ring)
	b.ReportMetric(float64(fetched)/float64(events), "texts/checkin")
	b.ReportMetric(float64(each.Nanoseconds()), "ns/text")
	b.ReportMetric(float64(took.Microseconds())/float64(events), "us/checkin")
	b.ReportMetric(100*float64(each)*float64(fetched)/float64(took), "%-of-checkin")
	b.ReportMetric(0, "ns/op")
}

// sealingTakes is how long one text takes: the key, sealing or opening.
func sealingTakes(b *testing.B, ring storage.Keys) time.Duration {
	b.Helper()
	const rounds = 2000
	text := make([]byte, 400) // a reply with its buttons is shorter
	begin := time.Now()
	var sealed []byte
	for i := range 2 * rounds {
		k, err := ring.Key(1)
		if i%2 == 0 {
			sealed = k.Seal("x", text)
		} else if err == nil {
			_, err = k.Open("x", sealed)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin) / (2 * rounds)
}

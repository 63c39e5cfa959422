package main

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
	"headgoose/storage/record"
)

// BenchmarkReminders362 has a county of 362 reminded at once by a server that
// enforces Telegram's limits (floor: 14 s, no refusal for the rate, none lost,
// none twice). Real time:
//
//	go test -run '^$' -bench Reminders362 -benchtime 1x ./cmd/headgoose
func BenchmarkReminders362(b *testing.B) {
	const people = 362
	var took time.Duration
	var refused, lost, twice int
	for b.Loop() {
		x := &bench{b: b, path: filepath.Join(b.TempDir(), "headgoose.db"), key: make([]byte, storage.KeySize)}
		x.sandbox = sandbox.New(sandbox.Options{CallLog: -1})
		if err := x.sandbox.Start("127.0.0.1:0"); err != nil {
			b.Fatal(err)
		}
		for _, account := range stageAccounts(people) {
			x.sandbox.AddUser(sandbox.User{ID: account, Lang: "zh", Started: true})
		}
		x.store(func(ctx context.Context, s *storage.Store) error {
			if err := fillStage(ctx, s, storage.County{Place: benchCounty}, people); err != nil {
				return err
			}
			return s.Update(ctx, func(tx *storage.Tx) error { return addReminded(tx, people) })
		})
		var sent atomic.Int64
		last := make(chan struct{})
		x.sandbox.OnCall(func(c sandbox.Call) {
			if c.Method == "sendMessage" && c.Code == 200 && sent.Add(1) == people {
				close(last)
			}
		})
		began := time.Now()
		x.startChild(childSetup{Limits: true}) // with its limits on
		select {
		case <-last:
		case <-time.After(time.Minute):
		}
		took += time.Since(began)
		x.stop() // what is being sent is sent
		for i := range people {
			switch n := len(heard(x.sandbox, benchAccount+int64(i), soon)); {
			case n == 0:
				lost++
			case n > 1:
				twice++
			}
		}
		refused += int(x.sandbox.Stats().TooMany)
		if err := x.sandbox.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(took.Seconds()/float64(b.N), "s/362")
	b.ReportMetric(float64(refused), "429s")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(twice), "twice")
	b.ReportMetric(0, "ns/op")
}

// addReminded plans a session that expects everybody, has been announced, and
// is to be reminded of now.
func addReminded(tx *storage.Tx, people int) error {
	var villages []record.Code
	for i := range people {
		villages = append(villages, benchVillage(i))
	}
	start := tx.Now.Add(2 * time.Hour)
	s, err := tx.AddSession(record.Session{
		Place: benchCounty.Code, Title: "廉政教育基地", Start: start, End: start.Add(time.Hour), Opens: start, LateFrom: start,
	}, villages)
	if err != nil {
		return err
	}
	return tx.SetSaid(s, storage.Said{Rev: s.Rev, Start: start, Told: true})
}

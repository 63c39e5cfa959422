package bot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
)

// The county whose officers ask: as many townships and villages as Hualong.
const (
	benchTowns    = 17
	benchVillages = 362
	benchOfficer  = 1
)

// benchStore is a bot over a bbolt file with one county in full, secretaries
// and a week's sessions with it, and with other counties' villages besides.
type benchStore struct {
	bot   *Bot
	store *storage.Store
	now   time.Time
}

// small and large are built once in a run, by the benchmark that needs them
// first.
var (
	small = sync.OnceValues(func() (*benchStore, error) { return newBenchStore(benchVillages) })
	large = sync.OnceValues(func() (*benchStore, error) { return newBenchStore(600_000) })
)

func newBenchStore(villages int) (*benchStore, error) { return newBenchStoreOn(villages, nil) }

// newBenchStoreOn is newBenchStore with a ring of keys; nil: derived ones.
func newBenchStoreOn(villages int, ring storage.Keys) (*benchStore, error) {
	dir, err := os.MkdirTemp("", "headgoose-bench")
	if err != nil {
		return nil, err
	}
	engine, err := boltkv.Open(filepath.Join(dir, "data"), boltkv.Options{MaxSize: 4 << 30})
	if err != nil {
		return nil, err
	}
	// The open file lives on to the end of the run; nothing is left behind.
	_ = os.RemoveAll(dir)
	zone := time.FixedZone("CST", 8*3600)
	b := &benchStore{now: time.Date(2026, 12, 3, 10, 0, 0, 0, zone)}
	b.store, err = storage.Open(context.Background(), engine, storage.Options{
		Clock: func() time.Time { return b.now }, Key: make([]byte, storage.KeySize), Ring: ring,
	})
	if err != nil {
		return nil, err
	}
	texts, err := text.Load()
	if err != nil {
		return nil, err
	}
	b.bot = New(Config{County: hualong, Zone: zone}, b.store, texts, chattest.NewRecorder(), slog.New(slog.DiscardHandler))
	if err := b.ownCounty(); err != nil {
		return nil, err
	}
	return b, b.otherCounties(villages - benchVillages)
}

// chunked runs many small steps, n in a transaction, some transactions side by
// side.
func (b *benchStore) chunked(steps, n int, do func(tx *storage.Tx, i int) error) error {
	var g errgroup.Group
	g.SetLimit(16)
	for from := 0; from < steps; from += n {
		g.Go(func() error {
			return b.store.Update(context.Background(), func(tx *storage.Tx) error {
				for i := from; i < min(from+n, steps); i++ {
					if err := do(tx, i); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	return g.Wait()
}

func benchVillage(i int) record.Code {
	return record.Code(fmt.Sprintf("%s%03d%03d", hualong, 100+i%benchTowns, 200+i/benchTowns))
}

// ownCounty makes the county that is asked about, with ten sessions in the
// week, each with a part of the villages, half of whom came.
func (b *benchStore) ownCounty() error {
	err := b.chunked(1+benchTowns, 1, func(tx *storage.Tx, i int) error {
		if i == 0 {
			return tx.PutPlace(record.Place{Code: hualong, Name: "化隆县"})
		}
		return tx.PutPlace(record.Place{Code: record.Code(fmt.Sprintf("%s%03d", hualong, 99+i)), Name: fmt.Sprintf("第%d镇", i)})
	})
	if err != nil {
		return err
	}
	err = b.chunked(benchVillages, 3, func(tx *storage.Tx, i int) error {
		if err := tx.PutPlace(record.Place{Code: benchVillage(i), Name: fmt.Sprintf("第%d村", i)}); err != nil {
			return err
		}
		id, err := tx.AddPerson(record.Person{Name: fmt.Sprintf("书记 %03d", i)}, "")
		if err != nil {
			return err
		}
		if err := tx.Bind(id, int64(1000+i), "zh"); err != nil {
			return err
		}
		return tx.Appoint(id, record.Secretary, benchVillage(i), "2021")
	})
	if err != nil {
		return err
	}
	err = b.chunked(1, 1, func(tx *storage.Tx, _ int) error {
		id, err := tx.AddPerson(record.Person{Name: "县级管理员 001"}, "")
		if err != nil {
			return err
		}
		if err := tx.Bind(id, benchOfficer, "zh"); err != nil {
			return err
		}
		return tx.Appoint(id, record.CountyOfficer, hualong, "2021")
	})
	if err != nil {
		return err
	}
	for day := range 10 {
		if err := b.benchSession(day); err != nil {
			return err
		}
	}
	return nil
}

func (b *benchStore) benchSession(n int) error {
	var villages []record.Code
	for i := range benchVillages {
		if i/benchTowns%10 == n {
			villages = append(villages, benchVillage(i))
		}
	}
	var s record.Session
	start := b.now.AddDate(0, 0, -2).Add(time.Duration(n) * time.Hour)
	err := b.chunked(1, 1, func(tx *storage.Tx, _ int) (err error) {
		s, err = tx.AddSession(record.Session{Place: hualong, Title: "廉政教育基地", Start: start, End: start.Add(time.Hour), State: record.Open}, villages)
		return err
	})
	if err != nil {
		return err
	}
	err = b.chunked(len(villages)/2, 8, func(tx *storage.Tx, i int) error {
		ids, err := tx.Holders(record.Secretary, villages[i])
		if err != nil {
			return err
		}
		about, err := tx.Actor(ids[0])
		if err != nil {
			return err
		}
		return tx.Mark(s, about, record.Present, record.ByRollCall, ids[0], "")
	})
	if err != nil {
		return err
	}
	return b.chunked(1, 1, func(tx *storage.Tx, _ int) error {
		_, err := tx.CloseSession(s.ID)
		return err
	})
}

// otherCounties adds villages of other counties, 600 in each.
func (b *benchStore) otherCounties(villages int) error {
	return b.chunked(villages, 15, func(tx *storage.Tx, i int) error {
		county := record.Code(fmt.Sprintf("%06d", 640000+i/600))
		code := county + record.Code(fmt.Sprintf("%03d%03d", 100+i%600/30, 200+i%30))
		return tx.PutPlace(record.Place{Code: code, Name: fmt.Sprintf("村%d", i)})
	})
}

// benchPages runs a command over both stores: the reading and wording alone,
// and as an event through Handle with its durable commit.
func benchPages(b *testing.B, line string) {
	for _, size := range []struct {
		name  string
		store func() (*benchStore, error)
	}{{"villages=362", small}, {"villages=600000", large}} {
		store, err := size.store()
		if err != nil {
			b.Fatal(err)
		}
		b.Run("page/"+size.name, func(b *testing.B) { store.pages(b, line) })
		b.Run("handle/"+size.name, func(b *testing.B) { store.handles(b, line) })
	}
}

func (s *benchStore) pages(b *testing.B, line string) {
	b.ReportAllocs()
	for b.Loop() {
		err := s.store.View(b.Context(), func(tx *storage.Tx) error {
			p, _, err := tx.PersonByChat(benchOfficer)
			if err != nil {
				return err
			}
			t, err := s.bot.turnTo(tx, record.Outbox{Person: p.ID})
			if err != nil {
				return err
			}
			c, rest := s.bot.parse("/" + line)
			if err := t.run(c, rest); err != nil {
				return err
			}
			if len(t.answers) != 1 {
				b.Errorf("%d answers", len(t.answers))
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchUpdate numbers the events of all benchmarks of a run.
var benchUpdate int64

func (s *benchStore) handles(b *testing.B, line string) {
	b.ReportAllocs()
	ev := chat.Event{Kind: chat.Press, Chat: chat.Chat{ID: benchOfficer}, From: chat.User{ID: benchOfficer}, PressID: "p", Data: "AAAABBBBCCCC.0"}
	err := s.store.Update(b.Context(), func(tx *storage.Tx) error {
		return tx.PutIntent("AAAABBBBCCCC", record.Intent{Chat: benchOfficer, Acts: []string{line}})
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		benchUpdate++
		ev.ID = benchUpdate
		if err := s.bot.Handle(b.Context(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStatusCounty is /status of a county.
func BenchmarkStatusCounty(b *testing.B) { benchPages(b, "status") }

// BenchmarkListTownship is a page of the villages of a township.
func BenchmarkListTownship(b *testing.B) { benchPages(b, "status.villages "+string(hualong)+"103") }

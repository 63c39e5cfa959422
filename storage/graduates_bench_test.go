package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// The benchmarks of the roster of graduates run over a bbolt file. They are
// small by default; HEADGOOSE_BENCH_GRADUATES asks for another number of records,
// over three fifths as many villages, HEADGOOSE_BENCH_ROWS for one of rows.
func benchSize(b testing.TB, name string, least int) int {
	b.Helper()
	v := os.Getenv(name)
	if v == "" {
		return least
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 100 {
		b.Fatalf("%s=%q", name, v)
	}
	return n
}

// benchRoster is a store in a file, with a county of its own for each 600
// villages.
func benchRoster(b testing.TB) *Store {
	b.Helper()
	engine, err := boltkv.Open(filepath.Join(b.TempDir(), "data"), boltkv.Options{MaxSize: 16 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = engine.Close() })
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s, err := Open(context.Background(), engine, Options{Key: make([]byte, KeySize), Ring: benchRing(b), Clock: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// benchRing is a ring in a file, as the program has it.
func benchRing(b testing.TB) *seal.Ring {
	b.Helper()
	master, path := bytes.Repeat([]byte{1}, seal.KeySize), filepath.Join(b.TempDir(), "ring")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(seal.New(f, master, make([]byte, KeySize)), f.Close())
	}
	if err != nil {
		b.Fatal(err)
	}
	ring, err := seal.Open(path, master)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ring.Close() })
	return ring
}

func benchVillage(i int) record.Code {
	return record.Code(fmt.Sprintf("%06d%03d%03d", 110000+i/600, 100+i%600/40, 200+i%40))
}

// load runs steps, a few in a transaction, some transactions side by side.
func (s *Store) load(b testing.TB, steps, n int, do func(tx *Tx, i int) error) {
	b.Helper()
	var g errgroup.Group
	g.SetLimit(64)
	for from := 0; from < steps; from += n {
		g.Go(func() error {
			return s.Update(context.Background(), func(tx *Tx) error {
				for i := from; i < min(from+n, steps); i++ {
					if err := do(tx, i); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

func (s *Store) loadVillages(b testing.TB, villages int) {
	s.load(b, villages, 10, func(tx *Tx, i int) error {
		c := benchVillage(i)
		for _, up := range c.Up() {
			if up != c && i%40 != 0 {
				continue
			}
			if err := tx.PutPlace(record.Place{Code: up, Name: fmt.Sprintf("地%s村", up)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func benchGraduate(i, villages int, now time.Time) record.Graduate {
	return record.Graduate{
		Village: benchVillage(i % villages), Name: fmt.Sprintf("毕业生 %07d", i), BirthYear: 1998 + i%8, Education: record.Bachelor,
		School: "青海大学", Major: "农学", Graduation: "2025-07", Employment: record.Employments()[i%6],
		Willingness: record.Willingnesses()[i%3], Phone: fmt.Sprintf("139%08d", i), Source: record.BySheet,
		Consent: record.Consent{Version: "2026-11", At: now.AddDate(0, -1, 0), Source: record.BySheet},
	}
}

// residentMB is a line of the process's memory in MB: VmHWM, the most that was
// resident, pages of the data file with it, or RssAnon, what is the program's own
// now. 0 where the system does not say.
func residentMB(line string) float64 {
	raw, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(raw), line+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return kb / 1024
}

// BenchmarkGraduates measures medians: registering one, a village's list, a
// filter's first page in a county and the county's counts (aim: each under 20 ms
// with 1,000,000 records over 600,000 villages), and the share of sealing in a
// registration (aim: under 10%).
func BenchmarkGraduates(b *testing.B) {
	n := benchSize(b, "HEADGOOSE_BENCH_GRADUATES", 5_000)
	villages := n * 3 / 5
	s := benchRoster(b)
	s.loadVillages(b, villages)
	now := s.Now()
	s.load(b, n, 2, func(tx *Tx, i int) error {
		_, err := tx.AddGraduate(benchGraduate(i, villages, now), nil)
		return err
	})
	next := n
	register := func() error {
		next++
		return s.Update(context.Background(), func(tx *Tx) error {
			_, err := tx.AddGraduate(benchGraduate(next, villages, now), nil)
			return err
		})
	}
	page := func(place record.Code, f GraduateFilter) func() error {
		return func() error {
			return s.View(context.Background(), func(tx *Tx) error {
				_, _, err := tx.Graduates(GraduateQuery{Place: place, Filter: f, Limit: 8})
				return err
			})
		}
	}
	county := benchVillage(0).County()
	count := func() error {
		return s.View(context.Background(), func(tx *Tx) error {
			_, err := tx.Count(county)
			return err
		})
	}
	var registered time.Duration
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"register", register},
		{"village", page(benchVillage(villages/2), AllGraduates)},
		{"filter", page(county, SeekingWork)},
		{"counts", count},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			median := took[len(took)/2]
			b.ReportMetric(float64(median)/1e6, "median-ms")
			b.ReportMetric(residentMB("VmHWM"), "peak-MB")
			b.ReportMetric(residentMB("RssAnon"), "own-MB")
			b.ReportMetric(0, "ns/op")
			if c.name == "register" {
				registered = median
			}
		})
	}
	b.Run("sealing", func(b *testing.B) {
		plain := make([]byte, 400) // a record's personal fields are shorter
		begin, rounds := time.Now(), 0
		for b.Loop() {
			key, err := s.sealKey(record.SealKey{Graduate: "g1"})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := key.Open("graduate/g1", key.Seal("graduate/g1", plain)); err != nil {
				b.Fatal(err)
			}
			rounds++
		}
		each := time.Since(begin) / time.Duration(rounds)
		if registered > 0 {
			b.ReportMetric(100*float64(each)/float64(registered), "%-of-register")
		}
	})
}

// BenchmarkGraduateImport compares and writes a sheet of new graduates, and
// compares it again (aim: 100,000 rows in under 60 s and 256 MB).
func BenchmarkGraduateImport(b *testing.B) {
	n := benchSize(b, "HEADGOOSE_BENCH_ROWS", 2_000)
	const villages = 600
	var took time.Duration
	for b.Loop() {
		s := benchRoster(b)
		s.loadVillages(b, villages)
		by := GraduateImporter{County: record.Place{Code: benchVillage(0).County(), Name: "县"}, Zone: time.UTC}
		s.load(b, 1, 1, func(tx *Tx, _ int) (err error) {
			if by.By, err = tx.AddPerson(record.Person{Name: "县级管理员 001"}, ""); err != nil {
				return err
			}
			return tx.Appoint(by.By, record.CountyOfficer, by.County.Code, "2021")
		})
		rows := make([]record.GraduateRow, n)
		for i := range rows {
			g := benchGraduate(i, villages, s.Now())
			rows[i] = record.GraduateRow{
				Row: i + 2, Code: g.Village, Name: g.Name, BirthYear: g.BirthYear, Education: g.Education, School: g.School, Major: g.Major,
				Graduation: g.Graduation, Employment: g.Employment, Willingness: g.Willingness, Phone: g.Phone,
				Consent: record.SheetYes, ConsentDate: "2026-11-01",
			}
		}
		begin := time.Now()
		plan, err := s.PlanGraduates(context.Background(), by, rows)
		if err != nil || len(plan.Changes) != n {
			b.Fatal(len(plan.Changes), plan.Faults[:min(3, len(plan.Faults))], err)
		}
		r, err := s.ApplyGraduates(context.Background(), plan, nil)
		if err != nil || r.Applied != n {
			b.Fatal(r.Applied, r.Faults[:min(3, len(r.Faults))], err)
		}
		took += time.Since(begin)
	}
	b.ReportMetric(took.Seconds()/float64(b.N), "s/import")
	b.ReportMetric(float64(n*b.N)/took.Seconds(), "rows/s")
	b.ReportMetric(residentMB("VmHWM"), "peak-MB")
	b.ReportMetric(residentMB("RssAnon"), "own-MB")
	b.ReportMetric(0, "ns/op")
}

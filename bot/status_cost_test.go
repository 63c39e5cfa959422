package bot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// meter is an engine that counts what its Views read, and lets one read fail.
type meter struct {
	kv.Engine
	reads  int
	failAt int // the read that fails; 0: none
	// updates: what an Update reads counts too, twice, as memkv runs it.
	updates bool
}

var errRead = errors.New("the data cannot be read")

func (m *meter) read() error {
	if m.reads++; m.reads == m.failAt {
		return errRead
	}
	return nil
}

func (m *meter) View(ctx context.Context, fn func(kv.Reader) error) error {
	return m.Engine.View(ctx, func(r kv.Reader) error { return fn(meteredReader{r, m}) })
}

func (m *meter) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if !m.updates {
		return m.Engine.Update(ctx, fn)
	}
	return m.Engine.Update(ctx, func(w kv.Txn) error { return fn(meteredTxn{w, meteredReader{w, m}}) })
}

type meteredTxn struct {
	kv.Txn
	read meteredReader
}

func (w meteredTxn) Get(key []byte) ([]byte, bool, error) { return w.read.Get(key) }

func (w meteredTxn) Scan(over kv.Range) iter.Seq2[kv.Entry, error] { return w.read.Scan(over) }

type meteredReader struct {
	kv.Reader
	m *meter
}

func (r meteredReader) Get(key []byte) ([]byte, bool, error) {
	if err := r.m.read(); err != nil {
		return nil, false, err
	}
	return r.Reader.Get(key)
}

func (r meteredReader) Scan(over kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for e, err := range r.Reader.Scan(over) {
			if fault := r.m.read(); fault != nil {
				yield(kv.Entry{}, fault)
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// metered is a bot over the same data, whose reads are counted.
func (w *world) metered() (*Bot, *meter) {
	w.Helper()
	m := &meter{Engine: w.store.Engine()}
	store, err := storage.Open(w.Context(), m, storage.Options{Clock: func() time.Time { return w.now }, Key: make([]byte, storage.KeySize)})
	if err != nil {
		w.Fatal(err)
	}
	m.reads = 0
	return New(w.bot.conf, store, w.bot.texts, w.rec, slog.New(slog.DiscardHandler)), m
}

// readsOf is how many keys a page reads for a person.
func (w *world) readsOf(p persona, line string) int {
	w.Helper()
	b, m := w.metered()
	m.updates = true // a page that shows somebody writes that it did
	err := b.store.Update(w.Context(), func(tx *storage.Tx) error {
		t, err := b.turnTo(tx, record.Outbox{Person: p.id})
		if err != nil {
			return err
		}
		c, rest := b.parse("/" + line)
		if err := t.run(c, rest); err != nil {
			return err
		}
		if len(t.answers) != 1 {
			w.Errorf("%s has %d answers", line, len(t.answers))
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return m.reads
}

// TestPagesCostTheirAnswer: what a page reads does not grow with the villages
// of other counties, nor a township's with those of other townships.
func TestPagesCostTheirAnswer(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(bayan, 12)
	pages := []string{
		"status", "status.towns 630224", "status.sessions 630224", "status.session " + string(w.monday.ID) + " 630224",
		"status.missed 630224", "status 630224100", "status.villages 630224100", "status 630224100200",
		"status.person " + string(w.xia.id), "people 630224100", "status.flag notenrolled 630224100",
		"schedule.week 630224100", "status.grads 630224",
	}
	before := map[string]int{}
	for _, page := range pages {
		before[page] = w.readsOf(w.county, page)
	}
	w.more(qunke, 40)
	for county := range 20 {
		w.do(func(tx *storage.Tx) error {
			for i := range 20 {
				code := record.Code(fmt.Sprintf("64%04d100%03d", county, 200+i))
				if err := tx.PutPlace(record.Place{Code: code, Name: "某村"}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, page := range pages {
		if after := w.readsOf(w.county, page); after != before[page] || after > 2*150 {
			t.Errorf("%s reads %d keys, %d while there were fewer villages elsewhere", page, after, before[page])
		}
	}
}

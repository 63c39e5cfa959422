package bot

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// noSessions is an engine that cannot keep a session.
type noSessions struct{ kv.Engine }

func (e noSessions) Update(ctx context.Context, fn func(kv.Txn) error) error {
	return e.Engine.Update(ctx, func(t kv.Txn) error { return fn(noSessionsTxn{t}) })
}

type noSessionsTxn struct{ kv.Txn }

func (t noSessionsTxn) Put(key, value []byte) error {
	if strings.HasPrefix(string(key), "session/") {
		return errors.New("cannot be kept")
	}
	return t.Txn.Put(key, value)
}

// noFiles is a platform that panics over a file.
type noFiles struct{ chat.Platform }

func (noFiles) Download(context.Context, string, int64) ([]byte, error) { panic("a fault") }

// A file that cannot be brought to its end is given up with a word to whoever
// sent it; it neither comes back for ever nor ends the process.
func TestAJobIsGivenUp(t *testing.T) {
	const rota = "日期,时间,基地,乡镇,村\n2026-12-15,09:00-11:30,廉政教育基地,巴燕镇,下加合村\n"
	for name, c := range map[string]struct {
		state    record.JobState
		engine   func(kv.Engine) kv.Engine
		platform func(chat.Platform) chat.Platform
		says     string
	}{
		"what is written fails": {
			record.JobApply, func(e kv.Engine) kv.Engine { return noSessions{e} }, func(p chat.Platform) chat.Platform { return p }, "导入没有完成",
		},
		"reading panics": {
			record.JobRead, func(e kv.Engine) kv.Engine { return e }, func(p chat.Platform) chat.Platform { return noFiles{p} }, "文件没有读到",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newOfficeWorld(t)
			w.rec.AddFile("rota", []byte(rota))
			w.do(func(tx *storage.Tx) error {
				if err := tx.PutBase(hualong, record.Base{ID: "b1", Name: "廉政教育基地"}); err != nil {
					return err
				}
				_, err := tx.AddJob(record.Job{Chat: w.county.chat, Person: w.county.id, File: "rota", Name: "a.csv", State: c.state})
				return err
			})
			store, err := storage.Open(t.Context(), c.engine(w.store.Engine()), storage.Options{Clock: func() time.Time { return w.now }, Key: make([]byte, storage.KeySize)})
			if err != nil {
				t.Fatal(err)
			}
			b := New(w.bot.conf, store, w.bot.texts, c.platform(w.rec), slog.New(slog.DiscardHandler))
			for range jobTries {
				if _, err := b.WorkJobs(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			w.deliver()
			w.county.sees(c.says)
			w.see(func(tx *storage.Tx) error {
				left, err := tx.Jobs()
				if len(left) > 0 {
					t.Errorf("still there: %+v", left)
				}
				return err
			})
		})
	}
}

// Two hosts of one name are not told apart by it: nobody is made host by chance.
func TestARotaNamesOneHost(t *testing.T) {
	w := newOfficeWorld(t)
	w.person("主持人 001", record.Host, hualong)
	w.person("主持人 001", record.Host, hualong)
	w.rec.AddFile("rota", []byte("日期,时间,基地,乡镇,村,主持人\n2026-12-15,09:00-11:30,廉政教育基地,巴燕镇,下加合村,主持人 001\n"))
	w.do(func(tx *storage.Tx) error {
		if err := tx.PutBase(hualong, record.Base{ID: "b1", Name: "廉政教育基地"}); err != nil {
			return err
		}
		_, err := tx.AddJob(record.Job{Chat: w.county.chat, Person: w.county.id, File: "rota", Name: "a.csv", State: record.JobRead})
		return err
	})
	if _, err := w.bot.WorkJobs(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.deliver()
	w.county.sees("新增 0 场", "有几位同名的主持人")
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// outboxStore is a store whose clock the test moves.
type outboxStore struct {
	*Store
	now  time.Time
	told []record.Outbox
}

func newOutboxStore(t interface{ Fatal(...any) }) *outboxStore {
	o := &outboxStore{now: time.Date(2026, 12, 2, 16, 0, 0, 0, time.UTC)}
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return o.now }})
	if err != nil {
		t.Fatal(err)
	}
	o.Store = s
	s.OnOutbox(func(row record.Outbox) { o.told = append(o.told, row) })
	return o
}

// do runs one transaction that has to succeed.
func (o *outboxStore) do(t interface{ Fatal(...any) }, fn func(tx *Tx) error) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	if err := o.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func (o *outboxStore) add(t interface{ Fatal(...any) }, rows ...record.Outbox) {
	o.do(t, func(tx *Tx) error {
		for _, row := range rows {
			if _, err := tx.AddOutbox(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *outboxStore) lease(t interface{ Fatal(...any) }, class record.Class, limit int) []record.Outbox {
	var rows []record.Outbox
	o.do(t, func(tx *Tx) (err error) {
		rows, err = tx.LeaseOutbox(class, limit, func(record.Outbox) bool { return true })
		return err
	})
	return rows
}

func (o *outboxStore) settle(t interface{ Fatal(...any) }, row record.Outbox, state record.OutState) (settled bool) {
	o.do(t, func(tx *Tx) (err error) {
		row.State = state
		settled, err = tx.SettleOutbox(row)
		return err
	})
	return settled
}

func (o *outboxStore) state(t interface{ Fatal(...any) }, key string) (state record.OutState) {
	o.do(t, func(tx *Tx) error {
		row, _, err := tx.Outbox(key)
		state = row.State
		return err
	})
	return state
}

func notice(key string) record.Outbox {
	return record.Outbox{Key: key, Class: record.Notice, Kind: "day_before"}
}

func reply(key string) record.Outbox {
	return record.Outbox{Key: key, Class: record.Reply, Kind: record.KindReply, Chat: 7, Words: &record.Words{Text: "已签到"}}
}

func keysOf(rows []record.Outbox) []string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return keys
}

func wantKeys(t *testing.T, rows []record.Outbox, want ...string) {
	t.Helper()
	if got := keysOf(rows); !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

func wantState(t *testing.T, o *outboxStore, key string, want record.OutState) {
	t.Helper()
	if got := o.state(t, key); got != want {
		t.Errorf("%s is %q, want %q", key, got, want)
	}
}

func TestAddOutbox(t *testing.T) {
	t.Run("a key means once", func(t *testing.T) {
		o := newOutboxStore(t)
		for i, want := range []bool{true, false} {
			o.do(t, func(tx *Tx) error {
				added, err := tx.AddOutbox(notice("a"))
				if added != want {
					t.Errorf("time %d: added %v", i, added)
				}
				return err
			})
		}
		row := o.lease(t, record.Notice, 10)[0]
		o.settle(t, row, record.Sent)
		o.add(t, notice("a"))
		wantKeys(t, o.lease(t, record.Notice, 10))
		wantKeys(t, o.told, "a")
	})
	t.Run("what is rolled back is told to nobody", func(t *testing.T) {
		o := newOutboxStore(t)
		refused := errors.New("refused")
		err := o.Update(context.Background(), func(tx *Tx) error {
			_, err := tx.AddOutbox(reply("a"))
			return errors.Join(err, refused)
		})
		if !errors.Is(err, refused) || len(o.told) != 0 {
			t.Errorf("%v, told %v", err, o.told)
		}
	})
	t.Run("rows without key or class are refused", func(t *testing.T) {
		o := newOutboxStore(t)
		for _, bad := range []record.Outbox{{Class: record.Notice}, {Key: "a"}, {Key: "a", Class: 9}} {
			err := o.Update(context.Background(), func(tx *Tx) error { _, err := tx.AddOutbox(bad); return err })
			if !errors.Is(err, record.ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestReplies(t *testing.T) {
	o := newOutboxStore(t)
	o.add(t, reply("1"), reply("2"), reply("3"))
	o.do(t, func(tx *Tx) error {
		rows, err := tx.Replies("1", 10)
		wantKeys(t, rows, "2", "3")
		return err
	})
	if !o.settle(t, reply("1"), record.Sent) || o.settle(t, reply("1"), record.Sent) {
		t.Error("a reply is settled once")
	}
	o.settle(t, reply("2"), record.Failed)
	o.settle(t, reply("3"), record.Pending)
	o.do(t, func(tx *Tx) error {
		rows, err := tx.Replies("", 10)
		wantKeys(t, rows, "3")
		return err
	})
	o.do(t, func(tx *Tx) error {
		rows, err := tx.Undelivered(o.now.Add(-time.Hour), 10)
		wantKeys(t, rows, "2")
		if rows[0].Words != nil {
			t.Error("the words of a failed reply are kept")
		}
		return err
	})
}

func TestLeaseOutbox(t *testing.T) {
	o := newOutboxStore(t)
	later, soon := notice("later"), notice("soon")
	later.NotBefore, soon.NotBefore = o.now.Add(time.Hour), o.now.Add(time.Minute)
	bulk := notice("bulk")
	bulk.Class = record.Bulk
	o.add(t, later, soon, notice("now"), bulk)

	t.Run("what is due, by class, once", func(t *testing.T) {
		wantKeys(t, o.lease(t, record.Notice, 10), "now")
		wantKeys(t, o.lease(t, record.Notice, 10))
		wantKeys(t, o.lease(t, record.Bulk, 10), "bulk")
		wantState(t, o, "now", record.Leased)
	})
	t.Run("the next instant", func(t *testing.T) {
		o.do(t, func(tx *Tx) error {
			at, ok, err := tx.NextOutbox()
			if !ok || !at.Equal(soon.NotBefore) {
				t.Errorf("%v %v, want %v", at, ok, soon.NotBefore)
			}
			return err
		})
	})
	t.Run("due at its very instant", func(t *testing.T) {
		o.now = soon.NotBefore.Add(-1)
		wantKeys(t, o.lease(t, record.Notice, 10))
		o.now = soon.NotBefore
		wantKeys(t, o.lease(t, record.Notice, 10), "soon")
	})
	t.Run("a refused row stays, and does not stand in the way", func(t *testing.T) {
		o.now = later.NotBefore
		o.add(t, notice("z"))
		var rows []record.Outbox
		o.do(t, func(tx *Tx) (err error) {
			rows, err = tx.LeaseOutbox(record.Notice, 1, func(r record.Outbox) bool { return r.Key != "later" })
			return err
		})
		wantKeys(t, rows, "z")
		wantState(t, o, "later", record.Pending)
	})
}

func TestSettleOutbox(t *testing.T) {
	t.Run("only what is leased, and once", func(t *testing.T) {
		o := newOutboxStore(t)
		o.add(t, notice("a"))
		if o.settle(t, notice("a"), record.Sent) || o.settle(t, notice("b"), record.Sent) {
			t.Error("a row was settled that nobody had leased")
		}
		row := o.lease(t, record.Notice, 1)[0]
		if !o.settle(t, row, record.Sent) || o.settle(t, row, record.Failed) {
			t.Error("a leased row is settled once")
		}
		wantState(t, o, "a", record.Sent)
	})
	t.Run("to be tried again later", func(t *testing.T) {
		o := newOutboxStore(t)
		o.add(t, notice("a"))
		row := o.lease(t, record.Notice, 1)[0]
		row.NotBefore, row.Tries = o.now.Add(time.Minute), 1
		o.settle(t, row, record.Pending)
		wantKeys(t, o.lease(t, record.Notice, 1))
		o.now = row.NotBefore
		again := o.lease(t, record.Notice, 1)
		wantKeys(t, again, "a")
		if again[0].Tries != 1 {
			t.Errorf("tries %d", again[0].Tries)
		}
	})
	t.Run("a row given back unsent is pending at its old place", func(t *testing.T) {
		o := newOutboxStore(t)
		o.add(t, notice("a"))
		row := o.lease(t, record.Notice, 1)[0]
		o.settle(t, row, record.Pending)
		wantState(t, o, "a", record.Pending)
		wantKeys(t, o.lease(t, record.Notice, 1), "a")
	})
	t.Run("no way back to leased", func(t *testing.T) {
		o := newOutboxStore(t)
		err := o.Update(context.Background(), func(tx *Tx) error {
			_, err := tx.SettleOutbox(record.Outbox{Key: "a", Class: record.Notice, State: record.Leased})
			return err
		})
		if !errors.Is(err, record.ErrInvalid) {
			t.Error(err)
		}
	})
}

func TestUndelivered(t *testing.T) {
	o := newOutboxStore(t)
	for i, state := range []record.OutState{record.Failed, record.Sent, record.Unknown, record.Dropped} {
		o.now = o.now.Add(time.Minute)
		o.add(t, notice(string(state)))
		o.settle(t, o.lease(t, record.Notice, 1)[0], state)
		_ = i
	}
	o.do(t, func(tx *Tx) error {
		rows, err := tx.Undelivered(o.now.Add(-time.Hour), 10)
		wantKeys(t, rows, "unknown", "failed")
		return err
	})
	o.do(t, func(tx *Tx) error {
		rows, err := tx.Undelivered(o.now.Add(-2*time.Minute), 10)
		wantKeys(t, rows, "unknown")
		return err
	})
}

func TestWithdrawOutbox(t *testing.T) {
	o := newOutboxStore(t)
	o.add(t, notice("s1/p1/a"), notice("s1/p1/b"), notice("s1/p10/a"), notice("s1/p2/a"))
	o.do(t, func(tx *Tx) error {
		_, err := tx.LeaseOutbox(record.Notice, 1, func(r record.Outbox) bool { return r.Key == "s1/p1/b" })
		return err
	})
	o.do(t, func(tx *Tx) error {
		n, err := tx.WithdrawOutbox("s1/p1/", "confirmed", 10)
		if n != 1 {
			t.Errorf("%d withdrawn", n)
		}
		return err
	})
	for key, want := range map[string]record.OutState{
		"s1/p1/a": record.Dropped, "s1/p1/b": record.Leased, "s1/p10/a": record.Pending, "s1/p2/a": record.Pending,
	} {
		wantState(t, o, key, want)
	}
	wantKeys(t, o.lease(t, record.Notice, 10), "s1/p10/a", "s1/p2/a")
}

func TestRecoverOutbox(t *testing.T) {
	o := newOutboxStore(t)
	once := notice("once")
	once.AtMostOnce = true
	o.add(t, notice("again"), once, notice("untouched"), reply("r"))
	o.do(t, func(tx *Tx) error {
		_, err := tx.LeaseOutbox(record.Notice, 9, func(r record.Outbox) bool { return r.Key != "untouched" })
		return err
	})
	for _, want := range []int{2, 0} {
		o.do(t, func(tx *Tx) error {
			n, err := tx.RecoverOutbox(33)
			if n != want {
				t.Errorf("recovered %d, want %d", n, want)
			}
			return err
		})
	}
	wantState(t, o, "once", record.Unknown)
	for _, row := range o.lease(t, record.Notice, 9) {
		if row.Maybe != (row.Key == "again") {
			t.Errorf("%s: maybe %v", row.Key, row.Maybe)
		}
	}
	t.Run("not for ever", func(t *testing.T) {
		for range maxRecoveries {
			o.do(t, func(tx *Tx) error { _, err := tx.RecoverOutbox(33); return err })
			o.lease(t, record.Notice, 9)
		}
		wantState(t, o, "again", record.Unknown)
	})
}

func TestPurgeOutbox(t *testing.T) {
	o := newOutboxStore(t)
	for i := range 5 {
		o.add(t, notice(fmt.Sprint("old", i)))
		o.settle(t, o.lease(t, record.Notice, 1)[0], record.Failed)
	}
	o.now = o.now.Add(24 * time.Hour)
	o.add(t, notice("fresh"), notice("a-open"))
	o.do(t, func(tx *Tx) error {
		rows, err := tx.LeaseOutbox(record.Notice, 1, func(r record.Outbox) bool { return r.Key == "fresh" })
		if err == nil {
			rows[0].State = record.Sent
			_, err = tx.SettleOutbox(rows[0])
		}
		return err
	})
	next, all := "", 0
	for range 4 {
		var n int
		o.do(t, func(tx *Tx) (err error) {
			var after string
			after, n, err = tx.PurgeOutbox(o.now, next, 2)
			if err == nil {
				next = after
			}
			return err
		})
		if all += n; next == "" {
			break
		}
	}
	if all != 5 || next != "" {
		t.Errorf("purged %d, next %q", all, next)
	}
	o.do(t, func(tx *Tx) error {
		c, err := tx.OutboxCounts()
		if want := (OutboxCount{Pending: 1}); c != want {
			t.Errorf("%+v, want %+v", c, want)
		}
		return err
	})
	wantState(t, o, "fresh", record.Sent)
}

// Whatever is done in whatever order, the index holds exactly the open rows,
// and a key is sent at most once for each lease.
func TestOutboxIndexFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOutboxStore(t)
		held := map[string]record.Outbox{}
		states := []record.OutState{record.Sent, record.Failed, record.Dropped, record.Unknown, record.Pending}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a/1", "a/2", "b/1"}).Draw(t, "key")
			switch rapid.SampledFrom([]string{"add", "lease", "settle", "withdraw", "recover", "tick"}).Draw(t, "act") {
			case "add":
				row := notice(key)
				row.NotBefore = o.now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "in")) * time.Minute)
				o.add(t, row)
			case "lease":
				for _, row := range o.lease(t, record.Notice, 2) {
					if _, twice := held[row.Key]; twice {
						t.Fatalf("%s leased twice", row.Key)
					}
					held[row.Key] = row
				}
			case "settle":
				row, leased := held[key]
				if !leased {
					row = notice(key)
				}
				row.NotBefore = o.now.Add(time.Minute)
				if o.settle(t, row, rapid.SampledFrom(states).Draw(t, "state")) != leased {
					t.Fatalf("%s: leased %v", key, leased)
				}
				delete(held, key)
			case "withdraw":
				o.do(t, func(tx *Tx) error { _, err := tx.WithdrawOutbox("a/", "gone", 10); return err })
			case "recover":
				o.do(t, func(tx *Tx) error { _, err := tx.RecoverOutbox(33); return err })
				clear(held)
			case "tick":
				o.now = o.now.Add(time.Minute)
			}
			o.fits(t, len(held))
		}
	})
}

func (o *outboxStore) fits(t *rapid.T, held int) {
	o.do(t, func(tx *Tx) error {
		c, err := tx.OutboxCounts()
		if err != nil {
			return err
		}
		rows, err := tx.OutboxUnder("", 100)
		open := 0
		for _, row := range rows {
			if row.State == record.Pending || row.State == record.Leased {
				open++
			}
		}
		if c.Leased != held || c.Pending+c.Leased != open {
			t.Fatalf("%+v, held %d, open %d", c, held, open)
		}
		for fault, err := range tx.CheckOutbox() {
			t.Fatalf("%s %v", fault, err)
		}
		return err
	})
}

func TestCheckOutbox(t *testing.T) {
	for name, spoil := range map[string]func(tx *Tx, row record.Outbox) error{
		"an open row out of the queue": func(tx *Tx, row record.Outbox) error { return del(tx, queueKey(row)) },
		"an entry without a row":       func(tx *Tx, row record.Outbox) error { return del(tx, "out/"+row.Key) },
		"a row in no state":            func(tx *Tx, row record.Outbox) error { row.State = record.Leased; return put(tx, "out/"+row.Key, row) },
		"a failed row that nobody sees": func(tx *Tx, row record.Outbox) error {
			row.State = record.Failed
			return errors.Join(del(tx, queueKey(row)), put(tx, "out/"+row.Key, row))
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutboxStore(t)
			o.add(t, notice("a"), notice("b"))
			o.do(t, func(tx *Tx) error {
				row, _, err := tx.Outbox("a")
				return errors.Join(err, spoil(tx, row))
			})
			faults := 0
			o.do(t, func(tx *Tx) error {
				faults = 0
				for range tx.CheckOutbox() {
					faults++
				}
				return nil
			})
			if faults == 0 {
				t.Error("not noticed")
			}
		})
	}
}

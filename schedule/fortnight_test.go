package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// Two weeks of a county, with the real loops: a session a day that its host
// opens and closes, one that is moved, one cancelled, one made at short notice,
// one that nobody closes; a program that stands still from Sunday evening to
// Tuesday; a platform that fails now and then.
func TestFortnight(t *testing.T) {
	inCounty(t, 4, 5, func(t *testing.T, c *county) {
		f := newFortnight(c)
		f.every("12-01 09:00", "12-02 09:00", "12-03 09:00", "12-04 09:00", "12-08 14:00", "12-09 09:00", "12-10 09:00", "12-17 09:00")
		f.at("12-01 10:30", func() { f.move("12-03 09:00", "12-04 14:30") })
		f.at("12-08 15:00", func() { f.cancel("12-10 09:00") })
		f.at("12-09 18:00", func() { f.plan("12-11 09:00") })
		f.forgotten["12-09 09:00"] = true
		f.at("12-06 20:00", func() { c.stop() })
		f.at("12-08 10:00", func() { c.runAll() })
		c.runAll()
		f.play("12-12 12:00")
		c.settleDown()
		c.stop()
		f.nobodyAtNight()
		f.eachOnce()
		f.nothingLeft()

		duty := map[string]int{record.KindDayBefore: 5, record.KindSoon: 5, record.KindResult: 2}
		with := func(more map[string]int) map[string]int {
			all := map[string]int{}
			for kind, n := range duty {
				all[kind] = n
			}
			for kind, n := range more {
				all[kind] = n
			}
			return all
		}
		for start, want := range map[string]map[string]int{
			"12-01 09:00": duty, "12-02 09:00": duty, "12-04 09:00": duty,
			"12-08 14:00": duty, // reminded on Tuesday, after the standstill
			"12-03 09:00": with(map[string]int{record.KindAnnounce: 5}),
			"12-09 09:00": with(map[string]int{record.KindUnclosed: 1, record.KindAutoClosed: 1}),
			"12-10 09:00": {record.KindCancelled: 5},
			"12-11 09:00": with(map[string]int{record.KindAnnounce: 5}),
		} {
			f.wantArrived(start, want)
		}
		f.wantJob(record.KindWeek, "11-30", 20) // two weeks
		f.wantJob(record.KindWeek, "12-08", 5)  // caught up; one session that is new
		f.wantJob(record.KindDigest, "12-04", 5)
		f.wantJob(record.KindDigest, "12-11", 5)
	})
}

// fortnight plays a script over a county.
type fortnight struct {
	*county
	sessions  map[string]record.SessionID // by the start that was planned first
	forgotten map[string]bool             // that nobody closes
	script    []event
	next      int // the villages' turn
}

type event struct {
	at time.Time
	do func()
}

func newFortnight(c *county) *fortnight {
	f := &fortnight{county: c, sessions: map[string]record.SessionID{}, forgotten: map[string]bool{}}
	c.to.delay = 50 * time.Millisecond
	c.limit = DefaultLimits()
	c.to.ask = func(row record.Outbox) (why string) {
		if row.Session == "" {
			return ""
		}
		if err := c.store.View(context.Background(), func(tx *storage.Tx) error {
			s, err := tx.Session(row.Session)
			if s.Rev != row.Rev {
				why = "plan changed"
			}
			return err
		}); err != nil {
			c.t.Error(err)
		}
		return why
	}
	var tries atomic.Int64
	c.to.before = func(row record.Outbox) { // every ninth try goes wrong, in turn
		if n := tries.Add(1); n%9 == 0 {
			c.to.says(row.Key, []record.Result{notSent, throttled(3 * time.Second)}[n/9%2])
		}
	}
	return f
}

func (f *fortnight) at(when string, do func()) {
	f.script = append(f.script, event{on(when), do})
}

// every plans sessions, and has them opened and closed.
func (f *fortnight) every(starts ...string) {
	for _, start := range starts {
		f.plan(start)
	}
}

// plan plans a session for the next five villages.
func (f *fortnight) plan(start string) {
	var five []record.Code
	for range 5 {
		five = append(five, f.villages[f.next%len(f.villages)])
		f.next++
	}
	s := f.session(start, five...)
	f.sessions[start] = s.ID
	if f.county.plan != nil {
		f.county.plan.Kick()
	}
	f.held(start, on(start))
}

// held has the session opened at its start and closed at its end.
func (f *fortnight) held(name string, start time.Time) {
	id := f.sessions[name]
	act := func(do func(*storage.Tx, record.SessionID) (record.Session, error)) func() {
		return func() {
			f.update(func(tx *storage.Tx) error {
				s, err := tx.Session(id)
				if err != nil || !s.Start.Equal(start) || s.State == record.Cancelled {
					return err
				}
				_, err = do(tx, id)
				return err
			})
			f.county.plan.Kick()
		}
	}
	f.script = append(f.script, event{start, act((*storage.Tx).OpenSession)})
	if !f.forgotten[name] {
		f.script = append(f.script, event{start.Add(2 * time.Hour), func() {
			if !f.forgotten[name] {
				act((*storage.Tx).CloseSession)()
			}
		}})
	}
}

func (f *fortnight) change(name string, change func(*record.Session)) {
	f.update(func(tx *storage.Tx) error {
		_, err := tx.ChangeSession(f.sessions[name], change)
		return err
	})
	f.county.plan.Kick()
}

func (f *fortnight) move(name, to string) {
	f.change(name, func(s *record.Session) { s.Start, s.End = on(to), on(to).Add(2*time.Hour) })
	f.held(name, on(to))
}

func (f *fortnight) cancel(name string) {
	f.change(name, func(s *record.Session) { s.State = record.Cancelled })
}

// play lets time go by to an instant, with the script's events in order.
func (f *fortnight) play(end string) {
	f.at(end, func() {})
	for f.clock.Now().Before(on(end)) {
		slices.SortStableFunc(f.script, func(a, b event) int { return a.at.Compare(b.at) })
		next := f.script[0]
		f.script = f.script[1:]
		time.Sleep(next.at.Sub(f.clock.Now()))
		next.do()
	}
}

func (f *fortnight) nobodyAtNight() {
	for _, m := range f.messages(func(record.Outbox) bool { return true }) {
		if f.cfg.Quiet.Contains(on(m[:11]), shanghai) {
			f.t.Errorf("at night: %s", m)
		}
	}
}

func (f *fortnight) eachOnce() {
	times := map[string]int{}
	for _, a := range f.to.arrivals() {
		if times[a.row.Key]++; times[a.row.Key] > 1 {
			f.t.Errorf("%s arrived twice", a.row.Key)
		}
	}
}

func (f *fortnight) nothingLeft() {
	f.update(func(tx *storage.Tx) error {
		counts, err := tx.OutboxCounts()
		if counts != (storage.OutboxCount{}) {
			f.t.Errorf("left over: %+v", counts)
		}
		return err
	})
}

// wantArrived compares what arrived about a session, by kind.
func (f *fortnight) wantArrived(name string, want map[string]int) {
	got := map[string]int{}
	for _, a := range f.to.arrivals() {
		if a.row.Session == f.sessions[name] {
			got[a.row.Kind]++
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		f.t.Errorf("session of %s: %v, want %v", name, got, want)
	}
}

// wantJob compares how many messages of a job arrived on a day.
func (f *fortnight) wantJob(kind, day string, want int) {
	n := 0
	for _, m := range f.messages(func(row record.Outbox) bool { return row.Kind == kind }) {
		if strings.HasPrefix(m, day) {
			n++
		}
	}
	if n != want {
		f.t.Errorf("%s on %s: %d messages, want %d", kind, day, n, want)
	}
}

package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quietLog = slog.New(slog.DiscardHandler)

// arrival is one message that the platform took.
type arrival struct {
	at   time.Time
	row  record.Outbox
	chat int64
}

// platform is a chat platform behind a courier. It enforces limits of its own
// when asked to, refuses as it is told, and remembers what arrived.
type platform struct {
	delay  time.Duration // of every call
	strict bool          // 30 a second, one a second to a chat with bursts of 3

	mu       sync.Mutex
	script   map[string][]record.Result // by row key: what the next tries come to
	arrived  []arrival
	calls    []arrival
	refused  int           // 429 of strict
	inFlight map[int64]int // by chat
	overlap  bool          // two sends to one chat at a time
	before   func(record.Outbox)
	ask      func(record.Outbox) (drop string) // looks at the plan before sending
	settled  func(tx *storage.Tx, row record.Outbox, res record.Result) error
}

func newPlatform() *platform {
	return &platform{script: map[string][]record.Result{}, inFlight: map[int64]int{}}
}

func (p *platform) Deliver(ctx context.Context, row record.Outbox) record.Result {
	if p.before != nil {
		p.before(row)
	}
	if p.ask != nil {
		if why := p.ask(row); why != "" {
			return record.Result{State: record.Dropped, Reason: why}
		}
	}
	p.enter(row.Chat, +1)
	defer p.enter(row.Chat, -1)
	if p.delay > 0 {
		select {
		case <-time.After(p.delay):
		case <-ctx.Done():
			return record.Result{State: record.Unknown, Reason: "timeout"}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := arrival{at: time.Now(), row: row, chat: row.Chat}
	p.calls = append(p.calls, now)
	if next := p.script[row.Key]; len(next) > 0 {
		p.script[row.Key] = next[1:]
		if next[0].State == record.Sent || next[0].State == record.Unknown {
			p.arrived = append(p.arrived, now)
		}
		return next[0]
	}
	if p.strict && p.tooFast(now) {
		p.refused++
		return record.Result{State: record.Pending, Throttle: true, After: time.Second}
	}
	p.arrived = append(p.arrived, now)
	return record.Result{State: record.Sent, MessageID: int64(len(p.arrived))}
}

func (p *platform) enter(chat int64, by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight[chat] += by
	p.overlap = p.overlap || p.inFlight[chat] > 1
}

func (p *platform) tooFast(now arrival) bool {
	all, chat := 0, 0
	for _, a := range slices.Backward(p.arrived) {
		age := now.at.Sub(a.at)
		if age > 3*time.Second {
			break
		}
		if age <= time.Second {
			all++
		}
		if a.chat == now.chat {
			chat++
		}
	}
	return all >= 30 || chat >= 6
}

func (p *platform) Settled(tx *storage.Tx, row record.Outbox, res record.Result) error {
	if p.settled == nil {
		return nil
	}
	return p.settled(tx, row, res)
}

func (p *platform) says(key string, results ...record.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script[key] = append(p.script[key], results...)
}

func (p *platform) arrivals() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.arrived)
}

// keys lists what arrived, in order.
func (p *platform) keys() []string {
	var keys []string
	for _, a := range p.arrivals() {
		keys = append(keys, a.row.Key)
	}
	return keys
}

// when lists at which time after start the tries of a row began.
func (p *platform) when(key string, start time.Time) []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var at []time.Duration
	for _, a := range p.calls {
		if a.row.Key == key {
			at = append(at, a.at.Sub(start))
		}
	}
	return at
}

// rig is a store with a delivery over it, in fake time.
type rig struct {
	t     testing.TB
	under *process
	store *storage.Store
	to    *platform
	d     *Delivery
	cfg   DeliveryConfig
	limit Limits
	clock *shiftedClock
	stop  func() error
	start time.Time
}

// shiftedClock is the office's clock: the real one, moved.
type shiftedClock struct {
	mu sync.Mutex
	by time.Duration
}

func (c *shiftedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}

func (c *shiftedClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += by
}

func newStore(t testing.TB, engine kv.Engine, clock *shiftedClock) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), engine,
		storage.Options{Key: make([]byte, storage.KeySize), Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inFakeTime runs a test with a rig in a bubble.
func inFakeTime(t *testing.T, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, clock: &shiftedClock{}, to: newPlatform(), start: time.Now()}
		r.under = &process{Engine: memkv.New(memkv.Options{})}
		r.store = newStore(t, r.under, r.clock)
		test(t, r)
		r.halt()
	})
}

// run starts a delivery over the store, as a new process would.
func (r *rig) run() {
	r.t.Helper()
	r.d = NewDelivery(r.store, r.to, NewBudget(r.limit), r.cfg, quietLog)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.d.Run(ctx) }()
	r.stop = func() error { cancel(); return <-done }
}

// halt stops the delivery and checks that nothing went wrong.
func (r *rig) halt() {
	r.t.Helper()
	if r.stop == nil {
		return
	}
	if err := r.stop(); err != nil {
		r.t.Errorf("stop: %v", err)
	}
	r.stop = nil
	if r.to.overlap {
		r.t.Error("two sends to one chat at a time")
	}
}

// settleDown waits until nothing is left to do now.
func (r *rig) settleDown() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := r.d.Idle(ctx); err != nil {
		r.t.Fatalf("never idle: %v", err)
	}
}

func (r *rig) update(fn func(tx *storage.Tx) error) {
	r.t.Helper()
	if err := r.store.Update(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) add(rows ...record.Outbox) {
	r.t.Helper()
	for chunk := range slices.Chunk(rows, 40) {
		r.update(func(tx *storage.Tx) error {
			for _, row := range chunk {
				if added, err := tx.AddOutbox(row); err != nil || !added {
					return errors.Join(err, fmt.Errorf("added %s: %v", row.Key, added))
				}
			}
			return nil
		})
	}
}

func (r *rig) row(key string) (row record.Outbox) {
	r.t.Helper()
	r.update(func(tx *storage.Tx) (err error) {
		row, _, err = tx.Outbox(key)
		return err
	})
	return row
}

func (r *rig) wantState(key string, want record.OutState) {
	r.t.Helper()
	if got := r.row(key); got.State != want {
		r.t.Errorf("%s is %q (%s), want %q", key, got.State, got.Reason, want)
	}
}

func reply(key string, chat int64) record.Outbox {
	return record.Outbox{Key: key, Class: record.Reply, Kind: record.KindReply, Chat: chat, Words: &record.Words{Text: "✅ 已签到"}}
}

func notice(key string, chat int64) record.Outbox {
	return record.Outbox{Key: key, Class: record.Notice, Kind: "day_before", Chat: chat}
}

func bulk(key string, chat int64) record.Outbox {
	return record.Outbox{Key: key, Class: record.Bulk, Kind: "announce", Chat: chat}
}

func wantKeys(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func near(t testing.TB, what string, got, want, slack time.Duration) {
	t.Helper()
	if got < want || got > want+slack {
		t.Errorf("%s after %v, want %v", what, got, want)
	}
}

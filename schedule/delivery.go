package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/storage"
	"headgoose/storage/record"
)

// Courier makes one try of a row: it looks at the plan as it then stands,
// chooses address, language and words, sends, and says what came of it. row.Chat
// is filled in where the row names a person who is enrolled. It takes at most
// as long as ctx.
type Courier interface {
	Deliver(ctx context.Context, row record.Outbox) record.Result
}

// Settler is what a Courier may be too: Settled is called inside the
// transaction that settles a row, to keep what the result brought (a message's
// number, a person who cannot be reached). It is part of the transaction: it
// may run again, and its error undoes the row's settling; the row is then
// settled without it, and the error logged.
type Settler interface {
	Settled(tx *storage.Tx, row record.Outbox, result record.Result) error
}

// DeliveryConfig is how delivery works. Zero fields take the default.
type DeliveryConfig struct {
	Workers int // sends side by side; 48
	// Window is how many notices are leased ahead: as many may be repeated
	// after a crash. 64.
	Window int
	// Share: one turn of so many goes to a class that was passed over. 8.
	Share int
	Retry Retry
	// SendTime is how long one try may take; 30 s.
	SendTime time.Duration
	// StopTime is how long a stop waits for what is being sent; 10 s.
	StopTime time.Duration
	// Allowed is the first instant at or after t at which notices may be
	// sent (see calendar.Quiet); nil: always. Replies are never held back.
	Allowed func(t time.Time) time.Time
	// Prompts bounds what a person is asked in a week.
	Prompts Prompts
}

func (c DeliveryConfig) withDefaults() DeliveryConfig {
	def(&c.Workers, 48)
	def(&c.Window, 64)
	def(&c.Share, 8)
	def(&c.SendTime, 30*time.Second)
	def(&c.StopTime, 10*time.Second)
	def(&c.Retry, DefaultRetry())
	if c.Allowed == nil {
		c.Allowed = func(t time.Time) time.Time { return t }
	}
	return c
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Delivery sends what stands in the outbox. See the package comment.
type Delivery struct {
	store   *storage.Store
	courier Courier
	settler Settler
	budget  *Budget
	cfg     DeliveryConfig
	log     *slog.Logger

	mu       sync.Mutex
	work     sync.Cond       // workers wait for a job
	tried    sync.Cond       // the settler waits for results
	still    sync.Cond       // Idle waits for nothing left to do
	early    []record.Outbox // replies accepted while recover runs
	ready    bool            // recover has run
	took     map[string]bool // replies that recover took up, and that accept may still bring
	queue    *queue
	sending  int
	results  []settled      // tried, not settled yet
	settling int            // in the transaction that runs
	held     map[laneID]int // leased notices that are not settled, by lane
	heldAll  int
	look     bool // the store is to be looked at
	looking  bool
	stopping bool      // no new sends
	sent     bool      // nobody sends any more
	alarm    time.Time // when a worker is woken next

	kick chan struct{}
}

// settled is a row after a try: as it was, and as it is to be stored.
type settled struct {
	job    *job
	row    record.Outbox
	result record.Result
}

// NewDelivery makes a delivery; it does nothing until Run.
func NewDelivery(store *storage.Store, courier Courier, budget *Budget, cfg DeliveryConfig, log *slog.Logger) *Delivery {
	cfg = cfg.withDefaults()
	d := &Delivery{
		store: store, courier: courier, budget: budget, cfg: cfg, log: log,
		queue: newQueue(cfg.Share),
		held:  map[laneID]int{},
		look:  true,
		kick:  make(chan struct{}, 1),
	}
	d.settler, _ = courier.(Settler)
	d.work.L, d.tried.L, d.still.L = &d.mu, &d.mu, &d.mu
	return d
}

// Run sends until ctx ends; then it finishes what is being sent, settles it,
// and gives back what it leased and did not try. A second process must not run
// on the same data. It returns nil after an orderly stop, and an error when the
// store fails for good. Call it once.
func (d *Delivery) Run(ctx context.Context) error {
	d.store.OnOutbox(d.accept)
	defer d.store.OnOutbox(func(record.Outbox) {})
	if err := d.recover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("delivery: take up the outbox: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { <-ctx.Done(); d.stop(); return nil })
	group.Go(func() error { return d.settleLoop(context.WithoutCancel(ctx)) })
	group.Go(func() error { return d.feedLoop(ctx) })
	group.Go(func() error { d.send(ctx); return nil })
	if err := group.Wait(); err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	return d.giveBack(context.WithoutCancel(ctx))
}

// Kick has the store looked at: something may be due (the clock was moved).
func (d *Delivery) Kick() {
	d.mu.Lock()
	d.look = true
	d.mu.Unlock()
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// Idle waits until nothing is queued, being sent or being settled, and nothing
// in the store is due. What is to be tried again later does not count, unless
// it is a reply.
func (d *Delivery) Idle(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.still.Broadcast()
	})()
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.idle() {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.still.Wait()
	}
	return nil
}

func (d *Delivery) idle() bool {
	return d.queue.size+d.sending+len(d.results)+d.settling+len(d.early) == 0 && !d.look && !d.looking
}

// accept takes a row that was just committed: a reply goes to its lane at once.
func (d *Delivery) accept(row record.Outbox) {
	if row.Class != record.Reply {
		d.Kick()
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.ready:
		d.early = append(d.early, row)
		return
	case d.took[row.Key]: // committed before recover looked, told after it
		delete(d.took, row.Key)
		return
	}
	d.queue.push(&job{row: row, chat: row.Chat})
	d.work.Signal()
}

// send runs the workers until the stop; a send that outlasts StopTime is cut
// off, and its outcome unknown.
func (d *Delivery) send(ctx context.Context) {
	sendCtx, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() {
		timer := time.NewTimer(d.cfg.StopTime)
		defer timer.Stop()
		select {
		case <-timer.C:
			cut()
		case <-sendCtx.Done():
		}
	})()
	var workers sync.WaitGroup
	for range d.cfg.Workers {
		workers.Go(func() { d.worker(sendCtx) })
	}
	workers.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = true
	d.tried.Signal()
}

func (d *Delivery) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = true
	d.work.Broadcast()
}

func (d *Delivery) worker(ctx context.Context) {
	for {
		j := d.next()
		if j == nil {
			return
		}
		d.finish(j, d.try(ctx, j))
	}
}

// next waits for the next job; nil at the stop.
func (d *Delivery) next() *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.stopping {
		now := time.Now()
		j, wait := d.queue.pick(now, func(chat int64) (time.Duration, bool) { return d.budget.take(chat, now) })
		if j != nil {
			d.sending++
			if d.queue.anyReady() {
				d.work.Signal()
			}
			return j
		}
		if wait > 0 {
			d.wakeAt(now, wait)
		}
		d.work.Wait()
	}
	return nil
}

// wakeAt has a worker look again after the wait, unless one does so earlier.
func (d *Delivery) wakeAt(now time.Time, wait time.Duration) {
	at := now.Add(wait)
	if !d.alarm.IsZero() && !d.alarm.After(at) {
		return
	}
	d.alarm = at
	time.AfterFunc(wait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.alarm.Equal(at) {
			d.alarm = time.Time{}
		}
		d.work.Signal()
	})
}

// try makes one try. A courier that panics leaves the outcome unknown.
func (d *Delivery) try(ctx context.Context, j *job) (res record.Result) {
	row := j.row
	row.Chat = j.chat
	if useless(row, d.store.Now()) {
		return record.Result{State: record.Dropped, Reason: reasonLate}
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.SendTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("courier panicked", "kind", row.Kind, "panic", fmt.Sprint(p))
			res = record.Result{State: record.Unknown, Reason: "internal"}
		}
	}()
	return d.courier.Deliver(ctx, row)
}

// finish ends the turn of a job: it goes to the settler, or back to the head of
// its lane (a reply that is to be tried again keeps its place in the chat).
func (d *Delivery) finish(j *job, res record.Result) {
	if res.Throttle {
		d.budget.Throttled(j.chat, res.After)
	}
	now := d.store.Now()
	row := d.cfg.Retry.verdict(j.row, res, now)
	d.note(row)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sending--
	from := j.lane()
	again := row.State == record.Pending && row.Class == record.Reply
	if again {
		retry := &job{row: row, chat: j.chat}
		if res.MovedTo != 0 {
			retry.chat = res.MovedTo
		}
		d.queue.again(retry, time.Now().Add(row.NotBefore.Sub(now)))
	}
	if !again || res.MovedTo != 0 {
		d.results = append(d.results, settled{job: j, row: row, result: res})
	}
	d.queue.release(from) // this worker is the next to look
	d.tried.Signal()
}

func (d *Delivery) note(row record.Outbox) {
	switch {
	case row.State == record.Failed || row.State == record.Unknown:
		d.log.Warn("not delivered", "kind", row.Kind, "state", string(row.State), "reason", row.Reason, "tries", row.Tries)
	case row.State == record.Pending:
		d.log.Debug("to be tried again", "kind", row.Kind, "reason", row.Reason, "tries", row.Tries)
	}
}

var errStopped = errors.New("stopped with results that could not be stored")

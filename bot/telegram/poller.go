package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"headgoose/bot/chat"
)

const (
	batchLimit = 100 // the most that getUpdates gives
	pollSlack  = 15 * time.Second
	maxUpdates = 64 << 20 // bytes of one answer

	// A batch is waited for so long before the next is asked for; the wait
	// doubles as long as nothing new comes.
	stallFirst = 50 * time.Millisecond
	stallMost  = time.Second

	// So many conflicts in so long mean a second instance. One can be our own
	// last poll before a restart, which the server still holds.
	conflictsToGiveUp = 4
	conflictWindow    = 2 * time.Minute
	conflictWait      = 2 * time.Second

	brokenAnswers = 3 // in a row, before a broken update is set aside
)

// Poller receives updates by getUpdates. It implements chat.Source.
//
// Telegram acknowledges updates by one number, the offset: every update below
// it is forgotten. The poller asks for a batch, hands each update to the lane of
// its chat, and moves the offset to the lowest update whose handler has not yet
// returned nil. While one update is stuck, its chat waits, and the others go
// on as far as Telegram gives out updates beyond it (a hundred).
//
// After a crash the updates that were not acknowledged come again, some of
// which had been handled: the handler must recognise them.
type Poller struct {
	a *Adapter
}

var _ chat.Source = (*Poller)(nil)

// Poller makes a poller. One may run at a time.
func (a *Adapter) Poller() *Poller { return &Poller{a: a} }

// Run implements chat.Source. When ctx ends it starts no more handlers, waits
// for those that run (for 10 s with their context alive), acknowledges what
// they handled and returns nil. It gives up with ErrToken, and with ErrConflict
// if another instance keeps polling. A webhook that is set is taken down.
func (p *Poller) Run(ctx context.Context, h chat.Handler) error {
	r := &polling{
		a: p.a, handler: h, lanes: newLanes(ctx, p.a.cfg.Workers),
		line: connection{log: p.a.log}, settled: make(chan int64, 2*batchLimit),
		running: map[int64]bool{}, done: map[int64]bool{},
	}
	err := r.loop(ctx)
	stopped := make(chan struct{})
	go func() { r.lanes.wait(); close(stopped) }()
	for waiting := true; waiting; {
		select {
		case id := <-r.settled:
			r.settle(id)
		case <-stopped:
			waiting = false
		}
	}
	for len(r.settled) > 0 {
		r.settle(<-r.settled)
	}
	r.confirm(ctx)
	return err
}

// polling is one Run. Its fields belong to Run's goroutine; handlers report
// to it by settled.
type polling struct {
	a       *Adapter
	handler chat.Handler
	lanes   *lanes
	line    connection

	settled chan int64     // handled updates
	running map[int64]bool // handed to a lane, not yet handled
	done    map[int64]bool // handled, but Telegram may give them again
	last    int64          // the highest id of the last batch
	acked   int64          // the offset of the last successful call

	conflicts []time.Time
	broken    int
}

// loop polls until ctx ends (nil) or it cannot go on.
func (r *polling) loop(ctx context.Context) error {
	wait := newBackoff(500*time.Millisecond, 30*time.Second)
	stall := stallFirst
	for ctx.Err() == nil {
		began := time.Now()
		fresh, err := r.poll(ctx)
		if err != nil {
			if err := r.fatal(ctx, err); err != nil {
				return err
			}
			sleep(ctx, r.pause(ctx, err, wait.NextBackOff()))
			continue
		}
		r.line.up()
		wait.Reset()
		quick := time.Since(began) < stallFirst
		if fresh > 0 || (!quick && len(r.running) == 0) {
			stall = stallFirst
		} else {
			if len(r.running) == 0 {
				sleep(ctx, stall) // a server that does not wait
			}
			stall = min(2*stall, stallMost)
		}
		r.await(ctx, stall)
	}
	return nil
}

// await returns when the batch is handled, or has been waited for long enough.
func (r *polling) await(ctx context.Context, stall time.Duration) {
	if len(r.running) == 0 {
		return
	}
	timer := time.NewTimer(stall)
	defer timer.Stop()
	for len(r.running) > 0 {
		select {
		case id := <-r.settled:
			r.settle(id)
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (r *polling) settle(id int64) {
	delete(r.running, id)
	r.done[id] = true
}

type getUpdates struct {
	Offset  int64    `json:"offset"`
	Limit   int      `json:"limit"`
	Timeout int      `json:"timeout"`
	Allowed []string `json:"allowed_updates"`
}

// poll acknowledges what is handled, gets one batch and hands over what is new
// in it. While updates are stuck the server has something to give at once, so
// it is not asked to wait.
func (r *polling) poll(ctx context.Context) (fresh int, err error) {
	for len(r.settled) > 0 {
		r.settle(<-r.settled)
	}
	ask := getUpdates{Offset: r.offset(), Limit: batchLimit, Timeout: int(r.a.cfg.PollTimeout / time.Second), Allowed: allowedUpdates}
	if len(r.running) > 0 {
		ask.Timeout = 0
	}
	c := r.a.client
	reply := replyBuffers.Get().(*bytes.Buffer)
	defer putReply(reply)
	if err := c.post(ctx, c.getUpdates, ask, time.Duration(ask.Timeout)*time.Second+pollSlack, reply, maxUpdates); err != nil {
		return 0, err
	}
	updates, tail, ok := splitUpdates(reply.Bytes())
	if !ok {
		return 0, c.refused(reply.Bytes())
	}
	if tail != nil && len(updates) == 0 {
		return r.brokenAnswer(tail)
	}
	r.broken = 0
	r.acknowledged(ask.Offset, len(updates) == 0)
	for _, raw := range updates {
		if r.handOver(raw) {
			fresh++
		}
	}
	return fresh, nil
}

// offset is the lowest update that Telegram must keep.
func (r *polling) offset() int64 {
	if len(r.running) == 0 {
		return r.last
	}
	lowest := int64(0)
	for id := range r.running {
		if lowest == 0 || id < lowest {
			lowest = id
		}
	}
	return lowest
}

// acknowledged forgets what Telegram has forgotten. When it has nothing more
// to give, the count starts anew: after a quiet week ids go on at random, maybe
// below the old ones, and offset 0 asks for whatever there is.
func (r *polling) acknowledged(offset int64, empty bool) {
	r.acked = offset
	if empty && len(r.running) == 0 {
		clear(r.done)
		r.last, r.acked = 0, 0
		return
	}
	for id := range r.done {
		if id < offset {
			delete(r.done, id)
		}
	}
}

// handOver gives an update to its lane, unless it was given before.
func (r *polling) handOver(raw []byte) bool {
	id := updateID(raw)
	if id != 0 && (r.running[id] || r.done[id]) {
		return false
	}
	ev, ok, err := r.a.decode(raw)
	if ev.ID != 0 {
		r.last = max(r.last, ev.ID+1)
	}
	if err == nil && !ok {
		r.done[ev.ID] = true
		return true
	}
	work := func(ctx context.Context) error { return r.a.handle(ctx, r.handler, ev) }
	if err != nil {
		kept := bytes.Clone(raw)
		work = func(ctx context.Context) error { return r.a.keep(ctx, ev.ID, kept) }
	}
	r.running[ev.ID] = true
	failed := 0
	r.lanes.add(ev.Chat.ID, job{do: func(ctx context.Context) bool {
		if err := work(ctx); err != nil {
			failed++
			r.a.log.Warn("an update was not handled and is tried again", "update", ev.ID, "tries", failed, "error", r.a.client.mask("handler", err))
			return false
		}
		r.settled <- ev.ID
		return true
	}})
	return id != 0
}

// brokenAnswer deals with an answer that ends inside its first update. If it
// comes so again and again, it is not the line: the update is set aside.
func (r *polling) brokenAnswer(tail []byte) (int, error) {
	id := updateID(tail)
	if r.broken++; r.broken < brokenAnswers || id == 0 {
		return 0, errors.New("telegram: getUpdates gave a broken answer")
	}
	r.broken = 0
	r.handOver(tail)
	return 1, nil
}

// fatal returns the error that ends Run, or nil to try again.
func (r *polling) fatal(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ErrToken):
		return ErrToken
	case !errors.Is(err, ErrConflict):
		return nil
	}
	if isWebhook(err) {
		r.a.log.Warn("a webhook is set; it is taken down, since this instance polls")
		_, err := call[skipped](ctx, r.a.client, r.a.client.deleteWebhook, struct{}{}, callTimeout)
		return ifToken(err)
	}
	now := time.Now()
	recent := r.conflicts[:0]
	for _, t := range r.conflicts {
		if now.Sub(t) < conflictWindow {
			recent = append(recent, t)
		}
	}
	r.conflicts = append(recent, now)
	if len(r.conflicts) >= conflictsToGiveUp {
		return fmt.Errorf("%w (%d conflicts)", ErrConflict, len(r.conflicts))
	}
	return nil
}

// pause is how long to wait after a failed poll, and logs what a person
// should know.
func (r *polling) pause(ctx context.Context, err error, backoff time.Duration) time.Duration {
	if d := retryAfter(err); d > 0 {
		r.a.log.Warn("telegram asks to wait", "seconds", int(d/time.Second))
		return d
	}
	if errors.Is(err, ErrConflict) {
		return conflictWait
	}
	r.line.down(ctx, err)
	return backoff
}

// confirm tells Telegram of the updates handled last, so that the next start
// does not get them again. If it fails they come again, which does no harm.
func (r *polling) confirm(ctx context.Context) {
	offset := r.offset()
	if offset == 0 || offset == r.acked {
		return
	}
	ctx = context.WithoutCancel(ctx)
	reply := new(bytes.Buffer)
	ask := getUpdates{Offset: offset, Limit: 1, Allowed: allowedUpdates}
	if err := r.a.client.post(ctx, r.a.client.getUpdates, ask, 5*time.Second, reply, maxUpdates); err != nil {
		r.a.log.Info("the last updates could not be confirmed and will come again", "error", err)
	}
}

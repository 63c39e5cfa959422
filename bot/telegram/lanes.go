package telegram

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"headgoose/bot/chat"
)

const (
	handlerFirstWait = 100 * time.Millisecond // before a failed handler is tried again
	handlerMostWait  = 30 * time.Second
	handlerGrace     = 10 * time.Second // for handlers that run when the source stops
)

// job is an update's way through a handler.
type job struct {
	// do makes one attempt. false: it has to be tried again.
	do func(ctx context.Context) (done bool)
	// drop, if not nil, is called instead when the source has stopped.
	drop func()
}

// lanes runs jobs: those of one chat in order and one at a time, those of
// different chats side by side, a set number at once. A job that has to be
// tried again holds up its own chat only, and no place.
//
// When stop ends, jobs that have not begun are dropped, and wait returns when
// the others have ended. They run on, with their context, for handlerGrace.
type lanes struct {
	stop   context.Context
	close  context.CancelFunc // ends stop
	work   context.Context
	cancel context.CancelFunc
	places chan struct{}
	all    sync.WaitGroup

	mu     sync.Mutex
	queue  map[int64][]job // a chat is in it while its lane runs
	closed bool
}

func newLanes(stop context.Context, places int) *lanes {
	stop, closeStop := context.WithCancel(stop)
	work, cancel := context.WithCancel(context.WithoutCancel(stop))
	return &lanes{
		stop: stop, close: closeStop, work: work, cancel: cancel,
		places: make(chan struct{}, places), queue: map[int64][]job{},
	}
}

func (l *lanes) add(chatID int64, j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		j.skip()
		return
	}
	if waiting, running := l.queue[chatID]; running {
		l.queue[chatID] = append(waiting, j)
		return
	}
	l.queue[chatID] = nil
	l.all.Go(func() { l.run(chatID, j) })
}

func (l *lanes) run(chatID int64, j job) {
	for ok := true; ok; j, ok = l.next(chatID) {
		if l.attempt(j) {
			continue
		}
		wait := newBackoff(handlerFirstWait, handlerMostWait)
		for sleep(l.stop, wait.NextBackOff()) && !l.attempt(j) {
		}
	}
}

// attempt runs a job when there is a place, and reports whether it is done
// with. A dropped job is.
func (l *lanes) attempt(j job) bool {
	select {
	case l.places <- struct{}{}:
	case <-l.stop.Done():
		j.skip()
		return true
	}
	defer func() { <-l.places }()
	if l.stop.Err() != nil {
		j.skip()
		return true
	}
	return j.do(l.work)
}

func (j job) skip() {
	if j.drop != nil {
		j.drop()
	}
}

func (l *lanes) next(chatID int64) (job, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.queue[chatID]
	if len(waiting) == 0 {
		delete(l.queue, chatID)
		return job{}, false
	}
	j := waiting[0]
	waiting[0] = job{}
	l.queue[chatID] = waiting[1:]
	return j, true
}

// wait ends stop and returns when all jobs have ended. Jobs added after it are
// dropped.
func (l *lanes) wait() {
	l.close()
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	late := time.AfterFunc(handlerGrace, l.cancel)
	defer late.Stop()
	l.all.Wait()
	l.cancel()
}

// handle calls h and turns a panic into an error, so that one chat's update
// does not end the process.
func (a *Adapter) handle(ctx context.Context, h chat.Handler, ev chat.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("the handler of an update panicked", "update", ev.ID, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("telegram: the handler panicked")
		}
	}()
	return h(ctx, ev)
}

// keep hands an update that cannot be decoded to whoever keeps such.
func (a *Adapter) keep(ctx context.Context, id int64, raw []byte) error {
	a.log.Error("an update cannot be decoded and is set aside", "update", id, "bytes", len(raw))
	if a.cfg.OnUndecodable == nil {
		return nil
	}
	return a.cfg.OnUndecodable(ctx, id, raw)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// cleanupLimit is how long one cleanup may take before the next one begins.
const cleanupLimit = 10 * time.Second

// step is one part of the program that is started and, later, stopped.
type step struct {
	name string
	// start brings the part up and returns how to take it down; a nil stop
	// means that there is nothing to take down. What a failed start has
	// begun, it has undone itself.
	start func(ctx context.Context) (stop func(context.Context) error, err error)
}

// lifecycle stops what was started, the last first. It is safe for concurrent
// use; the zero value is not ready, see newLifecycle.
type lifecycle struct {
	log   *slog.Logger
	limit time.Duration

	mu       sync.Mutex
	cleanups []cleanup
	stopping bool

	stopped chan struct{} // closed when stop is through
	stopErr error
}

type cleanup struct {
	name string
	run  func(context.Context) error
}

// errStopping refuses to start a part while the program is being stopped.
var errStopping = errors.New("the program is stopping")

// newLifecycle gives each cleanup up to limit.
func newLifecycle(log *slog.Logger, limit time.Duration) *lifecycle {
	return &lifecycle{log: log, limit: limit, stopped: make(chan struct{})}
}

// start runs the steps in order. When one fails, or ctx ends, everything that
// the lifecycle has started is stopped before start returns why.
func (l *lifecycle) start(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		if err := l.startOne(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", s.name, err), l.stop())
		}
	}
	return nil
}

func (l *lifecycle) startOne(ctx context.Context, s step) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	begin := time.Now()
	stop, err := s.start(ctx)
	if err != nil {
		return err
	}
	l.log.Debug("started", "part", s.name, "took", time.Since(begin))
	if stop == nil {
		return nil
	}
	if !l.add(s.name, stop) {
		return errors.Join(errStopping, l.bounded(cleanup{s.name, stop}))
	}
	return nil
}

// add registers a cleanup. It answers false, and keeps nothing, once stop has
// begun: the caller then cleans up itself.
func (l *lifecycle) add(name string, run func(context.Context) error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		return false
	}
	l.cleanups = append(l.cleanups, cleanup{name, run})
	return true
}

// stop runs the cleanups, the last one first, each of them whatever became of
// the others and however the context of the start ended. A further call waits
// for the first one and returns the same.
func (l *lifecycle) stop() error {
	l.mu.Lock()
	first := !l.stopping
	l.stopping = true
	todo := l.cleanups
	l.cleanups = nil
	l.mu.Unlock()
	if !first {
		<-l.stopped
		return l.stopErr
	}

	var errs []error
	for _, c := range slices.Backward(todo) {
		errs = append(errs, l.bounded(c))
	}
	l.stopErr = errors.Join(errs...)
	close(l.stopped)
	return l.stopErr
}

// bounded runs one cleanup. One that does not heed the end of its context is
// left behind, and its name is in the error.
func (l *lifecycle) bounded(c cleanup) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.limit)
	defer cancel()
	begin := time.Now()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- c.run(ctx)
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done: // it heeded the end and is just back
		case <-time.After(l.limit / 10):
			err = fmt.Errorf("not done after %s, left behind", l.limit)
		}
	}
	if err != nil {
		l.log.Error("stop", "part", c.name, "error", err)
		return fmt.Errorf("stop %s: %w", c.name, err)
	}
	l.log.Debug("stopped", "part", c.name, "took", time.Since(begin))
	return nil
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// trace records what was started and stopped, in order.
type trace struct {
	mu  sync.Mutex
	got []string
}

func (tr *trace) note(s string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.got = append(tr.got, s)
}

func (tr *trace) want(t *testing.T, want ...string) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !slices.Equal(tr.got, want) {
		t.Errorf("got  %q\nwant %q", tr.got, want)
	}
}

// part is a step that notes its start and its stop.
func (tr *trace) part(name string, startErr, stopErr error) step {
	return step{name, func(context.Context) (func(context.Context) error, error) {
		tr.note("+" + name)
		if startErr != nil {
			return nil, startErr
		}
		return func(context.Context) error {
			tr.note("-" + name)
			return stopErr
		}, nil
	}}
}

func testLifecycle() *lifecycle {
	return newLifecycle(slog.New(slog.DiscardHandler), time.Minute)
}

func TestLifecycle(t *testing.T) {
	ctx := context.Background()
	bad := errors.New("bad")

	t.Run("stops the last first, once, and answers the same again", func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		if err := l.start(ctx, tr.part("a", nil, bad), tr.part("b", nil, nil), tr.part("c", nil, nil)); err != nil {
			t.Fatal(err)
		}
		first, second := l.stop(), l.stop()
		if !errors.Is(first, bad) || !errors.Is(second, bad) {
			t.Errorf("got %v and %v, want twice %v", first, second, bad)
		}
		tr.want(t, "+a", "+b", "+c", "-c", "-b", "-a")
	})
	t.Run("a failed start stops what stands, and names itself", func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		err := l.start(ctx, tr.part("a", nil, nil), tr.part("b", nil, nil), tr.part("c", bad, nil), tr.part("d", nil, nil))
		if !errors.Is(err, bad) || !strings.Contains(err.Error(), "start c") {
			t.Errorf("got %v", err)
		}
		tr.want(t, "+a", "+b", "+c", "-b", "-a")
	})
	t.Run("a failing cleanup does not keep the others from running", func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		boom := step{"boom", func(context.Context) (func(context.Context) error, error) {
			return func(context.Context) error { panic("boom") }, nil
		}}
		if err := l.start(ctx, tr.part("a", nil, nil), boom, tr.part("c", nil, bad)); err != nil {
			t.Fatal(err)
		}
		err := l.stop()
		if !errors.Is(err, bad) || !strings.Contains(err.Error(), "stop boom: panic: boom") {
			t.Errorf("got %v", err)
		}
		tr.want(t, "+a", "+c", "-c", "-a")
	})
	t.Run("an ended context starts no further part", func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		ctx, cancel := context.WithCancel(ctx)
		stopHere := step{"signal", func(context.Context) (func(context.Context) error, error) {
			cancel()
			return nil, nil
		}}
		err := l.start(ctx, tr.part("a", nil, nil), stopHere, tr.part("c", nil, nil))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		tr.want(t, "+a", "-a")
	})
	t.Run("nothing is started after a stop", func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		if err := l.stop(); err != nil {
			t.Fatal(err)
		}
		if err := l.start(ctx, tr.part("a", nil, nil)); !errors.Is(err, errStopping) {
			t.Errorf("got %v", err)
		}
		tr.want(t, "+a", "-a")
	})
}

func TestLifecycleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr trace
		l := testLifecycle()
		release := make(chan struct{})
		deaf := step{"deaf", func(context.Context) (func(context.Context) error, error) {
			return func(context.Context) error { <-release; return nil }, nil
		}}
		obedient := step{"obedient", func(context.Context) (func(context.Context) error, error) {
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil
		}}
		if err := l.start(t.Context(), tr.part("a", nil, nil), deaf, obedient); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		both := make(chan error, 2)
		for range 2 {
			go func() { both <- l.stop() }()
		}
		for range 2 {
			err := <-both
			if err == nil || !strings.Contains(err.Error(), "stop deaf: not done after 1m0s") || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(begin); took > 3*time.Minute {
			t.Errorf("took %s", took)
		}
		tr.want(t, "+a", "-a")
		close(release)
	})
}

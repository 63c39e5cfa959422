package kvtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"headgoose/storage/kv"
)

// Fault is how a commit fails.
type Fault int

const (
	// Full changes nothing, answers kv.ErrFull, and later commits succeed.
	Full Fault = iota + 1
	// Lost changes nothing and answers kv.ErrUnknown, after which no Update is
	// taken: the machine stopped before the commit.
	Lost
	// Kept is like Lost, but the commit took effect: the machine stopped
	// before the answer.
	Kept
)

// Faults is an engine whose chosen commits fail. Updates run one at a time.
type Faults struct {
	kv.Engine

	turn chan struct{} // holds one token: the right to update

	mu      sync.Mutex
	plan    map[int]Fault
	commits int
	stopped bool
}

// NewFaults returns an engine over e that fails as it is told by At.
func NewFaults(e kv.Engine) *Faults {
	f := &Faults{Engine: e, turn: make(chan struct{}, 1), plan: map[int]Fault{}}
	f.turn <- struct{}{}
	return f
}

// At makes the nth commit from now, counted from 1, fail. Only an Update whose
// function returns nil counts as a commit.
func (f *Faults) At(n int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan[f.commits+n] = fault
}

// Commits is how many commits there were, those that failed included.
func (f *Faults) Commits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}

// Reopen ends what an unknown commit began, as opening the data again does.
func (f *Faults) Reopen() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = false
}

var (
	errInjected = errors.New("kvtest: injected fault")
	errUndo     = errors.New("kvtest: undo")
)

// Update implements kv.Engine.
func (f *Faults) Update(ctx context.Context, fn func(kv.Txn) error) error {
	select {
	case <-f.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { f.turn <- struct{}{} }()
	fault, stopped := f.next()
	if stopped {
		return fmt.Errorf("%w: %w", kv.ErrUnknown, errInjected)
	}
	err := f.Engine.Update(ctx, func(tx kv.Txn) error {
		if err := fn(tx); err != nil {
			return err
		}
		if fault == Full || fault == Lost {
			return errUndo
		}
		return nil
	})
	if err != nil && err != errUndo {
		return err
	}
	return f.committed(fault)
}

// next is what is planned for the next commit.
func (f *Faults) next() (fault Fault, stopped bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plan[f.commits+1], f.stopped
}

// committed counts a commit and says how it ended.
func (f *Faults) committed(fault Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits++
	switch fault {
	case Full:
		return fmt.Errorf("%w: %w", kv.ErrFull, errInjected)
	case Lost, Kept:
		f.stopped = true
		return fmt.Errorf("%w: %w", kv.ErrUnknown, errInjected)
	}
	return nil
}

// Package memkv keeps the data of package kv in memory, for tests, and is
// stricter than an engine has to be, so that code which leans on more than
// the contract fails here first:
//
//   - Every Update runs its function twice. The first run is thrown away,
//     whatever came of it. A function with a side effect shows it.
//   - What Get and Scan return is overwritten when the transaction ends. A
//     value that was kept without a copy turns into 0xdb.
//   - A key or value that was given to Put or Delete and changed afterwards
//     is an error of the Update.
//   - A write to a range while a loop scans it is an error of the write, and
//     a Reader or Txn that is used after its function's end answers
//     [kv.ErrOver].
//
// A panic is not repeated: the first one reaches the caller. Updates run one
// at a time; Views run beside them on the state at their beginning.
package memkv

import (
	"context"
	"sync"
	"sync/atomic"

	"headgoose/storage/kv"
)

// Options of an engine. The zero Options are right for most tests.
type Options struct {
	// BeforeCommit runs once in every Update that is about to commit: to
	// count commits, to hold one up, to stand for a slow disk.
	BeforeCommit func()
}

// Engine is a kv.Engine over an immutable tree: an Update makes a new one
// that shares all but the changed paths with the old.
type Engine struct {
	opts  Options
	state atomic.Pointer[tree]
	turn  chan struct{} // holds one token: the right to update

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // transactions; grows under mu, while not closed
}

// tree is a state; its root is nil when it is empty.
type tree struct{ root *node }

var _ kv.Engine = (*Engine)(nil)

// New returns an empty engine.
func New(opts Options) *Engine {
	e := &Engine{opts: opts, turn: make(chan struct{}, 1)}
	e.state.Store(new(tree))
	e.turn <- struct{}{}
	return e
}

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &reader{root: e.state.Load().root}
	defer r.end()
	return fn(r)
}

// Update implements kv.Engine.
func (e *Engine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-e.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.turn <- struct{}{} }()

	_, _ = e.run(fn) // thrown away
	writes, err := e.run(fn)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(writes) == 0 {
		return nil
	}
	if e.opts.BeforeCommit != nil {
		e.opts.BeforeCommit()
	}
	e.commit(writes)
	return nil
}

// run runs fn once and returns what it wrote.
func (e *Engine) run(fn func(kv.Txn) error) ([]write, error) {
	t := &txn{reader: reader{root: e.state.Load().root}}
	defer t.end()
	if err := fn(t); err != nil {
		return nil, err
	}
	if err := t.writes.Err(); err != nil {
		return nil, err
	}
	if err := t.proper(); err != nil {
		return nil, err
	}
	return t.take(), nil
}

func (e *Engine) commit(writes []write) {
	root := e.state.Load().root
	for _, w := range writes {
		if w.delete {
			root = root.without(w.key)
		} else {
			root = root.with(w.key, w.value)
		}
	}
	e.state.Store(&tree{root})
}

// Close implements kv.Engine. The data is gone afterwards.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.running.Wait()
	return nil
}

// enter counts a transaction in; the caller calls e.running.Done at its end.
func (e *Engine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return kv.ErrClosed
	}
	e.running.Add(1)
	return nil
}

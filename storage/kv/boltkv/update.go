package boltkv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"headgoose/storage/kv"
	"headgoose/storage/kv/internal/writebuf"
)

// group is the updates that share one commit. It is used by the caller that
// has the turn, and read by all its members once done is closed.
type group struct {
	tx      *bbolt.Tx
	bucket  *bbolt.Bucket
	cursor  *bbolt.Cursor // for Get
	members int           // functions that ended well
	ran     int           // functions that were run
	bytes   int
	alone   bool // takes nobody else
	partial bool // writes of one member are in the bucket in part

	done chan struct{}
	err  error
}

func (g *group) full() bool {
	return g.alone || g.partial || g.ran >= maxGroup || g.bytes >= maxGroupBytes
}

// Update implements kv.Engine. The commit counts as begun when the function
// has returned nil and its writes have joined those of its group.
func (e *Engine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	if e.opts.ReadOnly {
		return kv.ErrReadOnly
	}
	g, err := e.attempt(ctx, fn, false)
	if g != nil && g.members > 1 && errors.Is(err, kv.ErrFull) {
		_, err = e.attempt(ctx, fn, true)
	}
	return err
}

// attempt runs fn once, in a group, and waits for the group's commit. The
// group is nil where fn did not become a member of it.
func (e *Engine) attempt(ctx context.Context, fn func(kv.Txn) error, alone bool) (*group, error) {
	g, ok := e.turns.take(ctx, alone)
	if !ok {
		return nil, ctx.Err()
	}
	if g == nil {
		var err error
		if g, err = e.open(alone); err != nil {
			e.turns.release()
			return nil, err
		}
	}
	if err := e.run(ctx, g, fn); err != nil {
		return nil, err
	}
	<-g.done
	return g, g.err
}

// open begins a group; the caller has the turn.
func (e *Engine) open(alone bool) (*group, error) {
	if err := e.usable(); err != nil {
		return nil, err
	}
	tx, err := e.db.Begin(true)
	if err != nil {
		return nil, fmt.Errorf("boltkv: begin an update: %w", err)
	}
	b := tx.Bucket(bucketName)
	return &group{tx: tx, bucket: b, cursor: b.Cursor(), alone: alone, done: make(chan struct{})}, nil
}

// run runs fn in g and adds its writes, unless it fails in any way. However
// fn ends, be it by a panic or by runtime.Goexit, the turn goes on.
func (e *Engine) run(ctx context.Context, g *group, fn func(kv.Txn) error) error {
	defer e.proceed(g)
	g.ran++
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &txn{reader: reader{bucket: g.bucket, cursor: g.cursor}}
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	if err := t.writes.Err(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return g.add(&t.writes)
}

// add writes what a function left into the bucket of the group.
func (g *group) add(w *writebuf.Buffer) error {
	g.partial = true // until all is in: bbolt may refuse, or panic
	for _, op := range w.Ops() {
		var err error
		if op.Delete {
			err = g.bucket.Delete(op.Key)
		} else {
			err = g.bucket.Put(op.Key, op.Value)
		}
		if err != nil {
			return fmt.Errorf("boltkv: write: %w", err)
		}
	}
	g.partial = false
	g.members++
	g.bytes += w.Size()
	return nil
}

// proceed passes the turn on, after the commit of g where nobody joins it.
func (e *Engine) proceed(g *group) {
	if e.turns.join(g) {
		return
	}
	defer close(g.done)
	defer e.turns.release()
	g.err = errors.New("boltkv: the commit was abandoned") // stands if the hook ends the goroutine
	g.err = e.commit(g)
}

// commit ends the group's transaction; the caller has the turn.
func (e *Engine) commit(g *group) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = e.fail(fmt.Errorf("boltkv: commit: panic: %v", p))
		}
		_ = rollback(g.tx) // where the commit has not ended it
	}()
	if g.partial {
		return errors.New("boltkv: a write of the group failed, nothing of the group is kept")
	}
	if g.bytes == 0 { // nothing was written
		return nil
	}
	if e.opts.BeforeCommit != nil {
		e.opts.BeforeCommit()
	}
	id := g.tx.ID()
	if err := g.tx.Commit(); err != nil {
		if isFull(err) && e.unchanged(id) {
			return fmt.Errorf("%w: %w", kv.ErrFull, err)
		}
		return e.fail(fmt.Errorf("boltkv: commit: %w", err))
	}
	return nil
}

// rollback ends a transaction that may have ended, or be damaged by a panic.
func rollback(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("boltkv: rollback: panic: %v", p)
		}
	}()
	return tx.Rollback()
}

// unchanged says whether the file still ends with the transaction before id.
// The root is written last, in one piece, so then nothing of id took effect
// and, as no write is under way, nothing of it can take effect later.
func (e *Engine) unchanged(id int) bool {
	tx, err := e.db.Begin(false)
	if err != nil {
		return false
	}
	defer func() { _ = tx.Rollback() }()
	return tx.ID() < id
}

// isFull recognises an error of room. bbolt wraps those of writing, but turns
// those of making the file longer into text.
func isFull(err error) bool {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return true
	}
	for _, e := range []syscall.Errno{syscall.ENOSPC, errQuota} {
		if errors.Is(err, e) || strings.HasSuffix(err.Error(), ": "+e.Error()) {
			return true
		}
	}
	return false
}

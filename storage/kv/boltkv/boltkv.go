// Package boltkv keeps the data of package kv in one bbolt file. It is the
// only importer of bbolt.
//
// # Grouped commits
//
// A commit costs two syncs of the disk, however little it writes, so updates
// that wait while a commit runs share the next one. Their functions run one
// after another, each in the goroutine of its own caller, each seeing what
// those before it wrote; then one of the callers commits for all. An update
// that finds nobody before it starts at once and waits for nobody.
//
// A function's writes are kept in a list of its own until it returns nil. One
// that fails, panics, breaks a limit or loses its context leaves nothing
// behind and disturbs nobody else in its group. Updates are served in the
// order of their arrival.
//
// # When a commit fails
//
// What bbolt's commit says decides little: it may fail before, while or after
// the new root is written. So the file is asked. Where the last root is still
// in place and the error is one of room (disk, quota, [Options.MaxSize]), the
// commit certainly changed nothing: [kv.ErrFull], and the engine goes on. As
// one large update may have used up the room of its whole group, its members
// are then tried again, each in a commit of its own. Every other failure is
// [kv.ErrUnknown], and the engine takes no further Update: close it, open it
// again, look.
//
// # The file
//
// A new file is made beside its place, synced and given its name only when it
// is whole. Its lock also guards against a second instance: [kv.ErrInUse].
// The file never shrinks, and a View that stays open makes it grow, since no
// page that the View may read is used again. Data is not checksummed by bbolt,
// see [Check].
//
// A function must not begin another transaction of the same engine: inside an
// Update the inner Update would wait for the outer one for ever.
package boltkv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"headgoose/storage/kv"
)

// DefaultMaxSize is the size that a file may reach where none is set.
const DefaultMaxSize = 1 << 30

const (
	// lockWait is how long Open waits for another process to let go.
	lockWait = 2 * time.Second
	// mapSize is the address space that is mapped in advance. While the file
	// fits, a growing file is not mapped anew, which would hold up every View.
	mapSize = 256 << 20
)

var bucketName = []byte("kv")

// Options of an engine. The zero Options are right for production.
type Options struct {
	// MaxSize is what the file may grow to, in bytes; 0 means DefaultMaxSize.
	MaxSize int
	// ReadOnly opens an existing file beside other readers; Update answers
	// kv.ErrReadOnly.
	ReadOnly bool
	// BeforeCommit runs before every commit to the disk, while the group of
	// the commit is complete and the next one gathers. It is for tests and
	// benchmarks: to count commits, to hold one up, to stand for a slow disk.
	BeforeCommit func()
}

// Engine is a kv.Engine and a kv.Snapshotter over one file.
type Engine struct {
	db   *bbolt.DB
	opts Options

	turns turns

	mu      sync.Mutex
	closed  bool
	broken  error          // why no Update is taken any more
	running sync.WaitGroup // transactions; grows under mu, while not closed

	closing  sync.Once
	closeErr error
}

var (
	_ kv.Engine      = (*Engine)(nil)
	_ kv.Snapshotter = (*Engine)(nil)
)

// Open opens the file at path and creates it where there is none (not with
// ReadOnly).
func Open(path string, opts Options) (*Engine, error) {
	if opts.MaxSize == 0 {
		opts.MaxSize = DefaultMaxSize
	}
	if !opts.ReadOnly {
		if err := ensureFile(path); err != nil {
			return nil, fmt.Errorf("boltkv: create %s: %w", path, err)
		}
	}
	db, err := openBolt(path, opts)
	if err != nil {
		return nil, fmt.Errorf("boltkv: open %s: %w", path, err)
	}
	return &Engine{db: db, opts: opts}, nil
}

// openBolt opens an existing file and makes sure that it is one of ours.
func openBolt(path string, opts Options) (*bbolt.DB, error) {
	if err := checkHead(path); err != nil {
		return nil, err
	}
	o := &bbolt.Options{
		Timeout:         lockWait,
		ReadOnly:        opts.ReadOnly,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		MaxSize:         opts.MaxSize,
		NoStatistics:    true,
		OpenFile:        openExisting,
	}
	if runtime.GOOS == "windows" {
		o.InitialMmapSize = 0 // there the file itself would be made that long
	}
	db, err := bbolt.Open(path, 0o600, o)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, kv.ErrInUse
	}
	if err != nil {
		return nil, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketName) == nil {
			return errForeign
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openExisting keeps bbolt from creating a file of its own in place.
func openExisting(path string, flag int, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag&^os.O_CREATE, mode)
}

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, fn func(kv.Reader) error) error {
	return e.view(ctx, func(tx *bbolt.Tx) error {
		r := &reader{bucket: tx.Bucket(bucketName)}
		defer r.end()
		return fn(r)
	})
}

func (e *Engine) view(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := e.db.Begin(false)
	if err != nil {
		return fmt.Errorf("boltkv: begin a view: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(tx)
}

// Snapshot implements kv.Snapshotter: what it writes is a file that Open
// opens. It ends early when ctx does.
func (e *Engine) Snapshot(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	err := e.view(ctx, func(tx *bbolt.Tx) (err error) {
		n, err = tx.WriteTo(writerFunc(func(p []byte) (int, error) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			return w.Write(p)
		}))
		return err
	})
	return n, err
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Close waits for running and waiting transactions and releases the file.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.closing.Do(func() {
		e.running.Wait()
		if err := e.db.Close(); err != nil {
			e.closeErr = fmt.Errorf("boltkv: close: %w", err)
		}
	})
	return e.closeErr
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

// fail ends the taking of updates, and returns why.
func (e *Engine) fail(cause error) error {
	err := fmt.Errorf("%w: %w", kv.ErrUnknown, cause)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken == nil {
		e.broken = err
	}
	return err
}

// usable says why no update can be taken, if so.
func (e *Engine) usable() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.broken
}

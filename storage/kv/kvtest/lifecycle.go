package kvtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"headgoose/storage/kv"
)

// Lifecycle covers Close.
func Lifecycle(t *testing.T, open Open) {
	ctx := context.Background()
	t.Run("a closed engine refuses, and may be closed again", func(t *testing.T) {
		e := start(t, open)
		e.put("a", "1")
		for range 2 {
			if err := e.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			wantErr(t, e.Update(ctx, func(kv.Txn) error { t.Error("ran"); return nil }), kv.ErrClosed)
			wantErr(t, e.View(ctx, func(kv.Reader) error { t.Error("ran"); return nil }), kv.ErrClosed)
		}
	})
	t.Run("Close waits for what runs", func(t *testing.T) {
		e := start(t, open)
		inside, release := make(chan struct{}, 2), make(chan struct{})
		var running sync.WaitGroup
		running.Go(func() {
			var once sync.Once
			e.update(func(tx kv.Txn) error {
				once.Do(func() { inside <- struct{}{} })
				<-release
				return putAll(tx, "a", "1")
			})
		})
		running.Go(func() {
			e.view(func(r kv.Reader) error {
				inside <- struct{}{}
				<-release
				wantScan(t, r, kv.Range{})
				return nil
			})
		})
		<-inside
		<-inside
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = e.Close()
		}()
		for e.View(ctx, func(kv.Reader) error { return nil }) == nil { // until Close has begun
		}
		select {
		case <-closed:
			t.Error("closed while transactions run")
		default:
		}
		close(release)
		running.Wait()
		<-closed
	})
}

// Snapshots covers an engine that is a kv.Snapshotter; restore opens what a
// Snapshot wrote to path.
func Snapshots(t *testing.T, open Open, restore func(t *testing.T, path string) kv.Engine) {
	e := start(t, open)
	var want []string
	for i := range 50 {
		e.put(number(i), "1")
		want = append(want, number(i)+"=1")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := e.Engine.(kv.Snapshotter).Snapshot(context.Background(), f)
	if err != nil {
		t.Fatalf("Snapshot: %v", err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != n {
		t.Errorf("Snapshot says %d bytes, the file has %v, %v", n, info.Size(), err)
	}
	e.put("later", "1")
	copied := start(t, func(t *testing.T) kv.Engine { return restore(t, f.Name()) })
	copied.wantAll(want...)
	copied.put("on", "its own")
	e.wantAll(append(want, "later=1")...)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = e.Engine.(kv.Snapshotter).Snapshot(ctx, f)
	wantErr(t, err, context.Canceled)
}

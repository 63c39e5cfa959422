package boltkv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"headgoose/storage/kv"
)

// disk swaps what the engine's open file stands for, so that real writes meet
// real errors of the system.
type disk struct {
	t    *testing.T
	fd   int // the engine's
	kept int // the file itself, which also keeps its lock
}

func diskOf(t *testing.T, path string) *disk {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		var fd int
		if _, err := fmt.Sscan(entry.Name(), &fd); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || to != path {
			continue
		}
		kept, err := syscall.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(kept) })
		return &disk{t, fd, kept}
	}
	t.Fatalf("%s is not open", path)
	return nil
}

// become makes the engine's file another one.
func (d *disk) become(name string, flag int) {
	f, err := os.OpenFile(name, flag, 0)
	if err != nil {
		d.t.Error(err)
		return
	}
	defer f.Close()
	if err := syscall.Dup3(int(f.Fd()), d.fd, syscall.O_CLOEXEC); err != nil {
		d.t.Error(err)
	}
}

func (d *disk) recover() {
	if err := syscall.Dup3(d.kept, d.fd, syscall.O_CLOEXEC); err != nil {
		d.t.Error(err)
	}
}

// roomy is an engine over a file that has free pages, so that the next commit
// writes without growing it.
func roomy(t *testing.T) (*Engine, *disk, string) {
	path, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(path, "data")
	e := openAt(t, path, Options{})
	for range 5 {
		if err := e.Update(context.Background(), put("a")); err != nil {
			t.Fatal(err)
		}
	}
	return e, diskOf(t, path), path
}

func TestAFullDisk(t *testing.T) {
	e, d, path := roomy(t)
	d.become("/dev/full", os.O_RDWR)
	for range 2 {
		if err := e.Update(context.Background(), put("b")); !errors.Is(err, kv.ErrFull) {
			t.Errorf("error %v, want ErrFull", err)
		}
	}
	if got := keys(t, e); len(got) != 1 {
		t.Errorf("keys %q", got)
	}
	d.recover()
	if err := e.Update(context.Background(), put("c")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownCommitEndsUpdates(t *testing.T) {
	e, d, path := roomy(t)
	d.become(path, os.O_RDONLY)
	if err := e.Update(context.Background(), put("b")); !errors.Is(err, kv.ErrUnknown) {
		t.Errorf("error %v, want ErrUnknown", err)
	}
	d.recover()
	err := e.Update(context.Background(), func(kv.Txn) error { t.Error("ran"); return nil })
	if !errors.Is(err, kv.ErrUnknown) {
		t.Errorf("the next Update: %v, want ErrUnknown", err)
	}
	if got := keys(t, e); len(got) != 1 {
		t.Errorf("keys %q", got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openAt(t, path, Options{})
	if err := e.Update(context.Background(), put("c")); err != nil {
		t.Errorf("after opening again: %v", err)
	}
}

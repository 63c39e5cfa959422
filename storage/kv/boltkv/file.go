package boltkv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.etcd.io/bbolt"

	"headgoose/storage/kv"
)

// WriteFile gives path a new content all at once: write fills a file beside
// it, which is synced, then looked at by check (where there is one), then
// renamed to path; at last the directory is synced. Whatever fails, and
// whenever the machine stops, path holds its old content or the new one whole.
func WriteFile(path string, write func(*os.File) error, check func(path string) error) error {
	return beside(path, write, check, os.Rename)
}

// Backup writes the state of s to path, for Open to open, while s works on.
// The copy is checked before it takes the place of an older one.
func Backup(ctx context.Context, s kv.Snapshotter, path string) error {
	return WriteFile(path, func(f *os.File) error {
		_, err := s.Snapshot(ctx, f)
		return err
	}, Check)
}

// beside makes a file in the directory of path and lets place put it there.
func beside(path string, write func(*os.File) error, check func(string) error, place func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if check != nil {
		if err := check(f.Name()); err != nil {
			return err
		}
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// ensureFile creates an empty data file at path unless there is one. Where
// two processes try, one of them wins, and the lock decides between them.
func ensureFile(path string) error {
	switch _, err := os.Stat(path); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	err := beside(path, writeEmpty, nil, placeNew)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// writeEmpty makes f a data file without entries.
func writeEmpty(f *os.File) error {
	db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucketName)
		return err
	})
	return errors.Join(err, db.Close())
}

// placeNew gives a file its name unless that is taken. Where the file system
// has no links, it is renamed.
func placeNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to)
}

// syncDir makes the names in dir durable. Windows does so by itself, and has
// no way to ask for it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
)

// restore puts a backup in the place of the data.
type restore struct {
	cfg   *config
	file  string
	force bool
	now   time.Time
}

type restoreReport struct {
	LastWrite time.Time
	Kept      string // the name of what was there; empty if nothing was
}

// newerError refuses to lose what was written after the backup.
type newerError struct {
	data, backup storage.Stamp
	zone         *time.Location
}

func (e *newerError) Error() string {
	return fmt.Sprintf("the data is newer than the backup: last change %s (no. %d), in the backup %s (no. %d)",
		localTime(e.data.LastWrite, e.zone), e.data.Seq, localTime(e.backup.LastWrite, e.zone), e.backup.Seq)
}

func (r restore) run(ctx context.Context) (restoreReport, error) {
	path := r.cfg.Storage.Path
	stamp, err := r.lookAtBackup(ctx)
	if err != nil {
		return restoreReport{}, fmt.Errorf("restore: the backup %s: %w", r.file, err)
	}
	bot, err := dialBot(ctx, controlPath(path))
	if err != nil {
		return restoreReport{}, err
	}
	if bot != nil {
		return restoreReport{}, errors.New("restore: the bot is running: stop it first")
	}
	release, err := r.hold(ctx, stamp)
	if err != nil {
		return restoreReport{}, err
	}
	kept, err := r.replace()
	return restoreReport{stamp.LastWrite, kept}, errors.Join(err, release())
}

// lookAtBackup checks the backup's structure and version.
func (r restore) lookAtBackup(ctx context.Context) (storage.Stamp, error) {
	if sameFile(r.file, r.cfg.Storage.Path) {
		return storage.Stamp{}, errors.New("this is the data itself")
	}
	if err := boltkv.Check(r.file); err != nil {
		return storage.Stamp{}, err
	}
	stamp, err := readStamp(ctx, r.file)
	switch {
	case err != nil:
		return stamp, err
	case stamp.Schema == 0:
		return stamp, errors.New("it holds no data")
	case stamp.Schema > storage.SchemaVersion:
		return stamp, storage.ErrNewer
	}
	return stamp, nil
}

// hold takes the lock of the data that is there, so that no bot starts on it
// meanwhile, and refuses if it is newer. release lets go.
func (r restore) hold(ctx context.Context, backup storage.Stamp) (release func() error, err error) {
	path := r.cfg.Storage.Path
	nothing := func() error { return nil }
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	err = boltkv.Check(path)
	if errors.Is(err, kv.ErrInUse) {
		return nil, fmt.Errorf("restore: %w: stop the bot first", err)
	}
	if err != nil {
		if r.force {
			return nothing, nil
		}
		return nil, fmt.Errorf("restore: the data that is there is damaged, and may be newer: %w\nTo replace it all the same: --force", err)
	}
	engine, err := boltkv.Open(path, boltkv.Options{MaxSize: int(r.cfg.Storage.MaxSize)})
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	data, err := storage.ReadStamp(ctx, engine)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("restore: %w", err), engine.Close())
	}
	newer := data.Seq > backup.Seq || data.LastWrite.After(backup.LastWrite)
	if newer && !r.force {
		return nil, errors.Join(&newerError{data, backup, r.cfg.Zone}, engine.Close())
	}
	return engine.Close, nil
}

// replace copies the backup beside the data and renames it. At every instant
// a whole file has the data's name.
func (r restore) replace() (kept string, err error) {
	path := r.cfg.Storage.Path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	kept, err = r.keepOld()
	if err != nil {
		return "", fmt.Errorf("restore: keep what is there: %w", err)
	}
	err = boltkv.WriteFile(path, func(to *os.File) error {
		from, err := os.Open(r.file)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, from.Close())
	}, boltkv.Check)
	if err != nil {
		return kept, fmt.Errorf("restore: %w", err)
	}
	return kept, nil
}

// keepOld gives the data that is there a second name. Where the file system
// has no links, it is copied.
func (r restore) keepOld() (string, error) {
	path := r.cfg.Storage.Path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	kept := path + ".before-" + r.now.UTC().Format("20060102T150405.000Z")
	if err := os.Link(path, kept); err == nil {
		return kept, nil
	}
	return kept, boltkv.WriteFile(kept, func(to *os.File) error {
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, from.Close())
	}, nil)
}

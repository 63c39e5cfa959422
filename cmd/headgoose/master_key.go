package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
)

// masterKey reads the key that opens the ring of keys. On
// the first run, while there is no data yet, it makes one; it never makes one
// for data that exists, which would match nothing any more.
func masterKey(c storageConfig, log *slog.Logger) ([]byte, error) {
	if err := finishRotation(c); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(c.KeyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeKey(c, log)
	case err != nil:
		return nil, fmt.Errorf("master key: %w", err)
	case len(key) != storage.KeySize:
		return nil, fmt.Errorf("master key: %s has %d bytes, a key has %d: put the right file back", c.KeyFile, len(key), storage.KeySize)
	}
	if worldReadable(c.KeyFile) {
		log.Warn("everybody on this machine can read the master key: chmod 600", "file", c.KeyFile)
	}
	return key, nil
}

func makeKey(c storageConfig, log *slog.Logger) ([]byte, error) {
	if _, err := os.Stat(c.Path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("master key: there is data in %s, but not its key %s: put the key back, phone numbers and links cannot be checked without it", c.Path, c.KeyFile)
	}
	key := make([]byte, storage.KeySize)
	_, _ = rand.Read(key) // never fails
	if err := os.MkdirAll(filepath.Dir(c.KeyFile), 0o700); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	err := boltkv.WriteFile(c.KeyFile, func(f *os.File) error {
		_, err := f.Write(key)
		return err
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	log.Warn("a master key was made: keep a copy of it apart from the backups", "file", c.KeyFile)
	return key, nil
}

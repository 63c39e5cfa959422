package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"headgoose/bot/telegram"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
)

// access is what a command does with the data.
type access bool

const (
	readOnly  access = false
	readWrite access = true
)

// openOperator finds who can do an operator's work: the bot that runs, or this
// process on the data file itself. done lets go of it.
func openOperator(ctx context.Context, cfg *config, t terminal, how access) (ops operator, done func() error, err error) {
	bot, err := dialBot(ctx, controlPath(cfg.Storage.Path))
	if err != nil {
		return nil, nil, err
	}
	if bot != nil {
		return bot, func() error { return nil }, nil
	}
	if _, err := os.Stat(cfg.Storage.Path); errors.Is(err, fs.ErrNotExist) && how == readOnly {
		return nil, nil, fmt.Errorf("there is no data yet in %s", cfg.Storage.Path)
	}
	log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	key, err := masterKey(cfg.Storage, log)
	if err != nil {
		return nil, nil, err
	}
	ring, err := openRing(ctx, cfg.Storage, key, log)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ring.Close())
		}
	}()
	engine, err := openData(cfg.Storage, how)
	if err != nil {
		return nil, nil, err
	}
	store, err := storage.Open(ctx, engine, storage.Options{Key: ring.Root(), Ring: ring})
	if errors.Is(err, kv.ErrReadOnly) {
		err = errors.New("the data is of an older version, or a forgetting was cut short: run the bot once, it brings the data up to date")
	}
	if err != nil {
		return nil, nil, errors.Join(err, engine.Close())
	}
	done = func() error { return errors.Join(engine.Close(), ring.Close()) }
	return &admin{cfg: cfg, store: store, link: linker(cfg, log)}, done, nil
}

// openData opens the data file once its structure is known to be sound: a
// damaged one could end the process. To write, it makes a missing one.
func openData(c storageConfig, how access) (engine *boltkv.Engine, err error) {
	if how == readWrite {
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	err = boltkv.Check(c.Path)
	if err == nil || errors.Is(err, fs.ErrNotExist) && how == readWrite {
		engine, err = boltkv.Open(c.Path, boltkv.Options{ReadOnly: how == readOnly, MaxSize: int(c.MaxSize)})
	}
	if err == nil {
		return engine, nil
	}
	if errors.Is(err, kv.ErrInUse) {
		return nil, fmt.Errorf("%w, which does not answer on %s: is the bot just starting, or run by another account?", err, controlPath(c.Path))
	}
	return nil, err
}

// nameTimeout is how long Telegram is asked for the bot's name.
const nameTimeout = 20 * time.Second

// linker makes the addresses of deep links. The bot's name is in them: it is
// asked of Telegram, once, unless the configuration has it.
func linker(cfg *config, log *slog.Logger) func(context.Context, string) (string, error) {
	var mu sync.Mutex
	var adapter *telegram.Adapter
	return func(ctx context.Context, payload string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if adapter == nil {
			if cfg.Telegram.Token.IsZero() {
				return "", errors.New("links need the bot's token (telegram.token): its name is asked of Telegram")
			}
			fresh, err := telegram.New(cfg.telegram(log))
			if err != nil {
				return "", err
			}
			defer fresh.Close()
			ctx, cancel := context.WithTimeout(ctx, nameTimeout)
			defer cancel()
			if err := fresh.Start(ctx); err != nil {
				return "", fmt.Errorf("%w\nWithout Telegram: set telegram.username (连不上 Telegram 时请填用户名)", err)
			}
			adapter = fresh
		}
		return adapter.Link(payload), nil
	}
}

// backupTo takes a backup through the bot, or of the file itself: for that the
// key is not needed.
func backupTo(ctx context.Context, cfg *config, file string) (backupReport, error) {
	bot, err := dialBot(ctx, controlPath(cfg.Storage.Path))
	if err != nil {
		return backupReport{}, err
	}
	if bot != nil {
		return bot.Backup(ctx, file)
	}
	engine, err := openData(cfg.Storage, readOnly)
	if err != nil {
		return backupReport{}, err
	}
	report, err := backup(ctx, cfg.Storage, engine, file)
	return report, errors.Join(err, engine.Close())
}

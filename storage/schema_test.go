package storage

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
)

func TestOpen(t *testing.T) {
	ctx := context.Background()
	key := bytes.Repeat([]byte{1}, KeySize)
	data := func(t *testing.T) kv.Engine {
		t.Helper()
		engine := memkv.New(memkv.Options{})
		if _, err := Open(ctx, engine, Options{Key: key}); err != nil {
			t.Fatal(err)
		}
		return engine
	}
	t.Run("again", func(t *testing.T) {
		if _, err := Open(ctx, data(t), Options{Key: key}); err != nil {
			t.Error(err)
		}
	})
	t.Run("with another key", func(t *testing.T) {
		_, err := Open(ctx, data(t), Options{Key: bytes.Repeat([]byte{2}, KeySize)})
		if !errors.Is(err, ErrKey) {
			t.Errorf("want ErrKey, got %v", err)
		}
	})
	t.Run("with a short key", func(t *testing.T) {
		if _, err := Open(ctx, data(t), Options{Key: key[:16]}); err == nil {
			t.Error("taken")
		}
	})
	t.Run("of a newer program", func(t *testing.T) {
		engine := data(t)
		s, err := Open(ctx, engine, Options{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.setMeta(ctx, meta{Version: SchemaVersion + 1, KeyCheck: s.keys.check()}); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(ctx, engine, Options{Key: key}); !errors.Is(err, ErrNewer) {
			t.Errorf("want ErrNewer, got %v", err)
		}
	})
}

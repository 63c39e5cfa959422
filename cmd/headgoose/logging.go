package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

// newLogger makes the program's log: text or JSON, to out or to the file that
// the configuration names. Log lines carry ids, counts and outcomes, never a
// name, a number or a message. done closes the file.
func newLogger(c logConfig, out io.Writer) (log *slog.Logger, done func() error, err error) {
	done = func() error { return nil }
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("log: %w", err)
		}
		out, done = f, f.Close
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, fmt.Errorf("log: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options)), done, nil
	}
	return slog.New(slog.NewTextHandler(out, options)), done, nil
}

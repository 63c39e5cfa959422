package sheet

import (
	"fmt"
	"io"
	"log/slog"
)

func sprint(v any) string { return fmt.Sprintf("%+v", v) }

func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

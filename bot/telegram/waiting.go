package telegram

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// newBackoff doubles the wait from first to most, with jitter, so that many
// instances do not come back in step.
func newBackoff(first, most time.Duration) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor = first, most, 2, 0.3
	b.Reset()
	return b
}

// connection logs that Telegram cannot be reached, and that it can be again:
// once for each change, not for each try.
type connection struct {
	log  *slog.Logger
	mu   sync.Mutex
	lost time.Time
}

func (c *connection) down(ctx context.Context, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost.IsZero() || ctx.Err() != nil {
		return
	}
	c.lost = time.Now()
	c.log.Warn("telegram cannot be reached, trying on", "error", err)
}

func (c *connection) up() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost.IsZero() {
		return
	}
	c.log.Info("telegram is reached again", "after", time.Since(c.lost).Round(time.Second))
	c.lost = time.Time{}
}

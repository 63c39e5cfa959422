package sandbox

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// changes counts what happens and wakes those who wait for it. Counting is
// one atomic addition, so it costs nothing where nobody waits.
type changes struct {
	rev     atomic.Uint64
	waiters atomic.Int32
	mu      sync.Mutex
	next    chan struct{} // closed at the next announcement
}

func (c *changes) init() { c.next = make(chan struct{}) }

// bump counts a change. The change must be visible to those who take its
// lock; announce follows after the lock is let go.
func (c *changes) bump() uint64 { return c.rev.Add(1) }

// announce wakes the waiting.
func (c *changes) announce() {
	if c.waiters.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}

// signal is closed at the next announcement. Count yourself into waiters
// before you take it, and look at the state after.
func (c *changes) signal() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// Wait blocks until cond holds. cond is asked at once and after every change;
// it may call any method of the Server that does not itself wait.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	s.changes.waiters.Add(1)
	defer s.changes.waiters.Add(-1)
	for {
		signal := s.changes.signal()
		if cond() {
			return nil
		}
		select {
		case <-signal:
		case <-s.closing:
			return errClosed
		case <-ctx.Done():
			return fmt.Errorf("sandbox: waiting: %w", ctx.Err())
		}
	}
}

// WaitAcked blocks until the bot has acknowledged every update.
func (s *Server) WaitAcked(ctx context.Context) error {
	return s.Wait(ctx, func() bool { return s.queue.pending() == 0 })
}

// WaitMessages blocks until the bot has sent n messages into the chat, counted
// from the beginning and without edits, and returns the chat's history.
func (s *Server) WaitMessages(ctx context.Context, chatID int64, n int) ([]Message, error) {
	err := s.Wait(ctx, func() bool { return s.Sent(chatID) >= n })
	return s.Messages(chatID), err
}

// Sent is how many messages the bot ever sent into the chat.
func (s *Server) Sent(chatID int64) int {
	ch := s.chats.get(chatID)
	if ch == nil {
		return 0
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.fromBot
}

// WaitCall blocks until a call that match accepts is in the log, and returns
// it. Calls that the log already holds count; take Mark and compare Seq to
// wait for a later one. It needs a log (Options.CallLog).
func (s *Server) WaitCall(ctx context.Context, match func(Call) bool) (found Call, err error) {
	var seen int64
	err = s.Wait(ctx, func() bool {
		for _, c := range s.calls.since(seen) {
			seen = c.Seq
			if match(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found, err
}

package sandbox

import (
	"math"
	"sync"
	"time"
)

// Limits are the rates that the sandbox enforces on messages and edits. A
// zero field is no limit.
type Limits struct {
	PerSecond     int // over all chats, and its burst
	ChatPerSecond int // in one chat
	ChatBurst     int // messages in one chat that pass at once
	GroupPerMin   int // in one group, and its burst
}

// TelegramLimits are what Telegram's documentation states; it says that short
// bursts in a chat pass without saying how short, so five is a choice. Edits
// count like messages.
var TelegramLimits = Limits{PerSecond: 30, ChatPerSecond: 1, ChatBurst: 5, GroupPerMin: 20}

// NoLimits turns the rates off.
var NoLimits = Limits{}

// SetLimits changes the rates of a running server.
func (s *Server) SetLimits(l Limits) { s.limits.Store(&l) }

// bucket holds tokens that come back with time.
type bucket struct {
	mu     sync.Mutex
	tokens float64
	at     time.Time
}

// take takes a token, or says how long until there is one. A clock that
// stands still or jumps back fills nothing and takes nothing away.
func (b *bucket) take(now time.Time, perSecond, burst float64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() {
		b.tokens = burst
	} else if d := now.Sub(b.at); d > 0 {
		b.tokens = min(burst, b.tokens+d.Seconds()*perSecond)
	}
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / perSecond * float64(time.Second))
}

// throttle counts one message or edit into ch, or refuses it with 429.
func (s *Server) throttle(ch *chat, now time.Time) *apiError {
	l := s.limits.Load()
	if *l == NoLimits {
		return nil
	}
	perSecond, burst := float64(l.ChatPerSecond), float64(l.ChatBurst)
	if ch.group {
		perSecond, burst = float64(l.GroupPerMin)/60, float64(l.GroupPerMin)
	}
	var wait time.Duration
	if perSecond > 0 {
		wait = ch.rate.take(now, perSecond, max(burst, 1))
	}
	if wait == 0 && l.PerSecond > 0 {
		wait = s.overall.take(now, float64(l.PerSecond), float64(l.PerSecond))
	}
	if wait > 0 {
		return errTooMany(int(math.Ceil(wait.Seconds())))
	}
	return nil
}

package schedule

import (
	"context"
	"sync"
	"time"
)

// Limits is how much the platform takes. The zero value limits nothing.
type Limits struct {
	// PerSecond is the most messages in any one second, to all chats
	// together; 0: no limit. They are sent at an even pace, one step below.
	PerSecond int
	// ChatEvery is the pace of messages to one chat, ChatBurst how many may
	// go at once after a rest.
	ChatEvery time.Duration
	ChatBurst int
	// GroupPerMinute is the most messages to a group (a chat with a negative
	// number) in any minute; 0: no limit.
	GroupPerMinute int
}

// DefaultLimits keeps below Telegram's: 30 messages a second, one a second to a
// chat (short bursts pass), 20 a minute to a group.
func DefaultLimits() Limits {
	return Limits{PerSecond: 29, ChatEvery: time.Second, ChatBurst: 3, GroupPerMinute: 20}
}

// meter lets burst events pass at once and then one every `every`: in any
// window w it passes at most burst + w/every.
type meter struct {
	every time.Duration
	burst int
	full  time.Time // when it will have rested wholly
}

// within is the meter that never passes more than n in any window.
func within(n int, window time.Duration, burst int) meter {
	if n <= 0 {
		return meter{}
	}
	burst = max(1, min(burst, n-1))
	return meter{every: window / time.Duration(max(1, n-burst)), burst: burst}
}

func (m *meter) wait(now time.Time) time.Duration {
	return m.full.Add(-time.Duration(max(0, m.burst-1)) * m.every).Sub(now)
}

func (m *meter) take(now time.Time) {
	if m.full.Before(now) {
		m.full = now
	}
	m.full = m.full.Add(m.every)
}

// Budget is the one account of what the process sends: delivery draws on it,
// and so does everything else that calls the platform on its own account (the
// live board of a session). Safe for concurrent use.
//
// It counts on the real clock, whatever the office's clock says.
type Budget struct {
	limits Limits

	mu     sync.Mutex
	all    meter
	chats  map[int64]*account
	until  time.Time // everything waits for it
	paused map[int64]time.Time
}

// account is the part of the budget of one chat.
type account struct{ pace, minute meter }

// NewBudget makes a budget.
func NewBudget(l Limits) *Budget {
	return &Budget{
		limits: l,
		all:    within(l.PerSecond, time.Second, 2), // two: a step that came late is made up for
		chats:  map[int64]*account{},
		paused: map[int64]time.Time{},
	}
}

// Wait blocks until one message may go to a chat, and takes it from the budget.
// It goes in turn with the others that ask: delivery's rows have no precedence.
func (b *Budget) Wait(ctx context.Context, chat int64) error {
	for {
		wait, _ := b.take(chat, time.Now())
		if wait <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// Throttled notes that the platform asked to wait so long before the next
// message to a chat. A second private chat that is asked to wait while another
// does shows that all of the process is meant: then everything waits.
func (b *Budget) Throttled(chat int64, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	end := now.Add(wait)
	for other, until := range b.paused {
		if !until.After(now) {
			delete(b.paused, other)
			continue
		}
		if other != chat && other > 0 && chat > 0 {
			b.until = later(b.until, later(until, end))
		}
	}
	b.paused[chat] = later(b.paused[chat], end)
}

// take takes one message to a chat (0: a chat that is not known) from the
// budget, or says how long to wait; everybody says that this is so for any chat.
func (b *Budget) take(chat int64, now time.Time) (wait time.Duration, everybody bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait := max(b.until.Sub(now), b.all.wait(now)); wait > 0 {
		return wait, true
	}
	if wait := b.paused[chat].Sub(now); wait > 0 {
		return wait, false
	}
	acc := b.account(chat, now)
	if acc != nil {
		if wait := max(acc.pace.wait(now), acc.minute.wait(now)); wait > 0 {
			return wait, false
		}
		acc.pace.take(now)
		acc.minute.take(now)
	}
	b.all.take(now)
	return 0, false
}

// manyAccounts is when accounts that have rested are thrown away.
const manyAccounts = 4096

func (b *Budget) account(chat int64, now time.Time) *account {
	group := chat < 0 && b.limits.GroupPerMinute > 0
	if chat == 0 || (b.limits.ChatEvery == 0 && !group) {
		return nil
	}
	acc := b.chats[chat]
	if acc != nil {
		return acc
	}
	if len(b.chats) >= manyAccounts {
		for id, old := range b.chats {
			if old.pace.full.Before(now) && old.minute.full.Before(now) {
				delete(b.chats, id)
			}
		}
	}
	acc = &account{pace: meter{every: b.limits.ChatEvery, burst: b.limits.ChatBurst}}
	if group {
		acc.minute = within(b.limits.GroupPerMinute, time.Minute, 4)
	}
	b.chats[chat] = acc
	return acc
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// most is the largest number of instants in any window.
func most(at []time.Time, window time.Duration) int {
	n, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) > window {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

// draw takes n messages to the chats in turn, as fast as the budget lets it.
func draw(b *Budget, n int, chats ...int64) []time.Time {
	var at []time.Time
	for i := range n {
		if err := b.Wait(context.Background(), chats[i%len(chats)]); err != nil {
			panic(err)
		}
		at = append(at, time.Now())
	}
	return at
}

func TestBudgetLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		chats  []int64
		n      int
		window time.Duration
		most   int
		within time.Duration // and no slower than that
	}{
		{"overall", []int64{0}, 290, time.Second, 29, 11 * time.Second},
		{"a chat, in bursts", []int64{5}, 60, 10 * time.Second, 13, 58 * time.Second},
		{"a group", []int64{-5}, 60, time.Minute, 20, 4 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				at := draw(NewBudget(DefaultLimits()), c.n, c.chats...)
				if got := most(at, c.window); got > c.most {
					t.Errorf("%d within %v, want at most %d", got, c.window, c.most)
				}
				if took := time.Since(start); took > c.within {
					t.Errorf("%d took %v", c.n, took)
				}
			})
		})
	}
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			draw(NewBudget(Limits{}), 10_000, 1, -1)
			near(t, "10,000", time.Since(start), 0, 0)
		})
	})
	t.Run("a wait ends with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(Limits{})
			b.Throttled(1, time.Hour)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if err := b.Wait(ctx, 1); err == nil {
				t.Error("a message went to a chat that has to wait")
			}
		})
	})
}

func TestBudgetThrottled(t *testing.T) {
	for _, c := range []struct {
		name     string
		throttle []int64
		chat     int64
		wait     time.Duration
	}{
		{"the chat waits", []int64{1}, 1, time.Minute},
		{"another does not", []int64{1}, 2, 0},
		{"two chats: all wait", []int64{1, 2}, 3, time.Minute},
		{"a group has limits of its own", []int64{1, -2}, 3, 0},
		{"twice the same chat", []int64{1, 1}, 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, start := NewBudget(Limits{}), time.Now()
				for _, chat := range c.throttle {
					b.Throttled(chat, time.Minute)
				}
				draw(b, 1, c.chat)
				near(t, "went", time.Since(start), c.wait, 0)
			})
		})
	}
}

// Accounts that have rested are thrown away, and only those.
func TestBudgetForgetsOnlyTheRested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{ChatEvery: time.Second, ChatBurst: 1})
		for chat := range int64(manyAccounts) {
			b.take(chat+1, time.Now())
		}
		time.Sleep(time.Minute)
		b.take(7, time.Now())
		b.take(manyAccounts+10, time.Now())
		if n := len(b.chats); n > 2 {
			t.Errorf("%d accounts kept", n)
		}
		if wait, _ := b.take(7, time.Now()); wait != time.Second {
			t.Errorf("a busy chat waits %v", wait)
		}
	})
}

// A meter made for n in a window never passes more, however it is asked.
func TestMeterNeverPassesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		m := within(n, time.Second, rapid.IntRange(1, 5).Draw(t, "burst"))
		now := time.Unix(1_800_000_000, 0)
		var at []time.Time
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "pause")) * time.Millisecond)
			now = now.Add(max(0, m.wait(now)))
			m.take(now)
			at = append(at, now)
		}
		if got := most(at, time.Second-1); got > n {
			t.Fatalf("%d in a second, want at most %d", got, n)
		}
	})
}

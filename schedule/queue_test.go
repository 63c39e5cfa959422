package schedule

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/record"
)

// Whatever comes in whatever order, nothing is lost or doubled, a chat has one
// job out at a time, and within a class a chat's jobs leave in order.
func TestQueueKeepsEveryJobInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue(rapid.IntRange(2, 9).Draw(t, "share"))
		now := time.Unix(1_800_000_000, 0)
		type kind struct {
			chat  int64
			class record.Class
		}
		pushed, left := map[kind][]*job{}, 0
		var out []*job
		free := func(int64) (time.Duration, bool) { return 0, false }
		take := func() bool {
			j, _ := q.pick(now, free)
			if j == nil {
				return false
			}
			k := kind{j.chat, j.row.Class}
			if len(pushed[k]) == 0 || pushed[k][0] != j {
				t.Fatalf("%v came out of turn", k)
			}
			for _, other := range out {
				if other.chat == j.chat {
					t.Fatalf("chat %d has two jobs out", j.chat)
				}
			}
			pushed[k] = pushed[k][1:]
			left--
			out = append(out, j)
			return true
		}
		finish := func(again bool) {
			j := out[0]
			out = out[1:]
			if again {
				k := kind{j.chat, j.row.Class}
				pushed[k] = append([]*job{j}, pushed[k]...)
				left++
				q.again(j, now.Add(time.Second))
			}
			q.release(j.lane())
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			switch act := rapid.SampledFrom([]string{"push", "push", "take", "finish", "again", "tick"}).Draw(t, "act"); {
			case act == "push":
				k := kind{rapid.Int64Range(1, 4).Draw(t, "chat"), record.Class(rapid.IntRange(1, 3).Draw(t, "class"))}
				j := &job{chat: k.chat, row: record.Outbox{Class: k.class}}
				pushed[k] = append(pushed[k], j)
				left++
				q.push(j)
			case act == "take":
				take()
			case act == "tick":
				now = now.Add(time.Second)
			case len(out) > 0:
				finish(act == "again")
			}
			if q.size != left {
				t.Fatalf("holds %d, want %d", q.size, left)
			}
		}
		for left > 0 || len(out) > 0 {
			for len(out) > 0 {
				finish(false)
			}
			now = now.Add(time.Second)
			if left > 0 && !take() {
				t.Fatalf("%d jobs are stuck", left)
			}
		}
		if len(q.lanes) != 0 {
			t.Fatalf("%d empty lanes kept", len(q.lanes))
		}
	})
}

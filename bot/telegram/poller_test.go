package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot/chat"
)

// queue is a server's side of getUpdates, without a network. It keeps updates
// until an offset above them comes.
type queue struct {
	mu      sync.Mutex
	pending []update
	next    int64
	asked   []getUpdates
	changed chan struct{}
	// answer, if not nil, may answer instead (status 0: it does not).
	answer func(ask getUpdates) (status int, body string, err error)
	others []string // calls of other methods
}

type update struct {
	id  int64
	raw string
}

func newQueue() *queue { return &queue{next: 1000, changed: make(chan struct{}, 1)} }

// say queues a text in a chat and returns the update's id.
func (q *queue) say(chatID int64, text string) int64 {
	return q.add(fmt.Sprintf(`"message":{"message_id":1,"from":{"id":%d},"chat":{"id":%d,"type":"private"},"text":%q}`, chatID, chatID, text))
}

func (q *queue) add(fields string) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	id := q.next
	q.next++
	q.pending = append(q.pending, update{id, fmt.Sprintf(`{"update_id":%d,%s}`, id, fields)})
	select {
	case q.changed <- struct{}{}:
	default:
	}
	return id
}

func (q *queue) left() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := []int64{}
	for _, u := range q.pending {
		ids = append(ids, u.id)
	}
	return ids
}

func (q *queue) asks() []getUpdates {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.asked)
}

func (q *queue) call(method string, req *http.Request) (int, string, error) {
	if method != "getUpdates" {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.others = append(q.others, method)
		return 200, `{"ok":true,"result":true}`, nil
	}
	var ask getUpdates
	if err := json.NewDecoder(req.Body).Decode(&ask); err != nil {
		return 0, "", err
	}
	q.mu.Lock()
	q.asked = append(q.asked, ask)
	answer := q.answer
	q.mu.Unlock()
	if answer != nil {
		if status, body, err := answer(ask); status != 0 || err != nil {
			return status, body, err
		}
	}
	deadline := time.After(time.Duration(ask.Timeout) * time.Second)
	for {
		if batch := q.batch(ask); batch != "" {
			return 200, batch, nil
		}
		select {
		case <-q.changed:
		case <-deadline:
			return 200, `{"ok":true,"result":[]}`, nil
		case <-req.Context().Done():
			return 0, "", req.Context().Err()
		}
	}
}

func (q *queue) batch(ask getUpdates) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = slices.DeleteFunc(q.pending, func(u update) bool { return u.id < ask.Offset })
	var raws []string
	for _, u := range q.pending[:min(len(q.pending), ask.Limit)] {
		raws = append(raws, u.raw)
	}
	if raws == nil {
		return ""
	}
	return `{"ok":true,"result":[` + strings.Join(raws, ",") + `]}`
}

// run starts a poller in a bubble. stop ends it and returns Run's error.
func run(t *testing.T, q *queue, h chat.Handler, change ...func(*Config)) (stop func() error) {
	change = append([]func(*Config){func(c *Config) { c.Transport = tripper(q.call) }}, change...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	a := newAdapter(t, "http://telegram.test", change...)
	go func() { ended <- a.Poller().Run(ctx, h) }()
	return func() error { cancel(); return <-ended }
}

// diary notes what a handler was given.
type diary struct {
	mu   sync.Mutex
	says []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says = append(d.says, s)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.says)
}

func (d *diary) handle(_ context.Context, ev chat.Event) error { d.note(ev.Text); return nil }

func TestPollerHandsOverAndAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		stop := run(t, q, got.handle)
		for i := range 250 {
			q.say(int64(i%7)+1, fmt.Sprint(i))
		}
		synctest.Wait()
		if n := len(got.all()); n != 250 {
			t.Fatalf("%d handled", n)
		}
		if left := q.left(); len(left) != 0 {
			t.Fatalf("not acknowledged while running: %v", left)
		}
		first := q.asks()[0]
		if !slices.Equal(first.Allowed, []string{"message", "callback_query", "my_chat_member"}) || first.Limit != 100 || first.Timeout != 50 {
			t.Fatalf("asked %+v", first)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerKeepsTheOrderOfAChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		var got [5]diary
		var inChat [5]sync.Mutex
		stop := run(t, q, func(_ context.Context, ev chat.Event) error {
			if !inChat[ev.Chat.ID].TryLock() {
				t.Error("two at a time in one chat")
			}
			defer inChat[ev.Chat.ID].Unlock()
			time.Sleep(time.Duration(ev.ID%3) * time.Millisecond)
			got[ev.Chat.ID].note(ev.Text)
			return nil
		})
		var want [5][]string
		for i := range 200 {
			id := i%4 + 1
			q.say(int64(id), fmt.Sprint(i))
			want[id] = append(want[id], fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		for id := range want {
			if !slices.Equal(got[id].all(), want[id]) {
				t.Errorf("chat %d: %v", id, got[id].all())
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerRunsChatsSideBySideUpToWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, workers := range []int{1, 10, 100} {
			q := newQueue()
			release := make(chan struct{})
			var mu sync.Mutex
			running := 0
			stop := run(t, q, func(ctx context.Context, _ chat.Event) error {
				mu.Lock()
				running++
				mu.Unlock()
				select {
				case <-release:
				case <-ctx.Done():
				}
				return nil
			}, func(c *Config) { c.Workers = workers })
			for i := range 100 {
				q.say(int64(i+1), "x")
			}
			time.Sleep(time.Second)
			mu.Lock()
			got := running
			mu.Unlock()
			if got != workers {
				t.Errorf("%d handlers ran at once, want %d", got, workers)
			}
			close(release)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPollerAcknowledgesOnlyWhatWasHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		release := make(chan struct{})
		stop := run(t, q, func(ctx context.Context, ev chat.Event) error {
			if ev.Text == "stuck" {
				select {
				case <-release:
				case <-ctx.Done():
				}
			}
			got.note(ev.Text)
			return nil
		})
		q.say(1, "before")
		stuck := q.say(2, "stuck")
		q.say(2, "behind it")
		q.say(3, "beside it")
		time.Sleep(time.Minute)
		late := q.say(4, "later")
		time.Sleep(time.Minute)
		free := slices.Sorted(slices.Values(got.all()))
		if !slices.Equal(free, []string{"before", "beside it", "later"}) {
			t.Fatalf("handled %v", free)
		}
		if left := q.left(); left[0] != stuck || left[len(left)-1] != late {
			t.Fatalf("kept by the server: %v", left)
		}
		if n := len(q.asks()); n > 200 {
			t.Errorf("%d polls in two minutes: a busy loop", n)
		}
		close(release)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if all := got.all(); !slices.Equal(all[3:], []string{"stuck", "behind it"}) || len(q.left()) != 0 {
			t.Fatalf("handled %v, kept %v", all, q.left())
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerTriesAFailedHandlerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		tries := 0
		stop := run(t, q, func(_ context.Context, ev chat.Event) error {
			if ev.Text == "hard" {
				if tries++; tries < 4 {
					if tries == 2 {
						panic("a handler's bug")
					}
					return errors.New("store is busy")
				}
			}
			got.note(ev.Text)
			return nil
		})
		q.say(1, "hard")
		q.say(1, "after it")
		q.say(2, "another chat")
		time.Sleep(10 * time.Second)
		if want := []string{"another chat", "hard", "after it"}; !slices.Equal(got.all(), want) || tries != 4 {
			t.Fatalf("handled %v after %d tries", got.all(), tries)
		}
		if err := stop(); err != nil || len(q.left()) != 0 {
			t.Fatal(err, q.left())
		}
	})
}

func TestPollerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		begun := make(chan struct{})
		stop := run(t, q, func(ctx context.Context, ev chat.Event) error {
			if ev.Text == "slow" {
				close(begun)
				time.Sleep(5 * time.Second)
				if ctx.Err() != nil {
					t.Error("the context of a running handler has ended")
				}
			}
			got.note(ev.Text)
			return nil
		})
		q.say(1, "slow")
		behind := q.say(1, "behind it")
		<-begun
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.all(), []string{"slow"}) {
			t.Fatalf("handled %v", got.all())
		}
		// the last call confirms what was handled, no more and no less
		if left := q.left(); !slices.Equal(left, []int64{behind}) {
			t.Fatalf("kept by the server: %v", left)
		}
		stop = run(t, q, got.handle)
		synctest.Wait()
		if err := stop(); err != nil || !slices.Equal(got.all(), []string{"slow", "behind it"}) {
			t.Fatalf("after a restart: %v %v", got.all(), err)
		}
	})
}

func TestPollerStopsAHandlerThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		begun := make(chan struct{})
		stop := run(t, q, func(ctx context.Context, _ chat.Event) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		id := q.say(1, "x")
		<-begun
		began := time.Now()
		if err := stop(); err != nil || time.Since(began) != handlerGrace {
			t.Fatal(err, time.Since(began))
		}
		if left := q.left(); !slices.Equal(left, []int64{id}) {
			t.Fatalf("kept by the server: %v", left)
		}
	})
}

func TestPollerSetsAsideWhatItCannotDecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		kept := map[int64]string{}
		fails := 2
		stop := run(t, q, got.handle, func(c *Config) {
			c.OnUndecodable = func(_ context.Context, id int64, raw []byte) error {
				if fails--; fails >= 0 {
					return errors.New("store is busy")
				}
				kept[id] = string(raw)
				return nil
			}
		})
		q.say(1, "a")
		typed := q.add(`"message":{"message_id":"three"}`)
		q.say(1, "b")
		broken := q.add(`"message":{not json}`)
		q.say(2, "c")
		time.Sleep(time.Minute)
		if err := stop(); err != nil || len(q.left()) != 0 {
			t.Fatal(err, q.left())
		}
		says := got.all()
		slices.Sort(says)
		if !slices.Equal(says, []string{"a", "b", "c"}) {
			t.Fatalf("handled %v", says)
		}
		want := map[int64]string{
			typed:  fmt.Sprintf(`{"update_id":%d,"message":{"message_id":"three"}}`, typed),
			broken: fmt.Sprintf(`{"update_id":%d,"message":{not json}}`, broken),
		}
		if !maps.Equal(kept, want) {
			t.Fatalf("kept %v", kept)
		}
	})
}

func TestPollerGetsPastAnUpdateThatBreaksTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		var kept []int64
		stop := run(t, q, got.handle, func(c *Config) {
			c.OnUndecodable = func(_ context.Context, id int64, _ []byte) error { kept = append(kept, id); return nil }
		})
		q.say(1, "a")
		bad := q.add(`"message":{"text":"never closed`)
		q.say(1, "b")
		time.Sleep(time.Minute)
		if err := stop(); err != nil || len(q.left()) != 0 || !slices.Equal(got.all(), []string{"a", "b"}) || !slices.Equal(kept, []int64{bad}) {
			t.Fatalf("%v, handled %v, kept aside %v, left %v", err, got.all(), kept, q.left())
		}
	})
}

func TestPollerSkipsWhatConcernsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		stop := run(t, q, got.handle)
		q.add(`"poll":{"id":"1"}`)
		q.add(`"message":{"message_id":1,"from":{"id":5,"is_bot":true},"chat":{"id":-5,"type":"group"},"text":"x"}`)
		synctest.Wait()
		if len(got.all()) != 0 || len(q.left()) != 0 {
			t.Fatal(got.all(), q.left())
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerTakesLowerIDsAfterAQuietWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := newQueue(), diary{}
		stop := run(t, q, got.handle)
		q.say(1, "old")
		time.Sleep(8 * 24 * time.Hour)
		q.mu.Lock()
		q.next = 17
		q.mu.Unlock()
		q.say(1, "new")
		time.Sleep(time.Minute)
		if !slices.Equal(got.all(), []string{"old", "new"}) || len(q.left()) != 0 {
			t.Fatal(got.all(), q.left())
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerMeetsTroubles(t *testing.T) {
	for name, c := range map[string]struct {
		answer   func(n int) (int, string, error) // of the nth poll, from 1; 0: none
		want     error
		min, max time.Duration // until the text is handled, or Run ends
		lines    int           // of the log
	}{
		"network down for an hour": {func(n int) (int, string, error) {
			if n <= 125 {
				return 0, "", errors.New("no route to host")
			}
			return 0, "", nil
		}, nil, 30 * time.Minute, 2 * time.Hour, 2},
		"server faults": {func(n int) (int, string, error) {
			if n <= 3 {
				return 502, "<html>", nil
			}
			return 0, "", nil
		}, nil, time.Second, time.Minute, 2},
		"429": {func(n int) (int, string, error) {
			if n == 1 {
				return 429, refusalBody(429, "Too Many Requests: retry after 40", `{"retry_after":40}`), nil
			}
			return 0, "", nil
		}, nil, 40 * time.Second, 40 * time.Second, 1},
		"token refused": {func(int) (int, string, error) {
			return 401, refusalBody(401, "Unauthorized", ""), nil
		}, ErrToken, 0, 0, 0},
		"another instance": {func(int) (int, string, error) {
			return 409, refusalBody(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", ""), nil
		}, ErrConflict, time.Second, time.Minute, 0},
		"our own last poll": {func(n int) (int, string, error) {
			if n <= 2 {
				return 409, refusalBody(409, "Conflict: terminated by other getUpdates request", ""), nil
			}
			return 0, "", nil
		}, nil, time.Second, time.Minute, 0},
		"a webhook is set": {func(n int) (int, string, error) {
			if n == 1 {
				return 409, refusalBody(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", ""), nil
			}
			return 0, "", nil
		}, nil, 0, time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { meetTrouble(t, c.answer, c.want, c.min, c.max, c.lines) })
		})
	}
}

func meetTrouble(t *testing.T, answer func(int) (int, string, error), want error, least, most time.Duration, lines int) {
	q, n := newQueue(), 0
	q.answer = func(getUpdates) (int, string, error) { n++; return answer(n) }
	q.say(1, "x")
	var out logBuffer
	began := time.Now()
	handled := make(chan time.Duration, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := newAdapter(t, "http://telegram.test", func(c *Config) { c.Transport, c.Log = tripper(q.call), out.logger() })
	err := a.Poller().Run(ctx, func(context.Context, chat.Event) error {
		handled <- time.Since(began)
		cancel()
		return nil
	})
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Fatalf("Run: %v, want %v", err, want)
	}
	took := time.Since(began)
	if want == nil {
		took = <-handled
	}
	if took < least || took > most {
		t.Errorf("took %v", took)
	}
	if got := strings.Count(out.String(), "\n"); got != lines {
		t.Errorf("%d log lines, want %d:\n%s", got, lines, out.String())
	}
	noToken(t, "the log", out.String())
	if strings.Contains(out.String(), "webhook") != slices.Contains(q.others, "deleteWebhook") {
		t.Errorf("calls %v", q.others)
	}
}

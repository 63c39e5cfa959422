package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/telegram/sandbox"
)

// inProcess calls the sandbox without a network, so that both can live in a
// bubble. A dead one is a process that was killed: no call gets through.
type inProcess struct {
	s    *sandbox.Server
	dead *atomic.Bool
}

func (p inProcess) RoundTrip(req *http.Request) (_ *http.Response, err error) {
	defer func() {
		if recover() != nil { // the sandbox hangs up
			err = errors.New("connection reset")
		}
	}()
	if p.dead.Load() {
		return nil, errors.New("killed")
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	p.s.ServeHTTP(rec, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// onSandbox makes a sandbox with people in it, in the bubble of t.
func onSandbox(t *testing.T, people int) *sandbox.Server {
	s := sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits})
	t.Cleanup(func() { _ = s.Close() })
	for i := range int64(people) {
		s.AddUser(sandbox.User{ID: i + 1, Started: true})
	}
	return s
}

// process is one run of the bot.
type process struct {
	dead   atomic.Bool
	cancel context.CancelFunc
	ended  chan error
}

func start(t *testing.T, s *sandbox.Server, h chat.Handler, change ...func(*Config)) *process {
	p := &process{ended: make(chan error, 1)}
	change = append([]func(*Config){func(c *Config) {
		c.Token, c.Transport, c.PollTimeout = s.Token(), inProcess{s, &p.dead}, 10*time.Second
	}}, change...)
	a := newAdapter(t, "http://127.0.0.1:8080", change...)
	ctx, cancel := context.WithCancel(t.Context())
	p.cancel = cancel
	go func() { p.ended <- a.Poller().Run(ctx, h) }()
	return p
}

// kill ends the process without any further word to Telegram.
func (p *process) kill() {
	p.dead.Store(true)
	p.cancel()
	<-p.ended
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cancel()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
}

func say(t *testing.T, s *sandbox.Server, user int64, text string) {
	t.Helper()
	if _, err := s.Say(user, text); err != nil {
		t.Fatal(err)
	}
}

func TestKilledInTheMiddleOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 60
		s := onSandbox(t, people)
		for i := range people {
			say(t, s, int64(i+1), fmt.Sprint(i))
		}
		var first, second diary
		p := start(t, s, func(ctx context.Context, ev chat.Event) error {
			if ev.Chat.ID > people/2 {
				<-ctx.Done()
				return ctx.Err()
			}
			first.note(ev.Text)
			return nil
		})
		synctest.Wait()
		p.kill()
		p = start(t, s, second.handle)
		synctest.Wait()
		p.stop(t)
		// what the first process had handled may come again, what it had not must
		handled := append(first.all(), second.all()...)
		for i := range people {
			if !slices.Contains(handled, fmt.Sprint(i)) {
				t.Errorf("%d is lost", i)
			}
		}
		if len(first.all()) != people/2 || s.Stats().Pending != 0 {
			t.Errorf("%d handled before the kill, %d pending", len(first.all()), s.Stats().Pending)
		}
	})
}

func TestARestartResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onSandbox(t, 3)
		var got diary
		var want []string
		for round := range 5 {
			p := start(t, s, got.handle)
			for i := range 10 {
				text := fmt.Sprint(round, "-", i)
				say(t, s, int64(round%3+1), text)
				want = append(want, text)
			}
			if round%2 == 0 {
				synctest.Wait()
			}
			p.stop(t)
		}
		p := start(t, s, got.handle)
		synctest.Wait()
		p.stop(t)
		all := got.all()
		if slices.Sort(all); !slices.Equal(all, slices.Sorted(slices.Values(want))) {
			t.Fatalf("%d handled, want each of %d once", len(all), len(want))
		}
	})
}

func TestTwoPollers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onSandbox(t, 1)
		var got diary
		a, b := start(t, s, got.handle), start(t, s, got.handle)
		var err error
		var other *process
		select {
		case err = <-a.ended:
			other = b
		case err = <-b.ended:
			other = a
		case <-time.After(10 * time.Minute):
			t.Fatal("both poll on")
		}
		if !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
		say(t, s, 1, "x")
		time.Sleep(time.Minute)
		if all := got.all(); !slices.Contains(all, "x") {
			t.Fatal("the other one does not receive")
		}
		other.stop(t)
		a.cancel()
		b.cancel()
	})
}

func TestUpdatesTwiceAndOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, each = 8, 30
		s := onSandbox(t, people)
		s.DuplicateUpdates(20)
		s.ReorderUpdates(10)
		var mu sync.Mutex
		seen, got := map[int64]bool{}, map[int64][]string{}
		p := start(t, s, func(_ context.Context, ev chat.Event) error {
			mu.Lock()
			defer mu.Unlock()
			if !seen[ev.ID] { // as the bot does
				seen[ev.ID] = true
				got[ev.Chat.ID] = append(got[ev.Chat.ID], ev.Text)
			}
			return nil
		})
		var want []string
		for i := range each {
			want = append(want, fmt.Sprint(i))
			for u := range int64(people) {
				say(t, s, u+1, fmt.Sprint(i))
			}
		}
		time.Sleep(time.Minute)
		p.stop(t)
		for u := range int64(people) {
			if !slices.Equal(got[u+1], want) {
				t.Errorf("chat %d: %v", u+1, got[u+1])
			}
		}
		if n := s.Stats().Pending; n != 0 {
			t.Errorf("%d pending", n)
		}
	})
}

func TestAnUpdateOfUnknownFormOnTheSandbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onSandbox(t, 1)
		var got, kept diary
		p := start(t, s, got.handle, func(c *Config) {
			c.OnUndecodable = func(_ context.Context, _ int64, raw []byte) error { kept.note(string(raw)); return nil }
		})
		if err := s.InjectUpdate(`{"message":{"message_id":"x"}}`); err != nil {
			t.Fatal(err)
		}
		say(t, s, 1, "after it")
		synctest.Wait()
		p.stop(t)
		if len(kept.all()) != 1 || !slices.Equal(got.all(), []string{"after it"}) || s.Stats().Pending != 0 {
			t.Fatal(kept.all(), got.all(), s.Stats().Pending)
		}
	})
}

func TestPollingTakesDownAWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onSandbox(t, 1)
		var alive atomic.Bool
		a := newAdapter(t, "http://127.0.0.1:8080", func(c *Config) { c.Token, c.Transport = s.Token(), inProcess{s, &alive} })
		if err := (&Webhook{a: a, cfg: WebhookConfig{URL: "http://127.0.0.1:1/hook", Secret: secret, MaxConns: 40}}).set(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got diary
		p := start(t, s, got.handle)
		time.Sleep(time.Minute)
		say(t, s, 1, "x")
		synctest.Wait()
		p.stop(t)
		if !slices.Equal(got.all(), []string{"x"}) {
			t.Fatal(got.all())
		}
	})
}

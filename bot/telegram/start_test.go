package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot/chat"
)

func TestStartLearnsTheName(t *testing.T) {
	s := newServer(t, says(200, `{"ok":true,"result":{"id":1,"is_bot":true,"username":"hualong_bot"}}`))
	a := newAdapter(t, s.URL, func(c *Config) { c.Username = "" })
	if got := a.Link("p"); got != "" {
		t.Fatalf("a link before the name is known: %q", got)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.Link("s_Ab-9"); got != "https://t.me/hualong_bot?start=s_Ab-9" {
		t.Fatal(got)
	}
	if err := a.Start(t.Context()); err != nil || len(s.received()) != 1 {
		t.Fatalf("%v, %d calls", err, len(s.received()))
	}
}

func TestStartSkipsTheCallForAKnownName(t *testing.T) {
	a := newAdapter(t, "http://127.0.0.1:1", func(c *Config) { c.Username = "@known_bot" })
	if err := a.Start(t.Context()); err != nil || a.Link("p") != "https://t.me/known_bot?start=p" {
		t.Fatal(err, a.Link("p"))
	}
}

// tripper is a server without a network, for bubbles.
type tripper func(method string, req *http.Request) (status int, body string, err error)

func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	status, body, err := f(req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:], req)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}, nil
}

func TestStartTriesOnAndLogsOncePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logBuffer
		calls := 0
		began := time.Now()
		a := newAdapter(t, "http://telegram.test", func(c *Config) {
			c.Username, c.Log = "", out.logger()
			c.Transport = tripper(func(string, *http.Request) (int, string, error) {
				if calls++; time.Since(began) < 10*time.Minute {
					return 0, "", errors.New("no route to host")
				}
				return 200, `{"ok":true,"result":{"username":"hualong_bot"}}`, nil
			})
		})
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls < 20 || calls > 200 {
			t.Errorf("%d calls in ten minutes", calls)
		}
		if n := strings.Count(out.String(), "\n"); n != 2 {
			t.Errorf("%d log lines:\n%s", n, out.String())
		}
		noToken(t, "the log", out.String())
	})
}

func TestStartEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a := newAdapter(t, "http://telegram.test", func(c *Config) {
			c.Username = ""
			c.Transport = tripper(func(string, *http.Request) (int, string, error) { return 0, "", errors.New("down") })
		})
		if err := a.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

func TestStartObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := newAdapter(t, "http://telegram.test", func(c *Config) {
			c.Username = ""
			c.Transport = tripper(func(string, *http.Request) (int, string, error) {
				if time.Since(began) == 0 {
					return 429, refusalBody(429, "Too Many Requests: retry after 120", `{"retry_after":120}`), nil
				}
				return 200, `{"ok":true,"result":{"username":"hualong_bot"}}`, nil
			})
		})
		if err := a.Start(t.Context()); err != nil || time.Since(began) != 2*time.Minute {
			t.Fatal(err, time.Since(began))
		}
	})
}

func TestProxies(t *testing.T) {
	t.Run("http", func(t *testing.T) {
		var seen atomic.Value
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen.Store(r.URL.Host + " " + r.Header.Get("Proxy-Authorization"))
			_, _ = io.WriteString(w, sentReply)
		}))
		defer proxy.Close()
		u, _ := url.Parse(proxy.URL)
		u.User = url.UserPassword("user", "PASSWORD")
		a := newAdapter(t, "http://telegram.test", func(c *Config) { c.Proxy = u.String() })
		if _, err := a.Send(t.Context(), 5, chat.Message{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(seen.Load()); got != "telegram.test Basic dXNlcjpQQVNTV09SRA==" {
			t.Fatal(got)
		}
	})
	t.Run("socks5", func(t *testing.T) {
		s := newServer(t, says(200, sentReply))
		address := socks5(t, strings.TrimPrefix(s.URL, "http://"))
		a := newAdapter(t, "http://telegram.test", func(c *Config) { c.Proxy = "socks5h://" + address })
		if _, err := a.Send(t.Context(), 5, chat.Message{Text: "x"}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("down", func(t *testing.T) {
		a := newAdapter(t, "http://telegram.test", func(c *Config) { c.Proxy = "socks5://u:PASSWORD@127.0.0.1:1" })
		_, err := a.Send(t.Context(), 5, chat.Message{Text: "x"})
		if chat.OutcomeOf(err) != chat.NotSent || strings.Contains(err.Error(), "PASSWORD") {
			t.Fatal(err)
		}
	})
}

// socks5 is a SOCKS5 proxy for one connection, which it leads to target
// whatever is asked for.
func socks5(t *testing.T, target string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		hello := make([]byte, 3)
		_, _ = io.ReadFull(c, hello)
		_, _ = c.Write([]byte{5, 0})
		head := make([]byte, 5)
		_, _ = io.ReadFull(c, head) // version, connect, 0, by name, its length
		_, _ = io.CopyN(io.Discard, c, int64(head[4])+2)
		_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		to, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer func() { _ = to.Close() }()
		go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
		_, _ = io.Copy(c, to)
	}()
	return l.Addr().String()
}

func TestStartGivesUpWhenRefused(t *testing.T) {
	a := newAdapter(t, newServer(t, says(400, refusalBody(400, "Bad Request: logged out", ""))).URL, func(c *Config) { c.Username = "" })
	if err := a.Start(t.Context()); chat.OutcomeOf(err) != chat.Refused {
		t.Fatal(err)
	}
}

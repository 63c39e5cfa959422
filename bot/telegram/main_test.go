package telegram

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary is a token that must never be seen outside of an address.
const canary = "4242:CANARY_secret-token-that-must-not-leak"

// newAdapter makes an adapter that talks to url.
func newAdapter(t testing.TB, url string, change ...func(*Config)) *Adapter {
	t.Helper()
	cfg := Config{Token: canary, APIURL: url, Username: "headgoose_test_bot", Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// server answers every call with a status and a body, and keeps the calls.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	calls []received
}

type received struct{ method, body, kind string }

func newServer(t testing.TB, answer func(method string, w http.ResponseWriter)) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		s.mu.Lock()
		s.calls = append(s.calls, received{method, string(body), r.Header.Get("Content-Type")})
		s.mu.Unlock()
		answer(method, w)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.calls...)
}

// says is an answer of a fixed status and body.
func says(status int, body string) func(string, http.ResponseWriter) {
	return func(_ string, w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// logBuffer is a log that tests read.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func noToken(t *testing.T, where, text string) {
	t.Helper()
	for _, part := range []string{canary, strings.TrimPrefix(canary, "4242:"), "CANARY"} {
		if strings.Contains(text, part) {
			t.Fatalf("the token shows in %s: %s", where, text)
		}
	}
}

package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a sandbox on a free port for the length of a test.
func start(t testing.TB, o Options) *Server {
	t.Helper()
	s := New(o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fixed is a clock that a test sets.
type fixed struct{ at time.Time }

func (f *fixed) now() time.Time { return f.at }

func newClock() *fixed { return &fixed{time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC)} }

// answer is what the Bot API answers.
type answer struct {
	OK         bool            `json:"ok"`
	Result     json.RawMessage `json:"result"`
	Code       int             `json:"error_code"`
	Desc       string          `json:"description"`
	Parameters struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

type params map[string]any

// do calls a method with a JSON body.
func do(t testing.TB, s *Server, method string, p params) answer {
	t.Helper()
	a, err := try(s, method, p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(s *Server, method string, p params) (a answer, err error) {
	if p == nil {
		p = params{}
	}
	body, err := json.Marshal(p)
	if err != nil {
		return a, err
	}
	return post(s, method, "application/json", body)
}

func post(s *Server, method, contentType string, body []byte) (a answer, err error) {
	resp, err := http.Post(s.URL()+"/bot"+s.Token()+"/"+method, contentType, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(raw, &a)
}

// ok calls a method that must succeed and decodes its result.
func ok[T any](t testing.TB, s *Server, method string, p params) T {
	t.Helper()
	a := do(t, s, method, p)
	if !a.OK {
		t.Fatalf("%s: %d %s", method, a.Code, a.Desc)
	}
	var v T
	if err := json.Unmarshal(a.Result, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// soon bounds a wait: what takes longer hangs.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

type gotUpdate struct {
	ID      int64          `json:"update_id"`
	Message *wireMessage   `json:"message"`
	Query   *wireQuery     `json:"callback_query"`
	Member  map[string]any `json:"my_chat_member"`
}

package telegram

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/bot/chat"
)

func refusalBody(code int, description, parameters string) string {
	if parameters != "" {
		parameters = `,"parameters":` + parameters
	}
	return fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q%s}`, code, description, parameters)
}

// refusals is what Telegram says, and what it means to the bot.
var refusals = []struct {
	code        int
	description string
	parameters  string
	want        chat.SendError
	cause       error
}{
	{429, "Too Many Requests: retry after 35", `{"retry_after":35}`, chat.SendError{Outcome: chat.Throttled, RetryAfter: 35 * time.Second}, nil},
	{429, "Too Many Requests: retry after 7", ``, chat.SendError{Outcome: chat.Throttled, RetryAfter: 7 * time.Second}, nil},
	{429, "Too Many Requests", ``, chat.SendError{Outcome: chat.Throttled, RetryAfter: time.Second}, nil},
	{400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1001234567890}`, chat.SendError{Outcome: chat.MovedChat, MovedTo: -1001234567890}, nil},

	{403, "Forbidden: bot was blocked by the user", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{403, "Forbidden: user is deactivated", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{403, "Forbidden: bot was kicked from the group chat", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{403, "Forbidden: bot is not a member of the supergroup chat", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{403, "Forbidden: bot can't initiate conversation with a user", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{403, "Forbidden: a text that is new", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{400, "Bad Request: chat not found", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{400, "Bad Request: user is deactivated", ``, chat.SendError{Outcome: chat.Unreachable}, nil},
	{400, "Bad Request: not enough rights to send text messages to the chat", ``, chat.SendError{Outcome: chat.Unreachable}, nil},

	{400, "Bad Request: query is too old and response timeout expired or query ID is invalid", ``, chat.SendError{Outcome: chat.Stale}, nil},
	{400, "Bad Request: message to edit not found", ``, chat.SendError{Outcome: chat.Stale}, nil},
	{400, "Bad Request: message can't be edited", ``, chat.SendError{Outcome: chat.Stale}, nil},

	{400, "Bad Request: message text is empty", ``, chat.SendError{Outcome: chat.Refused}, nil},
	{400, "Bad Request: BUTTON_DATA_INVALID", ``, chat.SendError{Outcome: chat.Refused}, nil},
	{404, "Not Found: method not found", ``, chat.SendError{Outcome: chat.Refused}, nil},
	{413, "Request Entity Too Large", ``, chat.SendError{Outcome: chat.TooBig}, nil},
	{400, "Bad Request: file is too big", ``, chat.SendError{Outcome: chat.TooBig}, nil},

	{500, "Internal Server Error: restart", ``, chat.SendError{Outcome: chat.Unknown}, nil},
	{502, "Bad Gateway", ``, chat.SendError{Outcome: chat.Unknown}, nil},
	{401, "Unauthorized", ``, chat.SendError{Outcome: chat.NotSent}, ErrToken},
	{404, "Not Found", ``, chat.SendError{Outcome: chat.NotSent}, ErrToken},
	{409, "Conflict: terminated by other getUpdates request", ``, chat.SendError{Outcome: chat.NotSent}, ErrConflict},
}

func TestRefusals(t *testing.T) {
	png := chat.Message{Photo: []byte("\x89PNG")}
	for _, c := range refusals {
		t.Run(fmt.Sprint(c.code, " ", c.description, c.parameters), func(t *testing.T) {
			s := newServer(t, says(c.code, refusalBody(c.code, c.description, c.parameters)))
			a := newAdapter(t, s.URL)
			for name, call := range map[string]func() error{
				"send":       func() error { _, err := a.Send(t.Context(), 5, chat.Message{Text: "x"}); return err },
				"edit":       func() error { return a.Edit(t.Context(), 5, 9, chat.Message{Text: "x"}) },
				"answer":     func() error { return a.Answer(t.Context(), "q", "") },
				"photo":      func() error { _, err := a.Send(t.Context(), 5, png); return err },
				"edit photo": func() error { return a.Edit(t.Context(), 5, 9, png) },
				"download":   func() error { _, err := a.Download(t.Context(), "f", 10); return err },
			} {
				err := call()
				var got *chat.SendError
				if !errors.As(err, &got) {
					t.Fatalf("%s: no SendError: %v", name, err)
				}
				if got.Outcome != c.want.Outcome || got.RetryAfter != c.want.RetryAfter || got.MovedTo != c.want.MovedTo {
					t.Errorf("%s: %+v, want %+v", name, got, c.want)
				}
				if c.cause != nil && !errors.Is(err, c.cause) {
					t.Errorf("%s: %v does not wrap %v", name, err, c.cause)
				}
			}
		})
	}
}

func TestNotModifiedIsSuccess(t *testing.T) {
	body := refusalBody(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same", "")
	a := newAdapter(t, newServer(t, says(400, body)).URL)
	for _, m := range []chat.Message{{Text: "x"}, {Photo: []byte("\x89PNG")}} {
		if err := a.Edit(t.Context(), 5, 9, m); err != nil {
			t.Error(err)
		}
	}
}

// A page of a proxy on the way is not Telegram's word: a 403 of it must not
// mark a person as unreachable.
func TestForeignAnswersAreUnknown(t *testing.T) {
	for name, answer := range map[string]func(string, http.ResponseWriter){
		"403 page":       says(403, "<html>blocked by policy</html>"),
		"502 page":       says(502, "<html>bad gateway</html>"),
		"200 page":       says(200, "<html>please log in</html>"),
		"not its form":   says(200, `{"ok":true,"result":{"message_id":"seven"}}`),
		"empty":          says(200, ``),
		"redirect":       func(_ string, w http.ResponseWriter) { w.Header().Set("Location", "/x"); w.WriteHeader(302) },
		"without a code": says(200, `{"ok":false}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, answer)
			_, err := newAdapter(t, s.URL).Send(t.Context(), 5, chat.Message{Text: "x"})
			if chat.OutcomeOf(err) != chat.Unknown {
				t.Fatal(err)
			}
			if n := len(s.received()); n != 1 {
				t.Fatalf("%d calls", n)
			}
		})
	}
}

func TestErrorsDoNotQuoteTheMessage(t *testing.T) {
	a := newAdapter(t, newServer(t, says(400, refusalBody(400, `Bad Request: can't parse "书记 001 13800138000" at 'secret'`, ""))).URL)
	_, err := a.Send(t.Context(), 5, chat.Message{Text: "x"})
	if err == nil || strings.Contains(err.Error(), "13800138000") || strings.Contains(err.Error(), "书记") {
		t.Fatal(err)
	}
}

// rawServer accepts connections and gives each, with its number from 1, to
// serve.
func rawServer(t *testing.T, serve func(n int64, c net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(n.Add(1), c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func readRequest(t *testing.T, r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

func TestWhatIsKnownAfterANetworkFault(t *testing.T) {
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	for name, c := range map[string]struct {
		serve func(n int64, c net.Conn)
		want  chat.Outcome
	}{
		"closed after the request": {func(_ int64, c net.Conn) { readRequest(t, bufio.NewReader(c)) }, chat.Unknown},
		"reset after the request":  {func(_ int64, c net.Conn) { readRequest(t, bufio.NewReader(c)); reset(c) }, chat.Unknown},
		"half an answer": {func(_ int64, c net.Conn) {
			readRequest(t, bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ok\":true")
		}, chat.Unknown},
		"not HTTP": {func(_ int64, c net.Conn) {
			readRequest(t, bufio.NewReader(c))
			_, _ = io.WriteString(c, "SSH-2.0-x\r\n")
		}, chat.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newAdapter(t, rawServer(t, c.serve)).Send(t.Context(), 5, chat.Message{Text: "x"})
			if chat.OutcomeOf(err) != c.want {
				t.Fatal(err)
			}
			noToken(t, "the error", fmt.Sprintf("%v %+v", err, err))
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		a := newAdapter(t, "http://"+address)
		for _, m := range []chat.Message{{Text: "x"}, {Photo: []byte("\x89PNG")}} {
			_, err := a.Send(t.Context(), 5, m)
			if chat.OutcomeOf(err) != chat.NotSent {
				t.Fatal(err)
			}
			noToken(t, "the error", err.Error())
		}
	})
	t.Run("ctx had ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newAdapter(t, newServer(t, says(200, sentReply)).URL).Send(ctx, 5, chat.Message{Text: "x"})
		if chat.OutcomeOf(err) != chat.NotSent || !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

func TestTimeoutAfterTheRequestIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	s := newServer(t, func(string, http.ResponseWriter) { cancel(); <-release })
	defer close(release)
	_, err := newAdapter(t, s.URL).Send(ctx, 5, chat.Message{Text: "x"})
	if chat.OutcomeOf(err) != chat.Unknown || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// An idle connection that the server closes at the moment of the next request
// must not lead to a second one, if the first was written.
func TestAPostIsNotRepeatedOnAStaleConnection(t *testing.T) {
	var requests atomic.Int64
	url := rawServer(t, func(n int64, c net.Conn) {
		r := bufio.NewReader(c)
		for first := true; readRequest(t, r); first = false {
			requests.Add(1)
			if !first || n > 1 {
				return // reads the second request and hangs up
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(sentReply), sentReply)
		}
	})
	a := newAdapter(t, url)
	if _, err := a.Send(t.Context(), 5, chat.Message{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	_, err := a.Send(t.Context(), 5, chat.Message{Text: "x"})
	if chat.OutcomeOf(err) != chat.Unknown || requests.Load() != 2 {
		t.Fatalf("%v after %d requests", err, requests.Load())
	}
}

// cutConn fails every write after the first n.
type cutConn struct {
	net.Conn
	left *atomic.Int64
}

func (c cutConn) Write(p []byte) (int, error) {
	if c.left.Add(-1) < 0 {
		_ = c.Conn.Close()
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(p)
}

func TestARequestCutShortIsNotSent(t *testing.T) {
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			requests.Add(1)
		}
	}))
	defer s.Close()
	for _, writes := range []int64{0, 1} {
		var left atomic.Int64
		left.Store(writes)
		tr := newTransport(nil)
		dial := tr.DialContext
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial(ctx, network, addr)
			return cutConn{c, &left}, err
		}
		a := newAdapter(t, s.URL, func(c *Config) { c.Transport = tr })
		_, err := a.Send(t.Context(), 5, chat.Message{Text: strings.Repeat("长", 4000)})
		if chat.OutcomeOf(err) != chat.NotSent {
			t.Fatalf("after %d writes: %v", writes, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Fatalf("%d requests arrived whole", n)
	}
}

func TestTheTokenNeverShows(t *testing.T) {
	t.Run("trimmed", func(t *testing.T) {
		s := newServer(t, says(200, sentReply))
		a := newAdapter(t, s.URL, func(c *Config) { c.Token = " " + canary + "\r\n" })
		if _, err := a.Send(t.Context(), 5, chat.Message{Text: "x"}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("in the configuration's errors", func(t *testing.T) {
		for _, c := range []Config{
			{Token: canary + "\n" + canary},
			{Token: canary + "/x"},
			{Token: canary, APIURL: "http://[::1/" + canary},
			{Token: canary, APIURL: "ftp://" + canary + "@host"},
			{Token: canary, Proxy: "socks4://u:" + canary + "@host:1"},
			{Token: canary, Proxy: "http://u:" + canary + "@ho st:1"},
			{},
		} {
			_, err := New(c)
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			noToken(t, "the error", err.Error())
		}
	})
	t.Run("echoed by a server", func(t *testing.T) {
		var out logBuffer
		a := newAdapter(t, newServer(t, says(404, refusalBody(404, "no handler for /bot"+canary+"/sendMessage", ""))).URL,
			func(c *Config) { c.Log = out.logger(); c.Username = "" })
		_, err := a.Send(t.Context(), 5, chat.Message{Text: "x"})
		noToken(t, "the error", err.Error())
		_, err = a.Send(t.Context(), 5, chat.Message{Photo: []byte("\x89PNG")})
		noToken(t, "the library's error", err.Error())
		if err := a.Start(t.Context()); !errors.Is(err, ErrToken) {
			t.Fatal(err)
		}
		noToken(t, "the log", out.String())
	})
}

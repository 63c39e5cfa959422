package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// stream reads the page's events.
type stream struct {
	t     testing.TB
	r     *bufio.Reader
	calls []string // methods that were told so far
}

func openStream(t testing.TB, s *Server, show string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(soon(t))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/sandbox/events?show="+show, nil)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	return &stream{t: t, r: bufio.NewReader(resp.Body)}
}

// until reads events until one fits.
func (st *stream) until(fits func(pageEvent) bool) pageEvent {
	st.t.Helper()
	for {
		line, err := st.r.ReadString('\n')
		must(st.t, err)
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var ev pageEvent
		must(st.t, json.Unmarshal([]byte(data), &ev))
		for _, c := range ev.Calls {
			st.calls = append(st.calls, c.Method)
		}
		if fits(ev) {
			return ev
		}
	}
}

// message reads events until one carries a message with this text.
func (st *stream) message(text string) (m pageMessage, c pageChat) {
	st.t.Helper()
	st.until(func(ev pageEvent) bool {
		for _, c = range ev.Chats {
			for _, m = range c.Messages {
				if m.Text == text {
					return true
				}
			}
		}
		return false
	})
	return m, c
}

func TestEvents(t *testing.T) {
	s := people(t)
	say(t, s, "/start")
	st := openStream(t, s, "7")
	if _, c := st.message("/start"); !c.Reset || c.State != "open" {
		t.Errorf("first %+v", c)
	}
	sent := ok[wireMessage](t, s, "sendMessage", params{"chat_id": 7, "text": "已到 1", "reply_markup": oneButton(params{"text": "好", "callback_data": "k"})})
	if m, c := st.message("已到 1"); c.Reset || m.Edited || len(c.Messages) != 1 || m.Buttons[0][0].Text != "好" {
		t.Errorf("a new message comes as %+v", c)
	}
	ok[wireMessage](t, s, "editMessageText", params{"chat_id": 7, "message_id": sent.ID, "text": "已到 2"})
	if m, _ := st.message("已到 2"); !m.Edited || m.ID != sent.ID || m.Buttons != nil {
		t.Errorf("an edit comes as %+v", m)
	}
	ok[bool](t, s, "deleteMessage", params{"chat_id": 7, "message_id": sent.ID})
	st.until(func(ev pageEvent) bool {
		return len(ev.Chats) == 1 && slices.Equal(ev.Chats[0].Removed, []int64{sent.ID})
	})
	ok[bool](t, s, "setMyCommands", params{"commands": []params{{"command": "start", "description": "首页"}}})
	ev := st.until(func(ev pageEvent) bool { return len(ev.Chats) == 1 && len(ev.Chats[0].Menu) == 1 })
	s.AddPersona(Persona{User: User{ID: 8, Name: "书记 002"}})
	st.until(func(later pageEvent) bool { return later.Personas > ev.Personas })
	if want := []string{"sendMessage", "editMessageText", "deleteMessage", "setMyCommands"}; !slices.Equal(st.calls, want) {
		t.Errorf("told of the calls %q", st.calls)
	}
}

// act posts one of the page's actions.
func act(t testing.TB, s *Server, name, body string) int {
	t.Helper()
	resp, err := http.Post(s.URL()+"/sandbox/"+name, "application/json", strings.NewReader(body))
	must(t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestPageActions(t *testing.T) {
	var moved time.Duration
	s := start(t, Options{Limits: &NoLimits, Page: Page{
		Personas: []Persona{{User: User{ID: 7, Name: "书记 001", Phone: "+8613800000001"}}, {User: User{ID: 8, Phone: "+8613800000002"}}},
		Advance:  func(_ context.Context, d time.Duration) error { moved += d; return nil },
	}})
	for _, c := range []struct {
		name, body string
		code       int
	}{
		{"say", `{"user":7,"text":"好"}`, 200},
		{"say", `{"user":7,"text":""}`, 409},
		{"say", `{"user":70,"text":"好"}`, 409},
		{"say", `{"user":7,"txt":"好"}`, 400},
		{"open", `{"user":7,"payload":"c-1"}`, 200},
		{"open", `{"user":7,"payload":"c 1"}`, 409},
		{"contact", `{"user":7,"kind":"own"}`, 200},
		{"contact", `{"user":7,"chat":8,"kind":"other"}`, 200},
		{"contact", `{"user":7,"chat":8,"kind":"forwarded"}`, 200},
		{"contact", `{"user":7,"chat":8,"kind":"stolen"}`, 409},
		{"file", `{"user":7,"name":"a.csv","body":"eA=="}`, 200},
		{"press", `{"user":7,"chat":7,"message":1}`, 409},
		{"block", `{"user":7,"on":true}`, 200},
		{"block", `{"user":7,"on":false}`, 200},
		{"clock", `{"seconds":600}`, 200},
		{"clock", `{"seconds":604800}`, 409},
		{"clock", `{"kind":"real"}`, 409},
		{"fault", `{"kind":"429","times":1,"seconds":3}`, 200},
		{"fault", `{"kind":"teapot"}`, 409},
		{"unfault", `{}`, 200},
		{"updates", `{"kind":"undecodable"}`, 200},
		{"updates", `{"kind":"eaten"}`, 409},
		{"deactivate", `{"user":7}`, 200},
		{"nothing", `{}`, 404},
	} {
		if got := act(t, s, c.name, c.body); got != c.code {
			t.Errorf("%s %s: %d, not %d", c.name, c.body, got, c.code)
		}
	}
	if moved != 10*time.Minute {
		t.Errorf("the clock moved by %v", moved)
	}
	if n := len(s.Messages(7)); n != 6 {
		t.Errorf("%d messages", n)
	}
}

// TestForeignSites sends what a browser would send for another site's page.
func TestForeignSites(t *testing.T) {
	s := people(t)
	for name, c := range map[string]struct {
		method, path, header, value string
		code                        int
	}{
		"rebound name":       {"GET", "/", "Host", "evil.example", 421},
		"rebound name, bot":  {"GET", "/bot" + s.Token() + "/getMe", "Host", "evil.example:8080", 421},
		"loopback name":      {"GET", "/", "Host", "localhost:8080", 200},
		"cross-site post":    {"POST", "/sandbox/say", "Sec-Fetch-Site", "cross-site", 403},
		"foreign origin":     {"POST", "/sandbox/say", "Origin", "http://evil.example", 403},
		"cross-site stream":  {"GET", "/sandbox/events", "Sec-Fetch-Site", "cross-site", 404},
		"cross-site bot API": {"POST", "/bot" + s.Token() + "/getMe", "Sec-Fetch-Site", "same-site", 403},
		"own post":           {"POST", "/sandbox/say", "Sec-Fetch-Site", "same-origin", 200},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL()+c.path, nil)
			must(t, err)
			if c.path == "/sandbox/say" {
				req.Body = io.NopCloser(strings.NewReader(`{"user":7,"text":"x"}`))
			}
			req.Header.Set(c.header, c.value)
			if c.header == "Host" {
				req.Host = c.value
			}
			resp, err := http.DefaultClient.Do(req)
			must(t, err)
			resp.Body.Close()
			if resp.StatusCode != c.code {
				t.Errorf("answered %d, not %d", resp.StatusCode, c.code)
			}
		})
	}
}

func TestAssets(t *testing.T) {
	s := people(t)
	files, err := assets.ReadDir("assets")
	must(t, err)
	if len(files) != len(assetTypes) {
		t.Errorf("%d files in assets, %d are served", len(files), len(assetTypes))
	}
	for _, f := range files {
		resp, err := http.Get(s.URL() + "/" + f.Name())
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		must(t, err)
		if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v", f.Name(), resp.StatusCode, resp.Header)
		}
		for _, bad := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://cdn"} {
			if strings.Contains(string(body), bad) {
				t.Errorf("%s uses %s", f.Name(), bad)
			}
		}
	}
}

func TestPageFilesCannotRun(t *testing.T) {
	s := people(t)
	_, err := s.SendFile(7, "a\"b 名册.html", []byte("<script>"))
	must(t, err)
	resp, err := http.Get(s.URL() + "/sandbox/file/" + s.Last(7).Document.ID)
	must(t, err)
	resp.Body.Close()
	h := resp.Header
	if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=UTF-8''a%22b%20%E5%90%8D") {
		t.Errorf("%v", h)
	}
}

func TestStartRefusesOtherAddresses(t *testing.T) {
	s := New(Options{})
	defer s.Close()
	if err := s.Start("0.0.0.0:0"); err == nil {
		t.Error("the sandbox listens to the world")
	}
}

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(soon(t))
	s := New(Options{})
	err := s.Run(ctx, "127.0.0.1:0", func(url string) {
		ok[wireUser](t, s, "getMe", nil)
		cancel()
	})
	http.DefaultClient.CloseIdleConnections()
	if err != nil {
		t.Error(err)
	}
}

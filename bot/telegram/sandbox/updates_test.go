package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// normal is a JSON text in one form.
func normal(t testing.TB, b []byte) string {
	t.Helper()
	var v any
	must(t, json.Unmarshal(b, &v))
	return string(mustJSON(v))
}

func say(t testing.TB, s *Server, texts ...string) {
	t.Helper()
	for _, text := range texts {
		_, err := s.Say(7, text)
		must(t, err)
	}
}

func texts(list []gotUpdate) (out []string) {
	for _, u := range list {
		if u.Message != nil {
			out = append(out, u.Message.Text)
		}
	}
	return out
}

func TestLongPollWakes(t *testing.T) {
	s := people(t)
	got := make(chan []gotUpdate)
	go func() { got <- ok[[]gotUpdate](t, s, "getUpdates", params{"timeout": 50}) }()
	must(t, s.Wait(soon(t), func() bool { return s.polls() == 1 }))
	say(t, s, "签到")
	if list := <-got; len(list) != 1 || list[0].Message.Text != "签到" {
		t.Errorf("%+v", list)
	}
}

// polls is how many getUpdates wait now.
func (s *Server) polls() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	if s.queue.poller == nil {
		return 0
	}
	return 1
}

func TestTheNewerPollerWins(t *testing.T) {
	s := people(t)
	first := make(chan answer)
	go func() { first <- do(t, s, "getUpdates", params{"timeout": 50}) }()
	must(t, s.Wait(soon(t), func() bool { return s.polls() == 1 }))
	ok[[]gotUpdate](t, s, "getUpdates", nil)
	if a := <-first; a.Code != 409 || !strings.Contains(a.Desc, "terminated by other getUpdates") {
		t.Errorf("the older poller is answered %+v", a)
	}
	s.SecondPoller(1)
	if a := do(t, s, "getUpdates", nil); a.Code != 409 {
		t.Errorf("a second poller: %+v", a)
	}
}

func TestAllowedUpdatesStay(t *testing.T) {
	s := people(t)
	ok[[]gotUpdate](t, s, "getUpdates", params{"allowed_updates": []string{"message"}})
	must(t, s.Block(7), s.Unblock(7))
	say(t, s, "好")
	if got := ok[[]gotUpdate](t, s, "getUpdates", nil); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	ok[[]gotUpdate](t, s, "getUpdates", params{"offset": -1, "allowed_updates": []string{}})
	must(t, s.Block(7))
	got := ok[[]gotUpdate](t, s, "getUpdates", nil)
	if len(got) != 2 || got[1].Member["new_chat_member"].(map[string]any)["status"] != "kicked" {
		t.Errorf("%+v", got)
	}
}

func TestSpoiledUpdates(t *testing.T) {
	t.Run("duplicated", func(t *testing.T) {
		s := people(t)
		s.DuplicateUpdates(1)
		say(t, s, "一", "二")
		first := ok[[]gotUpdate](t, s, "getUpdates", nil)
		say(t, s, "三")
		next := ok[[]gotUpdate](t, s, "getUpdates", params{"offset": first[1].ID + 1})
		if got := texts(next); !slices.Equal(got, []string{"一", "三"}) || next[0].ID != first[0].ID {
			t.Errorf("after the acknowledgement: %q", got)
		}
	})
	t.Run("reordered across chats only", func(t *testing.T) {
		s := people(t)
		s.AddUser(User{ID: 8, Started: true})
		say(t, s, "一", "二")
		_, err := s.Say(8, "甲")
		must(t, err)
		s.ReorderUpdates(1)
		if got := texts(ok[[]gotUpdate](t, s, "getUpdates", nil)); !slices.Equal(got, []string{"甲", "一", "二"}) {
			t.Errorf("%q", got)
		}
		if got := texts(ok[[]gotUpdate](t, s, "getUpdates", nil)); !slices.Equal(got, []string{"一", "二", "甲"}) {
			t.Errorf("the next batch: %q", got)
		}
	})
	t.Run("undecodable", func(t *testing.T) {
		s := people(t)
		must(t, s.InjectUpdate(`{"message":{"message_id":"x"}}`))
		say(t, s, "好")
		list := ok[[]json.RawMessage](t, s, "getUpdates", nil)
		var u gotUpdate
		if err := json.Unmarshal(list[0], &u); err == nil {
			t.Errorf("%s was decoded", list[0])
		}
		must(t, json.Unmarshal(list[1], &u))
		if s.InjectUpdate("{") == nil {
			t.Error("broken JSON would break the whole answer, and was taken")
		}
	})
}

// hook is a bot's webhook that fails as often as it is told.
type hook struct {
	mu     sync.Mutex
	fail   int
	got    []gotUpdate
	secret string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		h.fail--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var u gotUpdate
	if json.Unmarshal(body, &u) == nil {
		h.got = append(h.got, u)
	}
	h.secret = r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
}

func TestWebhook(t *testing.T) {
	s := start(t, Options{Limits: &NoLimits, WebhookRetry: time.Millisecond})
	s.AddUser(User{ID: 7, Started: true})
	h := &hook{fail: 2}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	say(t, s, "一") // waits for the webhook
	ok[bool](t, s, "setWebhook", params{"url": srv.URL, "secret_token": "s-1"})
	say(t, s, "二", "三")
	must(t, s.WaitAcked(soon(t)))
	h.mu.Lock()
	if got := texts(h.got); !slices.Equal(got, []string{"一", "二", "三"}) || h.secret != "s-1" {
		t.Errorf("got %q with secret %q", got, h.secret)
	}
	h.mu.Unlock()
	info := ok[map[string]any](t, s, "getWebhookInfo", nil)
	if info["url"] != srv.URL || !strings.HasPrefix(info["last_error_message"].(string), "Wrong response from the webhook: 500") {
		t.Errorf("%v", info)
	}
	if a := do(t, s, "getUpdates", nil); a.Code != 409 {
		t.Errorf("getUpdates beside a webhook: %+v", a)
	}
	ok[bool](t, s, "deleteWebhook", nil)
	say(t, s, "四")
	if got := texts(ok[[]gotUpdate](t, s, "getUpdates", nil)); !slices.Equal(got, []string{"四"}) {
		t.Errorf("after deleteWebhook: %q", got)
	}
}

func TestFailedUpdateHoldsUpItsChatOnly(t *testing.T) {
	s := start(t, Options{Limits: &NoLimits, WebhookRetry: time.Millisecond})
	s.AddUser(User{ID: 7, Started: true})
	s.AddUser(User{ID: 8, Started: true})
	var mu sync.Mutex
	broken, got := true, []string(nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var u gotUpdate
		if json.NewDecoder(r.Body).Decode(&u) != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if broken && u.Message.From.ID == 7 {
			w.WriteHeader(500)
			return
		}
		got = append(got, u.Message.Text)
	}))
	t.Cleanup(srv.Close)
	ok[bool](t, s, "setWebhook", params{"url": srv.URL})
	say(t, s, "一", "二")
	_, err := s.Say(8, "甲")
	must(t, err)
	must(t, s.Wait(soon(t), func() bool { return ok[map[string]any](t, s, "getWebhookInfo", nil)["pending_update_count"] == 2.0 }))
	mu.Lock()
	if !slices.Equal(got, []string{"甲"}) {
		t.Errorf("while one chat fails: %q", got)
	}
	broken = false
	mu.Unlock()
	must(t, s.WaitAcked(soon(t)))
	if !slices.Equal(got, []string{"甲", "一", "二"}) {
		t.Errorf("in the end: %q", got)
	}
}

func TestFaults(t *testing.T) {
	type outcome struct {
		code   int
		cut    bool
		effect bool
	}
	for kind, want := range map[FaultKind]outcome{
		FaultTooMany:      {code: 429},
		FaultInternal:     {code: 500},
		FaultBadGateway:   {cut: true}, // a page of HTML, no JSON
		FaultResetBefore:  {cut: true},
		FaultResetAfter:   {cut: true, effect: true},
		FaultTimeoutAfter: {cut: true, effect: true},
		FaultSlow:         {effect: true},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := people(t)
			s.AddFault(Fault{Method: "sendMessage", Kind: kind, Times: 1, RetryAfter: 3 * time.Second, Delay: time.Millisecond})
			a, err := try(s, "sendMessage", params{"chat_id": 7, "text": "x"})
			got := outcome{a.Code, err != nil, s.Sent(7) == 1}
			if got != want {
				t.Errorf("%+v, not %+v (%v)", got, want, err)
			}
			if kind == FaultTooMany && a.Parameters.RetryAfter != 3 {
				t.Errorf("retry_after %d", a.Parameters.RetryAfter)
			}
			c, err := s.WaitCall(soon(t), func(c Call) bool { return c.Fault == kind || kind == FaultSlow })
			must(t, err)
			if c.Param("text") != "x" || (c.Code == 0) != want.cut && kind != FaultBadGateway {
				t.Errorf("logged %+v", c)
			}
			ok[wireMessage](t, s, "sendMessage", params{"chat_id": 7, "text": "y"})
		})
	}
}

func TestFaultsByCount(t *testing.T) {
	failed := func(s *Server, n int) (out []int) {
		for i := range n {
			if a := do(t, s, "sendMessage", params{"chat_id": 7, "text": "x"}); !a.OK {
				out = append(out, i)
			}
		}
		return out
	}
	t.Run("every third", func(t *testing.T) {
		s := people(t)
		s.AddFault(Fault{Kind: FaultInternal, Every: 3, Times: 2})
		if got := failed(s, 10); !slices.Equal(got, []int{2, 5}) {
			t.Errorf("failed %v", got)
		}
	})
	t.Run("by chance, repeatably", func(t *testing.T) {
		a, b := people(t), people(t)
		for _, s := range []*Server{a, b} {
			s.AddFault(Fault{Kind: FaultInternal, Probability: 0.5})
		}
		x, y := failed(a, 40), failed(b, 40)
		if !slices.Equal(x, y) || len(x) < 5 || len(x) > 35 {
			t.Errorf("failed %v and %v", x, y)
		}
		a.ClearFaults()
		if got := failed(a, 10); got != nil {
			t.Errorf("after clearing: %v", got)
		}
	})
}

func TestGroupPrivacy(t *testing.T) {
	s := people(t)
	must(t, s.AddGroup(Group{ID: -1, Title: "巴燕镇", Members: []int64{7}}))
	for _, text := range []string{"大家好", "/status", "/status@other_bot", "@" + s.Username() + " 好"} {
		_, err := s.SayIn(-1, 7, text)
		must(t, err)
	}
	if got := texts(ok[[]gotUpdate](t, s, "getUpdates", nil)); !slices.Equal(got, []string{"/status", "@" + s.Username() + " 好"}) {
		t.Errorf("the bot sees %q", got)
	}
	must(t, s.Migrate(-1, -1001))
	got := ok[[]gotUpdate](t, s, "getUpdates", params{"offset": -2})
	if got[0].Message.MigrateTo != -1001 || got[1].Message.MigrateFrom != -1 {
		t.Errorf("%+v", got)
	}
}

func TestPeopleCannot(t *testing.T) {
	s := people(t)
	for name, act := range map[string]func() error{
		"write into a group of others": func() error {
			must(t, s.AddGroup(Group{ID: -1, Title: "x", Members: []int64{7}}))
			s.AddUser(User{ID: 8})
			_, err := s.SayIn(-1, 8, "x")
			return err
		},
		"open a payload with a space": func() error { _, err := s.OpenLink(7, "a b"); return err },
		"open 65 characters":          func() error { _, err := s.OpenLink(7, strings.Repeat("a", 65)); return err },
		"write while blocking":        func() error { must(t, s.Block(7)); _, err := s.Say(7, "x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := act(); !errors.Is(err, ErrCannot) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("but restart", func(t *testing.T) {
		say(t, s, "/start")
		if a := do(t, s, "sendMessage", params{"chat_id": 7, "text": "x"}); !a.OK {
			t.Error(a.Desc)
		}
	})
}

func TestWaits(t *testing.T) {
	s := people(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, text := range []string{"一", "二"} {
			if _, err := try(s, "sendMessage", params{"chat_id": 7, "text": text}); err != nil {
				t.Error(err)
			}
		}
	})
	got, err := s.WaitMessages(soon(t), 7, 2)
	must(t, err)
	if len(got) != 2 || got[1].Text != "二" {
		t.Errorf("%+v", got)
	}
	wg.Wait()
	mark := s.Mark()
	seen := make(chan Call, 1)
	remove := s.OnCall(func(c Call) { seen <- c })
	ok[wireUser](t, s, "getMe", nil)
	remove()
	if c := <-seen; c.Method != "getMe" || c.Seq <= mark {
		t.Errorf("%+v", c)
	}
}

// TestFakeTime runs a poll and a slow call on a clock that does not wait.
func TestFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		defer s.Close()
		s.AddUser(User{ID: 7, Started: true})
		client := &http.Client{Transport: s.Transport()}
		get := func(path string) (string, error) {
			resp, err := client.Get("http://telegram/bot" + s.Token() + "/" + path)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return string(b), err
		}
		begin := time.Now()
		if got, err := get("getUpdates?timeout=30"); err != nil || got != `{"ok":true,"result":[]}` || time.Since(begin) != 30*time.Second {
			t.Errorf("%q %v after %v", got, err, time.Since(begin))
		}
		s.AddFault(Fault{Kind: FaultResetAfter, Times: 1})
		if _, err := get("sendMessage?chat_id=7&text=x"); !errors.Is(err, io.ErrUnexpectedEOF) || s.Sent(7) != 1 {
			t.Errorf("%v, sent %d", err, s.Sent(7))
		}
	})
}

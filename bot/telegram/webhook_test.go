package telegram

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot/chat"
)

const secret = "hook-Secret_1"

// hook runs a webhook whose Telegram takes every call, and returns its address.
func hook(t *testing.T, h chat.Handler, change func(*Config, *WebhookConfig)) (address string, api *server, stop func() error) {
	t.Helper()
	api = newServer(t, says(200, `{"ok":true,"result":true}`))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wc := WebhookConfig{Listener: l, URL: "https://bot.example.org/hook", Secret: secret}
	a := newAdapter(t, api.URL, func(c *Config) {
		if change != nil {
			change(c, &wc)
		}
	})
	w, err := a.Webhook(wc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, h) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return "http://" + l.Addr().String(), api, stop
}

// deliver posts a body as Telegram does.
func deliver(t *testing.T, method, address, secret string, body io.Reader) int {
	t.Helper()
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	drain(resp.Body)
	return resp.StatusCode
}

func TestWebhookAnswers(t *testing.T) {
	good := msg(`"text":"x"`)
	for name, c := range map[string]struct {
		method, secret, body string
		want                 int
		handled, kept        int
	}{
		"an update":           {"POST", secret, good, 200, 1, 0},
		"GET":                 {"GET", secret, "", 405, 0, 0},
		"PUT":                 {"PUT", secret, good, 405, 0, 0},
		"no secret":           {"POST", "", good, 401, 0, 0},
		"wrong secret":        {"POST", secret + "x", good, 401, 0, 0},
		"half the secret":     {"POST", secret[:5], good, 401, 0, 0},
		"1 MiB and a byte":    {"POST", secret, strings.Repeat(" ", 1<<20+1), 413, 0, 0},
		"1 MiB":               {"POST", secret, good + strings.Repeat(" ", 1<<20-len(good)), 200, 1, 0},
		"empty":               {"POST", secret, "", 400, 0, 0},
		"not JSON":            {"POST", secret, `{"update_id":7,`, 200, 0, 1},
		"another form":        {"POST", secret, `{"update_id":7,"message":5}`, 200, 0, 1},
		"concerns nobody":     {"POST", secret, `{"update_id":7,"poll":{}}`, 200, 0, 0},
		"the handler fails":   {"POST", secret, msg(`"text":"fail"`), 500, 1, 0},
		"the handler panics":  {"POST", secret, msg(`"text":"panic"`), 500, 1, 0},
		"keeping aside fails": {"POST", secret, `{"update_id":8,"message":5}`, 500, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			handled, kept := 0, 0
			address, _, stop := hook(t, func(_ context.Context, ev chat.Event) error {
				handled++
				switch ev.Text {
				case "fail":
					return errors.New("store is busy")
				case "panic":
					panic("a bug")
				}
				return nil
			}, func(cfg *Config, _ *WebhookConfig) {
				cfg.OnUndecodable = func(_ context.Context, id int64, raw []byte) error {
					kept++
					if id == 8 || string(raw) != c.body {
						return errors.New("store is busy")
					}
					return nil
				}
			})
			if got := deliver(t, c.method, address, c.secret, strings.NewReader(c.body)); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
			if err := stop(); err != nil || handled != c.handled || kept != c.kept {
				t.Errorf("%v, %d handled, %d kept aside", err, handled, kept)
			}
		})
	}
}

func TestWebhookRefusesABodyCutShort(t *testing.T) {
	address, _, stop := hook(t, func(context.Context, chat.Event) error { t.Error("handled"); return nil }, nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: "+secret+"\r\nContent-Length: 500\r\n\r\n"+msg(`"text":"x"`))
	_ = c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(c)
	_ = c.Close()
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) {
		t.Fatalf("%q", answer)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestWebhookIsSetAndStays(t *testing.T) {
	address, api, stop := hook(t, func(context.Context, chat.Event) error { return nil }, nil)
	if got := deliver(t, "POST", address, secret, strings.NewReader(msg(`"text":"x"`))); got != 200 {
		t.Fatal(got)
	}
	for len(api.received()) == 0 {
		deliver(t, "GET", address, "", nil) // each takes a turn of the scheduler
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got := api.received()
	if len(got) != 1 || got[0].method != "setWebhook" {
		t.Fatalf("%+v", got)
	}
	for _, part := range []string{"https://bot.example.org/hook", secret, `["message","callback_query","my_chat_member"]`, "100"} {
		if !strings.Contains(got[0].body, part) {
			t.Errorf("setWebhook lacks %s: %q", part, got[0].body)
		}
	}
}

func TestWebhookKeepsTheOrderOfAChat(t *testing.T) {
	var got diary
	begun, release := make(chan struct{}), make(chan struct{})
	address, _, stop := hook(t, func(_ context.Context, ev chat.Event) error {
		if ev.Text == "1" {
			close(begun)
			<-release
		}
		got.note(ev.Text)
		return nil
	}, nil)
	var all sync.WaitGroup
	all.Go(func() { deliver(t, "POST", address, secret, strings.NewReader(msg(`"text":"1"`))) })
	<-begun
	all.Go(func() { deliver(t, "POST", address, secret, strings.NewReader(msg(`"text":"2"`))) })
	other := strings.ReplaceAll(msg(`"text":"beside"`), "101", "102")
	if code := deliver(t, "POST", address, secret, strings.NewReader(other)); code != 200 {
		t.Fatal(code)
	}
	close(release)
	all.Wait()
	if err := stop(); err != nil || !slices.Equal(got.all(), []string{"beside", "1", "2"}) {
		t.Fatal(got.all(), err)
	}
}

func TestWebhookServesTLS(t *testing.T) {
	cert, key := certificate(t)
	address, _, stop := hook(t, func(context.Context, chat.Event) error { return nil }, func(_ *Config, w *WebhookConfig) {
		w.CertFile, w.KeyFile = cert, key
	})
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	req, err := http.NewRequest("POST", strings.Replace(address, "http", "https", 1), strings.NewReader(msg(`"text":"x"`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	drain(resp.Body)
	if err := stop(); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode, err)
	}
}

func certificate(t *testing.T) (certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, body []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: body}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", private)
}

func TestWebhookGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		text string
		want error
	}{
		"token refused":   {401, "Unauthorized", ErrToken},
		"address refused": {400, "Bad Request: bad webhook: IP address is reserved", nil},
	} {
		t.Run(name, func(t *testing.T) {
			api := newServer(t, says(c.code, refusalBody(c.code, c.text, "")))
			w, err := newAdapter(t, api.URL).Webhook(WebhookConfig{Listen: "127.0.0.1:0", URL: "https://bot.example.org/hook", Secret: secret})
			if err != nil {
				t.Fatal(err)
			}
			err = w.Run(t.Context(), func(context.Context, chat.Event) error { return nil })
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) || (c.want == nil && !strings.Contains(err.Error(), "reserved")) {
				t.Fatal(err)
			}
		})
	}
	t.Run("the address is taken", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		w, err := newAdapter(t, "http://127.0.0.1:1").Webhook(WebhookConfig{Listen: l.Addr().String(), URL: "https://bot.example.org/hook", Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Run(t.Context(), nil); err == nil {
			t.Fatal("ran")
		}
	})
}

func TestWebhookIsSetWhenTelegramIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logBuffer
		calls := 0
		a := newAdapter(t, "http://telegram.test", func(c *Config) {
			c.Log = out.logger()
			c.Transport = tripper(func(string, *http.Request) (int, string, error) {
				if calls++; calls < 30 {
					return 0, "", errors.New("no route to host")
				}
				return 200, `{"ok":true,"result":true}`, nil
			})
		})
		if err := (&Webhook{a: a}).set(t.Context()); err != nil || calls != 30 {
			t.Fatal(err, calls)
		}
		if n := strings.Count(out.String(), "\n"); n != 2 {
			t.Errorf("%d log lines:\n%s", n, out.String())
		}
	})
}

func TestWebhookConfigurations(t *testing.T) {
	good := WebhookConfig{Listen: ":1", URL: "https://bot.example.org:8443/hook", Secret: secret}
	change := func(f func(*WebhookConfig)) WebhookConfig { c := good; f(&c); return c }
	for name, c := range map[string]struct {
		cfg WebhookConfig
		ok  bool
	}{
		"good":             {good, true},
		"http":             {change(func(c *WebhookConfig) { c.URL = "http://bot.example.org/" }), false},
		"no host":          {change(func(c *WebhookConfig) { c.URL = "https:///x" }), false},
		"port":             {change(func(c *WebhookConfig) { c.URL = "https://bot.example.org:9999/" }), false},
		"no secret":        {change(func(c *WebhookConfig) { c.Secret = "" }), false},
		"bad secret":       {change(func(c *WebhookConfig) { c.Secret = "a b" }), false},
		"secret of 256":    {change(func(c *WebhookConfig) { c.Secret = strings.Repeat("x", 256) }), true},
		"secret of 257":    {change(func(c *WebhookConfig) { c.Secret = strings.Repeat("x", 257) }), false},
		"cert without key": {change(func(c *WebhookConfig) { c.CertFile = "x" }), false},
		"no listener":      {change(func(c *WebhookConfig) { c.Listen = "" }), false},
	} {
		if _, err := newAdapter(t, DefaultAPIURL).Webhook(c.cfg); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

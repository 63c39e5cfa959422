package telegram

import (
	"context"
	"net"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/bot/telegram/sandbox"
)

func TestSuitePolling(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness {
		return newHarness(t, func(h *harness) chat.Source { return h.a.Poller() })
	})
}

func TestSuiteWebhook(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness {
		return newHarness(t, func(h *harness) chat.Source {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			w, err := h.a.Webhook(WebhookConfig{Listener: l, URL: "http://" + l.Addr().String() + "/hook", Secret: "a-Secret_1"})
			if err != nil {
				t.Fatal(err)
			}
			return w
		})
	})
}

// harness plays people on the sandbox.
type harness struct {
	t      *testing.T
	s      *sandbox.Server
	a      *Adapter
	source func(*harness) chat.Source
}

func newHarness(t *testing.T, source func(*harness) chat.Source) *harness {
	s := sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits, WebhookRetry: 5 * time.Millisecond})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := newAdapter(t, s.URL(), func(c *Config) { c.Token, c.Username = s.Token(), "" })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &harness{t: t, s: s, a: a, source: source}
}

func (h *harness) Platform() chat.Platform { return h.a }
func (h *harness) Source() chat.Source     { return h.source(h) }

func (h *harness) Person(user int64) {
	h.s.AddUser(sandbox.User{ID: user, Phone: "+8613800138000", Lang: "zh", Started: true})
}

func (h *harness) Say(user int64, text string) error {
	_, err := h.s.Say(user, text)
	return err
}

func (h *harness) OpenLink(user int64, payload string) error {
	_, err := h.s.OpenLink(user, payload)
	return err
}

func (h *harness) PressButton(user, messageID int64, button string) error {
	_, err := h.s.PressText(user, user, messageID, button)
	return err
}

func (h *harness) ShareContact(user int64) error {
	_, err := h.s.ShareContact(user)
	return err
}

func (h *harness) ForwardContact(user int64) error {
	_, err := h.s.ForwardCard(user, user, sandbox.Card{Phone: "+8613800138000", UserID: user})
	return err
}

func (h *harness) SendFile(user int64, name string, body []byte) error {
	_, err := h.s.SendFile(user, name, body)
	return err
}

func (h *harness) SendPhoto(user int64, png []byte) error {
	_, err := h.s.SendPhoto(user, png)
	return err
}

func (h *harness) Block(user int64) error   { return h.s.Block(user) }
func (h *harness) Unblock(user int64) error { return h.s.Unblock(user) }

func (h *harness) Settled(ctx context.Context) error { return h.s.WaitAcked(ctx) }

func (h *harness) Notice(pressID string) (string, bool) {
	text, _, ok := h.s.Answer(pressID)
	return text, ok
}

func (h *harness) Shown(user int64) []chattest.Shown {
	var out []chattest.Shown
	for _, m := range h.s.Messages(user) {
		if m.Bot {
			out = append(out, h.shown(m))
		}
	}
	return out
}

func (h *harness) shown(m sandbox.Message) chattest.Shown {
	s := chattest.Shown{ID: m.ID, Chat: m.ChatID, Message: chat.Message{Text: m.Text}}
	for _, row := range m.Buttons {
		var buttons []chat.Button
		for _, b := range row {
			buttons = append(buttons, chat.Button{Text: b.Text, Data: b.Data, URL: b.URL})
		}
		s.Buttons = append(s.Buttons, buttons)
	}
	if m.Photo != nil {
		s.Photo = h.s.FileBody(m.Photo.ID)
	}
	if m.Document != nil {
		s.Document = &chat.Upload{Name: m.Document.Name, Body: h.s.FileBody(m.Document.ID)}
	}
	return s
}

func (h *harness) Fail(o chat.Outcome) {
	switch o {
	case chat.Throttled:
		h.s.AddFault(sandbox.Fault{Method: "sendMessage", Kind: sandbox.FaultTooMany, Times: 1, RetryAfter: 3 * time.Second})
	case chat.Unknown:
		h.s.AddFault(sandbox.Fault{Method: "sendMessage", Kind: sandbox.FaultResetAfter, Times: 1})
	default:
		h.t.Fatalf("cannot fail with %v", o)
	}
}

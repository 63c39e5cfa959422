package chattest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/bot/chat"
)

// Harness is an adapter together with a platform on which the suite can play
// the people. The platform is real or a faithful stand-in; nothing sleeps.
type Harness interface {
	Platform() chat.Platform
	// Source makes a receiver, as after a restart of the process. The suite
	// runs one at a time.
	Source() chat.Source

	// Person makes an account that has pressed Start; nothing of that
	// reaches the source.
	Person(user int64)
	// These act as the person with the app does, in the private chat.
	Say(user int64, text string) error
	OpenLink(user int64, payload string) error
	PressButton(user, messageID int64, button string) error
	ShareContact(user int64) error   // the own card
	ForwardContact(user int64) error // the own card, but forwarded
	SendFile(user int64, name string, body []byte) error
	SendPhoto(user int64, png []byte) error
	Block(user int64) error
	Unblock(user int64) error

	// Shown is what the person sees of the bot's messages.
	Shown(user int64) []Shown
	// Notice is what answered a press.
	Notice(pressID string) (text string, answered bool)
	// Settled blocks until the platform has no event left to hand out.
	Settled(ctx context.Context) error
	// Fail makes the next sending of a message fail with the outcome:
	// Throttled (for 3 s), or Unknown after the message has been delivered.
	Fail(o chat.Outcome)
}

// Suite proves that an adapter keeps the contracts of chat.Platform and
// chat.Source. open makes a fresh one; its cleanups belong to t.
func Suite(t *testing.T, open func(t *testing.T) Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"texts are plain":         suitePlain,
		"messages are edited":     suiteEdit,
		"photos and documents":    suiteMedia,
		"files are fetched":       suiteDownload,
		"outcomes are told apart": suiteOutcomes,
		"presses":                 suitePress,
		"contacts":                suiteContact,
		"links":                   suiteLink,
		"other events":            suiteEvents,
		"order":                   suiteOrder,
		"side by side":            suiteSideBySide,
		"failed handlers":         suiteFailed,
		"stop in the middle":      suiteStop,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// patience is how long the suite waits for what must happen.
const patience = 30 * time.Second

// The persons of the suite.
const (
	zhang int64 = 7001
	li    int64 = 7002
)

// png is a picture of one pixel.
var png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\xa1\xb1\x9d\xb3\x00\x00\x00\x00IEND\xaeB`\x82")

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settled fails if the platform would hand out an event again.
func settled(t *testing.T, h Harness) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.Settled(ctx); err != nil {
		t.Fatalf("events are left on the platform: %v", err)
	}
}

func outcome(t *testing.T, err error, want chat.Outcome) *chat.SendError {
	t.Helper()
	var se *chat.SendError
	if !errors.As(err, &se) || se.Outcome != want {
		t.Fatalf("error %v, want the outcome %v", err, want)
	}
	return se
}

// last is the newest message that the person sees.
func last(t *testing.T, h Harness, user int64) Shown {
	t.Helper()
	shown := h.Shown(user)
	if len(shown) == 0 {
		t.Fatal("nothing is shown")
	}
	return shown[len(shown)-1]
}

func suitePlain(t *testing.T, h Harness) {
	h.Person(zhang)
	for _, text := range []string{
		"✅ 已签到 09:02,准时。\n廉政教育基地 · 12月3日(周三)上午",
		`<b>bold</b> *bold* _it_ [a](http://example.org) &lt; "q" \ #x`,
		strings.Repeat("字", 4096),
	} {
		id, err := h.Platform().Send(t.Context(), zhang, chat.Message{Text: text})
		must(t, err)
		if got := last(t, h, zhang); got.Text != text || got.ID != id || id == 0 {
			t.Fatalf("message %d shows %q, sent %d %q", got.ID, got.Text, id, text)
		}
	}
}

func suiteEdit(t *testing.T, h Harness) {
	h.Person(zhang)
	p, ctx := h.Platform(), t.Context()
	buttons := [][]chat.Button{{{Text: "点名", Data: "roll"}, {Text: "帮助", URL: "https://example.org/help"}}, {{Text: "结束", Data: "end"}}}
	id, err := p.Send(ctx, zhang, chat.Message{Text: "已到 1 / 31", Buttons: buttons})
	must(t, err)
	if got := last(t, h, zhang).Buttons; !slices.EqualFunc(got, buttons, slices.Equal[[]chat.Button]) {
		t.Fatalf("buttons %+v", got)
	}
	must(t, p.Edit(ctx, zhang, id, chat.Message{Text: "已到 2 / 31", Buttons: buttons}))
	must(t, p.Edit(ctx, zhang, id, chat.Message{Text: "已到 2 / 31", Buttons: buttons})) // as it reads already
	if got := last(t, h, zhang); got.Text != "已到 2 / 31" || len(got.Buttons) != 2 {
		t.Fatalf("%+v", got)
	}
	must(t, p.Edit(ctx, zhang, id, chat.Message{Text: "已结束"}))
	if got := last(t, h, zhang); got.Text != "已结束" || len(got.Buttons) != 0 || len(h.Shown(zhang)) != 1 {
		t.Fatalf("%+v", got)
	}
	outcome(t, p.Edit(ctx, zhang, id+1000, chat.Message{Text: "x"}), chat.Stale)
}

func suiteMedia(t *testing.T, h Harness) {
	h.Person(zhang)
	p, ctx := h.Platform(), t.Context()
	buttons := [][]chat.Button{{{Text: "点名", Data: "roll"}}}
	id, err := p.Send(ctx, zhang, chat.Message{Photo: png, Text: "口令 482 913", Buttons: buttons})
	must(t, err)
	if got := last(t, h, zhang); !bytes.Equal(got.Photo, png) || got.Text != "口令 482 913" || len(got.Buttons) != 1 {
		t.Fatalf("%+v", got)
	}
	other := append(bytes.Clone(png), 0)
	must(t, p.Edit(ctx, zhang, id, chat.Message{Photo: other, Text: "口令 555 000", Buttons: buttons}))
	if got := last(t, h, zhang); !bytes.Equal(got.Photo, other) || got.Text != "口令 555 000" {
		t.Fatalf("%+v", got)
	}
	must(t, p.Edit(ctx, zhang, id, chat.Message{Text: "已结束"}))
	if got := last(t, h, zhang); got.Photo == nil || got.Text != "已结束" || len(got.Buttons) != 0 {
		t.Fatalf("%+v", got)
	}
	doc := &chat.Upload{Name: "名册 2026.csv", Body: []byte("县,乡镇,村\n")}
	_, err = p.Send(ctx, zhang, chat.Message{Document: doc, Text: "明细"})
	must(t, err)
	if got := last(t, h, zhang); got.Document == nil || got.Document.Name != doc.Name || !bytes.Equal(got.Document.Body, doc.Body) || got.Text != "明细" {
		t.Fatalf("%+v", got)
	}
}

func suiteOutcomes(t *testing.T, h Harness) {
	h.Person(zhang)
	h.Person(li)
	p, ctx := h.Platform(), t.Context()
	send := func(user int64, m chat.Message) error { _, err := p.Send(ctx, user, m); return err }

	outcome(t, send(zhang, chat.Message{Text: ""}), chat.Refused)
	outcome(t, send(zhang, chat.Message{Text: strings.Repeat("字", 4097)}), chat.Refused)
	outcome(t, send(zhang, chat.Message{Text: "x", Buttons: [][]chat.Button{{{Text: "a", Data: strings.Repeat("d", 65)}}}}), chat.Refused)
	outcome(t, send(123456789, chat.Message{Text: "x"}), chat.Unreachable)
	outcome(t, p.Answer(ctx, "no-such-press", "x"), chat.Stale)

	must(t, h.Block(li))
	outcome(t, send(li, chat.Message{Text: "x"}), chat.Unreachable)
	must(t, h.Unblock(li))
	must(t, send(li, chat.Message{Text: "x"}))

	h.Fail(chat.Throttled)
	if se := outcome(t, send(zhang, chat.Message{Text: "once"}), chat.Throttled); se.RetryAfter != 3*time.Second {
		t.Fatalf("wait %v", se.RetryAfter)
	}
	if n := len(h.Shown(zhang)); n != 0 {
		t.Fatalf("%d messages after refusals", n)
	}
	h.Fail(chat.Unknown)
	outcome(t, send(zhang, chat.Message{Text: "once"}), chat.Unknown)
	if n := len(h.Shown(zhang)); n != 1 {
		t.Fatalf("delivered %d times", n)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := p.Send(ended, zhang, chat.Message{Text: "x"}); chat.OutcomeOf(err) != chat.NotSent {
		t.Fatal(err)
	}
}

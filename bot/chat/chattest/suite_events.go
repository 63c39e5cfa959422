package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/bot/chat"
)

// listen runs a source and gives out its events one by one.
func listen(t *testing.T, h Harness) (next func() chat.Event, stop func()) {
	t.Helper()
	events := make(chan chat.Event, 1000)
	stop = runSource(t, h, func(_ context.Context, ev chat.Event) error { events <- ev; return nil })
	next = func() chat.Event {
		t.Helper()
		select {
		case ev := <-events:
			return ev
		case <-time.After(patience):
			t.Fatal("no event came")
			return chat.Event{}
		}
	}
	return next, stop
}

// runSource runs a source until stop, or the end of the test.
func runSource(t *testing.T, h Harness, handler chat.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- h.Source().Run(ctx, handler) }()
	var stopped atomic.Bool
	stop = func() {
		cancel()
		if stopped.CompareAndSwap(false, true) {
			if err := <-ended; err != nil {
				t.Errorf("the source ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return stop
}

func suitePress(t *testing.T, h Harness) {
	h.Person(zhang)
	next, _ := listen(t, h)
	id, err := h.Platform().Send(t.Context(), zhang, chat.Message{
		Text: "请确认。", Buttons: [][]chat.Button{{{Text: "能参加", Data: "y:1"}, {Text: "请假", Data: "n:1"}}},
	})
	must(t, err)
	must(t, h.PressButton(zhang, id, "请假"))
	ev := next()
	if ev.Kind != chat.Press || ev.Data != "n:1" || ev.MessageID != id || ev.Chat.ID != zhang || ev.Chat.Group || ev.From.ID != zhang || ev.PressID == "" || ev.At.IsZero() {
		t.Fatalf("%+v", ev)
	}
	must(t, h.Platform().Answer(t.Context(), ev.PressID, "已记下"))
	if text, ok := h.Notice(ev.PressID); !ok || text != "已记下" {
		t.Fatalf("%q %v", text, ok)
	}
}

func suiteContact(t *testing.T, h Harness) {
	h.Person(zhang)
	next, _ := listen(t, h)
	_, err := h.Platform().Send(t.Context(), zhang, chat.Message{Text: "请点下方按钮", AskContact: "发送我的手机号"})
	must(t, err)
	must(t, h.ShareContact(zhang))
	if ev := next(); ev.Kind != chat.Contact || ev.Contact == nil || !ev.Contact.Own || ev.Contact.Phone == "" || ev.From.ID != zhang {
		t.Fatalf("own card: %+v", ev)
	}
	must(t, h.ForwardContact(zhang))
	if ev := next(); ev.Kind != chat.Contact || ev.Contact == nil || ev.Contact.Own {
		t.Fatalf("forwarded card: %+v", ev)
	}
	_, err = h.Platform().Send(t.Context(), zhang, chat.Message{Text: "登记完成", DropKeyboard: true})
	must(t, err)
}

func suiteLink(t *testing.T, h Harness) {
	h.Person(zhang)
	next, _ := listen(t, h)
	payload := strings.Repeat("aZ09_-", 10) + "Zend"
	if link := h.Platform().Link(payload); !strings.HasSuffix(link, payload) || !strings.HasPrefix(link, "https://") {
		t.Fatal(link)
	}
	must(t, h.OpenLink(zhang, payload))
	if ev := next(); ev.Kind != chat.Text || ev.Payload != payload {
		t.Fatalf("%+v", ev)
	}
	must(t, h.Say(zhang, "签到 123456"))
	if ev := next(); ev.Kind != chat.Text || ev.Text != "签到 123456" || ev.Payload != "" || ev.Chat.ID != zhang {
		t.Fatalf("%+v", ev)
	}
}

func suiteDownload(t *testing.T, h Harness) {
	h.Person(zhang)
	next, _ := listen(t, h)
	body := []byte(strings.Repeat("0123456789", 1000))
	must(t, h.SendFile(zhang, "名册.csv", body))
	ev := next()
	if ev.Kind != chat.Document || ev.File == nil || ev.File.Name != "名册.csv" || ev.File.Size != int64(len(body)) {
		t.Fatalf("%+v", ev)
	}
	got, err := h.Platform().Download(t.Context(), ev.File.ID, int64(len(body)))
	if err != nil || string(got) != string(body) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	_, err = h.Platform().Download(t.Context(), ev.File.ID, int64(len(body))-1)
	outcome(t, err, chat.TooBig)
}

func suiteEvents(t *testing.T, h Harness) {
	h.Person(zhang)
	next, _ := listen(t, h)
	must(t, h.SendPhoto(zhang, png))
	must(t, h.Block(zhang))
	must(t, h.Unblock(zhang))
	seen := map[int64]bool{}
	for _, want := range []chat.Kind{chat.Other, chat.Blocked, chat.Unblocked} {
		ev := next()
		if ev.Kind != want || ev.Chat.ID != zhang || seen[ev.ID] {
			t.Fatalf("%+v, want kind %v", ev, want)
		}
		seen[ev.ID] = true
	}
}

func suiteOrder(t *testing.T, h Harness) {
	const each = 150
	users := []int64{zhang, li, 7003, 7004}
	for _, u := range users {
		h.Person(u)
	}
	var want []string
	for i := range each {
		want = append(want, fmt.Sprint(i))
		for _, u := range users {
			must(t, h.Say(u, fmt.Sprint(i)))
		}
	}
	next, stop := listen(t, h)
	got := map[int64][]string{}
	for range each * len(users) {
		ev := next()
		got[ev.Chat.ID] = append(got[ev.Chat.ID], ev.Text)
	}
	for _, u := range users {
		if !slices.Equal(got[u], want) {
			t.Fatalf("chat %d: %v", u, got[u])
		}
	}
	stop()
	settled(t, h)
}

func suiteSideBySide(t *testing.T, h Harness) {
	const users = 50
	for u := range int64(users) {
		h.Person(zhang + u)
		must(t, h.Say(zhang+u, "x"))
	}
	var here atomic.Int64
	all := make(chan struct{})
	runSource(t, h, func(ctx context.Context, _ chat.Event) error {
		if here.Add(1) == users {
			close(all)
		}
		select {
		case <-all:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	select {
	case <-all:
	case <-time.After(patience):
		t.Fatalf("only %d handlers ran at once", here.Load())
	}
}

func suiteFailed(t *testing.T, h Harness) {
	h.Person(zhang)
	h.Person(li)
	must(t, h.Say(zhang, "hard"))
	must(t, h.Say(zhang, "after it"))
	must(t, h.Say(li, "beside it"))
	done := make(chan string, 10)
	var tries atomic.Int64
	var beside atomic.Bool
	stop := runSource(t, h, func(_ context.Context, ev chat.Event) error {
		if ev.Text == "hard" && (tries.Add(1) < 3 || !beside.Load()) {
			return errors.New("the store is busy")
		}
		if ev.Text == "beside it" {
			beside.Store(true)
		}
		done <- ev.Text
		return nil
	})
	for _, want := range []string{"beside it", "hard", "after it"} {
		select {
		case got := <-done:
			if got != want {
				t.Fatalf("%q was handled, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("%q was not handled", want)
		}
	}
	stop()
	settled(t, h)
}

// suiteStop ends a source while one handler runs and others wait: what was not
// handled comes again. What was handled may, under the same id, if the platform
// did not hear of it in time.
func suiteStop(t *testing.T, h Harness) {
	h.Person(zhang)
	h.Person(li)
	for _, text := range []string{"1", "2", "3"} {
		must(t, h.Say(zhang, text))
	}
	begun := make(chan struct{})
	release := make(chan struct{})
	var handled []chat.Event
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- h.Source().Run(ctx, func(ctx context.Context, ev chat.Event) error {
			close(begun)
			<-release
			handled = append(handled, ev)
			return ctx.Err()
		})
	}()
	<-begun
	cancel()
	select {
	case <-ended:
		t.Fatal("the source returned while a handler ran")
	default:
	}
	close(release)
	must(t, <-ended)
	if len(handled) != 1 || handled[0].Text != "1" {
		t.Fatalf("handled %+v", handled)
	}
	next, stop := listen(t, h)
	ev := next()
	if ev.ID == handled[0].ID {
		ev = next()
	}
	if last := next(); ev.Text != "2" || last.Text != "3" {
		t.Fatalf("after the restart: %q, %q", ev.Text, last.Text)
	}
	stop()
	settled(t, h)
}

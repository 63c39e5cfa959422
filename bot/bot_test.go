package bot

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The places that every world has.
const (
	hualong  record.Code = "630224"
	bayan    record.Code = "630224100"
	qunke    record.Code = "630224101"
	xiajiahe record.Code = "630224100200" // 巴燕镇 下加合村
	jinjia   record.Code = "630224100201" // 巴燕镇 金家庄村
	wenbuju  record.Code = "630224101200" // 群科镇 文卜具村
)

// world is a county with a bot in it: memkv, which runs every update twice, a
// recording platform, and a clock that a test moves. What a handler queued is
// delivered before Handle's caller goes on, so a test needs no waiting.
type world struct {
	*testing.T
	store  *storage.Store
	bot    *Bot
	rec    *chattest.Recorder
	now    time.Time
	update int64
	chats  int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	zone := time.FixedZone("CST", 8*3600)
	w := &world{T: t, rec: chattest.NewRecorder(), now: time.Date(2026, 12, 1, 10, 0, 0, 0, zone)}
	engine := memkv.New(memkv.Options{})
	t.Cleanup(func() { _ = engine.Close() })
	store, err := storage.Open(t.Context(), engine, storage.Options{
		Clock: func() time.Time { return w.now }, Key: make([]byte, storage.KeySize),
	})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	w.bot = New(Config{County: hualong, Zone: zone}, store, texts, w.rec, slog.New(slog.DiscardHandler))
	w.do(func(tx *storage.Tx) error {
		for code, name := range map[record.Code]string{
			hualong: "化隆县", bayan: "巴燕镇", qunke: "群科镇",
			xiajiahe: "下加合村", jinjia: "金家庄村", wenbuju: "文卜具村",
		} {
			if err := tx.PutPlace(record.Place{Code: code, Name: name}); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// do changes the data past the bot.
func (w *world) do(f func(*storage.Tx) error) {
	w.Helper()
	if err := w.store.Update(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// see reads the data.
func (w *world) see(f func(*storage.Tx) error) {
	w.Helper()
	if err := w.store.View(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// persona is somebody with a phone: a person of the roster, or a stranger.
type persona struct {
	w    *world
	chat int64
	id   record.PersonID // "" for a stranger
}

// stranger is somebody whom the bot does not know.
func (w *world) stranger() persona {
	w.chats++
	return persona{w: w, chat: 1000 + w.chats}
}

// person adds somebody who is enrolled and holds a role in every place named.
func (w *world) person(name string, role record.Role, places ...record.Code) persona {
	w.Helper()
	p := w.stranger()
	w.do(func(tx *storage.Tx) (err error) {
		if p.id, err = tx.AddPerson(record.Person{Name: name}, ""); err != nil {
			return err
		}
		for _, place := range places {
			if err := tx.Appoint(p.id, role, place, "2024-01-01"); err != nil {
				return err
			}
		}
		return tx.Bind(p.id, p.chat, "zh")
	})
	return p
}

func (w *world) secretary(places ...record.Code) persona {
	w.Helper()
	return w.person("书记 001", record.Secretary, places...)
}

// handle gives the bot an event and delivers everything that is due.
func (w *world) handle(ev chat.Event) {
	w.Helper()
	w.update++
	ev.ID, ev.At = w.update, w.now
	if err := w.bot.Handle(w.Context(), ev); err != nil {
		w.Fatalf("event %d: %v", ev.ID, err)
	}
	w.deliver()
}

// deliver sends what is in the outbox and due, as the schedule room does.
func (w *world) deliver() {
	w.Helper()
	var due []record.Outbox
	w.do(func(tx *storage.Tx) (err error) {
		if due, err = tx.Replies("", 1000); err != nil {
			return err
		}
		for _, class := range []record.Class{record.Notice, record.Bulk} {
			more, err := tx.LeaseOutbox(class, 20, func(record.Outbox) bool { return true })
			if err != nil {
				return err
			}
			due = append(due, more...)
		}
		return nil
	})
	for _, row := range due {
		result := w.bot.Deliver(context.WithoutCancel(w.Context()), row)
		row.State, row.MessageID, row.Reason = result.State, result.MessageID, result.Reason
		w.do(func(tx *storage.Tx) error {
			if _, err := tx.SettleOutbox(row); err != nil {
				return err
			}
			return w.bot.Settled(tx, row, result)
		})
	}
}

// say types a text.
func (p persona) say(body string) persona {
	p.w.Helper()
	p.w.handle(chat.Event{Kind: chat.Text, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat}, Text: body})
	return p
}

// open follows a deep link.
func (p persona) open(payload string) persona {
	p.w.Helper()
	p.w.handle(chat.Event{
		Kind: chat.Text, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat},
		Text: "/start " + payload, Payload: payload,
	})
	return p
}

// press presses buttons of the newest message, one after the other, by a part
// of their text.
func (p persona) press(buttons ...string) persona {
	p.w.Helper()
	for _, b := range buttons {
		p.pressOn(p.last(), b)
	}
	return p
}

// pressOn presses a button of a message, which may be an old one.
func (p persona) pressOn(m chattest.Shown, button string) persona {
	p.w.Helper()
	data := ""
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.Text == button || (data == "" && strings.Contains(b.Text, button)) {
				data = b.Data
			}
		}
	}
	if data == "" {
		p.w.Fatalf("no button %q on:\n%s", button, draw(m))
	}
	p.w.handle(chat.Event{
		Kind: chat.Press, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat},
		MessageID: m.ID, PressID: "press", Data: data,
	})
	return p
}

// last is the newest message of the persona's chat as it reads now.
func (p persona) last() chattest.Shown {
	p.w.Helper()
	m, ok := p.w.rec.Last(p.chat)
	if !ok {
		p.w.Fatalf("chat %d shows nothing", p.chat)
	}
	return m
}

// sees asks that the newest message holds all of the parts.
func (p persona) sees(parts ...string) persona {
	p.w.Helper()
	m := p.last()
	for _, part := range parts {
		if !strings.Contains(draw(m), part) {
			p.w.Fatalf("want %q in:\n%s", part, draw(m))
		}
	}
	return p
}

// now is a message of the persona's chat as it reads now.
func (p persona) now(m chattest.Shown) chattest.Shown {
	p.w.Helper()
	for _, shown := range p.w.rec.Messages(p.chat) {
		if shown.ID == m.ID {
			return shown
		}
	}
	p.w.Fatalf("message %d is gone", m.ID)
	return m
}

// shows asks that a message, which may be an old one, now holds all of the parts.
func (p persona) shows(m chattest.Shown, parts ...string) persona {
	p.w.Helper()
	for _, part := range parts {
		if drawn := draw(p.now(m)); !strings.Contains(drawn, part) {
			p.w.Fatalf("want %q in:\n%s", part, drawn)
		}
	}
	return p
}

// seesNot asks that the newest message holds none of the parts.
func (p persona) seesNot(parts ...string) persona {
	p.w.Helper()
	m := p.last()
	for _, part := range parts {
		if strings.Contains(draw(m), part) {
			p.w.Fatalf("want no %q in:\n%s", part, draw(m))
		}
	}
	return p
}

// messages is how many messages the persona's chat shows.
func (p persona) messages() int { return len(p.w.rec.Messages(p.chat)) }

// draw writes a message as a person sees it: the text, then the buttons.
func draw(m chattest.Shown) string {
	lines := []string{m.Text}
	for _, row := range m.Buttons {
		line := ""
		for _, b := range row {
			line += "[" + b.Text + "] "
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

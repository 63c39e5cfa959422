package bot

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// target is a bot with an officer, a secretary and a host, for input that
// nobody would send on purpose. Whatever it is, the bot answers: an error of
// Handle means that the event failed inside.
type target struct {
	bot    *Bot
	store  *storage.Store
	update int64
}

// The chats of a target; the last one is a stranger's.
var targetChats = []int64{1, 2, 3, 4}

func newTarget(f *testing.F) *target {
	f.Helper()
	ctx := context.Background()
	store, err := storage.Open(ctx, memkv.New(memkv.Options{}), storage.Options{Key: make([]byte, storage.KeySize)})
	if err != nil {
		f.Fatal(err)
	}
	texts, err := text.Load()
	if err != nil {
		f.Fatal(err)
	}
	err = store.Update(ctx, func(tx *storage.Tx) error {
		for _, p := range []record.Place{{Code: hualong, Name: "化隆县"}, {Code: bayan, Name: "巴燕镇"}, {Code: xiajiahe, Name: "下加合村"}} {
			if err := tx.PutPlace(p); err != nil {
				return err
			}
		}
		for i, post := range []record.Post{
			{Role: record.CountyOfficer, Place: hualong}, {Role: record.Secretary, Place: xiajiahe}, {Role: record.Host, Place: hualong},
		} {
			id, err := tx.AddPerson(record.Person{Name: "书记 001"}, "")
			if err != nil {
				return err
			}
			if err := tx.Appoint(id, post.Role, post.Place, "2024"); err != nil {
				return err
			}
			if err := tx.Bind(id, targetChats[i], "zh"); err != nil {
				return err
			}
		}
		now := tx.Now
		_, err := tx.AddSession(record.Session{
			Place: hualong, Title: "廉政教育基地", State: record.Open, Start: now, End: now.Add(time.Hour), Opens: now, LateFrom: now.Add(time.Minute),
			Hosts: []record.PersonID{"p3"},
		}, []record.Code{xiajiahe})
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	bot := New(Config{County: hualong, Zone: time.UTC}, store, texts, chattest.NewRecorder(), slog.New(slog.DiscardHandler))
	return &target{bot: bot, store: store}
}

func (g *target) handle(t *testing.T, ev chat.Event) {
	t.Helper()
	g.update++
	ev.ID, ev.At, ev.MessageID, ev.PressID = g.update, time.Now(), 7, "q"
	if err := g.bot.Handle(context.Background(), ev); err != nil {
		t.Errorf("%d failed inside: %v", ev.Chat.ID, err)
	}
}

// everybody has each chat of the target send an event.
func (g *target) everybody(t *testing.T, ev chat.Event) {
	t.Helper()
	for _, id := range targetChats {
		ev.Chat, ev.From = chat.Chat{ID: id}, chat.User{ID: id}
		g.handle(t, ev)
	}
}

// FuzzText types anything: commands, words, codes, names, answers.
func FuzzText(f *testing.F) {
	g := newTarget(f)
	for _, c := range g.bot.table() {
		f.Add("/" + c.name)
		for _, w := range c.words {
			f.Add(w + " 123456")
		}
	}
	for _, s := range []string{"签到123456", "482 913", "/checkin@bot 12", "下加哈", "书记 001", "/", "//", "\u202e签到", "导入 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > chat.MaxTextIn {
			return // an adapter does not let it through
		}
		g.everybody(t, chat.Event{Kind: chat.Text, Text: s})
	})
}

// FuzzButton presses buttons with any data: nothing but what the bot has
// sealed means anything.
func FuzzButton(f *testing.F) {
	g := newTarget(f)
	for _, s := range []string{"", ".", "AAAAAAAAAAAA.0", "AAAAAAAAAAAA.-1", "AAAAAAAAAAAA.zzzzzzzz", "status 630224"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g.everybody(t, chat.Event{Kind: chat.Press, Data: s})
	})
}

// FuzzLine presses buttons that stand for any command line, as if the bot had
// sealed it: arguments of every kind end in an answer.
func FuzzLine(f *testing.F) {
	g := newTarget(f)
	for _, c := range g.bot.table() {
		for _, args := range []string{"", " s1", " s1 630224100200 present", " p2 yes", " 630224", " 630224100 20261207", " g1", " -1", " 99999999999999999999"} {
			f.Add(c.name + args)
		}
	}
	const token = "AAAAAAAAAAAA"
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || len(line) > 500 || strings.HasPrefix(line, "\x00") {
			return
		}
		for _, id := range targetChats {
			err := g.store.Update(context.Background(), func(tx *storage.Tx) error {
				return tx.PutIntent(token, record.Intent{Chat: id, Acts: []string{line}})
			})
			if err != nil {
				t.Fatal(err)
			}
			g.handle(t, chat.Event{Kind: chat.Press, Data: token + ".0", Chat: chat.Chat{ID: id}, From: chat.User{ID: id}})
		}
	})
}

// FuzzDeepLink opens links with any payload.
func FuzzDeepLink(f *testing.F) {
	g := newTarget(f)
	for _, s := range []string{"cs1-AAAAAAAAAAAA", "c-", "cs1-", "e" + strings.Repeat("A", 20), "v" + strings.Repeat("_", 20), "home", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 64 || !utf8.ValidString(s) {
			return
		}
		g.everybody(t, chat.Event{Kind: chat.Text, Text: "/start " + s, Payload: s})
	})
}

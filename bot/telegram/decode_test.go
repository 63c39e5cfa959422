package telegram

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-telegram/bot/models"

	"headgoose/bot/chat"
)

var stamp = time.Date(2026, 12, 3, 9, 2, 0, 0, time.UTC)

func decoder(t testing.TB) *Adapter {
	return newAdapter(t, "http://telegram.test", func(c *Config) { c.Clock = func() time.Time { return stamp } })
}

const (
	fromAnn = `"from":{"id":101,"is_bot":false,"first_name":"x","language_code":"zh-hans"},"date":1764723720`
	private = `"chat":{"id":101,"type":"private","first_name":"x"}`
	inGroup = `"chat":{"id":-5,"type":"supergroup","title":"g"}`
)

func msg(fields string) string {
	return `{"update_id":7,"message":{"message_id":3,` + fromAnn + `,` + private + `,` + fields + `}}`
}

func TestDecode(t *testing.T) {
	ann := chat.User{ID: 101, Lang: "zh-hans"}
	own, group := chat.Chat{ID: 101}, chat.Chat{ID: -5, Group: true}
	// from fills what all events of msg have in common
	from := func(e chat.Event) chat.Event {
		e.Chat, e.From, e.MessageID = own, ann, 3
		return e
	}
	for name, c := range map[string]struct {
		raw  string
		want chat.Event
	}{
		"text":                             {msg(`"text":"签到 123456"`), from(chat.Event{Kind: chat.Text, Text: "签到 123456"})},
		"command":                          {msg(`"text":"/checkin@bot 1","entities":[{"type":"bot_command","offset":0,"length":999}]`), from(chat.Event{Kind: chat.Text, Text: "/checkin@bot 1"})},
		"start":                            {msg(`"text":"/start s_Ab-9"`), from(chat.Event{Kind: chat.Text, Text: "/start s_Ab-9", Payload: "s_Ab-9"})},
		"reply to one that cannot be read": {msg(`"text":"x","reply_to_message":{"message_id":1,"chat":5}`), from(chat.Event{Kind: chat.Text, Text: "x"})},
		"group": {
			`{"update_id":7,"message":{"message_id":3,` + fromAnn + `,` + inGroup + `,"text":"x"}}`,
			chat.Event{Kind: chat.Text, Chat: group, From: ann, MessageID: 3, Text: "x"},
		},
		"command in a group": {
			`{"update_id":7,"message":{"message_id":3,` + fromAnn + `,` + inGroup + `,"text":"/help@Headgoose_Test_Bot x@y"}}`,
			chat.Event{Kind: chat.Text, Chat: group, From: ann, MessageID: 3, Text: "/help@Headgoose_Test_Bot x@y"},
		},
		"lone surrogate": {msg(`"text":"a\ud800b"`), from(chat.Event{Kind: chat.Text, Text: "a\uFFFDb"})},

		"own contact":              {msg(`"contact":{"phone_number":"+8613800138000","first_name":"x","user_id":101}`), from(chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "+8613800138000", Own: true}})},
		"contact of another":       {msg(`"contact":{"phone_number":"1","user_id":102}`), from(chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "1"}})},
		"contact of nobody":        {msg(`"contact":{"phone_number":"1"}`), from(chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "1"}})},
		"own contact forwarded":    {msg(`"forward_origin":{"type":"hidden_user"},"contact":{"phone_number":"1","user_id":101}`), from(chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "1"}})},
		"forwarded, older servers": {msg(`"forward_date":1,"contact":{"phone_number":"1","user_id":101}`), from(chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "1"}})},

		"document":  {msg(`"caption":"名册","document":{"file_id":"F","file_name":"a.xlsx","file_size":9}`), from(chat.Event{Kind: chat.Document, Text: "名册", File: &chat.File{ID: "F", Name: "a.xlsx", Size: 9}})},
		"animation": {msg(`"animation":{},"document":{"file_id":"F"}`), from(chat.Event{Kind: chat.Other})},
		"photo":     {msg(`"photo":[{"file_id":"F"}],"caption":"not taken over"`), from(chat.Event{Kind: chat.Other})},
		"location":  {msg(`"location":{"latitude":36.1,"longitude":102.2}`), from(chat.Event{Kind: chat.Other})},
		"new kind":  {msg(`"something_of_2030":{}`), from(chat.Event{Kind: chat.Other})},

		"press": {
			`{"update_id":7,"callback_query":{"id":"Q",` + fromAnn + `,"message":{"message_id":3,"date":1,` + private + `,"text":"x"},"chat_instance":"1","data":"y:1"}}`,
			from(chat.Event{Kind: chat.Press, PressID: "Q", Data: "y:1"}),
		},
		"press under an inaccessible message": {
			`{"update_id":7,"callback_query":{"id":"Q",` + fromAnn + `,"message":{"message_id":3,"date":0,` + inGroup + `},"data":"y"}}`,
			chat.Event{Kind: chat.Press, Chat: group, From: ann, MessageID: 3, PressID: "Q", Data: "y"},
		},
		"press under an inline message": {
			`{"update_id":7,"callback_query":{"id":"Q",` + fromAnn + `,"inline_message_id":"I","data":"y"}}`,
			chat.Event{Kind: chat.Press, Chat: own, From: ann, PressID: "Q", Data: "y"},
		},

		"blocked":   {`{"update_id":7,"my_chat_member":{` + private + `,` + fromAnn + `,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked","until_date":0}}}`, chat.Event{Kind: chat.Blocked, Chat: own, From: ann}},
		"unblocked": {`{"update_id":7,"my_chat_member":{` + private + `,` + fromAnn + `,"old_chat_member":{"status":"kicked"},"new_chat_member":{"status":"member"}}}`, chat.Event{Kind: chat.Unblocked, Chat: own, From: ann}},
		"kicked":    {`{"update_id":7,"my_chat_member":{` + inGroup + `,` + fromAnn + `,"old_chat_member":{"status":"administrator"},"new_chat_member":{"status":"kicked"}}}`, chat.Event{Kind: chat.Blocked, Chat: group, From: ann}},
		"muted out": {`{"update_id":7,"my_chat_member":{` + inGroup + `,` + fromAnn + `,"old_chat_member":{"status":"restricted","is_member":true},"new_chat_member":{"status":"restricted","is_member":false}}}`, chat.Event{Kind: chat.Blocked, Chat: group, From: ann}},

		"moved": {
			`{"update_id":7,"message":{"message_id":3,"chat":{"id":-5,"type":"group"},"sender_chat":{"id":-5},"from":{"id":1087968824,"is_bot":true},"migrate_to_chat_id":-1001}}`,
			chat.Event{Kind: chat.Moved, Chat: group, From: chat.User{ID: 1087968824, Bot: true}, MessageID: 3, MovedTo: -1001},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.ID, c.want.At = 7, stamp
			got, ok, err := decoder(t).decode([]byte(c.raw))
			if err != nil || !ok || !reflect.DeepEqual(got, c.want) {
				t.Fatalf("%v %v\ngot  %+v\nwant %+v", ok, err, got, c.want)
			}
		})
	}
}

func TestDecodeIgnores(t *testing.T) {
	for name, raw := range map[string]string{
		"edited message":    `{"update_id":7,"edited_message":{"message_id":3,` + fromAnn + `,` + private + `,"text":"x"}}`,
		"channel post":      `{"update_id":7,"channel_post":{"message_id":3,"chat":{"id":-5,"type":"channel"},"text":"x"}}`,
		"a new kind":        `{"update_id":7,"something_of_2030":5}`,
		"a bot":             `{"update_id":7,"message":{"message_id":3,"from":{"id":9,"is_bot":true},` + inGroup + `,"text":"x"}}`,
		"an unnamed admin":  `{"update_id":7,"message":{"message_id":3,` + fromAnn + `,"sender_chat":{"id":-5},` + inGroup + `,"text":"x"}}`,
		"nobody":            `{"update_id":7,"message":{"message_id":3,` + private + `,"text":"x"}}`,
		"a member joins":    msg(`"new_chat_members":[{"id":5}]`),
		"a pinned message":  msg(`"pinned_message":{"message_id":1}`),
		"after a migration": msg(`"migrate_from_chat_id":-5`),
		"a game":            `{"update_id":7,"callback_query":{"id":"Q",` + fromAnn + `,"game_short_name":"g"}}`,
		"another bot's":     `{"update_id":7,"message":{"message_id":3,` + fromAnn + `,` + inGroup + `,"text":"/help@another_bot x"}}`,
		"a promotion":       `{"update_id":7,"my_chat_member":{` + inGroup + `,` + fromAnn + `,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"administrator"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if ev, ok, err := decoder(t).decode([]byte(raw)); ok || err != nil || ev.ID != 7 {
				t.Fatalf("%+v %v %v", ev, ok, err)
			}
		})
	}
}

func TestDecodeReportsTheUndecodable(t *testing.T) {
	for raw, id := range map[string]int64{
		`{"update_id":7,"message":5}`:                        7,
		`{"update_id":7,"message":{"message_id":"three"}}`:   7,
		`{"message":{"chat":[]},"update_id" : 8}`:            8,
		`{"update_id":9,"message":{"text":"cut sho`:          9,
		`{"update_id":"seven"}`:                              0,
		`{"update_id":99999999999999999999999,"message":{}}`: 0,
		`{"message":{}}`:                                     0,
		`[]`:                                                 0,
		`null`:                                               0,
		``:                                                   0,
	} {
		ev, ok, err := decoder(t).decode([]byte(raw))
		if ok || err == nil || ev.ID != id {
			t.Errorf("%s: %+v %v %v", raw, ev, ok, err)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	for _, r := range []string{"a", "字", "😀"} {
		ev, _, err := decoder(t).decode([]byte(msg(`"text":"` + strings.Repeat(r, chat.MaxTextIn+5) + `"`)))
		if err != nil || ev.Text != strings.Repeat(r, chat.MaxTextIn) {
			t.Fatalf("%q: %d runes, %v", r, utf8.RuneCountInString(ev.Text), err)
		}
	}
}

func TestPayload(t *testing.T) {
	a := decoder(t) // headgoose_test_bot
	longest := strings.Repeat("x", 64)
	for text, want := range map[string]string{
		"/start abc":                    "abc",
		"/start  abc ":                  "abc",
		"/start@headgoose_test_bot abc": "abc",
		"/start@Headgoose_Test_Bot abc": "abc",
		"/start@another_bot abc":        "",
		"/start":                        "",
		"/start ":                       "",
		"/started abc":                  "",
		" /start abc":                   "",
		"/start a b":                    "",
		"/start 签到":                     "",
		"/start " + longest:             longest,
		"/start x" + longest:            "",
		"start abc":                     "",
		"/start\nabc":                   "",
		"/start@headgoose_test_bot":     "",
		"/start A-Z_09":                 "A-Z_09",
		"https://t.me/headgoose_test_bot?start=x": "",
	} {
		if got := a.payload(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSplitUpdates(t *testing.T) {
	for body, want := range map[string]struct {
		parts []string
		tail  bool
		ok    bool
	}{
		`{"ok":true,"result":[]}`:                          {nil, false, true},
		` { "ok" : true , "result" : [ {"a":1} , {} ] } `:  {[]string{`{"a":1}`, `{}`}, false, true},
		`{"ok":true,"result":[{"t":"]}\"\\"},{"b":[{}]}]}`: {[]string{`{"t":"]}\"\\"}`, `{"b":[{}]}`}, false, true},
		`{"ok":true,"result":[{"a":nonsense},5,"x"]}`:      {[]string{`{"a":nonsense}`, `5`, `"x"`}, false, true},
		`{"ok":true,"result":[{"a":1},{"b":`:               {[]string{`{"a":1}`}, true, true},
		`{"ok":true,"result":[{"a":1}`:                     {[]string{`{"a":1}`}, true, true},
		`{"ok":false,"error_code":409,"description":"x"}`:  {nil, false, false},
		`{"ok":true,"result":true}`:                        {nil, false, false},
		`{"ok":false,"result":[{}]}`:                       {nil, false, false},
		`<html>`:                                           {nil, false, false},
		``:                                                 {nil, false, false},
	} {
		parts, tail, ok := splitUpdates([]byte(body))
		var got []string
		for _, p := range parts {
			got = append(got, string(p))
		}
		if fmt.Sprint(got) != fmt.Sprint(want.parts) || (tail != nil) != want.tail || ok != want.ok {
			t.Errorf("%s: %q tail %q %v", body, got, tail, ok)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(msg(`"text":"/start abc"`)))
	f.Add([]byte(msg(`"contact":{"phone_number":"1","user_id":101}`)))
	f.Add([]byte(`{"update_id":7,"callback_query":{"id":"Q",` + fromAnn + `,"data":"y"}}`))
	f.Add([]byte(`{"update_id":7,"message":5}`))
	f.Add([]byte("{\"update_id\":7,\"message\":{\"text\":\"\xff\xfe"))
	a := decoder(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev, ok, err := a.decode(raw)
		if ok && err != nil {
			t.Fatal("an event and an error")
		}
		if err == nil && !json.Valid(raw) {
			t.Fatal("what is not JSON was taken")
		}
		if ok && (ev.Kind == 0 || ev.Chat.ID == 0 && ev.From.ID == 0 && ev.MovedTo == 0 && ev.Kind != chat.Blocked && ev.Kind != chat.Unblocked) {
			t.Fatalf("an event of nothing: %+v", ev)
		}
		if !utf8.ValidString(ev.Text) || utf8.RuneCountInString(ev.Text) > chat.MaxTextIn {
			t.Fatalf("text %q", ev.Text)
		}
		if ev.Payload != "" && !isPayload(ev.Payload) {
			t.Fatalf("payload %q", ev.Payload)
		}
	})
}

func FuzzPayload(f *testing.F) {
	for _, s := range []string{"/start abc", "/start@headgoose_test_bot x-_", "/start@", "/start  ", "签到"} {
		f.Add(s)
	}
	a := decoder(f)
	f.Fuzz(func(t *testing.T, text string) {
		p := a.payload(text)
		if p == "" {
			return
		}
		if !isPayload(p) || !strings.HasPrefix(text, "/start") || !strings.HasSuffix(strings.TrimSpace(text), " "+p) {
			t.Fatalf("%q gave %q", text, p)
		}
	})
}

func FuzzSplitUpdates(f *testing.F) {
	f.Add([]byte(`{"ok":true,"result":[{"update_id":1},{"update_id":2,"t":"]}\"\\"}]}`))
	f.Add([]byte(`{"ok":true,"result":[{"a":nonsense},5,"x"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, tail, ok := splitUpdates(body)
		var want struct {
			OK     bool              `json:"ok"`
			Result []json.RawMessage `json:"result"`
		}
		if !strings.HasPrefix(string(body), `{"ok":true,"result":[`) || json.Unmarshal(body, &want) != nil || strings.Count(string(body), `"result"`) > 1 || strings.Count(strings.ToLower(string(body)), "result") > 1 {
			return
		}
		if !ok || tail != nil || len(parts) != len(want.Result) {
			t.Fatalf("%d parts, want %d", len(parts), len(want.Result))
		}
		for i := range parts {
			if string(parts[i]) != string(want.Result[i]) {
				t.Fatalf("part %d: %q, want %q", i, parts[i], want.Result[i])
			}
		}
	})
}

var benchUpdate = []byte(msg(`"text":"/checkin 123456","entities":[{"offset":0,"length":8,"type":"bot_command"}]`))

func BenchmarkDecode(b *testing.B) {
	a := decoder(b)
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := a.decode(benchUpdate); !ok || err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var u models.Update
			if err := json.Unmarshal(benchUpdate, &u); err != nil {
				b.Fatal(err)
			}
		}
	})
}

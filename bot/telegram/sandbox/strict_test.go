package sandbox

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

// oneButton is a keyboard with one button of these fields.
func oneButton(b params) params { return params{"inline_keyboard": [][]params{{b}}} }

func TestRefusals(t *testing.T) {
	s := people(t)
	s.AddUser(User{ID: 8, Name: "书记 002"})
	s.AddUser(User{ID: 9, Name: "书记 003", Started: true})
	s.AddUser(User{ID: 10, Name: "书记 004", Started: true})
	must(t, s.Block(9), s.Deactivate(10), s.AddGroup(Group{ID: -1, Title: "巴燕镇", Members: []int64{7}}),
		s.AddGroup(Group{ID: -2, Title: "甘都镇", Members: []int64{7}}), s.AddGroup(Group{ID: -3, Title: "扎巴镇", Members: []int64{7}}),
		s.Kick(-2, 7), s.Migrate(-3, -1003))
	own := ok[wireMessage](t, s, "sendMessage", params{"chat_id": 7, "text": "已到 1"})
	theirs, err := s.Say(7, "好")
	must(t, err)
	text := func(p params) params {
		full := params{"chat_id": 7, "text": "x"}
		for k, v := range p {
			full[k] = v
		}
		return full
	}
	for _, c := range []struct {
		name, method string
		p            params
		code         int
		desc         string
	}{
		{"no chat", "sendMessage", params{"text": "x"}, 400, "chat_id is empty"},
		{"unknown chat", "sendMessage", text(params{"chat_id": 77}), 400, "chat not found"},
		{"unknown name", "sendMessage", text(params{"chat_id": "@nobody"}), 400, "chat not found"},
		{"never started", "sendMessage", text(params{"chat_id": 8}), 403, "can't initiate conversation with a user"},
		{"blocked", "sendMessage", text(params{"chat_id": 9}), 403, "bot was blocked by the user"},
		{"deactivated", "sendMessage", text(params{"chat_id": 10}), 403, "user is deactivated"},
		{"kicked", "sendMessage", text(params{"chat_id": -2}), 403, "bot was kicked from the group chat"},
		{"migrated", "sendMessage", text(params{"chat_id": -3}), 400, "upgraded to a supergroup chat"},
		{"no text", "sendMessage", params{"chat_id": 7}, 400, "message text is empty"},
		{"blank text", "sendMessage", text(params{"text": " \n "}), 400, "message text is empty"},
		{"4,097 units", "sendMessage", text(params{"text": strings.Repeat("字", 4097)}), 400, "message is too long"},
		{"unknown parameter", "sendMessage", text(params{"txt": "x"}), 400, `unknown parameter "txt"`},
		{"wrong type", "sendMessage", text(params{"disable_notification": "true"}), 400, "must be of type Boolean"},
		{"text as a number", "sendMessage", text(params{"text": 5}), 400, "must be of type String"},
		{"open tag", "sendMessage", text(params{"text": "<b>x", "parse_mode": "HTML"}), 400, "Can't find end tag"},
		{"unknown tag", "sendMessage", text(params{"text": "<h1>x</h1>", "parse_mode": "HTML"}), 400, "Unsupported start tag"},
		{"crossed tags", "sendMessage", text(params{"text": "<b><i>x</b></i>", "parse_mode": "HTML"}), 400, "Unmatched end tag"},
		{"unknown entity", "sendMessage", text(params{"text": "a&nbsp;b", "parse_mode": "HTML"}), 400, "Unsupported entity"},
		{"unknown mode", "sendMessage", text(params{"parse_mode": "bbcode"}), 400, "unsupported parse_mode"},
		{"entity beyond the text", "sendMessage", text(params{"entities": []params{{"type": "bold", "offset": 0, "length": 2}}}), 400, "entity beyond the text"},
		{"65 bytes of data", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "x", "callback_data": strings.Repeat("k", 65)})}), 400, "BUTTON_DATA_INVALID"},
		{"22 characters of data", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "x", "callback_data": strings.Repeat("签", 22)})}), 400, "BUTTON_DATA_INVALID"},
		{"button without action", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "x"})}), 400, "Text buttons are unallowed"},
		{"button without text", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "", "callback_data": "k"})}), 400, "text must be non-empty"},
		{"button to loopback", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "x", "url": "http://127.0.0.1/"})}), 400, "Wrong HTTP URL"},
		{"unknown field of a button", "sendMessage", text(params{"reply_markup": oneButton(params{"text": "x", "callback_data": "k", "colour": "red"})}), 400, "unknown field"},
		{"phone asked in a group", "sendMessage", text(params{"chat_id": -1, "reply_markup": params{"keyboard": [][]params{{{"text": "x", "request_contact": true}}}}}), 400, "private chats only"},
		{"reply to nothing", "sendMessage", text(params{"reply_parameters": params{"message_id": 999}}), 400, "message to be replied not found"},
		{"edit nothing", "editMessageText", text(params{"message_id": 999}), 400, "message to edit not found"},
		{"edit another's", "editMessageText", text(params{"message_id": theirs}), 400, "message can't be edited"},
		{"edit to the same", "editMessageText", text(params{"message_id": own.ID, "text": "已到 1"}), 400, "message is not modified"},
		{"caption of a text", "editMessageCaption", params{"chat_id": 7, "message_id": own.ID, "caption": "x"}, 400, "there is no caption"},
		{"reply keyboard in an edit", "editMessageText", text(params{"message_id": own.ID, "reply_markup": params{"keyboard": [][]string{{"x"}}}}), 400, "inline keyboard expected"},
		{"delete nothing", "deleteMessage", params{"chat_id": 7, "message_id": 999}, 400, "message to delete not found"},
		{"unknown press", "answerCallbackQuery", params{"callback_query_id": "1"}, 400, "query is too old"},
		{"201 characters of answer", "answerCallbackQuery", params{"callback_query_id": "1", "text": strings.Repeat("x", 201)}, 400, "MESSAGE_TOO_LONG"},
		{"unknown file", "getFile", params{"file_id": "x"}, 400, "wrong file_id"},
		{"photo by URL", "sendPhoto", params{"chat_id": 7, "photo": "https://example.org/x.png"}, 400, "not offered"},
		{"command in capitals", "setMyCommands", params{"commands": []params{{"command": "Start", "description": "x"}}}, 400, "BOT_COMMAND_INVALID"},
		{"command without help", "setMyCommands", params{"commands": []params{{"command": "start", "description": ""}}}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"action unknown", "sendChatAction", params{"chat_id": 7, "action": "sleep"}, 400, "wrong parameter action"},
		{"webhook by HTTP", "setWebhook", params{"url": "http://example.org/hook"}, 400, "HTTPS URL must be provided"},
		{"webhook port", "setWebhook", params{"url": "https://example.org:9000/hook"}, 400, "ports 80, 88, 443 or 8443"},
		{"webhook secret", "setWebhook", params{"url": "https://example.org/", "secret_token": "a b"}, 400, "unallowed characters"},
		{"no such method", "sendNudge", params{}, 404, "Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := do(t, s, c.method, c.p)
			if a.OK || a.Code != c.code || !strings.Contains(a.Desc, c.desc) {
				t.Errorf("answered %v %d %q, not %d %q", a.OK, a.Code, a.Desc, c.code, c.desc)
			}
		})
	}
	if a := do(t, s, "sendMessage", text(params{"chat_id": -3})); a.Parameters.MigrateTo != -1003 {
		t.Errorf("migrate_to_chat_id is %d", a.Parameters.MigrateTo)
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAcceptedAtTheBound(t *testing.T) {
	s := people(t)
	for name, p := range map[string]params{
		"4,096 units":       {"text": strings.Repeat("字", 4096)},
		"trimmed to 4,096":  {"text": strings.Repeat("字", 4096) + "\n"},
		"tags do not count": {"text": "<b>" + strings.Repeat("字", 4096) + "</b>", "parse_mode": "HTML"},
		"escaped":           {"text": "1 &lt; 2 &amp;&#34;&#39; &quot;", "parse_mode": "HTML"},
		"64 bytes":          {"text": "x", "reply_markup": oneButton(params{"text": "x", "callback_data": strings.Repeat("签", 21) + "x"})},
		"bare keys":         {"text": "x", "reply_markup": params{"keyboard": [][]string{{"甲", "乙"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			p["chat_id"] = 7
			if a := do(t, s, "sendMessage", p); !a.OK {
				t.Error(a.Desc)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	s := people(t)
	for name, body := range map[string][2]string{
		"json":   {"application/json", `{"chat_id":7,"text":"签到 \"好\" \u4e00"}`},
		"spaces": {"application/json", "\n{ \"chat_id\" : 7 ,\t\"text\" : \"签到 \\\"好\\\" 一\" }\n"},
		"form":   {"application/x-www-form-urlencoded", "chat_id=7&text=%E7%AD%BE%E5%88%B0+%22%E5%A5%BD%22+%E4%B8%80"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := post(s, "sendMessage", body[0], []byte(body[1]))
			if err != nil || !a.OK || s.Last(7).Text != `签到 "好" 一` {
				t.Errorf("%v %s %q", err, a.Desc, s.Last(7).Text)
			}
		})
	}
	t.Run("multipart", func(t *testing.T) {
		a := postFile(t, s, "sendDocument", map[string]string{"chat_id": "7", "caption": "名册"}, "document", "a.csv", []byte("x"))
		if got := s.Last(7); !a.OK || got.Document.Name != "a.csv" || got.Text != "名册" {
			t.Errorf("%s %+v", a.Desc, got)
		}
	})
	t.Run("query", func(t *testing.T) {
		resp, err := http.Get(s.URL() + "/bot" + s.Token() + "/sendMessage?chat_id=7&text=hello")
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != 200 || s.Last(7).Text != "hello" {
			t.Errorf("%d %q", resp.StatusCode, s.Last(7).Text)
		}
	})
	for name, body := range map[string]string{
		"cut json": `{"chat_id":7`, "array": `[1]`, "twice": `{"chat_id":7,"text":"a","text":"b"}`, "not utf-8": "{\"text\":\"\xff\"}",
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := post(s, "sendMessage", "application/json", []byte(body)); err != nil || a.OK || a.Code != 400 {
				t.Errorf("%v %+v", err, a)
			}
		})
	}
}

func FuzzSplitObject(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, ` {"a" : {"b":[1,"}"]} , "c":"\"" }`, `{"a":null,"b":true,"":-1e3}`, `[]`, `3`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var again bytes.Buffer
		again.WriteByte('{')
		err := splitObject(body, func(name string, raw []byte) error {
			if again.Len() > 1 {
				again.WriteByte(',')
			}
			again.Write(mustJSON(name))
			again.WriteByte(':')
			again.Write(raw)
			return nil
		})
		again.WriteByte('}')
		if err != nil {
			return
		}
		if a, b := normal(t, body), normal(t, again.Bytes()); a != b {
			t.Errorf("%q was read as %q", a, b)
		}
	})
}

func FuzzParseHTML(f *testing.F) {
	for _, s := range []string{"<b>x</b>", "&lt;", `<a href="https://t.me/x?start=1">y</a>`, "<pre><code class=\"language-go\">x</code></pre>", "<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, entities, err := parseHTML(in)
		if err != nil {
			return
		}
		if fail := checkEntities(text, entities); fail != nil {
			t.Errorf("%q gives %q %+v: %v", in, text, entities, fail)
		}
	})
}

func TestToken(t *testing.T) {
	s := people(t)
	resp, err := http.Get(s.URL() + "/bot1:wrong/getMe")
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("a wrong token is answered %d", resp.StatusCode)
	}
}

func TestAges(t *testing.T) {
	clock := newClock()
	s := start(t, Options{Limits: &NoLimits, Now: clock.now})
	s.AddUser(User{ID: 7, Started: true})
	sent := ok[wireMessage](t, s, "sendMessage", params{"chat_id": 7, "text": "?", "reply_markup": oneButton(params{"text": "好", "callback_data": "k"})})
	press := func() string {
		id, err := s.PressText(7, 7, sent.ID, "好")
		must(t, err)
		return id
	}
	fresh, old := press(), press()
	clock.at = clock.at.Add(150 * time.Second)
	ok[bool](t, s, "answerCallbackQuery", params{"callback_query_id": fresh})
	clock.at = clock.at.Add(time.Second)
	if a := do(t, s, "answerCallbackQuery", params{"callback_query_id": old}); a.OK {
		t.Error("a press was answered after 151 seconds")
	}
	clock.at = clock.at.Add(24*time.Hour - time.Second)
	if got := ok[[]gotUpdate](t, s, "getUpdates", nil); len(got) != 0 || s.Stats().Expired != 2 {
		t.Errorf("after 24 hours there are %d updates, %d expired", len(got), s.Stats().Expired)
	}
	clock.at = clock.at.Add(24 * time.Hour)
	if a := do(t, s, "deleteMessage", params{"chat_id": 7, "message_id": sent.ID}); a.OK {
		t.Error("a message of three days was deleted")
	}
}

func TestLimits(t *testing.T) {
	clock := newClock()
	s := start(t, Options{Now: clock.now})
	for id := int64(1); id <= 40; id++ {
		s.AddUser(User{ID: id, Started: true})
	}
	must(t, s.AddGroup(Group{ID: -1, Title: "巴燕镇", Members: []int64{1}}))
	send := func(chat int64) answer { return do(t, s, "sendMessage", params{"chat_id": chat, "text": "x"}) }
	t.Run("a chat", func(t *testing.T) {
		for range TelegramLimits.ChatBurst {
			if a := send(1); !a.OK {
				t.Fatal(a.Desc)
			}
		}
		if a := send(1); a.Code != 429 || a.Parameters.RetryAfter != 1 {
			t.Fatalf("%+v", a)
		}
		clock.at = clock.at.Add(time.Second)
		if a := send(1); !a.OK {
			t.Errorf("after retry_after: %s", a.Desc)
		}
	})
	t.Run("all chats", func(t *testing.T) {
		clock.at = clock.at.Add(time.Minute)
		for id := int64(2); id <= 31; id++ {
			if a := send(id); !a.OK {
				t.Fatalf("message %d: %s", id-1, a.Desc)
			}
		}
		if a := send(32); a.Code != 429 {
			t.Errorf("message 31 in one second: %+v", a)
		}
	})
	t.Run("a group", func(t *testing.T) {
		clock.at = clock.at.Add(time.Minute)
		for range 20 {
			clock.at = clock.at.Add(100 * time.Millisecond)
			if a := send(-1); !a.OK {
				t.Fatal(a.Desc)
			}
		}
		if a := send(-1); a.Code != 429 || a.Parameters.RetryAfter < 1 || a.Parameters.RetryAfter > 3 {
			t.Errorf("%+v", a)
		}
	})
	if n := s.Stats().TooMany; n != 3 {
		t.Errorf("counted %d times 429", n)
	}
}

func TestFiles(t *testing.T) {
	s := people(t)
	send := func(method, field, name string, body []byte) answer {
		return postFile(t, s, method, map[string]string{"chat_id": "7"}, field, name, body)
	}
	t.Run("a photo must be an image", func(t *testing.T) {
		if a := send("sendPhoto", "photo", "x.png", []byte("text")); a.Desc != "Bad Request: IMAGE_PROCESS_FAILED" {
			t.Error(a.Desc)
		}
	})
	t.Run("a photo's code is read", func(t *testing.T) {
		link := "https://t.me/" + s.Username() + "?start=c-482913"
		if a := send("sendPhoto", "photo", "x.png", qrImage(t, link)); !a.OK {
			t.Fatal(a.Desc)
		}
		text := s.QR(s.Last(7).Photo.ID)
		if payload, _ := s.Payload(text); text != link || payload != "c-482913" {
			t.Errorf("code %q, payload %q", text, payload)
		}
	})
	t.Run("a photo of more than 10 MB", func(t *testing.T) {
		if a := send("sendPhoto", "photo", "x.png", append(qrImage(t, "x"), make([]byte, maxPhoto)...)); !strings.Contains(a.Desc, "too big") {
			t.Error(a.Desc)
		}
	})
	t.Run("up and down again", func(t *testing.T) {
		if _, err := s.SendFile(7, "名册.xlsx", []byte("sheet")); err != nil {
			t.Fatal(err)
		}
		f := ok[wireFile](t, s, "getFile", params{"file_id": s.Last(7).Document.ID})
		resp, err := http.Get(s.URL() + "/file/bot" + s.Token() + "/" + f.Path)
		must(t, err)
		defer resp.Body.Close()
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		if err != nil || b.String() != "sheet" {
			t.Errorf("%v %q", err, b.String())
		}
	})
	t.Run("more than 20 MB does not come down", func(t *testing.T) {
		if _, err := s.SendFile(7, "big.bin", make([]byte, maxDownload+1)); err != nil {
			t.Fatal(err)
		}
		if a := do(t, s, "getFile", params{"file_id": s.Last(7).Document.ID}); a.Desc != "Bad Request: file is too big" {
			t.Error(a.Desc)
		}
	})
	t.Run("more than 50 MB does not go up", func(t *testing.T) {
		if a := send("sendDocument", "document", "big.bin", make([]byte, maxUpload+1)); a.Code != 413 {
			t.Errorf("%d %s", a.Code, a.Desc)
		}
	})
	t.Run("a photo is edited in place", func(t *testing.T) {
		if a := send("sendPhoto", "photo", "a.png", qrImage(t, "one")); !a.OK {
			t.Fatal(a.Desc)
		}
		m := s.Last(7)
		a := postFile(t, s, "editMessageMedia", map[string]string{
			"chat_id": "7", "message_id": itoa(m.ID),
			"media": `{"type":"photo","media":"attach://new","caption":"口令 <b>1</b>","parse_mode":"HTML"}`,
		}, "new", "b.png", qrImage(t, "two"))
		if got := s.Last(7); !a.OK || s.QR(got.Photo.ID) != "two" || got.Text != "口令 1" || got.Edited.IsZero() {
			t.Errorf("%s %+v", a.Desc, got)
		}
	})
}

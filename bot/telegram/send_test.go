package telegram

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"headgoose/bot/chat"
)

const sentReply = `{"ok":true,"result":{"message_id":77,"date":1,"chat":{"id":5,"type":"private"},"text":"x"}}`

func TestSendBodies(t *testing.T) {
	buttons := [][]chat.Button{{{Text: "能参加", Data: "y"}, {Text: "地图", URL: "https://example.org/"}}}
	for name, c := range map[string]struct {
		m    chat.Message
		want string
	}{
		"plain":      {chat.Message{Text: `<b>_*"到"`}, `{"chat_id":5,"text":"<b>_*\"到\"","link_preview_options":{"is_disabled":true}}`},
		"quiet":      {chat.Message{Text: "x", Quiet: true}, `{"chat_id":5,"text":"x","link_preview_options":{"is_disabled":true},"disable_notification":true}`},
		"buttons":    {chat.Message{Text: "x", Buttons: buttons}, `{"chat_id":5,"text":"x","link_preview_options":{"is_disabled":true},"reply_markup":{"inline_keyboard":[[{"text":"能参加","callback_data":"y"},{"text":"地图","url":"https://example.org/"}]]}}`},
		"contact":    {chat.Message{Text: "x", AskContact: "发送我的手机号"}, `{"chat_id":5,"text":"x","link_preview_options":{"is_disabled":true},"reply_markup":{"keyboard":[[{"text":"发送我的手机号","request_contact":true}]],"resize_keyboard":true,"one_time_keyboard":true}}`},
		"contact or": {chat.Message{Text: "x", AskContact: "发送我的手机号", Or: "不是我"}, `{"chat_id":5,"text":"x","link_preview_options":{"is_disabled":true},"reply_markup":{"keyboard":[[{"text":"发送我的手机号","request_contact":true}],[{"text":"不是我"}]],"resize_keyboard":true,"one_time_keyboard":true}}`},
		"drop":       {chat.Message{Text: "x", DropKeyboard: true}, `{"chat_id":5,"text":"x","link_preview_options":{"is_disabled":true},"reply_markup":{"remove_keyboard":true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, says(200, sentReply))
			id, err := newAdapter(t, s.URL).Send(t.Context(), 5, c.m)
			if err != nil || id != 77 {
				t.Fatalf("id %d, %v", id, err)
			}
			got := s.received()
			if len(got) != 1 || got[0].method != "sendMessage" || got[0].kind != "application/json" {
				t.Fatalf("calls %+v", got)
			}
			sameJSON(t, got[0].body, c.want)
		})
	}
}

func TestEditBodies(t *testing.T) {
	s := newServer(t, says(200, `{"ok":true,"result":true}`))
	a := newAdapter(t, s.URL)
	if err := a.Edit(t.Context(), 5, 9, chat.Message{Text: "到 2", AskContact: "ignored"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Answer(t.Context(), "q1", "好"); err != nil {
		t.Fatal(err)
	}
	got := s.received()
	if got[0].method != "editMessageText" || got[1].method != "answerCallbackQuery" {
		t.Fatalf("%+v", got)
	}
	sameJSON(t, got[0].body, `{"chat_id":5,"message_id":9,"text":"到 2","link_preview_options":{"is_disabled":true}}`)
	sameJSON(t, got[1].body, `{"callback_query_id":"q1","text":"好"}`)
}

func TestEditOfAPhotoWithoutAPhotoEditsTheCaption(t *testing.T) {
	s := newServer(t, func(method string, w http.ResponseWriter) {
		if method == "editMessageText" {
			says(400, `{"ok":false,"error_code":400,"description":"Bad Request: there is no text in the message to edit"}`)(method, w)
			return
		}
		says(200, sentReply)(method, w)
	})
	if err := newAdapter(t, s.URL).Edit(t.Context(), 5, 9, chat.Message{Text: "已结束"}); err != nil {
		t.Fatal(err)
	}
	got := s.received()
	if len(got) != 2 || got[1].method != "editMessageCaption" {
		t.Fatalf("%+v", got)
	}
	sameJSON(t, got[1].body, `{"chat_id":5,"message_id":9,"caption":"已结束"}`)
}

func TestUploads(t *testing.T) {
	doc := &chat.Upload{Name: `名册 "1".xlsx`, Body: []byte("PK-body")}
	photo := []byte("\x89PNG-body")
	buttons := [][]chat.Button{{{Text: "点名", Data: "roll"}}}
	for name, c := range map[string]struct {
		method string
		act    func(a *Adapter) error
		parts  []string
	}{
		"photo": {"sendPhoto", func(a *Adapter) error {
			id, err := a.Send(t.Context(), 5, chat.Message{Photo: photo, Text: "口令", Buttons: buttons, Quiet: true})
			if id != 77 && err == nil {
				return fmt.Errorf("id %d", id)
			}
			return err
		}, []string{"PNG-body", "口令", `"callback_data":"roll"`, "disable_notification"}},
		"document": {"sendDocument", func(a *Adapter) error {
			_, err := a.Send(t.Context(), 5, chat.Message{Document: doc})
			return err
		}, []string{"PK-body", `filename="名册 \"1\".xlsx"`, "disable_content_type_detection"}},
		"edit photo": {"editMessageMedia", func(a *Adapter) error {
			return a.Edit(t.Context(), 5, 9, chat.Message{Photo: photo, Text: "新口令", Buttons: buttons})
		}, []string{"PNG-body", "新口令", `"type":"photo"`, `"callback_data":"roll"`}},
		"edit document": {"editMessageMedia", func(a *Adapter) error {
			return a.Edit(t.Context(), 5, 9, chat.Message{Document: doc})
		}, []string{"PK-body", `"type":"document"`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, says(200, sentReply))
			if err := c.act(newAdapter(t, s.URL)); err != nil {
				t.Fatal(err)
			}
			got := s.received()
			if len(got) != 1 || got[0].method != c.method {
				t.Fatalf("%+v", got)
			}
			for _, part := range c.parts {
				if !strings.Contains(got[0].body, part) {
					t.Errorf("no %s in %q", part, got[0].body)
				}
			}
		})
	}
}

func TestDownload(t *testing.T) {
	const body = "name,phone\n"
	for name, c := range map[string]struct {
		size  int
		limit int64
		file  func(string, http.ResponseWriter)
		want  chat.Outcome
	}{
		"whole":                 {len(body), 100, says(200, body), 0},
		"exactly the limit":     {len(body), int64(len(body)), says(200, body), 0},
		"too big as announced":  {101, 100, says(200, body), chat.TooBig},
		"bigger than announced": {3, 5, says(200, body), chat.TooBig},
		"gone":                  {3, 100, says(404, `{"ok":false,"error_code":404,"description":"Not Found"}`), chat.Stale},
		"server fault":          {3, 100, says(502, "<html>"), chat.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(method string, w http.ResponseWriter) {
				if method == "getFile" {
					says(200, fmt.Sprintf(`{"ok":true,"result":{"file_id":"f","file_path":"documents/a b.csv","file_size":%d}}`, c.size))(method, w)
					return
				}
				if method != "a b.csv" {
					t.Errorf("path %q", method)
				}
				c.file(method, w)
			})
			got, err := newAdapter(t, s.URL).Download(t.Context(), "f", c.limit)
			if chat.OutcomeOf(err) != c.want || (err == nil && string(got) != body) {
				t.Fatalf("%q, %v", got, err)
			}
		})
	}
}

func TestSetCommands(t *testing.T) {
	s := newServer(t, says(200, `{"ok":true,"result":true}`))
	err := newAdapter(t, s.URL).SetCommands(t.Context(), "zh", []chat.Command{{Name: "checkin", Help: "签到"}})
	got := s.received()
	if err != nil || len(got) != 1 || got[0].method != "setMyCommands" || !strings.Contains(got[0].body, `{"command":"checkin","description":"签到"`) {
		t.Fatalf("%v %+v", err, got)
	}
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if gb, wb := fmt.Sprint(g), fmt.Sprint(w); gb != wb {
		t.Fatalf("body\n%s\nwant\n%s", gb, wb)
	}
}

package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// botAPI is the machine-readable Bot API.
type botAPI struct {
	Methods map[string]struct {
		Returns []string   `json:"returns"`
		Fields  []apiField `json:"fields"`
	} `json:"methods"`
	Types map[string]struct {
		Fields   []apiField `json:"fields"`
		Subtypes []string   `json:"subtypes"`
	} `json:"types"`
}

type apiField struct {
	Name     string   `json:"name"`
	Types    []string `json:"types"`
	Required bool     `json:"required"`
}

func loadAPI(t *testing.T) *botAPI {
	t.Helper()
	path := os.Getenv("HEADGOOSE_BOT_API")
	if path == "" {
		t.Skip("name the Bot API's JSON description in HEADGOOSE_BOT_API to check the shapes against it")
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	var api botAPI
	must(t, json.Unmarshal(raw, &api))
	return &api
}

// paramShape says which types of the Bot API a parameter of ours stands for.
var paramShape = map[paramType]func(types []string) bool{
	pString: func(ts []string) bool { return slices.Contains(ts, "String") },
	pInt:    func(ts []string) bool { return slices.Equal(ts, []string{"Integer"}) },
	pBool:   func(ts []string) bool { return slices.Equal(ts, []string{"Boolean"}) },
	pChat:   func(ts []string) bool { return slices.Equal(ts, []string{"Integer", "String"}) },
	pFile:   func(ts []string) bool { return slices.Contains(ts, "InputFile") },
	pJSON: func(ts []string) bool {
		return !slices.ContainsFunc(ts, func(t string) bool {
			return slices.Contains([]string{"String", "Integer", "Boolean", "InputFile"}, t)
		})
	},
}

func TestShapesOfParameters(t *testing.T) {
	api := loadAPI(t)
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			spec, known := api.Methods[m.name]
			if !known {
				t.Fatal("there is no such method")
			}
			for _, p := range m.params {
				i := slices.IndexFunc(spec.Fields, func(f apiField) bool { return f.Name == p.name })
				if i < 0 {
					t.Errorf("there is no parameter %q", p.name)
				} else if f := spec.Fields[i]; !paramShape[p.typ](f.Types) {
					t.Errorf("%q is %v, not %v", p.name, f.Types, p.typ)
				}
			}
			for _, f := range spec.Fields {
				if p := m.param(f.Name); f.Required && (p == nil || !p.required) {
					t.Errorf("%q is required", f.Name)
				}
			}
		})
	}
}

func TestRequiredParametersAreEnforced(t *testing.T) {
	s := people(t)
	for _, m := range methods {
		for _, p := range m.params {
			if !p.required {
				continue
			}
			full := params{}
			for _, other := range m.params {
				if other.required && other.name != p.name {
					full[other.name] = map[paramType]any{pString: "x", pInt: 1, pBool: true, pChat: 7, pFile: "x", pJSON: []int{}}[other.typ]
				}
			}
			if a := do(t, s, m.name, full); a.Code != 400 || a.Desc != missing(p.name).Desc {
				t.Errorf("%s without %s: %d %q", m.name, p.name, a.Code, a.Desc)
			}
		}
	}
}

// check compares a value with a type; path says where it is.
func (api *botAPI) check(path, kind string, v any) error {
	if of, list := strings.CutPrefix(kind, "Array of "); list {
		items, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s is no array", path)
		}
		for i, item := range items {
			if err := api.check(fmt.Sprintf("%s[%d]", path, i), of, item); err != nil {
				return err
			}
		}
		return nil
	}
	spec, named := api.Types[kind]
	if !named {
		return checkPlain(path, kind, v)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is no %s but %T", path, kind, v)
	}
	if len(spec.Subtypes) > 0 {
		return api.checkAny(path, spec.Subtypes, v)
	}
	for name, value := range object {
		i := slices.IndexFunc(spec.Fields, func(f apiField) bool { return f.Name == name })
		if i < 0 {
			return fmt.Errorf("%s: %s has no field %q", path, kind, name)
		}
		if err := api.checkAny(path+"."+name, spec.Fields[i].Types, value); err != nil {
			return err
		}
	}
	for _, f := range spec.Fields {
		if _, given := object[f.Name]; f.Required && !given {
			return fmt.Errorf("%s: %s lacks %q", path, kind, f.Name)
		}
	}
	return nil
}

// checkAny takes a value that fits one of several types.
func (api *botAPI) checkAny(path string, kinds []string, v any) error {
	var err error
	for _, k := range kinds {
		if err = api.check(path, k, v); err == nil {
			return nil
		}
	}
	return err
}

func checkPlain(path, kind string, v any) error {
	fits := false
	switch x := v.(type) {
	case string:
		fits = kind == "String"
	case bool:
		fits = kind == "Boolean" || kind == "True" && x
	case float64:
		fits = kind == "Float" || kind == "Integer" && x == float64(int64(x))
	}
	if !fits {
		return fmt.Errorf("%s is %T (%v), not %s", path, v, v, kind)
	}
	return nil
}

// TestShapesOfResults plays through every method and every kind of update, and
// holds each result against the definitions.
func TestShapesOfResults(t *testing.T) {
	api := loadAPI(t)
	s := people(t)
	called := map[string]bool{}
	verify := func(method string, a answer) wireMessage {
		t.Helper()
		called[method] = true
		if !a.OK {
			t.Fatalf("%s: %s", method, a.Desc)
		}
		var v any
		must(t, json.Unmarshal(a.Result, &v))
		if err := api.checkAny(method, api.Methods[method].Returns, v); err != nil {
			t.Errorf("%v in %s", err, a.Result)
		}
		var m wireMessage
		_ = json.Unmarshal(a.Result, &m) // a result that is no message has no id to be used
		return m
	}
	call := func(method string, p params) wireMessage {
		t.Helper()
		return verify(method, do(t, s, method, p))
	}
	file := func(method, field string, body []byte) wireMessage {
		t.Helper()
		return verify(method, postFile(t, s, method, map[string]string{"chat_id": "7", "caption": "x"}, field, "a.png", body))
	}
	sent := call("sendMessage", params{
		"chat_id": 7, "text": `<b>a</b> <a href="https://example.org">b</a> <tg-time unix="1">c</tg-time>`, "parse_mode": "HTML",
		"protect_content": true, "reply_markup": params{"inline_keyboard": [][]params{{
			{"text": "a", "callback_data": "k"}, {"text": "b", "url": "https://example.org"}, {"text": "c", "copy_text": params{"text": "x"}},
		}}},
	})
	call("sendMessage", params{"chat_id": 7, "text": "x", "reply_parameters": params{"message_id": sent.ID}})
	playPeople(t, s, sent.ID)
	call("getUpdates", nil)
	call("editMessageText", params{"chat_id": 7, "message_id": sent.ID, "text": "y"})
	call("editMessageReplyMarkup", params{"chat_id": 7, "message_id": sent.ID, "reply_markup": oneButton(params{"text": "a", "callback_data": "k"})})
	press, err := s.Press(7, 7, sent.ID, 0, 0)
	must(t, err)
	call("answerCallbackQuery", params{"callback_query_id": press})
	photo := file("sendPhoto", "photo", qrImage(t, "x"))
	call("editMessageCaption", params{"chat_id": 7, "message_id": photo.ID, "caption": "y"})
	doc := file("sendDocument", "document", []byte("x"))
	call("editMessageMedia", params{"chat_id": 7, "message_id": photo.ID, "media": params{"type": "document", "media": doc.Document.FileID}})
	call("getFile", params{"file_id": doc.Document.FileID})
	call("deleteMessage", params{"chat_id": 7, "message_id": doc.ID})
	call("sendChatAction", params{"chat_id": 7, "action": "typing"})
	call("getMe", nil)
	call("getChat", params{"chat_id": 7})
	call("getChat", params{"chat_id": -1})
	call("getChatMember", params{"chat_id": -1, "user_id": 7})
	call("getChatMember", params{"chat_id": -1, "user_id": 8})
	call("setMyCommands", params{"commands": []params{{"command": "start", "description": "x"}}, "scope": params{"type": "all_private_chats"}, "language_code": "zh"})
	call("getMyCommands", params{"scope": params{"type": "all_private_chats"}, "language_code": "zh"})
	call("deleteMyCommands", nil)
	call("setMyDescription", params{"description": "x"})
	call("getMyDescription", nil)
	call("setMyShortDescription", params{"short_description": "x"})
	call("getMyShortDescription", nil)
	call("setWebhook", params{"url": "http://127.0.0.1:1/", "allowed_updates": []string{"message"}})
	call("getWebhookInfo", nil)
	call("deleteWebhook", nil)
	for _, name := range Methods() {
		if !called[name] {
			t.Errorf("%s was not played", name)
		}
	}
}

// playPeople makes an update of every kind.
func playPeople(t *testing.T, s *Server, button int64) {
	t.Helper()
	s.AddUser(User{ID: 8, Name: "书记 002", Phone: "+8613800000002"})
	must(t, s.AddGroup(Group{ID: -1, Title: "巴燕镇", Members: []int64{7}}), s.AddGroup(Group{ID: -2, Title: "甘都镇", Members: []int64{7}}),
		s.Migrate(-2, -1002), s.Block(7), s.Unblock(7))
	for _, act := range []func() (int64, error){
		func() (int64, error) { return s.Say(7, "/checkin 482913") },
		func() (int64, error) { return s.OpenLink(8, "enrol-1") },
		func() (int64, error) { return s.SayIn(-1, 7, "/status") },
		func() (int64, error) { return s.ShareContact(7) },
		func() (int64, error) { return s.ShareCard(7, Card{Phone: "110"}) },
		func() (int64, error) {
			return s.ForwardCard(7, 8, Card{Phone: "+8613800000002", Name: "书记 002", UserID: 8})
		},
		func() (int64, error) { return s.SendFile(7, "名册.xlsx", []byte("x")) },
		func() (int64, error) { return s.SendPhoto(7, qrImage(t, "x")) },
	} {
		_, err := act()
		must(t, err)
	}
	_, err := s.Press(7, 7, button, 0, 0)
	must(t, err)
}

package sandbox

import (
	"strings"
	"testing"
)

// people is a sandbox without rates with a person 7 who pressed Start.
func people(t testing.TB) *Server {
	t.Helper()
	s := start(t, Options{Limits: &NoLimits, Now: newClock().now})
	s.AddUser(User{ID: 7, Name: "书记 001", Phone: "+8613800000001", Lang: "zh", Started: true})
	return s
}

func TestSendAndEdit(t *testing.T) {
	s := people(t)
	sent := ok[wireMessage](t, s, "sendMessage", params{
		"chat_id": 7, "text": " <b>已到</b> 1 &lt; 31 ", "parse_mode": "HTML",
		"reply_markup": params{"inline_keyboard": [][]params{{{"text": "点名", "callback_data": "k1"}}}},
	})
	if sent.Text != "已到 1 < 31" || sent.Entities[0] != (Entity{Type: "bold", Offset: 0, Length: 2}) {
		t.Errorf("sent %+v", sent)
	}
	edited := ok[wireMessage](t, s, "editMessageText", params{"chat_id": 7, "message_id": sent.ID, "text": "已到 2"})
	if edited.EditDate == 0 || edited.Markup != nil {
		t.Errorf("edited %+v", edited)
	}
	got := s.Messages(7)
	if len(got) != 1 || got[0].Text != "已到 2" || got[0].Edited.IsZero() {
		t.Errorf("the person sees %+v", got)
	}
}

func TestPressIsAnswered(t *testing.T) {
	s := people(t)
	sent := ok[wireMessage](t, s, "sendMessage", params{
		"chat_id": 7, "text": "?",
		"reply_markup": params{"inline_keyboard": [][]params{{{"text": "能参加", "callback_data": "k1"}}}},
	})
	id, err := s.Press(7, 7, sent.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := ok[[]gotUpdate](t, s, "getUpdates", nil)
	if len(got) != 1 || got[0].Query.Data != "k1" || got[0].Query.Message.ID != sent.ID {
		t.Fatalf("updates %+v", got)
	}
	ok[bool](t, s, "answerCallbackQuery", params{"callback_query_id": id, "text": "好"})
	if text, _, answered := s.Answer(id); !answered || text != "好" {
		t.Errorf("answer %q %v", text, answered)
	}
	if _, err := s.Press(7, 7, sent.ID, 0, 1); err == nil {
		t.Error("a button that is not there was pressed")
	}
}

func TestUpdatesWaitUntilAcknowledged(t *testing.T) {
	s := people(t)
	for _, text := range []string{"/start", "/checkin 482913", "签到"} {
		if _, err := s.Say(7, text); err != nil {
			t.Fatal(err)
		}
	}
	first := ok[[]gotUpdate](t, s, "getUpdates", params{"limit": 2})
	again := ok[[]gotUpdate](t, s, "getUpdates", params{"limit": 2})
	if len(first) != 2 || first[0].ID != again[0].ID {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	rest := ok[[]gotUpdate](t, s, "getUpdates", params{"offset": first[1].ID + 1})
	if len(rest) != 1 || rest[0].Message.Text != "签到" {
		t.Fatalf("rest %+v", rest)
	}
	ok[[]gotUpdate](t, s, "getUpdates", params{"offset": rest[0].ID + 1})
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestTextBounds(t *testing.T) {
	s := people(t)
	if a := do(t, s, "sendMessage", params{"chat_id": 7, "text": strings.Repeat("🦆", 2048)}); !a.OK {
		t.Errorf("4,096 units: %s", a.Desc)
	}
	if a := do(t, s, "sendMessage", params{"chat_id": 7, "text": strings.Repeat("🦆", 2048) + "x"}); a.OK {
		t.Error("4,097 units were taken")
	}
}

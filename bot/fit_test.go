package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"headgoose/bot/chat"
	"headgoose/storage/record"
)

func TestFit(t *testing.T) {
	for name, c := range map[string]struct {
		m     chat.Message
		units int // of the text that is left
		tail  string
	}{
		"a text that fits":           {chat.Message{Text: strings.Repeat("字", maxText)}, maxText, "字"},
		"one sign too many":          {chat.Message{Text: strings.Repeat("字", maxText+1)}, maxText, "字…"},
		"signs of two units":         {chat.Message{Text: strings.Repeat("🪿", maxText)}, maxText - 1, "🪿…"},
		"a caption that fits":        {chat.Message{Text: strings.Repeat("字", maxCaption), Photo: []byte{1}}, maxCaption, "字"},
		"a caption that is too long": {chat.Message{Text: strings.Repeat("字", maxCaption+1), Photo: []byte{1}}, maxCaption, "字…"},
		"a file's caption":           {chat.Message{Text: strings.Repeat("a", 5000), Document: &chat.Upload{}}, maxCaption, "a…"},
		"lines":                      {chat.Message{Text: strings.Repeat(strings.Repeat("字", 99)+"\n", 50)}, 4001, "字\n…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := fit(c.m).Text
			if n := len(utf16.Encode([]rune(got))); n != c.units || !strings.HasSuffix(got, c.tail) {
				t.Errorf("%d units, ends in %q", n, got[max(0, len(got)-12):])
			}
		})
	}
}

// A branch of very many sessions is told of its week all the same.
func TestALongListArrives(t *testing.T) {
	w := newOfficeWorld(t)
	for i := range 70 {
		w.session(fmt.Sprintf("第 %02d 场 %s", i, strings.Repeat("长", 50)), w.now.Add(time.Duration(i+1)*time.Minute), []record.Code{xiajiahe})
	}
	from := weekStart(w.now).Format(time.RFC3339)
	r := w.bot.Deliver(t.Context(), record.Outbox{Kind: record.KindWeek, Class: record.Notice, Person: w.xia.id, Args: map[string]string{"from": from}})
	if r.State != record.Sent {
		t.Fatalf("%+v", r)
	}
	w.xia.sees("第 00 场", "…")
	words := record.Words{Text: strings.Repeat("字", 5000)}
	if r := w.bot.Deliver(t.Context(), record.Outbox{Kind: record.KindReply, Class: record.Reply, Chat: w.xia.chat, Words: &words}); r.State != record.Sent {
		t.Fatalf("a reply: %+v", r)
	}
}

package chattest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot/chat"
)

const ann, bob = int64(101), int64(102)

func text(s string) chat.Message { return chat.Message{Text: s} }

func send(t *testing.T, r *Recorder, chatID int64, m chat.Message) int64 {
	t.Helper()
	id, err := r.Send(t.Context(), chatID, m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRecorderShowsWhatThePersonSees(t *testing.T) {
	r := NewRecorder()
	first := send(t, r, ann, text("到 1 / 31"))
	send(t, r, ann, text("第二条"))
	send(t, r, bob, text("别人"))
	buttons := [][]chat.Button{{{Text: "点名", Data: "roll"}}}
	if err := r.Edit(t.Context(), ann, first, chat.Message{Text: "到 2 / 31", Buttons: buttons}); err != nil {
		t.Fatal(err)
	}
	got := r.Messages(ann)
	if len(got) != 2 || got[0].Text != "到 2 / 31" || got[0].Edits != 1 || got[1].Text != "第二条" {
		t.Fatalf("ann sees %+v", got)
	}
	if b, ok := got[0].Button("点名"); !ok || b.Data != "roll" {
		t.Fatalf("button: %+v %v", b, ok)
	}
	if last, ok := r.Last(bob); !ok || last.ID != 1 || last.Text != "别人" {
		t.Fatalf("bob sees %+v", last)
	}
	if err := r.Edit(t.Context(), ann, first, chat.Message{Text: "到 2 / 31", Buttons: buttons}); err != nil || r.Messages(ann)[0].Edits != 1 {
		t.Fatalf("an edit that changes nothing: %v, %+v", err, r.Messages(ann)[0])
	}
}

func TestRecorderKeepsItsOwnCopy(t *testing.T) {
	r := NewRecorder()
	m := chat.Message{Text: "x", Buttons: [][]chat.Button{{{Text: "a", Data: "1"}}}}
	send(t, r, ann, m)
	m.Buttons[0][0].Text = "changed"
	if got, _ := r.Last(ann); got.Buttons[0][0].Text != "a" {
		t.Fatal("the sender's slice shows through")
	}
}

func TestRecorderRefusesWhatAPlatformRefuses(t *testing.T) {
	png := append(bytes.Clone(pngHead), 1)
	for name, c := range map[string]struct {
		chat int64
		m    chat.Message
		want chat.Outcome
	}{
		"empty":                  {ann, text(" \n"), chat.Refused},
		"no chat":                {0, text("x"), chat.Unreachable},
		"not UTF-8":              {ann, text("\xff"), chat.Refused},
		"4096 is allowed":        {ann, text(strings.Repeat("字", 4096)), 0},
		"4097":                   {ann, text(strings.Repeat("字", 4097)), chat.Refused},
		"surrogates count twice": {ann, text(strings.Repeat("😀", 2049)), chat.Refused},
		"caption of 1025":        {ann, chat.Message{Text: strings.Repeat("字", 1025), Photo: png}, chat.Refused},
		"photo without text":     {ann, chat.Message{Photo: png}, 0},
		"photo not PNG":          {ann, chat.Message{Photo: []byte("JFIF")}, chat.Refused},
		"empty document":         {ann, chat.Message{Document: &chat.Upload{Name: "a.csv"}}, chat.Refused},
		"data of 65":             {ann, chat.Message{Text: "x", Buttons: [][]chat.Button{{{Text: "a", Data: strings.Repeat("d", 65)}}}}, chat.Refused},
		"button without data":    {ann, chat.Message{Text: "x", Buttons: [][]chat.Button{{{Text: "a"}}}}, chat.Refused},
		"contact in a group":     {-5, chat.Message{Text: "x", AskContact: "发送"}, chat.Refused},
		"contact and buttons":    {ann, chat.Message{Text: "x", AskContact: "发送", Buttons: [][]chat.Button{{{Text: "a", Data: "d"}}}}, chat.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRecorder()
			_, err := r.Send(t.Context(), c.chat, c.m)
			if got := chat.OutcomeOf(err); got != c.want {
				t.Fatalf("outcome %v (%v), want %v", got, err, c.want)
			}
			if shown := len(r.Messages(c.chat)); (shown == 1) != (c.want == 0) {
				t.Fatalf("%d messages shown", shown)
			}
		})
	}
}

func TestRecorderFails(t *testing.T) {
	r := NewRecorder()
	r.Fail(
		Failure{Method: Send, Chat: ann, Err: &chat.SendError{Outcome: chat.NotSent, Err: errors.New("down")}, Times: 2},
		Failure{Method: Send, Chat: ann, Err: &chat.SendError{Outcome: chat.Unknown, Err: errors.New("answer lost")}, After: true},
	)
	want := []chat.Outcome{chat.NotSent, chat.NotSent, chat.Unknown, 0}
	for i, w := range want {
		_, err := r.Send(t.Context(), ann, text("x"))
		if got := chat.OutcomeOf(err); got != w {
			t.Fatalf("call %d: %v, want %v", i, got, w)
		}
	}
	send(t, r, bob, text("nobody told bob's to fail"))
	if got := len(r.Messages(ann)); got != 2 {
		t.Fatalf("%d messages: a failure after the effect must show, one before must not", got)
	}
	if calls := r.Calls(); len(calls) != 5 || calls[0].Err == nil || calls[3].Err != nil || calls[2].MessageID != 1 {
		t.Fatalf("calls %+v", calls)
	}
}

func TestRecorderEditsAPhotosCaption(t *testing.T) {
	r := NewRecorder()
	png := append(bytes.Clone(pngHead), 1)
	id := send(t, r, ann, chat.Message{Text: "口令 1", Photo: png, Quiet: true})
	if err := r.Edit(t.Context(), ann, id, text("已结束")); err != nil {
		t.Fatal(err)
	}
	if got, _ := r.Last(ann); got.Text != "已结束" || !bytes.Equal(got.Photo, png) || !got.Quiet {
		t.Fatalf("%+v", got)
	}
	if err := r.Edit(t.Context(), ann, 77, text("x")); chat.OutcomeOf(err) != chat.Stale {
		t.Fatalf("an unknown message: %v", err)
	}
}

func TestRecorderWaitsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder()
		go func() {
			time.Sleep(time.Hour)
			send(t, r, ann, text("later"))
		}()
		start := time.Now()
		got, err := r.WaitMessages(t.Context(), ann, 1)
		if err != nil || got[0].Text != "later" || time.Since(start) != time.Hour {
			t.Fatalf("%v %v after %v", got, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.WaitMessages(ctx, ann, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("waiting for what never comes: %v", err)
		}
	})
}

func TestRecorderHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder()
		release := r.Hold()
		var done sync.WaitGroup
		done.Go(func() { send(t, r, ann, text("held")) })
		synctest.Wait()
		if len(r.Calls()) != 0 {
			t.Fatal("a held call went through")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Send(ctx, bob, text("x")); chat.OutcomeOf(err) != chat.NotSent {
			t.Fatalf("a held call whose ctx ended: %v", err)
		}
		release()
		done.Wait()
		if len(r.Messages(ann)) != 1 || len(r.Messages(bob)) != 0 {
			t.Fatal("after release")
		}
	})
}

func TestRecorderTheRest(t *testing.T) {
	r := NewRecorder()
	r.AddFile("f", []byte("12345"))
	if b, err := r.Download(t.Context(), "f", 5); err != nil || string(b) != "12345" {
		t.Fatal(b, err)
	}
	if _, err := r.Download(t.Context(), "f", 4); chat.OutcomeOf(err) != chat.TooBig {
		t.Fatal(err)
	}
	if err := r.Answer(t.Context(), "p", "好"); err != nil {
		t.Fatal(err)
	}
	if got, ok := r.Notice("p"); !ok || got != "好" {
		t.Fatal(got, ok)
	}
	if err := r.SetCommands(t.Context(), "zh", []chat.Command{{Name: "签到", Help: "x"}}); chat.OutcomeOf(err) != chat.Refused {
		t.Fatal(err)
	}
	if err := r.SetCommands(t.Context(), "zh", []chat.Command{{Name: "checkin", Help: "签到"}}); err != nil || len(r.Menu("zh")) != 1 {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Fatal("a payload of 65 made a link")
		}
	}()
	_ = r.Link(strings.Repeat("x", 65))
}

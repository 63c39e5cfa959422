package bot

import (
	"errors"
	"testing"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/storage"
	"headgoose/storage/record"
)

// The code is shown to those who may run the session, and to them alone.
func TestBoardLeavesWhoMayNotRunTheSession(t *testing.T) {
	for name, lose := range map[string]func(*officeWorld, persona) error{
		"the post ended": func(w *officeWorld, p persona) error {
			return w.store.Update(w.Context(), func(tx *storage.Tx) error { return tx.EndPost(p.id, record.CountyOfficer, hualong) })
		},
		"the account was taken off": func(w *officeWorld, p persona) error {
			return w.store.Update(w.Context(), func(tx *storage.Tx) error { return tx.Unbind(p.id) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newOfficeWorld(t)
			p := w.person("县级管理员 002", record.CountyOfficer, hualong)
			refresh := func() {
				if err := w.bot.RefreshBoards(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			s := w.session("党性教育基地", w.now, []record.Code{xiajiahe})
			p.line("host.open " + string(s.ID))
			refresh()
			p.sees("口令", "[点名]")
			board := p.last()
			if err := lose(w, p); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(storage.CodeStep)
			refresh()
			p.shows(board, "口令不再显示在这里")
			if got := p.now(board); len(got.Buttons) > 0 || payloadOf(readQR(t, got.Photo)) != pastCode {
				t.Errorf("the message still leads to the session:\n%s", draw(got))
			}
			w.county.line("host.code " + string(s.ID))
			refresh()
			w.county.sees("口令", "[点名]")
		})
	}
}

// A platform that hangs is not asked again with every tick, and gets one live
// message in the end.
func TestBoardRestsAfterAFailure(t *testing.T) {
	w := newOfficeWorld(t)
	s := w.session("党性教育基地", w.now, []record.Code{xiajiahe})
	w.county.line("host.open " + string(s.ID))
	w.rec.Fail(chattest.Failure{Method: "Send", Err: &chat.SendError{Outcome: chat.NotSent, Err: errors.New("no line")}, Times: 2})
	calls := func() (n int) {
		for _, c := range w.rec.Calls() {
			if c.Method == "Send" && c.Chat == w.county.chat {
				n++
			}
		}
		return n
	}
	before := calls()
	for range 12 {
		if err := w.bot.RefreshBoards(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(boardTick)
	}
	if n := calls() - before; n != 3 {
		t.Errorf("sent %d times in 12 s, want 2 that fail and 1", n)
	}
	w.county.sees("口令", "[点名]")
}

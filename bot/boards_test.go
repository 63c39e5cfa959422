package bot

import (
	"testing"

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

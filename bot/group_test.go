package bot

import (
	"testing"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/record"
)

// A group is never where somebody enrols, is told of the own posts, or is
// answered for a card, a file or a picture that was meant for the others.
func TestGroupIsNobodysOwn(t *testing.T) {
	const group = -77
	in := func(p persona, ev chat.Event) {
		ev.Chat, ev.From = chat.Chat{ID: group, Group: true}, chat.User{ID: p.chat}
		p.w.handle(ev)
	}
	silent := func(w *world) {
		w.Helper()
		if said := w.rec.Messages(group); len(said) > 0 {
			w.Fatalf("the group was told:\n%s", draw(said[0]))
		}
	}
	issue := func(w *officeWorld, id record.PersonID) (payload string) {
		w.do(func(tx *storage.Tx) (err error) {
			payload, err = tx.IssueEnrolLink(id, w.township.id, make([]byte, storage.TokenSize), dayLong)
			return err
		})
		return payload
	}

	t.Run("a person's own link", func(t *testing.T) {
		w := newOfficeWorld(t)
		payload := issue(w, w.xia.id)
		in(w.xia, chat.Event{Kind: chat.Text, Text: "/start " + payload, Payload: payload})
		silent(w.world)
	})
	t.Run("a link and a card bind no group", func(t *testing.T) {
		w := newOfficeWorld(t)
		w.do(func(tx *storage.Tx) error {
			if err := tx.SetPhone(w.xia.id, "13800138009"); err != nil {
				return err
			}
			return tx.Unbind(w.xia.id)
		})
		payload := issue(w, w.xia.id)
		in(w.xia, chat.Event{Kind: chat.Text, Text: "/start " + payload, Payload: payload})
		in(w.xia, chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "13800138009", Own: true}})
		silent(w.world)
		w.see(func(tx *storage.Tx) error {
			p, err := tx.Person(w.xia.id)
			if p.Enrolled() {
				t.Errorf("the secretary is bound to chat %d", p.Chat)
			}
			return err
		})
	})
	t.Run("talk that the bot cannot read", func(t *testing.T) {
		w := newOfficeWorld(t)
		in(w.xia, chat.Event{Kind: chat.Other})
		in(w.xia, chat.Event{Kind: chat.Contact, Contact: &chat.ContactCard{Phone: "13800138009"}})
		in(w.county, chat.Event{Kind: chat.Document, File: &chat.File{ID: "f", Name: "a.xlsx"}})
		silent(w.world)
	})
	t.Run("a button that means nothing here", func(t *testing.T) {
		w := newOfficeWorld(t)
		in(w.county, chat.Event{Kind: chat.Press, PressID: "press", Data: "AAAABBBBCCCC.0", MessageID: 3})
		silent(w.world)
	})
	t.Run("talk in a group does not show that a person can be written to", func(t *testing.T) {
		w := newOfficeWorld(t)
		w.do(func(tx *storage.Tx) error { _, err := tx.SetReachable(w.xia.id, false); return err })
		w.xia.inGroup(group, "/help")
		w.see(func(tx *storage.Tx) error {
			p, err := tx.Person(w.xia.id)
			if p.UnreachableSince.IsZero() {
				t.Error("the person counts as reachable")
			}
			return err
		})
	})
}

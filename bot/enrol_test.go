package bot

import (
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// The configuration names a first officer by account alone. When the roster
// names the same human being, the post passes on.
func TestAFirstOfficerEntersTheRoster(t *testing.T) {
	w := newWorld(t)
	first := w.stranger()
	if err := w.store.SetUp(t.Context(), storage.County{
		Place: record.Place{Code: hualong, Name: "化隆县"}, Officers: []int64{first.chat},
	}); err != nil {
		t.Fatal(err)
	}
	first.say("/status").sees("化隆县")
	var payload string
	var id record.PersonID
	w.do(func(tx *storage.Tx) (err error) {
		if id, err = tx.AddPerson(record.Person{Name: "书记 900"}, "13800000900"); err != nil {
			return err
		}
		if err := tx.Appoint(id, record.Secretary, xiajiahe, "2024"); err != nil {
			return err
		}
		payload, err = tx.IssueEnrolLink(id, "", make([]byte, storage.TokenSize), dayLong)
		return err
	})
	first.open(payload).sendsContact("+86 138 0000 0900", true).sees("书记 900", "县级管理员")
	first.say("/status").sees("化隆县")
	w.see(func(tx *storage.Tx) error {
		p, found, err := tx.PersonByChat(first.chat)
		if !found || p.ID != id {
			t.Errorf("the account is %q's, not the one of the roster", p.ID)
		}
		return err
	})
	if found, err := w.store.Check(t.Context()); err != nil || len(found) > 0 {
		t.Error("indexes do not agree", found, err)
	}
}

// Whoever opens a link again and again asks the officers a few times, not for
// ever.
func TestALinkAsksTheOfficersAFewTimes(t *testing.T) {
	w := newOfficeWorld(t)
	payload := ""
	w.do(func(tx *storage.Tx) (err error) {
		if err := tx.SetPhone(w.xia.id, "13800138009"); err != nil {
			return err
		}
		if err := tx.Unbind(w.xia.id); err != nil {
			return err
		}
		payload, err = tx.IssueEnrolLink(w.xia.id, "", make([]byte, storage.TokenSize), dayLong)
		return err
	})
	p := w.stranger()
	for range maxContacts {
		w.now = w.now.Add(time.Minute)
		p.open(payload).sees("用于核对身份").sendsContact("13900000000", true).sees("请巴燕镇")
	}
	w.now = w.now.Add(time.Minute)
	p.open(payload).sendsContact("13900000000", true)
	if n := w.township.messages(); n != maxContacts {
		t.Errorf("the officer was asked %d times", n)
	}
	w.township.press("是本人").sees("✅")
}

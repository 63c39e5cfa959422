package bot

import (
	"testing"

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

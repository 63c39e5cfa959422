package bot

import (
	"bytes"
	"fmt"
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// What waits in the outbox is asked once more, when it is sent, whether its
// reader may still see it.
func TestNoticeAsksWhoReads(t *testing.T) {
	deliver := func(w *officeWorld, row record.Outbox) record.Result {
		w.Helper()
		w.rec.Reset()
		r := w.bot.Deliver(w.Context(), row)
		for _, c := range w.rec.Chats() {
			for _, m := range w.rec.Messages(c) {
				w.Errorf("chat %d was told:\n%s", c, draw(m))
			}
		}
		return r
	}
	end := func(w *officeWorld, p persona, role record.Role, place record.Code) {
		w.do(func(tx *storage.Tx) error { return tx.EndPost(p.id, role, place) })
	}

	t.Run("a number that differs", func(t *testing.T) {
		w := newOfficeWorld(t)
		w.do(func(tx *storage.Tx) error {
			if err := tx.Unbind(w.jin.id); err != nil {
				return err
			}
			return tx.PutClaim(record.Claim{Chat: 7, Person: w.jin.id, At: tx.Now, Waiting: true, GotTail: "0000"})
		})
		row := record.Outbox{Kind: "enrol.mismatch", Class: record.Notice, Args: map[string]string{"chat": "7"}}
		row.Person = w.other.id // of another township: the chat has opened another link since
		if r := deliver(w, row); r.State != record.Dropped {
			t.Errorf("to another township's officer: %+v", r)
		}
		end(w, w.township, record.TownshipOfficer, bayan)
		row.Person = w.township.id
		if r := deliver(w, row); r.State != record.Dropped {
			t.Errorf("after the post ended: %+v", r)
		}
	})
	t.Run("a session that the bot closed", func(t *testing.T) {
		w := newOfficeWorld(t)
		host := w.person("主持人 001", record.Host, hualong)
		w.do(func(tx *storage.Tx) error {
			_, err := tx.ChangeSession(w.monday.ID, func(s *record.Session) { s.Hosts = []record.PersonID{host.id} })
			return err
		})
		end(w, host, record.Host, hualong)
		if r := deliver(w, record.Outbox{Kind: record.KindAutoClosed, Class: record.Notice, Person: host.id, Session: w.monday.ID}); r.State != record.Dropped {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a file for an account that was taken off", func(t *testing.T) {
		w := newOfficeWorld(t)
		w.do(func(tx *storage.Tx) error {
			if err := tx.Unbind(w.county.id); err != nil {
				return err
			}
			return tx.Bind(w.county.id, 4711, "zh")
		})
		row := record.Outbox{
			Kind: "export", Class: record.Reply, Person: w.county.id, Chat: w.county.chat,
			Args: map[string]string{"what": "roster", "place": string(hualong)},
		}
		if r := deliver(w, row); r.State != record.Dropped {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a sheet that was sent from an account that was taken off", func(t *testing.T) {
		w := newOfficeWorld(t)
		body, err := sheet.WriteRoster("zh", "名册", []record.RosterRow{{Township: "巴燕镇", Village: "下加合村", Code: xiajiahe, Role: record.Secretary, Name: "书记 999"}})
		if err != nil {
			t.Fatal(err)
		}
		w.rec.AddFile("roster", bytes.Clone(body))
		w.do(func(tx *storage.Tx) error {
			if _, err := tx.AddJob(record.Job{Chat: w.county.chat, Person: w.county.id, File: "roster", Name: "a.xlsx", State: record.JobRead}); err != nil {
				return err
			}
			if err := tx.Unbind(w.county.id); err != nil {
				return err
			}
			return tx.Bind(w.county.id, 4711, "zh")
		})
		if _, err := w.bot.WorkJobs(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		w.deliver()
		if n := len(w.rec.Messages(w.county.chat)); n > 0 {
			t.Errorf("the old account was told:\n%s", fmt.Sprint(draw(w.county.last())))
		}
	})
}

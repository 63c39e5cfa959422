package schedule

import (
	"errors"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// A consent that ends soon is asked about once: the graduate, or the secretary;
// where nobody can be asked it stays. Who does not answer is forgotten with its
// end, who goes on is not.
func TestWhetherConsentsGoOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 2)
		c.wake()
		var own record.PersonID
		c.update(func(tx *storage.Tx) (err error) {
			if own, err = tx.AddPerson(record.Person{Name: "毕业生 甲"}, ""); err != nil {
				return err
			}
			return tx.Bind(own, 77, "zh")
		})
		self := c.seeker("毕业生 甲", c.villages[0], own)
		goesOn := c.seeker("毕业生 乙", c.villages[0], "")
		silent := c.seeker("毕业生 丁", c.villages[0], "")
		alone := c.seeker("毕业生 丙", c.villages[1], "")
		c.update(func(tx *storage.Tx) error {
			return tx.EndPost(c.people[c.villages[1]], record.Secretary, c.villages[1])
		})
		purge := func() {
			t.Helper()
			if _, err := c.store.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		purge()
		ends := c.clock.Now().AddDate(0, record.ConsentMonths, 0)
		c.clock.move(ends.AddDate(0, 0, -record.ConsentAskDays-2).Sub(c.clock.Now()))
		c.wake()
		if rows := append(c.rows("consent/"), c.rows("consentof/")...); len(rows) > 0 {
			t.Fatalf("asked too early: %v", rows)
		}
		purge()
		c.days(4)
		if got := c.rows("consent/"); len(got) != 1 {
			t.Errorf("the graduate is asked by %v", got)
		}
		if got := c.rows("consentof/"); len(got) != 1 {
			t.Errorf("the secretary is asked by %v", got)
		}
		c.days(1)
		c.settleConsents(record.Sent)
		c.update(func(tx *storage.Tx) error {
			list, err := tx.ConsentsAsked(c.villages[0])
			if len(list) != 3 {
				t.Errorf("%d are to be asked, want 3", len(list))
			}
			if err != nil {
				return err
			}
			_, err = tx.SetConsent(goesOn, record.ToKeep, record.Consent{Version: "1", At: tx.Now, Source: record.BySecretary})
			return err
		})
		c.days(20)
		purge()
		c.days(14)
		purge()
		for id, want := range map[record.GraduateID]bool{self: false, silent: false, goesOn: true, alone: true} {
			err := c.store.View(t.Context(), func(tx *storage.Tx) error { _, err := tx.Graduate(id); return err })
			if got := err == nil; got != want || (err != nil && !errors.Is(err, record.ErrNotFound)) {
				t.Errorf("%s is there: %v, want %v (%v)", id, got, want, err)
			}
		}
		if got := c.rows("consent/"); len(got) != 1 {
			t.Errorf("asked again: %v", got)
		}
	})
}

// A secretary who was asked this week is asked about what ends since then in the
// next one: nobody's consent ends without the question.
func TestConsentsThatEndAfterTheWeeksQuestion(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 1)
		c.wake()
		for c.clock.Now().In(c.cfg.Zone).Weekday() != time.Monday {
			c.days(1)
		}
		first, second := c.seeker("毕业生 甲", c.villages[0], ""), c.seeker("毕业生 乙", c.villages[0], "")
		soon := func(id record.GraduateID) {
			c.update(func(tx *storage.Tx) error {
				_, err := tx.SetConsent(id, record.ToKeep, record.Consent{Version: "1", At: tx.Now, Source: record.BySheet, Until: tx.Now.AddDate(0, 0, 10)})
				return err
			})
		}
		asked := func(id record.GraduateID) (found bool) {
			c.update(func(tx *storage.Tx) (err error) {
				_, found, err = tx.ConsentAsked(id, record.ToKeep)
				return err
			})
			return found
		}
		soon(first)
		c.days(1)
		sent := c.rows("consentof/")
		if len(sent) != 1 || !asked(first) {
			t.Fatalf("the first one is asked by %v", sent)
		}
		c.clock.move(12 * time.Hour)
		c.update(func(tx *storage.Tx) error {
			row, _, err := tx.Outbox(sent[0])
			if err != nil {
				return err
			}
			rows, err := tx.LeaseOutbox(record.Notice, 1, func(r record.Outbox) bool { return r.Key == row.Key })
			if len(rows) != 1 {
				t.Errorf("not due: %+v", row)
			}
			for _, r := range rows {
				r.State = record.Sent
				if _, err := tx.SettleOutbox(r); err != nil {
					return err
				}
			}
			return err
		})
		soon(second)
		if c.days(1); asked(second) {
			t.Error("counted as asked by a message that went out before")
		}
		if c.days(6); !asked(second) || len(c.rows("consentof/")) != 2 {
			t.Errorf("not asked a week later: %v", c.rows("consentof/"))
		}
	})
}

// settleConsents has every question about consents that is due end so.
func (c *county) settleConsents(state record.OutState) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		rows, err := tx.LeaseOutbox(record.Notice, 20, func(row record.Outbox) bool {
			return row.Kind == record.KindConsent || row.Kind == record.KindConsentsOf
		})
		for _, row := range rows {
			if err != nil {
				break
			}
			row.State = state
			_, err = tx.SettleOutbox(row)
		}
		return err
	})
}

// A question that never reached anybody is asked again, and no consent ends over
// it.
func TestALostQuestionEndsNoConsent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, r *rig) {
		c := newCounty(r, 1, 1)
		c.wake()
		id := c.seeker("毕业生 乙", c.villages[0], "")
		if _, err := c.store.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.clock.move(c.clock.Now().AddDate(0, record.ConsentMonths, -record.ConsentAskDays).Sub(c.clock.Now()))
		for range 60 {
			c.days(1)
			c.settleConsents(record.Failed)
			if _, err := c.store.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.rows("consentof/"); len(got) < 6 {
			t.Errorf("asked %d times in 60 days, all in vain: %v", len(got), got)
		}
		if err := c.store.View(t.Context(), func(tx *storage.Tx) error { _, err := tx.Graduate(id); return err }); err != nil {
			t.Errorf("the record ended though nobody was asked: %v", err)
		}
	})
}

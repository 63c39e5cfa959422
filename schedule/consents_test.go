package schedule

import (
	"errors"
	"testing"

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

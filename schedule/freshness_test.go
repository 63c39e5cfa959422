package schedule

import (
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// seeker enters somebody who seeks work, confirmed now.
func (c *county) seeker(name string, of record.Code, own record.PersonID) (id record.GraduateID) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		g, err := tx.AddGraduate(record.Graduate{
			Village: of, Name: name, BirthYear: 2003, Education: record.Bachelor, School: "青海大学", Graduation: "2025-07",
			Employment: record.Seeking, Willingness: record.Willing, Source: record.BySecretary, Person: own,
			Consent: record.Consent{Version: "1", At: tx.Now, Source: record.BySecretary},
		}, nil)
		id = g.ID
		return err
	})
	return id
}

func (c *county) askedOf(id record.GraduateID) (k record.Asked) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		g, err := tx.Graduate(id)
		k = g.Asked
		return err
	})
	return k
}

// settleFacts has every question of facts that is due end so.
func (c *county) settleFacts(state record.OutState) {
	c.t.Helper()
	var rows []record.Outbox
	c.update(func(tx *storage.Tx) (err error) {
		rows, err = tx.LeaseOutbox(record.Notice, 20, func(row record.Outbox) bool {
			return row.Kind == record.KindFacts || row.Kind == record.KindFactsOf
		})
		return err
	})
	c.update(func(tx *storage.Tx) error {
		for _, row := range rows {
			row.State = state
			if _, err := tx.SettleOutbox(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// days lets so many days go by, with a look on each.
func (c *county) days(n int) {
	for range n {
		c.clock.move(24 * time.Hour)
		c.wake()
	}
}

func TestWhoIsAskedAboutFacts(t *testing.T) {
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
		first := c.seeker("毕业生 乙", c.villages[0], "")
		alone := c.seeker("毕业生 丙", c.villages[1], "")
		c.update(func(tx *storage.Tx) error {
			return tx.EndPost(c.people[c.villages[1]], record.Secretary, c.villages[1])
		})
		c.days(29)
		if k := c.askedOf(self); !k.At.IsZero() {
			t.Errorf("asked after 29 days: %+v", k)
		}
		c.days(5)
		if k := c.askedOf(self); !k.Open || k.Of != record.BySelf {
			t.Errorf("of one with an account: %+v", k)
		}
		if k := c.askedOf(first); !k.Open || k.Of != record.BySecretary {
			t.Errorf("of one without: %+v", k)
		}
		if k := c.askedOf(alone); !k.Listed {
			t.Errorf("with nobody to ask: %+v", k)
		}
	})
}

func TestSilencesCountOnlyWhatArrived(t *testing.T) {
	for name, c := range map[string]struct {
		state    record.OutState
		silences int
		listed   bool
	}{
		"sent":   {record.Sent, 2, true},
		"failed": {record.Failed, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, r *rig) {
				y := newCounty(r, 1, 1)
				y.wake()
				id := y.seeker("毕业生 乙", y.villages[0], "")
				for range 90 {
					y.days(1)
					y.settleFacts(c.state)
				}
				if k := y.askedOf(id); k.Silences != c.silences || k.Listed != c.listed {
					t.Errorf("after 90 days without an answer: %+v", k)
				}
			})
		})
	}
}

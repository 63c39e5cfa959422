package storage

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// ringCounty is a county whose keys can be destroyed.
func ringCounty(t *testing.T) (*county, *seal.Ring) {
	t.Helper()
	ring, err := seal.InMemory(make([]byte, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return newCountyWith(t, ring), ring
}

// copyOf is the data as a backup has it.
func copyOf(t *testing.T, from kv.Engine) kv.Engine {
	t.Helper()
	var all []kv.Entry
	err := from.View(t.Context(), func(r kv.Reader) error {
		for e, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			all = append(all, kv.Entry{Key: bytes.Clone(e.Key), Value: bytes.Clone(e.Value)})
		}
		return nil
	})
	to := memkv.New(memkv.Options{})
	for part := range slices.Chunk(all, kv.MaxWrites) {
		err = errors.Join(err, to.Update(t.Context(), func(w kv.Txn) (err error) {
			for _, e := range part {
				err = errors.Join(err, w.Put(e.Key, e.Value))
			}
			return err
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func (c *county) graduate(name string) record.Graduate {
	c.t.Helper()
	g := aGraduate()
	g.Village, g.Name = c.village(0), name
	c.do(func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
	return g
}

func (c *county) checked() {
	c.t.Helper()
	found, err := c.s.Check(context.Background())
	if err != nil || len(found) > 0 {
		c.t.Fatalf("check: %v, %v", found, err)
	}
}

func TestForgottenGraduatesStayForgotten(t *testing.T) {
	c, ring := ringCounty(t)
	g, other := c.graduate("毕业生 001"), c.graduate("毕业生 002")
	id := c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	c.do(func(tx *Tx) error { _, err := tx.AddReserve(g.ID, "2026-12-01"); return err })
	var screening record.Screening
	c.do(func(tx *Tx) (err error) {
		screening, err = tx.AddScreening(record.Screening{Name: "找工作", Place: "630224", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}}, By: id})
		return err
	})
	if err := c.s.FillScreening(t.Context(), screening.ID, nil); err != nil {
		t.Fatal(err)
	}
	backup := copyOf(t, c.engine)
	c.do(func(tx *Tx) error { return tx.ForgetGraduate(g.ID) })
	c.checked()
	number, err := keyNumber(g.Seal())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Key(number); !errors.Is(err, seal.ErrDestroyed) {
		t.Fatalf("the key after the commit: %v", err)
	}

	t.Run("nobody else brings them back", func(t *testing.T) {
		for _, by := range []record.Source{record.BySecretary, record.ByOfficer, record.BySheet} {
			again := aGraduate()
			again.Village, again.Source = c.village(0), by
			err := c.s.Update(t.Context(), func(tx *Tx) error { _, err := tx.AddGraduate(again, nil); return err })
			if !errors.Is(err, record.ErrForgotten) {
				t.Errorf("by %s: %v", by, err)
			}
		}
	})
	t.Run("a backup forgets again", func(t *testing.T) {
		s, err := Open(t.Context(), backup, Options{Key: make([]byte, KeySize), Ring: ring, Clock: func() time.Time { return c.now }})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx *Tx) error {
			if _, err := tx.Graduate(g.ID); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("the forgotten record: %v", err)
			}
			if o, err := tx.Graduate(other.ID); err != nil || o.Name != "毕业生 002" {
				t.Errorf("the other one: %+v, %v", o, err)
			}
			if gone, err := tx.WasForgotten(g); err != nil || !gone {
				t.Errorf("the mark is not there: %v, %v", gone, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("check: %v, %v", found, err)
		}
	})
	t.Run("they come back themselves", func(t *testing.T) {
		again := aGraduate()
		again.Village, again.Source = c.village(0), record.BySelf
		c.do(func(tx *Tx) (err error) { again, err = tx.AddGraduate(again, nil); return err })
		if again.ID == g.ID {
			t.Error("the old id was given again")
		}
		c.do(func(tx *Tx) error { return tx.StrikeGraduate(again.ID) })
		again.Source = record.BySecretary
		c.do(func(tx *Tx) error { _, err := tx.AddGraduate(again, nil); return err })
		c.checked()
	})
}

// Where the machine stops between the commit and the ring, the next start ends
// what was begun.
func TestAKeyThatWasNotDestroyedYet(t *testing.T) {
	c, ring := ringCounty(t)
	g := c.graduate("毕业生 001")
	err := c.engine.Update(t.Context(), func(w kv.Txn) error { // no AfterCommit: the machine stops
		return (&Tx{Now: c.now, r: w, w: w, s: c.s}).ForgetGraduate(g.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	number, err := keyNumber(g.Seal())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Key(number); err != nil {
		t.Fatalf("the test destroys nothing itself: %v", err)
	}
	if _, err := Open(t.Context(), c.engine, Options{Key: make([]byte, KeySize), Ring: ring}); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Key(number); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("after the start: %v", err)
	}
	err = c.s.View(t.Context(), func(tx *Tx) error {
		for range tx.r.Scan(under("bury/")) {
			t.Error("the entry is still there")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForgetPeople(t *testing.T) {
	c, ring := ringCounty(t)
	id := c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	c.do(func(tx *Tx) error { return tx.Bind(id, 77, "zh") })
	refused := func(want error, fn func(*Tx) error) {
		t.Helper()
		if err := c.s.Update(t.Context(), fn); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	forget := func(tx *Tx) error { return tx.ForgetPerson(id) }
	strip := func(tx *Tx) error { return tx.StripPerson(id) }
	refused(record.ErrOnDuty, forget)
	refused(record.ErrOnDuty, strip)
	c.do(func(tx *Tx) error { return tx.EndPost(id, record.Secretary, c.village(0)) })
	refused(record.ErrKept, forget)
	backup := copyOf(t, c.engine)
	c.do(strip)
	c.checked()
	refused(record.ErrSettled, strip)
	t.Run("a backup strips as well", func(t *testing.T) {
		s, err := Open(t.Context(), backup, Options{Key: make([]byte, KeySize), Ring: ring, Clock: func() time.Time { return c.now }})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx *Tx) error {
			if _, known, err := tx.PersonByChat(77); known || err != nil {
				t.Errorf("the account: %v, %v", known, err)
			}
			p, err := tx.Person(id)
			if p.Name != record.NoName || p.PhoneHash != "" || p.PhoneTail != "" {
				t.Errorf("what is left: %+v", p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	person := func() (p record.Person) {
		if err := c.s.View(t.Context(), func(tx *Tx) (err error) { p, err = tx.Person(id); return err }); err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := person(); p.Name != "书记 000" || p.PhoneHash != "" || p.PhoneTail != "" || p.Enrolled() || p.Stripped.IsZero() {
		t.Errorf("stripped: %+v", p)
	}
	c.now = c.now.AddDate(0, record.RosterMonths, 1)
	c.do(forget)
	c.checked()
	if p := person(); p.Name != record.NoName || p.Forgotten.IsZero() {
		t.Errorf("forgotten: %+v", p)
	}
}

func TestPurgeForgetsPeople(t *testing.T) {
	c, ring := ringCounty(t)
	id := c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	c.do(func(tx *Tx) error { return tx.EndPost(id, record.Secretary, c.village(0)) })
	asked, silent := c.graduate("毕业生 001"), c.graduate("毕业生 002")
	purge := func() {
		t.Helper()
		if _, err := c.s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(subject string) (found bool) {
		t.Helper()
		err := c.s.View(t.Context(), func(tx *Tx) (err error) { _, found, err = tx.Gone(subject); return err })
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	purge()
	c.now = c.now.AddDate(4, 0, 0)
	c.do(func(tx *Tx) error { return tx.AskedConsent(asked.ID, record.ToKeep, "") })
	c.now = c.now.AddDate(0, 1, 1)

	purge()
	if gone(string(id)) || gone(string(asked.ID)) {
		t.Fatal("a clock that jumps takes people away")
	}
	purge()
	if !gone(string(id)) || !gone(string(asked.ID)) {
		t.Fatal("the periods are over, and nobody is forgotten")
	}
	if gone(string(silent.ID)) {
		t.Error("a consent ended about which nobody was asked")
	}
	if _, err := ring.Key(1); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("the key of a week long past: %v", err)
	}
	if key, err := keyNumber(record.SealKey{Week: c.now}); err != nil {
		t.Fatal(err)
	} else if _, err := ring.Key(key); err != nil {
		t.Errorf("the key of this week: %v", err)
	}
	c.checked()
	plan, err := c.s.PurgePlan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range plan {
		if a.Rows > 0 {
			t.Errorf("%s: %d are still to go", a.Topic, a.Rows)
		}
	}
}

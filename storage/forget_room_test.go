package storage

import (
	"fmt"
	"testing"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// own gives a record to one of the county's people, who holds no post.
func (c *county) own(g record.Graduate, id record.PersonID) {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		_, err := tx.EditGraduate(g.ID, nil, func(g *record.Graduate) { g.Person = id })
		return err
	})
}

// Whoever has all that one can have is forgotten in one transaction, with the audit
// line and what a turn of the conversation writes beside.
func TestRoomForForgetting(t *testing.T) {
	c, _ := ringCounty(t)
	g, own := c.graduate("毕业生 001"), c.people[5]
	c.do(func(tx *Tx) error { return tx.Bind(own, 77, "zh") })
	c.own(g, own)
	for _, p := range record.Purposes() {
		c.do(func(tx *Tx) error { _, err := tx.SetConsent(g.ID, p, g.Consent); return err })
		c.do(func(tx *Tx) error { return tx.AskedConsent(g.ID, p, "") })
	}
	c.do(func(tx *Tx) error { _, err := tx.AddReserve(g.ID, "2026-12-01"); return err })
	for i := range maxMergedInto {
		other := c.graduate(fmt.Sprint("毕业生 10", i))
		c.do(func(tx *Tx) error { _, err := tx.MergeGraduates(g.ID, other.ID, c.people[0]); return err })
	}
	for i := range roomOfChange + 1 {
		s := record.Screening{Name: fmt.Sprint("找工作", i), Place: "630224", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}}, By: c.people[0]}
		c.do(func(tx *Tx) (err error) { s, err = tx.AddScreening(s); return err })
		if err := c.s.FillScreening(t.Context(), s.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range record.MaxReferrals {
		c.referred(g, i, i < record.MaxReferrals-record.MaxOpenReferrals)
	}
	for i := range 20 + MaxCorrections {
		c.asksCorrection(g, own, i < 20)
	}
	c.do(func(tx *Tx) error {
		return tx.PutDialog(record.Dialog{Chat: 77, Person: own, Flow: "register", Answers: map[string]string{"graduate": string(g.ID)}, Touched: c.now, Started: c.now})
	})
	const ofTurn = 8
	c.do(func(tx *Tx) error {
		for i := range ofTurn {
			if err := put(tx, fmt.Sprint("seen/", i), c.now); err != nil {
				return err
			}
		}
		if err := tx.ForgetGraduate(g.ID); err != nil {
			return err
		}
		return tx.Audit(record.Audit{By: own, Action: record.Forget, Person: own, Graduate: g.ID, Place: g.Village})
	})
	c.checked()
}

// referred refers a graduate for a post of its own kind and place, with a notice to
// every side; over: it has ended again.
func (c *county) referred(g record.Graduate, i int, over bool) {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		o, err := tx.AddOpening(record.Opening{Kind: record.OpeningKinds()[i%len(record.OpeningKinds())], Place: "630224", Number: 1, Until: "2027-06-30", By: c.people[0]})
		if err != nil {
			return err
		}
		r, err := tx.Propose(o.ID, g.ID, c.people[0], "")
		if err != nil {
			return err
		}
		step := record.ReferralRow{Stage: record.ReferralAsked, Side: record.OfficeSide}
		if over {
			step = record.ReferralRow{Stage: record.ReferralEnded, Side: record.OfficeSide, End: record.EndUnfit}
		}
		if r, err = tx.StepReferral(r.ID, step, ""); err != nil {
			return err
		}
		for _, side := range []record.ReferralSide{record.OfficeSide, record.GraduateSide, record.VoiceSide, record.ReceiverSide} {
			if _, err := tx.AddOutbox(record.ReferralNotice(r, side, "step2", c.people[0], true, tx.Now.AddDate(0, 0, 1), tx.Now.AddDate(0, 0, 14))); err != nil {
				return err
			}
		}
		return nil
	})
}

// asksCorrection has a graduate ask for a correction; decided: it is made.
func (c *county) asksCorrection(g record.Graduate, own record.PersonID, decided bool) {
	c.t.Helper()
	c.do(func(tx *Tx) error {
		r, err := tx.AskCorrection(record.Correction{Person: own, Graduate: g.ID, Place: g.Village, Text: "学校名称不对"})
		if err != nil || !decided {
			return err
		}
		_, err = tx.DecideCorrection(r.ID, true, c.people[0], "")
		return err
	})
}

// Of the requests of one person only some stay, and those that wait all do.
func TestKeptCorrections(t *testing.T) {
	c, _ := ringCounty(t)
	g, own := c.graduate("毕业生 001"), c.people[5]
	c.asksCorrection(g, own, false)
	for range 20 {
		c.asksCorrection(g, own, true)
	}
	err := c.s.View(t.Context(), func(tx *Tx) error {
		list, err := tx.CorrectionsOf(string(own))
		if len(list) != keptCorrections || list[0].State != record.CorrectionOpen {
			t.Errorf("kept: %+v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.checked()
}

// An expected graduation that is past keeps nobody from withdrawing, nor the night
// from drawing the consequence of a consent that has ended.
func TestConsentOfARecordThatIsVoid(t *testing.T) {
	c, _ := ringCounty(t)
	g := aGraduate()
	g.Village, g.Studying, g.Employment, g.Graduation = c.village(0), true, "", "2027-07"
	c.do(func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
	for _, p := range []record.Purpose{record.ToRefer, record.ToContact} {
		c.do(func(tx *Tx) error { _, err := tx.SetConsent(g.ID, p, g.Consent); return err })
		c.do(func(tx *Tx) error { return tx.AskedConsent(g.ID, p, "") })
	}
	c.now = c.now.AddDate(1, 0, 0)
	c.do(func(tx *Tx) error { _, err := tx.SetConsent(g.ID, record.ToRefer, record.Consent{}); return err })
	c.now = c.now.AddDate(2, 0, 0)
	for range 2 {
		if _, err := c.s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.do(func(tx *Tx) error {
		g, err := tx.Graduate(g.ID)
		if len(g.Consents) > 0 {
			t.Errorf("still agreed to: %v", g.Consents)
		}
		return err
	})
	c.checked()
}

// A backup in which somebody holds more posts than one transaction ends forgets
// them all the same.
func TestABackupWithManyPosts(t *testing.T) {
	c, ring := ringCounty(t)
	id := c.people[0]
	at := func(i int) record.Code { return record.Code(fmt.Sprintf("630224100%03d", 200+i)) }
	const posts = 24
	for i := range posts {
		c.do(func(tx *Tx) error { return tx.PutPlace(record.Place{Code: at(i), Name: "下加合村"}) })
		c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, at(i), "2020") })
	}
	backup := copyOf(t, c.engine)
	for i := range posts {
		c.do(func(tx *Tx) error { return tx.EndPost(id, record.Secretary, at(i)) })
	}
	c.now = c.now.AddDate(0, record.RosterMonths, 1)
	c.do(func(tx *Tx) error { return tx.ForgetPerson(id) })
	old := c.opened(backup, ring)
	old.checked()
	old.do(func(tx *Tx) error {
		actor, err := tx.Actor(id)
		if p, _ := tx.Person(id); p.Forgotten.IsZero() || len(actor.Posts) > 0 {
			t.Errorf("%+v with %d posts", p, len(actor.Posts))
		}
		return err
	})
}

// opened is the county on other data, with the same keys.
func (c *county) opened(data kv.Engine, ring Keys) *county {
	c.t.Helper()
	s, err := Open(c.t.(*testing.T).Context(), data, Options{Key: make([]byte, KeySize), Ring: ring, Clock: c.s.clock})
	if err != nil {
		c.t.Fatal(err)
	}
	return &county{t: c.t, s: s, engine: data, now: c.now, people: c.people}
}

// The own record of a leaver who is forgotten stays, as nobody's own: the graduate
// may claim it again. A backup in which both are there forgets both.
func TestALeaverWithAnOwnRecord(t *testing.T) {
	c, ring := ringCounty(t)
	g, id := c.graduate("毕业生 001"), c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	c.own(g, id)
	backup := copyOf(t, c.engine)
	c.do(func(tx *Tx) error { return tx.EndPost(id, record.Secretary, c.village(0)) })
	c.now = c.now.AddDate(0, record.RosterMonths, 1)
	c.do(func(tx *Tx) error { return tx.ForgetPerson(id) })
	c.do(func(tx *Tx) error {
		g, err := tx.Graduate(g.ID)
		if g.Person != "" || g.Name != "毕业生 001" {
			t.Errorf("the own record: %+v", g)
		}
		return err
	})
	c.checked()
	c.do(func(tx *Tx) error { return tx.ForgetGraduate(g.ID) })
	c.opened(backup, ring).checked()
}

// What was asked by a clock that ran ahead is asked again.
func TestAskedAboutAConsentByAWrongClock(t *testing.T) {
	c, _ := ringCounty(t)
	g := c.graduate("毕业生 001")
	today := c.now
	c.now = today.AddDate(5, 0, 0)
	c.do(func(tx *Tx) error { return tx.AskedConsent(g.ID, record.ToKeep, "") })
	c.now = today.AddDate(0, record.ConsentMonths, -10)
	c.do(func(tx *Tx) error {
		list, err := tx.ConsentsToAsk("630224", 0, 10)
		if len(list) != 1 {
			t.Errorf("to ask: %v", list)
		}
		return err
	})
}

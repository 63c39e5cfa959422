package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// refers proposes a graduate of the first village for a post in the second, by
// the township's officer, and takes the steps named.
func (c *county) refers(own record.PersonID, steps ...record.ReferralStage) (r record.Referral) {
	c.t.Helper()
	g := c.seeker("毕业生 甲", c.villages[0], own)
	c.update(func(tx *storage.Tx) error {
		if _, err := tx.SetConsent(g, record.ToRefer, record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}); err != nil {
			return err
		}
		o, err := tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: c.villages[1], Number: 1, Until: "2027-12-31", By: c.town[0]})
		if err != nil {
			return err
		}
		r, err = tx.Propose(o.ID, g, c.town[0], "")
		return err
	})
	for _, stage := range steps {
		c.step(r.ID, stage)
	}
	return r
}

func (c *county) step(id record.ReferralID, stage record.ReferralStage) {
	c.t.Helper()
	row := record.ReferralRow{Stage: stage, Side: record.OfficeSide, By: c.town[0]}
	if stage == record.ReferralAgreed {
		row.Side = record.GraduateSide
	}
	c.update(func(tx *storage.Tx) error {
		_, err := tx.StepReferral(id, row, "")
		return err
	})
}

// told lists the words about a referral, as "word side", with to whom.
func (c *county) told(r record.Referral) map[string]record.PersonID {
	c.t.Helper()
	all := map[string]record.PersonID{}
	c.update(func(tx *storage.Tx) error {
		clear(all)
		rows, err := tx.OutboxUnder(record.ReferralNoticePrefix(r.ID), 100)
		for _, row := range rows {
			all[row.Args["word"]+" "+row.Args["side"]] = row.Person
		}
		return err
	})
	return all
}

func (c *county) wantTold(r record.Referral, want map[string]record.PersonID) {
	c.t.Helper()
	if got := c.told(r); fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Errorf("told %v, want %v", got, want)
	}
}

// graduateWithAccount is a person without posts who can be written to.
func (c *county) graduateWithAccount() (id record.PersonID) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		if id, err = tx.AddPerson(record.Person{Name: "毕业生 甲"}, ""); err != nil {
			return err
		}
		return tx.Bind(id, 77, "zh")
	})
	return id
}

// Whoever holds the step that waits is reminded once after a week; after two the
// office hears of it, of its own step the county.
func TestReferralLadder(t *testing.T) {
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		c.wake()
		own := c.graduateWithAccount()
		r := c.refers(own)
		c.days(6)
		c.wantTold(r, map[string]record.PersonID{})
		c.days(5)
		c.wantTold(r, map[string]record.PersonID{"wait1 office": c.town[0]})
		c.days(7)
		c.wantTold(r, map[string]record.PersonID{"wait1 office": c.town[0], "late1 office": c.officer})
		c.step(r.ID, record.ReferralAsked)
		c.days(20)
		c.wantTold(r, map[string]record.PersonID{
			"wait1 office": c.town[0], "late1 office": c.officer, "wait2 graduate": own, "late2 office": c.town[0],
		})
		c.days(30) // no more is said of the same step
		if n := len(c.told(r)); n != 4 {
			t.Errorf("%d words", n)
		}
	})
}

// Of a graduate without an account the secretary is reminded; where the post is
// vacant too, the office.
func TestReferralWithoutAnAccount(t *testing.T) {
	for _, vacant := range []bool{false, true} {
		inCounty(t, 1, 2, func(t *testing.T, c *county) {
			c.wake()
			r := c.refers("", record.ReferralAsked)
			want := map[string]record.PersonID{"wait2 voice": c.people[c.villages[0]]}
			if vacant {
				c.update(func(tx *storage.Tx) error {
					return tx.EndPost(c.people[c.villages[0]], record.Secretary, c.villages[0])
				})
				want = map[string]record.PersonID{"wait2 office": c.town[0]}
			}
			c.days(11)
			c.wantTold(r, want)
		})
	}
}

// How a placement has turned out is asked of both sides after one, three and six
// months, on workdays in the morning, and not of one that has ended.
func TestReferralOutcomes(t *testing.T) {
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		c.wake()
		own := c.graduateWithAccount()
		r := c.refers(own, record.ReferralAsked, record.ReferralAgreed, record.ReferralIntroduced, record.ReferralPlaced)
		c.days(33)
		want := map[string]record.PersonID{"month1 graduate": own, "month1 receiver": c.people[c.villages[1]]}
		c.wantTold(r, want)
		c.days(62)
		want["month3 graduate"], want["month3 receiver"] = own, c.people[c.villages[1]]
		c.wantTold(r, want)
		c.update(func(tx *storage.Tx) error {
			_, err := tx.StepReferral(r.ID, record.ReferralRow{Stage: record.ReferralEnded, Side: record.ReceiverSide, End: record.EndLeft}, "")
			return err
		})
		c.days(100)
		c.wantTold(r, want)
		var hours []int
		c.update(func(tx *storage.Tx) error {
			hours = nil
			rows, err := tx.OutboxUnder(record.ReferralNoticePrefix(r.ID), 100)
			for _, row := range rows {
				at := row.NotBefore.In(shanghai)
				if wd := at.Weekday(); wd == time.Saturday || wd == time.Sunday || !row.Prompt {
					t.Errorf("%s on %s", row.Key, at)
				}
				hours = append(hours, at.Hour())
			}
			return err
		})
		if slices.Min(hours) < 9 {
			t.Errorf("asked at %v", hours)
		}
	})
}

// That a post was closed is said at once to everybody who knew of the referral but
// for who closed it; that the graduate withdrew to the others.
func TestReferralsThatAreOver(t *testing.T) {
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		c.wake()
		own := c.graduateWithAccount()
		r := c.refers(own, record.ReferralAsked)
		c.update(func(tx *storage.Tx) error { _, _, err := tx.CloseOpening(r.Opening, c.officer); return err })
		c.wake()
		c.wantTold(r, map[string]record.PersonID{"over graduate": own, "over office": c.town[0]})
	})
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		c.wake()
		r := c.refers(c.graduateWithAccount(), record.ReferralAsked, record.ReferralAgreed)
		c.update(func(tx *storage.Tx) error { return tx.ForgetGraduate(r.Graduate) })
		c.wake()
		c.wake()
		c.wantTold(r, map[string]record.PersonID{"over receiver": c.people[c.villages[1]], "over office": c.town[0]})
	})
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// referStore is gradStore with a clock that can be moved, one opening and one
// graduate who agrees to being referred.
type referStore struct {
	s   *Store
	now time.Time
	g   record.Graduate
	o   record.Opening
}

func newReferStore(t interface{ Fatal(...any) }) *referStore {
	c := &referStore{now: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)}
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	c.s = s
	gradDo(t, s, func(tx *Tx) error {
		for _, code := range append([]record.Code{"630224", "630224100", "630224101"}, gradVillages...) {
			if err := tx.PutPlace(record.Place{Code: code, Name: "地" + string(code)}); err != nil {
				return err
			}
		}
		g := aGraduate()
		g.SetConsent(record.ToRefer, g.Consent)
		if c.g, err = tx.AddGraduate(g, nil); err != nil {
			return err
		}
		c.o, err = tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: gradVillages[2], Number: 1, Until: "2027-12-31", By: "p9"})
		return err
	})
	return c
}

func (c *referStore) check(t interface{ Fatal(...any) }) {
	found, err := c.s.Check(context.Background())
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
}

func (c *referStore) steps(t interface{ Fatal(...any) }, id record.ReferralID, stages ...record.ReferralStage) {
	side := map[record.ReferralStage]record.ReferralSide{record.ReferralAgreed: record.GraduateSide, record.ReferralDeclined: record.GraduateSide}
	for _, stage := range stages {
		row := record.ReferralRow{Stage: stage, Side: record.OfficeSide, By: "p9"}
		if s, own := side[stage]; own {
			row.Side = s
		}
		gradDo(t, c.s, func(tx *Tx) error { _, err := tx.StepReferral(id, row, ""); return err })
	}
}

func (c *referStore) propose(t interface{ Fatal(...any) }) (r record.Referral) {
	gradDo(t, c.s, func(tx *Tx) (err error) { r, err = tx.Propose(c.o.ID, c.g.ID, "p9", "合适"); return err })
	return r
}

// A referral that goes the whole way is counted where it stands, and takes the
// graduate off the list of reserve cadres.
func TestReferralToAPost(t *testing.T) {
	c := newReferStore(t)
	gradDo(t, c.s, func(tx *Tx) error {
		if _, err := tx.AddReserve(c.g.ID, "2026-12-01"); err != nil {
			return err
		}
		_, err := tx.AddReserveDeed(c.g.ID, record.ReserveDeed{Day: "2026-12-01", Kind: record.ReserveMatter, Words: "换届选举登记"})
		return err
	})
	r := c.propose(t)
	c.steps(t, r.ID, record.ReferralAsked, record.ReferralAgreed, record.ReferralIntroduced, record.ReferralTrial, record.ReferralPlaced)
	gradDo(t, c.s, func(tx *Tx) error {
		n, err := tx.ReferralCount("630224")
		if err != nil || n.Of(record.ClerkPost, record.ReferralPlaced) != 1 || n.Of(record.ClerkPost, record.ReferralTrial) != 0 {
			t.Errorf("counts %+v, %v", n, err)
		}
		reserve, _, err := tx.Reserve(c.g.ID)
		if err != nil || reserve.Outcome != record.ReserveTookPost || len(reserve.Deeds) != 1 {
			t.Errorf("reserve %+v, %v", reserve, err)
		}
		of, err := tx.ReserveCount("630224100")
		if err != nil || of.On != 0 || of.Left[record.ReserveTookPost] != 1 {
			t.Errorf("reserve counts %+v, %v", of, err)
		}
		due, err := tx.ReferralsDue("630224", "2027-01-01")
		if err != nil || len(due) != 1 {
			t.Errorf("due %v, %v", due, err)
		}
		return err
	})
	c.check(t)
}

// Who may not, or where there is nothing to be done, is refused.
func TestReferralRefusals(t *testing.T) {
	c := newReferStore(t)
	r := c.propose(t)
	step := func(stage record.ReferralStage, side record.ReferralSide, end record.ReferralEnd) error {
		return c.s.Update(context.Background(), func(tx *Tx) error {
			_, err := tx.StepReferral(r.ID, record.ReferralRow{Stage: stage, Side: side, End: end}, "")
			return err
		})
	}
	again := c.s.Update(context.Background(), func(tx *Tx) error { _, err := tx.Propose(c.o.ID, c.g.ID, "p9", ""); return err })
	for i, tc := range []struct{ err, want error }{
		{again, record.ErrExists},
		{step(record.ReferralAgreed, record.GraduateSide, ""), record.ErrNotYours}, // not asked yet
		{step(record.ReferralAsked, record.ReceiverSide, ""), record.ErrNotYours},  // not its step
		{step(record.ReferralEnded, record.OfficeSide, ""), record.ErrInvalid},     // without a reason
		{step(record.ReferralEnded, record.OfficeSide, record.EndUnfit), nil},      // the way out
		{step(record.ReferralAsked, record.OfficeSide, ""), record.ErrSettled},     // it is over
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%d: %v, want %v", i, tc.err, tc.want)
		}
	}
	c.check(t)
}

// Withdrawing the consent ends what is under way and what was to be said about
// it, in one transaction; erasing the record leaves nothing that leads to it, and
// what was to be said is found out of date when its time comes.
func TestReferralEndsWithTheConsent(t *testing.T) {
	for _, erase := range []bool{false, true} {
		c := newReferStore(t)
		r := c.propose(t)
		c.steps(t, r.ID, record.ReferralAsked, record.ReferralAgreed)
		key := record.ReferralNoticePrefix(r.ID) + "agreed"
		gradDo(t, c.s, func(tx *Tx) error {
			_, err := tx.AddOutbox(record.Outbox{Key: key, Class: record.Notice, Kind: "referral", Person: "p9"})
			return err
		})
		gradDo(t, c.s, func(tx *Tx) error {
			if erase {
				return tx.ForgetGraduate(c.g.ID)
			}
			_, err := tx.EditGraduate(c.g.ID, nil, func(g *record.Graduate) { g.SetConsent(record.ToRefer, record.Consent{}) })
			return err
		})
		gradDo(t, c.s, func(tx *Tx) error {
			now, err := tx.Referral(r.ID)
			if err != nil {
				return err
			}
			row, _, err := tx.Outbox(key)
			want, state := record.EndWithdrawn, record.Dropped
			if erase {
				want, state = record.EndErased, record.Pending
			}
			last := now.Rows[len(now.Rows)-1]
			if now.Stage != record.ReferralEnded || last.End != want || row.State != state {
				t.Errorf("erase %v: %+v, notice %s", erase, now, row.State)
			}
			if erase && (now.Graduate != "" || now.Notes != nil) {
				t.Errorf("left of an erased graduate: %+v", now)
			}
			return err
		})
		c.check(t)
	}
}

// In whatever order things happen, contact data is there only between the yes
// and the end of it, and never once the consent is gone.
func TestContactOnlyAfterTheYes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newReferStore(rt)
		r := c.propose(rt)
		agreed, withdrawn := false, false
		for range rapid.IntRange(1, 12).Draw(rt, "events") {
			c.now = c.now.Add(time.Duration(rapid.IntRange(1, 24*200).Draw(rt, "hours")) * time.Hour)
			event := rapid.SampledFrom([]string{"step", "step", "step", "step", "withdraw", "consent", "publish", "phone"}).Draw(rt, "event")
			row := record.ReferralRow{
				Stage: rapid.SampledFrom(record.ReferralStages()).Draw(rt, "to"),
				Side:  rapid.SampledFrom([]record.ReferralSide{record.OfficeSide, record.GraduateSide, record.VoiceSide, record.ReceiverSide}).Draw(rt, "by"),
			}
			if row.Stage == record.ReferralEnded {
				row.End = record.EndUnfit
			}
			err := c.s.Update(context.Background(), func(tx *Tx) error {
				switch event {
				case "step":
					_, err := tx.StepReferral(r.ID, row, "")
					return err
				case "publish":
					_, err := tx.PublishReferral(r.ID)
					return err
				}
				_, err := tx.EditGraduate(c.g.ID, nil, func(g *record.Graduate) {
					switch event {
					case "withdraw":
						g.SetConsent(record.ToRefer, record.Consent{})
					case "consent":
						yes := record.Consent{Version: "1", At: c.now, Source: record.BySelf}
						g.SetConsent(record.ToKeep, yes)
						g.SetConsent(record.ToRefer, yes)
					case "phone":
						g.Phone = fmt.Sprintf("138%08d", c.now.Unix()%1e8)
					}
				})
				return err
			})
			if err == nil {
				switch {
				case event == "step" && row.Stage == record.ReferralAgreed:
					agreed = true
				case event == "withdraw" && agreed:
					withdrawn = true
				}
			}
			var shown string
			gradDo(rt, c.s, func(tx *Tx) error {
				var err error
				if r, err = tx.Referral(r.ID); err != nil {
					return err
				}
				g, err := tx.Graduate(c.g.ID)
				shown = record.ContactOf(r, g, tx.Now)
				if shown != "" && !r.SeenBy(record.ReceiverSide) {
					rt.Fatal("a number of a referral that the receiving side does not see")
				}
				if shown != "" && !g.Agrees(record.ToKeep, tx.Now) {
					rt.Fatal("a number of a record that may not be kept")
				}
				return err
			})
			if shown != "" && (!agreed || withdrawn && r.Consent.At.IsZero() || !r.Stage.Open()) {
				rt.Fatalf("number shown: agreed %v, withdrawn %v, %s", agreed, withdrawn, r.Stage)
			}
			if shown == "" && agreed && event == "step" && err == nil && row.Stage == record.ReferralAgreed {
				rt.Fatal("no number after the yes")
			}
		}
		c.check(rt)
	})
}

// The keys of notices of one referral begin like no other's.
func TestReferralNoticePrefix(t *testing.T) {
	if strings.HasPrefix(record.ReferralNoticePrefix("r10"), record.ReferralNoticePrefix("r1")) {
		t.Error("the notices of r10 would be withdrawn with those of r1")
	}
}

// A post with as many referrals under way as there may be, each of another
// village, is closed in one transaction; who is placed stays.
func TestClosingAPostEndsWhatIsUnderWay(t *testing.T) {
	c := newReferStore(t)
	placed := c.propose(t)
	c.steps(t, placed.ID, record.ReferralAsked, record.ReferralAgreed, record.ReferralIntroduced, record.ReferralPlaced)
	var ids []record.ReferralID
	for i := range record.MaxUnderWay {
		gradDo(t, c.s, func(tx *Tx) error {
			town := record.Code(fmt.Sprintf("6302242%02d", i))
			for _, code := range []record.Code{town, town + "001"} {
				if err := tx.PutPlace(record.Place{Code: code, Name: "地" + string(code)}); err != nil {
					return err
				}
			}
			g := aGraduate()
			g.Village = town + "001"
			g.SetConsent(record.ToRefer, g.Consent)
			g, err := tx.AddGraduate(g, nil)
			if err != nil {
				return err
			}
			r, err := tx.Propose(c.o.ID, g.ID, "p9", "")
			if len(ids) == i {
				ids = append(ids, r.ID)
			}
			return err
		})
	}
	c.now = c.now.Add(24 * time.Hour)
	gradDo(t, c.s, func(tx *Tx) error {
		_, ended, err := tx.CloseOpening(c.o.ID, "p9")
		if len(ended) != record.MaxUnderWay {
			t.Errorf("%d ended", len(ended))
		}
		return err
	})
	gradDo(t, c.s, func(tx *Tx) error {
		for _, id := range ids {
			r, err := tx.Referral(id)
			if err != nil || r.Stage != record.ReferralEnded || r.Rows[len(r.Rows)-1].End != record.EndClosed {
				t.Errorf("%+v, %v", r, err)
			}
		}
		r, err := tx.Referral(placed.ID)
		if r.Stage != record.ReferralPlaced {
			t.Errorf("who is placed: %s", r.Stage)
		}
		return err
	})
	c.check(t)
}

// A graduate who has not agreed to being referred is not proposed.
func TestNobodyIsProposedWithoutConsent(t *testing.T) {
	c := newReferStore(t)
	gradDo(t, c.s, func(tx *Tx) error { _, err := tx.SetConsent(c.g.ID, record.ToRefer, record.Consent{}); return err })
	err := c.s.Update(context.Background(), func(tx *Tx) error { _, err := tx.Propose(c.o.ID, c.g.ID, "p9", ""); return err })
	if !errors.Is(err, record.ErrNoConsent) {
		t.Error(err)
	}
	c.check(t)
}

package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// What is said of referrals: a reminder to whoever holds the step that waits; word
// to the office, of its own step to the county, where nothing comes of it; after a
// placement the question to both sides how it has turned out. That goes out by the
// line of the job; what has ended by no step, a closed post's, is said at once.

// referUse is how long a word about a referral is of use.
const referUse = 14 * 24 * time.Hour

// referrals says what is due about referrals.
func (p *Planner) referrals(ctx context.Context) error {
	return p.referWords(ctx, func(string) bool { return true })
}

// overReferrals tells those concerned of what has ended by no step: the post was
// closed, or the graduate withdrew.
func (p *Planner) overReferrals(ctx context.Context, _ time.Time) error {
	return p.referWords(ctx, func(word string) bool { return word == record.OverWord })
}

// referWords says the words that are due and that want takes, each referral's in a
// transaction of its own that finds nothing to do when it is repeated.
func (p *Planner) referWords(ctx context.Context, want func(word string) bool) error {
	today := record.DateOf(p.store.Now().In(p.cfg.Zone))
	var due []record.Referral
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		due, err = tx.ReferralsDue(p.cfg.County, today)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range due {
		if word, _ := r.Coming(); !want(word) {
			continue
		}
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return p.referWord(tx, r.ID, today) }); err != nil {
			return fmt.Errorf("referral %s: %w", r.ID, err)
		}
	}
	return nil
}

// referWord says the next word about a referral, and keeps that it was said.
func (p *Planner) referWord(tx *storage.Tx, id record.ReferralID, today record.Date) error {
	r, err := tx.Referral(id)
	if err != nil {
		return err
	}
	word, day := r.Coming()
	if word == "" || day > today {
		return nil // changed meanwhile
	}
	if err := p.referTell(tx, r, word); err != nil {
		return err
	}
	return tx.SaidOfReferral(r, word)
}

// referTell writes the rows of a word: one to a person on each side concerned, and
// one person hears it once. Who closed a post knows.
func (p *Planner) referTell(tx *storage.Tx, r record.Referral, word string) error {
	var had []record.PersonID
	if word == record.OverWord {
		const most = 6
		if _, err := tx.WithdrawOutbox(record.ReferralNoticePrefix(r.ID), word, most); err != nil {
			return err
		}
		had = append(had, r.Rows[len(r.Rows)-1].By)
	}
	for _, side := range wordSides(r, word) {
		side, to, found, err := p.referReader(tx, r, side, word)
		if err != nil {
			return err
		}
		if !found || slices.Contains(had, to) || !r.SeenBy(side) {
			continue
		}
		had = append(had, to)
		asks := word != record.OverWord
		if _, err := tx.AddOutbox(record.ReferralNotice(r, side, word, to, asks, p.cfg.Allowed(tx.Now), tx.Now.Add(referUse))); err != nil {
			return err
		}
	}
	return nil
}

// wordSides are the sides that a word is for.
func wordSides(r record.Referral, word string) []record.ReferralSide {
	switch {
	case word == record.OverWord && r.Rows[len(r.Rows)-1].End != record.EndClosed: // by the graduate
		return []record.ReferralSide{record.ReceiverSide, record.OfficeSide}
	case word == record.OverWord:
		return []record.ReferralSide{record.GraduateSide, record.ReceiverSide, record.OfficeSide}
	case strings.HasPrefix(word, "wait"):
		return []record.ReferralSide{r.Waits()}
	case strings.HasPrefix(word, "late"):
		return []record.ReferralSide{record.OfficeSide}
	}
	return []record.ReferralSide{record.GraduateSide, record.ReceiverSide}
}

// referReader is who hears a word on a side: for a graduate who cannot be written
// to the village's secretary; the office where nobody holds the step that waits;
// the county of a step that the office itself has left.
func (p *Planner) referReader(tx *storage.Tx, r record.Referral, side record.ReferralSide, word string) (record.ReferralSide, record.PersonID, bool, error) {
	if strings.HasPrefix(word, "late") && r.Waits() == record.OfficeSide {
		id, found, err := tx.HolderAbove(r)
		return side, id, found, err
	}
	sides := []record.ReferralSide{side}
	if side == record.GraduateSide {
		sides = append(sides, record.VoiceSide)
	}
	if strings.HasPrefix(word, "wait") {
		sides = append(sides, record.OfficeSide)
	}
	for _, s := range sides {
		id, found, err := tx.HolderOf(r, s)
		if err != nil || found {
			return s, id, found, err
		}
	}
	return side, "", false, nil
}

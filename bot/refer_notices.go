package bot

import (
	"fmt"
	"slices"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// referUse is how long a word about a referral is of use.
const referUse = 14 * 24 * time.Hour

// told is who hears of a stage, and who is asked for the next step by it. Asked
// ones come first: who is on two sides hears once.
var toldOf = map[record.ReferralStage]struct{ asked, told []record.ReferralSide }{
	record.ReferralAsked:      {asked: []record.ReferralSide{record.GraduateSide}},
	record.ReferralAgreed:     {asked: []record.ReferralSide{record.OfficeSide}},
	record.ReferralDeclined:   {told: []record.ReferralSide{record.OfficeSide}},
	record.ReferralIntroduced: {asked: []record.ReferralSide{record.ReceiverSide}, told: []record.ReferralSide{record.GraduateSide}},
	record.ReferralTrial:      {told: []record.ReferralSide{record.GraduateSide, record.OfficeSide, record.ReceiverSide}},
	record.ReferralPlaced:     {told: []record.ReferralSide{record.GraduateSide, record.OfficeSide, record.ReceiverSide}},
	record.ReferralEnded:      {told: []record.ReferralSide{record.GraduateSide, record.OfficeSide, record.ReceiverSide}},
}

// tellOfStep withdraws what was to be said of the step before, and tells those
// concerned of the one just taken: one person on each side.
func (t *Turn) tellOfStep(r record.Referral) error {
	const most = 6
	if _, err := t.WithdrawOutbox(record.ReferralNoticePrefix(r.ID), "step taken", most); err != nil {
		return err
	}
	who := toldOf[r.Stage]
	had := []record.PersonID{t.Person.ID}
	for i, side := range append(slices.Clone(who.asked), who.told...) {
		side, id, found, err := t.reader(r, side)
		if err != nil {
			return err
		}
		if !found || slices.Contains(had, id) || !r.SeenBy(side) {
			continue
		}
		had = append(had, id)
		t.Queue(record.ReferralNotice(r, side, fmt.Sprintf("step%d", len(r.Rows)), id, i < len(who.asked), t.Tx.Now, t.Tx.Now.Add(referUse)))
	}
	return nil
}

// reader is who hears for a side: for a graduate who cannot be written to it is
// the secretary of the village.
func (t *Turn) reader(r record.Referral, side record.ReferralSide) (record.ReferralSide, record.PersonID, bool, error) {
	id, found, err := t.HolderOf(r, side)
	if err == nil && !found && side == record.GraduateSide {
		side = record.VoiceSide
		id, found, err = t.HolderOf(r, side)
	}
	return side, id, found, err
}

func referNotices() map[string]render {
	return map[string]render{record.KindReferral: referralNotice, "referral.sheet": referralSheetNotice}
}

// referralNotice tells somebody on a side of a referral what has come of it or
// what waits, as the person then sees it.
func referralNotice(t *Turn, row record.Outbox) (notice, string, error) {
	r, err := t.Referral(record.ReferralID(row.Args["id"]))
	if err != nil {
		return notice{}, "", err
	}
	side, word := record.ReferralSide(row.Args["side"]), row.Args["word"]
	sides, err := t.sidesOf(r)
	if err != nil {
		return notice{}, "", err
	}
	if !slices.Contains(sides, side) {
		return notice{}, "", record.ErrNotYours
	}
	head, why := t.referralWord(r, side, word)
	if why != "" {
		return notice{}, why, nil
	}
	c, err := t.referralCard(r, []record.ReferralSide{side})
	c.Text = head + "\n" + c.Text
	return notice{card: c}, "", err
}

// referralWord is the first line of a notice, or why it is of no use any more.
func (t *Turn) referralWord(r record.Referral, side record.ReferralSide, word string) (line, dropped string) {
	rows, last := len(r.Rows), r.Rows[len(r.Rows)-1]
	args := text.A{"Stage": t.Say("referral_stage." + string(r.Stage)), "Days": int(t.Tx.Now.Sub(last.At) / dayLong)}
	months := r.AsksOutcome(side)
	switch word {
	case fmt.Sprintf("step%d", rows):
		return t.stepWord(r, side), ""
	case fmt.Sprintf("wait%d", rows):
		return t.Say("refer.waits", args), ""
	case fmt.Sprintf("late%d", rows):
		return t.Say("refer.late", args), ""
	case fmt.Sprintf("month%d", months):
		return t.Say("refer.ask_outcome", text.A{"N": months, "Own": side == record.GraduateSide}), ""
	case record.OverWord:
		if r.EndedBeside() {
			return t.Say("refer.over_" + string(last.End)), ""
		}
	}
	return "", "changed since"
}

// stepWord says the step that was just taken to a side.
func (t *Turn) stepWord(r record.Referral, side record.ReferralSide) string {
	switch {
	case r.Stage == record.ReferralAsked && side == record.VoiceSide:
		return t.Say("refer.told_asked_voice")
	case r.Stage == record.ReferralIntroduced && side == record.ReceiverSide:
		return t.Say("refer.told_introduced_receiver")
	}
	return t.Say("refer.told_" + string(r.Stage))
}

package bot

import (
	"strconv"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// How a placement has turned out: asked of both sides after months, answered by a
// button of the question or of the card.

// The answers, as buttons say them.
const (
	outcomeStill     = "still"
	outcomeLeft      = "left"
	outcomeElsewhere = "elsewhere"
)

// asksOutcome is for which side the person is asked how a placement has turned
// out, and after how many months; empty where for none.
func asksOutcome(r record.Referral, sides []record.ReferralSide) (record.ReferralSide, int) {
	for _, side := range sides {
		if months := r.AsksOutcome(side); months > 0 {
			return side, months
		}
	}
	return "", 0
}

// outcomeButtons are the answers to the question that is open.
func (t *Turn) outcomeButtons(r record.Referral, sides []record.ReferralSide) []Btn {
	side, months := asksOutcome(r, sides)
	if side == "" {
		return nil
	}
	var row []Btn
	for _, answer := range []string{outcomeStill, outcomeLeft, outcomeElsewhere} {
		row = append(row, Btn{Text: t.Say("refer_outcome." + answer), Line: "referral.outcome " + string(r.ID) + " " + strconv.Itoa(months) + " " + answer})
	}
	return row
}

// mayBeEmployed says whether the record of somebody who is placed says something else
// than employed, and the person may correct it. A placement does not do it by itself:
// what a record says, somebody has said.
func (t *Turn) mayBeEmployed(r record.Referral, g record.Graduate) bool {
	return r.Stage == record.ReferralPlaced && g.ID != "" && !g.Studying && g.Employment != record.Employed &&
		t.Allow(record.EditGraduate, objectOf(g)) == nil
}

// placedEmployed notes on the record of somebody who is placed that they are employed.
func (t *Turn) placedEmployed(r record.Referral, _ []record.ReferralSide) error {
	g, err := t.referred(r)
	if err != nil {
		return err
	}
	if !t.mayBeEmployed(r, g) {
		return t.answerReferral(r, t.Say("refer.moved_on"))
	}
	said := record.Said{Source: t.speaks(g), By: t.Person.ID, At: t.Tx.Now}
	g, err = t.Tx.EditGraduate(g.ID, nil, func(g *record.Graduate) {
		g.Employment = record.Employed
		g.Confirm(said, record.EmploymentFact)
	})
	if err != nil {
		return err
	}
	if err := t.auditGraduate(g, "employed by "+string(r.ID)); err != nil {
		return err
	}
	return t.answerReferral(r, t.Say("refer.employed", text.A{"Name": t.graduateName(g)}))
}

// answerOutcome takes an answer: referral, months, answer, yes. One that ends the
// referral is asked once more.
func (t *Turn) answerOutcome(r record.Referral, sides []record.ReferralSide) error {
	side, months := asksOutcome(r, sides)
	answer := t.Arg(2)
	switch {
	case side == "" || t.Arg(1) != strconv.Itoa(months):
		return t.answerReferral(r, t.Say("refer.outcome_old"))
	case answer != outcomeStill && answer != outcomeLeft && answer != outcomeElsewhere:
		return record.ErrInvalid
	case answer != outcomeStill && t.Arg(3) != "yes":
		id := string(r.ID)
		t.Answer(t.Say("refer.outcome_ask", text.A{"Answer": t.Say("refer_outcome." + answer)}),
			[]Btn{t.Btn("back", "referral.show "+id), {Text: t.Say("refer_outcome." + answer), Line: "referral.outcome " + id + " " + t.Arg(1) + " " + answer + " yes"}})
		return nil
	}
	said := record.ReferralOutcome{Months: months, Side: side, Still: answer == outcomeStill, Elsewhere: answer == outcomeElsewhere, By: t.Person.ID}
	if side == record.VoiceSide {
		said.Side = record.GraduateSide
	}
	r, err := t.AnswerOutcome(r.ID, said)
	if err != nil {
		return err
	}
	if answer != outcomeStill {
		return t.takeStep(r, record.ReferralRow{Stage: record.ReferralEnded, By: t.Person.ID, Side: side, End: record.EndLeft}, "")
	}
	g, err := t.referred(r)
	if err != nil {
		return err
	}
	action := record.AnswerReferral
	if side == record.ReceiverSide {
		action = record.ReceiveReferral
	}
	if err := t.auditReferral(r, g, action, "month "+t.Arg(1)); err != nil {
		return err
	}
	return t.answerReferral(r, t.Say("refer.outcome_done"))
}

// outcomeLines say what both sides have answered.
func (t *Turn) outcomeLines(r record.Referral) []string {
	var lines []string
	for _, o := range r.Outcomes {
		lines = append(lines, t.Say("refer.outcome_line", text.A{
			"N": o.Months, "Side": t.Say("refer_side." + string(o.Side)), "Answer": t.outcomeText(o), "Day": t.onDay(o.At),
		}))
	}
	return lines
}

// outcomeText is an answer as its button says it.
func (t *Turn) outcomeText(o record.ReferralOutcome) string {
	switch {
	case o.Still:
		return t.Say("refer_outcome.still")
	case o.Elsewhere:
		return t.Say("refer_outcome.elsewhere")
	}
	return t.Say("refer_outcome.left")
}

package bot

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// onReferral is a command about one referral, the first argument, on a side of
// which the person is that sees it.
func onReferral(run func(*Turn, record.Referral, []record.ReferralSide) error) func(*Turn) error {
	return func(t *Turn) error {
		r, err := t.Referral(record.ReferralID(t.Arg(0)))
		if err != nil {
			return err
		}
		sides, err := t.sidesOf(r)
		if err != nil {
			return err
		}
		if len(sides) == 0 {
			return record.ErrNotYours
		}
		return run(t, r, sides)
	}
}

// showReferral is a referral's card; an officer's look is a line of the audit log.
func (t *Turn) showReferral(r record.Referral, sides []record.ReferralSide) error {
	if t.Actor.Has(officers...) {
		g, err := t.referred(r)
		if err != nil {
			return err
		}
		action := record.KeepReferral
		if !slices.Contains(sides, record.OfficeSide) {
			action = record.ReceiveReferral
		}
		if err := t.looked(action, record.Audit{Person: g.Person, Graduate: r.Graduate, Place: r.Village, Note: "referral.show " + string(r.ID)}); err != nil {
			return err
		}
	}
	return t.answerReferral(r, "")
}

// answerReferral answers with a referral's card; said stands above it. A person
// on no side any more, by what was just done, is only told what was said.
func (t *Turn) answerReferral(r record.Referral, said string) error {
	sides, err := t.sidesOf(r)
	if err != nil {
		return err
	}
	c, err := t.referralCard(r, sides)
	if err != nil {
		return err
	}
	if said != "" {
		c.Text = said + "\n" + c.Text
	}
	back := Btn{Text: t.Say("button.back"), Line: "refer"}
	if t.Actor.Has(officers...) {
		back.Line = "opening.show " + string(r.Opening)
		if t.Allow(record.SeeOpenings, record.Object{Place: r.Place}) != nil {
			back.Line = "refer"
		}
	}
	t.Answer(c.Text, append(c.rows, []Btn{back, t.Btn("home", "start")})...)
	return nil
}

// referralCard shows a referral as the sides see it, with the steps that are
// theirs. The number on it is record.ContactOf's, for those who are to call.
func (t *Turn) referralCard(r record.Referral, sides []record.ReferralSide) (card, error) {
	o, err := t.Opening(r.Opening)
	if err != nil {
		return card{}, err
	}
	g, err := t.referred(r)
	if err != nil {
		return card{}, err
	}
	head, err := t.referralHead(r, o, g, sides)
	if err != nil {
		return card{}, err
	}
	lines := []string{head}
	for i, row := range r.Rows {
		if !rowSeen(r, i, sides) {
			continue
		}
		line, err := t.referralRow(r, i, row, g, sides)
		if err != nil {
			return card{}, err
		}
		lines = append(lines, line)
	}
	lines = append(lines, t.outcomeLines(r)...)
	rows, err := t.referralButtons(r, g, sides)
	return card{Text: strings.Join(lines, "\n"), rows: rows}, err
}

// referralHead says the post and the graduate. To the graduate it says what is
// asked for; to the others who the graduate is.
func (t *Turn) referralHead(r record.Referral, o record.Opening, g record.Graduate, sides []record.ReferralSide) (string, error) {
	args, err := t.openingArgs(o)
	if err != nil {
		return "", err
	}
	village, err := t.placeName(r.Village)
	if err != nil {
		return "", err
	}
	args["Name"], args["Village"], args["About"], args["Phone"] = t.graduateName(g), village, "", ""
	args["Own"] = slices.Contains(sides, record.GraduateSide)
	if g.Name != "" {
		args["About"] = t.Say("education."+string(g.Education)) + majorOf(g)
	}
	if slices.Contains(sides, record.OfficeSide) || slices.Contains(sides, record.ReceiverSide) {
		args["Phone"] = spaced(record.ContactOf(r, g, t.Tx.Now))
	}
	args["Stage"] = t.Say("referral_stage." + string(r.Stage))
	return t.Say("refer.referral", args), nil
}

func majorOf(g record.Graduate) string {
	if g.Major == "" {
		return ""
	}
	return " · " + g.Major
}

// rowSeen says whether one of the sides sees a row: what comes before the question
// is the office's own, what comes before the yes not for the receiving side, unless
// the office has published it.
func rowSeen(r record.Referral, i int, sides []record.ReferralSide) bool {
	first := func(stage record.ReferralStage) int {
		return slices.IndexFunc(r.Rows, func(row record.ReferralRow) bool { return row.Stage == stage })
	}
	for _, side := range sides {
		switch side {
		case record.OfficeSide:
			return true
		case record.GraduateSide, record.VoiceSide:
			if asked := first(record.ReferralAsked); asked >= 0 && i >= asked {
				return true
			}
		case record.ReceiverSide:
			if agreed := first(record.ReferralAgreed); r.Published || (agreed >= 0 && i >= agreed) {
				return true
			}
		}
	}
	return false
}

// referralRow says a step: when, what, by whom, and why. Why a graduate said no or
// left is not for the receiving side.
func (t *Turn) referralRow(r record.Referral, i int, row record.ReferralRow, g record.Graduate, sides []record.ReferralSide) (string, error) {
	args := text.A{
		"Day": t.onDay(row.At), "Stage": t.Say("referral_stage." + string(row.Stage)), "By": "", "End": "", "Words": "",
	}
	switch {
	case row.Side == record.GraduateSide:
		args["By"] = t.Say("refer.by_graduate")
	case row.By != "":
		name, err := t.nameOf(row.By)
		if err != nil {
			return "", err
		}
		args["By"] = name
		if row.Side == record.VoiceSide {
			args["By"] = t.Say("refer.by_voice", text.A{"Name": name})
		}
	}
	if row.End != "" {
		args["End"] = t.Say("referral_end." + string(row.End))
	}
	graduates := row.Side == record.GraduateSide || row.Side == record.VoiceSide
	closed := graduates && !slices.ContainsFunc(sides, func(s record.ReferralSide) bool { return s != record.ReceiverSide })
	if i < len(r.Notes) && !closed {
		args["Words"] = r.Notes[i]
	}
	return t.Say("refer.row", args), nil
}

// referralButtons are the steps that the sides may do, and the ways on.
func (t *Turn) referralButtons(r record.Referral, g record.Graduate, sides []record.ReferralSide) ([][]Btn, error) {
	id := string(r.ID)
	row := t.outcomeButtons(r, sides)
	for _, stage := range record.ReferralStages() {
		side := stepSide(r, stage, sides)
		if side == "" {
			continue
		}
		what := string(stage)
		if side == record.VoiceSide && r.Stage == record.ReferralAsked {
			what += "_voice"
		}
		row = append(row, Btn{Text: t.Say("step." + what), Line: "referral.step " + id + " " + string(stage)})
	}
	rows := inRows(row, 2)
	var more []Btn
	if t.mayBeEmployed(r, g) {
		more = append(more, t.Btn("now_employed", "referral.employed "+id))
	}
	if slices.Contains(sides, record.OfficeSide) && !r.Published && r.Stage.Open() && !r.SeenBy(record.ReceiverSide) {
		more = append(more, t.Btn("referral_publish", "referral.publish "+id))
	}
	if g.ID != "" && t.Allow(record.SeeGraduates, objectOf(g)) == nil {
		more = append(more, t.Btn("see_record", "graduate.show "+string(g.ID)))
	}
	return append(rows, more), nil
}

// stepSide is the side on which the person may do a step; empty where on none.
func stepSide(r record.Referral, to record.ReferralStage, sides []record.ReferralSide) record.ReferralSide {
	for _, side := range sides {
		if record.MayStep(r.Stage, to, side) {
			return side
		}
	}
	return ""
}

// stepReferral leads a referral on: referral, stage. A no and an end are asked for
// their reason first.
func (t *Turn) stepReferral(r record.Referral, sides []record.ReferralSide) error {
	stage := record.ReferralStage(t.Arg(1))
	side := stepSide(r, stage, sides)
	switch {
	case side == "":
		return t.answerReferral(r, t.Say("refer.moved_on")) // pressed on an old card
	case stage == record.ReferralEnded, stage == record.ReferralDeclined:
		return t.startFlow("referral_end", dialog.Answers{"id": string(r.ID), "to": string(stage)})
	case stage == record.ReferralAsked:
		_, graduate, err := t.HolderOf(r, record.GraduateSide)
		if err != nil {
			return err
		}
		if _, voice, err := t.HolderOf(r, record.VoiceSide); err != nil || (!graduate && !voice) {
			return errors.Join(err, t.answerReferral(r, t.Say("refer.nobody_to_ask")))
		}
	}
	return t.takeStep(r, record.ReferralRow{Stage: stage, By: t.Person.ID, Side: side}, "")
}

// takeStep takes a step, tells those concerned, and shows the card.
func (t *Turn) takeStep(r record.Referral, row record.ReferralRow, note string) error {
	g, err := t.referred(r)
	if err != nil {
		return err
	}
	next, err := t.StepReferral(r.ID, row, note)
	switch {
	case errors.Is(err, record.ErrFull):
		return t.answerReferral(r, t.Say("refer.no_post_left"))
	case errors.Is(err, record.ErrChanged):
		return t.answerReferral(r, t.Say("refer.consent_gone"))
	case err != nil:
		return err
	}
	action := map[record.ReferralSide]record.Action{
		record.OfficeSide: record.KeepReferral, record.GraduateSide: record.AnswerReferral,
		record.VoiceSide: record.AnswerReferral, record.ReceiverSide: record.ReceiveReferral,
	}[row.Side]
	if err := t.auditReferral(next, g, action, string(row.Stage)); err != nil {
		return err
	}
	if err := t.tellOfStep(next); err != nil {
		return err
	}
	return t.answerReferral(next, t.Say("refer.done_"+string(row.Stage)))
}

// publishReferral lets the receiving side see a referral before the yes; it asks
// once more.
func (t *Turn) publishReferral(r record.Referral, sides []record.ReferralSide) error {
	if !slices.Contains(sides, record.OfficeSide) {
		return record.ErrNotYours
	}
	id := string(r.ID)
	if t.Arg(1) != "yes" {
		t.Answer(t.Say("refer.publish_ask"), []Btn{t.Btn("back", "referral.show "+id), t.Btn("referral_publish", "referral.publish "+id+" yes")})
		return nil
	}
	g, err := t.referred(r)
	if err != nil {
		return err
	}
	if r, err = t.PublishReferral(r.ID); err != nil {
		return err
	}
	if err := t.auditReferral(r, g, record.KeepReferral, "published"); err != nil {
		return err
	}
	return t.answerReferral(r, t.Say("refer.published"))
}

// The form of a no, and of an end.

func (t *Turn) endedReferral(a dialog.Answers) (record.Referral, record.ReferralSide, error) {
	r, err := t.Referral(record.ReferralID(a["id"]))
	if err != nil {
		return r, "", err
	}
	sides, err := t.sidesOf(r)
	if err != nil {
		return r, "", err
	}
	side := stepSide(r, record.ReferralStage(a["to"]), sides)
	if side == "" {
		err = record.ErrNotYours
		if !r.Stage.Open() {
			err = record.ErrSettled
		}
	}
	return r, side, err
}

func mayEnd(t *Turn, a dialog.Answers) error {
	_, _, err := t.endedReferral(a)
	return err
}

func endTitle(t *Turn, a dialog.Answers) (string, error) {
	r, err := t.Referral(record.ReferralID(a["id"]))
	if err != nil {
		return "", err
	}
	line, _, err := t.referralLine(r)
	return strings.TrimPrefix(line, "· "), err
}

// endReasons are the reasons that are offered, beside a typed one.
func endReasons(a dialog.Answers) []string {
	if a["to"] == string(record.ReferralDeclined) {
		return []string{"employed", "study", "away", "pay", "unsuited"}
	}
	return []string{"employed", "away", "pay", "unsuited", "not_come"}
}

func endSteps(t *Turn) []dialog.Step {
	choices := func(a dialog.Answers) (list []dialog.Choice, err error) {
		for _, reason := range endReasons(a) {
			list = append(list, dialog.Choice{Value: reason, Label: t.Say("refer_reason." + reason)})
		}
		return list, nil
	}
	ask := func(a dialog.Answers) (string, map[string]any) {
		if a["to"] == string(record.ReferralDeclined) {
			return "refer.ask_no", nil
		}
		return "refer.ask_end", nil
	}
	return []dialog.Step{{
		Name: "words", AskFor: ask, Field: "refer.field_reason", Choices: choices, Optional: true,
		Parse: parseReason, Max: record.MaxReferralNote,
	}}
}

// numberInWords finds a mobile number in what is typed, however it is grouped.
var numberInWords = regexp.MustCompile(`1(?:[ -]*\d){10}`)

// parseReason takes words without a number: who may see one is not for words to
// say.
func parseReason(s string, a dialog.Answers) (string, error) {
	if numberInWords.MatchString(s) {
		return "", &dialog.Fault{Key: "refer.no_number"}
	}
	return dialog.Text(record.MaxReferralNote)(s, a)
}

func saveEnd(t *Turn, a dialog.Answers) error {
	r, side, err := t.endedReferral(a)
	if err != nil {
		return err
	}
	row := record.ReferralRow{Stage: record.ReferralStage(a["to"]), By: t.Person.ID, Side: side}
	if row.Stage == record.ReferralEnded {
		switch {
		case r.Stage == record.ReferralPlaced:
			row.End = record.EndLeft
		case side == record.GraduateSide, side == record.VoiceSide:
			row.End = record.EndWithdrawn
		default:
			row.End = record.EndUnfit
		}
	}
	words := a["words"]
	if slices.Contains(endReasons(a), words) {
		words = t.Say("refer_reason." + words)
	}
	return t.takeStep(r, row, words)
}

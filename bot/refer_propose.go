package bot

import (
	"errors"
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Proposing: from a post, by a saved screening, or from a graduate's record, by a
// post. One button proposes.

// pickGraduate is a page of those who fit a screening, with a button each that
// proposes: post, screening, and after or before a record.
func (t *Turn) pickGraduate(o record.Opening) error {
	s, err := t.Screening(record.ScreeningID(t.Arg(1)))
	if err != nil {
		return err
	}
	if err := t.maySee(s); err != nil {
		return err
	}
	q := storage.ScreenQuery{Screening: s, Place: s.Place, Limit: graduatePage}
	switch t.Arg(2) {
	case "after":
		q.After = record.GraduateID(t.Arg(3))
	case "before":
		q.Before = record.GraduateID(t.Arg(3))
	}
	page, more, err := t.Screened(q)
	if errors.Is(err, record.ErrNotFound) { // the record to go on from is erased
		q.After, q.Before = "", ""
		page, more, err = t.Screened(q)
	}
	if err != nil {
		return err
	}
	if err := t.looked(record.ScreenGraduates, record.Audit{Place: s.Place, Note: string(s.ID) + " " + string(o.ID)}); err != nil {
		return err
	}
	return t.shortlist(o, q, page, more)
}

// shortlist says a page of those who fit and how each stands to the post.
func (t *Turn) shortlist(o record.Opening, q storage.ScreenQuery, page []record.Graduate, more bool) error {
	args, err := t.openingArgs(o)
	if err != nil {
		return err
	}
	n, err := t.ScreenCount(q.Screening.ID)
	if err != nil {
		return err
	}
	args["Name"], args["N"] = q.Screening.Name, n.All
	lines := []string{t.Say("refer.shortlist", args)}
	var row []Btn
	for _, g := range page {
		line, err := t.fitLine(q.Screening, g, q.Place)
		if err != nil {
			return err
		}
		state, err := t.proposable(o, g)
		if err != nil {
			return err
		}
		if state != "" {
			line += t.Say("refer.but", text.A{"What": t.Say("refer.but_" + state)})
		}
		lines = append(lines, line)
		if state != "proposed" {
			row = append(row, Btn{Text: t.Say("refer.propose", text.A{"Name": clip(g.Name, 9)}), Line: "referral.propose " + string(o.ID) + " " + string(g.ID)})
		}
	}
	rows := append(inRows(row, 2), t.turnPages("opening.from "+string(o.ID)+" "+string(q.Screening.ID), q.After, q.Before, page, more))
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("opening.pick "+string(o.ID)))...)
	return nil
}

// proposable says what keeps a graduate from being proposed for a post: proposed
// already, or no consent; "" where nothing does.
func (t *Turn) proposable(o record.Opening, g record.Graduate) (string, error) {
	list, err := t.ReferralsOf(g.ID)
	switch {
	case err != nil:
		return "", err
	case slices.ContainsFunc(list, func(r record.Referral) bool { return r.Opening == o.ID && r.Stage.Open() }):
		return "proposed", nil
	case !g.Agrees(record.ToRefer, t.Tx.Now):
		return "no_consent", nil
	}
	return "", nil
}

// postsForScreening lists the posts for which somebody of those who fit a screening
// can be proposed: screening, page.
func (t *Turn) postsForScreening(s record.Screening) error {
	list, err := t.postsIn(s.Place)
	if err != nil {
		return err
	}
	id := string(s.ID)
	head := t.Say("refer.for", text.A{"Name": s.Name, "N": len(list)})
	return t.choosePost(head, list, "refer.for "+id, func(o record.Opening) string { return "opening.from " + string(o.ID) + " " + id },
		[]Btn{t.Btn("back", "screening.show "+id), t.Btn("referral_posts", "refer")})
}

// choosePost is a page of posts with a button each; the first argument of the
// command is what it is for, the second the page.
func (t *Turn) choosePost(head string, list []record.Opening, line string, choose func(record.Opening) string, last []Btn) error {
	body, rows, err := t.openingsPage(head, list, line, choose)
	if err != nil {
		return err
	}
	t.Answer(body, append(rows, last)...)
	return nil
}

// pickPost lists the posts for which a graduate can be proposed: graduate, page.
func (t *Turn) pickPost(g record.Graduate) error {
	if !g.Agrees(record.ToRefer, t.Tx.Now) {
		return t.consentNeeded(g, "graduate.show "+string(g.ID))
	}
	if err := t.lookedAt(g, "referral.posts"); err != nil {
		return err
	}
	list, err := t.postsIn(g.Village)
	if err != nil {
		return err
	}
	id := string(g.ID)
	head := t.Say("refer.posts_for", text.A{"Name": g.Name, "N": len(list)})
	return t.choosePost(head, list, "referral.posts "+id, func(o record.Opening) string { return "referral.propose " + string(o.ID) + " " + id },
		[]Btn{t.Btn("back", "graduate.show "+id), t.Btn("referral_posts", "refer")})
}

// postsIn lists the posts of a place's county for which an officer may propose
// somebody, and for which it is not too late.
func (t *Turn) postsIn(place record.Code) ([]record.Opening, error) {
	list, err := t.Openings(place.County())
	return slices.DeleteFunc(list, func(o record.Opening) bool {
		return o.Over(record.DateOf(t.Tx.Now.UTC())) || t.mayProposeFor(o) != nil
	}), err
}

// consentNeeded says that a graduate cannot be proposed yet, and what to do.
func (t *Turn) consentNeeded(g record.Graduate, back string) error {
	_, own, err := t.HolderOf(record.Referral{Graduate: g.ID, Village: g.Village}, record.GraduateSide)
	if err != nil {
		return err
	}
	t.Answer(t.Say("refer.no_consent", text.A{"Name": g.Name, "Account": own}),
		[]Btn{t.Btn("back", back), t.Btn("consents", "consent "+string(g.ID))})
	return nil
}

// propose proposes a graduate for a post: post, graduate.
func (t *Turn) propose(o record.Opening) error {
	g, err := t.Graduate(record.GraduateID(t.Arg(1)))
	if err != nil {
		return err
	}
	if err := t.Allow(record.KeepReferral, record.Object{Place: g.Village}); err != nil {
		return err
	}
	back := "opening.show " + string(o.ID)
	if !g.Agrees(record.ToRefer, t.Tx.Now) {
		return t.consentNeeded(g, back)
	}
	r, err := t.Propose(o.ID, g.ID, t.Person.ID, "")
	for refused, key := range map[error]string{record.ErrExists: "refer.proposed_already", record.ErrFull: "refer.too_many", record.ErrTooLate: "refer.too_late", record.ErrSettled: "refer.is_closed"} {
		if errors.Is(err, refused) {
			t.Answer(t.Say(key, text.A{"Name": g.Name, "Most": record.MaxOpenReferrals, "Way": record.MaxUnderWay}), t.backRow(back))
			return nil
		}
	}
	if err != nil {
		return err
	}
	if err := t.auditReferral(r, g, record.KeepReferral, string(record.ReferralProposed)); err != nil {
		return err
	}
	return t.answerReferral(r, t.Say("refer.proposed"))
}

func (t *Turn) auditReferral(r record.Referral, g record.Graduate, action record.Action, what string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: action, Person: g.Person, Graduate: r.Graduate, Place: r.Village, Note: what + " " + string(r.ID)})
}

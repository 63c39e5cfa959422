package bot

import (
	"slices"
	"strconv"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// newOpening begins the form of a post: of the office whose place is named.
func (t *Turn) newOpening() error {
	place := record.Code(t.Arg(0))
	if place.Level() == record.NoLevel {
		place = t.planPlace()
	}
	return t.startFlow("opening", dialog.Answers{"place": string(place)})
}

// openingPlace is where the post is, as far as it is answered.
func openingPlace(a dialog.Answers) record.Code {
	for _, step := range []string{"village", "township", "place"} {
		if a[step] != "" {
			return record.Code(a[step])
		}
	}
	return ""
}

func mayOpen(t *Turn, a dialog.Answers) error {
	return t.Allow(record.KeepOpenings, record.Object{Place: openingPlace(a)})
}

func openingSteps(t *Turn) []dialog.Step {
	kinds := func(dialog.Answers) (list []dialog.Choice, err error) {
		for _, k := range record.OpeningKinds() {
			list = append(list, dialog.Choice{Value: string(k), Label: t.Say("opening_kind." + string(k))})
		}
		return list, nil
	}
	notCounty := func(a dialog.Answers) (bool, error) { return record.Code(a["place"]).Level() != record.County, nil }
	noTownship := func(a dialog.Answers) (bool, error) {
		return openingTownship(a).Level() != record.Township, nil
	}
	within := func(of func(dialog.Answers) record.Code) func(dialog.Answers) ([]dialog.Choice, error) {
		return func(a dialog.Answers) ([]dialog.Choice, error) { return t.placeOrIn(of(a)) }
	}
	return []dialog.Step{
		{Name: "kind", Ask: "refer.ask_kind", Field: "refer.field_kind", Choices: kinds},
		{Name: "township", Ask: "refer.ask_place", Field: "refer.field_township", PerPage: placePage, Skip: notCounty, Drops: []string{"village"}, Choices: within(func(a dialog.Answers) record.Code { return record.Code(a["place"]) })},
		{Name: "village", Ask: "refer.ask_place", Field: "refer.field_place", PerPage: placePage, Skip: noTownship, Choices: within(openingTownship)},
		{
			Name: "number", Ask: "refer.ask_number", Field: "refer.field_number", Parse: parseNumber(1, record.MaxPosts), Columns: 5,
			Choices: func(dialog.Answers) ([]dialog.Choice, error) { return plainChoices("1", "2", "3", "4", "5"), nil },
		},
		{Name: "needs", Ask: "refer.ask_needs", Field: "refer.field_needs", Parse: dialog.Text(record.MaxNeeds), Max: record.MaxNeeds, Optional: true, Empty: "screening.any"},
		{Name: "until", Ask: "refer.ask_until", Field: "refer.field_until", Parse: t.parseDay, Show: t.showDay, Choices: t.untilChoices},
	}
}

// openingTownship is the township in whose villages a post may be; the county
// where it is the county's own.
func openingTownship(a dialog.Answers) record.Code {
	if a["township"] != "" {
		return record.Code(a["township"])
	}
	return record.Code(a["place"])
}

// placeOrIn offers a place itself and the places in it.
func (t *Turn) placeOrIn(place record.Code) ([]dialog.Choice, error) {
	p, err := t.Place(place)
	if err != nil {
		return nil, err
	}
	children, err := t.Children(place)
	return append([]dialog.Choice{{Value: string(p.Code), Label: t.Say("refer.itself", text.A{"Place": p.Name})}}, placeChoices(children)...), err
}

// untilChoices offer a month, two, three and six.
func (t *Turn) untilChoices(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	for _, months := range []int{1, 2, 3, 6} {
		day := record.DateOf(t.Now.AddDate(0, months, 0))
		list = append(list, dialog.Choice{Value: string(day), Label: t.showDay(string(day))})
	}
	return list, nil
}

func saveOpening(t *Turn, a dialog.Answers) error {
	number, _ := strconv.Atoi(a["number"])
	o, err := t.AddOpening(record.Opening{
		Kind: record.OpeningKind(a["kind"]), Place: openingPlace(a), Number: number, Needs: a["needs"],
		Until: record.Date(a["until"]), By: t.Person.ID,
	})
	if err != nil {
		return err
	}
	if err := t.auditOpening(o, "opened"); err != nil {
		return err
	}
	return t.openingCard(o, t.Say("refer.opened"))
}

func (t *Turn) auditOpening(o record.Opening, what string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.KeepOpenings, Place: o.Place, Note: what + " " + string(o.ID)})
}

// showOpening is a post's card: post, page of its referrals.
func (t *Turn) showOpening(o record.Opening) error {
	if t.Actor.Has(officers...) {
		if err := t.looked(record.SeeOpenings, record.Audit{Place: o.Place, Note: "opening.show " + string(o.ID)}); err != nil {
			return err
		}
	}
	return t.openingCard(o, "")
}

// openingCard shows a post with those of its referrals that the person sees.
func (t *Turn) openingCard(o record.Opening, said string) error {
	args, err := t.openingArgs(o)
	if err != nil {
		return err
	}
	if args["By"], err = t.nameOf(o.By); err != nil {
		return err
	}
	args["Day"], args["Closed"] = t.onDay(o.CreatedAt), ""
	if !o.Closed.IsZero() {
		args["Closed"] = t.onDay(o.Closed)
	}
	all, err := t.ReferralsFor(o.ID)
	if err != nil {
		return err
	}
	var list []record.Referral
	for _, r := range all {
		sides, err := t.sidesOf(r)
		if err != nil {
			return err
		}
		if len(sides) > 0 {
			list = append(list, r)
		}
	}
	args["N"] = len(list)
	head := t.Say("refer.card", args)
	if said != "" {
		head = said + "\n" + head
	}
	return t.referralPage(head, list, 1, "opening.show "+string(o.ID), t.openingButtons(o)...)
}

func (t *Turn) openingButtons(o record.Opening) [][]Btn {
	id := string(o.ID)
	var row []Btn
	if o.Closed.IsZero() {
		keeps, over := t.Allow(record.KeepOpenings, record.Object{Place: o.Place}) == nil, o.Over(record.DateOf(t.Tx.Now.UTC()))
		if !over && t.mayProposeFor(o) == nil {
			row = append(row, t.Btn("opening_pick", "opening.pick "+id))
		}
		if keeps {
			row = append(row, t.Btn("opening_longer", "opening.longer "+id), t.Btn("opening_close", "opening.close "+id))
		}
	}
	back := t.Btn("back", "refer")
	if offices := t.offices(); len(offices) > 0 {
		back = t.Btn("back", "refer "+string(offices[0]))
	}
	return [][]Btn{row, {back, t.Btn("home", "start")}}
}

// extendOpening lets people be proposed for a post until a later day: post, day. It
// asks for the day where none is named.
func (t *Turn) extendOpening(o record.Opening) error {
	id := string(o.ID)
	if !o.Closed.IsZero() {
		return t.openingCard(o, "")
	}
	if t.Arg(1) == "" {
		args, err := t.openingArgs(o)
		if err != nil {
			return err
		}
		days, err := t.untilChoices(nil)
		if err != nil {
			return err
		}
		var row []Btn
		for _, d := range days {
			row = append(row, Btn{Text: d.Label, Line: "opening.longer " + id + " " + d.Value})
		}
		t.Answer(t.Say("refer.longer_ask", args), append(inRows(row, 2), t.backRow("opening.show "+id))...)
		return nil
	}
	o, err := t.ExtendOpening(o.ID, record.Date(t.Arg(1)))
	if err != nil {
		return err
	}
	if err := t.auditOpening(o, "until "+string(o.Until)); err != nil {
		return err
	}
	t.Args = t.Args[:1]
	return t.openingCard(o, t.Say("refer.longer", text.A{"Until": t.showDay(string(o.Until))}))
}

// closeOpening closes a post, which ends what is under way towards it; it asks
// once more with the consequence.
func (t *Turn) closeOpening(o record.Opening) error {
	id := string(o.ID)
	if !o.Closed.IsZero() {
		return t.openingCard(o, "")
	}
	if t.Arg(1) != "yes" {
		list, err := t.ReferralsFor(o.ID)
		if err != nil {
			return err
		}
		under := len(slices.DeleteFunc(list, func(r record.Referral) bool { return !r.Stage.UnderWay() }))
		args, err := t.openingArgs(o)
		if err != nil {
			return err
		}
		args["N"] = under
		t.Answer(t.Say("refer.close_ask", args), []Btn{t.Btn("back", "opening.show "+id), t.Btn("opening_close", "opening.close "+id+" yes")})
		return nil
	}
	o, ended, err := t.CloseOpening(o.ID, t.Person.ID)
	if err != nil {
		return err
	}
	if err := t.auditOpening(o, "closed"); err != nil {
		return err
	}
	t.planChanged() // the schedule tells those concerned, one by one
	t.Args = t.Args[:1]
	return t.openingCard(o, t.Say("refer.closed", text.A{"N": len(ended)}))
}

// pickScreening chooses the screening from which graduates are proposed for a
// post.
func (t *Turn) pickScreening(o record.Opening) error {
	var row []Btn
	for _, place := range t.offices() {
		list, err := t.Screenings(place)
		if err != nil {
			return err
		}
		for _, s := range list {
			row = append(row, Btn{Text: clip(s.Name, 12), Line: "opening.from " + string(o.ID) + " " + string(s.ID)})
		}
	}
	args, err := t.openingArgs(o)
	if err != nil {
		return err
	}
	args["N"] = len(row)
	rows := append(inRows(row, 2), []Btn{t.Btn("screenings", "screenings"), t.Btn("grad_list", "graduates")}, t.backRow("opening.show "+string(o.ID)))
	t.Answer(t.Say("refer.pick", args), rows...)
	return nil
}

// onDay is the day of an instant as people say it.
func (t *Turn) onDay(at time.Time) string { return t.Voice.Day(at.In(t.b.conf.Zone), t.Now) }

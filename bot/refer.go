package bot

import (
	"errors"
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Referrals: posts at home that a township or the county opens, graduates who are
// proposed for them, and each one's way from there. An officer comes in by the
// posts of a place, a secretary and a graduate by what concerns them. Whether a
// page shows a graduate's number is record.ContactOf's to say, and nobody else's.
func referCommands() []command {
	return []command{
		{name: "refer", words: []string{"推荐", "岗位", "refer"}, roles: graduateKeepers, run: (*Turn).refer},
		{name: "opening.new", hidden: true, roles: officers, run: (*Turn).newOpening},
		{name: "opening.show", hidden: true, roles: branch, run: onOpening(record.SeeOpenings, (*Turn).showOpening)},
		{name: "opening.close", hidden: true, roles: officers, run: onOpening(record.KeepOpenings, (*Turn).closeOpening)},
		{name: "opening.longer", hidden: true, roles: officers, run: onOpening(record.KeepOpenings, (*Turn).extendOpening)},
		{name: "opening.pick", hidden: true, roles: officers, run: onOpening("", (*Turn).pickScreening)},
		{name: "refer.for", hidden: true, roles: officers, run: onScreening((*Turn).postsForScreening)},
		{name: "opening.from", hidden: true, roles: officers, run: onOpening("", (*Turn).pickGraduate)},
		{name: "referral.posts", hidden: true, roles: officers, run: onGraduate(record.KeepReferral, (*Turn).pickPost)},
		{name: "referral.propose", hidden: true, roles: officers, run: onOpening("", (*Turn).propose)},
		{name: "referral.list", hidden: true, roles: officers, run: (*Turn).openReferrals},
		{name: "referral.table", hidden: true, roles: officers, run: (*Turn).referralTable},
		{name: "referral.chart", hidden: true, roles: officers, run: (*Turn).referralCharts},
		{name: "referral.sheet", hidden: true, roles: officers, run: (*Turn).referralSheet},
		{name: "referral.show", hidden: true, roles: graduateKeepers, run: onReferral((*Turn).showReferral)},
		{name: "referral.step", hidden: true, roles: graduateKeepers, run: onReferral((*Turn).stepReferral)},
		{name: "referral.employed", hidden: true, roles: graduateKeepers, run: onReferral((*Turn).placedEmployed)},
		{name: "referral.outcome", hidden: true, roles: graduateKeepers, run: onReferral((*Turn).answerOutcome)},
		{name: "referral.publish", hidden: true, roles: officers, run: onReferral((*Turn).publishReferral)},
	}
}

func referFlows() []*flow {
	return []*flow{
		{name: "opening", steps: openingSteps, title: say("refer.form"), may: mayOpen, save: saveOpening},
		{name: "referral_end", direct: true, steps: endSteps, title: endTitle, may: mayEnd, save: saveEnd},
	}
}

// onOpening is a command about one post, the first argument, on which the person
// may do an action; without one, a post for which the person may propose.
func onOpening(action record.Action, run func(*Turn, record.Opening) error) func(*Turn) error {
	return func(t *Turn) error {
		o, err := t.Opening(record.OpeningID(t.Arg(0)))
		if err != nil {
			return err
		}
		if action == "" {
			err = t.mayProposeFor(o)
		} else {
			err = t.Allow(action, record.Object{Place: o.Place})
		}
		if err != nil {
			return err
		}
		return run(t, o)
	}
}

// mayProposeFor asks whether an officer may propose for a post: one in the own
// place, or one of a place that the own belongs to.
func (t *Turn) mayProposeFor(o record.Opening) error {
	for _, office := range t.offices() {
		if office.Contains(o.Place) || o.Place.Contains(office) {
			return nil
		}
	}
	return record.ErrNotYours
}

// refer is the way in: an officer's posts of a place (place, page), else what
// concerns the person; own: the person's own record, of one who holds a post too.
func (t *Turn) refer() error {
	place := record.Code(t.Arg(0))
	if t.Arg(0) == "own" {
		return t.referOwn()
	}
	if place.Level() == record.NoLevel {
		switch offices := t.offices(); {
		case len(offices) == 1:
			place = offices[0]
		case len(offices) > 1:
			return t.choosePlace("refer", offices)
		case t.Actor.Has(record.Secretary):
			return t.referOfVillages()
		default:
			return t.referOwn()
		}
	}
	if !t.Actor.Has(officers...) {
		return t.referOfVillages()
	}
	if err := t.Allow(record.SeeOpenings, record.Object{Place: place}); err != nil {
		return err
	}
	return t.listOpenings(place)
}

// listOpenings shows the posts of a place that are not closed.
func (t *Turn) listOpenings(place record.Code) error {
	list, err := t.Openings(place)
	if err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	head := t.Say("refer.list", text.A{"Place": name, "N": len(list)})
	body, rows, err := t.openingsPage(head, list, "refer "+string(place), func(o record.Opening) string { return "opening.show " + string(o.ID) })
	if err != nil {
		return err
	}
	if t.Allow(record.KeepOpenings, record.Object{Place: place}) == nil {
		rows = append(rows, []Btn{t.Btn("opening_new", "opening.new "+string(place)), t.Btn("referral_list", "referral.list "+string(place))}, []Btn{t.Btn("referral_table", "referral.table "+string(place))})
	}
	t.Answer(body, append(rows, t.referLast())...)
	return nil
}

// openingsPage is a page of posts with a button each, and the ways on; press is the
// line of a post's button.
func (t *Turn) openingsPage(head string, list []record.Opening, line string, press func(record.Opening) string) (string, [][]Btn, error) {
	from, to, turn := t.window(1, len(list), line)
	lines := []string{head}
	if len(list) == 0 {
		lines = append(lines, t.Say("refer.no_posts"))
	}
	var row []Btn
	for _, o := range list[from:to] {
		said, err := t.openingLine(o)
		if err != nil {
			return "", nil, err
		}
		lines = append(lines, said)
		row = append(row, t.openingButton(o, press(o)))
	}
	return strings.Join(lines, "\n"), append(inRows(row, 2), turn...), nil
}

// referLast is the last row of the pages of those who hold a post: home, and the
// own referrals of one who has a graduate's record as well.
func (t *Turn) referLast() []Btn {
	row := t.homeRow()
	if t.isAlumnus() {
		row = append(row, t.Btn("refer_own", "refer own"))
	}
	return row
}

// openingLine is one post in a list, with how many are under way towards it.
func (t *Turn) openingLine(o record.Opening) (string, error) {
	args, err := t.openingArgs(o)
	if err != nil {
		return "", err
	}
	list, err := t.ReferralsFor(o.ID)
	if err != nil {
		return "", err
	}
	open, placed := 0, 0
	for _, r := range list {
		switch {
		case r.Stage == record.ReferralPlaced:
			placed++
		case r.Stage.Open():
			open++
		}
	}
	args["Open"], args["Placed"] = open, placed
	return t.Say("refer.post_line", args), nil
}

func (t *Turn) openingButton(o record.Opening, line string) Btn {
	name := ""
	if p, err := t.Place(o.Place); err == nil {
		name = p.Name
	}
	return Btn{Text: clip(name+" "+t.Say("opening_kind."+string(o.Kind)), 14), Line: line}
}

// openingArgs are the arguments of what is said of a post.
func (t *Turn) openingArgs(o record.Opening) (text.A, error) {
	place, err := t.placeName(o.Place)
	return text.A{
		"Kind": t.Say("opening_kind." + string(o.Kind)), "Place": place, "Number": o.Number, "Needs": o.Needs,
		"Until": t.showDay(string(o.Until)), "Over": o.Over(record.DateOf(t.Tx.Now.UTC())),
	}, err
}

// referOwn is a graduate's page: the consent, and the posts for which the
// graduate was asked.
func (t *Turn) referOwn() error {
	g, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	if !found {
		return record.ErrNotYours
	}
	all, err := t.ReferralsOf(g.ID)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(all, func(r record.Referral) bool { return !r.SeenBy(record.GraduateSide) })
	head := t.Say("refer.own", text.A{"N": len(list), "Agrees": g.Agrees(record.ToRefer, t.Tx.Now)})
	return t.referralPage(head, list, 0, "refer", []Btn{t.Btn("consents", "consent "+string(g.ID)), t.Btn("home", "start")})
}

// referOfVillages is a secretary's page: the posts of the own villages and the
// referrals in which the secretary answers or receives.
func (t *Turn) referOfVillages() error {
	var list []record.Referral
	var posts []Btn
	for _, village := range t.Actor.Places(record.Secretary) {
		openings, err := t.Openings(village)
		if err != nil {
			return err
		}
		for _, o := range openings {
			posts = append(posts, t.openingButton(o, "opening.show "+string(o.ID)))
		}
		some, err := t.referralsAt(village, openings)
		if err != nil {
			return err
		}
		for _, r := range some {
			if !slices.ContainsFunc(list, func(had record.Referral) bool { return had.ID == r.ID }) {
				list = append(list, r)
			}
		}
	}
	rows := inRows(posts, 2)
	head := t.Say("refer.villages", text.A{"N": len(list), "Posts": len(posts)})
	return t.referralPage(head, list, 0, "refer", append(rows, t.referLast())...)
}

// referralsAt lists what is open and concerns a village's secretary.
func (t *Turn) referralsAt(village record.Code, openings []record.Opening) ([]record.Referral, error) {
	all, err := t.OpenReferrals(village)
	if err != nil {
		return nil, err
	}
	for _, o := range openings {
		more, err := t.ReferralsFor(o.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	var list []record.Referral
	for _, r := range all {
		sides, err := t.sidesOf(r)
		if err != nil {
			return nil, err
		}
		if r.Stage.Open() && len(sides) > 0 {
			list = append(list, r)
		}
	}
	return list, nil
}

// openReferrals lists an officer's referrals that are under way: place, page.
func (t *Turn) openReferrals() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.KeepReferral, record.Object{Place: place}); err != nil {
		return err
	}
	list, err := t.OpenReferrals(place)
	if err != nil {
		return err
	}
	if err := t.looked(record.KeepReferral, record.Audit{Place: place, Note: "referral.list"}); err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	return t.referralPage(t.Say("refer.open", text.A{"Place": name, "N": len(list)}), list, 1, "referral.list "+string(place),
		[]Btn{t.Btn("back", "refer "+string(place)), t.Btn("home", "start")})
}

// referralPage is a page of referrals with a button each.
func (t *Turn) referralPage(head string, list []record.Referral, pageArg int, line string, more ...[]Btn) error {
	from, to, turn := t.window(pageArg, len(list), line)
	lines := []string{head}
	var row []Btn
	for _, r := range list[from:to] {
		said, name, err := t.referralLine(r)
		if err != nil {
			return err
		}
		lines = append(lines, said)
		row = append(row, Btn{Text: name, Line: "referral.show " + string(r.ID)})
	}
	t.Answer(strings.Join(lines, "\n"), append(append(inRows(row, 2), turn...), more...)...)
	return nil
}

// referralLine says one referral in a list, and what its button says: the
// graduate's name, to the graduate the post.
func (t *Turn) referralLine(r record.Referral) (line, button string, err error) {
	g, err := t.referred(r)
	if err != nil {
		return "", "", err
	}
	place, err := t.placeName(r.Place)
	if err != nil {
		return "", "", err
	}
	kind, name := t.Say("opening_kind."+string(r.Kind)), t.graduateName(g)
	button = clip(name, 12)
	if g.Person != "" && g.Person == t.Person.ID {
		name, button = "", kind
	}
	return t.Say("refer.line", text.A{"Name": name, "Kind": kind, "Place": place, "Stage": t.Say("referral_stage." + string(r.Stage))}), button, nil
}

// referred is the graduate of a referral; the zero one where the record is erased.
func (t *Turn) referred(r record.Referral) (record.Graduate, error) {
	if r.Graduate == "" {
		return record.Graduate{}, nil
	}
	g, err := t.Graduate(r.Graduate)
	if errors.Is(err, record.ErrNotFound) {
		return record.Graduate{}, nil
	}
	return g, err
}

func (t *Turn) graduateName(g record.Graduate) string {
	if g.Name == "" {
		return t.Say("refer.erased")
	}
	return g.Name
}

// sidesOf are the sides on which the person is in a referral, of those that see
// it. The secretary answers for the graduate only where the graduate cannot be
// asked.
func (t *Turn) sidesOf(r record.Referral) ([]record.ReferralSide, error) {
	g, err := t.referred(r)
	if err != nil {
		return nil, err
	}
	_, own, err := t.HolderOf(r, record.GraduateSide)
	if err != nil {
		return nil, err
	}
	var sides []record.ReferralSide
	for _, s := range []struct {
		side record.ReferralSide
		is   bool
	}{
		{record.OfficeSide, t.Allow(record.KeepReferral, record.Object{Place: r.Village}) == nil},
		{record.GraduateSide, g.Person != "" && g.Person == t.Person.ID},
		{record.VoiceSide, !own && t.Allow(record.AnswerReferral, record.Object{Place: r.Village}) == nil},
		{record.ReceiverSide, t.Allow(record.ReceiveReferral, record.Object{Place: r.Place}) == nil},
	} {
		if s.is && r.SeenBy(s.side) {
			sides = append(sides, s.side)
		}
	}
	return sides, nil
}

// referDuty is what the home card says of referrals: the post about which a
// graduate is asked, and what waits for a secretary.
func referDuty() homeDuty {
	waiting := func(t *Turn) (n int, err error) {
		var list []record.Referral
		if t.Actor.Has(record.Secretary) {
			for _, village := range t.Actor.Places(record.Secretary) {
				openings, err := t.Openings(village)
				if err != nil {
					return 0, err
				}
				some, err := t.referralsAt(village, openings)
				if err != nil {
					return 0, err
				}
				list = append(list, some...)
			}
		}
		if g, found, err := t.GraduateOf(t.Person.ID); err != nil {
			return 0, err
		} else if found {
			own, err := t.ReferralsOf(g.ID)
			if err != nil {
				return 0, err
			}
			list = append(list, own...)
		}
		seen := map[record.ReferralID]bool{}
		for _, r := range list {
			mine, err := t.waitsForMe(r)
			if err != nil {
				return 0, err
			}
			if mine && !seen[r.ID] {
				seen[r.ID] = true
				n++
			}
		}
		return n, nil
	}
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			n, err := waiting(t)
			if err != nil || n == 0 {
				return nil, err
			}
			return []string{t.Say("refer.home", text.A{"N": n})}, nil
		},
	}
}

// waitsForMe says whether the next step of a referral is the person's.
func (t *Turn) waitsForMe(r record.Referral) (bool, error) {
	sides, err := t.sidesOf(r)
	waits := r.Waits()
	if side, _ := asksOutcome(r, sides); side != "" {
		return true, err
	}
	return slices.Contains(sides, waits) || (waits == record.GraduateSide && slices.Contains(sides, record.VoiceSide)), err
}

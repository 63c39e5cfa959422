package bot

import (
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// consentVersion names the text of register.ask_consent and its _self form: a
// change of what is asked is a change of the version, and whoever agreed to an
// older one, or whose yes has ended, is asked again with the next change of the
// record.
const consentVersion = "2026-12"

func registerCommands() []command {
	return []command{
		{name: "register", words: []string{"返乡登记", "登记", "register"}, roles: graduateKeepers, run: (*Turn).register},
	}
}

// graduateKeepers are those who keep graduates' records: the branch and its
// offices, and graduates their own.
var graduateKeepers = []record.Role{record.CountyOfficer, record.TownshipOfficer, record.Secretary, record.Alumnus}

func registerFlows() []*flow {
	return []*flow{{
		name:  "register",
		steps: registerSteps,
		title: (*Turn).registerTitle,
		may:   (*Turn).mayRegister,
		known: (*Turn).knownOfGraduate,
		after: (*Turn).afterRegister,
		save:  (*Turn).saveRegistration,
	}}
}

// register begins a registration: of a village, where one is named. A graduate
// is shown the own record.
func (t *Turn) register() error {
	if !t.Actor.Has(branch...) {
		return t.showOwn()
	}
	a := dialog.Answers{}
	if village := record.Code(t.Arg(0)); village.Level() == record.Village {
		a[inVillage] = string(village)
	} else if own := t.Actor.Places(record.Secretary); len(own) == 1 && !t.Actor.Has(officers...) {
		a[inVillage] = string(own[0])
	}
	return t.startFlow("register", a)
}

// registerByLink begins a graduate's own registration, from a village's link.
func (t *Turn) registerByLink(hash string, village record.Code) error {
	if t.Known && len(t.Actor.Posts) > 0 {
		t.Answer(t.Say("register.link_forward"), []Btn{t.Btn("register", "register"), t.Btn("home", "start")})
		return nil
	}
	if t.isAlumnus() {
		return t.showOwn()
	}
	return t.startFlow("register", dialog.Answers{inVillage: string(village), ofLink: hash, "self": "yes"})
}

// registerTitle is 返乡登记 · 下加合村.
func (t *Turn) registerTitle(a dialog.Answers) (string, error) {
	key := "register.title"
	if a[ofGraduate] != "" {
		key = "register.title_edit"
	}
	village := villageOf(a)
	if village == "" {
		return t.Say(key), nil
	}
	place, err := t.Place(village)
	return t.Say("register.title_of", text.A{"Title": t.Say(key), "Village": place.Name}), err
}

// mayRegister asks for the authority over what the form is about: the village,
// the record that is changed, or the link by which the graduate came.
func (t *Turn) mayRegister(a dialog.Answers) error {
	village := villageOf(a)
	if id := a[ofGraduate]; id != "" {
		g, err := t.Graduate(record.GraduateID(id))
		if err != nil {
			return err
		}
		return t.Allow(record.EditGraduate, objectOf(g))
	}
	if isSelf(a) {
		link, err := t.UsableLink(a[ofLink])
		if err == nil && (link.Kind != record.LinkVillage || link.Place != village) {
			err = record.ErrLink
		}
		return err
	}
	if village == "" && t.Actor.Has(branch...) {
		return nil // the village is asked, and this again with it
	}
	return t.Allow(record.RegisterGraduate, record.Object{Place: village})
}

// objectOf is a record as record.Allow sees it: of its village, and the
// graduate's own.
func objectOf(g record.Graduate) record.Object {
	o := record.Object{Place: g.Village}
	if g.Person != "" {
		o.Persons = []record.PersonID{g.Person}
	}
	return o
}

// afterRegister takes a typed month along with its year, opens the record that
// turns out to be the same person, and ends the form without a yes.
func (t *Turn) afterRegister(d *record.Dialog, step string) (done bool, err error) {
	switch step {
	case "year":
		if y := d.Answers["year"]; len(y) > 4 {
			d.Answers["year"], d.Answers["month"] = y[:4], y[5:]
			d.Step = "month" // settled below: it has its answer
			return false, registerFlow(t).Keep(d)
		}
	case "birth":
		return t.endIfForgotten(d)
	case "same":
		id := record.GraduateID(d.Answers["same"])
		if isSelf(d.Answers) || otherPeople(d.Answers) != nil {
			return false, nil
		}
		return false, t.openSame(d, id)
	case "consent":
		if d.Answers["consent"] != "yes" {
			return true, t.noConsent(d)
		}
	}
	return false, nil
}

// endIfForgotten ends a form about somebody who asked to be forgotten: only they
// themselves may come back, and nobody should find that out at the last step.
func (t *Turn) endIfForgotten(d *record.Dialog) (done bool, err error) {
	if isSelf(d.Answers) || d.Answers[ofGraduate] != "" {
		return false, nil
	}
	birth, _ := strconv.Atoi(d.Answers["birth"])
	forgotten, err := t.WasForgotten(record.Graduate{Village: villageOf(d.Answers), Name: d.Answers["name"], BirthYear: birth})
	if err != nil || !forgotten {
		return false, err
	}
	t.Answer(t.Say("refusal.forgotten"), t.homeRow())
	return true, t.EndDialog(d.Chat)
}

func registerFlow(t *Turn) dialog.Flow { return dialog.Flow{Steps: registerSteps(t)} }

// openSame turns the form into a change of the record that is the same person.
func (t *Turn) openSame(d *record.Dialog, id record.GraduateID) error {
	g, err := t.Graduate(id)
	if err != nil {
		return err
	}
	if err := t.Allow(record.EditGraduate, objectOf(g)); err != nil {
		return err
	}
	d.Answers = t.answersOf(g)
	return registerFlow(t).Begin(d)
}

// noConsent ends the form: without a yes nothing is kept.
func (t *Turn) noConsent(d *record.Dialog) error {
	if err := t.EndDialog(d.Chat); err != nil {
		return err
	}
	key := "register.no_consent"
	if isSelf(d.Answers) {
		key = "register.no_consent_self"
	}
	if d.Answers[ofGraduate] != "" {
		key = "register.no_consent_edit"
	}
	t.Answer(t.Say(key), t.homeRow())
	return nil
}

// knownOfGraduate fills in a record that is to be changed.
func (t *Turn) knownOfGraduate(a dialog.Answers) (dialog.Answers, error) {
	if a[ofGraduate] == "" {
		return a, nil
	}
	g, err := t.Graduate(record.GraduateID(a[ofGraduate]))
	if err != nil {
		return nil, err
	}
	return t.answersOf(g), nil
}

// answersOf are the answers that a record stands for, but for those that time
// has made void: whoever was to graduate last month has, or has not.
func (t *Turn) answersOf(g record.Graduate) dialog.Answers {
	a := dialog.Answers{
		ofGraduate: string(g.ID), inVillage: string(g.Village),
		"name": g.Name, "birth": strconv.Itoa(g.BirthYear), "education": string(g.Education),
		"school": g.School, "major": g.Major, "studying": "no", "employment": string(g.Employment),
		"willingness": string(g.Willingness), "phone": g.Phone,
	}
	if g.Studying {
		a["studying"] = "yes"
		delete(a, "employment")
	}
	if y, m, ok := strings.Cut(string(g.Graduation), "-"); ok {
		a["year"], a["month"] = y, m
	}
	if g.Studying && string(g.Graduation) < t.Now.Format("2006-01") {
		for _, void := range []string{"studying", "year", "month"} {
			delete(a, void)
		}
	}
	if t.consentStands(g) {
		a["consent"] = "yes"
	}
	return a
}

// consentStands says whether the yes to keeping a record holds and was given to
// what is asked now.
func (t *Turn) consentStands(g record.Graduate) bool {
	return g.Consent.Version == consentVersion && g.Consent.Holds(t.Tx.Now)
}

// fill brings the answers into a record.
func (t *Turn) fill(g *record.Graduate, a dialog.Answers, source record.Source) {
	g.Village, g.Name = villageOf(a), a["name"]
	g.BirthYear, _ = strconv.Atoi(a["birth"])
	g.Education, g.School, g.Major = record.Education(a["education"]), a["school"], a["major"]
	g.Studying = a["studying"] == "yes"
	g.Graduation = record.Date(a["year"] + "-" + a["month"])
	g.Employment, g.Willingness = record.Employment(a["employment"]), record.Willingness(a["willingness"])
	g.Phone = a["phone"]
	if !t.consentStands(*g) {
		g.Consent = record.Consent{Version: consentVersion, At: t.Tx.Now, Source: source}
	}
	g.Source, g.By = source, t.Person.ID
	// The form has shown every fact, and was saved with them.
	g.Confirm(record.Said{Source: source, By: t.Person.ID, At: t.Tx.Now}, record.AgingFacts()...)
}

// sourceOf says who speaks in a registration.
func (t *Turn) sourceOf(a dialog.Answers, village record.Code) record.Source {
	mine := func(p record.Post) bool { return p.Role == record.Secretary && p.Place == village }
	switch {
	case !isSelf(a) && slices.ContainsFunc(t.Actor.Posts, mine):
		return record.BySecretary
	case !isSelf(a) && t.Actor.Has(officers...):
		return record.ByOfficer
	}
	return record.BySelf
}

// saveRegistration adds or changes the record.
func (t *Turn) saveRegistration(a dialog.Answers) error {
	if isSelf(a) && a["same"] == sameMe {
		found, err := t.claimRecord(a)
		if err != nil || found {
			return err
		}
	}
	if isSelf(a) {
		if err := t.becomeGraduate(a); err != nil {
			return err
		}
	}
	source := t.sourceOf(a, villageOf(a))
	var g record.Graduate
	var err error
	action := record.RegisterGraduate
	if id := a[ofGraduate]; id != "" {
		action = record.EditGraduate
		g, err = t.Tx.EditGraduate(record.GraduateID(id), otherPeople(a), func(g *record.Graduate) { t.fill(g, a, source) })
	} else {
		t.fill(&g, a, source)
		if isSelf(a) {
			g.Person = t.Person.ID
		}
		g, err = t.AddGraduate(g, otherPeople(a))
	}
	if err != nil {
		return err
	}
	return t.graduateSaved(g, action)
}

// claimRecord gives a graduate's answers to the record that others made of the
// same person, where the number of the graduate's own contact card proves it; a
// number that is typed proves nothing, the whole village may know it. One that
// differs is a fault: the record is neither shown nor changed. found is false
// where the record is gone.
func (t *Turn) claimRecord(a dialog.Answers) (found bool, err error) {
	left, err := t.GuessesLeft(t.guesser())
	if err != nil {
		return false, err
	}
	if left == 0 {
		return false, record.ErrTooMany
	}
	like, err := t.likeThese(a)
	if err != nil || len(like) == 0 {
		return false, err
	}
	if a["phone"] == "" || a[ofCard] != a["phone"] {
		return false, &dialog.Fault{Key: "register.need_card", Step: "phone", Card: true}
	}
	for _, g := range like {
		if g.Person != "" || g.Phone == "" || g.Phone != a["phone"] {
			continue
		}
		if err := t.becomeGraduate(a); err != nil {
			return false, err
		}
		g, err := t.Tx.EditGraduate(g.ID, nil, func(g *record.Graduate) {
			t.fill(g, a, record.BySelf)
			g.Person = t.Person.ID
			g.Consent = record.Consent{Version: consentVersion, At: t.Tx.Now, Source: record.BySelf}
		})
		if err != nil {
			return false, err
		}
		return true, t.graduateSaved(g, record.EditGraduate)
	}
	if _, err := t.WrongGuess(t.guesser()); err != nil {
		return false, err
	}
	return false, &dialog.Fault{Key: "register.phone_differs", Step: "phone"}
}

// becomeGraduate makes the chat account of a graduate a person without posts.
// A person whom the bot knows stays who they are.
func (t *Turn) becomeGraduate(a dialog.Answers) error {
	if t.Known {
		return nil
	}
	birth, _ := strconv.Atoi(a["birth"])
	id, err := t.AddPerson(record.Person{Name: a["name"], BirthYear: birth, Education: record.Education(a["education"])}, "")
	if err != nil {
		return err
	}
	if err := t.Bind(id, t.Ev.Chat.ID, text.Match(t.Ev.From.Lang)); err != nil {
		return err
	}
	return t.become(id)
}

// graduateSaved writes the audit line and answers with what was written.
func (t *Turn) graduateSaved(g record.Graduate, action record.Action) error {
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: action, Person: g.Person, Graduate: g.ID, Place: g.Village}); err != nil {
		return err
	}
	if err := t.tellOfVouch(g); err != nil {
		return err
	}
	lines, err := t.graduateLines(g)
	if err != nil {
		return err
	}
	head, next := "register.saved", "register.saved_next"
	if action == record.EditGraduate {
		head = "register.changed"
	}
	if g.Person == t.Person.ID {
		next = "register.saved_next_self"
	}
	args := text.A{"When": t.When(g.ConfirmedAt), "Lines": lines, "Next": t.Say(next)}
	consents := t.Btn("consents", "consent "+string(g.ID))
	rows := [][]Btn{{t.Btn("open_record", "graduate.show "+string(g.ID)), consents}, t.homeRow()}
	if t.Actor.Has(branch...) {
		rows = [][]Btn{
			{consents},
			{t.Btn("register_more", "register "+string(g.Village)), t.Btn("grad_list", "graduates "+string(g.Village))},
			t.homeRow(),
		}
	}
	t.Answer(t.Say(head, args), rows...)
	return nil
}

// isAlumnus says whether the person keeps an own record. Where that cannot be
// read it is denied.
func (t *Turn) isAlumnus() bool {
	if !t.Known {
		return false
	}
	_, found, err := t.GraduateOf(t.Person.ID)
	return err == nil && found
}

// showOwn shows the graduate's own record.
func (t *Turn) showOwn() error {
	g, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	if !found {
		return record.ErrNotYours
	}
	return t.showGraduate(g)
}

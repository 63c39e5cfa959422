package record

import "fmt"

// Action is something that a person may do to an object.
type Action string

// The actions, as nouns of the audit log.
const (
	CheckIn          Action = "checkin"          // object: the village that one stands for
	RunSession       Action = "session.run"      // open, show the code, call the roll, correct, close
	PlanSession      Action = "session.plan"     // make, move, cancel
	SeeSession       Action = "session.see"      // names of who came and who did not
	SeePlace         Action = "place.see"        // counts
	SeePerson        Action = "person.see"       // a person of the roster
	IssueLink        Action = "link.issue"       // an enrolment link for a person
	DecideEnrolment  Action = "enrolment.decide" // a number that differs
	ImportRoster     Action = "roster.import"
	ExportRoster     Action = "roster.export"
	SeeGraduates     Action = "graduates.see"
	ScreenGraduates  Action = "graduates.screen" // saved filters, and who fits them
	RegisterGraduate Action = "graduate.register"
	EditGraduate     Action = "graduate.edit"
	IssueVillageLink Action = "village_link.issue" // by which graduates register
	VouchGraduate    Action = "graduate.vouch"     // whether somebody who registered is of the village
	MoveGraduate     Action = "graduate.move"      // to another village; object: each of the two
	MergeGraduates   Action = "graduate.merge"     // two records of one person; object: each of the two
	SeeSelf          Action = "self.see"
	Enrol            Action = "enrol"

	PlanRotation Action = "rotation.plan" // programmes, batches, seats
	SeeRotation  Action = "rotation.see"  // where branches stand
	AnswerSeat   Action = "seat.answer"   // object: the branch whose seat it is
	PlanRota     Action = "rota.plan"     // cycles and their turns
	SeeRota      Action = "rota.see"
	EditCalendar Action = "calendar.edit" // holidays, closures
	AnswerDuty   Action = "duty.answer"   // received, coming; object: the branch
	AskLeave     Action = "leave.ask"
	DecideLeave  Action = "leave.decide"
	AskSwap      Action = "swap.ask" // also the other side's yes; object: the own branch
	DecideSwap   Action = "swap.decide"
	SetRule      Action = "township.rule" // how a township deals with swaps
	WriteNote    Action = "note.write"
	ReviewNote   Action = "note.review"  // read, accept, return
	SeeBurden    Action = "burden.see"   // how many prompts people get
	SeeAudit     Action = "audit.see"    // who did or looked at what
	KeepReserve  Action = "reserve.keep" // the list of reserve cadres
	GiveConsent  Action = "consent"      // agree to a purpose, or withdraw it
	Forget       Action = "forget"       // erase a graduate's record, or what is held of a person

	KeepOpenings    Action = "opening.keep" // open a post, close it
	SeeOpenings     Action = "opening.see"
	KeepReferral    Action = "referral.keep"    // propose, ask, lead on; object: the graduate's village
	AnswerReferral  Action = "referral.answer"  // the graduate's yes or no; object: the graduate
	ReceiveReferral Action = "referral.receive" // trial, placed; object: the post's place
)

// Actor is who acts: a person with the posts held at this moment.
type Actor struct {
	Person PersonID
	Posts  []Post // held ones only
}

// Object is what is acted on. Place is where it belongs; Persons are those
// whose own it is (the person of a record, the hosts of a session).
type Object struct {
	Place   Code
	Persons []PersonID
}

// scope says how far a grant reaches.
type scope uint8

const (
	within scope = iota + 1 // objects in the place of the post
	own                     // objects that name the person
)

type grant struct {
	role  Role // "" : everybody known to the bot
	scope scope
}

// grants is the role table: the whole authority of the house. What is not
// here is denied.
var grants = map[Action][]grant{
	CheckIn:          {{Secretary, within}},
	RunSession:       {{CountyOfficer, within}, {TownshipOfficer, within}, {Host, own}},
	PlanSession:      {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeSession:       {{CountyOfficer, within}, {TownshipOfficer, within}, {Host, own}},
	SeePlace:         {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	SeePerson:        {{CountyOfficer, within}, {TownshipOfficer, within}, {"", own}},
	IssueLink:        {{CountyOfficer, within}, {TownshipOfficer, within}},
	DecideEnrolment:  {{CountyOfficer, within}, {TownshipOfficer, within}},
	ImportRoster:     {{CountyOfficer, within}},
	ExportRoster:     {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeGraduates:     {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}, {"", own}},
	ScreenGraduates:  {{CountyOfficer, within}, {TownshipOfficer, within}},
	RegisterGraduate: {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}, {"", own}},
	EditGraduate:     {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}, {"", own}},
	IssueVillageLink: {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	VouchGraduate:    {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	MoveGraduate:     {{CountyOfficer, within}, {TownshipOfficer, within}},
	MergeGraduates:   {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeSelf:          {{"", own}},

	PlanRotation: {{CountyOfficer, within}},
	SeeRotation:  {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	AnswerSeat:   {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	PlanRota:     {{CountyOfficer, within}},
	SeeRota:      {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	EditCalendar: {{CountyOfficer, within}},
	AnswerDuty:   {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	AskLeave:     {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	DecideLeave:  {{CountyOfficer, within}, {TownshipOfficer, within}},
	AskSwap:      {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	DecideSwap:   {{CountyOfficer, within}, {TownshipOfficer, within}},
	SetRule:      {{CountyOfficer, within}, {TownshipOfficer, within}},
	WriteNote:    {{"", own}},
	ReviewNote:   {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeBurden:    {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeAudit:     {{CountyOfficer, within}, {TownshipOfficer, within}},
	KeepReserve:  {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	GiveConsent:  {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}, {"", own}},
	Forget:       {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}, {"", own}},

	KeepOpenings:    {{CountyOfficer, within}, {TownshipOfficer, within}},
	SeeOpenings:     {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
	KeepReferral:    {{CountyOfficer, within}, {TownshipOfficer, within}},
	AnswerReferral:  {{Secretary, within}, {"", own}},
	ReceiveReferral: {{CountyOfficer, within}, {TownshipOfficer, within}, {Secretary, within}},
}

// Allow says whether actor may do action to object: nil, or an error that is
// ErrNotYours. It denies what no grant names. Call it inside the transaction
// that acts, on the object as that transaction sees it.
func Allow(actor Actor, action Action, object Object) error {
	for _, g := range grants[action] {
		if g.reaches(actor, object) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrNotYours, action)
}

func (g grant) reaches(actor Actor, object Object) bool {
	if g.scope == own && !owns(actor, object) {
		return false
	}
	if g.role == "" {
		return true
	}
	for _, p := range actor.Posts {
		if p.Role != g.role || !p.Held() {
			continue
		}
		if g.scope == own || p.Place.Contains(object.Place) {
			return true
		}
	}
	return false
}

func owns(actor Actor, object Object) bool {
	if actor.Person == "" {
		return false
	}
	for _, p := range object.Persons {
		if p == actor.Person {
			return true
		}
	}
	return false
}

// Has says whether the actor holds one of the roles anywhere.
func (a Actor) Has(roles ...Role) bool {
	for _, p := range a.Posts {
		for _, r := range roles {
			if p.Role == r && p.Held() {
				return true
			}
		}
	}
	return false
}

// Places lists where the actor holds a role.
func (a Actor) Places(role Role) []Code {
	var places []Code
	for _, p := range a.Posts {
		if p.Role == role && p.Held() {
			places = append(places, p.Place)
		}
	}
	return places
}

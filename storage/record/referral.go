package record

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// OpeningID names a post that is open.
type OpeningID string

// OpeningKind is what sort of post is open.
type OpeningKind string

// The kinds of posts.
const (
	AssistantPost  OpeningKind = "assistant"  // village affairs assistant (村务助理)
	ClerkPost      OpeningKind = "clerk"      // village clerk (文书)
	TraineePost    OpeningKind = "trainee"    // trainee in village affairs (见习)
	EnterprisePost OpeningKind = "enterprise" // village enterprise (村办企业)
	WelfarePost    OpeningKind = "welfare"    // public-welfare post (公益性岗位)
)

// OpeningKinds lists them in the form's order.
func OpeningKinds() []OpeningKind {
	return []OpeningKind{AssistantPost, ClerkPost, TraineePost, EnterprisePost, WelfarePost}
}

// Bounds of openings and referrals.
const (
	MaxNeeds        = 300 // runes of what a post asks for
	MaxReferralNote = 200 // runes of a note on a step
	MaxPosts        = 50  // posts of one opening
	// MaxOpenReferrals is how many referrals of a graduate are under way at
	// once, MaxReferrals how many there are in all.
	MaxOpenReferrals = 3
	MaxReferrals     = 10
	// MaxUnderWay is how many referrals for one opening are under way at once,
	// those that are placed not counted: closing it ends them in one transaction.
	MaxUnderWay = 12
)

// Opening is a post at home for which graduates are referred.
type Opening struct {
	ID        OpeningID   `json:"id"`
	Kind      OpeningKind `json:"kind"`
	Place     Code        `json:"place"` // a village, a township or a county
	Number    int         `json:"number"`
	Needs     string      `json:"needs,omitzero" personal:"-"` // what the post asks for
	Until     Date        `json:"until"`                       // the last day on which graduates are proposed
	By        PersonID    `json:"by,omitzero"`
	CreatedAt time.Time   `json:"created_at"`
	Closed    time.Time   `json:"closed,omitzero"`
	ClosedBy  PersonID    `json:"closed_by,omitzero"`
}

// Over says whether the last day for proposing somebody has passed, on a day.
func (o Opening) Over(today Date) bool { return o.Until < today }

// Check says whether an opening may be kept; ErrInvalid names the field.
func (o Opening) Check(today Date) error {
	bad := func(field string) error { return fmt.Errorf("%w: opening's %s", ErrInvalid, field) }
	switch {
	case o.Place.Level() == NoLevel:
		return bad("place")
	case !slices.Contains(OpeningKinds(), o.Kind):
		return bad("kind")
	case o.Number < 1 || o.Number > MaxPosts:
		return bad("number")
	case o.Needs != "" && !isClean(o.Needs, MaxNeeds):
		return bad("requirements")
	case !o.Until.Whole() || o.Over(today):
		return bad("last day")
	}
	return nil
}

// ReferralID names the referral of one graduate for one opening.
type ReferralID string

// ReferralStage is where a referral stands.
type ReferralStage string

// The stages of a referral: proposed → asked → agreed or declined → introduced →
// trial → placed → ended.
const (
	ReferralProposed   ReferralStage = "proposed"
	ReferralAsked      ReferralStage = "asked"
	ReferralAgreed     ReferralStage = "agreed"
	ReferralDeclined   ReferralStage = "declined"
	ReferralIntroduced ReferralStage = "introduced"
	ReferralTrial      ReferralStage = "trial"
	ReferralPlaced     ReferralStage = "placed"
	ReferralEnded      ReferralStage = "ended"
)

// ReferralStages lists them in order.
func ReferralStages() []ReferralStage {
	return []ReferralStage{
		ReferralProposed, ReferralAsked, ReferralAgreed, ReferralDeclined,
		ReferralIntroduced, ReferralTrial, ReferralPlaced, ReferralEnded,
	}
}

// Open says whether more can come of it.
func (s ReferralStage) Open() bool { return s != ReferralDeclined && s != ReferralEnded }

// UnderWay says whether it is open and has not come to its end yet: who is placed
// stays so when the opening is closed.
func (s ReferralStage) UnderWay() bool { return s.Open() && s != ReferralPlaced }

// AfterYes says whether the graduate's yes stands.
func (s ReferralStage) AfterYes() bool {
	switch s {
	case ReferralAgreed, ReferralIntroduced, ReferralTrial, ReferralPlaced:
		return true
	}
	return false
}

// ReferralSide is who has to do with a referral.
type ReferralSide string

// The sides.
const (
	OfficeSide   ReferralSide = "office"   // officers of the township or county
	GraduateSide ReferralSide = "graduate" // the graduate
	// VoiceSide is the secretary of the graduate's village, who notes the answer
	// that the graduate gives.
	VoiceSide    ReferralSide = "voice"
	ReceiverSide ReferralSide = "receiver" // the secretary of the opening's village
)

// referralSteps is the table of steps: who may lead from one stage to another.
// What is not in it cannot be done.
var referralSteps = map[ReferralStage]map[ReferralStage][]ReferralSide{
	ReferralProposed: {
		ReferralAsked: {OfficeSide},
		ReferralEnded: {OfficeSide},
	},
	ReferralAsked: {
		ReferralAgreed:   {GraduateSide, VoiceSide},
		ReferralDeclined: {GraduateSide, VoiceSide},
		ReferralEnded:    {OfficeSide},
	},
	ReferralAgreed: {
		ReferralIntroduced: {OfficeSide},
		ReferralEnded:      {OfficeSide, GraduateSide, VoiceSide},
	},
	ReferralIntroduced: {
		ReferralTrial:  {OfficeSide, ReceiverSide},
		ReferralPlaced: {OfficeSide, ReceiverSide},
		ReferralEnded:  {OfficeSide, ReceiverSide, GraduateSide, VoiceSide},
	},
	ReferralTrial: {
		ReferralPlaced: {OfficeSide, ReceiverSide},
		ReferralEnded:  {OfficeSide, ReceiverSide, GraduateSide, VoiceSide},
	},
	ReferralPlaced: {
		ReferralEnded: {OfficeSide, ReceiverSide, GraduateSide, VoiceSide},
	},
}

// MayStep says whether a side may lead a referral from one stage to another.
func MayStep(from, to ReferralStage, side ReferralSide) bool {
	return slices.Contains(referralSteps[from][to], side)
}

// ReferralEnd is why a referral ended.
type ReferralEnd string

// The reasons.
const (
	EndWithdrawn ReferralEnd = "withdrawn" // the graduate withdrew the consent
	EndErased    ReferralEnd = "erased"    // the graduate's record was erased
	EndClosed    ReferralEnd = "closed"    // the opening was closed
	EndUnfit     ReferralEnd = "unfit"     // the two sides did not come together
	EndLeft      ReferralEnd = "left"      // left the post again
)

// ReferralRow is one step. Rows are only appended.
type ReferralRow struct {
	At    time.Time     `json:"at"`
	Stage ReferralStage `json:"stage"`
	By    PersonID      `json:"by,omitzero"` // empty: the bot, or somebody who is forgotten
	Side  ReferralSide  `json:"side,omitzero"`
	End   ReferralEnd   `json:"end,omitzero"`
}

// ReferralOutcome is an answer to the question how a placement has turned out.
type ReferralOutcome struct {
	Months int          `json:"months"` // after the placement: 1, 3 or 6
	Side   ReferralSide `json:"side"`
	At     time.Time    `json:"at"`
	Still  bool         `json:"still,omitzero"` // still at the post
	// Elsewhere: works somewhere else now; without it and Still the graduate left.
	Elsewhere bool `json:"elsewhere,omitzero"`
	// By is who answered; for a graduate who cannot be written to the secretary.
	By    PersonID `json:"by,omitzero"`
	Words string   `json:"words,omitzero"`
}

// AsksOutcome is of which month a side is asked how the placement has turned out;
// 0: of none. It is the newest that was asked about, until it is answered.
func (r Referral) AsksOutcome(side ReferralSide) int {
	if side == VoiceSide {
		side = GraduateSide
	}
	if r.Stage != ReferralPlaced || (side != GraduateSide && side != ReceiverSide) {
		return 0
	}
	asked := 0
	for _, m := range OutcomeMonths() {
		if slices.Contains(r.Said, fmt.Sprintf("month%d", m)) {
			asked = m
		}
	}
	if slices.ContainsFunc(r.Outcomes, func(o ReferralOutcome) bool { return o.Side == side && o.Months >= asked }) {
		return 0
	}
	return asked
}

// OutcomeMonths are the months after a placement in which is asked.
func OutcomeMonths() []int { return []int{1, 3, 6} }

// Referral is the way of one graduate towards one opening.
type Referral struct {
	ID       ReferralID `json:"id"`
	Opening  OpeningID  `json:"opening"`
	Graduate GraduateID `json:"graduate,omitzero"` // empty: erased
	// Kind and Place are the opening's, Village the graduate's, when it was
	// proposed: what becomes of referrals is counted by them.
	Kind    OpeningKind   `json:"kind"`
	Place   Code          `json:"place"`
	Village Code          `json:"village"`
	Stage   ReferralStage `json:"stage"`
	// Published: the office lets the receiving side see it before the yes.
	Published bool          `json:"published,omitzero"`
	Rows      []ReferralRow `json:"rows"`
	// Consent is the yes to this one referral, of a graduate who has not agreed
	// to being referred at all.
	Consent Consent `json:"consent,omitzero"`
	// Notes are the words on the rows, in their order.
	Notes    []string          `json:"notes,omitzero" personal:"words"`
	Outcomes []ReferralOutcome `json:"outcomes,omitzero" personal:"words"`
	// Said is what has been said of it: see Coming. Next is the day of the next
	// word; empty: none comes.
	Said []string `json:"said,omitzero" personal:"-"`
	Next Date     `json:"next,omitzero"`

	Sealed []byte `json:"sealed,omitzero"`
}

// Seal is the key of the graduate.
func (r Referral) Seal() SealKey { return SealKey{Graduate: r.Graduate} }

// SeenBy says whether a side sees the referral at all. What comes before the yes
// is the office's own until it publishes it; the graduate, and the secretary who
// asks in the office's place, see it once it is asked.
func (r Referral) SeenBy(side ReferralSide) bool {
	was := func(s ReferralStage) bool {
		return slices.ContainsFunc(r.Rows, func(row ReferralRow) bool { return row.Stage == s })
	}
	switch side {
	case OfficeSide:
		return true
	case GraduateSide, VoiceSide:
		return was(ReferralAsked)
	case ReceiverSide:
		return r.Published || was(ReferralAgreed)
	}
	return false
}

// ContactOf is the number under which the receiving side reaches the graduate:
// only after the yes to this referral, and while the consent to it holds; else
// empty. Everything that shows a referral takes the number from here.
func ContactOf(r Referral, g Graduate, now time.Time) string {
	consents := g.Agrees(ToRefer, now) || (g.Agrees(ToKeep, now) && r.Consent.Holds(now))
	if g.ID != r.Graduate || g.ID == "" || !r.Stage.AfterYes() || !consents {
		return ""
	}
	return g.Phone
}

// Waits is the side whose step is next; empty where none is.
func (r Referral) Waits() ReferralSide {
	switch r.Stage {
	case ReferralProposed, ReferralAgreed:
		return OfficeSide
	case ReferralAsked:
		return GraduateSide
	case ReferralIntroduced, ReferralTrial:
		return ReceiverSide
	}
	return ""
}

// ReferralPatience is how many days a step may take before its holder is
// reminded; after as many more the office hears that nothing has come of it.
const ReferralPatience = 7

// OverWord is what is said once to those concerned when a referral has ended by
// something else than a step: see EndedBeside.
const OverWord = "over"

// EndedBeside says whether a referral ended because its opening was closed, or the
// graduate's consent or record was taken back.
func (r Referral) EndedBeside() bool {
	if len(r.Rows) == 0 {
		return false
	}
	last := r.Rows[len(r.Rows)-1]
	return last.End == EndClosed || (last.End != "" && last.Side == "")
}

// Coming is the next word about a referral and its day (UTC): of the step that
// waits a reminder to its holder ("wait" and how many rows there are), then word
// to the office ("late"); after a placement the questions how it has turned out
// ("month" and how many); of one that has ended by no step that it is over ("over"). Empty where
// nothing comes.
func (r Referral) Coming() (word string, day Date) {
	if len(r.Rows) == 0 {
		return "", ""
	}
	last := r.Rows[len(r.Rows)-1]
	unsaid := func(w string) bool { return !slices.Contains(r.Said, w) }
	switch {
	case r.EndedBeside() && unsaid(OverWord):
		return OverWord, DateOf(last.At.UTC())
	case r.Stage == ReferralPlaced:
		for _, m := range OutcomeMonths() {
			if w := fmt.Sprintf("month%d", m); unsaid(w) {
				return w, DateOf(last.At.UTC().AddDate(0, m, 0))
			}
		}
	case r.Stage.Open():
		for i, w := range []string{"wait", "late"} {
			if w = fmt.Sprintf("%s%d", w, len(r.Rows)); unsaid(w) {
				return w, DateOf(last.At.UTC()).Shift((i + 1) * ReferralPatience)
			}
		}
	}
	return "", ""
}

// CheckReferralNote says whether words may stand on a step; none may.
func CheckReferralNote(note string) error {
	if note != "" && (utf8.RuneCountInString(note) > MaxReferralNote || !isClean(note, MaxReferralNote)) {
		return fmt.Errorf("%w: note on a referral", ErrInvalid)
	}
	return nil
}

// ReferralCount is how many referrals of a place's graduates stand where, by the
// kind of post. Kept as records are written.
type ReferralCount struct {
	Stages map[OpeningKind]map[ReferralStage]int `json:"stages,omitzero"`
}

// Of is how many referrals of a kind stand at a stage.
func (c ReferralCount) Of(k OpeningKind, s ReferralStage) int { return c.Stages[k][s] }

// ReferralNoticePrefix is how the keys of all notices about a referral begin, so
// that they can be withdrawn with it.
func ReferralNoticePrefix(id ReferralID) string { return "referral/" + string(id) + "/" }

// KindReferral is a row about a referral: Args id, side, and word, see
// ReferralNotice.
const KindReferral = "referral"

// ReferralNotice is the row with a word about a referral to somebody on a side,
// once for each: a word of Coming, or "step" and how many rows there are. Who
// proposed it gets its steps as an answer; one that asks for something is none.
func ReferralNotice(r Referral, side ReferralSide, word string, to PersonID, asks bool, notBefore, until time.Time) Outbox {
	return Outbox{
		Key:   ReferralNoticePrefix(r.ID) + word + "/" + string(side),
		Class: Notice, Kind: KindReferral, Person: to, Prompt: asks || len(r.Rows) == 0 || to != r.Rows[0].By, NotBefore: notBefore, UselessAfter: until,
		Args: map[string]string{"id": string(r.ID), "side": string(side), "word": word},
	}
}

package record

import "time"

// GraduateID names a graduate's record.
type GraduateID string

// Employment is what a graduate does now.
type Employment string

// The employments of the form.
const (
	Employed     Employment = "employed"      // 已就业
	SelfEmployed Employment = "self_employed" // 自主创业
	FurtherStudy Employment = "further_study" // 升学
	Exams        Employment = "exams"         // 备考
	Serving      Employment = "serving"       // 参军、服务基层
	Seeking      Employment = "seeking"       // 求职中
)

// Employments lists them in the form's order.
func Employments() []Employment {
	return []Employment{Employed, SelfEmployed, FurtherStudy, Exams, Serving, Seeking}
}

// Willingness is whether a graduate wants to come back to the village.
type Willingness string

// The answers about returning.
const (
	Willing     Willingness = "yes"
	Considering Willingness = "considering"
	Unwilling   Willingness = "no"
)

// Willingnesses lists them in the form's order.
func Willingnesses() []Willingness { return []Willingness{Willing, Considering, Unwilling} }

// Source is who said a thing.
type Source string

// The sources of a graduate's record.
const (
	BySecretary Source = "secretary"
	BySelf      Source = "self"
	ByOfficer   Source = "officer"
	BySheet     Source = "sheet"
)

// Graduate is a village's college student or graduate.
type Graduate struct {
	ID        GraduateID `json:"id"`
	Village   Code       `json:"village"`
	Name      string     `json:"name" personal:"name"`
	BirthYear int        `json:"birth_year" personal:"background"`
	Education Education  `json:"education" personal:"background"` // college, bachelor or postgrad
	School    string     `json:"school" personal:"background"`
	Major     string     `json:"major,omitzero" personal:"background"`
	// Studying: not graduated yet; Graduation is then the expected month.
	Studying    bool        `json:"studying,omitzero" personal:"background"`
	Graduation  Date        `json:"graduation,omitzero" personal:"background"` // year and month
	Employment  Employment  `json:"employment,omitzero" personal:"outlook"`    // empty while studying
	Willingness Willingness `json:"willingness,omitzero" personal:"outlook"`
	Phone       string      `json:"phone,omitzero" personal:"contact"` // normalised

	Consent Consent `json:"consent"` // to keeping the record
	// Consents are those to the other purposes (see Agrees).
	Consents  map[Purpose]Consent `json:"consents,omitzero"`
	Person    PersonID            `json:"person,omitzero"` // the graduate's own account, if any
	Source    Source              `json:"source"`
	By        PersonID            `json:"by,omitzero"`
	CreatedAt time.Time           `json:"created_at"`
	// ConfirmedAt is when the record was last said to be so, Facts who said what
	// ages in it.
	ConfirmedAt time.Time `json:"confirmed_at"`
	Facts       Facts     `json:"facts,omitzero"`
	// Vouch is the village's word on somebody who registered themself.
	Vouch Vouch `json:"vouch,omitzero"`
	// Asked is how far the question stands whether the facts are still so, Next
	// the day on which something is to be done about them; empty: nothing.
	Asked Asked `json:"asked,omitzero"`
	Next  Date  `json:"next,omitzero"`

	Sealed []byte `json:"sealed,omitzero"`
}

// GraduateCount is how many graduates of a place are what. Kept as records
// are written.
type GraduateCount struct {
	All         int                 `json:"all,omitzero"`
	Studying    int                 `json:"studying,omitzero"`
	Employment  map[Employment]int  `json:"employment,omitzero"`
	Willingness map[Willingness]int `json:"willingness,omitzero"`
	// SeekingWilling are those graduated, seeking work and willing: the key
	// people for a referral.
	SeekingWilling int `json:"seeking_willing,omitzero"`
	// Outlook counts by employment and willingness at once.
	Outlook map[Outlook]int `json:"outlook,omitzero"`
	// Asked are those whose facts were asked about and not confirmed since,
	// OnCall those on the call lists.
	Asked  int `json:"asked,omitzero"`
	OnCall int `json:"on_call,omitzero"`
	// Vouch counts those who registered themselves by the village's word.
	Vouch map[VouchState]int `json:"vouch,omitzero"`
}

// Outlook is an employment together with a willingness.
type Outlook string

// OutlookOf names the pair; the employment is empty while studying.
func OutlookOf(e Employment, w Willingness) Outlook { return Outlook(string(e) + "/" + string(w)) }

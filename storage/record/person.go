package record

import "time"

// PersonID names a person in the store. It says nothing about the person.
type PersonID string

// Role is what a post entitles to.
type Role string

// The roles, from the widest to the narrowest scope.
const (
	CountyOfficer   Role = "county_officer"
	TownshipOfficer Role = "township_officer"
	Host            Role = "host"
	Secretary       Role = "secretary"
	// Alumnus is a person who comes by a village's link to keep the own
	// graduate record; it is not a post and stands in no roster.
	Alumnus Role = "graduate"
)

// Roles lists the roles that a roster may give.
func Roles() []Role { return []Role{CountyOfficer, TownshipOfficer, Host, Secretary} }

// Level is the level of place at which a role is held.
func (r Role) Level() Level {
	switch r {
	case CountyOfficer:
		return County
	case TownshipOfficer:
		return Township
	case Secretary:
		return Village
	}
	return NoLevel // a host is appointed anywhere
}

// Person is somebody of the roster, or a graduate with an account.
type Person struct {
	ID   PersonID `json:"id"`
	Name string   `json:"name" personal:"name"`
	// PhoneHash compares a phone number without keeping it: a keyed hash of
	// the normalised number, hex. PhoneTail is its last four digits, for an
	// officer who has to tell two numbers apart.
	PhoneHash string    `json:"phone_hash,omitzero" open:"contact"`
	PhoneTail string    `json:"phone_tail,omitzero" personal:"contact"`
	BirthYear int       `json:"birth_year,omitzero" personal:"background"`
	Education Education `json:"education,omitzero" personal:"background"`

	// Chat is the bound private chat; 0 before enrolment.
	Chat       int64     `json:"chat,omitzero" open:"account"`
	Lang       string    `json:"lang,omitzero" open:"account"` // zh or en; empty: the county's first
	EnrolledAt time.Time `json:"enrolled_at,omitzero"`
	// UnreachableSince is when the platform first said that the person
	// cannot be written to; zero while they can.
	UnreachableSince time.Time `json:"unreachable_since,omitzero"`
	// Privacy is the version of what people are told of the use of their data that
	// was shown last; empty: the first.
	Privacy string `json:"privacy,omitzero" personal:"-"`
	// Stripped is when all but the name was taken away at the person's wish,
	// Forgotten when the name was too: the id alone stays, beside what was done.
	Stripped time.Time `json:"stripped,omitzero"`
	// SealedBy is whose key seals the name of a stripped person: the own one is
	// destroyed, so that no backup brings the rest back.
	SealedBy  PersonID  `json:"sealed_by,omitzero"`
	Forgotten time.Time `json:"forgotten,omitzero"`

	Sealed []byte `json:"sealed,omitzero"`
}

// NoName stands where a forgotten person's name was.
const NoName = "—"

// Enrolled says whether the person is bound to a chat account.
func (p Person) Enrolled() bool { return p.Chat != 0 }

// Education is an education level. The scale is the one of the office's sheets.
type Education string

// The education levels, in rising order.
const (
	Primary     Education = "primary"     // 小学
	JuniorHigh  Education = "junior_high" // 初中
	SeniorHigh  Education = "senior_high" // 高中、中专
	JuniorColl  Education = "college"     // 大专
	Bachelor    Education = "bachelor"    // 本科
	Postgrad    Education = "postgrad"    // 研究生
	NoEducation Education = ""
)

// Educations lists the levels in rising order.
func Educations() []Education {
	return []Education{Primary, JuniorHigh, SeniorHigh, JuniorColl, Bachelor, Postgrad}
}

// PostID names one holding of a post.
type PostID string

// Post is an office that a person holds in a place, with from and until. Its
// rights end the moment it ends; the row stays as history.
type Post struct {
	ID     PostID    `json:"id"`
	Person PersonID  `json:"person"`
	Role   Role      `json:"role"`
	Place  Code      `json:"place"`
	From   Date      `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"` // zero: held now
	// Ends is the last day of a post that was given for a time; it is ended after
	// it. Empty: until somebody else is appointed.
	Ends Date `json:"ends,omitzero"`
}

// Held says whether the post is held now.
func (p Post) Held() bool { return p.Until.IsZero() }

// LinkKind tells what a one-time or standing link opens.
type LinkKind string

// The kinds of links.
const (
	LinkEnrol   LinkKind = "enrol"   // binds one person of the roster; used once
	LinkVillage LinkKind = "village" // a village's graduates register by it; used often
)

// Link is an opaque link, stored under the hash of its token.
type Link struct {
	Kind    LinkKind  `json:"kind"`
	Person  PersonID  `json:"person,omitzero"`
	Place   Code      `json:"place,omitzero"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	By      PersonID  `json:"by,omitzero"`
	UsedAt  time.Time `json:"used_at,omitzero"`
}

// Claim is an enrolment that waits: the person opened the link, and either
// has not sent the contact card yet or sent one whose number differs.
type Claim struct {
	Chat    int64     `json:"chat" open:"account"`
	Person  PersonID  `json:"person"`
	Token   string    `json:"token" personal:"-"` // hash of the link's token
	At      time.Time `json:"at"`
	GotTail string    `json:"got_tail,omitzero" personal:"contact"` // last digits of a number that differs
	GotHash string    `json:"got_hash,omitzero" open:"contact"`
	Tries   int       `json:"tries,omitzero"`
	Waiting bool      `json:"waiting,omitzero"` // for the township officer's yes or no
	Sealed  []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the person whom somebody claims to be.
func (c Claim) Seal() SealKey { return SealKey{Person: c.Person} }

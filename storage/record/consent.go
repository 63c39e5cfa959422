package record

import "time"

// Purpose is what a graduate's data may be used for; each is agreed to, expires
// and is withdrawn by itself.
type Purpose string

// The purposes.
const (
	ToKeep    Purpose = "keep"    // keep the record: without it there is none
	ToRefer   Purpose = "refer"   // propose the graduate for posts at home
	ToContact Purpose = "contact" // write to the graduate about posts and events
)

// Purposes lists them in the order in which they are asked.
func Purposes() []Purpose { return []Purpose{ToKeep, ToRefer, ToContact} }

// Consent is one yes to a purpose, with the version of the text that was shown.
type Consent struct {
	Version string    `json:"version" personal:"-"`
	At      time.Time `json:"at"`
	Source  Source    `json:"source"` // who gave or reported it
	// Until is when it expires; zero for one of before consents expired, which
	// lasts ConsentMonths from when it was given.
	Until time.Time `json:"until,omitzero"`
}

// ConsentMonths is how long a consent lasts where the county says nothing else.
const ConsentMonths = 24

// ConsentAskDays is how many days before its end it is asked whether a consent goes
// on; it ends no sooner than as many days after the question.
const ConsentAskDays = 30

// Expires is the moment at which a consent ends by itself.
func (c Consent) Expires() time.Time {
	if c.Until.IsZero() {
		return c.At.AddDate(0, ConsentMonths, 0)
	}
	return c.Until
}

// Holds says whether a consent was given and has not expired.
func (c Consent) Holds(now time.Time) bool { return !c.At.IsZero() && now.Before(c.Expires()) }

// ConsentTo is the yes to a purpose; zero where there is none.
func (g Graduate) ConsentTo(p Purpose) Consent {
	if p == ToKeep {
		return g.Consent
	}
	return g.Consents[p]
}

// Agrees says whether a graduate's data may be used for a purpose now. A yes to
// being referred or written to is of no use once the record may not be kept.
func (g Graduate) Agrees(p Purpose, now time.Time) bool {
	return g.Consent.Holds(now) && g.ConsentTo(p).Holds(now)
}

// SetConsent notes a yes to a purpose, or with a zero Consent a withdrawal. The
// yes to keeping is not withdrawn so: the record is erased.
func (g *Graduate) SetConsent(p Purpose, c Consent) {
	if p == ToKeep {
		g.Consent = c
		return
	}
	next := map[Purpose]Consent{}
	for q, was := range g.Consents {
		next[q] = was
	}
	next[p] = c
	if c.At.IsZero() {
		delete(next, p)
	}
	if g.Consents = next; len(next) == 0 {
		g.Consents = nil
	}
}

// WithdrawnNote is the note of the audit line that says a purpose was withdrawn, by
// which a merge of two records finds it again.
func (p Purpose) WithdrawnNote() string { return string(p) + " withdrawn" }

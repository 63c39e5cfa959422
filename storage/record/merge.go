package record

import "time"

// MergeDays is for how many days it can be undone that two records were made one.
const MergeDays = 30

// Merge says that two graduates' records were of one person and are one since, with
// all that it takes to have both back.
type Merge struct {
	Kept    GraduateID `json:"kept"`
	Dropped GraduateID `json:"dropped"`
	Place   Code       `json:"place"` // the village of the record that went
	At      time.Time  `json:"at"`
	By      PersonID   `json:"by,omitzero"`
	// Mark is that of record.Gone for the record that went: it is needed when
	// nothing of the record can be read any more.
	Mark string `json:"mark,omitzero" open:"name"`
	// Referrals and Corrections are those that came over to the kept record.
	Referrals   []ReferralID   `json:"referrals,omitzero"`
	Corrections []CorrectionID `json:"corrections,omitzero"`
	// States are the records as they were.
	States MergeStates `json:"states,omitzero" personal:"background"`
	Sealed []byte      `json:"sealed,omitzero"`
}

// Seal is the key of the record that was kept: with it goes what was merged into it.
func (m Merge) Seal() SealKey { return SealKey{Graduate: m.Kept} }

// Ends is when the merge can be undone no more.
func (m Merge) Ends() time.Time { return m.At.AddDate(0, 0, MergeDays) }

// MergeStates are two records before they were made one, and the one after.
type MergeStates struct {
	Gone   MergeState `json:"gone"`   // of the record that went
	Before MergeState `json:"before"` // of the one that was kept
	After  MergeState `json:"after"`
}

// MergeState is a graduate's record with what hangs on it.
type MergeState struct {
	Graduate Graduate             `json:"graduate"`
	Reserve  *Reserve             `json:"reserve,omitzero"`
	Asked    map[Purpose]MergeAsk `json:"asked,omitzero"` // whether consents go on
}

// MergeAsk is a question whether a consent goes on: when, and the row that asks it.
type MergeAsk struct {
	At  time.Time `json:"at"`
	Row string    `json:"row,omitzero"`
}

// Newer says which facts of another record of the same person hold: those that were
// said to be so after those of g. No number is no word against one.
func (g Graduate) Newer(other Graduate) (facts []Fact) {
	for _, f := range AgingFacts() {
		later := other.Told(f).At.After(g.Told(f).At)
		if f == PhoneFact {
			later = other.Phone != "" && (later || g.Phone == "")
		}
		if later {
			facts = append(facts, f)
		}
	}
	return facts
}

// Take takes facts of another record, with who said them.
func (g *Graduate) Take(other Graduate, facts ...Fact) {
	for _, f := range AgingFacts() {
		g.Confirm(g.Told(f), f) // told apart before the record's own source changes
	}
	for _, f := range facts {
		switch f {
		case EmploymentFact:
			g.Studying, g.Graduation, g.Employment = other.Studying, other.Graduation, other.Employment
		case WillingnessFact:
			g.Willingness = other.Willingness
		case PhoneFact:
			g.Phone = other.Phone
		}
		g.Confirm(other.Told(f), f)
	}
}

// Merged is what two records of one person say together: who somebody is and which
// village they are of as in g, each fact as it was last said to be so. The yes to a
// purpose is for the caller: see SetConsent.
func (g Graduate) Merged(other Graduate) Graduate {
	m := g
	m.Take(other, g.Newer(other)...)
	if m.Major == "" {
		m.Major = other.Major
	}
	if m.Person == "" {
		m.Person = other.Person
	}
	if other.CreatedAt.Before(m.CreatedAt) {
		m.CreatedAt = other.CreatedAt
	}
	if other.ConfirmedAt.After(m.ConfirmedAt) {
		m.ConfirmedAt, m.Source, m.By = other.ConfirmedAt, other.Source, other.By
	}
	if other.Village == g.Village {
		m.Vouch = g.Vouch.or(other.Vouch)
	}
	return m
}

// or is the word of a village that holds for two records of one person: whom it
// registered itself it knows.
func (v Vouch) or(w Vouch) Vouch {
	switch {
	case v.State == "" || w.State == "":
		return Vouch{}
	case v.State == VouchYes, v.Doubts() && w.Waits():
		return v
	case w.State == VouchYes, v.Waits():
		return w
	}
	return v
}

package record

import "time"

// Audit is one line of the audit log: who did or looked at what, of whom, when
// and why. Persons are named by id, texts of persons are not copied into it, so
// that a line may stay when somebody is forgotten.
type Audit struct {
	Seq      uint64     `json:"seq"`
	At       time.Time  `json:"at"`
	By       PersonID   `json:"by,omitzero"` // empty: the bot itself
	Action   Action     `json:"action"`
	Person   PersonID   `json:"person,omitzero"`
	Graduate GraduateID `json:"graduate,omitzero"`
	Place    Code       `json:"place,omitzero"`
	Session  SessionID  `json:"session,omitzero"`
	Note     string     `json:"note,omitzero" personal:"-"` // a reason, a command, a count
	// Hash chains the line to the one before: changing or taking out a line
	// breaks every line after it.
	Hash string `json:"hash,omitzero" personal:"-"`
}

// Subject is whom a line is about: a person's or a graduate's id; empty where it
// is about neither.
func (a Audit) Subject() string {
	if a.Graduate != "" {
		return string(a.Graduate)
	}
	return string(a.Person)
}

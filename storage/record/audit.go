package record

import "time"

// Audit is one line of the audit log: who did what to whom, when and why.
// Persons are named by id, texts of persons are not copied into it.
type Audit struct {
	Seq     uint64    `json:"seq"`
	At      time.Time `json:"at"`
	By      PersonID  `json:"by,omitzero"` // empty: the bot itself
	Action  Action    `json:"action"`
	Person  PersonID  `json:"person,omitzero"`
	Place   Code      `json:"place,omitzero"`
	Session SessionID `json:"session,omitzero"`
	Note    string    `json:"note,omitzero"` // a reason, a command, a count
}

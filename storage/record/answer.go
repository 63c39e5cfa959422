package record

import "time"

// AnswerKind is what a branch has said about a duty before it comes.
type AnswerKind string

// The answers.
const (
	Received AnswerKind = "received" // has read it (收到)
	Coming   AnswerKind = "coming"   // will come (能参加)
	Spoken   AnswerKind = "spoken"   // an officer has it by telephone
)

// Answer is what is known of a branch before a session: one row, the newest.
// It belongs to the plan (Rev) that it answered: a moved session is asked anew.
type Answer struct {
	Session SessionID  `json:"session"`
	Village Code       `json:"village"`
	Rev     int        `json:"rev"`
	Kind    AnswerKind `json:"kind"`
	At      time.Time  `json:"at"`
	By      PersonID   `json:"by"`
	Reason  string     `json:"reason,omitzero" personal:"words"` // of an officer's word
	Person  PersonID   `json:"person,omitzero"`                  // who held the post
	Sealed  []byte     `json:"sealed,omitzero"`
}

// Seal is the key of the branch's secretary.
func (a Answer) Seal() SealKey { return about(a.Person) }

// How long before a session an answer still makes a reminder needless: who
// answered earlier may have forgotten.
const (
	FreshFor = 72 * time.Hour // a word of coming: the reminder of the day before
	ReadFor  = 24 * time.Hour // having read of it: the one two hours before
)

// Covers says whether an answer makes a reminder needless. Who will come is not
// reminded two hours before, nor the day before of what was answered less than
// FreshFor before its start; who has only read of it is reminded the day before.
// What speaks of a new plan no answer makes needless.
func (a Answer) Covers(kind string, start time.Time) bool {
	age := start.Sub(a.At)
	switch kind {
	case KindWeek:
		return true
	case KindDayBefore:
		return a.Kind != Received && age < FreshFor
	case KindSoon:
		return a.Kind != Received || age < ReadFor
	}
	return false
}

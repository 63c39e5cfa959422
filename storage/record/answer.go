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
	Reason  string     `json:"reason,omitzero"` // of an officer's word
}

// FreshFor is how long before a session an answer still makes the reminder of
// the day before needless: who answered earlier may have forgotten.
const FreshFor = 72 * time.Hour

// Covers says whether an answer makes a reminder needless: the one two hours
// before always, the one of the day before when it was given less than FreshFor
// before the start. What speaks of a new plan no answer makes needless.
func (a Answer) Covers(kind string, start time.Time) bool {
	switch kind {
	case KindWeek, KindSoon:
		return true
	case KindDayBefore:
		return start.Sub(a.At) < FreshFor
	}
	return false
}

package record

import "time"

// Dialog is a question that stays open in a private chat: which flow, at
// which step, with which answers so far. It survives a restart.
type Dialog struct {
	Chat    int64             `json:"chat" open:"account"`
	Person  PersonID          `json:"person,omitzero"`
	Flow    string            `json:"flow" personal:"-"`
	Step    string            `json:"step" personal:"-"`
	Answers map[string]string `json:"answers,omitzero" personal:"words"`
	// Rev changes whenever the form does; a button belongs to one Rev. No two
	// forms of a chat share one.
	Rev int64 `json:"rev"`
	// Edited: the person has answered something, which would be lost.
	Edited bool `json:"edited,omitzero"`
	// Parked: left with 稍后再填; a text is then not taken as an answer.
	Parked  bool      `json:"parked,omitzero"`
	Started time.Time `json:"started"`
	Touched time.Time `json:"touched"`
	Sealed  []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the week: what is typed may be about anybody.
func (d Dialog) Seal() SealKey { return SealKey{Week: d.Touched} }

// Concerns says whether an answer names somebody's id.
func (d Dialog) Concerns(id string) bool {
	for _, answer := range d.Answers {
		if answer == id {
			return true
		}
	}
	return false
}

// Intent is what the buttons of one message stand for. Button data names it
// and an index; it is bound to the chat, and to the person where the chat
// holds several.
type Intent struct {
	Chat   int64     `json:"chat" open:"account"`
	Person PersonID  `json:"person,omitzero"`
	Acts   []string  `json:"acts" personal:"words"` // command lines, in the order of the buttons
	At     time.Time `json:"at"`
	Sealed []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the week.
func (i Intent) Seal() SealKey { return SealKey{Week: i.At} }

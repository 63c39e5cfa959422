package record

import "time"

// NoteState is where a study note stands.
type NoteState string

// The states of a study note (学习札记): due → submitted → accepted, or returned
// with a comment and submitted again.
const (
	NoteDue       NoteState = "due"
	NoteSubmitted NoteState = "submitted"
	NoteAccepted  NoteState = "accepted"
	NoteReturned  NoteState = "returned"
	NoteForgiven  NoteState = "forgiven" // by an officer, with a reason
)

// Note is the study note that a branch's secretary owes after a batch. The duty
// is the person's who was there; it ends with the post unless handed in.
type Note struct {
	Programme ProgrammeID `json:"programme"`
	Batch     BatchID     `json:"batch"`
	Village   Code        `json:"village"`
	Person    PersonID    `json:"person"`
	State     NoteState   `json:"state"`
	Due       Date        `json:"due"`
	Parts     []NotePart  `json:"parts,omitzero"`
	Rows      []NoteRow   `json:"rows"`
	// Follow are the questions "what did you use at home?", 30 and 90 days after
	// the batch.
	Follow []NoteFollow `json:"follow,omitzero"`
}

// NotePart is a part of a note: a text, or a document that stays with the chat
// platform and is named by its number there.
type NotePart struct {
	At   time.Time `json:"at"`
	Text string    `json:"text,omitzero"`
	File string    `json:"file,omitzero"`
	Name string    `json:"name,omitzero"` // of the file
}

// NoteRow is one step of a note: handed in, accepted, returned. Rows are only
// appended.
type NoteRow struct {
	At      time.Time `json:"at"`
	State   NoteState `json:"state"`
	By      PersonID  `json:"by,omitzero"`
	Comment string    `json:"comment,omitzero"`
	Parts   int       `json:"parts,omitzero"` // how many parts the note had then
}

// NoteFollow is one question after a note and its answer.
type NoteFollow struct {
	Days   int       `json:"days"` // after the batch's end: 30 or 90
	Asked  time.Time `json:"asked,omitzero"`
	At     time.Time `json:"at,omitzero"` // of the answer
	Answer string    `json:"answer,omitzero"`
}

// Bounds of a note.
const (
	MaxNotePart  = 3000 // runes of one part
	MaxNoteParts = 20
)

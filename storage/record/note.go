package record

import (
	"slices"
	"time"
)

// NoteState is where a study note stands.
type NoteState string

// The states of a study note (学习札记): due → submitted → accepted, or returned
// with a comment and submitted again.
const (
	NoteDue       NoteState = "due"
	NoteSubmitted NoteState = "submitted"
	NoteAccepted  NoteState = "accepted"
	NoteReturned  NoteState = "returned"
	NoteForgiven  NoteState = "forgiven" // by an officer, with a reason; or the post ended
)

// Writable says whether the person can still write it.
func (s NoteState) Writable() bool { return s == NoteDue || s == NoteReturned }

// Note is the study note that a branch's secretary owes after a batch. The duty
// is the person's who was there; it ends with the post unless handed in.
type Note struct {
	Programme ProgrammeID `json:"programme"`
	Batch     BatchID     `json:"batch"`
	Village   Code        `json:"village"`
	Person    PersonID    `json:"person"`
	State     NoteState   `json:"state"`
	Ended     Date        `json:"ended"` // the batch's last day
	Due       Date        `json:"due"`
	Parts     int         `json:"parts,omitzero"` // how many there are; see NotePart
	// Said is what has been said of it, Next the day of the next word; empty:
	// nothing comes any more (see Note.Coming).
	Said []NoteStep `json:"said,omitzero"`
	Next Date       `json:"next,omitzero"`

	Rows []NoteRow `json:"rows" personal:"words"`
	// Follow are the questions "what did you use at home?", 30 and 90 days after
	// the batch.
	Follow []NoteFollow `json:"follow,omitzero" personal:"words"`

	Sealed []byte `json:"sealed,omitzero"`
}

// Seal is the key of the person who writes it.
func (n Note) Seal() SealKey { return SealKey{Person: n.Person} }

// NotePart is a part of a note: a text, or a document that stays with the chat
// platform and is named by its number there.
type NotePart struct {
	Person PersonID  `json:"person"`
	At     time.Time `json:"at"`
	Text   string    `json:"text,omitzero" personal:"words"`
	File   string    `json:"file,omitzero" personal:"words"`
	Name   string    `json:"name,omitzero" personal:"words"` // of the file
	Sealed []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the person who wrote it.
func (p NotePart) Seal() SealKey { return SealKey{Person: p.Person} }

// NoteRow is one step of a note: handed in, accepted, returned. Rows are only
// appended.
type NoteRow struct {
	At      time.Time `json:"at"`
	State   NoteState `json:"state"`
	By      PersonID  `json:"by,omitzero"` // empty: the bot
	Comment string    `json:"comment,omitzero"`
	Parts   int       `json:"parts,omitzero"` // how many parts the note had then
}

// NoteFollow is one question after a note and its answer.
type NoteFollow struct {
	Days   int       `json:"days"`        // after the batch's end: 30 or 90
	At     time.Time `json:"at,omitzero"` // of the answer
	Answer string    `json:"answer,omitzero"`
}

// NoteStep is a word that is said about a note at its day.
type NoteStep string

// The steps of a note.
const (
	NoteOwed   NoteStep = "owed"     // the day after the batch
	NoteSoon   NoteStep = "soon"     // NoteSoonDays before it is due
	NoteLate   NoteStep = "late"     // the day after it was due; then no more
	NoteFirst  NoteStep = "follow30" // what did you use at home?
	NoteSecond NoteStep = "follow90"
)

// Coming is the next word about a note, and its day: of those that have not been
// said the one whose day is first. Of one that is handed in, or for which nobody
// is asked any more, only the questions come; of a forgiven one nothing.
func (n Note) Coming() (step NoteStep, day Date) {
	if n.State == NoteForgiven {
		return "", ""
	}
	days := map[NoteStep]Date{NoteFirst: n.Ended.Shift(30), NoteSecond: n.Ended.Shift(90)}
	if n.State.Writable() {
		days[NoteOwed], days[NoteSoon], days[NoteLate] = n.Ended.Shift(1), n.Due.Shift(-NoteSoonDays), n.Due.Shift(1)
	}
	for _, s := range []NoteStep{NoteOwed, NoteSoon, NoteLate, NoteFirst, NoteSecond} {
		d, comes := days[s]
		if comes && !slices.Contains(n.Said, s) && (day == "" || d < day) {
			step, day = s, d
		}
	}
	return step, day
}

// NoteSoonDays is how many days before the due day a note is reminded of.
const NoteSoonDays = 3

// Bounds of a note.
const (
	MaxNotePart  = 3000 // runes of one part
	MaxNoteParts = 20
	MaxNoteFile  = 20 << 20 // bytes; what the platform lets a bot fetch
)

// KindNote is a word about a study note: Args programme, village, and word, see
// NoteNotice.
const KindNote = "note"

// PostEnded is the reason for which the bot forgives a note.
const PostEnded = "post ended"

// NoteNotice is the row with a word about a note, once for each: a NoteStep, or
// how many rows it has after an officer had a word.
func NoteNotice(n Note, word string, to PersonID, notBefore, until time.Time) Outbox {
	return Outbox{
		Key:   "note/" + string(n.Programme) + "/" + string(n.Village) + "/" + word,
		Class: Notice, Kind: KindNote, Person: to, NotBefore: notBefore, UselessAfter: until,
		Args: map[string]string{"programme": string(n.Programme), "village": string(n.Village), "word": word},
	}
}

package record

import "time"

// JobState is where a job stands.
type JobState string

// The states of a job: read → asked → apply → gone. A job that fails or is
// cancelled is gone too.
const (
	JobRead  JobState = "read"  // the file is to be read and compared
	JobAsked JobState = "asked" // the person has seen what would change
	JobApply JobState = "apply" // the person said yes

	// JobScreen: no file, but a screening that is to be filled or cleared.
	JobScreen JobState = "screen"

	// JobLinks: no file, but the links of all villages of a place that are to be
	// issued.
	JobLinks JobState = "links"

	// JobUndo: no file, but an import of graduates that is to be undone.
	JobUndo JobState = "undo"
)

// Job is a file that somebody sent, to be read outside of any transaction.
// Nothing of the file is kept: it is fetched from the platform when needed.
type Job struct {
	ID     string    `json:"id" personal:"-"`
	Chat   int64     `json:"chat" open:"account"`
	Person PersonID  `json:"person"`
	File   string    `json:"file" personal:"words"` // the platform's id
	Name   string    `json:"name" personal:"words"`
	State  JobState  `json:"state"`
	At     time.Time `json:"at"`
	// Message shows the progress; it is edited. 0: not sent yet.
	Message   int64       `json:"message,omitzero"`
	Screening ScreeningID `json:"screening,omitzero"` // of JobScreen
	Place     Code        `json:"place,omitzero"`     // of JobLinks
	Import    ImportID    `json:"import,omitzero"`    // of JobUndo
	Tries     int         `json:"tries,omitzero"`
	Sealed    []byte      `json:"sealed,omitzero"`
}

// Seal is the key of the week: what a file is called may name anybody.
func (j Job) Seal() SealKey { return SealKey{Week: j.At} }

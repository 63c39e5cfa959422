package record

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// CorrectionID names a request to correct what is held.
type CorrectionID string

// CorrectionState is where a request stands.
type CorrectionState string

// The states.
const (
	CorrectionOpen CorrectionState = "open"
	CorrectionMade CorrectionState = "made" // the record was corrected
	CorrectionKept CorrectionState = "kept" // it stays as it is; Answer says why
)

// MaxCorrection bounds a request and its answer, in characters.
const MaxCorrection = 200

// Correction is a person's request to have what is held about them corrected: in
// their graduate's record, or else in the roster. Who keeps that decides.
type Correction struct {
	ID       CorrectionID    `json:"id"`
	Person   PersonID        `json:"person"`
	Graduate GraduateID      `json:"graduate,omitzero"`
	Place    Code            `json:"place"` // whose officers, or secretary, decide
	At       time.Time       `json:"at"`
	State    CorrectionState `json:"state"`
	Text     string          `json:"text" personal:"words"`
	By       PersonID        `json:"by,omitzero"` // who decided
	Decided  time.Time       `json:"decided,omitzero"`
	Answer   string          `json:"answer,omitzero" personal:"words"`
	Sealed   []byte          `json:"sealed,omitzero"`
}

// Seal is the key of the graduate whose record it is about, else of the person.
func (c Correction) Seal() SealKey {
	if c.Graduate != "" {
		return SealKey{Graduate: c.Graduate}
	}
	return SealKey{Person: c.Person}
}

// Check says whether a request may be kept; ErrInvalid names the field.
func (c Correction) Check() error {
	switch {
	case c.Text == "" || utf8.RuneCountInString(c.Text) > MaxCorrection:
		return fmt.Errorf("%w: text", ErrInvalid)
	case utf8.RuneCountInString(c.Answer) > MaxCorrection:
		return fmt.Errorf("%w: answer", ErrInvalid)
	case c.Place.Level() == NoLevel:
		return fmt.Errorf("%w: place", ErrInvalid)
	}
	return nil
}

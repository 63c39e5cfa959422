package record

import (
	"fmt"
	"log/slog"
)

// GraduateRow is one line of a sheet of graduates. Empty fields say nothing.
type GraduateRow struct {
	Row          int // as the office's program numbers it
	Township     string
	Village      string
	Code         Code
	Name         string
	BirthYear    int
	Education    Education
	School       string
	Major        string
	SaysStudying bool // Studying was said
	Studying     bool
	Graduation   Date
	Employment   Employment
	Willingness  Willingness
	Phone        string
	Consent      SheetConsent
	ConsentDate  Date // when the person agreed
}

// SheetConsent is what a sheet says of the person's yes to keeping the record.
type SheetConsent string

// The words; empty: nothing is said.
const (
	SheetYes SheetConsent = "yes"
	SheetNo  SheetConsent = "no"
)

// PaperConsent is the version of a consent that a sheet reports: the person
// agreed on paper, to a text that the bot has not shown. The bot's own is asked
// with the next change.
const PaperConsent = "paper"

// String names the row and nobody in it.
func (r GraduateRow) String() string { return fmt.Sprintf("graduate row %d", r.Row) }

// GoString is String.
func (r GraduateRow) GoString() string { return r.String() }

// LogValue keeps the person out of logs.
func (r GraduateRow) LogValue() slog.Value { return slog.StringValue(r.String()) }

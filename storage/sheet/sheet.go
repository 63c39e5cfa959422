// Package sheet carries the office's spreadsheets to records and back: the
// roster of posts, the list of villages, the rota of the bases and the list of
// graduates come in as .xlsx or .csv; templates, lists and links go out as
// .xlsx.
//
// # Reading
//
// [Read] takes the bytes of a file as somebody sent it. The format is told by
// the bytes, not by the name: .xlsx, or text separated by comma, semicolon or
// tab in UTF-8, UTF-16 or GB18030. Title lines may stand above the header row;
// columns stand in any order under Chinese or English headings, with units or
// remarks in brackets; merged cells count for every cell that they cover. A
// township that stands only in the first of its villages' rows goes on until
// the next.
//
// A row is taken whole or not at all: what keeps it out is a [record.Fault]
// with row, column and a hint, as data that bot/text says. An empty cell says
// nothing and takes nothing away.
//
// # What is refused whole
//
// A file is refused as one, with a [Refusal], where it is no sheet, is larger
// than the limits below, has no header row, or has a column of what is never
// collected (see never.go). Nothing of such a file is kept.
//
// # Writing
//
// The writers take plain rows and a [Lang] and give the bytes of a workbook. A text
// that a spreadsheet program could take for a formula is written so that it
// stays text. What [WriteRoster] and [WriteGraduates] write, Read reads.
package sheet

import (
	"fmt"
	"time"

	"headgoose/storage/record"
)

// Limits of a file that is read.
const (
	MaxFile     = 8 << 20  // bytes of the file
	MaxUnzipped = 32 << 20 // bytes of what a workbook unpacks to
	MaxRows     = 20_000   // rows that hold something
	MaxColumns  = 200
	MaxCell     = 2_000 // bytes of a cell that is read
)

// headerWithin is how many of the first rows may hold the header row.
const headerWithin = 30

// RefusalKind is why a file is refused as one.
type RefusalKind string

// The refusals. What Refusal.Args holds is said beside each.
const (
	RefusedFormat    RefusalKind = "format"    // what it is instead: xls, pdf, image, html, zip, ods, docx, unknown
	RefusedEncrypted RefusalKind = "encrypted" // needs a password
	RefusedDamaged   RefusalKind = "damaged"   // the row up to which it could be read, if any
	RefusedEmpty     RefusalKind = "empty"
	RefusedTooBig    RefusalKind = "too_big"     // bytes allowed
	RefusedRows      RefusalKind = "too_many"    // rows allowed
	RefusedColumns   RefusalKind = "too_wide"    // columns allowed
	RefusedHeader    RefusalKind = "no_header"   // no header row was found
	RefusedColumn    RefusalKind = "no_column"   // the field that the header row lacks
	RefusedNever     RefusalKind = "not_allowed" // a column of what is never collected
)

// Refusal is the error of a file that is refused as one.
type Refusal struct {
	Kind RefusalKind
	Args []string
	// Never, Title and Letter name the column of RefusedNever.
	Never  Never
	Title  string
	Letter string
}

func (r *Refusal) Error() string {
	if r.Kind == RefusedNever {
		return fmt.Sprintf("sheet: column %s is never collected: %s", r.Letter, r.Never)
	}
	return fmt.Sprintf("sheet: refused: %s %v", r.Kind, r.Args)
}

// refused makes a Refusal.
func refused(kind RefusalKind, args ...any) *Refusal {
	r := &Refusal{Kind: kind}
	for _, a := range args {
		r.Args = append(r.Args, fmt.Sprint(a))
	}
	return r
}

// Kind tells what a sheet is, by its columns.
type Kind string

// The kinds of sheets that are read.
const (
	KindRoster    Kind = "roster" // places, and who holds which post there
	KindRota      Kind = "rota"
	KindGraduates Kind = "graduates"
	KindPlan      Kind = "plan"     // the batches of a programme of rotation training
	KindCalendar  Kind = "calendar" // days that are not what their weekday says
)

// Column is where a field stands in a sheet.
type Column struct {
	Letter string
	Title  string
}

// Book is what was read from a file. Rows of its kind are set, the others are
// empty.
type Book struct {
	Kind Kind
	// Sheet is the name of the worksheet that was read, Unread are the
	// visible others that hold something.
	Sheet     string
	Unread    []string
	HeaderRow int
	Columns   map[record.Field]Column
	Ignored   []string // headings of columns that are not read
	Read      int      // rows below the header that hold something

	Roster    []record.RosterRow
	Rota      []RotaRow
	Graduates []GraduateRow
	Plan      []BatchRow
	Calendar  []CalendarRow
	Faults    []record.Fault // by row
}

// Options of Read.
type Options struct {
	// Now bounds years and dates.
	Now time.Time
}

// Read reads a sheet. A file that is refused as one is a *Refusal; faults of
// single rows are in the Book.
func Read(data []byte, o Options) (*Book, error) {
	grids, err := open(data)
	if err != nil {
		return nil, err
	}
	g, head, err := choose(grids)
	if err != nil {
		return nil, err
	}
	b := &Book{Kind: head.kind, Sheet: g.name, HeaderRow: head.row, Columns: head.columns(), Ignored: head.ignored}
	for _, other := range grids {
		if other != g && len(other.rows) > 0 {
			b.Unread = append(b.Unread, other.name)
		}
	}
	p := parser{grid: g, head: head, year: o.Now.Year(), today: record.DateOf(o.Now)}
	switch head.kind {
	case KindRota:
		b.Rota = readRows(&p, readRota)
	case KindPlan:
		b.Plan = readRows(&p, readBatch)
	case KindCalendar:
		b.Calendar = readRows(&p, readCalendarDay)
	case KindGraduates:
		b.Graduates = readRows(&p, readGraduate)
	default:
		b.Roster = readRows(&p, readRosterRow)
	}
	b.Faults, b.Read = p.faults, p.read
	return b, nil
}

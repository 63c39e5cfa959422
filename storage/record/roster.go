package record

import (
	"fmt"
	"log/slog"
)

// RosterRow is one line of the office's roster: a place, and where Role is
// set the person who holds that post there. An empty field says nothing: it
// takes nothing away from what is known.
type RosterRow struct {
	Row      int // as the office's program numbers it
	County   string
	Township string
	Village  string
	// Code is the statistical code that the row gives for its place;
	// TownshipCode, where it stands in a column of its own, the township's.
	Code         Code
	TownshipCode Code

	Role      Role
	Name      string
	Phone     string // normalised, see CleanPhone
	BirthYear int
	Education Education
	Since     Date
}

// String names the row and nobody in it.
func (r RosterRow) String() string { return fmt.Sprintf("roster row %d", r.Row) }

// GoString is String.
func (r RosterRow) GoString() string { return r.String() }

// LogValue keeps the person out of logs.
func (r RosterRow) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Field is what a column of a sheet holds.
type Field string

// The fields of the office's sheets.
const (
	FieldCounty       Field = "county"
	FieldTownship     Field = "township"
	FieldVillage      Field = "village"
	FieldCode         Field = "code"
	FieldTownshipCode Field = "township_code"
	FieldRole         Field = "role"
	FieldName         Field = "name"
	FieldPhone        Field = "phone"
	FieldBirthYear    Field = "birth_year"
	FieldEducation    Field = "education"
	FieldSince        Field = "since"

	FieldDate     Field = "date"
	FieldTime     Field = "time"
	FieldEnd      Field = "end"
	FieldBase     Field = "base"
	FieldBranches Field = "branches"
	FieldMeet     Field = "meet"
	FieldHost     Field = "host"

	FieldKind   Field = "kind"   // of a day of the calendar
	FieldReason Field = "reason" // its name, or why a base is shut

	FieldBatch   Field = "batch" // its number in the programme
	FieldTo      Field = "destination"
	FieldFirst   Field = "first_day"
	FieldLast    Field = "last_day"
	FieldSeats   Field = "seats"
	FieldContact Field = "contact"
	FieldBring   Field = "bring"

	FieldSchool      Field = "school"
	FieldMajor       Field = "major"
	FieldStudying    Field = "studying"
	FieldGraduation  Field = "graduation"
	FieldEmployment  Field = "employment"
	FieldWillingness Field = "willingness"
	FieldConsent     Field = "consent"      // the graduate agreed to the record being kept
	FieldConsentDate Field = "consent_date" // when
)

// FaultKind is what is wrong with a cell or a row. What Fault.Args holds is
// said beside each.
type FaultKind string

// Faults that the sheet alone shows.
const (
	FaultMissing        FaultKind = "missing"           // a cell that the row needs is empty
	FaultText           FaultKind = "text"              // control characters in a text
	FaultTooLong        FaultKind = "too_long"          // the most characters allowed
	FaultPhoneDigits    FaultKind = "phone_digits"      // how many digits it has; 11 are right
	FaultPhoneForm      FaultKind = "phone_form"        // not a mainland mobile number
	FaultPhoneRounded   FaultKind = "phone_rounded"     // the spreadsheet program dropped digits (1.39E+10)
	FaultIDNumber       FaultKind = "id_number"         // looks like an identity number; the value is not kept
	FaultYear           FaultKind = "year"              // no year can be read
	FaultYearBounds     FaultKind = "year_bounds"       // the first and last year allowed
	FaultDate           FaultKind = "date"              // no date can be read
	FaultDateFuture     FaultKind = "date_future"       // lies ahead
	FaultTime           FaultKind = "time"              // no time of day can be read
	FaultTimeOrder      FaultKind = "time_order"        // ends before it begins
	FaultRole           FaultKind = "role"              // not one of the posts
	FaultEducation      FaultKind = "education"         // not one of the levels
	FaultChoice         FaultKind = "choice"            // not one of the choices
	FaultNumber         FaultKind = "number"            // the least and the most allowed
	FaultCode           FaultKind = "code"              // not a statistical code of as many digits as are needed here
	FaultCodeElsewhere  FaultKind = "code_elsewhere"    // lies outside the county or township
	FaultRolePlace      FaultKind = "role_place"        // the post is not held at this level of place
	FaultUnknownPlace   FaultKind = "unknown_place"     // there is no such place; Hint: the nearest names
	FaultSeveralPlaces  FaultKind = "several_places"    // several places of the name; Hint: their codes
	FaultPlaceName      FaultKind = "place_name"        // the code is another place's; Hint: that one's name
	FaultRepeated       FaultKind = "repeated"          // the row of the first one
	FaultSeveralHolders FaultKind = "several_holders"   // the row that gives the post to somebody else
	FaultNamesDiffer    FaultKind = "names_differ"      // the row that has the phone under another name
	FaultPersonDiffers  FaultKind = "person_differs"    // the row that says otherwise about the same person
	FaultPhoneTaken     FaultKind = "phone_taken"       // the phone is somebody else's in the roster; Hint: the name there
	FaultChanged        FaultKind = "changed_meanwhile" // what the row was compared with is no longer so
	FaultNotAllowed     FaultKind = "not_allowed"       // outside the importer's authority
	FaultMonth          FaultKind = "month"             // a graduation needs its month
	FaultGraduation     FaultKind = "graduation"        // does not fit the year of birth, or whether somebody still studies
	FaultLevel          FaultKind = "level"             // a level that no graduate has
	FaultConsent        FaultKind = "consent"           // neither the row nor the store has the person's yes
	FaultForgotten      FaultKind = "forgotten"         // the person asked to be forgotten
	FaultConsentNo      FaultKind = "consent_no"        // the person said no
	FaultConsentOld     FaultKind = "consent_expired"   // the yes is too old to count
	FaultSeveralRecords FaultKind = "several_records"   // the store has several records that the row may mean
)

// Fault is one thing that keeps a row from being imported, as data: bot/text
// says it. Value is for the eyes of whoever sent the sheet; String and
// LogValue leave it out.
type Fault struct {
	Row    int
	Field  Field
	Letter string // of the column; empty where the row as a whole is meant
	Title  string // the column's heading as the sheet has it
	Value  string // shortened; empty where it must not be shown
	Kind   FaultKind
	Args   []string
	Hint   []string // what it might be meant to be, the likeliest first
}

// String is the fault without the value and the hints.
func (f Fault) String() string {
	return fmt.Sprintf("row %d column %s (%s): %s", f.Row, f.Letter, f.Field, f.Kind)
}

// GoString is String.
func (f Fault) GoString() string { return f.String() }

// LogValue keeps what the cell held out of logs.
func (f Fault) LogValue() slog.Value { return slog.StringValue(f.String()) }

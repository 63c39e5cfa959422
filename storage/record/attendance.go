package record

import "time"

// Status is what a row of attendance says.
type Status string

// The statuses of a row.
const (
	Present Status = "present"
	Late    Status = "late"
	Excused Status = "excused" // 请假
	Absent  Status = "absent"  // a correction: was not there after all
	Waiting Status = "waiting" // not on the list; for the host to accept
)

// Method is how a row came about.
type Method string

// The methods.
const (
	ByLink     Method = "link"      // scanned the code
	ByCode     Method = "code"      // typed the six digits
	ByRollCall Method = "roll_call" // called by the host
	ByHost     Method = "host"      // accepted or corrected by the host or an officer
	ByLeave    Method = "leave"     // leave was approved, or taken back
)

// AttendanceRow is one statement about a person at a session. Rows are only
// appended: a correction is a new row with its author and reason.
type AttendanceRow struct {
	At      time.Time `json:"at"`
	Status  Status    `json:"status"`
	Method  Method    `json:"method"`
	By      PersonID  `json:"by"`
	LateMin int       `json:"late_min,omitzero"`
	Reason  string    `json:"reason,omitzero" personal:"words"`
	Sealed  []byte    `json:"sealed,omitzero"`
}

// Attendance is all that is said about one person at one session; the last
// row counts.
type Attendance struct {
	Session  SessionID       `json:"session"`
	Person   PersonID        `json:"person"`
	Villages []Code          `json:"villages,omitzero"` // the expected branches that the person stands for
	Rows     []AttendanceRow `json:"rows"`
}

// Seal is the key of the person; the rows are sealed under it.
func (a Attendance) Seal() SealKey { return SealKey{Person: a.Person} }

// Now is the row that counts.
func (a Attendance) Now() AttendanceRow {
	if len(a.Rows) == 0 {
		return AttendanceRow{}
	}
	return a.Rows[len(a.Rows)-1]
}

// Came says whether a status means that the person was there.
func (s Status) Came() bool { return s == Present || s == Late }

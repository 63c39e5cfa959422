package record

import "time"

// DayKind is what makes a day of the county's calendar differ from its weekday.
type DayKind string

// The kinds of days.
const (
	Holiday DayKind = "holiday" // a statutory day off (放假)
	Workday DayKind = "workday" // a weekend day that is worked (调休上班)
	Shut    DayKind = "shut"    // a base is closed, or nobody travels: repairs, bad weather (停训)
)

// CalendarDay is one day that is not what its weekday says. A day without one
// is a workday from Monday to Friday.
type CalendarDay struct {
	Day Date `json:"day"`
	// Base is the base that is shut; empty: the day holds for the whole county.
	Base BaseID  `json:"base,omitzero"`
	Kind DayKind `json:"kind"`
	Name string  `json:"name,omitzero" personal:"-"` // the holiday, or why a base is shut
	// Provisional: computed from the law (State Council Decree 795) before the
	// year's notice, which may move days and adds the make-up workdays.
	Provisional bool      `json:"provisional,omitzero"`
	By          PersonID  `json:"by,omitzero"` // empty: the program's own table
	At          time.Time `json:"at,omitzero"`
}

// Days is a run of days, both ends included.
type Days struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Meets says whether two runs share a day. Days in the form 2006-01-02 are
// ordered as text.
func (d Days) Meets(o Days) bool { return d.From <= o.To && o.From <= d.To }

// Has says whether a day lies in the run.
func (d Days) Has(day Date) bool { return d.From <= day && day <= d.To }

// Busy is a run of days on which a branch's secretary cannot be planned for
// something else, and what fills it.
type Busy struct {
	Days
	Kind BusyKind `json:"kind"`
	ID   string   `json:"id,omitzero"` // of the session, batch or leave
}

// BusyKind is what fills a secretary's days.
type BusyKind string

// What fills days.
const (
	BusyTurn    BusyKind = "turn"    // a turn at a base
	BusyBatch   BusyKind = "batch"   // a batch of rotation training
	BusyLeave   BusyKind = "leave"   // approved leave
	BusySession BusyKind = "session" // another session that expects the branch
)

// CalendarChange is one change of the calendar: days that are said otherwise, and
// what was said of them before, so that it can be taken back.
type CalendarChange struct {
	ID     string        `json:"id" personal:"-"`
	At     time.Time     `json:"at"`
	By     PersonID      `json:"by"`
	Reason string        `json:"reason,omitzero" personal:"words"`
	Before []CalendarDay `json:"before,omitzero"` // those that were there
	After  []CalendarDay `json:"after,omitzero"`  // those that are there since
	// Rota are the changes of cycles that followed from it.
	Rota   map[CycleID]RotaChangeID `json:"rota,omitzero"`
	Undone bool                     `json:"undone,omitzero"`
	Sealed []byte                   `json:"sealed,omitzero"`
}

// Seal is the key of the author.
func (c CalendarChange) Seal() SealKey { return about(c.By) }

// MaxCalendarRun is how many days one change of the calendar is about at most.
const MaxCalendarRun = 31

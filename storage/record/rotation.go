package record

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// ProgrammeID names a programme of rotation training, BatchID a batch of one.
type (
	ProgrammeID string
	BatchID     string
)

// PlanState is where a plan stands: a programme, a batch, a cycle of the rota.
type PlanState string

// The states of a plan: draft → publishing → published → ended, or cancelled.
const (
	PlanDraft PlanState = "draft"
	// PlanPublishing: decided in one step; its seats or turns are being written
	// and told, in parts that can be repeated.
	PlanPublishing PlanState = "publishing"
	PlanPublished  PlanState = "published"
	PlanEnded      PlanState = "ended"
	PlanCancelled  PlanState = "cancelled"
)

// Programme is one round of rotation training (集中轮训): every secretary of the
// county goes once, in batches.
type Programme struct {
	ID    ProgrammeID `json:"id"`
	Place Code        `json:"place"` // the county
	Title string      `json:"title" personal:"-"`
	State PlanState   `json:"state"`
	// Share is the most of a township's secretaries, in percent, that may be
	// away at one time; one may always be.
	Share int `json:"share"`
	// AnswerDays is how many days people have to answer after publication,
	// OfferHours how many hours a freed seat is kept for whom it is offered to,
	// NoteDays within how many days after the batch the study note is due.
	AnswerDays int `json:"answer_days"`
	OfferHours int `json:"offer_hours"`
	NoteDays   int `json:"note_days"`
	// Rev grows with every change of the draft; a page that shows another one is
	// out of date.
	Rev       int       `json:"rev"`
	By        PersonID  `json:"by,omitzero"`
	Created   time.Time `json:"created"`
	Published time.Time `json:"published,omitzero"`
}

// Batch is one group of a programme that goes together (批次).
type Batch struct {
	ID        BatchID     `json:"id"`
	Programme ProgrammeID `json:"programme"`
	Number    int         `json:"number"`             // in the programme, from 1
	Place     string      `json:"place" personal:"-"` // the county or district that receives it
	Contact   string      `json:"contact,omitzero" open:"contact"`
	Days
	// Hours is the day's programme, "09:00-17:00"; attendance is taken by day.
	Hours string `json:"hours" personal:"-"`
	Seats int    `json:"seats"`
	Meet  string `json:"meet,omitzero" personal:"-"`  // when and where people gather
	Bring string `json:"bring,omitzero" personal:"-"` // documents to bring
	// Hosts take the attendance: the trip's leader, the receiving county's
	// contact. A host's post begins and ends with the batch.
	Hosts []PersonID `json:"hosts,omitzero"`
	State PlanState  `json:"state"`
	// Rev grows with what people were told: days, meeting point, destination.
	Rev int `json:"rev"`
	// Sessions are the batch's days, in order; made when it is published.
	Sessions []SessionID `json:"sessions,omitzero"`
	Taken    int         `json:"taken"` // seats that are filled; never more than Seats
}

// SeatState is where a branch stands in a programme.
type SeatState string

// The states of a seat. A branch without one is not planned.
const (
	SeatAssigned  SeatState = "assigned"  // told, not answered yet
	SeatOffered   SeatState = "offered"   // a freed seat, kept until AnswerBy
	SeatConfirmed SeatState = "confirmed" // will go
	SeatDeclined  SeatState = "declined"  // cannot go, with a reason
	SeatLapsed    SeatState = "lapsed"    // an offer that nobody answered in time
	SeatReleased  SeatState = "released"  // taken off by an officer, or the batch was cancelled
	SeatAttended  SeatState = "attended"
	SeatAbsent    SeatState = "absent"  // a make-up is due, in a later batch
	SeatExcused   SeatState = "excused" // leave; it may go with a later batch
)

// Held says whether the state fills a seat of a batch.
func (s SeatState) Held() bool {
	switch s {
	case SeatAssigned, SeatOffered, SeatConfirmed, SeatAttended, SeatAbsent, SeatExcused:
		return true
	}
	return false
}

// Over says whether the state is what came of a seat.
func (s SeatState) Over() bool { return s == SeatAttended || s == SeatAbsent || s == SeatExcused }

// Standing is where one branch stands in one programme: a line of the coverage
// ledger. It belongs to the post: whoever becomes secretary inherits it, and
// its rows keep who was meant at the time.
type Standing struct {
	Programme ProgrammeID   `json:"programme"`
	Village   Code          `json:"village"`
	State     SeatState     `json:"state"`
	Batch     BatchID       `json:"batch,omitzero"` // the newest one
	Person    PersonID      `json:"person,omitzero"`
	Why       Why           `json:"why,omitzero" personal:"words"` // why this seat
	AnswerBy  time.Time     `json:"answer_by,omitzero"`            // while assigned or offered
	MakeUp    bool          `json:"make_up,omitzero"`              // Owes; it goes before those who were trained
	Rows      []StandingRow `json:"rows"`
	Sealed    []byte        `json:"sealed,omitzero"`
}

// Missed says whether the newest seat ended without the branch: absent, or excused. It
// has a seat of that batch for good, and may have one of a later batch.
func (s Standing) Missed() bool { return s.State == SeatAbsent || s.State == SeatExcused }

// Open says whether a branch may be given a seat: it has none, or it missed the batch.
func (s Standing) Open() bool { return !s.State.Held() || s.Missed() }

// Seats lists the batches of which a branch fills a seat: the newest one, if it is
// held, and those that it missed before.
func (s Standing) Seats() []BatchID {
	var list []BatchID
	for _, row := range s.Rows {
		if row.Batch == s.Batch || row.Batch == "" || slices.Contains(list, row.Batch) {
			continue
		}
		if s.AsOf(row.Batch).State.Over() {
			list = append(list, row.Batch)
		}
	}
	if s.Batch != "" && s.State.Held() {
		list = append(list, s.Batch)
	}
	return list
}

// AsOf is where a branch stands, or stood at last, in a batch: its state, who was
// meant, and the rows until then.
func (s Standing) AsOf(b BatchID) Standing {
	if s.Batch == b {
		return s
	}
	for i := len(s.Rows) - 1; i >= 0; i-- {
		if row := s.Rows[i]; row.Batch == b {
			s.State, s.Batch, s.Person, s.Rows, s.AnswerBy = row.State, b, row.Person, s.Rows[:i+1], time.Time{}
			return s
		}
	}
	s.State, s.Batch, s.Rows, s.AnswerBy = "", b, nil, time.Time{}
	return s
}

// Owes says whether a make-up is due: the branch was absent from a batch, and has
// attended none since. An absence that was corrected is none.
func (s Standing) Owes() bool {
	owes := false
	for i, row := range s.Rows {
		later := slices.ContainsFunc(s.Rows[i+1:], func(r StandingRow) bool { return r.Batch == row.Batch })
		switch {
		case later:
		case row.State == SeatAbsent:
			owes = true
		case row.State == SeatAttended:
			owes = false
		}
	}
	return owes
}

// Seal is the key of who holds the post.
func (s Standing) Seal() SealKey { return about(s.Person) }

// StandingRow is one step of a standing. Rows are only appended.
type StandingRow struct {
	At     time.Time `json:"at"`
	State  SeatState `json:"state"`
	Batch  BatchID   `json:"batch,omitzero"`
	Person PersonID  `json:"person,omitzero"` // who held the post
	By     PersonID  `json:"by,omitzero"`     // who said it; empty: the bot
	Reason string    `json:"reason,omitzero" personal:"words"`
	Sealed []byte    `json:"sealed,omitzero"`
}

// Seal is the key of who held the post.
func (r StandingRow) Seal() SealKey { return about(r.Person) }

// Why is a reason as data; bot/text says it.
type Why struct {
	Kind WhyKind  `json:"kind"`
	Args []string `json:"args,omitzero"` // said beside each kind
}

// WhyKind is a reason for a seat, for having none, or against one batch.
type WhyKind string

// Why somebody has a seat.
const (
	WhyNever   WhyKind = "never"    // has never been trained
	WhyLongest WhyKind = "longest"  // the last day of the last training
	WhyMakeUp  WhyKind = "make_up"  // was absent last time
	WhyLocked  WhyKind = "locked"   // put there by hand: the reason
	WhyFreed   WhyKind = "freed"    // a seat that somebody gave back
	WhyStays   WhyKind = "stays"    // had it in the draft before
	WhyOfficer WhyKind = "assigned" // assigned by an officer: the reason
)

// Why somebody has no seat, or not in one batch.
const (
	WhyVacant   WhyKind = "vacant"    // nobody holds the post
	WhyExcluded WhyKind = "excluded"  // left out by hand: the reason
	WhyNoSeats  WhyKind = "no_seats"  // all seats went to people before them
	WhyTownship WhyKind = "township"  // as many of the township are away then as may be: the most
	WhyClash    WhyKind = "clash"     // busy on those days: BusyKind, from, to
	WhyAllClash WhyKind = "all_clash" // busy, or township's share used up, in every batch
	WhySame     WhyKind = "same"      // the person goes for another branch of theirs
)

// Constraint is a hand's change of a draft: the branch goes with this batch, or
// is left out. The planner keeps it.
type Constraint struct {
	Programme ProgrammeID `json:"programme"`
	Village   Code        `json:"village"`
	Batch     BatchID     `json:"batch,omitzero"` // empty: left out
	Reason    string      `json:"reason" personal:"words"`
	Person    PersonID    `json:"person,omitzero"` // who held the post
	By        PersonID    `json:"by"`
	At        time.Time   `json:"at"`
	Sealed    []byte      `json:"sealed,omitzero"`
}

// Seal is the key of who holds the post.
func (c Constraint) Seal() SealKey { return about(c.Person) }

// RotationInput is all that the planner of a programme looks at.
type RotationInput struct {
	Share      int
	Batches    []BatchSlot
	Candidates []Candidate // any order; the result does not depend on it
	// Townships is how many secretaries each township has, of which Share is
	// taken.
	Townships map[Code]int
}

// BatchSlot is a batch as the planner sees it.
type BatchSlot struct {
	ID BatchID
	Days
	Seats int
	// Held are branches whose seats are settled and are not moved: they count
	// against the seats and their township's share.
	Held []Code
}

// Candidate is a branch that may get a seat.
type Candidate struct {
	Village  Code
	Person   PersonID // empty: the post is vacant
	Last     Date     // last day of the person's newest training; empty: never
	MakeUp   bool
	Busy     []Busy
	Locked   BatchID // by hand
	Excluded bool    // by hand
	Same     Code    // another branch of the same person goes for both; empty: none
	Reason   string  // of Locked or Excluded
	Now      BatchID // the seat in the draft as it stands; kept where nothing speaks against it
}

// RotationPlan says for every candidate where it goes and why, or why not.
type RotationPlan struct {
	Seats []RotationSeat // by batch, then in the office's order
	Out   []RotationOut  // in the office's order
}

// RotationSeat is one seat with its reason.
type RotationSeat struct {
	Village Code    `json:"village"`
	Batch   BatchID `json:"batch"`
	Why     Why     `json:"why"`
}

// RotationOut is a candidate without a seat. Blocks says for each batch what
// spoke against it, as far as something of the person's own did.
type RotationOut struct {
	Village Code    `json:"village"`
	Why     Why     `json:"why"`
	Blocks  []Block `json:"blocks,omitzero"`
}

// Block is what speaks against one batch.
type Block struct {
	Batch BatchID `json:"batch"`
	Why   Why     `json:"why"`
}

// Title names a batch: 集中轮训第 2 批(平安区).
func (b Batch) Title() string { return fmt.Sprintf("集中轮训第 %d 批(%s)", b.Number, b.Place) }

// TitleEN is Title for people who read English.
func (b Batch) TitleEN() string {
	return fmt.Sprintf("Rotation training, batch %d (%s)", b.Number, b.Place)
}

// SeatNotice is the row that tells a person of a seat as it stands now: once for
// each step of the standing. storage.Tx.SeatNotice knows when the batch begins.
func SeatNotice(s Standing, to PersonID, notBefore time.Time) Outbox {
	step := strconv.Itoa(len(s.Rows))
	row := Outbox{
		Key:   "seat/" + string(s.Programme) + "/" + string(s.Village) + "/" + step,
		Class: Notice, Kind: KindSeat, Person: to, NotBefore: notBefore,
		Args: map[string]string{"programme": string(s.Programme), "village": string(s.Village), "rows": step},
	}
	if s.State == SeatOffered {
		row.UselessAfter = s.AnswerBy
	}
	return row
}

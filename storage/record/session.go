package record

import (
	"fmt"
	"strings"
	"time"
)

// SessionID names a session.
type SessionID string

// BaseID names a base.
type BaseID string

// Base is a place of education that branches visit in turn.
type Base struct {
	ID   BaseID `json:"id"`
	Name string `json:"name" personal:"-"`
	// NameEN is the name for people who read English; empty: Name.
	NameEN string `json:"name_en,omitzero" personal:"-"`
	At     string `json:"at,omitzero" personal:"-"` // where it is
	Kind   string `json:"kind,omitzero" personal:"-"`
}

// The kinds of bases that the county has.
const (
	PartySpirit     = "party_spirit"     // 党性教育基地
	CleanGovernment = "clean_government" // 廉政教育基地
)

// SessionState is where a session stands.
type SessionState string

// The states of a session: planned → open → closed, or cancelled before it opened.
const (
	Planned   SessionState = "planned"
	Open      SessionState = "open"
	Closed    SessionState = "closed"
	Cancelled SessionState = "cancelled"
)

// MaxTownships is how many townships one session may expect, MaxHosts how many
// hosts it may have: what fits one transaction together (see kv.MaxWrites).
const (
	MaxTownships = 25
	MaxHosts     = 4
)

// Session is one event that people are expected at: a turn at a base, or a
// meeting made on the spot.
type Session struct {
	ID    SessionID `json:"id"`
	Place Code      `json:"place"` // whose session it is: a county's or a township's
	Base  BaseID    `json:"base,omitzero"`
	// TitleEN is the title for people who read English; empty: Title.
	TitleEN string       `json:"title_en,omitzero" personal:"-"`
	Title   string       `json:"title" personal:"-"`         // the base's name, or what was typed
	At      string       `json:"at,omitzero" personal:"-"`   // where
	Meet    string       `json:"meet,omitzero" personal:"-"` // meeting point
	State   SessionState `json:"state"`

	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Opens is the earliest check-in; LateFrom the first instant that
	// counts as late; a check-in is taken until the session is closed.
	Opens    time.Time `json:"opens"`
	LateFrom time.Time `json:"late_from"`

	// Cycle is the cycle of the rota whose turns these are; Batch the batch of
	// rotation training of which this is the Day-th day, from 1.
	Cycle CycleID `json:"cycle,omitzero"`
	Batch BatchID `json:"batch,omitzero"`
	Day   int     `json:"day,omitzero"`

	Hosts []PersonID `json:"hosts,omitzero"`
	// Rev grows with every change of time, place or cancellation. What was
	// planned for another Rev is not sent.
	Rev int `json:"rev"`

	OpenedAt time.Time `json:"opened_at,omitzero"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	By       PersonID  `json:"by,omitzero"`
}

// Over says whether nothing more will happen in it.
func (s Session) Over() bool { return s.State == Closed || s.State == Cancelled }

// SessionCount is how many branches of a session (or of one township in it)
// are where. Expected branches that are in none of the others are missing.
type SessionCount struct {
	Expected int `json:"expected"`
	Present  int `json:"present"`          // late ones included
	Late     int `json:"late,omitzero"`    // of those present
	Excused  int `json:"excused,omitzero"` // 请假
	Waiting  int `json:"waiting,omitzero"` // people not on the list, for the host to accept
	Extra    int `json:"extra,omitzero"`   // people accepted though not on the list
}

// Missing is how many expected branches have neither come nor been excused.
func (c SessionCount) Missing() int { return c.Expected - c.Present - c.Excused }

// Hours is how a day and its hours become a session's times in a county.
type Hours struct {
	Zone *time.Location
	// OpensBefore is how long before the start check-in opens, Grace from how
	// long after it a check-in is late.
	OpensBefore, Grace time.Duration
}

// Set sets the times of a session on a day, from hours such as "09:00-11:30".
func (h Hours) Set(s *Session, day Date, hours string) error {
	from, to, ok := strings.Cut(hours, "-")
	if !ok {
		return fmt.Errorf("%w: hours %q", ErrInvalid, hours)
	}
	start, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+from, h.Zone)
	if err != nil {
		return fmt.Errorf("%w: hours %q", ErrInvalid, hours)
	}
	end, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+to, h.Zone)
	if err != nil || !start.Before(end) {
		return fmt.Errorf("%w: hours %q", ErrInvalid, hours)
	}
	s.Start, s.End = start, end
	s.Opens, s.LateFrom = start.Add(-h.OpensBefore), start.Add(h.Grace)
	return nil
}

// Begins is when a slot begins; zero for none.
func (h Hours) Begins(slot TurnSlot) time.Time {
	var s Session
	if slot.Day == "" || h.Set(&s, slot.Day, slot.Hours) != nil {
		return time.Time{}
	}
	return s.Start
}

// Of says on which day and at which hours a session is.
func (h Hours) Of(s Session) TurnSlot {
	start, end := s.Start.In(h.Zone), s.End.In(h.Zone)
	return TurnSlot{Day: DateOf(start), Hours: start.Format("15:04") + "-" + end.Format("15:04")}
}

package record

import (
	"maps"
	"slices"
	"time"
)

// Counts says whether what goes out counts against the burden budget of its
// reader.
//
// The budget bounds what people are disturbed by. So everything counts that
// somebody gets of the bot's own accord, or because of what somebody else did,
// whether it asks something or not: a phone that rings for "no answer needed" has
// rung. What does not count is the answer to what the reader asked for, at once
// (Reply) or once others have decided: the outcome of an own leave, swap,
// correction or enrolment. To hold that back for a week would leave the one who
// waits without an answer, and it cannot be more than was asked for.
type Counts uint8

// The values of Counts.
const (
	CountsAlways Counts = iota + 1
	CountsNever         // an answer to what the reader asked for
	CountsByRow         // an answer to one reader and a prompt to another: as the row's Prompt says
)

// Kind is what holds for all rows of a kind that is no reply.
type Kind struct {
	Counts Counts
	// Change: it tells of a change, and its row's Change is when what has changed
	// begins (began). Within 24 hours of it the row goes out whatever the
	// person has had; see Outbox.UrgentAt.
	Change bool
	// Withdrawn: it is not sent when what it says is not so any more. The rest says
	// what has happened and stays true.
	Withdrawn bool
	// Use is how long it is of use from when it may go out, where the row itself
	// does not say.
	Use time.Duration
}

const useDay = 24 * time.Hour

// kinds is the one table of what the bot says of its own accord. A kind that is
// not in it is the answer to somebody who waits, of the class Reply.
var kinds = map[string]Kind{
	// About a session, to who is expected; of use until it begins.
	KindWeek:      {Counts: CountsAlways, Withdrawn: true, Use: 14 * useDay},
	KindAnnounce:  {Counts: CountsAlways, Withdrawn: true, Change: true, Use: useDay},
	KindCancelled: {Counts: CountsAlways, Withdrawn: true, Change: true, Use: useDay},
	KindDayBefore: {Counts: CountsAlways, Withdrawn: true, Use: useDay},
	KindSoon:      {Counts: CountsAlways, Withdrawn: true, Use: useDay / 12},
	KindMarked:    {Counts: CountsAlways, Withdrawn: true, Use: 14 * useDay},

	// To hosts and officers.
	KindHosting:     {Counts: CountsAlways, Withdrawn: true, Change: true, Use: 14 * useDay},
	KindUnclosed:    {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindAutoClosed:  {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindResult:      {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindDigest:      {Counts: CountsAlways, Withdrawn: true, Use: 3 * useDay},
	KindSilent:      {Counts: CountsAlways, Withdrawn: true, Use: useDay},
	KindScreened:    {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindUnreachable: {Counts: CountsAlways, Withdrawn: true, Use: 14 * useDay},
	KindMismatch:    {Counts: CountsAlways, Withdrawn: true, Use: 14 * useDay},
	KindFix:         {Counts: CountsAlways, Withdrawn: true, Use: 30 * useDay},

	// Turns, seats, requests, notes.
	KindTurns:   {Counts: CountsAlways, Withdrawn: true, Change: true, Use: 14 * useDay},
	KindSeat:    {Counts: CountsAlways, Withdrawn: true, Change: true, Use: 14 * useDay},
	KindBatch:   {Counts: CountsAlways, Withdrawn: true, Change: true, Use: 14 * useDay},
	KindRequest: {Counts: CountsByRow, Withdrawn: true, Change: true, Use: 14 * useDay},
	KindNote:    {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},

	// Graduates.
	KindVouch:      {Counts: CountsAlways, Withdrawn: true, Use: 14 * useDay},
	KindFacts:      {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindFactsOf:    {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindConsent:    {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindConsentsOf: {Counts: CountsAlways, Withdrawn: true, Use: 7 * useDay},
	KindReferral:   {Counts: CountsByRow, Withdrawn: true, Use: 14 * useDay},

	// What became of what the reader asked for.
	KindFixed:    {Counts: CountsNever, Withdrawn: true, Use: 30 * useDay},
	KindAccepted: {Counts: CountsNever, Use: 30 * useDay},
	KindRefused:  {Counts: CountsNever, Use: 30 * useDay},
}

// KindOf is what holds for a kind of row; ok is false for a reply.
func KindOf(kind string) (k Kind, ok bool) {
	k, ok = kinds[kind]
	return k, ok
}

// KindNames lists the kinds of the table.
func KindNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// Fitted is a row as its kind has it: whether it counts, and until when it is of
// use. A reply, and a kind that is not in the table, stays as it is.
func (o Outbox) Fitted() Outbox {
	k, ok := kinds[o.Kind]
	if !ok || o.Class == Reply {
		return o
	}
	if k.Counts != CountsByRow {
		o.Prompt = k.Counts == CountsAlways
	}
	if o.UselessAfter.IsZero() {
		o.UselessAfter = o.NotBefore.Add(k.Use)
	}
	return o
}

// ChangeNear is how near a change has to be to be told whatever a person has had.
const ChangeNear = 24 * time.Hour

// UrgentAt says whether a row tells of a change within 24 hours, at an instant.
func (o Outbox) UrgentAt(now time.Time) bool {
	return o.Urgent || (now.Before(o.Change) && !now.Before(o.Change.Add(-ChangeNear)))
}

// FirstAfter is the first of some instants that is after now; zero where none is.
// It finds the Change of a row that tells of several.
func FirstAfter(now time.Time, times ...time.Time) time.Time {
	var first time.Time
	for _, at := range times {
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

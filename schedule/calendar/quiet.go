package calendar

import "time"

// Quiet is the part of each day in which the bot says nothing of its own
// accord: from From (included) to To (excluded), over midnight where To is
// before From. Equal ends, and so the zero value, mean no quiet hours.
type Quiet struct {
	From, To TimeOfDay
}

// Contains says whether t lies in the quiet hours of the zone.
func (q Quiet) Contains(t time.Time, zone *time.Location) bool {
	at := of(t, zone)
	switch {
	case q.From == q.To:
		return false
	case q.From < q.To:
		return q.From <= at && at < q.To
	default:
		return at >= q.From || at < q.To
	}
}

// Next is the first instant at or after t that is not quiet: t itself, or the
// end of the quiet hours that t lies in.
func (q Quiet) Next(t time.Time, zone *time.Location) time.Time {
	if !q.Contains(t, zone) {
		return t
	}
	days := 0
	if of(t, zone) >= q.To { // the evening part of hours over midnight
		days = 1
	}
	return q.To.On(t, days, zone)
}

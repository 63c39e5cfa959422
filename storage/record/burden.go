package record

import (
	"fmt"
	"time"
)

// Prompts counts what a person was sent in a week of the bot's own accord.
type Prompts struct {
	Sent   int `json:"sent,omitzero"`
	Urgent int `json:"urgent,omitzero"` // of those sent: a change within 24 hours
	// Held counts what the person did not get that week because it had had
	// enough: put off to the next week, or taken off and on the officers' list.
	Held int `json:"held,omitzero"`
}

// Plus adds up two counts.
func (p Prompts) Plus(o Prompts) Prompts {
	return Prompts{Sent: p.Sent + o.Sent, Urgent: p.Urgent + o.Urgent, Held: p.Held + o.Held}
}

// ReasonBudget is the reason of a notice that failed because the person had had
// as many prompts in the week as one may get.
const ReasonBudget = "weekly prompts used up"

// WeekName names the week of an instant, in the instant's own zone, as ISO 8601
// does: "2026-W49".
func WeekName(t time.Time) string {
	y, w := t.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", y, w)
}

package schedule

import (
	"time"

	"github.com/cenkalti/backoff/v5"

	"headgoose/storage/record"
)

// Retry says how long delivery keeps trying.
type Retry struct {
	// Tries is how often a row is tried before it fails for good. A wait
	// that the platform asked for is no try.
	Tries int
	// First is the wait after the first failed try; it grows to Most.
	First, Most time.Duration
}

// DefaultRetry tries for about an hour and a half.
func DefaultRetry() Retry {
	return Retry{Tries: 14, First: time.Second, Most: 15 * time.Minute}
}

// wait is the pause after so many failed tries.
func (r Retry) wait(tries int) time.Duration {
	b := backoff.ExponentialBackOff{
		InitialInterval: r.First, MaxInterval: r.Most,
		Multiplier: 2, RandomizationFactor: 0.1,
	}
	b.Reset()
	var wait time.Duration
	for range max(1, tries) {
		wait = b.NextBackOff()
	}
	return wait
}

// Reasons that delivery gives by itself.
const (
	reasonLate    = "too late"
	reasonTries   = "too many tries"
	reasonUnclear = "outcome unknown"
)

// verdict is what a try means for a row: the row as it is to be stored, pending
// with the instant of the next try, or settled. It is the whole policy:
//
//   - a wait that the platform asks for is kept, to the instant, and is no try;
//   - a chat that moved is tried at its new number at once;
//   - what was certainly not sent is tried again, ever later, and fails for
//     good after so many tries or when it has become useless;
//   - an unknown outcome is tried again too, marked; a notice once only, and
//     what must be at most once never: then a person sees it as unknown.
func (r Retry) verdict(row record.Outbox, res record.Result, now time.Time) record.Outbox {
	row.State, row.Reason = res.State, res.Reason
	if !res.Throttle {
		row.Tries++
	}
	switch res.State {
	case record.Sent:
		row.MessageID = res.MessageID
		return row
	case record.Dropped, record.Failed:
		return row
	case record.Unknown:
		repeated := row.Maybe && row.Class != record.Reply
		row.Maybe = true
		if row.AtMostOnce || repeated || row.Tries >= r.Tries {
			row.Reason = orElse(row.Reason, reasonUnclear)
			return row
		}
	default:
		if row.Tries >= r.Tries {
			row.State, row.Reason = record.Failed, orElse(row.Reason, reasonTries)
			return row
		}
	}
	return r.later(row, res, now)
}

// later is the row with the instant of its next try; where that is too late to
// be of use it has failed, or is unknown if an earlier try may have arrived.
func (r Retry) later(row record.Outbox, res record.Result, now time.Time) record.Outbox {
	row.State = record.Pending
	wait := res.After
	switch {
	case res.MovedTo != 0:
		row.Chat = res.MovedTo
	case wait <= 0:
		wait = r.wait(row.Tries)
	}
	row.NotBefore = now.Add(wait)
	if useless(row, row.NotBefore) {
		row.State, row.Reason = record.Failed, reasonLate
		if row.Maybe {
			row.State = record.Unknown
		}
	}
	return row
}

// useless says whether sending a row at an instant is of no use any more.
func useless(row record.Outbox, at time.Time) bool {
	return !row.UselessAfter.IsZero() && at.After(row.UselessAfter)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

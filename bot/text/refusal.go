package text

import (
	"errors"

	"headgoose/storage/record"
)

// refusals maps what may be refused to the key of its sentence, in the order
// in which they are tried.
var refusals = []struct {
	err error
	key string
}{
	{record.ErrNotYours, "refusal.not_yours"},
	{record.ErrLink, "refusal.link"},
	{record.ErrBoundOther, "refusal.bound_other"},
	{record.ErrTooMany, "refusal.too_many"},
	{record.ErrCancelled, "refusal.cancelled"},
	{record.ErrClosed, "refusal.closed"},
	{record.ErrTooEarly, "refusal.too_early"},
	{record.ErrNotOpen, "refusal.not_open"},
	{record.ErrAlready, "refusal.already"},
	{record.ErrWaiting, "refusal.waiting"},
	{record.ErrCode, "refusal.code"},
	{record.ErrChanged, "refusal.changed"},
	{record.ErrFull, "refusal.full"},
	{record.ErrTooLate, "refusal.too_late"},
	{record.ErrPending, "refusal.pending"},
	{record.ErrMoving, "refusal.moving"},
	{record.ErrOnDuty, "refusal.on_duty"},
	{record.ErrKept, "refusal.kept"},
	{record.ErrForgotten, "refusal.forgotten"},
	{record.ErrSettled, "refusal.settled"},
	{record.ErrClashing, "refusal.clashing"},
	{record.ErrNoConsent, "refusal.no_consent"},
	{record.ErrExists, "refusal.exists"},
	{record.ErrNotFound, "refusal.not_found"},
	{record.ErrInvalid, "refusal.invalid"},
}

// Refusal is the key of the sentence for an error; ok is false where the error
// is no refusal but something internal.
func Refusal(err error) (key string, ok bool) {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.key, true
		}
	}
	return "", false
}

package record

import "errors"

// Refusals: things that a person may run into and that have a sentence in
// bot/text. They are wrapped freely; ask with errors.Is.
var (
	ErrNotYours     = errors.New("not within the actor's authority")
	ErrNotFound     = errors.New("not found")
	ErrInvalid      = errors.New("not valid")
	ErrExists       = errors.New("there already")
	ErrTooMany      = errors.New("too many tries")
	ErrLink         = errors.New("link is unknown, used or expired")
	ErrPhoneDiffers = errors.New("phone number differs from the roster")
	ErrBoundOther   = errors.New("bound to another account")

	ErrClosed    = errors.New("session is closed")
	ErrCancelled = errors.New("session is cancelled")
	ErrNotOpen   = errors.New("session is not open yet")
	ErrTooEarly  = errors.New("check-in has not begun")
	ErrAlready   = errors.New("already checked in")
	ErrCode      = errors.New("code is wrong or stale")
	ErrWaiting   = errors.New("already waits for the host")
	ErrChanged   = errors.New("changed meanwhile")

	ErrFull      = errors.New("no seat or place is left")
	ErrTooLate   = errors.New("the time for it has passed")
	ErrPending   = errors.New("another request about it is open")
	ErrOnDuty    = errors.New("holds a post")
	ErrKept      = errors.New("has to be kept for a time yet")
	ErrForgotten = errors.New("asked to be forgotten")

	ErrMoving   = errors.New("a change of the plan is being made")
	ErrSettled  = errors.New("settled already")
	ErrClashing = errors.New("clashes with something else that is planned")

	ErrNoConsent = errors.New("there is no consent to it")
)

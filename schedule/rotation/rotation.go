// Package rotation assigns secretaries to the batches of rotation training. It
// is pure: everything it looks at is in a record.RotationInput, the same input
// gives the same plan, and every seat and every person left out has a reason.
package rotation

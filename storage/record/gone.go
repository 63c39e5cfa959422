package record

import "time"

// GoneWhy is why somebody's record is not there any more.
type GoneWhy string

// The reasons.
const (
	GoneAsked   GoneWhy = "asked"   // the person asked for it
	GoneStruck  GoneWhy = "struck"  // registered in error
	GoneExpired GoneWhy = "expired" // the consent to keep it ended
	GoneLeft    GoneWhy = "left"    // RosterMonths after the last post
	GoneStrip   GoneWhy = "strip"   // all but the name, at the wish of somebody who left
	GoneMerged  GoneWhy = "merged"  // went into another record of the same person
	GoneBefore  GoneWhy = "before"  // forgotten before, found again in data from a backup
)

// Gone is the tombstone of a record that was forgotten. It names nobody.
type Gone struct {
	At  time.Time `json:"at"`
	Why GoneWhy   `json:"why"`
	// Mark is a keyed hash by which a sheet that brings the person back is
	// recognised; empty where that is no harm.
	Mark string `json:"mark,omitzero" open:"name"`
}

// RosterMonths is how long after the last post a person's name stays beside what
// was done in it: attendance, training and decisions of a branch. The number is
// this project's choice, not a law's: it outlasts a rotation of all branches and
// the questions that come back about it.
const RosterMonths = 36

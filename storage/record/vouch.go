package record

import "time"

// VouchState is a village's word on whether a graduate who registered themself is
// of it.
type VouchState string

// The states; empty: the village registered the graduate itself, or a sheet did.
const (
	VouchOpen    VouchState = "open"    // the village has not said anything yet
	VouchYes     VouchState = "yes"     // of the village
	VouchNo      VouchState = "no"      // not of the village: an officer decides
	VouchUnknown VouchState = "unknown" // the village does not know
)

// VouchAnswers lists what a village may say, in the order in which it is asked.
func VouchAnswers() []VouchState { return []VouchState{VouchYes, VouchNo, VouchUnknown} }

// Vouch is a village's word, with who said it and when.
type Vouch struct {
	State VouchState `json:"state,omitzero"`
	By    PersonID   `json:"by,omitzero"`
	At    time.Time  `json:"at,omitzero"`
}

// Waits says whether the village is still to be asked.
func (v Vouch) Waits() bool { return v.State == VouchOpen }

// Doubts says whether an officer is to look: the village says no, or does not
// know.
func (v Vouch) Doubts() bool { return v.State == VouchNo || v.State == VouchUnknown }

// Revouch asks the village anew where a change from old to g leaves its word
// without ground: somebody who registers, or changes who they are, without the
// village, or who is moved to another village.
func (g *Graduate) Revouch(old Graduate, at time.Time) {
	moved := g.Village != old.Village
	other := moved || g.Name != old.Name || g.BirthYear != old.BirthYear
	if (g.Source == BySelf && other) || (moved && old.Vouch.State != "") {
		g.Vouch = Vouch{State: VouchOpen, At: at}
	}
}

package record

import "time"

// ImportID names an import of graduates.
type ImportID string

// ImportUndoFor is how long an import of graduates can be undone, unless the same
// person imports again before.
const ImportUndoFor = 24 * time.Hour

// ImportState is where an import of graduates stands.
type ImportState string

// The states.
const (
	ImportOpen    ImportState = "open"    // it can be undone
	ImportUndoing ImportState = "undoing" // it is being undone
	ImportUndone  ImportState = "undone"
	ImportClosed  ImportState = "closed" // the next one has begun
)

// ImportRun is the last import of graduates by a person.
type ImportRun struct {
	ID      ImportID    `json:"id"`
	By      PersonID    `json:"by"`
	At      time.Time   `json:"at"`
	State   ImportState `json:"state"`
	Added   int         `json:"added,omitzero"`
	Changed int         `json:"changed,omitzero"`
	// What became of them when it was undone.
	Removed  int `json:"removed,omitzero"`
	Restored int `json:"restored,omitzero"`
	Left     int `json:"left,omitzero"`
}

// Rows is how many records the import wrote, Done with how many its undoing is
// through.
func (r ImportRun) Rows() int { return r.Added + r.Changed }

// Done is how many rows are undone, or left as they are.
func (r ImportRun) Done() int { return r.Removed + r.Restored + r.Left }

// Undoable says whether the import can still be undone.
func (r ImportRun) Undoable(now time.Time) bool {
	return r.State == ImportOpen && r.Rows() > 0 && now.Before(r.At.Add(ImportUndoFor))
}

// ImportLeft is why undoing an import leaves a record as it is; empty: it does not.
type ImportLeft string

// The reasons.
const (
	LeftChanged    ImportLeft = "changed"     // somebody has changed it since
	LeftUsed       ImportLeft = "used"        // it is referred, a reserve cadre, or was merged
	LeftGone       ImportLeft = "gone"        // it is not there any more
	LeftNotAllowed ImportLeft = "not_allowed" // the person's post does not reach it any more
)

// ImportRow is what an import did to one record, for undoing it.
type ImportRow struct {
	Import   ImportID   `json:"import"`
	Graduate GraduateID `json:"graduate"`
	Village  Code       `json:"village"`
	At       time.Time  `json:"at"`
	Added    bool       `json:"added,omitzero"` // else it was changed
	// Before is the record as it was, empty for a new one; After as the import wrote
	// it.
	Before Graduate   `json:"before,omitzero" personal:"background"`
	After  Graduate   `json:"after" personal:"background"`
	Left   ImportLeft `json:"left,omitzero"`
	Sealed []byte     `json:"sealed,omitzero"`
}

// Seal is the key of the graduate.
func (r ImportRow) Seal() SealKey { return SealKey{Graduate: r.Graduate} }

// SameWords says whether two states of a record say the same: what the bot itself
// notes about its questions is left out.
func (g Graduate) SameWords(other Graduate) bool {
	for _, f := range AgingFacts() {
		if !f.Same(g, other) || !g.Told(f).same(other.Told(f)) {
			return false
		}
	}
	if len(g.Consents) != len(other.Consents) || !g.Consent.same(other.Consent) {
		return false
	}
	for p, c := range g.Consents {
		if !c.same(other.Consents[p]) {
			return false
		}
	}
	return g.Village == other.Village && g.Name == other.Name && g.BirthYear == other.BirthYear &&
		g.Education == other.Education && g.School == other.School && g.Major == other.Major &&
		g.Person == other.Person && g.Vouch.State == other.Vouch.State && g.Source == other.Source &&
		g.By == other.By && g.ConfirmedAt.Equal(other.ConfirmedAt)
}

func (s Said) same(other Said) bool {
	return s.Source == other.Source && s.By == other.By && s.At.Equal(other.At)
}

func (c Consent) same(other Consent) bool {
	return c.Version == other.Version && c.Source == other.Source && c.At.Equal(other.At) && c.Until.Equal(other.Until)
}

package record

import "time"

// ReserveOutcome is why somebody left the list of reserve cadres.
type ReserveOutcome string

// The outcomes.
const (
	ReserveTookPost ReserveOutcome = "took_post" // a referral was placed
	ReserveMoved    ReserveOutcome = "moved"     // went elsewhere
	ReserveOther    ReserveOutcome = "other"
)

// ReserveOutcomes lists them in the order in which they are offered.
func ReserveOutcomes() []ReserveOutcome {
	return []ReserveOutcome{ReserveTookPost, ReserveMoved, ReserveOther}
}

// ReserveDeedKind is what was done with a reserve cadre.
type ReserveDeedKind string

// The kinds.
const (
	ReserveTraining ReserveDeedKind = "training" // attended a training
	ReserveMatter   ReserveDeedKind = "matter"   // took part in a matter of the village
)

// ReserveDeed is one thing that was done with a reserve cadre.
type ReserveDeed struct {
	Day   Date            `json:"day"`
	Kind  ReserveDeedKind `json:"kind"`
	Words string          `json:"words"`
	By    PersonID        `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Bounds of a reserve cadre's record.
const (
	MaxReserveWords = 200 // runes of one row
	MaxReserveDeeds = 100
)

// Reserve is a graduate on the list of reserve cadres (后备干部), or who was on it.
type Reserve struct {
	Graduate GraduateID     `json:"graduate"`
	Village  Code           `json:"village"`
	Since    Date           `json:"since"`
	Mentor   PersonID       `json:"mentor,omitzero"` // the secretary of the village, or an officer of its township
	Deeds    []ReserveDeed  `json:"deeds,omitzero" personal:"words"`
	Left     Date           `json:"left,omitzero"` // empty: on the list
	Outcome  ReserveOutcome `json:"outcome,omitzero"`
	Reason   string         `json:"reason,omitzero" personal:"words"`

	Sealed []byte `json:"sealed,omitzero"`
}

// Seal is the key of the graduate.
func (r Reserve) Seal() SealKey { return SealKey{Graduate: r.Graduate} }

// ReserveCount is how many graduates of a place are on the list, and with which
// outcome others left it. Kept as records are written.
type ReserveCount struct {
	On   int                    `json:"on,omitzero"`
	Left map[ReserveOutcome]int `json:"left,omitzero"`
}

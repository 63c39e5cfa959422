package record

import "time"

// CycleID names a cycle of the rota.
type CycleID string

// Slot is a part of the week in which a base receives branches.
type Slot struct {
	Weekday time.Weekday `json:"weekday"`
	Hours   string       `json:"hours" personal:"-"` // "09:00-11:30"
}

// CycleBase is how a base takes part in a cycle.
type CycleBase struct {
	Base     BaseID     `json:"base"`
	Capacity int        `json:"capacity"` // branches in one slot
	Slots    []Slot     `json:"slots"`
	Hosts    []PersonID `json:"hosts,omitzero"`
	Meet     string     `json:"meet,omitzero" personal:"-"`
}

// Cycle is one round of the rota of the bases (轮值): every branch has its turn
// at each base once.
type Cycle struct {
	ID    CycleID     `json:"id"`
	Place Code        `json:"place"` // the county
	Title string      `json:"title" personal:"-"`
	State PlanState   `json:"state"`
	From  Date        `json:"from"` // no turn before this day
	Bases []CycleBase `json:"bases"`
	// Gap is the fewest days between two turns of one branch.
	Gap int `json:"gap"`
	// First is the township that the scheduled order begins with; it goes on in
	// the office's order and round. Empty: the first one.
	First     Code      `json:"first,omitzero"`
	Rev       int       `json:"rev"` // grows with every change of the plan
	By        PersonID  `json:"by,omitzero"`
	Created   time.Time `json:"created"`
	Published time.Time `json:"published,omitzero"`
}

// TurnState is where a branch's turn at a base stands.
type TurnState string

// The states of a turn: owed → planned → served, substituted or forgiven; an
// absence leads back to owed.
const (
	TurnOwed        TurnState = "owed"
	TurnPlanned     TurnState = "planned"
	TurnServed      TurnState = "served"
	TurnSubstituted TurnState = "substituted" // another branch attended for it
	TurnForgiven    TurnState = "forgiven"    // by an officer, with a reason
)

// Settled says whether the turn is over for this cycle.
func (s TurnState) Settled() bool {
	return s == TurnServed || s == TurnSubstituted || s == TurnForgiven
}

// TurnSlot is a place in the plan: a base's slot on a day.
type TurnSlot struct {
	Day   Date   `json:"day"`
	Hours string `json:"hours" personal:"-"`
}

// Turn is one branch's turn at one base in one cycle: a line of the turn
// ledger. It belongs to the post, like Standing.
type Turn struct {
	Cycle   CycleID   `json:"cycle"`
	Base    BaseID    `json:"base"`
	Village Code      `json:"village"`
	State   TurnState `json:"state"`
	TurnSlot
	Session SessionID `json:"session,omitzero"` // while planned, and after
	// Provisional: planned on a day that the year's holiday notice may take.
	Provisional bool `json:"provisional,omitzero"`
	// MakeUp: absent, or on leave, at an earlier day; it is planned first.
	MakeUp bool `json:"make_up,omitzero"`
	// Fixed: agreed by a swap or set by an officer; a new plan leaves it.
	Fixed      bool      `json:"fixed,omitzero"`
	Substitute Code      `json:"substitute,omitzero"` // the branch that attends for it
	Rows       []TurnRow `json:"rows"`
}

// TurnRow is one step of a turn. Rows are only appended; their number is the
// sequence number of the turn in calendar files.
type TurnRow struct {
	At    time.Time `json:"at"`
	State TurnState `json:"state"`
	TurnSlot
	Session SessionID `json:"session,omitzero"`
	Person  PersonID  `json:"person,omitzero"` // who held the post
	By      PersonID  `json:"by,omitzero"`     // empty: the bot
	Reason  string    `json:"reason,omitzero" personal:"words"`
	Sealed  []byte    `json:"sealed,omitzero"`
}

// Seal is the key of who held the post.
func (r TurnRow) Seal() SealKey { return about(r.Person) }

// RotaInput is all that the planner of a cycle looks at.
type RotaInput struct {
	Cycle Cycle
	// Today: nothing is planned on it or before it, and nothing that is planned
	// up to and including Frozen is moved.
	Today, Frozen Date
	Turns         []Turn // of all branches and bases; any order
	Days          []CalendarDay
	Busy          map[Code][]Busy
}

// RotaPlan is where every turn goes that is not settled.
type RotaPlan struct {
	Turns []PlannedTurn // by day, hours, base, then in the office's order
	// Unplaced are turns for which no day was found within the horizon.
	Unplaced []UnplacedTurn
}

// PlannedTurn is one turn of a plan.
type PlannedTurn struct {
	Base    BaseID `json:"base"`
	Village Code   `json:"village"`
	TurnSlot
	Provisional bool `json:"provisional,omitzero"`
	// Why is what kept the branch from the day that it would have had: busy then.
	Why Why `json:"why,omitzero"`
}

// UnplacedTurn is a turn without a day, and why.
type UnplacedTurn struct {
	Base    BaseID `json:"base"`
	Village Code   `json:"village"`
	Why     Why    `json:"why"`
}

// RotaChangeID names a change of a cycle's plan.
type RotaChangeID string

// RotaChange is one change of a published plan, or its publication: what moves
// from where to where. It is stored whole before the first move is made, and
// made in parts that can be repeated.
type RotaChange struct {
	ID     RotaChangeID `json:"id"`
	Cycle  CycleID      `json:"cycle"`
	At     time.Time    `json:"at"`
	By     PersonID     `json:"by,omitzero"`
	Reason string       `json:"reason,omitzero" personal:"words"`
	Moves  []TurnMove   `json:"moves"`
	Done   int          `json:"done"`          // moves that have been made
	Told   int          `json:"told,omitzero"` // branches that have been told, after that
	// Publication: the cycle begins with it; every branch hears its turns.
	Publication bool `json:"publication,omitzero"`
	// Undo is the change that this one takes back; Undone the one that took this
	// one back.
	Undo   RotaChangeID `json:"undo,omitzero"`
	Undone RotaChangeID `json:"undone,omitzero"`
	Sealed []byte       `json:"sealed,omitzero"`
}

// Seal is the key of the author.
func (c RotaChange) Seal() SealKey { return about(c.By) }

// MovesOf lists what changes from the turns as they stand to a plan, in the
// plan's order; turns that were planned and have no day any more come last.
func MovesOf(turns []Turn, plan RotaPlan) []TurnMove {
	type key struct {
		base    BaseID
		village Code
	}
	now := map[key]Turn{}
	for _, t := range turns {
		now[key{t.Base, t.Village}] = t
	}
	var moves []TurnMove
	for _, p := range plan.Turns {
		if was := now[key{p.Base, p.Village}]; was.TurnSlot != p.TurnSlot {
			moves = append(moves, TurnMove{Base: p.Base, Village: p.Village, From: was.TurnSlot, To: p.TurnSlot, Provisional: p.Provisional, Was: was.Provisional})
		}
	}
	for _, u := range plan.Unplaced {
		if was := now[key{u.Base, u.Village}]; was.Day != "" {
			moves = append(moves, TurnMove{Base: u.Base, Village: u.Village, From: was.TurnSlot, Was: was.Provisional})
		}
	}
	return moves
}

// TurnMove moves one turn. A From without a day: it was owed; a To without one:
// it is owed again. A turn that does not stand at From any more is left alone.
type TurnMove struct {
	Base        BaseID   `json:"base"`
	Village     Code     `json:"village"`
	From        TurnSlot `json:"from,omitzero"`
	To          TurnSlot `json:"to,omitzero"`
	Provisional bool     `json:"provisional,omitzero"`     // of To
	Was         bool     `json:"was_provisional,omitzero"` // of From
}

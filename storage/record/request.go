package record

import (
	"strconv"
	"time"
)

// RequestID names a leave, a swap or a substitution.
type RequestID string

// RequestState is where a request stands.
type RequestState string

// The states of a request: asked → agreed (swaps: the other side said yes, the
// officer's word is out) → approved, or one of the ways out.
const (
	RequestAsked     RequestState = "asked"
	RequestAgreed    RequestState = "agreed"
	RequestApproved  RequestState = "approved"
	RequestRefused   RequestState = "refused"   // by the other side or the officer, with a reason
	RequestWithdrawn RequestState = "withdrawn" // by whoever asked, or agreed
	RequestExpired   RequestState = "expired"   // its deadline passed
	RequestVoid      RequestState = "void"      // the plan changed so that it has no object any more
)

// Open says whether somebody's answer is out.
func (s RequestState) Open() bool { return s == RequestAsked || s == RequestAgreed }

// RequestRow is one step of a request. Rows are only appended.
type RequestRow struct {
	At     time.Time    `json:"at"`
	State  RequestState `json:"state"`
	By     PersonID     `json:"by,omitzero"`  // empty: the bot
	For    Code         `json:"for,omitzero"` // the branch on whose behalf an officer acted
	Reason string       `json:"reason,omitzero" personal:"words"`
	About  PersonID     `json:"about,omitzero"` // whom the reason concerns; empty: whom the request does
	// Clash is what kept a swap from being carried out, of a request that is void.
	Clash  *SwapClash `json:"clash,omitzero"`
	Sealed []byte     `json:"sealed,omitzero"`
}

// SwapClash is the branch of a swap that is busy on the day on which it would have
// to attend, and with what.
type SwapClash struct {
	Village Code     `json:"village"`
	Day     Date     `json:"day"`
	Kind    BusyKind `json:"kind"`
}

// Seal is the key of whom the reason concerns.
func (r RequestRow) Seal() SealKey { return SealKey{Person: r.About} }

// Leave is a request to be excused on some days (请假), asked before they come
// and decided by the township officer. It is a person's absence: whoever is
// secretary of two branches is away for both, so the leave names both, and each of
// them gets its make-up. What it excuses follows the post: a successor is not on
// leave because a predecessor was.
type Leave struct {
	ID      RequestID `json:"id"`
	Village Code      `json:"village"`
	Also    []Code    `json:"also,omitzero"` // the person's other branches when it was asked
	Person  PersonID  `json:"person"`
	Days
	Reason   string       `json:"reason" personal:"words"`
	Deadline time.Time    `json:"deadline"` // for the officer's word: the end of the first day
	State    RequestState `json:"state"`
	Rows     []RequestRow `json:"rows"`
	Sealed   []byte       `json:"sealed,omitzero"`
}

// Villages are the branches for which the person is away.
func (l Leave) Villages() []Code { return append([]Code{l.Village}, l.Also...) }

// Seal is the key of the person who asks.
func (l Leave) Seal() SealKey { return SealKey{Person: l.Person} }

// SwapKind tells an exchange from a substitution.
type SwapKind string

// The kinds of swaps.
const (
	SwapTurns  SwapKind = "swap"       // two branches exchange their turns at a base (调换)
	Substitute SwapKind = "substitute" // another branch attends for one (替代)
)

// Swap is a request to exchange turns, or to be stood in for. Both branches and
// the rule of the township (record.TownshipRule) have to say yes before
// Deadline; until it is approved either side can withdraw.
type Swap struct {
	ID       RequestID    `json:"id"`
	Kind     SwapKind     `json:"kind"`
	Cycle    CycleID      `json:"cycle"`
	Base     BaseID       `json:"base"`
	From     Code         `json:"from"`                             // the branch that asks
	To       Code         `json:"to"`                               // the branch that is asked
	FromAt   TurnSlot     `json:"from_at"`                          // the turns as they stood when it was asked
	ToAt     TurnSlot     `json:"to_at,omitzero"`                   // swap only
	Asker    PersonID     `json:"asker,omitzero"`                   // who held the post of From
	Reason   string       `json:"reason,omitzero" personal:"words"` // why
	Deadline time.Time    `json:"deadline"`                         // for the answer that is out
	State    RequestState `json:"state"`
	Rows     []RequestRow `json:"rows"`
	Sealed   []byte       `json:"sealed,omitzero"`
}

// Seal is the key of the person who asks.
func (w Swap) Seal() SealKey { return about(w.Asker) }

// TownshipRule is how a township deals with what its branches agree among each
// other.
type TownshipRule struct {
	// AutoSwap: what both sides agree on is approved at once; else the township's
	// officer is asked.
	AutoSwap bool     `json:"auto_swap"`
	By       PersonID `json:"by,omitzero"`
}

// RequestNotice is the row that tells a person, for a branch, how a request stands
// now: once for each step of it. storage.Tx.RequestNotice fills in the rest.
func RequestNotice(id RequestID, rows int, village Code, to PersonID) Outbox {
	step := strconv.Itoa(rows)
	return Outbox{
		Key:   "request/" + string(id) + "/" + step + "/" + string(to),
		Class: Notice, Kind: KindRequest, Person: to,
		Args: map[string]string{"id": string(id), "rows": step, "village": string(village)},
	}
}

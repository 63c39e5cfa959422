package record

import "strings"

// KindCancelled is said at once to those who had heard of a session that is
// cancelled. Rows of kind KindAnnounce carry Args moved where people had heard
// of an earlier plan.
const KindCancelled = "cancelled"

// Kinds of rows about turns, seats and requests. Each is dropped when what it is
// about has changed since.
const (
	KindTurns   = "turns"   // Args cycle, change or village: turns of the person's branches were planned or moved
	KindRequest = "request" // Args id, rows, village: a leave or a swap has come one step on
	KindSeat    = "seat"    // Args programme, village, rows: the branch's seat was given, moved or taken off
	KindBatch   = "batch"   // Args batch, rev, village, what: a batch with a seat of the branch was moved or cancelled
)

// Kinds of rows about people, their accounts and what they ask to have corrected.
const (
	KindUnreachable = "unreachable"    // Args person: to officers, who cannot be written to
	KindMismatch    = "enrol.mismatch" // Args chat: to officers, whose number does not match
	KindAccepted    = "enrol.accepted" // to the chat of a claim
	KindRefused     = "enrol.refused"
	KindFix         = "fix"   // Args fix: to who decides about a correction
	KindFixed       = "fixed" // Args fix: to who asked for it
)

// NoticeKey is the key of what is said once to a person about a session: the
// kind, and what else tells two of a kind apart. Without parts it is the prefix
// of all that is said to the person about it.
func NoticeKey(s SessionID, p PersonID, parts ...string) string {
	return "notice/" + string(s) + "/" + string(p) + "/" + strings.Join(parts, "/")
}

// Kinds of rows that ask whether consents go on.
const (
	KindConsent    = "consent"     // Args graduate, purpose: to the graduate
	KindConsentsOf = "consents_of" // to a secretary, of the graduates of the own villages
)

// Kinds of rows that ask whether graduates' facts are still so.
const (
	KindFacts   = "facts"    // Args graduate: to the graduate
	KindFactsOf = "facts_of" // to a secretary, of the graduates of the own villages
)

// KindVouch asks a secretary whether somebody who registered is of the village: Args
// graduate.
const KindVouch = "vouch"

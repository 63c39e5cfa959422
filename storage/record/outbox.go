package record

import "time"

// Class is the priority of a row of the outbox: replies go before notices,
// notices before bulk.
type Class uint8

// The classes.
const (
	Reply  Class = iota + 1 // the answer to somebody who waits
	Notice                  // to one person, of the bot's own accord
	Bulk                    // to many
)

// OutState is where a row stands.
type OutState string

// The states: pending → leased → sent, unknown, failed or dropped.
const (
	Pending OutState = "pending"
	// Leased: a try has begun and is not settled. After a crash its outcome
	// is unknown.
	Leased  OutState = "leased"
	Sent    OutState = "sent"
	Unknown OutState = "unknown"
	Failed  OutState = "failed"  // for good; Reason says why; a person sees it
	Dropped OutState = "dropped" // its reason was gone before it was sent
)

// Outbox is one thing to be said to one chat. A reply carries its words (it
// answers a question of that moment); everything else says what is to be said
// and gets address, language and words when it is sent, from the plan as it
// then stands.
type Outbox struct {
	// Key means once: a second row of one key is not added.
	Key   string   `json:"key" personal:"-"`
	Class Class    `json:"class"`
	Kind  string   `json:"kind" personal:"-"` // KindReply, or a kind that the courier knows
	State OutState `json:"state"`

	Person PersonID `json:"person,omitzero"`
	Chat   int64    `json:"chat,omitzero" open:"account"` // 0: the person's chat, when sent

	Session SessionID         `json:"session,omitzero"`
	Rev     int               `json:"rev,omitzero"` // of the session that it was planned for
	Args    map[string]string `json:"args,omitzero" personal:"-"`
	Words   *Words            `json:"words,omitzero" personal:"words"` // of a reply

	Created      time.Time `json:"created"`
	NotBefore    time.Time `json:"not_before,omitzero"`
	UselessAfter time.Time `json:"useless_after,omitzero"`
	// Prompt: it counts against the person's weekly budget; see Counts. Change is
	// when that begins of whose change it tells: within 24 hours of it the row goes
	// out even when the budget is used up (UrgentAt). Urgent: it does at any time.
	Prompt bool      `json:"prompt,omitzero"`
	Urgent bool      `json:"urgent,omitzero"`
	Change time.Time `json:"change,omitzero"`
	// AtMostOnce: after an unknown outcome it is not sent again.
	AtMostOnce bool `json:"at_most_once,omitzero"`

	Tries int `json:"tries,omitzero"`
	// Maybe: an earlier try may have arrived; a repeat says so.
	Maybe     bool      `json:"maybe,omitzero"`
	SettledAt time.Time `json:"settled_at,omitzero"`
	MessageID int64     `json:"message_id,omitzero"`
	Reason    string    `json:"reason,omitzero" personal:"-"` // short, without personal data
	Sealed    []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the week: an answer may speak of many.
func (o Outbox) Seal() SealKey { return SealKey{Week: o.Created} }

// KindReply is the kind of a row that carries its words.
const KindReply = "reply"

// Words is a ready answer.
type Words struct {
	Text       string     `json:"text,omitzero"`
	Buttons    [][]Button `json:"buttons,omitzero"`
	AskContact string     `json:"ask_contact,omitzero"`
	// Or is a second reply button beside AskContact, which sends its text.
	Or string `json:"or,omitzero"`
	// DropKeyboard takes the contact button away.
	DropKeyboard bool `json:"drop_keyboard,omitzero"`
	// Edit is the message that these words replace; 0: a new message. When
	// the message is gone, they are sent anew.
	Edit int64 `json:"edit,omitzero"`
	// Press is the pressed button that waits for an answer, Toast the short
	// notice over it.
	Press string `json:"press,omitzero"`
	Toast string `json:"toast,omitzero"`
}

// Button is a button of a ready answer.
type Button struct {
	Text string `json:"text" personal:"-"`
	Data string `json:"data,omitzero" personal:"-"`
	URL  string `json:"url,omitzero" personal:"-"`
}

// Kinds of rows that the schedule makes and the courier puts into words.
const (
	KindWeek       = "week"        // Args from: the Monday 00:00 of two weeks, RFC 3339
	KindAnnounce   = "announce"    // a session made or moved at short notice
	KindDayBefore  = "day_before"  // Session, Rev
	KindSoon       = "soon"        // two hours before; Session, Rev
	KindResult     = "result"      // Session; Args place: of the officer
	KindDigest     = "digest"      // Args from as in KindWeek, place
	KindUnclosed   = "unclosed"    // Session: to its hosts, the end has passed
	KindAutoClosed = "auto_closed" // Session: to its hosts, ended by the bot
	KindSilent     = "silent"      // Args places, until: to officers, who has not answered what begins until then
	KindMarked     = "marked"      // Session; Args status: a host has marked the person
	KindHosting    = "hosting"     // Session, Rev; Args what: to its hosts, the plan
)

// Result is what one try of a row came to.
type Result struct {
	State     OutState      // Sent, Unknown, Failed, Dropped, or Pending: try again
	MessageID int64         // of what was sent
	After     time.Duration // for Pending: not before so long from now (retry_after)
	// Throttle: the platform asked to wait, for the whole chat.
	Throttle bool
	// Unreachable: the person cannot be written to.
	Unreachable bool
	// MovedTo is the chat's new number; the row is to be tried there.
	MovedTo int64
	Reason  string // short, without personal data
}

// Package chat is the platform seam: what the conversation needs of a chat
// platform, in its own words and with nothing but the standard library. An
// adapter (see bot/telegram) turns its platform into these; chattest proves
// an adapter and records for tests.
//
// # In and out
//
// An adapter is a [Source]: it hands over each [Event] and takes it off the
// platform only after the handler returned nil. An adapter is also a
// [Platform]: it sends, edits and fetches, one call of the platform for each
// method, and says of every failure what is known ([SendError]).
//
// Texts are plain. A platform that reads markup must be told not to, so
// nothing that a person typed can become formatting or a link.
package chat

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind tells what an Event is.
type Kind uint8

// The kinds of events.
const (
	// Text is a typed message, a command or a deep link (see Event.Payload).
	Text Kind = iota + 1
	// Press is a pressed button; Data holds what the button carried.
	Press
	// Contact is a contact card.
	Contact
	// Document is a file.
	Document
	// Other is a message of a kind that the bot does not read (a picture, a
	// voice, a place). Its content is not taken over.
	Other
	// Blocked says that the person stopped the bot; Unblocked that it is back.
	Blocked
	Unblocked
	// Moved says that the group Chat.ID now is MovedTo.
	Moved
)

// Event is one thing that happened in a chat.
type Event struct {
	// ID is the platform's number of the update: the same event arriving
	// twice has the same one. Compare as a set, ids may restart.
	ID   int64
	Kind Kind
	Chat Chat
	From User
	// At is when the event reached this process, by its own clock. The
	// sender's clock is never used.
	At time.Time

	// Text is the message as typed, valid UTF-8, at most MaxTextIn runes.
	Text string
	// Payload is the argument of a deep link ("/start PAYLOAD").
	Payload string
	// MessageID is the message of the event; for a Press, the message that
	// carries the button. 0: the platform did not say.
	MessageID int64

	PressID string // for Platform.Answer
	Data    string // of the pressed button

	Contact *ContactCard
	File    *File
	MovedTo int64
}

// MaxTextIn is how many runes of an incoming text are kept; the adapter cuts
// the rest (Telegram's own limit for a message is 4,096).
const MaxTextIn = 4096

// Chat is where an event happened.
type Chat struct {
	ID    int64
	Group bool // more than one person reads here
}

// User is the sender. Its ID identifies the account; a display name
// identifies nobody, so there is none here.
type User struct {
	ID   int64
	Lang string // BCP 47, as the app says; may be empty
	Bot  bool
}

// ContactCard is a shared contact. Own is true only for the sender's own card,
// sent by the sender and not forwarded.
type ContactCard struct {
	Phone string
	Own   bool
}

// File is a document on the platform.
type File struct {
	ID   string
	Name string
	Size int64 // bytes, as the platform says
}

// Message is what is sent. Exactly one of a plain text, a Photo or a Document
// is the body; with a Photo or a Document the Text is its caption.
type Message struct {
	Text    string // plain; at most 4,096 UTF-16 units, 1,024 as a caption
	Buttons [][]Button
	// AskContact shows one reply button with this text that sends the
	// person's own contact card. Private chats only; not with Buttons.
	AskContact string
	// Or is a second reply button below AskContact, which sends its text.
	Or string
	// DropKeyboard takes an AskContact button away.
	DropKeyboard bool

	Photo    []byte // PNG
	Document *Upload
	// Quiet asks for no sound.
	Quiet bool
}

// Button is one inline button: Data (1–64 bytes) comes back in a Press, or URL
// opens a page.
type Button struct {
	Text string
	Data string
	URL  string
}

// Upload is a file to send.
type Upload struct {
	Name string
	Body []byte
}

// Command is one entry of the platform's command menu.
type Command struct {
	Name string // 1–32 of a–z, 0–9, _
	Help string
}

// Platform sends. Every error is a *SendError (found with errors.As).
// All methods are safe for concurrent use and take at most as long as ctx.
type Platform interface {
	// Send delivers a new message and returns its id.
	Send(ctx context.Context, chat int64, m Message) (messageID int64, err error)
	// Edit replaces text (or photo and caption) and buttons of an earlier
	// message. A message that already reads so is success.
	Edit(ctx context.Context, chat, messageID int64, m Message) error
	// Answer ends the wait of a pressed button, with a short notice if text
	// is not empty (at most 200 characters).
	Answer(ctx context.Context, pressID, text string) error
	// Download fetches a file of at most limit bytes.
	Download(ctx context.Context, fileID string, limit int64) ([]byte, error)
	// SetCommands fills the command menu for a language ("" is the default).
	SetCommands(ctx context.Context, lang string, commands []Command) error
	// Link makes a deep link that comes back as Event.Payload: 1–64 of
	// A–Z a–z 0–9 _ -. It makes no call.
	Link(payload string) string
}

// Handler takes one event. nil: the event is done and may be taken off the
// platform. An error: it is not done and must come again.
type Handler func(ctx context.Context, ev Event) error

// Source hands events to a handler: the events of one chat in order and one
// at a time, those of different chats side by side.
type Source interface {
	// Run hands over events until ctx ends (nil) or it cannot go on (an
	// error, for example a second poller). It returns only after every
	// running handler has returned.
	Run(ctx context.Context, h Handler) error
}

// Outcome names what is known after a failed call.
type Outcome uint8

// The outcomes of a failed call.
const (
	// Refused: the platform took the call and refused it for good (a fault
	// in the message). Trying again is of no use.
	Refused Outcome = iota + 1
	// NotSent: the call certainly had no effect (no connection, 5xx before
	// the request was written). Try again later.
	NotSent
	// Unknown: the request was written, the answer is missing. It may have
	// had its effect.
	Unknown
	// Throttled: try again after RetryAfter.
	Throttled
	// Unreachable: the person blocked the bot, left or is gone.
	Unreachable
	// MovedChat: the chat is now MovedTo.
	MovedChat
	// Stale: the press or the message is too old or gone; nothing to do.
	Stale
	// TooBig: a file beyond the limit.
	TooBig
)

var outcomeNames = [...]string{"none", "refused", "not sent", "unknown", "throttled", "unreachable", "moved", "stale", "too big"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// SendError is a failed call with its outcome. Its text holds no token, no
// message text and no personal data.
type SendError struct {
	Outcome    Outcome
	RetryAfter time.Duration // for Throttled
	MovedTo    int64         // for MovedChat
	Err        error
}

func (e *SendError) Error() string { return fmt.Sprintf("chat: %v: %v", e.Outcome, e.Err) }

func (e *SendError) Unwrap() error { return e.Err }

// OutcomeOf reads the outcome of an error of Platform; Unknown where an error
// does not say, 0 for nil.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return 0
	}
	var se *SendError
	if errors.As(err, &se) {
		return se.Outcome
	}
	return Unknown
}

// Package chattest has what tests need of a chat platform: a [Recorder], a
// platform in memory that keeps what each person sees, and [Suite], which
// every adapter of a real platform passes.
//
// # The recorder
//
//	rec := chattest.NewRecorder()
//	courier := bot.NewCourier(store, rec)
//	...
//	got, err := rec.WaitMessages(ctx, chatID, 1)
//	// got[0].Text, got[0].Buttons: edits are applied
//
// It is as strict as the strictest platform (lengths, button data, who may be
// asked for a contact), so that a message that only a lenient fake would take
// fails in the test of the room that wrote it. It uses neither network nor
// clock, so it works inside a testing/synctest bubble, and it is safe for
// concurrent use. Message ids count from 1 in each chat, so they do not depend
// on how chats interleave.
package chattest

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"headgoose/bot/chat"
)

// The names of the calls, as they stand in [Call] and [Failure].
const (
	Send        = "Send"
	Edit        = "Edit"
	Answer      = "Answer"
	Download    = "Download"
	SetCommands = "SetCommands"
)

// Shown is a message as the person sees it now.
type Shown struct {
	ID   int64
	Chat int64
	chat.Message
	// Edits counts the edits that changed something.
	Edits int
}

// Button finds a button by its text.
func (s Shown) Button(text string) (chat.Button, bool) {
	for _, row := range s.Buttons {
		for _, b := range row {
			if b.Text == text {
				return b, true
			}
		}
	}
	return chat.Button{}, false
}

// Call is one call of the platform, failed or not, in the order of arrival.
type Call struct {
	Method    string
	Chat      int64 // of Send and Edit
	MessageID int64 // edited, or of the message sent
	Message   chat.Message
	PressID   string // of Answer
	Text      string // of Answer
	FileID    string // of Download
	Err       error
}

// Failure is a call told to fail.
type Failure struct {
	// Method and Chat pick the call; empty and 0 pick any.
	Method string
	Chat   int64
	Err    *chat.SendError
	// After lets the call have its effect and then fail, as when the answer
	// of the platform is lost.
	After bool
	// Times is how many calls fail so; 0 is one.
	Times int
}

// Recorder is a chat.Platform in memory. Make it with NewRecorder.
type Recorder struct {
	mu       sync.Mutex
	chats    map[int64][]Shown
	lastID   map[int64]int64 // by chat; Reset does not turn it back
	calls    []Call
	failures []Failure
	files    map[string][]byte
	menus    map[string][]chat.Command
	notices  map[string]string
	changed  chan struct{} // closed at the next call; nil: nobody waits
	gate     chan struct{} // closed by release; nil: not held
}

// NewRecorder makes an empty platform.
func NewRecorder() *Recorder {
	return &Recorder{
		chats:   map[int64][]Shown{},
		lastID:  map[int64]int64{},
		files:   map[string][]byte{},
		menus:   map[string][]chat.Command{},
		notices: map[string]string{},
	}
}

// Messages returns what the chat shows, oldest first, with edits applied.
func (r *Recorder) Messages(chatID int64) []Shown {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.chats[chatID])
}

// Last returns the newest message of the chat.
func (r *Recorder) Last(chatID int64) (Shown, bool) {
	got := r.Messages(chatID)
	if len(got) == 0 {
		return Shown{}, false
	}
	return got[len(got)-1], true
}

// Chats returns the chats that show anything, in order of their ids.
func (r *Recorder) Chats() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]int64, 0, len(r.chats))
	for id := range r.chats {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Calls returns every call so far, the failed ones too.
func (r *Recorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Notice returns the text with which a press was answered.
func (r *Recorder) Notice(pressID string) (text string, answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, answered = r.notices[pressID]
	return text, answered
}

// Menu returns the commands set for a language.
func (r *Recorder) Menu(lang string) []chat.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.menus[lang])
}

// AddFile makes a file that Download finds.
func (r *Recorder) AddFile(id string, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[id] = bytes.Clone(body)
}

// Reset forgets messages and calls, as if every person had cleared the chat.
// Ids go on counting; failures, files and menus stay.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.chats)
	clear(r.notices)
	r.calls = nil
}

// Fail queues failures. A call takes the first that fits it; several that fit
// the same call are used one call after the other.
func (r *Recorder) Fail(failures ...Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range failures {
		f.Times = max(f.Times, 1)
		r.failures = append(r.failures, f)
	}
}

// Hold makes every later call wait, before it has any effect, until release
// is called or its own ctx ends (chat.NotSent). Calls that wait are not yet in
// Calls.
func (r *Recorder) Hold() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gate := make(chan struct{})
	r.gate = gate
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.gate == gate {
			r.gate = nil
		}
		close(gate)
	})
}

// Wait blocks until ok says yes; it asks now and after every call of the
// platform. The error is ctx's.
func (r *Recorder) Wait(ctx context.Context, ok func() bool) error {
	for {
		r.mu.Lock()
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// WaitMessages blocks until the chat shows at least n messages and returns
// all of them.
func (r *Recorder) WaitMessages(ctx context.Context, chatID int64, n int) ([]Shown, error) {
	err := r.Wait(ctx, func() bool { return len(r.Messages(chatID)) >= n })
	return r.Messages(chatID), err
}

// WaitCalls blocks until at least n calls were made and returns all of them.
func (r *Recorder) WaitCalls(ctx context.Context, n int) ([]Call, error) {
	err := r.Wait(ctx, func() bool { return len(r.Calls()) >= n })
	return r.Calls(), err
}

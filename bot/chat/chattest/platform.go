package chattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"headgoose/bot/chat"
)

var _ chat.Platform = (*Recorder)(nil)

// Send implements chat.Platform.
func (r *Recorder) Send(ctx context.Context, chatID int64, m chat.Message) (int64, error) {
	var id int64
	err := r.call(ctx, Call{Method: Send, Chat: chatID, Message: m}, func(c *Call) *chat.SendError {
		if err := checkMessage(chatID, m); err != nil {
			return err
		}
		r.lastID[chatID]++
		id = r.lastID[chatID]
		c.MessageID = id
		r.chats[chatID] = append(r.chats[chatID], Shown{ID: id, Chat: chatID, Message: cloneMessage(m)})
		return nil
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// Edit implements chat.Platform. A photo or a document that the message shows
// stays where the edit brings none, and the text becomes its caption.
func (r *Recorder) Edit(ctx context.Context, chatID, messageID int64, m chat.Message) error {
	return r.call(ctx, Call{Method: Edit, Chat: chatID, MessageID: messageID, Message: m}, func(*Call) *chat.SendError {
		shown := r.chats[chatID]
		at := slices.IndexFunc(shown, func(s Shown) bool { return s.ID == messageID })
		if at < 0 {
			return &chat.SendError{Outcome: chat.Stale, Err: errors.New("message to edit not found")}
		}
		after := cloneMessage(m)
		after.Quiet = shown[at].Quiet
		if after.Photo == nil && after.Document == nil {
			after.Photo, after.Document = shown[at].Photo, shown[at].Document
		}
		if err := checkMessage(chatID, after); err != nil {
			return err
		}
		if reflect.DeepEqual(after, shown[at].Message) {
			return nil
		}
		shown[at].Message = after
		shown[at].Edits++
		return nil
	})
}

// Answer implements chat.Platform.
func (r *Recorder) Answer(ctx context.Context, pressID, text string) error {
	return r.call(ctx, Call{Method: Answer, PressID: pressID, Text: text}, func(*Call) *chat.SendError {
		if pressID == "" {
			return &chat.SendError{Outcome: chat.Stale, Err: errors.New("no such press")}
		}
		if n := utf16Len(text); n > 200 {
			return refused("a notice of %d characters, the limit is 200", n)
		}
		r.notices[pressID] = text
		return nil
	})
}

// Download implements chat.Platform for the files of AddFile.
func (r *Recorder) Download(ctx context.Context, fileID string, limit int64) ([]byte, error) {
	var body []byte
	err := r.call(ctx, Call{Method: Download, FileID: fileID}, func(*Call) *chat.SendError {
		kept, ok := r.files[fileID]
		switch {
		case !ok:
			return refused("no file %q", fileID)
		case int64(len(kept)) > limit:
			return &chat.SendError{Outcome: chat.TooBig, Err: fmt.Errorf("%d bytes, the limit is %d", len(kept), limit)}
		}
		body = bytes.Clone(kept)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// SetCommands implements chat.Platform.
func (r *Recorder) SetCommands(ctx context.Context, lang string, commands []chat.Command) error {
	return r.call(ctx, Call{Method: SetCommands, Text: lang}, func(*Call) *chat.SendError {
		if err := checkCommands(commands); err != nil {
			return err
		}
		r.menus[lang] = slices.Clone(commands)
		return nil
	})
}

// Link implements chat.Platform. It panics on a payload that no platform
// would bring back.
func (r *Recorder) Link(payload string) string {
	if !validPayload(payload) {
		panic(fmt.Sprintf("chattest: %q is not a deep-link payload", payload))
	}
	return "https://t.me/headgoose_test_bot?start=" + payload
}

// call runs one call's effect under the lock, with the failures queued for it.
func (r *Recorder) call(ctx context.Context, c Call, effect func(*Call) *chat.SendError) error {
	if err := r.pass(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	failure := r.takeFailure(c)
	var failed *chat.SendError
	if failure == nil || failure.After {
		failed = effect(&c)
	}
	if failed == nil && failure != nil {
		failed = failure.Err
	}
	var err error
	if failed != nil {
		err = failed
	}
	c.Err = err
	c.Message = cloneMessage(c.Message)
	r.calls = append(r.calls, c)
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
	return err
}

// pass waits at the gate of Hold.
func (r *Recorder) pass(ctx context.Context) error {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return &chat.SendError{Outcome: chat.NotSent, Err: context.Cause(ctx)}
	}
	return nil
}

func (r *Recorder) takeFailure(c Call) *Failure {
	for i, f := range r.failures {
		if (f.Method != "" && f.Method != c.Method) || (f.Chat != 0 && f.Chat != c.Chat) {
			continue
		}
		if r.failures[i].Times--; r.failures[i].Times == 0 {
			r.failures = slices.Delete(r.failures, i, i+1)
		}
		return &f
	}
	return nil
}

func cloneMessage(m chat.Message) chat.Message {
	m.Photo = bytes.Clone(m.Photo)
	if m.Document != nil {
		m.Document = &chat.Upload{Name: m.Document.Name, Body: bytes.Clone(m.Document.Body)}
	}
	rows := make([][]chat.Button, 0, len(m.Buttons))
	for _, row := range m.Buttons {
		rows = append(rows, slices.Clone(row))
	}
	m.Buttons = rows
	if len(rows) == 0 {
		m.Buttons = nil
	}
	return m
}

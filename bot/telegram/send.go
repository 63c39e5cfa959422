package telegram

import (
	"context"
	"errors"
	"strings"

	"headgoose/bot/chat"
)

type textMessage struct {
	ChatID    int64   `json:"chat_id"`
	MessageID int64   `json:"message_id,omitempty"` // to edit
	Text      string  `json:"text"`
	Preview   preview `json:"link_preview_options"`
	Quiet     bool    `json:"disable_notification,omitempty"`
	Markup    any     `json:"reply_markup,omitempty"`
}

type caption struct {
	ChatID    int64  `json:"chat_id"`
	MessageID int64  `json:"message_id"`
	Caption   string `json:"caption"`
	Markup    any    `json:"reply_markup,omitempty"`
}

type pressAnswer struct {
	ID   string `json:"callback_query_id"`
	Text string `json:"text,omitempty"`
}

type preview struct {
	Disabled bool `json:"is_disabled"`
}

var noPreview = preview{Disabled: true}

// The keyboards are smaller than the library's types, whose fourteen fields a
// button cost more than the rest of the call.
type (
	inlineKeyboard struct {
		Rows [][]inlineButton `json:"inline_keyboard"`
	}
	inlineButton struct {
		Text string `json:"text"`
		Data string `json:"callback_data,omitempty"`
		URL  string `json:"url,omitempty"`
	}
	contactKeyboard struct {
		Rows    [][1]contactButton `json:"keyboard"`
		Resize  bool               `json:"resize_keyboard"`
		OneTime bool               `json:"one_time_keyboard"`
	}
	contactButton struct {
		Text    string `json:"text"`
		Contact bool   `json:"request_contact,omitzero"`
	}
	removeKeyboard struct {
		Remove bool `json:"remove_keyboard"`
	}
)

// markup is the reply_markup of a message, nil for none. Telegram takes one
// only: inline buttons win over the keyboard below the text.
func markup(m chat.Message) any {
	switch {
	case len(m.Buttons) > 0:
		return inlineButtons(m.Buttons)
	case m.AskContact != "":
		k := contactKeyboard{Rows: [][1]contactButton{{{Text: m.AskContact, Contact: true}}}, Resize: true, OneTime: true}
		if m.Or != "" {
			k.Rows = append(k.Rows, [1]contactButton{{Text: m.Or}})
		}
		return k
	case m.DropKeyboard:
		return removeKeyboard{Remove: true}
	}
	return nil
}

func inlineButtons(rows [][]chat.Button) any {
	if len(rows) == 0 {
		return nil
	}
	k := inlineKeyboard{Rows: make([][]inlineButton, len(rows))}
	for i, row := range rows {
		k.Rows[i] = make([]inlineButton, len(row))
		for j, b := range row {
			k.Rows[i][j] = inlineButton(b)
		}
	}
	return k
}

// Send implements chat.Platform.
func (a *Adapter) Send(ctx context.Context, chatID int64, m chat.Message) (int64, error) {
	if m.Photo != nil || m.Document != nil {
		return a.upload(ctx, chatID, m)
	}
	sent, err := call[struct {
		ID int64 `json:"message_id"`
	}](ctx, a.client, a.client.sendMessage,
		&textMessage{ChatID: chatID, Text: m.Text, Preview: noPreview, Quiet: m.Quiet, Markup: markup(m)}, callTimeout)
	return sent.ID, err
}

// Edit implements chat.Platform. Telegram cannot take a photo or a document
// out of a message: where m brings none, its text becomes the caption (a second
// call). AskContact and DropKeyboard have no effect on an edit.
func (a *Adapter) Edit(ctx context.Context, chatID, messageID int64, m chat.Message) error {
	if m.Photo != nil || m.Document != nil {
		return edited(a.replaceMedia(ctx, chatID, messageID, m))
	}
	buttons := inlineButtons(m.Buttons)
	_, err := call[skipped](ctx, a.client, a.client.editText,
		&textMessage{ChatID: chatID, MessageID: messageID, Text: m.Text, Preview: noPreview, Markup: buttons}, callTimeout)
	if hasNoText(err) {
		_, err = call[skipped](ctx, a.client, a.client.editCaption,
			&caption{ChatID: chatID, MessageID: messageID, Caption: m.Text, Markup: buttons}, callTimeout)
	}
	return edited(err)
}

// Answer implements chat.Platform.
func (a *Adapter) Answer(ctx context.Context, pressID, text string) error {
	_, err := call[skipped](ctx, a.client, a.client.answerPress, &pressAnswer{ID: pressID, Text: text}, callTimeout)
	return err
}

// edited is the error of an edit: one that changes nothing has succeeded.
func edited(err error) error {
	if errors.Is(err, errNotModified) {
		return nil
	}
	return err
}

// hasNoText tells that the message to edit is a photo or a document.
func hasNoText(err error) bool {
	var api *apiError
	return errors.As(err, &api) && strings.Contains(strings.ToLower(api.Description), "there is no text in the message")
}

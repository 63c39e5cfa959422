package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of keyboards, in Telegram's units.
const (
	maxData       = 64 // bytes
	maxButtons    = 100
	maxRowButtons = 8
	maxMarkup     = 10 << 10
)

// markup is a read reply_markup.
type markup struct {
	inline   *wireInline
	keyboard *wireKeyboard
	remove   bool
	force    bool
}

// strictJSON decodes one JSON value and refuses fields that v does not have.
func strictJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// markup reads reply_markup for a message into ch; nil where none is given.
func (c *call) markup(ch *chat) (*markup, *apiError) {
	text := c.str("reply_markup")
	if text == "" {
		return nil, nil
	}
	var shape struct {
		Inline   json.RawMessage `json:"inline_keyboard"`
		Keyboard json.RawMessage `json:"keyboard"`
		Remove   bool            `json:"remove_keyboard"`
		Force    bool            `json:"force_reply"`
	}
	if err := json.Unmarshal([]byte(text), &shape); err != nil {
		return nil, badRequest("object expected as reply markup")
	}
	m := &markup{remove: shape.Remove, force: shape.Force}
	switch {
	case shape.Inline != nil:
		m.inline = new(wireInline)
		if _, err := c.decode("reply_markup", m.inline); err != nil {
			return nil, err
		}
		return m, m.inline.check(len(text))
	case shape.Keyboard != nil:
		m.keyboard = new(wireKeyboard)
		if _, err := c.decode("reply_markup", m.keyboard); err != nil {
			return nil, err
		}
		return m, m.keyboard.check(ch)
	case shape.Remove, shape.Force, text == "{}":
		return m, nil
	}
	return nil, badRequest("object expected as reply markup")
}

// inlineMarkup is the reply_markup of an edit: an inline keyboard or none.
func (c *call) inlineMarkup(ch *chat) (*wireInline, *apiError) {
	m, err := c.markup(ch)
	if err != nil || m == nil {
		return nil, err
	}
	if m.keyboard != nil || m.remove || m.force {
		return nil, badRequest("inline keyboard expected")
	}
	return m.inline.orNil(), nil
}

// orNil is nil for a keyboard without buttons, which is how one is taken away.
func (k *wireInline) orNil() *wireInline {
	if k == nil || !slices.ContainsFunc(k.Rows, func(r []wireButton) bool { return len(r) > 0 }) {
		return nil
	}
	return k
}

func (k *wireInline) check(size int) *apiError {
	count := 0
	for _, row := range k.Rows {
		if len(row) > maxRowButtons {
			return badRequest("reply markup is too long")
		}
		for i := range row {
			if err := row[i].check(); err != nil {
				return err
			}
			count++
		}
	}
	if count > maxButtons || size > maxMarkup {
		return badRequest("reply markup is too long")
	}
	return nil
}

func (b *wireButton) check() *apiError {
	acts := 0
	for _, is := range []bool{b.Data != "", b.URL != "", b.CopyText != nil} {
		if is {
			acts++
		}
	}
	const cant = "can't parse inline keyboard button: "
	switch {
	case strings.TrimSpace(b.Text) == "":
		return badRequest(cant + "button text must be non-empty")
	case acts == 0:
		return badRequest(cant + "Text buttons are unallowed in the inline keyboard")
	case acts > 1:
		return badRequest(cant + "button must have exactly one action")
	case len(b.Data) > maxData:
		return badRequest("BUTTON_DATA_INVALID")
	case b.URL != "" && !buttonURL(b.URL):
		return badRequest("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
	case b.CopyText != nil && !within(b.CopyText.Text, 1, 256):
		return badRequest("BUTTON_COPY_TEXT_INVALID")
	}
	return nil
}

func buttonURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return strings.Contains(u.Hostname(), ".") && !isLoopback(u.Hostname())
	case "tg", "ton":
		return true
	}
	return false
}

func within(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most
}

func (k *wireKeyboard) check(ch *chat) *apiError {
	count := 0
	for _, row := range k.Rows {
		for _, key := range row {
			count++
			switch {
			case strings.TrimSpace(key.Text) == "":
				return badRequest("keyboard button text must be non-empty")
			case key.RequestContact && ch.group:
				return badRequest("phone number can be requested in private chats only")
			}
		}
	}
	switch {
	case count == 0:
		return badRequest("can't parse reply keyboard markup: keyboard must be non-empty")
	case count > 300:
		return badRequest("reply markup is too long")
	case !within(k.Placeholder, 0, 64):
		return badRequest("input field placeholder is too long")
	}
	return nil
}

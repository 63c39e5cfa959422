package chattest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"headgoose/bot/chat"
)

// The limits of the strictest platform.
const (
	maxText    = 4096 // UTF-16 units
	maxCaption = 1024
	maxData    = 64 // bytes
	maxPayload = 64
	maxMenu    = 100
)

var pngHead = []byte("\x89PNG\r\n\x1a\n")

// checkMessage says what is wrong with a message, or nil.
func checkMessage(chatID int64, m chat.Message) *chat.SendError {
	limit := maxText
	switch {
	case m.Photo != nil && m.Document != nil:
		return refused("a photo and a document in one message")
	case m.Photo != nil || m.Document != nil:
		limit = maxCaption
	case strings.TrimSpace(m.Text) == "":
		return refused("message text is empty")
	}
	switch n := utf16Len(m.Text); {
	case chatID == 0:
		return &chat.SendError{Outcome: chat.Unreachable, Err: fmt.Errorf("chat not found")}
	case !utf8.ValidString(m.Text):
		return refused("the text is not UTF-8")
	case n > limit:
		return refused("a text of %d characters, the limit is %d", n, limit)
	case m.Photo != nil && !bytes.HasPrefix(m.Photo, pngHead):
		return refused("the photo is not a PNG")
	case m.Document != nil && (m.Document.Name == "" || len(m.Document.Body) == 0):
		return refused("a document without name or content")
	case m.AskContact != "" && len(m.Buttons) > 0:
		return refused("AskContact together with Buttons")
	case m.AskContact != "" && chatID < 0:
		return refused("a contact can be asked for in private chats only")
	}
	return checkButtons(m.Buttons)
}

func checkButtons(rows [][]chat.Button) *chat.SendError {
	for _, row := range rows {
		for _, b := range row {
			switch {
			case strings.TrimSpace(b.Text) == "":
				return refused("a button without text")
			case (b.Data == "") == (b.URL == ""):
				return refused("button %q has not exactly one of Data and URL", b.Text)
			case len(b.Data) > maxData:
				return refused("button %q carries %d bytes, the limit is %d", b.Text, len(b.Data), maxData)
			}
		}
	}
	return nil
}

func checkCommands(commands []chat.Command) *chat.SendError {
	if len(commands) > maxMenu {
		return refused("%d commands, the limit is %d", len(commands), maxMenu)
	}
	for _, c := range commands {
		lower := strings.IndexFunc(c.Name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
		})
		if c.Name == "" || len(c.Name) > 32 || lower >= 0 || c.Help == "" || utf16Len(c.Help) > 256 {
			return refused("command %q", c.Name)
		}
	}
	return nil
}

func validPayload(s string) bool {
	bad := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
	return s != "" && len(s) <= maxPayload && bad < 0
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

func refused(format string, args ...any) *chat.SendError {
	return &chat.SendError{Outcome: chat.Refused, Err: fmt.Errorf(format, args...)}
}

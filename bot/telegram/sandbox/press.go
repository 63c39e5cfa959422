package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// press is a pressed button that waits for answerCallbackQuery.
type press struct {
	ID       string
	user     int64
	chat     int64
	message  int64
	data     string
	at       time.Time
	Answered bool
	Text     string // of the answer
	Alert    bool
}

// pressTable holds the presses of the last 150 seconds and a little longer.
type pressTable struct {
	mu    sync.Mutex
	byID  map[string]*press
	order []*press
	seq   int64
}

func (t *pressTable) init() { t.byID = map[string]*press{} }

// open notes a press and forgets those that are too old to be answered.
func (t *pressTable) open(p *press) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	p.ID = strconv.FormatInt(4_000_000_000_000+t.seq, 10)
	t.byID[p.ID] = p
	t.order = append(t.order, p)
	old := 0
	for old < len(t.order) && p.at.Sub(t.order[old].at) > 2*pressExpiry {
		delete(t.byID, t.order[old].ID)
		old++
	}
	t.order = t.order[old:]
}

// answer closes a press; ok is false where it is unknown or too old.
func (t *pressTable) answer(id, text string, alert bool, now time.Time) (chat int64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.byID[id]
	if p == nil || now.Sub(p.at) > pressExpiry {
		return 0, false
	}
	p.Answered, p.Text, p.Alert = true, text, alert
	return p.chat, true
}

// Answer is what the bot answered to a press; ok is false while it has not.
func (s *Server) Answer(pressID string) (text string, alert, ok bool) {
	s.presses.mu.Lock()
	defer s.presses.mu.Unlock()
	p := s.presses.byID[pressID]
	if p == nil || !p.Answered {
		return "", false, false
	}
	return p.Text, p.Alert, true
}

func (c *call) answerCallbackQuery() ([]byte, *apiError) {
	text := c.str("text")
	if tooLong(text, maxAnswer) {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	chat, ok := c.s.presses.answer(c.str("callback_query_id"), text, c.bool("show_alert"), c.now)
	if !ok {
		return nil, errOldQuery
	}
	if ch := c.s.chats.get(chat); ch != nil {
		ch.mu.Lock()
		c.s.touch(ch, nil)
		ch.mu.Unlock()
	}
	return resultTrue, nil
}

// Press presses the button in a row and column (from 0) of a message, and
// returns the id of the press.
func (s *Server) Press(userID, chatID, messageID int64, row, col int) (pressID string, err error) {
	return s.press(userID, chatID, messageID, func(rows [][]wireButton) *wireButton {
		if row < 0 || row >= len(rows) || col < 0 || col >= len(rows[row]) {
			return nil
		}
		return &rows[row][col]
	})
}

// PressText presses the first button of a message that reads text.
func (s *Server) PressText(userID, chatID, messageID int64, text string) (pressID string, err error) {
	return s.press(userID, chatID, messageID, findButton(func(b wireButton) bool { return b.Text == text }))
}

// PressData presses the first button of a message that carries data. Data
// that no button carries is a press that a forged client could send, and is
// sent: the bot has to stand it.
func (s *Server) PressData(userID, chatID, messageID int64, data string) (pressID string, err error) {
	return s.press(userID, chatID, messageID, func([][]wireButton) *wireButton { return &wireButton{Data: data} })
}

func findButton(is func(wireButton) bool) func([][]wireButton) *wireButton {
	return func(rows [][]wireButton) *wireButton {
		for _, row := range rows {
			if i := slices.IndexFunc(row, is); i >= 0 {
				return &row[i]
			}
		}
		return nil
	}
}

func (s *Server) press(userID, chatID, messageID int64, find func([][]wireButton) *wireButton) (string, error) {
	ch, from := s.chats.get(chatID), s.chats.get(userID)
	if ch == nil || from == nil || from.group {
		return "", ErrUnknown
	}
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	if err := s.admit(ch, userID, ""); err != nil {
		return "", err
	}
	e := ch.find(messageID)
	if e == nil || !e.own {
		return "", fmt.Errorf("%w: message %d", ErrUnknown, messageID)
	}
	var rows [][]wireButton
	if e.msg.Markup != nil {
		rows = e.msg.Markup.Rows
	}
	b := find(rows)
	if b == nil || b.Data == "" {
		return "", fmt.Errorf("%w: button", ErrUnknown)
	}
	p := &press{user: userID, chat: chatID, message: messageID, data: b.Data, at: s.now()}
	s.presses.open(p)
	s.enqueue("callback_query", chatID, wireQuery{
		ID: p.ID, From: from.person, Message: e.msg, Instance: strconv.FormatInt(chatID, 10), Data: b.Data,
	})
	s.touch(ch, nil)
	return p.ID, nil
}

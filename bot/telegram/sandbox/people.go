package sandbox

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Errors of the people's side.
var (
	// ErrUnknown: no such person, group, message or button.
	ErrUnknown = errors.New("sandbox: not known here")
	// ErrCannot: the app would not let the person do that (they blocked the
	// bot, their account is gone, a payload has a wrong shape).
	ErrCannot = errors.New("sandbox: the app does not allow that")
	errClosed = errors.New("sandbox: closed")
)

// User is a person with the app.
type User struct {
	ID    int64
	Name  string
	Phone string // of the own contact card
	Lang  string // as the app is set, for example zh or en
	// Started says that Start was pressed before: the bot may write first.
	Started bool
}

func (u User) wire() *wireUser {
	return &wireUser{ID: u.ID, FirstName: u.Name, Lang: u.Lang}
}

// AddUser adds a person, or changes name, phone and language of one.
func (s *Server) AddUser(u User) {
	ch := s.chats.put(&chat{id: u.ID})
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	if u.Name == "" {
		u.Name = fmt.Sprintf("User %d", u.ID)
	}
	ch.user, ch.person = u, u.wire()
	ch.wire = &wireChat{ID: u.ID, Type: "private", FirstName: u.Name}
	if u.Started && ch.state == chatNew {
		ch.state = chatOpen
	}
	s.touch(ch, nil)
}

// Say types a text to the bot and returns the message's id. The first text
// presses Start; /start also takes a block back, as the app's Restart does.
func (s *Server) Say(userID int64, text string) (messageID int64, err error) {
	text = strings.TrimSpace(text)
	if text == "" || tooLong(text, maxText) {
		return 0, fmt.Errorf("%w: a text has 1 to 4,096 characters", ErrCannot)
	}
	return s.write(userID, userID, &wireMessage{Text: text, Entities: commandEntities(text)})
}

// OpenLink opens a deep link of the bot and presses Start.
func (s *Server) OpenLink(userID int64, payload string) (messageID int64, err error) {
	if !payloadShape.MatchString(payload) {
		return 0, fmt.Errorf("%w: a payload is 1 to 64 of A-Z a-z 0-9 _ -", ErrCannot)
	}
	return s.Say(userID, "/start "+payload)
}

// Card is a contact card.
type Card struct {
	Phone, Name string
	UserID      int64 // 0: not a user of the app
}

// ShareContact sends the own contact card, as a request_contact key does.
func (s *Server) ShareContact(userID int64) (messageID int64, err error) {
	ch := s.chats.get(userID)
	if ch == nil {
		return 0, ErrUnknown
	}
	ch.mu.Lock()
	u := ch.user
	ch.mu.Unlock()
	return s.ShareCard(userID, Card{Phone: u.Phone, Name: u.Name, UserID: u.ID})
}

// ShareCard sends any contact card, somebody else's for example.
func (s *Server) ShareCard(userID int64, c Card) (messageID int64, err error) {
	return s.write(userID, userID, &wireMessage{Contact: c.wire()})
}

// ForwardCard forwards a message with a contact card that owner once sent.
func (s *Server) ForwardCard(userID, owner int64, c Card) (messageID int64, err error) {
	from := s.chats.get(owner)
	if from == nil || from.group {
		return 0, ErrUnknown
	}
	origin := &wireOrigin{Type: "user", Date: s.now().Unix(), Sender: from.person}
	return s.write(userID, userID, &wireMessage{Contact: c.wire(), ForwardOrigin: origin})
}

func (c Card) wire() *wireContact {
	name := c.Name
	if name == "" {
		name = c.Phone
	}
	return &wireContact{Phone: c.Phone, FirstName: name, UserID: c.UserID}
}

// SendFile sends a document.
func (s *Server) SendFile(userID int64, name string, body []byte) (messageID int64, err error) {
	f, fail := s.files.addDocument(name, body)
	if fail != nil {
		return 0, fmt.Errorf("%w: %s", ErrCannot, fail.Desc)
	}
	return s.write(userID, userID, &wireMessage{Document: f.document()})
}

// SendPhoto sends a picture.
func (s *Server) SendPhoto(userID int64, body []byte) (messageID int64, err error) {
	f, fail := s.files.addPhoto("", body)
	if fail != nil {
		return 0, fmt.Errorf("%w: %s", ErrCannot, fail.Desc)
	}
	return s.write(userID, userID, &wireMessage{Photo: f.photoSizes()})
}

// write puts a person's message into a chat and its update into the queue.
func (s *Server) write(chatID, userID int64, m *wireMessage) (messageID int64, err error) {
	ch, from := s.chats.get(chatID), s.chats.get(userID)
	if ch == nil || from == nil || from.group {
		return 0, ErrUnknown
	}
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	if err := s.admit(ch, userID, m.Text); err != nil {
		return 0, err
	}
	m.From, m.Date = from.person, s.now().Unix()
	s.add(ch, m, false)
	if ch.keyboard != nil && ch.keyboard.OneTime {
		ch.keyboard = nil
	}
	if !ch.group || s.opt.ReadAll || s.meant(m) {
		s.enqueue("message", ch.id, m)
	}
	return m.ID, nil
}

// admit tells whether the app lets the person write here. The lock is held.
func (s *Server) admit(ch *chat, userID int64, text string) error {
	switch {
	case ch.group && !ch.members[userID]:
		return fmt.Errorf("%w: not a member of the group", ErrCannot)
	case ch.state == chatDeactivated:
		return fmt.Errorf("%w: the account is gone", ErrCannot)
	case ch.state == chatBlocked && !strings.HasPrefix(text, "/start"):
		return fmt.Errorf("%w: the bot is blocked", ErrCannot)
	case ch.state == chatBlocked:
		s.setBlocked(ch, false)
	case ch.state == chatNew:
		ch.state = chatOpen
	}
	return nil
}

// meant tells whether privacy mode lets the bot see a group message: commands
// without a name or with its own, mentions, and service messages.
func (s *Server) meant(m *wireMessage) bool {
	if m.Text == "" {
		return true
	}
	text := strings.ToLower(m.Text)
	if strings.Contains(text, "@"+strings.ToLower(s.opt.Username)) {
		return true
	}
	word, _, _ := strings.Cut(text, " ")
	return word[0] == '/' && !strings.Contains(word, "@")
}

var commandWord = regexp.MustCompile(`(^|\s)(/[A-Za-z0-9_]{1,32}(@[A-Za-z0-9_]+)?)\b`)

// commandEntities marks the commands of a text as the app does.
func commandEntities(text string) []Entity {
	var list []Entity
	for _, at := range commandWord.FindAllStringSubmatchIndex(text, -1) {
		start, end := at[4], at[5]
		list = append(list, Entity{Type: "bot_command", Offset: utf16Len(text[:start]), Length: utf16Len(text[start:end])})
	}
	return list
}

// Block stops the bot; Unblock lets it write again. Both tell the bot by a
// my_chat_member update.
func (s *Server) Block(userID int64) error { return s.private(userID, chatBlocked) }

// Unblock takes a block back.
func (s *Server) Unblock(userID int64) error { return s.private(userID, chatOpen) }

// Deactivate ends the person's account. The bot is told nothing, as in life.
func (s *Server) Deactivate(userID int64) error { return s.private(userID, chatDeactivated) }

func (s *Server) private(userID int64, to chatState) error {
	ch := s.chats.get(userID)
	if ch == nil || ch.group {
		return ErrUnknown
	}
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	switch {
	case to == chatDeactivated:
		ch.state = to
		s.touch(ch, nil)
	case to == chatBlocked && ch.state == chatOpen, to == chatOpen && ch.state == chatBlocked:
		s.setBlocked(ch, to == chatBlocked)
	}
	return nil
}

// setBlocked changes the state and tells the bot. The lock is held.
func (s *Server) setBlocked(ch *chat, blocked bool) {
	from, to := "kicked", "member"
	ch.state = chatOpen
	if blocked {
		from, to, ch.state = to, from, chatBlocked
	}
	s.memberUpdate(ch, ch.person, from, to)
	s.touch(ch, nil)
}

func (s *Server) memberUpdate(ch *chat, by *wireUser, from, to string) {
	s.enqueue("my_chat_member", ch.id, wireMemberUpdate{
		Chat: ch.wire, From: by, Date: s.now().Unix(), Old: member(from, &s.me), New: member(to, &s.me),
	})
}

// Users are the ids of all persons, ascending.
func (s *Server) Users() []int64 {
	s.chats.mu.RLock()
	defer s.chats.mu.RUnlock()
	var ids []int64
	for id, ch := range s.chats.byID {
		if !ch.group {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"headgoose/bot/chat"
)

// allowedUpdates are the kinds that decode knows. They are named in every
// getUpdates, since Telegram remembers the last list it was given.
var allowedUpdates = []string{"message", "callback_query", "my_chat_member"}

// The wire types hold only what an Event needs. The library's models.Update
// takes three times the memory to decode, and it fails as a whole on a part
// that the bot never reads, such as the message replied to.
type (
	wireUpdate struct {
		ID      *int64       `json:"update_id"`
		Message *wireMessage `json:"message"`
		Press   *wirePress   `json:"callback_query"`
		Member  *wireMember  `json:"my_chat_member"`
	}
	wireUser struct {
		ID   int64  `json:"id"`
		Bot  bool   `json:"is_bot"`
		Lang string `json:"language_code"`
	}
	wireChat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	}
	wirePress struct {
		ID   string   `json:"id"`
		From wireUser `json:"from"`
		Data string   `json:"data"`
		// Message may be inaccessible; id and chat are there all the same.
		Message *struct {
			ID   int64    `json:"message_id"`
			Chat wireChat `json:"chat"`
		} `json:"message"`
	}
	wireMember struct {
		Chat wireChat   `json:"chat"`
		From wireUser   `json:"from"`
		Old  membership `json:"old_chat_member"`
		New  membership `json:"new_chat_member"`
	}
	membership struct {
		Status   string `json:"status"`
		IsMember bool   `json:"is_member"`
	}
)

type wireMessage struct {
	ID         int64     `json:"message_id"`
	From       *wireUser `json:"from"`
	SenderChat present   `json:"sender_chat"`
	Chat       wireChat  `json:"chat"`

	Text    string `json:"text"`
	Caption string `json:"caption"`

	ForwardOrigin present `json:"forward_origin"`
	ForwardDate   present `json:"forward_date"` // servers before Bot API 7.0
	Contact       *struct {
		Phone  string `json:"phone_number"`
		UserID int64  `json:"user_id"`
	} `json:"contact"`
	Animation present `json:"animation"` // comes with a document of itself
	Document  *struct {
		ID   string `json:"file_id"`
		Name string `json:"file_name"`
		Size int64  `json:"file_size"`
	} `json:"document"`

	MigrateTo int64 `json:"migrate_to_chat_id"`
	service
}

// service are the messages that nobody wrote.
type service struct {
	NewMembers     present `json:"new_chat_members"`
	LeftMember     present `json:"left_chat_member"`
	NewTitle       present `json:"new_chat_title"`
	NewPhoto       present `json:"new_chat_photo"`
	DeletePhoto    present `json:"delete_chat_photo"`
	GroupCreated   present `json:"group_chat_created"`
	SuperCreated   present `json:"supergroup_chat_created"`
	MigrateFrom    present `json:"migrate_from_chat_id"`
	AutoDelete     present `json:"message_auto_delete_timer_changed"`
	Pinned         present `json:"pinned_message"`
	WriteAccess    present `json:"write_access_allowed"`
	Background     present `json:"chat_background_set"`
	Boost          present `json:"boost_added"`
	Website        present `json:"connected_website"`
	Proximity      present `json:"proximity_alert_triggered"`
	TopicCreated   present `json:"forum_topic_created"`
	TopicEdited    present `json:"forum_topic_edited"`
	TopicClosed    present `json:"forum_topic_closed"`
	TopicReopened  present `json:"forum_topic_reopened"`
	GeneralHidden  present `json:"general_forum_topic_hidden"`
	GeneralShown   present `json:"general_forum_topic_unhidden"`
	VideoScheduled present `json:"video_chat_scheduled"`
	VideoStarted   present `json:"video_chat_started"`
	VideoEnded     present `json:"video_chat_ended"`
	VideoInvited   present `json:"video_chat_participants_invited"`
	OwnerLeft      present `json:"chat_owner_left"`
	OwnerChanged   present `json:"chat_owner_changed"`
}

// present is a field of which only counts that it is there.
type present bool

func (p *present) UnmarshalJSON(b []byte) error {
	*p = string(b) != "null" && string(b) != "false"
	return nil
}

// decode turns one update into an event. ok is false for an update that
// concerns nobody: it counts as handled. An error is an update that is not
// what the Bot API describes; its id is then in ev.ID, 0 if it has none.
func (a *Adapter) decode(raw []byte) (ev chat.Event, ok bool, err error) {
	var u wireUpdate
	if err := json.Unmarshal(raw, &u); err != nil {
		return chat.Event{ID: updateID(raw)}, false, errors.New("telegram: an update of unknown form")
	}
	if u.ID == nil {
		return chat.Event{}, false, errors.New("telegram: an update without id")
	}
	ev = chat.Event{ID: *u.ID, At: a.cfg.Clock()}
	switch {
	case u.Message != nil:
		ok = a.message(&ev, u.Message)
	case u.Press != nil:
		ok = press(&ev, u.Press)
	case u.Member != nil:
		ok = member(&ev, u.Member)
	}
	return ev, ok, nil
}

func (a *Adapter) message(ev *chat.Event, m *wireMessage) bool {
	ev.Chat, ev.MessageID = m.Chat.event(), m.ID
	if m.From != nil {
		ev.From = m.From.event()
	}
	if m.MigrateTo != 0 {
		ev.Kind, ev.MovedTo = chat.Moved, m.MigrateTo
		return true
	}
	// SenderChat speaks for a channel or as an unnamed admin: nobody is known.
	if m.From == nil || m.From.ID == 0 || m.From.Bot || m.Chat.Type == "channel" || bool(m.SenderChat) {
		return false
	}
	switch {
	case ev.Chat.Group && a.forAnother(m.Text):
		return false
	case m.Text != "":
		ev.Kind, ev.Text = chat.Text, cut(m.Text)
		ev.Payload = a.payload(ev.Text)
	case m.Contact != nil:
		ev.Kind = chat.Contact
		own := m.Contact.UserID == m.From.ID && !bool(m.ForwardOrigin) && !bool(m.ForwardDate)
		ev.Contact = &chat.ContactCard{Phone: m.Contact.Phone, Own: own}
	case m.Document != nil && !bool(m.Animation):
		ev.Kind, ev.Text = chat.Document, cut(m.Caption)
		ev.File = &chat.File{ID: m.Document.ID, Name: m.Document.Name, Size: m.Document.Size}
	case m.service != service{}:
		return false
	default:
		ev.Kind = chat.Other
	}
	return true
}

// press keeps the button's message also when Telegram says it is inaccessible.
// A button under an inline message has neither message nor chat: its events
// belong to the chat with the person.
func press(ev *chat.Event, p *wirePress) bool {
	if p.Data == "" || p.From.ID == 0 || p.From.Bot {
		return false // a game, or nobody
	}
	ev.Kind, ev.PressID, ev.Data, ev.From = chat.Press, p.ID, p.Data, p.From.event()
	ev.Chat = chat.Chat{ID: p.From.ID}
	if p.Message != nil {
		ev.Chat, ev.MessageID = p.Message.Chat.event(), p.Message.ID
	}
	return true
}

func member(ev *chat.Event, m *wireMember) bool {
	was, is := m.Old.in(), m.New.in()
	if m.Chat.Type == "channel" || (was == is && m.Old.Status != "") {
		return false
	}
	ev.Kind, ev.Chat, ev.From = chat.Blocked, m.Chat.event(), m.From.event()
	if is {
		ev.Kind = chat.Unblocked
	}
	return true
}

func (m membership) in() bool {
	switch m.Status {
	case "member", "administrator", "creator":
		return true
	case "restricted":
		return m.IsMember
	}
	return false
}

func (u wireUser) event() chat.User { return chat.User{ID: u.ID, Lang: u.Lang, Bot: u.Bot} }

func (c wireChat) event() chat.Chat { return chat.Chat{ID: c.ID, Group: c.Type != "private"} }

// cut keeps the first chat.MaxTextIn runes.
func cut(s string) string {
	if len(s) <= chat.MaxTextIn {
		return s
	}
	n := 0
	for i := range s {
		if n == chat.MaxTextIn {
			return s[:i]
		}
		n++
	}
	return s
}

// forAnother says whether a text is a command to another bot of the group,
// "/help@other_bot". While the own name is not known, none is.
func (a *Adapter) forAnother(text string) bool {
	if !strings.HasPrefix(text, "/") {
		return false
	}
	head, _, _ := strings.Cut(text, " ")
	_, name, addressed := strings.Cut(head, "@")
	own := a.Username()
	return addressed && own != "" && !strings.EqualFold(name, own)
}

// payload is the argument of "/start PAYLOAD" or "/start@bot PAYLOAD", empty
// if the text is anything else or meant for another bot.
func (a *Adapter) payload(text string) string {
	rest, ok := strings.CutPrefix(text, "/start")
	if !ok || !utf8.ValidString(text) {
		return ""
	}
	command, argument, ok := strings.Cut(rest, " ")
	if !ok {
		return ""
	}
	if name, addressed := strings.CutPrefix(command, "@"); addressed {
		if own := a.Username(); own != "" && !strings.EqualFold(name, own) {
			return ""
		}
	} else if command != "" {
		return ""
	}
	argument = strings.Trim(argument, " ")
	if !isPayload(argument) {
		return ""
	}
	return argument
}

// isPayload tells whether s can stand in a deep link.
func isPayload(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}

var updateIDKey = []byte(`"update_id"`)

// updateID finds the id of an update that may be broken elsewhere; 0: none.
func updateID(raw []byte) int64 {
	at := bytes.Index(raw, updateIDKey)
	if at < 0 {
		return 0
	}
	rest := bytes.TrimLeft(raw[at+len(updateIDKey):], " \t\r\n:")
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	id, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

package sandbox

import (
	"fmt"
	"strings"
)

// Group is a group chat with the bot in it.
type Group struct {
	ID    int64 // negative
	Title string
	// Super makes it a supergroup from the beginning.
	Super   bool
	Members []int64
}

// AddGroup opens a group; its first member adds the bot, which is told by a
// my_chat_member update.
func (s *Server) AddGroup(g Group) error {
	if g.ID >= 0 || len(g.Members) == 0 {
		return fmt.Errorf("%w: a group has a negative id and at least one member", ErrCannot)
	}
	by := s.chats.get(g.Members[0])
	if by == nil || by.group {
		return ErrUnknown
	}
	ch := s.newGroup(g)
	if s.chats.put(ch) != ch {
		return fmt.Errorf("%w: group %d is there already", ErrCannot, g.ID)
	}
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	s.memberUpdate(ch, by.person, "left", "member")
	s.touch(ch, nil)
	return nil
}

func (s *Server) newGroup(g Group) *chat {
	kind := "group"
	if g.Super {
		kind = "supergroup"
	}
	ch := &chat{
		id: g.ID, group: true, state: chatOpen, members: map[int64]bool{},
		wire: &wireChat{ID: g.ID, Type: kind, Title: g.Title},
	}
	for _, id := range g.Members {
		ch.members[id] = true
	}
	return ch
}

// SayIn types a text into a group. In privacy mode (see Options.ReadAll) the
// bot sees it only if it is meant.
func (s *Server) SayIn(groupID, userID int64, text string) (messageID int64, err error) {
	text = strings.TrimSpace(text)
	if text == "" || tooLong(text, maxText) {
		return 0, fmt.Errorf("%w: a text has 1 to 4,096 characters", ErrCannot)
	}
	return s.write(groupID, userID, &wireMessage{Text: text, Entities: commandEntities(text)})
}

// Kick removes the bot from a group.
func (s *Server) Kick(groupID, byID int64) error {
	ch, by := s.chats.get(groupID), s.chats.get(byID)
	if ch == nil || !ch.group || by == nil {
		return ErrUnknown
	}
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	ch.state = chatKicked
	s.memberUpdate(ch, by.person, "member", "kicked")
	s.touch(ch, nil)
	return nil
}

// Migrate turns a group into the supergroup newID. The bot sees a service
// message in both, and a call that still names the old one is refused with
// migrate_to_chat_id.
func (s *Server) Migrate(groupID, newID int64) error {
	old := s.chats.get(groupID)
	if old == nil || !old.group || newID >= 0 {
		return ErrUnknown
	}
	old.mu.Lock()
	g := Group{ID: newID, Title: old.wire.Title, Super: true}
	for id := range old.members {
		g.Members = append(g.Members, id)
	}
	old.mu.Unlock()
	next := s.newGroup(g)
	if s.chats.put(next) != next {
		return fmt.Errorf("%w: group %d is there already", ErrCannot, newID)
	}
	s.service(old, &wireMessage{MigrateTo: newID}, func() { old.movedTo = newID })
	s.service(next, &wireMessage{MigrateFrom: groupID}, func() {})
	return nil
}

// service adds a service message and then does after under the chat's lock.
func (s *Server) service(ch *chat, m *wireMessage, after func()) {
	ch.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer ch.mu.Unlock()
	m.Date = s.now().Unix()
	s.add(ch, m, false)
	s.enqueue("message", ch.id, m)
	after()
}

package sandbox

import (
	"strings"
	"sync"
	"time"
)

// chatState says whether the bot may write into a chat.
type chatState uint8

const (
	chatNew         chatState = iota // private: Start was never pressed
	chatOpen                         // the bot may write
	chatBlocked                      // private: the person blocked the bot
	chatDeactivated                  // private: the account is gone
	chatKicked                       // group: the bot was removed
)

// chat is a private chat (its id is the person's) or a group. Its lock keeps
// the order of its messages and of its updates in the queue; it is never held
// across network or a caller's code.
type chat struct {
	id    int64
	group bool
	user  User // of a private chat

	mu       sync.Mutex
	wire     *wireChat
	person   *wireUser
	state    chatState
	movedTo  int64
	lastID   int64
	history  []*entry // by message id, at most Options.History
	dropped  int      // messages that history no longer holds
	fromBot  int      // messages that the bot ever sent here
	keyboard *wireKeyboard
	keyAt    int64 // the message that showed keyboard
	members  map[int64]bool
	rate     bucket
	rev      uint64 // of the last change, for the page
}

// entry is a message with what the Bot API's object does not say.
type entry struct {
	msg     *wireMessage
	own     bool // sent by the bot
	deleted bool
	rev     uint64
}

// chatTable finds chats by id.
type chatTable struct {
	mu   sync.RWMutex
	byID map[int64]*chat
}

func (t *chatTable) init() { t.byID = map[int64]*chat{} }

func (t *chatTable) get(id int64) *chat {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byID[id]
}

// put adds c; an existing chat of the same id stays and is returned.
func (t *chatTable) put(c *chat) *chat {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.byID[c.id]; old != nil {
		return old
	}
	t.byID[c.id] = c
	return c
}

// target is the chat that a call names, if the bot may write there. It
// returns locked; the caller unlocks.
func (c *call) target() (*chat, *apiError) {
	ch, err := c.lookup()
	if err != nil {
		return nil, err
	}
	ch.mu.Lock()
	if err := ch.refusal(); err != nil {
		ch.mu.Unlock()
		return nil, err
	}
	return ch, nil
}

// lookup is the chat that a call names. User names are of channels and
// groups, which here have none.
func (c *call) lookup() (*chat, *apiError) {
	if ch := c.s.chats.get(c.int("chat_id")); ch != nil {
		return ch, nil
	}
	return nil, errNoChat
}

// refusal is why the bot may not write here, nil if it may.
func (ch *chat) refusal() *apiError {
	if ch.movedTo != 0 {
		e := badRequest("group chat was upgraded to a supergroup chat")
		e.MigrateTo = ch.movedTo
		return e
	}
	switch ch.state {
	case chatNew:
		return errForbidden("bot can't initiate conversation with a user")
	case chatBlocked:
		return errForbidden("bot was blocked by the user")
	case chatDeactivated:
		return errForbidden("user is deactivated")
	case chatKicked:
		return errForbidden("bot was kicked from the " + ch.wire.Type + " chat")
	}
	return nil
}

// add appends a message and gives it the chat's next id. The lock is held.
func (s *Server) add(ch *chat, m *wireMessage, own bool) *entry {
	if ch.lastID == 0 {
		ch.lastID = s.opt.First
	}
	ch.lastID++
	m.ID, m.Chat = ch.lastID, ch.wire
	e := &entry{msg: m, own: own}
	if own {
		ch.fromBot++
	}
	ch.history = append(ch.history, e)
	if extra := len(ch.history) - s.opt.History; extra > s.opt.History/4 {
		// Cut a quarter at a time, so that a long chat costs no copy a message.
		ch.history = append([]*entry(nil), ch.history[extra:]...)
		ch.dropped += extra
	}
	s.touch(ch, e)
	return e
}

// touch notes that an entry changed. The lock is held.
func (s *Server) touch(ch *chat, e *entry) {
	ch.rev = s.changes.bump()
	if e != nil {
		e.rev = ch.rev
	}
}

// find is a message that is there and not deleted. The lock is held.
func (ch *chat) find(id int64) *entry {
	if len(ch.history) == 0 {
		return nil
	}
	i := id - ch.history[0].msg.ID // ids have no gaps
	if i < 0 || i >= int64(len(ch.history)) || ch.history[i].deleted {
		return nil
	}
	return ch.history[i]
}

// maxDownload, maxUpload and maxPhoto are Telegram's file limits.
const (
	maxDownload = 20 << 20
	maxUpload   = 50 << 20
	maxPhoto    = 10 << 20
	// keptFor is how long an update waits, and how long a message may be
	// deleted for everyone.
	keptFor     = 24 * time.Hour
	deletable   = 48 * time.Hour
	pressExpiry = 150 * time.Second
)

// tokenID is the bot's account id, which is the number before the colon.
func tokenID(token string) int64 {
	head, _, _ := strings.Cut(token, ":")
	var id int64
	for _, r := range head {
		if r < '0' || r > '9' {
			return 1
		}
		id = id*10 + int64(r-'0')
	}
	return max(id, 1)
}

package sandbox

import (
	"encoding/json"
	"regexp"
	"sync"
)

func (c *call) getMe() ([]byte, *apiError) {
	return mustJSON(struct {
		wireUser
		JoinGroups bool `json:"can_join_groups"`
		ReadAll    bool `json:"can_read_all_group_messages"`
		Inline     bool `json:"supports_inline_queries"`
	}{c.s.me, true, c.s.opt.ReadAll, false}), nil
}

func (c *call) getChat() ([]byte, *apiError) {
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	defer ch.mu.Unlock()
	type gifts struct {
		Unlimited bool `json:"unlimited_gifts"`
		Limited   bool `json:"limited_gifts"`
		Unique    bool `json:"unique_gifts"`
		Premium   bool `json:"premium_subscription"`
		Channels  bool `json:"gifts_from_channels"`
	}
	return mustJSON(struct {
		*wireChat
		Color     int   `json:"accent_color_id"`
		Reactions int   `json:"max_reaction_count"`
		Gifts     gifts `json:"accepted_gift_types"`
	}{wireChat: ch.wire, Reactions: 11}), nil
}

func (c *call) getChatMember() ([]byte, *apiError) {
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	defer ch.mu.Unlock()
	id := c.int("user_id")
	if id == c.s.me.ID {
		return mustJSON(member("member", &c.s.me)), nil
	}
	u := c.s.chats.get(id)
	if u == nil || u.group {
		return nil, badRequest("PARTICIPANT_ID_INVALID")
	}
	status := "left"
	if id == ch.id || ch.members[id] {
		status = "member"
	}
	return mustJSON(member(status, u.person)), nil
}

// menuTable holds the command menus by scope and language, and the bot's
// descriptions by language.
type menuTable struct {
	mu       sync.Mutex
	commands map[menuKey][]wireCommand
	texts    map[menuKey]string // key.scope is "description" or "short"
	rev      uint64             // of the last change to commands
}

type menuKey struct{ scope, lang string }

func (t *menuTable) init() {
	t.commands, t.texts = map[menuKey][]wireCommand{}, map[menuKey]string{}
}

var (
	commandShape  = regexp.MustCompile(`^/?[a-z0-9_]{1,32}$`)
	languageShape = regexp.MustCompile(`^([a-z]{2})?$`)
)

// menuKey reads scope and language_code.
func (c *call) menuKey() (menuKey, *apiError) {
	scope := struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id,omitempty"`
		UserID int64  `json:"user_id,omitempty"`
	}{Type: "default"}
	if _, err := c.decode("scope", &scope); err != nil {
		return menuKey{}, err
	}
	switch scope.Type {
	case "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators",
		"chat_member":
	default:
		return menuKey{}, badRequest("can't parse BotCommandScope: Type is unsupported")
	}
	lang := c.str("language_code")
	if !languageShape.MatchString(lang) {
		return menuKey{}, badRequest("invalid language code specified")
	}
	return menuKey{string(mustJSON(scope)), lang}, nil
}

func (c *call) setMyCommands() ([]byte, *apiError) {
	key, err := c.menuKey()
	if err != nil {
		return nil, err
	}
	var list []wireCommand
	if _, err := c.decode("commands", &list); err != nil {
		return nil, err
	}
	if len(list) > 100 {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for i, cmd := range list {
		if !commandShape.MatchString(cmd.Command) {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
		if !within(cmd.Description, 1, 256) {
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
		if cmd.Command[0] == '/' {
			list[i].Command = cmd.Command[1:]
		}
	}
	c.s.menus.set(key, list, c.s.changes.bump())
	return resultTrue, nil
}

func (t *menuTable) set(key menuKey, list []wireCommand, rev uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rev = max(t.rev, rev)
	if len(list) == 0 {
		delete(t.commands, key)
		return
	}
	t.commands[key] = list
}

func (c *call) getMyCommands() ([]byte, *apiError) {
	key, err := c.menuKey()
	if err != nil {
		return nil, err
	}
	c.s.menus.mu.Lock()
	defer c.s.menus.mu.Unlock()
	list := c.s.menus.commands[key]
	if list == nil {
		list = []wireCommand{}
	}
	return mustJSON(list), nil
}

func (c *call) deleteMyCommands() ([]byte, *apiError) {
	key, err := c.menuKey()
	if err != nil {
		return nil, err
	}
	c.s.menus.set(key, nil, c.s.changes.bump())
	return resultTrue, nil
}

func (t *menuTable) changedAt() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rev
}

// menuFor is the menu that a person with a language sees in a private chat:
// the narrowest scope wins, in it the language before none.
func (t *menuTable) menuFor(user int64, lang string) []wireCommand {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, scope := range []any{
		map[string]any{"type": "chat", "chat_id": user},
		map[string]any{"type": "all_private_chats"},
		map[string]any{"type": "default"},
	} {
		for _, l := range []string{lang, ""} {
			if list := t.commands[menuKey{scopeKey(scope), l}]; list != nil {
				return list
			}
		}
	}
	return nil
}

// scopeKey writes a scope as menuKey does: fields in the struct's order.
func scopeKey(scope any) string {
	var s struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id,omitempty"`
	}
	if json.Unmarshal(mustJSON(scope), &s) != nil {
		return ""
	}
	return string(mustJSON(s))
}

func (c *call) setText(kind, name string, most int) ([]byte, *apiError) {
	text := c.str(name)
	if !within(text, 0, most) || !languageShape.MatchString(c.str("language_code")) {
		return nil, badRequest("%s is too long or its language code is invalid", name)
	}
	c.s.menus.mu.Lock()
	defer c.s.menus.mu.Unlock()
	c.s.menus.texts[menuKey{kind, c.str("language_code")}] = text
	return resultTrue, nil
}

func (c *call) text(kind, name string) ([]byte, *apiError) {
	c.s.menus.mu.Lock()
	defer c.s.menus.mu.Unlock()
	return mustJSON(map[string]string{name: c.s.menus.texts[menuKey{kind, c.str("language_code")}]}), nil
}

func (c *call) setMyDescription() ([]byte, *apiError) {
	return c.setText("description", "description", 512)
}

func (c *call) getMyDescription() ([]byte, *apiError) { return c.text("description", "description") }

func (c *call) setMyShortDescription() ([]byte, *apiError) {
	return c.setText("short", "short_description", 120)
}

func (c *call) getMyShortDescription() ([]byte, *apiError) {
	return c.text("short", "short_description")
}

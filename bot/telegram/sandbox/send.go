package sandbox

import "slices"

func (c *call) sendMessage() ([]byte, *apiError) {
	text, entities, err := c.messageText()
	if err != nil {
		return nil, err
	}
	var preview struct {
		Disabled bool   `json:"is_disabled"`
		URL      string `json:"url"`
		Small    bool   `json:"prefer_small_media"`
		Large    bool   `json:"prefer_large_media"`
		Above    bool   `json:"show_above_text"`
	}
	if _, err := c.decode("link_preview_options", &preview); err != nil {
		return nil, err
	}
	return c.send(&wireMessage{Text: text, Entities: entities})
}

func (c *call) sendPhoto() ([]byte, *apiError) {
	caption, entities, err := c.caption()
	if err != nil {
		return nil, err
	}
	f, err := c.upload("photo", c.str("photo"), c.s.files.addPhoto)
	if err != nil {
		return nil, err
	}
	if f.width == 0 {
		return nil, badRequest("can't use file of type Document as Photo")
	}
	return c.send(&wireMessage{Photo: f.photoSizes(), Caption: caption, CaptionEntities: entities})
}

func (c *call) sendDocument() ([]byte, *apiError) {
	caption, entities, err := c.caption()
	if err != nil {
		return nil, err
	}
	f, err := c.upload("document", c.str("document"), c.s.files.addDocument)
	if err != nil {
		return nil, err
	}
	if f.width != 0 {
		return nil, badRequest("can't use file of type Photo as Document")
	}
	return c.send(&wireMessage{Document: f.document(), Caption: caption, CaptionEntities: entities})
}

// send puts a message of the bot into its chat, if people, keyboard and rate
// allow it.
func (c *call) send(m *wireMessage) ([]byte, *apiError) {
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	defer ch.mu.Unlock()
	mk, err := c.markup(ch)
	if err != nil {
		return nil, err
	}
	if err := c.reply(ch, m); err != nil {
		return nil, err
	}
	if err := c.s.throttle(ch, c.now); err != nil {
		return nil, err
	}
	m.From, m.Date, m.Protected = &c.s.me, c.now.Unix(), c.bool("protect_content")
	if mk != nil {
		m.Markup = mk.inline.orNil()
	}
	e := c.s.add(ch, m, true)
	if mk != nil {
		ch.show(mk, e.msg.ID)
	}
	return mustJSON(m), nil
}

// show changes the reply keyboard as the message asks. The lock is held.
func (ch *chat) show(mk *markup, messageID int64) {
	switch {
	case mk.keyboard != nil:
		ch.keyboard, ch.keyAt = mk.keyboard, messageID
	case mk.remove, mk.force:
		ch.keyboard, ch.keyAt = nil, messageID
	}
}

// reply resolves reply_parameters. The lock is held.
func (c *call) reply(ch *chat, m *wireMessage) *apiError {
	var p struct {
		MessageID int64 `json:"message_id"`
		ChatID    any   `json:"chat_id"`
		Without   bool  `json:"allow_sending_without_reply"`
	}
	given, err := c.decode("reply_parameters", &p)
	if !given || err != nil {
		return err
	}
	if p.ChatID != nil {
		return badRequest("a reply to another chat is not offered by the sandbox")
	}
	e := ch.find(p.MessageID)
	if e == nil {
		if p.Without {
			return nil
		}
		return badRequest("message to be replied not found")
	}
	original := *e.msg
	original.ReplyTo = nil // Telegram nests one level only
	m.ReplyTo = &original
	return nil
}

var chatActions = []string{
	"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
	"choose_sticker", "find_location", "record_video_note", "upload_video_note",
}

func (c *call) sendChatAction() ([]byte, *apiError) {
	if !slices.Contains(chatActions, c.str("action")) {
		return nil, badRequest("wrong parameter action in request")
	}
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	ch.mu.Unlock()
	return resultTrue, nil
}

var resultTrue = []byte("true")

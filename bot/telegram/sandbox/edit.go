package sandbox

import (
	"reflect"
	"strings"
	"time"
)

// edit changes one of the bot's own messages: change works on a copy, which
// then takes the message's place. An edit that changes nothing is refused.
func (c *call) edit(change func(ch *chat, m *wireMessage) *apiError) ([]byte, *apiError) {
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	defer ch.mu.Unlock()
	e := ch.find(c.int("message_id"))
	switch {
	case e == nil:
		return nil, errNoMessage
	case !e.own:
		return nil, errNotOwn
	}
	changed := *e.msg
	inline, err := c.inlineMarkup(ch)
	if err != nil {
		return nil, err
	}
	changed.Markup = inline // an edit without a keyboard takes it away
	if err := change(ch, &changed); err != nil {
		return nil, err
	}
	if sameMessage(&changed, e.msg) {
		return nil, errSameMessage
	}
	if err := c.s.throttle(ch, c.now); err != nil {
		return nil, err
	}
	changed.EditDate = c.now.Unix()
	e.msg = &changed
	c.s.touch(ch, e)
	return mustJSON(&changed), nil
}

func sameMessage(a, b *wireMessage) bool {
	x, y := *a, *b
	x.EditDate, y.EditDate = 0, 0
	x.ReplyTo, y.ReplyTo = nil, nil
	return reflect.DeepEqual(x, y)
}

func (c *call) editMessageText() ([]byte, *apiError) {
	text, entities, err := c.messageText()
	if err != nil {
		return nil, err
	}
	return c.edit(func(_ *chat, m *wireMessage) *apiError {
		if m.Text == "" {
			return badRequest("there is no text in the message to edit")
		}
		m.Text, m.Entities = text, entities
		return nil
	})
}

func (c *call) editMessageCaption() ([]byte, *apiError) {
	text, entities, err := c.caption()
	if err != nil {
		return nil, err
	}
	return c.edit(func(_ *chat, m *wireMessage) *apiError {
		if m.Photo == nil && m.Document == nil {
			return badRequest("there is no caption in the message to edit")
		}
		m.Caption, m.CaptionEntities = text, entities
		return nil
	})
}

func (c *call) editMessageReplyMarkup() ([]byte, *apiError) {
	return c.edit(func(*chat, *wireMessage) *apiError { return nil })
}

// inputMedia is InputMediaPhoto and InputMediaDocument.
type inputMedia struct {
	Type     string   `json:"type"`
	Media    string   `json:"media"`
	Caption  string   `json:"caption"`
	Mode     string   `json:"parse_mode"`
	Entities []Entity `json:"caption_entities"`
	Plain    bool     `json:"disable_content_type_detection"`
}

func (c *call) editMessageMedia() ([]byte, *apiError) {
	var media inputMedia
	if _, err := c.decode("media", &media); err != nil {
		return nil, err
	}
	caption, entities, err := captionText(media.Caption, media.Mode, media.Entities)
	if err != nil {
		return nil, err
	}
	f, err := c.uploadMedia(media)
	if err != nil {
		return nil, err
	}
	return c.edit(func(_ *chat, m *wireMessage) *apiError {
		if m.Text != "" {
			return badRequest("there is no media in the message to edit")
		}
		m.Photo, m.Document = nil, nil
		if f.width != 0 {
			m.Photo = f.photoSizes()
		} else {
			m.Document = f.document()
		}
		m.Caption, m.CaptionEntities = caption, entities
		return nil
	})
}

func (c *call) uploadMedia(media inputMedia) (*file, *apiError) {
	store := c.s.files.addPhoto
	switch media.Type {
	case "photo":
	case "document":
		store = c.s.files.addDocument
	default:
		return nil, badRequest("media of type %q is not offered by the sandbox", media.Type)
	}
	name, attached := strings.CutPrefix(media.Media, "attach://")
	if attached && c.args.files[name] == nil {
		return nil, badRequest("can't parse InputMedia: file %q is not attached", name)
	}
	f, err := c.upload(name, media.Media, store)
	if err == nil && (f.width != 0) != (media.Type == "photo") {
		return nil, badRequest("can't use file of another type as %s", media.Type)
	}
	return f, err
}

func (c *call) deleteMessage() ([]byte, *apiError) {
	ch, err := c.target()
	if err != nil {
		return nil, err
	}
	defer ch.mu.Unlock()
	e := ch.find(c.int("message_id"))
	switch {
	case e == nil:
		return nil, badRequest("message to delete not found")
	case c.now.Sub(time.Unix(e.msg.Date, 0)) > deletable, !e.own && ch.group:
		return nil, badRequest("message can't be deleted for everyone")
	}
	e.deleted = true
	c.s.touch(ch, e)
	return resultTrue, nil
}

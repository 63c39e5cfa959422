package sandbox

import (
	"slices"
	"strings"
)

// Bounds of texts, in UTF-16 units after the entities are parsed.
const (
	maxText    = 4096
	maxCaption = 1024
	maxAnswer  = 200
)

// entityTypes are the entities that a sender may set.
var entityTypes = []string{
	"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
	"text_link", "text_mention", "custom_emoji", "date_time", "mention", "hashtag", "cashtag", "bot_command", "url",
	"email", "phone_number",
}

// formatted is a text after parse_mode or the list of entities, trimmed as
// Telegram trims it.
func formatted(text, mode string, entities []Entity) (string, []Entity, *apiError) {
	var err *apiError
	switch {
	case mode == "":
		err = checkEntities(text, entities)
	case strings.EqualFold(mode, "HTML"):
		text, entities, err = parseHTML(text)
	case strings.EqualFold(mode, "Markdown"), strings.EqualFold(mode, "MarkdownV2"):
		err = badRequest("parse_mode %s is not offered by the sandbox", mode)
	default:
		err = badRequest("unsupported parse_mode")
	}
	if err != nil {
		return "", nil, err
	}
	text, entities = trim(text, entities)
	return text, entities, nil
}

func checkEntities(text string, entities []Entity) *apiError {
	length := -1
	for _, e := range entities {
		if length < 0 {
			length = utf16Len(text)
		}
		if !slices.Contains(entityTypes, e.Type) {
			return badEntities("unsupported entity type %q", e.Type)
		}
		if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > length {
			return badRequest("entity beyond the text: offset %d, length %d, text %d", e.Offset, e.Length, length)
		}
	}
	return nil
}

// trim takes white space off both ends and moves the entities along.
func trim(text string, entities []Entity) (string, []Entity) {
	left := strings.TrimLeft(text, " \t\r\n")
	out := strings.TrimRight(left, " \t\r\n")
	if len(out) == len(text) {
		return text, entities
	}
	cut, length := utf16Len(text[:len(text)-len(left)]), utf16Len(out)
	kept := entities[:0:0]
	for _, e := range entities {
		start, end := max(e.Offset-cut, 0), min(e.Offset-cut+e.Length, length)
		if end > start {
			e.Offset, e.Length = start, end-start
			kept = append(kept, e)
		}
	}
	return out, kept
}

// messageText is the text parameter of a message.
func (c *call) messageText() (string, []Entity, *apiError) {
	var entities []Entity
	if _, err := c.decode("entities", &entities); err != nil {
		return "", nil, err
	}
	text, entities, err := formatted(c.str("text"), c.str("parse_mode"), entities)
	switch {
	case err != nil:
		return "", nil, err
	case text == "":
		return "", nil, errEmptyText
	case tooLong(text, maxText):
		return "", nil, errLongText
	}
	return text, entities, nil
}

// caption is the caption parameter of a photo or a document.
func (c *call) caption() (string, []Entity, *apiError) {
	var entities []Entity
	if _, err := c.decode("caption_entities", &entities); err != nil {
		return "", nil, err
	}
	return captionText(c.str("caption"), c.str("parse_mode"), entities)
}

func captionText(text, mode string, entities []Entity) (string, []Entity, *apiError) {
	text, entities, err := formatted(text, mode, entities)
	if err == nil && tooLong(text, maxCaption) {
		err = errLongCaption
	}
	return text, entities, err
}

// tooLong counts only where the number of bytes leaves it open.
func tooLong(s string, most int) bool { return len(s) > most && utf16Len(s) > most }

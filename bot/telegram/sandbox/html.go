package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// utf16Len is a text's length as Telegram counts it.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// htmlTags says which entity a tag makes.
var htmlTags = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
	"a": "text_link", "span": "spoiler", "tg-spoiler": "spoiler", "blockquote": "blockquote",
	"tg-time": "date_time", "tg-emoji": "custom_emoji",
}

// htmlParser turns parse_mode HTML into a plain text with entities. It refuses
// what Telegram refuses, in its words, and also a named entity that is not one
// of the four: Telegram would show it as it was typed.
type htmlParser struct {
	in       string
	pos      int
	out      strings.Builder
	units    int // UTF-16 units in out
	open     []openTag
	entities []Entity
}

type openTag struct {
	name   string
	entity Entity
	start  int // in bytes of out
}

func parseHTML(in string) (string, []Entity, *apiError) {
	p := &htmlParser{in: in}
	for p.pos < len(in) {
		var err *apiError
		switch in[p.pos] {
		case '<':
			err = p.tag()
		case '&':
			err = p.char()
		default:
			end := strings.IndexAny(in[p.pos:], "<&")
			if end < 0 {
				end = len(in) - p.pos
			}
			p.write(in[p.pos : p.pos+end])
			p.pos += end
		}
		if err != nil {
			return "", nil, err
		}
	}
	if n := len(p.open); n > 0 {
		return "", nil, badEntities("Can't find end tag corresponding to start tag %q", p.open[n-1].name)
	}
	slices.SortStableFunc(p.entities, func(a, b Entity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
	return p.out.String(), p.entities, nil
}

func badEntities(format string, a ...any) *apiError {
	return badRequest("can't parse entities: "+format, a...)
}

func (p *htmlParser) write(s string) {
	p.out.WriteString(s)
	p.units += utf16Len(s)
}

// char reads an entity: one of the four names, or a number.
func (p *htmlParser) char() *apiError {
	name, _, ok := strings.Cut(p.in[p.pos+1:], ";")
	if !ok || len(name) > 10 || strings.ContainsAny(name, " <&") {
		p.write("&") // a lone ampersand is text
		p.pos++
		return nil
	}
	text, known := map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`}[name]
	if digits, isNumber := strings.CutPrefix(name, "#"); isNumber {
		base := 10
		if d, hex := strings.CutPrefix(strings.ToLower(digits), "x"); hex {
			digits, base = d, 16
		}
		code, err := strconv.ParseUint(digits, base, 21)
		known = err == nil && code > 0 && utf8.ValidRune(rune(code))
		text = string(rune(code))
	}
	if !known {
		return badEntities("Unsupported entity \"&%s;\" at byte offset %d", name, p.pos)
	}
	p.write(text)
	p.pos += len(name) + 2
	return nil
}

// tag reads a start or an end tag.
func (p *htmlParser) tag() *apiError {
	at := p.pos
	end := tagEnd(p.in[at:])
	if end < 0 {
		return badEntities("Unclosed start tag at byte offset %d", at)
	}
	body := p.in[at+1 : at+end]
	p.pos = at + end + 1
	if name, isEnd := strings.CutPrefix(body, "/"); isEnd {
		return p.endTag(strings.ToLower(strings.TrimSpace(name)), at)
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(body), " ")
	name = strings.ToLower(name)
	kind, known := htmlTags[name]
	attrs, ok := attributes(rest)
	if !known || !ok {
		return badEntities("Unsupported start tag %q at byte offset %d", name, at)
	}
	e := Entity{Type: kind, Offset: p.units}
	if err := e.setAttributes(name, attrs, at); err != nil {
		return err
	}
	p.open = append(p.open, openTag{name: name, entity: e, start: p.out.Len()})
	return nil
}

// tagEnd is the place of the > that ends the tag, outside quotes.
func tagEnd(s string) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch {
		case quote != 0:
			if s[i] == quote {
				quote = 0
			}
		case s[i] == '"' || s[i] == '\'':
			quote = s[i]
		case s[i] == '>':
			return i
		}
	}
	return -1
}

// attributes reads name="value" pairs; a name alone has the value "".
func attributes(s string) (map[string]string, bool) {
	attrs := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		end := strings.IndexAny(s, "= ")
		if end < 0 {
			attrs[strings.ToLower(s)] = ""
			return attrs, true
		}
		name := strings.ToLower(s[:end])
		if s[end] == ' ' {
			attrs[name], s = "", s[end:]
			continue
		}
		s = s[end+1:]
		if s == "" || (s[0] != '"' && s[0] != '\'') {
			value, rest, _ := strings.Cut(s, " ")
			attrs[name], s = value, rest
			continue
		}
		value, rest, ok := strings.Cut(s[1:], s[:1])
		if !ok {
			return nil, false
		}
		attrs[name], s = value, rest
	}
	return attrs, true
}

func (e *Entity) setAttributes(tag string, attrs map[string]string, at int) *apiError {
	switch tag {
	case "a":
		e.URL = unescapeAttr(attrs["href"])
	case "span":
		if attrs["class"] != "tg-spoiler" {
			return badEntities("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", at)
		}
	case "blockquote":
		if _, ok := attrs["expandable"]; ok {
			e.Type = "expandable_blockquote"
		}
	case "code":
		e.Language = strings.TrimPrefix(attrs["class"], "language-")
	case "tg-emoji":
		e.EmojiID = attrs["emoji-id"]
		if _, err := strconv.ParseUint(e.EmojiID, 10, 64); err != nil {
			return badEntities("Invalid custom emoji identifier specified at byte offset %d", at)
		}
	case "tg-time":
		unix, err := strconv.ParseInt(attrs["unix"], 10, 64)
		if err != nil {
			return badEntities("Invalid Unix time specified at byte offset %d", at)
		}
		e.UnixTime, e.TimeForm = unix, attrs["format"]
	}
	return nil
}

func unescapeAttr(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(s)
}

func (p *htmlParser) endTag(name string, at int) *apiError {
	n := len(p.open)
	if n == 0 {
		return badEntities("Unexpected end tag at byte offset %d", at)
	}
	t := p.open[n-1]
	if name != "" && name != t.name {
		return badEntities("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", at, t.name, name)
	}
	p.open = p.open[:n-1]
	e := t.entity
	e.Length = p.units - e.Offset
	if e.Length == 0 {
		return nil
	}
	if e.Type == "text_link" {
		if e.URL == "" {
			e.URL = p.out.String()[t.start:]
		}
		if !buttonURL(e.URL) {
			return nil // Telegram shows a link to nowhere as plain text
		}
	}
	if t.name == "code" && e.Language != "" { // <pre><code class="language-x">
		if k := len(p.open); k > 0 && p.open[k-1].name == "pre" && p.open[k-1].entity.Offset == e.Offset {
			p.open[k-1].entity.Language = e.Language
			return nil
		}
		e.Language = ""
	}
	p.entities = append(p.entities, e)
	return nil
}

package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// route brings the event to its handler.
func (t *Turn) route() error {
	switch t.Ev.Kind {
	case chat.Blocked, chat.Unblocked:
		return t.reach(t.Ev.Kind == chat.Unblocked)
	case chat.Moved:
		return nil // nothing is stored by group
	case chat.Press:
		return t.press()
	case chat.Contact:
		return t.contact()
	case chat.Document:
		return t.document()
	case chat.Text:
		return t.text()
	}
	if !t.Known {
		return t.stranger()
	}
	t.Answer(t.Say("home.unknown_kind"), t.homeRow())
	return nil
}

// reach notes that a person stopped the bot or is back.
func (t *Turn) reach(ok bool) error {
	if !t.Known {
		return nil
	}
	changed, err := t.SetReachable(t.Person.ID, ok)
	if err != nil || !changed || ok {
		return err
	}
	return t.b.tellUnreachable(t.Tx, t.Person.ID)
}

// press runs the command line that a button stands for.
func (t *Turn) press() error {
	line, err := t.openButton(t.Ev.Data)
	if err != nil {
		if !t.Known || t.Ev.Chat.Group {
			return nil
		}
		t.Toast(t.Say("refusal.old_button"))
		return t.home()
	}
	name, rest, _ := strings.Cut(line, " ")
	return t.run(t.b.commands[name], rest)
}

// run runs a command with the words behind it.
func (t *Turn) run(c *command, rest string) error {
	switch {
	case c == nil:
		return record.ErrNotFound
	case t.Ev.Chat.Group && !c.groups:
		return nil
	case !c.may(t):
		return record.ErrNotYours
	}
	t.Args = strings.Fields(rest)
	if !c.keepsForm {
		if err := t.parkForm(); err != nil {
			return err
		}
	}
	return c.run(t)
}

// text finds out what a typed text means: a command, a word, the answer to an
// open question, the name of a place.
func (t *Turn) text() error {
	body := normalise(t.Ev.Text)
	if t.Ev.Payload != "" {
		return t.deepLink(t.Ev.Payload)
	}
	c, rest := t.b.parse(body)
	if c != nil && !c.hidden {
		if wanted, err := t.formWants(body, rest); err != nil || wanted {
			if err == nil {
				_, err = t.answerDialog(body)
			}
			return err
		}
		if !t.Known && !c.open {
			return t.stranger()
		}
		return t.run(c, rest)
	}
	if !t.Known && !t.Ev.Chat.Group {
		claimed, err := t.claimText(body)
		if err != nil || claimed {
			return err
		}
	}
	if taken, err := t.answerDialog(body); err != nil || taken {
		return err
	}
	if !t.Known {
		return t.stranger()
	}
	if t.Ev.Chat.Group {
		return nil
	}
	return t.guess(body)
}

// guess takes a text that is no command: a name, or a slip of the finger.
func (t *Turn) guess(body string) error {
	if t.Actor.Has(officers...) {
		found, err := t.lookup(body)
		if err != nil || found {
			return err
		}
	}
	if c := t.b.nearest(t, body); c != nil {
		name := "/" + c.name
		if t.Voice.Lang == "zh" && len(c.words) > 0 {
			name = c.words[0]
		}
		t.Answer(t.Say("home.did_you_mean", text.A{"What": name}),
			[]Btn{{Text: name, Line: c.name}, t.Btn("home", "start")})
		return nil
	}
	t.Answer(t.Say("home.unknown", text.A{"Text": clip(body, 30)}), append(t.homeRow(), t.Btn("help", "help")))
	return nil
}

// parse reads a typed text as a command and the words behind it: /checkin 12,
// /checkin@name 12, 签到 12, 签到12, or six digits alone.
func (b *Bot) parse(body string) (*command, string) {
	if isCommand(body) {
		head, rest, _ := strings.Cut(body[1:], " ")
		name, _, _ := strings.Cut(head, "@")
		c := b.commands[strings.ToLower(name)]
		if c == nil {
			c = b.words[strings.ToLower(name)] // /签到
		}
		return c, strings.TrimSpace(rest)
	}
	if isCode(body) {
		return b.commands["checkin"], body
	}
	head, rest, _ := strings.Cut(body, " ")
	if c := b.words[strings.ToLower(head)]; c != nil {
		return c, strings.TrimSpace(rest)
	}
	word := strings.TrimRightFunc(body, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) })
	if c := b.words[strings.ToLower(word)]; c != nil {
		return c, strings.TrimSpace(body[len(word):])
	}
	return nil, ""
}

func isCommand(s string) bool { return len(s) > 1 && s[0] == '/' }

// isCode says whether a text is six digits, spaces between them allowed.
func isCode(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r != ' ':
			return false
		}
	}
	return digits == 6
}

// normalise trims a typed text, folds white space and turns full-width signs
// into the narrow ones of commands and codes.
func normalise(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\uff01' && r <= '\uff5e' && !unicode.IsPunct(r), r == '\uff0f', r == '\uff20':
			return r - 0xfee0
		case r == '\u3000':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// nearest finds the command that a text was probably meant to be: one slip of
// the finger away, two for long ones.
func (b *Bot) nearest(t *Turn, body string) *command {
	head, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(body, "/")), " ")
	var best *command
	least := 3
	for _, c := range b.table() {
		if c.hidden || !c.may(t) {
			continue
		}
		for _, w := range append([]string{c.name}, c.words...) {
			allowed := 1
			if utf8.RuneCountInString(w) > 5 {
				allowed = 2
			}
			first, _ := utf8.DecodeRuneInString(w)
			if utf8.RuneCountInString(w) == 2 && !strings.HasPrefix(head, string(first)) {
				continue // one of two characters is half of the word
			}
			if d := distance(head, w); d <= allowed && d < least && d < utf8.RuneCountInString(w) {
				least, best = d, b.commands[c.name]
			}
		}
	}
	return best
}

// distance is how many runes must be put, taken, changed or swapped with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}

// clip cuts a text to n runes for showing it.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

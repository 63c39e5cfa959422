package bot

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Turn is one event inside its transaction: who speaks, what is said, and the
// answers that are being gathered.
type Turn struct {
	*storage.Tx
	b  *Bot
	Ev chat.Event

	Person record.Person
	Known  bool // the chat account is bound to a person
	Actor  record.Actor
	Voice  text.Voice
	// Now is the transaction's time in the county's zone.
	Now time.Time
	// Args are the words behind the command.
	Args []string

	answers  []record.Words
	rows     []record.Outbox // other rows for the outbox, besides the answers
	answered bool
}

// Btn is a button that stands for a command line, or opens a page.
type Btn struct {
	Text, Line, URL string
}

// begin opens the turn of an event; again is true where it had its effect.
func (b *Bot) begin(tx *storage.Tx, ev chat.Event) (t *Turn, again bool, err error) {
	seen, err := tx.Seen(ev.ID)
	if err != nil || seen {
		return nil, seen, err
	}
	t = &Turn{Tx: tx, b: b, Ev: ev, Now: tx.Now.In(b.conf.Zone)}
	t.Person, t.Known, err = tx.PersonByChat(ev.From.ID)
	if err != nil {
		return nil, false, err
	}
	if t.Known {
		if !t.Person.UnreachableSince.IsZero() && ev.Kind != chat.Blocked && !ev.Chat.Group {
			if _, err := tx.SetReachable(t.Person.ID, true); err != nil {
				return nil, false, err
			}
		}
		if t.Actor, err = tx.Actor(t.Person.ID); err != nil {
			return nil, false, err
		}
	}
	t.Voice = b.voiceFor(t.Person, ev.From.Lang)
	return t, false, nil
}

// voiceFor chooses the language: the person's choice, else the app's, else the
// county's.
func (b *Bot) voiceFor(p record.Person, tag string) text.Voice {
	for _, lang := range []string{p.Lang, text.Match(tag), b.conf.Lang} {
		if lang != "" {
			return b.texts.In(lang)
		}
	}
	return b.texts.In("")
}

// Say says a sentence in the language of the person who speaks.
func (t *Turn) Say(key string, args ...text.A) string { return t.Voice.Say(key, args...) }

// When says a time as the person reads it.
func (t *Turn) When(at time.Time) string { return t.Voice.When(at.In(t.b.conf.Zone), t.Now) }

// Btn is a button with the text of a key.
func (t *Turn) Btn(key, line string) Btn { return Btn{Text: t.Say("button." + key), Line: line} }

// Answer answers the event: a pressed button's message is replaced, anything
// else gets a new message.
func (t *Turn) Answer(body string, rows ...[]Btn) {
	w := t.words(body, rows)
	if t.Ev.Kind == chat.Press && !t.answered {
		w.Edit = t.Ev.MessageID
	}
	t.add(w)
}

// Send answers with a new message.
func (t *Turn) Send(body string, rows ...[]Btn) { t.add(t.words(body, rows)) }

// Toast shows a short notice over a pressed button; after anything else it is
// a message.
func (t *Turn) Toast(notice string) {
	if t.Ev.Kind != chat.Press {
		t.Send(notice)
		return
	}
	t.add(record.Words{Toast: notice})
}

// AskContact answers with a message that has a button to send the own contact
// card, and one that says something else.
func (t *Turn) AskContact(body, button, or string) {
	t.add(record.Words{Text: body, AskContact: button, Or: or})
}

// DropKeyboard answers with a message that takes the contact button away.
func (t *Turn) DropKeyboard(body string) { t.add(record.Words{Text: body, DropKeyboard: true}) }

func (t *Turn) add(w record.Words) {
	if t.Ev.Kind == chat.Press && !t.answered {
		w.Press = t.Ev.PressID
	}
	t.answered = true
	t.answers = append(t.answers, w)
}

// Queue adds a row to the outbox with the transaction: something to be said
// to somebody else, or later.
func (t *Turn) Queue(row record.Outbox) { t.rows = append(t.rows, row) }

func (t *Turn) words(body string, rows [][]Btn) record.Words {
	w := record.Words{Text: body}
	for _, row := range rows {
		var line []record.Button
		for _, b := range row {
			line = append(line, record.Button{Text: b.Text, Data: b.Line, URL: b.URL})
		}
		if len(line) > 0 {
			w.Buttons = append(w.Buttons, line)
		}
	}
	return w
}

// finish writes the gathered answers: buttons become a stored intention, words
// become rows of the outbox.
func (t *Turn) finish() error { return t.finishAs(fmt.Sprintf("%016x", uint64(t.Ev.ID))) }

// finishAs is finish with a key of its own for the answers: what a key answers
// is answered once.
func (t *Turn) finishAs(key string) error {
	if t.Ev.Kind == chat.Press && !t.answered {
		t.add(record.Words{})
	}
	for i, w := range t.answers {
		if err := sealButtons(t.Tx, t.Ev.Chat.ID, t.bound(), w.Buttons); err != nil {
			return err
		}
		row := record.Outbox{
			Key:   fmt.Sprintf("%s/%d", key, i),
			Class: record.Reply, Kind: record.KindReply,
			Person: t.Person.ID, Chat: t.Ev.Chat.ID, Words: &w,
		}
		if _, err := t.AddOutbox(row); err != nil {
			return err
		}
	}
	for _, row := range t.rows {
		if _, err := t.AddOutbox(row); err != nil {
			return err
		}
	}
	return nil
}

// bound is the person whom buttons are bound to, where the chat holds several.
func (t *Turn) bound() record.PersonID {
	if t.Ev.Chat.Group {
		return t.Person.ID
	}
	return ""
}

// sealButtons replaces the command lines of buttons by opaque data that names
// a stored intention.
func sealButtons(tx *storage.Tx, chatID int64, person record.PersonID, rows [][]record.Button) error {
	var acts []string
	token := ""
	for _, row := range rows {
		for i := range row {
			if row[i].URL != "" {
				continue
			}
			if token == "" {
				token = newToken()
			}
			acts = append(acts, row[i].Data)
			row[i].Data = token + "." + strconv.FormatInt(int64(len(acts)-1), 36)
		}
	}
	if len(acts) == 0 {
		return nil
	}
	return tx.PutIntent(token, record.Intent{Chat: chatID, Person: person, Acts: acts})
}

// openButton reads the command line that a pressed button stands for; the
// error is ErrNotFound where it means nothing (any more, or here).
func (t *Turn) openButton(data string) (string, error) {
	token, index, ok := strings.Cut(data, ".")
	n, err := strconv.ParseInt(index, 36, 32)
	if !ok || err != nil || len(token) != tokenLen {
		return "", record.ErrNotFound
	}
	i, err := t.Intent(token)
	if err != nil {
		return "", err
	}
	if i.Chat != t.Ev.Chat.ID || (i.Person != "" && i.Person != t.Person.ID) || n < 0 || n >= int64(len(i.Acts)) {
		return "", record.ErrNotFound
	}
	return i.Acts[n], nil
}

const tokenLen = 12

// newToken names an intention: 72 random bits, unguessable in the life of a
// button.
func newToken() string {
	var raw [9]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// reference is a short number by which a person and a log line meet.
func reference() string {
	var raw [3]byte
	_, _ = rand.Read(raw[:])
	return base32.StdEncoding.EncodeToString(raw[:])[:4]
}

// Arg is the i-th word behind the command; "" where there is none.
func (t *Turn) Arg(i int) string {
	if i < len(t.Args) {
		return t.Args[i]
	}
	return ""
}

// Allow is record.Allow for the person who speaks.
func (t *Turn) Allow(action record.Action, object record.Object) error {
	return record.Allow(t.Actor, action, object)
}

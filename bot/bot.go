// Package bot is the conversation: who speaks, may they, what is said.
//
// # One event
//
// [Bot.Handle] takes an event of the chat through one transaction: has it had
// its effect before? who is it? may they? The handler writes the effect, the
// audit line, the next state of an open question, and its replies into the
// outbox; then the transaction commits, and only then is the event taken off
// the platform. A refusal (an error of storage/record) undoes the handler and
// becomes a sentence in one place. Anything else is internal: the event comes
// again, and after three tries it is set aside, with a reference that the
// person is told and the log line carries.
//
// A handler may run twice for one event (see kv.Engine) and so touches nothing
// but its [Turn]. Slow work, a file to read or a chart to draw, is stored as a
// row of the outbox or a job and done after the commit.
//
// # Words and commands
//
// commands.go is the one table of commands; a family of commands is a file.
// A button stands for a command line too, hidden ones included, so there is
// one way in and one place that asks who may. README.md beside this file says
// how to add a command.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// MaxTries is how often an event that fails inside is tried.
const MaxTries = 3

// Config is what a county decides about the conversation.
type Config struct {
	County record.Code
	Zone   *time.Location
	Lang   string // of people who chose none

	OpensBefore time.Duration // check-in opens so long before the start
	Grace       time.Duration // and is late from so long after it
	LinkValid   time.Duration // of enrolment links

	// Prompts and OfficerPrompts are how many prompts a week people, and those
	// who answer for others, get at most; 0: any number. They are shown; delivery
	// keeps to them.
	Prompts, OfficerPrompts int

	// Rota plans the turns at the bases, Rotation the seats of rotation training;
	// the schedule has both.
	Rota     RotaPlanner
	Rotation RotationPlanner

	// Planner is told after a plan has changed; nil: nobody.
	Planner Planner
}

// Planner looks at what is due; the schedule has it.
type Planner interface{ Kick() }

// Defaults fills in what is not set.
func (c Config) Defaults() Config {
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Lang == "" {
		c.Lang = text.Languages[0]
	}
	if c.OpensBefore == 0 {
		c.OpensBefore = 30 * time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 15 * time.Minute
	}
	if c.LinkValid == 0 {
		c.LinkValid = 14 * 24 * time.Hour
	}
	return c
}

// Bot handles events and delivers what is in the outbox.
type Bot struct {
	conf     Config
	store    *storage.Store
	texts    *text.Texts
	platform chat.Platform
	log      *slog.Logger
	commands map[string]*command
	words    map[string]*command
	notices  map[string]render
	flows    map[string]*flow
	// privacyVersion is the one of the package, but in tests of a change.
	privacyVersion string
	jobs           jobQueue
	boards         boards
}

// New joins a bot. The platform is used for links while handling and for
// sending while delivering, never inside a transaction.
func New(conf Config, store *storage.Store, texts *text.Texts, platform chat.Platform, log *slog.Logger) *Bot {
	b := &Bot{conf: conf.Defaults(), store: store, texts: texts, platform: platform, log: log, privacyVersion: privacyVersion}
	b.jobs.init()
	b.boards.init()
	b.buildCommands()
	b.buildNotices()
	b.buildFlows()
	return b
}

// Handle takes one event to its effect, durably, before it returns nil. It may
// be given an event again: the second time changes nothing.
func (b *Bot) Handle(ctx context.Context, ev chat.Event) error {
	if ev.From.Bot {
		return nil
	}
	silent, err := b.silent(ctx, ev)
	if err != nil || silent {
		return err
	}
	err = b.attempt(ctx, ev)
	if err == nil {
		return nil
	}
	if key, ok := text.Refusal(err); ok {
		return b.store.Update(ctx, func(tx *storage.Tx) error { return b.refuse(tx, ev, key) })
	}
	if ctx.Err() != nil || errors.Is(err, kv.ErrUnknown) || errors.Is(err, kv.ErrClosed) || errors.Is(err, kv.ErrFull) {
		return err
	}
	return b.failed(ctx, ev, err)
}

// attempt runs the event in one transaction; a panic is an error.
func (b *Bot) attempt(ctx context.Context, ev chat.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("bot: handler panicked", "update", ev.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("bot: handler panicked")
		}
	}()
	return b.store.Update(ctx, func(tx *storage.Tx) error {
		t, again, err := b.begin(tx, ev)
		if err != nil || again {
			return err
		}
		if err := t.route(); err != nil {
			return err
		}
		return t.finish()
	})
}

// silent says whether an event gets no answer at all and leaves nothing behind:
// what is not for the bot in a group, and whatever a stranger sends after the
// one reply, or after too many links that are none.
func (b *Bot) silent(ctx context.Context, ev chat.Event) (bool, error) {
	if ev.Chat.Group {
		return !forGroup(ev), nil
	}
	silent := false
	err := b.store.View(ctx, func(tx *storage.Tx) error {
		known, err := tx.ChatKnown(ev.From.ID)
		if err != nil || known {
			return err
		}
		_, form, err := tx.Dialog(ev.Chat.ID)
		if err != nil || form {
			return err
		}
		_, claim, err := tx.Claim(ev.Chat.ID)
		if err != nil || claim {
			return err
		}
		silent, err = b.ignored(tx, ev)
		return err
	})
	return silent, err
}

// forGroup says whether an event of a group is for the bot: a command or a
// button. Links and contact cards are a person's own and belong into the chat
// with that person; a chat that is bound by them is read by nobody else.
func forGroup(ev chat.Event) bool {
	return ev.Kind == chat.Press || (ev.Kind == chat.Text && isCommand(ev.Text) && ev.Payload == "")
}

// ignored is silent for a stranger who is in the middle of nothing.
func (b *Bot) ignored(tx *storage.Tx, ev chat.Event) (bool, error) {
	switch ev.Kind {
	case chat.Blocked, chat.Unblocked:
		return true, nil
	case chat.Text:
		if _, _, isCode := storage.SplitCodePayload(ev.Payload); ev.Payload != "" && !isCode {
			left, err := tx.GuessesLeft(guesserOf(ev))
			return left == 0, err
		}
	}
	return tx.StrangerTold(ev.From.ID)
}

// refuse answers an event with the sentence of a refusal.
func (b *Bot) refuse(tx *storage.Tx, ev chat.Event, key string) error {
	t, again, err := b.begin(tx, ev)
	if err != nil || again {
		return err
	}
	switch {
	case !t.Known && key == "refusal.not_yours":
		err = t.stranger()
	case t.Ev.Kind == chat.Press:
		t.Send(t.Say(key), t.homeRow())
	default:
		t.Answer(t.Say(key), t.homeRow())
	}
	if err != nil {
		return err
	}
	return t.finish()
}

// failed counts a try that failed inside; the last one sets the event aside
// and tells the person the reference.
func (b *Bot) failed(ctx context.Context, ev chat.Event, cause error) error {
	ref := reference()
	last := false
	err := b.store.Update(ctx, func(tx *storage.Tx) error {
		n, err := tx.Tried(ev.ID)
		if err != nil {
			return err
		}
		if last = n >= MaxTries; !last {
			return nil
		}
		if err := tx.SetAside(ev.ID, storage.Aside{Reason: "handler failed, reference " + ref}); err != nil {
			return err
		}
		t, again, err := b.begin(tx, ev)
		if err != nil || again {
			return err
		}
		t.Send(t.Say("refusal.internal", text.A{"Ref": ref}), t.homeRow())
		return t.finish()
	})
	b.log.Error("bot: update failed", "update", ev.ID, "kind", ev.Kind, "ref", ref, "set_aside", last && err == nil, "err", cause)
	if err != nil {
		return err
	}
	if last {
		return nil
	}
	return cause
}

// Undecodable keeps the raw bytes of an update that the platform's adapter
// could not read, once.
func (b *Bot) Undecodable(ctx context.Context, update int64, raw []byte) error {
	const limit = 64 << 10
	if len(raw) > limit {
		raw = raw[:limit]
	}
	b.log.Error("bot: update cannot be read, set aside", "update", update, "bytes", len(raw))
	return b.store.Update(ctx, func(tx *storage.Tx) error {
		if seen, err := tx.Seen(update); err != nil || seen {
			return err
		}
		return tx.SetAside(update, storage.Aside{Reason: "undecodable", Raw: raw})
	})
}

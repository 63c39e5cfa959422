package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// SendTimeout bounds one call of the platform.
const SendTimeout = 30 * time.Second

// render makes a notice of a row as the plan stands when it is sent: its words
// with buttons, or the reason why it is of no use any more. It reads only. A
// refusal for its error (see gone) is such a reason too; any other is a fault.
type render func(t *Turn, row record.Outbox) (m notice, dropped string, err error)

// notice is what a render says: words with buttons, a picture, or a file.
type notice struct {
	card
	// draw makes the picture or file of the notice after the transaction;
	// slow work belongs here.
	draw func() (photo []byte, file *chat.Upload, err error)
	// fill completes the message after the transaction, with words that are
	// stored nowhere: a one-time link.
	fill func(ctx context.Context, m *chat.Message) error
}

// buildNotices fills the table of kinds, a family after the other.
func (b *Bot) buildNotices() {
	b.notices = map[string]render{}
	for _, family := range []map[string]render{
		enrolNotices(), graduateNotices(), vouchNotices(), factNotices(), referNotices(), screeningNotices(), rollNotices(), scheduleNotices(), cycleNotices(), seatNotices(), silentNotices(), requestNotices(), noteNotices(), importNotices(), exportNotices(), {"ics": icsNotice}, statusNotices(), personNotices(), consentNotices(), mydataNotices(), fixNotices(),
	} {
		for kind, r := range family {
			b.notices[kind] = r
		}
	}
}

// Deliver makes one try of a row of the outbox: chooses address, language and
// words, calls the platform, and says what it came to. It implements
// schedule.Courier.
func (b *Bot) Deliver(ctx context.Context, row record.Outbox) record.Result {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	if row.Kind == record.KindReply {
		return b.deliverWords(ctx, row.Chat, *row.Words)
	}
	chatID, m, dropped, err := b.compose(ctx, row)
	switch {
	case err != nil:
		return b.notMade(ctx, row, err)
	case dropped != "":
		return record.Result{State: record.Dropped, Reason: dropped}
	case chatID == 0:
		return record.Result{State: record.Failed, Reason: "not enrolled"}
	}
	id, err := b.platform.Send(ctx, chatID, fit(m))
	return resultOf(id, err)
}

// compose renders a notice: in one transaction, with its buttons sealed.
func (b *Bot) compose(ctx context.Context, row record.Outbox) (chatID int64, m chat.Message, dropped string, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("bot: notice panicked", "kind", row.Kind, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: panic: %v", errUnfit, p)
		}
	}()
	make := b.notices[row.Kind]
	if make == nil {
		return 0, m, "", fmt.Errorf("%w: no words for kind %q", errUnfit, row.Kind)
	}
	chatID, n, dropped, err := b.renderTo(ctx, row, make)
	if err == nil && dropped == "" && chatID != 0 {
		m, err = b.finishNotice(ctx, chatID, n)
	}
	if why := gone(err); why != "" {
		return chatID, m, why, nil
	}
	return chatID, m, dropped, err
}

// renderTo renders a notice for the person of a row; chatID is 0 where there is
// no chat to send it to.
func (b *Bot) renderTo(ctx context.Context, row record.Outbox, make render) (chatID int64, n notice, dropped string, err error) {
	err = b.store.View(ctx, func(tx *storage.Tx) error {
		t, err := b.turnTo(tx, row)
		if err != nil {
			return err
		}
		chatID = t.Ev.Chat.ID
		switch {
		case chatID == 0:
			return nil
		case t.Known && t.Person.Chat != chatID:
			dropped = "the person has another account now"
			return nil
		}
		n, dropped, err = make(t, row)
		if err == nil && row.Maybe && n.Text != "" {
			n.Text = t.Say("notice.repeat") + "\n" + n.Text
		}
		return err
	})
	return chatID, n, dropped, err
}

// gone is the reason to drop a notice that a refusal means; "" for any other
// error: a fault must not take a message away for good.
func gone(err error) string {
	switch {
	case errors.Is(err, record.ErrNotYours):
		return "reader's post ended"
	case errors.Is(err, record.ErrNotFound):
		return "what it was about is gone"
	}
	return ""
}

// errUnfit marks a row that no later try can put into words.
var errUnfit = errors.New("bot: row cannot be put into words")

// unfit says that what a row carries cannot be read.
func unfit(err error) error { return fmt.Errorf("%w: %w", errUnfit, err) }

// notMade says what becomes of a row whose message could not be made; nothing
// was sent. What is unfit fails at once. What another try may bring about waits
// for it: without end of its own where the data or the platform is out of reach
// for a while (delivery's patience then decides), and MaxTries times where a
// person waits for the answer, which holds up the chat.
func (b *Bot) notMade(ctx context.Context, row record.Outbox, err error) record.Result {
	var call *chat.SendError
	switch {
	case errors.Is(err, kv.ErrFull), errors.Is(err, kv.ErrUnknown), errors.Is(err, kv.ErrClosed), ctx.Err() != nil:
		return record.Result{State: record.Pending, Reason: "data cannot be reached"}
	case errors.As(err, &call): // a file that the notice is made of
		r := resultOf(0, err)
		if r.State == record.Unknown {
			r.State = record.Pending
		}
		return r
	}
	ref := reference()
	final := errors.Is(err, errUnfit) || (row.Class == record.Reply && row.Tries+1 >= MaxTries)
	b.log.Error("bot: notice cannot be made", "kind", row.Kind, "ref", ref, "final", final, "err", err)
	r := record.Result{State: record.Pending, Reason: "internal, reference " + ref}
	if final {
		r.State = record.Failed
	}
	return r
}

// turnTo opens a turn towards the person of a row.
func (b *Bot) turnTo(tx *storage.Tx, row record.Outbox) (*Turn, error) {
	t := &Turn{Tx: tx, b: b, Now: tx.Now.In(b.conf.Zone), Known: row.Person != ""}
	t.Ev.Chat.ID = row.Chat
	if row.Person != "" {
		p, err := tx.Person(row.Person)
		if err != nil {
			return nil, err
		}
		t.Person = p
		if row.Chat == 0 {
			t.Ev.Chat.ID = p.Chat
		}
		if t.Actor, err = tx.Actor(p.ID); err != nil {
			return nil, err
		}
	}
	t.Voice = b.voiceFor(t.Person, "")
	return t, nil
}

// finishNotice draws what is to be drawn and seals the buttons.
func (b *Bot) finishNotice(ctx context.Context, chatID int64, n notice) (chat.Message, error) {
	m := chat.Message{Text: n.Text}
	if n.draw != nil {
		photo, file, err := n.draw()
		if err != nil {
			return m, err
		}
		m.Photo, m.Document = photo, file
	}
	if n.fill != nil {
		if err := n.fill(ctx, &m); err != nil {
			return m, err
		}
	}
	w := (&Turn{}).words(n.Text, n.rows)
	if len(w.Buttons) > 0 {
		sealed := w.Buttons
		err := b.store.Update(ctx, func(tx *storage.Tx) error {
			sealed = (&Turn{}).words(n.Text, n.rows).Buttons
			return sealButtons(tx, chatID, "", sealed)
		})
		if err != nil {
			return m, err
		}
		m.Buttons = chatButtons(sealed)
	}
	return m, nil
}

// deliverWords sends a ready answer: the button's wait is ended, then the
// words replace a message or are sent anew.
func (b *Bot) deliverWords(ctx context.Context, chatID int64, w record.Words) record.Result {
	if w.Press != "" {
		// A press too old to answer, or an answer lost, leaves a spinner that
		// the app ends by itself; the words below are what counts.
		if err := b.platform.Answer(ctx, w.Press, w.Toast); err != nil {
			b.log.Debug("bot: press not answered", "outcome", chat.OutcomeOf(err))
		}
	}
	if w.Text == "" {
		return record.Result{State: record.Sent}
	}
	m := fit(chat.Message{Text: w.Text, Buttons: chatButtons(w.Buttons), AskContact: w.AskContact, Or: w.Or, DropKeyboard: w.DropKeyboard})
	if w.Edit != 0 {
		err := b.platform.Edit(ctx, chatID, w.Edit, m)
		if out := chat.OutcomeOf(err); out != chat.Stale && out != chat.Refused {
			return resultOf(w.Edit, err)
		}
	}
	id, err := b.platform.Send(ctx, chatID, m)
	return resultOf(id, err)
}

func chatButtons(rows [][]record.Button) [][]chat.Button {
	var out [][]chat.Button
	for _, row := range rows {
		var line []chat.Button
		for _, r := range row {
			line = append(line, chat.Button{Text: r.Text, Data: r.Data, URL: r.URL})
		}
		out = append(out, line)
	}
	return out
}

// resultOf turns the outcome of a call into what one try came to.
func resultOf(id int64, err error) record.Result {
	if err == nil {
		return record.Result{State: record.Sent, MessageID: id}
	}
	var se *chat.SendError
	if !errors.As(err, &se) {
		return record.Result{State: record.Unknown, Reason: "unknown"}
	}
	r := record.Result{Reason: se.Outcome.String()}
	switch se.Outcome {
	case chat.NotSent:
		r.State = record.Pending
	case chat.Throttled:
		r.State, r.Throttle, r.After = record.Pending, true, se.RetryAfter
	case chat.MovedChat:
		r.State, r.MovedTo = record.Pending, se.MovedTo
	case chat.Unreachable:
		r.State, r.Unreachable = record.Failed, true
	case chat.Stale:
		r.State = record.Dropped
	case chat.Refused, chat.TooBig:
		r.State = record.Failed
	default:
		r.State = record.Unknown
	}
	return r
}

// Settled notes in the settling transaction what a try has shown: a person who
// cannot be written to, once, with word to the officer. It implements
// schedule.Settler.
func (b *Bot) Settled(tx *storage.Tx, row record.Outbox, result record.Result) error {
	if row.Person == "" || (row.Class == record.Reply && result.State == record.Sent) {
		return nil // a reply went to somebody who has just written
	}
	if result.State == record.Sent {
		_, err := tx.SetReachable(row.Person, true)
		return err
	}
	if !result.Unreachable {
		return nil
	}
	changed, err := tx.SetReachable(row.Person, false)
	if err != nil || !changed {
		return err
	}
	return b.tellUnreachable(tx, row.Person)
}

// tellUnreachable tells the officers of a person's places, once, that the
// person cannot be written to.
func (b *Bot) tellUnreachable(tx *storage.Tx, id record.PersonID) error {
	t := &Turn{Tx: tx, b: b, Now: tx.Now.In(b.conf.Zone)}
	actor, err := tx.Actor(id)
	if err != nil {
		return err
	}
	for _, post := range actor.Posts {
		ids, _, err := t.officersOf(post)
		if err != nil {
			return err
		}
		for _, officer := range ids {
			if officer == id {
				continue
			}
			_, err := tx.AddOutbox(record.Outbox{
				Key:   fmt.Sprintf("unreachable/%s/%d/%s", id, tx.Now.Unix(), officer),
				Class: record.Notice, Kind: record.KindUnreachable, Person: officer, Args: map[string]string{"person": string(id)},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// enrolNotices are the notices of enrolment and of people out of reach.
func enrolNotices() map[string]render {
	plain := func(key string) render {
		return func(t *Turn, row record.Outbox) (notice, string, error) {
			return notice{card: card{Text: t.Say(key)}}, "", nil
		}
	}
	return map[string]render{
		record.KindAccepted: plain("enrol.accepted"),
		record.KindRefused:  plain("enrol.refused"),
		record.KindMismatch: func(t *Turn, row record.Outbox) (notice, string, error) {
			var chatID int64
			if _, err := fmt.Sscan(row.Args["chat"], &chatID); err != nil {
				return notice{}, "", unfit(err)
			}
			claim, found, err := t.Claim(chatID)
			if err != nil || !found || !claim.Waiting {
				return notice{}, "decided meanwhile", err
			}
			if err := t.allowAllPosts(record.DecideEnrolment, claim.Person); err != nil {
				return notice{}, "", err
			}
			c, err := t.b.mismatchCard(t.Tx, t.Voice, claim)
			return notice{card: c}, "", err
		},
		record.KindUnreachable: func(t *Turn, row record.Outbox) (notice, string, error) {
			id := record.PersonID(row.Args["person"])
			p, err := t.Tx.Person(id)
			if err != nil {
				return notice{}, "", err
			}
			if p.UnreachableSince.IsZero() {
				return notice{}, "reached meanwhile", nil
			}
			if err := t.allowPerson(record.SeePerson, id); err != nil {
				return notice{}, "", err
			}
			actor, err := t.Tx.Actor(id)
			if err != nil {
				return notice{}, "", err
			}
			posts, err := t.postLines(actor)
			if err != nil || len(posts) == 0 {
				return notice{}, "post ended", err
			}
			return notice{card: card{Text: t.Say("notice.unreachable", text.A{"Name": p.Name, "Post": posts[0]})}}, "", nil
		},
	}
}

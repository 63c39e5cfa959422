package bot

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"headgoose/bot/chart"
	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Pacer gives leave to send to a chat within the process's one rate budget, and
// is told when the platform asks to wait.
type Pacer interface {
	Wait(ctx context.Context, chat int64) error
	Throttled(chat int64, wait time.Duration)
}

// boardTick is how often the live messages are looked at, boardRest the least
// time between two edits for a count alone; a new code is shown at once.
const (
	boardTick = time.Second
	boardRest = 3 * time.Second
	// boardCall bounds one call, so that one that hangs does not keep the codes
	// of other sessions waiting; boardRetry is the rest after one that failed.
	boardCall  = 10 * time.Second
	boardRetry = 5 * time.Second
)

// boards keeps the hosts' live messages up. What it knows is only what it last
// showed: losing it costs one edit.
type boards struct {
	wake  chan struct{}
	mu    sync.Mutex
	shown map[record.SessionID]boardFace
}

// boardFace is what a live message shows.
type boardFace struct {
	message int64
	digits  string
	caption string
	at      time.Time
	failed  bool // the last call did; at is when
}

func (bs *boards) init() {
	bs.wake, bs.shown = make(chan struct{}, 1), map[record.SessionID]boardFace{}
}

// kick has the boards looked at now.
func (bs *boards) kick() {
	select {
	case bs.wake <- struct{}{}:
	default:
	}
}

// RunBoards keeps the live messages up until ctx ends.
func (b *Bot) RunBoards(ctx context.Context, pace Pacer) {
	tick := time.NewTicker(boardTick)
	defer tick.Stop()
	for {
		if err := b.RefreshBoards(ctx, pace); err != nil && ctx.Err() == nil {
			b.log.Error("bot: live messages", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.boards.wake:
		}
	}
}

// RefreshBoards brings every live message to what it should show now.
func (b *Bot) RefreshBoards(ctx context.Context, pace Pacer) error {
	b.boards.mu.Lock()
	defer b.boards.mu.Unlock()
	var views []boardView
	err := b.store.View(ctx, func(tx *storage.Tx) error {
		list, err := tx.Boards()
		for _, board := range list {
			v, err := b.viewBoard(tx, board)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := b.showBoard(ctx, pace, v); err != nil {
			return err
		}
	}
	return nil
}

// boardView is a live message as it should be.
type boardView struct {
	storage.Board
	face boardFace
	code storage.Code
	over bool // ended, or not for this chat any more
	m    chat.Message
	// moved is what the message says where it stood before.
	moved string
}

func (b *Bot) viewBoard(tx *storage.Tx, board storage.Board) (boardView, error) {
	v := boardView{Board: board}
	s, err := tx.Session(board.Session)
	if err != nil {
		return v, err
	}
	t, err := b.boardReader(tx, board)
	if err != nil {
		return v, err
	}
	c, err := tx.Tally(s.ID, "")
	if err != nil {
		return v, err
	}
	args := t.sessionArgs(s)
	args["Counts"] = t.tallyText(c)
	v.moved = t.Say("host.board_moved", args)
	ended := t.Allow(record.RunSession, sessionObject(s)) != nil
	v.over = ended || s.State != record.Open
	switch {
	case ended:
		v.m = chat.Message{Text: t.Say("host.board_ended", args)}
	case v.over:
		args["Closed"] = t.Voice.Clock(s.ClosedAt.In(b.conf.Zone))
		v.m = chat.Message{Text: t.Say("host.board_over", args)}
	default:
		v.code = tx.CodeAt(s.ID, tx.Now)
		args["Code"] = v.code.Digits[:3] + " " + v.code.Digits[3:]
		v.m = chat.Message{Text: t.Say("host.board", args), Buttons: boardButtons(t, board, c)}
	}
	v.face = boardFace{message: board.Message, digits: v.code.Digits, caption: v.m.Text, at: tx.Now}
	return v, nil
}

// boardReader is a turn towards whoever the chat of a live message is now: the
// code is for those who may run the session, and their post may have ended or
// the account gone over to somebody else while the message stands.
func (b *Bot) boardReader(tx *storage.Tx, board storage.Board) (*Turn, error) {
	t := &Turn{Tx: tx, b: b, Now: tx.Now.In(b.conf.Zone)}
	var err error
	if t.Person, t.Known, err = tx.PersonByChat(board.Chat); err == nil && t.Known {
		t.Actor, err = tx.Actor(t.Person.ID)
	}
	t.Voice = b.voiceFor(t.Person, "")
	return t, err
}

// boardButtons gives the sealed buttons their texts; the one to confirm people
// is there while somebody waits.
func boardButtons(t *Turn, board storage.Board, c record.SessionCount) [][]chat.Button {
	var rows [][]chat.Button
	for _, row := range board.Buttons {
		var line []chat.Button
		for _, r := range row {
			if r.Text == "confirm_n" && c.Waiting == 0 {
				continue
			}
			line = append(line, chat.Button{Text: t.Say("button."+r.Text, text.A{"N": c.Waiting}), Data: r.Data})
		}
		rows = append(rows, line)
	}
	return rows
}

// showBoard sends or edits one live message where it shows something else.
func (b *Bot) showBoard(ctx context.Context, pace Pacer, v boardView) error {
	last := b.boards.shown[v.Session]
	same := last.message == v.face.message && last.digits == v.face.digits && last.caption == v.face.caption
	since := v.face.at.Sub(last.at)
	resting := last.digits == v.face.digits && !v.over && since > 0 && since < boardRest
	if v.Message != 0 && (same || resting) || last.failed && since > 0 && since < boardRetry {
		return nil
	}
	if v.over && v.Message == 0 {
		return b.dropBoard(ctx, v)
	}
	photo, err := b.codePicture(v)
	if err != nil {
		return err
	}
	v.m.Photo = photo
	if pace != nil {
		if err := pace.Wait(ctx, v.Chat); err != nil {
			return err
		}
	}
	callCtx, cancel := context.WithTimeout(ctx, boardCall)
	defer cancel()
	if v.Message == 0 {
		return b.sendBoard(ctx, callCtx, pace, v)
	}
	err = b.platform.Edit(callCtx, v.Chat, v.Message, v.m)
	switch out := chat.OutcomeOf(err); {
	case err == nil && v.over, out == chat.Stale, out == chat.Unreachable, out == chat.Refused:
		return b.dropBoard(ctx, v)
	case err != nil:
		b.boardFailed(pace, v, err)
		return nil
	}
	b.boards.shown[v.Session] = v.face
	return nil
}

// pastCode is the payload behind a picture whose code is over: whoever scans it
// is told what is open, or that it has ended.
const pastCode = "home"

// codePicture is the QR code of the session's deep link; a closed session keeps
// the picture of a link that leads to no check-in.
func (b *Bot) codePicture(v boardView) ([]byte, error) {
	payload := pastCode
	if !v.over {
		payload = storage.CodePayload(v.Session, v.code)
	}
	return chart.QR(b.platform.Link(payload))
}

// boardFailed lets a live message rest after a call that failed, and tells the
// pacer where the platform asked to wait.
func (b *Bot) boardFailed(pace Pacer, v boardView, err error) {
	var se *chat.SendError
	if pace != nil && errors.As(err, &se) && se.Outcome == chat.Throttled {
		pace.Throttled(v.Chat, se.RetryAfter)
	}
	last := b.boards.shown[v.Session]
	last.at, last.failed = v.face.at, true
	b.boards.shown[v.Session] = last
	b.log.Warn("bot: live message not shown", "session", v.Session, "outcome", chat.OutcomeOf(err).String())
}

func (b *Bot) sendBoard(ctx, callCtx context.Context, pace Pacer, v boardView) error {
	id, err := b.platform.Send(callCtx, v.Chat, v.m)
	if err != nil {
		b.boardFailed(pace, v, err)
		if out := chat.OutcomeOf(err); out == chat.Unreachable || out == chat.Refused {
			return b.dropBoard(ctx, v)
		}
		return nil
	}
	v.face.message = id
	b.boards.shown[v.Session] = v.face
	b.retireBoard(callCtx, v)
	return b.store.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.Board(v.Session)
		if errors.Is(err, record.ErrNotFound) || (err == nil && (now.Message != 0 || now.Chat != v.Chat)) {
			return nil // taken down, or put up elsewhere meanwhile
		}
		if err != nil {
			return err
		}
		now.Message, now.OldChat, now.OldMessage = id, 0, 0
		return tx.PutBoard(now)
	})
}

// retireBoard takes the code off the message where it stood before: nobody is
// to scan one that is no longer changed. Losing the edit is harmless.
func (b *Bot) retireBoard(ctx context.Context, v boardView) {
	if v.OldMessage == 0 {
		return
	}
	photo, err := chart.QR(b.platform.Link(pastCode))
	if err != nil {
		return
	}
	if err := b.platform.Edit(ctx, v.OldChat, v.OldMessage, chat.Message{Text: v.moved, Photo: photo}); err != nil {
		b.log.Debug("bot: old live message not edited", "session", v.Session, "outcome", chat.OutcomeOf(err).String())
	}
}

// dropBoard ends a live message; one that was put up anew meanwhile stays.
func (b *Bot) dropBoard(ctx context.Context, v boardView) error {
	delete(b.boards.shown, v.Session)
	return b.store.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.Board(v.Session)
		if errors.Is(err, record.ErrNotFound) || (err == nil && now.Message != v.Message) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.DropBoard(v.Session)
	})
}

func stampOf(t time.Time) string {
	return strings.ReplaceAll(t.UTC().Format("20060102150405.000000"), ".", "")
}

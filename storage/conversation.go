package storage

import (
	"fmt"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	seen/<update id>    -> when: updates that had their effect
//	trial/<update id>   -> trial: how often an update has failed
//	aside/<update id>   -> Aside: updates that were set aside
//	dialog/<chat>       -> record.Dialog
//	intent/<token>      -> record.Intent
//	board/<session>     -> Board: the host's live message
//	stranger/<chat>     -> when a chat that is nobody's had its one reply

// SeenFor is how long the ids of handled updates are kept. Telegram repeats an
// update for 24 hours at most.
const SeenFor = 48 * time.Hour

// Seen says whether an update has had its effect, and notes it where not.
func (tx *Tx) Seen(update int64) (bool, error) {
	key := fmt.Sprintf("seen/%016x", uint64(update))
	at, found, err := get[time.Time](tx, key)
	if err != nil || (found && tx.Now.Sub(at) < SeenFor) {
		return found, err
	}
	return false, put(tx, key, tx.Now)
}

// Tried counts a failed try of an update and returns how many there were.
func (tx *Tx) Tried(update int64) (int, error) {
	key := fmt.Sprintf("trial/%016x", uint64(update))
	t, _, err := get[trial](tx, key)
	if err != nil {
		return 0, err
	}
	t.N, t.At = t.N+1, tx.Now
	return t.N, put(tx, key, t)
}

// trial is how often an update has failed, and when last.
type trial struct {
	N  int       `json:"n"`
	At time.Time `json:"at"`
}

// Aside is an update that could not be handled, kept for a person to look at.
type Aside struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason" personal:"-"` // with the reference of the log line
	Raw    []byte    `json:"raw,omitzero" personal:"words"`
	Sealed []byte    `json:"sealed,omitzero"`
}

// Seal is the key of the week.
func (a Aside) Seal() record.SealKey { return record.SealKey{Week: a.At} }

// SetAside keeps an update that could not be handled.
func (tx *Tx) SetAside(update int64, a Aside) error {
	a.At = tx.Now
	if err := del(tx, fmt.Sprintf("trial/%016x", uint64(update))); err != nil {
		return err
	}
	return put(tx, fmt.Sprintf("aside/%016x", uint64(update)), a)
}

// Asides lists the updates that were set aside, in the order of their ids.
func (tx *Tx) Asides() ([]Aside, error) {
	var list []Aside
	for e, err := range scan[Aside](tx, under("aside/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// Dialog reads the question that stays open in a chat.
func (tx *Tx) Dialog(chat int64) (record.Dialog, bool, error) {
	return get[record.Dialog](tx, fmt.Sprintf("dialog/%d", chat))
}

// PutDialog stores the question that stays open in a chat.
func (tx *Tx) PutDialog(d record.Dialog) error {
	d.Touched = tx.Now
	return put(tx, fmt.Sprintf("dialog/%d", d.Chat), d)
}

// EndDialog closes the question of a chat.
func (tx *Tx) EndDialog(chat int64) error { return del(tx, fmt.Sprintf("dialog/%d", chat)) }

// IntentFor is how long a button keeps its meaning.
const IntentFor = 30 * 24 * time.Hour

// PutIntent stores what the buttons of a message stand for.
func (tx *Tx) PutIntent(token string, i record.Intent) error {
	i.At = tx.Now
	return put(tx, "intent/"+token, i)
}

// Intent reads what the buttons of a message stand for; ErrNotFound where they
// mean nothing any more.
func (tx *Tx) Intent(token string) (record.Intent, error) {
	i, found, err := get[record.Intent](tx, "intent/"+token)
	if err == nil && (!found || tx.Now.Sub(i.At) > IntentFor) {
		err = fmt.Errorf("%w: button", record.ErrNotFound)
	}
	return i, err
}

// Board is the host's live message of an open session.
type Board struct {
	Session record.SessionID `json:"session"`
	Chat    int64            `json:"chat" open:"account"`
	Message int64            `json:"message"` // 0: not sent yet
	Host    record.PersonID  `json:"host"`
	// OldChat and OldMessage are where it stood before it was put up anew, until
	// that message says so.
	OldChat    int64 `json:"old_chat,omitzero"`
	OldMessage int64 `json:"old_message,omitzero"`
	// Buttons are sealed; their texts are the keys of what they say.
	Buttons [][]record.Button `json:"buttons"`
}

// Boards lists the live messages.
func (tx *Tx) Boards() ([]Board, error) {
	var list []Board
	for e, err := range scan[Board](tx, under("board/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// PutBoard notes the live message of a session; an earlier one stays as it is
// in the chat and is no longer edited.
func (tx *Tx) PutBoard(b Board) error { return put(tx, "board/"+string(b.Session), b) }

// DropBoard ends the live message of a session.
func (tx *Tx) DropBoard(id record.SessionID) error { return del(tx, "board/"+string(id)) }

// StrangerTold says whether a chat that is nobody's has had its one reply of
// late.
func (tx *Tx) StrangerTold(chat int64) (bool, error) {
	at, found, err := get[time.Time](tx, fmt.Sprintf("stranger/%d", chat))
	return found && tx.Now.Sub(at) < StrangerAgain, err
}

// TellStranger notes that a chat that is nobody's gets its one reply now.
func (tx *Tx) TellStranger(chat int64) error {
	return put(tx, fmt.Sprintf("stranger/%d", chat), tx.Now)
}

// StrangerAgain is after how long a stranger is answered once more.
const StrangerAgain = 30 * 24 * time.Hour

// Board is the live message of a session; ErrNotFound where there is none.
func (tx *Tx) Board(id record.SessionID) (Board, error) {
	b, found, err := get[Board](tx, "board/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: board", record.ErrNotFound)
	}
	return b, err
}

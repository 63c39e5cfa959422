package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What the page is told, as server-sent events: each carries what changed
// since the one before, so a page that is slow or was away gets the state as
// it is and misses nothing.

type pageEvent struct {
	Now      int64       `json:"now"`    // the sandbox's clock, ms
	Offset   int         `json:"offset"` // of its zone, seconds east
	Chats    []pageChat  `json:"chats,omitempty"`
	Calls    []pageCall  `json:"calls,omitempty"`
	Faults   []pageFault `json:"faults"`
	Personas uint64      `json:"personas"` // changes when the picker's list does
	Pending  int         `json:"pending"`
	TooMany  int64       `json:"tooMany"`
}

type pageChat struct {
	ID       int64         `json:"id"`
	Reset    bool          `json:"reset,omitempty"` // forget what was shown before
	State    string        `json:"state"`
	Keyboard [][]pageKey   `json:"keyboard"`
	Menu     []wireCommand `json:"menu"`
	Messages []pageMessage `json:"messages,omitempty"`
	Removed  []int64       `json:"removed,omitempty"`
	Answers  []pageAnswer  `json:"answers,omitempty"`
}

type pageKey struct {
	Text    string `json:"text"`
	Contact bool   `json:"contact,omitempty"`
}

type pageAnswer struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Alert bool   `json:"alert"`
}

type pageMessage struct {
	ID       int64          `json:"id"`
	Bot      bool           `json:"bot,omitempty"`
	At       int64          `json:"at"` // seconds
	Edited   bool           `json:"edited,omitempty"`
	Text     string         `json:"text,omitempty"`
	Entities []Entity       `json:"entities,omitempty"`
	Photo    *pagePhoto     `json:"photo,omitempty"`
	Document *wireDocument  `json:"document,omitempty"`
	Contact  *wireContact   `json:"contact,omitempty"`
	Forward  bool           `json:"forward,omitempty"`
	Reply    string         `json:"reply,omitempty"`
	Buttons  [][]pageButton `json:"buttons,omitempty"`
}

type pagePhoto struct {
	ID      string `json:"id"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Code    string `json:"code,omitempty"`    // what its QR code says
	Payload string `json:"payload,omitempty"` // if that is a deep link of the bot
}

type pageButton struct {
	Text    string `json:"text"`
	URL     string `json:"url,omitempty"`
	Copy    string `json:"copy,omitempty"`
	Payload string `json:"payload,omitempty"`
}

type pageCall struct {
	Seq    int64     `json:"seq"`
	Method string    `json:"method"`
	Chat   int64     `json:"chat,omitempty"`
	Code   int       `json:"code"`
	Error  string    `json:"error,omitempty"`
	Fault  FaultKind `json:"fault,omitempty"`
	Params string    `json:"params"`
	Result string    `json:"result,omitempty"`
	At     int64     `json:"at"`   // ms
	Took   int64     `json:"took"` // µs
}

type pageFault struct {
	ID     FaultID   `json:"id"`
	Method string    `json:"method"`
	Kind   FaultKind `json:"kind"`
	Times  int       `json:"times"`
	Every  int       `json:"every"`
	Chance float64   `json:"chance"`
	Fired  int       `json:"fired"`
}

const (
	firstMessages = 200 // of a chat, when a page opens
	firstCalls    = 200
	pageBeat      = 10 * time.Second      // shows that the connection lives
	pageGap       = 40 * time.Millisecond // between two events; what happens meanwhile goes together
)

// eventStream is one open page.
type eventStream struct {
	s     *Server
	users []int64
	rev   uint64 // told up to here
	call  int64
	first bool
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	st := &eventStream{s: s, first: true}
	for id := range strings.SplitSeq(r.URL.Query().Get("show"), ",") {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			st.users = append(st.users, n)
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	s.changes.waiters.Add(1)
	defer s.changes.waiters.Add(-1)
	beat := time.NewTicker(pageBeat)
	defer beat.Stop()
	for {
		signal := s.changes.signal()
		data := append(append([]byte("data: "), mustJSON(st.next())...), "\n\n"...)
		if _, err := w.Write(data); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		if !st.wait(r, signal, beat.C) {
			return
		}
	}
}

// wait returns at the next change, and not before the gap is over; false says
// that the page or the server is gone.
func (st *eventStream) wait(r *http.Request, signal <-chan struct{}, beat <-chan time.Time) bool {
	gap := time.NewTimer(pageGap)
	defer gap.Stop()
	for _, c := range []<-chan time.Time{gap.C, beat} {
		var changed <-chan struct{}
		if c == beat {
			changed = signal
		}
		select {
		case <-c:
		case <-changed:
		case <-r.Context().Done():
			return false
		case <-st.s.closing:
			return false
		}
	}
	return true
}

// next collects what changed. The revision is read before the chats: what
// changes in between is told twice rather than never.
func (st *eventStream) next() pageEvent {
	s := st.s
	rev := s.changes.rev.Load()
	now := s.now()
	_, offset := now.Zone()
	ev := pageEvent{
		Now: now.UnixMilli(), Offset: offset, Faults: []pageFault{}, Pending: s.queue.pending(),
		TooMany: s.calls.tooMany.Load(),
	}
	s.pages.mu.Lock()
	ev.Personas = s.pages.rev
	s.pages.mu.Unlock()
	for _, id := range st.users {
		if c, changed := st.chat(id); changed {
			ev.Chats = append(ev.Chats, c)
		}
	}
	for _, c := range s.calls.last(st.call, firstCalls) {
		st.call = c.Seq
		ev.Calls = append(ev.Calls, pageCall{
			Seq: c.Seq, Method: c.Method, Chat: c.ChatID, Code: c.Code, Error: c.Error,
			Fault: c.Fault, Params: c.Params(), Result: c.Result, At: c.At.UnixMilli(), Took: c.Took.Microseconds(),
		})
	}
	for _, f := range s.faults.active() {
		ev.Faults = append(ev.Faults, pageFault{
			ID: f.ID, Method: f.Method, Kind: f.Kind, Times: f.Times, Every: f.Every,
			Chance: f.Probability, Fired: f.Fired,
		})
	}
	st.rev, st.first = rev, false
	return ev
}

var stateNames = map[chatState]string{
	chatNew: "new", chatOpen: "open", chatBlocked: "blocked", chatDeactivated: "deactivated", chatKicked: "kicked",
}

// chat is what changed in a person's chat.
func (st *eventStream) chat(id int64) (v pageChat, changed bool) {
	s := st.s
	ch := s.chats.get(id)
	if ch == nil {
		return v, false
	}
	menus := s.menus.changedAt()
	ch.mu.Lock()
	if max(ch.rev, menus) <= st.rev && !st.first {
		ch.mu.Unlock()
		return v, false
	}
	v = pageChat{ID: id, Reset: st.first, State: stateNames[ch.state], Keyboard: ch.keyboard.page()}
	var list []entry
	from := 0
	if st.first {
		from = max(0, len(ch.history)-firstMessages)
	}
	for _, e := range ch.history[from:] {
		switch {
		case e.rev <= st.rev && !st.first:
		case e.deleted:
			v.Removed = append(v.Removed, e.msg.ID)
		default:
			list = append(list, *e)
		}
	}
	lang := ch.user.Lang
	ch.mu.Unlock()
	for _, e := range list {
		v.Messages = append(v.Messages, s.pageMessage(e))
	}
	v.Menu = s.menus.menuFor(id, lang)
	v.Answers = s.presses.answers(id)
	return v, true
}

func (k *wireKeyboard) page() [][]pageKey {
	if k == nil {
		return nil
	}
	rows := make([][]pageKey, len(k.Rows))
	for i, row := range k.Rows {
		for _, key := range row {
			rows[i] = append(rows[i], pageKey{key.Text, key.RequestContact})
		}
	}
	return rows
}

// answers are the answered presses of a chat that are still in the table; the
// page knows which it waits for.
func (t *pressTable) answers(chat int64) []pageAnswer {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []pageAnswer
	for _, p := range t.order {
		if p.chat == chat && p.Answered {
			list = append(list, pageAnswer{p.ID, p.Text, p.Alert})
		}
	}
	return list
}

func (s *Server) pageMessage(e entry) pageMessage {
	m := e.msg
	v := pageMessage{
		ID: m.ID, Bot: e.own, At: m.Date, Edited: m.EditDate != 0, Text: m.Text + m.Caption,
		Document: m.Document, Contact: m.Contact, Forward: m.ForwardOrigin != nil,
		Entities: append(m.Entities[:len(m.Entities):len(m.Entities)], m.CaptionEntities...),
	}
	if m.ReplyTo != nil {
		v.Reply = m.ReplyTo.Text + m.ReplyTo.Caption
	}
	if len(m.Photo) > 0 {
		p := m.Photo[len(m.Photo)-1]
		v.Photo = &pagePhoto{ID: p.FileID, Width: p.Width, Height: p.Height, Code: s.QR(p.FileID)}
		v.Photo.Payload, _ = s.linkPayload(v.Photo.Code)
	}
	if m.Markup != nil {
		v.Buttons = make([][]pageButton, len(m.Markup.Rows))
		for i, row := range m.Markup.Rows {
			for _, b := range row {
				v.Buttons[i] = append(v.Buttons[i], s.pageButton(b))
			}
		}
	}
	return v
}

func (s *Server) pageButton(b wireButton) pageButton {
	v := pageButton{Text: b.Text, URL: b.URL}
	v.Payload, _ = s.linkPayload(b.URL)
	if b.CopyText != nil {
		v.Copy = b.CopyText.Text
	}
	return v
}

// linkPayload is Payload, or "" where the link is not the bot's.
func (s *Server) linkPayload(link string) (string, bool) {
	if p, ok := s.Payload(link); ok {
		return p, true
	}
	return "", false
}

// last are at most n calls after seq, the newest of them.
func (l *callLog) last(seq int64, n int) []Call {
	list := l.since(seq)
	return list[max(0, len(list)-n):]
}

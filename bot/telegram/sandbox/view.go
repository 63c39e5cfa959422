package sandbox

import "time"

// Message is a message as a person sees it, edits applied.
type Message struct {
	ID     int64
	ChatID int64
	FromID int64 // the bot's own id for its messages; 0 for a service message
	Bot    bool  // sent by the bot
	Date   time.Time
	Edited time.Time // zero: never
	Text   string    // or the caption
	// Entities mark runs of Text.
	Entities []Entity
	Photo    *File
	Document *File
	Contact  *Card
	Buttons  [][]Button // inline
	ReplyTo  int64
}

// Button is an inline button.
type Button struct {
	Text, Data, URL, Copy string
}

// Key is a key of the reply keyboard.
type Key struct {
	Text           string
	RequestContact bool
}

// File is a photo or a document of a message.
type File struct {
	ID, Name, MIME string
	Size           int
	Width, Height  int // of a photo
}

// Find is the place of the first button that reads text.
func (m Message) Find(text string) (row, col int, ok bool) {
	for r := range m.Buttons {
		for c := range m.Buttons[r] {
			if m.Buttons[r][c].Text == text {
				return r, c, true
			}
		}
	}
	return 0, 0, false
}

// Messages is the history of a chat, oldest first, without what was deleted;
// at most Options.History messages.
func (s *Server) Messages(chatID int64) []Message {
	ch := s.chats.get(chatID)
	if ch == nil {
		return nil
	}
	ch.mu.Lock()
	list := make([]entry, 0, len(ch.history))
	for _, e := range ch.history {
		if !e.deleted {
			list = append(list, *e)
		}
	}
	ch.mu.Unlock()
	out := make([]Message, len(list))
	for i, e := range list {
		out[i] = s.view(e.msg, e.own)
	}
	return out
}

// Last is the last message of a chat, zero where there is none.
func (s *Server) Last(chatID int64) Message {
	list := s.Messages(chatID)
	if len(list) == 0 {
		return Message{}
	}
	return list[len(list)-1]
}

func (s *Server) view(w *wireMessage, own bool) Message {
	m := Message{
		ID: w.ID, ChatID: w.Chat.ID, Bot: own, Date: time.Unix(w.Date, 0).In(s.now().Location()),
		Text: w.Text + w.Caption, Entities: append(w.Entities[:len(w.Entities):len(w.Entities)], w.CaptionEntities...),
	}
	if w.From != nil {
		m.FromID = w.From.ID
	}
	if w.EditDate != 0 {
		m.Edited = time.Unix(w.EditDate, 0).In(m.Date.Location())
	}
	if len(w.Photo) > 0 {
		p := w.Photo[len(w.Photo)-1]
		m.Photo = &File{ID: p.FileID, Size: p.Size, Width: p.Width, Height: p.Height}
	}
	if d := w.Document; d != nil {
		m.Document = &File{ID: d.FileID, Name: d.Name, MIME: d.MIME, Size: d.Size}
	}
	if c := w.Contact; c != nil {
		m.Contact = &Card{Phone: c.Phone, Name: c.FirstName, UserID: c.UserID}
	}
	if w.ReplyTo != nil {
		m.ReplyTo = w.ReplyTo.ID
	}
	m.Buttons = w.Markup.view()
	return m
}

func (k *wireInline) view() [][]Button {
	if k == nil {
		return nil
	}
	rows := make([][]Button, len(k.Rows))
	for i, row := range k.Rows {
		for _, b := range row {
			v := Button{Text: b.Text, Data: b.Data, URL: b.URL}
			if b.CopyText != nil {
				v.Copy = b.CopyText.Text
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}

// Keyboard is the reply keyboard that the chat now shows, nil for none.
func (s *Server) Keyboard(chatID int64) [][]Key {
	ch := s.chats.get(chatID)
	if ch == nil {
		return nil
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.keyboard == nil {
		return nil
	}
	rows := make([][]Key, len(ch.keyboard.Rows))
	for i, row := range ch.keyboard.Rows {
		for _, k := range row {
			rows[i] = append(rows[i], Key{Text: k.Text, RequestContact: k.RequestContact})
		}
	}
	return rows
}

// FileBody is the content of a file, nil where it is not known or no longer
// kept. It must not be changed.
func (s *Server) FileBody(fileID string) []byte {
	if f := s.files.get(fileID); f != nil {
		return f.body
	}
	return nil
}

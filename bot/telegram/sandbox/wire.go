package sandbox

import "encoding/json"

// The Bot API's objects, as far as the sandbox speaks them. A wire value that
// is in a chat's history or in the queue never changes: an edit makes a new
// one, so that they are encoded outside every lock.

type wireUser struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	Username  string `json:"username,omitempty"`
	Lang      string `json:"language_code,omitempty"`
}

type wireChat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
}

type wireMessage struct {
	ID              int64           `json:"message_id"`
	From            *wireUser       `json:"from,omitempty"`
	Chat            *wireChat       `json:"chat"`
	Date            int64           `json:"date"`
	EditDate        int64           `json:"edit_date,omitempty"`
	ForwardOrigin   *wireOrigin     `json:"forward_origin,omitempty"`
	ReplyTo         *wireMessage    `json:"reply_to_message,omitempty"`
	Protected       bool            `json:"has_protected_content,omitempty"`
	Text            string          `json:"text,omitempty"`
	Entities        []Entity        `json:"entities,omitempty"`
	Photo           []wirePhotoSize `json:"photo,omitempty"`
	Document        *wireDocument   `json:"document,omitempty"`
	Caption         string          `json:"caption,omitempty"`
	CaptionEntities []Entity        `json:"caption_entities,omitempty"`
	Contact         *wireContact    `json:"contact,omitempty"`
	MigrateTo       int64           `json:"migrate_to_chat_id,omitempty"`
	MigrateFrom     int64           `json:"migrate_from_chat_id,omitempty"`
	Markup          *wireInline     `json:"reply_markup,omitempty"`
}

type wireOrigin struct {
	Type   string    `json:"type"`
	Date   int64     `json:"date"`
	Sender *wireUser `json:"sender_user"`
}

// Entity is a marked run of a text; Offset and Length are UTF-16 units.
type Entity struct {
	Type     string    `json:"type"`
	Offset   int       `json:"offset"`
	Length   int       `json:"length"`
	URL      string    `json:"url,omitempty"`
	User     *wireUser `json:"user,omitempty"`
	Language string    `json:"language,omitempty"`
	EmojiID  string    `json:"custom_emoji_id,omitempty"`
	UnixTime int64     `json:"unix_time,omitempty"`
	TimeForm string    `json:"date_time_format,omitempty"`
}

type wirePhotoSize struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Size     int    `json:"file_size,omitempty"`
}

type wireDocument struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Name     string `json:"file_name,omitempty"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int    `json:"file_size,omitempty"`
}

type wireFile struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Size     int    `json:"file_size,omitempty"`
	Path     string `json:"file_path,omitempty"`
}

type wireContact struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	UserID    int64  `json:"user_id,omitempty"`
}

type wireQuery struct {
	ID       string       `json:"id"`
	From     *wireUser    `json:"from"`
	Message  *wireMessage `json:"message"`
	Instance string       `json:"chat_instance"`
	Data     string       `json:"data"`
}

type wireMember struct {
	Status string    `json:"status"`
	User   *wireUser `json:"user"`
	Until  *int64    `json:"until_date,omitempty"` // banned members only, where it is required
}

type wireMemberUpdate struct {
	Chat *wireChat  `json:"chat"`
	From *wireUser  `json:"from"`
	Date int64      `json:"date"`
	Old  wireMember `json:"old_chat_member"`
	New  wireMember `json:"new_chat_member"`
}

type wireInline struct {
	Rows [][]wireButton `json:"inline_keyboard"`
}

type wireButton struct {
	Text     string        `json:"text"`
	Style    string        `json:"style,omitempty"`
	URL      string        `json:"url,omitempty"`
	Data     string        `json:"callback_data,omitempty"`
	CopyText *wireCopyText `json:"copy_text,omitempty"`
}

type wireCopyText struct {
	Text string `json:"text"`
}

type wireKeyboard struct {
	Rows        [][]wireKey `json:"keyboard"`
	Persistent  bool        `json:"is_persistent,omitempty"`
	Resize      bool        `json:"resize_keyboard,omitempty"`
	OneTime     bool        `json:"one_time_keyboard,omitempty"`
	Placeholder string      `json:"input_field_placeholder,omitempty"`
	Selective   bool        `json:"selective,omitempty"`
}

// wireKey is one key of a reply keyboard. Telegram takes a bare string too.
type wireKey struct {
	Text           string `json:"text"`
	Style          string `json:"style,omitempty"`
	RequestContact bool   `json:"request_contact,omitempty"`
}

func (k *wireKey) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &k.Text)
	}
	type plain wireKey
	return strictJSON(b, (*plain)(k))
}

type wireCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// member is a ChatMember: a banned one says until when, others do not.
func member(status string, u *wireUser) wireMember {
	m := wireMember{Status: status, User: u}
	if status == "kicked" {
		m.Until = new(int64) // 0: for ever
	}
	return m
}

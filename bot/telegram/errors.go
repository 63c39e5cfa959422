package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/chat"
)

// envelope is the frame of every answer of the Bot API.
type envelope[T any] struct {
	OK     bool `json:"ok"`
	Result T    `json:"result"`
	fault
}

type fault struct {
	Code        int    `json:"error_code"`
	Description string `json:"description"`
	Parameters  struct {
		RetryAfter      int64 `json:"retry_after"`
		MigrateToChatID int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// skipped is a result that nobody reads.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// errNotModified is the refusal of an edit that changes nothing.
var errNotModified = errors.New("message is not modified")

// apiError is a refusal in Telegram's words, without what it quotes of the
// message.
type apiError struct {
	Code        int
	Description string
	cause       error // ErrToken, ErrConflict, errNotModified or nil
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Description) }

func (e *apiError) Unwrap() error { return e.cause }

// meanings reads a refusal by its words: the first that is found in the
// description counts. Codes are looked at only after these, since Telegram
// reports nearly every fault, and every new one, as 400.
var meanings = []struct {
	words   string
	outcome chat.Outcome
	cause   error
}{
	{"message is not modified", chat.Refused, errNotModified},
	{"too many requests", chat.Throttled, nil},

	{"query is too old", chat.Stale, nil},
	{"query id is invalid", chat.Stale, nil},
	{"message to edit not found", chat.Stale, nil},
	{"message can't be edited", chat.Stale, nil},
	{"message_id_invalid", chat.Stale, nil},

	{"chat not found", chat.Unreachable, nil},
	{"user not found", chat.Unreachable, nil},
	{"user is deactivated", chat.Unreachable, nil},
	{"peer_id_invalid", chat.Unreachable, nil},
	{"input_user_deactivated", chat.Unreachable, nil},
	{"user_is_blocked", chat.Unreachable, nil},
	{"bot was blocked by the user", chat.Unreachable, nil},
	{"bot was kicked", chat.Unreachable, nil},
	{"bot is not a member", chat.Unreachable, nil},
	{"group chat was deleted", chat.Unreachable, nil},
	{"group chat was deactivated", chat.Unreachable, nil},
	{"can't initiate conversation", chat.Unreachable, nil},
	{"have no rights to send", chat.Unreachable, nil},
	{"not enough rights to send", chat.Unreachable, nil},
	{"chat_write_forbidden", chat.Unreachable, nil},

	{"file is too big", chat.TooBig, nil},
	{"too big for a photo", chat.TooBig, nil},
	{"request entity too large", chat.TooBig, nil},

	{"method not found", chat.Refused, nil},
}

// refusal turns an answer that is not "ok" into a *chat.SendError. An answer
// that is not Telegram's at all (a proxy's page) says nothing about the call's
// effect, whatever its status.
func (c *client) refusal(f *fault, raw []byte) error {
	if f.Code == 0 {
		return c.sendError(true, fmt.Errorf("an answer of %d bytes that is not the Bot API's", len(raw)))
	}
	api := &apiError{Code: f.Code, Description: c.describe(f.Description)}
	out := &chat.SendError{Err: api}
	if f.Parameters.MigrateToChatID != 0 {
		out.Outcome, out.MovedTo = chat.MovedChat, f.Parameters.MigrateToChatID
		return out
	}
	out.Outcome, api.cause = meaning(f.Code, strings.ToLower(f.Description))
	if out.Outcome == chat.Throttled {
		out.RetryAfter = throttle(f)
	}
	return out
}

func meaning(code int, words string) (chat.Outcome, error) {
	if code >= 500 {
		return chat.Unknown, nil
	}
	for _, m := range meanings {
		if strings.Contains(words, m.words) {
			return m.outcome, m.cause
		}
	}
	switch code {
	case 401, 404:
		return chat.NotSent, ErrToken
	case 403:
		return chat.Unreachable, nil
	case 409:
		return chat.NotSent, ErrConflict
	case 413:
		return chat.TooBig, nil
	case 429:
		return chat.Throttled, nil
	}
	return chat.Refused, nil
}

var retryWords = regexp.MustCompile(`(?i)retry after (\d+)`)

// throttle is how long Telegram asks to wait, at least a second.
func throttle(f *fault) time.Duration {
	s := f.Parameters.RetryAfter
	if m := retryWords.FindStringSubmatch(f.Description); s == 0 && m != nil {
		s, _ = strconv.ParseInt(m[1], 10, 32)
	}
	return time.Duration(max(s, 1)) * time.Second
}

// quoted finds what a description repeats of the message.
var quoted = regexp.MustCompile(`"[^"]*"?|'[^']*'`)

// describe makes a description fit for an error and a log.
func (c *client) describe(s string) string {
	s = quoted.ReplaceAllString(c.secrets.Replace(s), `"…"`)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// sendError is a failure on the way. written tells whether the server may
// have the request.
func (c *client) sendError(written bool, err error) *chat.SendError {
	if written {
		return &chat.SendError{Outcome: chat.Unknown, Err: err}
	}
	return &chat.SendError{Outcome: chat.NotSent, Err: err}
}

// mask keeps an error's text without secrets. Of what it wraps only the ends
// of contexts stay visible: other causes may hold the address of the call.
func (c *client) mask(what string, err error) error {
	m := &maskedError{text: what + ": " + c.secrets.Replace(err.Error())}
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, plain) {
			m.cause = plain
		}
	}
	return m
}

type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.cause }

// retryAfter is the wait that Telegram asks for with err, or 0.
func retryAfter(err error) time.Duration {
	var se *chat.SendError
	if errors.As(err, &se) {
		return se.RetryAfter
	}
	return 0
}

// refused is the error of an answer that is not an ok one.
func (c *client) refused(reply []byte) error {
	var answer envelope[skipped]
	_ = json.Unmarshal(reply, &answer)
	return c.refusal(&answer.fault, reply)
}

// isWebhook tells that getUpdates conflicts with a webhook.
func isWebhook(err error) bool {
	var api *apiError
	return errors.As(err, &api) && strings.Contains(strings.ToLower(api.Description), "webhook")
}

// ifToken keeps only the error that no retry mends.
func ifToken(err error) error {
	if errors.Is(err, ErrToken) {
		return ErrToken
	}
	return nil
}

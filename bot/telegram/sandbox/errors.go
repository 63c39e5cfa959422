package sandbox

import (
	"encoding/json"
	"fmt"
)

// apiError is a refusal as the Bot API words it.
type apiError struct {
	Code       int
	Desc       string
	RetryAfter int
	MigrateTo  int64
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Desc) }

// body is the JSON answer.
func (e *apiError) body() []byte {
	type parameters struct {
		MigrateTo  int64 `json:"migrate_to_chat_id,omitempty"`
		RetryAfter int   `json:"retry_after,omitempty"`
	}
	answer := struct {
		OK         bool        `json:"ok"`
		Code       int         `json:"error_code"`
		Desc       string      `json:"description"`
		Parameters *parameters `json:"parameters,omitempty"`
	}{Code: e.Code, Desc: e.Desc}
	if e.RetryAfter != 0 || e.MigrateTo != 0 {
		answer.Parameters = &parameters{MigrateTo: e.MigrateTo, RetryAfter: e.RetryAfter}
	}
	return mustJSON(answer)
}

var (
	errUnauthorized = &apiError{Code: 401, Desc: "Unauthorized"}
	errNotFound     = &apiError{Code: 404, Desc: "Not Found"}
	errTooLarge     = &apiError{Code: 413, Desc: "Request Entity Too Large"}

	errNoChat      = badRequest("chat not found")
	errSameMessage = badRequest("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	errNoMessage   = badRequest("message to edit not found")
	errNotOwn      = badRequest("message can't be edited")
	errOldQuery    = badRequest("query is too old and response timeout expired or query ID is invalid")
	errEmptyText   = badRequest("message text is empty")
	errLongText    = badRequest("message is too long")
	errLongCaption = badRequest("message caption is too long")
	errUTF8        = badRequest("strings must be encoded in UTF-8")
)

func badRequest(format string, a ...any) *apiError {
	return &apiError{Code: 400, Desc: "Bad Request: " + fmt.Sprintf(format, a...)}
}

func errForbidden(why string) *apiError {
	return &apiError{Code: 403, Desc: "Forbidden: " + why}
}

func errConflict(why string) *apiError {
	return &apiError{Code: 409, Desc: "Conflict: " + why}
}

func errTooMany(retryAfter int) *apiError {
	return &apiError{Code: 429, Desc: fmt.Sprintf("Too Many Requests: retry after %d", retryAfter), RetryAfter: retryAfter}
}

// mustJSON encodes a value of this package's own types, which cannot fail.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return b
}

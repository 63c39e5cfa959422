package sandbox

import (
	"encoding/json"
	"errors"
)

var errNoObject = errors.New("object expected")

// splitObject calls add for each member of a JSON object, in order. The body
// is checked as a whole first, so the walk after that only has to find where
// a value ends; a map of raw messages would cost three times as much, and
// every sendMessage comes through here.
func splitObject(body []byte, add func(name string, raw []byte) error) error {
	if !json.Valid(body) {
		var v any
		return json.Unmarshal(body, &v) // says where the fault is
	}
	i := skipSpace(body, 0)
	if body[i] != '{' {
		return errNoObject
	}
	for i = skipSpace(body, i+1); body[i] != '}'; i = skipSpace(body, i) {
		if body[i] == ',' {
			i = skipSpace(body, i+1)
		}
		end := valueEnd(body, i)
		name, err := unquote(body[i:end])
		if err != nil {
			return err
		}
		i = skipSpace(body, skipSpace(body, end)+1) // over the colon
		end = valueEnd(body, i)
		if err := add(name, body[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// valueEnd is the place after the value that begins at i, in valid JSON.
func valueEnd(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = stringEnd(b, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return i
			}
			continue
		}
		if depth == 0 && (b[i] == '"' || b[i] == '}' || b[i] == ']') {
			return i + 1
		}
	}
	return i
}

// stringEnd is the place after the string that begins at i.
func stringEnd(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// unquote is the text of a JSON string; one without a backslash is copied.
func unquote(raw []byte) (string, error) {
	for _, c := range raw {
		if c == '\\' {
			var s string
			err := json.Unmarshal(raw, &s)
			return s, err
		}
	}
	return string(raw[1 : len(raw)-1]), nil
}

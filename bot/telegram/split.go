package telegram

import "bytes"

// splitUpdates cuts the answer of getUpdates into its updates without looking
// into them, so that one that is not even JSON does not spoil the others. It
// reads brackets and strings only. tail is what is left when the answer ends
// inside an update, nil for a whole answer; ok is false if it is no such
// answer at all.
func splitUpdates(body []byte) (updates [][]byte, tail []byte, ok bool) {
	at, ok := resultArray(body)
	if !ok {
		return nil, nil, false
	}
	for i := at; i < len(body); {
		switch body[i] {
		case ' ', '\t', '\r', '\n', ',', ':', '}':
			i++
		case ']':
			return updates, nil, true
		default:
			end, whole := skipValue(body, i)
			if !whole {
				return updates, body[i:], true
			}
			updates = append(updates, body[i:end])
			i = end
		}
	}
	return updates, []byte{}, true
}

// resultArray finds the first element of {"ok":true,"result":[…]}.
func resultArray(body []byte) (int, bool) {
	i := skipSpace(body, 0)
	if i >= len(body) || body[i] != '{' {
		return 0, false
	}
	granted := false
	for i++; ; i++ {
		i = skipSpace(body, i)
		end, whole := skipValue(body, i)
		if !whole || body[i] != '"' {
			return 0, false
		}
		key := body[i:end]
		i = skipSpace(body, end)
		if i >= len(body) || body[i] != ':' {
			return 0, false
		}
		i = skipSpace(body, i+1)
		if i < len(body) && body[i] == '[' && granted && string(key) == `"result"` {
			return i + 1, true
		}
		end, whole = skipValue(body, i)
		if !whole {
			return 0, false
		}
		granted = granted || (string(key) == `"ok"` && string(body[i:end]) == "true")
		i = skipSpace(body, end)
		if i >= len(body) || body[i] != ',' {
			return 0, false
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// skipValue returns the index after the value that begins at i, which is at
// least one byte further.
func skipValue(b []byte, i int) (end int, whole bool) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			n := skipString(b[i:])
			if n < 0 {
				return len(b), false
			}
			i += n
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
		default:
			i++
			for depth == 0 && i < len(b) && !bytes.ContainsRune([]byte(`,:]}[{" `+"\t\r\n"), rune(b[i])) {
				i++
			}
		}
		if depth <= 0 {
			return i, true
		}
	}
	return len(b), false
}

// skipString returns the length of the string that b begins with, or -1.
func skipString(b []byte) int {
	for i := 1; ; {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return -1
		}
		i += q + 1
		escapes := 0
		for b[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

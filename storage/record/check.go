package record

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is typed or imported.
const (
	MaxName   = 32  // runes of a person's name (minority names with dots are long)
	MaxPlace  = 40  // runes of a place's name
	MaxTitle  = 60  // runes of a session's title, a school, a major
	MaxReason = 200 // runes of a reason
)

// CleanText trims, folds white space and refuses control characters, an empty
// text and one of more than max runes.
func CleanText(s string, max int) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > max {
		return "", fmt.Errorf("%w: text of 1 to %d characters", ErrInvalid, max)
	}
	for _, r := range s {
		if unicode.IsControl(r) || (unicode.Is(unicode.Cf, r) && r != '\u200d') {
			return "", fmt.Errorf("%w: control character", ErrInvalid)
		}
	}
	return s, nil
}

// CleanPhone brings a mainland mobile number into 11 digits: spaces, dashes,
// full-width digits and a leading +86, 0086 or 86 are taken off.
func CleanPhone(s string) (string, error) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '\uff10' && r <= '\uff19': // full-width
			b.WriteRune(r - '\uff10' + '0')
		case unicode.IsSpace(r), strings.ContainsRune("+-()\uff0b\uff0d\uff08\uff09\u2010\u2014.\u00b7", r):
		default:
			return "", fmt.Errorf("%w: phone", ErrInvalid)
		}
	}
	digits := b.String()
	for _, cc := range []string{"0086", "86"} {
		if len(digits) == 11+len(cc) && strings.HasPrefix(digits, cc) {
			digits = digits[len(cc):]
		}
	}
	if len(digits) != 11 || digits[0] != '1' || digits[1] < '3' {
		return "", fmt.Errorf("%w: phone", ErrInvalid)
	}
	return digits, nil
}

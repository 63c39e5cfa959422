package dialog

import (
	"strconv"
	"strings"
	"unicode"

	"headgoose/storage/record"
)

// Text takes a text of up to max runes.
func Text(max int) func(string, Answers) (string, error) {
	return func(s string, _ Answers) (string, error) {
		clean, err := record.CleanText(s, max)
		if err != nil {
			return "", &Fault{Key: "form.bad_text", Args: map[string]any{"Max": max}}
		}
		return clean, nil
	}
}

// nameless are signs that no name has, narrow and wide.
const nameless = "/@#,;:?!\uff0c\u3002\uff1b\uff1a\uff1f\uff01"

// Name takes a person's name: up to record.MaxName runes, with a letter
// among them and without punctuation but for the dots of minority names.
func Name(s string, _ Answers) (string, error) {
	clean, err := record.CleanText(s, record.MaxName)
	letters := strings.ContainsFunc(clean, unicode.IsLetter)
	if err != nil || !letters || len([]rune(clean)) < 2 || strings.ContainsAny(clean, nameless) {
		return "", &Fault{Key: "form.bad_name", Args: map[string]any{"Max": record.MaxName}}
	}
	return clean, nil
}

// Phone takes a mainland mobile number; the fault says what is missing.
func Phone(s string, _ Answers) (string, error) {
	clean, err := record.CleanPhone(s)
	if err == nil {
		return clean, nil
	}
	digits := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	switch {
	case digits == 0:
		return "", &Fault{Key: "form.phone_none"}
	case digits < 11:
		return "", &Fault{Key: "form.phone_short", Args: map[string]any{"Got": digits, "Missing": 11 - digits}}
	case digits > 11:
		return "", &Fault{Key: "form.phone_long", Args: map[string]any{"Got": digits}}
	}
	return "", &Fault{Key: "form.phone_odd"}
}

// Year takes a year from lo to hi; 年 behind it is allowed.
func Year(lo, hi int) func(string, Answers) (string, error) {
	return func(s string, _ Answers) (string, error) {
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "年")))
		if err != nil || n < lo || n > hi {
			return "", &Fault{Key: "form.bad_year", Args: map[string]any{"Lo": lo, "Hi": hi}}
		}
		return strconv.Itoa(n), nil
	}
}

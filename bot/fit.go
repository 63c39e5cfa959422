package bot

import (
	"strings"
	"unicode/utf16"

	"headgoose/bot/chat"
)

// The longest text and the longest caption of a message, in UTF-16 units.
const (
	maxText    = 4096
	maxCaption = 1024
)

// fit cuts a text that the platform would refuse: a list that has grown beyond
// what its page was made for still arrives, without its end.
func fit(m chat.Message) chat.Message {
	limit := maxText
	if m.Photo != nil || m.Document != nil {
		limit = maxCaption
	}
	m.Text = cutUnits(m.Text, limit)
	return m
}

// cutUnits cuts a text to so many UTF-16 units, at the end of a line where one
// is near, and says by its last sign that it is cut.
func cutUnits(s string, limit int) string {
	if len(s) <= limit { // as many bytes as a text of one-byte signs has units
		return s
	}
	units, end := 0, 0 // end: as much as leaves room for the sign
	for i, r := range s {
		if units <= limit-1 {
			end = i
		}
		if units += utf16.RuneLen(r); units > limit {
			head := s[:end]
			if line := strings.LastIndexByte(head, '\n'); line > end*3/4 {
				head = head[:line+1]
			}
			return head + "…"
		}
	}
	return s
}

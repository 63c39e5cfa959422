package record

import "strings"

// KindCancelled is said at once to those who had heard of a session that is
// now cancelled. Session, Rev.
const KindCancelled = "cancelled"

// NoticeKey is the key of what is said once to a person about a session: the
// kind, and what else tells two of a kind apart. Without parts it is the prefix
// of all that is said to the person about it.
func NoticeKey(s SessionID, p PersonID, parts ...string) string {
	return "notice/" + string(s) + "/" + string(p) + "/" + strings.Join(parts, "/")
}

package bot

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"headgoose/storage/record"
)

// What is saved is what was shown: the button of a change carries a mark of its
// consequences, and where they have changed by the time of the yes, nothing is saved
// and they are shown anew.

// markOf marks consequences: equal values have equal marks.
func markOf(shown ...any) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, shown...) // a hash takes all
	return strconv.FormatUint(h.Sum64(), 36)
}

// rotasMark marks what a change of the calendar moves.
func rotasMark(rotas []calendarRota, others int) string {
	shown := []any{others}
	for _, r := range rotas {
		shown = append(shown, r.c.ID, r.moves)
	}
	return markOf(shown...)
}

// undosMark marks changes that take others back.
func undosMark(undos []record.RotaChange) string {
	var shown []any
	for _, u := range undos {
		shown = append(shown, u.Undo, u.Moves)
	}
	return markOf(shown...)
}

// changedSince says, to a yes (an argument is there) for consequences that are not
// those that were shown, that they have changed; nothing to the first question.
func (t *Turn) changedSince(yes int) []string {
	if t.Arg(yes) == "" {
		return nil
	}
	return []string{t.Say("calendar.changed_since")}
}

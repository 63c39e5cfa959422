package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"headgoose/storage/record"
)

// Keys:
//
//	note/<programme>/<village>          -> record.Note
//	notepart/<programme>/<village>/<n>  -> record.NotePart, from 01
//	noteof/<person>/<programme>/<village>        -> true: the notes of a person
//	notereview/<township>/<programme>/<village>  -> true: those that wait for an officer
//	notenext/<county>/<day>/<programme>/<village>  -> true: when the next word is to be said
//
// The counts of notes by state are part of cover/ (standings.go).

func noteKey(programme record.ProgrammeID, village record.Code) string {
	return "note/" + string(programme) + "/" + string(village)
}

func partKey(n record.Note, part int) string {
	return fmt.Sprintf("notepart/%s/%s/%02d", n.Programme, n.Village, part)
}

// noteIndex are the entries that lead to a note as it stands.
func noteIndex(n record.Note) []string {
	tail := string(n.Programme) + "/" + string(n.Village)
	keys := []string{"noteof/" + string(n.Person) + "/" + tail}
	if n.State == record.NoteSubmitted {
		keys = append(keys, "notereview/"+string(n.Village.Township())+"/"+tail)
	}
	if n.Next != "" {
		keys = append(keys, "notenext/"+string(n.Village.County())+"/"+string(n.Next)+"/"+tail)
	}
	return keys
}

// Note reads the note of a branch in a programme; ErrNotFound where none is owed.
func (tx *Tx) Note(programme record.ProgrammeID, village record.Code) (record.Note, error) {
	n, found, err := get[record.Note](tx, noteKey(programme, village))
	if err == nil && !found {
		err = fmt.Errorf("%w: study note", record.ErrNotFound)
	}
	return n, err
}

// NotesOf lists the notes of a person.
func (tx *Tx) NotesOf(person record.PersonID) ([]record.Note, error) {
	return tx.notesUnder("noteof/"+string(person)+"/", "")
}

// LateNotes lists the notes of a place, a township or a county, that were due before
// a day and are not handed in, in the office's order.
func (tx *Tx) LateNotes(place record.Code, day record.Date) ([]record.Note, error) {
	programmes, err := tx.Programmes(place.County())
	if err != nil {
		return nil, err
	}
	var late []record.Note
	for _, r := range programmes {
		if r.State != record.PlanPublished && r.State != record.PlanEnded {
			continue
		}
		for e, err := range scan[record.Note](tx, under("note/"+string(r.ID)+"/"+string(place))) {
			if err != nil {
				return nil, err
			}
			if e.val.State.Writable() && e.val.Due < day {
				late = append(late, e.val)
			}
		}
	}
	return late, nil
}

// NotesToReview lists the notes of a township that wait for its officer.
func (tx *Tx) NotesToReview(township record.Code) ([]record.Note, error) {
	return tx.notesUnder("notereview/"+string(township)+"/", "")
}

// NotesDue lists the notes of a county of which a word is to be said on a day or
// was before it, the oldest first.
func (tx *Tx) NotesDue(county record.Code, day record.Date) ([]record.Note, error) {
	prefix := "notenext/" + string(county) + "/"
	return tx.notesUnder(prefix, prefix+string(day)+"0") // '0' follows '/'
}

// notesUnder reads the notes that index entries lead to: the last two parts of a
// key are the programme and the village.
func (tx *Tx) notesUnder(prefix, until string) ([]record.Note, error) {
	r := under(prefix)
	if until != "" {
		r = between(prefix, until)
	}
	var list []record.Note
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		part := strings.Split(string(e.Key), "/")
		n, err := tx.Note(record.ProgrammeID(part[len(part)-2]), record.Code(part[len(part)-1]))
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// NoteParts reads the parts of a note, in order.
func (tx *Tx) NoteParts(n record.Note) ([]record.NotePart, error) {
	var parts []record.NotePart
	for e, err := range scan[record.NotePart](tx, under(fmt.Sprintf("notepart/%s/%s/", n.Programme, n.Village))) {
		if err != nil {
			return nil, err
		}
		parts = append(parts, e.val)
	}
	return parts, nil
}

// setNote writes a note in the place of old, with its indexes and counts; an old
// one without a person was not there. At most nine writes.
func (tx *Tx) setNote(old, n record.Note) error {
	_, n.Next = n.Coming()
	var was []string
	if old.Person != "" {
		was = noteIndex(old)
	}
	is := noteIndex(n)
	for _, key := range was {
		if !slices.Contains(is, key) {
			if err := del(tx, key); err != nil {
				return err
			}
		}
	}
	for _, key := range is {
		if err := put(tx, key, true); err != nil {
			return err
		}
	}
	if err := put(tx, noteKey(n.Programme, n.Village), n); err != nil {
		return err
	}
	return tx.countNote(old.State, n.State, n)
}

// countNote brings the counts of a township and the county in line; an empty
// state is none.
func (tx *Tx) countNote(was, is record.NoteState, n record.Note) error {
	if was == is {
		return nil
	}
	for _, place := range []record.Code{n.Village.Township(), n.Village.County()} {
		c, err := tx.Coverage(n.Programme, place)
		if err != nil {
			return err
		}
		if was != "" {
			c.Notes = counted(c.Notes, was, -1)
		}
		if is != "" {
			c.Notes = counted(c.Notes, is, +1)
		}
		if err := put(tx, "cover/"+string(n.Programme)+"/"+string(place), c); err != nil {
			return err
		}
	}
	return nil
}

// oweNote brings the note of a branch in line with what came of its seat: who
// attended owes one; one that nobody has begun is not owed any more when it turns
// out that the person was not there.
func (tx *Tx) oweNote(b record.Batch, st record.Standing) error {
	old, err := tx.Note(st.Programme, st.Village)
	there := err == nil
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return err
	}
	switch {
	case st.State == record.SeatAttended && !there && st.Person != "":
		p, err := tx.Programme(st.Village.County(), st.Programme)
		if err != nil {
			return err
		}
		n := record.Note{
			Programme: st.Programme, Batch: b.ID, Village: st.Village, Person: st.Person, State: record.NoteDue,
			Ended: b.To, Due: b.To.Shift(p.NoteDays), Rows: []record.NoteRow{{At: tx.Now, State: record.NoteDue}},
			Follow: []record.NoteFollow{{Days: 30}, {Days: 90}},
		}
		return tx.setNote(record.Note{}, n)
	case st.State != record.SeatAttended && there && old.State == record.NoteDue && old.Parts == 0:
		for _, key := range append(noteIndex(old), noteKey(old.Programme, old.Village)) {
			if err := del(tx, key); err != nil {
				return err
			}
		}
		return tx.countNote(old.State, "", old)
	}
	return nil
}

// ownNote reads a note that its person can write on.
func (tx *Tx) ownNote(programme record.ProgrammeID, village record.Code, by record.PersonID) (record.Note, error) {
	n, err := tx.Note(programme, village)
	switch {
	case err != nil:
		return n, err
	case n.Person != by:
		return n, record.ErrNotYours
	case !n.State.Writable():
		return n, record.ErrSettled
	}
	return n, nil
}

// AddNotePart keeps a part of a note, and says how many there are. Refusals:
// ErrNotYours for whose it is not, ErrSettled for one that was handed in, ErrFull
// after record.MaxNoteParts, ErrInvalid for a part that is empty or too long.
func (tx *Tx) AddNotePart(programme record.ProgrammeID, village record.Code, part record.NotePart) (record.Note, error) {
	n, err := tx.ownNote(programme, village, part.Person)
	switch {
	case err != nil:
		return n, err
	case n.Parts >= record.MaxNoteParts:
		return n, record.ErrFull
	case part.Text == "" && part.File == "", utf8.RuneCountInString(part.Text) > record.MaxNotePart:
		return n, fmt.Errorf("%w: part of a note", record.ErrInvalid)
	}
	old := n
	n.Parts++
	part.At = tx.Now
	if err := put(tx, partKey(n, n.Parts), part); err != nil {
		return n, err
	}
	return n, tx.setNote(old, n)
}

// DropNotePart takes the last part back.
func (tx *Tx) DropNotePart(programme record.ProgrammeID, village record.Code, by record.PersonID) (record.Note, error) {
	n, err := tx.ownNote(programme, village, by)
	if err == nil && n.Parts == 0 {
		err = record.ErrChanged
	}
	if err != nil {
		return n, err
	}
	old := n
	if err := del(tx, partKey(n, n.Parts)); err != nil {
		return n, err
	}
	n.Parts--
	return n, tx.setNote(old, n)
}

// HandInNote gives a note to the township's officer. Without a part it is
// ErrInvalid.
func (tx *Tx) HandInNote(programme record.ProgrammeID, village record.Code, by record.PersonID) (record.Note, error) {
	n, err := tx.ownNote(programme, village, by)
	if err == nil && n.Parts == 0 {
		err = fmt.Errorf("%w: study note without a part", record.ErrInvalid)
	}
	if err != nil {
		return n, err
	}
	return tx.stepNote(n, record.NoteSubmitted, by, "")
}

// ReviewNote accepts a note that was handed in, or returns it with a comment.
// ErrChanged where it does not wait for a word.
func (tx *Tx) ReviewNote(programme record.ProgrammeID, village record.Code, accept bool, by record.PersonID, comment string) (record.Note, error) {
	n, err := tx.Note(programme, village)
	switch {
	case err != nil:
		return n, err
	case n.State != record.NoteSubmitted:
		return n, record.ErrChanged
	case !accept && comment == "":
		return n, fmt.Errorf("%w: a note is returned with a comment", record.ErrInvalid)
	case accept:
		return tx.stepNote(n, record.NoteAccepted, by, comment)
	}
	return tx.stepNote(n, record.NoteReturned, by, comment)
}

// ForgiveNote ends the duty, with a reason: by an officer, or by the bot when the
// post has ended. ErrSettled for one that is accepted or forgiven.
func (tx *Tx) ForgiveNote(programme record.ProgrammeID, village record.Code, by record.PersonID, reason string) (record.Note, error) {
	n, err := tx.Note(programme, village)
	switch {
	case err != nil:
		return n, err
	case n.State == record.NoteAccepted, n.State == record.NoteForgiven:
		return n, record.ErrSettled
	case reason == "":
		return n, fmt.Errorf("%w: a note is forgiven with a reason", record.ErrInvalid)
	}
	return tx.stepNote(n, record.NoteForgiven, by, reason)
}

func (tx *Tx) stepNote(n record.Note, state record.NoteState, by record.PersonID, comment string) (record.Note, error) {
	old := n
	n.State = state
	n.Rows = append(slices.Clone(n.Rows), record.NoteRow{At: tx.Now, State: state, By: by, Comment: comment, Parts: n.Parts})
	return n, tx.setNote(old, n)
}

// SaidOfNote notes that a word has been said.
func (tx *Tx) SaidOfNote(n record.Note, step record.NoteStep) error {
	old := n
	n.Said = append(slices.Clone(n.Said), step)
	return tx.setNote(old, n)
}

// AnswerFollow keeps what a person says about the question after so many days. A
// later answer takes the place of the first.
func (tx *Tx) AnswerFollow(programme record.ProgrammeID, village record.Code, days int, by record.PersonID, answer string) error {
	n, err := tx.Note(programme, village)
	if err == nil && n.Person != by {
		err = record.ErrNotYours
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(n.Follow, func(f record.NoteFollow) bool { return f.Days == days })
	if i < 0 {
		return fmt.Errorf("%w: question about a note", record.ErrNotFound)
	}
	old := n
	n.Follow = slices.Clone(n.Follow)
	n.Follow[i].At, n.Follow[i].Answer = tx.Now, answer
	return tx.setNote(old, n)
}

// rebuildNotes writes the indexes and counts of notes anew, for Check; those of
// standings have been written.
func rebuildNotes(from, to *Tx) error {
	for e, err := range scan[record.Note](from, under("note/")) {
		if err != nil {
			return err
		}
		for _, key := range noteIndex(e.val) {
			if err := put(to, key, true); err != nil {
				return err
			}
		}
		if err := to.countNote("", e.val.State, e.val); err != nil {
			return err
		}
	}
	return nil
}

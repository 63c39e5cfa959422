package schedule

import (
	"context"
	"fmt"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// noteUse is how long a word about a study note is of use.
const noteUse = 7 * 24 * time.Hour

// noteAt is from when on a day words about study notes go out.
var noteAt = calendar.Clock(9, 0)

// notes says what is due about study notes: that one is owed, that it is due soon
// or late, and later the questions about it. A duty whose person does not hold
// the post any more ends, unless the note is handed in.
func (p *Planner) notes(ctx context.Context, now time.Time) error {
	local := now.In(p.cfg.Zone)
	if local.Before(noteAt.On(local, 0, p.cfg.Zone)) {
		return nil
	}
	var due []record.Note
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		due, err = tx.NotesDue(p.cfg.County, record.DateOf(local))
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range due {
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return p.noteWord(tx, n, local) }); err != nil {
			return fmt.Errorf("note of %s in %s: %w", n.Village, n.Programme, err)
		}
	}
	return nil
}

// noteWord says the next word about a note, and keeps that it was said.
func (p *Planner) noteWord(tx *storage.Tx, seen record.Note, local time.Time) error {
	n, err := tx.Note(seen.Programme, seen.Village)
	if err != nil {
		return err
	}
	step, day := n.Coming()
	if step == "" || day > record.DateOf(local) {
		return nil // changed meanwhile
	}
	holder, held, err := tx.Secretary(n.Village)
	if err != nil {
		return err
	}
	if !held || holder.ID != n.Person {
		if n.State.Writable() {
			_, err = tx.ForgiveNote(n.Programme, n.Village, "", record.PostEnded)
			return err
		}
		return tx.SaidOfNote(n, step)
	}
	if holder.Enrolled() {
		if _, err := tx.AddOutbox(record.NoteNotice(n, string(step), n.Person, p.cfg.Allowed(tx.Now), tx.Now.Add(noteUse))); err != nil {
			return err
		}
	}
	return tx.SaidOfNote(n, step)
}

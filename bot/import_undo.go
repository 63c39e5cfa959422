package bot

import (
	"context"
	"errors"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The last import of graduates is taken back within a day, unless the same person
// imports again before: a job does it, row by row, and goes on after a restart; whom
// somebody has changed since is left, and listed.
//
//	import.undo  import [yes]
//	import.left  import [page]

// importUndo asks with the consequence, then begins.
func (t *Turn) importUndo() error {
	id := record.ImportID(t.Arg(0))
	if t.Arg(1) != "yes" {
		run, found, err := t.ImportRun(t.Person.ID)
		switch {
		case err != nil:
			return err
		case !found || run.ID != id:
			return record.ErrNotFound
		case run.State != record.ImportOpen && run.State != record.ImportUndoing:
			return record.ErrSettled
		}
		t.Answer(t.Say("undo.ask", text.A{"When": t.When(run.At), "Added": run.Added, "Changed": run.Changed}),
			[]Btn{t.Btn("home", "start"), t.Btn("undo_import_yes", "import.undo "+string(id)+" yes")})
		return nil
	}
	run, err := t.StartUndo(t.Person.ID, id)
	if err != nil {
		return err
	}
	_, err = t.AddJob(record.Job{Chat: t.Ev.Chat.ID, Person: t.Person.ID, State: record.JobUndo, Import: id, Message: t.Ev.MessageID})
	if err != nil {
		return err
	}
	t.AfterCommit(t.b.jobs.kick)
	t.Answer(t.Say("undo.undoing", text.A{"Done": 0, "Of": run.Rows()}))
	return nil
}

// workUndo undoes the import of a job, and says what became of it.
func (b *Bot) workUndo(ctx context.Context, pace Pacer, j record.Job) error {
	run, err := b.store.UndoImport(ctx, j.Person, j.Import, b.progress(ctx, pace, j))
	if err != nil {
		return err
	}
	if p := b.conf.Planner; p != nil {
		p.Kick()
	}
	return b.endJob(ctx, j, func(t *Turn) {
		var rows [][]Btn
		if run.Left > 0 {
			rows = append(rows, []Btn{t.Btn("undo_left", "import.left "+string(j.Import))})
		}
		w := t.words(t.Say("undo.done", text.A{"Removed": run.Removed, "Restored": run.Restored, "Left": run.Left}), append(rows, t.homeRow()))
		w.Edit = j.Message
		t.add(w)
	})
}

// importLeft lists whom the undoing of an import has left as they are, and why.
func (t *Turn) importLeft() error {
	id := record.ImportID(t.Arg(0))
	run, found, err := t.ImportRun(t.Person.ID)
	if err != nil {
		return err
	}
	if !found || run.ID != id {
		return record.ErrNotFound
	}
	list, err := t.ImportLeft(id)
	if err != nil {
		return err
	}
	from, to, turn := t.window(1, len(list), "import.left "+string(id))
	lines := []string{t.Say("undo.left", text.A{"N": len(list)})}
	var row []Btn
	for _, r := range list[from:to] {
		if may := t.Allow(record.SeeGraduates, record.Object{Place: r.Village}) == nil; !may {
			continue
		}
		village, err := t.placeName(r.Village)
		if err != nil {
			return err
		}
		name := r.After.Name
		if name == "" {
			name = record.NoName // forgotten since
		}
		lines = append(lines, t.Say("undo.left_line", text.A{"Village": village, "Name": name, "Why": t.Say("undo.why_" + string(r.Left))}))
		_, err = t.Graduate(r.Graduate)
		switch {
		case errors.Is(err, record.ErrNotFound):
		case err != nil:
			return err
		default:
			row = append(row, Btn{Text: clip(name, 12), Line: "graduate.show " + string(r.Graduate)})
		}
	}
	t.Answer(strings.Join(lines, "\n"), append(append(inRows(row, 2), turn...), t.homeRow())...)
	return nil
}

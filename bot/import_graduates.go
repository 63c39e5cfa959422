package bot

import (
	"context"
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// graduateFile is a list of graduates compared with the store. Rows outside of
// the importer's places are refused one by one.
type graduateFile struct {
	book *sheet.Book
	plan *storage.GraduateImport
}

// undo leads to the page that takes the import back, if it wrote anything.
func (f graduateFile) undo(t *Turn) []Btn {
	run, found, err := t.ImportRun(t.Person.ID)
	if err != nil || !found || run.ID != f.plan.Import || !run.Undoable(t.Tx.Now) {
		return nil
	}
	return []Btn{t.Btn("undo_import", "import.undo "+string(run.ID))}
}

func (b *Bot) loadGraduates(ctx context.Context, j record.Job, book *sheet.Book) (file, error) {
	county, err := b.county(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := b.store.PlanGraduates(ctx, storage.GraduateImporter{County: county, By: j.Person, Zone: b.conf.Zone}, book.Graduates)
	if err != nil {
		return nil, err
	}
	plan.Import = record.ImportID(j.ID)
	return graduateFile{book, plan}, nil
}

func (f graduateFile) found() int { return len(f.plan.Changes) }

func (f graduateFile) faults() []record.Fault { return f.book.Locate(f.plan.Faults...) }

func (f graduateFile) summary(t *Turn) string {
	faults := f.faults()
	added, changed := f.plan.Count()
	lines := append([]string{t.Say("import.counts", text.A{
		"Added": added, "Changed": changed, "Same": f.plan.Unchanged, "Refused": sheet.Rows(faults),
	})}, faultLines(t, faults, 3)...)
	shown := 0
	for _, c := range f.plan.Changes {
		if c.Graduate != "" && shown < 3 {
			lines = append(lines, t.Say("import.change", text.A{"What": GraduateChange(t.Voice, c)}))
			shown++
		}
	}
	if len(f.book.Unread) > 0 {
		lines = append(lines, t.Say("import.unread", text.A{"Sheet": f.book.Sheet, "Others": strings.Join(f.book.Unread, t.Say("host.and"))}))
	}
	if f.found() == 0 {
		lines = append(lines, t.Say("import.nothing"))
	}
	return joinLines(t.Say("import.read", text.A{"N": f.book.Read, "Header": f.book.HeaderRow}), lines)
}

// GraduateChange says all that one row changes.
func GraduateChange(v text.Voice, c storage.GraduateChange) string {
	args := text.A{"Place": c.Village.Name, "Role": "", "Name": c.Row.Name, "Old": "", "New": "", "Field": ""}
	if c.Graduate == "" {
		return v.Say("import.graduate_new", args)
	}
	var parts []string
	for _, f := range c.Fields {
		args["Field"], args["Old"], args["New"] = v.Say("field."+string(f.Field)), graduateValue(v, f.Field, f.Old), graduateValue(v, f.Field, f.New)
		parts = append(parts, v.Say("import.change_field", args))
	}
	return strings.Join(parts, v.Say("import.and"))
}

// graduateValue says a value of a graduate's record as people write it.
func graduateValue(v text.Voice, field record.Field, value string) string {
	switch {
	case value == "":
		return v.Say("import.empty")
	case field == record.FieldEducation:
		return v.Say("level." + value)
	case field == record.FieldEmployment:
		return v.Say("employment." + value)
	case field == record.FieldWillingness:
		return v.Say("willingness." + value)
	case field == record.FieldStudying && value == "true":
		return v.Say("employment.studying")
	case field == record.FieldStudying:
		return v.Say("graduates.filter_graduated")
	}
	return value
}

func (f graduateFile) detail(t *Turn) ([]byte, error) {
	var changes []sheet.DetailRow
	for _, c := range f.plan.Changes {
		changes = append(changes, sheet.DetailRow{Row: c.Row.Row, Text: GraduateChange(t.Voice, c)})
	}
	return writeDetail(t, f.faults(), changes)
}

func (f graduateFile) apply(ctx context.Context, b *Bot, _ record.PersonID, progress func(done, of int)) (func(*Turn) string, error) {
	result, err := b.store.ApplyGraduates(ctx, f.plan, progress)
	if err != nil {
		return nil, err
	}
	return func(t *Turn) string {
		faults := f.book.Locate(slices.Concat(f.plan.Faults, result.Faults)...)
		lines := faultLines(t, result.Faults, 3)
		if len(f.undo(t)) > 0 {
			lines = append(lines, t.Say("undo.offer"))
		}
		return joinLines(t.Say("import.done", text.A{"N": result.Applied, "Already": result.Already, "Refused": sheet.Rows(faults)}), lines)
	}, nil
}

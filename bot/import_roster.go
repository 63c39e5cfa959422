package bot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// rosterFile is a roster compared with the store.
type rosterFile struct {
	book *sheet.Book
	plan *storage.RosterPlan
}

func (b *Bot) loadRoster(ctx context.Context, j record.Job, book *sheet.Book) (file, error) {
	county, err := b.county(ctx)
	if err != nil {
		return nil, err
	}
	var by record.Actor
	err = b.store.View(ctx, func(tx *storage.Tx) (err error) {
		by, err = tx.Actor(j.Person)
		return err
	})
	if err != nil {
		return nil, err
	}
	switch err := record.Allow(by, record.ImportRoster, record.Object{Place: county.Code}); {
	case errors.Is(err, record.ErrNotYours):
		return otherFile{key: "import.roster_not_yours"}, nil // once, instead of at every row
	case err != nil:
		return nil, err
	}
	plan, err := b.store.PlanRoster(ctx, storage.Importer{County: county, By: j.Person}, book.Roster)
	return rosterFile{book, plan}, err
}

func (b *Bot) county(ctx context.Context) (p record.Place, err error) {
	err = b.store.View(ctx, func(tx *storage.Tx) error {
		p, err = tx.Place(b.conf.County)
		return err
	})
	return p, err
}

func (f rosterFile) found() int { return len(f.plan.Changes) }

func (f rosterFile) faults() []record.Fault { return f.book.Locate(f.plan.Faults...) }

// summary says what would change, with the first faults and the first changes.
func (f rosterFile) summary(t *Turn) string {
	faults := f.faults()
	added, changed := f.plan.Count()
	head := t.Say("import.read", text.A{"N": f.book.Read, "Header": f.book.HeaderRow})
	counts := t.Say("import.counts", text.A{
		"Added": added, "Changed": changed, "Same": f.plan.Unchanged, "Refused": sheet.Rows(faults),
	})
	lines := append([]string{counts}, faultLines(t, faults, 3)...)
	shown := 0
	for _, c := range f.plan.Changes {
		if !c.Adds() && shown < 3 {
			lines = append(lines, t.Say("import.change", text.A{"What": RosterChange(t.Voice, c)}))
			shown++
		}
	}
	if f.plan.NotInSheet > 0 {
		lines = append(lines, t.Say("import.not_in_sheet", text.A{"N": f.plan.NotInSheet}))
	}
	if len(f.book.Unread) > 0 {
		lines = append(lines, t.Say("import.unread", text.A{"Sheet": f.book.Sheet, "Others": strings.Join(f.book.Unread, t.Say("host.and"))}))
	}
	if f.found() == 0 {
		lines = append(lines, t.Say("import.nothing"))
	}
	return joinLines(head, lines)
}

// RosterChange says all that one row changes, in the order in which it
// matters: 扎巴镇某村 支部书记 书记 041 → 书记 363,原任到现在为止.
func RosterChange(v text.Voice, c storage.RosterChange) string {
	where := c.Place.Name
	if c.Place.Code.Level() == record.Village {
		where = strings.TrimSpace(c.Row.Township + " " + where)
	}
	role := ""
	if c.Row.Role != "" {
		role = v.Say("role." + string(c.Row.Role))
	}
	args := text.A{"Place": where, "Role": role, "Name": c.Row.Name, "Old": "", "New": c.Row.Name, "Field": ""}
	var parts []string
	for _, h := range c.Ends {
		args["Old"] = h.Name
		parts = append(parts, v.Say("import.change_post", args))
	}
	for _, h := range c.Beside {
		args["Old"] = h.Name
		parts = append(parts, v.Say("import.change_beside", args))
	}
	for _, f := range c.Fields {
		args["Field"], args["Old"], args["New"] = v.Say("field."+string(f.Field)), saidValue(v, f.Field, f.Old), saidValue(v, f.Field, f.New)
		parts = append(parts, v.Say("import.change_field", args))
	}
	if len(parts) == 0 {
		return v.Say("import.change_new", args)
	}
	return strings.Join(parts, v.Say("import.and"))
}

// saidValue says a value of a field as people write it.
func saidValue(v text.Voice, field record.Field, value string) string {
	if field == record.FieldEducation && value != "" {
		return v.Say("level." + value)
	}
	return value
}

func (f rosterFile) detail(t *Turn) ([]byte, error) {
	var changes []sheet.DetailRow
	for _, c := range f.plan.Changes {
		changes = append(changes, sheet.DetailRow{Row: c.Row.Row, Text: RosterChange(t.Voice, c)})
	}
	return writeDetail(t, f.faults(), changes)
}

func (f rosterFile) apply(ctx context.Context, b *Bot, _ record.PersonID, progress func(done, of int)) (func(*Turn) string, error) {
	result, err := b.store.ApplyRoster(ctx, f.plan, progress)
	if err != nil {
		return nil, err
	}
	return func(t *Turn) string {
		faults := f.book.Locate(slices.Concat(f.plan.Faults, result.Faults)...)
		lines := faultLines(t, result.Faults, 3) // the others were said before the yes
		return joinLines(t.Say("import.done", text.A{"N": result.Applied, "Already": result.Already, "Refused": sheet.Rows(faults)}), lines)
	}, nil
}

// writeDetail writes faults and changes in the reader's language.
func writeDetail(t *Turn, faults []record.Fault, changes []sheet.DetailRow) ([]byte, error) {
	var bad []sheet.DetailRow
	for _, f := range faults {
		bad = append(bad, sheet.DetailRow{Row: f.Row, Column: f.Title, Value: f.Value, Text: t.Voice.Fault(f)})
	}
	return sheet.WriteDetail(sheet.Lang(t.Voice.Lang), bad, changes)
}

package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// planFile is a plan of rotation training compared with the programme that is
// being drafted. Batches of a published programme are changed by buttons alone:
// people have been told of them.
type planFile struct {
	book      *sheet.Book
	programme record.Programme
	adds      []sheet.BatchRow
	changes   []batchChange
	same      int
	faults    []record.Fault
	// rows are those that say something of a batch, by what they name it with: a
	// second one of the same batch would take the first one's back.
	rows map[string]int
}

// batchChange is a batch that a row says otherwise.
type batchChange struct {
	row sheet.BatchRow
	was record.Batch
}

func (b *Bot) loadPlan(ctx context.Context, j record.Job, book *sheet.Book) (file, error) {
	var f file
	err := b.store.View(ctx, func(tx *storage.Tx) error {
		t, err := b.turnTo(tx, record.Outbox{Person: j.Person})
		if err != nil {
			return err
		}
		f, err = t.comparePlan(book, j.Name)
		return err
	})
	return f, err
}

// draftFor is the programme in draft that a file is for: the only one, or the one whose
// title its name holds, as the name of the sheet that the bot gives out does.
func draftFor(drafts []record.Programme, name string) (record.Programme, bool) {
	if len(drafts) == 1 {
		return drafts[0], true
	}
	var found record.Programme
	twice := false
	for _, p := range drafts {
		if !strings.Contains(name, p.Title) || len(p.Title) < len(found.Title) {
			continue
		}
		twice = p.Title == found.Title
		found = p
	}
	return found, found.ID != "" && !twice
}

// comparePlan compares a plan with the programme in draft that it is for.
func (t *Turn) comparePlan(book *sheet.Book, name string) (file, error) {
	switch err := t.Allow(record.PlanRotation, t.countyObject()); {
	case errors.Is(err, record.ErrNotYours):
		return otherFile{key: "import.plan_not_yours"}, nil
	case err != nil:
		return nil, err
	}
	programmes, err := t.Programmes(t.b.conf.County)
	if err != nil {
		return nil, err
	}
	drafts := slices.DeleteFunc(programmes, func(p record.Programme) bool { return p.State != record.PlanDraft })
	if len(drafts) == 0 {
		return otherFile{key: "import.plan_no_draft"}, nil
	}
	programme, found := draftFor(drafts, name)
	if !found {
		var titles []string
		for _, p := range drafts {
			titles = append(titles, p.Title)
		}
		return otherFile{"import.plan_which", text.A{"First": titles[0], "Titles": strings.Join(titles, t.Say("import.and"))}}, nil
	}
	f := planFile{book: book, programme: programme, rows: map[string]int{}}
	batches, err := t.Batches(f.programme.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range book.Plan {
		f.sort(t, row, batches)
	}
	return f, nil
}

// sort puts a row where it belongs: to add, to change, the same, or at fault.
func (f *planFile) sort(t *Turn, row sheet.BatchRow, batches []record.Batch) {
	fault := record.Fault{Row: row.Row, Field: record.FieldFirst}
	i := slices.IndexFunc(batches, func(b record.Batch) bool {
		if row.Number > 0 {
			return b.Number == row.Number
		}
		return b.Place == row.Place && b.From == row.From
	})
	var was record.Batch
	named := itoa(row.Number)
	switch {
	case i >= 0:
		was, named = batches[i], itoa(batches[i].Number)
	case row.Number == 0:
		named = row.Place + " " + string(row.From)
	}
	to := batchOf(row, was)
	switch {
	case f.rows[named] > 0:
		fault.Kind, fault.Field, fault.Args = record.FaultRepeated, record.FieldBatch, []string{itoa(f.rows[named])}
	case row.From <= record.DateOf(t.Now):
		fault.Kind = faultPast
	case daysApart(to.From, to.To) >= storage.MaxBatchDays:
		fault.Kind, fault.Field, fault.Args = record.FaultNumber, record.FieldLast, []string{"1", itoa(storage.MaxBatchDays)}
	case row.Seats > storage.MaxSeats:
		fault.Kind, fault.Field, fault.Args = record.FaultNumber, record.FieldSeats, []string{"1", itoa(storage.MaxSeats)}
	default:
		f.rows[named] = row.Row
		f.place(row, i >= 0, to, was)
		return
	}
	f.faults = append(f.faults, fault)
}

// place sorts a row without a fault.
func (f *planFile) place(row sheet.BatchRow, known bool, to, was record.Batch) {
	switch {
	case !known:
		f.adds = append(f.adds, row)
	case sameBatch(to, was):
		f.same++
	default:
		f.changes = append(f.changes, batchChange{row, was})
	}
}

// batchOf is a batch as a row says it; an empty cell leaves what was there, and
// without a last day the batch is as long as it was.
func batchOf(row sheet.BatchRow, b record.Batch) record.Batch {
	keep := func(is, was string) string {
		if is == "" {
			return was
		}
		return is
	}
	if row.To == "" {
		row.To = row.From.Shift(daysApart(b.From, b.To))
	}
	if b.Hours == "" {
		b.Hours = sheet.DayHours
	}
	b.Place, b.Days, b.Hours, b.Seats = row.Place, row.Days, keep(row.Hours, b.Hours), row.Seats
	b.Contact, b.Meet, b.Bring = keep(row.Contact, b.Contact), keep(row.Meet, b.Meet), keep(row.Bring, b.Bring)
	return b
}

func sameBatch(a, b record.Batch) bool {
	return a.Place == b.Place && a.Days == b.Days && a.Hours == b.Hours && a.Seats == b.Seats &&
		a.Contact == b.Contact && a.Meet == b.Meet && a.Bring == b.Bring
}

func (f planFile) found() int { return len(f.adds) + len(f.changes) }

func (f planFile) summary(t *Turn) string {
	faults := f.book.Locate(f.faults...)
	head := t.Say("import.read", text.A{"N": f.book.Read, "Header": f.book.HeaderRow})
	lines := append([]string{t.Say("import.plan_counts", text.A{
		"Title": f.programme.Title, "Added": len(f.adds), "Changed": len(f.changes), "Same": f.same, "Refused": sheet.Rows(faults),
	})}, faultLines(t, faults, 3)...)
	all := f.lines(t)
	for _, l := range all[:min(len(all), 3)] {
		lines = append(lines, l.Text)
	}
	if f.found() == 0 {
		lines = append(lines, t.Say("import.nothing"))
	}
	return joinLines(head, lines)
}

// lines say each batch that would be added or changed.
func (f planFile) lines(t *Turn) []sheet.DetailRow {
	var list []sheet.DetailRow
	for _, row := range f.adds {
		list = append(list, sheet.DetailRow{Row: row.Row, Text: t.Say("import.plan_added", t.batchArgs(batchOf(row, record.Batch{Number: row.Number})))})
	}
	for _, c := range f.changes {
		list = append(list, sheet.DetailRow{Row: c.row.Row, Text: t.Say("import.plan_changed", text.A{
			"N": c.was.Number, "Changes": strings.Join(t.batchDifference(c.was, batchOf(c.row, c.was)), t.Say("import.and")),
		})})
	}
	return list
}

// batchDifference says each thing that is otherwise: 名额 30 → 28.
func (t *Turn) batchDifference(was, is record.Batch) (said []string) {
	for _, d := range []struct {
		field   record.Field
		was, is string
	}{
		{record.FieldTo, was.Place, is.Place},
		{record.FieldDate, t.daysText(was.Days), t.daysText(is.Days)},
		{record.FieldTime, was.Hours, is.Hours},
		{record.FieldSeats, itoa(was.Seats), itoa(is.Seats)},
		{record.FieldContact, was.Contact, is.Contact},
		{record.FieldMeet, was.Meet, is.Meet},
		{record.FieldBring, was.Bring, is.Bring},
	} {
		if d.was != d.is {
			said = append(said, t.Say("import.plan_difference", text.A{"Field": t.Say("field." + string(d.field)), "Was": d.was, "Is": d.is}))
		}
	}
	return said
}

func (f planFile) detail(t *Turn) ([]byte, error) {
	t.Now = t.b.store.Now().In(t.b.conf.Zone)
	return writeDetail(t, f.book.Locate(f.faults...), f.lines(t))
}

// apply writes a batch a transaction, compared once more with the draft as it
// then stands, so that a repeat changes nothing.
func (f planFile) apply(ctx context.Context, b *Bot, by record.PersonID, progress func(done, of int)) (func(*Turn) string, error) {
	rows := slices.Clone(f.adds)
	for _, c := range f.changes {
		rows = append(rows, c.row)
	}
	slices.SortFunc(rows, func(a, b sheet.BatchRow) int {
		// Those with numbers first: the others take what is free.
		return cmp.Or(cmp.Compare(min(b.Number, 1), min(a.Number, 1)), cmp.Compare(a.Row, b.Row))
	})
	written := 0
	var faults []record.Fault
	for i, row := range rows {
		var one planFile
		err := b.store.Update(ctx, func(tx *storage.Tx) error {
			t, err := b.turnTo(tx, record.Outbox{Person: by})
			if err != nil {
				return err
			}
			one, err = t.writeBatch(f, row)
			return err
		})
		if err != nil {
			return nil, err
		}
		written += one.found()
		faults = append(faults, one.faults...)
		progress(i+1, len(rows))
	}
	return func(t *Turn) string {
		refused := sheet.Rows(f.book.Locate(slices.Concat(f.faults, faults)...))
		return joinLines(t.Say("import.plan_done", text.A{"Title": f.programme.Title, "N": written, "Refused": refused}), faultLines(t, faults, 3))
	}, nil
}

// writeBatch adds or changes the batch of a row, and says which it was.
func (t *Turn) writeBatch(f planFile, row sheet.BatchRow) (one planFile, err error) {
	if err := t.Allow(record.PlanRotation, t.countyObject()); err != nil {
		return one, err
	}
	one = planFile{book: f.book, programme: f.programme, rows: map[string]int{}}
	p, err := t.Programme(t.b.conf.County, f.programme.ID)
	if err != nil {
		return one, err
	}
	if p.State != record.PlanDraft {
		one.faults = []record.Fault{{Row: row.Row, Kind: record.FaultChanged}}
		return one, nil
	}
	batches, err := t.Batches(p.ID)
	if err != nil {
		return one, err
	}
	one.sort(t, row, batches)
	for _, row := range one.adds {
		b := batchOf(row, record.Batch{Programme: p.ID, Number: row.Number})
		if b, err = t.AddBatch(b); err != nil {
			return one, err
		}
		err = t.auditPlan("batch " + string(b.ID))
	}
	for _, c := range one.changes {
		_, err = t.ChangeBatch(c.was.ID, func(b *record.Batch) { *b = batchOf(c.row, *b) })
		if err == nil {
			err = t.auditPlan("edit " + string(c.was.ID))
		}
	}
	return one, err
}

// planSheet has the batches of a programme sent as a workbook that can be filled
// in and sent back.
func (t *Turn) planSheet() error {
	p, err := t.programme(record.PlanRotation)
	if err != nil {
		return err
	}
	t.sendFile("plan.sheet", map[string]string{"programme": string(p.ID)})
	return nil
}

func planSheetNotice(t *Turn, row record.Outbox) (notice, string, error) {
	p, err := t.programmeOf(record.ProgrammeID(row.Args["programme"]), record.PlanRotation)
	if err != nil {
		return notice{}, "", err
	}
	batches, err := t.Batches(p.ID)
	if err != nil {
		return notice{}, "", err
	}
	var rows []sheet.BatchRow
	for _, b := range batches {
		rows = append(rows, sheet.BatchRow{
			Number: b.Number, Place: b.Place, Days: b.Days, Hours: b.Hours, Seats: b.Seats, Contact: b.Contact, Meet: b.Meet, Bring: b.Bring,
		})
	}
	lang, name := sheet.Lang(t.Voice.Lang), t.Say("import.plan_file", text.A{"Title": p.Title})
	return notice{
		card: card{Text: t.Say("import.plan_template", text.A{"Title": p.Title})},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WritePlan(lang, name, rows)
			return nil, &chat.Upload{Name: name + ".xlsx", Body: body}, err
		},
	}, "", nil
}

package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// calendarFile is a sheet of days compared with the calendar. Days that it does
// not name stay as they are, but for computed days of a holiday whose days it gives:
// the notice of the State Council is entered with it in one go.
type calendarFile struct {
	book    *sheet.Book
	days    []record.CalendarDay // to be said
	rows    []int                // of days
	drop    []record.CalendarDay // computed days that the sheet does without
	first   map[string]int       // the row that says something of a day, by day and whom
	same    int
	faults  []record.Fault
	follows []calendarRota
	others  int // sessions on those days that nothing moves
}

func (b *Bot) loadCalendar(ctx context.Context, j record.Job, book *sheet.Book) (file, error) {
	var f file
	err := b.store.View(ctx, func(tx *storage.Tx) error {
		t, err := b.turnTo(tx, record.Outbox{Person: j.Person})
		if err != nil {
			return err
		}
		f, err = t.compareCalendar(book)
		return err
	})
	return f, err
}

func (t *Turn) compareCalendar(book *sheet.Book) (file, error) {
	switch err := t.Allow(record.EditCalendar, t.countyObject()); {
	case errors.Is(err, record.ErrNotYours):
		return otherFile{key: "import.calendar_not_yours"}, nil
	case err != nil:
		return nil, err
	}
	f := calendarFile{book: book, first: map[string]int{}}
	bases, err := t.Bases(t.b.conf.County)
	if err != nil {
		return nil, err
	}
	for _, row := range book.Calendar {
		if err := f.sort(t, row, bases); err != nil {
			return nil, err
		}
	}
	if f.drop, err = t.surpassed(book.Calendar); err != nil {
		return nil, err
	}
	if n := f.found(); n > storage.MaxCalendarChange {
		return otherFile{"import.calendar_many", text.A{"N": n, "Most": storage.MaxCalendarChange}}, nil
	}
	rotas, stuck, err := t.calendarMoves(f.days, f.drop)
	if err != nil {
		return nil, err
	}
	f.follows = rotas
	f.others, err = t.otherSessions(f.days, stuck)
	return f, err
}

// surpassed lists the computed days of holidays whose days a sheet gives, of the
// same year and name, and that it does not name: they were a guess.
func (t *Turn) surpassed(rows []sheet.CalendarRow) (drop []record.CalendarDay, err error) {
	given, named := map[string]bool{}, map[record.Date]bool{}
	years := map[string]bool{}
	for _, row := range rows {
		named[row.Day] = true
		if row.Kind == record.Holiday && row.Name != "" && len(row.Day) == len(time.DateOnly) {
			year := string(row.Day[:4])
			given[year+row.Name], years[year] = true, true
		}
	}
	for _, year := range slices.Sorted(maps.Keys(years)) {
		days, err := t.CalendarDays(t.b.conf.County, record.Date(year+"-01-01"), record.Date(year+"-12-31"))
		if err != nil {
			return nil, err
		}
		for _, d := range days {
			if d.Provisional && given[year+d.Name] && !named[d.Day] && d.Day >= record.DateOf(t.Now) {
				drop = append(drop, d)
			}
		}
	}
	return drop, nil
}

// sort puts a row where it belongs: to be said, the same already, or at fault.
func (f *calendarFile) sort(t *Turn, row sheet.CalendarRow, bases []record.Base) error {
	d := record.CalendarDay{Day: row.Day, Kind: row.Kind, Name: row.Name}
	fault := func(field record.Field, kind record.FaultKind, value string, hint ...string) error {
		f.faults = append(f.faults, record.Fault{Row: row.Row, Field: field, Kind: kind, Value: clip(value, 20), Hint: hint})
		return nil
	}
	if row.Base != "" {
		meant := basesMeant(bases, row.Base)
		switch {
		case row.Kind != record.Shut: // a day off is everybody's: it may be a closure that is meant
			return fault(record.FieldKind, record.FaultChoice, t.Say("day_kind."+string(row.Kind)), t.Say("day_kind."+string(record.Shut)))
		case len(meant) != 1:
			return fault(record.FieldBase, faultBase, row.Base, baseNames(bases)...)
		}
		d.Base = meant[0].ID
	}
	if d.Day < record.DateOf(t.Now) {
		return fault(record.FieldDate, faultPast, string(d.Day))
	}
	key := fmt.Sprint(d.Day, d.Base, d.Kind == record.Shut) // a day can be off, and shut as well
	if n := f.first[key]; n > 0 {
		f.faults = append(f.faults, record.Fault{Row: row.Row, Field: record.FieldDate, Kind: record.FaultRepeated, Args: []string{itoa(n)}})
		return nil
	}
	f.first[key] = row.Row
	now, err := t.CalendarDays(t.b.conf.County, d.Day, d.Day)
	if err != nil {
		return err
	}
	for _, was := range now {
		if was.Kind == d.Kind && was.Base == d.Base && was.Name == d.Name && !was.Provisional {
			f.same++
			return nil
		}
	}
	f.days, f.rows = append(f.days, d), append(f.rows, row.Row)
	return nil
}

// basesMeant are the bases that a cell may mean.
func basesMeant(bases []record.Base, cell string) (meant []record.Base) {
	for _, b := range bases {
		switch {
		case string(b.ID) == cell || b.Name == cell || strings.EqualFold(b.NameEN, cell):
			return []record.Base{b}
		case strings.Contains(b.Name, cell) || strings.Contains(strings.ToLower(b.NameEN), strings.ToLower(cell)):
			meant = append(meant, b)
		}
	}
	return meant
}

func baseNames(bases []record.Base) (names []string) {
	for _, b := range bases {
		names = append(names, b.Name)
	}
	return names
}

func (f calendarFile) found() int { return len(f.days) + len(f.drop) }

func (f calendarFile) summary(t *Turn) string {
	faults := f.book.Locate(f.faults...)
	head := t.Say("import.read", text.A{"N": f.book.Read, "Header": f.book.HeaderRow})
	lines := append([]string{t.Say("import.calendar_counts", text.A{"Changed": len(f.days), "Same": f.same, "Refused": sheet.Rows(faults)})},
		faultLines(t, faults, 3)...)
	if len(f.drop) > 0 {
		var said []string
		for _, d := range f.drop {
			said = append(said, t.dayOf(d.Day)+" "+d.Name)
		}
		lines = append(lines, t.Say("import.calendar_drop", text.A{"N": len(f.drop), "Days": clip(strings.Join(said, t.Voice.Comma()), 120)}))
	}
	for _, r := range f.follows {
		lines = append(lines, t.Say("calendar.moves", text.A{"Title": r.c.Title, "N": len(villagesOf(r.moves))}))
		lines = append(lines, t.consequences(r.in, r.plan, r.moves)...)
	}
	switch {
	case f.found() == 0:
		lines = append(lines, t.Say("import.nothing"))
	case f.others > 0:
		lines = append(lines, t.Say("calendar.sessions", text.A{"N": f.others}))
	case len(f.follows) == 0:
		lines = append(lines, t.Say("calendar.moves_nothing"))
	}
	return joinLines(head, lines)
}

func (f calendarFile) detail(t *Turn) ([]byte, error) {
	t.Now = t.b.store.Now().In(t.b.conf.Zone)
	var changes []sheet.DetailRow
	for i, d := range f.days {
		said, err := t.calendarLines([]record.CalendarDay{d})
		if err != nil {
			return nil, err
		}
		changes = append(changes, sheet.DetailRow{Row: f.rows[i], Text: said[0]})
	}
	return writeDetail(t, f.book.Locate(f.faults...), changes)
}

// apply says the days and makes the changes of the cycles that follow, in one
// transaction: it is one change, which is taken back as one.
func (f calendarFile) apply(ctx context.Context, b *Bot, by record.PersonID, progress func(done, of int)) (func(*Turn) string, error) {
	told := 0
	if f.found() > 0 {
		err := b.store.Update(ctx, func(tx *storage.Tx) error {
			t, err := b.turnTo(tx, record.Outbox{Person: by})
			if err != nil {
				return err
			}
			if err := t.Allow(record.EditCalendar, t.countyObject()); err != nil {
				return err
			}
			told, err = t.sayDays(f.days, f.drop)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	progress(f.found(), f.found())
	return func(t *Turn) string {
		return t.Say("import.calendar_done", text.A{"Days": f.found(), "N": told, "Refused": sheet.Rows(f.book.Locate(f.faults...))})
	}, nil
}

// sayDays says days, and plans the cycles anew.
func (t *Turn) sayDays(days, drop []record.CalendarDay) (told int, err error) {
	rotas, _, err := t.calendarMoves(days, drop)
	if err != nil {
		return 0, err
	}
	change, err := t.ChangeCalendar(t.b.conf.County, days, drop, t.Person.ID, "sheet")
	if err != nil {
		return 0, err
	}
	if told, err = t.followCalendar(change, rotas, "sheet"); err != nil {
		return 0, err
	}
	return told, t.auditCalendar("sheet")
}

// calendarSheet has the days of a year sent as a workbook that can be changed and
// sent back.
func (t *Turn) calendarSheet() error {
	if err := t.Allow(record.EditCalendar, t.countyObject()); err != nil {
		return err
	}
	t.sendFile("calendar.sheet", map[string]string{"year": itoa(atoi(t.Arg(0)))})
	return nil
}

func calendarSheetNotice(t *Turn, row record.Outbox) (notice, string, error) {
	if err := t.Allow(record.EditCalendar, t.countyObject()); err != nil {
		return notice{}, "", err
	}
	year := row.Args["year"]
	days, err := t.CalendarDays(t.b.conf.County, record.Date(year+"-01-01"), record.Date(year+"-12-31"))
	if err != nil {
		return notice{}, "", err
	}
	var rows []sheet.CalendarRow
	for _, d := range days {
		line := sheet.CalendarRow{Day: d.Day, Kind: d.Kind, Name: d.Name}
		if d.Base != "" {
			line.Base = t.baseTitle(d.Base)
		}
		rows = append(rows, line)
	}
	bases, err := t.Bases(t.b.conf.County)
	if err != nil {
		return notice{}, "", err
	}
	lang, name := sheet.Lang(t.Voice.Lang), t.Say("import.calendar_file", text.A{"Year": year})
	return notice{
		card: card{Text: t.Say("import.calendar_template", text.A{"Year": year})},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WriteCalendar(lang, name, baseNames(bases), rows)
			return nil, &chat.Upload{Name: name + ".xlsx", Body: body}, err
		},
	}, "", nil
}

package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// rotaFile is a rota compared with the store. Rows of one base, day and time
// are one session.
type rotaFile struct {
	book   *sheet.Book
	adds   []rotaSession
	same   int // sessions that are planned just so
	faults []record.Fault
}

// rotaSession is one session that a rota asks for.
type rotaSession struct {
	rows     []int
	session  record.Session
	villages []record.Code
}

// Faults that only a rota has.
const (
	faultPast      record.FaultKind = "session_past"    // the time has passed
	faultDiffers   record.FaultKind = "session_differs" // planned at that time, for other villages
	faultBase      record.FaultKind = "unknown_base"    // Hint: the bases there are
	faultHost      record.FaultKind = "unknown_host"    // no host of that name
	faultNamesakes record.FaultKind = "several_hosts"   // hosts of one name
	faultMany      record.FaultKind = "many_townships"  // the most townships allowed
	faultHosts     record.FaultKind = "many_hosts"      // the most hosts allowed
)

func (b *Bot) loadRota(ctx context.Context, j record.Job, book *sheet.Book) (file, error) {
	f := rotaFile{book: book}
	err := b.store.View(ctx, func(tx *storage.Tx) error {
		f = rotaFile{book: book}
		t, err := b.turnTo(tx, record.Outbox{Person: j.Person})
		if err != nil {
			return err
		}
		return f.compare(t)
	})
	return f, err
}

// compare turns rows into sessions and sorts out those that are planned.
func (f *rotaFile) compare(t *Turn) error {
	bases, err := t.Bases(t.b.conf.County)
	if err != nil {
		return err
	}
	var all []rotaSession
	at := map[string]int{} // index in all by base and start
	for _, row := range f.book.Rota {
		s, fault, err := t.rotaSession(row, bases)
		if err != nil {
			return err
		}
		if fault != nil {
			f.faults = append(f.faults, *fault)
			continue
		}
		key := string(s.session.Base) + s.session.Start.String()
		if i, found := at[key]; found {
			all[i].rows = append(all[i].rows, row.Row)
			all[i].villages = append(all[i].villages, s.villages...)
			all[i].session.Hosts = append(all[i].session.Hosts, s.session.Hosts...)
			continue
		}
		at[key] = len(all)
		all = append(all, s)
	}
	for _, s := range all {
		if err := f.sort(t, s); err != nil {
			return err
		}
	}
	return nil
}

// sort puts a session where it belongs: to add, planned already, or at fault.
func (f *rotaFile) sort(t *Turn, s rotaSession) error {
	slices.Sort(s.villages)
	s.villages = slices.Compact(s.villages)
	slices.Sort(s.session.Hosts)
	s.session.Hosts = slices.Compact(s.session.Hosts)
	fault := record.Fault{Row: s.rows[0], Field: record.FieldDate}
	townships := map[record.Code]bool{}
	for _, v := range s.villages {
		townships[v.Township()] = true
	}
	planned, state, err := t.plannedAt(s)
	switch {
	case err != nil:
		return err
	case state == record.Planned && planned:
		f.same++
		return nil
	case state != "":
		fault.Kind = faultDiffers
	case !t.Tx.Now.Before(s.session.Start):
		fault.Kind = faultPast
	case len(townships) > record.MaxTownships:
		fault.Kind, fault.Args = faultMany, []string{fmt.Sprint(record.MaxTownships)}
	case len(s.session.Hosts) > record.MaxHosts:
		fault.Kind, fault.Field, fault.Args = faultHosts, record.FieldHost, []string{fmt.Sprint(record.MaxHosts)}
	case t.Allow(record.PlanSession, sessionObject(s.session)) != nil:
		fault.Kind = record.FaultNotAllowed
	default:
		f.adds = append(f.adds, s)
		return nil
	}
	f.faults = append(f.faults, fault)
	return nil
}

// plannedAt looks for a session of the same base and start: same says that it
// expects just these villages, state is empty where there is none.
func (t *Turn) plannedAt(want rotaSession) (same bool, state record.SessionState, err error) {
	list, err := t.SessionsBetween(t.b.conf.County, want.session.Start, want.session.Start.Add(time.Second))
	if err != nil {
		return false, "", err
	}
	for _, s := range list {
		if s.Base != want.session.Base || s.State == record.Cancelled {
			continue
		}
		expected, err := t.Expected(s.ID, t.b.conf.County)
		if err != nil {
			return false, "", err
		}
		if slices.Equal(expected, want.villages) {
			return true, record.Planned, nil
		}
		return false, s.State, nil
	}
	return false, "", nil
}

// rotaSession reads one row: its base, its time, its villages, its host.
func (t *Turn) rotaSession(row sheet.RotaRow, bases []record.Base) (rotaSession, *record.Fault, error) {
	s := rotaSession{rows: []int{row.Row}, session: record.Session{Place: t.planPlace(), Meet: row.Meet, By: t.Person.ID}}
	fault := func(kind record.FaultKind, field record.Field, value string, hint ...string) (rotaSession, *record.Fault, error) {
		return s, &record.Fault{Row: row.Row, Field: field, Kind: kind, Value: clip(value, 20), Hint: hint}, nil
	}
	i := slices.IndexFunc(bases, func(b record.Base) bool { return b.Name == row.Base || string(b.ID) == row.Base })
	if i < 0 {
		i = slices.IndexFunc(bases, func(b record.Base) bool { return strings.Contains(b.Name, row.Base) })
	}
	if i < 0 {
		var names []string
		for _, b := range bases {
			names = append(names, b.Name)
		}
		return fault(faultBase, record.FieldBase, row.Base, names...)
	}
	s.session.Base, s.session.At = bases[i].ID, bases[i].At
	s.session.Title, s.session.TitleEN = bases[i].Name, bases[i].NameEN
	span := row.Start
	if row.End != "" {
		span += "-" + row.End
	}
	if span == "" {
		span = "09:00"
	}
	span, err := parseSpan(span, nil)
	if err != nil {
		return fault(record.FaultTime, record.FieldTime, row.Start)
	}
	if err := t.setTimes(&s.session, string(row.Date), span); err != nil {
		return fault(record.FaultDate, record.FieldDate, string(row.Date))
	}
	return t.rotaPeople(row, s)
}

// rotaPeople finds the villages and the host that a row names.
func (t *Turn) rotaPeople(row sheet.RotaRow, s rotaSession) (rotaSession, *record.Fault, error) {
	if row.Host != "" {
		hosts, err := t.hostChoices(nil)
		if err != nil {
			return s, nil, err
		}
		for _, h := range hosts {
			if h.Label == row.Host {
				s.session.Hosts = append(s.session.Hosts, record.PersonID(h.Value))
			}
		}
		fault := record.Fault{Row: row.Row, Field: record.FieldHost, Kind: faultHost, Value: clip(row.Host, 20)}
		switch {
		case len(s.session.Hosts) == 0:
			return s, &fault, nil
		case len(s.session.Hosts) > 1: // a name tells nobody apart
			fault.Kind = faultNamesakes
			return s, &fault, nil
		}
	}
	places, err := t.rowPlaces(row)
	var bad *placeFault
	if errors.As(err, &bad) {
		return s, &record.Fault{Row: row.Row, Field: record.FieldBranches, Kind: bad.kind, Value: bad.name, Hint: bad.hint}, nil
	}
	s.villages = places
	return s, nil, err
}

// placeFault is a name that is no village, or several.
type placeFault struct {
	kind record.FaultKind
	name string
	hint []string
}

func (f *placeFault) Error() string { return "bot: " + string(f.kind) }

// rowPlaces finds the villages of a row: all of a township, or those named,
// looked for in the township where one is named.
func (t *Turn) rowPlaces(row sheet.RotaRow) ([]record.Code, error) {
	within := t.planPlace()
	if row.Township != "" {
		code, err := t.placeNamed(row.Township, within, record.Township)
		if err != nil {
			return nil, err
		}
		within = code
	}
	if len(row.Branches) == 0 {
		places, err := t.Villages(within)
		var all []record.Code
		for _, p := range places {
			all = append(all, p.Code)
		}
		return all, err
	}
	var codes []record.Code
	for _, name := range row.Branches {
		code, err := t.placeNamed(name, within, record.Village)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// placeNamed finds the one place of a name and level within a place.
func (t *Turn) placeNamed(name string, within record.Code, level record.Level) (record.Code, error) {
	if code := record.Code(name); code.Level() == level && within.Contains(code) {
		_, err := t.Place(code)
		return code, err
	}
	found, err := t.PlacesNamed(t.b.conf.County, name)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(p record.Place) bool {
		exact := p.Name == name || p.Name == name+"村" || p.Name == name+"镇" || p.Name == name+"乡"
		return !exact || p.Code.Level() != level || !within.Contains(p.Code)
	})
	switch len(found) {
	case 1:
		return found[0].Code, nil
	case 0:
		return "", &placeFault{kind: record.FaultUnknownPlace, name: clip(name, 20)}
	}
	var hint []string
	for _, p := range found {
		hint = append(hint, string(p.Code))
	}
	return "", &placeFault{kind: record.FaultSeveralPlaces, name: clip(name, 20), hint: hint}
}

func (f rotaFile) found() int { return len(f.adds) }

func (f rotaFile) summary(t *Turn) string {
	faults := f.book.Locate(f.faults...)
	head := t.Say("import.read", text.A{"N": f.book.Read, "Header": f.book.HeaderRow})
	lines := append([]string{t.Say("import.rota_counts", text.A{"Added": len(f.adds), "Same": f.same, "Refused": sheet.Rows(faults)})},
		faultLines(t, faults, 3)...)
	for _, s := range f.adds[:min(len(f.adds), 3)] {
		lines = append(lines, t.Say("import.rota_line", text.A{"When": t.When(s.session.Start), "Title": t.title(s.session), "N": len(s.villages)}))
	}
	if f.found() == 0 {
		lines = append(lines, t.Say("import.nothing"))
	}
	return joinLines(head, lines)
}

func (f rotaFile) detail(t *Turn) ([]byte, error) {
	t.Now = t.b.store.Now().In(t.b.conf.Zone)
	var changes []sheet.DetailRow
	for _, s := range f.adds {
		changes = append(changes, sheet.DetailRow{Row: s.rows[0], Text: t.Say("import.rota_line", text.A{
			"When": t.When(s.session.Start), "Title": t.title(s.session), "N": len(s.villages),
		})})
	}
	return writeDetail(t, f.book.Locate(f.faults...), changes)
}

// apply adds one session a transaction; one that is planned by then is passed
// over, so a repeat adds nothing.
func (f rotaFile) apply(ctx context.Context, b *Bot, by record.PersonID, progress func(done, of int)) (func(*Turn) string, error) {
	added, faults := 0, []record.Fault(nil)
	for i, s := range f.adds {
		var one rotaFile
		err := b.store.Update(ctx, func(tx *storage.Tx) error {
			t, err := b.turnTo(tx, record.Outbox{Person: by})
			if err != nil {
				return err
			}
			one = rotaFile{book: f.book}
			if err := one.sort(t, s); err != nil || len(one.adds) == 0 {
				return err
			}
			s, err := t.AddSession(s.session, s.villages)
			if err != nil {
				return err
			}
			return t.Audit(record.Audit{By: by, Action: record.PlanSession, Session: s.ID, Place: s.Place, Note: "sheet"})
		})
		if err != nil {
			return nil, err
		}
		added += len(one.adds)
		faults = append(faults, one.faults...)
		progress(i+1, len(f.adds))
	}
	return func(t *Turn) string {
		refused := sheet.Rows(f.book.Locate(slices.Concat(f.faults, faults)...))
		return joinLines(t.Say("import.rota_done", text.A{"N": added, "Refused": refused}), faultLines(t, faults, 3))
	}, nil
}

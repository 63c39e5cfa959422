package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// GraduateImporter is who imports a list of graduates.
type GraduateImporter struct {
	County record.Place
	By     record.PersonID
	// Zone is where the days of consents count.
	Zone *time.Location
}

// GraduateImport is the dry run of an import of graduates: what each row would
// do to the store as it stood. Nothing has been written.
type GraduateImport struct {
	By        GraduateImporter
	Import    record.ImportID  // under which it can be undone; empty: it cannot
	Changes   []GraduateChange // by row
	Unchanged int              // rows that say what the store says
	Faults    []record.Fault   // by row; a row with a fault is not in Changes
}

// Count tells how many rows add a record, and how many change one.
func (p *GraduateImport) Count() (added, changed int) {
	for _, c := range p.Changes {
		if c.Graduate == "" {
			added++
		} else {
			changed++
		}
	}
	return added, changed
}

// GraduateChange is what one row does.
type GraduateChange struct {
	Row      record.GraduateRow
	Village  record.Place
	Graduate record.GraduateID // the record that it changes; empty: a new one
	Fields   []FieldChange     // of a record that is there
}

// graduateRowWrites is the most keys that one row can write, with what follows
// from a record, and importLanes how many transactions wait for one commit
// together.
const (
	graduateRowWrites = 48
	importLanes       = 16
)

// PlanGraduates compares the rows of a sheet with the store.
func (s *Store) PlanGraduates(ctx context.Context, by GraduateImporter, rows []record.GraduateRow) (*GraduateImport, error) {
	plan := &GraduateImport{By: by}
	var places *rosterPlaces
	err := s.View(ctx, func(tx *Tx) (err error) {
		places, err = tx.rosterPlaces(by.County)
		return err
	})
	if err != nil {
		return nil, err
	}
	first := map[string]int{} // the row of a person, by likeness
	for page := range slices.Chunk(rows, rosterPage) {
		err := s.View(ctx, func(tx *Tx) error {
			actor, err := tx.Actor(by.By)
			if err != nil {
				return err
			}
			for _, row := range page {
				if err := tx.planGraduate(plan, actor, places, first, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// planGraduate adds one row to the plan.
func (tx *Tx) planGraduate(plan *GraduateImport, actor record.Actor, places *rosterPlaces, first map[string]int, row record.GraduateRow) error {
	reject := func(f record.Fault) error {
		f.Row = row.Row
		plan.Faults = append(plan.Faults, f)
		return nil
	}
	village, fault := places.villageOf(row)
	if fault != nil {
		return reject(*fault)
	}
	if record.Allow(actor, record.RegisterGraduate, record.Object{Place: village.Code}) != nil {
		return reject(record.Fault{Field: record.FieldVillage, Value: village.Name, Kind: record.FaultNotAllowed})
	}
	like := likeness(record.Graduate{Village: village.Code, BirthYear: row.BirthYear, Name: row.Name})
	if n := first[like]; n > 0 {
		return reject(record.Fault{Field: record.FieldName, Kind: record.FaultRepeated, Args: []string{strconv.Itoa(n)}})
	}
	first[like] = row.Row
	old, g, fault, err := tx.graduateRow(plan.By, village.Code, row)
	if err != nil {
		return err
	}
	if fault != nil {
		return reject(*fault)
	}
	c := GraduateChange{Row: row, Village: village, Graduate: g.ID, Fields: changedFields(old, g, plan.By.Zone)}
	if g.ID != "" && len(c.Fields) == 0 {
		plan.Unchanged++
		return nil
	}
	plan.Changes = append(plan.Changes, c)
	return nil
}

// villageOf resolves the village of a row, which the store must have.
func (x *rosterPlaces) villageOf(row record.GraduateRow) (record.Place, *record.Fault) {
	place, added, fault := x.find(record.RosterRow{Row: row.Row, Township: row.Township, Village: row.Village, Code: row.Code, Role: record.Secretary})
	if fault == nil && len(added) > 0 {
		fault = &record.Fault{Row: row.Row, Field: record.FieldVillage, Kind: record.FaultUnknownPlace, Value: row.Village}
	}
	return place, fault
}

// graduateRow brings a row and the record that it means together; old is a zero
// record for somebody new. Nothing is written.
func (tx *Tx) graduateRow(by GraduateImporter, village record.Code, row record.GraduateRow) (old, g record.Graduate, fault *record.Fault, err error) {
	like, err := tx.LikeGraduates(record.Graduate{Village: village, Name: row.Name, BirthYear: row.BirthYear})
	if err != nil {
		return old, g, nil, err
	}
	if len(like) > 1 {
		return old, g, &record.Fault{Field: record.FieldName, Kind: record.FaultSeveralRecords, Args: []string{strconv.Itoa(len(like))}}, nil
	}
	if len(like) == 1 {
		old = like[0]
	} else if gone, err := tx.WasForgotten(record.Graduate{Village: village, Name: row.Name, BirthYear: row.BirthYear}); err != nil || gone {
		return old, g, &record.Fault{Field: record.FieldName, Kind: record.FaultForgotten}, err
	}
	g = old
	g.Village, g.Name, g.BirthYear = village, row.Name, row.BirthYear
	fillFromRow(&g, row, tx.Now.In(by.Zone))
	if kind := agreed(&g, row, tx.Now, by.Zone); kind != "" {
		return old, g, &record.Fault{Field: record.FieldConsent, Kind: kind, Args: []string{strconv.Itoa(record.ConsentMonths)}}, nil
	}
	return old, g, graduateFault(g, tx.Now.In(by.Zone)), nil
}

// fillFromRow brings what a row says into a record. Where it says nothing of
// studying, an employment or a graduation that is past tells.
func fillFromRow(g *record.Graduate, row record.GraduateRow, now time.Time) {
	set(&g.Education, row.Education)
	set(&g.School, row.School)
	set(&g.Major, row.Major)
	set(&g.Graduation, row.Graduation)
	set(&g.Employment, row.Employment)
	set(&g.Willingness, row.Willingness)
	set(&g.Phone, row.Phone)
	switch {
	case row.SaysStudying:
		g.Studying = row.Studying
	case row.Employment != "":
		g.Studying = false
	case g.ID == "" && row.Graduation != "":
		g.Studying = string(row.Graduation) > now.Format("2006-01")
	}
	if g.Studying && row.Employment == "" {
		g.Employment = ""
	}
}

func set[T comparable](to *T, said T) {
	var nothing T
	if said != nothing {
		*to = said
	}
}

// agreed notes the person's yes that a row reports; the fault is that there is
// none to be counted on.
func agreed(g *record.Graduate, row record.GraduateRow, now time.Time, zone *time.Location) record.FaultKind {
	if row.Consent == record.SheetNo {
		return record.FaultConsentNo
	}
	if row.Consent == record.SheetYes && row.ConsentDate != "" {
		at, err := time.ParseInLocation(time.DateOnly, string(row.ConsentDate), zone)
		if err != nil {
			return record.FaultConsent
		}
		c := record.Consent{Version: record.PaperConsent, At: at, Source: record.BySheet}
		if !c.Holds(now) && !g.Consent.Holds(now) {
			return record.FaultConsentOld
		}
		if consentDay(g.Consent, zone) < row.ConsentDate {
			g.Consent = c
		}
	}
	if !g.Consent.Holds(now) {
		return record.FaultConsent
	}
	return ""
}

func consentDay(c record.Consent, zone *time.Location) record.Date {
	if c.At.IsZero() {
		return ""
	}
	return record.DateOf(c.At.In(zone))
}

// graduateFault names the first field of a record that keeps it from being
// kept.
func graduateFault(g record.Graduate, now time.Time) *record.Fault {
	bad := func(f record.Field, kind record.FaultKind, args ...string) *record.Fault {
		return &record.Fault{Field: f, Kind: kind, Args: args}
	}
	for _, need := range []struct {
		field record.Field
		empty bool
	}{
		{record.FieldEducation, g.Education == ""},
		{record.FieldSchool, g.School == ""},
		{record.FieldGraduation, g.Graduation == ""},
		{record.FieldEmployment, g.Employment == "" && !g.Studying},
		{record.FieldWillingness, g.Willingness == ""},
	} {
		if need.empty {
			return bad(need.field, record.FaultMissing)
		}
	}
	last := now.Year() - record.MinGraduateAge
	switch {
	case g.BirthYear < record.MinBirthYear || g.BirthYear > last:
		return bad(record.FieldBirthYear, record.FaultYearBounds, strconv.Itoa(record.MinBirthYear), strconv.Itoa(last))
	case !slices.Contains(record.GraduateEducations(), g.Education):
		return bad(record.FieldEducation, record.FaultLevel)
	case len(g.Graduation) < len("2006-01"):
		return bad(record.FieldGraduation, record.FaultMonth)
	case g.Studying && g.Employment != "":
		return bad(record.FieldEmployment, record.FaultChoice)
	}
	if g.Check(now) == nil {
		return nil
	}
	early := g
	early.Studying, early.Employment, early.Graduation = false, record.Seeking, record.Date(now.Format("2006-01"))
	if early.Check(now) == nil { // nothing but the month is wrong
		return bad(record.FieldGraduation, record.FaultGraduation)
	}
	return bad(record.FieldName, record.FaultText)
}

// changedFields lists what differs between two states of a record; phone numbers
// are their last four digits.
func changedFields(old, g record.Graduate, zone *time.Location) (list []FieldChange) {
	add := func(f record.Field, was, is string) {
		if was != is {
			list = append(list, FieldChange{Field: f, Old: was, New: is})
		}
	}
	add(record.FieldEducation, string(old.Education), string(g.Education))
	add(record.FieldSchool, old.School, g.School)
	add(record.FieldMajor, old.Major, g.Major)
	add(record.FieldStudying, strconv.FormatBool(old.Studying), strconv.FormatBool(g.Studying))
	add(record.FieldGraduation, string(old.Graduation), string(g.Graduation))
	add(record.FieldEmployment, string(old.Employment), string(g.Employment))
	add(record.FieldWillingness, string(old.Willingness), string(g.Willingness))
	if old.Phone != g.Phone {
		list = append(list, FieldChange{Field: record.FieldPhone, Old: lastFour(old.Phone), New: lastFour(g.Phone)})
	}
	add(record.FieldConsentDate, string(consentDay(old.Consent, zone)), string(consentDay(g.Consent, zone)))
	return list
}

func lastFour(phone string) string {
	if tail := phoneTail(phone); tail != phone {
		return "…" + tail
	}
	return phone
}

// ApplyGraduates writes a plan, some rows a transaction, every row compared
// again inside its own: one that no longer meets what the plan was made on is a
// fault and is left. It may be called again after it was cut off, with the same
// plan or a new one of the same sheet: rows that are written change nothing.
// progress, if any, is called now and then.
func (s *Store) ApplyGraduates(ctx context.Context, plan *GraduateImport, progress func(done, of int)) (RosterResult, error) {
	var total RosterResult
	if plan.Import != "" {
		if err := s.beginImport(ctx, plan.By.By, plan.Import); err != nil {
			return total, err
		}
	}
	rows := max(1, kv.MaxWrites/graduateRowWrites)
	done := 0
	for group := range slices.Chunk(plan.Changes, rows*importLanes) {
		parts := make([]RosterResult, 0, importLanes)
		var g errgroup.Group
		for part := range slices.Chunk(group, rows) {
			parts = append(parts, RosterResult{})
			result := &parts[len(parts)-1]
			g.Go(func() error {
				return s.Update(ctx, func(tx *Tx) (err error) {
					*result, err = tx.applyGraduates(plan, part)
					return err
				})
			})
		}
		if err := g.Wait(); err != nil {
			return total, err
		}
		for _, p := range parts {
			total.Applied += p.Applied
			total.Already += p.Already
			total.Faults = append(total.Faults, p.Faults...)
		}
		if done += len(group); progress != nil {
			progress(done, len(plan.Changes))
		}
	}
	return total, nil
}

func (tx *Tx) applyGraduates(plan *GraduateImport, changes []GraduateChange) (r RosterResult, err error) {
	actor, err := tx.Actor(plan.By.By)
	if err != nil {
		return r, err
	}
	for _, c := range changes {
		kind, err := tx.applyGraduate(plan, actor, c)
		switch {
		case err != nil:
			return r, fmt.Errorf("storage: graduate row %d: %w", c.Row.Row, err)
		case kind == "":
			r.Applied++
		case kind == unchanged:
			r.Already++
		default:
			r.Faults = append(r.Faults, record.Fault{Row: c.Row.Row, Kind: kind})
		}
	}
	return r, nil
}

// unchanged is no fault: the row was written before.
const unchanged = record.FaultKind("-")

// applyGraduate writes one row; the kind says why it does not.
func (tx *Tx) applyGraduate(plan *GraduateImport, actor record.Actor, c GraduateChange) (record.FaultKind, error) {
	by := plan.By
	if may := record.Allow(actor, record.RegisterGraduate, record.Object{Place: c.Village.Code}) == nil; !may {
		return record.FaultNotAllowed, nil
	}
	old, g, fault, err := tx.graduateRow(by, c.Village.Code, c.Row)
	if err != nil {
		return "", err
	}
	if fault != nil {
		return record.FaultChanged, nil
	}
	fields := changedFields(old, g, by.Zone)
	switch {
	case g.ID != "" && len(fields) == 0:
		return unchanged, nil
	case g.ID != c.Graduate, g.ID != "" && !slices.Equal(fields, c.Fields):
		return record.FaultChanged, nil
	}
	g.Source, g.By = record.BySheet, by.By
	action := record.RegisterGraduate
	if g.ID == "" {
		g, err = tx.AddGraduate(g, nil)
	} else {
		action = record.EditGraduate
		g, err = tx.EditGraduate(g.ID, nil, func(to *record.Graduate) { *to = g })
	}
	if err != nil {
		return "", err
	}
	line := record.Audit{By: by.By, Action: action, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: "sheet"}
	return "", errors.Join(tx.noteImport(by.By, plan.Import, old, g), tx.Audit(line))
}

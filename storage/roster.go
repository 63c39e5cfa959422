package storage

import (
	"context"
	"fmt"
	"slices"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Importer is who imports a roster, and of which county.
type Importer struct {
	// County is the county of the roster. Its place is added where the store
	// has none yet.
	County record.Place
	// By is the officer who imports; each row is authorised in the
	// transaction that writes it. Operator is whoever runs the program on
	// the machine that holds the data: there is nobody to be asked.
	By       record.PersonID
	Operator bool
}

// RosterPlan is the dry run of an import: what each row would do to the store
// as it stood. Nothing has been written.
type RosterPlan struct {
	By        Importer
	Changes   []RosterChange // in the order in which they are applied
	Unchanged int            // rows that say what the store says
	Faults    []record.Fault // by row; a row with a fault is not in Changes
	// NotInSheet counts the people who hold a post of the kinds and in the
	// townships that the sheet is about, and who are not in it. An import
	// takes nothing away from them.
	NotInSheet int
}

// Count tells how many rows add somebody or a place, and how many change what
// is there.
func (p *RosterPlan) Count() (added, changed int) {
	for _, c := range p.Changes {
		if c.Adds() {
			added++
		} else {
			changed++
		}
	}
	return added, changed
}

// RosterChange is what one row does.
type RosterChange struct {
	Row       record.RosterRow
	Place     record.Place
	NewPlaces []record.Place  // to be added, the larger first
	Person    record.PersonID // who it is; empty: somebody new
	Fields    []FieldChange   // of a person who is known
	Appoints  bool            // takes the post
	Ends      []Holder        // whose post ends at that moment
	Beside    []Holder        // who holds the same post and keeps it
	was       rosterState
}

// Adds says whether the row adds somebody, a post or a place, and changes
// nothing that was there.
func (c RosterChange) Adds() bool { return len(c.Ends) == 0 && len(c.Fields) == 0 }

// none says whether the row says what the store says.
func (c RosterChange) none() bool {
	return !c.Appoints && len(c.Fields) == 0 && len(c.NewPlaces) == 0
}

// Holder is somebody who holds a post.
type Holder struct {
	Person record.PersonID
	Name   string
}

// sameHolder leaves the name out, which another row may correct.
func sameHolder(a, b Holder) bool { return a.Person == b.Person }

// FieldChange is one fact of a person that changes. Phone numbers are their
// last four digits.
type FieldChange struct {
	Field    record.Field
	Old, New string
}

// rosterState is what a row was compared with. The row is applied only while
// it is still so.
type rosterState struct {
	person record.Person // as far as a roster says: name, birth year, education
	since  record.Date
	// brought is what the rows of the sheet together say of the person.
	brought record.RosterRow
	// joins: the person is made by another row of the sheet.
	joins bool
}

// RosterResult is what an import has done.
type RosterResult struct {
	Applied int            // rows that were written now
	Already int            // rows that had been written before, by this import or otherwise
	Faults  []record.Fault // rows that were not written, by row
}

// rosterPage is how many rows are looked up in one View.
const rosterPage = 500

// PlanRoster compares the rows of a sheet with the store.
func (s *Store) PlanRoster(ctx context.Context, by Importer, rows []record.RosterRow) (*RosterPlan, error) {
	p := &rosterPlanner{store: s, plan: &RosterPlan{By: by}, rows: make([]plannedRow, len(rows))}
	for i, row := range rows {
		p.rows[i] = plannedRow{RosterChange: RosterChange{Row: row}}
	}
	if err := p.findPlaces(ctx); err != nil {
		return nil, err
	}
	p.compareRows()
	if err := p.findPeople(ctx); err != nil {
		return nil, err
	}
	if err := p.countOthers(ctx); err != nil {
		return nil, err
	}
	p.collect()
	return p.plan, nil
}

// ApplyRoster writes a plan. It goes in transactions of some rows each, every
// row checked again inside its own: one that no longer meets what the plan
// was made on is a fault and is left. It may be called again after it was cut
// off, and with the same plan: rows that are written change nothing. progress,
// if any, is called after every transaction.
func (s *Store) ApplyRoster(ctx context.Context, plan *RosterPlan, progress func(done, of int)) (RosterResult, error) {
	var total RosterResult
	for done := 0; done < len(plan.Changes); {
		n := chunk(plan.Changes[done:])
		var part RosterResult
		err := s.Update(ctx, func(tx *Tx) (err error) {
			part, err = tx.applyRows(plan.By, plan.Changes[done:done+n])
			return err
		})
		if err != nil {
			return total, err
		}
		done += n
		total.Applied += part.Applied
		total.Already += part.Already
		total.Faults = append(total.Faults, part.Faults...)
		if progress != nil {
			progress(done, len(plan.Changes))
		}
	}
	slices.SortStableFunc(total.Faults, func(a, b record.Fault) int { return a.Row - b.Row })
	return total, nil
}

// chunk is how many of the changes fit one transaction, by the most keys that
// each can write.
func chunk(changes []RosterChange) int {
	// Sequences, the audit's number, and the county's record and counts.
	const common = 8
	left := kv.MaxWrites - common
	for n, c := range changes {
		// The audit line; place, its name, count and flag; person, two names, phone and
		// old phone; posts, holder, name, four flags, counts of village and
		// township; the same and the list of past holders for who leaves.
		left -= 1 + 4*len(c.NewPlaces) + 5 + 9 + 9*len(c.Ends)
		if left < 0 {
			return max(1, n)
		}
	}
	return len(changes)
}

func (tx *Tx) applyRows(by Importer, changes []RosterChange) (RosterResult, error) {
	var r RosterResult
	actor, err := tx.Actor(by.By)
	if err != nil {
		return r, err
	}
	for _, c := range changes {
		fault, err := tx.applyRow(by, actor, c)
		switch {
		case err != nil:
			return r, fmt.Errorf("storage: roster row %d: %w", c.Row.Row, err)
		case fault == nil:
			r.Applied++
		case *fault == "":
			r.Already++
		default:
			r.Faults = append(r.Faults, record.Fault{Row: c.Row.Row, Kind: *fault})
		}
	}
	return r, nil
}

// applyRow writes one row. A fault says why it does not; an empty one that
// there is nothing left to do.
func (tx *Tx) applyRow(by Importer, actor record.Actor, c RosterChange) (*record.FaultKind, error) {
	reject := func(k record.FaultKind) (*record.FaultKind, error) { return &k, nil }
	if err := by.allow(actor, c.Place.Code); err != nil {
		return reject(record.FaultNotAllowed)
	}
	now := RosterChange{Row: c.Row, Place: c.Place}
	changed, err := tx.missingPlaces(&now, append(slices.Clone(c.NewPlaces), c.Place))
	if err != nil {
		return nil, err
	}
	if changed {
		return reject(record.FaultChanged)
	}
	if c.Row.Role != "" {
		// Somebody new with a number is known by it from then on: a namesake
		// whom another row brought to the same post is somebody else.
		hints := rosterHints{only: c.Person, byNumber: c.Person == "" && c.Row.Phone != ""}
		fault, err := tx.findPerson(&now, hints)
		if err != nil {
			return nil, err
		}
		if fault != nil {
			return reject(record.FaultChanged)
		}
	}
	switch {
	case now.none():
		return reject("")
	case !now.follows(c):
		return reject(record.FaultChanged)
	}
	return nil, tx.write(by, now)
}

// allow is the authority to import rows of a place.
func (by Importer) allow(actor record.Actor, place record.Code) error {
	if by.Operator {
		return nil
	}
	return record.Allow(actor, record.ImportRoster, record.Object{Place: place})
}

// missingPlaces lists which of the places are still to be added. changed says
// that one of them goes by another name meanwhile.
func (tx *Tx) missingPlaces(c *RosterChange, places []record.Place) (changed bool, err error) {
	for _, p := range places {
		have, found, err := get[record.Place](tx, placeKey(p.Code))
		if err != nil {
			return false, err
		}
		if found && have != p {
			return true, nil
		}
		if !found && !slices.Contains(c.NewPlaces, p) {
			c.NewPlaces = append(c.NewPlaces, p)
		}
	}
	return false, nil
}

// follows says whether a row, as it stands in its transaction, starts from
// what the plan was made on. Another row of the sheet may have brought a fact
// of the same person to where this one brings it too.
func (now RosterChange) follows(c RosterChange) bool {
	if now.Appoints != c.Appoints || now.was.since != c.was.since || !slices.EqualFunc(now.Ends, c.Ends, sameHolder) {
		return false
	}
	if now.Person != c.Person {
		return c.Person == "" && c.was.joins
	}
	if now.Person == "" {
		return true
	}
	for _, f := range now.Fields {
		if !slices.Contains(c.Fields, f) {
			return false
		}
	}
	was, is, brought := c.was.person, now.was.person, c.was.brought
	return (is.Name == was.Name || is.Name == brought.Name) &&
		(is.BirthYear == was.BirthYear || is.BirthYear == brought.BirthYear) &&
		(is.Education == was.Education || is.Education == brought.Education)
}

// write brings the store to what a row says.
func (tx *Tx) write(by Importer, c RosterChange) error {
	for _, p := range c.NewPlaces {
		if err := tx.PutPlace(p); err != nil {
			return err
		}
	}
	if c.Row.Role != "" {
		if err := tx.writePerson(&c); err != nil {
			return err
		}
	}
	if c.Appoints {
		if err := tx.Appoint(c.Person, c.Row.Role, c.Place.Code, c.Row.Since); err != nil {
			return err
		}
	} else if c.changes(record.FieldSince) {
		if err := tx.setSince(c.Person, c.Row.Role, c.Place.Code, c.Row.Since); err != nil {
			return err
		}
	}
	return tx.Audit(record.Audit{By: by.By, Action: record.ImportRoster, Person: c.Person, Place: c.Place.Code})
}

func (tx *Tx) writePerson(c *RosterChange) (err error) {
	r := c.Row
	if c.Person == "" {
		c.Person, err = tx.AddPerson(record.Person{Name: r.Name, BirthYear: r.BirthYear, Education: r.Education}, r.Phone)
		return err
	}
	if c.changes(record.FieldName) || c.changes(record.FieldBirthYear) || c.changes(record.FieldEducation) {
		err = tx.EditPerson(c.Person, func(p *record.Person) {
			p.Name = r.Name
			if r.BirthYear != 0 {
				p.BirthYear = r.BirthYear
			}
			if r.Education != "" {
				p.Education = r.Education
			}
		})
	}
	if err == nil && c.changes(record.FieldPhone) {
		err = tx.SetPhone(c.Person, r.Phone)
	}
	return err
}

func (c RosterChange) changes(f record.Field) bool {
	return slices.ContainsFunc(c.Fields, func(x FieldChange) bool { return x.Field == f })
}

// setSince corrects since when somebody holds a post.
func (tx *Tx) setSince(id record.PersonID, role record.Role, place record.Code, since record.Date) error {
	posts, err := tx.Posts(id)
	if err != nil {
		return err
	}
	for i, p := range posts {
		if p.Held() && p.Role == role && p.Place == place {
			posts[i].From = since
			return put(tx, "posts/"+string(id), posts)
		}
	}
	return fmt.Errorf("%w: post", record.ErrNotFound)
}

package storage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"headgoose/storage/record"
)

// rosterPlanner makes a RosterPlan, step by step over all rows.
type rosterPlanner struct {
	store *Store
	plan  *RosterPlan
	rows  []plannedRow
	given map[string]string // names by hashes of the sheet's phone numbers
	later []int             // rows that can only be applied after the others
}

type plannedRow struct {
	RosterChange
	bad     bool
	doubted bool        // another row says otherwise about the same person
	taken   *takenPhone // the row gives somebody else's number
	base    takenPhone  // whose other rows decide who this one means
	looked  int         // how often it was looked up again
}

func (p *rosterPlanner) fault(i int, f record.Fault) {
	f.Row = p.rows[i].Row.Row
	p.rows[i].bad = true
	p.plan.Faults = append(p.plan.Faults, f)
}

// findPeople looks up who the rows mean. What one row does to a person can
// decide who another row means: it gives the person a number, takes one off,
// or corrects the name. Such rows are looked up again, with what the others
// do, and applied after them.
func (p *rosterPlanner) findPeople(ctx context.Context) error {
	var todo []int
	for i := range p.rows {
		if !p.rows[i].bad && p.rows[i].Row.Role != "" {
			todo = append(todo, i)
		}
	}
	p.given = map[string]string{}
	for _, i := range todo {
		if r := p.rows[i].Row; r.Phone != "" {
			p.given[p.store.PhoneHash(r.Phone)] = r.Name
		}
	}
	if err := p.lookUp(ctx, todo, rosterHints{given: p.given}); err != nil {
		return err
	}
	for {
		p.comparePeople()
		hints := p.hints()
		again := slices.DeleteFunc(slices.Clone(todo), func(i int) bool { return !p.rows[i].buildsOn(hints) })
		if len(again) == 0 {
			break
		}
		p.later = slices.DeleteFunc(p.later, func(i int) bool { return slices.Contains(again, i) })
		p.later = append(p.later, again...)
		if err := p.lookUp(ctx, again, hints); err != nil {
			return err
		}
	}
	for _, i := range todo {
		if t := p.rows[i].taken; t != nil {
			p.fault(i, t.fault())
		}
	}
	p.dropUnfounded()
	return nil
}

// dropUnfounded gives up the rows that build on another one which has turned
// out to contradict a third.
func (p *rosterPlanner) dropUnfounded() {
	for more := true; more; {
		more = false
		hints := p.hints()
		for _, i := range p.later {
			row := &p.rows[i]
			if !row.bad && !hints.about(row.base.owner, row.Row) {
				p.fault(i, row.base.fault())
				more = true
			}
		}
	}
}

// lookUp finds who the rows mean, a page of them in each View.
func (p *rosterPlanner) lookUp(ctx context.Context, todo []int, hints rosterHints) error {
	for page := range slices.Chunk(todo, rosterPage) {
		err := p.store.View(ctx, func(tx *Tx) (err error) {
			for _, i := range page {
				row := &p.rows[i]
				if row.taken, err = tx.findPerson(&row.RosterChange, hints); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rosterHints is what the rows of a sheet do to people who are known.
type rosterHints struct {
	freed   map[record.PersonID]bool   // gets another phone number
	renamed map[record.PersonID]string // the corrected name
	numbers map[string]record.PersonID // who gets a number
	given   map[string]string          // names by hashes of the numbers that rows give

	// When a row is applied: who it meant, if that is somebody known, or that
	// somebody new has a number to be found by.
	only     record.PersonID
	byNumber bool
}

// passesOver says whether a holder of the row's name is not the one meant: a
// row with the holder's own number means the holder, this one a namesake.
func (h rosterHints) passesOver(p record.Person, r record.RosterRow) bool {
	return (h.only != "" && h.only != p.ID) || (r.Phone != "" && p.PhoneHash != "" && h.given[p.PhoneHash] == p.Name)
}

func (p *rosterPlanner) hints() rosterHints {
	h := rosterHints{
		freed: map[record.PersonID]bool{}, renamed: map[record.PersonID]string{}, numbers: map[string]record.PersonID{}, given: p.given,
	}
	for _, row := range p.rows {
		if row.bad || row.taken != nil || row.Person == "" {
			continue
		}
		if row.changes(record.FieldPhone) {
			h.freed[row.Person] = true
			if h.numbers[row.Row.Phone] == "" {
				h.numbers[row.Row.Phone] = row.Person
			}
		}
		if row.changes(record.FieldName) {
			h.renamed[row.Person] = row.Row.Name
		}
	}
	return h
}

// about says whether the hints decide whether a row means a person.
func (h rosterHints) about(id record.PersonID, r record.RosterRow) bool {
	return h.freed[id] || h.renamed[id] == r.Name || h.numbers[r.Phone] == id
}

// buildsOn says whether what other rows do decides who this one means, and
// notes on whom it builds.
func (r *plannedRow) buildsOn(h rosterHints) bool {
	const atMost = 3 // times: a number is freed, given, and its new owner renamed
	var base takenPhone
	switch owner := h.numbers[r.Row.Phone]; {
	case r.bad || r.looked == atMost:
	case r.taken != nil && h.about(r.taken.owner, r.Row):
		base = *r.taken
	case r.taken == nil && r.Row.Phone != "" && owner != "" && owner != r.Person:
		base = takenPhone{owner, r.Row.Name}
	}
	if base.owner == "" || base.owner == r.base.owner {
		return false
	}
	r.base = base
	r.looked++
	return true
}

// takenPhone says whose phone number a row gives.
type takenPhone struct {
	owner record.PersonID
	name  string
}

func (t takenPhone) fault() record.Fault {
	return record.Fault{Field: record.FieldPhone, Kind: record.FaultPhoneTaken, Hint: []string{t.name}}
}

// findPerson finds who a row means and what it would change: by the phone
// number, or else by name among those who hold the post, or held it.
func (tx *Tx) findPerson(c *RosterChange, hints rosterHints) (*takenPhone, error) {
	r := c.Row
	holders, err := tx.Holders(r.Role, c.Place.Code)
	if err != nil {
		return nil, err
	}
	c.was, c.Person, c.Fields, c.Ends, c.Beside = rosterState{}, "", nil, nil, nil
	person, found, taken, err := tx.whoIs(r, c.Place.Code, holders, hints)
	if err != nil || taken != nil {
		return taken, err
	}
	if found {
		c.Person = person.ID
		c.was.person = record.Person{Name: person.Name, BirthYear: person.BirthYear, Education: person.Education}
		c.compare(person, tx.s.PhoneHash)
	}
	c.Appoints = !found || !slices.Contains(holders, person.ID)
	if found && !c.Appoints {
		return nil, tx.compareSince(c)
	}
	for _, id := range holders {
		other, err := tx.Person(id)
		if err != nil {
			return nil, err
		}
		h := Holder{Person: id, Name: other.Name}
		if r.Role == record.Secretary {
			c.Ends = append(c.Ends, h)
		} else {
			c.Beside = append(c.Beside, h)
		}
	}
	return nil, nil
}

// whoIs finds the person of a row. taken is set where the number is that of
// somebody who is clearly not meant.
func (tx *Tx) whoIs(r record.RosterRow, place record.Code, holders []record.PersonID, hints rosterHints) (p record.Person, found bool, taken *takenPhone, err error) {
	if r.Phone != "" {
		owner, has, err := tx.PersonByPhone(r.Phone)
		if err != nil {
			return p, false, nil, err
		}
		if id := hints.numbers[r.Phone]; id != "" {
			p, err = tx.Person(id)
			return p, err == nil, nil, err
		}
		if has && (owner.Name == r.Name || hints.renamed[owner.ID] == r.Name || slipOf(owner, r, slices.Contains(holders, owner.ID))) {
			return owner, true, nil, nil
		}
		if has && !hints.freed[owner.ID] {
			return p, false, &takenPhone{owner.ID, owner.Name}, nil
		}
	}
	if hints.byNumber {
		return p, false, nil, nil
	}
	for _, id := range holders {
		if p, err = tx.Person(id); err != nil || (p.Name == r.Name && !hints.passesOver(p, r)) {
			return p, err == nil, nil, err
		}
	}
	past, err := tx.PastHolders(r.Role, place)
	if err != nil {
		return p, false, nil, err
	}
	for _, id := range slices.Backward(past) {
		if p, err = tx.Person(id); err != nil {
			return p, false, nil, err
		}
		sameYear := p.BirthYear == 0 || r.BirthYear == 0 || p.BirthYear == r.BirthYear
		if p.Name == r.Name && sameYear && (p.PhoneHash == "" || r.Phone == "") {
			return p, true, nil, nil
		}
	}
	return record.Person{}, false, nil, nil
}

// slipOf says whether a row corrects the name of the holder of the post who
// has its phone number: one character is another, more or less, and the year
// of birth does not speak against it. A digit is never a slip.
func slipOf(p record.Person, r record.RosterRow, holds bool) bool {
	if !holds || distance(p.Name, r.Name) != 1 || (p.BirthYear != 0 && r.BirthYear != 0 && p.BirthYear != r.BirthYear) {
		return false
	}
	number := func(s string) string {
		return strings.Map(func(c rune) rune {
			if unicode.IsDigit(c) {
				return c
			}
			return -1
		}, s)
	}
	return number(p.Name) == number(r.Name)
}

// compare notes what the row changes about a person.
func (c *RosterChange) compare(p record.Person, hash func(string) string) {
	r := c.Row
	change := func(f record.Field, from, to string) { c.Fields = append(c.Fields, FieldChange{f, from, to}) }
	if p.Name != r.Name {
		change(record.FieldName, p.Name, r.Name)
	}
	if r.Phone != "" && hash(r.Phone) != p.PhoneHash {
		change(record.FieldPhone, p.PhoneTail, phoneTail(r.Phone))
	}
	if r.BirthYear != 0 && r.BirthYear != p.BirthYear {
		change(record.FieldBirthYear, yearText(p.BirthYear), yearText(r.BirthYear))
	}
	if r.Education != "" && r.Education != p.Education {
		change(record.FieldEducation, string(p.Education), string(r.Education))
	}
}

func yearText(y int) string {
	if y == 0 {
		return ""
	}
	return strconv.Itoa(y)
}

// compareSince notes whether the row knows better since when the post is
// held: a month says nothing against a day in it.
func (tx *Tx) compareSince(c *RosterChange) error {
	posts, err := tx.Posts(c.Person)
	if err != nil {
		return err
	}
	for _, p := range posts {
		if !p.Held() || p.Role != c.Row.Role || p.Place != c.Place.Code {
			continue
		}
		c.was.since = p.From
		if s := c.Row.Since; s != "" && !strings.HasPrefix(string(p.From), string(s)) {
			c.Fields = append(c.Fields, FieldChange{record.FieldSince, string(p.From), string(s)})
		}
	}
	return nil
}

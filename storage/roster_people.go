package storage

import (
	"cmp"
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

// contradict marks both rows of a contradiction inside the sheet, each with the
// number of the other.
func (p *rosterPlanner) contradict(i, j int, field record.Field, kind record.FaultKind) {
	for _, pair := range [][2]int{{i, j}, {j, i}} {
		if !p.rows[pair[0]].bad {
			p.rows[pair[0]].doubted = kind == record.FaultPersonDiffers
			p.fault(pair[0], record.Fault{Field: field, Kind: kind, Args: []string{strconv.Itoa(p.rows[pair[1]].Row.Row)}})
		}
	}
}

// compareRows finds what the sheet says twice, or says against itself.
func (p *rosterPlanner) compareRows() {
	phones, holdings := map[string][]int{}, map[holding][]int{}
	for i := range p.rows {
		if p.rows[i].bad {
			continue
		}
		if number := p.rows[i].Row.Phone; number != "" {
			p.comparePhones(phones[number], i)
			if len(phones[number]) < maxCompared {
				phones[number] = append(phones[number], i)
			}
		}
		key := p.rows[i].holding()
		p.compareHoldings(holdings[key], i)
		if len(holdings[key]) < maxCompared {
			holdings[key] = append(holdings[key], i)
		}
	}
}

// maxCompared is with how many rows about one number or one post a row is
// compared: no roster has more, and a sheet of nothing else must not hold up.
const maxCompared = 50

// holding is what two rows should not both give: a post that one person
// holds, a person's holding of another, or a bare place.
type holding struct {
	role  record.Role
	place record.Code
	name  string
}

func (r plannedRow) holding() holding {
	h := holding{role: r.Row.Role, place: r.Place.Code}
	if h.role != "" && h.role != record.Secretary {
		h.name = r.Row.Name
	}
	return h
}

func (p *rosterPlanner) comparePhones(before []int, i int) {
	for _, first := range before {
		a, b := p.rows[first].Row, p.rows[i].Row
		switch {
		case a.Name != b.Name:
			p.contradict(first, i, record.FieldName, record.FaultNamesDiffer)
		case !agree(a, b):
			p.contradict(first, i, record.FieldName, record.FaultPersonDiffers)
		}
	}
}

func (p *rosterPlanner) compareHoldings(before []int, i int) {
	row := &p.rows[i]
	for _, first := range before {
		if samePerson(p.rows[first].Row, row.Row) {
			if !row.bad {
				p.fault(i, record.Fault{Kind: record.FaultRepeated, Args: []string{strconv.Itoa(p.rows[first].Row.Row)}})
			}
			return
		}
	}
	if len(before) > 0 && row.Row.Role == record.Secretary {
		p.contradict(before[0], i, record.FieldName, record.FaultSeveralHolders)
	}
}

// samePerson says whether two rows about one post mean one person.
func samePerson(a, b record.RosterRow) bool {
	return a.Name == b.Name && (a.Phone == b.Phone || a.Phone == "" || b.Phone == "")
}

// agree says whether two rows about one person say nothing different.
func agree(a, b record.RosterRow) bool {
	return (a.Name == b.Name) &&
		(a.Phone == b.Phone || a.Phone == "" || b.Phone == "") &&
		(a.BirthYear == b.BirthYear || a.BirthYear == 0 || b.BirthYear == 0) &&
		(a.Education == b.Education || a.Education == "" || b.Education == "")
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
		change(record.FieldPhone, p.PhoneTail, r.Phone[max(0, len(r.Phone)-4):])
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

// comparePeople finds rows that mean one person and say different things, and
// tells each row what the others bring to its person.
func (p *rosterPlanner) comparePeople() {
	known, numbers := map[record.PersonID][]int{}, map[string]bool{}
	for i := range p.rows {
		row := &p.rows[i]
		switch number := row.Row.Phone; {
		case row.bad || row.Row.Role == "":
		case row.Person != "":
			known[row.Person] = append(known[row.Person], i)
		case number != "":
			row.was.joins = numbers[number]
			numbers[number] = true
		}
	}
	for _, rows := range known {
		brought := record.RosterRow{}
		for _, i := range rows {
			r := p.rows[i].Row
			if first := p.rows[rows[0]].Row; !agree(first, r) || (brought.Name != "" && !agree(brought, r)) {
				p.contradict(rows[0], i, record.FieldName, record.FaultPersonDiffers)
			}
			brought = record.RosterRow{
				Name: r.Name, Phone: cmp.Or(r.Phone, brought.Phone), BirthYear: cmp.Or(r.BirthYear, brought.BirthYear),
				Education: cmp.Or(r.Education, brought.Education),
			}
		}
		for _, i := range rows {
			p.rows[i].was.brought = brought
		}
	}
	p.spreadDoubt()
}

// spreadDoubt keeps out every row about a person of whom two rows say
// different things: who that is, is open.
func (p *rosterPlanner) spreadDoubt() {
	doubted := map[string]int{}
	for i, row := range p.rows {
		if row.doubted && row.Row.Phone != "" {
			doubted[row.Row.Phone] = i
		}
	}
	for i, row := range p.rows {
		if first, there := doubted[row.Row.Phone]; there && !row.bad {
			p.contradict(first, i, record.FieldName, record.FaultPersonDiffers)
		}
	}
}

// countOthers counts who holds a post of the sheet's kinds in the sheet's
// townships and is not in it.
func (p *rosterPlanner) countOthers(ctx context.Context) error {
	named := map[record.PersonID]bool{}
	kinds, within := map[record.Role]bool{}, map[record.Code]bool{}
	for _, row := range p.rows {
		if row.Row.Role == "" {
			continue
		}
		kinds[row.Row.Role] = true
		if row.Person != "" {
			named[row.Person] = true
		}
		for _, h := range row.Ends {
			named[h.Person] = true
		}
		if c := row.Place.Code; c != "" {
			within[c[:min(len(c), 9)]] = true
		}
	}
	others := map[record.PersonID]bool{}
	for place := range within {
		err := p.store.View(ctx, func(tx *Tx) error {
			prefix := "holder/" + string(place)
			if place.Level() == record.County {
				prefix += "/" // the county's own posts
			}
			for e, err := range scan[[]record.PersonID](tx, under(prefix)) {
				if err != nil {
					return err
				}
				_, role, _ := strings.Cut(e.key[len("holder/"):], "/")
				for _, id := range e.val {
					if kinds[record.Role(role)] && !named[id] {
						others[id] = true
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	p.plan.NotInSheet = len(others)
	return nil
}

// collect puts the changes in the order in which they are applied: the
// sheet's, and at the end those that build on others.
func (p *rosterPlanner) collect() {
	later := map[int]bool{}
	for _, i := range p.later {
		later[i] = true
	}
	take := func(i int) {
		row := p.rows[i]
		switch {
		case row.bad:
		case row.none():
			p.plan.Unchanged++
		default:
			p.plan.Changes = append(p.plan.Changes, row.RosterChange)
		}
	}
	for i := range p.rows {
		if !later[i] {
			take(i)
		}
	}
	for _, i := range p.later {
		take(i)
	}
	slices.SortStableFunc(p.plan.Faults, func(a, b record.Fault) int { return a.Row - b.Row })
}

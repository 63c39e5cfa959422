package storage

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"headgoose/storage/record"
)

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

package storage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"headgoose/storage/record"
)

// rosterPlaces knows the places of a county by code and by name: those of the
// store, and those that rows of the sheet bring with their codes.
type rosterPlaces struct {
	county record.Place
	byCode map[record.Code]record.Place
	byName map[string][]record.Place // by townName and villageName, too
	known  map[record.Code]bool      // in the store
	given  map[record.Code]bool      // by a row of the sheet
	hints  int                       // how many more times names are suggested
}

// maxHints bounds the search for similar names: whoever has that many wrong
// ones has another county's sheet.
const maxHints = 200

func (tx *Tx) rosterPlaces(county record.Place) (*rosterPlaces, error) {
	x := &rosterPlaces{
		county: county, byCode: map[record.Code]record.Place{}, byName: map[string][]record.Place{},
		known: map[record.Code]bool{}, given: map[record.Code]bool{}, hints: maxHints,
	}
	have, err := tx.Place(county.Code)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		x.county, x.known[county.Code] = have, true
	}
	x.add(x.county)
	for _, level := range []record.Level{record.Township, record.Village} {
		places, err := tx.placesUnder(county.Code, level)
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			x.add(p)
			x.known[p.Code] = true
		}
	}
	return x, nil
}

func (x *rosterPlaces) add(p record.Place) {
	if _, there := x.byCode[p.Code]; there || p.Name == "" {
		return
	}
	x.byCode[p.Code] = p
	names := []string{p.Name}
	if short := shortName(p.Name); short != p.Name {
		names = append(names, short)
	}
	for _, n := range names {
		x.byName[n] = append(x.byName[n], p)
	}
}

// learn takes the places of a row that gives their codes.
func (x *rosterPlaces) learn(r record.RosterRow) {
	if town := townshipOf(r); x.inside(town) {
		x.add(record.Place{Code: town, Name: r.Township})
	}
	x.given[r.Code], x.given[r.TownshipCode] = true, true
	if r.Code.Level() == record.Village && x.inside(r.Code) {
		x.add(record.Place{Code: r.Code, Name: r.Village})
	}
}

func (x *rosterPlaces) inside(c record.Code) bool { return c != "" && x.county.Code.Contains(c) }

// shortName is a place's name without the words that sheets put behind it or
// leave out: 巴燕 for 巴燕镇, 雄先 for 雄先藏族乡, 下加合 for 下加合村委会.
func shortName(name string) string {
	short := name
	for _, tail := range []string{"党支部", "村民委员会", "村委会", "社区", "村"} {
		short = strings.TrimSuffix(short, tail)
	}
	if short == name {
		for _, tail := range []string{"镇", "乡", "街道"} {
			if s, ok := strings.CutSuffix(short, tail); ok {
				short = s
				break
			}
		}
		for _, people := range []string{"藏族", "回族", "撒拉族", "土族", "蒙古族", "民族"} {
			short = strings.TrimSuffix(short, people)
		}
	}
	if short == "" {
		return name
	}
	return short
}

// named lists the places of a level within a code that bear a name: exactly,
// or else but for what shortName leaves out.
func (x *rosterPlaces) named(name string, level record.Level, within record.Code) []record.Place {
	found := func(key string, exact bool) (list []record.Place) {
		for _, p := range x.byName[key] {
			if p.Code.Level() == level && within.Contains(p.Code) && (!exact || p.Name == name) {
				list = append(list, p)
			}
		}
		slices.SortFunc(list, func(a, b record.Place) int { return cmp.Compare(a.Code, b.Code) })
		return list
	}
	if list := found(name, true); len(list) > 0 {
		return list
	}
	return found(shortName(name), false)
}

// nearest lists up to three names of a level within a code of which the given
// one is the smallest slip.
func (x *rosterPlaces) nearest(name string, level record.Level, within record.Code) []string {
	if x.hints--; x.hints < 0 {
		return nil
	}
	type near struct {
		record.Place
		far int
	}
	var list []near
	most := max(1, len([]rune(name))/2)
	for _, p := range x.byCode {
		if p.Code.Level() != level || !within.Contains(p.Code) {
			continue
		}
		if far := min(distance(name, p.Name), distance(name, shortName(p.Name))); far <= most {
			list = append(list, near{p, far})
		}
	}
	slices.SortFunc(list, func(a, b near) int { return cmp.Or(a.far-b.far, cmp.Compare(a.Code, b.Code)) })
	var names []string
	for _, n := range list {
		if len(names) < 3 && n.far == list[0].far && !slices.Contains(names, n.Name) {
			names = append(names, n.Name)
		}
	}
	return names
}

// distance is how many characters have to be changed, added or left out to
// make one text of the other.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, q := range to {
			step := diagonal
			if r != q {
				step++
			}
			diagonal = row[j+1]
			row[j+1] = min(step, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// rowLevel is the level of the place that a row is about.
func rowLevel(r record.RosterRow) record.Level {
	if l := r.Role.Level(); l != record.NoLevel {
		return l
	}
	switch {
	case r.Code.Level() != record.NoLevel:
		return r.Code.Level()
	case r.Village != "":
		return record.Village
	case r.Township != "" || r.TownshipCode != "":
		return record.Township
	}
	return record.County
}

// find resolves the place of a row, with the places that it adds.
func (x *rosterPlaces) find(r record.RosterRow) (place record.Place, added []record.Place, fault *record.Fault) {
	reject := func(f record.Field, kind record.FaultKind, value string, hint ...string) *record.Fault {
		return &record.Fault{Row: r.Row, Field: f, Kind: kind, Value: value, Hint: hint}
	}
	level := rowLevel(r)
	if level == record.County {
		if r.Code != "" && r.Code != x.county.Code {
			return place, nil, reject(record.FieldCode, record.FaultCodeElsewhere, string(r.Code))
		}
		return x.county, x.missing(x.county), nil
	}
	for _, c := range []struct {
		field record.Field
		code  record.Code
	}{{record.FieldTownshipCode, r.TownshipCode}, {record.FieldCode, r.Code}} {
		outside := !x.inside(c.code) || (r.TownshipCode != "" && !r.TownshipCode.Contains(c.code))
		if c.code != "" && outside {
			return place, nil, reject(c.field, record.FaultCodeElsewhere, string(c.code))
		}
	}
	town, fault := x.township(r, reject)
	if fault != nil {
		return place, nil, fault
	}
	if level == record.Township {
		return town, x.missing(x.county, town), nil
	}
	if place, fault = x.village(r, town, reject); fault != nil {
		return place, nil, fault
	}
	// A village found by its name alone brings its township.
	town = x.byCode[place.Code.Township()]
	return place, x.missing(x.county, town, place), nil
}

type rejection func(f record.Field, kind record.FaultKind, value string, hint ...string) *record.Fault

// township finds the township of a row by code or name; a zero Place where
// the row names none.
func (x *rosterPlaces) township(r record.RosterRow, reject rejection) (record.Place, *record.Fault) {
	code := townshipOf(r)
	if code != "" {
		p, there := x.byCode[code]
		switch {
		case !there:
			return p, reject(record.FieldTownship, record.FaultMissing, r.Township)
		case r.Township != "" && !sameName(r.Township, p.Name):
			return p, reject(record.FieldTownship, record.FaultPlaceName, r.Township, p.Name)
		}
		return p, x.namesake(p, record.FieldTownshipCode, reject)
	}
	if r.Township == "" {
		return record.Place{}, nil
	}
	switch list := x.named(r.Township, record.Township, x.county.Code); len(list) {
	case 0:
		return record.Place{}, reject(record.FieldTownship, record.FaultUnknownPlace, r.Township,
			x.nearest(r.Township, record.Township, x.county.Code)...)
	case 1:
		return list[0], nil
	default:
		return record.Place{}, reject(record.FieldTownship, record.FaultSeveralPlaces, r.Township, codes(list)...)
	}
}

func (x *rosterPlaces) village(r record.RosterRow, town record.Place, reject rejection) (record.Place, *record.Fault) {
	if r.Code != "" {
		p, there := x.byCode[r.Code]
		switch {
		case !there:
			return p, reject(record.FieldVillage, record.FaultMissing, "")
		case r.Village != "" && !sameName(r.Village, p.Name):
			return p, reject(record.FieldVillage, record.FaultPlaceName, r.Village, p.Name)
		}
		return p, x.namesake(p, record.FieldCode, reject)
	}
	within := cmp.Or(town.Code, x.county.Code)
	switch list := x.named(r.Village, record.Village, within); len(list) {
	case 0:
		return record.Place{}, reject(record.FieldVillage, record.FaultUnknownPlace, r.Village,
			x.nearest(r.Village, record.Village, within)...)
	case 1:
		return list[0], nil
	default:
		return record.Place{}, reject(record.FieldVillage, record.FaultSeveralPlaces, r.Village, codes(list)...)
	}
}

// namesake doubts a new place that bears the name of one that the store has
// in the same place and the sheet does not give with its code: the code of
// the row is rather a slip.
func (x *rosterPlaces) namesake(p record.Place, f record.Field, reject rejection) *record.Fault {
	if x.known[p.Code] {
		return nil
	}
	for _, q := range x.named(p.Name, p.Code.Level(), p.Code.Parent()) {
		if x.known[q.Code] && !x.given[q.Code] && q.Name == p.Name {
			return reject(f, record.FaultSeveralPlaces, string(p.Code), string(q.Code))
		}
	}
	return nil
}

func codes(places []record.Place) (list []string) {
	for _, p := range places {
		list = append(list, string(p.Code))
	}
	return list
}

func sameName(a, b string) bool { return a == b || shortName(a) == shortName(b) }

// missing lists those of the places that the store does not have.
func (x *rosterPlaces) missing(places ...record.Place) (list []record.Place) {
	for _, p := range places {
		if p.Code != "" && !x.known[p.Code] {
			list = append(list, p)
		}
	}
	return list
}

// findPlaces resolves the place of every row.
func (p *rosterPlanner) findPlaces(ctx context.Context) error {
	var x *rosterPlaces
	var actor record.Actor
	err := p.store.View(ctx, func(tx *Tx) (err error) {
		if x, err = tx.rosterPlaces(p.plan.By.County); err != nil {
			return err
		}
		actor, err = tx.Actor(p.plan.By.By)
		return err
	})
	if err != nil {
		return err
	}
	for i := range p.rows {
		x.learn(p.rows[i].Row)
	}
	for i := range p.rows {
		row := &p.rows[i]
		var fault *record.Fault
		if row.Place, row.NewPlaces, fault = x.find(row.Row); fault != nil {
			p.fault(i, *fault)
		} else if p.plan.By.allow(actor, row.Place.Code) != nil {
			p.fault(i, record.Fault{Kind: record.FaultNotAllowed})
		}
	}
	return nil
}

// townshipOf is the township's code as a row gives it, in the one column or
// the other.
func townshipOf(r record.RosterRow) record.Code {
	return cmp.Or(r.Code.Township(), r.TownshipCode)
}

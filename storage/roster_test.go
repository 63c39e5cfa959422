package storage

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

var hualong = Importer{County: record.Place{Code: "630224", Name: "化隆县"}, Operator: true}

// village and its neighbours, as the statistics name them.
const (
	bayan    = "巴燕镇"
	xiajiahe = record.Code("630224100200")
	jinjia   = record.Code("630224100201")
)

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func rosterStore(t fataler) *Store {
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{
		Key: make([]byte, KeySize), Clock: func() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func planRoster(t fataler, s *Store, rows ...record.RosterRow) *RosterPlan {
	t.Helper()
	plan, err := s.PlanRoster(context.Background(), hualong, rows)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func applyRoster(t fataler, s *Store, plan *RosterPlan) RosterResult {
	t.Helper()
	r, err := s.ApplyRoster(context.Background(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// take imports rows that have to go in whole.
func take(t fataler, s *Store, rows ...record.RosterRow) {
	t.Helper()
	plan := planRoster(t, s, rows...)
	if len(plan.Faults) > 0 {
		t.Fatalf("faults: %v", plan.Faults)
	}
	if r := applyRoster(t, s, plan); len(r.Faults) > 0 {
		t.Fatalf("faults on applying: %v", r.Faults)
	}
}

// villages is the county's list, a row for each village.
func villages(t fataler) []record.RosterRow {
	t.Helper()
	f, err := os.Open("sheet/testdata/hualong-villages.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []record.RosterRow
	for i, l := range lines[1:] {
		rows = append(rows, record.RosterRow{
			Row: i + 2, TownshipCode: record.Code(l[0]), Township: l[1], Code: record.Code(l[2]), Village: l[3],
		})
	}
	return rows
}

// secretaries puts a placeholder into every village, and an officer into every
// township.
func secretaries(t fataler) []record.RosterRow {
	rows := villages(t)
	towns := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		towns[r.Township] = true
		r.Role, r.Name, r.Phone = record.Secretary, fmt.Sprintf("书记 %03d", i+1), fmt.Sprintf("139%08d", i+1)
		r.BirthYear, r.Education, r.Since = 1960+i%40, record.Educations()[i%6], "2021-03"
	}
	for i, town := range slices.Sorted(maps.Keys(towns)) {
		rows = append(rows, record.RosterRow{
			Row: len(rows) + 2, Township: town, Role: record.TownshipOfficer, Name: fmt.Sprintf("委员 %03d", i+1),
			Phone: fmt.Sprintf("138%08d", i+1),
		})
	}
	return rows
}

// dump is all that the store holds but its audit log, with sealed fields opened:
// the same text seals to other bytes each time.
func dump(t fataler, s *Store) map[string]string {
	all := map[string]string{}
	err := s.engine.View(context.Background(), func(r kv.Reader) error {
		for e, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			key, value := string(e.Key), string(e.Value)
			if strings.HasPrefix(key, "person/") {
				var p record.Person
				if err := s.decode(key, e.Value, &p); err != nil {
					return err
				}
				value = fmt.Sprintf("%+v", p)
			}
			all[key] = value
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func post(n int, village string, role record.Role, name, phone string) record.RosterRow {
	return record.RosterRow{Row: n, Township: bayan, Village: village, Role: role, Name: name, Phone: phone}
}

func secretary(n int, village, name, phone string) record.RosterRow {
	return post(n, village, record.Secretary, name, phone)
}

func view(t fataler, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// holds lists the names of who holds a post.
func holds(t fataler, s *Store, role record.Role, place record.Code) (names []string) {
	t.Helper()
	view(t, s, func(tx *Tx) error {
		ids, err := tx.Holders(role, place)
		if err != nil {
			return err
		}
		for _, id := range ids {
			p, err := tx.Person(id)
			if err != nil {
				return err
			}
			names = append(names, p.Name)
		}
		return nil
	})
	return names
}

func wantNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("holders %v, want %v", got, want)
	}
}

func TestRosterOfTheCounty(t *testing.T) {
	s := rosterStore(t)
	rows := secretaries(t)
	plan := planRoster(t, s, rows...)
	if added, changed := plan.Count(); added != 379 || changed != 0 || len(plan.Faults) != 0 {
		t.Fatalf("added %d, changed %d, faults %v", added, changed, plan.Faults)
	}
	var last, of int
	r, err := s.ApplyRoster(t.Context(), plan, func(d, o int) { last, of = d, o })
	if err != nil || r.Applied != 379 || last != 379 || of != 379 {
		t.Fatalf("%+v, %v, progress %d of %d", r, err, last, of)
	}
	view(t, s, func(tx *Tx) error {
		n, err := tx.Count("630224")
		if n.Villages != 362 || n.Secretaries != 362 {
			t.Errorf("counts: %+v", n)
		}
		return err
	})
	wantNames(t, holds(t, s, record.Secretary, xiajiahe), "书记 001")
	wantNames(t, holds(t, s, record.TownshipOfficer, "630224100"), "委员 004")

	before := dump(t, s)
	again := planRoster(t, s, rows...)
	if len(again.Changes) != 0 || again.Unchanged != 379 || again.NotInSheet != 0 {
		t.Errorf("a second time: %d changes, %d unchanged, %d not in the sheet", len(again.Changes), again.Unchanged, again.NotInSheet)
	}
	if r := applyRoster(t, s, plan); r.Applied != 0 || r.Already != 379 {
		t.Errorf("the old plan again: %+v", r)
	}
	if !maps.Equal(before, dump(t, s)) {
		t.Error("the store has changed")
	}
	part := planRoster(t, s, rows[:30]...) // all of the first township but eight villages
	if part.NotInSheet != 8 {
		t.Errorf("not in the sheet: %d, want 8", part.NotInSheet)
	}
}

func TestRosterPlaces(t *testing.T) {
	s := rosterStore(t)
	take(t, s, villages(t)...)
	take(t, s, record.RosterRow{Row: 2, Township: bayan, Code: "630224100900", Village: "双名村"},
		record.RosterRow{Row: 3, Township: bayan, Code: "630224100901", Village: "双名村"})
	at := func(r record.RosterRow) record.RosterRow {
		r.Row, r.Role, r.Name = 2, record.Secretary, "书记 900"
		return r
	}
	for name, tc := range map[string]struct {
		row   record.RosterRow
		place record.Code
		kind  record.FaultKind
		field record.Field
		hint  []string
	}{
		"by name":               {row: record.RosterRow{Township: bayan, Village: "下加合村"}, place: xiajiahe},
		"by code":               {row: record.RosterRow{Code: xiajiahe}, place: xiajiahe},
		"without tails":         {row: record.RosterRow{Township: "巴燕", Village: "下加合村党支部"}, place: xiajiahe},
		"a people left out":     {row: record.RosterRow{Township: "查甫乡", Code: "630224202200"}, place: "630224202200"},
		"alone in the county":   {row: record.RosterRow{Village: "下加合村"}, place: xiajiahe},
		"a new one by its code": {row: record.RosterRow{Township: bayan, Village: "新设村", Code: "630224100950"}, place: "630224100950"},
		"a slip":                {row: record.RosterRow{Township: bayan, Village: "下加哈村"}, kind: record.FaultUnknownPlace, field: record.FieldVillage, hint: []string{"下加合村"}},
		"township with a slip":  {row: record.RosterRow{Township: "巴彦镇", Village: "下加合村"}, kind: record.FaultUnknownPlace, field: record.FieldTownship, hint: []string{"巴燕镇"}},
		"two of one name":       {row: record.RosterRow{Township: bayan, Village: "双名村"}, kind: record.FaultSeveralPlaces, field: record.FieldVillage, hint: []string{"630224100900", "630224100901"}},
		"the code tells them":   {row: record.RosterRow{Township: bayan, Village: "双名村", Code: "630224100901"}, place: "630224100901"},
		"another county's code": {row: record.RosterRow{Code: "630222100200", Village: "甲村", Township: bayan}, kind: record.FaultCodeElsewhere, field: record.FieldCode},
		"another one's code":    {row: record.RosterRow{Code: jinjia, Village: "下加合村"}, kind: record.FaultPlaceName, field: record.FieldVillage, hint: []string{"金家庄村"}},
		"a slip in the code":    {row: record.RosterRow{Township: bayan, Code: "630224100299", Village: "下加合村"}, kind: record.FaultSeveralPlaces, field: record.FieldCode, hint: []string{string(xiajiahe)}},
		"code beside its town":  {row: record.RosterRow{TownshipCode: "630224101", Code: xiajiahe}, kind: record.FaultCodeElsewhere, field: record.FieldCode},
		"new code without name": {row: record.RosterRow{Code: "630224100950"}, kind: record.FaultMissing, field: record.FieldVillage},
		"new code without town": {row: record.RosterRow{Code: "630224300200", Village: "新设村"}, kind: record.FaultMissing, field: record.FieldTownship},
	} {
		t.Run(name, func(t *testing.T) {
			plan := planRoster(t, s, at(tc.row))
			if tc.kind == "" {
				if len(plan.Faults) > 0 || plan.Changes[0].Place.Code != tc.place {
					t.Fatalf("%+v", plan)
				}
				return
			}
			f := plan.Faults[0]
			if f.Row != 2 || f.Kind != tc.kind || f.Field != tc.field || !slices.Equal(f.Hint, tc.hint) {
				t.Errorf("%v, hint %v; want %s of %s, hint %v", f, f.Hint, tc.kind, tc.field, tc.hint)
			}
		})
	}
}

func TestRosterHandover(t *testing.T) {
	s := rosterStore(t)
	take(t, s, villages(t)...)
	take(t, s, secretary(2, "下加合村", "书记 041", "13900000041"))
	plan := planRoster(t, s, secretary(2, "下加合村", "书记 363", "13900000363"))
	c := plan.Changes[0]
	if c.Adds() || len(c.Ends) != 1 || c.Ends[0].Name != "书记 041" || !c.Appoints {
		t.Fatalf("%+v", c)
	}
	applyRoster(t, s, plan)
	wantNames(t, holds(t, s, record.Secretary, xiajiahe), "书记 363")
	view(t, s, func(tx *Tx) error {
		actor, err := tx.Actor(c.Ends[0].Person)
		if len(actor.Posts) != 0 {
			t.Errorf("the old holder still holds %v", actor.Posts)
		}
		n, _ := tx.Count(xiajiahe)
		if n.Secretaries != 1 {
			t.Errorf("counts: %+v", n)
		}
		return err
	})
	t.Run("and back, without a number", func(t *testing.T) {
		back := planRoster(t, s, secretary(2, "下加合村", "书记 041", ""))
		if got := back.Changes[0].Person; got != c.Ends[0].Person {
			t.Errorf("person %q, want the former holder %q", got, c.Ends[0].Person)
		}
	})
}

func TestRosterPeople(t *testing.T) {
	s := rosterStore(t)
	take(t, s, villages(t)...)
	first := secretary(2, "下加合村", "马进财", "13900000041")
	first.BirthYear, first.Education, first.Since = 1970, record.SeniorHigh, "2021-03-15"
	take(t, s, first, secretary(3, "金家庄村", "书记 002", "13900000002"),
		post(4, "", record.TownshipOfficer, "委员 001", "13900000101"))
	with := func(edit func(*record.RosterRow)) record.RosterRow { r := first; edit(&r); return r }
	for name, tc := range map[string]struct {
		row    record.RosterRow
		fields []FieldChange
		kind   record.FaultKind
		posts  bool // takes one
	}{
		"nothing new":             {row: first},
		"empty cells say nothing": {row: secretary(2, "下加合村", "马进财", "")},
		"the month of the day":    {row: with(func(r *record.RosterRow) { r.Since = "2021-03" })},
		"another number":          {row: with(func(r *record.RosterRow) { r.Phone = "13900000777" }), fields: []FieldChange{{record.FieldPhone, "0041", "0777"}}},
		"a diploma":               {row: with(func(r *record.RosterRow) { r.Education = record.JuniorColl }), fields: []FieldChange{{record.FieldEducation, "senior_high", "college"}}},
		"another year":            {row: with(func(r *record.RosterRow) { r.BirthYear = 1971 }), fields: []FieldChange{{record.FieldBirthYear, "1970", "1971"}}},
		"another date":            {row: with(func(r *record.RosterRow) { r.Since = "2020-12" }), fields: []FieldChange{{record.FieldSince, "2021-03-15", "2020-12"}}},
		"a slip in the name":      {row: with(func(r *record.RosterRow) { r.Name = "马进才" }), fields: []FieldChange{{record.FieldName, "马进财", "马进才"}}},
		"another on the number":   {row: with(func(r *record.RosterRow) { r.Name = "韩某" }), kind: record.FaultPhoneTaken},
		"a slip, but another age": {row: with(func(r *record.RosterRow) { r.Name, r.BirthYear = "马进才", 1990 }), kind: record.FaultPhoneTaken},
		"a number is no slip":     {row: secretary(2, "金家庄村", "书记 003", "13900000002"), kind: record.FaultPhoneTaken},
		"a second village":        {row: secretary(2, "什杰列村", "马进财", "13900000041"), posts: true},
		"an officer beside one":   {row: post(2, "", record.TownshipOfficer, "委员 002", "13900000102"), posts: true},
	} {
		t.Run(name, func(t *testing.T) {
			plan := planRoster(t, s, tc.row)
			if tc.kind != "" {
				if len(plan.Faults) != 1 || plan.Faults[0].Kind != tc.kind {
					t.Fatalf("%v, want %s", plan.Faults, tc.kind)
				}
				return
			}
			var c RosterChange
			if len(plan.Changes) > 0 {
				c = plan.Changes[0]
			}
			if len(plan.Faults) > 0 || !slices.Equal(c.Fields, tc.fields) || c.Appoints != tc.posts || len(c.Ends) > 0 {
				t.Errorf("%+v, faults %v; want %v", c, plan.Faults, tc.fields)
			}
		})
	}
	t.Run("one officer beside another is told", func(t *testing.T) {
		c := planRoster(t, s, post(2, "", record.TownshipOfficer, "委员 002", "13900000102")).Changes[0]
		if len(c.Beside) != 1 || c.Beside[0].Name != "委员 001" {
			t.Errorf("beside %v", c.Beside)
		}
	})
}

func TestRosterOfTwoVillages(t *testing.T) {
	s := rosterStore(t)
	take(t, s, villages(t)...)
	a := secretary(2, "下加合村", "书记 001", "13900000001")
	b := secretary(3, "金家庄村", "书记 001", "13900000001")
	b.BirthYear = 1975
	take(t, s, a, b)
	view(t, s, func(tx *Tx) error {
		p, found, err := tx.PersonByPhone("13900000001")
		if err != nil || !found || p.BirthYear != 1975 {
			t.Fatalf("%+v, %v, %v", p, found, err)
		}
		actor, err := tx.Actor(p.ID)
		if len(actor.Places(record.Secretary)) != 2 {
			t.Errorf("holds %v", actor.Posts)
		}
		return err
	})
	if plan := planRoster(t, s, a, b); plan.Unchanged != 2 {
		t.Errorf("a second time: %+v", plan)
	}
}

// Rows of one sheet that decide who another row means go in at once.
func TestRosterRowsThatBuildOnOthers(t *testing.T) {
	for name, rows := range map[string][]record.RosterRow{
		"a number passes on": {
			secretary(2, "金家庄村", "书记 009", "13900000001"), secretary(3, "下加合村", "书记 001", "13900000555"),
		},
		"a corrected name in two villages": {
			secretary(2, "金家庄村", "马进才", "13900000041"), secretary(3, "上圈村", "马进才", "13900000041"),
		},
		"a new number in two villages": {
			secretary(2, "金家庄村", "书记 001", "13900000555"), secretary(3, "下加合村", "书记 001", "13900000555"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := rosterStore(t)
			take(t, s, villages(t)...)
			take(t, s, secretary(2, "下加合村", "书记 001", "13900000001"), secretary(3, "上圈村", "马进财", "13900000041"))
			take(t, s, rows...)
			if plan := planRoster(t, s, rows...); plan.Unchanged != len(rows) {
				t.Errorf("a second time: %+v, %v", plan.Changes, plan.Faults)
			}
		})
	}
}

func TestRosterAgainstItself(t *testing.T) {
	s := rosterStore(t)
	take(t, s, villages(t)...)
	born := func(r record.RosterRow, year int) record.RosterRow { r.BirthYear = year; return r }
	for name, tc := range map[string]struct {
		a, b record.RosterRow
		want string
	}{
		"the same twice":   {secretary(2, "下加合村", "书记 001", "13900000001"), secretary(3, "下加合村", "书记 001", ""), "row 3: repeated [2]"},
		"two for one post": {secretary(2, "下加合村", "书记 001", "13900000001"), secretary(3, "下加合村", "书记 002", "13900000002"), "row 2: several_holders [3], row 3: several_holders [2]"},
		"one phone, two":   {secretary(2, "下加合村", "书记 001", "13900000001"), secretary(3, "金家庄村", "书记 002", "13900000001"), "row 2: names_differ [3], row 3: names_differ [2]"},
		"two years of birth": {
			born(secretary(2, "下加合村", "书记 001", "13900000001"), 1970), born(secretary(3, "金家庄村", "书记 001", "13900000001"), 1971),
			"row 2: person_differs [3], row 3: person_differs [2]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range planRoster(t, s, tc.a, tc.b).Faults {
				got = append(got, fmt.Sprintf("row %d: %s %v", f.Row, f.Kind, f.Args))
			}
			if text := strings.Join(got, ", "); text != tc.want {
				t.Errorf("%s; want %s", text, tc.want)
			}
		})
	}
}

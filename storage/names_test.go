package storage

import (
	"slices"
	"testing"

	"headgoose/storage/record"
)

func TestPeopleNamed(t *testing.T) {
	const village, other, elsewhere = "630224100200", "630224100201", "630225100200"
	s := newOutboxStore(t)
	var a, b, c record.PersonID
	s.do(t, func(tx *Tx) (err error) {
		for _, p := range []struct {
			id   *record.PersonID
			name string
		}{{&a, "马某"}, {&b, "马某"}, {&c, "马某某"}} {
			if *p.id, err = tx.AddPerson(record.Person{Name: p.name}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	appoint := func(id record.PersonID, place record.Code) func(*Tx) error {
		return func(tx *Tx) error { return tx.Appoint(id, record.Secretary, place, "2021") }
	}
	end := func(id record.PersonID, place record.Code) func(*Tx) error {
		return func(tx *Tx) error { return tx.EndPost(id, record.Secretary, place) }
	}
	rename := func(id record.PersonID, name string) func(*Tx) error {
		return func(tx *Tx) error { return tx.EditPerson(id, func(p *record.Person) { p.Name = name }) }
	}
	nobody := []record.PersonID(nil)
	for _, step := range []struct {
		name   string
		do     func(*Tx) error
		county record.Code
		find   string
		want   []record.PersonID
	}{
		{"without a post nobody is found", func(*Tx) error { return nil }, "630224", "马某", nobody},
		{"a post makes findable", appoint(a, village), "630224", "马某", []record.PersonID{a}},
		{"in the county alone", appoint(b, elsewhere), "630224", "马某", []record.PersonID{a}},
		{"a longer name is another", appoint(c, other), "630224", "马某", []record.PersonID{a}},
		{"namesakes stand in order", appoint(b, other), "630224", "马某", []record.PersonID{a, b}},
		{"the old name is gone", rename(b, "马/某"), "630224", "马某", []record.PersonID{a}},
		{"a slash is no border", rename(a, "马"), "630224", "马", []record.PersonID{a}},
		{"the new name is found in each county", func(*Tx) error { return nil }, "630225", "马/某", []record.PersonID{b}},
		{"a post that ended is not found", end(b, elsewhere), "630225", "马/某", nobody},
		{"while another in the county is held", func(*Tx) error { return nil }, "630224", "马/某", []record.PersonID{b}},
		{"whose successor is named instead", appoint(c, village), "630224", "马", nobody},
	} {
		t.Run(step.name, func(t *testing.T) {
			s.do(t, step.do)
			s.do(t, func(tx *Tx) error {
				got, err := tx.PeopleNamed(step.county, step.find)
				if err == nil && !slices.Equal(got, step.want) {
					t.Errorf("PeopleNamed(%s, %s) = %v, want %v", step.county, step.find, got, step.want)
				}
				return err
			})
		})
	}
}

package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"sync"
	"time"

	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// The codec: a record is JSON, and what concerns a person in it (the fields
// that a record.Sealed marks) is a second JSON object inside, sealed under the
// person's key and bound to the record's key in the store. Rows within a record
// are sealed one by one, each under its own key or under that of the record that
// it is in, and bound to their place in it. Whoever reads or writes records
// through get, put and scan sees none of it.
//
// A record whose key was destroyed reads as if its personal fields were empty,
// and nothing can be said of that person any more: it is written without them.
// One that was written before sealing reads as it is, and is sealed when it is
// written next.

// Keys is a ring of keys as the store uses it; seal.Ring is one.
type Keys interface {
	Key(number uint64) (seal.Key, error)
	Reserve(number uint64) error
	Destroy(graves ...seal.Grave) error
	Graves() iter.Seq2[seal.Grave, error]
	Root() []byte
}

// sealPlan is how a type of record is split.
type sealPlan struct {
	fields   []int        // the personal ones
	personal reflect.Type // a struct of them
	sealed   int          // the field that holds them; -1: only its rows have any
	rows     []int        // slices of records that are split themselves
}

var sealPlans sync.Map // reflect.Type -> *sealPlan, nil for a type without personal fields

// planOf finds out how a type is split.
func planOf(t reflect.Type) *sealPlan {
	if p, found := sealPlans.Load(t); found {
		return p.(*sealPlan)
	}
	p := newPlan(t)
	sealPlans.Store(t, p)
	return p
}

func newPlan(t reflect.Type) *sealPlan {
	if t.Kind() != reflect.Struct {
		return nil
	}
	p := &sealPlan{sealed: -1}
	var fields []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Name == "Sealed":
			p.sealed = i
		case f.Tag.Get("personal") != "" && f.Tag.Get("personal") != "-":
			p.fields = append(p.fields, i)
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
		case f.Type.Kind() == reflect.Slice && planOf(f.Type.Elem()) != nil:
			p.rows = append(p.rows, i)
		}
	}
	if p.sealed < 0 && len(fields) > 0 {
		panic(fmt.Sprintf("storage: %s has personal fields and no field Sealed: they would stand openly", t))
	}
	if p.sealed < 0 && len(p.rows) == 0 {
		return nil
	}
	p.personal = reflect.StructOf(fields)
	return p
}

// keyOf is the key that a record names, or the one that it inherits.
func keyOf(v reflect.Value, inherited record.SealKey) record.SealKey {
	if r, ok := v.Interface().(record.Sealed); ok {
		if own := r.Seal(); own != (record.SealKey{}) {
			return own
		}
	}
	return inherited
}

// encode writes a record that will stand at key.
func (s *Store) encode(key string, v any) ([]byte, error) {
	p := planOf(reflect.TypeOf(v))
	if p == nil {
		return json.Marshal(v)
	}
	open, err := s.split(key, p, reflect.ValueOf(v), record.SealKey{})
	if err != nil {
		return nil, err
	}
	return json.Marshal(open.Interface())
}

// split is a copy of a record whose personal fields are sealed.
func (s *Store) split(where string, p *sealPlan, from reflect.Value, inherited record.SealKey) (reflect.Value, error) {
	of := keyOf(from, inherited)
	open := reflect.New(from.Type()).Elem()
	open.Set(from)
	if p.sealed >= 0 && !of.Nobody {
		if err := s.sealFields(where, p, open, of); err != nil {
			return open, err
		}
	}
	for _, f := range p.rows {
		rows := from.Field(f)
		if rows.Len() == 0 {
			continue
		}
		out := reflect.MakeSlice(rows.Type(), rows.Len(), rows.Len())
		plan := planOf(rows.Type().Elem())
		for i := range rows.Len() {
			row, err := s.split(rowPlace(where, from.Type(), f, i), plan, rows.Index(i), of)
			if err != nil {
				return open, err
			}
			out.Index(i).Set(row)
		}
		open.Field(f).Set(out)
	}
	return open, nil
}

func rowPlace(where string, t reflect.Type, field, i int) string {
	return where + "#" + t.Field(field).Name + "/" + strconv.Itoa(i)
}

// sealFields moves the personal fields of a record into its sealed one.
func (s *Store) sealFields(where string, p *sealPlan, open reflect.Value, of record.SealKey) error {
	personal := reflect.New(p.personal).Elem()
	for i, f := range p.fields {
		personal.Field(i).Set(open.Field(f))
		open.Field(f).SetZero()
	}
	open.Field(p.sealed).SetZero()
	if personal.IsZero() {
		return nil
	}
	plain, err := json.Marshal(personal.Interface())
	if err != nil {
		return err
	}
	k, err := s.sealKey(of)
	if errors.Is(err, seal.ErrDestroyed) {
		return nil
	}
	if err != nil {
		return err
	}
	open.Field(p.sealed).SetBytes(k.Seal(where, plain))
	return nil
}

// decode reads the record that stands at key into v, a pointer.
func (s *Store) decode(key string, raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	to := reflect.ValueOf(v).Elem()
	if p := planOf(to.Type()); p != nil {
		return s.join(key, p, to, record.SealKey{})
	}
	return nil
}

// join opens what split sealed.
func (s *Store) join(where string, p *sealPlan, to reflect.Value, inherited record.SealKey) error {
	of := keyOf(to, inherited)
	if p.sealed >= 0 && to.Field(p.sealed).Len() > 0 {
		if err := s.openFields(where, p, to, of); err != nil {
			return err
		}
	}
	for _, f := range p.rows {
		rows := to.Field(f)
		plan := planOf(rows.Type().Elem())
		for i := range rows.Len() {
			if err := s.join(rowPlace(where, to.Type(), f, i), plan, rows.Index(i), of); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) openFields(where string, p *sealPlan, to reflect.Value, of record.SealKey) error {
	sealed := to.Field(p.sealed).Bytes()
	to.Field(p.sealed).SetZero()
	k, err := s.sealKey(of)
	if errors.Is(err, seal.ErrDestroyed) {
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := k.Open(where, sealed)
	if err != nil {
		return err
	}
	personal := reflect.New(p.personal)
	if err := json.Unmarshal(plain, personal.Interface()); err != nil {
		return err
	}
	for i, f := range p.fields {
		to.Field(f).Set(personal.Elem().Field(i))
	}
	return nil
}

func (s *Store) sealKey(of record.SealKey) (seal.Key, error) {
	n, err := keyNumber(of)
	if err != nil {
		return seal.Key{}, err
	}
	return s.ring.Key(n)
}

// The numbers of the keys: one for each week since firstWeek, then those of
// people and graduates in turns.
const (
	weekKeys = 4096 // 78 years
	week     = 7 * 24 * time.Hour
)

var firstWeek = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // a Monday

// keyNumber is the number in the ring of a key. The ids of people and graduates
// are counted, so their keys need no table.
func keyNumber(of record.SealKey) (uint64, error) {
	switch {
	case of.Person != "":
		n, err := idNumber(string(of.Person))
		return weekKeys + 2*n - 1, err
	case of.Graduate != "":
		n, err := idNumber(string(of.Graduate))
		return weekKeys + 2*n, err
	case !of.Week.IsZero():
		n := max(0, of.Week.Sub(firstWeek)/week)
		return min(uint64(n)+1, weekKeys), nil
	}
	return 0, errors.New("storage: a record of personal data names nobody's key")
}

// idNumber is the number of an id that newID made.
func idNumber(id string) (uint64, error) {
	if len(id) < 2 {
		return 0, fmt.Errorf("storage: id %q has no number", id)
	}
	n, err := strconv.ParseUint(id[1:], 36, 40)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("storage: id %q has no number", id)
	}
	return n, nil
}

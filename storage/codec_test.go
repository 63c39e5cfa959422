package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// raw is everything that an engine holds, keys and values.
func raw(t *testing.T, e kv.Engine) []byte {
	t.Helper()
	var all bytes.Buffer
	err := e.View(t.Context(), func(r kv.Reader) error {
		for entry, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			all.Write(entry.Key)
			all.WriteByte('=')
			all.Write(entry.Value)
			all.WriteByte('\n')
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

func TestPersonalFieldsAreSealed(t *testing.T) {
	ring, err := seal.InMemory(make([]byte, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	c := newCountyWith(t, ring)
	var person record.PersonID
	var grad record.Graduate
	c.do(func(tx *Tx) (err error) {
		person, err = tx.AddPerson(record.Person{Name: "暗记一", BirthYear: 1971, Education: record.Bachelor}, "13912345678")
		if err != nil {
			return err
		}
		if err := tx.Appoint(person, record.Secretary, c.village(0), "2020"); err != nil {
			return err
		}
		grad, err = tx.AddGraduate(record.Graduate{
			Village: c.village(0), Name: "暗记二", BirthYear: 2002, Education: record.Bachelor, School: "暗记大学", Graduation: "2024-06",
			Employment: record.Seeking, Willingness: record.Willing, Phone: "13987654321",
			Consent: record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}, Source: record.BySelf,
		}, nil)
		return err
	})
	for _, marker := range []string{"暗记", "13987654321", "5678", "1971"} {
		if bytes.Contains(raw(t, c.engine), []byte(marker)) {
			t.Errorf("%q stands openly in the data", marker)
		}
	}
	c.do(func(tx *Tx) error {
		p, err := tx.Person(person)
		if p.Name != "暗记一" || p.BirthYear != 1971 || p.PhoneTail != "5678" || p.Sealed != nil {
			t.Errorf("read back: %+v", p)
		}
		g, err2 := tx.Graduate(grad.ID)
		if g.Name != "暗记二" || g.Phone != "13987654321" || g.Sealed != nil {
			t.Errorf("read back: %+v", g)
		}
		if err != nil {
			return err
		}
		return err2
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
	n, err := keyNumber(record.SealKey{Graduate: grad.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Destroy(seal.Grave{Number: n}); err != nil {
		t.Fatal(err)
	}
	c.do(func(tx *Tx) error {
		g, err := tx.Graduate(grad.ID)
		if g.Name != "" || g.Phone != "" || g.Village != c.village(0) {
			t.Errorf("after the key was destroyed: %+v", g)
		}
		p, err2 := tx.Person(person)
		if p.Name != "暗记一" {
			t.Errorf("the other's record reads %+v", p)
		}
		if err != nil {
			return err
		}
		return err2
	})
}

func TestSealedRecordsAreBoundToTheirKey(t *testing.T) {
	c := newCounty(t)
	damage(t, c.engine, func(w kv.Txn) error {
		value, _, err := w.Get([]byte("person/" + c.people[0]))
		if err != nil {
			return err
		}
		return w.Put([]byte("person/"+c.people[1]), bytes.Clone(value))
	})
	err := c.s.View(t.Context(), func(tx *Tx) error { _, err := tx.Person(c.people[1]); return err })
	if err == nil {
		t.Error("a record that was moved to another key opens")
	}
}

func TestKeyNumbersDoNotMeet(t *testing.T) {
	seen := map[uint64]record.SealKey{}
	for _, k := range []record.SealKey{
		{Person: "p1"},
		{Person: "p2"},
		{Graduate: "g1"},
		{Graduate: "g2"},
		{Person: "pz"},
		{Graduate: "g10"},
		{Week: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Week: time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC)},
		{Week: time.Date(2026, 12, 14, 0, 0, 0, 0, time.UTC)},
		{Week: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		n, err := keyNumber(k)
		if err != nil || n == 0 {
			t.Fatalf("%+v: %d, %v", k, n, err)
		}
		if other, found := seen[n]; found {
			t.Errorf("%+v and %+v share key %d", k, other, n)
		}
		seen[n] = k
	}
	for _, k := range []record.SealKey{{}, {Person: "p"}, {Person: "p0"}, {Graduate: "g-1"}} {
		if n, err := keyNumber(k); err == nil {
			t.Errorf("%+v has key %d", k, n)
		}
	}
}

// Data of version 1 had names in keys and records unsealed.
func TestVersion1IsSealed(t *testing.T) {
	engine := memkv.New(memkv.Options{})
	key := make([]byte, KeySize)
	k, err := deriveKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	person := map[string]any{"id": "p1", "name": "暗记一", "phone_tail": "5678", "birth_year": 1971}
	grad := record.Graduate{
		ID: "g1", Village: "630224100200", Name: "暗记二", BirthYear: 2002, Education: record.Bachelor, School: "某大学",
		Employment: record.Seeking, Willingness: record.Willing,
	}
	damage(t, engine, func(w kv.Txn) error {
		for key, v := range map[string]any{
			"meta/schema": meta{Version: 1, KeyCheck: k.check()}, "person/p1": person, "graduate/g1": grad,
			"posts/p1":                                  []record.Post{{ID: "1", Person: "p1", Role: record.Secretary, Place: "630224100200"}},
			"name/630224/暗记一/p1":                        true,
			"gradlist/all/630224100200/暗记二/g1":          true,
			"gradlike/630224100200/2002/暗记二/g1":         true,
			"gradlist/seeking/630224100200/暗记二/g1":      true,
			"gradlist/nolongerthere/630224100200/某人/g9": true,
		} {
			text, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if err := w.Put([]byte(key), text); err != nil {
				return err
			}
		}
		return nil
	})
	s, err := Open(context.Background(), engine, Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if all := raw(t, engine); bytes.Contains(all, []byte("暗记")) || bytes.Contains(all, []byte("某人")) {
		t.Errorf("names stand openly in the data:\n%s", all)
	}
	err = s.View(t.Context(), func(tx *Tx) error {
		p, err := tx.Person("p1")
		if err != nil || p.Name != "暗记一" {
			t.Errorf("the person reads %+v, %v", p, err)
		}
		ids, err := tx.PeopleNamed("630224", "暗记一")
		if err != nil || len(ids) != 1 {
			t.Errorf("found by name: %v, %v", ids, err)
		}
		list, _, err := tx.Graduates(GraduateQuery{Place: "630224", Filter: SeekingWork, Limit: 5})
		if err != nil || len(list) != 1 || list[0].Name != "暗记二" {
			t.Errorf("listed: %+v, %v", list, err)
		}
		like, err := tx.LikeGraduates(record.Graduate{Village: "630224100200", Name: "暗记二", BirthYear: 2002})
		if err != nil || len(like) != 1 {
			t.Errorf("alike: %+v, %v", like, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Words in rows are sealed one by one, each under the key of whom it is about: one
// person's go with that person's key, the others' stay.
func TestRowsAreSealedOneByOne(t *testing.T) {
	ring, err := seal.InMemory(bytes.Repeat([]byte{7}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Reserve(weekKeys + 10); err != nil {
		t.Fatal(err)
	}
	s := &Store{ring: ring}
	was := record.Turn{Village: "630224101200", State: record.TurnOwed, Rows: []record.TurnRow{
		{State: record.TurnPlanned, Person: "p1", Reason: "暗记一"},
		{State: record.TurnOwed, Person: "p2", Reason: "暗记二"},
		{State: record.TurnPlanned, Reason: "nobody held the post"},
	}}
	const key = "turn/c/b/630224101200"
	raw, err := s.encode(key, was)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("暗记")) || was.Rows[0].Reason != "暗记一" {
		t.Errorf("stored %s, the record now reads %+v", raw, was.Rows[0])
	}
	read := func() (got record.Turn) {
		t.Helper()
		if err := s.decode(key, raw, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := read(); !reflect.DeepEqual(got, was) {
		t.Errorf("read back: %+v", got)
	}
	n, err := keyNumber(record.SealKey{Person: "p1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Destroy(seal.Grave{Number: n}); err != nil {
		t.Fatal(err)
	}
	got := read()
	if got.Rows[0].Reason != "" || got.Rows[1].Reason != "暗记二" || got.Rows[2].Reason == "" {
		t.Errorf("after the key of one was destroyed: %+v", got.Rows)
	}
	// It can still be written; nothing is said of the person any more.
	got.Rows[0].Reason = "暗记三"
	if raw, err = s.encode(key, got); err != nil {
		t.Fatal(err)
	}
	if got = read(); got.Rows[0].Reason != "" || got.Rows[1].Reason != "暗记二" {
		t.Errorf("written without the key: %+v", got.Rows)
	}
}

// Words that an older program wrote openly are sealed when the data is opened,
// and whom they are about is found out.
func TestSealWords(t *testing.T) {
	c := newCounty(t)
	village := c.village(0)
	c.do(func(tx *Tx) error {
		return errors.Join(tx.Appoint(c.people[0], record.Secretary, village, "2026-01-01"))
	})
	damage(t, c.engine, func(w kv.Txn) error {
		old := map[string]string{
			"swap/w9":                         `{"id":"w9","from":"` + string(village) + `","to":"` + string(c.village(1)) + `","reason":"暗记一","deadline":"2026-01-01T00:00:00Z","state":"expired","rows":[{"reason":"暗记二"}]}`,
			"dialog/77":                       `{"chat":77,"flow":"leave","answers":{"reason":"暗记三"},"touched":"2026-03-01T00:00:00Z"}`,
			"draft/x":                         `{"Seats":[{"village":"` + string(village) + `","batch":"b","why":{"kind":"locked","args":["暗记四"]}}]}`,
			"constraint/x/" + string(village): `{"programme":"x","village":"` + string(village) + `","reason":"暗记五"}`,
		}
		for key, value := range old {
			if err := w.Put([]byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 { // it may be repeated
		if err := sealWords(t.Context(), c.s); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(raw(t, c.engine), []byte("暗记")) {
		t.Error("a word stands openly in the data")
	}
	c.do(func(tx *Tx) error {
		w, err := tx.Swap("w9")
		if w.Reason != "暗记一" || w.Rows[0].Reason != "暗记二" || w.Asker != c.people[0] {
			t.Errorf("swap: %+v", w)
		}
		d, _, err2 := tx.Dialog(77)
		if d.Answers["reason"] != "暗记三" {
			t.Errorf("dialog: %+v", d)
		}
		plan, _, err3 := tx.Draft("x")
		if len(plan.Seats) != 1 || plan.Seats[0].Why.Args[0] != "暗记四" {
			t.Errorf("draft: %+v", plan)
		}
		hands, err4 := tx.Constraints("x")
		if len(hands) != 1 || hands[0].Reason != "暗记五" || hands[0].Person != c.people[0] {
			t.Errorf("constraints: %+v", hands)
		}
		return errors.Join(err, err2, err3, err4)
	})
}

// A record of version 2 gets the indexes that came after it.
func TestIndexesOfVersion3(t *testing.T) {
	s := gradStore(t)
	g := aGraduate()
	gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
	err := s.engine.Update(t.Context(), func(w kv.Txn) error {
		for _, topic := range []string{"gradname/", "factdue/", "consentend/"} {
			keys, _, err := (&Tx{r: w}).someKeys(under(topic), 10)
			if err != nil || len(keys) == 0 {
				t.Errorf("%s: %v, %v", topic, keys, err)
			}
			for _, key := range keys {
				if err := w.Delete([]byte(key)); err != nil {
					return err
				}
			}
		}
		key := []byte("graduate/" + g.ID)
		value, _, err := w.Get(key)
		if err != nil {
			return err
		}
		var fields map[string]any
		if err := json.Unmarshal(value, &fields); err != nil {
			return err
		}
		delete(fields, "facts")
		delete(fields, "next")
		value, err = json.Marshal(fields)
		return errors.Join(err, w.Put(key, value))
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Check(t.Context()); err != nil || len(found) == 0 {
		t.Errorf("nothing is missing before: %v, %v", found, err)
	}
	for range 2 { // it may be repeated
		if err := sealWordsAndIndex(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("after: %v, %v", found, err)
	}
	gradDo(t, s, func(tx *Tx) error {
		named, err := tx.GraduatesNamed("630224", g.Name, 10)
		if len(named) != 1 {
			t.Errorf("%d of the name are found", len(named))
		}
		return err
	})
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

var gradVillages = []record.Code{"630224100200", "630224100201", "630224101200"}

// gradStore has a county of two townships and three villages.
func gradStore(t interface{ Fatal(...any) }) *Store {
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{
		Key:   make([]byte, KeySize),
		Clock: func() time.Time { return time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	gradDo(t, s, func(tx *Tx) error {
		for _, c := range append([]record.Code{"630224", "630224100", "630224101"}, gradVillages...) {
			if err := tx.PutPlace(record.Place{Code: c, Name: "地" + string(c)}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func gradDo(t interface{ Fatal(...any) }, s *Store, fn func(*Tx) error) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// aGraduate is a record that may be kept.
func aGraduate() record.Graduate {
	return record.Graduate{
		Village: gradVillages[0], Name: "毕业生 001", BirthYear: 2003, Education: record.Bachelor,
		School: "青海大学", Graduation: "2025-07", Employment: record.Seeking, Willingness: record.Willing,
		Phone:   "13800000001",
		Consent: record.Consent{Version: "1", At: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Source: record.BySecretary},
		Source:  record.BySecretary,
	}
}

func TestGraduateCheck(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	if err := aGraduate().Check(now); err != nil {
		t.Fatal(err)
	}
	studying := aGraduate()
	studying.Studying, studying.Employment, studying.Graduation = true, "", "2026-12"
	if err := studying.Check(now); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*record.Graduate){
		"village":     func(g *record.Graduate) { g.Village = "630224100" },
		"name":        func(g *record.Graduate) { g.Name = "a/b" },
		"birth year":  func(g *record.Graduate) { g.BirthYear = 2012 },
		"education":   func(g *record.Graduate) { g.Education = record.SeniorHigh },
		"school":      func(g *record.Graduate) { g.School = " " },
		"major":       func(g *record.Graduate) { g.Major = strings.Repeat("字", record.MaxTitle+1) },
		"graduation":  func(g *record.Graduate) { g.Graduation = "2027-01" },
		"employment":  func(g *record.Graduate) { g.Employment = "" },
		"willingness": func(g *record.Graduate) { g.Willingness = "perhaps" },
		"phone":       func(g *record.Graduate) { g.Phone = "138 0000 0001" },
		"consent":     func(g *record.Graduate) { g.Consent.Version = "" },
	} {
		g := aGraduate()
		change(&g)
		if err := g.Check(now); !errors.Is(err, record.ErrInvalid) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for name, change := range map[string]func(*record.Graduate){
		"past":            func(g *record.Graduate) { g.Graduation = "2026-11" },
		"too far":         func(g *record.Graduate) { g.Graduation = "2035-01" },
		"with employment": func(g *record.Graduate) { g.Employment = record.Employed },
	} {
		g := studying
		change(&g)
		if err := g.Check(now); !errors.Is(err, record.ErrInvalid) {
			t.Errorf("studying, %s: %v", name, err)
		}
	}
}

func TestNobodyIsDoubledSilently(t *testing.T) {
	s := gradStore(t)
	var first record.Graduate
	gradDo(t, s, func(tx *Tx) (err error) { first, err = tx.AddGraduate(aGraduate(), nil); return err })
	err := s.Update(t.Context(), func(tx *Tx) error { _, err := tx.AddGraduate(aGraduate(), nil); return err })
	if !errors.Is(err, record.ErrExists) {
		t.Fatalf("a double: %v", err)
	}
	var second record.Graduate
	gradDo(t, s, func(tx *Tx) (err error) {
		second, err = tx.AddGraduate(aGraduate(), []record.GraduateID{first.ID})
		return err
	})
	gradDo(t, s, func(tx *Tx) error {
		_, err := tx.EditGraduate(second.ID, nil, func(g *record.Graduate) { g.Employment = record.Employed })
		return err // the likeness is as it was: no question
	})
	other := aGraduate()
	other.Name = "毕业生 002"
	gradDo(t, s, func(tx *Tx) (err error) { other, err = tx.AddGraduate(other, nil); return err })
	err = s.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.EditGraduate(other.ID, []record.GraduateID{first.ID}, func(g *record.Graduate) { g.Name = first.Name })
		return err
	})
	if !errors.Is(err, record.ErrExists) {
		t.Fatalf("renamed into a double: %v", err)
	}
}

func TestOneRecordForAPerson(t *testing.T) {
	s := gradStore(t)
	g := aGraduate()
	gradDo(t, s, func(tx *Tx) (err error) {
		if g.Person, err = tx.AddPerson(record.Person{Name: g.Name}, ""); err != nil {
			return err
		}
		if err := tx.Bind(g.Person, 7, "zh"); err != nil {
			return err
		}
		g, err = tx.AddGraduate(g, nil)
		return err
	})
	again := aGraduate()
	again.Person, again.Name = g.Person, "毕业生 002"
	err := s.Update(t.Context(), func(tx *Tx) error { _, err := tx.AddGraduate(again, nil); return err })
	if !errors.Is(err, record.ErrExists) {
		t.Fatalf("a second record: %v", err)
	}
	gradDo(t, s, func(tx *Tx) error {
		own, found, err := tx.GraduateOf(g.Person)
		if !found || own.ID != g.ID {
			t.Errorf("own record %v, %v", own.ID, found)
		}
		if err != nil {
			return err
		}
		return tx.ForgetGraduate(g.ID)
	})
	gradDo(t, s, func(tx *Tx) error {
		if _, found, err := tx.GraduateOf(g.Person); found || err != nil {
			t.Errorf("own record after the erasure: %v, %v", found, err)
		}
		if _, found, err := tx.PersonByChat(7); found || err != nil {
			t.Errorf("account after the erasure: %v, %v", found, err)
		}
		return nil
	})
}

// TestGraduateListsAndCounts compares every list, page by page in both
// directions, and every count with what the records themselves say, while
// records are added, changed, moved and erased.
func TestGraduateListsAndCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := gradStore(t)
		model := map[record.GraduateID]record.Graduate{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				g := drawGraduate(t)
				gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, slices.Collect(maps.Keys(model))); return err })
				model[g.ID] = g
			},
			"edit": func(t *rapid.T) {
				id := drawID(t, model)
				with := drawGraduate(t)
				var g record.Graduate
				gradDo(t, s, func(tx *Tx) (err error) {
					g, err = tx.EditGraduate(id, slices.Collect(maps.Keys(model)), func(g *record.Graduate) { *g = with })
					return err
				})
				model[id] = g
			},
			"drop": func(t *rapid.T) {
				id := drawID(t, model)
				gradDo(t, s, func(tx *Tx) error { return tx.StrikeGraduate(id) })
				delete(model, id)
			},
			"": func(t *rapid.T) { compareGraduates(t, s, model) },
		})
	})
}

func drawID(t *rapid.T, model map[record.GraduateID]record.Graduate) record.GraduateID {
	ids := slices.Sorted(maps.Keys(model))
	if len(ids) == 0 {
		t.Skip("nobody yet")
	}
	return rapid.SampledFrom(ids).Draw(t, "id")
}

func drawGraduate(t *rapid.T) record.Graduate {
	g := aGraduate()
	g.Village = rapid.SampledFrom(gradVillages).Draw(t, "village")
	g.Name = rapid.SampledFrom([]string{"毕业生 001", "毕业生 002", "甲", "乙"}).Draw(t, "name")
	g.Employment = rapid.SampledFrom(record.Employments()).Draw(t, "employment")
	g.Willingness = rapid.SampledFrom(record.Willingnesses()).Draw(t, "willingness")
	if rapid.Bool().Draw(t, "studying") {
		g.Studying, g.Employment, g.Graduation = true, "", "2027-07"
	}
	return g
}

func compareGraduates(t *rapid.T, s *Store, model map[record.GraduateID]record.Graduate) {
	if faults, err := s.Check(context.Background()); err != nil || len(faults) > 0 {
		t.Fatalf("check: %v, %v", faults, err)
	}
	gradDo(t, s, func(tx *Tx) error {
		for _, place := range append([]record.Code{"630224", "630224100", "630224101"}, gradVillages...) {
			var want record.GraduateCount
			for _, g := range model {
				if place.Contains(g.Village) {
					countGraduate(&want, g, 1)
				}
			}
			got, err := tx.Count(place)
			if err != nil {
				return err
			}
			if !sameCount(got.Graduates, want) {
				t.Fatalf("%s counts %+v, want %+v", place, got.Graduates, want)
			}
			for _, f := range GraduateFilters() {
				compareList(t, tx, place, f, model)
				if n := len(wanted(place, f, model)); f.Of(want) != n {
					t.Fatalf("%s %s: %d counted, %d there", place, f, f.Of(want), n)
				}
			}
		}
		return nil
	})
}

func sameCount(a, b record.GraduateCount) bool {
	same := maps.Equal(a.Employment, b.Employment) && maps.Equal(a.Willingness, b.Willingness) && maps.Equal(a.Outlook, b.Outlook)
	for _, n := range []*record.GraduateCount{&a, &b} {
		n.Employment, n.Willingness, n.Outlook = nil, nil, nil
	}
	return same && reflect.DeepEqual(a, b)
}

// wanted are the ids of a list as the records themselves say.
func wanted(place record.Code, f GraduateFilter, model map[record.GraduateID]record.Graduate) []record.GraduateID {
	var keys []string
	for _, g := range model {
		if place.Contains(g.Village) && f.Takes(g) {
			keys = append(keys, listKey(f, g))
		}
	}
	slices.Sort(keys)
	var ids []record.GraduateID
	for _, k := range keys {
		ids = append(ids, lastPart([]byte(k)))
	}
	return ids
}

func compareList(t *rapid.T, tx *Tx, place record.Code, f GraduateFilter, model map[record.GraduateID]record.Graduate) {
	want := wanted(place, f, model)
	q := GraduateQuery{Place: place, Filter: f, Limit: 2}
	var got, last []record.GraduateID
	for more := true; more; q.After = last[len(last)-1] {
		page, next, err := tx.Graduates(q)
		if err != nil {
			t.Fatal(err)
		}
		if last = idsOf(page); len(last) == 0 {
			break
		}
		got, more = append(got, last...), next
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s %s lists %v, want %v", place, f, got, want)
	}
	if len(want) < 3 {
		return
	}
	back, more, err := tx.Graduates(GraduateQuery{Place: place, Filter: f, Before: want[2], Limit: 2})
	if err != nil || more || !slices.Equal(idsOf(back), want[:2]) {
		t.Fatalf("%s %s back from the third: %v, more %v, %v", place, f, idsOf(back), more, err)
	}
}

func idsOf(list []record.Graduate) []record.GraduateID {
	var ids []record.GraduateID
	for _, g := range list {
		ids = append(ids, g.ID)
	}
	return ids
}

func TestAPageStaysInItsPlace(t *testing.T) {
	s := gradStore(t)
	var ids []record.GraduateID // two of one township, two of another, in order
	for i, village := range []record.Code{gradVillages[0], gradVillages[1], gradVillages[2], gradVillages[2]} {
		g := aGraduate()
		g.Village, g.Name = village, fmt.Sprintf("毕业生 %03d", i)
		gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
		ids = append(ids, g.ID)
	}
	for place, own := range map[record.Code][]record.GraduateID{"630224100": ids[:2], "630224101": ids[2:]} {
		for _, from := range ids {
			for _, q := range []GraduateQuery{{After: from}, {Before: from}} {
				q.Place, q.Filter, q.Limit = place, AllGraduates, 8
				gradDo(t, s, func(tx *Tx) error {
					page, _, err := tx.Graduates(q)
					for _, id := range idsOf(page) {
						if !slices.Contains(own, id) {
							t.Errorf("%+v shows %s, of another township", q, id)
						}
					}
					return err
				})
			}
		}
	}
}

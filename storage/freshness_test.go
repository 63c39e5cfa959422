package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// TestFactsFollowTheirRecords does random things to a record over the months: the
// index, the lists and the counts are always those that the record stands for.
func TestFactsFollowTheirRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
		s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		var id record.GraduateID
		gradDo(t, s, func(tx *Tx) error {
			for _, c := range append([]record.Code{"630224", "630224100", "630224101"}, gradVillages...) {
				if err := tx.PutPlace(record.Place{Code: c, Name: "地" + string(c)}); err != nil {
					return err
				}
			}
			g, err := tx.AddGraduate(aGraduate(), nil)
			id = g.ID
			return err
		})
		acts := map[string]func(tx *Tx) error{
			"ask": func(tx *Tx) error {
				_, err := tx.SetAsked(id, func(k *record.Asked) { k.At, k.Open, k.Of = tx.Now, true, record.BySecretary })
				return err
			},
			"silence": func(tx *Tx) error {
				_, err := tx.SetAsked(id, func(k *record.Asked) { k.Open, k.Silences, k.Listed = false, k.Silences+1, k.Silences > 0 })
				return err
			},
			"tried": func(tx *Tx) error { _, err := tx.TriedGraduate(id); return err },
			"confirm": func(tx *Tx) error {
				_, err := tx.ConfirmGraduate(id, record.BySecretary, "p1", record.AgingFacts()...)
				return err
			},
			"move": func(tx *Tx) error {
				_, err := tx.EditGraduate(id, nil, func(g *record.Graduate) { g.Village = gradVillages[2] })
				return err
			},
			"employ": func(tx *Tx) error {
				_, err := tx.EditGraduate(id, nil, func(g *record.Graduate) { g.Employment = record.Employed })
				return err
			},
			"drop": func(tx *Tx) error { return tx.ForgetGraduate(id) },
		}
		names := []string{"ask", "silence", "tried", "confirm", "move", "employ", "drop"}
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60*24).Draw(t, "hours")) * time.Hour)
			what := rapid.SampledFrom(names).Draw(t, "what")
			if err := s.Update(context.Background(), acts[what]); err != nil && !errors.Is(err, record.ErrNotFound) {
				t.Fatal(what, err)
			}
			found, err := s.Check(context.Background())
			if err != nil || len(found) > 0 {
				t.Fatal(what, found, err)
			}
		}
	})
}

// TestFactsDue: a record is due on its day, not before, and no more once it is
// confirmed; who is on the call list is not due.
func TestFactsDue(t *testing.T) {
	s := gradStore(t)
	var g record.Graduate
	gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(aGraduate(), nil); return err })
	due := func(day record.Date) (n int) {
		gradDo(t, s, func(tx *Tx) error {
			ids, _, err := tx.FactsDue("630224", day, "", 10)
			n = len(ids)
			return err
		})
		return n
	}
	if due("2026-12-30") != 0 || due("2026-12-31") != 1 {
		t.Errorf("due on the day before %d, on the day %d", due("2026-12-30"), due("2026-12-31"))
	}
	gradDo(t, s, func(tx *Tx) error {
		_, err := tx.SetAsked(g.ID, func(k *record.Asked) { k.At, k.Listed = tx.Now, true })
		return err
	})
	// The facts are fresh, so the question is closed at once.
	if due("2026-12-31") != 1 {
		t.Error("a question about fresh facts took the record off the days")
	}
}

// TestSecretarysLists pages what is asked and what is to be called.
func TestSecretarysLists(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var ids []record.GraduateID
	gradDo(t, s, func(tx *Tx) error {
		ids = nil
		for _, c := range []record.Code{"630224", "630224100", gradVillages[0]} {
			if err := tx.PutPlace(record.Place{Code: c, Name: "地"}); err != nil {
				return err
			}
		}
		for _, name := range []string{"毕业生 甲", "毕业生 乙", "毕业生 丙"} {
			g := aGraduate()
			g.Name = name
			g, err := tx.AddGraduate(g, nil)
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		return nil
	})
	now = now.AddDate(0, 0, 31)
	gradDo(t, s, func(tx *Tx) error {
		for _, id := range ids {
			if _, err := tx.SetAsked(id, func(k *record.Asked) { k.At, k.Open, k.Of = tx.Now, true, record.BySecretary }); err != nil {
				return err
			}
		}
		_, err := tx.TriedGraduate(ids[1])
		return err
	})
	gradDo(t, s, func(tx *Tx) error {
		asked, more, err := tx.FactsAsked(gradVillages[0], "", 1)
		if err != nil || len(asked) != 1 || asked[0].ID != ids[0] || !more {
			t.Errorf("first page of those asked about: %v, more %v, %v", asked, more, err)
		}
		asked, more, err = tx.FactsAsked(gradVillages[0], ids[0], 1)
		if err != nil || len(asked) != 1 || asked[0].ID != ids[2] || more {
			t.Errorf("second page of those asked about: %v, more %v, %v", asked, more, err)
		}
		call, _, err := tx.CallList(gradVillages[0], "", 5)
		if err != nil || len(call) != 1 || call[0].ID != ids[1] || !call[0].Asked.Tried.Equal(now) {
			t.Errorf("call list: %v, %v", call, err)
		}
		n, err := tx.Count("630224")
		if n.Graduates.Asked != 2 || n.Graduates.OnCall != 1 {
			t.Errorf("counts: %+v", n.Graduates)
		}
		return err
	})
}

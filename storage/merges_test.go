package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// everything reads everything that is stored, opened, by key.
func everything(t interface{ Fatal(...any) }, s *Store) map[string]string {
	all := map[string]string{}
	err := s.Each(context.Background(), func(h Held) error {
		raw, err := json.Marshal(h.Value)
		all[h.Topic+"/"+h.Key] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// differ lists what differs between two dumps.
func differ(a, b map[string]string) (list []string) {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if b[key] != a[key] {
			list = append(list, fmt.Sprintf("%s: %s, then %s", key, a[key], b[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if _, was := a[key]; !was {
			list = append(list, fmt.Sprintf("%s: new, %s", key, b[key]))
		}
	}
	return list
}

// movingStore is gradStore with a clock that a test moves.
func movingStore(t interface{ Fatal(...any) }) (*Store, *time.Time) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return now }})
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
	return s, &now
}

// drawnGraduate adds a record with what may hang on one.
func drawnGraduate(t *rapid.T, s *Store, now *time.Time, account bool) (id record.GraduateID) {
	*now = now.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Hour)
	gradDo(t, s, func(tx *Tx) error {
		g := aGraduate()
		g.Village = rapid.SampledFrom(gradVillages[:2]).Draw(t, "village")
		g.BirthYear = rapid.IntRange(2000, 2002).Draw(t, "birth")
		g.Major = rapid.SampledFrom([]string{"", "农学"}).Draw(t, "major")
		g.Phone = rapid.SampledFrom([]string{"", "13900000201"}).Draw(t, "phone")
		g.Employment = rapid.SampledFrom(record.Employments()).Draw(t, "employment")
		g.Willingness = rapid.SampledFrom(record.Willingnesses()).Draw(t, "willingness")
		g.Source = rapid.SampledFrom([]record.Source{record.BySelf, record.BySheet}).Draw(t, "source")
		g.Consent.At = *now
		if account {
			p, err := tx.AddPerson(record.Person{Name: g.Name}, "")
			if err != nil {
				return err
			}
			g.Person = p
		}
		others, err := tx.GraduatesNamed("630224", g.Name, 9)
		if err != nil {
			return err
		}
		var known []record.GraduateID
		for _, o := range others {
			known = append(known, o.ID)
		}
		g, err = tx.AddGraduate(g, known)
		if err != nil {
			return err
		}
		id = g.ID
		return hangOn(t, tx, g)
	})
	return id
}

// hangOn draws what hangs on a record.
func hangOn(t *rapid.T, tx *Tx, g record.Graduate) error {
	yes := func(what string) bool { return rapid.Bool().Draw(t, what) }
	refers := yes("refers")
	if refers {
		if _, err := tx.SetConsent(g.ID, record.ToRefer, record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}); err != nil {
			return err
		}
	}
	if yes("asked about the consent") {
		if err := tx.AskedConsent(g.ID, record.ToKeep, ""); err != nil {
			return err
		}
	}
	if yes("asked about facts") {
		if _, err := tx.SetAsked(g.ID, func(k *record.Asked) { k.At, k.Open, k.Of = tx.Now, true, record.BySecretary }); err != nil {
			return err
		}
	}
	if yes("reserve") {
		if _, err := tx.AddReserve(g.ID, record.DateOf(tx.Now)); err != nil {
			return err
		}
		if yes("left") {
			if _, err := tx.LeaveReserve(g.ID, record.DateOf(tx.Now), record.ReserveMoved, ""); err != nil {
				return err
			}
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "referrals") {
		if !refers {
			break
		}
		o, err := tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: gradVillages[0], Number: 1, Until: "2028-01-01"})
		if err != nil {
			return err
		}
		r, err := tx.Propose(o.ID, g.ID, "p9", "")
		if err == nil && yes("ended") {
			_, err = tx.StepReferral(r.ID, record.ReferralRow{Stage: record.ReferralEnded, End: record.EndUnfit, Side: record.OfficeSide}, "")
		}
		if err != nil {
			return err
		}
	}
	if yes("correction") && g.Person != "" {
		_, err := tx.AskCorrection(record.Correction{Person: g.Person, Graduate: g.ID, Place: g.Village, Text: "学校有误"})
		return err
	}
	return nil
}

// Two records that are made one and then two again are as they were, with all that
// leads to them; in between there is one, and nothing leads to the other.
func TestAMergeIsUndoneExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := movingStore(t)
		whose := rapid.IntRange(0, 2).Draw(t, "account of") // 0: neither
		a, b := drawnGraduate(t, s, now, whose == 1), drawnGraduate(t, s, now, whose == 2)
		if rapid.Bool().Draw(t, "turned") {
			a, b = b, a
		}
		*now = now.Add(time.Hour)
		before := everything(t, s)
		var p MergePlan
		err := s.Update(context.Background(), func(tx *Tx) (err error) {
			if p, err = tx.PlanMerge(a, b); err != nil {
				return err
			}
			_, err = tx.MergeGraduates(a, b, "p9")
			return err
		})
		if errors.Is(err, record.ErrFull) {
			t.Skip("more than one record holds")
		}
		if err != nil {
			t.Fatal(err)
		}
		clean(t, s)
		for key, value := range everything(t, s) {
			if h := topic(key); h != "merge" && h != "mergeof" && (key == "graduate/"+string(b) || names(key, []byte(value), string(b))) {
				t.Fatalf("%s leads to the record that went: %s", key, value)
			}
		}
		gradDo(t, s, func(tx *Tx) error {
			g, err := tx.Graduate(a)
			if same, _ := sameJSON(g, p.Merged); !same {
				t.Fatalf("planned %+v, got %+v", p.Merged, g)
			}
			return err
		})
		*now = now.Add(29 * 24 * time.Hour)
		gradDo(t, s, func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(b); return err })
		if d := differ(before, everything(t, s)); len(d) > 0 {
			t.Fatalf("not as before:\n%s", d)
		}
		clean(t, s)
	})
}

func clean(t interface{ Fatal(...any) }, s *Store) {
	if found, err := s.Check(context.Background()); err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
}

// twins adds two records of one person, of two villages: the second was said later.
func twins(t *testing.T, s *Store, now *time.Time, change func(a, b *record.Graduate)) (a, b record.Graduate) {
	t.Helper()
	a, b = aGraduate(), aGraduate()
	b.Village, b.Employment, b.Phone, b.Source = gradVillages[1], record.Employed, "13900000201", record.BySelf
	if change != nil {
		change(&a, &b)
	}
	for _, g := range []*record.Graduate{&a, &b} {
		*now = now.Add(time.Hour)
		gradDo(t, s, func(tx *Tx) error {
			added, err := tx.AddGraduate(*g, []record.GraduateID{"g1"})
			if err == nil {
				*g = added
			}
			return err
		})
	}
	return a, b
}

func merges(t *testing.T, s *Store, kept, gone record.GraduateID) (g record.Graduate) {
	t.Helper()
	gradDo(t, s, func(tx *Tx) error {
		if _, err := tx.MergeGraduates(kept, gone, "p9"); err != nil {
			return err
		}
		var err error
		g, err = tx.Graduate(kept)
		return err
	})
	return g
}

func TestWhatAMergeKeeps(t *testing.T) {
	s, now := movingStore(t)
	a, b := twins(t, s, now, nil)
	gradDo(t, s, func(tx *Tx) error { // the willingness of the first is the newest word
		*now = now.Add(time.Hour)
		tx.Now = *now
		_, err := tx.EditGraduate(a.ID, nil, func(g *record.Graduate) { g.Willingness = record.Considering })
		return err
	})
	g := merges(t, s, a.ID, b.ID)
	if g.Village != a.Village || g.Employment != record.Employed || g.Phone != "13900000201" || g.Willingness != record.Considering {
		t.Errorf("%+v", g)
	}
	if g.Told(record.EmploymentFact).Source != record.BySelf || g.Told(record.WillingnessFact).Source != record.BySecretary {
		t.Errorf("who said what: %+v", g.Facts)
	}
	clean(t, s)
	// What is changed afterwards stays with the kept record.
	gradDo(t, s, func(tx *Tx) error {
		if _, err := tx.EditGraduate(a.ID, nil, func(g *record.Graduate) { g.School = "兰州大学" }); err != nil {
			return err
		}
		kept, back, err := tx.UnmergeGraduates(b.ID)
		if kept.School != "兰州大学" || kept.Employment != record.Seeking || back.ID != b.ID || back.Employment != record.Employed {
			t.Errorf("%+v\n%+v", kept, back)
		}
		return err
	})
	clean(t, s)
}

// The last word on a purpose holds, on whichever record it was said.
func TestConsentsOfAMerge(t *testing.T) {
	s, now := movingStore(t)
	a, b := twins(t, s, now, nil)
	gradDo(t, s, func(tx *Tx) error {
		for _, id := range []record.GraduateID{a.ID, b.ID} {
			for _, p := range []record.Purpose{record.ToRefer, record.ToContact} {
				if _, err := tx.SetConsent(id, p, record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	*now = now.Add(time.Hour)
	gradDo(t, s, func(tx *Tx) error {
		if _, err := tx.SetConsent(b.ID, record.ToRefer, record.Consent{}); err != nil {
			return err
		}
		return tx.Audit(record.Audit{Action: record.GiveConsent, Graduate: b.ID, Note: string(record.ToRefer) + " withdrawn"})
	})
	g := merges(t, s, a.ID, b.ID)
	if !g.ConsentTo(record.ToRefer).At.IsZero() || !g.Agrees(record.ToContact, *now) || !g.Agrees(record.ToKeep, *now) {
		t.Errorf("%+v %+v", g.Consent, g.Consents)
	}
	clean(t, s)
}

func TestWhatCannotBeMerged(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(tx *Tx, a, b record.Graduate) error
		want    error
	}{
		"an account of each": {func(tx *Tx, a, b record.Graduate) error {
			for _, id := range []record.GraduateID{a.ID, b.ID} {
				p, err := tx.AddPerson(record.Person{Name: "毕业生 001"}, "")
				if err != nil {
					return err
				}
				if _, err := tx.EditGraduate(id, nil, func(g *record.Graduate) { g.Person = p }); err != nil {
					return err
				}
			}
			return nil
		}, record.ErrExists},
		"the same post": {func(tx *Tx, a, b record.Graduate) error {
			o, err := tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: gradVillages[0], Number: 1, Until: "2028-01-01"})
			if err != nil {
				return err
			}
			for _, id := range []record.GraduateID{a.ID, b.ID} {
				if _, err := tx.SetConsent(id, record.ToRefer, record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}); err != nil {
					return err
				}
				if _, err := tx.Propose(o.ID, id, "p9", ""); err != nil {
					return err
				}
			}
			return nil
		}, record.ErrExists},
		"one that is gone": {func(tx *Tx, _, b record.Graduate) error { return tx.StrikeGraduate(b.ID) }, record.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := movingStore(t)
			a, b := twins(t, s, now, nil)
			gradDo(t, s, func(tx *Tx) error { return c.prepare(tx, a, b) })
			before := everything(t, s)
			err := s.Update(t.Context(), func(tx *Tx) error { _, err := tx.MergeGraduates(a.ID, b.ID, "p9"); return err })
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if d := differ(before, everything(t, s)); len(d) > 0 {
				t.Error(d)
			}
		})
	}
}

// After MergeDays, and with the kept record, nothing can be had back.
func TestAMergeIsForGood(t *testing.T) {
	for name, end := range map[string]func(s *Store, now *time.Time, a record.Graduate) error{
		"after the days": func(s *Store, now *time.Time, _ record.Graduate) error {
			for range 2 { // the first night only looks at the clock
				if _, err := s.Purge(context.Background()); err != nil {
					return err
				}
				*now = now.AddDate(0, 0, record.MergeDays+1)
			}
			_, err := s.Purge(context.Background())
			return err
		},
		"forgotten": func(s *Store, _ *time.Time, a record.Graduate) error {
			return s.Update(context.Background(), func(tx *Tx) error { return tx.ForgetGraduate(a.ID) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := movingStore(t)
			a, b := twins(t, s, now, nil)
			merges(t, s, a.ID, b.ID)
			if err := end(s, now, a); err != nil {
				t.Fatal(err)
			}
			err := s.Update(t.Context(), func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(b.ID); return err })
			if !errors.Is(err, record.ErrNotFound) {
				t.Errorf("undone: %v", err)
			}
			for key := range everything(t, s) {
				if h := topic(key); h == "merge" || h == "mergeof" {
					t.Errorf("%s is left", key)
				}
			}
			gradDo(t, s, func(tx *Tx) error {
				stone, found, err := tx.Gone(string(b.ID))
				marked, err2 := tx.WasForgotten(b)
				if !found || marked != (name == "forgotten") {
					t.Errorf("stone %+v, marked %v", stone, marked)
				}
				return errors.Join(err, err2)
			})
			clean(t, s)
		})
	}
	t.Run("too late", func(t *testing.T) {
		s, now := movingStore(t)
		a, b := twins(t, s, now, nil)
		merges(t, s, a.ID, b.ID)
		*now = now.AddDate(0, 0, record.MergeDays)
		err := s.Update(t.Context(), func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(b.ID); return err })
		if !errors.Is(err, record.ErrTooLate) {
			t.Error(err)
		}
	})
}

// Screenings follow within the minute, and the writes of the fullest merge have
// room.
func TestMergeWithScreeningsAndAllThatHangs(t *testing.T) {
	s, now := movingStore(t)
	a, b := twins(t, s, now, func(a, b *record.Graduate) { a.Employment = record.Employed })
	ctx := t.Context()
	for i := range 10 {
		var id record.ScreeningID
		gradDo(t, s, func(tx *Tx) error {
			place := []record.Code{"630224", "630224100"}[i%2]
			sc, err := tx.AddScreening(record.Screening{Name: fmt.Sprint("筛选 ", i), Place: place, By: "p9", Criteria: record.Criteria{Willingness: []record.Willingness{record.Willing}}})
			id = sc.ID
			return err
		})
		if err := s.FillScreening(ctx, id, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []record.GraduateID{a.ID, b.ID} {
		gradDo(t, s, func(tx *Tx) error {
			for _, p := range record.Purposes() {
				if _, err := tx.SetConsent(id, p, record.Consent{Version: "1", At: tx.Now, Source: record.BySelf}); err != nil {
					return err
				}
				if err := tx.AskedConsent(id, p, ""); err != nil {
					return err
				}
			}
			_, err := tx.AddReserve(id, "2026-12-01")
			return err
		})
		*now = now.Add(time.Hour)
	}
	gradDo(t, s, func(tx *Tx) error {
		for range maxMergedReferrals {
			o, err := tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: gradVillages[0], Number: 1, Until: "2028-01-01"})
			if err != nil {
				return err
			}
			r, err := tx.Propose(o.ID, b.ID, "p9", "")
			if err != nil {
				return err
			}
			if _, err := tx.StepReferral(r.ID, record.ReferralRow{Stage: record.ReferralEnded, End: record.EndUnfit, Side: record.OfficeSide}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	gradDo(t, s, func(tx *Tx) error { return tx.ScreenAgain("630224") })
	before := everything(t, s)
	merges(t, s, a.ID, b.ID)
	gradDo(t, s, func(tx *Tx) error {
		if err := tx.Audit(record.Audit{By: "p9", Action: record.MergeGraduates, Graduate: a.ID}); err != nil {
			return err
		}
		return tx.ScreenAgain("630224")
	})
	clean(t, s)
	gradDo(t, s, func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(b.ID); return err })
	for more := true; more; {
		gradDo(t, s, func(tx *Tx) (err error) {
			if err = tx.ScreenAgain("630224"); err == nil {
				more, err = tx.ScreenDue("630224")
			}
			return err
		})
	}
	clean(t, s)
	for _, d := range differ(before, everything(t, s)) {
		if h := topic(d); h != "screennew" && h != "screencount" && h != "audit" && h != "audithead" && h != "auditof" && h != "auditby" {
			t.Error(d)
		}
	}
}

// Of three records of one person two can be had back, whichever went into which;
// the fourth waits.
func TestManyRecordsOfOnePerson(t *testing.T) {
	s, now := movingStore(t)
	var ids []record.GraduateID
	for i := range 4 {
		*now = now.Add(time.Hour)
		gradDo(t, s, func(tx *Tx) error {
			g := aGraduate()
			g.BirthYear -= i
			g, err := tx.AddGraduate(g, nil)
			ids = append(ids[:i], g.ID)
			return err
		})
	}
	before := everything(t, s)
	merges(t, s, ids[1], ids[0])
	merges(t, s, ids[2], ids[1])
	err := s.Update(t.Context(), func(tx *Tx) error { _, err := tx.MergeGraduates(ids[3], ids[2], "p9"); return err })
	if !errors.Is(err, record.ErrFull) {
		t.Errorf("a third: %v", err)
	}
	err = s.Update(t.Context(), func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(ids[0]); return err })
	if !errors.Is(err, record.ErrNotFound) {
		t.Errorf("the first, while the second is not there: %v", err)
	}
	for _, id := range []record.GraduateID{ids[1], ids[0]} {
		gradDo(t, s, func(tx *Tx) error { _, _, err := tx.UnmergeGraduates(id); return err })
	}
	if d := differ(before, everything(t, s)); len(d) > 0 {
		t.Error(d)
	}
	clean(t, s)
}

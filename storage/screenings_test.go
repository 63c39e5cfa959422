package storage

import (
	"context"
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

// screenStore is a gradStore with a clock that can be moved.
func screenStore(t interface{ Fatal(...any) }, now *time.Time) *Store {
	s, err := Open(context.Background(), memkv.New(memkv.Options{}), Options{Key: make([]byte, KeySize), Clock: func() time.Time { return *now }})
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

func drawScreen(t *rapid.T) record.Screening {
	s := record.Screening{
		Place: rapid.SampledFrom([]record.Code{"630224", "630224100", "630224101"}).Draw(t, "place"), Name: "筛选", By: "p1",
		Criteria: record.Criteria{Within: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "within")},
	}
	if rapid.Bool().Draw(t, "seeking") || s.Criteria.Within == 0 {
		s.Criteria.Employments = []record.Employment{record.Seeking, record.Exams}
	}
	if rapid.Bool().Draw(t, "willing") {
		s.Criteria.Willingness = []record.Willingness{record.Willing}
	}
	return s
}

// screenModel is what a history of records and screenings comes to.
type screenModel struct {
	s       *Store
	now     time.Time
	grads   map[record.GraduateID]record.Graduate
	screens map[record.ScreeningID]record.Screening
}

func (m *screenModel) due(t *rapid.T) {
	for range 50 {
		due := false
		gradDo(t, m.s, func(tx *Tx) (err error) { due, err = tx.ScreenDue("630224"); return err })
		if !due {
			return
		}
		gradDo(t, m.s, func(tx *Tx) error { return tx.ScreenAgain("630224") })
	}
	t.Fatal("somebody is due for ever")
}

// overflow does what a change had no room for, and nothing else is waited for.
func (m *screenModel) overflow(t *rapid.T) {
	left := false
	gradDo(t, m.s, func(tx *Tx) error {
		keys, _, err := tx.someKeys(under("screendue/"), 1)
		left = len(keys) > 0
		return err
	})
	if left {
		m.due(t)
	}
}

// compare holds every page against what the records say.
func (m *screenModel) compare(t *rapid.T) {
	if faults, err := m.s.Check(context.Background()); err != nil || len(faults) > 0 {
		t.Fatalf("check: %v, %v", faults, err)
	}
	gradDo(t, m.s, func(tx *Tx) error {
		for _, s := range m.screens {
			for _, place := range []record.Code{s.Place, gradVillages[0]} {
				if s.Place.Contains(place) {
					m.comparePages(t, tx, s, place)
				}
			}
		}
		return nil
	})
}

func (m *screenModel) comparePages(t *rapid.T, tx *Tx, s record.Screening, place record.Code) {
	var keys []string
	for _, g := range m.grads {
		if place.Contains(g.Village) && s.Fits(g, m.now) {
			keys = append(keys, listKey(AllGraduates, g))
		}
	}
	slices.Sort(keys)
	var want, got []record.GraduateID
	for _, k := range keys {
		want = append(want, lastPart([]byte(k)))
	}
	q := ScreenQuery{Screening: s, Place: place, Limit: 2}
	for more := true; more; {
		page, next, err := tx.Screened(q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got, more = append(got, idsOf(page)...), next
		q.After = got[len(got)-1]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s in %s lists %v, want %v", s.ID, place, got, want)
	}
	if len(want) > 2 {
		back, more, err := tx.Screened(ScreenQuery{Screening: s, Place: place, Before: want[2], Limit: 2})
		if err != nil || more || !slices.Equal(idsOf(back), want[:2]) {
			t.Fatalf("%s in %s back from the third: %v, more %v, %v", s.ID, place, idsOf(back), more, err)
		}
	}
}

// Whatever happens to records, screenings and the clock, each screening lists
// exactly those who fit, and Check agrees with every key of it.
func TestScreeningsFollowTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &screenModel{now: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC), grads: map[record.GraduateID]record.Graduate{}, screens: map[record.ScreeningID]record.Screening{}}
		m.s = screenStore(t, &m.now)
		others := func() []record.GraduateID { return slices.Collect(maps.Keys(m.grads)) }
		fill := func(id record.ScreeningID) {
			if err := m.s.FillScreening(context.Background(), id, nil); err != nil {
				t.Fatal(err)
			}
		}
		anyScreen := func(t *rapid.T) record.ScreeningID {
			ids := slices.Sorted(maps.Keys(m.screens))
			if len(ids) == 0 {
				t.Skip("no screening yet")
			}
			return rapid.SampledFrom(ids).Draw(t, "screening")
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				g := drawGraduate(t)
				gradDo(t, m.s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, others()); return err })
				m.grads[g.ID] = g
				m.overflow(t)
			},
			"edit": func(t *rapid.T) {
				id, with := drawID(t, m.grads), drawGraduate(t)
				var g record.Graduate
				gradDo(t, m.s, func(tx *Tx) (err error) {
					g, err = tx.EditGraduate(id, others(), func(g *record.Graduate) { *g = with })
					return err
				})
				m.grads[id] = g
				m.overflow(t)
			},
			"erase": func(t *rapid.T) {
				id := drawID(t, m.grads)
				gradDo(t, m.s, func(tx *Tx) error { return tx.StrikeGraduate(id) })
				delete(m.grads, id)
				m.overflow(t)
			},
			"save": func(t *rapid.T) {
				s := drawScreen(t)
				gradDo(t, m.s, func(tx *Tx) (err error) { s, err = tx.AddScreening(s); return err })
				fill(s.ID)
				m.screens[s.ID] = s
			},
			"change": func(t *rapid.T) {
				id, with := anyScreen(t), drawScreen(t)
				var s record.Screening
				gradDo(t, m.s, func(tx *Tx) (err error) {
					s, err = tx.EditScreening(id, func(s *record.Screening) { s.Criteria = with.Criteria })
					return err
				})
				m.screens[id] = s
				fill(id)
				if rapid.Bool().Draw(t, "twice") {
					fill(id) // changes nothing
				}
			},
			"delete": func(t *rapid.T) {
				id := anyScreen(t)
				gradDo(t, m.s, func(tx *Tx) error { return tx.DropScreening(id) })
				fill(id)
				delete(m.screens, id)
			},
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
				if rapid.Bool().Draw(t, "planner") {
					m.due(t)
				}
			},
			"": m.compare,
		})
	})
}

// A filling that was stopped goes on where it was, and one begun anew by a change
// in the middle ends with the new criteria.
func TestAFillingThatStops(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(t, &now)
	const people = 3 * lookAtOnce / 2
	for i := range people {
		g := aGraduate()
		g.Name = fmt.Sprintf("毕业生 %03d", i)
		if i%3 == 0 {
			g.Employment = record.Employed
		}
		gradDo(t, s, func(tx *Tx) error { _, err := tx.AddGraduate(g, nil); return err })
	}
	screen := record.Screening{Place: "630224", Name: "求职", By: "p1", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}, Within: 30}}
	gradDo(t, s, func(tx *Tx) (err error) { screen, err = tx.AddScreening(screen); return err })
	stop := func(after int) (looked int) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := s.FillScreening(ctx, screen.ID, func(done, of int) {
			if looked = done; of != people {
				t.Errorf("progress of %d, want %d", of, people)
			}
			if after--; after == 0 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped: %v", err)
		}
		return looked
	}
	first := stop(2)
	if second := stop(2); second <= first {
		t.Errorf("after the stop it looked at %d, before at %d: it began anew", second, first)
	}
	gradDo(t, s, func(tx *Tx) error {
		_, err := tx.EditScreening(screen.ID, func(s *record.Screening) { s.Criteria.Employments = []record.Employment{record.Employed} })
		return err
	})
	if err := s.FillScreening(t.Context(), screen.ID, nil); err != nil {
		t.Fatal(err)
	}
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Fatal(faults, err)
	}
	gradDo(t, s, func(tx *Tx) error {
		n, err := tx.ScreenCount(screen.ID)
		if n.All != people/3 || n.New != 0 {
			t.Errorf("%+v fit, want %d", n, people/3)
		}
		return err
	})
}

// A screening that is filled while others wait for it has everybody when it is
// ready.
func TestReadyIsWhole(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(t, &now)
	gradDo(t, s, func(tx *Tx) error { _, err := tx.AddGraduate(aGraduate(), nil); return err })
	var last record.Screening
	for i := range 2 * roomOfChange {
		gradDo(t, s, func(tx *Tx) (err error) {
			last, err = tx.AddScreening(record.Screening{
				Place: "630224", Name: fmt.Sprint("筛选", i), By: "p1", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}},
			})
			return err
		})
	}
	if err := s.FillScreening(t.Context(), last.ID, nil); err != nil {
		t.Fatal(err)
	}
	gradDo(t, s, func(tx *Tx) error {
		n, err := tx.ScreenCount(last.ID)
		if n.All != 1 {
			t.Errorf("%d fit, want 1", n.All)
		}
		return err
	})
}

// A change that more screenings follow than a transaction has room for is
// finished afterwards, and so is an erasure.
func TestMoreScreeningsThanRoom(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(t, &now)
	for i := range 2 * record.MaxScreenings {
		place := []record.Code{"630224", "630224100"}[i%2]
		gradDo(t, s, func(tx *Tx) error {
			made, err := tx.AddScreening(record.Screening{
				Place: place, Name: fmt.Sprint("筛选", i), By: "p1", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}, Within: 30},
			})
			if err != nil {
				return err
			}
			_, _, err = tx.fillSome(made.ID)
			return err
		})
	}
	full := s.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.AddScreening(record.Screening{Place: "630224", Name: "多", Criteria: record.Criteria{Within: 1}})
		return err
	})
	if !errors.Is(full, record.ErrFull) {
		t.Errorf("one more than a place may have: %v", full)
	}
	var g record.Graduate
	gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(aGraduate(), nil); return err })
	want := func(fit int) {
		t.Helper()
		for range 10 {
			gradDo(t, s, func(tx *Tx) error { return tx.ScreenAgain("630224") })
		}
		if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
			t.Fatalf("check: %v, %v", faults, err)
		}
		gradDo(t, s, func(tx *Tx) error {
			due, err := tx.ScreenDue("630224")
			if due {
				t.Error("somebody is due still")
			}
			for _, place := range []record.Code{"630224", "630224100"} {
				list, err := tx.Screenings(place)
				if err != nil {
					return err
				}
				for _, one := range list {
					n, err := tx.ScreenCount(one.ID)
					if err != nil {
						return err
					}
					if n.All != fit || n.New != fit {
						t.Errorf("%s counts %+v, want %d", one.Name, n, fit)
					}
				}
			}
			return err
		})
	}
	want(1)
	gradDo(t, s, func(tx *Tx) error { return tx.ForgetGraduate(g.ID) })
	want(0)
}

// The newly matching are told once, and who was there when the screening was
// made is not new.
func TestNewlyScreened(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(t, &now)
	add := func(name string) (g record.Graduate) {
		g = aGraduate()
		g.Name = name
		gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
		return g
	}
	add("毕业生 001")
	screen := record.Screening{Place: "630224", Name: "求职", By: "p1", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}}}
	gradDo(t, s, func(tx *Tx) (err error) { screen, err = tx.AddScreening(screen); return err })
	if err := s.FillScreening(t.Context(), screen.ID, nil); err != nil {
		t.Fatal(err)
	}
	saved := now
	now = now.Add(time.Hour)
	second := add("毕业生 002")
	check := func(since time.Time, want ...record.GraduateID) {
		t.Helper()
		gradDo(t, s, func(tx *Tx) error {
			ids, err := tx.ScreenNews(screen.ID, since, now)
			if !slices.Equal(ids, want) {
				t.Errorf("new: %v, want %v", ids, want)
			}
			return err
		})
	}
	check(saved, second.ID)
	told := now
	now = now.Add(time.Hour)
	third := add("毕业生 003")
	check(told, third.ID)
	gradDo(t, s, func(tx *Tx) error { _, err := tx.ScreenTold(screen.ID, told); return err })
	check(saved, third.ID)
	gradDo(t, s, func(tx *Tx) error {
		n, err := tx.ScreenCount(screen.ID)
		if n.All != 3 || n.New != 1 || n.In["630224100"] != 3 {
			t.Errorf("counts %+v", n)
		}
		return err
	})
	gradDo(t, s, func(tx *Tx) error {
		_, err := tx.EditGraduate(third.ID, nil, func(g *record.Graduate) { g.Employment = record.Employed })
		return err
	})
	check(saved)
}

func TestGraduatesNamed(t *testing.T) {
	s := gradStore(t)
	var ids []record.GraduateID
	for _, village := range gradVillages {
		g := aGraduate()
		g.Village = village
		gradDo(t, s, func(tx *Tx) (err error) { g, err = tx.AddGraduate(g, nil); return err })
		ids = append(ids, g.ID)
	}
	gradDo(t, s, func(tx *Tx) error {
		for place, want := range map[record.Code][]record.GraduateID{"630224": ids, "630224100": ids[:2], gradVillages[2]: ids[2:]} {
			got, err := tx.GraduatesNamed(place, aGraduate().Name, 9)
			if err != nil || !slices.Equal(idsOf(got), want) {
				t.Errorf("%s: %v, %v, want %v", place, idsOf(got), err, want)
			}
		}
		none, err := tx.GraduatesNamed("630224", "别人", 9)
		if len(none) > 0 {
			t.Errorf("found %v by a name that nobody bears", idsOf(none))
		}
		return err
	})
}

func TestAMonthIsKeptOnce(t *testing.T) {
	s := gradStore(t)
	places := []record.Code{"630224", "630224100"}
	keep := func(month record.Date) {
		gradDo(t, s, func(tx *Tx) error { return tx.KeepMonth(places, month) })
	}
	gradDo(t, s, func(tx *Tx) error { _, err := tx.AddGraduate(aGraduate(), nil); return err })
	keep("2026-10")
	second := aGraduate()
	second.Name = "毕业生 002"
	gradDo(t, s, func(tx *Tx) error { _, err := tx.AddGraduate(second, nil); return err })
	keep("2026-10") // changes nothing
	keep("2026-12") // nobody counted in November
	gradDo(t, s, func(tx *Tx) error {
		list, err := tx.GraduateMonths("630224", "2026-09")
		if err != nil {
			return err
		}
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprint(m.Month, " ", m.Counts.All))
		}
		if want := []string{"2026-10 1", "2026-12 2"}; !slices.Equal(got, want) {
			t.Errorf("kept %v, want %v", got, want)
		}
		list, err = tx.GraduateMonths("630224", "2026-11")
		if len(list) != 1 {
			t.Errorf("from November on: %d months", len(list))
		}
		return err
	})
}

func TestCheckFindsWhatScreeningsMiss(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(t, &now)
	screen := record.Screening{Place: "630224", Name: "求职", By: "p1", Criteria: record.Criteria{Employments: []record.Employment{record.Seeking}, Within: 30}}
	gradDo(t, s, func(tx *Tx) (err error) { screen, err = tx.AddScreening(screen); return err })
	if err := s.FillScreening(t.Context(), screen.ID, nil); err != nil {
		t.Fatal(err)
	}
	gradDo(t, s, func(tx *Tx) error { _, err := tx.AddGraduate(aGraduate(), nil); return err })
	for _, topic := range []string{"screen/", "screennew/", "screencount/", "screenof/", "screenend/"} {
		key, value := firstUnder(t, s.Engine(), topic)
		gradDo(t, s, func(tx *Tx) error { return tx.w.Delete(key) })
		if faults, err := s.Check(t.Context()); err != nil || len(faults) == 0 {
			t.Errorf("a missing entry of %s is not found: %v", topic, err)
		}
		gradDo(t, s, func(tx *Tx) error { return tx.w.Put(key, value) })
		if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
			t.Fatalf("%s: %v, %v", topic, faults, err)
		}
	}
	for _, key := range []string{
		"screen/" + string(screen.ID) + "/" + string(gradVillages[1]) + "/02gx", "screen/s000009/" + string(gradVillages[0]) + "/02g1",
		"screenof/630224/s000009", "screenend/630224/0000000000000001/" + string(gradVillages[1]) + "/02gx",
	} {
		gradDo(t, s, func(tx *Tx) error { return tx.w.Put([]byte(key), []byte("true")) })
		if faults, err := s.Check(t.Context()); err != nil || len(faults) == 0 {
			t.Errorf("%s is left over and not found: %v", key, err)
		}
		gradDo(t, s, func(tx *Tx) error { return tx.w.Delete([]byte(key)) })
	}
}

// benchScreens has four thousand graduates and as many screenings as may follow
// one change, forty.
func benchScreens(b *testing.B) (*Store, record.Screening) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	s := screenStore(b, &now)
	var screen record.Screening
	for i := range 2 * record.MaxScreenings {
		gradDo(b, s, func(tx *Tx) (err error) {
			screen, err = tx.AddScreening(record.Screening{
				Place: []record.Code{"630224", "630224100"}[i%2], Name: fmt.Sprint("筛选", i), By: "p1",
				Criteria: record.Criteria{
					Employments: record.Employments()[i%6 : i%6+1], Willingness: []record.Willingness{record.Willing}, Within: 30 * (1 + i%3),
				},
			})
			return err
		})
	}
	for i := range 4_000 {
		gradDo(b, s, func(tx *Tx) error {
			g := aGraduate()
			g.Name, g.Village = fmt.Sprintf("毕业生 %05d", i), gradVillages[i%2]
			g.Employment = record.Employments()[i%6]
			_, err := tx.AddGraduate(g, nil)
			return err
		})
	}
	for due := true; due; {
		gradDo(b, s, func(tx *Tx) (err error) {
			if due, err = tx.ScreenDue("630224"); err == nil && due {
				err = tx.ScreenAgain("630224")
			}
			return err
		})
	}
	return s, screen
}

func BenchmarkScreeningFirstPage(b *testing.B) {
	s, screen := benchScreens(b)
	for b.Loop() {
		err := s.View(b.Context(), func(tx *Tx) error {
			page, _, err := tx.Screened(ScreenQuery{Screening: screen, Place: screen.Place, Limit: 8})
			if len(page) != 8 {
				b.Fatalf("%d on the page", len(page))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScreeningEdit changes a fact that forty screenings look at.
func BenchmarkScreeningEdit(b *testing.B) {
	s, _ := benchScreens(b)
	i := 0
	for b.Loop() {
		i++
		gradDo(b, s, func(tx *Tx) error {
			_, err := tx.EditGraduate("g1", nil, func(g *record.Graduate) { g.Employment = record.Employments()[i%6] })
			return err
		})
	}
}

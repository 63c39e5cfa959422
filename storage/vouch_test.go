package storage

import (
	"errors"
	"testing"

	"headgoose/storage/record"
)

// registers adds somebody who registers themself.
func registers(t *testing.T, s *Store, change func(*record.Graduate)) (g record.Graduate) {
	t.Helper()
	gradDo(t, s, func(tx *Tx) (err error) {
		g = aGraduate()
		g.Source = record.BySelf
		if change != nil {
			change(&g)
		}
		g, err = tx.AddGraduate(g, nil)
		return err
	})
	return g
}

// vouchCounts is how many of a place wait for the village's word and are doubted, by
// count and by list, which must agree.
func vouchCounts(t *testing.T, s *Store, place record.Code) (open, doubted int) {
	t.Helper()
	gradDo(t, s, func(tx *Tx) error {
		n, err := tx.Count(place)
		if err != nil {
			return err
		}
		open, doubted = Unvouched.Of(n.Graduates), Doubted.Of(n.Graduates)
		for f, want := range map[GraduateFilter]int{Unvouched: open, Doubted: doubted} {
			list, _, err := tx.Graduates(GraduateQuery{Place: place, Filter: f, Limit: 99})
			if err != nil {
				return err
			}
			if len(list) != want {
				t.Errorf("%s of %s: %d listed, %d counted", f, place, len(list), want)
			}
		}
		return nil
	})
	return open, doubted
}

func TestTheVillagesWord(t *testing.T) {
	s := gradStore(t)
	g := registers(t, s, nil)
	var other record.Graduate
	gradDo(t, s, func(tx *Tx) (err error) {
		other = aGraduate()
		other.Name = "毕业生 002"
		other, err = tx.AddGraduate(other, nil)
		return err
	})
	for _, step := range []struct {
		word          record.VouchState
		open, doubted int
	}{{"", 1, 0}, {record.VouchUnknown, 0, 1}, {record.VouchNo, 0, 1}, {record.VouchYes, 0, 0}, {record.VouchUnknown, 0, 1}} {
		if step.word != "" {
			gradDo(t, s, func(tx *Tx) error {
				was, err := tx.Graduate(g.ID)
				if err != nil {
					return err
				}
				is, err := tx.VouchGraduate(g.ID, step.word, "p7")
				if is.Vouch != (record.Vouch{State: step.word, By: "p7", At: tx.Now}) || is.ConfirmedAt != was.ConfirmedAt || is.Facts != was.Facts {
					t.Errorf("%+v", is)
				}
				return err
			})
		}
		if open, doubted := vouchCounts(t, s, "630224"); open != step.open || doubted != step.doubted {
			t.Errorf("after %q: %d open, %d doubted", step.word, open, doubted)
		}
	}
	for want, try := range map[error]func(*Tx) error{
		record.ErrSettled:  func(tx *Tx) error { _, err := tx.VouchGraduate(other.ID, record.VouchYes, "p7"); return err },
		record.ErrInvalid:  func(tx *Tx) error { _, err := tx.VouchGraduate(g.ID, record.VouchOpen, "p7"); return err },
		record.ErrNotFound: func(tx *Tx) error { _, err := tx.VouchGraduate("g99", record.VouchYes, "p7"); return err },
	} {
		if err := s.Update(t.Context(), try); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

// The village is asked anew where its word does not hold any more, and only there.
func TestTheVillageIsAskedAnew(t *testing.T) {
	for name, c := range map[string]struct {
		vouched bool
		change  func(*record.Graduate)
		asked   bool
	}{
		"what they do":              {true, func(g *record.Graduate) { g.Employment = record.Employed }, false},
		"another name":              {true, func(g *record.Graduate) { g.Name = "毕业生 009" }, true},
		"another birth year":        {true, func(g *record.Graduate) { g.BirthYear++ }, true},
		"a name that others mend":   {true, func(g *record.Graduate) { g.Name, g.Source = "毕业生 009", record.BySecretary }, false},
		"their own, first by staff": {false, func(g *record.Graduate) { g.Name, g.Source = "毕业生 009", record.BySelf }, true},
		"claimed as it is":          {false, func(g *record.Graduate) { g.Source, g.Phone = record.BySelf, "13900000201" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := gradStore(t)
			g := registers(t, s, func(g *record.Graduate) {
				if !c.vouched {
					g.Source = record.BySecretary
				}
			})
			gradDo(t, s, func(tx *Tx) error {
				if c.vouched {
					if _, err := tx.VouchGraduate(g.ID, record.VouchYes, "p7"); err != nil {
						return err
					}
				}
				g, err := tx.EditGraduate(g.ID, nil, c.change)
				if g.Vouch.Waits() != c.asked {
					t.Errorf("asked: %v", g.Vouch.Waits())
				}
				return err
			})
			if open, _ := vouchCounts(t, s, g.Village); (open == 1) != c.asked {
				t.Errorf("%d wait", open)
			}
		})
	}
}

func TestMoveGraduate(t *testing.T) {
	s := gradStore(t)
	g := registers(t, s, func(g *record.Graduate) { g.Studying, g.Employment, g.Graduation = true, "", "2026-12" })
	gradDo(t, s, func(tx *Tx) error {
		if _, err := tx.AddReserve(g.ID, "2026-12-01"); err != nil {
			return err
		}
		twin := aGraduate()
		twin.Village = gradVillages[1]
		_, err := tx.AddGraduate(twin, nil)
		return err
	})
	for want, village := range map[error]record.Code{record.ErrExists: gradVillages[1], record.ErrSettled: g.Village, record.ErrInvalid: "630224101", record.ErrNotFound: "630224101999"} {
		err := s.Update(t.Context(), func(tx *Tx) error { _, err := tx.MoveGraduate(g.ID, village); return err })
		if !errors.Is(err, want) {
			t.Errorf("to %s: %v", village, err)
		}
	}
	gradDo(t, s, func(tx *Tx) error {
		if _, err := tx.VouchGraduate(g.ID, record.VouchNo, "p7"); err != nil {
			return err
		}
		moved, err := tx.MoveGraduate(g.ID, gradVillages[2])
		if moved.Village != gradVillages[2] || !moved.Vouch.Waits() || moved.ConfirmedAt != g.ConfirmedAt {
			t.Errorf("%+v", moved)
		}
		list, err2 := tx.Reserves(gradVillages[2])
		if len(list) != 1 {
			t.Error("the reserve cadre stays behind")
		}
		return errors.Join(err, err2)
	})
	if open, doubted := vouchCounts(t, s, "630224100"); open+doubted != 0 {
		t.Errorf("left behind: %d, %d", open, doubted)
	}
	if open, _ := vouchCounts(t, s, gradVillages[2]); open != 1 {
		t.Errorf("%d wait", open)
	}
	if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

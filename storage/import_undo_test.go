package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"headgoose/storage/record"
)

// imports applies rows as an import that can be undone.
func imports(t *testing.T, s *Store, by GraduateImporter, id record.ImportID, rows ...record.GraduateRow) {
	t.Helper()
	plan := planOfRows(t, s, by, rows...)
	plan.Import = id
	r, err := s.ApplyGraduates(t.Context(), plan, nil)
	if err != nil || len(r.Faults) > 0 || r.Applied != len(rows) {
		t.Fatalf("%+v, %v", r, err)
	}
}

// manyRows are n rows, half of them of people whom the store gets first.
func manyRows(t *testing.T, s *Store, n int) (rows []record.GraduateRow) {
	t.Helper()
	for i := range n {
		row := graduateRow(i+2, fmt.Sprintf("毕业生 %03d", i))
		rows = append(rows, row)
		if i%2 == 0 {
			gradDo(t, s, func(tx *Tx) error {
				g := aGraduate()
				g.Name, g.BirthYear = row.Name, row.BirthYear
				_, err := tx.AddGraduate(g, nil)
				return err
			})
			rows[i].Employment, rows[i].School = record.Employed, "兰州大学"
		}
	}
	return rows
}

// records are the graduates and all that leads to them, without what is said of
// imports and of those who are gone.
func records(t *testing.T, s *Store) map[string]string {
	all := everything(t, s)
	maps.DeleteFunc(all, func(key, _ string) bool {
		switch h := topic(key); h {
		case "audit", "audithead", "auditof", "auditby", "importrun", "importrow", "gone", "bury", "seq":
			return true
		default:
			return false
		}
	})
	return all
}

func TestAnImportIsUndone(t *testing.T) {
	s, now := movingStore(t)
	by := importer(t, s)
	rows := manyRows(t, s, 50)
	before := records(t, s)
	*now = now.Add(time.Hour)
	imports(t, s, by, "j1", rows...)
	*now = now.Add(time.Hour)
	gradDo(t, s, func(tx *Tx) error {
		run, err := tx.StartUndo(by.By, "j1")
		if run.Added != 25 || run.Changed != 25 {
			t.Errorf("%+v", run)
		}
		return err
	})
	// The machine stops after the first part, twice; then it goes on to the end.
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		if _, err := s.UndoImport(ctx, by.By, "j1", func(int, int) { stop() }); err == nil {
			t.Fatal("it was not cut off")
		}
	}
	clean(t, s)
	run, err := s.UndoImport(t.Context(), by.By, "j1", nil)
	if err != nil || run.State != record.ImportUndone || run.Removed != 25 || run.Restored != 25 || run.Left != 0 {
		t.Fatalf("%+v, %v", run, err)
	}
	if d := differ(before, records(t, s)); len(d) > 0 {
		t.Errorf("not as before:\n%s", strings.Join(d, "\n"))
	}
	if again, err := s.UndoImport(t.Context(), by.By, "j1", nil); err != nil || again != run {
		t.Errorf("once more: %+v, %v", again, err)
	}
	clean(t, s)
	// It can be imported again, since nobody asked to be forgotten.
	imports(t, s, by, "j2", rows...)
}

func TestWhatAnUndoneImportLeaves(t *testing.T) {
	s, now := movingStore(t)
	by := importer(t, s)
	rows := manyRows(t, s, 10)
	imports(t, s, by, "j1", rows...)
	*now = now.Add(time.Hour)
	id := func(i int) (id record.GraduateID) {
		gradDo(t, s, func(tx *Tx) error {
			list, err := tx.GraduatesNamed("630224", rows[i].Name, 1)
			id = list[0].ID
			return err
		})
		return id
	}
	changed, used, gone, merged, asked, kept := id(0), id(1), id(3), id(5), id(7), id(9)
	gradDo(t, s, func(tx *Tx) error {
		_, err := tx.EditGraduate(changed, nil, func(g *record.Graduate) { g.Employment = record.Exams })
		return err
	})
	gradDo(t, s, func(tx *Tx) error { _, err := tx.AddReserve(used, "2026-12-01"); return err })
	gradDo(t, s, func(tx *Tx) error { return tx.StrikeGraduate(gone) })
	gradDo(t, s, func(tx *Tx) error { _, err := tx.MergeGraduates(kept, merged, by.By); return err })
	gradDo(t, s, func(tx *Tx) error { // a question of the bot is no change
		_, err := tx.SetAsked(asked, func(k *record.Asked) { k.At, k.Open, k.Of = tx.Now, true, record.BySecretary })
		return err
	})
	gradDo(t, s, func(tx *Tx) error { _, err := tx.StartUndo(by.By, "j1"); return err })
	run, err := s.UndoImport(t.Context(), by.By, "j1", nil)
	// Added: 1, 3, 5, 7, 9; of them 7 alone is as the import wrote it.
	if err != nil || run.Removed != 1 || run.Restored != 4 || run.Left != 5 {
		t.Errorf("%+v, %v", run, err)
	}
	gradDo(t, s, func(tx *Tx) error {
		list, err := tx.ImportLeft("j1")
		why := map[record.GraduateID]record.ImportLeft{}
		for _, row := range list {
			why[row.Graduate] = row.Left
		}
		want := map[record.GraduateID]record.ImportLeft{changed: record.LeftChanged, used: record.LeftUsed, gone: record.LeftGone, merged: record.LeftUsed, kept: why[kept]}
		if !maps.Equal(why, want) || why[kept] == "" {
			t.Errorf("%v", why)
		}
		g, err2 := tx.Graduate(changed)
		if g.Employment != record.Exams || g.School != "兰州大学" {
			t.Errorf("%+v", g)
		}
		return errors.Join(err, err2)
	})
	clean(t, s)
}

func TestWhichImportCanBeUndone(t *testing.T) {
	s, now := movingStore(t)
	by := importer(t, s)
	undo := func(id record.ImportID) error {
		return s.Update(t.Context(), func(tx *Tx) error { _, err := tx.StartUndo(by.By, id); return err })
	}
	imports(t, s, by, "j1", manyRows(t, s, 2*lookAtOnce)...)
	row := graduateRow(2, "毕业生 900")
	imports(t, s, by, "j2", row)
	if err := undo("j1"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("the one before: %v", err)
	}
	for key := range everything(t, s) {
		if strings.HasPrefix(key, importRows("j1")) {
			t.Fatalf("%s is left", key)
		}
	}
	*now = now.Add(record.ImportUndoFor)
	if err := undo("j2"); !errors.Is(err, record.ErrTooLate) {
		t.Errorf("a day after: %v", err)
	}
	row.Name = "毕业生 901"
	imports(t, s, by, "j3", row)
	if err := undo("j3"); err != nil {
		t.Error(err)
	}
	if err := undo("j3"); err != nil {
		t.Errorf("once more, before it is done: %v", err)
	}
	// Whose post has ended leaves all as it is.
	gradDo(t, s, func(tx *Tx) error { return tx.EndPost(by.By, record.CountyOfficer, "630224") })
	run, err := s.UndoImport(t.Context(), by.By, "j3", nil)
	if err != nil || run.Left != 1 || run.Removed != 0 {
		t.Errorf("%+v, %v", run, err)
	}
	if err := undo("j3"); !errors.Is(err, record.ErrSettled) {
		t.Errorf("twice: %v", err)
	}
}

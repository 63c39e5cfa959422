package storage

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	importrun/<person>             -> record.ImportRun: the last import of graduates
//	importrow/<import>/<number>    -> record.ImportRow: what it did to one record
//
// Each row is written in the transaction of the change that it tells of, and goes in
// the one that undoes it, so both the import and its undoing go on after they were
// cut off. What is left as it is keeps its row, with the reason. Rows are sealed under
// the keys of the graduates, so those of somebody who is forgotten say nothing any
// more; all go with the purge.

func runKey(by record.PersonID) string { return "importrun/" + string(by) }

func importRows(id record.ImportID) string { return "importrow/" + string(id) + "/" }

// ImportRun is the last import of graduates by a person.
func (tx *Tx) ImportRun(by record.PersonID) (record.ImportRun, bool, error) {
	return get[record.ImportRun](tx, runKey(by))
}

// beginImport makes an import the person's last one; the one before cannot be undone
// any more. It may be called again for the same import.
func (s *Store) beginImport(ctx context.Context, by record.PersonID, id record.ImportID) error {
	var old record.ImportID
	err := s.Update(ctx, func(tx *Tx) error {
		run, found, err := tx.ImportRun(by)
		if err != nil || (found && run.ID == id) {
			old = id
			return err
		}
		if old = run.ID; !found {
			return nil
		}
		run.State = record.ImportClosed
		return put(tx, runKey(by), run)
	})
	if err != nil || old == id {
		return err
	}
	for more := old != ""; more; {
		err := s.Update(ctx, func(tx *Tx) error {
			var keys []string
			keys, more, err = tx.someKeys(under(importRows(old)), kv.MaxWrites)
			for _, key := range keys {
				err = errors.Join(err, del(tx, key))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.Update(ctx, func(tx *Tx) error {
		return put(tx, runKey(by), record.ImportRun{ID: id, By: by, At: tx.Now, State: record.ImportOpen})
	})
}

// noteImport keeps what an import did to a record: two writes.
func (tx *Tx) noteImport(by record.PersonID, id record.ImportID, old, g record.Graduate) error {
	if id == "" {
		return nil
	}
	run, found, err := tx.ImportRun(by)
	if err != nil || !found || run.ID != id || run.State != record.ImportOpen {
		return errors.Join(err, fmt.Errorf("%w: import", record.ErrChanged))
	}
	row := record.ImportRow{Import: id, Graduate: g.ID, Village: g.Village, At: tx.Now, Added: old.ID == "", Before: old, After: g}
	if row.Added {
		run.Added++
	} else {
		run.Changed++
	}
	return errors.Join(put(tx, importRows(id)+numbered(g.ID), row), put(tx, runKey(by), run))
}

// StartUndo takes the last import of a person back, as far as that goes: see
// UndoImport. ErrNotFound for one that is not the last, ErrTooLate after
// record.ImportUndoFor, ErrSettled for one that is undone.
func (tx *Tx) StartUndo(by record.PersonID, id record.ImportID) (record.ImportRun, error) {
	run, found, err := tx.ImportRun(by)
	switch {
	case err != nil:
		return run, err
	case !found || run.ID != id || run.State == record.ImportClosed:
		return run, fmt.Errorf("%w: import", record.ErrNotFound)
	case run.State == record.ImportUndoing:
		return run, nil // it goes on
	case run.State != record.ImportOpen:
		return run, fmt.Errorf("%w: import", record.ErrSettled)
	case !run.Undoable(tx.Now):
		return run, fmt.Errorf("%w: to undo an import", record.ErrTooLate)
	}
	run.State = record.ImportUndoing
	return run, put(tx, runKey(by), run)
}

// UndoImport undoes an import that StartUndo has begun to take back: who was added
// is taken away, who was changed is as before; whom somebody has changed since is
// left. A record a transaction; called again after it was cut off it goes on.
// progress, if any, is called now and then.
func (s *Store) UndoImport(ctx context.Context, by record.PersonID, id record.ImportID, progress func(done, of int)) (run record.ImportRun, err error) {
	r := under(importRows(id))
	for {
		var keys []string
		err := s.View(ctx, func(tx *Tx) (err error) {
			keys, _, err = tx.someKeys(r, importLanes)
			return err
		})
		if err != nil {
			return run, err
		}
		if len(keys) == 0 {
			break
		}
		var g errgroup.Group
		for _, key := range keys {
			g.Go(func() error { return s.Update(ctx, func(tx *Tx) error { return tx.undoRow(by, id, key) }) })
		}
		if err := g.Wait(); err != nil {
			return run, err
		}
		r.Lo = []byte(keys[len(keys)-1] + "\x00")
		err = s.View(ctx, func(tx *Tx) (err error) {
			run, _, err = tx.ImportRun(by)
			return err
		})
		if err != nil {
			return run, err
		}
		if progress != nil {
			progress(run.Done(), run.Rows())
		}
	}
	err = s.Update(ctx, func(tx *Tx) error {
		var found bool
		if run, found, err = tx.ImportRun(by); err != nil || !found || run.ID != id || run.State != record.ImportUndoing {
			return err
		}
		run.State = record.ImportUndone
		return put(tx, runKey(by), run)
	})
	return run, err
}

// undoRow undoes one row, unless it is done.
func (tx *Tx) undoRow(by record.PersonID, id record.ImportID, key string) error {
	run, found, err := tx.ImportRun(by)
	if err != nil || !found || run.ID != id || run.State != record.ImportUndoing {
		return err
	}
	row, found, err := get[record.ImportRow](tx, key)
	if err != nil || !found || row.Left != "" {
		return err
	}
	now, why, err := tx.mayUndo(by, row)
	if err != nil {
		return err
	}
	action := record.EditGraduate
	switch {
	case why != "":
		row.Left = why
		run.Left++
		return errors.Join(put(tx, key, row), put(tx, runKey(by), run))
	case row.Added:
		action = record.Forget
		run.Removed++
		err = tx.StrikeGraduate(now.ID)
	default:
		run.Restored++
		back := row.Before
		tx.s.ages.Age(&back, tx.Now)
		err = tx.enterGraduate(&now, back)
	}
	line := record.Audit{By: by, Action: action, Person: now.Person, Graduate: now.ID, Place: now.Village, Note: "sheet undone"}
	return errors.Join(err, tx.Audit(line), del(tx, key), put(tx, runKey(by), run))
}

// mayUndo reads the record of a row as it stands, or says why it is left.
func (tx *Tx) mayUndo(by record.PersonID, row record.ImportRow) (now record.Graduate, why record.ImportLeft, err error) {
	now, err = tx.Graduate(row.Graduate)
	if errors.Is(err, record.ErrNotFound) {
		_, merged, err := get[record.Merge](tx, "merge/"+string(row.Graduate))
		if merged {
			return now, record.LeftUsed, err
		}
		return now, record.LeftGone, err
	}
	if err != nil {
		return now, "", err
	}
	actor, err := tx.Actor(by)
	if err != nil {
		return now, "", err
	}
	for _, action := range []record.Action{record.EditGraduate, record.Forget} {
		if may := record.Allow(actor, action, record.Object{Place: now.Village}) == nil; !may {
			return now, record.LeftNotAllowed, nil
		}
	}
	if !now.SameWords(row.After) {
		return now, record.LeftChanged, nil
	}
	if !row.Added {
		return now, "", nil
	}
	used, err := tx.isUsed(now.ID)
	if used {
		why = record.LeftUsed
	}
	return now, why, err
}

// isUsed says whether something hangs on a record that was not there when it was
// added.
func (tx *Tx) isUsed(id record.GraduateID) (bool, error) {
	_, reserve, err := tx.Reserve(id)
	if err != nil || reserve {
		return reserve, err
	}
	for _, prefix := range []string{"referof/", "mergeof/", "correctof/"} {
		keys, _, err := tx.someKeys(under(prefix+string(id)+"/"), 1)
		if err != nil || len(keys) > 0 {
			return len(keys) > 0, err
		}
	}
	return false, nil
}

// ImportLeft lists the rows of an import that were left when it was undone.
func (tx *Tx) ImportLeft(id record.ImportID) ([]record.ImportRow, error) {
	var list []record.ImportRow
	for e, err := range scan[record.ImportRow](tx, under(importRows(id))) {
		if err != nil {
			return nil, err
		}
		if e.val.Left != "" {
			list = append(list, e.val)
		}
	}
	return list, nil
}

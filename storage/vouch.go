package storage

import (
	"fmt"
	"slices"

	"headgoose/storage/record"
)

// VouchGraduate notes a village's word on whether a graduate who registered
// themself is of it. ErrInvalid for anything that is no word, ErrSettled for a
// record about which the village need not be asked.
func (tx *Tx) VouchGraduate(id record.GraduateID, word record.VouchState, by record.PersonID) (record.Graduate, error) {
	old, err := tx.Graduate(id)
	switch {
	case err != nil:
		return old, err
	case !slices.Contains(record.VouchAnswers(), word):
		return old, fmt.Errorf("%w: word of a village", record.ErrInvalid)
	case old.Vouch.State == "":
		return old, fmt.Errorf("%w: word of a village", record.ErrSettled)
	}
	g := old
	g.Vouch = record.Vouch{State: word, By: by, At: tx.Now}
	return g, tx.enterGraduate(&old, g)
}

// MoveGraduate brings a record to another village; what was confirmed stays so,
// but for the word of the village, which is asked anew. ErrExists where somebody of
// the name and birth year is there.
func (tx *Tx) MoveGraduate(id record.GraduateID, village record.Code) (record.Graduate, error) {
	old, err := tx.Graduate(id)
	if err != nil {
		return old, err
	}
	if village.Level() != record.Village {
		return old, fmt.Errorf("%w: village", record.ErrInvalid)
	}
	if village == old.Village {
		return old, fmt.Errorf("%w: village of a graduate", record.ErrSettled)
	}
	g := old
	g.Village = village
	g.Revouch(old, tx.Now)
	if err := tx.mayReturn(g); err != nil {
		return old, err
	}
	if err := tx.mayStand(&old, g, nil); err != nil {
		return old, err
	}
	return g, tx.enterGraduate(&old, g)
}

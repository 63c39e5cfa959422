package storage

import (
	"errors"

	"headgoose/storage/record"
)

// graduateChanged keeps what follows from a graduate's record. It runs within
// the transaction of each write of one: old is nil for a new record, g is nil
// for one that is erased. A topic a line.
func (tx *Tx) graduateChanged(old, g *record.Graduate) error {
	return errors.Join(
		tx.indexConsents(old, g),
		tx.indexFacts(old, g),
		tx.screenGraduate(old, g),
		tx.followReferrals(old, g),
		tx.followReserve(old, g),
	)
}

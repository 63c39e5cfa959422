package storage

import (
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	audit/<seq, 16 hex digits>  -> record.Audit

// Audit appends one line to the audit log; Seq and At are filled in.
func (tx *Tx) Audit(a record.Audit) error {
	n, err := tx.next("audit")
	if err != nil {
		return err
	}
	a.Seq, a.At = n, tx.Now
	return put(tx, fmt.Sprintf("audit/%016x", n), a)
}

// LastAudit is the newest line; a zero one where there is none.
func (tx *Tx) LastAudit() (record.Audit, error) {
	r := under("audit/")
	r.Reverse = true
	for e, err := range scan[record.Audit](tx, r) {
		return e.val, err
	}
	return record.Audit{}, nil
}

package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	audit/<seq, 16 hex digits>  -> record.Audit
//	audithead/                  -> auditHead: the newest line's number and hash
//	auditof/<subject>/<seq>     -> true: the lines about a person or a graduate
//	auditby/<person>/<seq>      -> true: the lines of who did it
//
// The lines are a chain: each has the hash of itself and of the one before.
// Who can write the file can of course write the chain anew; what they cannot
// do is to change a line and leave the head as somebody noted it down (headgoose
// check prints it).

// auditHead is the end of the chain.
type auditHead struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash" personal:"-"`
}

// Audit appends one line to the audit log; Seq, At and Hash are filled in. Four
// writes.
func (tx *Tx) Audit(a record.Audit) error {
	head, _, err := get[auditHead](tx, "audithead/")
	if err != nil {
		return err
	}
	a.Seq, a.At = head.Seq+1, tx.Now
	if a.Hash, err = chained(head.Hash, a); err != nil {
		return err
	}
	if err := put(tx, auditKey(a.Seq), a); err != nil {
		return err
	}
	for _, key := range auditIndex(a) {
		if err := put(tx, key, true); err != nil {
			return err
		}
	}
	return put(tx, "audithead/", auditHead{a.Seq, a.Hash})
}

// chained is the hash of a line behind another.
func chained(before string, a record.Audit) (string, error) {
	a.Hash, a.At = "", a.At.UTC().Round(0)
	line, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("storage: audit: %w", err)
	}
	sum := sha256.Sum256(append([]byte(before), line...))
	return hex.EncodeToString(sum[:]), nil
}

func auditKey(seq uint64) string { return fmt.Sprintf("audit/%016x", seq) }

func auditIndex(a record.Audit) []string {
	var keys []string
	if subject := a.Subject(); subject != "" {
		keys = append(keys, fmt.Sprintf("auditof/%s/%016x", subject, a.Seq))
	}
	if a.By != "" {
		keys = append(keys, fmt.Sprintf("auditby/%s/%016x", a.By, a.Seq))
	}
	return keys
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

// AuditQuery asks for lines of the audit log, the newest first.
type AuditQuery struct {
	About  string          // a person's or a graduate's id
	By     record.PersonID // who did it; About wins where both are given
	Before uint64          // lines before this one; 0: from the newest on
	Limit  int
}

// AuditLines lists lines of the audit log, the newest first; more says whether
// older ones are left. It costs the size of its answer.
func (tx *Tx) AuditLines(q AuditQuery) (lines []record.Audit, more bool, err error) {
	prefix := "audit/"
	switch {
	case q.About != "":
		prefix = "auditof/" + q.About + "/"
	case q.By != "":
		prefix = "auditby/" + string(q.By) + "/"
	}
	r := under(prefix)
	r.Reverse = true
	if q.Before != 0 {
		r.Hi = fmt.Appendf(nil, "%s%016x", prefix, q.Before)
	}
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, false, err
		}
		if len(lines) == q.Limit {
			return lines, true, nil
		}
		key := "audit/" + string(e.Key[len(prefix):])
		line, found, err := get[record.Audit](tx, key)
		if err == nil && !found {
			err = fmt.Errorf("storage: audit: index entry without a line")
		}
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, line)
	}
	return lines, false, nil
}

// checkChain lists where the chain of the audit log is broken. Each line is
// held against the hash that the one before states, so one changed line is one
// fault.
func (tx *Tx) checkChain() ([]string, error) {
	var found []string
	var last auditHead
	for e, err := range scan[record.Audit](tx, under("audit/")) {
		if err != nil {
			return nil, err
		}
		want, err := chained(last.Hash, e.val)
		if err != nil {
			return nil, err
		}
		switch {
		case e.val.Seq != last.Seq+1 || e.key != auditKey(e.val.Seq):
			found = append(found, fmt.Sprintf("audit: line %d does not follow line %d", e.val.Seq, last.Seq))
		case e.val.Hash != want:
			found = append(found, fmt.Sprintf("audit: line %d was changed, or the one before it", e.val.Seq))
		}
		last = auditHead{e.val.Seq, e.val.Hash}
	}
	head, _, err := get[auditHead](tx, "audithead/")
	if err == nil && head != last {
		found = append(found, fmt.Sprintf("audit: ends at line %d, but line %d was the last", last.Seq, head.Seq))
	}
	return found, err
}

// AuditHead is the number and the hash of the newest line, to be noted down
// elsewhere; 0 where there is none.
func (tx *Tx) AuditHead() (seq uint64, hash string, err error) {
	head, _, err := get[auditHead](tx, "audithead/")
	return head.Seq, head.Hash, err
}

// chainAudit gives the lines of version 1 their hashes and indexes.
func chainAudit(ctx context.Context, s *Store) error {
	return s.eachChunk(ctx, "audit/", func(tx *Tx, key string) error {
		a, _, err := get[record.Audit](tx, key)
		if err != nil {
			return err
		}
		head, _, err := get[auditHead](tx, "audithead/")
		if err != nil || a.Seq <= head.Seq {
			return err // done before
		}
		if a.Hash, err = chained(head.Hash, a); err != nil {
			return err
		}
		if err := put(tx, key, a); err != nil {
			return err
		}
		for _, index := range auditIndex(a) {
			if err := put(tx, index, true); err != nil {
				return err
			}
		}
		return put(tx, "audithead/", auditHead{a.Seq, a.Hash})
	})
}

func rebuildAudit(from, to *Tx) error {
	for e, err := range scan[record.Audit](from, under("audit/")) {
		if err != nil {
			return err
		}
		for _, key := range auditIndex(e.val) {
			if err := put(to, key, true); err != nil {
				return err
			}
		}
	}
	return nil
}

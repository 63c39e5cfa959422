package storage

import (
	"headgoose/storage/record"
)

// Keys:
//
//	answer/<session>/<village>   -> record.Answer: a branch's newest word about a session to come
//
// An answer belongs to the plan (Rev) that it was given to. It is not deleted
// when the plan changes: it counts no more, and the next one takes its place.

func answerKey(id record.SessionID, village record.Code) string {
	return "answer/" + string(id) + "/" + string(village)
}

// AnswerDuty takes a branch's word about a session, its own or an officer's who
// has it by telephone. One that says no more than what is there already changes
// nothing: changed is false. Refusals: ErrCancelled, ErrClosed for a session
// that is over or has ended, ErrNotFound where the branch is not expected,
// itself or as a stand-in.
func (tx *Tx) AnswerDuty(id record.SessionID, village record.Code, kind record.AnswerKind, by record.PersonID, reason string) (a record.Answer, changed bool, err error) {
	s, err := tx.Session(id)
	switch {
	case err != nil:
		return a, false, err
	case s.State == record.Cancelled:
		return a, false, record.ErrCancelled
	case s.State == record.Closed, !tx.Now.Before(s.End):
		return a, false, record.ErrClosed
	case kind != record.Received && kind != record.Coming && kind != record.Spoken:
		return a, false, record.ErrInvalid
	}
	attends, err := tx.attends(id, village)
	if err == nil && !attends {
		err = record.ErrNotFound
	}
	if err != nil {
		return a, false, err
	}
	old, found, err := tx.Answered(s, village)
	if err != nil || (found && (old.Kind == kind || kind == record.Received)) {
		return old, false, err
	}
	holder, _, err := tx.Secretary(village)
	if err != nil {
		return a, false, err
	}
	a = record.Answer{Session: id, Village: village, Rev: s.Rev, Kind: kind, At: tx.Now, By: by, Reason: reason, Person: holder.ID}
	return a, true, put(tx, answerKey(id, village), a)
}

// attends says whether a branch is to come to a session: it is expected and
// nobody stands in for it, or it stands in for another.
func (tx *Tx) attends(id record.SessionID, village record.Code) (bool, error) {
	by, err := tx.StandIns(id)
	if err != nil {
		return false, err
	}
	for _, in := range by {
		if in == village {
			return true, nil
		}
	}
	_, _, _, found, err := tx.expectedAt(id, village)
	return found && by[village] == "", err
}

// Answered is a branch's word about a session as it is planned now; found is
// false where there is none. A seat of a batch that was confirmed is one.
func (tx *Tx) Answered(s record.Session, village record.Code) (a record.Answer, found bool, err error) {
	a, found, err = get[record.Answer](tx, answerKey(s.ID, village))
	if err != nil || (found && a.Rev == s.Rev) {
		return a, found, err
	}
	if s.Batch == "" {
		return record.Answer{}, false, nil
	}
	b, err := tx.Batch(s.Batch)
	if err != nil {
		return record.Answer{}, false, err
	}
	st, err := tx.Standing(b.Programme, village)
	if err != nil || st.State != record.SeatConfirmed || st.Batch != b.ID {
		return record.Answer{}, false, err
	}
	last := st.Rows[len(st.Rows)-1]
	return record.Answer{Session: s.ID, Village: village, Rev: s.Rev, Kind: record.Coming, At: last.At, By: last.By}, true, nil
}

// Silent lists the branches of a place that are to come to a session and of
// which nothing is known: nobody has come, been excused, or answered. A branch
// for which another stands in is not among them, the other one is.
func (tx *Tx) Silent(s record.Session, place record.Code) ([]record.Code, error) {
	missing, err := tx.Missing(s.ID, place)
	if err != nil {
		return nil, err
	}
	by, err := tx.StandIns(s.ID)
	if err != nil {
		return nil, err
	}
	var silent []record.Code
	for _, v := range missing {
		if in := by[v]; in != "" {
			v = in
		}
		if _, answered, err := tx.Answered(s, v); err != nil {
			return nil, err
		} else if !answered {
			silent = append(silent, v)
		}
	}
	return silent, nil
}

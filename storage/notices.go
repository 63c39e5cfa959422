package storage

import (
	"time"

	"headgoose/storage/record"
)

// Rows of the outbox that need more than what they are about to be made: when what
// has changed begins, and to whom they are an answer.

// RequestVillages lists the branches to which it is told how a leave or a swap stands:
// both of a swap; of a leave that for which it was asked, since it names the person's
// other branches.
func (tx *Tx) RequestVillages(id record.RequestID) ([]record.Code, error) {
	if IsLeave(id) {
		l, err := tx.Leave(id)
		return []record.Code{l.Village}, err
	}
	w, err := tx.Swap(id)
	return []record.Code{w.From, w.To}, err
}

// RequestNotice is the row that tells a person, for a branch, how a leave or a swap
// stands now. To who asked for it, it is an answer, to anybody else a prompt. Its
// change begins with the first session that the request is about.
func (tx *Tx) RequestNotice(id record.RequestID, village record.Code, to record.PersonID, h record.Hours) (record.Outbox, error) {
	var (
		rows   []record.RequestRow
		begins []time.Time
		open   bool
		until  time.Time
	)
	if IsLeave(id) {
		l, err := tx.Leave(id)
		if err != nil {
			return record.Outbox{}, err
		}
		rows, open, until = l.Rows, l.State.Open(), l.Deadline
		if begins, err = tx.dutiesOf(l, h); err != nil {
			return record.Outbox{}, err
		}
	} else {
		w, err := tx.Swap(id)
		if err != nil {
			return record.Outbox{}, err
		}
		rows, open, until = w.Rows, w.State.Open(), w.Deadline
		begins = []time.Time{h.Begins(w.FromAt), h.Begins(w.ToAt)}
	}
	row := record.RequestNotice(id, len(rows), village, to)
	row.Prompt = len(rows) == 0 || rows[0].By != to
	row.Change = record.FirstAfter(tx.Now, begins...)
	if open {
		row.UselessAfter = until
	}
	return row, nil
}

// dutiesOf is when the sessions begin that expect a branch of the person on the days
// of a leave.
func (tx *Tx) dutiesOf(l record.Leave, h record.Hours) (begins []time.Time, err error) {
	for _, v := range l.Villages() {
		list, err := tx.leaveDuties(l, v, h)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			begins = append(begins, s.Start)
		}
	}
	return begins, nil
}

// SeatNotice is the row that tells a person of a seat as it stands now. Its change
// begins with the batch.
func (tx *Tx) SeatNotice(st record.Standing, to record.PersonID, notBefore time.Time, h record.Hours) (record.Outbox, error) {
	row := record.SeatNotice(st, to, notBefore)
	b, err := tx.Batch(st.Batch)
	row.Change = h.Begins(record.TurnSlot{Day: b.From, Hours: b.Hours})
	return row, err
}

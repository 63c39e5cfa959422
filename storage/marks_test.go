package storage

import (
	"testing"
	"time"

	"headgoose/storage/record"
)

func TestMarks(t *testing.T) {
	o := newOutboxStore(t)
	session := record.Session{ID: "s1", Place: "630224"}
	want := Said{Rev: 2, Start: o.now, Told: true, Step: o.now.Add(time.Hour)}
	o.do(t, func(tx *Tx) error {
		if _, found, err := tx.JobMark("week"); found || err != nil {
			t.Errorf("a mark out of nothing: %v", err)
		}
		if err := tx.SetSaid(session, want); err != nil {
			return err
		}
		return tx.SetJobMark("week", o.now)
	})
	o.do(t, func(tx *Tx) error {
		at, found, err := tx.JobMark("week")
		if !found || !at.Equal(o.now) {
			t.Errorf("mark %v %v", at, found)
		}
		if said, err := tx.Said("s1"); said != want || err != nil {
			t.Errorf("%+v, want %+v, %v", said, want, err)
		}
		return err
	})
	for _, over := range []bool{false, true} {
		want.Over = over
		o.do(t, func(tx *Tx) error { return tx.SetSaid(session, want) })
		o.do(t, func(tx *Tx) error {
			list, err := tx.Saying("630224")
			if (len(list) == 0) != over {
				t.Errorf("over %v: still saying %v", over, list)
			}
			return err
		})
	}
}

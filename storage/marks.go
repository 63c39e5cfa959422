package storage

import (
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	mark/<job>        -> the last slot that the job has handled
//	said/<session>    -> Said
//	saying/<county>/<session>  -> record.SessionID: those whose Said is not over

// JobMark is the last slot that a job of the schedule has handled; found is false
// for a job that never ran.
func (tx *Tx) JobMark(job string) (at time.Time, found bool, err error) {
	return get[time.Time](tx, "mark/"+job)
}

// SetJobMark notes the last slot that a job has handled, in the transaction that
// writes the last of what the slot made due.
func (tx *Tx) SetJobMark(job string, at time.Time) error { return put(tx, "mark/"+job, at) }

// Said is how much of a session has been said to the people that it concerns.
type Said struct {
	// Rev is the plan that was looked at last, Start its beginning.
	Rev   int       `json:"rev"`
	Start time.Time `json:"start"`
	// Told: people have heard of the session, by this plan or an earlier one.
	Told bool `json:"told,omitzero"`
	// Announced is when this plan was announced out of turn.
	Announced time.Time `json:"announced,omitzero"`
	// Step is the instant of the last reminder of this plan that was handled.
	Step time.Time `json:"step,omitzero"`
	// Asked is the last word to hosts and officers about a session that was
	// not opened or closed in time.
	Asked string `json:"asked,omitzero" personal:"-"`
	// Over: its result or its cancellation has been said; nothing more comes.
	Over bool `json:"over,omitzero"`
	// Unreached counts the expected branches that got no row when something
	// was said last.
	Unreached Unreached `json:"unreached,omitzero"`
}

// Unreached counts branches that cannot be written to.
type Unreached struct {
	Vacant      int `json:"vacant,omitzero"`
	NotEnrolled int `json:"not_enrolled,omitzero"`
	Unreachable int `json:"unreachable,omitzero"` // a row was written, it will hardly arrive
}

// Said reads how much of a session has been said; zero for one that nobody
// looked at yet.
func (tx *Tx) Said(id record.SessionID) (Said, error) {
	s, _, err := get[Said](tx, "said/"+string(id))
	return s, err
}

// SetSaid notes how much of a session has been said.
func (tx *Tx) SetSaid(s record.Session, said Said) error {
	open := "saying/" + string(s.Place.County()) + "/" + string(s.ID)
	if said.Over {
		if err := del(tx, open); err != nil {
			return err
		}
	} else if err := put(tx, open, s.ID); err != nil {
		return err
	}
	return put(tx, "said/"+string(s.ID), said)
}

// Saying lists the sessions of a county that something was noted about and
// that are not over.
func (tx *Tx) Saying(county record.Code) ([]record.SessionID, error) {
	var list []record.SessionID
	for e, err := range scan[record.SessionID](tx, under("saying/"+string(county)+"/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

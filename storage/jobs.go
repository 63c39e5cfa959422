package storage

import (
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	job/<id>  -> record.Job

// AddJob stores a new job and returns it with its id.
func (tx *Tx) AddJob(j record.Job) (record.Job, error) {
	id, err := tx.newID("job", "j")
	if err != nil {
		return j, err
	}
	j.ID, j.At = id, tx.Now
	return j, tx.PutJob(j)
}

// PutJob stores a job.
func (tx *Tx) PutJob(j record.Job) error { return put(tx, "job/"+j.ID, j) }

// Job reads a job; ErrNotFound where it is gone.
func (tx *Tx) Job(id string) (record.Job, error) {
	j, found, err := get[record.Job](tx, "job/"+id)
	if err == nil && !found {
		err = fmt.Errorf("%w: job", record.ErrNotFound)
	}
	return j, err
}

// Jobs lists the jobs in the order in which they came.
func (tx *Tx) Jobs() ([]record.Job, error) {
	var list []record.Job
	for e, err := range scan[record.Job](tx, under("job/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// DropJob ends a job.
func (tx *Tx) DropJob(id string) error { return del(tx, "job/"+id) }

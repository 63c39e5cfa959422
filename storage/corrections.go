package storage

import (
	"errors"
	"fmt"
	"slices"

	"headgoose/storage/record"
)

// Keys:
//
//	correction/<id>              -> record.Correction
//	correctof/<subject>/<id>     -> true: the requests of a person, or about a graduate
//	correctopen/<place>/<id>     -> true: those that wait for a decision

// MaxCorrections is how many requests of one person may be open. Of those that are
// decided only the newest stay, keptCorrections in all: whoever is forgotten takes
// them along in one transaction.
const (
	MaxCorrections  = 3
	keptCorrections = MaxCorrections + 1
)

// Correction reads a request; ErrNotFound where there is none.
func (tx *Tx) Correction(id record.CorrectionID) (record.Correction, error) {
	c, found, err := get[record.Correction](tx, "correction/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: correction %s", record.ErrNotFound, id)
	}
	return c, err
}

// AskCorrection adds a request and returns it with its id; ErrTooMany where as many
// of the person wait as may.
func (tx *Tx) AskCorrection(c record.Correction) (record.Correction, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	mine, err := tx.CorrectionsOf(string(c.Person))
	if err != nil {
		return c, err
	}
	decided := slices.DeleteFunc(slices.Clone(mine), func(m record.Correction) bool { return m.State == record.CorrectionOpen })
	if len(mine)-len(decided) >= MaxCorrections {
		return c, fmt.Errorf("%w: corrections", record.ErrTooMany)
	}
	if over := len(mine) + 1 - keptCorrections; over > 0 {
		const atOnce = 10
		if err := tx.deleteCorrections(decided[:min(over, len(decided), atOnce)]); err != nil {
			return c, err
		}
	}
	id, err := tx.newID("correction", "c")
	if err != nil {
		return c, err
	}
	c.ID, c.At, c.State = record.CorrectionID(id), tx.Now, record.CorrectionOpen
	return c, tx.putCorrection(c)
}

// DecideCorrection ends a request: it was made, or is not, with the reason.
// ErrSettled for one that is decided.
func (tx *Tx) DecideCorrection(id record.CorrectionID, made bool, by record.PersonID, answer string) (record.Correction, error) {
	c, err := tx.Correction(id)
	if err != nil {
		return c, err
	}
	if c.State != record.CorrectionOpen {
		return c, fmt.Errorf("%w: correction %s", record.ErrSettled, id)
	}
	c.State, c.By, c.Decided, c.Answer = record.CorrectionKept, by, tx.Now, answer
	if made {
		c.State = record.CorrectionMade
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	return c, tx.putCorrection(c)
}

func (tx *Tx) putCorrection(c record.Correction) error {
	open := "correctopen/" + string(c.Place) + "/" + string(c.ID)
	keep := put(tx, "correction/"+string(c.ID), c)
	if c.State != record.CorrectionOpen {
		return errors.Join(keep, tx.indexCorrection(c), del(tx, open))
	}
	return errors.Join(keep, tx.indexCorrection(c))
}

func (tx *Tx) indexCorrection(c record.Correction) error {
	errs := []error{put(tx, "correctof/"+string(c.Person)+"/"+string(c.ID), true)}
	if c.Graduate != "" {
		errs = append(errs, put(tx, "correctof/"+string(c.Graduate)+"/"+string(c.ID), true))
	}
	if c.State == record.CorrectionOpen {
		errs = append(errs, put(tx, "correctopen/"+string(c.Place)+"/"+string(c.ID), true))
	}
	return errors.Join(errs...)
}

// CorrectionsOf lists the requests of a person, or about a graduate, the oldest
// first.
func (tx *Tx) CorrectionsOf(subject string) ([]record.Correction, error) {
	return tx.corrections("correctof/" + subject + "/")
}

// OpenCorrections lists the requests in a place, a village, township or county,
// that wait for a decision.
func (tx *Tx) OpenCorrections(place record.Code) ([]record.Correction, error) {
	return tx.corrections("correctopen/" + string(place))
}

func (tx *Tx) corrections(prefix string) ([]record.Correction, error) {
	var list []record.Correction
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		c, err := tx.Correction(record.CorrectionID(lastOf(string(e.Key))))
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// dropCorrections takes away what somebody who is forgotten had asked for.
func (tx *Tx) dropCorrections(subject string) error {
	list, err := tx.CorrectionsOf(subject)
	if err != nil {
		return err
	}
	return tx.deleteCorrections(list)
}

func (tx *Tx) deleteCorrections(list []record.Correction) error {
	for _, c := range list {
		errs := []error{del(tx, "correction/"+string(c.ID)), del(tx, "correctof/"+string(c.Person)+"/"+string(c.ID))}
		if c.State == record.CorrectionOpen {
			errs = append(errs, del(tx, "correctopen/"+string(c.Place)+"/"+string(c.ID)))
		}
		if c.Graduate != "" {
			errs = append(errs, del(tx, "correctof/"+string(c.Graduate)+"/"+string(c.ID)))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

// rebuildCorrections writes the indexes of requests anew, for Check.
func rebuildCorrections(from, to *Tx) error {
	for e, err := range scan[record.Correction](from, under("correction/")) {
		if err != nil {
			return err
		}
		if err := to.indexCorrection(e.val); err != nil {
			return err
		}
	}
	return nil
}

package storage

import (
	"errors"
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	opening/<id>              -> record.Opening
//	openingat/<place>/<id>    -> true: those that are not closed

// Opening reads a post that is or was open; ErrNotFound where there is none.
func (tx *Tx) Opening(id record.OpeningID) (record.Opening, error) {
	o, found, err := get[record.Opening](tx, "opening/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: opening", record.ErrNotFound)
	}
	return o, err
}

// AddOpening opens a post and returns it with its id.
func (tx *Tx) AddOpening(o record.Opening) (record.Opening, error) {
	if err := o.Check(record.DateOf(tx.Now.UTC())); err != nil {
		return o, err
	}
	if _, err := tx.Place(o.Place); err != nil {
		return o, err
	}
	id, err := tx.newID("opening", "o")
	if err != nil {
		return o, err
	}
	o.ID, o.CreatedAt = record.OpeningID(id), tx.Now
	return o, errors.Join(put(tx, openingKey(o), true), put(tx, "opening/"+id, o))
}

// CloseOpening closes a post: nobody is proposed any more, and what is under way
// towards it ends; who is placed stays. ended are those that end. ErrSettled for
// one that is closed.
func (tx *Tx) CloseOpening(id record.OpeningID, by record.PersonID) (o record.Opening, ended []record.Referral, err error) {
	if o, err = tx.Opening(id); err != nil {
		return o, nil, err
	}
	if !o.Closed.IsZero() {
		return o, nil, record.ErrSettled
	}
	list, err := tx.ReferralsFor(id)
	if err != nil {
		return o, nil, err
	}
	for _, r := range list {
		if !r.Stage.UnderWay() {
			continue
		}
		r, err := tx.stepReferral(r, record.ReferralRow{Stage: record.ReferralEnded, By: by, Side: record.OfficeSide, End: record.EndClosed}, "")
		if err != nil {
			return o, nil, err
		}
		ended = append(ended, r)
	}
	o.Closed, o.ClosedBy = tx.Now, by
	return o, ended, errors.Join(del(tx, openingKey(o)), put(tx, "opening/"+string(id), o))
}

// ExtendOpening lets graduates be proposed for a post until another day. ErrSettled for
// one that is closed.
func (tx *Tx) ExtendOpening(id record.OpeningID, until record.Date) (record.Opening, error) {
	o, err := tx.Opening(id)
	if err != nil {
		return o, err
	}
	if !o.Closed.IsZero() {
		return o, record.ErrSettled
	}
	o.Until = until
	if err := o.Check(record.DateOf(tx.Now.UTC())); err != nil {
		return o, err
	}
	return o, put(tx, "opening/"+string(id), o)
}

func openingKey(o record.Opening) string { return "openingat/" + string(o.Place) + "/" + string(o.ID) }

// Openings lists the posts in a place that are not closed, in the office's
// order.
func (tx *Tx) Openings(place record.Code) ([]record.Opening, error) {
	var list []record.Opening
	for e, err := range tx.r.Scan(under("openingat/" + string(place))) {
		if err != nil {
			return nil, err
		}
		o, err := tx.Opening(record.OpeningID(lastOf(string(e.Key))))
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// rebuildOpenings writes the list of open posts anew, for Check.
func rebuildOpenings(from, to *Tx) error {
	for e, err := range scan[record.Opening](from, under("opening/")) {
		if err != nil {
			return err
		}
		if !e.val.Closed.IsZero() {
			continue
		}
		if err := put(to, openingKey(e.val), true); err != nil {
			return err
		}
	}
	return nil
}

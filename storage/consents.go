package storage

import (
	"errors"

	"headgoose/storage/record"
)

// Keys:
//
//	consentend/<county>/<day>/<graduate>/<purpose>  -> true: when a consent ends

// indexConsents keeps the days on which a record's consents end.
func (tx *Tx) indexConsents(old, g *record.Graduate) error {
	var errs []error
	if old != nil {
		for _, p := range record.Purposes() {
			if old.ConsentTo(p).At.IsZero() {
				continue
			}
			errs = append(errs, del(tx, consentKey(*old, p)))
		}
	}
	if g != nil {
		for _, p := range record.Purposes() {
			if g.ConsentTo(p).At.IsZero() {
				continue
			}
			errs = append(errs, put(tx, consentKey(*g, p), true))
		}
	}
	return errors.Join(errs...)
}

func consentKey(g record.Graduate, p record.Purpose) string {
	return "consentend/" + string(g.Village.County()) + "/" + string(record.DateOf(g.ConsentTo(p).Expires().UTC())) + "/" + string(g.ID) + "/" + string(p)
}

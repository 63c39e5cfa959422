package storage

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	consentend/<county>/<day>/<graduate>/<purpose>  -> true: when a consent ends
//	consentask/<graduate>/<purpose>                 -> consentAsk: it was asked whether it goes on

// SetConsent notes a yes to a purpose, or with a zero Consent that it is
// withdrawn, and draws the consequences: referrals and pending messages of the
// purpose end with it. The yes to keeping is withdrawn by ForgetGraduate. What else
// the record says may have become void meanwhile (an expected graduation): that
// keeps nobody from withdrawing.
func (tx *Tx) SetConsent(id record.GraduateID, p record.Purpose, c record.Consent) (record.Graduate, error) {
	old, err := tx.Graduate(id)
	if err != nil {
		return old, err
	}
	if (p == record.ToKeep && c.At.IsZero()) || (c.Version == "") != c.At.IsZero() {
		return old, fmt.Errorf("%w: consent", record.ErrInvalid)
	}
	g := old
	g.SetConsent(p, c)
	tx.s.ages.Age(&g, tx.Now) // facts are asked about while the record may be kept
	return g, tx.enterGraduate(&old, g)
}

// consentAsk is the question whether a consent goes on.
type consentAsk struct {
	At time.Time `json:"at"`
	// Row is the outbox row by which it is asked; empty: it was said.
	Row string `json:"row,omitzero" personal:"-"`
}

// AskedConsent notes that it was asked whether a consent goes on, by a row of the
// outbox, or with an empty row in another way.
func (tx *Tx) AskedConsent(id record.GraduateID, p record.Purpose, row string) error {
	return put(tx, askedKey(id, p), consentAsk{tx.Now, row})
}

// ConsentAsked is when it was last asked whether a consent goes on; found is
// false where it was not since it was given, and where the question was lost. A
// question of a day that has not come is one of a clock that ran ahead: it is asked
// again.
func (tx *Tx) ConsentAsked(id record.GraduateID, p record.Purpose) (at time.Time, found bool, err error) {
	ask, _, lost, err := tx.consentAsked(id, p)
	return ask.At, err == nil && !lost && !ask.At.IsZero() && !ask.At.After(tx.Now), err
}

// consentAsked is the question about a consent, when it arrived (zero: not yet), and
// whether it is lost.
func (tx *Tx) consentAsked(id record.GraduateID, p record.Purpose) (ask consentAsk, arrived time.Time, lost bool, err error) {
	ask, found, err := get[consentAsk](tx, askedKey(id, p))
	if err != nil || !found || ask.Row == "" {
		return ask, ask.At, false, err
	}
	arrived, lost, err = tx.Arrived(ask.Row)
	return ask, arrived, lost, err
}

func askedKey(id record.GraduateID, p record.Purpose) string {
	return "consentask/" + string(id) + "/" + string(p)
}

// indexConsents keeps the days on which a record's consents end. With a new yes,
// and with the record, it is forgotten that one was asked.
func (tx *Tx) indexConsents(old, g *record.Graduate) error {
	var errs []error
	for _, p := range record.Purposes() {
		var was, is record.Consent
		if old != nil {
			was = old.ConsentTo(p)
		}
		if g != nil {
			is = g.ConsentTo(p)
		}
		if !was.At.IsZero() && (g == nil || !was.At.Equal(is.At)) {
			errs = append(errs, del(tx, askedKey(old.ID, p)))
		}
		if !was.At.IsZero() {
			errs = append(errs, del(tx, consentKey(*old, p)))
		}
		if !is.At.IsZero() {
			errs = append(errs, put(tx, consentKey(*g, p), true))
		}
	}
	return errors.Join(errs...)
}

func consentKey(g record.Graduate, p record.Purpose) string {
	return "consentend/" + string(g.Village.County()) + "/" + string(record.DateOf(g.ConsentTo(p).Expires().UTC())) + "/" + string(g.ID) + "/" + string(p)
}

// consentsEnding yields the consents of a county that end on a day (UTC) from
// from on and before before.
func (tx *Tx) consentsEnding(county record.Code, from, before record.Date) iter.Seq2[ConsentEnd, error] {
	prefix := "consentend/" + string(county) + "/"
	return func(yield func(ConsentEnd, error) bool) {
		for e, err := range tx.r.Scan(between(prefix+string(from), prefix+string(before))) {
			if err != nil {
				yield(ConsentEnd{}, err)
				return
			}
			part := strings.Split(string(e.Key[len(prefix):]), "/")
			if !yield(ConsentEnd{record.GraduateID(part[1]), record.Purpose(part[2])}, nil) {
				return
			}
		}
	}
}

// ConsentsAsked lists the graduates of a village about whose consent it was asked
// whether it goes on, in the order of their ends. It costs the number of the
// county's consents that end within ConsentAskDays.
func (tx *Tx) ConsentsAsked(village record.Code) ([]record.Graduate, error) {
	until := record.DateOf(tx.Now.UTC()).Shift(record.ConsentAskDays + 1)
	var list []record.Graduate
	seen := map[record.GraduateID]bool{}
	for c, err := range tx.consentsEnding(village.County(), "", until) {
		if err != nil {
			return nil, err
		}
		if seen[c.Graduate] {
			continue
		}
		_, asked, err := tx.ConsentAsked(c.Graduate, c.Purpose)
		if err != nil {
			return nil, err
		}
		if !asked {
			continue
		}
		g, err := tx.Graduate(c.Graduate)
		if err != nil {
			return nil, err
		}
		if g.Village == village {
			seen[g.ID] = true
			list = append(list, g)
		}
	}
	return list, nil
}

// ConsentEnd is a consent that has ended, or is about to.
type ConsentEnd struct {
	Graduate record.GraduateID
	Purpose  record.Purpose
}

// ConsentsToAsk lists up to limit consents of a county that end within
// ConsentAskDays, or have, and about which nobody was asked yet, after the first
// skip of them.
func (tx *Tx) ConsentsToAsk(county record.Code, skip, limit int) ([]ConsentEnd, error) {
	until := record.DateOf(tx.Now.UTC()).Shift(record.ConsentAskDays + 1)
	var list []ConsentEnd
	for c, err := range tx.consentsEnding(county, "", until) {
		if err != nil {
			return nil, err
		}
		_, asked, err := tx.ConsentAsked(c.Graduate, c.Purpose)
		if err != nil {
			return nil, err
		}
		if asked {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if list = append(list, c); len(list) == limit {
			break
		}
	}
	return list, nil
}

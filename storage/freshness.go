package storage

import (
	"errors"
	"slices"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	factdue/<county>/<day>/<graduate>  -> true: when the facts are next to be looked at
//	factask/<village>/<number>         -> true: the secretary is asked, and has not answered
//	calllist/<village>/<number>        -> true: to be called, after questions without an answer
//
// The day is Graduate.Next, so the index follows from the records whatever
// intervals hold now; how the question stands is in Graduate.Asked.

// factKeys are the entries that lead to a record because of its facts.
func factKeys(g record.Graduate) []string {
	var keys []string
	if g.Next != "" {
		keys = append(keys, "factdue/"+string(g.Village.County())+"/"+string(g.Next)+"/"+string(g.ID))
	}
	if g.Asked.Open && g.Asked.Of == record.BySecretary {
		keys = append(keys, "factask/"+string(g.Village)+"/"+numbered(g.ID))
	}
	if g.Asked.Listed {
		keys = append(keys, "calllist/"+string(g.Village)+"/"+numbered(g.ID))
	}
	return keys
}

// indexFacts keeps the entries of factKeys. At most four writes.
func (tx *Tx) indexFacts(old, g *record.Graduate) error {
	var was, is []string
	if old != nil {
		was = factKeys(*old)
	}
	if g != nil {
		is = factKeys(*g)
	}
	var errs []error
	for _, key := range was {
		if !slices.Contains(is, key) {
			errs = append(errs, del(tx, key))
		}
	}
	for _, key := range is {
		if !slices.Contains(was, key) {
			errs = append(errs, put(tx, key, true))
		}
	}
	return errors.Join(errs...)
}

// countFacts counts how the question about a record stands.
func countFacts(n *record.GraduateCount, g record.Graduate, by int) {
	switch {
	case g.Asked.Listed:
		n.OnCall += by
	case !g.Asked.At.IsZero():
		n.Asked += by
	}
}

// Ages are the intervals at which facts are asked about anew.
func (tx *Tx) Ages() record.Ages { return tx.s.ages }

// FactsDue lists up to limit graduates of a county whose facts are to be looked
// at on a day (of UTC) or were before, the oldest first, from the entry after
// `after` on; next is what to go on after, "" at the end.
func (tx *Tx) FactsDue(county record.Code, day record.Date, after string, limit int) (ids []record.GraduateID, next string, err error) {
	prefix := "factdue/" + string(county) + "/"
	r := between(prefix, prefix+string(day)+"0") // '0' follows '/'
	if after != "" {
		r.Lo = []byte(after + "\x00")
	}
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, "", err
		}
		key := string(e.Key)
		ids = append(ids, record.GraduateID(lastOf(key)))
		if len(ids) == limit {
			return ids, key, nil
		}
	}
	return ids, "", nil
}

// SetAsked notes how the question about a graduate's facts stands. At most eight
// writes.
func (tx *Tx) SetAsked(id record.GraduateID, change func(*record.Asked)) (record.Graduate, error) {
	old, err := tx.Graduate(id)
	if err != nil {
		return old, err
	}
	g := old
	change(&g.Asked)
	tx.s.ages.Age(&g, tx.Now)
	if g.Asked == old.Asked && g.Next == old.Next {
		return g, nil
	}
	if err := tx.indexFacts(&old, &g); err != nil {
		return g, err
	}
	var was, is record.GraduateCount
	countFacts(&was, old, 1)
	countFacts(&is, g, 1)
	if was.Asked != is.Asked || was.OnCall != is.OnCall {
		err = tx.bump(g.Village, func(c *record.PlaceCount) {
			countFacts(&c.Graduates, old, -1)
			countFacts(&c.Graduates, g, +1)
		})
	}
	return g, errors.Join(err, put(tx, "graduate/"+string(g.ID), g))
}

// ConfirmGraduate notes that facts of a record are still so, and who said it:
// whoever was asked, or anybody else who may. It ends the question about them.
// A record that cannot be so any more (the graduation has passed) is ErrInvalid.
func (tx *Tx) ConfirmGraduate(id record.GraduateID, source record.Source, by record.PersonID, facts ...record.Fact) (record.Graduate, error) {
	return tx.EditGraduate(id, nil, func(g *record.Graduate) {
		g.Confirm(record.Said{Source: source, By: by, At: tx.Now}, facts...)
	})
}

// TriedGraduate notes that somebody tried to reach a graduate and could not: the
// record stays on the call list, or comes there.
func (tx *Tx) TriedGraduate(id record.GraduateID) (record.Graduate, error) {
	return tx.SetAsked(id, func(k *record.Asked) {
		if k.At.IsZero() {
			return // confirmed meanwhile
		}
		k.Open, k.Listed, k.Tried = false, true, tx.Now
	})
}

// factList is a page of the records that entries of a village lead to, in the
// order of registration.
func (tx *Tx) factList(topic string, village record.Code, after record.GraduateID, limit int) (page []record.Graduate, more bool, err error) {
	r := under(topic + "/" + string(village) + "/")
	if after != "" {
		r.Lo = []byte(topic + "/" + string(village) + "/" + numbered(after) + "\x00")
	}
	var ids []record.GraduateID
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, false, err
		}
		if len(ids) == limit {
			more = true
			break
		}
		ids = append(ids, lastPart(e.Key))
	}
	page, err = tx.graduates(ids)
	return page, more, err
}

// FactsAsked lists up to limit graduates of a village about whom its secretary is
// asked, after one of them; more says whether there are others.
func (tx *Tx) FactsAsked(village record.Code, after record.GraduateID, limit int) (page []record.Graduate, more bool, err error) {
	return tx.factList("factask", village, after, limit)
}

// CallList lists up to limit graduates of a village who are to be called, after
// one of them; more says whether there are others.
func (tx *Tx) CallList(village record.Code, after record.GraduateID, limit int) (page []record.Graduate, more bool, err error) {
	return tx.factList("calllist", village, after, limit)
}

// Arrived is when the question of an outbox row reached its reader; the zero time
// while it is on its way. lost says that it never will, so that nobody was asked.
func (tx *Tx) Arrived(key string) (at time.Time, lost bool, err error) {
	row, found, err := tx.Outbox(key)
	switch {
	case err != nil:
		return at, false, err
	case !found, row.State == record.Failed, row.State == record.Dropped:
		return at, true, nil
	case row.State == record.Sent, row.State == record.Unknown:
		return row.SettledAt, false, nil
	}
	return at, false, nil
}

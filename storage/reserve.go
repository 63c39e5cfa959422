package storage

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"headgoose/storage/record"
)

// Keys:
//
//	reserve/<graduate>             -> record.Reserve
//	reserveat/<village>/<graduate> -> true: who is on the list
//	reservecount/<place>           -> record.ReserveCount

// Reserve reads a graduate's record on the list of reserve cadres, who is on it
// or was.
func (tx *Tx) Reserve(id record.GraduateID) (record.Reserve, bool, error) {
	return get[record.Reserve](tx, "reserve/"+string(id))
}

// Reserves lists who is on the list, of a village, township or county.
func (tx *Tx) Reserves(place record.Code) ([]record.Reserve, error) {
	var list []record.Reserve
	for e, err := range tx.r.Scan(under("reserveat/" + string(place))) {
		if err != nil {
			return nil, err
		}
		r, _, err := tx.Reserve(record.GraduateID(lastOf(string(e.Key))))
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// ReserveCount is how many of a place are on the list, and left it how.
func (tx *Tx) ReserveCount(place record.Code) (record.ReserveCount, error) {
	c, _, err := get[record.ReserveCount](tx, "reservecount/"+string(place))
	return c, err
}

// AddReserve takes a graduate on the list, with the village's secretary as
// mentor. ErrExists for one who is on it; one who has left it comes back with
// what was done before.
func (tx *Tx) AddReserve(id record.GraduateID, since record.Date) (record.Reserve, error) {
	g, err := tx.Graduate(id)
	if err != nil {
		return record.Reserve{}, err
	}
	old, found, err := tx.Reserve(id)
	if err != nil {
		return old, err
	}
	if found && old.Left == "" {
		return old, fmt.Errorf("%w: reserve cadre", record.ErrExists)
	}
	r := record.Reserve{Graduate: id, Village: g.Village, Since: since, Deeds: old.Deeds}
	p, held, err := tx.Secretary(g.Village)
	if err != nil {
		return r, err
	}
	if held {
		r.Mentor = p.ID
	}
	if !found {
		return r, tx.setReserve(nil, &r)
	}
	return r, tx.setReserve(&old, &r)
}

// Mentors lists who may be mentor of a village's reserve cadres: those who are its
// secretary and the officers of its township, as they are now.
func (tx *Tx) Mentors(village record.Code) ([]record.PersonID, error) {
	own, err := tx.Holders(record.Secretary, village)
	if err != nil {
		return nil, err
	}
	town, err := tx.Holders(record.TownshipOfficer, village.Township())
	return slices.Concat(own, town), err
}

// SetMentor gives somebody on the list another mentor, one of Mentors; ErrInvalid for
// anybody else.
func (tx *Tx) SetMentor(id record.GraduateID, mentor record.PersonID) (record.Reserve, error) {
	old, err := tx.onReserve(id)
	if err != nil {
		return old, err
	}
	may, err := tx.Mentors(old.Village)
	if err == nil && !slices.Contains(may, mentor) {
		err = fmt.Errorf("%w: mentor", record.ErrInvalid)
	}
	if err != nil {
		return old, err
	}
	r := old
	r.Mentor = mentor
	return r, tx.setReserve(&old, &r)
}

// AddReserveDeed notes what was done with somebody on the list, in the order of days. ErrSettled for
// one who has left it, ErrFull after record.MaxReserveDeeds.
func (tx *Tx) AddReserveDeed(id record.GraduateID, d record.ReserveDeed) (record.Reserve, error) {
	old, err := tx.onReserve(id)
	if err != nil {
		return old, err
	}
	words, err := record.CleanText(d.Words, record.MaxReserveWords)
	switch {
	case err != nil:
		return old, err
	case d.Kind != record.ReserveTraining && d.Kind != record.ReserveMatter, d.Day == "":
		return old, fmt.Errorf("%w: row of a reserve cadre", record.ErrInvalid)
	case len(old.Deeds) >= record.MaxReserveDeeds:
		return old, record.ErrFull
	}
	r := old
	d.Words, d.At = words, tx.Now
	r.Deeds = append(slices.Clone(r.Deeds), d)
	slices.SortStableFunc(r.Deeds, func(a, b record.ReserveDeed) int { return cmp.Compare(a.Day, b.Day) })
	return r, tx.setReserve(&old, &r)
}

// LeaveReserve takes somebody off the list on a day, with an outcome.
func (tx *Tx) LeaveReserve(id record.GraduateID, day record.Date, outcome record.ReserveOutcome, reason string) (record.Reserve, error) {
	old, err := tx.onReserve(id)
	if err != nil {
		return old, err
	}
	if !slices.Contains(record.ReserveOutcomes(), outcome) {
		return old, fmt.Errorf("%w: outcome of a reserve cadre", record.ErrInvalid)
	}
	if reason != "" {
		if reason, err = record.CleanText(reason, record.MaxReserveWords); err != nil {
			return old, err
		}
	}
	r := old
	r.Left, r.Outcome, r.Reason = day, outcome, reason
	return r, tx.setReserve(&old, &r)
}

func (tx *Tx) onReserve(id record.GraduateID) (record.Reserve, error) {
	r, found, err := tx.Reserve(id)
	switch {
	case err != nil:
		return r, err
	case !found:
		return r, fmt.Errorf("%w: reserve cadre", record.ErrNotFound)
	case r.Left != "":
		return r, record.ErrSettled
	}
	return r, nil
}

// reserveTookPost takes a graduate who was placed off the list.
func (tx *Tx) reserveTookPost(id record.GraduateID) error {
	r, found, err := tx.Reserve(id)
	if err != nil || !found || r.Left != "" {
		return err
	}
	_, err = tx.LeaveReserve(id, record.DateOf(tx.Now.UTC()), record.ReserveTookPost, "")
	return err
}

// followReserve keeps the list in step with a graduate's record.
func (tx *Tx) followReserve(old, g *record.Graduate) error {
	if old == nil || (g != nil && g.Village == old.Village) {
		return nil
	}
	was, found, err := tx.Reserve(old.ID)
	if err != nil || !found {
		return err
	}
	if g == nil {
		return tx.setReserve(&was, nil)
	}
	r := was
	r.Village = g.Village
	return tx.setReserve(&was, &r)
}

// setReserve writes a record in the place of old (nil: a new one); a nil r takes
// it away.
func (tx *Tx) setReserve(old, r *record.Reserve) error {
	var errs []error
	if old != nil && (r == nil || old.Village != r.Village || old.Left != r.Left) {
		errs = append(errs, del(tx, reserveKey(*old)), tx.countReserve(*old, -1))
	}
	if r == nil {
		return errors.Join(append(errs, del(tx, "reserve/"+string(old.Graduate)))...)
	}
	if old == nil || old.Village != r.Village || old.Left != r.Left {
		errs = append(errs, tx.indexReserve(*r))
	}
	return errors.Join(append(errs, put(tx, "reserve/"+string(r.Graduate), *r))...)
}

// indexReserve enters a record into the list and the counts.
func (tx *Tx) indexReserve(r record.Reserve) error {
	if r.Left == "" {
		if err := put(tx, reserveKey(r), true); err != nil {
			return err
		}
	}
	return tx.countReserve(r, +1)
}

func reserveKey(r record.Reserve) string {
	return "reserveat/" + string(r.Village) + "/" + string(r.Graduate)
}

func (tx *Tx) countReserve(r record.Reserve, by int) error {
	for _, place := range r.Village.Up() {
		c, err := tx.ReserveCount(place)
		if err != nil {
			return err
		}
		if r.Left == "" {
			c.On += by
		} else {
			c.Left = counted(maps.Clone(c.Left), r.Outcome, by)
		}
		key := "reservecount/" + string(place)
		if c.On == 0 && c.Left == nil {
			err = del(tx, key)
		} else {
			err = put(tx, key, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rebuildReserves writes the list and its counts anew, for Check.
func rebuildReserves(from, to *Tx) error {
	for e, err := range scan[record.Reserve](from, under("reserve/")) {
		if err != nil {
			return err
		}
		if err := to.indexReserve(e.val); err != nil {
			return err
		}
	}
	return nil
}

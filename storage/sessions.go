package storage

import (
	"errors"
	"fmt"
	"slices"

	"headgoose/storage/record"
)

// Keys:
//
//	base/<county>/<id>                  -> record.Base
//	session/<id>                        -> record.Session
//	day/<county>/<start>/<id>           -> record.SessionID: a county's sessions by start
//	duty/<township>/<start>/<id>        -> record.SessionID: those that expect somebody of it
//	hosting/<person>/<start>/<id>       -> record.SessionID
//	open/<county>/<id>                  -> record.SessionID: open ones
//	expect/<id>/<township>              -> []record.Code: its expected villages, in order
//	standin/<id>/<village>              -> record.Code: the branch that stands in for an expected one
//	standfor/<village>/<start>/<id>     -> record.SessionID: sessions at which a branch stands in
//	carry/<county>/<id>                 -> record.SessionID: its outcome is to be carried into the ledgers
//	tally/<id>, tally/<id>/<township>   -> record.SessionCount

// Bases lists a county's bases.
func (tx *Tx) Bases(county record.Code) ([]record.Base, error) {
	var bases []record.Base
	for e, err := range scan[record.Base](tx, under("base/"+string(county)+"/")) {
		if err != nil {
			return nil, err
		}
		bases = append(bases, e.val)
	}
	return bases, nil
}

// PutBase adds or changes a base.
func (tx *Tx) PutBase(county record.Code, b record.Base) error {
	return put(tx, "base/"+string(county)+"/"+string(b.ID), b)
}

// Base reads a base of a county.
func (tx *Tx) Base(county record.Code, id record.BaseID) (record.Base, error) {
	b, found, err := get[record.Base](tx, "base/"+string(county)+"/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: base %s", record.ErrNotFound, id)
	}
	return b, err
}

// Session reads a session; ErrNotFound where there is none.
func (tx *Tx) Session(id record.SessionID) (record.Session, error) {
	s, found, err := get[record.Session](tx, "session/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: session %s", record.ErrNotFound, id)
	}
	return s, err
}

// AddSession adds a session that expects the given villages, and returns it
// with its id, at Rev 1. More than record.MaxTownships townships or
// record.MaxHosts hosts, no village, or an end before the start are ErrInvalid.
func (tx *Tx) AddSession(s record.Session, villages []record.Code) (record.Session, error) {
	if !s.Start.Before(s.End) || s.Place.County() == "" {
		return s, fmt.Errorf("%w: session's place or time", record.ErrInvalid)
	}
	if len(s.Hosts) > record.MaxHosts {
		return s, fmt.Errorf("%w: session of %d hosts", record.ErrInvalid, len(s.Hosts))
	}
	byTownship, order := groupByTownship(villages)
	if len(order) == 0 || len(order) > record.MaxTownships {
		return s, fmt.Errorf("%w: session expects villages of %d townships", record.ErrInvalid, len(order))
	}
	id, err := tx.newID("session", "s")
	if err != nil {
		return s, err
	}
	s.ID, s.Rev = record.SessionID(id), 1
	if s.State == "" {
		s.State = record.Planned
	}
	all := 0
	for _, t := range order {
		if err := put(tx, expectKey(s.ID, t), byTownship[t]); err != nil {
			return s, err
		}
		n := len(byTownship[t])
		all += n
		if err := put(tx, tallyKey(s.ID, t), record.SessionCount{Expected: n}); err != nil {
			return s, err
		}
	}
	if err := put(tx, tallyKey(s.ID, ""), record.SessionCount{Expected: all}); err != nil {
		return s, err
	}
	return s, tx.putSession(s, order)
}

func groupByTownship(villages []record.Code) (map[record.Code][]record.Code, []record.Code) {
	villages = slices.Compact(slices.Sorted(slices.Values(villages)))
	by := map[record.Code][]record.Code{}
	var order []record.Code
	for _, v := range villages {
		t := v.Township()
		if v.Level() != record.Village {
			continue
		}
		if by[t] == nil {
			order = append(order, t)
		}
		by[t] = append(by[t], v)
	}
	return by, order
}

// putSession writes the record and the indexes that follow its start, hosts
// and state.
func (tx *Tx) putSession(s record.Session, townships []record.Code) error {
	if err := put(tx, "session/"+string(s.ID), s); err != nil {
		return err
	}
	for _, key := range sessionIndex(s, townships) {
		if err := put(tx, key, s.ID); err != nil {
			return err
		}
	}
	if s.State == record.Open {
		return put(tx, openKey(s), s.ID)
	}
	return nil
}

func sessionIndex(s record.Session, townships []record.Code) []string {
	at := stamp(s.Start) + "/" + string(s.ID)
	keys := []string{"day/" + string(s.Place.County()) + "/" + at}
	for _, t := range townships {
		keys = append(keys, dutyKey(s, t))
	}
	for _, h := range s.Hosts {
		keys = append(keys, "hosting/"+string(h)+"/"+at)
	}
	return keys
}

func openKey(s record.Session) string { return "open/" + string(s.Place.County()) + "/" + string(s.ID) }

func expectKey(id record.SessionID, township record.Code) string {
	return "expect/" + string(id) + "/" + string(township)
}

func tallyKey(id record.SessionID, township record.Code) string {
	if township == "" {
		return "tally/" + string(id)
	}
	return "tally/" + string(id) + "/" + string(township)
}

// ChangeSession changes a session. A change of time, place or meeting point,
// and a cancellation, raise Rev, so that what was planned for the old one is
// not sent. Id, counts and who is expected stay.
func (tx *Tx) ChangeSession(id record.SessionID, change func(*record.Session)) (record.Session, error) {
	old, err := tx.Session(id)
	if err != nil {
		return old, err
	}
	s := old
	s.Hosts = slices.Clone(old.Hosts)
	change(&s)
	s.ID, s.Place, s.Rev = old.ID, old.Place, old.Rev
	if !s.Start.Before(s.End) {
		return old, fmt.Errorf("%w: session's time", record.ErrInvalid)
	}
	if !s.Start.Equal(old.Start) || !s.End.Equal(old.End) || s.At != old.At || s.Meet != old.Meet ||
		(s.State == record.Cancelled) != (old.State == record.Cancelled) {
		s.Rev++
	}
	townships, err := tx.ExpectedTownships(id)
	if err != nil {
		return old, err
	}
	if s.Rev != old.Rev {
		if err := tx.carry(s); err != nil {
			return old, err
		}
		if err := tx.moveStandIns(old, s); err != nil {
			return old, err
		}
	}
	for _, key := range sessionIndex(old, townships) {
		if err := del(tx, key); err != nil {
			return old, err
		}
	}
	if err := del(tx, openKey(old)); err != nil {
		return old, err
	}
	return s, tx.putSession(s, townships)
}

// ExpectedTownships lists the townships that a session expects somebody of.
func (tx *Tx) ExpectedTownships(id record.SessionID) ([]record.Code, error) {
	var list []record.Code
	prefix := expectKey(id, "")
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		list = append(list, record.Code(e.Key[len(prefix):]))
	}
	return list, nil
}

// Expected lists the villages that a session expects in a place (a county, a
// township or one village), in the office's order.
func (tx *Tx) Expected(id record.SessionID, place record.Code) ([]record.Code, error) {
	if place.Level() == record.County {
		var all []record.Code
		for e, err := range scan[[]record.Code](tx, under(expectKey(id, place))) {
			if err != nil {
				return nil, err
			}
			all = append(all, e.val...)
		}
		return all, nil
	}
	list, _, err := get[[]record.Code](tx, expectKey(id, place.Township()))
	if place.Level() == record.Village {
		if _, found := slices.BinarySearch(list, place); found {
			return []record.Code{place}, err
		}
		return nil, err
	}
	return list, err
}

// Expect adds a village to those that a planned or open session expects; one
// that it expects already is no change. It tells nobody: who calls it tells the
// branch. Refusals: ErrClosed, ErrCancelled; ErrFull where the session would
// expect more than record.MaxTownships townships.
func (tx *Tx) Expect(id record.SessionID, village record.Code) error {
	s, list, i, found, err := tx.expectedAt(id, village)
	if err != nil || found {
		return err
	}
	if len(list) == 0 {
		townships, err := tx.ExpectedTownships(id)
		if err != nil {
			return err
		}
		if len(townships) >= record.MaxTownships {
			return fmt.Errorf("%w: townships of a session", record.ErrFull)
		}
		if err := put(tx, dutyKey(s, village.Township()), s.ID); err != nil {
			return err
		}
	}
	if err := put(tx, expectKey(id, village.Township()), slices.Insert(list, i, village)); err != nil {
		return err
	}
	return tx.tallyUp(id, village.Township(), func(c *record.SessionCount) { c.Expected++ })
}

// Unexpect takes a village off those that a planned or open session expects;
// one that it does not expect is no change. It tells nobody. A branch that
// somebody has stood for stays: ErrSettled.
func (tx *Tx) Unexpect(id record.SessionID, village record.Code) error {
	s, list, i, found, err := tx.expectedAt(id, village)
	if err != nil || !found {
		return err
	}
	mark, marked, err := tx.Branch(id, village)
	switch {
	case err != nil:
		return err
	case mark.Status.Came():
		return record.ErrSettled
	case marked:
		if err := tx.unmark(id, village, mark); err != nil {
			return err
		}
	}
	if err := tx.DropStandIn(id, village); err != nil {
		return err
	}
	if list = slices.Delete(list, i, i+1); len(list) > 0 {
		if err := put(tx, expectKey(id, village.Township()), list); err != nil {
			return err
		}
		return tx.tallyUp(id, village.Township(), func(c *record.SessionCount) { c.Expected-- })
	}
	for _, key := range []string{expectKey(id, village.Township()), tallyKey(id, village.Township()), dutyKey(s, village.Township())} {
		if err := del(tx, key); err != nil {
			return err
		}
	}
	return tx.tallyUp(id, "", func(c *record.SessionCount) { c.Expected-- })
}

// unmark takes the excuse or absence of a village that is no longer expected
// out of the counts. What was said about whoever stood for it stays in the rows,
// which then stand for one village less.
func (tx *Tx) unmark(id record.SessionID, village record.Code, mark BranchMark) error {
	var stood []record.Attendance
	for e, err := range scan[record.Attendance](tx, under(attKey(id, ""))) {
		if err != nil {
			return err
		}
		if slices.Contains(e.val.Villages, village) {
			stood = append(stood, e.val)
		}
	}
	for _, att := range stood {
		att.Villages = slices.DeleteFunc(att.Villages, func(v record.Code) bool { return v == village })
		if err := put(tx, attKey(id, att.Person), att); err != nil {
			return err
		}
	}
	if err := del(tx, branchKey(id, village)); err != nil {
		return err
	}
	return tx.tallyUp(id, village.Township(), func(c *record.SessionCount) {
		c.Excused -= b2i(mark.Status == record.Excused)
	})
}

// expectedAt reads a session that is not over, and where a village stands in
// the list of its township.
func (tx *Tx) expectedAt(id record.SessionID, village record.Code) (s record.Session, list []record.Code, i int, found bool, err error) {
	if s, err = tx.Session(id); err != nil {
		return s, nil, 0, false, err
	}
	switch {
	case village.Level() != record.Village:
		return s, nil, 0, false, fmt.Errorf("%w: a session expects villages", record.ErrInvalid)
	case s.State == record.Closed:
		return s, nil, 0, false, record.ErrClosed
	case s.State == record.Cancelled:
		return s, nil, 0, false, record.ErrCancelled
	}
	list, _, err = get[[]record.Code](tx, expectKey(id, village.Township()))
	i, found = slices.BinarySearch(list, village)
	return s, list, i, found, err
}

func dutyKey(s record.Session, township record.Code) string {
	return "duty/" + string(township) + "/" + stamp(s.Start) + "/" + string(s.ID)
}

// carry notes that the outcome of a session is to be carried into the ledgers
// that it belongs to.
func (tx *Tx) carry(s record.Session) error {
	if s.Cycle == "" && s.Batch == "" {
		return nil
	}
	return put(tx, carryKey(s), s.ID)
}

func carryKey(s record.Session) string {
	return "carry/" + string(s.Place.County()) + "/" + string(s.ID)
}

// ToCarry lists the sessions of which something is to be carried into the
// ledgers: closed ones, those that were corrected since, moved or cancelled.
func (tx *Tx) ToCarry(county record.Code) ([]record.Session, error) {
	return tx.sessionsOf(under("carry/"+string(county)+"/"), 0)
}

// Carried notes that the outcome of a session stands in the ledgers.
func (tx *Tx) Carried(s record.Session) error { return del(tx, carryKey(s)) }

// Tally is the count of a session, or of one township in it.
func (tx *Tx) Tally(id record.SessionID, township record.Code) (record.SessionCount, error) {
	c, _, err := get[record.SessionCount](tx, tallyKey(id, township))
	return c, err
}

// tallyUp changes the count of a session and of the village's township.
func (tx *Tx) tallyUp(id record.SessionID, township record.Code, change func(*record.SessionCount)) error {
	keys := []string{tallyKey(id, "")}
	if township != "" {
		keys = append(keys, tallyKey(id, township))
	}
	for _, key := range keys {
		c, _, err := get[record.SessionCount](tx, key)
		if err != nil {
			return err
		}
		change(&c)
		if err := put(tx, key, c); err != nil {
			return err
		}
	}
	return nil
}

// OpenSession opens a planned session for check-in. An open one stays as it is.
func (tx *Tx) OpenSession(id record.SessionID) (record.Session, error) {
	s, err := tx.Session(id)
	switch {
	case err != nil, s.State == record.Open:
		return s, err
	case s.State == record.Closed:
		return s, record.ErrClosed
	case s.State == record.Cancelled:
		return s, record.ErrCancelled
	}
	return tx.ChangeSession(id, func(s *record.Session) { s.State, s.OpenedAt = record.Open, tx.Now })
}

// CloseSession ends check-in for good. A closed one stays as it is.
func (tx *Tx) CloseSession(id record.SessionID) (record.Session, error) {
	s, err := tx.Session(id)
	switch {
	case err != nil, s.State == record.Closed:
		return s, err
	case s.State != record.Open:
		return s, record.ErrNotOpen
	}
	if s, err = tx.ChangeSession(id, func(s *record.Session) { s.State, s.ClosedAt = record.Closed, tx.Now }); err != nil {
		return s, err
	}
	return s, tx.carry(s)
}

// CancelSession cancels a session that has not been opened.
func (tx *Tx) CancelSession(id record.SessionID) (record.Session, error) {
	s, err := tx.Session(id)
	if err != nil {
		return s, err
	}
	if s.State != record.Planned {
		return s, errors.Join(record.ErrChanged, fmt.Errorf("session is %s", s.State))
	}
	return tx.ChangeSession(id, func(s *record.Session) { s.State = record.Cancelled })
}

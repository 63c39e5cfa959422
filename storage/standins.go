package storage

import (
	"fmt"
	"maps"
	"slices"

	"headgoose/storage/record"
)

// Stand-ins: a branch that attends a session for another. The keys stand at the head
// of sessions.go.

// moveStandIns keeps the index of who stands in at a session in line with its
// start.
func (tx *Tx) moveStandIns(old, s record.Session) error {
	by, err := tx.StandIns(s.ID)
	if err != nil || old.Start.Equal(s.Start) {
		return err
	}
	for _, v := range by {
		if err := del(tx, standForKey(old, v)); err != nil {
			return err
		}
		if err := put(tx, standForKey(s, v), s.ID); err != nil {
			return err
		}
	}
	return nil
}

// SetStandIn has the secretary of another branch stand for a village that a
// session expects; a check-in of the other then counts for both where both are
// expected.
func (tx *Tx) SetStandIn(id record.SessionID, village, by record.Code) error {
	expected, err := tx.Expected(id, village)
	if err != nil {
		return err
	}
	if len(expected) == 0 || by.Level() != record.Village || by == village {
		return fmt.Errorf("%w: stand-in", record.ErrInvalid)
	}
	s, err := tx.Session(id)
	if err != nil {
		return err
	}
	if err := tx.DropStandIn(id, village); err != nil {
		return err
	}
	if err := put(tx, standForKey(s, by), s.ID); err != nil {
		return err
	}
	return put(tx, standInKey(id, village), by)
}

func standForKey(s record.Session, by record.Code) string {
	return "standfor/" + string(by) + "/" + stamp(s.Start) + "/" + string(s.ID)
}

// DropStandIn ends it; none is no error.
func (tx *Tx) DropStandIn(id record.SessionID, village record.Code) error {
	all, err := tx.StandIns(id)
	if err != nil || all[village] == "" {
		return err
	}
	by := all[village]
	delete(all, village)
	if !slices.Contains(slices.Collect(maps.Values(all)), by) {
		s, err := tx.Session(id)
		if err != nil {
			return err
		}
		if err := del(tx, standForKey(s, by)); err != nil {
			return err
		}
	}
	return del(tx, standInKey(id, village))
}

// StandIns maps the villages of a session that others stand in for to who does.
func (tx *Tx) StandIns(id record.SessionID) (map[record.Code]record.Code, error) {
	prefix := standInKey(id, "")
	by := map[record.Code]record.Code{}
	for e, err := range scan[record.Code](tx, under(prefix)) {
		if err != nil {
			return nil, err
		}
		by[record.Code(e.key[len(prefix):])] = e.val
	}
	return by, nil
}

func standInKey(id record.SessionID, village record.Code) string {
	return "standin/" + string(id) + "/" + string(village)
}

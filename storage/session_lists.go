package storage

import (
	"cmp"
	"slices"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Lists of sessions, by day, place, host and state. The keys stand at the head of
// sessions.go.

// SessionsBetween lists a county's sessions that start in [from, to), by start.
func (tx *Tx) SessionsBetween(county record.Code, from, to time.Time) ([]record.Session, error) {
	return tx.sessionsAt("day/"+string(county)+"/", from, to, 0)
}

// Duties lists up to limit (0: all) sessions that start in [from, to) and
// expect somebody of a township, by start; for a village, those at which its
// secretary is to be: that expect it and at which nobody stands in for it, and
// those at which it stands in for another.
func (tx *Tx) Duties(place record.Code, from, to time.Time, limit int) ([]record.Session, error) {
	if place.Level() == record.County {
		return tx.sessionsAt("day/"+string(place)+"/", from, to, limit)
	}
	if place.Level() == record.Township {
		return tx.sessionsAt("duty/"+string(place)+"/", from, to, limit)
	}
	all, err := tx.sessionsAt("duty/"+string(place.Township())+"/", from, to, 0)
	if err != nil {
		return nil, err
	}
	mine, err := tx.sessionsAt("standfor/"+string(place)+"/", from, to, 0)
	if err != nil {
		return nil, err
	}
	stands := len(mine)
	for _, s := range all {
		if limit > 0 && stands == 0 && len(mine) == limit {
			break
		}
		found, err := tx.Expected(s.ID, place)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			continue
		}
		by, _, err := get[record.Code](tx, standInKey(s.ID, place))
		if err != nil {
			return nil, err
		}
		if by == "" {
			mine = append(mine, s)
		}
	}
	if stands > 0 {
		slices.SortStableFunc(mine, func(a, b record.Session) int {
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
		})
		mine = slices.CompactFunc(mine, func(a, b record.Session) bool { return a.ID == b.ID })
		if limit > 0 {
			mine = mine[:min(limit, len(mine))]
		}
	}
	return mine, nil
}

// Hosting lists the sessions of a host that start in [from, to), by start.
func (tx *Tx) Hosting(id record.PersonID, from, to time.Time) ([]record.Session, error) {
	return tx.sessionsAt("hosting/"+string(id)+"/", from, to, 0)
}

func (tx *Tx) sessionsAt(prefix string, from, to time.Time, limit int) ([]record.Session, error) {
	return tx.sessionsOf(between(prefix+stamp(from), prefix+stamp(to)), limit)
}

// OpenSessions lists a county's open sessions.
func (tx *Tx) OpenSessions(county record.Code) ([]record.Session, error) {
	return tx.sessionsOf(under("open/"+string(county)+"/"), 0)
}

func (tx *Tx) sessionsOf(r kv.Range, limit int) ([]record.Session, error) {
	var list []record.Session
	for e, err := range scan[record.SessionID](tx, r) {
		if err != nil {
			return nil, err
		}
		s, err := tx.Session(e.val)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

// OpenFor lists the open sessions of a county that a code fits now.
func (tx *Tx) OpenFor(county record.Code, code string) (fits []record.SessionID, open bool, err error) {
	prefix := "open/" + string(county) + "/"
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, false, err
		}
		open = true
		if id := record.SessionID(e.Key[len(prefix):]); tx.CodeFits(id, code) {
			fits = append(fits, id)
		}
	}
	return fits, open, nil
}

package storage

import (
	"context"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// FillScreening finds who fits a new or changed screening, or takes away what
// leads to a deleted one, in chunks; progress (nil: none) is told how many
// graduates it has looked at. It may be called again at any time and goes on
// where it was; a screening that is changed meanwhile is begun anew.
func (s *Store) FillScreening(ctx context.Context, id record.ScreeningID, progress func(done, of int)) error {
	for {
		var now record.Screening
		of := 0
		more := false
		err := s.Update(ctx, func(tx *Tx) (err error) {
			now, more, err = tx.fillSome(id)
			if err == nil && more {
				var n record.PlaceCount
				n, err = tx.Count(now.Place)
				of = n.Graduates.All
			}
			return err
		})
		if err != nil || !more {
			return err
		}
		if progress != nil && now.State == record.ScreenFilling {
			progress(min(now.Done, of), of)
		}
	}
}

// fillSome does the next chunk of a screening's filling or clearing.
func (tx *Tx) fillSome(id record.ScreeningID) (s record.Screening, more bool, err error) {
	s, found, err := get[record.Screening](tx, "screening/"+string(id))
	if err != nil || !found || s.State == record.ScreenReady {
		return s, false, err
	}
	r := under(listPrefix(AllGraduates, s.Place))
	if s.State == record.ScreenGone {
		r = under("screen/" + string(s.ID) + "/")
	} else if s.Cursor != "" {
		r.Lo = []byte(s.Cursor + "\x00")
	}
	keys, more, err := tx.someKeys(r, lookAtOnce)
	if err != nil {
		return s, false, err
	}
	for i, writes := 0, 0; i < len(keys); i++ {
		if writes >= roomOfChunk {
			more = true
			break
		}
		n, err := tx.rescreenNow(villageOf(keys[i]), lastPart([]byte(keys[i])), s.ID)
		if err != nil {
			return s, false, err
		}
		writes += n
		s.Done++
		s.Cursor = keys[i]
	}
	switch {
	case s.State == record.ScreenGone && !more:
		for _, key := range []string{"screening/" + string(s.ID), "screenof/" + string(s.Place) + "/" + string(s.ID), "screencount/" + string(s.ID)} {
			if err := del(tx, key); err != nil {
				return s, false, err
			}
		}
		return s, false, nil
	case s.State == record.ScreenGone:
		s.Cursor = ""
	case !more:
		s.State, s.Cursor = record.ScreenReady, ""
	}
	return s, more, tx.putScreening(s)
}

// someKeys lists up to limit keys of a range; more says that others follow.
func (tx *Tx) someKeys(r kv.Range, limit int) (keys []string, more bool, err error) {
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, false, err
		}
		if len(keys) == limit {
			return keys, true, nil
		}
		keys = append(keys, string(e.Key))
	}
	return keys, false, nil
}

// villageOf is the village in a key that ends in village/number.
func villageOf(key string) record.Code {
	rest := key[:len(key)-len(numbered(lastPart([]byte(key))))-1]
	return record.Code(rest[len(rest)-12:])
}

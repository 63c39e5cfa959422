package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	screening/<id>                                -> record.Screening
//	screenof/<place>/<id>                         -> true: the screenings of a township or county
//	screencount/<id>                              -> record.ScreenCount
//	screen/<id>/<village>/<number>                -> true: who fits, in the office's order
//	screennew/<id>/<village>/<number>             -> when: who came to fit, until the officer was told
//	screenends/<village>/<number>                 -> when somebody next drops out of one for no reason but time
//	screenend/<county>/<when>/<village>/<number>  -> true: the same, in the order of time
//	screendue/<county>/<village>/<number>         -> true: who is to be looked at again
//
// Who fits is kept as records change, in the transaction of the change, for the
// screenings of the county and of the township (see screenGraduate). A number
// is that of a graduate's lists. What one transaction has no room for is due,
// and done by ScreenAgain within the minute; until then who came to fit is
// missing in some, and a page leaves out who does not fit any more (see Screened).

// Room of one transaction for screenings: a change of a record moves somebody in
// or out of at most roomOfChange of them at once, the erasure of one out of
// roomOfErasure, a transaction of their own makes about roomOfChunk writes.
const (
	roomOfChange  = 5
	roomOfErasure = 1
	roomOfChunk   = 60
	lookAtOnce    = 200 // graduates that one transaction looks at
)

// Screening reads a screening; ErrNotFound where there is none (any more).
func (tx *Tx) Screening(id record.ScreeningID) (record.Screening, error) {
	s, found, err := get[record.Screening](tx, "screening/"+string(id))
	if err == nil && (!found || s.State == record.ScreenGone) {
		err = fmt.Errorf("%w: screening %s", record.ErrNotFound, id)
	}
	return s, err
}

// Screenings lists the screenings of a township or county, in the order in
// which they were made.
func (tx *Tx) Screenings(place record.Code) ([]record.Screening, error) {
	all, err := tx.screeningsOf(place)
	var list []record.Screening
	for _, s := range all {
		if s.State != record.ScreenGone {
			list = append(list, s)
		}
	}
	return list, err
}

// screeningsOf lists those that are deleted too, as long as they lead anywhere.
func (tx *Tx) screeningsOf(place record.Code) ([]record.Screening, error) {
	var list []record.Screening
	prefix := "screenof/" + string(place) + "/"
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		s, found, err := get[record.Screening](tx, "screening/"+string(e.Key[len(prefix):]))
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, s)
		}
	}
	return list, nil
}

// AddScreening saves a new screening and returns it with its id; it is to be
// filled (see FillScreening). ErrFull where the place has as many as it may.
func (tx *Tx) AddScreening(s record.Screening) (record.Screening, error) {
	if err := s.Check(); err != nil {
		return s, err
	}
	all, err := tx.Screenings(s.Place)
	if err != nil {
		return s, err
	}
	if len(all) >= record.MaxScreenings {
		return s, fmt.Errorf("%w: screenings of %s", record.ErrFull, s.Place)
	}
	n, err := tx.next("screening")
	if err != nil {
		return s, err
	}
	s.ID = record.ScreeningID(fmt.Sprintf("s%06d", n)) // in order as keys
	s.State, s.SavedAt, s.Done, s.Cursor = record.ScreenFilling, tx.Now, 0, ""
	return s, errors.Join(put(tx, "screenof/"+string(s.Place)+"/"+string(s.ID), true), tx.putScreening(s))
}

// EditScreening changes name, criteria and who saved it. It is to be filled
// again.
func (tx *Tx) EditScreening(id record.ScreeningID, change func(*record.Screening)) (record.Screening, error) {
	old, err := tx.Screening(id)
	if err != nil {
		return old, err
	}
	s := old
	change(&s)
	s.ID, s.Place, s.SavedAt = old.ID, old.Place, tx.Now
	if err := s.Check(); err != nil {
		return old, err
	}
	s.State, s.Done, s.Cursor = record.ScreenFilling, 0, ""
	return s, tx.putScreening(s)
}

// RenameScreening gives a screening another name; who fits stays.
func (tx *Tx) RenameScreening(id record.ScreeningID, name string) (record.Screening, error) {
	s, err := tx.Screening(id)
	if err != nil {
		return s, err
	}
	s.Name = name
	if err := s.Check(); err != nil {
		return s, err
	}
	return s, tx.putScreening(s)
}

// DropScreening deletes a screening; what leads to it is taken away by
// FillScreening.
func (tx *Tx) DropScreening(id record.ScreeningID) error {
	s, err := tx.Screening(id)
	if err != nil {
		return err
	}
	s.State = record.ScreenGone
	return tx.putScreening(s)
}

func (tx *Tx) putScreening(s record.Screening) error { return put(tx, "screening/"+string(s.ID), s) }

// ScreenCount is how many fit a screening.
func (tx *Tx) ScreenCount(id record.ScreeningID) (record.ScreenCount, error) {
	n, _, err := get[record.ScreenCount](tx, "screencount/"+string(id))
	return n, err
}

// ScreenQuery asks for a page of those who fit a screening.
type ScreenQuery struct {
	Screening record.Screening
	Place     record.Code // the screening's or one in it
	// After is the last record of the page before, or Before the first of the
	// page behind; both empty: the first page.
	After, Before record.GraduateID
	Limit         int
}

// Screened is a page of those who fit a screening at this moment, in the
// office's order. more says whether the list goes on in the direction asked. It
// costs the size of the page. ErrNotFound where the record to go on from is gone.
func (tx *Tx) Screened(q ScreenQuery) (page []record.Graduate, more bool, err error) {
	r := under("screen/" + string(q.Screening.ID) + "/" + string(q.Place))
	at := q.After
	if q.Before != "" {
		at = q.Before
	}
	if at != "" {
		g, err := tx.Graduate(at)
		if err != nil {
			return nil, false, err
		}
		key := []byte(memberKey(q.Screening.ID, g.Village, g.ID))
		switch {
		case !q.Place.Contains(g.Village):
		case q.Before != "":
			r.Hi, r.Reverse = key, true
		default:
			r.Lo = append(key, 0)
		}
	}
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, false, err
		}
		g, err := tx.Graduate(lastPart(e.Key))
		if errors.Is(err, record.ErrNotFound) {
			continue // erased, and due to be taken out
		}
		if err != nil {
			return nil, false, err
		}
		if !q.Screening.Fits(g, tx.Now) {
			continue
		}
		if len(page) == q.Limit {
			more = true
			break
		}
		page = append(page, g)
	}
	if r.Reverse {
		slices.Reverse(page)
	}
	return page, more, nil
}

func memberKey(id record.ScreeningID, village record.Code, g record.GraduateID) string {
	return "screen/" + string(id) + "/" + string(village) + "/" + numbered(g)
}

func newsKey(id record.ScreeningID, village record.Code, g record.GraduateID) string {
	return "screennew/" + string(id) + "/" + string(village) + "/" + numbered(g)
}

// IsNew says whether somebody has come to fit a screening of late.
func (tx *Tx) IsNew(id record.ScreeningID, g record.Graduate) (bool, error) {
	return has(tx, newsKey(id, g.Village, g.ID))
}

// ScreenNews lists who came to fit a screening in (since, until], in the office's
// order.
func (tx *Tx) ScreenNews(id record.ScreeningID, since, until time.Time) ([]record.GraduateID, error) {
	var ids []record.GraduateID
	for e, err := range scan[time.Time](tx, under("screennew/"+string(id)+"/")) {
		if err != nil {
			return nil, err
		}
		if e.val.After(since) && !e.val.After(until) {
			ids = append(ids, lastPart([]byte(e.key)))
		}
	}
	return ids, nil
}

// ScreenTold forgets that people who came to fit a screening until a moment are
// new; more says that some are left, for another transaction.
func (tx *Tx) ScreenTold(id record.ScreeningID, until time.Time) (more bool, err error) {
	var keys []string
	for e, err := range scan[time.Time](tx, under("screennew/"+string(id)+"/")) {
		if err != nil {
			return false, err
		}
		if !e.val.After(until) {
			keys = append(keys, e.key)
		}
		if more = len(keys) > roomOfChunk; more {
			keys = keys[:roomOfChunk]
			break
		}
	}
	if len(keys) == 0 {
		return false, nil
	}
	for _, key := range keys {
		if err := del(tx, key); err != nil {
			return false, err
		}
	}
	n, err := tx.ScreenCount(id)
	if err != nil {
		return false, err
	}
	n.New -= len(keys)
	return more, put(tx, "screencount/"+string(id), n)
}

// GraduatesNamed lists up to limit graduates of a place who bear exactly this
// name, in the office's order.
func (tx *Tx) GraduatesNamed(place record.Code, name string, limit int) ([]record.Graduate, error) {
	var ids []record.GraduateID
	for e, err := range tx.r.Scan(under(tx.gradNamePrefix(name) + string(place))) {
		if err != nil {
			return nil, err
		}
		if ids = append(ids, lastPart(e.Key)); len(ids) == limit {
			break
		}
	}
	return tx.graduates(ids)
}

func (tx *Tx) gradNamePrefix(name string) string {
	return "gradname/" + tx.blind("gradname", name) + "/"
}

func (tx *Tx) gradNameKey(g record.Graduate) string {
	return tx.gradNamePrefix(g.Name) + string(g.Village) + "/" + numbered(g.ID)
}

// screenGraduate keeps who fits as a record changes: old is nil for a new
// record, g for one that is erased. At most 19 writes, twice that where
// somebody moves to another village.
func (tx *Tx) screenGraduate(old, g *record.Graduate) error {
	if old != nil && (g == nil || old.Village != g.Village) {
		room := roomOfChange
		if g == nil {
			room = roomOfErasure
		}
		if _, err := tx.rescreen(old.Village, old.ID, nil, "", room); err != nil {
			return err
		}
	}
	if g == nil {
		return nil
	}
	_, err := tx.rescreen(g.Village, g.ID, g, "", roomOfChange)
	return err
}

// rescreen brings the screenings over a village in line with a record, nil for
// one that is not there (any more), first the one named, if any. Where more of them
// change than there is room for, the rest is due. It says how many writes it made
// at most.
func (tx *Tx) rescreen(village record.Code, id record.GraduateID, g *record.Graduate, first record.ScreeningID, room int) (writes int, err error) {
	screens, err := tx.screeningsOver(village)
	if err != nil {
		return 0, err
	}
	if i := slices.IndexFunc(screens, func(s record.Screening) bool { return s.ID == first }); i > 0 {
		screens[0], screens[i] = screens[i], screens[0]
	}
	if tx.screenLater {
		room = 0
	}
	due := "screendue/" + string(village.County()) + "/" + string(village) + "/" + numbered(id)
	left := false
	var end time.Time
	for _, s := range screens {
		fits := g != nil && s.State != record.ScreenGone && s.Fits(*g, tx.Now)
		if fits {
			if at := s.Lapses(*g); !at.IsZero() && (end.IsZero() || at.Before(end)) {
				end = at
			}
		}
		is, err := has(tx, memberKey(s.ID, village, id))
		if err != nil {
			return writes, err
		}
		if fits == is {
			continue
		}
		if room--; room < 0 {
			left = true
			continue
		}
		if err := tx.setMember(s, village, id, fits); err != nil {
			return writes, err
		}
		writes += 3
	}
	n, err := tx.setScreenEnd(village, id, end)
	if err != nil {
		return writes, err
	}
	was, err := has(tx, due)
	switch {
	case err != nil || was == left:
		return writes + n, err
	case left:
		return writes + n + 1, put(tx, due, true)
	}
	return writes + n + 1, del(tx, due)
}

// screeningsOver lists the screenings that a village's graduates may fit.
func (tx *Tx) screeningsOver(village record.Code) ([]record.Screening, error) {
	all, err := tx.screeningsOf(village.County())
	if err != nil {
		return nil, err
	}
	more, err := tx.screeningsOf(village.Township())
	return append(all, more...), err
}

// setMember takes somebody in or out: three writes. Who comes in while the
// screening is being filled is not new.
func (tx *Tx) setMember(s record.Screening, village record.Code, id record.GraduateID, in bool) error {
	n, err := tx.ScreenCount(s.ID)
	if err != nil {
		return err
	}
	news, by := newsKey(s.ID, village, id), 1
	key := memberKey(s.ID, village, id)
	if in {
		err = put(tx, key, true)
		if err == nil && s.State == record.ScreenReady {
			n.New++
			err = put(tx, news, tx.Now)
		}
	} else {
		by = -1
		var was bool
		if was, err = has(tx, news); err == nil && was {
			n.New--
			err = del(tx, news)
		}
		err = errors.Join(err, del(tx, key))
	}
	n.All += by
	n.In = counted(n.In, s.Part(village), by)
	return errors.Join(err, put(tx, "screencount/"+string(s.ID), n))
}

// setScreenEnd notes when somebody next drops out for no reason but time, zero:
// never. At most three writes.
func (tx *Tx) setScreenEnd(village record.Code, id record.GraduateID, end time.Time) (writes int, err error) {
	at := string(village) + "/" + numbered(id)
	old, found, err := get[time.Time](tx, "screenends/"+at)
	if err != nil || (found && old.Equal(end)) || (!found && end.IsZero()) {
		return 0, err
	}
	queue := "screenend/" + string(village.County()) + "/"
	if found {
		err = del(tx, queue+stamp(old)+"/"+at)
	}
	if end.IsZero() {
		return 3, errors.Join(err, del(tx, "screenends/"+at))
	}
	return 3, errors.Join(err, put(tx, "screenends/"+at, end), put(tx, queue+stamp(end)+"/"+at, true))
}

// ScreenDue says whether somebody of a county is to be looked at again.
func (tx *Tx) ScreenDue(county record.Code) (bool, error) {
	keys, err := tx.screenDue(county, 1)
	return len(keys) > 0, err
}

// screenDue lists whom to look at again, as village/number: those for whom a
// transaction had no room, and those who drop out by now.
func (tx *Tx) screenDue(county record.Code, limit int) ([]string, error) {
	var list []string
	ends := "screenend/" + string(county) + "/"
	for _, part := range []struct {
		r    kv.Range
		skip int
	}{
		{under("screendue/" + string(county) + "/"), len("screendue//") + len(county)},
		{between(ends, ends+stamp(tx.Now.Add(1))), len(ends) + len(stamp(tx.Now)) + 1},
	} {
		for e, err := range tx.r.Scan(part.r) {
			if err != nil {
				return nil, err
			}
			if len(list) == limit {
				return list, nil
			}
			list = append(list, string(e.Key[part.skip:]))
		}
	}
	return list, nil
}

// ScreenAgain looks again at some of those who are due; it may be repeated
// until ScreenDue says no.
func (tx *Tx) ScreenAgain(county record.Code) error {
	list, err := tx.screenDue(county, lookAtOnce)
	if err != nil {
		return err
	}
	for writes := 0; len(list) > 0 && writes < roomOfChunk; list = list[1:] {
		village, id := record.Code(list[0][:12]), lastPart([]byte(list[0]))
		n, err := tx.rescreenNow(village, id, "")
		if err != nil {
			return err
		}
		writes += n
	}
	return nil
}

// rescreenNow is rescreen with the record as it stands.
func (tx *Tx) rescreenNow(village record.Code, id record.GraduateID, first record.ScreeningID) (writes int, err error) {
	g, err := tx.Graduate(id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return tx.rescreen(village, id, nil, first, roomOfChange)
	case err != nil:
		return 0, err
	case g.Village != village:
		return tx.rescreen(village, id, nil, first, roomOfChange)
	}
	return tx.rescreen(village, id, &g, first, roomOfChange)
}

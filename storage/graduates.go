package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	graduate/<id>                             -> record.Graduate
//	gradlist/<filter>/<village>/<number>      -> true: the lists, in the office's order
//	gradlike/<keyed hash>/<number>            -> true: who may be the same person
//	gradname/<keyed hash>/<village>/<number>  -> true: who bears a name
//	gradof/<person>                           -> record.GraduateID, the person's own record
//
// A village's code begins with the codes of its township and county, so one
// list serves all three: what lies in a place is a run of keys. A number is a
// graduate's id with its length before it, so that keys are in the order of
// registration. The counts of a place (counts.go) change with every record.

// GraduateFilter picks graduates for a list.
type GraduateFilter string

// The filters.
const (
	AllGraduates GraduateFilter = "all"
	Graduated    GraduateFilter = "graduated" // no longer studying
	SeekingWork  GraduateFilter = "seeking"   // graduated and seeking work
	WillingBack  GraduateFilter = "willing"   // willing to return
	Unvouched    GraduateFilter = "unvouched" // registered themselves, and the village has not said a word yet
	Doubted      GraduateFilter = "doubted"   // the village says no, or does not know
)

// GraduateFilters lists the filters in the order in which they are shown.
func GraduateFilters() []GraduateFilter {
	return []GraduateFilter{AllGraduates, Graduated, SeekingWork, WillingBack, Unvouched, Doubted}
}

// Takes says whether a record is in the filter's list.
func (f GraduateFilter) Takes(g record.Graduate) bool {
	switch f {
	case AllGraduates:
		return true
	case Graduated:
		return !g.Studying
	case SeekingWork:
		return g.Employment == record.Seeking
	case WillingBack:
		return g.Willingness == record.Willing
	case Unvouched:
		return g.Vouch.Waits()
	case Doubted:
		return g.Vouch.Doubts()
	}
	return false
}

// Of is how many of the counted graduates the filter takes.
func (f GraduateFilter) Of(n record.GraduateCount) int {
	switch f {
	case AllGraduates:
		return n.All
	case Graduated:
		return n.All - n.Studying
	case SeekingWork:
		return n.Employment[record.Seeking]
	case WillingBack:
		return n.Willingness[record.Willing]
	case Unvouched:
		return n.Vouch[record.VouchOpen]
	case Doubted:
		return n.Vouch[record.VouchNo] + n.Vouch[record.VouchUnknown]
	}
	return 0
}

// Graduate reads a record; ErrNotFound where there is none.
func (tx *Tx) Graduate(id record.GraduateID) (record.Graduate, error) {
	g, found, err := get[record.Graduate](tx, "graduate/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: graduate %s", record.ErrNotFound, id)
	}
	return g, err
}

// GraduateOf is a person's own record.
func (tx *Tx) GraduateOf(id record.PersonID) (record.Graduate, bool, error) {
	gid, found, err := get[record.GraduateID](tx, "gradof/"+string(id))
	if err != nil || !found {
		return record.Graduate{}, false, err
	}
	g, err := tx.Graduate(gid)
	return g, err == nil, err
}

// AddGraduate adds a record and returns it with its id and times. Somebody of
// the same village, name and birth year who is not among others, those known
// to be other people, is ErrExists: nobody is doubled silently. Somebody who asked
// to be forgotten is ErrForgotten, unless they register themself.
func (tx *Tx) AddGraduate(g record.Graduate, others []record.GraduateID) (record.Graduate, error) {
	if err := tx.mayReturn(g); err != nil {
		return g, err
	}
	id, err := tx.newSubject("graduate", "g", func(id string) record.SealKey { return record.SealKey{Graduate: record.GraduateID(id)} })
	if err != nil {
		return g, err
	}
	g.ID, g.CreatedAt, g.ConfirmedAt = record.GraduateID(id), tx.Now, tx.Now
	g.Facts, g.Vouch = record.Facts{}, record.Vouch{}
	g.Revouch(record.Graduate{}, tx.Now)
	g.Confirm(record.Said{Source: g.Source, By: g.By, At: tx.Now}, record.AgingFacts()...)
	tx.s.ages.Age(&g, tx.Now)
	return g, tx.putGraduate(nil, g, others)
}

// mayReturn lets somebody in who was not forgotten, or comes back of their own.
func (tx *Tx) mayReturn(g record.Graduate) error {
	if g.Source == record.BySelf {
		return tx.liftStone(g)
	}
	forgotten, err := tx.WasForgotten(g)
	if err == nil && forgotten {
		err = fmt.Errorf("%w: graduate", record.ErrForgotten)
	}
	return err
}

// EditGraduate changes a record. ID and CreatedAt stay. A fact that it changes
// was said by the record's Source and By now, unless change says so itself
// (record.Graduate.Confirm). A likely double is ErrExists, as for AddGraduate.
func (tx *Tx) EditGraduate(id record.GraduateID, others []record.GraduateID, change func(*record.Graduate)) (record.Graduate, error) {
	old, err := tx.Graduate(id)
	if err != nil {
		return old, err
	}
	g := old
	change(&g)
	g.ID, g.CreatedAt, g.ConfirmedAt = old.ID, old.CreatedAt, tx.Now
	g.Retell(old, tx.Now)
	g.Revouch(old, tx.Now)
	tx.s.ages.Age(&g, tx.Now)
	return g, tx.putGraduate(&old, g, others)
}

// TakeOverAlumnus frees a chat for a person of the roster where a graduate who
// holds no post has it: it is the same human being, who keeps the own record.
func (tx *Tx) TakeOverAlumnus(chat int64, id record.PersonID) error {
	old, found, err := tx.PersonByChat(chat)
	if err != nil || !found || old.ID == id {
		return err
	}
	g, found, err := tx.GraduateOf(old.ID)
	if err != nil || !found {
		return err
	}
	posts, err := tx.Posts(old.ID)
	if err != nil || len(posts) > 0 {
		return err
	}
	if err := tx.erasePerson(old.ID, record.Gone{At: tx.Now, Why: record.GoneStruck}); err != nil {
		return err
	}
	if err := del(tx, "gradof/"+string(old.ID)); err != nil {
		return err
	}
	_, has, err := tx.GraduateOf(id)
	if err != nil || has {
		g.Person = "" // the person has a record already: this one is nobody's own
	} else {
		g.Person = id
		err = put(tx, "gradof/"+string(id), g.ID)
	}
	return errors.Join(err, put(tx, "graduate/"+string(g.ID), g))
}

// VillageToken makes the token of the link that is issued to a village at a
// time. It can be made again from the two, so the link itself is kept nowhere.
func (tx *Tx) VillageToken(village record.Code, at time.Time) []byte {
	return mac(tx.s.keys.link, "village/"+string(village)+"/"+stamp(at))[:TokenSize]
}

// putGraduate writes a record in the place of old (nil: a new one). At most
// 35 writes: the record, five lists, its likeness, name and person for both,
// and the counts of two villages with all that they belong to.
func (tx *Tx) putGraduate(old *record.Graduate, g record.Graduate, others []record.GraduateID) error {
	if err := g.Check(tx.Now); err != nil {
		return err
	}
	if err := tx.mayStand(old, g, others); err != nil {
		return err
	}
	return tx.enterGraduate(old, g)
}

// mayStand refuses a record of a village that is not there, a likely double, and a
// second record for one person.
func (tx *Tx) mayStand(old *record.Graduate, g record.Graduate, others []record.GraduateID) error {
	if _, err := tx.Place(g.Village); err != nil {
		return err
	}
	if old == nil || likeness(*old) != likeness(g) {
		like, err := tx.LikeGraduates(g)
		if err != nil {
			return err
		}
		for _, l := range like {
			if !slices.Contains(others, l.ID) {
				return fmt.Errorf("%w: graduate of this village, name and birth year", record.ErrExists)
			}
		}
	}
	return tx.ownRecord(g)
}

// enterGraduate writes a record in the place of old, with what follows from it,
// whether or not the facts can be so still.
func (tx *Tx) enterGraduate(old *record.Graduate, g record.Graduate) error {
	if old != nil {
		if err := tx.indexGraduate(*old, false); err != nil {
			return err
		}
	}
	if err := errors.Join(tx.indexGraduate(g, true), tx.graduateChanged(old, &g)); err != nil {
		return err
	}
	return put(tx, "graduate/"+string(g.ID), g)
}

// ownRecord refuses a second record for one person.
func (tx *Tx) ownRecord(g record.Graduate) error {
	if g.Person == "" {
		return nil
	}
	own, found, err := tx.GraduateOf(g.Person)
	if err == nil && found && own.ID != g.ID {
		err = fmt.Errorf("%w: record of this person", record.ErrExists)
	}
	return err
}

// indexGraduate enters a record into the lists and counts, or takes it out.
func (tx *Tx) indexGraduate(g record.Graduate, on bool) error {
	set := func(key string, value any) error {
		if on {
			return put(tx, key, value)
		}
		return del(tx, key)
	}
	var errs []error
	for _, f := range GraduateFilters() {
		if f.Takes(g) {
			errs = append(errs, set(listKey(f, g), true))
		}
	}
	errs = append(errs, set(tx.likeKey(g)+numbered(g.ID), true), set(tx.gradNameKey(g), true))
	if g.Person != "" {
		errs = append(errs, set("gradof/"+string(g.Person), g.ID))
	}
	by := -1
	if on {
		by = 1
	}
	errs = append(errs, tx.bump(g.Village, func(c *record.PlaceCount) { countGraduate(&c.Graduates, g, by) }))
	return errors.Join(errs...)
}

// countGraduate counts a record in (+1) or out (-1).
func countGraduate(n *record.GraduateCount, g record.Graduate, by int) {
	n.All += by
	countFacts(n, g, by)
	if g.Studying {
		n.Studying += by
	} else {
		n.Employment = counted(n.Employment, g.Employment, by)
	}
	n.Outlook = counted(n.Outlook, record.OutlookOf(g.Employment, g.Willingness), by)
	n.Willingness = counted(n.Willingness, g.Willingness, by)
	if g.Vouch.State != "" {
		n.Vouch = counted(n.Vouch, g.Vouch.State, by)
	}
	if g.Employment == record.Seeking && g.Willingness == record.Willing {
		n.SeekingWilling += by
	}
}

func counted[K comparable](m map[K]int, k K, by int) map[K]int {
	if m == nil {
		m = map[K]int{}
	}
	if m[k] += by; m[k] == 0 {
		delete(m, k)
	}
	if len(m) == 0 {
		return nil // as a record that never counted any
	}
	return m
}

// likeness is what all who may be the same person have in common.
func likeness(g record.Graduate) string {
	return fmt.Sprintf("%s/%d/%s", g.Village, g.BirthYear, g.Name)
}

// likeKey is the beginning of the keys of all who may be the same person.
func (tx *Tx) likeKey(g record.Graduate) string {
	return "gradlike/" + tx.blind("gradlike", likeness(g)) + "/"
}

// numbered writes an id for a key: in the order in which ids were given.
func numbered(id record.GraduateID) string { return fmt.Sprintf("%02d%s", len(id), id) }

// LikeGraduates lists the records of a graduate's village, name and birth
// year, but for the graduate's own.
func (tx *Tx) LikeGraduates(g record.Graduate) ([]record.Graduate, error) {
	ids, err := tx.idsUnder(tx.likeKey(g))
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id record.GraduateID) bool { return id == g.ID })
	return tx.graduates(ids)
}

func (tx *Tx) idsUnder(prefix string) ([]record.GraduateID, error) {
	var ids []record.GraduateID
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, lastPart(e.Key))
	}
	return ids, nil
}

// lastPart is the id of the number behind the last slash of a key.
func lastPart(key []byte) record.GraduateID {
	s := string(key)
	return record.GraduateID(s[strings.LastIndexByte(s, '/')+len("/00"):])
}

func (tx *Tx) graduates(ids []record.GraduateID) ([]record.Graduate, error) {
	var list []record.Graduate
	for _, id := range ids {
		g, err := tx.Graduate(id)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

func listPrefix(f GraduateFilter, place record.Code) string {
	return "gradlist/" + string(f) + "/" + string(place)
}

func listKey(f GraduateFilter, g record.Graduate) string {
	return listPrefix(f, g.Village) + "/" + numbered(g.ID)
}

// GraduateQuery asks for a page of a list.
type GraduateQuery struct {
	Place  record.Code // a village, a township or a county
	Filter GraduateFilter
	// After is the last record of the page before, or Before the first of the
	// page behind; both empty: the first page.
	After, Before record.GraduateID
	Limit         int
}

// Graduates is a page of a list, in the office's order: by village, then in
// the order of registration. more says whether the list goes on in the direction asked. It costs
// the size of the page.
func (tx *Tx) Graduates(q GraduateQuery) (page []record.Graduate, more bool, err error) {
	r, err := tx.pageRange(q)
	if err != nil {
		return nil, false, err
	}
	var ids []record.GraduateID
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, false, err
		}
		if len(ids) == q.Limit {
			more = true
			break
		}
		ids = append(ids, lastPart(e.Key))
	}
	if r.Reverse {
		slices.Reverse(ids)
	}
	page, err = tx.graduates(ids)
	return page, more, err
}

// pageRange is where a page lies. A record to go on from that has meanwhile
// moved to another place does not lead out of the list.
func (tx *Tx) pageRange(q GraduateQuery) (kv.Range, error) {
	r := under(listPrefix(q.Filter, q.Place))
	at := q.After
	if q.Before != "" {
		at = q.Before
	}
	if at == "" {
		return r, nil
	}
	g, err := tx.Graduate(at)
	if err != nil {
		return r, err
	}
	key := []byte(listKey(q.Filter, g))
	if !q.Place.Contains(g.Village) {
		return r, nil
	}
	if q.Before != "" {
		r.Hi, r.Reverse = key, true
	} else {
		r.Lo = append(key, 0)
	}
	return r, nil
}

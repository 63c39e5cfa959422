package storage

import (
	"strings"

	"headgoose/storage/record"
)

// Keys:
//
//	count/<code>                          -> record.PlaceCount, of a village, township or county
//	flag/<flag>/<place>/<person>          -> true: what needs somebody's eye, by place

// bump changes the counts of a place and of all that it belongs to.
func (tx *Tx) bump(c record.Code, change func(*record.PlaceCount)) error {
	for _, code := range c.Up() {
		key := "count/" + string(code)
		n, _, err := get[record.PlaceCount](tx, key)
		if err != nil {
			return err
		}
		change(&n)
		if err := put(tx, key, n); err != nil {
			return err
		}
	}
	return nil
}

// Count reads the counts of a place.
func (tx *Tx) Count(c record.Code) (record.PlaceCount, error) {
	n, _, err := get[record.PlaceCount](tx, "count/"+string(c))
	return n, err
}

// Flag is something about the holder of a post that needs somebody's eye.
type Flag string

// The flags.
const (
	Vacant      Flag = "vacant"      // nobody holds the post
	NotEnrolled Flag = "notenrolled" // the holder has no account bound
	Unreachable Flag = "unreachable" // the holder cannot be written to
	Mismatch    Flag = "mismatch"    // an enrolment waits for a yes or no
	Never       Flag = "never"       // a secretary who has never been to rotation training
)

func flagKey(f Flag, place record.Code, person record.PersonID) string {
	return "flag/" + string(f) + "/" + string(place) + "/" + string(person)
}

func (tx *Tx) setFlag(f Flag, place record.Code, person record.PersonID, on bool) error {
	if on {
		return put(tx, flagKey(f, place, person), true)
	}
	return del(tx, flagKey(f, place, person))
}

// Flagged is one place with the person whom a flag concerns.
type Flagged struct {
	Place  record.Code
	Person record.PersonID // empty for Vacant
}

// Flagged lists up to limit posts in a place that carry a flag, in the
// office's order, from the one after `after` on.
func (tx *Tx) Flagged(f Flag, place record.Code, after Flagged, limit int) ([]Flagged, error) {
	r := under("flag/" + string(f) + "/" + string(place))
	if after.Place != "" {
		r.Lo = []byte(flagKey(f, after.Place, after.Person) + "\x00")
	}
	var list []Flagged
	base := len("flag/" + string(f) + "/")
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		code, person, _ := strings.Cut(string(e.Key[base:]), "/")
		list = append(list, Flagged{Place: record.Code(code), Person: record.PersonID(person)})
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

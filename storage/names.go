package storage

import (
	"encoding/hex"
	"slices"
	"strings"

	"headgoose/storage/record"
)

// Keys:
//
//	name/<county>/<keyed hash>/<person>  -> true: who of a name holds a post in the county
//
// The index follows the held posts: whoever holds none in a county is not
// found there by name. It holds keyed hashes, so it tells no name to who has
// the file alone.

func (tx *Tx) nameKey(county record.Code, name string, id record.PersonID) string {
	return "name/" + string(county) + "/" + tx.blind("name", name) + "/" + string(id)
}

// blind is a text in an index that reveals nothing: a keyed hash, of one use.
// Equal texts have equal ones, as an index must.
func (tx *Tx) blind(use, text string) string {
	return hex.EncodeToString(mac(tx.s.keys.blind, use+"\x00"+text)[:16])
}

// PeopleNamed lists who holds a post in a county and bears exactly this name,
// in the order in which they came into the roster.
func (tx *Tx) PeopleNamed(county record.Code, name string) ([]record.PersonID, error) {
	var ids []record.PersonID
	prefix := tx.nameKey(county, name, "")
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, record.PersonID(e.Key[len(prefix):]))
	}
	slices.SortFunc(ids, func(a, b record.PersonID) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(string(a), string(b))
	})
	return ids, nil
}

// indexName brings the name of a person in line with the posts held in the
// county of a place where one has just been taken or left.
func (tx *Tx) indexName(id record.PersonID, place record.Code) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	actor, err := tx.Actor(id)
	if err != nil {
		return err
	}
	county := place.County()
	key := tx.nameKey(county, p.Name, p.ID)
	if slices.ContainsFunc(actor.Posts, func(post record.Post) bool { return post.Place.County() == county }) {
		return put(tx, key, true)
	}
	return del(tx, key)
}

// renameInIndex moves a person to another name in every county of a held post.
func (tx *Tx) renameInIndex(id record.PersonID, from, to string) error {
	if from == to {
		return nil
	}
	actor, err := tx.Actor(id)
	if err != nil {
		return err
	}
	for _, post := range actor.Posts {
		county := post.Place.County()
		if err := del(tx, tx.nameKey(county, from, id)); err != nil {
			return err
		}
		if err := put(tx, tx.nameKey(county, to, id), true); err != nil {
			return err
		}
	}
	return nil
}

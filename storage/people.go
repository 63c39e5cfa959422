package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	person/<id>             -> record.Person
//	posts/<person>          -> []record.Post, held and past, in order of appointment
//	holder/<place>/<role>   -> []record.PersonID, who holds the post now
//	past/<place>/<role>     -> []record.PersonID, who held it before, oldest first
//	phone/<keyed hash>      -> record.PersonID
//	chat/<chat id>          -> record.PersonID
//	postends/<county>/<day>/<person>/<role>/<place>  -> true: posts that end by themselves
//	trained/<person>        -> record.Date: the last day of the newest rotation training

// PhoneHash is the keyed hash under which a normalised phone number is kept.
func (s *Store) PhoneHash(phone string) string {
	return hex.EncodeToString(mac(s.keys.phone, phone)[:16])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Person reads a person; ErrNotFound where there is none.
func (tx *Tx) Person(id record.PersonID) (record.Person, error) {
	p, found, err := get[record.Person](tx, "person/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: person %s", record.ErrNotFound, id)
	}
	if !p.Forgotten.IsZero() {
		p.Name = record.NoName
	}
	return p, err
}

// PersonByPhone finds the person of a normalised phone number.
func (tx *Tx) PersonByPhone(phone string) (record.Person, bool, error) {
	return tx.personAt("phone/" + tx.s.PhoneHash(phone))
}

// PersonByChat finds the person who is bound to a private chat.
func (tx *Tx) PersonByChat(chat int64) (record.Person, bool, error) {
	return tx.personAt(chatKey(chat))
}

// ChatKnown says whether a private chat is somebody's.
func (tx *Tx) ChatKnown(chat int64) (bool, error) { return has(tx, chatKey(chat)) }

func chatKey(chat int64) string { return fmt.Sprintf("chat/%d", chat) }

func (tx *Tx) personAt(key string) (record.Person, bool, error) {
	id, found, err := get[record.PersonID](tx, key)
	if err != nil || !found {
		return record.Person{}, false, err
	}
	p, err := tx.Person(id)
	return p, err == nil, err
}

// AddPerson adds a person and returns the id. phone is normalised (see
// record.CleanPhone) or empty; one that another person has is ErrExists.
func (tx *Tx) AddPerson(p record.Person, phone string) (record.PersonID, error) {
	id, err := tx.newSubject("person", "p", func(id string) record.SealKey { return record.SealKey{Person: record.PersonID(id)} })
	if err != nil {
		return "", err
	}
	p.ID = record.PersonID(id)
	p.PhoneHash, p.PhoneTail = "", ""
	if err := put(tx, "person/"+id, p); err != nil {
		return "", err
	}
	if phone != "" {
		err = tx.SetPhone(p.ID, phone)
	}
	return p.ID, err
}

// SetPhone gives a person another number in the roster.
func (tx *Tx) SetPhone(id record.PersonID, phone string) error {
	return tx.SetPhoneHash(id, tx.s.PhoneHash(phone), phoneTail(phone))
}

// phoneTail is the last four digits of a number.
func phoneTail(phone string) string { return phone[max(0, len(phone)-4):] }

// SetPhoneHash is SetPhone for a number of which only the keyed hash and the
// last digits were kept.
func (tx *Tx) SetPhoneHash(id record.PersonID, hash, tail string) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	if p.PhoneHash == hash {
		return nil
	}
	taken, err := has(tx, "phone/"+hash)
	if err != nil {
		return err
	}
	if taken {
		return fmt.Errorf("%w: phone", record.ErrExists)
	}
	if p.PhoneHash != "" {
		if err := del(tx, "phone/"+p.PhoneHash); err != nil {
			return err
		}
	}
	p.PhoneHash, p.PhoneTail = hash, tail
	if err := put(tx, "phone/"+hash, id); err != nil {
		return err
	}
	return put(tx, "person/"+string(id), p)
}

// EditPerson changes what describes a person: name, birth year, education and
// language. Phone, chat and reachability have functions of their own.
func (tx *Tx) EditPerson(id record.PersonID, change func(*record.Person)) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	edited := p
	change(&edited)
	if err := tx.renameInIndex(id, p.Name, edited.Name); err != nil {
		return err
	}
	p.Name, p.BirthYear, p.Education, p.Lang = edited.Name, edited.BirthYear, edited.Education, edited.Lang
	return put(tx, "person/"+string(id), p)
}

// SeenPrivacy notes which version of the privacy text a person was shown.
func (tx *Tx) SeenPrivacy(id record.PersonID, version string) error {
	return change(tx, "person/"+string(id), func(p *record.Person) error { p.Privacy = version; return nil })
}

// Posts lists the posts of a person, past ones included.
func (tx *Tx) Posts(id record.PersonID) ([]record.Post, error) {
	posts, _, err := get[[]record.Post](tx, "posts/"+string(id))
	return posts, err
}

// Actor is a person with the posts held at this moment.
func (tx *Tx) Actor(id record.PersonID) (record.Actor, error) {
	posts, err := tx.Posts(id)
	a := record.Actor{Person: id}
	for _, p := range posts {
		if p.Held() {
			a.Posts = append(a.Posts, p)
		}
	}
	return a, err
}

// Holders lists who holds a role in a place.
func (tx *Tx) Holders(role record.Role, place record.Code) ([]record.PersonID, error) {
	ids, _, err := get[[]record.PersonID](tx, holderKey(role, place))
	return ids, err
}

// PastHolders lists who held a role in a place before, oldest first.
func (tx *Tx) PastHolders(role record.Role, place record.Code) ([]record.PersonID, error) {
	ids, _, err := get[[]record.PersonID](tx, pastKey(role, place))
	return ids, err
}

// Secretary is the secretary of a village; found is false while the post is vacant.
func (tx *Tx) Secretary(village record.Code) (p record.Person, found bool, err error) {
	ids, err := tx.Holders(record.Secretary, village)
	if err != nil || len(ids) == 0 {
		return record.Person{}, false, err
	}
	p, err = tx.Person(ids[0])
	return p, err == nil, err
}

func holderKey(role record.Role, place record.Code) string {
	return "holder/" + string(place) + "/" + string(role)
}

func pastKey(role record.Role, place record.Code) string {
	return "past/" + string(place) + "/" + string(role)
}

// Appoint gives a person a post from a date on. A village has one secretary:
// appointing another ends the holder's post at once. Holding the post already
// is no change.
func (tx *Tx) Appoint(id record.PersonID, role record.Role, place record.Code, from record.Date) error {
	return tx.AppointUntil(id, role, place, from, "")
}

// AppointUntil is Appoint for a post that ends after a day, by itself (see
// EndedPosts). Holding the post already is no change, whenever that one ends.
func (tx *Tx) AppointUntil(id record.PersonID, role record.Role, place record.Code, from, ends record.Date) error {
	if want := role.Level(); want != record.NoLevel && place.Level() != want {
		return fmt.Errorf("%w: %s at %s", record.ErrInvalid, role, place)
	}
	holders, err := tx.Holders(role, place)
	if err != nil || slices.Contains(holders, id) {
		return err
	}
	if role == record.Secretary {
		for _, old := range holders {
			if err := tx.EndPost(old, role, place); err != nil {
				return err
			}
		}
		holders = nil
	}
	posts, err := tx.Posts(id)
	if err != nil {
		return err
	}
	postID, err := tx.newID("post", "")
	if err != nil {
		return err
	}
	post := record.Post{ID: record.PostID(postID), Person: id, Role: role, Place: place, From: from, Ends: ends}
	if ends != "" {
		if err := put(tx, endsKey(post), true); err != nil {
			return err
		}
	}
	posts = append(posts, post)
	if err := put(tx, "posts/"+string(id), posts); err != nil {
		return err
	}
	if err := put(tx, holderKey(role, place), append(holders, id)); err != nil {
		return err
	}
	if err := tx.indexName(id, place); err != nil {
		return err
	}
	return tx.recount(id, role, place, +1)
}

// EndPost ends a post at this moment; its rights end with the transaction.
// A post that is not held is ErrNotFound.
func (tx *Tx) EndPost(id record.PersonID, role record.Role, place record.Code) error {
	posts, err := tx.Posts(id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(posts, func(p record.Post) bool {
		return p.Held() && p.Role == role && p.Place == place
	})
	if i < 0 {
		return fmt.Errorf("%w: post", record.ErrNotFound)
	}
	if posts[i].Ends != "" {
		if err := del(tx, endsKey(posts[i])); err != nil {
			return err
		}
	}
	posts[i].Until = tx.Now
	if err := put(tx, "posts/"+string(id), posts); err != nil {
		return err
	}
	if err := tx.moveHolder(id, role, place); err != nil {
		return err
	}
	if err := tx.indexName(id, place); err != nil {
		return err
	}
	return tx.recount(id, role, place, -1)
}

func (tx *Tx) moveHolder(id record.PersonID, role record.Role, place record.Code) error {
	holders, err := tx.Holders(role, place)
	if err != nil {
		return err
	}
	holders = slices.DeleteFunc(holders, func(h record.PersonID) bool { return h == id })
	if len(holders) == 0 {
		err = del(tx, holderKey(role, place))
	} else {
		err = put(tx, holderKey(role, place), holders)
	}
	if err != nil {
		return err
	}
	past, err := tx.PastHolders(role, place)
	if err != nil {
		return err
	}
	return put(tx, pastKey(role, place), append(past, id))
}

// recount brings counts and flags of a post in line when it is taken (+1) or
// left (-1).
func (tx *Tx) recount(id record.PersonID, role record.Role, place record.Code, by int) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	on := by > 0
	if err := tx.setFlag(NotEnrolled, place, id, on && !p.Enrolled()); err != nil {
		return err
	}
	if err := tx.setFlag(Unreachable, place, id, on && !p.UnreachableSince.IsZero()); err != nil {
		return err
	}
	_, waits, err := tx.ClaimOf(id)
	if err != nil {
		return err
	}
	if err := tx.flagMismatch(place, id, on && waits); err != nil {
		return err
	}
	if role != record.Secretary {
		return nil
	}
	if err := tx.setFlag(Vacant, place, "", !on); err != nil {
		return err
	}
	trained, err := tx.Trained(id)
	if err != nil {
		return err
	}
	if err := tx.setFlag(Never, place, id, on && trained == ""); err != nil {
		return err
	}
	return tx.bump(place, func(c *record.PlaceCount) {
		c.Secretaries += by
		if trained == "" {
			c.Never += by
		}
		if p.Enrolled() {
			c.Enrolled += by
		}
		if !p.UnreachableSince.IsZero() {
			c.Unreachable += by
		}
	})
}

// Bind ties a person to a private chat: from now on the chat is the person.
// A chat that is somebody else's, or a person with another chat, is
// ErrBoundOther.
func (tx *Tx) Bind(id record.PersonID, chat int64, lang string) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	bound, found, err := get[record.PersonID](tx, chatKey(chat))
	if err != nil {
		return err
	}
	if (found && bound != id) || (p.Enrolled() && p.Chat != chat) {
		return record.ErrBoundOther
	}
	if p.Chat == chat {
		return nil
	}
	if err := put(tx, chatKey(chat), id); err != nil {
		return err
	}
	return tx.changeReach(p, func(p *record.Person) {
		p.Chat, p.EnrolledAt, p.UnreachableSince = chat, tx.Now, time.Time{}
		if p.Lang == "" {
			p.Lang = lang
		}
	})
}

// Unbind takes the chat account off a person, who can then enrol anew.
func (tx *Tx) Unbind(id record.PersonID) error {
	p, err := tx.Person(id)
	if err != nil || !p.Enrolled() {
		return err
	}
	if err := del(tx, chatKey(p.Chat)); err != nil {
		return err
	}
	return tx.changeReach(p, func(p *record.Person) {
		p.Chat, p.EnrolledAt, p.UnreachableSince = 0, time.Time{}, time.Time{}
	})
}

// SetReachable records that the platform can, or cannot, write to a person.
// changed is false where that was known.
func (tx *Tx) SetReachable(id record.PersonID, ok bool) (changed bool, err error) {
	p, err := tx.Person(id)
	if err != nil || p.UnreachableSince.IsZero() == ok {
		return false, err
	}
	return true, tx.changeReach(p, func(p *record.Person) {
		p.UnreachableSince = time.Time{}
		if !ok {
			p.UnreachableSince = tx.Now
		}
	})
}

// changeReach changes chat or reachability of a person and brings counts and
// flags of all held posts in line. At most three writes for each post, so that
// a person of very many villages fits one transaction.
func (tx *Tx) changeReach(p record.Person, change func(*record.Person)) error {
	actor, err := tx.Actor(p.ID)
	if err != nil {
		return err
	}
	was := p
	change(&p)
	if err := put(tx, "person/"+string(p.ID), p); err != nil {
		return err
	}
	for _, post := range actor.Posts {
		if err := tx.reachOfPost(post, was, p); err != nil {
			return err
		}
	}
	return nil
}

// reachOfPost brings flags and counts of one post from what its holder was to
// what the holder is.
func (tx *Tx) reachOfPost(post record.Post, was, is record.Person) error {
	enrolled := b2i(is.Enrolled()) - b2i(was.Enrolled())
	unreachable := b2i(!is.UnreachableSince.IsZero()) - b2i(!was.UnreachableSince.IsZero())
	if enrolled != 0 {
		if err := tx.setFlag(NotEnrolled, post.Place, is.ID, !is.Enrolled()); err != nil {
			return err
		}
	}
	if unreachable != 0 {
		if err := tx.setFlag(Unreachable, post.Place, is.ID, !is.UnreachableSince.IsZero()); err != nil {
			return err
		}
	}
	if post.Role != record.Secretary || (enrolled == 0 && unreachable == 0) {
		return nil
	}
	return tx.bump(post.Place, func(c *record.PlaceCount) {
		c.Enrolled += enrolled
		c.Unreachable += unreachable
	})
}

func endsKey(p record.Post) string {
	return "postends/" + string(p.Place.County()) + "/" + string(p.Ends) + "/" + string(p.Person) + "/" + string(p.Role) + "/" + string(p.Place)
}

// PostsEnd says whether a post of a county ends before today (see EndPosts).
func (tx *Tx) PostsEnd(county record.Code, today record.Date) (bool, error) {
	prefix := "postends/" + string(county) + "/"
	for _, err := range tx.r.Scan(between(prefix, prefix+string(today))) {
		return err == nil, err
	}
	return false, nil
}

// EndPosts ends up to limit posts of a county whose last day lies before today,
// and says how many. About twelve writes for each.
func (tx *Tx) EndPosts(county record.Code, today record.Date, limit int) (ended int, err error) {
	prefix := "postends/" + string(county) + "/"
	var due []record.Post
	for e, err := range tx.r.Scan(between(prefix, prefix+string(today))) {
		if err != nil {
			return 0, err
		}
		part := strings.Split(string(e.Key[len(prefix):]), "/")
		due = append(due, record.Post{Person: record.PersonID(part[1]), Role: record.Role(part[2]), Place: record.Code(part[3])})
		if len(due) == limit {
			break
		}
	}
	for _, p := range due {
		if err := tx.EndPost(p.Person, p.Role, p.Place); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// Trained is the last day of a person's newest rotation training; empty: never.
func (tx *Tx) Trained(id record.PersonID) (record.Date, error) {
	day, _, err := get[record.Date](tx, "trained/"+string(id))
	return day, err
}

// SetTrained records the last day of a person's newest rotation training, or
// takes it back (empty). It brings the flags and counts of the person's posts in
// line.
func (tx *Tx) SetTrained(id record.PersonID, day record.Date) error {
	was, err := tx.Trained(id)
	if err != nil || was == day {
		return err
	}
	if day == "" {
		err = del(tx, "trained/"+string(id))
	} else {
		err = put(tx, "trained/"+string(id), day)
	}
	if err != nil || (was == "") == (day == "") {
		return err
	}
	actor, err := tx.Actor(id)
	if err != nil {
		return err
	}
	for _, place := range actor.Places(record.Secretary) {
		if err := tx.setFlag(Never, place, id, day == ""); err != nil {
			return err
		}
		if err := tx.bump(place, func(c *record.PlaceCount) { c.Never += b2i(day == "") - b2i(day != "") }); err != nil {
			return err
		}
	}
	return nil
}

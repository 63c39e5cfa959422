package storage

import (
	"errors"
	"fmt"
	"time"

	"headgoose/storage/record"
)

// Forgetting takes a record away with everything that follows from it, leaves a
// tombstone, and has the key destroyed with which all that was ever written of
// the person was sealed: rows that stay as the office's record (attendance, the
// steps of a referral, audit lines) stay without words or name, and old backups
// hold nothing that can be read.

// ForgetGraduate erases a record because the graduate asks for it. No sheet and
// nobody else brings it back; the graduate may register again.
func (tx *Tx) ForgetGraduate(id record.GraduateID) error {
	g, err := tx.Graduate(id)
	if err != nil {
		return err
	}
	return tx.eraseGraduate(id, record.Gone{At: tx.Now, Why: record.GoneAsked, Mark: tx.goneMark(g)})
}

// StrikeGraduate erases a record that was made in error: nobody's wish stands
// against making it again.
func (tx *Tx) StrikeGraduate(id record.GraduateID) error {
	return tx.eraseGraduate(id, record.Gone{At: tx.Now, Why: record.GoneStruck})
}

// eraseGraduate erases a record, with everything that leads to it. A person who
// was here only to keep it is forgotten with it.
func (tx *Tx) eraseGraduate(id record.GraduateID, stone record.Gone) error {
	g, err := tx.Graduate(id)
	if err != nil {
		return err
	}
	if err := errors.Join(tx.indexGraduate(g, false), tx.graduateChanged(&g, nil), del(tx, "graduate/"+string(id))); err != nil {
		return err
	}
	if err := errors.Join(tx.closeForms(g.ID), tx.dropCorrections(string(g.ID)), tx.mergesLater(g.ID)); err != nil {
		return err
	}
	if err := tx.forgetAlumnus(g.Person, stone); err != nil {
		return err
	}
	return tx.entomb(string(id), stone)
}

// closeForms ends the open forms in which a record is being changed.
func (tx *Tx) closeForms(id record.GraduateID) error {
	var open []record.Dialog
	for e, err := range scan[record.Dialog](tx, under("dialog/")) {
		if err != nil {
			return err
		}
		if e.val.Concerns(string(id)) {
			open = append(open, e.val)
		}
	}
	for _, d := range open {
		if err := tx.EndDialog(d.Chat); err != nil {
			return err
		}
	}
	return nil
}

// forgetAlumnus forgets a person who never held a post.
func (tx *Tx) forgetAlumnus(id record.PersonID, stone record.Gone) error {
	if id == "" {
		return nil
	}
	posts, err := tx.Posts(id)
	if err != nil || len(posts) > 0 {
		return err
	}
	stone.Mark = "" // a person is not brought back by a sheet of graduates
	return tx.erasePerson(id, stone)
}

// KeptUntil is when a person's name goes by itself: RosterMonths after the last
// post ended; now for one who never held any. ok is false while a post is held.
func (tx *Tx) KeptUntil(id record.PersonID) (until time.Time, ok bool, err error) {
	posts, err := tx.Posts(id)
	if err != nil {
		return until, false, err
	}
	return keptUntil(posts, tx.Now)
}

func keptUntil(posts []record.Post, now time.Time) (until time.Time, ok bool, err error) {
	if len(posts) == 0 {
		return now, true, nil
	}
	for _, p := range posts {
		if p.Held() {
			return time.Time{}, false, nil
		}
		if end := p.Until.AddDate(0, record.RosterMonths, 0); end.After(until) {
			until = end
		}
	}
	return until, true, nil
}

// StripPerson takes away, at the person's own wish, all that the office needs no
// more of somebody who has left the last post: account, number, birth year,
// education, and all words that were written about the work. The name stays until
// KeptUntil, under a key of its own: the old one is destroyed, so that no backup
// brings back the rest (restored, it brings an id without a name). ErrOnDuty while a
// post is held, ErrSettled for who was stripped before.
func (tx *Tx) StripPerson(id record.PersonID) error {
	p, err := tx.offDuty(id)
	if err != nil {
		return err
	}
	if !p.Stripped.IsZero() || !p.Forgotten.IsZero() {
		return fmt.Errorf("%w: person %s", record.ErrSettled, id)
	}
	if err := tx.detach(p); err != nil {
		return err
	}
	by, err := tx.newSubject("person", "p", func(id string) record.SealKey { return record.SealKey{Person: record.PersonID(id)} })
	if err != nil {
		return err
	}
	stripped := record.Person{ID: id, Name: p.Name, Stripped: tx.Now, SealedBy: record.PersonID(by)}
	if err := put(tx, "person/"+string(id), stripped); err != nil {
		return err
	}
	return tx.entomb(string(id), record.Gone{At: tx.Now, Why: record.GoneStrip})
}

// ForgetPerson forgets somebody who has left the last post so long ago that
// nothing of them needs to be kept. ErrOnDuty while a post is held, ErrKept
// before KeptUntil.
func (tx *Tx) ForgetPerson(id record.PersonID) error {
	if _, err := tx.offDuty(id); err != nil {
		return err
	}
	until, _, err := tx.KeptUntil(id)
	if err != nil {
		return err
	}
	if tx.Now.Before(until) {
		return fmt.Errorf("%w: person %s is kept until %s", record.ErrKept, id, until.Format(time.DateOnly))
	}
	return tx.erasePerson(id, record.Gone{At: tx.Now, Why: record.GoneLeft})
}

// offDuty reads a person who holds no post.
func (tx *Tx) offDuty(id record.PersonID) (record.Person, error) {
	p, err := tx.Person(id)
	if err != nil {
		return p, err
	}
	actor, err := tx.Actor(id)
	if err == nil && len(actor.Posts) > 0 {
		err = fmt.Errorf("%w: person %s", record.ErrOnDuty, id)
	}
	return p, err
}

// erasePerson forgets a person who holds no post. Who held one stays as an id
// without a name, so that the office's rows still say that it was one and the
// same person; of others nothing stays.
func (tx *Tx) erasePerson(id record.PersonID, stone record.Gone) error {
	p, err := tx.Person(id)
	if err != nil {
		return err
	}
	posts, err := tx.Posts(id)
	if err != nil {
		return err
	}
	if err := tx.detach(p); err != nil {
		return err
	}
	if len(posts) == 0 {
		err = del(tx, "person/"+string(id))
	} else {
		err = put(tx, "person/"+string(id), record.Person{ID: id, Forgotten: tx.Now})
	}
	if err != nil {
		return err
	}
	if p.SealedBy != "" {
		if err := tx.entomb(string(p.SealedBy), stone); err != nil {
			return err
		}
	}
	return tx.entomb(string(id), stone)
}

// releaseRecord leaves a person's own graduate's record to be claimed anew: who
// comes back comes as another person.
func (tx *Tx) releaseRecord(id record.PersonID) error {
	g, found, err := tx.GraduateOf(id)
	if err != nil || !found {
		return err
	}
	g.Person = ""
	return errors.Join(del(tx, "gradof/"+string(id)), put(tx, "graduate/"+string(g.ID), g))
}

// detach takes away all by which a person is reached or recognised: account,
// own record, open form, enrolment links and claims, the number's hash.
func (tx *Tx) detach(p record.Person) error {
	if err := errors.Join(tx.dropCorrections(string(p.ID)), tx.releaseRecord(p.ID)); err != nil {
		return err
	}
	if p.Enrolled() {
		if err := tx.EndDialog(p.Chat); err != nil {
			return err
		}
	}
	if err := tx.Unbind(p.ID); err != nil {
		return err
	}
	claim, found, err := tx.ClaimOf(p.ID)
	if err != nil {
		return err
	}
	if found {
		if err := tx.DropClaim(claim); err != nil {
			return err
		}
	}
	link, found, err := get[string](tx, "linkof/"+string(p.ID))
	if err != nil {
		return err
	}
	if found {
		if err := errors.Join(del(tx, "link/"+link), del(tx, "linkof/"+string(p.ID))); err != nil {
			return err
		}
	}
	if p.PhoneHash == "" {
		return nil
	}
	return del(tx, "phone/"+p.PhoneHash)
}

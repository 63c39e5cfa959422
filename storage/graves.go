package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"

	"headgoose/storage/kv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// Keys:
//
//	gone/<subject>    -> record.Gone: somebody who was forgotten
//	gonemark/<mark>   -> subject: by which a sheet that brings them back is known
//	bury/<subject>    -> true: the key is to be destroyed, or has just been
//	mend/             -> true: indexes are to be made anew (see keepGraves)
//
// A subject is a person's or a graduate's id. Forgetting writes the tombstone and
// takes the record away in one transaction; the key is destroyed once that is
// durable. Where the machine stops in between, the next start does it. The
// ring's grave has time and mark too, so that data from a backup, which knows
// nothing of it, is told to forget once more (keepGraves).

// subjectKey is the key of a person's or a graduate's id.
func subjectKey(subject string) record.SealKey {
	if subject != "" && subject[0] == 'g' {
		return record.SealKey{Graduate: record.GraduateID(subject)}
	}
	return record.SealKey{Person: record.PersonID(subject)}
}

// subjectOf is whose key a number of the ring is; "" for a week's.
func subjectOf(number uint64) string {
	if number <= weekKeys {
		return ""
	}
	n := number - weekKeys
	if n%2 == 0 {
		return "g" + strconv.FormatUint(n/2, 36)
	}
	return "p" + strconv.FormatUint((n+1)/2, 36)
}

// goneMark is the mark of whom a sheet would bring back: village, birth year and
// name.
func (tx *Tx) goneMark(g record.Graduate) string { return tx.blind("gone", likeness(g)) }

// Gone reads the tombstone of a person's or a graduate's id.
func (tx *Tx) Gone(subject string) (record.Gone, bool, error) {
	return get[record.Gone](tx, "gone/"+subject)
}

// WasForgotten says whether somebody of a village, name and birth year asked to be
// forgotten. Only they themselves may come back (see liftStone).
func (tx *Tx) WasForgotten(g record.Graduate) (bool, error) {
	return has(tx, "gonemark/"+tx.goneMark(g))
}

// liftStone lets somebody back who was forgotten and registers themself again.
// The old record stays gone.
func (tx *Tx) liftStone(g record.Graduate) error {
	mark := tx.goneMark(g)
	subject, found, err := get[string](tx, "gonemark/"+mark)
	if err != nil || !found {
		return err
	}
	stone, found, err := tx.Gone(subject)
	if err != nil {
		return err
	}
	if found {
		stone.Mark = ""
		if err := put(tx, "gone/"+subject, stone); err != nil {
			return err
		}
	}
	return del(tx, "gonemark/"+mark)
}

// entomb writes a tombstone and has the key destroyed once it is durable. Three
// writes.
func (tx *Tx) entomb(subject string, stone record.Gone) error {
	if err := put(tx, "gone/"+subject, stone); err != nil {
		return err
	}
	if stone.Mark != "" {
		if err := put(tx, "gonemark/"+stone.Mark, subject); err != nil {
			return err
		}
	}
	s := tx.s
	// Where this fails, the entry stays and Bury tries again.
	tx.AfterCommit(func() { _ = s.destroy(map[string]record.Gone{subject: stone}) })
	return put(tx, "bury/"+subject, true)
}

// destroy destroys the keys of those who are gone. Keys that are derived, in
// tests and tools, stay.
func (s *Store) destroy(stones map[string]record.Gone) error {
	graves := make([]seal.Grave, 0, len(stones))
	for subject, stone := range stones {
		number, err := keyNumber(subjectKey(subject))
		if err != nil {
			return err
		}
		grave := seal.Grave{Number: number, At: stone.At}
		mark, err := hex.DecodeString(stone.Mark)
		if err != nil {
			return err
		}
		copy(grave.Mark[:], mark)
		graves = append(graves, grave)
	}
	if err := s.ring.Destroy(graves...); !errors.Is(err, seal.ErrDerived) {
		return err
	}
	return nil
}

// Bury destroys the keys that are still to be destroyed. It may be called again.
func (s *Store) Bury(ctx context.Context) error {
	stones := map[string]record.Gone{}
	err := s.View(ctx, func(tx *Tx) error {
		for e, err := range tx.r.Scan(under("bury/")) {
			if err != nil {
				return err
			}
			subject := string(e.Key[len("bury/"):])
			stone, _, err := tx.Gone(subject)
			if err != nil {
				return err
			}
			if stones[subject] = stone; len(stones) == kv.MaxWrites {
				break
			}
		}
		return nil
	})
	if err != nil || len(stones) == 0 {
		return err
	}
	if err := s.destroy(stones); err != nil {
		return err
	}
	err = s.Update(ctx, func(tx *Tx) error {
		for subject := range stones {
			if err := del(tx, "bury/"+subject); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(stones) < kv.MaxWrites {
		return err
	}
	return s.Bury(ctx)
}

// keepGraves makes data that came from a backup forget whom the ring says is
// forgotten. It looks at every grave and writes only what is missing.
// What stands in the indexes follows from fields that cannot be read any more, so
// those are made anew from the records that are left.
func (s *Store) keepGraves(ctx context.Context) error {
	for grave, err := range s.ring.Graves() {
		if err != nil {
			return err
		}
		subject := subjectOf(grave.Number)
		if subject == "" {
			continue
		}
		stone := record.Gone{At: grave.At, Why: record.GoneBefore}
		if grave.Mark != [seal.MarkSize]byte{} {
			stone.Mark = hex.EncodeToString(grave.Mark[:])
		}
		var known bool
		err := s.View(ctx, func(tx *Tx) (err error) {
			known, err = has(tx, "gone/"+subject)
			return err
		})
		if err != nil {
			return err
		}
		if known {
			continue
		}
		for done := false; !done; {
			err := s.Update(ctx, func(tx *Tx) (err error) {
				done, err = tx.forgetAgain(subject, stone)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	var due bool
	err := s.View(ctx, func(tx *Tx) (err error) {
		due, err = has(tx, "mend/")
		return err
	})
	if err != nil || !due {
		return err
	}
	if err := s.mend(ctx); err != nil {
		return err
	}
	return s.Update(ctx, func(tx *Tx) error { return del(tx, "mend/") })
}

// forgetAgain forgets somebody whose key is destroyed already; done is false where
// a transaction has no room for all of it.
func (tx *Tx) forgetAgain(subject string, stone record.Gone) (done bool, err error) {
	if err := put(tx, "mend/", true); err != nil {
		return false, err
	}
	if of := subjectKey(subject); of.Graduate != "" {
		err = tx.eraseGraduate(of.Graduate, stone)
	} else if left, postsErr := tx.endSomePosts(of.Person); postsErr != nil || left {
		return false, postsErr
	} else {
		err = tx.erasePerson(of.Person, stone)
	}
	if errors.Is(err, record.ErrNotFound) {
		err = tx.entomb(subject, stone) // not in this data: it must not come in either
	}
	return err == nil, err
}

// endSomePosts ends posts that a person holds in data from a backup, as many as
// have room in a transaction; left says that there were any.
func (tx *Tx) endSomePosts(id record.PersonID) (left bool, err error) {
	const atOnce = 5 // about twelve writes each
	actor, err := tx.Actor(id)
	if err != nil {
		return false, err
	}
	for _, p := range actor.Posts[:min(len(actor.Posts), atOnce)] {
		if err := tx.EndPost(p.Person, p.Role, p.Place); err != nil {
			return false, err
		}
	}
	return len(actor.Posts) > 0, nil
}

package storage

import (
	"context"
	"errors"
	"strings"
	"time"

	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// Keys:
//
//	steady/    -> when keeping periods were last looked at
//	weekgone/  -> the number of weeks whose keys are destroyed
//
// What goes here does not come back, so a clock that has jumped takes nobody
// away: after a pause of more than steadyFor, or a step back, the first night
// only notes the time, and the next one acts.

const (
	// weekKeysFor is how long the key of a week outlives it. Everything that it
	// seals (forms, buttons, messages, files on their way) is purged sooner.
	weekKeysFor  = record.ChatMonths * month
	steadyFor    = 40 * 24 * time.Hour
	consentGrace = record.ConsentAskDays * 24 * time.Hour // between the question and the end
)

// month is a month for the figures of a plan.
const month = 365 * 24 * time.Hour / 12

// purgePeople forgets whom the keeping periods say, and says how many.
func (s *Store) purgePeople(ctx context.Context) (gone int, err error) {
	ok, err := s.steady(ctx)
	if err != nil || !ok {
		return 0, err
	}
	var faults []error // one record that fails does not hold up the others
	do := func(fn func(*Tx) error) {
		if err := s.Update(ctx, fn); err != nil {
			faults = append(faults, err)
			return
		}
		gone++
	}
	leavers, err := s.leavers(ctx)
	faults = append(faults, err)
	for _, id := range leavers {
		do(func(tx *Tx) error { return tx.purgeLeaver(id) })
	}
	ended, err := s.endedConsents(ctx)
	faults = append(faults, err)
	for _, c := range ended {
		do(func(tx *Tx) error { return tx.endConsent(c.Graduate, c.Purpose) })
	}
	merges, err := s.endMerges(ctx)
	if gone += merges; err != nil {
		return gone, err
	}
	weeks, err := s.destroyWeekKeys(ctx)
	return gone + weeks, errors.Join(append(faults, err, s.Bury(ctx))...)
}

// planPeople adds to a plan what purgePeople would take away.
func (s *Store) planPeople(ctx context.Context, plan []Aged) ([]Aged, error) {
	leavers, err := s.leavers(ctx)
	if err != nil {
		return nil, err
	}
	ended, err := s.endedConsents(ctx)
	if err != nil {
		return nil, err
	}
	merges, err := s.mergesEnded(ctx)
	if err != nil {
		return nil, err
	}
	from, to, err := s.oldWeeks(ctx)
	if err != nil {
		return nil, err
	}
	return append(plan,
		Aged{Topic: "merge", Keep: record.MergeDays * 24 * time.Hour, Rows: len(merges)},
		Aged{Topic: "person", Keep: record.RosterMonths * month, Rows: len(leavers)},
		Aged{Topic: "consent", Rows: len(ended)},
		Aged{Topic: "weekkey", Keep: weekKeysFor, Rows: int(to - from)}), nil
}

// steady says whether the clock has gone on since the last time as clocks do.
func (s *Store) steady(ctx context.Context) (ok bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		last, found, err := get[time.Time](tx, "steady/")
		if err != nil {
			return err
		}
		pause := tx.Now.Sub(last)
		ok = found && pause >= 0 && pause <= steadyFor
		return put(tx, "steady/", tx.Now)
	})
	return ok, err
}

// leavers lists who left the last post so long ago that the name goes.
func (s *Store) leavers(ctx context.Context) (ids []record.PersonID, err error) {
	for r := under("posts/"); r.Lo != nil; {
		var last string
		err := s.View(ctx, func(tx *Tx) error {
			last = ""
			looked := 0
			for e, err := range scan[[]record.Post](tx, r) {
				if err != nil {
					return err
				}
				if looked++; looked > agedLook {
					last = e.key
					return nil
				}
				id := record.PersonID(strings.TrimPrefix(e.key, "posts/"))
				over, err := tx.over(id, e.val)
				if err != nil {
					return err
				}
				if over {
					ids = append(ids, id)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		r.Lo = nil
		if last != "" {
			r.Lo = []byte(last)
		}
	}
	return ids, nil
}

// over says whether the keeping period of a person with these posts is over, and
// the person is still known.
func (tx *Tx) over(id record.PersonID, posts []record.Post) (bool, error) {
	until, ok, err := keptUntil(posts, tx.Now)
	if err != nil || !ok || tx.Now.Before(until) {
		return false, err
	}
	p, err := tx.Person(id)
	if errors.Is(err, record.ErrNotFound) {
		return false, nil
	}
	return err == nil && p.Forgotten.IsZero(), err
}

// purgeLeaver forgets a leaver, unless a post was taken meanwhile.
func (tx *Tx) purgeLeaver(id record.PersonID) error {
	err := tx.ForgetPerson(id)
	if errors.Is(err, record.ErrOnDuty) || errors.Is(err, record.ErrKept) || errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Audit(record.Audit{Action: record.Forget, Person: id, Note: string(record.GoneLeft)})
}

// endedConsents lists the consents that ended before today, of people who were
// asked whether they go on.
func (s *Store) endedConsents(ctx context.Context) (ended []ConsentEnd, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		ended = nil
		for county, err := range tx.parts("consentend/") {
			if err != nil {
				return err
			}
			for c, err := range tx.consentsEnding(record.Code(county), "", record.DateOf(tx.Now.UTC())) {
				if err != nil {
					return err
				}
				may, err := tx.mayEnd(c)
				if err != nil {
					return err
				}
				if may {
					ended = append(ended, c)
				}
			}
		}
		return nil
	})
	return ended, err
}

// mayEnd says whether the question reached the person long enough ago.
func (tx *Tx) mayEnd(c ConsentEnd) (bool, error) {
	_, asked, err := tx.ConsentAsked(c.Graduate, c.Purpose)
	if err != nil || !asked {
		return false, err
	}
	_, arrived, _, err := tx.consentAsked(c.Graduate, c.Purpose)
	return err == nil && !arrived.IsZero() && tx.Now.Sub(arrived) >= consentGrace, err
}

// endConsent draws the consequence of a consent that has ended: the record is
// erased, or is no longer used for the purpose.
func (tx *Tx) endConsent(id record.GraduateID, p record.Purpose) error {
	g, err := tx.Graduate(id)
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	may, err := tx.mayEnd(ConsentEnd{id, p})
	if err != nil || !may || g.ConsentTo(p).Holds(tx.Now) {
		return err
	}
	line := record.Audit{Action: record.Forget, Person: g.Person, Graduate: id, Place: g.Village, Note: string(record.GoneExpired)}
	if p == record.ToKeep {
		if err := tx.eraseGraduate(id, record.Gone{At: tx.Now, Why: record.GoneExpired}); err != nil {
			return err
		}
		return tx.Audit(line)
	}
	line.Action, line.Note = record.GiveConsent, string(p)+" "+line.Note
	if _, err := tx.SetConsent(id, p, record.Consent{}); err != nil {
		return err
	}
	return tx.Audit(line)
}

// oldWeeks is the range of weeks, from not included, whose keys are to go.
func (s *Store) oldWeeks(ctx context.Context) (from, to uint64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		from, _, err = get[uint64](tx, "weekgone/")
		if over := tx.Now.Add(-weekKeysFor).Sub(firstWeek) / week; over > 0 {
			to = min(uint64(over), weekKeys)
		}
		to = max(from, to)
		return err
	})
	return from, to, err
}

// destroyWeekKeys destroys the keys of weeks that are long over.
func (s *Store) destroyWeekKeys(ctx context.Context) (destroyed int, err error) {
	from, to, err := s.oldWeeks(ctx)
	if err != nil || from == to {
		return 0, err
	}
	var graves []seal.Grave
	for n := from + 1; n <= to; n++ {
		graves = append(graves, seal.Grave{Number: n, At: s.clock()})
	}
	if err := s.ring.Destroy(graves...); err != nil && !errors.Is(err, seal.ErrDerived) {
		return 0, err
	}
	err = s.Update(ctx, func(tx *Tx) error { return put(tx, "weekgone/", to) })
	return len(graves), err
}

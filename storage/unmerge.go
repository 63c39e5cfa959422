package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"headgoose/storage/record"
)

// Having back what a merge made one, and what becomes of it when that cannot be any
// more. The keys stand at the head of merges.go.

// UnmergeGraduates has two records back as they were. What was changed in the one
// since, stays with it. ErrTooLate after record.MergeDays, ErrNotFound where the one
// is gone meanwhile, ErrForgotten where the other asked to be forgotten.
func (tx *Tx) UnmergeGraduates(gone record.GraduateID) (kept, back record.Graduate, err error) {
	m, err := tx.Merge(gone)
	if err != nil {
		return kept, back, err
	}
	if !tx.Now.Before(m.Ends()) {
		return kept, back, fmt.Errorf("%w: to undo a merge", record.ErrTooLate)
	}
	now, err := tx.Graduate(m.Kept)
	if err != nil {
		return kept, back, err
	}
	back = m.States.Gone.Graduate
	if forgotten, err := tx.WasForgotten(back); err != nil || forgotten {
		return kept, back, errors.Join(err, record.ErrForgotten)
	}
	if kept, err = tx.withoutMerge(now, m); err != nil {
		return kept, back, err
	}
	tx.screenLater = true
	defer func() { tx.screenLater = false }()
	// What came over goes first: a yes that goes back would end it.
	if err := tx.goBack(m); err != nil {
		return kept, back, err
	}
	if err := tx.enterGraduate(&now, kept); err != nil {
		return kept, back, err
	}
	if err := tx.giveBackAccount(&back); err != nil {
		return kept, back, err
	}
	if err := tx.enterGraduate(nil, back); err != nil {
		return kept, back, err
	}
	return kept, back, errors.Join(tx.unmergeReserves(m, kept.Village), tx.askedAgain(m),
		del(tx, "merge/"+string(gone)), del(tx, mergeKey(m)))
}

// giveBackAccount leaves a record without the account that has another one by now,
// or is not there any more.
func (tx *Tx) giveBackAccount(g *record.Graduate) error {
	if g.Person == "" {
		return nil
	}
	own, found, err := tx.GraduateOf(g.Person)
	if err != nil {
		return err
	}
	if _, err := tx.Person(g.Person); errors.Is(err, record.ErrNotFound) || (found && own.ID != g.ID) {
		g.Person = ""
	} else if err != nil {
		return err
	}
	return nil
}

// withoutMerge is the kept record as it was before, but for what was changed since.
func (tx *Tx) withoutMerge(now record.Graduate, m record.Merge) (record.Graduate, error) {
	is, err := fieldsOf(now)
	if err != nil {
		return now, err
	}
	after, err := fieldsOf(m.States.After.Graduate)
	if err != nil {
		return now, err
	}
	before, err := fieldsOf(m.States.Before.Graduate)
	if err != nil {
		return now, err
	}
	changed := false
	for _, group := range mergeGroups(is, after, before) {
		same := !slices.ContainsFunc(group, func(f string) bool { return !bytes.Equal(is[f], after[f]) })
		changed = changed || !same
		for _, f := range group {
			if !same {
				continue
			}
			if is[f] = before[f]; is[f] == nil {
				delete(is, f)
			}
		}
	}
	raw, err := json.Marshal(is)
	if err != nil {
		return now, err
	}
	var g record.Graduate
	if err := json.Unmarshal(raw, &g); err != nil {
		return now, err
	}
	if changed {
		tx.s.ages.Age(&g, tx.Now)
	}
	return g, nil
}

// outlookFields hang together: a record that takes some of them from another time
// would say what nobody said.
var outlookFields = []string{"studying", "graduation", "employment", "willingness", "phone", "facts", "confirmed_at", "source", "by"}

// mergeGroups are the names of all fields, those that hang together side by side.
func mergeGroups(states ...map[string]json.RawMessage) [][]string {
	groups := [][]string{outlookFields}
	seen := slices.Clone(outlookFields)
	for _, state := range states {
		for name := range state {
			if !slices.Contains(seen, name) {
				seen = append(seen, name)
				groups = append(groups, []string{name})
			}
		}
	}
	return groups
}

func fieldsOf(g record.Graduate) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	return fields, json.Unmarshal(raw, &fields)
}

// goBack gives back the referrals and corrections that came over, as they are now.
func (tx *Tx) goBack(m record.Merge) error {
	for _, id := range m.Referrals {
		r, err := tx.Referral(id)
		if err != nil {
			return err
		}
		if r.Graduate != m.Kept {
			continue
		}
		if err := tx.giveReferral(r, m.Dropped); err != nil {
			return err
		}
	}
	for _, id := range m.Corrections {
		c, err := tx.Correction(id)
		if errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := tx.giveCorrection(c, m.Dropped); err != nil {
			return err
		}
	}
	return nil
}

// unmergeReserves has the entries on the list of reserve cadres back. One that was
// changed since stays with the kept record, as it is now.
func (tx *Tx) unmergeReserves(m record.Merge, village record.Code) error {
	before, gone := m.States.Before.Reserve, m.States.Gone.Reserve
	if gone == nil {
		return nil
	}
	now, found, err := tx.Reserve(m.Kept)
	if err != nil {
		return err
	}
	if err := tx.setReserve(nil, gone); err != nil || !found {
		return err
	}
	same, err := sameJSON(now, *m.States.After.Reserve)
	if err != nil || !same {
		return err
	}
	if before != nil {
		before.Village = village
	}
	return tx.setReserve(&now, before)
}

func sameJSON(a, b any) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}

// askedAgain notes again when it was asked whether consents go on.
func (tx *Tx) askedAgain(m record.Merge) error {
	for _, state := range []record.MergeState{m.States.Gone, m.States.Before} {
		now, err := tx.Graduate(state.Graduate.ID)
		if err != nil {
			return err
		}
		for p, ask := range state.Asked {
			if !now.ConsentTo(p).At.Equal(state.Graduate.ConsentTo(p).At) {
				continue // there is a new yes
			}
			if err := put(tx, askedKey(now.ID, p), consentAsk(ask)); err != nil {
				return err
			}
		}
	}
	return nil
}

// mergesLater has what went into a record that is erased settled once that is
// durable: the erasure has no room for it. What is sealed of it cannot be read any
// more from then on. Where the machine stops in between, the next purge does it.
func (tx *Tx) mergesLater(id record.GraduateID) error {
	keys, _, err := tx.someKeys(under("mergeof/"+string(id)+"/"), 1)
	if err == nil && len(keys) > 0 {
		s := tx.s
		tx.AfterCommit(func() { _, _ = s.endMerges(context.Background()) })
	}
	return err
}

// endMerges ends the merges that can be undone no more, and says how many: the
// entries go, and with them the keys of the records that went.
func (s *Store) endMerges(ctx context.Context) (ended int, err error) {
	ids, err := s.mergesEnded(ctx)
	for _, id := range ids {
		if err := s.Update(ctx, func(tx *Tx) error { return tx.endMerge(id) }); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, err
}

// mergesEnded lists the merges that can be undone no more: record.MergeDays are over,
// or the record that was kept is gone.
func (s *Store) mergesEnded(ctx context.Context) (ids []record.GraduateID, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		ids = nil
		for e, err := range scan[record.Merge](tx, under("merge/")) {
			if err != nil {
				return err
			}
			_, over, err := tx.mergeOver(e.val)
			if err != nil {
				return err
			}
			if over {
				ids = append(ids, e.val.Dropped)
			}
		}
		return nil
	})
	return ids, err
}

// mergeOver says whether a merge can be undone no more, and what then stands for the
// record that went.
func (tx *Tx) mergeOver(m record.Merge) (stone record.Gone, over bool, err error) {
	stone = record.Gone{At: tx.Now, Why: record.GoneMerged}
	kept, gone, err := tx.Gone(string(m.Kept))
	if gone && kept.Why == record.GoneAsked {
		stone.Why, stone.Mark = kept.Why, m.Mark
	}
	return stone, gone || !tx.Now.Before(m.Ends()), err
}

// endMerge ends one merge, if it is to end still, with those of the records that
// went into the one that went. At most five writes for each.
func (tx *Tx) endMerge(id record.GraduateID) error {
	m, err := tx.Merge(id)
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	stone, over, err := tx.mergeOver(m)
	if err != nil || !over {
		return err
	}
	return tx.settleMerge(m, stone)
}

func (tx *Tx) settleMerge(m record.Merge, stone record.Gone) error {
	below, err := tx.MergedInto(m.Dropped)
	if err != nil {
		return err
	}
	for _, b := range below {
		own := stone
		if own.Mark != "" {
			own.Mark = b.Mark
		}
		if err := tx.settleMerge(b, own); err != nil {
			return err
		}
	}
	return errors.Join(del(tx, "merge/"+string(m.Dropped)), del(tx, mergeKey(m)), tx.entomb(string(m.Dropped), stone))
}

// rebuildMerges writes the index of merges anew, for Check.
func rebuildMerges(from, to *Tx) error {
	for e, err := range scan[record.Merge](from, under("merge/")) {
		if err != nil {
			return err
		}
		if e.key != "merge/"+string(e.val.Dropped) {
			return fmt.Errorf("storage: %s is of another record", strings.SplitN(e.key, "/", 2)[0])
		}
		if err := put(to, mergeKey(e.val), true); err != nil {
			return err
		}
	}
	return nil
}

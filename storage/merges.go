package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	merge/<graduate>            -> record.Merge: a record that went into another
//	mergeof/<graduate>/<other>  -> true: the records that went into one
//
// A record that goes into another leaves no tombstone and keeps its key, so that
// both can be had back for record.MergeDays. Then, or when the kept record is
// gone, the entry goes and the key of the record that went is destroyed.

// Bounds of one merge, for the writes of its transaction and of the one that forgets
// the record.
const (
	maxMergedReferrals   = 4
	maxMergedCorrections = 2
	maxMergedInto        = 2 // records that went into one and can still be had back
)

// MergePlan is what would become of two records.
type MergePlan struct {
	Kept, Gone, Merged record.Graduate
	Facts              []record.Fact // that the record that goes states otherwise, and later
	Referrals          int           // that come over
	Reserve            bool          // the list of reserve cadres has the one that goes
	Account            bool          // the graduate's own account comes over
}

// PlanMerge says what would become of two records of one person, or why nothing
// can: ErrExists where each has an account of its own or both are under way to the
// same post, ErrFull where too much would come over.
func (tx *Tx) PlanMerge(kept, gone record.GraduateID) (p MergePlan, err error) {
	if kept == gone {
		return p, fmt.Errorf("%w: a record and itself", record.ErrInvalid)
	}
	if p.Kept, err = tx.Graduate(kept); err != nil {
		return p, err
	}
	if p.Gone, err = tx.Graduate(gone); err != nil {
		return p, err
	}
	if p.Kept.Person != "" && p.Gone.Person != "" && p.Kept.Person != p.Gone.Person {
		return p, fmt.Errorf("%w: an account of each", record.ErrExists)
	}
	p.Merged = p.Kept.Merged(p.Gone)
	for _, f := range p.Kept.Newer(p.Gone) {
		if !f.Same(p.Kept, p.Gone) {
			p.Facts = append(p.Facts, f)
		}
	}
	p.Account = p.Gone.Person != "" && p.Kept.Person == ""
	if err := tx.mergeConsents(&p); err != nil {
		return p, err
	}
	tx.s.ages.Age(&p.Merged, tx.Now)
	_, p.Reserve, err = tx.Reserve(gone)
	if err != nil {
		return p, err
	}
	list, err := tx.ReferralsOf(gone)
	if err != nil {
		return p, err
	}
	p.Referrals = len(list)
	return p, tx.mergeable(p, list)
}

// mergeable refuses what one record cannot hold.
func (tx *Tx) mergeable(p MergePlan, coming []record.Referral) error {
	had, err := tx.ReferralsOf(p.Kept.ID)
	if err != nil {
		return err
	}
	open := 0
	for i, r := range slices.Concat(had, coming) {
		if r.Stage.Open() {
			open++
		}
		for _, o := range had {
			if i >= len(had) && o.Stage.Open() && r.Stage.Open() && o.Opening == r.Opening {
				return fmt.Errorf("%w: referral for the same post", record.ErrExists)
			}
		}
	}
	fixes, err := tx.CorrectionsOf(string(p.Gone.ID))
	if err != nil {
		return err
	}
	into, err := tx.mergedBelow(p.Kept.ID)
	if err != nil {
		return err
	}
	below, err := tx.mergedBelow(p.Gone.ID)
	if err != nil {
		return err
	}
	if len(had)+len(coming) > record.MaxReferrals || open > record.MaxOpenReferrals || len(coming) > maxMergedReferrals ||
		len(fixes) > maxMergedCorrections || into+1+below > maxMergedInto {
		return fmt.Errorf("%w: in one record", record.ErrFull)
	}
	return nil
}

// mergeConsents takes for each purpose the last word of the person, on either
// record: a yes, or that it was withdrawn.
func (tx *Tx) mergeConsents(p *MergePlan) error {
	for _, purpose := range record.Purposes() {
		last := p.Kept.ConsentTo(purpose)
		if other := p.Gone.ConsentTo(purpose); other.At.After(last.At) {
			last = other
		}
		if purpose != record.ToKeep && !last.At.IsZero() {
			withdrawn, err := tx.withdrawnSince(purpose, last.At, p.Kept.ID, p.Gone.ID)
			if err != nil {
				return err
			}
			if withdrawn {
				last = record.Consent{}
			}
		}
		p.Merged.SetConsent(purpose, last)
	}
	return nil
}

// withdrawnSince says whether the audit log has it that a yes was withdrawn on one
// of the records after an instant.
func (tx *Tx) withdrawnSince(p record.Purpose, at time.Time, ids ...record.GraduateID) (bool, error) {
	for _, id := range ids {
		lines, _, err := tx.AuditLines(AuditQuery{About: string(id), Limit: 1000})
		if err != nil {
			return false, err
		}
		for _, a := range lines {
			if a.Action == record.GiveConsent && a.Note == p.WithdrawnNote() && a.At.After(at) {
				return true, nil
			}
		}
	}
	return false, nil
}

// MergeGraduates makes two records one: what PlanMerge says is kept, and the
// referrals, the entry on the list of reserve cadres, the corrections and the own
// account of the other come over. UnmergeGraduates has both back.
func (tx *Tx) MergeGraduates(kept, gone record.GraduateID, by record.PersonID) (record.Merge, error) {
	p, err := tx.PlanMerge(kept, gone)
	if err != nil {
		return record.Merge{}, err
	}
	m := record.Merge{Kept: kept, Dropped: gone, Place: p.Gone.Village, At: tx.Now, By: by, Mark: tx.goneMark(p.Gone)}
	if m.States.Gone, err = tx.mergeState(p.Gone); err != nil {
		return m, err
	}
	if m.States.Before, err = tx.mergeState(p.Kept); err != nil {
		return m, err
	}
	tx.screenLater = true // who fits is found within the minute: see ScreenAgain
	defer func() { tx.screenLater = false }()
	if m.Referrals, m.Corrections, err = tx.comeOver(gone, kept); err != nil {
		return m, err
	}
	if err := tx.mergeReserves(m); err != nil {
		return m, err
	}
	err = errors.Join(tx.closeForms(gone), tx.indexGraduate(p.Gone, false), tx.graduateChanged(&p.Gone, nil), del(tx, "graduate/"+string(gone)))
	if err != nil {
		return m, err
	}
	if err := tx.enterGraduate(&p.Kept, p.Merged); err != nil {
		return m, err
	}
	if m.States.After, err = tx.mergeState(p.Merged); err != nil {
		return m, err
	}
	return m, errors.Join(put(tx, "merge/"+string(gone), m), put(tx, mergeKey(m), true))
}

func mergeKey(m record.Merge) string { return "mergeof/" + string(m.Kept) + "/" + string(m.Dropped) }

// mergeState reads what hangs on a record.
func (tx *Tx) mergeState(g record.Graduate) (record.MergeState, error) {
	state := record.MergeState{Graduate: g}
	r, found, err := tx.Reserve(g.ID)
	if err != nil {
		return state, err
	}
	if found {
		state.Reserve = &r
	}
	for _, p := range record.Purposes() {
		ask, found, err := get[consentAsk](tx, askedKey(g.ID, p))
		if err != nil {
			return state, err
		}
		if found {
			if state.Asked == nil {
				state.Asked = map[record.Purpose]record.MergeAsk{}
			}
			state.Asked[p] = record.MergeAsk(ask)
		}
	}
	return state, nil
}

// comeOver gives all referrals and corrections of one record to another.
func (tx *Tx) comeOver(from, to record.GraduateID) (referrals []record.ReferralID, fixes []record.CorrectionID, err error) {
	list, err := tx.ReferralsOf(from)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list {
		if err := tx.giveReferral(r, to); err != nil {
			return nil, nil, err
		}
		referrals = append(referrals, r.ID)
	}
	corrections, err := tx.CorrectionsOf(string(from))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range corrections {
		if err := tx.giveCorrection(c, to); err != nil {
			return nil, nil, err
		}
		fixes = append(fixes, c.ID)
	}
	return referrals, fixes, nil
}

func (tx *Tx) giveReferral(old record.Referral, to record.GraduateID) error {
	r := old
	r.Graduate = to
	return tx.setReferral(&old, r)
}

func (tx *Tx) giveCorrection(c record.Correction, to record.GraduateID) error {
	if err := del(tx, "correctof/"+string(c.Graduate)+"/"+string(c.ID)); err != nil {
		return err
	}
	c.Graduate = to
	return tx.putCorrection(c)
}

// mergeReserves brings two entries on the list of reserve cadres together: on the
// list since the earlier day, with what was done under both.
func (tx *Tx) mergeReserves(m record.Merge) error {
	was, gone := m.States.Before.Reserve, m.States.Gone.Reserve
	if gone == nil {
		return nil
	}
	r := *gone
	r.Graduate, r.Village = m.Kept, m.States.Before.Graduate.Village
	if was != nil {
		r = *was
		r.Deeds = slices.Concat(was.Deeds, gone.Deeds)
		slices.SortStableFunc(r.Deeds, func(a, b record.ReserveDeed) int { return a.At.Compare(b.At) })
		if len(r.Deeds) > record.MaxReserveDeeds {
			return fmt.Errorf("%w: rows of a reserve cadre", record.ErrFull)
		}
		r.Since = min(was.Since, gone.Since)
		if gone.Left == "" {
			r.Left, r.Outcome, r.Reason = "", "", ""
		}
	}
	return errors.Join(tx.setReserve(gone, nil), tx.setReserve(was, &r))
}

// Merge reads what a record went into; ErrNotFound where it did not, or it cannot be
// had back any more.
func (tx *Tx) Merge(gone record.GraduateID) (record.Merge, error) {
	m, found, err := get[record.Merge](tx, "merge/"+string(gone))
	if err == nil && !found {
		err = fmt.Errorf("%w: merge", record.ErrNotFound)
	}
	return m, err
}

// MergedInto lists the records that went into one and can still be had back.
func (tx *Tx) MergedInto(kept record.GraduateID) ([]record.Merge, error) {
	var list []record.Merge
	for id, err := range tx.parts("mergeof/" + string(kept) + "/") {
		if err != nil {
			return nil, err
		}
		m, err := tx.Merge(record.GraduateID(id))
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// mergedBelow counts the records that went into one, also by way of others.
func (tx *Tx) mergedBelow(id record.GraduateID) (n int, err error) {
	into, err := tx.MergedInto(id)
	for _, m := range into {
		below, err := tx.mergedBelow(m.Dropped)
		if err != nil {
			return 0, err
		}
		n += 1 + below
	}
	return n, err
}

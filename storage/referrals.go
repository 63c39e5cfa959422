package storage

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	referral/<id>                  -> record.Referral
//	referto/<opening>/<id>         -> true: the referrals for a post
//	referof/<graduate>/<id>        -> true: the referrals of a graduate
//	referopen/<village>/<id>       -> true: those under way, by the graduate's village
//	refernext/<county>/<day>/<id>  -> true: when the next word is to be said
//	refercount/<place>             -> record.ReferralCount, of the graduates of a place

// Referral reads a referral; ErrNotFound where there is none.
func (tx *Tx) Referral(id record.ReferralID) (record.Referral, error) {
	r, found, err := get[record.Referral](tx, "referral/"+string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: referral", record.ErrNotFound)
	}
	return r, err
}

// ReferralsFor lists the referrals for a post, the oldest first.
func (tx *Tx) ReferralsFor(id record.OpeningID) ([]record.Referral, error) {
	return tx.referralsIn(under("referto/" + string(id) + "/"))
}

// ReferralsOf lists the referrals of a graduate, the oldest first.
func (tx *Tx) ReferralsOf(id record.GraduateID) ([]record.Referral, error) {
	return tx.referralsIn(under("referof/" + string(id) + "/"))
}

// OpenReferrals lists the referrals of a place's graduates that are under way,
// by village.
func (tx *Tx) OpenReferrals(place record.Code) ([]record.Referral, error) {
	return tx.referralsIn(under("referopen/" + string(place)))
}

// ReferralsIn lists up to limit referrals of a place's graduates, those that are
// over as well, in the order in which they were proposed. It reads those of the
// whole store: it is for files, not for pages.
func (tx *Tx) ReferralsIn(place record.Code, limit int) ([]record.Referral, error) {
	var list []record.Referral
	for e, err := range scan[record.Referral](tx, under("referral/")) {
		if err != nil {
			return nil, err
		}
		if !place.Contains(e.val.Village) {
			continue
		}
		if list = append(list, e.val); len(list) == limit {
			break
		}
	}
	return list, nil
}

// ReferralsDue lists the referrals of a county about which a word is due by a
// day.
func (tx *Tx) ReferralsDue(county record.Code, day record.Date) ([]record.Referral, error) {
	prefix := "refernext/" + string(county) + "/"
	return tx.referralsIn(between(prefix, prefix+string(day)+"0")) // '0' follows '/'
}

// referralsIn reads the referrals whose ids end the keys of a range.
func (tx *Tx) referralsIn(r kv.Range) ([]record.Referral, error) {
	var list []record.Referral
	for e, err := range tx.r.Scan(r) {
		if err != nil {
			return nil, err
		}
		one, err := tx.Referral(record.ReferralID(lastOf(string(e.Key))))
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// ReferralCount is what became of the referrals of a place's graduates.
func (tx *Tx) ReferralCount(place record.Code) (record.ReferralCount, error) {
	c, _, err := get[record.ReferralCount](tx, "refercount/"+string(place))
	return c, err
}

// Propose refers a graduate for a post. Refusals: ErrSettled where the post is
// closed, ErrTooLate after its last day, ErrNoConsent where the graduate has not
// agreed to being referred, ErrExists where the graduate is under way towards it,
// ErrFull at the bounds of record.MaxReferrals and record.MaxUnderWay.
func (tx *Tx) Propose(id record.OpeningID, graduate record.GraduateID, by record.PersonID, note string) (record.Referral, error) {
	var r record.Referral
	o, err := tx.Opening(id)
	if err != nil {
		return r, err
	}
	g, err := tx.Graduate(graduate)
	if err != nil {
		return r, err
	}
	if err := errors.Join(tx.proposable(o, g), record.CheckReferralNote(note)); err != nil {
		return r, err
	}
	n, err := tx.newID("referral", "r")
	if err != nil {
		return r, err
	}
	r = record.Referral{ID: record.ReferralID(n), Opening: o.ID, Graduate: g.ID, Kind: o.Kind, Place: o.Place, Village: g.Village}
	return tx.stepReferral(r, record.ReferralRow{Stage: record.ReferralProposed, By: by, Side: record.OfficeSide}, note)
}

func (tx *Tx) proposable(o record.Opening, g record.Graduate) error {
	switch {
	case !o.Closed.IsZero():
		return record.ErrSettled
	case o.Over(record.DateOf(tx.Now.UTC())):
		return record.ErrTooLate
	case !g.Agrees(record.ToRefer, tx.Now):
		return record.ErrNoConsent
	}
	others, err := tx.ReferralsFor(o.ID)
	if err != nil {
		return err
	}
	under := 0
	for _, r := range others {
		if r.Stage.UnderWay() {
			under++
		}
	}
	list, err := tx.ReferralsOf(g.ID)
	open := 0
	for _, r := range list {
		if r.Stage.Open() {
			open++
		}
		if r.Opening == o.ID && r.Stage.Open() {
			return fmt.Errorf("%w: referral for this post", record.ErrExists)
		}
	}
	if open >= record.MaxOpenReferrals || len(list) >= record.MaxReferrals || under >= record.MaxUnderWay {
		return record.ErrFull
	}
	return err
}

// StepReferral leads a referral on, by a side that the table of steps names.
// Refusals: ErrSettled for one that is over, ErrNotYours for a step that the side
// may not do, ErrFull where all posts are taken, ErrChanged where a yes is of no
// use any more. A graduate who is placed leaves the list of reserve cadres.
func (tx *Tx) StepReferral(id record.ReferralID, row record.ReferralRow, note string) (record.Referral, error) {
	r, err := tx.Referral(id)
	switch {
	case err != nil:
		return r, err
	case !r.Stage.Open():
		return r, record.ErrSettled
	case !record.MayStep(r.Stage, row.Stage, row.Side):
		return r, fmt.Errorf("%w: step of a referral", record.ErrNotYours)
	case (row.Stage == record.ReferralEnded) != (row.End != ""):
		return r, fmt.Errorf("%w: a referral ends with a reason", record.ErrInvalid)
	}
	if err := record.CheckReferralNote(note); err != nil {
		return r, err
	}
	g, err := tx.Graduate(r.Graduate)
	if err != nil {
		return r, err
	}
	switch {
	case row.Stage == record.ReferralAgreed && !g.Agrees(record.ToRefer, tx.Now):
		if !g.Agrees(record.ToKeep, tx.Now) {
			return r, record.ErrChanged
		}
		source := record.BySelf
		if row.Side == record.VoiceSide {
			source = record.BySecretary
		}
		r.Consent = record.Consent{Version: g.Consent.Version, At: tx.Now, Source: source}
	case row.Stage.AfterYes() && row.Stage != record.ReferralAgreed && !g.Agrees(record.ToRefer, tx.Now) && !r.Consent.Holds(tx.Now):
		return r, record.ErrChanged
	}
	if row.Stage == record.ReferralPlaced {
		if err := errors.Join(tx.postLeft(r.Opening), tx.reserveTookPost(g.ID)); err != nil {
			return r, err
		}
	}
	return tx.stepReferral(r, row, note)
}

// postLeft refuses to place somebody more than there are posts.
func (tx *Tx) postLeft(id record.OpeningID) error {
	o, err := tx.Opening(id)
	if err != nil {
		return err
	}
	list, err := tx.ReferralsFor(id)
	placed := 0
	for _, r := range list {
		if r.Stage == record.ReferralPlaced {
			placed++
		}
	}
	if err == nil && placed >= o.Number {
		err = record.ErrFull
	}
	return err
}

// HolderOf is who is on a side of a referral and can be written to: the graduate
// with an account, the secretary of the graduate's village, that of the post's
// village or else an officer of its place, the officer who proposed it or else one of
// the graduate's township or county. found is false where there is nobody.
func (tx *Tx) HolderOf(r record.Referral, side record.ReferralSide) (id record.PersonID, found bool, err error) {
	switch side {
	case record.GraduateSide:
		if r.Graduate == "" {
			return "", false, nil
		}
		g, err := tx.Graduate(r.Graduate)
		if err != nil || g.Person == "" {
			return "", false, err
		}
		return tx.firstInReach([]record.PersonID{g.Person})
	case record.VoiceSide:
		return tx.inReach(record.Secretary, r.Village)
	case record.ReceiverSide:
		if id, found, err := tx.inReach(record.Secretary, r.Place); err != nil || found {
			return id, found, err
		}
		return tx.officerOf(r.Place)
	case record.OfficeSide:
		by := r.Rows[0].By
		if actor, err := tx.Actor(by); err == nil && record.Allow(actor, record.KeepReferral, record.Object{Place: r.Village}) == nil {
			if id, found, err := tx.firstInReach([]record.PersonID{by}); err != nil || found {
				return id, found, err
			}
		}
		return tx.officerOf(r.Village)
	}
	return "", false, nil
}

// HolderAbove is an officer of the county, who hears of what the office has left.
func (tx *Tx) HolderAbove(r record.Referral) (record.PersonID, bool, error) {
	return tx.inReach(record.CountyOfficer, r.Village.County())
}

// officerOf is an officer of a place's township, or else of its county.
func (tx *Tx) officerOf(place record.Code) (record.PersonID, bool, error) {
	if town := place.Township(); town != "" {
		if id, found, err := tx.inReach(record.TownshipOfficer, town); err != nil || found {
			return id, found, err
		}
	}
	return tx.inReach(record.CountyOfficer, place.County())
}

func (tx *Tx) inReach(role record.Role, place record.Code) (record.PersonID, bool, error) {
	ids, err := tx.Holders(role, place)
	if err != nil {
		return "", false, err
	}
	return tx.firstInReach(ids)
}

// firstInReach is the first who is enrolled and can be written to.
func (tx *Tx) firstInReach(ids []record.PersonID) (record.PersonID, bool, error) {
	for _, id := range ids {
		p, err := tx.Person(id)
		if err != nil {
			return "", false, err
		}
		if p.Enrolled() && p.UnreachableSince.IsZero() {
			return id, true, nil
		}
	}
	return "", false, nil
}

// PublishReferral lets the receiving side see a referral before the yes, without
// contact data. ErrSettled for one that is over.
func (tx *Tx) PublishReferral(id record.ReferralID) (record.Referral, error) {
	r, err := tx.Referral(id)
	if err != nil {
		return r, err
	}
	if !r.Stage.Open() {
		return r, record.ErrSettled
	}
	old := r
	r.Published = true
	return r, tx.setReferral(&old, r)
}

// SaidOfReferral notes that a word has been said (see record.Referral.Coming).
func (tx *Tx) SaidOfReferral(r record.Referral, word string) error {
	old := r
	r.Said = append(slices.Clone(r.Said), word)
	return tx.setReferral(&old, r)
}

// AnswerOutcome keeps what a side says so many months after a placement; a later
// answer takes the place of the first. ErrChanged where nobody is placed.
func (tx *Tx) AnswerOutcome(id record.ReferralID, answer record.ReferralOutcome) (record.Referral, error) {
	r, err := tx.Referral(id)
	switch {
	case err != nil:
		return r, err
	case r.Stage != record.ReferralPlaced:
		return r, record.ErrChanged
	case !slices.Contains(record.OutcomeMonths(), answer.Months), answer.Still && answer.Elsewhere, answer.Side != record.GraduateSide && answer.Side != record.ReceiverSide:
		return r, fmt.Errorf("%w: outcome", record.ErrInvalid)
	}
	if err := record.CheckReferralNote(answer.Words); err != nil {
		return r, err
	}
	old := r
	answer.At = tx.Now
	r.Outcomes = slices.DeleteFunc(slices.Clone(r.Outcomes), func(o record.ReferralOutcome) bool {
		return o.Months == answer.Months && o.Side == answer.Side
	})
	r.Outcomes = append(r.Outcomes, answer)
	return r, tx.setReferral(&old, r)
}

func (tx *Tx) stepReferral(r record.Referral, row record.ReferralRow, note string) (record.Referral, error) {
	var old *record.Referral
	if len(r.Rows) > 0 {
		was := r
		old = &was
	}
	row.At = tx.Now
	r.Stage = row.Stage
	r.Rows = append(slices.Clone(r.Rows), row)
	r.Notes = append(slices.Clone(r.Notes), note)
	_, r.Next = r.Coming()
	return r, tx.setReferral(old, r)
}

// setReferral writes a referral with its indexes and counts; old is nil for a
// new one.
func (tx *Tx) setReferral(old *record.Referral, r record.Referral) error {
	_, r.Next = r.Coming()
	keys := referralKeys(r)
	var was record.ReferralStage
	if old != nil {
		was = old.Stage
		for _, key := range referralKeys(*old) {
			if slices.Contains(keys, key) {
				continue
			}
			if err := del(tx, key); err != nil {
				return err
			}
		}
	}
	for _, key := range keys {
		if old != nil && slices.Contains(referralKeys(*old), key) {
			continue
		}
		if err := put(tx, key, true); err != nil {
			return err
		}
	}
	return errors.Join(tx.countReferral(r, was, r.Stage), put(tx, "referral/"+string(r.ID), r))
}

// referralKeys are the entries that lead to a referral as it stands.
func referralKeys(r record.Referral) []string {
	id := string(r.ID)
	keys := []string{"referto/" + string(r.Opening) + "/" + id}
	if r.Graduate != "" {
		keys = append(keys, "referof/"+string(r.Graduate)+"/"+id)
	}
	if r.Stage.Open() {
		keys = append(keys, "referopen/"+string(r.Village)+"/"+id)
	}
	if r.Next != "" {
		keys = append(keys, "refernext/"+string(r.Village.County())+"/"+string(r.Next)+"/"+id)
	}
	return keys
}

// countReferral brings the counts of the graduate's village, township and county
// in line; an empty stage is none.
func (tx *Tx) countReferral(r record.Referral, was, is record.ReferralStage) error {
	if was == is {
		return nil
	}
	for _, place := range r.Village.Up() {
		c, err := tx.ReferralCount(place)
		if err != nil {
			return err
		}
		if c.Stages = maps.Clone(c.Stages); c.Stages == nil {
			c.Stages = map[record.OpeningKind]map[record.ReferralStage]int{}
		}
		stages := maps.Clone(c.Stages[r.Kind])
		if was != "" {
			stages = counted(stages, was, -1)
		}
		c.Stages[r.Kind] = counted(stages, is, +1)
		if err := put(tx, "refercount/"+string(place), c); err != nil {
			return err
		}
	}
	return nil
}

// followReferrals ends what a graduate does not agree to any more, and cuts what
// is known of one who is erased.
func (tx *Tx) followReferrals(old, g *record.Graduate) error {
	switch {
	case old == nil:
		return nil
	case g == nil:
		return tx.cutReferrals(*old)
	}
	withdrawn := !old.ConsentTo(record.ToRefer).At.IsZero() && g.ConsentTo(record.ToRefer).At.IsZero()
	if withdrawn || (old.Agrees(record.ToRefer, tx.Now) && !g.Agrees(record.ToRefer, tx.Now)) {
		return tx.endReferrals(g.ID, record.EndWithdrawn)
	}
	return nil
}

// referralNotices is how many notices about one referral can be pending: one to
// each side.
const referralNotices = 4

// endReferrals ends the referrals of a graduate that are under way, and
// withdraws what was to be said about them.
func (tx *Tx) endReferrals(id record.GraduateID, why record.ReferralEnd) error {
	list, err := tx.ReferralsOf(id)
	if err != nil {
		return err
	}
	for _, r := range list {
		if !r.Stage.Open() {
			continue
		}
		if _, err := tx.endReferral(r, why); err != nil {
			return err
		}
		if _, err := tx.WithdrawOutbox(record.ReferralNoticePrefix(r.ID), string(why), referralNotices); err != nil {
			return err
		}
	}
	return nil
}

// endReferral ends a referral by no step of anybody.
func (tx *Tx) endReferral(r record.Referral, why record.ReferralEnd) (record.Referral, error) {
	return tx.stepReferral(r, record.ReferralRow{Stage: record.ReferralEnded, End: why}, "")
}

// cutReferrals ends the referrals of a graduate who is erased, and takes out of
// all of them whom they were about and what was written. What was still to be said
// about them is about a step that is over, and is dropped when its time comes: an
// erasure has no room for it.
func (tx *Tx) cutReferrals(g record.Graduate) error {
	list, err := tx.ReferralsOf(g.ID)
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Stage.Open() {
			if old, err = tx.endReferral(old, record.EndErased); err != nil {
				return err
			}
		}
		r := old
		r.Graduate, r.Notes, r.Outcomes, r.Consent = "", nil, nil, record.Consent{}
		r.Rows = slices.Clone(r.Rows)
		for i := range r.Rows {
			if r.Rows[i].By == g.Person {
				r.Rows[i].By = ""
			}
		}
		if err := tx.setReferral(&old, r); err != nil {
			return err
		}
	}
	return nil
}

// rebuildReferrals writes the indexes and counts of referrals anew, for Check.
func rebuildReferrals(from, to *Tx) error {
	for e, err := range scan[record.Referral](from, under("referral/")) {
		if err != nil {
			return err
		}
		for _, key := range referralKeys(e.val) {
			if err := put(to, key, true); err != nil {
				return err
			}
		}
		if err := to.countReferral(e.val, "", e.val.Stage); err != nil {
			return err
		}
	}
	return nil
}

package storage

import (
	"cmp"
	"maps"
	"slices"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	prompts/<week>/<person>   -> record.Prompts: what a person was sent in a week
//	burden/<week>             -> Burden: the sum of it
//
// A week is named as ISO 8601 does, "2026-W49", by the county's clock.

// Burden is how many prompts went out in a week, and to how many people.
type Burden struct {
	record.Prompts
	// By is how many people got so many prompts; Over how many had some held
	// back or taken off.
	By   map[int]int `json:"by,omitzero"`
	Over int         `json:"over,omitzero"`
}

// People is how many got a prompt at all.
func (b Burden) People() int {
	n := 0
	for sent, people := range b.By {
		if sent > 0 {
			n += people
		}
	}
	return n
}

// Most is the largest number that somebody got.
func (b Burden) Most() int {
	most := 0
	for sent := range b.By {
		most = max(most, sent)
	}
	return most
}

func promptsKey(week string, person record.PersonID) string {
	return "prompts/" + week + "/" + string(person)
}

// Prompts is what a person was sent in a week.
func (tx *Tx) Prompts(week string, person record.PersonID) (record.Prompts, error) {
	p, _, err := get[record.Prompts](tx, promptsKey(week, person))
	return p, err
}

// Burden is the sum over everybody in a week.
func (tx *Tx) Burden(week string) (Burden, error) {
	b, _, err := get[Burden](tx, "burden/"+week)
	return b, err
}

// CountPrompt adds to what a person was sent in a week. Two writes.
func (tx *Tx) CountPrompt(week string, person record.PersonID, more record.Prompts) error {
	was, err := tx.Prompts(week, person)
	if err != nil {
		return err
	}
	is := was.Plus(more)
	b, err := tx.Burden(week)
	if err != nil {
		return err
	}
	if err := put(tx, promptsKey(week, person), is); err != nil {
		return err
	}
	return put(tx, "burden/"+week, b.with(was, is))
}

// with is the sum after one person's count has changed.
func (b Burden) with(was, is record.Prompts) Burden {
	b.Prompts = record.Prompts{
		Sent: b.Sent + is.Sent - was.Sent, Urgent: b.Urgent + is.Urgent - was.Urgent, Held: b.Held + is.Held - was.Held,
	}
	b.Over += b2i(is.Held > 0) - b2i(was.Held > 0)
	if b.By = maps.Clone(b.By); b.By == nil {
		b.By = map[int]int{}
	}
	if was.Sent > 0 {
		if b.By[was.Sent]--; b.By[was.Sent] == 0 {
			delete(b.By, was.Sent)
		}
	}
	if is.Sent > 0 {
		b.By[is.Sent]++
	}
	return b
}

// Burdened lists up to limit people by the prompts of a week, those first of
// whom most was held back, then those who got most. It reads the week.
func (tx *Tx) Burdened(week string, limit int) ([]record.PersonID, []record.Prompts, error) {
	type entry struct {
		id record.PersonID
		p  record.Prompts
	}
	prefix := promptsKey(week, "")
	var all []entry
	for e, err := range scan[record.Prompts](tx, under(prefix)) {
		if err != nil {
			return nil, nil, err
		}
		all = append(all, entry{record.PersonID(e.key[len(prefix):]), e.val})
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.p.Held, a.p.Held), cmp.Compare(b.p.Sent, a.p.Sent), cmp.Compare(a.id, b.id))
	})
	var ids []record.PersonID
	var counts []record.Prompts
	for _, e := range all[:min(len(all), limit)] {
		ids, counts = append(ids, e.id), append(counts, e.p)
	}
	return ids, counts, nil
}

// PurgePrompts deletes up to limit counts of weeks before one, and the sums with
// them; fewer than limit: none is left.
func (tx *Tx) PurgePrompts(before string, limit int) (deleted int, err error) {
	var keys []string
	for _, topic := range []string{"prompts/", "burden/"} {
		for e, err := range tx.r.Scan(between(topic, topic+before)) {
			if err != nil {
				return 0, err
			}
			if len(keys) == min(limit, kv.MaxWrites) {
				break
			}
			keys = append(keys, string(e.Key))
		}
	}
	for _, key := range keys {
		if err := del(tx, key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

// HoldPrompt settles a notice that is due and pending and that a person is not
// to get this week: it waits until row.NotBefore, or has failed, as row.State
// says. At most five writes.
func (tx *Tx) HoldPrompt(row record.Outbox, week string) error {
	old, found, err := get[record.Outbox](tx, "out/"+row.Key)
	if err != nil || !found || old.State != record.Pending {
		return err
	}
	if err := tx.settle(old, row); err != nil {
		return err
	}
	return tx.CountPrompt(week, row.Person, record.Prompts{Held: 1})
}

// rebuildBurden adds up the weeks anew, for Check. A week whose people are being
// purged has no sum any more, or one that is purged with them.
func rebuildBurden(from, to *Tx) error {
	for e, err := range scan[record.Prompts](from, under("prompts/")) {
		if err != nil {
			return err
		}
		week := e.key[len("prompts/"):]
		week = week[:len("2026-W49")]
		b, err := to.Burden(week)
		if err != nil {
			return err
		}
		if err := put(to, "burden/"+week, b.with(record.Prompts{}, e.val)); err != nil {
			return err
		}
	}
	return nil
}

// promptRow says whether a settled row is one that reached somebody, as far as
// is known.
func promptRow(row record.Outbox) bool {
	return row.Prompt && row.Person != "" && (row.State == record.Sent || row.State == record.Unknown)
}

// CountSettled counts a row that was settled, if it is a prompt that went out.
func (tx *Tx) CountSettled(week string, row record.Outbox) error {
	if !promptRow(row) {
		return nil
	}
	return tx.CountPrompt(week, row.Person, record.Prompts{Sent: 1, Urgent: b2i(row.UrgentAt(tx.Now))})
}

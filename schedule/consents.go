package schedule

import (
	"context"
	"errors"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// consentChunk is how many consents one transaction asks about: four writes each.
const consentChunk = 20

// graduates is what every morning asks about graduates: facts, and consents that
// end soon.
func (p *Planner) graduates(ctx context.Context) error {
	return errors.Join(p.facts(ctx), p.consents(ctx))
}

// consents asks about consents that end within record.ConsentAskDays, each once:
// the graduate, or the village's secretary where the graduate has no account, once a
// week about all of them. Where nobody can be asked, or the question was lost, it is
// tried again every day, and the consent goes on to stand in the record, though it is
// used no more.
func (p *Planner) consents(ctx context.Context) error {
	for skip, more := 0, true; more; {
		var left int
		err := p.store.Update(ctx, func(tx *storage.Tx) (err error) {
			left, more, err = p.askConsents(tx, skip)
			return err
		})
		if err != nil {
			return err
		}
		skip += left
	}
	return nil
}

// askConsents asks about some consents; left is about how many nobody could be.
func (p *Planner) askConsents(tx *storage.Tx, skip int) (left int, more bool, err error) {
	list, err := tx.ConsentsToAsk(p.cfg.County, skip, consentChunk)
	if err != nil {
		return 0, false, err
	}
	for _, c := range list {
		done, err := p.askConsent(tx, c)
		if err != nil {
			return 0, false, err
		}
		if !done {
			left++
		}
	}
	return left, len(list) == consentChunk, nil
}

// askConsent asks about one consent; done is false where nobody can be asked.
func (p *Planner) askConsent(tx *storage.Tx, c storage.ConsentEnd) (done bool, err error) {
	g, err := tx.Graduate(c.Graduate)
	if err != nil {
		return false, err
	}
	row, found, err := p.consentRow(tx, g, c.Purpose)
	if err != nil || !found {
		return false, err
	}
	added, err := tx.AddOutbox(row)
	if err != nil {
		return false, err
	}
	if !added {
		// A secretary's row of this week: one that is still to be sent will say this
		// consent as well; where it was sent, next week's will.
		was, found, err := tx.Outbox(row.Key)
		if err != nil || !found || was.State != record.Pending {
			return false, err
		}
	}
	return true, tx.AskedConsent(g.ID, c.Purpose, row.Key)
}

// consentRow is the row by which it is asked; found is false where nobody can be.
func (p *Planner) consentRow(tx *storage.Tx, g record.Graduate, purpose record.Purpose) (row record.Outbox, found bool, err error) {
	until := tx.Now.AddDate(0, 0, record.ConsentAskDays)
	if g.Person != "" {
		own, err := tx.Person(g.Person)
		if err != nil {
			return row, false, err
		}
		if own.Enrolled() && own.UnreachableSince.IsZero() {
			return record.Outbox{
				Key:   "consent/" + string(g.ID) + "/" + string(purpose) + "/" + string(record.DateOf(tx.Now.UTC())),
				Class: record.Notice, Kind: record.KindConsent, Person: own.ID,
				NotBefore: p.cfg.Allowed(tx.Now), UselessAfter: until,
				Args: map[string]string{"graduate": string(g.ID), "purpose": string(purpose)},
			}, true, nil
		}
	}
	secretary, held, err := tx.Secretary(g.Village)
	if err != nil || !held || !secretary.Enrolled() || !secretary.UnreachableSince.IsZero() {
		return row, false, err
	}
	return record.Outbox{
		Key:   "consentof/" + calendar.WeekName(tx.Now, p.cfg.Zone) + "/" + string(secretary.ID),
		Class: record.Notice, Kind: record.KindConsentsOf, Person: secretary.ID,
		NotBefore: p.cfg.Allowed(tx.Now.Add(factGather)), UselessAfter: until,
	}, true, nil
}

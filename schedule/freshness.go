package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// factChunk is how many graduates one transaction looks at: at most 18 writes
// each.
const factChunk = 5

const (
	// factUse is how long the question to a graduate may wait for a week with
	// room for it.
	factUse = 14 * 24 * time.Hour
	// factGather is how long a secretary's digest waits for those who fall due
	// on the same morning.
	factGather = 15 * time.Minute
)

// facts looks at the graduates whose facts are due: asks whether they are still
// so, notes that nobody answered, and puts on the call list who stayed silent.
// Each is looked at in a transaction that finds nothing to do when it is repeated.
func (p *Planner) facts(ctx context.Context) error {
	day := record.DateOf(p.store.Now().UTC())
	for after := ""; ; {
		var ids []record.GraduateID
		var next string
		err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
			ids, next, err = tx.FactsDue(p.cfg.County, day, after, factChunk)
			return err
		})
		if err != nil {
			return err
		}
		err = p.store.Update(ctx, func(tx *storage.Tx) error {
			for _, id := range ids {
				if err := p.factStep(tx, id); err != nil && !errors.Is(err, record.ErrNotFound) {
					return fmt.Errorf("facts of %s: %w", id, err)
				}
			}
			return nil
		})
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

// factStep does what is due about one graduate.
func (p *Planner) factStep(tx *storage.Tx, id record.GraduateID) error {
	g, err := tx.Graduate(id)
	if err != nil {
		return err
	}
	if next := tx.Ages().Next(g); next.IsZero() || next.After(tx.Now) {
		_, err := tx.SetAsked(id, func(*record.Asked) {}) // due under other intervals
		return err
	}
	if g.Asked.Open {
		again, err := p.factSilence(tx, &g)
		if err != nil || !again {
			return err
		}
	}
	return p.askFacts(tx, g)
}

// factSilence looks at a question without an answer. One that was never delivered
// is no silence; one that arrived late is waited for longer. again: it is to be
// asked anew now.
func (p *Planner) factSilence(tx *storage.Tx, g *record.Graduate) (again bool, err error) {
	ages := tx.Ages()
	at, lost, err := tx.Arrived(g.Asked.Row)
	switch {
	case err != nil || lost:
		return lost, err
	case at.IsZero(), tx.Now.Before(at.AddDate(0, 0, ages.AnswerDays)):
		return false, nil
	}
	*g, err = tx.SetAsked(g.ID, func(k *record.Asked) {
		k.At, k.Open = at, false
		k.Silences++
		k.Listed = k.Silences >= ages.Silences
	})
	next := ages.Next(*g)
	return err == nil && !next.IsZero() && !next.After(tx.Now), err
}

// askFacts asks the graduate, or the village's secretary where the graduate has no
// account. With nobody to be asked the graduate goes to the call list at once, which
// officers and the next secretary see. To keep a record true belongs to keeping it:
// the consent to keep it is what counts, not that to be written to about posts.
func (p *Planner) askFacts(tx *storage.Tx, g record.Graduate) error {
	if !g.Agrees(record.ToKeep, tx.Now) {
		return nil
	}
	row, of, err := p.factRow(tx, g)
	if err != nil {
		return err
	}
	if of == "" {
		_, err := tx.SetAsked(g.ID, func(k *record.Asked) { k.At, k.Open, k.Listed = tx.Now, false, true })
		return err
	}
	if of == record.BySecretary {
		// One digest a week: what falls due after it is in the next one.
		old, found, err := tx.Outbox(row.Key)
		if err != nil || (found && old.State != record.Pending) {
			return err
		}
	}
	if _, err := tx.AddOutbox(row); err != nil {
		return err
	}
	_, err = tx.SetAsked(g.ID, func(k *record.Asked) { k.At, k.Row, k.Of, k.Open = tx.Now, row.Key, of, true })
	return err
}

// factRow is the row by which a graduate's facts are asked about, and who is asked;
// "": nobody can be.
func (p *Planner) factRow(tx *storage.Tx, g record.Graduate) (row record.Outbox, of record.Source, err error) {
	if g.Person != "" {
		own, err := tx.Person(g.Person)
		if err != nil {
			return row, "", err
		}
		if own.Enrolled() && own.UnreachableSince.IsZero() {
			return record.Outbox{
				Key:   "facts/" + string(g.ID) + "/" + string(record.DateOf(tx.Now.UTC())),
				Class: record.Notice, Kind: record.KindFacts, Person: own.ID,
				NotBefore: p.cfg.Allowed(tx.Now), UselessAfter: tx.Now.Add(factUse),
				Args: map[string]string{"graduate": string(g.ID)},
			}, record.BySelf, nil
		}
	}
	secretary, held, err := tx.Secretary(g.Village)
	if err != nil || !held || !secretary.Enrolled() || !secretary.UnreachableSince.IsZero() {
		return row, "", err
	}
	week := calendar.Week(tx.Now, p.cfg.Zone)
	return record.Outbox{
		Key:   "factsof/" + calendar.WeekName(tx.Now, p.cfg.Zone) + "/" + string(secretary.ID),
		Class: record.Notice, Kind: record.KindFactsOf, Person: secretary.ID,
		NotBefore: p.cfg.Allowed(tx.Now.Add(factGather)), UselessAfter: calendar.Week(week.AddDate(0, 0, 8), p.cfg.Zone),
	}, record.BySecretary, nil
}

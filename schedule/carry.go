package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// carry takes what came of sessions into the ledgers: turns of a cycle are
// served or owed again; the seats of a batch are settled after its last day.
func (p *Planner) carry(ctx context.Context, _ time.Time) error {
	var sessions []record.Session
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		sessions, err = tx.ToCarry(p.cfg.County)
		return err
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range sessions {
		if err := p.carryOne(ctx, s); err != nil {
			faults = append(faults, fmt.Errorf("session %s: %w", s.ID, err))
		}
	}
	return errors.Join(faults...)
}

func (p *Planner) carryOne(ctx context.Context, s record.Session) error {
	var err error
	if s.Cycle != "" {
		err = p.carryTurns(ctx, s)
	} else if s.Batch != "" && s.State == record.Closed {
		err = p.carrySeats(ctx, s)
	}
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.Session(s.ID)
		if err != nil || now.Rev != s.Rev || now.State != s.State {
			return err // changed meanwhile: it is carried once more
		}
		if s.Cycle != "" { // what was corrected since its township was settled is seen here
			townships, err := tx.ExpectedTownships(s.ID)
			if err != nil {
				return err
			}
			for _, t := range townships {
				if err := tx.SettleTurns(s, t, p.cfg.hours()); err != nil {
					return err
				}
			}
		}
		return tx.Carried(s)
	})
}

func (p *Planner) carryTurns(ctx context.Context, s record.Session) error {
	var townships []record.Code
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		townships, err = tx.ExpectedTownships(s.ID)
		return err
	})
	for _, t := range townships {
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return tx.SettleTurns(s, t, p.cfg.hours()) }); err != nil {
			return err
		}
	}
	return err
}

// carrySeats settles the seats of a batch once the last of its days is over.
func (p *Planner) carrySeats(ctx context.Context, s record.Session) error {
	var b record.Batch
	var seats []record.Standing
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		if b, err = tx.Batch(s.Batch); err != nil {
			return err
		}
		for _, id := range b.Sessions {
			day, err := tx.Session(id)
			if err != nil {
				return err
			}
			if !day.Over() {
				seats = nil
				return nil
			}
		}
		seats, err = tx.SeatsOf(b)
		return err
	})
	if err != nil || len(seats) == 0 {
		return err
	}
	for _, st := range seats {
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			_, _, err := tx.SettleSeat(b, st.Village, "", "")
			return err
		})
		if err != nil {
			return err
		}
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error {
		_, err := tx.ChangeBatch(b.ID, func(b *record.Batch) { b.State = record.PlanEnded })
		return err
	})
}

// endPosts ends the posts that were given for a time.
func (p *Planner) endPosts(ctx context.Context, now time.Time) error {
	const atOnce = 4
	today := record.DateOf(now.In(p.cfg.Zone))
	for {
		var due bool
		err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
			due, err = tx.PostsEnd(p.cfg.County, today)
			return err
		})
		if err != nil || !due {
			return err
		}
		err = p.store.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.EndPosts(p.cfg.County, today, atOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
}

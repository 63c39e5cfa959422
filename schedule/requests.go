package schedule

import (
	"context"
	"fmt"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// expireRequests ends leaves and swaps whose deadline has passed, and tells those
// concerned.
func (p *Planner) expireRequests(ctx context.Context, _ time.Time) error {
	var due []record.RequestID
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		due, err = tx.RequestsDue(p.cfg.County)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			expired, err := tx.ExpireRequest(id)
			if err != nil || !expired {
				return err
			}
			return p.tellRequest(tx, id)
		})
		if err != nil {
			return fmt.Errorf("request %s: %w", id, err)
		}
	}
	return nil
}

// tellRequest tells the branches of a request how it stands now.
func (p *Planner) tellRequest(tx *storage.Tx, id record.RequestID) error {
	villages, err := tx.RequestVillages(id)
	if err != nil {
		return err
	}
	for _, v := range villages {
		person, found, err := tx.Secretary(v)
		if err != nil {
			return err
		}
		if !found || !person.Enrolled() {
			continue
		}
		row, err := tx.RequestNotice(id, v, person.ID, p.cfg.hours())
		if err != nil {
			return err
		}
		row.NotBefore = p.cfg.Allowed(tx.Now)
		if _, err := tx.AddOutbox(row); err != nil {
			return err
		}
	}
	return nil
}

// keepLeave excuses branches on approved leave at the sessions that were planned, or
// came to expect them, after the leave was approved.
func (p *Planner) keepLeave(ctx context.Context, now time.Time) error {
	var due []record.Leave
	err := p.store.View(ctx, func(tx *storage.Tx) error {
		due = nil
		list, err := tx.ApprovedLeave(p.cfg.County, record.DateOf(now.In(p.cfg.Zone)))
		for _, l := range list {
			if err != nil {
				return err
			}
			var open bool
			if open, err = tx.LeaveOpen(l, p.cfg.hours()); open {
				due = append(due, l)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range due {
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return tx.KeepLeave(l.ID, p.cfg.hours()) }); err != nil {
			return fmt.Errorf("leave %s: %w", l.ID, err)
		}
	}
	return nil
}

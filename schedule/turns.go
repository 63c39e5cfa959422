package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"headgoose/schedule/rota"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// movesAtOnce is how many turns one transaction moves: those of one session
// share most of their writes. Where they do not fit, they go one by one.
const movesAtOnce = 6

// rotaChanges makes the changes of cycles that are under way, in parts that can
// be repeated, and then tells the branches concerned.
func (p *Planner) rotaChanges(ctx context.Context, _ time.Time) error {
	var open []record.RotaChange
	err := p.store.View(ctx, func(tx *storage.Tx) error {
		open = nil
		cycles, err := tx.Cycles(p.cfg.County)
		if err != nil {
			return err
		}
		for _, c := range cycles {
			id, err := tx.OpenRotaChange(c.ID)
			if err != nil {
				return err
			}
			if id == "" {
				continue
			}
			change, err := tx.RotaChange(c.ID, id)
			if err != nil {
				return err
			}
			open = append(open, change)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, change := range open {
		if err := p.makeChange(ctx, change); err != nil {
			faults = append(faults, fmt.Errorf("cycle %s: %w", change.Cycle, err))
		}
	}
	return errors.Join(faults...)
}

func (p *Planner) makeChange(ctx context.Context, change record.RotaChange) error {
	for change.Done < len(change.Moves) {
		n := movesAtOnce
		next, err := p.moveSome(ctx, change, n)
		for errors.Is(err, kv.ErrTooLarge) && n > 1 {
			n = 1
			next, err = p.moveSome(ctx, change, n)
		}
		if err != nil {
			return err
		}
		change = next
	}
	return p.tellChange(ctx, change)
}

// moveSome makes the next moves of a change. A turn that does not stand where it
// did is left alone; one that finds no room any more is owed, and what is owed is
// placed anew.
func (p *Planner) moveSome(ctx context.Context, change record.RotaChange, n int) (record.RotaChange, error) {
	var next record.RotaChange
	err := p.store.Update(ctx, func(tx *storage.Tx) error {
		var err error
		if next, err = tx.RotaChange(change.Cycle, change.ID); err != nil {
			return err
		}
		c, err := tx.Cycle(p.cfg.County, change.Cycle)
		if err != nil {
			return err
		}
		for _, move := range next.Moves[next.Done:min(len(next.Moves), next.Done+n)] {
			_, err := tx.MoveTurn(c, move, p.cfg.hours(), next.By, next.Reason)
			if errors.Is(err, record.ErrFull) && move.From.Day != "" {
				move.To = record.TurnSlot{} // it cannot stay either
				_, err = tx.MoveTurn(c, move, p.cfg.hours(), next.By, next.Reason)
			}
			if err != nil && !errors.Is(err, record.ErrChanged) && !errors.Is(err, record.ErrFull) && !errors.Is(err, record.ErrSettled) {
				return err
			}
			next.Done++
		}
		return tx.PutRotaChange(next, false)
	})
	return next, err
}

// tellChange tells every branch concerned once, when the whole change is made,
// and ends it.
func (p *Planner) tellChange(ctx context.Context, change record.RotaChange) error {
	villages := concerned(change)
	for {
		var left int
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			now, err := tx.RotaChange(change.Cycle, change.ID)
			if err != nil {
				return err
			}
			part := villages[min(now.Told, len(villages)):]
			part = part[:min(len(part), chunk)]
			for _, v := range part {
				if err := p.tellTurns(tx, now, v); err != nil {
					return err
				}
			}
			now.Told += len(part)
			left = len(villages) - now.Told
			if left == 0 && now.Publication {
				if err := p.published(tx, now.Cycle); err != nil {
					return err
				}
			}
			return tx.PutRotaChange(now, left == 0)
		})
		if err != nil || left == 0 {
			return err
		}
	}
}

func (p *Planner) published(tx *storage.Tx, id record.CycleID) error {
	_, err := tx.ChangeCycle(p.cfg.County, id, func(c *record.Cycle) { c.State, c.Published = record.PlanPublished, tx.Now })
	return err
}

// concerned lists the branches of a change, in the office's order.
func concerned(change record.RotaChange) []record.Code {
	var villages []record.Code
	for _, m := range change.Moves {
		villages = append(villages, m.Village)
	}
	slices.Sort(villages)
	return slices.Compact(villages)
}

// tellTurns writes the row about a branch's turns.
func (p *Planner) tellTurns(tx *storage.Tx, change record.RotaChange, village record.Code) error {
	person, found, err := tx.Secretary(village)
	if err != nil || !found || !person.Enrolled() {
		return err
	}
	var begins []time.Time
	for _, m := range change.Moves {
		if m.Village == village {
			begins = append(begins, p.cfg.hours().Begins(m.From), p.cfg.hours().Begins(m.To))
		}
	}
	_, err = tx.AddOutbox(record.Outbox{
		Key:   fmt.Sprintf("turns/%s/%s/%s", change.Cycle, change.ID, person.ID), // once for all branches of a person
		Class: record.Notice, Kind: record.KindTurns, Person: person.ID,
		NotBefore: p.cfg.Allowed(tx.Now), Change: record.FirstAfter(tx.Now, begins...),
		Args: map[string]string{"cycle": string(change.Cycle), "change": string(change.ID)},
	})
	return err
}

// placeOwed gives turns of published cycles that are owed a day again: after an
// absence, a leave, a cancelled session. It ends a cycle in which nothing is
// left to do. A cycle is looked at when it has changed, and once a day.
func (p *Planner) placeOwed(ctx context.Context, now time.Time) error {
	var cycles []record.Cycle
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		cycles, err = tx.Cycles(p.cfg.County)
		return err
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, c := range cycles {
		if c.State != record.PlanPublished {
			continue
		}
		if err := p.placeOwedOf(ctx, c, now); err != nil {
			faults = append(faults, fmt.Errorf("cycle %s: %w", c.ID, err))
		}
	}
	return errors.Join(faults...)
}

func (p *Planner) placeOwedOf(ctx context.Context, c record.Cycle, now time.Time) error {
	var in record.RotaInput
	var open record.RotaChangeID
	state := ""
	err := p.store.View(ctx, func(tx *storage.Tx) error {
		n, err := tx.TurnCount(c.ID, c.Place)
		if err != nil {
			return err
		}
		state = fmt.Sprint(n, record.DateOf(now.In(p.cfg.Zone)))
		if p.tried[string(c.ID)] == state {
			return nil
		}
		if open, err = tx.OpenRotaChange(c.ID); err != nil || open != "" {
			return err
		}
		in, err = tx.RotaInput(c, p.cfg.hours())
		return err
	})
	if err != nil || open != "" || p.tried[string(c.ID)] == state {
		return err
	}
	if !slices.ContainsFunc(in.Turns, func(t record.Turn) bool { return !t.State.Settled() }) {
		return p.store.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.ChangeCycle(p.cfg.County, c.ID, func(c *record.Cycle) { c.State = record.PlanEnded })
			return err
		})
	}
	moves := slices.DeleteFunc(record.MovesOf(in.Turns, rota.Plan(in)), func(m record.TurnMove) bool { return m.From.Day != "" })
	if len(moves) > 0 {
		err = p.store.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.AddRotaChange(record.RotaChange{Cycle: c.ID, Reason: "make_up", Moves: moves})
			return err
		})
		if errors.Is(err, record.ErrMoving) {
			return nil // an officer's change came first
		}
		if err == nil {
			err = p.rotaChanges(ctx, now)
		}
	}
	if err == nil {
		p.tried[string(c.ID)] = state
	}
	return err
}

package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/schedule/rotation"
	"headgoose/storage"
	"headgoose/storage/record"
)

// programmes lists those of the county in a state.
func (p *Planner) programmes(ctx context.Context, state record.PlanState) (list []record.Programme, err error) {
	err = p.store.View(ctx, func(tx *storage.Tx) error {
		all, err := tx.Programmes(p.cfg.County)
		list = slices.DeleteFunc(all, func(r record.Programme) bool { return r.State != state })
		return err
	})
	return list, err
}

// publish writes the seats of programmes that were decided: seat by seat with
// the row that tells of it, then the sessions of the batches' days, then the
// hosts' posts. Every step can be repeated.
func (p *Planner) publish(ctx context.Context, _ time.Time) error {
	list, err := p.programmes(ctx, record.PlanPublishing)
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range list {
		if err := p.publishOne(ctx, r); err != nil {
			faults = append(faults, fmt.Errorf("programme %s: %w", r.ID, err))
		}
	}
	return errors.Join(faults...)
}

func (p *Planner) publishOne(ctx context.Context, r record.Programme) error {
	var draft record.RotationPlan
	var batches []record.Batch
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		if draft, _, err = tx.Draft(r.ID); err == nil {
			batches, err = tx.Batches(r.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	const atOnce = 5
	for seats := range slices.Chunk(draft.Seats, atOnce) {
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return p.giveSeats(tx, r, seats) }); err != nil {
			return err
		}
	}
	for _, b := range batches {
		if err := p.makeDays(ctx, b); err != nil {
			return fmt.Errorf("batch %s: %w", b.ID, err)
		}
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error {
		if err := tx.DropDraft(r.ID); err != nil {
			return err
		}
		_, err := tx.ChangeProgramme(p.cfg.County, r.ID, func(r *record.Programme) { r.State, r.Published = record.PlanPublished, tx.Now })
		return err
	})
}

// giveSeats writes seats of a draft that have not been written yet. A seat that
// cannot be given any more (the post is vacant now, the batch has begun) is left
// out; it is free for the next in order.
func (p *Planner) giveSeats(tx *storage.Tx, r record.Programme, seats []record.RotationSeat) error {
	for _, seat := range seats {
		st, err := tx.Standing(r.ID, seat.Village)
		if err != nil {
			return err
		}
		if len(st.Rows) > 0 {
			continue // written before
		}
		b, err := tx.Batch(seat.Batch)
		if err != nil {
			return err
		}
		st, err = tx.GiveSeat(r.ID, seat, record.SeatAssigned, p.answerBy(tx.Now, b, r), p.cfg.hours(), r.By)
		switch {
		case errors.Is(err, record.ErrNotFound), errors.Is(err, record.ErrTooLate), errors.Is(err, record.ErrFull):
			continue
		case err != nil:
			return err
		}
		if err := p.tellSeat(tx, st); err != nil {
			return err
		}
	}
	return nil
}

// answerBy is until when a seat of a batch is to be answered: some days after
// now in the evening, not later than the evening two days before it begins.
func (p *Planner) answerBy(now time.Time, b record.Batch, r record.Programme) time.Time {
	evening := calendar.Clock(18, 0)
	by := evening.On(now, r.AnswerDays, p.cfg.Zone)
	start, err := b.From.In(p.cfg.Zone)
	if err != nil {
		return by
	}
	if last := evening.On(start, -2, p.cfg.Zone); last.Before(by) {
		by = last
	}
	if by.Before(now) {
		by = now.Add(2 * time.Hour)
	}
	return by
}

// tellSeat writes the row that tells a branch of its seat as it stands now.
func (p *Planner) tellSeat(tx *storage.Tx, st record.Standing) error {
	person, held, err := tx.Secretary(st.Village)
	if err != nil || !held || !person.Enrolled() {
		return err
	}
	row, err := tx.SeatNotice(st, person.ID, p.cfg.Allowed(tx.Now), p.cfg.hours())
	if err == nil {
		_, err = tx.AddOutbox(row)
	}
	return err
}

// makeDays makes the sessions of a batch's days, with those who have a seat, and
// gives its hosts their posts.
func (p *Planner) makeDays(ctx context.Context, b record.Batch) error {
	if b.State == record.PlanPublished || b.State == record.PlanCancelled || b.State == record.PlanEnded {
		return nil
	}
	days := calendar.Between(b.From, b.To) + 1
	for n := len(b.Sessions); n < days; n++ {
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			now, err := tx.Batch(b.ID)
			if err != nil || len(now.Sessions) != n {
				return err
			}
			return p.makeDay(tx, now, n)
		})
		if err != nil {
			return err
		}
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error {
		for _, host := range b.Hosts {
			ends := calendar.Shift(b.To, hostAfter)
			if err := tx.AppointUntil(host, record.Host, p.cfg.County, record.DateOf(tx.Now.In(p.cfg.Zone)), ends); err != nil {
				return err
			}
		}
		_, err := tx.ChangeBatch(b.ID, func(b *record.Batch) { b.State = record.PlanPublished })
		return err
	})
}

// hostAfter is how many days after a batch its hosts can still correct its
// attendance.
const hostAfter = 3

func (p *Planner) makeDay(tx *storage.Tx, b record.Batch, n int) error {
	seats, err := tx.SeatsOf(b)
	if err != nil {
		return err
	}
	var villages []record.Code
	for _, st := range seats {
		villages = append(villages, st.Village)
	}
	empty := len(villages) == 0
	if empty { // nobody yet: seats are given later
		all, err := tx.Villages(p.cfg.County)
		if err != nil || len(all) == 0 {
			return err
		}
		villages = []record.Code{all[0].Code}
	}
	s := record.Session{
		Place: p.cfg.County, Title: b.Title(), TitleEN: b.TitleEN(), At: b.Place, Hosts: b.Hosts, Batch: b.ID, Day: n + 1,
	}
	if n == 0 {
		s.Meet = b.Meet
	}
	if err := p.cfg.hours().Set(&s, calendar.Shift(b.From, n), b.Hours); err != nil {
		return err
	}
	if s, err = tx.AddSession(s, villages); err != nil {
		return err
	}
	if empty {
		if err := tx.Unexpect(s.ID, villages[0]); err != nil {
			return err
		}
	}
	_, err = tx.ChangeBatch(b.ID, func(b *record.Batch) { b.Sessions = append(b.Sessions, s.ID) })
	return err
}

// seats ends offers that nobody answered, and offers seats that are free to the
// next in order. A programme is looked at when its seats have changed, and once
// an hour.
func (p *Planner) seats(ctx context.Context, now time.Time) error {
	if err := p.lapse(ctx, now); err != nil {
		return err
	}
	list, err := p.programmes(ctx, record.PlanPublished)
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range list {
		if err := p.offerSeats(ctx, r, now); err != nil {
			faults = append(faults, fmt.Errorf("programme %s: %w", r.ID, err))
		}
	}
	return errors.Join(faults...)
}

// lapse ends offers whose time is over.
func (p *Planner) lapse(ctx context.Context, now time.Time) error {
	var due []record.Standing
	err := p.store.View(ctx, func(tx *storage.Tx) error {
		all, err := tx.SeatsDue(p.cfg.County, now, 0)
		due = slices.DeleteFunc(all, func(st record.Standing) bool { return st.State != record.SeatOffered })
		return err
	})
	if err != nil {
		return err
	}
	for _, st := range due {
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			lapsed, err := tx.LapseSeat(st.Programme, st.Village)
			if errors.Is(err, record.ErrChanged) {
				return nil // answered meanwhile
			}
			if err != nil {
				return err
			}
			return p.tellSeat(tx, lapsed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gapsEvery is how often free seats for which nobody was found are looked at
// again though no seat has changed: somebody new may hold a post, or be back.
const gapsEvery = 4 * time.Hour

// offerSeats offers each free seat of a programme to the next in order.
func (p *Planner) offerSeats(ctx context.Context, r record.Programme, now time.Time) error {
	for {
		var free []record.Batch
		state := now.Truncate(gapsEvery).Format(time.RFC3339)
		err := p.store.View(ctx, func(tx *storage.Tx) error {
			batches, err := tx.Batches(r.ID)
			for _, b := range batches {
				state += fmt.Sprint(" ", b.ID, b.Rev, b.Taken)
				if b.State == record.PlanPublished && b.Taken < b.Seats && p.offerUntil(now, b, r).After(now) {
					free = append(free, b)
				}
			}
			return err
		})
		if err != nil || len(free) == 0 || p.tried[string(r.ID)] == state {
			return err
		}
		id, found, err := p.offerable(ctx, r, free)
		if err != nil {
			return err
		}
		if !found {
			p.tried[string(r.ID)] = state
			return nil
		}
		err = p.store.Update(ctx, func(tx *storage.Tx) error { return p.offer(tx, r, id) })
		if err != nil {
			return err
		}
	}
}

// offerable is the first batch for whose free seat somebody is found.
func (p *Planner) offerable(ctx context.Context, r record.Programme, free []record.Batch) (id record.BatchID, found bool, err error) {
	err = p.store.View(ctx, func(tx *storage.Tx) error {
		in, err := tx.RotationInput(r, p.cfg.hours())
		if err != nil {
			return err
		}
		for _, b := range free {
			if _, found, err = p.next(tx, r, in, b.ID); err != nil || found {
				id = b.ID
				return err
			}
		}
		return nil
	})
	return id, found, err
}

// next is the next in order for a seat of a batch, who has not had it before.
func (p *Planner) next(tx *storage.Tx, r record.Programme, in record.RotationInput, id record.BatchID) (seat record.RotationSeat, found bool, err error) {
	seat, found = rotation.Next(in, id, func(v record.Code) bool {
		st, fault := tx.Standing(r.ID, v)
		err = errors.Join(err, fault)
		return slices.ContainsFunc(st.Rows, func(row record.StandingRow) bool { return row.Batch == id })
	})
	return seat, found && err == nil, err
}

// offerUntil is until when a seat that is offered now is kept: not past the
// evening of the day before the day before the batch begins.
func (p *Planner) offerUntil(now time.Time, b record.Batch, r record.Programme) time.Time {
	until := p.cfg.Allowed(now).Add(time.Duration(r.OfferHours) * time.Hour)
	start, err := b.From.In(p.cfg.Zone)
	if err != nil {
		return now
	}
	if last := calendar.Clock(18, 0).On(start, -1, p.cfg.Zone); last.Before(until) {
		until = last
	}
	return until
}

// offer offers one free seat of a batch to the next in order. Where there is
// neither any more, it does nothing.
func (p *Planner) offer(tx *storage.Tx, r record.Programme, id record.BatchID) error {
	b, err := tx.Batch(id)
	if err != nil || b.Taken >= b.Seats {
		return err
	}
	in, err := tx.RotationInput(r, p.cfg.hours())
	if err != nil {
		return err
	}
	seat, found, err := p.next(tx, r, in, id)
	if err != nil || !found {
		return err
	}
	st, err := tx.GiveSeat(r.ID, seat, record.SeatOffered, p.offerUntil(tx.Now, b, r), p.cfg.hours(), "")
	if err != nil {
		return err
	}
	return p.tellSeat(tx, st)
}

// batchDays brings the sessions of batches that were moved or cancelled in line,
// and releases the seats of cancelled ones.
func (p *Planner) batchDays(ctx context.Context, _ time.Time) error {
	list, err := p.programmes(ctx, record.PlanPublished)
	if err != nil {
		return err
	}
	for _, r := range list {
		var batches []record.Batch
		err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
			batches, err = tx.Batches(r.ID)
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range batches {
			state := fmt.Sprint(b.Rev, b.State)
			if (b.State != record.PlanPublished && b.State != record.PlanCancelled) || p.tried["days/"+string(b.ID)] == state {
				continue
			}
			if err := p.moveDays(ctx, b); err != nil {
				return fmt.Errorf("batch %s: %w", b.ID, err)
			}
			p.tried["days/"+string(b.ID)] = state
		}
	}
	return nil
}

func (p *Planner) moveDays(ctx context.Context, b record.Batch) error {
	if b.State == record.PlanCancelled {
		if err := p.releaseSeats(ctx, b); err != nil {
			return err
		}
	}
	for n := range b.Sessions {
		stands := false
		err := p.store.View(ctx, func(tx *storage.Tx) error {
			s, err := tx.Session(b.Sessions[n])
			stands = s.Over() || (b.State != record.PlanCancelled && s.At == b.Place && p.cfg.hours().Of(s).Day == calendar.Shift(b.From, n) && (n > 0 || s.Meet == b.Meet))
			return err
		})
		if err != nil {
			return err
		}
		if stands {
			continue
		}
		err = p.store.Update(ctx, func(tx *storage.Tx) error {
			now, err := tx.Batch(b.ID)
			if err == nil && now.Rev == b.Rev {
				_, err = tx.MoveDay(now, n, p.cfg.hours())
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// releaseSeats releases the seats of a batch that was cancelled, and tells those
// who had them.
func (p *Planner) releaseSeats(ctx context.Context, b record.Batch) error {
	var seats []record.Standing
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		seats, err = tx.SeatsOf(b)
		return err
	})
	if err != nil {
		return err
	}
	for _, st := range seats {
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			released, err := tx.ReleaseSeat(b.Programme, st.Village, p.cfg.hours(), "", "cancelled")
			if errors.Is(err, record.ErrChanged) {
				return nil
			}
			if err != nil {
				return err
			}
			return p.tellSeat(tx, released)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

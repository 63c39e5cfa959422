package schedule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Prompts bounds how many prompts (record.Outbox.Prompt) a person gets in a
// week: the burden budget. What tells of a change within 24 hours goes out all
// the same, and is counted. The zero value counts by weeks of UTC and bounds
// nothing.
type Prompts struct {
	Zone *time.Location
	// Week is the most for everybody, Officer for who holds an office or hosts; 0: no bound.
	Week, Officer int
}

// DefaultPrompts are six a week, and twenty for who answers for others. The
// numbers are the office's to set: the rules of December 2023 against formalism
// at the fingertips (中央网信办 整治指尖上的形式主义) ask for few, and name none.
func DefaultPrompts(zone *time.Location) Prompts { return Prompts{Zone: zone, Week: 6, Officer: 20} }

func (p Prompts) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// WeekName names the week that an instant counts in.
func (p Prompts) WeekName(t time.Time) string { return calendar.WeekName(t, p.zone()) }

// next is the Monday after an instant.
func (p Prompts) next(t time.Time) time.Time {
	return calendar.Week(calendar.Week(t, p.zone()).AddDate(0, 0, 8), p.zone())
}

// most is how many a person may get; 0: no bound.
func (p Prompts) most(tx *storage.Tx, id record.PersonID) (int, error) {
	if p.Week == 0 && p.Officer == 0 {
		return 0, nil
	}
	actor, err := tx.Actor(id)
	if err == nil && actor.Has(record.CountyOfficer, record.TownshipOfficer, record.Host) {
		return p.Officer, nil
	}
	return p.Week, err
}

// verdict on a prompt that is due.
type promptVerdict uint8

const (
	promptGoes  promptVerdict = iota
	promptWaits               // for what is being sent to the person to be settled
	promptHeld                // the week's number is used up
)

// verdict says whether a row may go out now; sending is how many notices are on
// their way to the person.
func (p Prompts) verdict(tx *storage.Tx, row record.Outbox, sending int) (promptVerdict, error) {
	if !row.Prompt || row.UrgentAt(tx.Now) || row.Person == "" {
		return promptGoes, nil
	}
	most, err := p.most(tx, row.Person)
	if err != nil || most == 0 {
		return promptGoes, err
	}
	had, err := tx.Prompts(p.WeekName(tx.Now), row.Person)
	switch {
	case err != nil:
		return promptGoes, err
	case had.Sent >= most:
		return promptHeld, nil
	case had.Sent+sending >= most:
		return promptWaits, nil
	}
	return promptGoes, nil
}

// hold is a row as it stands when the week's number is used up: put off to the
// next week where it will still be of use, else failed, for a person to see. What
// tells of a change waits no longer than until a day before it.
func (p Prompts) hold(row record.Outbox, now time.Time, allowed func(time.Time) time.Time) record.Outbox {
	next := allowed(p.next(now))
	if near := row.Change.Add(-record.ChangeNear); near.After(now) && near.Before(next) {
		next = allowed(near)
	}
	row.Reason = record.ReasonBudget
	if useless(row, next) {
		row.State = record.Failed
		return row
	}
	row.State, row.NotBefore = record.Pending, next
	return row
}

// holdChunk is how many rows one transaction holds: five writes each.
const holdChunk = 18

// holdPrompts settles rows that are not to go out this week.
func (d *Delivery) holdPrompts(ctx context.Context, rows []record.Outbox) error {
	for part := range slices.Chunk(rows, holdChunk) {
		err := d.store.Update(ctx, func(tx *storage.Tx) error {
			for _, row := range part {
				held := d.cfg.Prompts.hold(row, tx.Now, d.cfg.Allowed)
				if err := tx.HoldPrompt(held, d.cfg.Prompts.WeekName(tx.Now)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("prompts held: %w", err)
		}
	}
	return nil
}

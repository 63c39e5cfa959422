package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// weekRows is a row for each secretary who is expected somewhere in the weeks
// that a push speaks of, from now on, and has not heard of it by the push
// before: each session is in one push, a week before its own. What has been
// answered is no reason for a row, though it stands in one.
func (p *Planner) weekRows(tx *storage.Tx, slot time.Time) ([]record.Outbox, error) {
	monday, end := weekOf(slot, p.cfg.Zone), pushedUntil(slot, p.cfg.Zone)
	sessions, err := tx.SessionsBetween(p.cfg.County, later(monday, tx.Now), end)
	if err != nil {
		return nil, err
	}
	at := p.cfg.Allowed(tx.Now)
	if !at.Before(end) {
		return nil, nil
	}
	var rows []record.Outbox
	seen := map[record.PersonID]bool{}
	for _, s := range sessions {
		if s.Over() || s.Day > 1 {
			continue
		}
		people, err := p.secretaryRows(tx, s, &decision{kind: record.KindWeek, to: secretaries})
		if err != nil {
			return nil, err
		}
		for _, row := range people {
			if seen[row.Person] {
				continue
			}
			heard, err := p.heardLast(tx, s, row.Person, monday)
			if err != nil {
				return nil, err
			}
			if !heard {
				seen[row.Person] = true
				rows = append(rows, p.weekly(record.KindWeek, row.Person, monday, "", at, end))
			}
		}
	}
	return rows, nil
}

// heardLast says whether a person has been told of a session of the week that
// begins at monday: by the push of the week before, or by an announcement.
func (p *Planner) heardLast(tx *storage.Tx, s record.Session, to record.PersonID, monday time.Time) (bool, error) {
	if !s.Start.Before(monday.AddDate(0, 0, 7)) {
		return false, nil
	}
	last := p.weekly(record.KindWeek, to, monday.AddDate(0, 0, -7), "", monday, monday)
	for _, key := range []string{last.Key, record.NoticeKey(s.ID, to, record.KindAnnounce, fmt.Sprint(s.Rev))} {
		if _, found, err := tx.Outbox(key); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// digestRows is a row for each officer and place; its figures are read when it
// is sent.
func (p *Planner) digestRows(tx *storage.Tx, slot time.Time) ([]record.Outbox, error) {
	places, err := tx.Children(p.cfg.County)
	if err != nil {
		return nil, err
	}
	var townships []record.Code
	for _, place := range places {
		townships = append(townships, place.Code)
	}
	monday, at := calendar.Week(slot, p.cfg.Zone), p.cfg.Allowed(tx.Now)
	return officerRows(tx, p.cfg.County, townships, func(id record.PersonID, place record.Code) record.Outbox {
		return p.weekly(record.KindDigest, id, monday, place, at, slot.Add(72*time.Hour))
	})
}

// weekly is a row about a week, once for the week, the person and the place.
func (p *Planner) weekly(kind string, to record.PersonID, monday time.Time, place record.Code, at, until time.Time) record.Outbox {
	row := record.Outbox{
		Key:   fmt.Sprintf("%s/%s/%s", kind, calendar.WeekName(monday, p.cfg.Zone), to),
		Class: record.Notice, Kind: kind, Person: to, NotBefore: at, UselessAfter: until,
		Args: map[string]string{"from": monday.Format(time.RFC3339)},
	}
	if place != "" {
		row.Key += "/" + string(place)
		row.Args["place"] = string(place)
	}
	return row
}

// upkeep deletes settled rows that are kept no longer, then does what else was
// asked for. A part that fails does not hold up the others.
func (p *Planner) upkeep(ctx context.Context) error {
	before := p.store.Now().Add(-p.cfg.KeepSent)
	faults := []error{p.purge(ctx, before), p.purgePrompts(ctx, p.cfg.Prompts.WeekName(before)), p.forgetTold(ctx)}
	for _, part := range p.cfg.Upkeep {
		faults = append(faults, part(ctx))
	}
	return errors.Join(faults...)
}

func (p *Planner) purge(ctx context.Context, before time.Time) error {
	for from := ""; ; {
		var next string
		err := p.store.Update(ctx, func(tx *storage.Tx) (err error) {
			next, _, err = tx.PurgeOutbox(before, from, chunk)
			return err
		})
		if err != nil || next == "" {
			return err
		}
		from = next
	}
}

func (p *Planner) purgePrompts(ctx context.Context, before string) error {
	for n := kv.MaxWrites; n == kv.MaxWrites; {
		err := p.store.Update(ctx, func(tx *storage.Tx) (err error) {
			n, err = tx.PurgePrompts(before, kv.MaxWrites)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

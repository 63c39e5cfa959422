package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// The sessions that a look sees: those that start within these bounds of now,
// and all that something has been noted about and that are not over.
const (
	lookBack  = 7 * 24 * time.Hour
	lookAhead = (7*pushWeeks + 1) * 24 * time.Hour
)

// sessions does what is due about each session. until is the end of what the
// last weekly push spoke of; zero where there is none, and then every plan is
// announced.
func (p *Planner) sessions(ctx context.Context, now, until time.Time) error {
	var ids []record.SessionID
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		ids, err = p.sessionIDs(tx, now)
		return err
	})
	if err != nil {
		return err
	}
	pushed := func(start time.Time) bool { return until.IsZero() || start.Before(until) }
	var faults []error
	for _, id := range ids {
		if err := p.session(ctx, id, now, pushed); err != nil {
			faults = append(faults, fmt.Errorf("session %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

func (p *Planner) sessionIDs(tx *storage.Tx, now time.Time) ([]record.SessionID, error) {
	ids, err := tx.Saying(p.cfg.County)
	if err != nil {
		return nil, err
	}
	seen := map[record.SessionID]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	list, err := tx.SessionsBetween(p.cfg.County, now.Add(-lookBack), now.Add(lookAhead))
	for _, s := range list {
		if !seen[s.ID] {
			ids = append(ids, s.ID)
		}
	}
	return ids, err
}

// session does one thing after the other about a session until nothing is
// left. A plan that changes meanwhile is looked at anew.
func (p *Planner) session(ctx context.Context, id record.SessionID, now time.Time, pushed func(time.Time) bool) error {
	const most = 10 // a plan that changes faster waits for the next look
	for range most {
		var s record.Session
		var d decision
		var due bool
		var rows []record.Outbox
		err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
			if s, err = tx.Session(id); err != nil {
				return err
			}
			said, err := tx.Said(id)
			if err != nil {
				return err
			}
			if d, due = p.cfg.decide(s, said, now, pushed); due {
				rows, err = p.sessionRows(tx, s, &d)
			}
			return err
		})
		if err != nil || !due {
			return err
		}
		if _, err := p.commit(ctx, rows, stillSo(s), func(tx *storage.Tx) error { return p.note(tx, s, d) }); err != nil {
			return err
		}
	}
	return nil
}

// stillSo asks whether a session is as it was when something was decided.
func stillSo(s record.Session) func(*storage.Tx) (bool, error) {
	return func(tx *storage.Tx) (bool, error) {
		now, err := tx.Session(s.ID)
		return now.Rev == s.Rev && now.State == s.State, err
	}
}

// note keeps what has been said, and closes a session that nobody closed.
func (p *Planner) note(tx *storage.Tx, s record.Session, d decision) error {
	if d.close {
		if _, err := tx.CloseSession(s.ID); err != nil {
			return err
		}
		line := record.Audit{Action: record.RunSession, Session: s.ID, Place: s.Place, Note: "closed after its end, nobody had"}
		if err := tx.Audit(line); err != nil {
			return err
		}
	}
	return tx.SetSaid(s, d.said)
}

// sessionRows makes the rows of a decision, one for each person.
func (p *Planner) sessionRows(tx *storage.Tx, s record.Session, d *decision) ([]record.Outbox, error) {
	switch d.to {
	case secretaries:
		return p.secretaryRows(tx, s, d)
	case hosts:
		ids := s.Hosts
		if len(ids) == 0 && s.By != "" {
			ids = []record.PersonID{s.By}
		}
		var rows []record.Outbox
		for _, id := range ids {
			if person, err := tx.Person(id); err != nil {
				return nil, err
			} else if person.Enrolled() {
				rows = append(rows, sessionRow(s, d, id))
			}
		}
		return rows, nil
	case officers:
		townships, err := tx.ExpectedTownships(s.ID)
		if err != nil {
			return nil, err
		}
		return officerRows(tx, p.cfg.County, townships, func(id record.PersonID, place record.Code) record.Outbox {
			row := sessionRow(s, d, id, string(place))
			row.Args = map[string]string{"place": string(place)}
			return row
		})
	}
	return nil, nil
}

// sessionRow is a row about a session. A kind that speaks of the plan comes
// once for each plan, the others once.
func sessionRow(s record.Session, d *decision, to record.PersonID, parts ...string) record.Outbox {
	parts = append([]string{d.kind}, parts...)
	if d.to == secretaries {
		parts = append(parts, fmt.Sprint(s.Rev))
	}
	row := record.Outbox{
		Key: record.NoticeKey(s.ID, to, parts...), Class: record.Notice, Kind: d.kind,
		Person: to, Session: s.ID, Rev: s.Rev, NotBefore: d.notBefore, UselessAfter: d.until,
		Change: d.change,
	}
	if d.moved {
		row.Args = map[string]string{"moved": "true"}
	}
	return row
}

// secretaryRows is a row for each expected secretary who has neither come nor
// been excused, nor said what makes the row needless, whatever the number of
// villages. Who cannot be written to is counted.
func (p *Planner) secretaryRows(tx *storage.Tx, s record.Session, d *decision) ([]record.Outbox, error) {
	villages, err := tx.Missing(s.ID, p.cfg.County)
	if err != nil {
		return nil, err
	}
	var rows []record.Outbox
	seen := map[record.PersonID]bool{}
	d.said.Unreached = storage.Unreached{}
	by, err := tx.StandIns(s.ID)
	if err != nil {
		return nil, err
	}
	for _, v := range villages {
		if in := by[v]; in != "" {
			v = in // who stands in is reminded, who is stood in for is not
		}
		person, held, err := tx.Secretary(v)
		if err != nil {
			return nil, err
		}
		switch {
		case !held:
			d.said.Unreached.Vacant++
			continue
		case !person.Enrolled():
			d.said.Unreached.NotEnrolled++
			continue
		case !person.UnreachableSince.IsZero():
			d.said.Unreached.Unreachable++
		}
		if a, found, err := tx.Answered(s, v); err != nil {
			return nil, err
		} else if found && a.Covers(d.kind, s.Start) {
			continue
		}
		if !seen[person.ID] {
			seen[person.ID] = true
			rows = append(rows, sessionRow(s, d, person.ID))
		}
	}
	return rows, nil
}

// officerRows is a row for each enrolled officer and place: the county's, and
// those of the townships.
func officerRows(tx *storage.Tx, county record.Code, townships []record.Code, row func(record.PersonID, record.Code) record.Outbox) ([]record.Outbox, error) {
	var rows []record.Outbox
	add := func(role record.Role, place record.Code) error {
		ids, err := tx.Holders(role, place)
		if err != nil {
			return err
		}
		for _, id := range ids {
			person, err := tx.Person(id)
			if err != nil {
				return err
			}
			if person.Enrolled() {
				rows = append(rows, row(id, place))
			}
		}
		return nil
	}
	if err := add(record.CountyOfficer, county); err != nil {
		return nil, err
	}
	for _, place := range townships {
		if err := add(record.TownshipOfficer, place); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

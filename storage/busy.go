package storage

import (
	"time"

	"headgoose/storage/record"
)

// What planners look at: the turns as they stand, and the days on which branches are
// busy.

// RotaInput is what the planner of a cycle looks at, as of today: nothing up to
// and including today is moved.
func (tx *Tx) RotaInput(c record.Cycle, h record.Hours) (record.RotaInput, error) {
	today := record.DateOf(tx.Now.In(h.Zone))
	in := record.RotaInput{Cycle: c, Today: today, Frozen: today}
	var err error
	if in.Turns, err = tx.Turns(c, c.Place); err != nil {
		return in, err
	}
	if in.Days, err = tx.CalendarDays(c.Place, today, aheadOf(today)); err != nil {
		return in, err
	}
	in.Busy, err = tx.BusyDays(c.Place, h, func(s record.Session) bool { return s.Cycle != c.ID })
	return in, err
}

// ahead is how far planners look.
const ahead = 2 * 366 * 24 * time.Hour

func aheadOf(day record.Date) record.Date {
	t, err := day.In(time.UTC)
	if err != nil {
		return "9999"
	}
	return record.DateOf(t.Add(ahead))
}

// BusyDays lists, by branch, the days from today on that sessions which take
// says yes to and approved leave fill.
func (tx *Tx) BusyDays(county record.Code, h record.Hours, take func(record.Session) bool) (map[record.Code][]record.Busy, error) {
	busy := map[record.Code][]record.Busy{}
	now := tx.Now.In(h.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, h.Zone)
	sessions, err := tx.SessionsBetween(county, midnight, midnight.Add(ahead))
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		if s.State == record.Cancelled || !take(s) {
			continue
		}
		villages, err := tx.Expected(s.ID, county)
		if err != nil {
			return nil, err
		}
		day := h.Of(s).Day
		b := record.Busy{Days: record.Days{From: day, To: day}, Kind: kindOf(s), ID: string(s.ID)}
		by, err := tx.StandIns(s.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range by {
			busy[v] = append(busy[v], b)
		}
		for _, v := range villages {
			busy[v] = append(busy[v], b)
		}
	}
	leaves, err := tx.ApprovedLeave(county, record.DateOf(now))
	if err != nil {
		return nil, err
	}
	for _, l := range leaves {
		about, err := tx.Actor(l.Person)
		if err != nil {
			return nil, err
		}
		for _, v := range about.Places(record.Secretary) { // leave follows the person, not the post
			busy[v] = append(busy[v], record.Busy{Days: l.Days, Kind: record.BusyLeave, ID: string(l.ID)})
		}
	}
	return busy, nil
}

// kindOf is what a session fills days with.
func kindOf(s record.Session) record.BusyKind {
	switch {
	case s.Cycle != "":
		return record.BusyTurn
	case s.Batch != "":
		return record.BusyBatch
	}
	return record.BusySession
}

package bot

import (
	"headgoose/storage"
	"headgoose/storage/record"
)

// calendarRota is what a change of the calendar moves in one cycle.
type calendarRota struct {
	c     record.Cycle
	in    record.RotaInput
	plan  record.RotaPlan
	moves []record.TurnMove
}

// calendarMoves plans the cycles that are going on with the calendar as it would
// be. Turns of today and turns that were set by hand stay: kept are the sessions
// that have such turns, or others that do not move.
func (t *Turn) calendarMoves(set, drop []record.CalendarDay) (list []calendarRota, kept map[record.SessionID]bool, err error) {
	cycles, err := t.Cycles(t.b.conf.County)
	if err != nil {
		return nil, nil, err
	}
	kept = map[record.SessionID]bool{}
	for _, c := range cycles {
		if c.State != record.PlanPublished {
			continue
		}
		in, err := t.RotaInput(c, t.hours())
		if err != nil {
			return nil, nil, err
		}
		in.Days = storage.CalendarAfter(t.b.conf.County, in.Days, set, drop)
		plan := t.b.conf.Rota.PlanRota(in)
		moves := record.MovesOf(in.Turns, plan)
		if len(moves) > 0 {
			list = append(list, calendarRota{c, in, plan, moves})
		}
		keep(kept, in.Turns, moves)
	}
	return list, kept, nil
}

// keep notes the sessions of turns that are planned and do not move.
func keep(kept map[record.SessionID]bool, turns []record.Turn, moves []record.TurnMove) {
	type key struct {
		base    record.BaseID
		village record.Code
	}
	moving := map[key]bool{}
	for _, m := range moves {
		moving[key{m.Base, m.Village}] = true
	}
	for _, turn := range turns {
		if turn.State == record.TurnPlanned && !moving[key{turn.Base, turn.Village}] {
			kept[turn.Session] = true
		}
	}
}

// otherSessions counts the sessions on days that are to be off or shut and that
// nothing moves: those that an officer planned, and those of cycles that keep
// turns. Somebody decides on each.
func (t *Turn) otherSessions(set []record.CalendarDay, kept map[record.SessionID]bool) (n int, err error) {
	for _, d := range set {
		if d.Kind == record.Workday {
			continue
		}
		from, err := d.Day.In(t.b.conf.Zone)
		if err != nil {
			return 0, err
		}
		list, err := t.SessionsBetween(t.b.conf.County, from, from.AddDate(0, 0, 1))
		if err != nil {
			return 0, err
		}
		for _, s := range list {
			here := d.Base == "" || s.Base == d.Base
			if here && s.State == record.Planned && (s.Cycle == "" || kept[s.ID]) {
				n++
			}
		}
	}
	return n, nil
}

// followCalendar makes the changes of the cycles that follow from one of the
// calendar, and says how many villages they concern.
func (t *Turn) followCalendar(change record.CalendarChange, rotas []calendarRota, reason string) (told int, err error) {
	change.Rota = map[record.CycleID]record.RotaChangeID{}
	for _, r := range rotas {
		made, err := t.AddRotaChange(record.RotaChange{Cycle: r.c.ID, By: t.Person.ID, Moves: r.moves, Reason: reason})
		if err != nil {
			return told, err
		}
		change.Rota[r.c.ID] = made.ID
		told += len(villagesOf(r.moves))
	}
	return told, t.PutCalendarChange(t.b.conf.County, change)
}

// undoRotas are the changes that take back what a change of the calendar moved.
func (t *Turn) undoRotas(last record.CalendarChange) (undos []record.RotaChange, moved int, err error) {
	cycles, err := t.Cycles(t.b.conf.County)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range cycles {
		id, found := last.Rota[c.ID]
		if !found || c.State != record.PlanPublished {
			continue
		}
		change, err := t.RotaChange(c.ID, id)
		if err != nil {
			return nil, 0, err
		}
		back, err := t.movesBack(c, record.Net(change.Moves))
		if err != nil {
			return nil, 0, err
		}
		if len(back) > 0 && change.Undone == "" {
			undos = append(undos, record.RotaChange{Cycle: c.ID, By: t.Person.ID, Reason: "undo", Undo: id, Moves: back})
			moved += len(villagesOf(back))
		}
	}
	return undos, moved, nil
}

// weeksTo counts the weeks from this one to that of a day.
func (t *Turn) weeksTo(day record.Date) int {
	at, err := day.In(t.b.conf.Zone)
	if err != nil {
		return 0
	}
	return weeksBetween(weekStart(t.Now), weekStart(at))
}

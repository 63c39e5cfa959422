package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Who has not answered is told to the officers as one digest, in working hours:
// to the township's at SilentAt of the last workday but one before it is too
// late, and those who are silent still to the county's at StillAt of the last
// one. A session's last workday is its own day, or the workday before where it
// begins before StillAt or on a day off. A digest says everything that is open
// when it is sent; it is made for what none has spoken of. So what Monday morning expects is told
// to the township on Friday afternoon and to the county on Monday. A study note that
// is late is told to the township after it was due, and to the county a week later.

// dayTable is the county's calendar around an instant.
func (p *Planner) dayTable(tx *storage.Tx, now time.Time) (calendar.Table, error) {
	today := record.DateOf(now.In(p.cfg.Zone))
	days, err := tx.CalendarDays(p.cfg.County, calendar.Shift(today, -7), calendar.Shift(today, 45))
	return calendar.NewTable(days), err
}

// stillAt is the instant of the county's digest on the first workday after so
// many.
func (p *Planner) stillAt(table calendar.Table, after time.Time, workdays int) time.Time {
	day := record.DateOf(after.In(p.cfg.Zone))
	for range workdays {
		day = table.NextWorkday(day)
	}
	midnight, err := day.In(p.cfg.Zone)
	if err != nil {
		return after
	}
	return p.cfg.StillAt.On(midnight, 0, p.cfg.Zone)
}

// silentRows are the digests to the townships' officers of a slot. Where a
// township has none, the county's are told in their place.
func (p *Planner) silentRows(tx *storage.Tx, slot time.Time) ([]record.Outbox, error) {
	table, err := p.dayTable(tx, slot)
	if err != nil || !table.Workday(record.DateOf(slot.In(p.cfg.Zone))) {
		return nil, err
	}
	until := p.stillAt(table, slot, 2)
	// What begins before the county's next digest has been told.
	places, err := p.silentTownships(tx, p.stillAt(table, slot, 1), until)
	if err != nil {
		return nil, err
	}
	due, err := p.seatsOverdue(tx, slot)
	if err != nil {
		return nil, err
	}
	notes, err := p.notesOverdue(tx, slot, 0)
	if err != nil {
		return nil, err
	}
	places = slices.Compact(slices.Sorted(slices.Values(slices.Concat(places, due, notes))))
	to := map[record.PersonID][]record.Code{}
	for _, place := range places {
		officers, err := p.enrolled(tx, record.TownshipOfficer, place)
		if err == nil && len(officers) == 0 {
			officers, err = p.enrolled(tx, record.CountyOfficer, p.cfg.County)
		}
		if err != nil {
			return nil, err
		}
		for _, id := range officers {
			to[id] = append(to[id], place)
		}
	}
	return p.silentDigests(tx, to, slot, until), nil
}

// stillSilentRows are the digests to the county's officers of a slot.
func (p *Planner) stillSilentRows(tx *storage.Tx, slot time.Time) ([]record.Outbox, error) {
	table, err := p.dayTable(tx, slot)
	if err != nil || !table.Workday(record.DateOf(slot.In(p.cfg.Zone))) {
		return nil, err
	}
	until := p.stillAt(table, slot, 1)
	places, err := p.silentTownships(tx, slot, until)
	if err != nil {
		return nil, err
	}
	notes, err := p.notesOverdue(tx, slot, stillLate)
	if err != nil || len(places)+len(notes) == 0 {
		return nil, err
	}
	officers, err := p.enrolled(tx, record.CountyOfficer, p.cfg.County)
	to := map[record.PersonID][]record.Code{}
	for _, id := range officers {
		to[id] = []record.Code{p.cfg.County}
	}
	return p.silentDigests(tx, to, slot, until), err
}

func (p *Planner) enrolled(tx *storage.Tx, role record.Role, place record.Code) ([]record.PersonID, error) {
	ids, err := tx.Holders(role, place)
	if err != nil {
		return nil, err
	}
	var list []record.PersonID
	for _, id := range ids {
		person, err := tx.Person(id)
		if err != nil {
			return nil, err
		}
		if person.Enrolled() {
			list = append(list, id)
		}
	}
	return list, nil
}

// silentTownships lists the townships of which a branch has not answered a
// session that begins after an instant and not after another.
func (p *Planner) silentTownships(tx *storage.Tx, after, until time.Time) ([]record.Code, error) {
	sessions, err := tx.SessionsBetween(p.cfg.County, later(after, tx.Now).Add(1), until.Add(1))
	if err != nil {
		return nil, err
	}
	var places []record.Code
	for _, s := range sessions {
		if s.Over() || s.Day > 1 {
			continue
		}
		silent, err := tx.Silent(s, p.cfg.County)
		if err != nil {
			return nil, err
		}
		for _, v := range silent {
			places = append(places, v.Township())
		}
	}
	return places, nil
}

// seatsOverdue lists the townships of the seats whose answer was due in the day
// before a slot; those that were due earlier have stood in a digest.
func (p *Planner) seatsOverdue(tx *storage.Tx, slot time.Time) ([]record.Code, error) {
	const most = 500
	seats, err := tx.SeatsDue(p.cfg.County, slot, most)
	var places []record.Code
	for _, st := range seats {
		if st.State == record.SeatAssigned && slot.Sub(st.AnswerBy) < 24*time.Hour {
			places = append(places, st.Village.Township())
		}
	}
	return places, err
}

// stillLate is after how many days a late note is told to the county.
const stillLate = 7

// notesOverdue lists the townships of the notes that have come to be so many days
// late since the workday before a slot; the others have stood in a digest.
func (p *Planner) notesOverdue(tx *storage.Tx, slot time.Time, days int) ([]record.Code, error) {
	table, err := p.dayTable(tx, slot)
	if err != nil {
		return nil, err
	}
	today := record.DateOf(slot.In(p.cfg.Zone))
	last := today.Shift(-1)
	for !table.Workday(last) {
		last = last.Shift(-1)
	}
	late, err := tx.LateNotes(p.cfg.County, today.Shift(-days))
	var places []record.Code
	for _, n := range late {
		if n.Due >= last.Shift(-days) {
			places = append(places, n.Village.Township())
		}
	}
	return places, err
}

// silentDigests is a row for each officer, once for a slot; the names are read
// when it is sent.
func (p *Planner) silentDigests(tx *storage.Tx, to map[record.PersonID][]record.Code, slot, until time.Time) []record.Outbox {
	at := p.cfg.Allowed(tx.Now)
	var rows []record.Outbox
	for id, places := range to {
		var codes []string
		for _, place := range places {
			codes = append(codes, string(place))
		}
		rows = append(rows, record.Outbox{
			Key:   fmt.Sprintf("silent/%s/%s", slot.In(p.cfg.Zone).Format("2006-01-02T15:04"), id),
			Class: record.Notice, Kind: record.KindSilent, Person: id, NotBefore: at, UselessAfter: until,
			Args: map[string]string{"places": strings.Join(codes, ","), "until": until.Format(time.RFC3339)},
		})
	}
	slices.SortFunc(rows, func(a, b record.Outbox) int { return strings.Compare(a.Key, b.Key) })
	return rows
}

package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Who newly fits a saved screening of graduates is told to the officer who saved
// it, once a week on the first workday's morning, all screenings in one message,
// and only where somebody does. What was told is forgotten at the next upkeep;
// what did not arrive stays for the next week.

const (
	screenLine = "0 9 * * *"
	// screenDrop is how late the word may come: the office is at work still.
	screenDrop = 8 * time.Hour
	// screenUse is how long it is of use: until before the next.
	screenUse = 6 * 24 * time.Hour
	// toldWeeks is how far back the last word is looked for.
	toldWeeks = 8
)

// screenAgain looks again at graduates whose place in a screening has ended with
// time, and at those for whom a change had no room.
func (p *Planner) screenAgain(ctx context.Context, _ time.Time) error {
	for {
		due := false
		err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
			due, err = tx.ScreenDue(p.cfg.County)
			return err
		})
		if err != nil || !due {
			return err
		}
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return tx.ScreenAgain(p.cfg.County) }); err != nil {
			return err
		}
	}
}

// countyAndTownships lists the county, then its townships.
func (p *Planner) countyAndTownships(tx *storage.Tx) ([]record.Code, error) {
	towns, err := tx.Children(p.cfg.County)
	places := []record.Code{p.cfg.County}
	for _, town := range towns {
		places = append(places, town.Code)
	}
	return places, err
}

// screenRows are the words to the officers of a slot.
func (p *Planner) screenRows(tx *storage.Tx, slot time.Time) ([]record.Outbox, error) {
	first, err := p.firstWorkday(tx, slot)
	if err != nil || !first {
		return nil, err
	}
	screens, err := p.screenings(tx)
	if err != nil {
		return nil, err
	}
	ids, since := map[record.PersonID][]string{}, map[record.PersonID]time.Time{}
	for _, s := range screens {
		if _, asked := since[s.By]; !asked {
			if since[s.By], err = p.toldUntil(tx, s.By, tx.Now); err != nil {
				return nil, err
			}
		}
		news, err := tx.ScreenNews(s.ID, since[s.By], tx.Now)
		if err != nil {
			return nil, err
		}
		may, err := p.mayScreen(tx, s)
		if err != nil {
			return nil, err
		}
		if len(news) > 0 && may {
			ids[s.By] = append(ids[s.By], string(s.ID))
		}
	}
	var rows []record.Outbox
	for id, list := range ids {
		rows = append(rows, record.Outbox{
			Key: p.screenKey(slot, id), Class: record.Notice, Kind: record.KindScreened, Person: id,
			NotBefore: p.cfg.Allowed(tx.Now), UselessAfter: slot.Add(screenUse),
			Args: map[string]string{
				"ids": strings.Join(list, ","), "since": since[id].Format(time.RFC3339Nano), "at": tx.Now.Format(time.RFC3339Nano),
			},
		})
	}
	slices.SortFunc(rows, func(a, b record.Outbox) int { return strings.Compare(a.Key, b.Key) })
	return rows, nil
}

func (p *Planner) screenKey(at time.Time, id record.PersonID) string {
	return fmt.Sprintf("%s/%s/%s", record.KindScreened, calendar.WeekName(at, p.cfg.Zone), id)
}

// firstWorkday says whether a slot lies on the first workday of its week.
func (p *Planner) firstWorkday(tx *storage.Tx, slot time.Time) (bool, error) {
	table, err := p.dayTable(tx, slot)
	if err != nil {
		return false, err
	}
	today := record.DateOf(slot.In(p.cfg.Zone))
	for day := record.DateOf(calendar.Week(slot, p.cfg.Zone)); day < today; day = day.Shift(1) {
		if table.Workday(day) {
			return false, nil
		}
	}
	return table.Workday(today), nil
}

// screenings lists all of the county.
func (p *Planner) screenings(tx *storage.Tx) ([]record.Screening, error) {
	places, err := p.countyAndTownships(tx)
	var all []record.Screening
	for _, place := range places {
		list, err := tx.Screenings(place)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, err
}

// mayScreen says whether who saved a screening can be written to and still may
// see who fits it.
func (p *Planner) mayScreen(tx *storage.Tx, s record.Screening) (bool, error) {
	actor, err := tx.Actor(s.By)
	if err != nil || record.Allow(actor, record.ScreenGraduates, record.Object{Place: s.Place}) != nil {
		return false, err
	}
	person, err := tx.Person(s.By)
	return person.Enrolled(), err
}

// toldUntil is until when an officer has been told who newly fits, by the last
// word that arrived; zero where none did in the last weeks.
func (p *Planner) toldUntil(tx *storage.Tx, id record.PersonID, now time.Time) (time.Time, error) {
	for week := range toldWeeks {
		row, found, err := tx.Outbox(p.screenKey(now.AddDate(0, 0, -7*week), id))
		if err != nil {
			return time.Time{}, err
		}
		if !found || (row.State != record.Sent && row.State != record.Unknown) {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, row.Args["at"]); err == nil {
			return at, nil
		}
	}
	return time.Time{}, nil
}

// forgetTold forgets that those are new of whom the officers have been told.
func (p *Planner) forgetTold(ctx context.Context) error {
	type told struct {
		id record.ScreeningID
		at time.Time
	}
	var all []told
	err := p.store.View(ctx, func(tx *storage.Tx) error {
		all = nil
		screens, err := p.screenings(tx)
		if err != nil {
			return err
		}
		for _, s := range screens {
			at, err := p.toldUntil(tx, s.By, tx.Now)
			if err != nil {
				return err
			}
			if !at.IsZero() {
				all = append(all, told{s.ID, at})
			}
		}
		return nil
	})
	for _, one := range all {
		for more := err == nil; more; {
			if err := p.store.Update(ctx, func(tx *storage.Tx) (err error) {
				more, err = tx.ScreenTold(one.id, one.at)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return err
}

// markMonths is not a job's: the month that is going on, and not kept yet.
const markMonths = "graduate months"

// placesAtOnce is how many places one transaction keeps a month of.
const placesAtOnce = 80

// keepMonths keeps what is counted of the graduates of the county and each
// township when a month has ended in which it looked: what was counted then
// stands as long as nothing runs. The months before the first look ever stay
// empty, and so do those during which nothing ran.
func (p *Planner) keepMonths(ctx context.Context, now time.Time) error {
	local := now.In(p.cfg.Zone)
	this := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, p.cfg.Zone)
	var places []record.Code
	var mark time.Time
	found := false
	err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		if mark, found, err = tx.JobMark(markMonths); err == nil && found && mark.Before(this) {
			places, err = p.countyAndTownships(tx)
		}
		return err
	})
	if err != nil || (found && !mark.Before(this)) {
		return err
	}
	month := record.Date(mark.In(p.cfg.Zone).Format("2006-01"))
	for part := range slices.Chunk(places, placesAtOnce) {
		if err := p.store.Update(ctx, func(tx *storage.Tx) error { return tx.KeepMonth(part, month) }); err != nil {
			return err
		}
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error { return tx.SetJobMark(markMonths, this) })
}

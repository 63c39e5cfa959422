package schedule

import (
	"time"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Late is what happens to slots that were missed.
type Late struct {
	// Last: of several, only the last is caught up.
	Last bool
	// Drop: a slot older than that is of no use; 0: never.
	Drop time.Duration
}

// slots lists what a job has to do at now: the slots in (mark, now] that are
// still of use, oldest first, and the mark to keep when they are done. A now
// before the mark (the clock was set back) makes nothing due and leaves the
// mark.
func slots(next func(time.Time) time.Time, mark, now time.Time, late Late) (due []time.Time, done time.Time) {
	done = mark
	for slot := next(mark); !slot.IsZero() && !slot.After(now); slot = next(slot) {
		done = slot
		if late.Drop > 0 && now.Sub(slot) > late.Drop {
			continue
		}
		if late.Last {
			due = due[:0]
		}
		due = append(due, slot)
	}
	return due, done
}

// pushWeeks is how many weeks a weekly push speaks of: a session stands in one
// for the first time a week before its own.
const pushWeeks = 2

// pushedUntil is the end of what a weekly push at an instant speaks of.
func pushedUntil(push time.Time, zone *time.Location) time.Time {
	return weekOf(push, zone).AddDate(0, 0, 7*pushWeeks)
}

// weekOf is the Monday that begins the weeks which a weekly push at an instant
// speaks of: from Friday on it is the coming one.
func weekOf(push time.Time, zone *time.Location) time.Time {
	return calendar.Week(push.AddDate(0, 0, 3), zone)
}

// audience is whom something about a session is said to.
type audience uint8

const (
	nobody      audience = iota
	secretaries          // the expected ones who have not answered
	hosts
	officers // of the county and of the expected townships
)

// decision is the next thing to do about a session, and what is noted with it.
type decision struct {
	kind      string
	to        audience
	moved     bool // people had heard of an earlier plan
	notBefore time.Time
	until     time.Time // of no use after
	close     bool      // end the check-in first
	change    time.Time // when that begins of whose change is told
	said      storage.Said
}

// Values of Said.Asked.
const (
	askedHosts  = "hosts"
	askedMissed = "missed"
	askedAuto   = "auto"
	askedTold   = "told"
)

// decide says what is to be done next about a session, at now, after what has
// been said; ok is false when nothing is. pushed says whether the weekly push
// for the week of an instant has been made. It is asked again after every
// decision until nothing is left, and comes to the same rows however often and
// whenever it is asked:
//
//   - A plan that comes up after its people should have heard of it by the
//     weekly push or a reminder is announced at once; so is every change of a
//     plan that they have heard of, and its cancellation. Turns of a cycle and
//     days of a batch are announced by the turn and the seat, and what becomes
//     of a batch is too; its days after the first have no reminders.
//   - A reminder replaces the one before it: after a standstill only the last
//     is made up for, and none that an announcement has just made needless.
//   - A session that is still open, or was never opened, some time after its
//     end is put to its hosts; CloseAfter its end the bot closes it, tells the
//     hosts, and the result goes out. One that was never opened is not closed
//     (nothing was counted): the officers are told instead.
func (c Config) decide(s record.Session, said storage.Said, now time.Time, pushed func(time.Time) bool) (d decision, ok bool) {
	d.said = said
	told := said.Told || (said.Rev > 0 && pushed(said.Start))
	switch {
	case said.Over && said.Rev == s.Rev:
		return d, false
	case s.State == record.Closed:
		return c.result(s, d, now), true
	case s.State == record.Cancelled:
		d.said.Rev, d.said.Over = s.Rev, true
		if told && s.Batch == "" { // those of a batch hear it of their seat
			d = c.say(d, record.KindCancelled, secretaries, now, s.Start)
		}
		return d, true
	case said.Rev != s.Rev:
		return c.firstSight(s, d, now, told, pushed(s.Start)), true
	case now.Before(s.Start):
		return c.reminder(s, d, now)
	}
	return c.overdue(s, d, now)
}

// say fills in what is said, unless quiet hours last until it is of no use.
func (c Config) say(d decision, kind string, to audience, now, until time.Time) decision {
	at := c.Quiet.Next(now, c.Zone)
	if at.Before(until) {
		d.kind, d.to, d.notBefore, d.until = kind, to, at, until
		if k, _ := record.KindOf(kind); k.Change {
			d.change = until
		}
	}
	return d
}

// resultUse is how long a result is of use.
const resultUse = 7 * 24 * time.Hour

func (c Config) result(s record.Session, d decision, now time.Time) decision {
	if d.said.Asked == askedAuto {
		d.said.Asked = askedTold
		return c.say(d, record.KindAutoClosed, hosts, now, s.ClosedAt.Add(resultUse))
	}
	d.said.Rev, d.said.Over = s.Rev, true
	return c.say(d, record.KindResult, officers, now, s.ClosedAt.Add(resultUse))
}

// firstSight looks at a plan for the first time.
func (c Config) firstSight(s record.Session, d decision, now time.Time, told, pushed bool) decision {
	first := d.said.Rev == 0
	d.said = storage.Said{Rev: s.Rev, Start: s.Start, Told: told}
	if s.Batch != "" || (s.Cycle != "" && first) {
		d.said.Told = true // by their seat or turn
		return d
	}
	day, soon := c.reminders(s)
	if told || pushed || !day.After(now) || !soon.After(now) {
		d.moved = told
		d = c.say(d, record.KindAnnounce, secretaries, now, s.Start)
	}
	if d.kind != "" {
		d.said.Told, d.said.Announced = true, d.notBefore
	}
	return d
}

// reminders are the instants of a session's two reminders.
func (c Config) reminders(s record.Session) (day, soon time.Time) {
	return calendar.DayBefore(s.Start, c.DayBefore, c.Zone), s.Start.Add(-c.Before)
}

func (c Config) reminder(s record.Session, d decision, now time.Time) (decision, bool) {
	if s.Day > 1 { // who is reminded of the first day of a batch is there
		return d, false
	}
	day, soon := c.reminders(s)
	at, until, kind := day, s.Start, record.KindDayBefore
	if c.Quiet.Next(soon, c.Zone).Before(s.Start) { // else there is no later one
		until = soon
		if !now.Before(soon) {
			at, until, kind = soon, s.Start, record.KindSoon
		}
	}
	if now.Before(at) || !at.After(d.said.Step) {
		return d, false
	}
	d.said.Step = at
	if c.Quiet.Next(at, c.Zone).Before(d.said.Announced.Add(c.Cover)) {
		return d, true // the announcement stands for it
	}
	d = c.say(d, kind, secretaries, now, until)
	d.said.Told = d.said.Told || d.kind != ""
	return d, true
}

// overdue looks at a session whose time has come and that is not closed.
func (c Config) overdue(s record.Session, d decision, now time.Time) (decision, bool) {
	end := s.End.Add(c.CloseAfter)
	switch {
	case !now.Before(end) && s.State == record.Open:
		d.close, d.said.Asked = true, askedAuto
		return d, true
	case !now.Before(end) && d.said.Asked != askedMissed:
		d.said.Asked = askedMissed
		return c.say(d, record.KindUnclosed, officers, now, end.Add(resultUse)), true
	case !now.Before(s.End.Add(c.AskAfter)) && d.said.Asked == "":
		d.said.Asked = askedHosts
		return c.say(d, record.KindUnclosed, hosts, now, end), true
	}
	return d, false
}

package bot

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The own dates as a calendar file (RFC 5545), for the calendar of the phone. It
// holds sessions and nothing about other people.

// scheduleFile asks for the file; it is made when it is sent, from the plan as it
// then stands.
func (t *Turn) scheduleFile() error {
	if t.Ev.Chat.Group {
		return nil
	}
	t.Queue(record.Outbox{
		Key:   fmt.Sprintf("ics/%016x", uint64(t.Ev.ID)),
		Class: record.Reply, Kind: "ics", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		UselessAfter: t.Now.Add(chartUseful),
	})
	t.Toast(t.Say("export.coming"))
	return nil
}

// icsNotice is the file of a person's dates, with those that are off: a calendar
// that had them takes them out.
func icsNotice(t *Turn, _ record.Outbox) (notice, string, error) {
	dates, err := t.calendarDates()
	if err != nil {
		return notice{}, "", err
	}
	if len(dates) == 0 {
		return notice{card: card{Text: t.Say("schedule.nothing"), rows: [][]Btn{t.homeRow()}}}, "", nil
	}
	name := t.Say("schedule.ics_name") + ".ics"
	body, err := t.calendarFile(dates)
	return notice{
		card: card{Text: t.Say("schedule.ics"), rows: [][]Btn{{t.Btn("my_sessions", "schedule.mine"), t.Btn("home", "start")}}},
		draw: func() ([]byte, *chat.Upload, error) {
			return nil, &chat.Upload{Name: name, Body: body}, nil
		},
	}, "", err
}

// calendarDate is one event of the file.
type calendarDate struct {
	// id is what the date is for the person, whatever becomes of it: a turn, a day
	// of a programme's batch, or else the session. A turn that moves to another
	// session stays the event that it was.
	id string
	// step grows with every change of it.
	step int
	s    record.Session
	off  bool
}

// stepOf counts the steps of a turn or a seat together with the changes of the
// session that it has come to.
func stepOf(rows int, s record.Session) int {
	const mostChanges = 1000 // of one session
	return rows*mostChanges + min(s.Rev, mostChanges-1)
}

// calendarDates lists the person's dates to come: turns and seats first, then what
// is neither.
func (t *Turn) calendarDates() ([]calendarDate, error) {
	sessions, err := t.allMySessions()
	if err != nil {
		return nil, err
	}
	mine := map[record.SessionID]bool{}
	for _, s := range sessions {
		mine[s.ID] = true
	}
	var dates []calendarDate
	for _, v := range t.Actor.Places(record.Secretary) {
		turns, err := t.turnDates(v, mine)
		if err != nil {
			return nil, err
		}
		seats, err := t.seatDates(v, mine)
		if err != nil {
			return nil, err
		}
		dates = append(append(dates, turns...), seats...)
	}
	own := map[record.SessionID]bool{} // said as turns or seats
	for _, d := range dates {
		own[d.s.ID] = own[d.s.ID] || !d.off || d.s.State == record.Cancelled
	}
	for _, s := range sessions {
		if !own[s.ID] {
			dates = append(dates, calendarDate{id: string(s.ID), step: s.Rev, s: s, off: s.State == record.Cancelled})
		}
	}
	return slices.DeleteFunc(dates, func(d calendarDate) bool {
		return !t.Now.Before(d.s.End) || d.s.State == record.Closed
	}), nil
}

// turnDates are the turns of a branch: where each is to be served, or, of one that
// has no day any more or for which another branch attends, the day that it had.
func (t *Turn) turnDates(v record.Code, mine map[record.SessionID]bool) ([]calendarDate, error) {
	turns, err := t.TurnsOf(v)
	if err != nil {
		return nil, err
	}
	var dates []calendarDate
	for _, turn := range turns {
		id := turn.Session
		for i := len(turn.Rows) - 1; i >= 0 && id == ""; i-- {
			id = turn.Rows[i].Session
		}
		if id == "" {
			continue // never had a day
		}
		s, err := t.Session(id)
		if err != nil {
			return nil, err
		}
		stands := turn.State == record.TurnPlanned && turn.Session == s.ID && turn.Substitute == "" && mine[s.ID] && s.State != record.Cancelled
		dates = append(dates, calendarDate{
			id:   strings.Join([]string{"turn", string(turn.Cycle), string(turn.Base), string(v)}, "-"),
			step: stepOf(len(turn.Rows), s), s: s, off: !stands,
		})
	}
	return dates, nil
}

// seatDates are the days of the batches in which a branch has a seat, or had one:
// a batch with fewer days than the one before takes the others off.
func (t *Turn) seatDates(v record.Code, mine map[record.SessionID]bool) ([]calendarDate, error) {
	seats, err := t.StandingsOf(v)
	if err != nil {
		return nil, err
	}
	var dates []calendarDate
	for _, st := range seats {
		var had []record.BatchID // the newest first
		for _, row := range slices.Backward(st.Rows) {
			if row.Batch != "" && !slices.Contains(had, row.Batch) {
				had = append(had, row.Batch)
			}
		}
		days := 0
		for _, id := range had {
			b, err := t.Batch(id)
			if err != nil {
				return nil, err
			}
			for day := days; day < len(b.Sessions); day++ {
				s, err := t.Session(b.Sessions[day])
				if err != nil {
					return nil, err
				}
				dates = append(dates, calendarDate{
					id:   strings.Join([]string{"seat", string(st.Programme), string(v), itoa(day + 1)}, "-"),
					step: stepOf(len(st.Rows), s), s: s, off: !mine[s.ID] || s.State == record.Cancelled || id != st.Batch,
				})
			}
			days = max(days, len(b.Sessions))
		}
	}
	return dates, nil
}

// calendarFile writes dates as events (RFC 5545). An event's UID is that of the
// date for good, and its SEQUENCE grows with every change: a calendar changes the
// event that it has. Times are in UTC, which needs no table of zones. What is off
// says so in its title too, for a phone that does not look at its STATUS.
func (t *Turn) calendarFile(dates []calendarDate) ([]byte, error) {
	cal := ics.NewCalendarFor("Headgoose")
	cal.SetMethod(ics.MethodPublish)
	for _, d := range dates {
		s := d.s
		e := cal.AddEvent(d.id + "@headgoose." + string(t.b.conf.County))
		e.SetDtStampTime(t.Now.UTC().Truncate(time.Second))
		e.SetStartAt(s.Start.UTC())
		e.SetEndAt(s.End.UTC())
		e.SetSequence(d.step)
		e.SetStatus(ics.ObjectStatusConfirmed)
		e.SetSummary(t.title(s))
		if d.off {
			e.SetStatus(ics.ObjectStatusCancelled)
			e.SetSummary(t.Say("schedule.ics_off", text.A{"Title": t.title(s)}))
		}
		if s.At != "" {
			e.SetLocation(s.At)
		}
		if s.Meet != "" {
			e.SetDescription(t.Say("schedule.ics_meet", t.sessionArgs(s)))
		}
	}
	var b bytes.Buffer
	err := cal.SerializeTo(&b, ics.WithNewLineWindows)
	return b.Bytes(), err
}

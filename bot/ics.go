package bot

import (
	"bytes"
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"headgoose/bot/chat"
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

// icsNotice is the file of a person's dates, cancelled ones among them: a calendar
// that had them takes them out.
func icsNotice(t *Turn, _ record.Outbox) (notice, string, error) {
	list, err := t.allMySessions()
	if err != nil {
		return notice{}, "", err
	}
	var coming []record.Session
	for _, s := range list {
		if t.Now.Before(s.End) && s.State != record.Closed {
			coming = append(coming, s)
		}
	}
	if len(coming) == 0 {
		return notice{card: card{Text: t.Say("schedule.nothing"), rows: [][]Btn{t.homeRow()}}}, "", nil
	}
	name := t.Say("schedule.ics_name") + ".ics"
	body, err := t.calendarFile(coming)
	return notice{
		card: card{Text: t.Say("schedule.ics"), rows: [][]Btn{{t.Btn("my_sessions", "schedule.mine"), t.Btn("home", "start")}}},
		draw: func() ([]byte, *chat.Upload, error) {
			return nil, &chat.Upload{Name: name, Body: body}, nil
		},
	}, "", err
}

// calendarFile writes sessions as events. An event's UID is that of the session
// for good, and its SEQUENCE the session's Rev, which grows with every change of
// time and place: a calendar changes the event that it has. Times are in UTC,
// which needs no table of zones.
func (t *Turn) calendarFile(sessions []record.Session) ([]byte, error) {
	cal := ics.NewCalendarFor("Headgoose")
	cal.SetMethod(ics.MethodPublish)
	for _, s := range sessions {
		e := cal.AddEvent(string(s.ID) + "@headgoose." + string(t.b.conf.County))
		e.SetDtStampTime(t.Now.UTC().Truncate(time.Second))
		e.SetStartAt(s.Start.UTC())
		e.SetEndAt(s.End.UTC())
		e.SetSequence(s.Rev)
		e.SetSummary(t.title(s))
		if s.At != "" {
			e.SetLocation(s.At)
		}
		if s.Meet != "" {
			e.SetDescription(t.Say("schedule.ics_meet", t.sessionArgs(s)))
		}
		e.SetStatus(ics.ObjectStatusConfirmed)
		if s.State == record.Cancelled {
			e.SetStatus(ics.ObjectStatusCancelled)
		}
	}
	var b bytes.Buffer
	err := cal.SerializeTo(&b, ics.WithNewLineWindows)
	return b.Bytes(), err
}

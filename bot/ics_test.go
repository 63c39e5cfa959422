package bot

import (
	"bytes"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"headgoose/storage"
	"headgoose/storage/record"
)

// calendar presses the button and reads the file that comes.
func calendar(t *testing.T, p persona) *ics.VEvent {
	t.Helper()
	p.line("schedule.file")
	m := p.last()
	if m.Document == nil || m.Document.Name != "日程.ics" {
		t.Fatalf("no file came but %q", m.Text)
	}
	if body := bytes.ReplaceAll(m.Document.Body, []byte("\r\n"), nil); bytes.ContainsAny(body, "\r\n") {
		t.Error("a line does not end in CRLF (RFC 5545, 3.1)")
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(m.Document.Body))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatalf("%v\n%s", err, m.Document.Body)
	}
	return cal.Events()[0]
}

func says(e *ics.VEvent, p ics.ComponentProperty) string {
	if prop := e.GetProperty(p); prop != nil {
		return prop.Value
	}
	return ""
}

func TestCalendarFile(t *testing.T) {
	w := newOfficeWorld(t)
	first := calendar(t, w.xia)
	if at, err := first.GetStartAt(); err != nil || !at.Equal(w.thursday.Start) {
		t.Errorf("starts %v, %v", at, err)
	}
	if !strings.HasSuffix(says(first, ics.ComponentPropertyDtStart), "Z") {
		t.Error("the time is not in UTC")
	}
	w.do(func(tx *storage.Tx) error {
		_, err := tx.ChangeSession(w.thursday.ID, func(s *record.Session) {
			s.Title = "学习,交流;第一次\nBEGIN:VALARM"
			s.Start, s.End = s.Start.Add(time.Hour), s.End.Add(time.Hour)
			s.Opens, s.LateFrom = s.Opens.Add(time.Hour), s.LateFrom.Add(time.Hour)
		})
		return err
	})
	moved := calendar(t, w.xia)
	if moved.Id() != first.Id() || says(moved, ics.ComponentPropertySequence) <= says(first, ics.ComponentPropertySequence) {
		t.Errorf("a moved session is %s, %s after %s, %s", moved.Id(), says(moved, ics.ComponentPropertySequence), first.Id(), says(first, ics.ComponentPropertySequence))
	}
	if at, _ := moved.GetStartAt(); !at.Equal(w.thursday.Start.Add(time.Hour)) || len(moved.Alarms()) != 0 {
		t.Errorf("moved to %v, with %d alarms", at, len(moved.Alarms()))
	}
	w.do(func(tx *storage.Tx) error { _, err := tx.CancelSession(w.thursday.ID); return err })
	if off := calendar(t, w.xia); off.Id() != first.Id() || says(off, ics.ComponentPropertyStatus) != "CANCELLED" {
		t.Errorf("a cancelled session is %s, %s", off.Id(), says(off, ics.ComponentPropertyStatus))
	}
}

func TestCalendarFileOfNothing(t *testing.T) {
	w := newOfficeWorld(t)
	host := w.person("主持人 001", record.Host, hualong)
	if host.line("schedule.file").last().Document != nil {
		t.Error("an empty calendar was sent")
	}
	host.sees("近期没有您的安排")
}

package bot

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"headgoose/storage"
	"headgoose/storage/record"
)

// turnEvents are the events of the person's file, without those of the office's
// other sessions.
func turnEvents(t *testing.T, p persona, kind string) []*ics.VEvent {
	t.Helper()
	p.line("schedule.file")
	cal, err := ics.ParseCalendar(bytes.NewReader(p.last().Document.Body))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(cal.Events(), func(e *ics.VEvent) bool { return !strings.HasPrefix(e.Id(), kind) })
}

// one is the only event of a kind, as a phone that takes the file in sees it.
func one(t *testing.T, p persona, kind string) (e *ics.VEvent, step int, at time.Time) {
	t.Helper()
	list := turnEvents(t, p, kind)
	if len(list) != 1 {
		t.Fatalf("%d events of a %s: %v", len(list), kind, list)
	}
	step, err := strconv.Atoi(says(list[0], ics.ComponentPropertySequence))
	if err != nil {
		t.Fatal(err)
	}
	at, err = list[0].GetStartAt()
	if err != nil {
		t.Fatal(err)
	}
	return list[0], step, at
}

// A turn stays one event of a phone's calendar wherever it goes: to another
// session, to none, and back to the first one.
func TestCalendarFileOfATurn(t *testing.T) {
	w := newOfficeWorld(t)
	c, hours := w.cycle()
	var from record.TurnSlot
	move := func(day record.Date) {
		t.Helper()
		to := record.TurnSlot{}
		if day != "" {
			to = record.TurnSlot{Day: day, Hours: "09:00-11:30"}
		}
		w.do(func(tx *storage.Tx) error {
			_, err := tx.MoveTurn(c, record.TurnMove{Base: "clean", Village: xiajiahe, From: from, To: to}, hours, w.county.id, "")
			return err
		})
		from = to
	}
	begins := func(day int) time.Time { return time.Date(2026, 12, day, 9, 0, 0, 0, w.now.Location()) }
	move("2026-12-11")
	first, step, at := one(t, w.xia, "turn-")
	if !at.Equal(begins(11)) || says(first, ics.ComponentPropertyStatus) != "CONFIRMED" {
		t.Fatalf("at %s, %s", at, says(first, ics.ComponentPropertyStatus))
	}
	for _, to := range []struct {
		day  record.Date
		at   int
		says string
	}{{"2026-12-18", 18, "CONFIRMED"}, {"", 18, "CANCELLED"}, {"2026-12-11", 11, "CONFIRMED"}} {
		move(to.day)
		e, next, at := one(t, w.xia, "turn-")
		if e.Id() != first.Id() || next <= step || !at.Equal(begins(to.at)) || says(e, ics.ComponentPropertyStatus) != to.says {
			t.Errorf("moved to %q: %s, step %d after %d, at %s, %s", to.day, e.Id(), next, step, at, says(e, ics.ComponentPropertyStatus))
		}
		step = next
	}
	w.do(func(tx *storage.Tx) error {
		turn, err := tx.Turn(c.ID, "clean", xiajiahe)
		if err != nil {
			return err
		}
		return tx.SubstituteTurn(turn, jinjia, w.county.id, "农忙")
	})
	if e, next, _ := one(t, w.xia, "turn-"); next <= step || says(e, ics.ComponentPropertyStatus) != "CANCELLED" {
		t.Errorf("another branch attends: step %d after %d, %s", next, step, says(e, ics.ComponentPropertyStatus))
	}
	w.jin.line("schedule.file")
	if !bytes.Contains(w.jin.last().Document.Body, []byte("T010000Z")) { // 09:00 at home
		t.Errorf("who attends for it has no such date:\n%s", w.jin.last().Document.Body)
	}
}

// No line is longer than 75 octets, and none is cut within a letter (RFC 5545, 3.1).
func TestCalendarFileIsFolded(t *testing.T) {
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error {
		_, err := tx.ChangeSession(w.thursday.ID, func(s *record.Session) {
			s.Title, s.Meet = strings.Repeat("学习交流,", 12), strings.Repeat("镇政府门口;", 20)
		})
		return err
	})
	w.xia.line("schedule.file")
	folded := 0
	for line := range strings.SplitSeq(string(w.xia.last().Document.Body), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Errorf("%d octets, whole letters: %t: %q", len(line), utf8.ValidString(line), line)
		}
		if strings.HasPrefix(line, " ") {
			folded++
		}
	}
	if folded < 4 {
		t.Errorf("only %d lines are folded", folded)
	}
	for _, must := range []string{"DTSTAMP:", "PRODID:", "VERSION:2.0", "METHOD:PUBLISH", "\\,", "\\;"} {
		if !bytes.Contains(w.xia.last().Document.Body, []byte(must)) {
			t.Errorf("the file has no %s", must)
		}
	}
}

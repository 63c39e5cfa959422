package bot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// noticeRows are rows of every kind that is about what may have changed since,
// each of which is sent as the office world stands.
func (w *officeWorld) noticeRows() map[string]record.Outbox {
	monday := w.now.AddDate(0, 0, -2).Truncate(24 * time.Hour).Format(time.RFC3339)
	place := map[string]string{"place": string(bayan), "from": monday}
	to := func(p persona, row record.Outbox) record.Outbox {
		row.Person, row.Class = p.id, record.Notice
		return row
	}
	running := w.session("党性教育基地", w.now.Add(-3*time.Hour), []record.Code{xiajiahe})
	w.do(func(tx *storage.Tx) error { _, err := tx.SetReachable(w.jin.id, false); return err })
	return map[string]record.Outbox{
		"unreachable":       to(w.township, record.Outbox{Args: map[string]string{"person": string(w.jin.id)}}),
		"enrol.link":        to(w.township, record.Outbox{Args: map[string]string{"person": string(w.xia.id)}}),
		record.KindResult:   to(w.township, record.Outbox{Session: w.monday.ID, Args: place}),
		record.KindDigest:   to(w.township, record.Outbox{Args: place}),
		record.KindWeek:     to(w.xia, record.Outbox{Args: place}),
		record.KindSoon:     to(w.xia, record.Outbox{Session: w.thursday.ID, Rev: w.thursday.Rev}),
		"marked":            to(w.xia, record.Outbox{Session: w.monday.ID, Args: map[string]string{"status": string(record.Present)}}),
		record.KindUnclosed: to(w.township, record.Outbox{Session: running.ID}),
		"chart":             to(w.township, record.Outbox{Args: map[string]string{"what": "attendance", "place": string(bayan)}}),
		"export":            to(w.township, record.Outbox{Args: map[string]string{"what": "roster", "place": string(bayan)}}),
		kindVillageLink: to(w.xia, record.Outbox{Args: map[string]string{
			"village": string(xiajiahe), "issued": strconv.FormatInt(w.now.Unix(), 10),
		}}),
	}
}

// TestNoticeOutlivesAFault: whichever read fails, the message is not lost; it
// waits for another try.
func TestNoticeOutlivesAFault(t *testing.T) {
	w := newOfficeWorld(t)
	for kind, row := range w.noticeRows() {
		row.Kind = kind
		t.Run(kind, func(t *testing.T) {
			w.in(t)
			b, m := w.metered()
			if r := b.Deliver(t.Context(), row); r.State != record.Sent {
				t.Fatalf("%s, %s where nothing fails", r.State, r.Reason)
			}
			reads, calls := m.reads, len(w.rec.Calls())
			for n := 1; n <= reads; n++ {
				m.reads, m.failAt = 0, n
				if r := b.Deliver(t.Context(), row); r.State != record.Pending || !strings.Contains(r.Reason, "reference") {
					t.Errorf("read %d of %d fails: %s, %q", n, reads, r.State, r.Reason)
				}
			}
			if len(w.rec.Calls()) != calls {
				t.Error("something was sent")
			}
		})
	}
}

// TestNoticeToNobody: a reader who may no longer see what a notice is about
// does not get it, and that is no fault.
func TestNoticeToNobody(t *testing.T) {
	w := newOfficeWorld(t)
	rows := w.noticeRows()
	delete(rows, "marked") // the own attendance stays the own
	w.do(func(tx *storage.Tx) error {
		return errors.Join(
			tx.EndPost(w.township.id, record.TownshipOfficer, bayan),
			tx.EndPost(w.xia.id, record.Secretary, xiajiahe))
	})
	for kind, row := range rows {
		row.Kind = kind
		t.Run(kind, func(t *testing.T) {
			w.in(t)
			if r := w.bot.Deliver(t.Context(), row); r.State != record.Dropped || r.Reason == "" {
				t.Errorf("%s, %q", r.State, r.Reason)
			}
		})
	}
}

// TestNoticeThatCannotBeMade: what each fault of a render comes to.
func TestNoticeThatCannotBeMade(t *testing.T) {
	lost := &chat.SendError{Outcome: chat.Unknown}
	for name, c := range map[string]struct {
		render render
		class  record.Class
		tries  int
		want   record.OutState
	}{
		"no words":             {nil, record.Notice, 0, record.Failed},
		"render panics":        {func(*Turn, record.Outbox) (notice, string, error) { panic("at the disco") }, record.Notice, 0, record.Failed},
		"drawing panics":       {drawing(func() error { panic("at the disco") }), record.Notice, 0, record.Failed},
		"arguments unreadable": {failing(unfit(strconv.ErrSyntax)), record.Notice, 0, record.Failed},
		"drawing fails":        {drawing(func() error { return errRead }), record.Notice, 0, record.Pending},
		"file not fetched":     {drawing(func() error { return lost }), record.Notice, 0, record.Pending},
		"file too big":         {drawing(func() error { return &chat.SendError{Outcome: chat.TooBig} }), record.Notice, 0, record.Failed},
		"no room":              {failing(kv.ErrFull), record.Reply, MaxTries, record.Pending},
		"a notice waits":       {failing(errRead), record.Notice, MaxTries, record.Pending},
		"an answer":            {failing(errRead), record.Reply, 0, record.Pending},
		"an answer gives up":   {failing(errRead), record.Reply, MaxTries - 1, record.Failed},
		"not the reader's":     {failing(fmt.Errorf("far below: %w", record.ErrNotYours)), record.Reply, 0, record.Dropped},
		"gone when drawn":      {drawing(func() error { return record.ErrNotFound }), record.Reply, 0, record.Dropped},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.secretary(xiajiahe)
			if c.render != nil {
				w.bot.notices["odd"] = c.render
			}
			r := w.bot.Deliver(t.Context(), record.Outbox{Kind: "odd", Class: c.class, Tries: c.tries, Person: p.id})
			if r.State != c.want || r.Reason == "" {
				t.Errorf("%s, %q, want %s", r.State, r.Reason, c.want)
			}
			if p.messages() != 0 {
				t.Error("something was sent")
			}
		})
	}
}

// drawing is a notice with a picture.
func drawing(draw func() error) render {
	return func(*Turn, record.Outbox) (notice, string, error) {
		return notice{card: card{Text: "图"}, draw: func() ([]byte, *chat.Upload, error) { return nil, nil, draw() }}, "", nil
	}
}

func failing(err error) render {
	return func(*Turn, record.Outbox) (notice, string, error) { return notice{}, "", err }
}

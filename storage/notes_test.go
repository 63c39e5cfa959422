package storage

import (
	"errors"
	"strings"
	"testing"

	"headgoose/storage/record"
)

// attended is a county in which the first branch has attended a batch.
func attended(t *testing.T) (c *county, b record.Batch, person record.PersonID) {
	t.Helper()
	c = newCounty(t)
	v := c.village(0)
	c.do(func(tx *Tx) error { return tx.Appoint(c.people[0], record.Secretary, v, "2026-01-01") })
	c.do(func(tx *Tx) error { return c.addBatch(tx, 2) })
	c.do(func(tx *Tx) error {
		batches, err := tx.Batches("r1")
		if err != nil {
			return err
		}
		b = batches[0]
		if b, err = tx.ChangeBatch(b.ID, func(b *record.Batch) { b.State = record.PlanPublished }); err != nil {
			return err
		}
		_, err = tx.GiveSeat("r1", record.RotationSeat{Village: v, Batch: b.ID}, record.SeatAssigned, c.now, hours, "")
		return err
	})
	c.do(func(tx *Tx) error {
		_, err := tx.CorrectSeat(b, v, record.SeatAttended, "p9", "点名")
		return err
	})
	return c, b, c.people[0]
}

func TestNoteIsOwed(t *testing.T) {
	c, b, person := attended(t)
	v := c.village(0)
	c.do(func(tx *Tx) error {
		n, err := tx.Note("r1", v)
		if n.State != record.NoteDue || n.Person != person || n.Due != b.To.Shift(14) || n.Next != b.To.Shift(1) {
			t.Errorf("%+v", n)
		}
		cover, errCover := tx.Coverage("r1", "630224")
		if cover.Notes[record.NoteDue] != 1 {
			t.Errorf("%+v", cover)
		}
		return errors.Join(err, errCover)
	})
	t.Run("not when the person was not there after all", func(t *testing.T) {
		c.do(func(tx *Tx) error { _, err := tx.CorrectSeat(b, v, record.SeatAbsent, "p9", "记错"); return err })
		c.do(func(tx *Tx) error {
			if _, err := tx.Note("r1", v); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("it is there: %v", err)
			}
			return nil
		})
		if found := c.check(); len(found) > 0 {
			t.Error(found)
		}
	})
	t.Run("one that was begun stays", func(t *testing.T) {
		c.do(func(tx *Tx) error { _, err := tx.CorrectSeat(b, v, record.SeatAttended, "p9", "在"); return err })
		c.do(func(tx *Tx) error {
			_, err := tx.AddNotePart("r1", v, record.NotePart{Person: person, Text: "第一段"})
			return err
		})
		c.do(func(tx *Tx) error { _, err := tx.CorrectSeat(b, v, record.SeatAbsent, "p9", "记错"); return err })
		c.do(func(tx *Tx) error { _, err := tx.Note("r1", v); return err })
	})
}

func TestNoteIsWrittenAndReviewed(t *testing.T) {
	c, b, person := attended(t)
	v := c.village(0)
	part := func(text string) func(*Tx) error {
		return func(tx *Tx) error {
			_, err := tx.AddNotePart("r1", v, record.NotePart{Person: person, Text: text})
			return err
		}
	}
	refused := func(what string, want error, fn func(*Tx) error) {
		t.Helper()
		if err := c.s.Update(t.Context(), fn); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	handIn := func(tx *Tx) error { _, err := tx.HandInNote("r1", v, person); return err }
	review := func(accept bool, comment string) func(*Tx) error {
		return func(tx *Tx) error { _, err := tx.ReviewNote("r1", v, accept, "p9", comment); return err }
	}
	refused("empty", record.ErrInvalid, handIn)
	refused("too long", record.ErrInvalid, part(strings.Repeat("长", record.MaxNotePart+1)))
	refused("somebody else's", record.ErrNotYours, func(tx *Tx) error {
		_, err := tx.AddNotePart("r1", v, record.NotePart{Person: "p9", Text: "x"})
		return err
	})
	for range record.MaxNoteParts {
		c.do(part(strings.Repeat("长", record.MaxNotePart)))
	}
	refused("too many", record.ErrFull, part("x"))
	c.do(func(tx *Tx) error { _, err := tx.DropNotePart("r1", v, person); return err })
	c.do(part("最后一段"))
	c.do(handIn)
	refused("handed in already", record.ErrSettled, handIn)
	c.do(func(tx *Tx) error {
		list, err := tx.NotesToReview(v.Township())
		if len(list) != 1 || list[0].Next != b.To.Shift(30) {
			t.Errorf("to review: %+v", list)
		}
		return err
	})
	refused("returned without a word", record.ErrInvalid, review(false, ""))
	c.do(review(false, "请写回村后的打算"))
	refused("still full", record.ErrFull, part("打算"))
	c.do(func(tx *Tx) error { _, err := tx.DropNotePart("r1", v, person); return err })
	c.do(part("打算"))
	c.do(handIn)
	c.do(review(true, ""))
	refused("accepted twice", record.ErrChanged, review(true, ""))
	refused("forgiven after it was accepted", record.ErrSettled, func(tx *Tx) error {
		_, err := tx.ForgiveNote("r1", v, "p9", "病假")
		return err
	})
	c.do(func(tx *Tx) error { return tx.AnswerFollow("r1", v, 30, person, "办了合作社") })
	refused("no such question", record.ErrNotFound, func(tx *Tx) error { return tx.AnswerFollow("r1", v, 31, person, "x") })
	c.do(func(tx *Tx) error {
		n, err := tx.Note("r1", v)
		if err != nil {
			return err
		}
		parts, err := tx.NoteParts(n)
		if len(parts) != record.MaxNoteParts || parts[len(parts)-1].Text != "打算" {
			t.Errorf("%d parts", len(parts))
		}
		if n.Follow[0].Answer != "办了合作社" || len(n.Rows) != 5 {
			t.Errorf("%+v", n)
		}
		return err
	})
	if found := c.check(); len(found) > 0 {
		t.Error(found)
	}
}

func TestNoteWords(t *testing.T) {
	n := record.Note{Ended: "2026-12-18", Due: "2027-01-01", State: record.NoteDue}
	var got []string
	for {
		step, day := n.Coming()
		if step == "" {
			break
		}
		got = append(got, string(day)+" "+string(step))
		n.Said = append(n.Said, step)
		if step == record.NoteSoon {
			n.State = record.NoteAccepted
		}
	}
	want := "2026-12-19 owed, 2026-12-29 soon, 2027-01-17 follow30, 2027-03-18 follow90"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

package schedule

import (
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// A session that is planned after leave was approved excuses the branch as well,
// once; what the host or an officer notes there stays.
func TestLeaveHoldsForSessionsPlannedLater(t *testing.T) {
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		v, other := c.villages[0], c.villages[1]
		hours := c.cfg.hours()
		c.update(func(tx *storage.Tx) error {
			l, err := tx.AskLeave(record.Leave{Village: v, Person: c.people[v], Days: record.Days{From: "2026-12-02", To: "2026-12-04"}, Reason: "家里有事"}, hours, c.people[v])
			if err != nil {
				return err
			}
			_, err = tx.DecideLeave(l.ID, true, hours, c.officer, "")
			return err
		})
		s := c.session("12-03 09:00", v, other)
		c.wake()
		status := func(village record.Code) (is record.Status, rows int) {
			t.Helper()
			err := c.store.View(t.Context(), func(tx *storage.Tx) error {
				att, _, err := tx.Attendance(s.ID, c.people[village])
				is, rows = att.Now().Status, len(att.Rows)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return is, rows
		}
		if is, rows := status(v); is != record.Excused || rows != 1 {
			t.Fatalf("the branch on leave is %q, %d rows", is, rows)
		}
		if is, rows := status(other); rows != 0 {
			t.Errorf("the other one is %q", is)
		}
		c.update(func(tx *storage.Tx) error {
			about, err := tx.Actor(c.people[v])
			if err != nil {
				return err
			}
			return tx.Mark(s, about, record.Present, record.ByRollCall, c.officer, "来了")
		})
		c.wake()
		if is, rows := status(v); is != record.Present || rows != 2 {
			t.Errorf("what was noted by hand is %q, %d rows", is, rows)
		}
	})
}

package storage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"headgoose/storage/record"
)

func TestPurge(t *testing.T) {
	c := newCounty(t)
	fill := func(n int) {
		c.do(func(tx *Tx) error { _, err := tx.Seen(int64(n)); return err })
		c.do(func(tx *Tx) error { return tx.TellStranger(int64(n)) })
		c.do(func(tx *Tx) error { return tx.PutIntent(fmt.Sprint("t", n), record.Intent{Chat: 1}) })
		c.do(func(tx *Tx) error { _, err := tx.WrongGuess(record.PersonID(fmt.Sprint("p", n))); return err })
		c.do(func(tx *Tx) error { return tx.PutDialog(record.Dialog{Chat: int64(n)}) })
		c.do(func(tx *Tx) error { return tx.SetAside(int64(n), Aside{Reason: "x"}) })
		c.do(func(tx *Tx) error {
			return tx.PutClaim(record.Claim{Chat: int64(n), Person: c.people[n%6], Waiting: true, At: tx.Now})
		})
		c.do(func(tx *Tx) error {
			_, err := tx.IssueEnrolLink(c.people[n%6], "", make([]byte, TokenSize), time.Hour)
			return err
		})
	}
	c.do(func(tx *Tx) error { return tx.Appoint(c.people[0], record.Secretary, c.village(0), "2020") })
	for n := range 6 {
		fill(n)
	}
	purge := func() int {
		n, err := c.s.Purge(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := purge(); n != 0 {
		t.Fatalf("%d rows are gone while all are fresh", n)
	}
	c.now = c.now.Add(100 * 24 * time.Hour)
	fill(100)
	planned := func() (n int) {
		plan, err := c.s.PurgePlan(context.Background())
		if err != nil || len(plan) != len(purged)+4 {
			t.Fatalf("%v, %v", plan, err)
		}
		for _, a := range plan {
			n += a.Rows
		}
		return n
	}
	want := planned()
	if again := planned(); want == 0 || again != want {
		t.Fatalf("planned %d rows, then %d: a plan changes nothing", want, again)
	}
	if n := purge() + purge(); n != want { // people go in the second night
		t.Fatalf("%d rows were deleted, %d planned", n, want)
	}
	if left := planned(); left != 0 {
		t.Fatalf("%d rows are still to be deleted", left)
	}
	err := c.s.View(context.Background(), func(tx *Tx) error {
		for _, p := range purged {
			for e, err := range tx.r.Scan(under(p.topic + "/")) {
				if err != nil {
					return err
				}
				if at, err := p.at(e.Value); err != nil || tx.Now.Sub(at) >= p.keep {
					t.Errorf("%s was kept", topic(string(e.Key)))
				}
			}
		}
		if _, found, err := tx.Dialog(100); err != nil || !found {
			t.Error("a fresh form is gone", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := purge(); n != 0 {
		t.Errorf("a second purge deleted %d rows more", n)
	}
	if found := c.check(); len(found) > 0 {
		t.Error("counts do not agree after a purge:", found)
	}
}

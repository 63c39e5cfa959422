package storage

import (
	"fmt"
	"testing"
	"time"

	"headgoose/storage/record"
)

// A person of very many villages enrols, is lost and found again, each in one
// transaction.
func TestAPersonOfManyVillages(t *testing.T) {
	const villages = 30
	c := newCounty(t)
	p := c.people[0]
	for i := range villages {
		v := record.Code(fmt.Sprintf("630224101%03d", 300+i))
		c.do(func(tx *Tx) error { return tx.PutPlace(record.Place{Code: v, Name: fmt.Sprintf("第%02d村", i)}) })
		c.do(func(tx *Tx) error { return tx.Appoint(p, record.Secretary, v, "2020") })
	}
	count := func(enrolled, unreachable int) {
		t.Helper()
		c.do(func(tx *Tx) error {
			n, err := tx.Count("630224")
			if n.Enrolled != enrolled || n.Unreachable != unreachable {
				t.Errorf("enrolled %d, unreachable %d, want %d, %d", n.Enrolled, n.Unreachable, enrolled, unreachable)
			}
			return err
		})
		if found := c.check(); len(found) > 0 {
			t.Errorf("check: %v", found)
		}
	}
	c.do(func(tx *Tx) error { return tx.Bind(p, 7, "zh") })
	count(villages, 0)
	c.do(func(tx *Tx) error { _, err := tx.SetReachable(p, false); return err })
	count(villages, villages)
	c.do(func(tx *Tx) error { return tx.Unbind(p) })
	count(0, 0)
}

// Guesses that a clock counted which was far ahead do not lock a person out
// until that time has come.
func TestGuessesOfAClockThatWasAhead(t *testing.T) {
	c := newCounty(t)
	p := c.people[0]
	c.now = c.now.AddDate(1, 0, 0)
	for range MaxGuesses {
		c.do(func(tx *Tx) error { _, err := tx.WrongGuess(p); return err })
	}
	c.now = c.now.AddDate(-1, 0, 0).Add(time.Minute)
	c.do(func(tx *Tx) error {
		left, err := tx.GuessesLeft(p)
		if left != MaxGuesses {
			t.Errorf("%d guesses left", left)
		}
		return err
	})
}

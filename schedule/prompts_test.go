package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// addPrompts adds prompts to a person, each useful for so long.
func (c *county) addPrompts(to record.PersonID, from, n int, useful time.Duration, urgent bool) {
	c.t.Helper()
	for i := range n {
		c.update(func(tx *storage.Tx) error {
			row := record.Outbox{Key: fmt.Sprintf("prompt/%s/%02d", to, from+i), Class: record.Notice, Kind: "x", Person: to, Prompt: true, Urgent: urgent}
			if useful > 0 {
				row.UselessAfter = tx.Now.Add(useful)
			}
			_, err := tx.AddOutbox(row)
			return err
		})
	}
}

func (c *county) promptsOf(to record.PersonID, week string) (p record.Prompts) {
	c.update(func(tx *storage.Tx) (err error) { p, err = tx.Prompts(week, to); return err })
	return p
}

// A person gets no more prompts in a week than the number says, except for what
// is urgent; what is still of use next week comes then, the rest is on a list.
func TestPromptsOfAWeek(t *testing.T) {
	inCounty(t, 1, 2, func(t *testing.T, c *county) {
		c.rig.cfg.Prompts = Prompts{Zone: shanghai, Week: 3, Officer: 5}
		who, other := c.people[c.villages[0]], c.people[c.villages[1]]
		c.runAll()
		c.addPrompts(who, 0, 5, 0, false)                  // two of them are put off
		c.addPrompts(who, 10, 1, 24*time.Hour, false)      // of no use next week
		c.addPrompts(who, 20, 1, 24*time.Hour, true)       // goes out all the same
		c.addPrompts(other, 0, 1, 0, false)                // is not concerned
		c.addPrompts(c.officer, 0, 5, 24*time.Hour, false) // may get five
		c.settleDown()
		arrived := func() map[record.PersonID]int {
			n := map[record.PersonID]int{}
			for _, a := range c.to.arrivals() {
				n[a.row.Person]++
			}
			return n
		}
		if got := arrived(); got[who] != 4 || got[other] != 1 || got[c.officer] != 5 {
			t.Fatalf("arrived %v", got)
		}
		if got := c.promptsOf(who, "2026-W48"); got != (record.Prompts{Sent: 4, Urgent: 1, Held: 3}) {
			t.Errorf("counted %+v", got)
		}
		c.update(func(tx *storage.Tx) error {
			lost, err := tx.Undelivered(tx.Now.Add(-time.Hour), 10)
			if len(lost) != 1 || lost[0].Reason != record.ReasonBudget || !strings.HasSuffix(lost[0].Key, "/10") {
				t.Errorf("undelivered %+v", lost)
			}
			return err
		})
		time.Sleep(on("11-30 12:00").Sub(c.clock.Now()))
		synctest.Wait()
		c.settleDown()
		if got := arrived(); got[who] != 6 {
			t.Errorf("next week %d arrived, want the two that were put off", got[who])
		}
		c.stop()
		if found, err := c.store.Check(context.Background()); err != nil || len(found) > 0 {
			t.Errorf("check: %q, %v", found, err)
		}
	})
}

// What did not go out is not counted, however often it was tried.
func TestPromptsThatDidNotGoOut(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.rig.cfg.Prompts = Prompts{Zone: shanghai, Week: 2, Officer: 2}
		who := c.people[c.villages[0]]
		c.addPrompts(who, 0, 1, 0, false)
		c.to.says("prompt/"+string(who)+"/00", notSent, notSent, record.Result{State: record.Dropped, Reason: "gone"})
		c.runAll()
		c.settleDown()
		time.Sleep(time.Minute)
		c.addPrompts(who, 1, 2, 0, false)
		c.settleDown()
		if got := c.promptsOf(who, "2026-W48"); got != (record.Prompts{Sent: 2}) {
			t.Errorf("counted %+v", got)
		}
		c.stop()
	})
}

// A change that a person is not told of because the week is used up does not wait
// for the next week when it comes before: a day before it, it goes out.
func TestHeldChangesComeADayBefore(t *testing.T) {
	inCounty(t, 1, 1, func(t *testing.T, c *county) {
		c.rig.cfg.Prompts = Prompts{Zone: shanghai, Week: 2, Officer: 2}
		who := c.people[c.villages[0]]
		c.runAll()
		c.addPrompts(who, 0, 2, 0, false)
		c.settleDown()
		begins := c.clock.Now().Add(50 * time.Hour)
		c.update(func(tx *storage.Tx) error {
			_, err := tx.AddOutbox(record.Outbox{
				Key: "announce", Class: record.Notice, Kind: record.KindAnnounce, Person: who, Change: begins, UselessAfter: begins,
			})
			return err
		})
		c.settleDown()
		heard := func() bool {
			return slices.ContainsFunc(c.to.arrivals(), func(a arrival) bool { return a.row.Key == "announce" })
		}
		if heard() {
			t.Fatal("told though the week was used up and the change two days off")
		}
		time.Sleep(28 * time.Hour)
		synctest.Wait()
		c.settleDown()
		if !heard() {
			t.Error("not told a day before the change")
		}
		c.stop()
		if got := c.promptsOf(who, "2026-W48"); got != (record.Prompts{Sent: 3, Urgent: 1, Held: 1}) {
			t.Errorf("counted %+v", got)
		}
	})
}

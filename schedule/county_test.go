package schedule

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

const hualong record.Code = "630224"

// county is a small county with a planner and a delivery over it, in fake time
// that begins on Friday, 27 November 2026, at ten.
type county struct {
	*rig
	plan     *Planner
	cfg      Config
	officer  record.PersonID
	town     []record.PersonID // officers of the townships
	villages []record.Code
	people   map[record.Code]record.PersonID
	host     record.PersonID
	enrolled int
	stop     func()
}

// newCounty has so many townships of so many villages; every secretary and
// officer is enrolled.
func newCounty(r *rig, townships, villages int) *county {
	c := &county{rig: r, cfg: DefaultConfig(shanghai), people: map[record.Code]record.PersonID{}}
	c.cfg.County = hualong
	r.cfg.Allowed = c.cfg.Allowed
	c.goTo("11-27 10:00")
	c.update(func(tx *storage.Tx) error { return tx.PutPlace(record.Place{Code: hualong, Name: "化隆县"}) })
	c.officer = c.person(record.CountyOfficer, hualong)
	c.host = c.person(record.Host, hualong)
	for i := range townships {
		town := hualong + record.Code(fmt.Sprintf("%03d", i+1))
		c.update(func(tx *storage.Tx) error {
			return tx.PutPlace(record.Place{Code: town, Name: fmt.Sprint("乡镇", i+1)})
		})
		c.town = append(c.town, c.person(record.TownshipOfficer, town))
		for j := range villages {
			village := town + record.Code(fmt.Sprintf("%03d", j+1))
			c.update(func(tx *storage.Tx) error {
				return tx.PutPlace(record.Place{Code: village, Name: fmt.Sprint("村", j+1)})
			})
			c.villages = append(c.villages, village)
			c.people[village] = c.person(record.Secretary, village)
		}
	}
	return c
}

// person is a new enrolled person with a post.
func (c *county) person(role record.Role, place record.Code) (id record.PersonID) {
	c.t.Helper()
	c.enrolled++
	c.update(func(tx *storage.Tx) (err error) {
		if id, err = tx.AddPerson(record.Person{Name: "书记 001"}, ""); err != nil {
			return err
		}
		if err := tx.Bind(id, 1000+int64(c.enrolled), "zh"); err != nil {
			return err
		}
		return tx.Appoint(id, role, place, "2026-01-01")
	})
	return id
}

// session plans a session of two hours.
func (c *county) session(start string, villages ...record.Code) (s record.Session) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) (err error) {
		at := on(start)
		s, err = tx.AddSession(record.Session{
			Place: hualong, Title: "廉政教育基地", Hosts: []record.PersonID{c.host},
			Start: at, End: at.Add(2 * time.Hour), Opens: at.Add(-30 * time.Minute), LateFrom: at.Add(15 * time.Minute),
		}, villages)
		return err
	})
	return s
}

func (c *county) goTo(when string) { c.clock.move(on(when).Sub(c.clock.Now())) }

// wake is one look of a planner that was just started.
func (c *county) wake() {
	c.t.Helper()
	c.planner()
	if err := c.plan.Wake(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) planner() {
	c.t.Helper()
	p, err := NewPlanner(c.store, c.cfg, quietLog)
	if err != nil {
		c.t.Fatal(err)
	}
	c.plan = p
}

// runAll starts planner and delivery, as a process would.
func (c *county) runAll() {
	c.t.Helper()
	c.planner()
	c.rig.run()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := c.plan.Run(ctx); err != nil {
			c.t.Errorf("planner: %v", err)
		}
	})
	c.stop = func() { cancel(); done.Wait(); c.halt() }
}

// rows lists the keys of the outbox without the session's id.
func (c *county) rows(prefix string) []string {
	c.t.Helper()
	var keys []string
	c.update(func(tx *storage.Tx) error {
		rows, err := tx.OutboxUnder(prefix, 10_000)
		keys = keysOf(rows)
		return err
	})
	return keys
}

func keysOf(rows []record.Outbox) []string {
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	return keys
}

// kinds counts the notices of a session by kind.
func (c *county) kinds(s record.Session) map[string]int {
	c.t.Helper()
	n := map[string]int{}
	c.update(func(tx *storage.Tx) error {
		rows, err := tx.OutboxUnder("notice/"+string(s.ID)+"/", 10_000)
		clear(n)
		for _, row := range rows {
			n[row.Kind]++
		}
		return err
	})
	return n
}

func (c *county) wantKinds(s record.Session, want map[string]int) {
	c.t.Helper()
	if got := c.kinds(s); !maps.Equal(got, want) {
		c.t.Errorf("rows %v, want %v", got, want)
	}
}

func inCounty(t *testing.T, townships, villages int, test func(t *testing.T, c *county)) {
	inFakeTime(t, func(t *testing.T, r *rig) { test(t, newCounty(r, townships, villages)) })
}

// messages lists what arrived, as "12-02 16:00 kind chat".
func (c *county) messages(keep func(record.Outbox) bool) []string {
	var list []string
	for _, a := range c.to.arrivals() {
		if keep(a.row) {
			at := a.at.Add(c.clock.by).In(shanghai)
			list = append(list, at.Format("01-02 15:04 ")+a.row.Kind)
		}
	}
	slices.Sort(list)
	return list
}

// answer has a branch answer a session.
func (c *county) answer(s record.Session, v record.Code, kind record.AnswerKind) {
	c.t.Helper()
	c.update(func(tx *storage.Tx) error {
		_, _, err := tx.AnswerDuty(s.ID, v, kind, c.people[v], "")
		return err
	})
}

package storage

import (
	"context"
	"testing"

	"headgoose/storage/record"
)

// A first officer of the configuration is appointed once: what the office has
// ended since stays ended at the next start.
func TestFirstOfficersAreAppointedOnce(t *testing.T) {
	const chat = 4711
	conf := County{Place: record.Place{Code: "630224", Name: "化隆县"}, Officers: []int64{chat}}
	start := func(c *county) {
		t.Helper()
		if err := c.s.SetUp(context.Background(), conf); err != nil {
			t.Fatal(err)
		}
	}
	officer := func(c *county) (p record.Person, may bool) {
		c.do(func(tx *Tx) (err error) {
			if p, _, err = tx.PersonByChat(chat); err != nil {
				return err
			}
			a, err := tx.Actor(p.ID)
			may = a.Has(record.CountyOfficer)
			return err
		})
		return p, may
	}
	for name, end := range map[string]func(tx *Tx, p record.Person) error{
		"the post ended":            func(tx *Tx, p record.Person) error { return tx.EndPost(p.ID, record.CountyOfficer, "630224") },
		"the account was taken off": func(tx *Tx, p record.Person) error { return tx.Unbind(p.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounty(t)
			start(c)
			p, may := officer(c)
			if !may {
				t.Fatal("no officer after the first start")
			}
			start(c)
			if _, may := officer(c); !may {
				t.Fatal("no officer after the second start")
			}
			c.do(func(tx *Tx) error { return end(tx, p) })
			start(c)
			if _, may := officer(c); may {
				t.Error("the officer is back")
			}
		})
	}
}

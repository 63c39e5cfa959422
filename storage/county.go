package storage

import (
	"context"
	"fmt"

	"headgoose/storage/record"
)

// County is what the configuration says of a county.
type County struct {
	Place record.Place
	Bases []record.Base
	// Officers are the chat accounts of the first county officers, who can
	// do everything else from the chat.
	Officers []int64
}

// SetUp brings county, bases and first officers into the store. It may run at
// every start: what is there stays as it is. An account that is bound to
// somebody gets the post; another one gets a person of its own, whom the
// roster may name later.
func (s *Store) SetUp(ctx context.Context, c County) error {
	err := s.Update(ctx, func(tx *Tx) error {
		if err := tx.PutPlace(c.Place); err != nil {
			return err
		}
		for _, b := range c.Bases {
			found, err := has(tx, "base/"+string(c.Place.Code)+"/"+string(b.ID))
			if err != nil {
				return err
			}
			if found {
				continue
			}
			if err := tx.PutBase(c.Place.Code, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, chat := range c.Officers {
		err := s.Update(ctx, func(tx *Tx) error { return tx.firstOfficer(c.Place.Code, chat, i+1) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) firstOfficer(county record.Code, chat int64, n int) error {
	p, found, err := tx.PersonByChat(chat)
	if err != nil {
		return err
	}
	if !found {
		p.ID, err = tx.AddPerson(record.Person{Name: fmt.Sprintf("县级管理员 %03d", n)}, "")
		if err != nil {
			return err
		}
		if err := tx.Bind(p.ID, chat, ""); err != nil {
			return err
		}
	}
	return tx.Appoint(p.ID, record.CountyOfficer, county, record.DateOf(tx.Now))
}

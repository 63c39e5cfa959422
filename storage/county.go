package storage

import (
	"context"
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	first/<chat>  -> when a first officer of the configuration was appointed

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
// roster may name later. Each account is appointed once: a post that has ended
// since, or an account that was taken off a lost phone, does not come back with
// the next start.
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
	key := fmt.Sprintf("first/%d", chat)
	if done, err := has(tx, key); err != nil || done {
		return err
	}
	if err := put(tx, key, tx.Now); err != nil {
		return err
	}
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

// TakeOverFirst frees a chat for a person of the roster where a first officer
// of the configuration, of whom nothing but the account is known, has it: it
// is the same human being, and the posts pass on.
func (tx *Tx) TakeOverFirst(chat int64, id record.PersonID) error {
	old, found, err := tx.PersonByChat(chat)
	if err != nil || !found || old.ID == id || old.PhoneHash != "" {
		return err
	}
	actor, err := tx.Actor(old.ID)
	if err != nil || len(actor.Posts) == 0 {
		return err
	}
	for _, post := range actor.Posts {
		if err := tx.EndPost(old.ID, post.Role, post.Place); err != nil {
			return err
		}
		if err := tx.Appoint(id, post.Role, post.Place, post.From); err != nil {
			return err
		}
	}
	return tx.Unbind(old.ID)
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// linksRequest says for whom enrolment links are issued.
type linksRequest struct {
	Lang  string      `json:"lang"`
	Place record.Code `json:"place,omitzero"` // posts in it; empty: the county's
	// Again issues links to people who are enrolled, too: using one binds a
	// new account.
	Again bool `json:"again,omitzero"`
}

type linksReport struct {
	People   int       `json:"people"`
	Enrolled int       `json:"enrolled"` // left out, since they need none
	Expires  time.Time `json:"expires,omitzero"`
	Workbook []byte    `json:"workbook,omitzero"`
}

// holder is one post that is held, in the office's order.
type holder struct {
	line   sheet.LinkLine
	person record.PersonID
}

// linkChunk is how many links are issued in one transaction: each is five
// writes of kv.MaxWrites.
const linkChunk = 15

// Links implements operator. A person of several posts has one link, which
// stands with each of them.
func (a *admin) Links(ctx context.Context, req linksRequest) (linksReport, error) {
	if req.Place == "" {
		req.Place = a.cfg.County.Code
	}
	if !a.cfg.County.Code.Contains(req.Place) {
		return linksReport{}, fmt.Errorf("links: %q is not the code of a place in %s", req.Place, a.cfg.County.Name)
	}
	if probe, err := a.link(ctx, "e"); err != nil || probe == "" {
		return linksReport{}, errors.Join(errors.New("links: the bot's own name is not known yet, and links contain it"), err)
	}
	holders, report, err := a.holders(ctx, req)
	if err != nil || len(holders) == 0 {
		return report, err
	}
	urls, err := a.issueLinks(ctx, holders)
	if err != nil {
		return report, err
	}
	lines := make([]sheet.LinkLine, len(holders))
	for i, h := range holders {
		lines[i] = h.line
		lines[i].URL = urls[h.person]
	}
	report.People = len(urls)
	report.Expires = a.store.Now().Add(time.Duration(a.cfg.Enrolment.LinkValid))
	lang := sheet.Lang(req.Lang)
	if report.Workbook, err = sheet.WriteLinks(lang, a.linksNote(lang, report.Expires), lines); err != nil {
		return report, fmt.Errorf("links: %w", err)
	}
	return report, nil
}

// linksNote stands at the head of each sheet.
func (a *admin) linksNote(lang sheet.Lang, expires time.Time) string {
	until := expires.In(a.cfg.Zone).Format("2006-01-02 15:04")
	if lang == sheet.English {
		return "Each link is for the person named beside it, works once, and until " + until + ". Hand out, then destroy."
	}
	return "每个链接只供所列本人使用一次," + until + " 前有效。分发后请销毁本表。"
}

// holders lists who is to have a link.
func (a *admin) holders(ctx context.Context, req linksRequest) (list []holder, report linksReport, err error) {
	err = a.store.View(ctx, func(tx *storage.Tx) error {
		list, report = nil, linksReport{}
		places, err := placesIn(tx, req.Place)
		if err != nil {
			return err
		}
		enrolled := map[record.PersonID]bool{}
		for _, p := range places {
			found, err := holdersAt(tx, p)
			if err != nil {
				return err
			}
			for _, h := range found {
				person, err := tx.Person(h.person)
				if err != nil {
					return err
				}
				if person.Enrolled() && !req.Again {
					enrolled[h.person] = true
					continue
				}
				h.line.Name = person.Name
				list = append(list, h)
			}
		}
		report.Enrolled = len(enrolled)
		return nil
	})
	return list, report, err
}

// locality is a place with its name as a sheet of links has it.
type locality struct {
	code              record.Code
	township, village string
}

// placesIn lists a place and all places in it, in the office's order.
func placesIn(tx *storage.Tx, code record.Code) ([]locality, error) {
	root, err := tx.Place(code)
	if err != nil {
		return nil, fmt.Errorf("links: place %s: %w", code, err)
	}
	township, _ := tx.Place(code.Township()) // a county lies in none
	list := []locality{localityOf(root, township.Name)}
	children, err := tx.Children(code)
	if err != nil {
		return nil, err
	}
	for _, child := range children {
		if child.Code.Level() == record.Village {
			list = append(list, localityOf(child, root.Name))
			continue
		}
		below, err := placesIn(tx, child.Code)
		if err != nil {
			return nil, err
		}
		list = append(list, below...)
	}
	return list, nil
}

func localityOf(p record.Place, township string) locality {
	switch p.Code.Level() {
	case record.Township:
		return locality{code: p.Code, township: p.Name}
	case record.Village:
		return locality{code: p.Code, township: township, village: p.Name}
	}
	return locality{code: p.Code}
}

func holdersAt(tx *storage.Tx, p locality) (list []holder, err error) {
	for _, role := range record.Roles() {
		people, err := tx.Holders(role, p.code)
		if err != nil {
			return nil, err
		}
		for _, id := range people {
			list = append(list, holder{sheet.LinkLine{Township: p.township, Village: p.village, Role: role}, id})
		}
	}
	return list, nil
}

// issueLinks issues one link a person, and gives their addresses.
func (a *admin) issueLinks(ctx context.Context, holders []holder) (map[record.PersonID]string, error) {
	tokens := map[record.PersonID][]byte{}
	var people []record.PersonID
	for _, h := range holders {
		if tokens[h.person] == nil {
			token := make([]byte, storage.TokenSize)
			_, _ = rand.Read(token) // never fails
			tokens[h.person] = token
			people = append(people, h.person)
		}
	}
	urls := map[record.PersonID]string{}
	for len(people) > 0 {
		n := min(linkChunk, len(people))
		payloads := make([]string, n)
		err := a.store.Update(ctx, func(tx *storage.Tx) (err error) {
			for i, id := range people[:n] {
				payloads[i], err = tx.IssueEnrolLink(id, "", tokens[id], time.Duration(a.cfg.Enrolment.LinkValid))
				if err != nil {
					return err
				}
				if err := tx.Audit(record.Audit{Action: record.IssueLink, Person: id, Note: "roster links"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("links: %w", err)
		}
		for i, id := range people[:n] {
			if urls[id], err = a.link(ctx, payloads[i]); err != nil {
				return nil, fmt.Errorf("links: %w", err)
			}
		}
		people = people[n:]
	}
	return urls, nil
}

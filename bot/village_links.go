package bot

import (
	"context"
	"errors"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// All village links of a township or county in one workbook: a job issues them in
// chunks that a restart repeats without harm, with the progress on the message of
// the press; then the file is made from the villages and the day of issue, as the
// poster of one link is. The links stand in no row and no file of the store.

// kindVillageLinks is the file with the links of all villages of a place.
const kindVillageLinks = "graduates.links"

// allLinksRow leads to the workbook, for officers.
func (t *Turn) allLinksRow(place record.Code) []Btn {
	if !t.Actor.Has(officers...) || t.Allow(record.IssueVillageLink, record.Object{Place: place}) != nil {
		return nil
	}
	return []Btn{t.Btn("all_links", "graduates.links "+string(place))}
}

// villageLinks begins to issue the links of all villages of a place.
func (t *Turn) villageLinks() error {
	place := record.Code(t.Arg(0))
	if level := place.Level(); level != record.Township && level != record.County {
		return record.ErrInvalid
	}
	if err := t.Allow(record.IssueVillageLink, record.Object{Place: place}); err != nil {
		return err
	}
	villages, err := t.Villages(place)
	if err != nil {
		return err
	}
	if len(villages) == 0 {
		return record.ErrNotFound
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.IssueVillageLink, Place: place, Note: "villages"}); err != nil {
		return err
	}
	_, err = t.AddJob(record.Job{Chat: t.Ev.Chat.ID, Person: t.Person.ID, State: record.JobLinks, Place: place, Message: t.Ev.MessageID})
	if err != nil {
		return err
	}
	t.AfterCommit(t.b.jobs.kick)
	t.Answer(t.Say("links.issuing", text.A{"Done": 0, "Of": len(villages)}))
	return nil
}

// workLinks issues the links of a job, then has the file made.
func (b *Bot) workLinks(ctx context.Context, pace Pacer, j record.Job) error {
	issued := startOfDay(j.At.In(b.conf.Zone))
	n, err := b.store.IssueVillageLinks(ctx, j.Place, j.Person, issued, villageLinkValid, b.progress(ctx, pace, j))
	if err != nil {
		return err
	}
	return b.endJob(ctx, j, func(t *Turn) {
		t.Queue(record.Outbox{
			Key:   kindVillageLinks + "/" + j.ID,
			Class: record.Reply, Kind: kindVillageLinks, Person: j.Person, Chat: j.Chat,
			UselessAfter: t.Tx.Now.Add(dayLong), Args: issuedLink(j.Place, issued),
		})
		w := t.words(t.Say("links.issued", text.A{"N": n}), [][]Btn{{t.Btn("back", "graduates "+string(j.Place)), t.Btn("home", "start")}})
		w.Edit = j.Message
		t.add(w)
	})
}

// villageLinksNotice sends the workbook.
func villageLinksNotice(t *Turn, row record.Outbox) (notice, string, error) {
	place, issued, err := linkIssued(row, t.b.conf.Zone)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.Allow(record.IssueVillageLink, record.Object{Place: place}); err != nil {
		return notice{}, "", err
	}
	name, err := t.placeName(place)
	if err != nil {
		return notice{}, "", err
	}
	lines, err := t.linkLines(place, issued)
	if err != nil {
		return notice{}, "", err
	}
	lang, title := sheet.Lang(t.Voice.Lang), t.Say("links.title", text.A{"Place": name})
	return notice{
		card: card{Text: t.Say("links.caption", text.A{"Place": name, "N": len(lines), "Until": t.Voice.Day(issued.Add(villageLinkValid), t.Now)})},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WriteVillageLinks(lang, title, lines)
			return nil, &chat.Upload{Name: title + ".xlsx", Body: body}, err
		},
	}, "", nil
}

// linkLines are the links that were issued to the villages of a place on a day,
// in the office's order.
func (t *Turn) linkLines(place record.Code, issued time.Time) ([]sheet.VillageLinkLine, error) {
	var lines []sheet.VillageLinkLine
	err := t.eachTownship(place, func(township record.Place, villages []record.Place) error {
		for _, v := range villages {
			payload, err := t.VillageLink(v.Code, issued)
			if errors.Is(err, record.ErrLink) {
				continue // the village came into the roster since
			}
			if err != nil {
				return err
			}
			lines = append(lines, sheet.VillageLinkLine{
				Township: township.Name, Village: v.Name, URL: t.b.platform.Link(payload), Until: issued.Add(villageLinkValid),
			})
		}
		return nil
	})
	return lines, err
}

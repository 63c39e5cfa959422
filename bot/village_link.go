package bot

import (
	"fmt"
	"strconv"
	"time"

	"headgoose/bot/chart"
	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// villageLinkValid is how long graduates can register by a village's link.
const villageLinkValid = 90 * dayLong

// kindVillageLink is the notice with the QR code of a village's link.
const kindVillageLink = "graduates.link"

// villageLink issues the link by which the graduates of a village register:
// the village. The link is shown at once, its QR code follows. Asked for again
// on the same day it is the same link.
func (t *Turn) villageLink() error {
	village := record.Code(t.Arg(0))
	if village.Level() != record.Village {
		return record.ErrInvalid
	}
	if err := t.Allow(record.IssueVillageLink, record.Object{Place: village}); err != nil {
		return err
	}
	issued := startOfDay(t.Now)
	payload, err := t.IssueVillageLink(village, t.Person.ID, t.VillageToken(village, issued), villageLinkValid)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.IssueVillageLink, Place: village}); err != nil {
		return err
	}
	place, err := t.placeName(village)
	if err != nil {
		return err
	}
	t.Queue(record.Outbox{
		Key:   fmt.Sprintf("%s/%s/%s/%016x", kindVillageLink, village, t.Person.ID, uint64(t.Ev.ID)),
		Class: record.Reply, Kind: kindVillageLink, Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		UselessAfter: t.Tx.Now.Add(dayLong),
		Args:         issuedLink(village, issued),
	})
	t.Answer(t.Say("graduates.link", text.A{
		"Village": place, "Link": t.b.platform.Link(payload), "Until": t.Voice.Day(t.Now.Add(villageLinkValid), t.Now),
	}), t.allLinksRow(village.Township()), []Btn{t.Btn("back", "graduates "+string(village)), t.Btn("home", "start")})
	return nil
}

// issuedLink name the village, or the place of several, and the day of issue
// in an outbox row; linkIssued reads them.
func issuedLink(place record.Code, issued time.Time) map[string]string {
	return map[string]string{"village": string(place), "issued": strconv.FormatInt(issued.Unix(), 10)}
}

func linkIssued(row record.Outbox, zone *time.Location) (place record.Code, issued time.Time, err error) {
	at, err := strconv.ParseInt(row.Args["issued"], 10, 64)
	if err != nil {
		return "", issued, unfit(err)
	}
	return record.Code(row.Args["village"]), time.Unix(at, 0).In(zone), nil
}

// startOfDay is the midnight before a time, in its zone.
func startOfDay(at time.Time) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, at.Location())
}

// graduateNotices are the notices about graduates.
func graduateNotices() map[string]render {
	return map[string]render{kindVillageLink: villageLinkNotice, kindVillageLinks: villageLinksNotice}
}

// villageLinkNotice shows the poster with the QR code of a village's link. The link is made
// again from the village and the time at which it was issued: it stands in no
// row.
func villageLinkNotice(t *Turn, row record.Outbox) (notice, string, error) {
	village, issued, err := linkIssued(row, t.b.conf.Zone)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.Allow(record.IssueVillageLink, record.Object{Place: village}); err != nil {
		return notice{}, "", err
	}
	place, err := t.placeName(village)
	if err != nil {
		return notice{}, "", err
	}
	payload := storage.LinkPayload(record.LinkVillage, t.VillageToken(village, issued))
	link := t.b.platform.Link(payload)
	until := issued.Add(villageLinkValid)
	poster := chart.Poster{
		Title: t.Say("graduates.poster"), Place: place, Link: link,
		Lines: []string{t.Say("graduates.poster_ask"), t.Say("graduates.poster_use")},
		Foot:  t.Say("graduates.poster_until", text.A{"Until": t.Voice.Day(until, t.Now)}),
	}
	draw := func() ([]byte, *chat.Upload, error) {
		png, err := poster.PNG()
		return png, nil, err
	}
	return notice{card: card{Text: t.Say("graduates.link_photo", text.A{"Village": place})}, draw: draw}, "", nil
}

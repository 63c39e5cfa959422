package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"headgoose/bot/chart"
	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

func personCommands() []command {
	return []command{
		{name: "status.person", hidden: true, roles: officers, run: (*Turn).personPage},
		{name: "status.link", hidden: true, roles: officers, run: (*Turn).askLink},
		{name: "status.unbind", hidden: true, roles: officers, run: (*Turn).unbind},
	}
}

// personPage is a person of the roster: posts, enrolment, and which sessions
// of the last year the person came to. Facts, no score.
func (t *Turn) personPage() error {
	id := record.PersonID(t.Arg(0))
	p, err := t.Tx.Person(id)
	if err != nil {
		return err
	}
	if err := t.allowPerson(record.SeePerson, id); err != nil {
		return err
	}
	if err := t.looked(record.SeePerson, record.Audit{Person: id, Note: "status.person"}); err != nil {
		return err
	}
	posts, err := t.Posts(id)
	if err != nil {
		return err
	}
	lines := []string{p.Name}
	for _, post := range posts {
		line, err := t.postLine(post)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	lines = append(lines, t.enrolmentLine(p))
	facts, err := t.attendedLastYear(id, posts)
	if err != nil {
		return err
	}
	rows, err := t.personButtons(p)
	if err != nil {
		return err
	}
	if t.allowPerson(record.SeeAudit, id) == nil {
		rows = append(rows, []Btn{t.Btn("audit_log", "audit.about "+string(id))})
	}
	t.Answer(strings.Join(append(lines, facts...), "\n"), append(rows, t.backRow(backOfPerson(posts)))...)
	return nil
}

// postLine says a post with its time: 巴燕镇 下加合村 支部书记(2021-03 起).
func (t *Turn) postLine(post record.Post) (string, error) {
	place, err := t.placeName(post.Place)
	if err != nil {
		return "", err
	}
	args := text.A{"Place": place, "Role": t.Say("role." + string(post.Role)), "From": string(post.From), "Until": ""}
	if post.Held() {
		return t.Say("query.post_held", args), nil
	}
	args["Until"] = string(record.DateOf(post.Until.In(t.b.conf.Zone)))
	return t.Say("query.post_past", args), nil
}

func (t *Turn) enrolmentLine(p record.Person) string {
	args := text.A{"Tail": p.PhoneTail, "State": t.reachOf(p), "Day": ""}
	if p.Enrolled() {
		args["Day"] = string(record.DateOf(p.EnrolledAt.In(t.b.conf.Zone)))
	}
	return t.Say("query.enrolment", args)
}

// backOfPerson is the page that a person's page leads back to: the first place
// of a held post.
func backOfPerson(posts []record.Post) string {
	for _, p := range posts {
		if p.Held() && p.Role == record.Secretary {
			return "status " + string(p.Place)
		}
	}
	for _, p := range posts {
		if p.Held() {
			return "people.staff " + string(p.Place)
		}
	}
	return "people"
}

func (t *Turn) personButtons(p record.Person) ([][]Btn, error) {
	err := t.allowAllPosts(record.IssueLink, p.ID)
	if errors.Is(err, record.ErrNotYours) {
		return nil, nil // may look, may not act
	}
	if err != nil {
		return nil, err
	}
	row := []Btn{t.Btn("issue_link", "status.link "+string(p.ID))}
	if p.Enrolled() {
		row = append(row, t.Btn("unbind", "status.unbind "+string(p.ID)))
	}
	_, waiting, err := t.ClaimOf(p.ID)
	if err != nil {
		return nil, err
	}
	if waiting {
		row = append(row, t.Btn("mismatch", "enrol.waiting"))
	}
	return inRows(row, 2), nil
}

// allowAllPosts asks record.Allow about what changes who a person is to the
// bot: every held post must be within the actor's authority, so that nobody
// takes over an account above the own.
func (t *Turn) allowAllPosts(action record.Action, id record.PersonID) error {
	about, err := t.Tx.Actor(id)
	if err != nil {
		return err
	}
	if len(about.Posts) == 0 {
		return t.Allow(action, record.Object{Persons: []record.PersonID{id}})
	}
	for _, post := range about.Posts {
		if err := t.Allow(action, record.Object{Place: post.Place, Persons: []record.PersonID{id}}); err != nil {
			return err
		}
	}
	return nil
}

// attendedLastYear counts the sessions that were over in the last year while
// the person was secretary: came, excused, missed.
func (t *Turn) attendedLastYear(id record.PersonID, posts []record.Post) ([]string, error) {
	var c struct{ expected, came, excused int }
	seen := map[record.SessionID]bool{}
	was := false
	for _, post := range posts {
		if post.Role != record.Secretary {
			continue
		}
		was = true
		list, err := t.heldDuties(post)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			mark, _, err := t.Branch(s.ID, post.Place)
			if err != nil {
				return nil, err
			}
			if seen[s.ID] || (mark.Person != "" && mark.Person != id) {
				continue
			}
			seen[s.ID] = true
			c.expected++
			switch {
			case mark.Status.Came():
				c.came++
			case mark.Status == record.Excused:
				c.excused++
			}
		}
	}
	if !was {
		return nil, nil
	}
	return []string{t.Say("query.attended", text.A{
		"Expected": c.expected, "Came": c.came, "Excused": c.excused, "Missed": c.expected - c.came - c.excused,
	})}, nil
}

// heldDuties lists the sessions over that expected the village of a post in
// the part of the last year in which the post was held.
func (t *Turn) heldDuties(post record.Post) ([]record.Session, error) {
	from, to := t.Now.Add(-formerlyDays), t.Now.Add(dayLong) // one may be ended early
	if since, err := post.From.In(t.b.conf.Zone); err == nil && since.After(from) {
		from = since
	}
	if !post.Held() {
		to = post.Until
	}
	if !from.Before(to) {
		return nil, nil
	}
	list, err := t.Duties(post.Place, from, to, 0)
	var over []record.Session
	for _, s := range list {
		if s.State == record.Closed {
			over = append(over, s)
		}
	}
	return over, err
}

// linkUseful is how long an officer waits for a link.
const linkUseful = 10 * time.Minute

// askLink has an enrolment link issued. The link itself is made when it is
// sent: it stands in no record, and in the chat once. The row is of the class
// of replies, as somebody waits for it: quiet hours do not hold it back.
func (t *Turn) askLink() error {
	id := record.PersonID(t.Arg(0))
	if err := t.allowAllPosts(record.IssueLink, id); err != nil {
		return err
	}
	t.Queue(record.Outbox{
		Key:   fmt.Sprintf("enrollink/%016x", uint64(t.Ev.ID)),
		Class: record.Reply, Kind: "enrol.link", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		Args: map[string]string{"person": string(id)}, UselessAfter: t.Now.Add(linkUseful),
	})
	t.Toast(t.Say("people.link_coming"))
	return nil
}

func personNotices() map[string]render {
	return map[string]render{"enrol.link": linkNotice}
}

// linkNotice shows a fresh enrolment link to the officer who asked for it.
func linkNotice(t *Turn, row record.Outbox) (notice, string, error) {
	id, officer, b := record.PersonID(row.Args["person"]), t.Person.ID, t.b
	p, err := t.Tx.Person(id)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.allowAllPosts(record.IssueLink, id); err != nil {
		return notice{}, "", err
	}
	about, err := t.Tx.Actor(id)
	if err != nil {
		return notice{}, "", err
	}
	posts, err := t.postLines(about)
	if err != nil {
		return notice{}, "", err
	}
	voice, valid, again := t.Voice, b.conf.LinkValid, ""
	if row.Maybe {
		again = t.Say("notice.repeat") + "\n"
	}
	fill := func(ctx context.Context, m *chat.Message) error {
		payload, err := b.issueLink(ctx, id, officer)
		if err != nil {
			return err
		}
		link := b.platform.Link(payload)
		m.Text = again + voice.Say("people.link", text.A{
			"Name": p.Name, "Posts": strings.Join(posts, "、"), "Link": link, "Days": int(valid / dayLong),
		})
		m.Photo, err = chart.QR(link)
		return err
	}
	return notice{fill: fill}, "", nil
}

// issueLink makes a person's enrolment link on behalf of an officer; an
// earlier one is void with it.
func (b *Bot) issueLink(ctx context.Context, id, officer record.PersonID) (payload string, err error) {
	token := make([]byte, storage.TokenSize)
	if _, err := rand.Read(token); err != nil {
		return "", err
	}
	err = b.store.Update(ctx, func(tx *storage.Tx) error {
		t := &Turn{Tx: tx, b: b, Now: tx.Now.In(b.conf.Zone)}
		if t.Actor, err = tx.Actor(officer); err != nil {
			return err
		}
		if err := t.allowAllPosts(record.IssueLink, id); err != nil {
			return err
		}
		if payload, err = tx.IssueEnrolLink(id, officer, token, b.conf.LinkValid); err != nil {
			return err
		}
		return tx.Audit(record.Audit{By: officer, Action: record.IssueLink, Person: id})
	})
	return payload, err
}

// unbind takes a lost account off a person; it is asked once more with its
// consequence.
func (t *Turn) unbind() error {
	id := record.PersonID(t.Arg(0))
	p, err := t.Tx.Person(id)
	if err != nil {
		return err
	}
	if err := t.allowAllPosts(record.IssueLink, id); err != nil {
		return err
	}
	page := "status.person " + string(id)
	switch {
	case !p.Enrolled():
		t.Answer(t.Say("people.not_bound", text.A{"Name": p.Name}), t.backRow(page))
		return nil
	case id == t.Person.ID:
		t.Answer(t.Say("people.unbind_self"), t.backRow(page))
		return nil
	case t.Arg(1) != "yes":
		t.Answer(t.Say("people.unbind_ask", text.A{"Name": p.Name}),
			[]Btn{t.Btn("back", page), t.Btn("unbind_yes", "status.unbind "+string(id)+" yes")})
		return nil
	}
	if err := t.Unbind(id); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.IssueLink, Person: id, Note: "unbind"}); err != nil {
		return err
	}
	t.Answer(t.Say("people.unbound", text.A{"Name": p.Name}),
		[]Btn{t.Btn("issue_link", "status.link "+string(id)), t.Btn("back", page)})
	return nil
}

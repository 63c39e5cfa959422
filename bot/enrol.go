package bot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

const (
	dayLong  = 24 * time.Hour
	weekLong = 7 * dayLong
	yearLong = 366 * dayLong

	// maxContacts is how many contact cards may be tried with one link before
	// an officer has decided: each asks the officers anew.
	maxContacts = 3
)

func enrolCommands() []command {
	return []command{
		{name: "enrol.decide", hidden: true, roles: officers, run: (*Turn).decideEnrolment},
		{name: "enrol.waiting", hidden: true, roles: officers, run: (*Turn).waitingEnrolments},
	}
}

// deepLink takes the payload of a deep link: a session's code, an enrolment
// link, or a village's link for its graduates.
func (t *Turn) deepLink(payload string) error {
	if id, long, ok := storage.SplitCodePayload(payload); ok {
		if !t.Known {
			return t.stranger()
		}
		return t.scanned(id, long)
	}
	if payload == pastCode && t.Known {
		return t.howToCheckIn()
	}
	left, err := t.GuessesLeft(t.guesser())
	if err != nil {
		return err
	}
	if left == 0 {
		return record.ErrTooMany
	}
	hash, ok := t.LinkHash(payload)
	link, err := record.Link{}, record.ErrLink
	if ok {
		link, err = t.UsableLink(hash)
	}
	if errors.Is(err, record.ErrLink) {
		return t.badLink()
	}
	if err != nil {
		return err
	}
	if link.Kind == record.LinkVillage {
		return t.registerByLink(hash, link.Place)
	}
	return t.openEnrolment(hash, link)
}

// badLink answers a link that is unknown, used or expired, and counts it.
func (t *Turn) badLink() error {
	left, err := t.WrongGuess(t.guesser())
	if err != nil {
		return err
	}
	if left == 0 && !t.Known {
		t.Send(t.Say("refusal.too_many")) // the next ones are not answered
		return nil
	}
	t.Send(t.Say("refusal.link"))
	return nil
}

// guesser is under whom wrong links and codes are counted: the person, or the
// account of somebody who is not registered.
func (t *Turn) guesser() record.PersonID {
	if t.Known {
		return t.Person.ID
	}
	return guesserOf(t.Ev)
}

// guesserOf is the account of an event as a guesser.
func guesserOf(ev chat.Event) record.PersonID {
	return record.PersonID(fmt.Sprintf("chat%d", ev.From.ID))
}

// openEnrolment shows what a link is for and asks for the person's own card.
func (t *Turn) openEnrolment(hash string, link record.Link) error {
	alumnus := t.Known && len(t.Actor.Posts) == 0 && t.isAlumnus()
	first := t.Known && len(t.Actor.Posts) > 0 && t.Person.PhoneHash == ""
	switch {
	case t.Known && t.Person.ID == link.Person:
		return t.home()
	case t.Known && !alumnus && !first: // a graduate may come to hold a post, a first officer to stand in the roster
		return record.ErrBoundOther
	}
	actor, err := t.Tx.Actor(link.Person)
	if err != nil {
		return err
	}
	posts, err := t.postLines(actor)
	if err != nil {
		return err
	}
	claim := record.Claim{Chat: t.Ev.Chat.ID, Person: link.Person, Token: hash, At: t.Tx.Now}
	old, found, err := t.Claim(claim.Chat)
	if err != nil {
		return err
	}
	if found && old.Token == hash { // opened once more: what was tried counts on
		claim.Tries = old.Tries
	}
	if claim.Tries >= maxContacts { // the officers have been asked often enough
		t.Send(t.Say("enrol.still_waiting"))
		return nil
	}
	if err := t.PutClaim(claim); err != nil {
		return err
	}
	t.AskContact(t.Say("enrol.ask", text.A{"County": t.countyName(), "Posts": strings.Join(posts, "、")}),
		t.Say("enrol.send_phone"), t.Say("enrol.not_me"))
	return nil
}

func (t *Turn) countyName() string {
	p, err := t.Place(t.b.conf.County)
	if err != nil {
		return ""
	}
	return p.Name
}

// contact takes a contact card: the proof of an enrolment that is under way.
func (t *Turn) contact() error {
	claim, found, err := t.Claim(t.Ev.Chat.ID)
	if err != nil {
		return err
	}
	switch {
	case !found || claim.Waiting:
		if taken, err := t.answerContact(); err != nil || taken {
			return err
		}
		if !t.Known {
			return t.stranger()
		}
		t.Answer(t.Say("home.unknown_kind"), t.homeRow())
		return nil
	case !t.Ev.Contact.Own:
		t.AskContact(t.Say("enrol.own_card"), t.Say("enrol.send_phone"), t.Say("enrol.not_me"))
		return nil
	}
	if _, err := t.UsableLink(claim.Token); err != nil {
		if dropErr := t.DropClaim(claim); dropErr != nil {
			return dropErr
		}
		t.DropKeyboard(t.Say("refusal.link"))
		return nil
	}
	p, err := t.Tx.Person(claim.Person)
	if err != nil {
		return err
	}
	phone, err := record.CleanPhone(t.Ev.Contact.Phone)
	if err == nil && t.SamePhone(p, phone) {
		return t.enrolled(claim, p)
	}
	return t.mismatch(claim, p, t.Ev.Contact.Phone)
}

// enrolled binds the person to the chat and shows what comes next.
func (t *Turn) enrolled(claim record.Claim, p record.Person) error {
	if err := t.bind(claim, p, t.Ev.From.Lang); err != nil {
		return err
	}
	if err := t.become(claim.Person); err != nil {
		return err
	}
	t.DropKeyboard(t.Say("enrol.done"))
	body, err := t.homeText()
	if err != nil {
		return err
	}
	t.Send(body, t.homeRows()...)
	return nil
}

// bind ties the person of a claim to its chat. A person who was bound to
// another account changes over: that is what a new link is for.
func (t *Turn) bind(claim record.Claim, p record.Person, lang string) error {
	if err := t.UseLink(claim.Token); err != nil {
		return err
	}
	if err := t.DropClaim(claim); err != nil {
		return err
	}
	if p.Enrolled() && p.Chat != claim.Chat {
		if err := t.Unbind(p.ID); err != nil {
			return err
		}
	}
	for _, takeOver := range []func(int64, record.PersonID) error{t.TakeOverFirst, t.TakeOverAlumnus} {
		if err := takeOver(claim.Chat, p.ID); err != nil {
			return err
		}
	}
	if err := t.Bind(p.ID, claim.Chat, text.Match(lang)); err != nil {
		return err
	}
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.Enrol, Person: p.ID})
}

// become makes the turn that of a person who has just been bound.
func (t *Turn) become(id record.PersonID) (err error) {
	if t.Person, err = t.Tx.Person(id); err != nil {
		return err
	}
	t.Known = true
	t.Voice = t.b.voiceFor(t.Person, t.Ev.From.Lang)
	t.Actor, err = t.Tx.Actor(id)
	return err
}

// mismatch keeps a number that differs for the township officer's yes or no.
func (t *Turn) mismatch(claim record.Claim, p record.Person, number string) error {
	if claim.Tries++; claim.Tries > maxContacts {
		return record.ErrTooMany
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	claim.GotTail = digits[max(0, len(digits)-4):]
	if phone, err := record.CleanPhone(number); err == nil {
		claim.GotHash = t.b.store.PhoneHash(phone)
	}
	claim.Waiting = true
	if err := t.PutClaim(claim); err != nil {
		return err
	}
	actor, err := t.Tx.Actor(p.ID)
	if err != nil {
		return err
	}
	office, err := t.askOfficers(actor, claim)
	if err != nil {
		return err
	}
	t.DropKeyboard(t.Say("enrol.mismatch", text.A{"Office": office}))
	return nil
}

// askOfficers asks those who answer for all of a person's posts for a yes or
// no, and says whose officers they are: the township's, or the county's where
// a post is above the township or they are in several.
func (t *Turn) askOfficers(actor record.Actor, claim record.Claim) (office string, err error) {
	if len(actor.Posts) == 0 {
		return "", record.ErrLink // the post has ended since the link was issued
	}
	answers := actor.Posts[0]
	for _, post := range actor.Posts {
		if post.Place.Township() != answers.Place.Township() || post.Role == record.TownshipOfficer {
			answers = record.Post{Role: record.CountyOfficer, Place: post.Place.County()}
			break
		}
	}
	ids, place, err := t.officersOf(answers)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if id == claim.Person {
			continue
		}
		t.Queue(record.Outbox{
			Key:   fmt.Sprintf("enrol/%d/%d/%d/%s", claim.Chat, claim.At.Unix(), claim.Tries, id),
			Class: record.Notice, Kind: record.KindMismatch, Person: id,
			Args: map[string]string{"chat": fmt.Sprint(claim.Chat)},
		})
	}
	return t.placeName(place)
}

// officersOf finds who answers for a post: the township's officers, or the
// county's where the township has none or the post is the county's own.
func (t *Turn) officersOf(post record.Post) ([]record.PersonID, record.Code, error) {
	if township := post.Place.Township(); township != "" && post.Role != record.TownshipOfficer {
		ids, err := t.Holders(record.TownshipOfficer, township)
		if err != nil || len(ids) > 0 {
			return ids, township, err
		}
	}
	county := post.Place.County()
	ids, err := t.Holders(record.CountyOfficer, county)
	return ids, county, err
}

// claimText takes a text of somebody who is not registered while an enrolment
// is under way: "not me", or anything else, which is answered with the way on.
func (t *Turn) claimText(body string) (bool, error) {
	claim, found, err := t.Claim(t.Ev.Chat.ID)
	if err != nil || !found {
		return false, err
	}
	notMe := false
	for _, lang := range text.Languages {
		notMe = notMe || body == t.b.texts.In(lang).Say("enrol.not_me")
	}
	switch {
	case notMe:
		if err := t.DropClaim(claim); err != nil {
			return true, err
		}
		t.DropKeyboard(t.Say("enrol.given_up"))
	case claim.Waiting:
		t.Send(t.Say("enrol.still_waiting"))
	default:
		t.AskContact(t.Say("enrol.press_button"), t.Say("enrol.send_phone"), t.Say("enrol.not_me"))
	}
	return true, nil
}

// waitingEnrolments shows the first enrolment that waits for this officer.
func (t *Turn) waitingEnrolments() error {
	for _, place := range t.offices() {
		const most = 50 // more never wait at a time
		list, err := t.Flagged(storage.Mismatch, place, storage.Flagged{}, most)
		if err != nil {
			return err
		}
		for _, f := range list {
			err := t.allowAllPosts(record.DecideEnrolment, f.Person)
			if errors.Is(err, record.ErrNotYours) {
				continue // the county's to decide
			}
			if err != nil {
				return err
			}
			claim, found, err := t.ClaimOf(f.Person)
			if err != nil {
				return err
			}
			if found {
				c, err := t.b.mismatchCard(t.Tx, t.Voice, claim)
				if err != nil {
					return err
				}
				t.Answer(c.Text, c.rows...)
				return nil
			}
		}
	}
	t.Answer(t.Say("enrol.none_waiting"), t.homeRow())
	return nil
}

// card is a text with its buttons, before they are sealed.
type card struct {
	Text string
	rows [][]Btn
}

// mismatchCard shows an officer a number that differs, with what is needed to
// decide: the posts and the last digits of both numbers.
func (b *Bot) mismatchCard(tx *storage.Tx, v text.Voice, claim record.Claim) (card, error) {
	p, err := tx.Person(claim.Person)
	if err != nil {
		return card{}, err
	}
	actor, err := tx.Actor(p.ID)
	if err != nil {
		return card{}, err
	}
	t := &Turn{Tx: tx, b: b, Voice: v, Now: tx.Now.In(b.conf.Zone)}
	posts, err := t.postLines(actor)
	if err != nil {
		return card{}, err
	}
	key := "enrol.card"
	if p.PhoneTail == "" {
		key = "enrol.card_no_phone"
	}
	line := fmt.Sprintf("enrol.decide %d %d ", claim.Chat, claim.At.Unix())
	return card{
		Text: t.Say(key, text.A{"Name": p.Name, "Posts": strings.Join(posts, "、"), "Roster": p.PhoneTail, "Got": claim.GotTail}),
		rows: [][]Btn{{{Text: v.Say("enrol.no"), Line: line + "no"}, {Text: v.Say("enrol.yes"), Line: line + "yes"}}},
	}, nil
}

// decideEnrolment takes the officer's yes or no: chat, claim's time, yes or no.
func (t *Turn) decideEnrolment() error {
	var chatID, at int64
	if _, err := fmt.Sscan(t.Arg(0)+" "+t.Arg(1), &chatID, &at); err != nil {
		return record.ErrInvalid
	}
	claim, found, err := t.Claim(chatID)
	if err != nil {
		return err
	}
	if !found || !claim.Waiting || claim.At.Unix() != at {
		return record.ErrChanged
	}
	p, err := t.Tx.Person(claim.Person)
	if err != nil {
		return err
	}
	if err := t.allowAllPosts(record.DecideEnrolment, p.ID); err != nil {
		return err
	}
	if t.Arg(2) != "yes" {
		return t.refuseEnrolment(claim, p)
	}
	if claim.GotHash != "" {
		if err := t.SetPhoneHash(p.ID, claim.GotHash, claim.GotTail); err != nil {
			return err
		}
	}
	if err := t.bind(claim, p, ""); err != nil {
		return err
	}
	t.Queue(t.toChat(claim, "enrol.accepted"))
	t.Answer(t.Say("enrol.accepted_officer", text.A{"Name": p.Name}), []Btn{t.Btn("mismatch", "enrol.waiting"), t.Btn("home", "start")})
	return nil
}

func (t *Turn) refuseEnrolment(claim record.Claim, p record.Person) error {
	if err := t.DropClaim(claim); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.DecideEnrolment, Person: p.ID, Note: "no"}); err != nil {
		return err
	}
	t.Queue(t.toChat(claim, "enrol.refused"))
	t.Answer(t.Say("enrol.refused_officer", text.A{"Name": p.Name}), []Btn{t.Btn("mismatch", "enrol.waiting"), t.Btn("home", "start")})
	return nil
}

// toChat is a notice to the chat of a claim, in words chosen when it is sent.
func (t *Turn) toChat(claim record.Claim, kind string) record.Outbox {
	return record.Outbox{
		Key:   fmt.Sprintf("enrol/%d/%d/%s", claim.Chat, claim.At.Unix(), kind),
		Class: record.Notice, Kind: kind, Chat: claim.Chat, Args: map[string]string{"person": string(claim.Person)},
	}
}

// allowPerson asks record.Allow about a person: at least one of the held posts
// is within the actor's authority.
func (t *Turn) allowPerson(action record.Action, id record.PersonID) error {
	about, err := t.Tx.Actor(id)
	if err != nil {
		return err
	}
	err = t.Allow(action, record.Object{Persons: []record.PersonID{id}})
	for _, p := range about.Posts {
		if err == nil {
			break
		}
		err = t.Allow(action, record.Object{Place: p.Place, Persons: []record.PersonID{id}})
	}
	return err
}

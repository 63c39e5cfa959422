package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// What is held about the reader and who looked at it; to have it corrected
// (fix.go); to be forgotten.
func mydataCommands() []command {
	return []command{
		{name: "mydata", words: []string{"我的数据", "mydata"}, run: (*Turn).mydata},
		{name: "mydata.file", hidden: true, run: (*Turn).mydataFile},
		{name: "forget", words: []string{"删除我的数据", "forget"}, run: (*Turn).forget},
		{name: "forget.strip", hidden: true, run: (*Turn).stripSelf},
	}
}

// mydata says what is held about the reader, in words, with the file one tap away.
func (t *Turn) mydata() error {
	if t.Ev.Chat.Group {
		return nil
	}
	own, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	held, err := t.HeldAbout(t.Person.ID, own.ID)
	if err != nil {
		return err
	}
	lines := []string{t.Say("mydata.head", text.A{"Name": t.Person.Name})}
	posts, err := t.mydataPerson()
	if err != nil {
		return err
	}
	lines = append(append(lines, posts...), t.heldCounts(held)...)
	rows := [][]Btn{{t.Btn("mydata_file", "mydata.file"), t.Btn("ask_fix", "mydata.fix")}}
	if found {
		said, err := t.graduateLines(own)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("mydata.graduate", text.A{"Lines": said}))
		rows = append(rows, []Btn{t.Btn("consents", "consent "+string(own.ID)), t.Btn("open_record", "graduate.show "+string(own.ID))})
	}
	looks, err := t.looksAt(own.ID)
	if err != nil {
		return err
	}
	lines = append(append(lines, looks...), t.Say("mydata.foot"))
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("forget", "forget"), t.Btn("privacy", "privacy")}, t.homeRow())...)
	return nil
}

// postsShown is how many posts are said, the newest ones; the file has all.
const postsShown = 8

// mydataPerson says what the roster has of the reader.
func (t *Turn) mydataPerson() ([]string, error) {
	p := t.Person
	lines := []string{t.Say("mydata.person", text.A{
		"Name": p.Name, "Born": p.BirthYear, "Tail": p.PhoneTail, "Since": t.dateOf(p.EnrolledAt),
		"Education": t.educationOf(p.Education),
	})}
	posts, err := t.Posts(p.ID)
	if err != nil {
		return nil, err
	}
	before := max(0, len(posts)-postsShown)
	for _, post := range posts[before:] {
		line, err := t.postLine(post)
		if err != nil {
			return nil, err
		}
		lines = append(lines, "· "+line)
	}
	if before > 0 {
		lines = append(lines, t.Say("mydata.posts_before", text.A{"Count": before}))
	}
	return lines, nil
}

func (t *Turn) educationOf(e record.Education) string {
	if e == record.NoEducation {
		return ""
	}
	return t.Say("level." + string(e))
}

// heldTopics are the topics that are counted for the reader, in this order.
var heldTopics = []string{"att", "answer", "standing", "turn", "leave", "swap", "note", "referral", "reserve", "dialog"}

func (t *Turn) heldCounts(held []storage.Held) []string {
	n := map[string]int{}
	for _, h := range held {
		n[h.Topic]++
	}
	var parts []string
	for _, topic := range heldTopics {
		if n[topic] > 0 {
			parts = append(parts, t.Say("mydata.topic."+topic, text.A{"Count": n[topic]}))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{t.Say("mydata.records", text.A{"What": strings.Join(parts, t.Voice.Comma())})}
}

// looksShown is how many looks at the own record are shown, looksKept how many are
// in the file.
const (
	looksShown = 3
	looksKept  = 500
)

// looksAt says who looked at the reader's records last.
func (t *Turn) looksAt(own record.GraduateID) ([]string, error) {
	looks, err := t.looks(own)
	if err != nil {
		return nil, err
	}
	lines := []string{t.Say("mydata.looks", text.A{"Count": len(looks), "More": len(looks) == looksKept})}
	for _, a := range looks[:min(len(looks), looksShown)] {
		line, err := t.auditLine(a)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// looks lists what others did with or looked at in the reader's records, the
// newest first.
func (t *Turn) looks(own record.GraduateID) ([]record.Audit, error) {
	var looks []record.Audit
	for _, subject := range []string{string(t.Person.ID), string(own)} {
		if subject == "" {
			continue
		}
		lines, _, err := t.AuditLines(storage.AuditQuery{About: subject, Limit: looksKept})
		if err != nil {
			return nil, err
		}
		for _, a := range lines {
			if a.By != t.Person.ID {
				looks = append(looks, a)
			}
		}
	}
	slices.SortFunc(looks, func(a, b record.Audit) int { return cmp.Compare(b.Seq, a.Seq) })
	return looks[:min(len(looks), looksKept)], nil
}

// mydataFile asks for all of it as a file.
func (t *Turn) mydataFile() error {
	if t.Ev.Chat.Group {
		return nil
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SeeSelf, Person: t.Person.ID, Note: "mydata"}); err != nil {
		return err
	}
	t.sendFile(kindMyData, nil)
	return nil
}

// kindMyData is the notice with all that is held about its reader.
const kindMyData = "mydata"

func mydataNotices() map[string]render { return map[string]render{kindMyData: mydataNotice} }

func mydataNotice(t *Turn, _ record.Outbox) (notice, string, error) {
	own, _, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return notice{}, "", err
	}
	held, err := t.HeldAbout(t.Person.ID, own.ID)
	if err != nil {
		return notice{}, "", err
	}
	looks, err := t.looks(own.ID)
	if err != nil {
		return notice{}, "", err
	}
	now := t.Now
	return notice{
		card: card{Text: t.Say("mydata.file_caption", text.A{"When": t.When(now)})},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := json.MarshalIndent(map[string]any{
				"made_at": now, "person": t.Person.ID, "graduate": own.ID, "held": held, "seen_or_changed_by_others": looks,
			}, "", "  ")
			return nil, &chat.Upload{Name: fmt.Sprintf("headgoose-%s.json", now.Format("20060102")), Body: body}, err
		},
	}, "", nil
}

// forget says what goes and what stays, why and until when.
func (t *Turn) forget() error {
	if t.Ev.Chat.Group {
		return nil
	}
	own, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	lines := []string{t.Say("forget.head")}
	var rows [][]Btn
	if found {
		lines = append(lines, t.Say("forget.graduate"))
		rows = append(rows, []Btn{t.Btn("drop_record", "graduate.drop "+string(own.ID))})
	}
	posts, err := t.Posts(t.Person.ID)
	if err != nil {
		return err
	}
	until, off, err := t.KeptUntil(t.Person.ID)
	switch {
	case err != nil:
		return err
	case len(posts) == 0:
	case !off:
		lines = append(lines, t.Say("forget.on_duty", text.A{"Months": record.RosterMonths}))
	default:
		lines = append(lines, t.Say("forget.left", text.A{"Until": t.dateOf(until)}))
		rows = append(rows, []Btn{t.Btn("forget_strip", "forget.strip")})
	}
	lines = append(lines, t.Say("forget.stays", text.A{"Months": record.ChatMonths}))
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("mydata", "mydata"), t.Btn("privacy", "privacy")}, t.homeRow())...)
	return nil
}

// stripSelf takes away what the office needs no more of somebody who has left the
// last post; it asks once more.
func (t *Turn) stripSelf() error {
	posts, err := t.Posts(t.Person.ID)
	if err != nil {
		return err
	}
	if len(posts) == 0 {
		return record.ErrNotFound
	}
	own, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	if t.Arg(0) != "yes" {
		t.Answer(t.Say("forget.strip_ask", text.A{"Graduate": found}), []Btn{t.Btn("keep_record", "forget"), t.Btn("drop_yes", "forget.strip yes")})
		return nil
	}
	if found {
		if err := t.ForgetGraduate(own.ID); err != nil {
			return err
		}
	}
	if err := t.StripPerson(t.Person.ID); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.Forget, Person: t.Person.ID, Note: dropAsked}); err != nil {
		return err
	}
	t.Person, t.Known = record.Person{}, false // the account is nobody's any more
	t.Answer(t.Say("forget.stripped"))
	return nil
}

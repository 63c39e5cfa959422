package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// flagHeads says which flags an officer may list, and under which head.
var flagHeads = map[storage.Flag]string{
	storage.NotEnrolled: "query.flag_notenrolled",
	storage.Unreachable: "query.flag_unreachable",
	storage.Vacant:      "query.flag_vacant",
}

// statusFlag lists the posts of a place that carry a flag, from the one after
// the place and person of arguments 2 and 3 on.
func (t *Turn) statusFlag() error {
	flag, place := storage.Flag(t.Arg(0)), record.Code(t.Arg(1))
	if flagHeads[flag] == "" {
		return record.ErrNotFound
	}
	if err := t.Allow(record.SeePerson, record.Object{Place: place}); err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	after := storage.Flagged{Place: record.Code(t.Arg(2)), Person: record.PersonID(t.Arg(3))}
	list, err := t.Flagged(flag, place, after, listSize+1)
	if err != nil {
		return err
	}
	lines, rows, err := t.flagged(list[:min(len(list), listSize)])
	if err != nil {
		return err
	}
	head := t.Say(flagHeads[flag], text.A{"Place": name})
	if len(lines) == 0 {
		head = t.Say("query.flag_none", text.A{"Head": head})
	}
	line := "status.flag " + string(flag) + " " + string(place)
	rows = append(rows, t.flagPager(line, list)...)
	if flag == storage.Unreachable {
		rows = append(rows, []Btn{t.Btn("undelivered", "status.undelivered "+string(place))})
	}
	t.Answer(strings.Join(append([]string{head}, lines...), "\n"), append(rows, t.backRow("status "+string(place)))...)
	return nil
}

// flagPager leads to the first page and to what follows the tenth entry; one
// more than that was read.
func (t *Turn) flagPager(line string, list []storage.Flagged) [][]Btn {
	var row []Btn
	if t.Arg(2) != "" {
		row = append(row, t.Btn("first_page", line))
	}
	if len(list) > listSize {
		last := list[listSize-1]
		row = append(row, t.Btn("next_page", strings.TrimSpace(line+" "+string(last.Place)+" "+string(last.Person))))
	}
	return inRows(row, 2)
}

// flagged says posts that carry a flag, with the buttons that lead to person
// or village.
func (t *Turn) flagged(list []storage.Flagged) (lines []string, rows [][]Btn, err error) {
	var row []Btn
	for _, f := range list {
		line, b, err := t.flaggedLine(f)
		if err != nil {
			return nil, nil, err
		}
		lines, row = append(lines, line), append(row, b)
	}
	return lines, inRows(row, 2), nil
}

func (t *Turn) flaggedLine(f storage.Flagged) (string, Btn, error) {
	place, err := t.Place(f.Place)
	if err != nil {
		return "", Btn{}, err
	}
	name, err := t.placeName(f.Place)
	if err != nil {
		return "", Btn{}, err
	}
	if f.Person == "" {
		line := t.Say("query.branch_line", text.A{"Place": name, "Name": t.Say("query.vacant"), "More": ""})
		return line, Btn{Text: place.Name, Line: "status " + string(f.Place)}, nil
	}
	p, err := t.Tx.Person(f.Person)
	if err != nil {
		return "", Btn{}, err
	}
	more := ""
	if !p.UnreachableSince.IsZero() {
		more = t.Say("query.since", text.A{"Day": t.Voice.ShortDay(p.UnreachableSince.In(t.b.conf.Zone))})
	}
	line := t.Say("query.branch_line", text.A{"Place": name, "Name": p.Name, "More": more})
	return line, Btn{Text: place.Name + " " + clip(p.Name, 10), Line: "status.person " + string(p.ID)}, nil
}

const (
	// undeliveredLook is how many of the newest messages that did not arrive
	// are looked through, undeliveredDays how far back.
	undeliveredLook = 200
	undeliveredDays = weekLong
)

// statusUndelivered lists the messages of the last week that did not arrive,
// or of which nobody knows, the newest first.
func (t *Turn) statusUndelivered() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.SeePerson, record.Object{Place: place}); err != nil {
		return err
	}
	all, err := t.Undelivered(t.Now.Add(-undeliveredDays), undeliveredLook)
	if err != nil {
		return err
	}
	var mine []record.Outbox
	for _, row := range all {
		within, err := t.concerns(row.Person, place)
		if err != nil {
			return err
		}
		if within {
			mine = append(mine, row)
		}
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	from, to, turn := t.window(1, len(mine), "status.undelivered "+string(place))
	lines := []string{t.Say("query.undelivered", text.A{"Place": name, "N": len(mine)})}
	var row []Btn
	for _, out := range mine[from:to] {
		p, err := t.Tx.Person(out.Person)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("query.undelivered_line", text.A{
			"When": t.When(out.SettledAt), "Name": p.Name, "What": t.Say(kindText(out.Kind)), "Why": t.Say(reasonText(out)),
		}))
		row = append(row, Btn{Text: p.Name, Line: "status.person " + string(p.ID)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("status.flag unreachable "+string(place)))...)
	return nil
}

// concerns says whether a person holds a post in a place and may be seen.
func (t *Turn) concerns(id record.PersonID, place record.Code) (bool, error) {
	if id == "" {
		return false, nil
	}
	about, err := t.Tx.Actor(id)
	if err != nil {
		return false, err
	}
	for _, post := range about.Posts {
		if place.Contains(post.Place) && t.Allow(record.SeePerson, record.Object{Place: post.Place}) == nil {
			return true, nil
		}
	}
	return false, nil
}

// kindText is the key of what an undelivered message was.
func kindText(kind string) string {
	switch kind {
	case record.KindReply:
		return "query.kind_reply"
	case record.KindWeek, record.KindAnnounce:
		return "query.kind_plan"
	case record.KindDayBefore, record.KindSoon:
		return "query.kind_reminder"
	case record.KindResult, record.KindDigest:
		return "query.kind_result"
	}
	return "query.kind_notice"
}

// reasonText is the key of why a message did not arrive.
func reasonText(row record.Outbox) string {
	switch {
	case row.State == record.Unknown:
		return "query.why_unknown"
	case row.Reason == "unreachable":
		return "query.why_unreachable"
	case row.Reason == "not enrolled":
		return "query.why_not_enrolled"
	case row.Reason == record.ReasonBudget:
		return "query.why_budget"
	}
	return "query.why_failed"
}

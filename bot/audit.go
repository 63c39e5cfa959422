package bot

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// The audit log, for officers: who did or looked at what, of whom, when and why.
// The county reads all of it, a township what concerns its own people.
func auditCommands() []command {
	return []command{
		{name: "audit", words: []string{"审计", "操作记录", "audit"}, roles: officers, run: (*Turn).audit},
		{name: "audit.about", hidden: true, roles: officers, run: (*Turn).auditAbout},
		{name: "audit.by", hidden: true, roles: officers, run: (*Turn).auditBy},
	}
}

// audit lists the newest lines, or with a name behind it who is meant; argument 0
// is the number of the line before which it begins.
func (t *Turn) audit() error {
	if _, err := strconv.ParseUint(t.Arg(0), 10, 64); err != nil && t.Arg(0) != "" {
		return t.auditOf(strings.Join(t.Args, " "))
	}
	switch err := t.Allow(record.SeeAudit, t.countyObject()); {
	case errors.Is(err, record.ErrNotYours):
		t.Answer(t.Say("audit.by_name"), t.homeRow())
		return nil
	case err != nil:
		return err
	}
	return t.auditPage(storage.AuditQuery{}, t.Say("audit.head"), "audit", t.Arg(0), t.homeRow())
}

// auditOf finds whom a name means, within the officer's scope.
func (t *Turn) auditOf(name string) error {
	var row []Btn
	for _, county := range t.counties() {
		people, err := t.namedPeople(county, name)
		if err != nil {
			return err
		}
		for _, id := range people {
			p, err := t.Tx.Person(id)
			if err != nil {
				return err
			}
			row = append(row, Btn{Text: p.Name, Line: "audit.about " + string(id)})
		}
	}
	if len(row) == 0 {
		t.Answer(t.Say("query.unknown", text.A{"Text": clip(name, 30)}), t.backRow("audit"))
		return nil
	}
	const most = 20
	t.Answer(t.Say("audit.whose"), append(inRows(row[:min(len(row), most)], 2), t.homeRow())...)
	return nil
}

// auditAbout lists the lines about a person, auditBy those of what a person did.
func (t *Turn) auditAbout() error { return t.auditPerson("audit.about", "audit.by") }

func (t *Turn) auditBy() error { return t.auditPerson("audit.by", "audit.about") }

func (t *Turn) auditPerson(line, other string) error {
	id := record.PersonID(t.Arg(0))
	p, err := t.Tx.Person(id)
	if err != nil {
		return err
	}
	if err := t.allowPerson(record.SeeAudit, id); err != nil {
		return err
	}
	q, head := storage.AuditQuery{About: string(id)}, "audit.head_about"
	if line == "audit.by" {
		q, head = storage.AuditQuery{By: id}, "audit.head_by"
	}
	button := map[string]string{"audit.by": "did", "audit.about": "about"}[other]
	back := []Btn{t.Btn(button, other+" "+string(id)), t.Btn("back", "status.person "+string(id))}
	return t.auditPage(q, t.Say(head, text.A{"Name": p.Name}), line+" "+string(id), t.Arg(1), back)
}

// auditPage is a page of lines, the newest first.
func (t *Turn) auditPage(q storage.AuditQuery, head, line, before string, back []Btn) error {
	const size = 8
	q.Limit = size
	q.Before, _ = strconv.ParseUint(before, 10, 64) // 0: from the newest on
	list, more, err := t.AuditLines(q)
	if err != nil {
		return err
	}
	lines := []string{head}
	if len(list) == 0 {
		lines = append(lines, t.Say("audit.none"))
	}
	for _, a := range list {
		said, err := t.auditLine(a)
		if err != nil {
			return err
		}
		lines = append(lines, said)
	}
	var row []Btn
	if q.Before != 0 {
		row = append(row, t.Btn("newest", line))
	}
	if more {
		row = append(row, t.Btn("older", line+" "+strconv.FormatUint(list[len(list)-1].Seq, 10)))
	}
	t.Answer(strings.Join(lines, "\n"), row, back)
	return nil
}

func (t *Turn) auditLine(a record.Audit) (string, error) {
	args := text.A{"When": t.When(a.At), "Who": t.Say("audit.bot"), "What": t.Say("action." + string(a.Action)), "Whom": "", "Place": "", "Note": clip(t.noteOfLine(a), 40)}
	var err error
	if a.By != "" {
		if args["Who"], err = t.nameOf(a.By); err != nil {
			return "", err
		}
	}
	switch {
	case a.Graduate != "":
		g, err := t.Graduate(a.Graduate)
		if errors.Is(err, record.ErrNotFound) || g.Name == "" {
			args["Whom"], err = t.Say("audit.gone"), nil
		} else {
			args["Whom"] = g.Name
		}
		if err != nil {
			return "", err
		}
	case a.Person != "" && a.Person != a.By:
		if args["Whom"], err = t.nameOf(a.Person); err != nil {
			return "", err
		}
	}
	if a.Place != "" {
		name, err := t.placeName(a.Place)
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return "", err
		}
		args["Place"] = name
	}
	return t.Say("audit.line", args), nil
}

// noteOfLine says a line's note, whose words are codes where they are no ids: of a
// referral its stages.
func (t *Turn) noteOfLine(a record.Audit) string {
	parts := strings.Fields(a.Note)
	referral := a.Action == record.KeepReferral || a.Action == record.AnswerReferral || a.Action == record.ReceiveReferral
	for i, part := range parts {
		if referral && slices.Contains(record.ReferralStages(), record.ReferralStage(part)) {
			parts[i] = t.Say("referral_stage." + part)
			continue
		}
		if said, err := t.Voice.Try("audit.word." + strings.ReplaceAll(part, ".", "_")); err == nil {
			parts[i] = said
		}
	}
	return strings.Join(parts, " ")
}

// nameOf is what a person is called, also when nothing is known any more.
func (t *Turn) nameOf(id record.PersonID) (string, error) {
	p, err := t.Tx.Person(id)
	if errors.Is(err, record.ErrNotFound) || (err == nil && p.Name == "") {
		return t.Say("audit.gone"), nil
	}
	return p.Name, err
}

// looked notes that an officer has looked at somebody else's record, and by which
// command.
func (t *Turn) looked(action record.Action, line record.Audit) error {
	if line.Person == t.Person.ID {
		return nil
	}
	line.By, line.Action = t.Person.ID, action
	return t.Audit(line)
}

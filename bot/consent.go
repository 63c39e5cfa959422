package bot

import (
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// What a graduate's data may be used for: each purpose is agreed to, has a receipt,
// expires, and is withdrawn in two taps. The secretary or an officer notes what the
// graduate said to them.
//
//	consent          graduate           the page
//	consent.yes      graduate, purpose  agrees, or goes on
//	consent.no       graduate, purpose  asks; with "yes" it is withdrawn
//	consent.ending   village, page      those who are to be asked whether it goes on
func consentCommands() []command {
	return []command{
		{name: "consent", words: []string{"同意", "同意事项", "consent"}, roles: graduateKeepers, run: (*Turn).consentOf},
		{name: "consent.yes", hidden: true, roles: graduateKeepers, run: onPurpose((*Turn).consentYes)},
		{name: "consent.no", hidden: true, roles: graduateKeepers, run: onPurpose((*Turn).consentNo)},
		{name: "consent.ending", hidden: true, roles: branch, run: (*Turn).consentsEnding},
	}
}

// onPurpose is a command about a purpose, the second argument, of a graduate whose
// consent the person may report.
func onPurpose(run func(*Turn, record.Graduate, record.Purpose) error) func(*Turn) error {
	return onGraduate(record.GiveConsent, func(t *Turn, g record.Graduate) error {
		for _, p := range record.Purposes() {
			if string(p) == t.Arg(1) {
				return run(t, g, p)
			}
		}
		return record.ErrNotFound
	})
}

// consentOf is the page of a graduate's purposes; without one the own.
func (t *Turn) consentOf() error {
	if t.Arg(0) != "" {
		return onGraduate(record.GiveConsent, (*Turn).consentPage)(t)
	}
	g, found, err := t.GraduateOf(t.Person.ID)
	if err != nil {
		return err
	}
	if !found {
		t.Answer(t.Say("consent.whose"), []Btn{t.Btn("grad_list", "graduates"), t.Btn("home", "start")})
		return nil
	}
	return t.consentPage(g)
}

func (t *Turn) consentPage(g record.Graduate) error {
	if err := t.lookedAt(g, "consent"); err != nil {
		return err
	}
	lines := []string{t.Say("consent.head", text.A{"Name": g.Name, "Own": g.Person == t.Person.ID})}
	var rows [][]Btn
	for _, p := range record.Purposes() {
		lines = append(lines, t.consentLine(g, p))
		name := t.Say("consent.short." + string(p))
		line := string(g.ID) + " " + string(p)
		yes := Btn{Text: t.Say("consent.button_yes", text.A{"Purpose": name}), Line: "consent.yes " + line}
		if !g.ConsentTo(p).Holds(t.Tx.Now) {
			rows = append(rows, []Btn{yes})
			continue
		}
		yes.Text = t.Say("consent.button_on", text.A{"Purpose": name})
		no := Btn{Text: t.Say("consent.button_no", text.A{"Purpose": name}), Line: "consent.no " + line}
		rows = append(rows, []Btn{yes, no})
	}
	lines = append(lines, t.Say("consent.foot"))
	rows = append(rows, []Btn{t.Btn("open_record", "graduate.show "+string(g.ID)), t.Btn("home", "start")})
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// consentLine says one purpose and how it stands.
func (t *Turn) consentLine(g record.Graduate, p record.Purpose) string {
	c := g.ConsentTo(p)
	args := text.A{"Purpose": t.Say("consent.purpose." + string(p)), "At": "", "Until": ""}
	key := "consent.none"
	if !c.At.IsZero() {
		args["At"], args["Until"] = t.dateOf(c.At), t.dateOf(c.Expires())
		key = "consent.over"
		if c.Holds(t.Tx.Now) {
			key = "consent.given"
		}
	}
	return t.Say(key, args)
}

// consentYes notes the yes, from now on, and answers with the receipt.
func (t *Turn) consentYes(g record.Graduate, p record.Purpose) error {
	c := record.Consent{Version: consentVersion, At: t.Tx.Now, Source: t.speaks(g)}
	c.Until = c.At.AddDate(0, record.ConsentMonths, 0)
	g, err := t.SetConsent(g.ID, p, c)
	if err != nil {
		return err
	}
	return t.receipt(g, p, "consent.receipt_yes", text.A{"Until": t.dateOf(c.Until)})
}

// consentNo asks, and with a yes withdraws: referrals and messages of the purpose
// end with it. Without the consent to keep it there is no record.
func (t *Turn) consentNo(g record.Graduate, p record.Purpose) error {
	if p == record.ToKeep {
		t.Args = []string{string(g.ID)}
		return t.dropGraduate(g)
	}
	if t.Arg(2) != "yes" {
		line := "consent.no " + string(g.ID) + " " + string(p) + " yes"
		t.Answer(t.Say("consent.ask_no", text.A{"Purpose": t.Say("consent.purpose." + string(p)), "What": t.Say("consent.end." + string(p))}),
			[]Btn{t.Btn("keep_record", "consent "+string(g.ID)), t.Btn("withdraw_yes", line)})
		return nil
	}
	before, err := t.referralsUnderWay(g.ID)
	if err != nil {
		return err
	}
	if g, err = t.SetConsent(g.ID, p, record.Consent{}); err != nil {
		return err
	}
	after, err := t.referralsUnderWay(g.ID)
	if err != nil {
		return err
	}
	return t.receipt(g, p, "consent.receipt_no", text.A{"Ended": before - after})
}

func (t *Turn) referralsUnderWay(id record.GraduateID) (n int, err error) {
	list, err := t.ReferralsOf(id)
	for _, r := range list {
		if r.Stage.Open() {
			n++
		}
	}
	return n, err
}

// receipt writes the audit line and answers with its number, by which the yes or no
// is found again.
func (t *Turn) receipt(g record.Graduate, p record.Purpose, key string, args text.A) error {
	note := string(p) + " given"
	if key == "consent.receipt_no" {
		note = p.WithdrawnNote()
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.GiveConsent, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: note}); err != nil {
		return err
	}
	t.planChanged() // a withdrawal ends referrals, of which others are told
	last, err := t.LastAudit()
	if err != nil {
		return err
	}
	args["Name"], args["Purpose"] = g.Name, t.Say("consent.purpose."+string(p))
	args["When"], args["Number"], args["Version"] = t.When(t.Tx.Now), last.Seq, consentVersion
	t.Answer(t.Say(key, args), []Btn{t.Btn("consents", "consent "+string(g.ID)), t.Btn("home", "start")})
	return nil
}

// dateOf is a day; with its year where that is another one.
func (t *Turn) dateOf(at time.Time) string { return t.Voice.Day(at.In(t.b.conf.Zone), t.Now) }

// consentsEnding lists a village's graduates whose consent is to be asked for anew,
// each with the way to the page on which it is noted.
func (t *Turn) consentsEnding() error {
	village := record.Code(t.Arg(0))
	if village.Level() != record.Village {
		return record.ErrNotFound
	}
	if err := t.Allow(record.GiveConsent, record.Object{Place: village}); err != nil {
		return err
	}
	list, err := t.ConsentsAsked(village)
	if err != nil {
		return err
	}
	from, to, turn := t.window(1, len(list), "consent.ending "+string(village))
	var rows []Btn
	for _, g := range list[from:to] {
		rows = append(rows, Btn{Text: clip(g.Name, 12), Line: "consent " + string(g.ID)})
	}
	name, err := t.placeName(village)
	if err != nil {
		return err
	}
	t.Answer(t.Say("consent.ending", text.A{"Village": name, "Count": len(list)}), append(append(inRows(rows, 2), turn...), []Btn{t.Btn("back", "graduates "+string(village)), t.Btn("home", "start")})...)
	return nil
}

// consentNotices ask whether a consent goes on: the graduate, or the secretary who
// can ask.
func consentNotices() map[string]render {
	return map[string]render{record.KindConsent: consentNotice, record.KindConsentsOf: consentsNotice}
}

func consentNotice(t *Turn, row record.Outbox) (notice, string, error) {
	g, err := t.Graduate(record.GraduateID(row.Args["graduate"]))
	p := record.Purpose(row.Args["purpose"])
	switch {
	case err != nil:
		return notice{}, "", err
	case g.Person != t.Person.ID:
		return notice{}, "", record.ErrNotYours
	}
	if _, asked, err := t.ConsentAsked(g.ID, p); err != nil || !asked {
		return notice{}, "answered", err
	}
	line := string(g.ID) + " " + string(p)
	name := t.Say("consent.short." + string(p))
	rows := [][]Btn{
		{{Text: t.Say("consent.button_on", text.A{"Purpose": name}), Line: "consent.yes " + line}, {Text: t.Say("consent.button_no", text.A{"Purpose": name}), Line: "consent.no " + line}},
		{t.Btn("consents", "consent "+string(g.ID)), t.Btn("privacy", "privacy")},
	}
	args := text.A{"Purpose": t.Say("consent.purpose." + string(p)), "Until": t.dateOf(g.ConsentTo(p).Expires()), "What": t.Say("consent.end." + string(p))}
	return notice{card: card{Text: t.Say("consent.ask", args), rows: rows}}, "", nil
}

func consentsNotice(t *Turn, _ record.Outbox) (notice, string, error) {
	var lines []string
	var rows []Btn
	for _, village := range t.Actor.Places(record.Secretary) {
		list, err := t.ConsentsAsked(village)
		if err != nil {
			return notice{}, "", err
		}
		if len(list) == 0 {
			continue
		}
		name, err := t.placeName(village)
		if err != nil {
			return notice{}, "", err
		}
		lines = append(lines, t.Say("consent.ask_of", text.A{"Village": name, "Count": len(list)}))
		rows = append(rows, Btn{Text: t.Say("consent.button_ask", text.A{"Count": len(list)}), Line: "consent.ending " + string(village)})
	}
	if len(lines) == 0 {
		return notice{}, "answered", nil
	}
	return notice{card: card{Text: strings.Join(lines, "\n"), rows: inRows(rows, 2)}}, "", nil
}

package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// privacyVersion names the text of /privacy. Whoever knew an earlier one is shown
// the new one once, and says that it was seen. Change it with the registry's rules
// (storage/record/use.go) or the texts of privacy.*.yaml. People of before
// versions were kept know the first.
const privacyVersion = "1"

func privacyCommands() []command {
	return []command{
		{name: "privacy", words: []string{"隐私"}, run: (*Turn).privacy},
		{name: "privacy.seen", hidden: true, run: (*Turn).privacySeen},
	}
}

// privacy says who holds what about the reader, for what, how long, who sees it,
// and where the platform's servers are; with "all" about everybody.
func (t *Turn) privacy() error {
	body, err := t.privacyText(t.Arg(0) == "all")
	if err != nil {
		return err
	}
	if err := t.knowsPrivacy(); err != nil {
		return err
	}
	rows := [][]Btn{{t.Btn("mydata", "mydata"), t.Btn("forget", "forget")}}
	if t.Arg(0) != "all" {
		rows = append(rows, []Btn{t.Btn("privacy_all", "privacy all")})
	}
	t.Answer(body, append(rows, t.homeRow())...)
	return nil
}

func (t *Turn) privacyText(all bool) (string, error) {
	county, err := t.Place(t.b.conf.County)
	if err != nil {
		return "", err
	}
	lines := []string{t.Say("privacy.head", text.A{"County": county.Name, "Version": t.b.privacyVersion})}
	for _, rule := range record.UseRules() {
		if all || t.appliesTo(rule) {
			lines = append(lines, t.useLine(rule))
		}
	}
	return strings.Join(append(lines, t.Say("privacy.foot")), "\n"), nil
}

// appliesTo says whether a use is about the reader: who holds posts, or keeps an
// own record.
func (t *Turn) appliesTo(rule record.UseRule) bool {
	switch {
	case rule.Use == record.ChatUse || rule.Use == record.AuditUse:
		return true
	case rule.Ground == record.ByConsent:
		return t.isAlumnus()
	}
	return len(t.Actor.Posts) > 0
}

// useLine says one use: what, on which ground, how long, who reads it.
func (t *Turn) useLine(rule record.UseRule) string {
	readers := []string{t.Say("privacy.self")}
	for _, role := range record.Grantees(rule.See) {
		readers = append(readers, t.Say("role."+string(role)))
	}
	return t.Say("privacy.use", text.A{
		"What":    t.Say("privacy.what." + string(rule.Use)),
		"Ground":  t.Say("privacy.ground." + string(rule.Ground)),
		"Keep":    t.Say("privacy.keep."+string(rule.From), text.A{"Months": rule.Months}),
		"Readers": strings.Join(readers, t.Voice.Comma()),
	})
}

// knowsPrivacy notes that the reader was shown the text as it stands.
func (t *Turn) knowsPrivacy() error {
	if t.Person.Privacy == t.b.privacyVersion || (t.Person.Privacy == "" && t.b.privacyVersion == "1") {
		return nil
	}
	t.Person.Privacy = t.b.privacyVersion
	return t.SeenPrivacy(t.Person.ID, t.b.privacyVersion)
}

// newPrivacy shows the text once more, before anything else, to whom only an
// earlier version was shown.
func (t *Turn) newPrivacy() error {
	known := t.Person.Privacy
	if known == "" {
		known = "1"
	}
	if known == t.b.privacyVersion || t.Ev.Chat.Group {
		return nil
	}
	body, err := t.privacyText(false)
	if err != nil {
		return err
	}
	t.Send(t.Say("privacy.changed")+"\n"+body, []Btn{t.Btn("privacy_seen", "privacy.seen"), t.Btn("mydata", "mydata")})
	return t.knowsPrivacy()
}

// privacySeen is the yes under a new version.
func (t *Turn) privacySeen() error {
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SeeSelf, Person: t.Person.ID, Note: "privacy " + t.b.privacyVersion}); err != nil {
		return err
	}
	t.Answer(t.Say("privacy.thanks"), t.homeRow())
	return nil
}

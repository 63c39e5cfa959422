package bot

import (
	"errors"
	"slices"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Corrections: a person says what is wrong in what is held about them; who keeps
// the record decides, and the person is told.
//
//	mydata.fix                     the form
//	mydata.fixes   page            those that wait for a decision
//	mydata.asked   request         one of them
//	mydata.made    request         it was corrected
//	mydata.kept    request         it stays: the reason is asked
func fixCommands() []command {
	return []command{
		{name: "mydata.fix", hidden: true, run: func(t *Turn) error { return t.startFlow("fix", dialog.Answers{}) }},
		{name: "mydata.fixes", hidden: true, roles: branch, run: (*Turn).fixes},
		{name: "mydata.asked", hidden: true, roles: branch, run: onFix((*Turn).fixCard)},
		{name: "mydata.made", hidden: true, roles: branch, run: onFix(func(t *Turn, c record.Correction) error { return t.decideFix(c, true, "") })},
		{name: "mydata.kept", hidden: true, roles: branch, run: onFix(func(t *Turn, c record.Correction) error {
			return t.startFlow("fix_kept", dialog.Answers{"fix": string(c.ID)})
		})},
	}
}

func fixFlows() []*flow {
	return []*flow{
		{name: "fix", steps: fixSteps, title: say("fix.form"), may: mayFix, save: saveFix},
		{name: "fix_kept", direct: true, steps: fixKeptSteps, title: say("fix.form_kept"), may: func(t *Turn, a dialog.Answers) error {
			_, err := t.fixOf(record.CorrectionID(a["fix"]))
			return err
		}, save: saveFixKept},
	}
}

func fixSteps(*Turn) []dialog.Step {
	return []dialog.Step{{Name: "words", Ask: "fix.ask", Field: "fix.field", Parse: dialog.Text(record.MaxCorrection), Max: record.MaxCorrection}}
}

func fixKeptSteps(*Turn) []dialog.Step {
	return []dialog.Step{{Name: "words", Ask: "fix.ask_kept", Field: "fix.field_kept", Parse: dialog.Text(record.MaxCorrection), Max: record.MaxCorrection}}
}

func mayFix(t *Turn, _ dialog.Answers) error {
	return t.Allow(record.SeeSelf, record.Object{Persons: []record.PersonID{t.Person.ID}})
}

// saveFix adds the request and tells who decides.
func saveFix(t *Turn, a dialog.Answers) error {
	c := record.Correction{Person: t.Person.ID, Text: a["words"], Place: t.b.conf.County}
	if g, found, err := t.GraduateOf(t.Person.ID); err != nil {
		return err
	} else if found && len(t.Actor.Posts) == 0 {
		c.Graduate, c.Place = g.ID, g.Village
	} else if len(t.Actor.Posts) > 0 {
		c.Place = placeAbove(t.Actor.Posts[0])
	}
	c, err := t.AskCorrection(c)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SeeSelf, Person: c.Person, Graduate: c.Graduate, Place: c.Place, Note: "correction asked"}); err != nil {
		return err
	}
	keepers, err := t.keepersOf(c)
	if err != nil {
		return err
	}
	for _, id := range keepers {
		t.Queue(record.Outbox{
			Key: kindFix + "/" + string(c.ID) + "/" + string(id), Class: record.Notice, Kind: kindFix,
			Person: id, Args: map[string]string{"fix": string(c.ID)},
		})
	}
	t.Answer(t.Say("fix.asked", text.A{"Told": len(keepers)}), []Btn{t.Btn("mydata", "mydata"), t.Btn("home", "start")})
	return nil
}

// placeAbove is where a request of who holds a post is decided: at the village for a
// secretary, whose township's officers see it; else one level above the post.
func placeAbove(p record.Post) record.Code {
	if p.Role == record.Secretary || p.Place.Parent() == "" {
		return p.Place
	}
	return p.Place.Parent()
}

// fixAction is what the deciding needs: for a graduate's record the right to change
// it, for the roster that to decide about who somebody is.
func fixAction(c record.Correction) record.Action {
	if c.Graduate != "" {
		return record.EditGraduate
	}
	return record.DecideEnrolment
}

// keepersOf lists who is told: who keeps the record, else the officers above.
func (t *Turn) keepersOf(c record.Correction) ([]record.PersonID, error) {
	for _, at := range []struct {
		role  record.Role
		place record.Code
	}{{record.Secretary, c.Place}, {record.TownshipOfficer, c.Place.Township()}, {record.CountyOfficer, c.Place.County()}} {
		if at.place.Level() != at.role.Level() || (at.role == record.Secretary && c.Graduate == "") {
			continue
		}
		ids, err := t.Holders(at.role, at.place)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id record.PersonID) bool { return id == c.Person })
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

// fixOf reads a request that the person may decide: not an own one.
func (t *Turn) fixOf(id record.CorrectionID) (record.Correction, error) {
	c, err := t.Correction(id)
	if err != nil {
		return c, err
	}
	if c.Person == t.Person.ID {
		return c, record.ErrNotYours
	}
	return c, t.Allow(fixAction(c), record.Object{Place: c.Place})
}

func onFix(run func(*Turn, record.Correction) error) func(*Turn) error {
	return func(t *Turn) error {
		c, err := t.fixOf(record.CorrectionID(t.Arg(0)))
		if err != nil {
			return err
		}
		return run(t, c)
	}
}

// fixes lists the requests of a place that the person may decide.
func (t *Turn) fixes() error {
	list, err := t.openFixes()
	if err != nil {
		return err
	}
	from, to, turn := t.window(0, len(list), "mydata.fixes")
	var row []Btn
	for _, c := range list[from:to] {
		name, err := t.fixName(c)
		if err != nil {
			return err
		}
		row = append(row, Btn{Text: clip(name, 12), Line: "mydata.asked " + string(c.ID)})
	}
	t.Answer(t.Say("fix.list", text.A{"Count": len(list)}), append(append(inRows(row, 2), turn...), t.homeRow())...)
	return nil
}

// openFixes lists the requests that wait for the person.
func (t *Turn) openFixes() ([]record.Correction, error) {
	var list []record.Correction
	seen := map[record.CorrectionID]bool{}
	for _, p := range t.Actor.Posts {
		all, err := t.OpenCorrections(p.Place)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			_, err := t.fixOf(c.ID)
			if errors.Is(err, record.ErrNotYours) || seen[c.ID] {
				continue
			}
			if err != nil {
				return nil, err
			}
			seen[c.ID] = true
			list = append(list, c)
		}
	}
	return list, nil
}

func (t *Turn) fixName(c record.Correction) (string, error) {
	if c.Graduate == "" {
		return t.nameOf(c.Person)
	}
	g, err := t.Graduate(c.Graduate)
	return g.Name, err
}

// fixText says a request, with who asks.
func (t *Turn) fixText(c record.Correction) (string, [][]Btn, error) {
	name, err := t.fixName(c)
	if err != nil {
		return "", nil, err
	}
	place, err := t.placeName(c.Place)
	if err != nil {
		return "", nil, err
	}
	open := t.Btn("open_record", "status.person "+string(c.Person))
	if c.Graduate != "" {
		open = t.Btn("open_record", "graduate.show "+string(c.Graduate))
	}
	id := string(c.ID)
	rows := [][]Btn{{open}, {t.Btn("fix_made", "mydata.made "+id), t.Btn("fix_kept", "mydata.kept "+id)}}
	how := t.Say("fix.how_roster")
	if c.Graduate != "" {
		how = t.Say("fix.how_graduate")
	}
	return t.Say("fix.card", text.A{"Name": name, "Place": place, "When": t.When(c.At), "Text": c.Text, "How": how}), rows, nil
}

func (t *Turn) fixCard(c record.Correction) error {
	if c.State != record.CorrectionOpen {
		return record.ErrSettled
	}
	if t.Actor.Has(officers...) {
		if err := t.looked(record.SeePerson, record.Audit{Person: c.Person, Graduate: c.Graduate, Place: c.Place, Note: "mydata.asked"}); err != nil {
			return err
		}
	}
	body, rows, err := t.fixText(c)
	if err != nil {
		return err
	}
	t.Answer(body, append(rows, t.homeRow())...)
	return nil
}

func saveFixKept(t *Turn, a dialog.Answers) error {
	c, err := t.fixOf(record.CorrectionID(a["fix"]))
	if err != nil {
		return err
	}
	return t.decideFix(c, false, a["words"])
}

// decideFix ends a request and tells the person.
func (t *Turn) decideFix(c record.Correction, made bool, answer string) error {
	c, err := t.DecideCorrection(c.ID, made, t.Person.ID, answer)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: fixAction(c), Person: c.Person, Graduate: c.Graduate, Place: c.Place, Note: "correction " + string(c.State)}); err != nil {
		return err
	}
	t.Queue(record.Outbox{
		Key: kindFixed + "/" + string(c.ID), Class: record.Notice, Kind: kindFixed,
		Person: c.Person, Args: map[string]string{"fix": string(c.ID)},
	})
	list, err := t.openFixes()
	if err != nil {
		return err
	}
	row := t.homeRow()
	if len(list) > 0 {
		row = append([]Btn{t.Btn("fixes", "mydata.fixes")}, row...)
	}
	t.Answer(t.Say("fix.decided_"+string(c.State), text.A{"Left": len(list)}), row)
	return nil
}

// The notices about corrections: to who decides, and to who asked.
const (
	kindFix   = record.KindFix
	kindFixed = record.KindFixed
)

func fixNotices() map[string]render {
	return map[string]render{kindFix: fixNotice, kindFixed: fixedNotice}
}

func fixNotice(t *Turn, row record.Outbox) (notice, string, error) {
	c, err := t.fixOf(record.CorrectionID(row.Args["fix"]))
	if err != nil {
		return notice{}, "", err
	}
	if c.State != record.CorrectionOpen {
		return notice{}, "decided", nil
	}
	body, rows, err := t.fixText(c)
	return notice{card: card{Text: body, rows: rows}}, "", err
}

func fixedNotice(t *Turn, row record.Outbox) (notice, string, error) {
	c, err := t.Correction(record.CorrectionID(row.Args["fix"]))
	switch {
	case err != nil:
		return notice{}, "", err
	case c.Person != t.Person.ID:
		return notice{}, "", record.ErrNotYours
	}
	by, err := t.nameOf(c.By)
	if err != nil {
		return notice{}, "", err
	}
	said := t.Say("fix.told_"+string(c.State), text.A{"By": by, "When": t.When(c.Decided), "Text": c.Text, "Answer": c.Answer})
	return notice{card: card{Text: said, rows: [][]Btn{{t.Btn("mydata", "mydata"), t.Btn("home", "start")}}}}, "", nil
}

// fixDuty is what waits on the home card.
func fixDuty() homeDuty {
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			list, err := t.openFixes()
			if err != nil || len(list) == 0 {
				return nil, err
			}
			return []string{t.Say("fix.waiting", text.A{"Count": len(list)})}, nil
		},
		buttons: func(t *Turn) ([]Btn, error) {
			list, err := t.openFixes()
			if err != nil || len(list) == 0 {
				return nil, err
			}
			return []Btn{t.Btn("fixes", "mydata.fixes")}, nil
		},
	}
}

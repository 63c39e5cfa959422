package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Whether graduates' facts are still so: the question to the graduate, the pages
// of the secretary with those to confirm and those to call. An officer does the
// same on behalf.
//
//	facts.ask   village [after]    those whom the secretary is asked about, one by one
//	facts.calls village [after]    those to be called, one by one
//	facts.still, facts.tried       graduate, page: still so; could not be reached
func factCommands() []command {
	return []command{
		{name: "facts.ask", hidden: true, roles: branch, run: factPage("facts.ask")},
		{name: "facts.calls", hidden: true, roles: branch, run: factPage("facts.calls")},
		{name: "facts.still", hidden: true, roles: branch, run: onGraduate(record.EditGraduate, (*Turn).stillSo)},
		{name: "facts.tried", hidden: true, roles: branch, run: onGraduate(record.EditGraduate, (*Turn).triedGraduate)},
	}
}

// factPage shows the next graduate of a list of a village, or that nobody is left.
func factPage(page string) func(*Turn) error {
	return func(t *Turn) error {
		village := record.Code(t.Arg(0))
		if village.Level() != record.Village {
			return record.ErrNotFound
		}
		if err := t.Allow(record.SeeGraduates, record.Object{Place: village}); err != nil {
			return err
		}
		return t.nextFact(page, village, record.GraduateID(t.Arg(1)), "")
	}
}

// nextFact shows the first graduate after one; said stands above it.
func (t *Turn) nextFact(page string, village record.Code, after record.GraduateID, said string) error {
	read := t.FactsAsked
	if page == "facts.calls" {
		read = t.CallList
	}
	list, more, err := read(village, after, 1)
	if err == nil && len(list) == 0 && after != "" {
		list, more, err = read(village, "", 1)
	}
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if said != "" {
			said += "\n"
		}
		t.Answer(said+t.Say("facts.none"), []Btn{t.Btn("back", "graduates "+string(village)), t.Btn("home", "start")})
		return nil
	}
	return t.showFact(page, list[0], more || after != "", said)
}

// showFact shows one graduate of a list, with what can be answered.
func (t *Turn) showFact(page string, g record.Graduate, others bool, said string) error {
	if err := t.lookedAt(g, page); err != nil {
		return err
	}
	lines, err := t.graduateLines(g)
	if err != nil {
		return err
	}
	id, village := string(g.ID), string(g.Village)
	head, still := t.Say("facts.head_ask"), t.Btn("still_so", "facts.still "+id+" "+page)
	if page == "facts.calls" {
		head, still = t.Say("facts.head_calls"), t.Btn("called_still", "facts.still "+id+" "+page)
	}
	all := []string{head, lines}
	if said != "" {
		all = append([]string{said}, all...)
	}
	if !g.Asked.Tried.IsZero() {
		all = append(all, t.Say("facts.tried_on", text.A{"Day": t.Voice.Day(g.Asked.Tried.In(t.b.conf.Zone), t.Now)}))
	}
	rows := [][]Btn{t.factAnswers(g, still)}
	row := []Btn{t.Btn("not_reached", "facts.tried "+id+" "+page)}
	if others {
		row = append(row, t.Btn("next_one", page+" "+village+" "+id))
	}
	t.Answer(strings.Join(all, "\n"), append(rows, row, []Btn{t.Btn("back", "graduates "+village), t.Btn("home", "start")})...)
	return nil
}

// factAnswers are the two answers. Whoever was to graduate and has not said so
// cannot be as recorded: only what has changed is asked.
func (t *Turn) factAnswers(g record.Graduate, still Btn) []Btn {
	change := t.Btn("has_changed", "graduate.edit "+string(g.ID))
	if g.AwaitsGraduation(t.Now) {
		return []Btn{change}
	}
	return []Btn{still, change}
}

// stillSo notes that the facts are as recorded, and shows the next graduate of the
// page.
func (t *Turn) stillSo(g record.Graduate) error {
	if g.Check(t.Now) != nil {
		return t.editGraduate(g)
	}
	if _, err := t.ConfirmGraduate(g.ID, t.speaks(g), t.Person.ID, record.AgingFacts()...); err != nil {
		return err
	}
	if err := t.auditGraduate(g, "confirmed"); err != nil {
		return err
	}
	return t.nextFact(t.Arg(1), g.Village, g.ID, t.Say("facts.still_done", text.A{"Name": g.Name}))
}

// triedGraduate notes that the graduate could not be reached: it stands on the call
// list, and nobody is written to about it.
func (t *Turn) triedGraduate(g record.Graduate) error {
	if _, err := t.TriedGraduate(g.ID); err != nil {
		return err
	}
	if err := t.auditGraduate(g, "not reached"); err != nil {
		return err
	}
	return t.nextFact(t.Arg(1), g.Village, g.ID, t.Say("facts.tried_done", text.A{"Name": g.Name}))
}

// speaks is as whom the person speaks about a graduate.
func (t *Turn) speaks(g record.Graduate) record.Source {
	if g.Person != "" && g.Person == t.Person.ID {
		return record.BySelf
	}
	return t.sourceOf(nil, g.Village)
}

// factNotices ask whether facts are still so.
func factNotices() map[string]render {
	return map[string]render{record.KindFacts: factNotice, record.KindFactsOf: factDigest}
}

// factNotice asks a graduate about the own record.
func factNotice(t *Turn, row record.Outbox) (notice, string, error) {
	g, err := t.Graduate(record.GraduateID(row.Args["graduate"]))
	switch {
	case err != nil:
		return notice{}, "", err
	case g.Person != t.Person.ID:
		return notice{}, "", record.ErrNotYours
	case !g.Agrees(record.ToKeep, t.Tx.Now):
		return notice{}, "consent ended", nil
	case !g.Asked.Open || g.Asked.Row != row.Key:
		return notice{}, "answered", nil
	}
	lines, err := t.graduateLines(g)
	if err != nil {
		return notice{}, "", err
	}
	key := "facts.ask_self"
	if g.AwaitsGraduation(t.Now) {
		key = "facts.ask_graduated"
	}
	still := t.Btn("still_so", "graduate.confirm "+string(g.ID))
	return notice{card: card{Text: t.Say(key, text.A{"Lines": lines}), rows: [][]Btn{t.factAnswers(g, still)}}}, "", nil
}

// factDigest tells a secretary how many graduates are to be confirmed.
func factDigest(t *Turn, _ record.Outbox) (notice, string, error) {
	lines, row, err := t.factsOpen()
	if err != nil || len(row) == 0 {
		return notice{}, "answered", err
	}
	return notice{card: card{Text: t.Say("facts.digest") + "\n" + strings.Join(lines, "\n"), rows: inRows(row, 2)}}, "", nil
}

// factsOpen says, for each village of a secretary, whom to confirm and whom to
// call, with the ways there.
func (t *Turn) factsOpen() (lines []string, row []Btn, err error) {
	for _, village := range t.Actor.Places(record.Secretary) {
		asked, calls, err := t.factsOf(village)
		if err != nil {
			return nil, nil, err
		}
		if asked+calls == 0 {
			continue
		}
		name, err := t.placeName(village)
		if err != nil {
			return nil, nil, err
		}
		lines = append(lines, t.Say("facts.open", text.A{"Village": name, "Asked": asked, "Calls": calls, "Most": asked == factsShown}))
		row = append(row, t.factButtons(village, asked, calls)...)
	}
	return lines, row, nil
}

// factsShown is up to how many graduates to confirm are counted on a page.
const factsShown = 50

// factsOf counts the graduates of a village to confirm, up to factsShown, and
// those to call.
func (t *Turn) factsOf(village record.Code) (asked, calls int, err error) {
	list, _, err := t.FactsAsked(village, "", factsShown)
	if err != nil {
		return 0, 0, err
	}
	n, err := t.Count(village)
	return len(list), n.Graduates.OnCall, err
}

func (t *Turn) factButtons(village record.Code, asked, calls int) (row []Btn) {
	if asked > 0 {
		row = append(row, t.Btn("confirm_each", "facts.ask "+string(village)))
	}
	if calls > 0 {
		row = append(row, t.Btn("call_list", "facts.calls "+string(village)))
	}
	return row
}

// factDuty is what the home card of a secretary says of it.
func factDuty() homeDuty {
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			lines, _, err := t.factsOpen()
			return lines, err
		},
		buttons: func(t *Turn) ([]Btn, error) {
			_, row, err := t.factsOpen()
			return row, err
		},
	}
}

// toldLines say who said each fact, where they were not all said at once.
func (t *Turn) toldLines(g record.Graduate) string {
	first := g.Told(record.EmploymentFact)
	var parts []string
	apart := false
	for _, f := range record.AgingFacts() {
		said := g.Told(f)
		apart = apart || said != first
		parts = append(parts, t.Say("facts.told", text.A{
			"Fact": t.Say("facts.fact." + string(f)), "Day": t.Voice.Day(said.At.In(t.b.conf.Zone), t.Now), "Source": t.Say("facts.by." + string(said.Source)),
		}))
	}
	if !apart {
		return ""
	}
	return "\n" + strings.Join(parts, "\n")
}

package bot

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// graduatePage is how many graduates a page lists, placePage how many places.
const (
	graduatePage = 8
	placePage    = 20
)

func graduateCommands() []command {
	return []command{
		{name: "graduates", words: []string{"毕业生", "毕业生名单", "graduates"}, roles: branch, run: (*Turn).graduatesOf},
		{name: "graduates.in", hidden: true, roles: branch, run: (*Turn).graduatePlaces},
		{name: "graduates.link", hidden: true, roles: branch, run: (*Turn).villageLink},
		{name: "graduates.links", hidden: true, roles: officers, run: (*Turn).villageLinks},
		{name: "graduate.show", hidden: true, roles: graduateKeepers, run: onKept(onGraduate(record.SeeGraduates, (*Turn).lookAtGraduate))},
		{name: "graduate.edit", hidden: true, roles: graduateKeepers, run: onGraduate(record.EditGraduate, (*Turn).editGraduate)},
		{name: "graduate.confirm", hidden: true, roles: graduateKeepers, run: onGraduate(record.EditGraduate, (*Turn).confirmGraduate)},
		{name: "graduate.drop", hidden: true, roles: graduateKeepers, run: onGraduate(record.Forget, (*Turn).dropGraduate)},
	}
}

// onGraduate is a command about one record, the first argument, which the
// person may treat so.
func onGraduate(action record.Action, run func(*Turn, record.Graduate) error) func(*Turn) error {
	return func(t *Turn) error {
		g, err := t.Graduate(record.GraduateID(t.Arg(0)))
		if err != nil {
			return err
		}
		if err := t.Allow(action, objectOf(g)); err != nil {
			return err
		}
		return run(t, g)
	}
}

// graduatesOf lists the graduates of a place: place, filter, and after or
// before a record. Without a place it is that of the person's posts, chosen
// where there are several.
func (t *Turn) graduatesOf() error {
	place := record.Code(t.Arg(0))
	if place.Level() == record.NoLevel {
		own := append(t.offices(), t.Actor.Places(record.Secretary)...)
		if len(own) > 1 {
			return t.choosePlace("graduates", own)
		}
		place = own[0]
	}
	if err := t.Allow(record.SeeGraduates, record.Object{Place: place}); err != nil {
		return err
	}
	q := storage.GraduateQuery{Place: place, Filter: storage.GraduateFilter(t.Arg(1)), Limit: graduatePage}
	if !slices.Contains(storage.GraduateFilters(), q.Filter) {
		q.Filter = storage.AllGraduates
	}
	switch t.Arg(2) {
	case "after":
		q.After = record.GraduateID(t.Arg(3))
	case "before":
		q.Before = record.GraduateID(t.Arg(3))
	}
	return t.listGraduates(q)
}

// choosePlace asks for which of the person's places a command is meant.
func (t *Turn) choosePlace(command string, places []record.Code) error {
	var row []Btn
	for _, c := range places {
		p, err := t.Place(c)
		if err != nil {
			return err
		}
		row = append(row, Btn{Text: p.Name, Line: command + " " + string(c)})
	}
	t.Answer(t.Say("graduates.choose"), append(inRows(row, 2), t.homeRow())...)
	return nil
}

// listGraduates shows a page of a list: counts at the head, one line and one
// button for each record, the filters, and the ways on.
func (t *Turn) listGraduates(q storage.GraduateQuery) error {
	page, more, err := t.Graduates(q)
	if errors.Is(err, record.ErrNotFound) { // the record to go on from is erased
		q.After, q.Before = "", ""
		page, more, err = t.Graduates(q)
	}
	if err != nil {
		return err
	}
	head, err := t.graduatesHead(q)
	if err != nil {
		return err
	}
	lines := []string{head}
	if len(page) == 0 {
		none := "graduates.none"
		if q.Filter != storage.AllGraduates {
			none = "graduates.none_fit"
		}
		lines = append(lines, t.Say(none))
	}
	var open []Btn
	for _, g := range page {
		line, err := t.graduateLine(g, q.Place)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		open = append(open, Btn{Text: clip(g.Name, 12), Line: "graduate.show " + string(g.ID)})
	}
	rows := append(inRows(open, 2), t.turnPages("graduates "+string(q.Place)+" "+string(q.Filter), q.After, q.Before, page, more))
	n, err := t.Count(q.Place)
	if err != nil {
		return err
	}
	rows = append(rows, t.filterRows(q, n.Graduates)...)
	rows = append(rows, t.placeRows(q.Place)...)
	if q.Place.Level() == record.Village {
		asked, calls, err := t.factsOf(q.Place)
		if err != nil {
			return err
		}
		rows = append(rows, t.factButtons(q.Place, asked, calls))
	}
	last := t.homeRow()
	if up := q.Place.Parent(); up != "" && t.Allow(record.SeeGraduates, record.Object{Place: up}) == nil {
		last = append([]Btn{t.Btn("back", "graduates.in "+string(up))}, last...)
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, last)...)
	return nil
}

// graduatesHead says the place and its counts.
func (t *Turn) graduatesHead(q storage.GraduateQuery) (string, error) {
	name, err := t.placeName(q.Place)
	if err != nil {
		return "", err
	}
	n, err := t.Count(q.Place)
	if err != nil {
		return "", err
	}
	g := n.Graduates
	head := t.Say("graduates.head", text.A{
		"Place": name, "All": g.All, "Graduated": storage.Graduated.Of(g),
		"Seeking": storage.SeekingWork.Of(g), "Willing": storage.WillingBack.Of(g),
	})
	if open, doubted := storage.Unvouched.Of(g), storage.Doubted.Of(g); open+doubted > 0 {
		head += "\n" + t.Say("graduates.vouch_counts", text.A{"Open": open, "Doubted": doubted})
	}
	return head, nil
}

// graduateLine is one record in a list; the village is said where the list has
// several.
func (t *Turn) graduateLine(g record.Graduate, of record.Code) (string, error) {
	args := text.A{
		"Name": g.Name, "Born": g.BirthYear, "State": t.stateOf(g),
		"Willingness": t.Say("willingness." + string(g.Willingness)), "Village": "",
	}
	if of.Level() != record.Village {
		place, err := t.Place(g.Village)
		if err != nil {
			return "", err
		}
		args["Village"] = place.Name
	}
	return t.Say("graduates.line", args), nil
}

// stateOf says what a graduate does: the employment, or still studying.
func (t *Turn) stateOf(g record.Graduate) string {
	switch {
	case g.AwaitsGraduation(t.Now):
		return t.Say("employment.awaits")
	case g.Studying:
		return t.Say("employment.studying")
	}
	return t.Say("employment." + string(g.Employment))
}

// turnPages are the ways to the page before and behind of a list of graduates that
// goes on after one record or ends before another.
func (t *Turn) turnPages(line string, after, before record.GraduateID, page []record.Graduate, more bool) []Btn {
	var row []Btn
	if len(page) == 0 {
		return row
	}
	earlier, later := after != "", more
	if before != "" {
		earlier, later = more, true
	}
	if earlier {
		row = append(row, t.Btn("prev_page", line+" before "+string(page[0].ID)))
	}
	if later {
		row = append(row, t.Btn("next_page", line+" after "+string(page[len(page)-1].ID)))
	}
	return row
}

// filterRows are the filters, the one in force marked. Those about the village's
// word stand there as long as somebody waits for it.
func (t *Turn) filterRows(q storage.GraduateQuery, n record.GraduateCount) [][]Btn {
	var row []Btn
	for _, f := range storage.GraduateFilters() {
		if (f == storage.Unvouched || f == storage.Doubted) && f != q.Filter && f.Of(n) == 0 {
			continue
		}
		b := Btn{Text: t.Say("graduates.filter_" + string(f)), Line: "graduates " + string(q.Place) + " " + string(f)}
		if f == q.Filter {
			b.Text = "✓ " + b.Text
		}
		row = append(row, b)
	}
	rows := inRows(row, 2)
	if t.Allow(record.ExportRoster, record.Object{Place: q.Place}) == nil {
		line := "export.file graduates " + string(q.Place) + " " + weekStart(t.Now).Format(mondayLayout) + " " + string(q.Filter)
		rows = append(rows, []Btn{t.Btn("export_list", line)})
	}
	return rows
}

// placeRows are what can be done in the place: register somebody, its link, or
// the places in it.
func (t *Turn) placeRows(place record.Code) [][]Btn {
	if place.Level() != record.Village {
		var rows [][]Btn
		if t.Allow(record.ScreenGraduates, record.Object{Place: place}) == nil {
			rows = append(rows, []Btn{t.Btn("screenings", "screenings "+string(place)), t.Btn("grad_months", "graduates.months "+string(place))})
		}
		key := "by_village"
		if place.Level() == record.County {
			key = "by_township"
		}
		rows = append(rows, []Btn{t.Btn(key, "graduates.in "+string(place)), t.Btn("reserve_list", "reserve "+string(place))})
		return append(rows, t.allLinksRow(place))
	}
	return [][]Btn{{t.Btn("register", "register "+string(place)), t.Btn("village_link", "graduates.link "+string(place))}, {t.Btn("reserve_list", "reserve "+string(place))}}
}

// graduatePlaces lists the places in a place, with how many graduates each
// has: place, page.
func (t *Turn) graduatePlaces() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.SeeGraduates, record.Object{Place: place}); err != nil {
		return err
	}
	children, err := t.Children(place)
	if err != nil {
		return err
	}
	page, _ := strconv.Atoi(t.Arg(1))
	page = min(max(page, 0), max(0, len(children)-1)/placePage)
	var open []Btn
	for _, p := range children[page*placePage : min((page+1)*placePage, len(children))] {
		n, err := t.Count(p.Code)
		if err != nil {
			return err
		}
		label := t.Say("graduates.place_button", text.A{"Place": p.Name, "All": n.Graduates.All})
		open = append(open, Btn{Text: label, Line: "graduates " + string(p.Code)})
	}
	var turn []Btn
	line := "graduates.in " + string(place) + " "
	if page > 0 {
		turn = append(turn, t.Btn("prev_page", line+strconv.Itoa(page-1)))
	}
	if (page+1)*placePage < len(children) {
		turn = append(turn, t.Btn("next_page", line+strconv.Itoa(page+1)))
	}
	head, err := t.graduatesHead(storage.GraduateQuery{Place: place})
	if err != nil {
		return err
	}
	back := []Btn{t.Btn("back", "graduates "+string(place)), t.Btn("home", "start")}
	t.Answer(head+"\n"+t.Say("graduates.choose"), append(inRows(open, 2), turn, back)...)
	return nil
}

// lookAtGraduate is showGraduate for somebody who asks for it; an officer's look is
// a line of the audit log.
func (t *Turn) lookAtGraduate(g record.Graduate) error {
	if err := t.lookedAt(g, "graduate.show"); err != nil {
		return err
	}
	return t.showGraduate(g)
}

// lookedAt notes that an officer has looked at a graduate's record, and why.
func (t *Turn) lookedAt(g record.Graduate, why string) error {
	if !t.Actor.Has(officers...) {
		return nil
	}
	return t.looked(record.SeeGraduates, record.Audit{Person: g.Person, Graduate: g.ID, Place: g.Village, Note: why})
}

// showGraduate shows one record, and what can be done with it.
func (t *Turn) showGraduate(g record.Graduate) error {
	lines, err := t.graduateLines(g)
	if err != nil {
		return err
	}
	id := string(g.ID)
	drop := []Btn{t.Btn("drop_record", "graduate.drop "+id)}
	if t.Allow(record.SeeGraduates, record.Object{Place: g.Village}) == nil {
		drop = append(drop, t.Btn("back", "graduates "+string(g.Village)))
	}
	rows := append(t.vouchRows(g), []Btn{t.Btn("confirm_record", "graduate.confirm "+id), t.Btn("change", "graduate.edit "+id)}, drop)
	more := []Btn{t.Btn("consents", "consent "+id)}
	pairs, err := t.mergeButtons(g)
	if err != nil {
		return err
	}
	more = append(more, pairs...)
	if t.Allow(record.KeepReserve, record.Object{Place: g.Village}) == nil {
		more = append(more, t.Btn("reserve_list", "reserve.show "+id))
	}
	if t.Allow(record.KeepReferral, record.Object{Place: g.Village}) == nil {
		more = append(more, t.Btn("refer_to", "referral.posts "+id))
	}
	if g.Person != "" && g.Person == t.Person.ID {
		more = append(more, t.Btn("refer", "refer"))
	}
	rows = append(rows, inRows(more, 2)...)
	t.Answer(lines, append(rows, t.homeRow())...)
	return nil
}

// graduateLines say a record.
func (t *Turn) graduateLines(g record.Graduate) (string, error) {
	village, err := t.placeName(g.Village)
	if err != nil {
		return "", err
	}
	key := "graduates.record"
	if g.Studying {
		key = "graduates.record_studying"
	}
	month, err := g.Graduation.In(t.b.conf.Zone)
	if err != nil {
		return "", err
	}
	return t.Say(key, text.A{
		"Village": village, "Name": g.Name, "Born": g.BirthYear,
		"Education": t.Say("education." + string(g.Education)), "School": g.School, "Major": g.Major,
		"Graduation":  t.Say("graduates.month", text.A{"Year": month.Year(), "Month": t.Voice.Month(month.Month())}),
		"State":       t.stateOf(g),
		"Willingness": t.Say("willingness." + string(g.Willingness)), "Phone": spaced(g.Phone),
		"Confirmed": t.Voice.Day(g.ConfirmedAt.In(t.b.conf.Zone), t.Now), "Source": t.Say("source." + string(g.Source)),
	}) + t.vouchLine(g) + t.toldLines(g), nil
}

// spaced writes a phone number in the groups in which it is read out.
func spaced(phone string) string {
	if len(phone) != 11 {
		return phone
	}
	return phone[:3] + " " + phone[3:7] + " " + phone[7:]
}

// editGraduate opens a record for change, all answers filled in.
func (t *Turn) editGraduate(g record.Graduate) error {
	return t.startFlow("register", dialog.Answers{ofGraduate: string(g.ID)})
}

// confirmGraduate notes that the facts are as the record says. Where they
// cannot be any more (the expected graduation is past), what is open is asked.
func (t *Turn) confirmGraduate(g record.Graduate) error {
	if g.Check(t.Now) != nil {
		return t.editGraduate(g)
	}
	g, err := t.ConfirmGraduate(g.ID, t.speaks(g), t.Person.ID, record.AgingFacts()...)
	if err != nil {
		return err
	}
	if err := t.auditGraduate(g, "confirmed"); err != nil {
		return err
	}
	lines, err := t.graduateLines(g)
	if err != nil {
		return err
	}
	rows := [][]Btn{t.homeRow()}
	if t.Allow(record.SeeGraduates, record.Object{Place: g.Village}) == nil {
		rows[0] = append([]Btn{t.Btn("back", "graduates "+string(g.Village))}, rows[0]...)
	}
	t.Answer(t.Say("graduates.confirmed", text.A{"Lines": lines}), rows...)
	return nil
}

// The words behind graduate.drop that do it.
const (
	dropAsked  = "asked"  // the graduate asked for it
	dropStruck = "struck" // registered in error
)

// dropGraduate erases a record. It says the consequence first; somebody else than
// the graduate says why, since only a graduate's own wish keeps a sheet from
// bringing the record back.
func (t *Turn) dropGraduate(g record.Graduate) error {
	own := g.Person == t.Person.ID
	if why := t.Arg(1); why == dropAsked || (why == dropStruck && !own) {
		return t.dropNow(g, why)
	}
	line := "graduate.drop " + string(g.ID) + " "
	keep := []Btn{t.Btn("keep_record", "graduate.show "+string(g.ID))}
	if own {
		t.Answer(t.Say("graduates.drop_own"), append(keep, t.Btn("drop_yes", line+dropAsked)))
		return nil
	}
	t.Answer(t.Say("graduates.drop_ask", text.A{"Name": g.Name}),
		[]Btn{t.Btn("drop_asked", line+dropAsked), t.Btn("drop_struck", line+dropStruck)}, keep)
	return nil
}

// dropNow erases a record, and whoever was here only to keep it.
func (t *Turn) dropNow(g record.Graduate, why string) error {
	erase := t.ForgetGraduate
	if why == dropStruck {
		erase = t.StrikeGraduate
	}
	if err := erase(g.ID); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.Forget, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: why}); err != nil {
		return err
	}
	own := g.Person == t.Person.ID
	if _, err := t.Tx.Person(t.Person.ID); errors.Is(err, record.ErrNotFound) {
		t.Person, t.Known = record.Person{}, false // forgotten with the record
	} else if err != nil {
		return err
	}
	done := "graduates.dropped_" + why
	if own {
		done = "graduates.dropped_own"
	}
	t.Answer(t.Say(done), t.homeRow())
	return nil
}

func (t *Turn) auditGraduate(g record.Graduate, what string) error {
	return t.Audit(record.Audit{
		By: t.Person.ID, Action: record.EditGraduate, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: what,
	})
}

package bot

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Saved screenings of graduates: filters that an officer keeps for a township or
// the county, who fits each, by which facts, and why somebody else does not.
func screeningCommands() []command {
	return []command{
		{name: "screenings", words: []string{"筛选", "screenings"}, roles: officers, run: (*Turn).screenings},
		{name: "screening.new", hidden: true, roles: officers, run: (*Turn).newScreening},
		{name: "screening.show", hidden: true, roles: officers, run: onScreening((*Turn).showScreening)},
		{name: "screening.towns", hidden: true, roles: officers, run: onScreening((*Turn).screeningTowns)},
		{name: "screening.edit", hidden: true, roles: officers, run: onScreening((*Turn).editScreening)},
		{name: "screening.name", hidden: true, roles: officers, run: onScreening((*Turn).renameScreening)},
		{name: "screening.fill", hidden: true, roles: officers, run: onScreening((*Turn).fillScreening)},
		{name: "screening.drop", hidden: true, roles: officers, run: onScreening((*Turn).dropScreening)},
		{name: "screening.why", hidden: true, roles: officers, run: onScreening((*Turn).askWhy)},
		{name: "screening.whyof", hidden: true, roles: officers, run: onScreening((*Turn).whyOf)},
		{name: "graduates.months", hidden: true, roles: officers, run: (*Turn).graduateMonths},
	}
}

// onScreening is a command about one screening, the first argument, which the
// person may use.
func onScreening(run func(*Turn, record.Screening) error) func(*Turn) error {
	return func(t *Turn) error {
		s, err := t.Screening(record.ScreeningID(t.Arg(0)))
		if err != nil {
			return err
		}
		if err := t.maySee(s); err != nil {
			return err
		}
		return run(t, s)
	}
}

func (t *Turn) maySee(s record.Screening) error {
	return t.Allow(record.ScreenGraduates, record.Object{Place: s.Place})
}

// screenings lists the screenings of a place: place, page. Without a place it is
// that of the person's office, chosen where there are several.
func (t *Turn) screenings() error {
	place := record.Code(t.Arg(0))
	if place.Level() == record.NoLevel {
		offices := t.offices()
		switch len(offices) {
		case 0:
			return record.ErrNotYours
		case 1:
			place = offices[0]
		default:
			return t.choosePlace("screenings", offices)
		}
	}
	if err := t.Allow(record.ScreenGraduates, record.Object{Place: place}); err != nil {
		return err
	}
	list, err := t.Screenings(place)
	if err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	from, to, turn := t.window(1, len(list), "screenings "+string(place))
	lines := []string{t.Say("screening.list", text.A{"Place": name, "N": len(list)})}
	if len(list) == 0 {
		lines = append(lines, t.Say("screening.none_saved"))
	}
	var row []Btn
	for _, s := range list[from:to] {
		n, err := t.ScreenCount(s.ID)
		if err != nil {
			return err
		}
		key := "screening.list_line"
		if s.State == record.ScreenFilling {
			key = "screening.list_filling"
		}
		lines = append(lines, t.Say(key, text.A{"Name": s.Name, "All": n.All, "New": n.New}))
		row = append(row, Btn{Text: clip(s.Name, 12), Line: "screening.show " + string(s.ID)})
	}
	rows := append(inRows(row, 2), turn...)
	rows = append(rows, []Btn{t.Btn("screening_new", "screening.new "+string(place)), t.Btn("grad_months", "graduates.months "+string(place))},
		t.backRow("graduates "+string(place)))
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// showScreening is a page of those who fit: screening, place in it or -, and
// after or before a record.
func (t *Turn) showScreening(s record.Screening) error {
	q := storage.ScreenQuery{Screening: s, Place: record.Code(t.Arg(1)), Limit: graduatePage}
	switch t.Arg(2) {
	case "after":
		q.After = record.GraduateID(t.Arg(3))
	case "before":
		q.Before = record.GraduateID(t.Arg(3))
	}
	c, err := t.screeningCard(q)
	if err != nil {
		return err
	}
	t.Answer(c.Text, c.rows...)
	return nil
}

// screeningCard shows a page of those who fit, each with the facts that it goes
// by. Each page is a line of the audit log.
func (t *Turn) screeningCard(q storage.ScreenQuery) (card, error) {
	s := q.Screening
	if !s.Place.Contains(q.Place) {
		q.Place = s.Place
	}
	if s.State == record.ScreenFilling {
		return t.fillingCard(s)
	}
	page, more, err := t.Screened(q)
	if errors.Is(err, record.ErrNotFound) { // the record to go on from is erased
		q.After, q.Before = "", ""
		page, more, err = t.Screened(q)
	}
	if err != nil {
		return card{}, err
	}
	if err := t.looked(record.ScreenGraduates, record.Audit{Place: q.Place, Note: string(s.ID)}); err != nil {
		return card{}, err
	}
	lines, err := t.screeningHead(s, q.Place)
	if err != nil {
		return card{}, err
	}
	if len(page) == 0 {
		lines = append(lines, t.Say("screening.nobody_fits"))
	}
	var open []Btn
	for _, g := range page {
		line, err := t.fitLine(s, g, q.Place)
		if err != nil {
			return card{}, err
		}
		lines = append(lines, line)
		open = append(open, Btn{Text: clip(g.Name, 12), Line: "graduate.show " + string(g.ID)})
	}
	rows := append(inRows(open, 2), t.turnPages("screening.show "+string(q.Screening.ID)+" "+string(q.Place), q.After, q.Before, page, more))
	return card{Text: strings.Join(lines, "\n"), rows: append(rows, t.screeningButtons(s, q.Place)...)}, nil
}

// fillingCard says that it is not known yet who fits.
func (t *Turn) fillingCard(s record.Screening) (card, error) {
	n, err := t.Count(s.Place)
	if err != nil {
		return card{}, err
	}
	id := string(s.ID)
	return card{
		Text: s.Name + "\n" + t.Say("screening.filling", text.A{"Done": min(s.Done, n.Graduates.All), "Of": n.Graduates.All}),
		rows: [][]Btn{
			{t.Btn("refresh", "screening.show "+id), t.Btn("screening_fill", "screening.fill "+id)},
			t.backRow("screenings " + string(s.Place)),
		},
	}, nil
}

// screeningHead says what a screening is, and how many fit it in a place.
func (t *Turn) screeningHead(s record.Screening, place record.Code) ([]string, error) {
	n, err := t.ScreenCount(s.ID)
	if err != nil {
		return nil, err
	}
	name, err := t.placeName(place)
	if err != nil {
		return nil, err
	}
	all := n.All
	if place != s.Place {
		all = n.In[place]
	}
	wants, err := t.criteriaText(s)
	if err != nil {
		return nil, err
	}
	return []string{
		t.Say("screening.head", text.A{"Name": s.Name, "Place": name, "All": all}),
		t.Say("screening.criteria", text.A{"Criteria": strings.Join(wants, " · ")}),
	}, nil
}

// fitLine says somebody who fits with the facts that the screening goes by and
// the day on which they were said to be so.
func (t *Turn) fitLine(s record.Screening, g record.Graduate, of record.Code) (string, error) {
	var facts []string
	for _, r := range s.Why(g, t.Tx.Now) {
		if r.Criterion == record.ByPlace || r.Criterion == record.ByConfirmed {
			continue // both are in the line anyway
		}
		facts = append(facts, t.factText(r))
	}
	fresh, err := t.IsNew(s.ID, g)
	if err != nil {
		return "", err
	}
	village := ""
	if of.Level() != record.Village {
		p, err := t.Place(g.Village)
		if err != nil {
			return "", err
		}
		village = p.Name
	}
	return t.Say("screening.line", text.A{
		"Village": village, "Name": g.Name, "Facts": strings.Join(facts, t.Say("host.and")), "New": fresh,
		"Day": t.factDay(g.ConfirmedAt),
	}), nil
}

func (t *Turn) screeningButtons(s record.Screening, place record.Code) [][]Btn {
	id := string(s.ID)
	towns := "screening_towns"
	if s.Place.Level() == record.Township {
		towns = "screening_villages"
	}
	back := "screenings " + string(s.Place)
	if place != s.Place {
		back = "screening.show " + id
	}
	return [][]Btn{
		{t.Btn(towns, "screening.towns "+id), t.Btn("why_not", "screening.why "+id)},
		{t.Btn("change", "screening.edit "+id), t.Btn("screening_name", "screening.name "+id)},
		{t.Btn("screening_drop", "screening.drop "+id), t.Btn("refer_to", "refer.for "+id)},
		t.backRow(back),
	}
}

// screeningTowns says how many fit in each township of the county, or village of
// the township: screening, page.
func (t *Turn) screeningTowns(s record.Screening) error {
	children, err := t.Children(s.Place)
	if err != nil {
		return err
	}
	n, err := t.ScreenCount(s.ID)
	if err != nil {
		return err
	}
	from, to, turn := t.window(1, len(children), "screening.towns "+string(s.ID))
	name, err := t.placeName(s.Place)
	if err != nil {
		return err
	}
	lines := []string{t.Say("screening.head", text.A{"Name": s.Name, "Place": name, "All": n.All})}
	var row []Btn
	for _, p := range children[from:to] {
		count := n.In[p.Code]
		lines = append(lines, t.Say("screening.town_line", text.A{"Place": p.Name, "All": count}))
		if count > 0 {
			row = append(row, Btn{Text: p.Name, Line: "screening.show " + string(s.ID) + " " + string(p.Code)})
		}
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("screening.show "+string(s.ID)))...)
	return nil
}

// dropScreening deletes a screening; it asks once more with the consequence.
func (t *Turn) dropScreening(s record.Screening) error {
	id := string(s.ID)
	if t.Arg(1) != "yes" {
		t.Answer(t.Say("screening.drop_ask", text.A{"Name": s.Name}),
			[]Btn{t.Btn("back", "screening.show "+id), t.Btn("drop_yes", "screening.drop "+id+" yes")})
		return nil
	}
	if err := t.DropScreening(s.ID); err != nil {
		return err
	}
	if err := t.auditScreening(s, "deleted"); err != nil {
		return err
	}
	if err := t.addScreenJob(s.ID, 0); err != nil {
		return err
	}
	t.Answer(t.Say("screening.dropped", text.A{"Name": s.Name}), t.backRow("screenings "+string(s.Place)))
	return nil
}

func (t *Turn) auditScreening(s record.Screening, what string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.ScreenGraduates, Place: s.Place, Note: what + " " + string(s.ID)})
}

// criteriaText says each criterion that a screening sets.
func (t *Turn) criteriaText(s record.Screening) ([]string, error) {
	var list []string
	for _, by := range []record.Criterion{record.ByPlace, record.ByStudies, record.ByEmployment, record.ByWillingness, record.ByEducation, record.ByMajor, record.ByYear, record.ByConfirmed} {
		want, err := t.wantText(s, by)
		if err != nil {
			return nil, err
		}
		if want != "" {
			list = append(list, want)
		}
	}
	return list, nil
}

// wantText says what a screening wants by one criterion; "" where nothing.
func (t *Turn) wantText(s record.Screening, by record.Criterion) (string, error) {
	c := s.Criteria
	var words []string
	switch by {
	case record.ByPlace:
		for _, code := range c.Places {
			p, err := t.Place(code)
			if errors.Is(err, record.ErrNotFound) { // it was there when it was chosen
				p.Name, err = string(code), nil
			}
			if err != nil {
				return "", err
			}
			words = append(words, p.Name)
		}
	case record.ByStudies:
		if c.Studies != "" {
			words = append(words, t.studiesText(string(c.Studies)))
		}
	case record.ByEmployment:
		for _, e := range c.Employments {
			words = append(words, t.Say("employment."+string(e)))
		}
	case record.ByWillingness:
		for _, w := range c.Willingness {
			words = append(words, t.Say("willingness."+string(w)))
		}
	case record.ByEducation:
		for _, e := range c.Educations {
			words = append(words, t.Say("education."+string(e)))
		}
	case record.ByMajor:
		if len(c.Majors) > 0 {
			words = append(words, t.Say("screening.want_major", text.A{"Words": strings.Join(c.Majors, t.Say("host.and"))}))
		}
	case record.ByYear:
		if span := yearSpan(c); span != "" {
			words = append(words, t.yearsText(span))
		}
	case record.ByConfirmed:
		if c.Within > 0 {
			words = append(words, t.Say("screening.want_confirmed", text.A{"N": c.Within}))
		}
	}
	return strings.Join(words, t.Say("host.and")), nil
}

// yearSpan writes the years of graduation: 2024, 2023-2025, 2023-, -2025.
func yearSpan(c record.Criteria) string {
	side := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	switch {
	case c.YearFrom == 0 && c.YearTo == 0:
		return ""
	case c.YearFrom == c.YearTo:
		return side(c.YearFrom)
	}
	return side(c.YearFrom) + "-" + side(c.YearTo)
}

// yearsText says a span of years: 2023-2025 年毕业, 2024 年及以后毕业.
func (t *Turn) yearsText(span string) string {
	from, open := strings.CutSuffix(span, "-")
	to, until := strings.CutPrefix(span, "-")
	switch {
	case open:
		return t.Say("screening.want_year_from", text.A{"Year": from})
	case until:
		return t.Say("screening.want_year_to", text.A{"Year": to})
	}
	return t.Say("screening.want_year", text.A{"Span": span})
}

func (t *Turn) studiesText(studies string) string {
	if studies == string(record.StillStudying) {
		return t.Say("employment.studying")
	}
	return t.Say("screening.graduated")
}

// factDay says the day of a fact, shortly: 12月1日, with the year where it is not
// this one.
func (t *Turn) factDay(at time.Time) string {
	at = at.In(t.b.conf.Zone)
	if at.Year() == t.Now.Year() {
		return t.Voice.ShortDay(at)
	}
	return t.Say("screening.year_day", text.A{"Year": at.Year(), "Day": t.Voice.ShortDay(at)})
}

// factText says the fact of a reason.
func (t *Turn) factText(r record.Reason) string {
	switch {
	case r.Criterion == record.ByStudies:
		return t.studiesText(r.Fact)
	case r.Criterion == record.ByEmployment && r.Fact == "":
		return t.Say("employment.studying")
	case r.Fact == "":
		return t.Say("screening.not_said", text.A{"What": t.Say("screening.by_" + string(r.Criterion))})
	case r.Criterion == record.ByMajor:
		return r.Fact
	case r.Criterion == record.ByYear:
		return t.yearsText(r.Fact)
	case r.Criterion == record.ByConfirmed:
		return t.Say("screening.confirmed_on", text.A{"Day": t.factDay(r.At)})
	case r.Criterion == record.ByPlace:
		if name, err := t.placeName(record.Code(r.Fact)); err == nil {
			return name
		}
		return r.Fact
	}
	return t.Say(string(r.Criterion) + "." + r.Fact)
}

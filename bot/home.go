package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func homeCommands() []command {
	return []command{
		{name: "start", words: []string{"首页", "开始", "home"}, open: true, run: (*Turn).start},
		{name: "help", words: []string{"帮助", "用法", "help"}, groups: true, run: (*Turn).help},
		{name: "lang", words: []string{"语言", "language"}, run: (*Turn).lang},
		{name: "cancel", words: []string{"取消", "cancel"}, open: true, keepsForm: true, run: (*Turn).cancel},
		{name: "noop", hidden: true, keepsForm: true, run: func(t *Turn) error { t.Toast(t.Say("home.noted")); return nil }},
	}
}

// start opens the home card; for a person who is not registered it is the one
// reply to a stranger, but for the way back to a form that was left for later.
func (t *Turn) start() error {
	if !t.Known {
		_, open, err := t.findForm()
		if err != nil {
			return err
		}
		if !open {
			return t.stranger()
		}
		t.Answer(t.Say("home.form_open"), []Btn{t.Btn("resume", "form resume"), t.Btn("cancel", "form cancel")})
		return nil
	}
	if err := t.newPrivacy(); err != nil {
		return err
	}
	return t.home()
}

// stranger gives the one fixed reply, and silence after it.
func (t *Turn) stranger() error {
	if t.Ev.Chat.Group {
		return nil
	}
	told, err := t.StrangerTold(t.Ev.From.ID)
	if err != nil || told {
		return err
	}
	if err := t.TellStranger(t.Ev.From.ID); err != nil {
		return err
	}
	t.Send(t.Say("refusal.stranger", text.A{"Account": t.Ev.From.ID}))
	return nil
}

// home is the home card: posts, the next duty, what waits, and the ways on.
func (t *Turn) home() error {
	body, err := t.homeText()
	if err != nil {
		return err
	}
	_, open, err := t.findForm()
	if err != nil {
		return err
	}
	var rows [][]Btn
	if open {
		body += "\n" + t.Say("home.form_open")
		rows = append(rows, []Btn{t.Btn("resume", "form resume"), t.Btn("cancel", "form cancel")})
	}
	duties, err := t.dutyButtons()
	if err != nil {
		return err
	}
	t.Answer(body, append(append(rows, duties...), t.homeRows()...)...)
	return nil
}

func (t *Turn) homeText() (string, error) {
	lines := []string{t.Say("home.hello", text.A{"Name": t.Person.Name})}
	posts, err := t.postLines(t.Actor)
	if err != nil {
		return "", err
	}
	switch {
	case len(posts) > 0:
	case t.isAlumnus():
		posts = []string{t.Say("home.graduate")}
	default:
		posts = []string{t.Say("home.no_post")}
	}
	lines = append(lines, posts...)
	duty, err := t.nextDuty()
	if err != nil {
		return "", err
	}
	if duty != "" {
		lines = append(lines, duty)
	} else if t.Actor.Has(record.Secretary) {
		lines = append(lines, t.Say("home.nothing"))
	}
	hosting, err := t.nextHosting()
	if err != nil {
		return "", err
	}
	for _, family := range homeDuties() {
		open, err := family.lines(t)
		if err != nil {
			return "", err
		}
		lines = append(lines, open...)
	}
	office, err := t.officeLines()
	lines = append(append(lines, hosting...), office...)
	return strings.Join(lines, "\n"), err
}

// homeDuty is what a family has on the home card: what the person owes or waits
// for, in a line or two, and the buttons that lead there.
type homeDuty struct {
	lines   func(*Turn) ([]string, error)
	buttons func(*Turn) ([]Btn, error) // nil: none
}

// homeDuties lists them, a family after the other.
func homeDuties() []homeDuty {
	return []homeDuty{dutyDuty(), seatDuty(), requestDuty(), noteDuty(), factDuty(), vouchDuty(), referDuty(), fixDuty()}
}

// dutyButtons are the buttons of what the person owes or waits for.
func (t *Turn) dutyButtons() ([][]Btn, error) {
	var all []Btn
	for _, family := range homeDuties() {
		if family.buttons == nil {
			continue
		}
		row, err := family.buttons(t)
		if err != nil {
			return nil, err
		}
		all = append(all, row...)
	}
	return inRows(all, 2), nil
}

// postLines says the posts of a person: 巴燕镇 下加合村 支部书记.
func (t *Turn) postLines(a record.Actor) ([]string, error) {
	var lines []string
	for _, p := range a.Posts {
		place, err := t.placeName(p.Place)
		if err != nil {
			return nil, err
		}
		lines = append(lines, t.Say("home.post", text.A{"Place": place, "Role": t.Say("role." + string(p.Role))}))
	}
	return lines, nil
}

// placeName says a place with the township that it is in: 巴燕镇 下加合村.
func (t *Turn) placeName(c record.Code) (string, error) {
	p, err := t.Place(c)
	if err != nil || c.Level() != record.Village {
		return p.Name, err
	}
	up, err := t.Place(c.Parent())
	return up.Name + " " + p.Name, err
}

// nextDuty says the first session that expects the person, open ones first; ""
// where there is none.
func (t *Turn) nextDuty() (string, error) {
	s, found, err := t.firstDuty()
	if err != nil || !found {
		return "", err
	}
	key := "home.next"
	if s.State == record.Open {
		key = "home.today_open"
	}
	return t.Say(key, text.A{"When": t.When(s.Start), "Title": t.title(s), "Meet": s.Meet}), nil
}

// firstDuty is the first session not over that expects a village of the person,
// who has not come to it yet.
func (t *Turn) firstDuty() (record.Session, bool, error) {
	var first record.Session
	for _, v := range t.Actor.Places(record.Secretary) {
		list, err := t.Duties(v, t.Now.Add(-dayLong), t.Now.Add(yearLong), 0)
		if err != nil {
			return first, false, err
		}
		for _, s := range list {
			past := s.Over() || (s.State == record.Planned && s.End.Before(t.Now))
			if past || (first.ID != "" && !s.Start.Before(first.Start)) {
				continue
			}
			att, _, err := t.Attendance(s.ID, t.Person.ID)
			if err != nil {
				return first, false, err
			}
			if now := att.Now().Status; !now.Came() && now != record.Excused {
				first = s
			}
		}
	}
	return first, first.ID != "", nil
}

// nextHosting says the sessions that the person hosts within a week.
func (t *Turn) nextHosting() ([]string, error) {
	list, err := t.hosting(t.Now.Add(-dayLong), t.Now.Add(weekLong))
	var lines []string
	for _, s := range list {
		if !s.Over() && len(lines) < 2 {
			lines = append(lines, t.Say("home.hosting", text.A{"When": t.When(s.Start), "Title": t.title(s)}))
		}
	}
	return lines, err
}

// officeLines says the counts of the places that an officer answers for.
func (t *Turn) officeLines() ([]string, error) {
	var lines []string
	for _, place := range t.offices() {
		n, err := t.Count(place)
		if err != nil {
			return nil, err
		}
		name, err := t.placeName(place)
		if err != nil {
			return nil, err
		}
		lines = append(lines, t.Say("home.county_line", text.A{
			"Place": name, "Secretaries": n.Secretaries, "Enrolled": n.Enrolled, "Unreachable": n.Unreachable,
		}))
		if n.Mismatches > 0 {
			lines = append(lines, t.Say("home.mismatch_line", text.A{"N": n.Mismatches}))
		}
	}
	return lines, nil
}

// offices lists the places of the person's officer posts.
func (t *Turn) offices() []record.Code {
	return append(t.Actor.Places(record.CountyOfficer), t.Actor.Places(record.TownshipOfficer)...)
}

// homeRows are the buttons of the home card: what the person's posts do.
func (t *Turn) homeRows() [][]Btn {
	var row []Btn
	for _, name := range []string{"checkin", "schedule", "leave", "swap", "note", "host", "status", "plan", "rota", "people", "export", "register", "graduates", "refer"} {
		c := t.b.commands[name]
		if c != nil && t.offers(c) {
			row = append(row, t.Btn(name, name))
		}
	}
	row = append(row, t.Btn("help", "help"))
	rows := inRows(row, 2)
	for _, place := range t.offices() {
		if n, err := t.Count(place); err == nil && n.Mismatches > 0 { // else the roster shows it
			return append([][]Btn{{t.Btn("mismatch", "enrol.waiting")}}, rows...)
		}
	}
	return rows
}

// offers says whether a command is of use to the person, who may well use
// others.
func (t *Turn) offers(c *command) bool {
	switch c.name {
	case "checkin", "leave", "swap", "note":
		return t.Actor.Has(record.Secretary)
	case "schedule":
		return len(t.Actor.Posts) > 0
	}
	return c.may(t)
}

// inRows lays buttons out, n in a row.
func inRows(all []Btn, n int) [][]Btn {
	var rows [][]Btn
	for len(all) > 0 {
		k := min(n, len(all))
		rows, all = append(rows, all[:k]), all[k:]
	}
	return rows
}

// homeRow is the row that leads home; empty for a person who has none.
func (t *Turn) homeRow() []Btn {
	if !t.Known || t.Ev.Chat.Group {
		return nil
	}
	return []Btn{t.Btn("home", "start")}
}

// help lists the commands that are of use to the person.
func (t *Turn) help() error {
	if t.Ev.Chat.Group {
		t.Answer(t.Say("help.group"))
		return nil
	}
	lines := []string{t.Say("help.head")}
	for _, c := range t.b.table() {
		if !c.hidden && t.offers(&c) {
			lines = append(lines, t.Say("help.line", text.A{"Name": c.name, "Help": t.Say("help." + c.name)}))
		}
	}
	if t.Actor.Has(officers...) {
		lines = append(lines, t.Say("help.foot"))
	}
	t.Answer(strings.Join(lines, "\n"), t.homeRow())
	return nil
}

// lang shows the languages, or takes one.
func (t *Turn) lang() error {
	lang := text.Match(strings.ToLower(t.Arg(0)))
	if lang == "" {
		t.Answer(t.Say("home.lang_ask"), []Btn{t.Btn("zh", "lang zh"), t.Btn("en", "lang en")})
		return nil
	}
	if err := t.EditPerson(t.Person.ID, func(p *record.Person) { p.Lang = lang }); err != nil {
		return err
	}
	t.Voice = t.b.texts.In(lang)
	t.Answer(t.Say("home.lang_done"), t.homeRow())
	return nil
}

package bot

import (
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func peopleCommands() []command {
	return []command{
		{name: "people", words: []string{"名册", "花名册", "people"}, roles: officers, run: (*Turn).people},
		{name: "people.towns", hidden: true, roles: officers, run: (*Turn).peopleTowns},
		{name: "people.villages", hidden: true, roles: officers, run: (*Turn).peopleVillages},
		{name: "people.staff", hidden: true, roles: officers, run: (*Turn).peopleStaff},
		{name: "people.sheet", hidden: true, roles: officers, run: (*Turn).peopleSheet},
	}
}

// people is the roster of the own place, or of the one named: how many posts
// are held, enrolled, vacant, out of reach, and the ways to who they are.
func (t *Turn) people() error {
	if t.Arg(0) == "" {
		offices := t.offices()
		if len(offices) == 0 {
			return record.ErrNotYours
		}
		t.Args = []string{string(offices[0])}
	}
	v, err := t.view(record.SeePerson)
	if err != nil {
		return err
	}
	n, err := t.Count(v.place)
	if err != nil {
		return err
	}
	body := t.Say("people.head", text.A{
		"Place": v.name, "Villages": n.Villages, "Secretaries": n.Secretaries, "Enrolled": n.Enrolled,
		"NotEnrolled": n.Secretaries - n.Enrolled, "Vacant": n.Villages - n.Secretaries, "Unreachable": n.Unreachable,
	})
	if n.Mismatches > 0 {
		body += "\n" + t.Say("home.mismatch_line", text.A{"N": n.Mismatches})
	}
	t.Answer(body, t.peopleButtons(v, n)...)
	return nil
}

func (t *Turn) peopleButtons(v view, n record.PlaceCount) [][]Btn {
	place := string(v.place)
	row := []Btn{t.Btn("townships", "people.towns "+place)}
	if v.place.Level() != record.County {
		row = []Btn{t.Btn("villages", "people.villages "+place)}
	}
	row = append(row, t.Btn("staff", "people.staff "+place))
	for _, part := range []struct {
		key, flag string
		n         int
	}{
		{"unenrolled_n", "notenrolled", n.Secretaries - n.Enrolled},
		{"vacant_n", "vacant", n.Villages - n.Secretaries},
		{"unreached_n", "unreachable", n.Unreachable},
	} {
		if part.n > 0 {
			row = append(row, Btn{Text: t.Say("button."+part.key, text.A{"N": part.n}), Line: "status.flag " + part.flag + " " + place})
		}
	}
	if n.Mismatches > 0 {
		row = append(row, t.Btn("mismatch", "enrol.waiting"))
	}
	if t.Allow(record.ImportRoster, record.Object{Place: v.place}) == nil {
		row = append(row, t.Btn("send_sheet", "people.sheet"))
	}
	back := t.homeRow()
	if up := v.place.Parent(); up != "" && t.Allow(record.SeePerson, record.Object{Place: up}) == nil {
		back = t.backRow("people.towns " + string(up))
	}
	return append(inRows(row, 2), back)
}

// peopleTowns lists the townships with their counts of posts.
func (t *Turn) peopleTowns() error {
	v, err := t.view(record.SeePerson)
	if err != nil {
		return err
	}
	towns, err := t.Children(v.place.County())
	if err != nil {
		return err
	}
	from, to, turn := t.window(2, len(towns), v.line("people.towns"))
	lines := []string{t.Say("people.towns", text.A{"Place": v.name})}
	var row []Btn
	for _, town := range towns[from:to] {
		n, err := t.Count(town.Code)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("people.town_line", text.A{
			"Name": town.Name, "Villages": n.Villages, "Enrolled": n.Enrolled,
			"NotEnrolled": n.Secretaries - n.Enrolled, "Vacant": n.Villages - n.Secretaries,
		}))
		row = append(row, Btn{Text: town.Name, Line: "people " + string(town.Code)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("people "+string(v.place)))...)
	return nil
}

// peopleVillages lists the villages of a township with their secretaries.
func (t *Turn) peopleVillages() error {
	v, err := t.view(record.SeePerson)
	if err != nil {
		return err
	}
	lines, rows, err := t.villageList(v, "people.villages")
	if err != nil {
		return err
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("people "+string(v.place)))...)
	return nil
}

// peopleStaff lists the officers and hosts of a place; for a county, those of
// its townships too.
func (t *Turn) peopleStaff() error {
	v, err := t.view(record.SeePerson)
	if err != nil {
		return err
	}
	places := []record.Code{v.place}
	if v.place.Level() == record.County {
		towns, err := t.Children(v.place)
		if err != nil {
			return err
		}
		for _, town := range towns {
			places = append(places, town.Code)
		}
	}
	posts, err := t.staffOf(places)
	if err != nil {
		return err
	}
	from, to, turn := t.window(2, len(posts), v.line("people.staff"))
	lines := []string{t.Say("people.staff", text.A{"Place": v.name, "N": len(posts)})}
	var row []Btn
	for _, post := range posts[from:to] {
		p, err := t.Tx.Person(post.Person)
		if err != nil {
			return err
		}
		place, err := t.placeName(post.Place)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("people.staff_line", text.A{
			"Place": place, "Role": t.Say("role." + string(post.Role)), "Name": p.Name, "State": t.reachOf(p),
		}))
		row = append(row, Btn{Text: p.Name, Line: "status.person " + string(p.ID)})
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, t.backRow("people "+string(v.place)))...)
	return nil
}

// staffOf lists who holds an office or hosts in the places, in their order.
func (t *Turn) staffOf(places []record.Code) ([]record.Post, error) {
	var posts []record.Post
	for _, place := range places {
		for _, role := range []record.Role{record.CountyOfficer, record.TownshipOfficer, record.Host} {
			ids, err := t.Holders(role, place)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				posts = append(posts, record.Post{Person: id, Role: role, Place: place})
			}
		}
	}
	return posts, nil
}

// peopleSheet says how a roster is sent.
func (t *Turn) peopleSheet() error {
	t.Answer(t.Say("people.sheet"), t.backRow("people"))
	return nil
}

package bot

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// lookup takes a text as the name of a place or a person within the officer's
// scope. found is false, and nothing is said, where it is neither and nothing
// is nearly so.
func (t *Turn) lookup(body string) (found bool, err error) {
	if isCommand(body) || utf8.RuneCountInString(body) > record.MaxPlace {
		return false, nil
	}
	for _, county := range t.counties() {
		places, err := t.namedPlaces(county, body)
		if err != nil {
			return false, err
		}
		people, err := t.namedPeople(county, body)
		if err != nil {
			return false, err
		}
		if len(places)+len(people) > 0 {
			return true, t.showFound(body, places, people, 1)
		}
	}
	if t.b.nearest(t, body) != nil {
		return false, nil
	}
	return t.suggest(body)
}

// counties are the counties of the officer's posts.
func (t *Turn) counties() []record.Code {
	var list []record.Code
	for _, place := range t.offices() {
		if c := place.County(); !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// statusFind shows page n of what a name means: page, name.
func (t *Turn) statusFind() error {
	n, err := strconv.Atoi(t.Arg(0))
	if err != nil || len(t.Args) < 2 {
		return record.ErrNotFound
	}
	body := strings.Join(t.Args[1:], " ")
	for _, county := range t.counties() {
		places, err := t.namedPlaces(county, body)
		if err != nil {
			return err
		}
		people, err := t.namedPeople(county, body)
		if err != nil {
			return err
		}
		if len(places)+len(people) > 0 {
			return t.showFound(body, places, people, n)
		}
	}
	return t.statusOf(body)
}

// showFound opens the one place or person that a name means, or asks which.
func (t *Turn) showFound(body string, places []record.Place, people []record.PersonID, n int) error {
	mine := slices.DeleteFunc(slices.Clone(places), func(p record.Place) bool {
		return t.Allow(record.SeePlace, record.Object{Place: p.Code}) != nil
	})
	switch {
	case len(mine)+len(people) == 0:
		return record.ErrNotYours
	case len(mine) == 1 && len(people) == 0:
		t.Args = []string{string(mine[0].Code)}
		return t.status()
	case t.Ev.Chat.Group:
		t.Answer(t.Say("query.in_private"))
		return nil
	case len(mine) == 0 && len(people) == 1:
		t.Args = []string{string(people[0])}
		return t.personPage()
	}
	buttons, err := t.placeChoices(mine)
	if err != nil {
		return err
	}
	more, err := t.peopleChoices(people)
	if err != nil {
		return err
	}
	t.choose(t.Say("query.several", text.A{"Text": clip(body, 30), "N": len(mine) + len(people)}), append(buttons, more...), n, body)
	return nil
}

// choose asks which of several is meant, eight a page.
func (t *Turn) choose(head string, buttons []Btn, n int, body string) {
	const size = 8
	pages := max(1, (len(buttons)+size-1)/size)
	n = min(max(n, 1), pages)
	rows := inRows(buttons[(n-1)*size:min(n*size, len(buttons))], 1)
	var turn []Btn
	if n > 1 {
		turn = append(turn, t.Btn("prev_page", "status.find "+strconv.Itoa(n-1)+" "+body))
	}
	if n < pages {
		turn = append(turn, t.Btn("next_page", "status.find "+strconv.Itoa(n+1)+" "+body))
	}
	t.Answer(head, append(rows, turn, t.backRow("status"))...)
}

// placeChoices makes a button of each place, with the township where it is a
// village: 下加合村(巴燕镇).
func (t *Turn) placeChoices(places []record.Place) ([]Btn, error) {
	var row []Btn
	for _, p := range places {
		label, err := t.placeLabel(p)
		if err != nil {
			return nil, err
		}
		row = append(row, Btn{Text: label, Line: "status " + string(p.Code)})
	}
	return row, nil
}

func (t *Turn) placeLabel(p record.Place) (string, error) {
	if p.Code.Level() != record.Village {
		return p.Name, nil
	}
	up, err := t.Place(p.Code.Parent())
	return t.Say("query.place_in", text.A{"Name": p.Name, "Up": up.Name}), err
}

func (t *Turn) peopleChoices(ids []record.PersonID) ([]Btn, error) {
	var row []Btn
	for _, id := range ids {
		p, err := t.Tx.Person(id)
		if err != nil {
			return nil, err
		}
		about, err := t.Tx.Actor(id)
		if err != nil {
			return nil, err
		}
		posts, err := t.postLines(about)
		if err != nil {
			return nil, err
		}
		row = append(row, Btn{
			Text: t.Say("query.place_in", text.A{"Name": p.Name, "Up": clip(strings.Join(posts, "、"), 24)}),
			Line: "status.person " + string(id),
		})
	}
	return row, nil
}

// namedPeople finds who bears exactly this name and may be seen.
func (t *Turn) namedPeople(county record.Code, name string) ([]record.PersonID, error) {
	ids, err := t.PeopleNamed(county, name)
	if err != nil {
		return nil, err
	}
	var seen []record.PersonID
	for _, id := range ids {
		switch err := t.allowPerson(record.SeePerson, id); {
		case err == nil:
			seen = append(seen, id)
		case !errors.Is(err, record.ErrNotYours):
			return nil, err
		}
	}
	return seen, nil
}

// namedPlaces finds the places of a county that a text names: whole (下加合村),
// without what kind of place it is (下加合), or a village behind its township
// (巴燕镇 下加合).
func (t *Turn) namedPlaces(county record.Code, body string) ([]record.Place, error) {
	list, err := t.placesOfName(county, body)
	if err != nil || len(list) > 0 {
		return list, err
	}
	head, rest, cut := strings.Cut(body, " ")
	if cut {
		return t.villagesIn(county, head, rest)
	}
	for i, r := range body {
		if !strings.ContainsRune("镇乡县", r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		if list, err = t.villagesIn(county, body[:end], body[end:]); err != nil || len(list) > 0 {
			return list, err
		}
	}
	return nil, nil
}

// placesOfName finds whole names, and where there are none, names without
// their kind.
func (t *Turn) placesOfName(county record.Code, name string) ([]record.Place, error) {
	stem := stemOf(name)
	list, err := t.PlacesNamed(county, stem)
	if err != nil {
		return nil, err
	}
	var whole, stems []record.Place
	for _, p := range list {
		if p.Name == name {
			whole = append(whole, p)
		}
		if stemOf(p.Name) == stem {
			stems = append(stems, p)
		}
	}
	if len(whole) == 0 {
		whole = stems
	}
	slices.SortFunc(whole, func(a, b record.Place) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return whole, nil
}

// villagesIn finds a village by its name and that of what it lies in.
func (t *Turn) villagesIn(county record.Code, up, name string) ([]record.Place, error) {
	if name == "" {
		return nil, nil
	}
	ups, err := t.placesOfName(county, up)
	if err != nil || len(ups) == 0 {
		return nil, err
	}
	list, err := t.placesOfName(county, name)
	return slices.DeleteFunc(list, func(p record.Place) bool {
		return !slices.ContainsFunc(ups, func(u record.Place) bool { return u.Code != p.Code && u.Code.Contains(p.Code) })
	}), err
}

// kindsOfPlace are the endings of names that people leave out, the longer ones
// first.
var kindsOfPlace = []string{
	"回族自治县", "自治县", "撒拉族乡", "藏族乡", "回族乡", "社区居委会", "村委会", "居委会", "社区", "县", "镇", "乡", "村",
}

// stemOf is a name without the ending that says what kind of place it is.
func stemOf(name string) string {
	for _, kind := range kindsOfPlace {
		if stem := strings.TrimSuffix(name, kind); stem != name && stem != "" {
			return stem
		}
	}
	return name
}

const maxSuggested = 6

// suggest asks whether a place with nearly the name is meant, among the names
// of the officer's own counties and scope.
func (t *Turn) suggest(body string) (bool, error) {
	stem := stemOf(body)
	allowed := 1
	if utf8.RuneCountInString(stem) > 4 {
		allowed = 2
	}
	if utf8.RuneCountInString(stem) < 2 {
		return false, nil
	}
	least := allowed
	var near []record.Place
	for _, county := range t.counties() {
		all, err := t.PlacesNamed(county, "")
		if err != nil {
			return false, err
		}
		for _, p := range all {
			d := distance(stem, stemOf(p.Name))
			if d > least || d >= utf8.RuneCountInString(stemOf(p.Name)) || t.Allow(record.SeePlace, record.Object{Place: p.Code}) != nil {
				continue
			}
			if d < least {
				least, near = d, nil
			}
			near = append(near, p)
		}
	}
	if len(near) == 0 {
		return false, nil
	}
	slices.SortFunc(near, func(a, b record.Place) int { return strings.Compare(string(a.Code), string(b.Code)) })
	near = near[:min(len(near), maxSuggested)]
	if t.Ev.Chat.Group {
		t.Answer(t.Say("query.in_private"))
		return true, nil
	}
	buttons, err := t.placeChoices(near)
	if err != nil {
		return false, err
	}
	head := t.Say("query.mean_which")
	if len(near) == 1 {
		head = t.Say("home.did_you_mean", text.A{"What": buttons[0].Text})
	}
	t.Answer(head, append(inRows(buttons, 1), t.homeRow())...)
	return true, nil
}

package bot

import (
	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Whether a graduate who registered by the village's link is of the village: its
// secretary is asked, an officer decides where the secretary says no or does not
// know. An officer may answer on the village's behalf.
//
//	graduate.vouch  graduate [word]  the question; with a word the answer
//	graduate.next   village          the next one of the village who waits
//	graduate.move   graduate         to another village
func vouchCommands() []command {
	return []command{
		{name: "graduate.vouch", hidden: true, roles: branch, run: onGraduate(record.VouchGraduate, (*Turn).vouch)},
		{name: "graduate.next", hidden: true, roles: branch, run: (*Turn).vouchNext},
		{name: "graduate.move", hidden: true, roles: officers, run: onGraduate(record.MoveGraduate, func(t *Turn, g record.Graduate) error {
			return t.startFlow("graduate_move", dialog.Answers{ofGraduate: string(g.ID)})
		})},
	}
}

// vouchUse is how long the question to a secretary may wait for a week with room
// for it. The home card asks it as long as it is open.
const vouchUse = 14 * dayLong

// tellOfVouch has the secretary asked about somebody who has just registered, or
// was moved to the village.
func (t *Turn) tellOfVouch(g record.Graduate) error {
	if !g.Vouch.Waits() || !g.Vouch.At.Equal(t.Tx.Now) {
		return nil
	}
	p, held, err := t.Secretary(g.Village)
	if err != nil || !held || p.ID == t.Person.ID {
		return err
	}
	t.Queue(record.Outbox{
		Key:   "vouch/" + string(g.ID) + "/" + string(g.Village) + "/" + stampOf(t.Tx.Now),
		Class: record.Notice, Kind: record.KindVouch, Person: p.ID, UselessAfter: t.Tx.Now.Add(vouchUse),
		Args: map[string]string{"graduate": string(g.ID)},
	})
	return nil
}

func vouchNotices() map[string]render {
	return map[string]render{record.KindVouch: func(t *Turn, row record.Outbox) (notice, string, error) {
		g, err := t.Graduate(record.GraduateID(row.Args["graduate"]))
		if err != nil {
			return notice{}, "", err
		}
		if err := t.Allow(record.VouchGraduate, objectOf(g)); err != nil {
			return notice{}, "", err
		}
		if !g.Vouch.Waits() {
			return notice{}, "answered", nil
		}
		c, err := t.vouchCard(g)
		return notice{card: c}, "", err
	}}
}

// vouchCard asks about one graduate.
func (t *Turn) vouchCard(g record.Graduate) (card, error) {
	lines, err := t.graduateLines(g)
	if err != nil {
		return card{}, err
	}
	rows := append(t.vouchButtons(g), []Btn{t.Btn("grad_list", "graduates "+string(g.Village)+" "+string(storage.Unvouched)), t.Btn("home", "start")})
	return card{Text: t.Say("vouch.ask") + "\n" + lines, rows: rows}, nil
}

// vouchButtons are the three answers.
func (t *Turn) vouchButtons(g record.Graduate) [][]Btn {
	var row []Btn
	for _, word := range record.VouchAnswers() {
		row = append(row, Btn{Text: t.Say("vouch.answer_" + string(word)), Line: "graduate.vouch " + string(g.ID) + " " + string(word)})
	}
	return inRows(row, 2)
}

// vouch asks about a graduate, or takes the answer.
func (t *Turn) vouch(g record.Graduate) error {
	word := record.VouchState(t.Arg(1))
	if word == "" {
		if g.Vouch.State == "" {
			return record.ErrSettled
		}
		if err := t.lookedAt(g, "graduate.vouch"); err != nil {
			return err
		}
		c, err := t.vouchCard(g)
		t.Answer(c.Text, c.rows...)
		return err
	}
	g, err := t.VouchGraduate(g.ID, word, t.Person.ID)
	if err != nil {
		return err
	}
	err = t.Audit(record.Audit{By: t.Person.ID, Action: record.VouchGraduate, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: string(word)})
	if err != nil {
		return err
	}
	village, err := t.placeName(g.Village)
	if err != nil {
		return err
	}
	n, err := t.Count(g.Village)
	if err != nil {
		return err
	}
	row := []Btn{t.Btn("vouch_again", "graduate.vouch "+string(g.ID))}
	if left := storage.Unvouched.Of(n.Graduates); left > 0 {
		row = append(row, Btn{Text: t.Say("vouch.next", text.A{"N": left}), Line: "graduate.next " + string(g.Village)})
	}
	t.Answer(t.Say("vouch.said_"+string(word), text.A{"Name": g.Name, "Village": village}), row,
		[]Btn{t.Btn("open_record", "graduate.show "+string(g.ID)), t.Btn("home", "start")})
	return nil
}

// vouchNext asks about the first graduate of a place who waits.
func (t *Turn) vouchNext() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.VouchGraduate, record.Object{Place: place}); err != nil {
		return err
	}
	list, _, err := t.Graduates(storage.GraduateQuery{Place: place, Filter: storage.Unvouched, Limit: 1})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		t.Answer(t.Say("vouch.none"), []Btn{t.Btn("grad_list", "graduates "+string(place)), t.Btn("home", "start")})
		return nil
	}
	if err := t.lookedAt(list[0], "graduate.vouch"); err != nil {
		return err
	}
	c, err := t.vouchCard(list[0])
	t.Answer(c.Text, c.rows...)
	return err
}

// vouchLine says how the village's word about a record stands; the graduate is not
// told who did not know them.
func (t *Turn) vouchLine(g record.Graduate) string {
	key := "vouch.line_" + string(g.Vouch.State)
	switch {
	case g.Vouch.State == "":
		return ""
	case g.Vouch.Doubts() && g.Person != "" && g.Person == t.Person.ID:
		key = "vouch.line_own"
	}
	return "\n" + t.Say(key, text.A{"Day": t.Voice.Day(g.Vouch.At.In(t.b.conf.Zone), t.Now)})
}

// vouchRows are what a record offers about the village's word: the three answers
// while none was given, the way to another one, and for officers another village.
func (t *Turn) vouchRows(g record.Graduate) [][]Btn {
	var rows [][]Btn
	if g.Vouch.State == "" {
		return nil
	}
	if t.Allow(record.VouchGraduate, objectOf(g)) == nil {
		if rows = t.vouchButtons(g); !g.Vouch.Waits() {
			rows = [][]Btn{{t.Btn("vouch_again", "graduate.vouch "+string(g.ID))}}
		}
	}
	if t.Allow(record.MoveGraduate, objectOf(g)) == nil {
		move := t.Btn("move_village", "graduate.move "+string(g.ID))
		if len(rows) == 0 || len(rows[len(rows)-1]) == 2 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], move)
	}
	return rows
}

// vouchDuty is what the home card says of it: to a secretary who waits, to an
// officer whom the villages do not know.
func vouchDuty() homeDuty {
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			lines, _, err := t.vouchOpen()
			return lines, err
		},
		buttons: func(t *Turn) ([]Btn, error) {
			_, row, err := t.vouchOpen()
			return row, err
		},
	}
}

func (t *Turn) vouchOpen() (lines []string, row []Btn, err error) {
	for _, part := range []struct {
		places      []record.Code
		filter      storage.GraduateFilter
		key, button string
		line        func(place string) string
	}{
		{t.Actor.Places(record.Secretary), storage.Unvouched, "vouch.open", "vouch.open_button", func(place string) string { return "graduate.next " + place }},
		{t.offices(), storage.Doubted, "vouch.doubted", "vouch.doubted_button", func(place string) string { return "graduates " + place + " " + string(storage.Doubted) }},
	} {
		for _, place := range part.places {
			n, err := t.Count(place)
			if err != nil {
				return nil, nil, err
			}
			waiting := part.filter.Of(n.Graduates)
			if waiting == 0 {
				continue
			}
			name, err := t.placeName(place)
			if err != nil {
				return nil, nil, err
			}
			lines = append(lines, t.Say(part.key, text.A{"Place": name, "N": waiting}))
			row = append(row, Btn{Text: t.Say(part.button, text.A{"N": waiting}), Line: part.line(string(place))})
		}
	}
	return lines, row, nil
}

// moveFlows ask for the village to which a record is moved.
func moveFlows() []*flow {
	return []*flow{{
		name:  "graduate_move",
		steps: func(t *Turn) []dialog.Step { return t.placeSteps() },
		title: func(t *Turn, a dialog.Answers) (string, error) {
			g, err := t.Graduate(record.GraduateID(a[ofGraduate]))
			return t.Say("vouch.move_title", text.A{"Name": g.Name}), err
		},
		may:  (*Turn).mayMove,
		save: (*Turn).saveMove,
	}}
}

// mayMove asks for the authority over the record and over the village to which it
// is to go.
func (t *Turn) mayMove(a dialog.Answers) error {
	g, err := t.Graduate(record.GraduateID(a[ofGraduate]))
	if err != nil {
		return err
	}
	if err := t.Allow(record.MoveGraduate, objectOf(g)); err != nil || villageOf(a) == "" {
		return err
	}
	return t.Allow(record.MoveGraduate, record.Object{Place: villageOf(a)})
}

func (t *Turn) saveMove(a dialog.Answers) error {
	old, err := t.Graduate(record.GraduateID(a[ofGraduate]))
	if err != nil {
		return err
	}
	if villageOf(a) == old.Village {
		return &dialog.Fault{Key: "vouch.move_same", Step: "village"}
	}
	like, err := t.LikeGraduates(record.Graduate{ID: old.ID, Village: villageOf(a), Name: old.Name, BirthYear: old.BirthYear})
	if err != nil {
		return err
	}
	if len(like) > 0 {
		return &dialog.Fault{Key: "vouch.move_double", Step: "village"}
	}
	g, err := t.MoveGraduate(old.ID, villageOf(a))
	if err != nil {
		return err
	}
	from, err := t.placeName(old.Village)
	if err != nil {
		return err
	}
	to, err := t.placeName(g.Village)
	if err != nil {
		return err
	}
	err = t.Audit(record.Audit{By: t.Person.ID, Action: record.MoveGraduate, Person: g.Person, Graduate: g.ID, Place: g.Village, Note: from})
	if err != nil {
		return err
	}
	if err := t.tellOfVouch(g); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("vouch.moved", text.A{"Name": g.Name, "From": from, "To": to, "Asked": g.Vouch.Waits()}),
		[]Btn{t.Btn("open_record", "graduate.show "+string(g.ID)), t.Btn("home", "start")})
	return nil
}

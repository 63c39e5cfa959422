package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The context of a registration, beside the answers of its steps.
const (
	inVillage  = "in"   // the village, where it is known from the start
	ofLink     = "link" // hash of the village's link, where the graduate came by it
	ofGraduate = "id"   // the record that is changed
)

// isSelf says whether the graduate speaks, not a secretary or an officer.
func isSelf(a dialog.Answers) bool { return a["self"] != "" }

// villageOf is the village of a registration, "" while it is not chosen.
func villageOf(a dialog.Answers) record.Code {
	if a[inVillage] != "" {
		return record.Code(a[inVillage])
	}
	return record.Code(a["village"])
}

// registerSteps are the questions of a graduate's record, the same for all who
// may write one; what the bot knows is not asked.
func registerSteps(t *Turn) []dialog.Step {
	return slices.Concat(t.placeSteps(), t.whoSteps(), t.studySteps(), t.outlookSteps())
}

func (t *Turn) placeSteps() []dialog.Step {
	return []dialog.Step{
		{
			Name: "township", Ask: "register.ask_township", Field: "register.township", PerPage: 20,
			Choices: t.registerTownships, Drops: []string{"village", "same"},
			Skip: func(a dialog.Answers) (bool, error) {
				return a[inVillage] != "" || !t.Actor.Has(record.CountyOfficer), nil
			},
		},
		{
			Name: "village", Ask: "register.ask_village", Field: "register.village", PerPage: 20,
			Choices: t.registerVillages, Drops: []string{"same"},
			Skip: func(a dialog.Answers) (bool, error) { return a[inVillage] != "", nil },
		},
	}
}

func (t *Turn) registerTownships(dialog.Answers) ([]dialog.Choice, error) {
	places, err := t.Children(t.b.conf.County)
	return placeChoices(places), err
}

// registerVillages are the villages that the person may register somebody of.
func (t *Turn) registerVillages(a dialog.Answers) ([]dialog.Choice, error) {
	var codes []record.Code
	switch {
	case t.Actor.Has(record.CountyOfficer):
		codes = []record.Code{record.Code(a["township"])}
	case t.Actor.Has(record.TownshipOfficer):
		codes = t.Actor.Places(record.TownshipOfficer)
	}
	for _, own := range t.Actor.Places(record.Secretary) {
		if !slices.ContainsFunc(codes, func(c record.Code) bool { return c.Contains(own) }) && !t.Actor.Has(record.CountyOfficer) {
			codes = append(codes, own)
		}
	}
	slices.Sort(codes)
	var places []record.Place
	for _, c := range codes {
		some, err := t.Villages(c)
		if err != nil {
			return nil, err
		}
		places = append(places, some...)
	}
	return placeChoices(places), nil
}

func placeChoices(places []record.Place) []dialog.Choice {
	var list []dialog.Choice
	for _, p := range places {
		list = append(list, dialog.Choice{Value: string(p.Code), Label: p.Name})
	}
	return list
}

func (t *Turn) whoSteps() []dialog.Step {
	year := t.Now.Year()
	return []dialog.Step{
		{
			Name: "name", Ask: "register.ask_name", Field: "register.name", Parse: dialog.Name, Drops: []string{"same"},
			AskFor: bySpeaker("register.ask_name_self", "register.ask_name", nil),
		},
		{
			Name: "birth", Ask: "register.ask_birth", Field: "register.birth", PerPage: 12, Columns: 4,
			Parse:   dialog.Year(record.MinBirthYear, year-record.MinGraduateAge),
			Choices: func(dialog.Answers) ([]dialog.Choice, error) { return yearChoices(year-18, year-29), nil },
			Drops:   []string{"same", "year", "month"},
		},
		{
			Name: "same", Field: "register.same", Choices: t.sameChoices, AskFor: t.askSame,
			Skip: func(a dialog.Answers) (bool, error) {
				like, err := t.likeThese(a)
				return len(like) == 0, err
			},
		},
	}
}

// bySpeaker chooses a question by who answers it.
func bySpeaker(self, other string, args text.A) func(dialog.Answers) (string, map[string]any) {
	return func(a dialog.Answers) (string, map[string]any) {
		if isSelf(a) {
			return self, args
		}
		return other, args
	}
}

// yearChoices are the years from one to the other, up or down.
func yearChoices(from, to int) []dialog.Choice {
	step := 1
	if from > to {
		step = -1
	}
	var list []dialog.Choice
	for y := from; ; y += step {
		list = append(list, dialog.Choice{Value: strconv.Itoa(y), Label: strconv.Itoa(y)})
		if y == to {
			return list
		}
	}
}

// likeThese are the records that may be the same person as the one that is
// being entered. A record that keeps its name and birth year is not asked
// about again: whoever is like it was known to be somebody else.
func (t *Turn) likeThese(a dialog.Answers) ([]record.Graduate, error) {
	year, _ := strconv.Atoi(a["birth"])
	village := villageOf(a)
	if village == "" || a["name"] == "" || year == 0 {
		return nil, nil
	}
	id := record.GraduateID(a[ofGraduate])
	if id != "" {
		old, err := t.Graduate(id)
		if err != nil || (old.Name == a["name"] && old.BirthYear == year) {
			return nil, err
		}
	}
	return t.LikeGraduates(record.Graduate{ID: id, Village: village, Name: a["name"], BirthYear: year})
}

// sameOther is the value of "somebody else": it names the records that were
// shown, so that a later one is asked about anew. sameMe is a graduate's own
// yes; staff name the record.
const (
	sameOther = "other:"
	sameMe    = "me"
)

func (t *Turn) sameChoices(a dialog.Answers) ([]dialog.Choice, error) {
	like, err := t.likeThese(a)
	if err != nil {
		return nil, err
	}
	var list []dialog.Choice
	var ids []string
	for i, g := range like {
		ids = append(ids, string(g.ID))
		label := t.Say("register.same_yes")
		if len(like) > 1 {
			label = t.Say("register.same_this", text.A{"I": i + 1})
		}
		if !isSelf(a) {
			list = append(list, dialog.Choice{Value: string(g.ID), Label: label})
		}
	}
	no := dialog.Choice{Value: sameOther + strings.Join(ids, "."), Label: t.Say("register.same_no")}
	if isSelf(a) {
		no.Label = t.Say("register.not_me")
		list = append(list, dialog.Choice{Value: sameMe, Label: t.Say("register.me")})
	}
	return append(list, no), nil
}

// askSame asks about a likely double. A graduate is not told what the other
// record says: whoever has the link could ask for anybody.
func (t *Turn) askSame(a dialog.Answers) (string, map[string]any) {
	if isSelf(a) {
		return "register.ask_same_self", nil
	}
	like, err := t.likeThese(a)
	if err != nil {
		return "register.ask_same_self", nil
	}
	var lines []string
	for i, g := range like {
		lines = append(lines, t.Say("register.same_line", text.A{
			"I": i + 1, "Day": t.Voice.Day(g.CreatedAt.In(t.b.conf.Zone), t.Now), "State": t.stateOf(g),
		}))
	}
	return "register.ask_same", text.A{"Lines": strings.Join(lines, "\n")}
}

// otherPeople are the records that the speaker has said to be other people.
func otherPeople(a dialog.Answers) []record.GraduateID {
	var ids []record.GraduateID
	if list, ok := strings.CutPrefix(a["same"], sameOther); ok {
		for id := range strings.SplitSeq(list, ".") {
			ids = append(ids, record.GraduateID(id))
		}
	}
	return ids
}

func (t *Turn) studySteps() []dialog.Step {
	studying := func(a dialog.Answers) bool { return a["studying"] == "yes" }
	return []dialog.Step{
		{
			Name: "education", Ask: "register.ask_education", Field: "register.education",
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				return sayChoices(t, "education.", record.GraduateEducations()), nil
			},
		},
		{Name: "school", Ask: "register.ask_school", Field: "register.school", Parse: dialog.Text(record.MaxTitle), Max: record.MaxTitle},
		{Name: "major", Ask: "register.ask_major", Field: "register.major", Parse: dialog.Text(record.MaxTitle), Max: record.MaxTitle, Optional: true},
		{
			Name: "studying", Ask: "register.ask_studying", Field: "register.studying", Drops: []string{"year", "month", "employment"},
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				return []dialog.Choice{{Value: "no", Label: t.Say("register.graduated")}, {Value: "yes", Label: t.Say("register.still")}}, nil
			},
		},
		{
			Name: "year", Field: "register.year", PerPage: 12, Columns: 4, Digits: true, Drops: []string{"month"},
			Choices: t.graduationYears, Parse: t.parseGraduation,
			AskFor: func(a dialog.Answers) (string, map[string]any) {
				if studying(a) {
					return "register.ask_year_expected", nil
				}
				return "register.ask_year", nil
			},
		},
		{
			Name: "month", Ask: "register.ask_month", Field: "register.month", PerPage: 12, Columns: 3,
			Choices: t.graduationMonths,
		},
	}
}

// graduationSpan is the first and the last year of graduation that can be.
func (t *Turn) graduationSpan(a dialog.Answers) (lo, hi int) {
	birth, _ := strconv.Atoi(a["birth"])
	lo, hi = birth+record.MinGraduateAge, t.Now.Year()
	if a["studying"] == "yes" {
		return max(lo, hi), hi + record.MaxStudyYears
	}
	return lo, hi
}

// graduationYears are the likely years: the last ones, or the next ones.
func (t *Turn) graduationYears(a dialog.Answers) ([]dialog.Choice, error) {
	lo, hi := t.graduationSpan(a)
	if a["studying"] == "yes" {
		return yearChoices(lo, hi), nil
	}
	return yearChoices(hi, max(lo, hi-11)), nil
}

var graduationForm = regexp.MustCompile(`^(\d{4})(?:\s*[年.\-/ ]?\s*(\d{1,2})\s*月?)?\s*年?$`)

// parseGraduation takes a year, or a year with a month: 2025, 2025年7月, 202507.
func (t *Turn) parseGraduation(s string, a dialog.Answers) (string, error) {
	lo, hi := t.graduationSpan(a)
	m := graduationForm.FindStringSubmatch(s)
	if m == nil {
		return "", &dialog.Fault{Key: "register.bad_graduation", Args: text.A{"Lo": lo, "Hi": hi}}
	}
	year, _ := strconv.Atoi(m[1])
	if year < lo || year > hi {
		return "", &dialog.Fault{Key: "register.bad_graduation", Args: text.A{"Lo": lo, "Hi": hi}}
	}
	if m[2] == "" {
		return m[1], nil
	}
	month, _ := strconv.Atoi(m[2])
	if from, to := t.monthSpan(m[1], a); month < from || month > to {
		return "", &dialog.Fault{Key: "register.bad_month", Args: text.A{"Year": m[1], "Lo": from, "Hi": to}}
	}
	return fmt.Sprintf("%s-%02d", m[1], month), nil
}

// monthSpan are the months of a year in which the graduation can be.
func (t *Turn) monthSpan(year string, a dialog.Answers) (from, to int) {
	from, to = 1, 12
	if year == strconv.Itoa(t.Now.Year()) {
		if a["studying"] == "yes" {
			from = int(t.Now.Month())
		} else {
			to = int(t.Now.Month())
		}
	}
	return from, to
}

func (t *Turn) graduationMonths(a dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	from, to := t.monthSpan(a["year"], a)
	for m := from; m <= to; m++ {
		list = append(list, dialog.Choice{Value: fmt.Sprintf("%02d", m), Label: t.Voice.Month(time.Month(m))})
	}
	return list, nil
}

func (t *Turn) outlookSteps() []dialog.Step {
	phone := dialog.Step{Name: "phone", Ask: "register.ask_phone", Field: "register.phone", Parse: dialog.Phone, Max: 40, Optional: true, Contact: true}
	phone.AskFor = bySpeaker("register.ask_phone_self", "register.ask_phone", nil)
	return []dialog.Step{
		{
			Name: "employment", Ask: "register.ask_employment", Field: "register.employment",
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				return sayChoices(t, "employment.", record.Employments()), nil
			},
			Skip: func(a dialog.Answers) (bool, error) { return a["studying"] == "yes", nil },
		},
		{
			Name: "willingness", Ask: "register.ask_willingness", Field: "register.willingness",
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				return sayChoices(t, "willingness.", record.Willingnesses()), nil
			},
		},
		phone,
		{
			Name: "consent", Field: "register.consent",
			AskFor: bySpeaker("register.ask_consent_self", "register.ask_consent", text.A{"County": t.countyName()}),
			Choices: func(a dialog.Answers) ([]dialog.Choice, error) {
				yes := t.Say("register.consent_yes")
				if isSelf(a) {
					yes = t.Say("register.consent_yes_self")
				}
				return []dialog.Choice{{Value: "no", Label: t.Say("register.consent_no")}, {Value: "yes", Label: yes}}, nil
			},
		},
	}
}

// sayChoices are the values of a kind, each said by its key under prefix.
func sayChoices[V ~string](t *Turn, prefix string, values []V) []dialog.Choice {
	var list []dialog.Choice
	for _, v := range values {
		list = append(list, dialog.Choice{Value: string(v), Label: t.Say(prefix + string(v))})
	}
	return list
}

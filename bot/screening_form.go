package bot

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The form of a screening asks what matters most; everything else is open and
// changed from the summary. Its context is the place and, of one that is
// changed, the id.
func screeningFlows() []*flow {
	may := func(t *Turn, a dialog.Answers) error {
		return t.Allow(record.ScreenGraduates, record.Object{Place: record.Code(a["place"])})
	}
	return []*flow{
		{name: "screening", steps: screeningSteps, title: screeningTitle, may: may, known: (*Turn).screeningKnown, save: (*Turn).saveScreening},
		{name: "screening_name", direct: true, steps: screenNameSteps, title: screeningTitle, may: may, save: (*Turn).saveScreenName},
		{name: "screening_why", direct: true, steps: whySteps, title: screeningTitle, may: may, save: (*Turn).findWhy},
	}
}

func screeningTitle(t *Turn, a dialog.Answers) (string, error) {
	if a["id"] != "" {
		s, err := t.Screening(record.ScreeningID(a["id"]))
		return t.Say("screening.title_of", text.A{"Name": s.Name}), err
	}
	name, err := t.placeName(record.Code(a["place"]))
	return t.Say("screening.title", text.A{"Place": name}), err
}

// newScreening begins the form for a place, unless it has as many as it may.
func (t *Turn) newScreening() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.ScreenGraduates, record.Object{Place: place}); err != nil {
		return err
	}
	list, err := t.Screenings(place)
	if err != nil {
		return err
	}
	if len(list) >= record.MaxScreenings {
		t.Answer(t.Say("screening.full", text.A{"N": record.MaxScreenings}), t.backRow("screenings "+string(place)))
		return nil
	}
	return t.startFlow("screening", dialog.Answers{"place": string(place)})
}

func (t *Turn) editScreening(s record.Screening) error {
	return t.startFlow("screening", dialog.Answers{"place": string(s.Place), "id": string(s.ID)})
}

func (t *Turn) renameScreening(s record.Screening) error {
	return t.startFlow("screening_name", dialog.Answers{"place": string(s.Place), "id": string(s.ID)})
}

// screeningKnown fills in what a screening says already; of a new one, that what
// is not asked takes everybody.
func (t *Turn) screeningKnown(context dialog.Answers) (dialog.Answers, error) {
	a := dialog.Answers{"educations": "", "majors": "", "places": "", "years": "", "within": "", "name": autoName}
	if context["id"] != "" {
		s, err := t.Screening(record.ScreeningID(context["id"]))
		if err != nil {
			return nil, err
		}
		c := s.Criteria
		a = dialog.Answers{
			"studies": string(c.Studies), "employments": joined(c.Employments), "willingness": joined(c.Willingness), "educations": joined(c.Educations),
			"majors": strings.Join(c.Majors, ","), "places": joined(c.Places), "years": yearSpan(c), "within": "", "name": s.Name,
		}
		if c.Within > 0 {
			a["within"] = strconv.Itoa(c.Within)
		}
	}
	for k, v := range context {
		a[k] = v
	}
	return a, nil
}

func joined[T ~string](list []T) string {
	var words []string
	for _, v := range list {
		words = append(words, string(v))
	}
	return strings.Join(words, ",")
}

func split[T ~string](list string) []T {
	var all []T
	for _, v := range dialog.List(list) {
		all = append(all, T(v))
	}
	return all
}

// autoName is the answer that leaves the name to the criteria.
const autoName = "auto"

func screeningSteps(t *Turn) []dialog.Step {
	said := func(topic string, values ...string) func(dialog.Answers) ([]dialog.Choice, error) {
		return func(dialog.Answers) ([]dialog.Choice, error) {
			var list []dialog.Choice
			for _, v := range values {
				list = append(list, dialog.Choice{Value: v, Label: t.Say(topic + "." + v)})
			}
			return list, nil
		}
	}
	studies := func(dialog.Answers) ([]dialog.Choice, error) {
		return []dialog.Choice{
			{Value: string(record.HasGraduated), Label: t.Say("register.graduated")},
			{Value: string(record.StillStudying), Label: t.Say("register.still")},
		}, nil
	}
	study := func(a dialog.Answers) (bool, error) { return a["studies"] == string(record.StillStudying), nil }
	days := func(n string) string { return t.Say("screening.within", text.A{"N": atoi(n)}) }
	return []dialog.Step{
		{Name: "studies", Ask: "screening.ask_studies", Field: "register.studying", Choices: studies, Optional: true, Empty: "screening.any"},
		{Name: "employments", Ask: "screening.ask_many", Args: t.what("register.employment"), Field: "register.employment", Choices: said("employment", words(record.Employments())...), Many: true, Optional: true, Empty: "screening.any", Skip: study},
		{Name: "willingness", Ask: "screening.ask_many", Args: t.what("register.willingness"), Field: "register.willingness", Choices: said("willingness", words(record.Willingnesses())...), Many: true, Optional: true, Empty: "screening.any"},
		{Name: "educations", Ask: "screening.ask_many", Args: t.what("register.education"), Field: "register.education", Choices: said("education", words(record.GraduateEducations())...), Many: true, Optional: true, Empty: "screening.any"},
		{Name: "majors", Ask: "screening.ask_majors", Field: "register.major", Parse: parseMajors, Show: func(v string) string { return strings.ReplaceAll(v, ",", "、") }, Optional: true, Empty: "screening.any"},
		{Name: "places", Ask: "screening.ask_places", Field: "screening.by_place", Choices: t.screenPlaces, Many: true, Optional: true, Empty: "screening.any", PerPage: placePage},
		{Name: "years", Ask: "screening.ask_years", Field: "screening.by_year", Choices: t.screenYears, Parse: t.parseYears, Show: t.yearsText, Optional: true, Empty: "screening.any"},
		{
			Name: "within", Ask: "screening.ask_within", Field: "screening.by_confirmed", Parse: parseNumber(1, record.MaxScreenDays), Show: days, Optional: true, Empty: "screening.any",
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				var list []dialog.Choice
				for _, n := range []string{"30", "90", "180", "365"} {
					list = append(list, dialog.Choice{Value: n, Label: days(n)})
				}
				return list, nil
			},
		},
		{Name: "name", Ask: "screening.ask_name", Field: "screening.name", Parse: dialog.Text(record.MaxScreenName), Choices: t.nameChoice, Columns: 1},
	}
}

func (t *Turn) what(key string) map[string]any { return map[string]any{"What": t.Say(key)} }

func words[T ~string](list []T) []string { return dialog.List(joined(list)) }

// parseMajors reads up to record.MaxScreenWords words of majors.
func parseMajors(s string, _ dialog.Answers) (string, error) {
	list := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,，、;；/", r) })
	fault := &dialog.Fault{Key: "screening.bad_majors", Args: map[string]any{"Words": record.MaxScreenWords, "Max": record.MaxScreenName}}
	if len(list) == 0 || len(list) > record.MaxScreenWords {
		return "", fault
	}
	for i, w := range list {
		clean, err := record.CleanText(w, record.MaxScreenName)
		if err != nil {
			return "", fault
		}
		list[i] = clean
	}
	return strings.Join(list, ","), nil
}

// screenPlaces are the townships of the county, or the villages of the township.
func (t *Turn) screenPlaces(a dialog.Answers) ([]dialog.Choice, error) {
	children, err := t.Children(record.Code(a["place"]))
	var list []dialog.Choice
	for _, p := range children {
		list = append(list, dialog.Choice{Value: string(p.Code), Label: p.Name})
	}
	return list, err
}

// screenYears offer the last years, and three of them together.
func (t *Turn) screenYears(dialog.Answers) ([]dialog.Choice, error) {
	var list []dialog.Choice
	year := t.Now.Year()
	for _, span := range []string{strconv.Itoa(year), strconv.Itoa(year - 1), strconv.Itoa(year-2) + "-" + strconv.Itoa(year), strconv.Itoa(year-2) + "-"} {
		list = append(list, dialog.Choice{Value: span, Label: t.yearsText(span)})
	}
	return list, nil
}

var yearsPattern = regexp.MustCompile(`^(\d{4})?(?:([-—–~至到])(\d{4})?)?$`)

// parseYears reads years of graduation: 2025, 2023-2025, 2023-, -2025.
func (t *Turn) parseYears(s string, _ dialog.Answers) (string, error) {
	s = strings.NewReplacer(" ", "", "年", "", "毕业", "").Replace(s)
	m := yearsPattern.FindStringSubmatch(s)
	lo, hi := record.MinBirthYear+record.MinGraduateAge, t.Now.Year()+record.MaxStudyYears
	fault := &dialog.Fault{Key: "screening.bad_years", Args: map[string]any{"Lo": lo, "Hi": hi}}
	if m == nil || (m[1] == "" && m[3] == "") {
		return "", fault
	}
	from, to := atoi(m[1]), atoi(m[3])
	if m[2] == "" {
		to = from
	}
	for _, y := range []int{from, to} {
		if y != 0 && (y < lo || y > hi) {
			return "", fault
		}
	}
	if to != 0 && to < from {
		return "", fault
	}
	return yearSpan(record.Criteria{YearFrom: from, YearTo: to}), nil
}

// nameChoice offers a name that the criteria make.
func (t *Turn) nameChoice(a dialog.Answers) ([]dialog.Choice, error) {
	name, err := t.autoNameOf(screeningOf(a))
	return []dialog.Choice{{Value: autoName, Label: name}}, err
}

// autoNameOf says the criteria, as long as a name may be.
func (t *Turn) autoNameOf(s record.Screening) (string, error) {
	wants, err := t.criteriaText(s)
	if len(wants) == 0 {
		wants = []string{t.Say("screening.everybody")}
	}
	return clip(strings.Join(wants, "·"), record.MaxScreenName-1), err
}

// screeningOf reads the answers of the form.
func screeningOf(a dialog.Answers) record.Screening {
	s := record.Screening{Place: record.Code(a["place"]), Name: a["name"], Criteria: record.Criteria{
		Studies: record.Studies(a["studies"]), Employments: split[record.Employment](a["employments"]), Willingness: split[record.Willingness](a["willingness"]),
		Educations: split[record.Education](a["educations"]), Majors: dialog.List(a["majors"]), Places: split[record.Code](a["places"]), Within: atoi(a["within"]),
	}}
	from, to, span := strings.Cut(a["years"], "-")
	s.Criteria.YearFrom, s.Criteria.YearTo = atoi(from), atoi(to)
	if !span {
		s.Criteria.YearTo = s.Criteria.YearFrom
	}
	return s
}

// saveScreening saves a new or changed screening and has it filled.
func (t *Turn) saveScreening(a dialog.Answers) error {
	s := screeningOf(a)
	s.By = t.Person.ID
	if s.Name == autoName {
		var err error
		if s.Name, err = t.autoNameOf(s); err != nil {
			return err
		}
	}
	if noCriteria(s.Criteria) {
		return &dialog.Fault{Key: "screening.no_criteria", Step: "willingness"}
	}
	what := "saved"
	var err error
	if id := record.ScreeningID(a["id"]); id != "" {
		what = "changed"
		s, err = t.EditScreening(id, func(old *record.Screening) { old.Name, old.Criteria, old.By = s.Name, s.Criteria, s.By })
	} else {
		s, err = t.AddScreening(s)
	}
	if err != nil {
		return err
	}
	if err := t.auditScreening(s, what); err != nil {
		return err
	}
	return t.fillScreening(s)
}

// noCriteria says whether the criteria take everybody.
func noCriteria(c record.Criteria) bool {
	return c.Studies == "" && c.Within == 0 && c.YearFrom == 0 && c.YearTo == 0 &&
		!slices.ContainsFunc([]int{len(c.Employments), len(c.Willingness), len(c.Educations), len(c.Majors), len(c.Places)}, func(n int) bool { return n > 0 })
}

func screenNameSteps(*Turn) []dialog.Step {
	return []dialog.Step{{Name: "name", Ask: "screening.ask_new_name", Field: "screening.name", Parse: dialog.Text(record.MaxScreenName)}}
}

func (t *Turn) saveScreenName(a dialog.Answers) error {
	s, err := t.RenameScreening(record.ScreeningID(a["id"]), a["name"])
	if err != nil {
		return err
	}
	if err := t.auditScreening(s, "renamed"); err != nil {
		return err
	}
	t.Answer(t.Say("screening.renamed", text.A{"Name": s.Name}), []Btn{t.Btn("see_screening", "screening.show "+string(s.ID))}, t.homeRow())
	return nil
}

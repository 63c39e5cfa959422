package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ScreeningID names a saved filter over graduates.
type ScreeningID string

// KindScreened is the kind of the weekly word of who newly fits: Args ids (with
// commas between), since and at: who came to in between.
const KindScreened = "screened"

// Bounds of a screening.
const (
	MaxScreenName   = 20   // runes of its name
	MaxScreenings   = 20   // of one place
	MaxScreenWords  = 5    // of majors
	MaxScreenPlaces = 40   // named in the criteria
	MaxScreenDays   = 1000 // of "confirmed within"
)

// Screening is a filter over the graduates of a place that an officer saved.
// It says of each person which criteria hold and which do not, by which fact;
// it knows no order of merit.
type Screening struct {
	ID       ScreeningID `json:"id"`
	Place    Code        `json:"place"` // a township or the county, whose officers share it
	Name     string      `json:"name" personal:"-"`
	Criteria Criteria    `json:"criteria"`
	// By is the officer who saved it last: word of the newly matching goes there.
	By      PersonID  `json:"by"`
	SavedAt time.Time `json:"saved_at"`

	State ScreenState `json:"state"`
	// Done is how many graduates have been looked at while it is being filled,
	// Cursor where to go on.
	Done   int    `json:"done,omitzero"`
	Cursor string `json:"cursor,omitzero" personal:"-"`
}

// ScreenState is where a screening stands.
type ScreenState string

// The states of a screening.
const (
	ScreenFilling ScreenState = "filling" // new or changed: who fits is being found
	ScreenReady   ScreenState = "ready"   // kept as facts change
	ScreenGone    ScreenState = "gone"    // deleted: what leads to it is being taken away
)

// Criteria are what a graduate is to fulfil, each of them; an empty one takes
// everybody.
type Criteria struct {
	Studies     Studies       `json:"studies,omitzero"`
	Employments []Employment  `json:"employments,omitzero"` // one of them; who studies has none
	Willingness []Willingness `json:"willingness,omitzero"`
	Educations  []Education   `json:"educations,omitzero"`
	Majors      []string      `json:"majors,omitzero" personal:"-"` // the major contains one of these words
	Places      []Code        `json:"places,omitzero"`              // townships or villages
	YearFrom    int           `json:"year_from,omitzero"`           // of graduation, also the expected one
	YearTo      int           `json:"year_to,omitzero"`
	// Within is how many days ago the facts were confirmed at most.
	Within int `json:"within,omitzero"`
}

// Studies is whether somebody studies still.
type Studies string

// The answers of Studies; empty takes both.
const (
	HasGraduated  Studies = "graduated"
	StillStudying Studies = "studying"
)

// Criterion names one of the criteria.
type Criterion string

// The criteria, in the order in which they are told.
const (
	ByPlace       Criterion = "place"
	ByStudies     Criterion = "studies"
	ByEmployment  Criterion = "employment"
	ByWillingness Criterion = "willingness"
	ByEducation   Criterion = "education"
	ByMajor       Criterion = "major"
	ByYear        Criterion = "year"
	ByConfirmed   Criterion = "confirmed"
)

// Reason is why a graduate fulfils a criterion, or does not: the fact and when
// it was said to be so.
type Reason struct {
	Criterion Criterion
	Passed    bool
	// Fact is the value in the record: a code of a place, a word of its list, a
	// year, the major as typed; empty where the record has none.
	Fact string
	At   time.Time
}

// Why says of each criterion that the screening sets whether a graduate fulfils
// it at a moment, and by which fact. Somebody of another place fails by the
// place even where no criterion names one.
func (s Screening) Why(g Graduate, now time.Time) []Reason {
	c := s.Criteria
	var why []Reason
	add := func(set bool, by Criterion, passed bool, fact string) {
		if set {
			why = append(why, Reason{Criterion: by, Passed: passed, Fact: fact, At: g.ConfirmedAt})
		}
	}
	inPlace := s.Place.Contains(g.Village)
	add(len(c.Places) > 0 || !inPlace, ByPlace, inPlace && c.takesPlace(g.Village), string(g.Village))
	studies := HasGraduated
	if g.Studying {
		studies = StillStudying
	}
	add(c.Studies != "", ByStudies, c.Studies == studies, string(studies))
	add(len(c.Employments) > 0, ByEmployment, slices.Contains(c.Employments, g.Employment), string(g.Employment))
	add(len(c.Willingness) > 0, ByWillingness, slices.Contains(c.Willingness, g.Willingness), string(g.Willingness))
	add(len(c.Educations) > 0, ByEducation, slices.Contains(c.Educations, g.Education), string(g.Education))
	add(len(c.Majors) > 0, ByMajor, c.takesMajor(g.Major), g.Major)
	year := g.graduationYear()
	fact := ""
	if year > 0 {
		fact = strconv.Itoa(year)
	}
	add(c.YearFrom > 0 || c.YearTo > 0, ByYear, c.takesYear(year), fact)
	add(c.Within > 0, ByConfirmed, c.Within > 0 && now.Before(s.Lapses(g)), string(DateOf(g.ConfirmedAt)))
	return why
}

// Fits says whether no criterion fails.
func (s Screening) Fits(g Graduate, now time.Time) bool {
	return !slices.ContainsFunc(s.Why(g, now), func(r Reason) bool { return !r.Passed })
}

// Lapses is when a graduate who fits drops out for no reason but time; zero
// where that does not happen.
func (s Screening) Lapses(g Graduate) time.Time {
	if s.Criteria.Within == 0 {
		return time.Time{}
	}
	return g.ConfirmedAt.Add(time.Duration(s.Criteria.Within) * 24 * time.Hour)
}

func (c Criteria) takesPlace(village Code) bool {
	return len(c.Places) == 0 || slices.ContainsFunc(c.Places, func(p Code) bool { return p.Contains(village) })
}

func (c Criteria) takesMajor(major string) bool {
	major = strings.ToLower(major)
	return slices.ContainsFunc(c.Majors, func(word string) bool { return strings.Contains(major, strings.ToLower(word)) })
}

func (c Criteria) takesYear(year int) bool {
	return year > 0 && year >= c.YearFrom && (c.YearTo == 0 || year <= c.YearTo)
}

func (g Graduate) graduationYear() int {
	year, _, _ := strings.Cut(string(g.Graduation), "-")
	n, err := strconv.Atoi(year)
	if err != nil {
		return 0
	}
	return n
}

// Check says whether a screening may be saved: ErrInvalid names what does not
// fit. One that sets no criterion is none.
func (s Screening) Check() error {
	bad := func(field string) error { return fmt.Errorf("%w: screening's %s", ErrInvalid, field) }
	c := s.Criteria
	level := s.Place.Level()
	switch {
	case level != County && level != Township:
		return bad("place")
	case !isClean(s.Name, MaxScreenName):
		return bad("name")
	case c.empty():
		return bad("criteria")
	case c.Studies != "" && c.Studies != HasGraduated && c.Studies != StillStudying:
		return bad("studies")
	case !subset(c.Employments, Employments()):
		return bad("employment")
	case !subset(c.Willingness, Willingnesses()):
		return bad("willingness")
	case !subset(c.Educations, GraduateEducations()):
		return bad("education")
	case len(c.Majors) > MaxScreenWords || slices.ContainsFunc(c.Majors, func(w string) bool { return !isClean(w, MaxScreenName) }):
		return bad("major")
	case len(c.Places) > MaxScreenPlaces || slices.ContainsFunc(c.Places, func(p Code) bool { return p.Level() <= level || !s.Place.Contains(p) }):
		return bad("places")
	case c.YearFrom < 0 || c.YearTo < 0 || (c.YearTo > 0 && c.YearTo < c.YearFrom):
		return bad("years")
	case c.Within < 0 || c.Within > MaxScreenDays:
		return bad("days")
	}
	return nil
}

func (c Criteria) empty() bool {
	return c.Studies == "" && len(c.Employments) == 0 && len(c.Willingness) == 0 && len(c.Educations) == 0 &&
		len(c.Majors) == 0 && len(c.Places) == 0 && c.YearFrom == 0 && c.YearTo == 0 && c.Within == 0
}

func subset[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(v T) bool { return !slices.Contains(all, v) })
}

// ScreenCount is how many fit a screening, and how many of them came to since
// the officer was told last.
type ScreenCount struct {
	All int `json:"all,omitzero"`
	New int `json:"new,omitzero"`
	// In counts by the township of a county's, the village of a township's.
	In map[Code]int `json:"in,omitzero"`
}

// Part is the part of a screening's place that a village is counted in.
func (s Screening) Part(village Code) Code {
	if s.Place.Level() == County {
		return village.Township()
	}
	return village
}

// GraduateMonth is what was counted of a place at the end of a month.
type GraduateMonth struct {
	Month  Date          `json:"month"` // "2026-11"
	At     time.Time     `json:"at"`    // when it was counted
	Counts GraduateCount `json:"counts"`
}

package record

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var screenNow = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

func drawGraduate(t *rapid.T) Graduate {
	g := Graduate{
		Village:     rapid.SampledFrom([]Code{"630224100200", "630224100201", "630224101200", "630225100200"}).Draw(t, "village"),
		Education:   rapid.SampledFrom(GraduateEducations()).Draw(t, "education"),
		Major:       rapid.SampledFrom([]string{"", "农学", "动物医学", "Software Engineering"}).Draw(t, "major"),
		Graduation:  rapid.SampledFrom([]Date{"", "2023-07", "2025-07", "2027-07"}).Draw(t, "graduation"),
		Willingness: rapid.SampledFrom(Willingnesses()).Draw(t, "willingness"),
		ConfirmedAt: screenNow.Add(-time.Duration(rapid.IntRange(0, 100*24).Draw(t, "hours")) * time.Hour),
	}
	if g.Studying = rapid.Bool().Draw(t, "studying"); !g.Studying {
		g.Employment = rapid.SampledFrom(Employments()).Draw(t, "employment")
	}
	return g
}

func someOf[T comparable](t *rapid.T, name string, all ...T) []T {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all), rapid.ID).Draw(t, name)
}

func drawScreening(t *rapid.T) Screening {
	return Screening{
		Place: rapid.SampledFrom([]Code{"630224", "630224100"}).Draw(t, "place"), Name: "筛选",
		Criteria: Criteria{
			Studies:     rapid.SampledFrom([]Studies{"", HasGraduated, StillStudying}).Draw(t, "studies"),
			Employments: someOf(t, "employments", Employments()...),
			Willingness: someOf(t, "willing", Willingnesses()...),
			Educations:  someOf(t, "educations", GraduateEducations()...),
			Majors:      someOf(t, "majors", "农", "医学", "software"),
			Places:      someOf[Code](t, "places", "630224100", "630224100201", "630224101200"),
			YearFrom:    rapid.SampledFrom([]int{0, 2023, 2025}).Draw(t, "from"),
			YearTo:      rapid.SampledFrom([]int{0, 2025, 2027}).Draw(t, "to"),
			Within:      rapid.SampledFrom([]int{0, 30, 90}).Draw(t, "within"),
		},
	}
}

// takes says in words of its own whether somebody fits.
func takes(s Screening, g Graduate, now time.Time) bool {
	c := s.Criteria
	if !strings.HasPrefix(string(g.Village), string(s.Place)) {
		return false
	}
	in := len(c.Places) == 0
	for _, p := range c.Places {
		in = in || strings.HasPrefix(string(g.Village), string(p))
	}
	word := len(c.Majors) == 0
	for _, w := range c.Majors {
		word = word || (g.Major != "" && strings.Contains(strings.ToLower(g.Major), w))
	}
	year := string(g.Graduation) + "    "
	if c.YearFrom+c.YearTo > 0 {
		in = in && g.Graduation != ""
	}
	if c.YearFrom > 0 {
		in = in && year[:4] >= DateOf(time.Date(c.YearFrom, 1, 1, 0, 0, 0, 0, time.UTC)).year()
	}
	if c.YearTo > 0 {
		in = in && year[:4] <= DateOf(time.Date(c.YearTo, 1, 1, 0, 0, 0, 0, time.UTC)).year()
	}
	return in && word &&
		(c.Studies == "" || (c.Studies == StillStudying) == g.Studying) &&
		(len(c.Employments) == 0 || slices.Contains(c.Employments, g.Employment)) &&
		(len(c.Willingness) == 0 || slices.Contains(c.Willingness, g.Willingness)) &&
		(len(c.Educations) == 0 || slices.Contains(c.Educations, g.Education)) &&
		(c.Within == 0 || now.Sub(g.ConfirmedAt) < time.Duration(c.Within)*24*time.Hour)
}

func (d Date) year() string { return string(d[:4]) }

// Somebody is in exactly when no criterion fails, and each criterion that is
// set is answered once, with the fact's date.
func TestInExactlyWhenNoCriterionFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, g := drawScreening(t), drawGraduate(t)
		why := s.Why(g, screenNow)
		failed := false
		seen := map[Criterion]bool{}
		for _, r := range why {
			failed = failed || !r.Passed
			if seen[r.Criterion] {
				t.Fatalf("%s is answered twice", r.Criterion)
			}
			seen[r.Criterion] = true
			if !r.At.Equal(g.ConfirmedAt) {
				t.Fatalf("%s is dated %v", r.Criterion, r.At)
			}
		}
		if in := s.Fits(g, screenNow); in == failed || in != takes(s, g, screenNow) {
			t.Fatalf("in: %v, a criterion failed: %v, by the facts: %v\n%+v", in, failed, takes(s, g, screenNow), why)
		}
		for by, set := range map[Criterion]bool{
			ByStudies: s.Criteria.Studies != "", ByEmployment: len(s.Criteria.Employments) > 0, ByMajor: len(s.Criteria.Majors) > 0,
			ByYear: s.Criteria.YearFrom+s.Criteria.YearTo > 0, ByConfirmed: s.Criteria.Within > 0,
		} {
			if seen[by] != set {
				t.Fatalf("%s is set: %v, answered: %v", by, set, seen[by])
			}
		}
	})
}

// Who fits now and lapses fits until the moment it lapses and not from it on.
func TestLapses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, g := drawScreening(t), drawGraduate(t)
		if !s.Fits(g, screenNow) {
			return
		}
		end := s.Lapses(g)
		if end.IsZero() {
			if !s.Fits(g, screenNow.AddDate(50, 0, 0)) {
				t.Fatal("time alone takes out somebody who does not lapse")
			}
			return
		}
		if !s.Fits(g, end.Add(-1)) || s.Fits(g, end) {
			t.Fatalf("lapses at %v, not then", end)
		}
	})
}

func TestScreeningCheck(t *testing.T) {
	good := Screening{Place: "630224", Name: "求职愿返", Criteria: Criteria{Employments: []Employment{Seeking}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Screening){
		"place":       func(s *Screening) { s.Place = "630224100200" },
		"name":        func(s *Screening) { s.Name = strings.Repeat("长", MaxScreenName+1) },
		"criteria":    func(s *Screening) { s.Criteria = Criteria{} },
		"studies":     func(s *Screening) { s.Criteria.Studies = "both" },
		"employment":  func(s *Screening) { s.Criteria.Employments = []Employment{"rich"} },
		"willingness": func(s *Screening) { s.Criteria.Willingness = []Willingness{"perhaps"} },
		"education":   func(s *Screening) { s.Criteria.Educations = []Education{SeniorHigh} },
		"major":       func(s *Screening) { s.Criteria.Majors = []string{""} },
		"places":      func(s *Screening) { s.Criteria.Places = []Code{"630225100"} },
		"years":       func(s *Screening) { s.Criteria.YearFrom, s.Criteria.YearTo = 2025, 2024 },
		"days":        func(s *Screening) { s.Criteria.Within = MaxScreenDays + 1 },
	} {
		s := good
		change(&s)
		if err := s.Check(); !errors.Is(err, ErrInvalid) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

package record

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a graduate's record.
const (
	// MinBirthYear is the earliest year of birth.
	MinBirthYear = 1950
	// MinGraduateAge is how old somebody is at least who studies.
	MinGraduateAge = 15
	// MaxStudyYears is how far ahead a graduation may be expected.
	MaxStudyYears = 8
)

// GraduateEducations lists the levels of a graduate in the form's order.
func GraduateEducations() []Education { return []Education{JuniorColl, Bachelor, Postgrad} }

// Check says whether a record may be kept: ErrInvalid names the field that
// does not fit, without its value.
func (g Graduate) Check(now time.Time) error {
	bad := func(field string) error { return fmt.Errorf("%w: graduate's %s", ErrInvalid, field) }
	switch {
	case g.Village.Level() != Village:
		return bad("village")
	case !isClean(g.Name, MaxName) || strings.Contains(g.Name, "/"):
		return bad("name")
	case g.BirthYear < MinBirthYear || g.BirthYear > now.Year()-MinGraduateAge:
		return bad("birth year")
	case !slices.Contains(GraduateEducations(), g.Education):
		return bad("education")
	case !isClean(g.School, MaxTitle):
		return bad("school")
	case g.Major != "" && !isClean(g.Major, MaxTitle):
		return bad("major")
	case !g.graduationFits(now):
		return bad("graduation")
	case g.Studying != (g.Employment == ""), !g.Studying && !slices.Contains(Employments(), g.Employment):
		return bad("employment")
	case !slices.Contains(Willingnesses(), g.Willingness):
		return bad("willingness")
	case g.Phone != "" && !isPhone(g.Phone):
		return bad("phone")
	case g.Consent.Version == "" || g.Consent.At.IsZero():
		return bad("consent")
	}
	return nil
}

// graduationFits says whether the month of graduation is past, or still to
// come for somebody who studies, and not before one can have studied.
func (g Graduate) graduationFits(now time.Time) bool {
	month, err := time.ParseInLocation("2006-01", string(g.Graduation), now.Location())
	if err != nil || month.Year() < g.BirthYear+MinGraduateAge {
		return false
	}
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	if g.Studying {
		return !month.Before(this) && month.Year() <= now.Year()+MaxStudyYears
	}
	return !month.After(this)
}

// isClean says whether CleanText leaves a text as it is.
func isClean(s string, max int) bool {
	clean, err := CleanText(s, max)
	return err == nil && clean == s
}

func isPhone(s string) bool {
	clean, err := CleanPhone(s)
	return err == nil && clean == s
}

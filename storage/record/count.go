package record

// PlaceCount is what is counted of a village, a township or a county. Posts of
// secretaries are counted, so a secretary of two villages counts twice.
type PlaceCount struct {
	Villages    int           `json:"villages,omitzero"`
	Secretaries int           `json:"secretaries,omitzero"` // posts that are held
	Enrolled    int           `json:"enrolled,omitzero"`    // of those, bound to an account
	Unreachable int           `json:"unreachable,omitzero"` // of those, who cannot be written to
	Mismatches  int           `json:"mismatches,omitzero"`  // enrolments that wait for a yes or no
	Never       int           `json:"never,omitzero"`       // secretaries who have never been to rotation training
	Graduates   GraduateCount `json:"graduates,omitzero"`
}

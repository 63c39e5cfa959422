package record

import "time"

// Fact is something about a graduate that changes with time, and so ages.
type Fact string

// The facts. Employment takes in whether somebody studies, and until when.
const (
	EmploymentFact  Fact = "employment"
	WillingnessFact Fact = "willingness"
	PhoneFact       Fact = "phone"
)

// AgingFacts lists them in the order of the form.
func AgingFacts() []Fact { return []Fact{EmploymentFact, WillingnessFact, PhoneFact} }

// Said is who said a fact, and when it was last said to be so.
type Said struct {
	Source Source    `json:"source"`
	By     PersonID  `json:"by,omitzero"`
	At     time.Time `json:"at"`
}

// Facts are a graduate's facts with who said each; a zero Said is one of before
// they were told apart (see Graduate.Told).
type Facts struct {
	Employment  Said `json:"employment,omitzero"`
	Willingness Said `json:"willingness,omitzero"`
	Phone       Said `json:"phone,omitzero"`
}

func (f *Facts) of(fact Fact) *Said {
	switch fact {
	case WillingnessFact:
		return &f.Willingness
	case PhoneFact:
		return &f.Phone
	}
	return &f.Employment
}

// Told is who said a fact of the record and when. One that was not told apart
// was said with the record.
func (g Graduate) Told(fact Fact) Said {
	if s := *g.Facts.of(fact); !s.At.IsZero() {
		return s
	}
	return Said{Source: g.Source, By: g.By, At: g.ConfirmedAt}
}

// Confirm notes who said facts and when.
func (g *Graduate) Confirm(s Said, facts ...Fact) {
	for _, f := range facts {
		*g.Facts.of(f) = s
	}
}

// Same says whether two records state a fact alike.
func (f Fact) Same(a, b Graduate) bool {
	switch f {
	case WillingnessFact:
		return a.Willingness == b.Willingness
	case PhoneFact:
		return a.Phone == b.Phone
	}
	return a.Employment == b.Employment && a.Studying == b.Studying && a.Graduation == b.Graduation
}

// Retell keeps who said each fact across a change of the record from old to g:
// what is stated as before keeps who said it, what is not was said by the
// record's Source and By at an instant, unless the change says so itself.
func (g *Graduate) Retell(old Graduate, at time.Time) {
	for _, f := range AgingFacts() {
		switch {
		case *g.Facts.of(f) != *old.Facts.of(f): // the change says who
		case f.Same(old, *g):
			g.Confirm(old.Told(f), f)
		default:
			g.Confirm(Said{Source: g.Source, By: g.By, At: at}, f)
		}
	}
}

// AwaitsGraduation says whether somebody is recorded as studying whose month of
// graduation has passed: graduated, to be confirmed (毕业待确认). It is never
// taken to mean without work. now is in the office's zone.
func (g Graduate) AwaitsGraduation(now time.Time) bool {
	return g.Studying && g.Graduation != "" && string(g.Graduation) < now.Format("2006-01")
}

// Asked is how far the question stands whether a graduate's facts are still so.
// Zero: nothing was asked since they were last confirmed.
type Asked struct {
	// At is when it was asked last; once it has stayed unanswered, when the
	// question arrived.
	At time.Time `json:"at,omitzero"`
	// Row is the outbox row of the question, Of who was asked: the graduate or
	// the secretary.
	Row string `json:"row,omitzero" personal:"-"`
	Of  Source `json:"of,omitzero"`
	// Open: an answer is still waited for.
	Open bool `json:"open,omitzero"`
	// Silences counts the questions that nobody answered.
	Silences int `json:"silences,omitzero"`
	// Listed: nobody is written to any more; the graduate is on the village
	// secretary's call list. Tried is when somebody called in vain.
	Listed bool      `json:"listed,omitzero"`
	Tried  time.Time `json:"tried,omitzero"`
}

// Ages are the intervals at which a graduate's facts are asked about anew, in
// days. They are asked together, with one tap: what somebody does decides how
// soon, but whoever does not want to return is asked no sooner than Unwilling
// says, with or without work.
type Ages struct {
	Seeking   int
	Exams     int
	Employed  int // also self-employed, serving, and further study
	Unwilling int
	// Studying is how many months before the graduation somebody who studies is
	// asked; the month passing is asked about anew.
	Studying int
	// AnswerDays is how long an answer is waited for, Silences after how many
	// questions without one a graduate goes to the call list.
	AnswerDays, Silences int
}

// DefaultAges are those of the county's programme.
func DefaultAges() Ages {
	return Ages{Seeking: 30, Exams: 90, Employed: 180, Unwilling: 365, Studying: 2, AnswerDays: 7, Silences: 2}
}

// Interval is the least time between two questions about a graduate.
func (a Ages) Interval(g Graduate) time.Duration {
	days := a.Employed
	switch {
	case g.Willingness == Unwilling:
		days = a.Unwilling
	case g.Studying, g.Employment == Seeking:
		days = a.Seeking
	case g.Employment == Exams:
		days = a.Exams
	}
	return time.Duration(days) * 24 * time.Hour
}

// Due is when the facts of a graduate are no longer taken to be so, unless they
// are confirmed before. The oldest counts.
func (a Ages) Due(g Graduate) time.Time {
	base := g.Told(EmploymentFact).At
	for _, f := range AgingFacts() {
		if at := g.Told(f).At; at.Before(base) {
			base = at
		}
	}
	if g.Studying && g.Willingness != Unwilling {
		return a.dueOfStudy(g, base)
	}
	return base.Add(a.Interval(g))
}

// dueOfStudy is the beginning of the months before the graduation, or where the
// facts were confirmed in them, the end of its month. A record that says studying
// after it asks again at the interval of those who seek work.
func (a Ages) dueOfStudy(g Graduate, base time.Time) time.Time {
	month, err := time.Parse("2006-01", string(g.Graduation))
	if err != nil {
		return base.Add(a.Interval(g))
	}
	for _, at := range []time.Time{month.AddDate(0, -a.Studying, 0), month.AddDate(0, 1, 0)} {
		if base.Before(at) {
			return at
		}
	}
	return base.Add(a.Interval(g))
}

// Next is when something is to be done about the facts of a graduate: to ask, or
// to note that nobody answered. Zero: nothing comes by itself, as for one on the
// call list, or one whose record may not be kept until then.
func (a Ages) Next(g Graduate) time.Time {
	next := a.Due(g)
	switch k := g.Asked; {
	case k.Listed:
		return time.Time{}
	case k.Open:
		next = k.At.Add(time.Duration(a.AnswerDays) * 24 * time.Hour)
	case !k.At.IsZero():
		if again := k.At.Add(a.Interval(g)); next.Before(again) {
			next = again
		}
	}
	if !next.Before(g.Consent.Expires()) {
		return time.Time{}
	}
	return next
}

// Age brings what follows from the facts in line at an instant: a question that
// the facts answer is closed, and Next is the day (of UTC) on which the record is
// to be looked at.
func (a Ages) Age(g *Graduate, now time.Time) {
	if a.Due(*g).After(now) {
		g.Asked = Asked{}
	}
	g.Next = ""
	if next := a.Next(*g); !next.IsZero() {
		g.Next = DateOf(next.UTC())
	}
}

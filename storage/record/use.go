package record

import "slices"

// Use is a purpose for which the office holds something about people. All that
// is held falls under one of them; what people are told (/privacy), what they
// are shown of themselves (/mydata), what goes and stays (/forget), the nightly
// purge and the exports follow these rules, and the registry of storage says
// which topic serves which.
type Use string

// The uses.
const (
	RosterUse   Use = "roster"   // who holds which post, and how they are reached
	WorkUse     Use = "work"     // attendance, training, turns, leave, notes
	GraduateUse Use = "graduate" // the roster of graduates
	ReferUse    Use = "refer"    // referring graduates for posts
	ReserveUse  Use = "reserve"  // the list of reserve cadres
	ChatUse     Use = "chat"     // forms, buttons, messages and files on their way
	AuditUse    Use = "audit"    // who did or looked at what; ids only
	NoUse       Use = "none"     // about nobody: places, sessions, counts
)

// Ground is what entitles the office to hold it.
type Ground string

// The grounds.
const (
	ByTask    Ground = "task"    // the organisation's own duty towards its posts
	ByConsent Ground = "consent" // the person's yes to a purpose
)

// KeepFrom is when a keeping period begins.
type KeepFrom string

// The beginnings.
const (
	FromPost    KeepFrom = "post"    // the end of the last post
	FromConsent KeepFrom = "consent" // the yes, or its renewal
	FromWeek    KeepFrom = "week"    // the week in which it was written
	ForGood     KeepFrom = "good"    // not limited; it names nobody
)

// UseRule says what holds for a use.
type UseRule struct {
	Use    Use
	Ground Ground
	// Purpose is the consent that the ground consists in.
	Purpose Purpose
	From    KeepFrom
	Months  int
	// See is the action whose grants say who reads it.
	See Action
	// Sheets are the exports in which it leaves the store.
	Sheets []Sheet
	// Wish: it goes at the person's wish at once; otherwise with the period.
	Wish bool
}

// Sheet is a kind of file that carries data about people out of the store.
type Sheet string

// The sheets.
const (
	RosterSheet     Sheet = "roster"
	AttendanceSheet Sheet = "attendance"
	GraduateSheet   Sheet = "graduates"
	CoverageSheet   Sheet = "coverage"
	NotesSheet      Sheet = "notes"
	ReferralSheet   Sheet = "referrals"
)

// ChatMonths is how long the key of a week outlives it, in months.
const ChatMonths = 4

// UseRules lists the rules, in the order in which people are told of them.
func UseRules() []UseRule {
	return []UseRule{
		{Use: RosterUse, Ground: ByTask, From: FromPost, Months: RosterMonths, See: SeePerson, Sheets: []Sheet{RosterSheet}},
		{Use: WorkUse, Ground: ByTask, From: FromPost, Months: RosterMonths, See: SeeSession, Sheets: []Sheet{AttendanceSheet, CoverageSheet, NotesSheet}},
		{Use: GraduateUse, Ground: ByConsent, Purpose: ToKeep, From: FromConsent, Months: ConsentMonths, See: SeeGraduates, Sheets: []Sheet{GraduateSheet}, Wish: true},
		{Use: ReferUse, Ground: ByConsent, Purpose: ToRefer, From: FromConsent, Months: ConsentMonths, See: SeeGraduates, Sheets: []Sheet{ReferralSheet}, Wish: true},
		{Use: ReserveUse, Ground: ByConsent, Purpose: ToKeep, From: FromConsent, Months: ConsentMonths, See: KeepReserve, Wish: true},
		{Use: ChatUse, Ground: ByTask, From: FromWeek, Months: ChatMonths, See: SeeSelf},
		{Use: AuditUse, Ground: ByTask, From: ForGood, See: SeeAudit},
	}
}

// RuleOf is the rule of a use; a zero one for NoUse.
func RuleOf(u Use) UseRule {
	rules := UseRules()
	if i := slices.IndexFunc(rules, func(r UseRule) bool { return r.Use == u }); i >= 0 {
		return rules[i]
	}
	return UseRule{Use: u}
}

// Carries says whether a sheet may leave the store: some use declares it.
func Carries(s Sheet) bool {
	return slices.ContainsFunc(UseRules(), func(r UseRule) bool { return slices.Contains(r.Sheets, s) })
}

// Grantees lists the roles that may do an action within their place, in the
// order of the role table.
func Grantees(a Action) []Role {
	var roles []Role
	for _, g := range grants[a] {
		if g.role != "" {
			roles = append(roles, g.role)
		}
	}
	return roles
}

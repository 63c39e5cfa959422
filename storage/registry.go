package storage

import (
	"slices"
	"time"

	"headgoose/storage/record"
)

// Holding is a topic of the store: what stands there, and for which use.
type Holding struct {
	Topic string
	Value any // a zero value of what is stored
	Use   record.Use
}

// Registry lists every topic. A test compares it with the layout in README.md and
// with what is really written, and looks through the types for a text that is
// neither sealed nor declared to be about nobody.
func Registry() []Holding { return slices.Clone(registry) }

var registry = []Holding{
	{"meta", meta{}, record.NoUse},
	{"seq", uint64(0), record.NoUse},
	{"place", record.Place{}, record.NoUse},
	{"placename", true, record.NoUse},
	{"count", record.PlaceCount{}, record.NoUse},

	{"person", record.Person{}, record.RosterUse},
	{"posts", []record.Post{}, record.RosterUse},
	{"holder", []record.PersonID{}, record.RosterUse},
	{"past", []record.PersonID{}, record.RosterUse},
	{"phone", record.PersonID(""), record.RosterUse},
	{"chat", record.PersonID(""), record.RosterUse},
	{"postends", true, record.RosterUse},
	{"name", true, record.RosterUse},
	{"flag", true, record.RosterUse},
	{"link", record.Link{}, record.RosterUse},
	{"linkof", "", record.RosterUse},
	{"claim", record.Claim{}, record.RosterUse},
	{"claimof", int64(0), record.RosterUse},
	{"first", time.Time{}, record.RosterUse},

	{"base", record.Base{}, record.NoUse},
	{"session", record.Session{}, record.NoUse},
	{"day", record.SessionID(""), record.NoUse},
	{"duty", record.SessionID(""), record.NoUse},
	{"open", record.SessionID(""), record.NoUse},
	{"expect", []record.Code{}, record.NoUse},
	{"standin", record.Code(""), record.NoUse},
	{"standfor", record.SessionID(""), record.NoUse},
	{"carry", record.SessionID(""), record.NoUse},
	{"tally", record.SessionCount{}, record.NoUse},
	{"hosting", record.SessionID(""), record.WorkUse},
	{"trained", record.Date(""), record.WorkUse},
	{"att", record.Attendance{}, record.WorkUse},
	{"branch", BranchMark{}, record.WorkUse},
	{"answer", record.Answer{}, record.WorkUse},
	{"wait", true, record.WorkUse},
	{"guess", guesses{}, record.WorkUse},

	{"programme", record.Programme{}, record.NoUse},
	{"batch", record.Batch{}, record.NoUse},
	{"batches", record.BatchID(""), record.NoUse},
	{"draft", draft{}, record.WorkUse},
	{"constraint", record.Constraint{}, record.WorkUse},
	{"standing", record.Standing{}, record.WorkUse},
	{"standof", true, record.WorkUse},
	{"seat", true, record.WorkUse},
	{"seatdue", true, record.WorkUse},
	{"cover", Coverage{}, record.NoUse},
	{"note", record.Note{}, record.WorkUse},
	{"notepart", record.NotePart{}, record.WorkUse},
	{"noteof", true, record.WorkUse},
	{"notereview", true, record.WorkUse},
	{"notenext", true, record.WorkUse},

	{"cycle", record.Cycle{}, record.NoUse},
	{"rotachange", record.RotaChange{}, record.WorkUse},
	{"rotaopen", record.RotaChangeID(""), record.NoUse},
	{"turn", record.Turn{}, record.WorkUse},
	{"turnof", true, record.NoUse},
	{"turncount", TurnCount{}, record.NoUse},
	{"leave", record.Leave{}, record.WorkUse},
	{"swap", record.Swap{}, record.WorkUse},
	{"requestof", true, record.WorkUse},
	{"requestopen", true, record.WorkUse},
	{"requestdue", true, record.WorkUse},
	{"leaveday", true, record.WorkUse},
	{"rule", record.TownshipRule{}, record.NoUse},
	{"calday", record.CalendarDay{}, record.NoUse},
	{"calchange", record.CalendarChange{}, record.WorkUse},

	{"graduate", record.Graduate{}, record.GraduateUse},
	{"gradlist", true, record.GraduateUse},
	{"gradlike", true, record.GraduateUse},
	{"gradname", true, record.GraduateUse},
	{"gradof", record.GraduateID(""), record.GraduateUse},
	{"consentend", true, record.GraduateUse},
	{"consentask", consentAsk{}, record.GraduateUse},
	{"factdue", true, record.GraduateUse},
	{"factask", true, record.GraduateUse},
	{"calllist", true, record.GraduateUse},
	{"gradmonth", record.GraduateMonth{}, record.NoUse},
	{"screening", record.Screening{}, record.NoUse},
	{"screenof", true, record.NoUse},
	{"screencount", record.ScreenCount{}, record.NoUse},
	{"screen", true, record.GraduateUse},
	{"screennew", time.Time{}, record.GraduateUse},
	{"screenends", time.Time{}, record.GraduateUse},
	{"screenend", true, record.GraduateUse},
	{"screendue", true, record.GraduateUse},

	{"opening", record.Opening{}, record.NoUse},
	{"openingat", true, record.NoUse},
	{"referral", record.Referral{}, record.ReferUse},
	{"referto", true, record.ReferUse},
	{"referof", true, record.ReferUse},
	{"referopen", true, record.ReferUse},
	{"refernext", true, record.ReferUse},
	{"refercount", record.ReferralCount{}, record.NoUse},
	{"reserve", record.Reserve{}, record.ReserveUse},
	{"reserveat", true, record.ReserveUse},
	{"reservecount", record.ReserveCount{}, record.NoUse},
	{"correction", record.Correction{}, record.RosterUse},
	{"correctof", true, record.RosterUse},
	{"correctopen", true, record.RosterUse},

	{"merge", record.Merge{}, record.GraduateUse},
	{"mergeof", true, record.GraduateUse},
	{"importrun", record.ImportRun{}, record.GraduateUse},
	{"importrow", record.ImportRow{}, record.GraduateUse},

	{"gone", record.Gone{}, record.AuditUse},
	{"gonemark", "", record.AuditUse},
	{"bury", true, record.AuditUse},
	{"mend", true, record.NoUse},
	{"steady", time.Time{}, record.NoUse},
	{"weekgone", uint64(0), record.NoUse},

	{"seen", time.Time{}, record.ChatUse},
	{"trial", trial{}, record.ChatUse},
	{"aside", Aside{}, record.ChatUse},
	{"dialog", record.Dialog{}, record.ChatUse},
	{"intent", record.Intent{}, record.ChatUse},
	{"board", Board{}, record.ChatUse},
	{"stranger", time.Time{}, record.ChatUse},
	{"job", record.Job{}, record.ChatUse},
	{"outr", record.Outbox{}, record.ChatUse},
	{"out", record.Outbox{}, record.ChatUse},
	{"outq", true, record.ChatUse},
	{"outx", true, record.ChatUse},
	{"prompts", record.Prompts{}, record.ChatUse},
	{"burden", Burden{}, record.NoUse},
	{"mark", time.Time{}, record.NoUse},
	{"said", Said{}, record.NoUse},
	{"saying", record.SessionID(""), record.NoUse},

	{"audit", record.Audit{}, record.AuditUse},
	{"audithead", auditHead{}, record.AuditUse},
	{"auditof", true, record.AuditUse},
	{"auditby", true, record.AuditUse},
}

package bot

import (
	"strconv"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Who has not answered what is near: the officers' digest, and the pages behind
// it. A page is about places (codes with commas between) and everything that
// begins until an instant (seconds), or about one session where a third argument
// names it.
func silentCommands() []command {
	return []command{
		{name: "silent", hidden: true, roles: officers, run: (*Turn).silentList},
		{name: "silent.one", hidden: true, roles: officers, run: (*Turn).silentOne},
		{name: "silent.answer", hidden: true, roles: officers, run: (*Turn).silentAnswer},
		{name: "silent.all", hidden: true, roles: officers, run: (*Turn).silentAll},
		{name: "silent.seats", hidden: true, roles: officers, run: (*Turn).silentSeats},
		{name: "silent.notes", hidden: true, roles: officers, run: (*Turn).silentNotes},
	}
}

// silence is a branch that has not answered a session.
type silence struct {
	s record.Session
	v record.Code
}

// silentScope is what a page or digest of the silent ones is about.
type silentScope struct {
	places []record.Code
	until  time.Time
	only   record.SessionID // empty: all that begin until then
}

// scope reads the first three arguments.
func (t *Turn) scope() silentScope {
	sc := silentScope{until: t.Now}
	for _, code := range strings.Split(t.Arg(0), ",") {
		sc.places = append(sc.places, record.Code(code))
	}
	if n, err := strconv.ParseInt(t.Arg(1), 10, 64); err == nil {
		sc.until = time.Unix(n, 0)
	}
	if id := t.Arg(2); id != "-" {
		sc.only = record.SessionID(id)
	}
	return sc
}

// args writes the scope for a button's line.
func (sc silentScope) args() string {
	var codes []string
	for _, c := range sc.places {
		codes = append(codes, string(c))
	}
	only := string(sc.only)
	if only == "" {
		only = "-"
	}
	return strings.Join(codes, ",") + " " + strconv.FormatInt(sc.until.Unix(), 10) + " " + only
}

// silent lists the branches of a scope that have not answered, by session in
// the office's order. It asks for each place whether the person may see it.
func (t *Turn) silent(sc silentScope) ([]silence, error) {
	var list []silence
	seen := map[silenceKey]bool{}
	for _, place := range sc.places {
		if place.Level() == record.NoLevel {
			return nil, record.ErrNotFound
		}
		if err := t.Allow(record.SeeSession, record.Object{Place: place}); err != nil {
			return nil, err
		}
		sessions, err := t.silentSessions(sc, place)
		if err != nil {
			return nil, err
		}
		for _, s := range sessions {
			branches, err := t.Silent(s, place)
			if err != nil {
				return nil, err
			}
			for _, v := range branches {
				if key := (silenceKey{s.ID, v}); !seen[key] {
					seen[key] = true
					list = append(list, silence{s, v})
				}
			}
		}
	}
	return list, nil
}

type silenceKey struct {
	s record.SessionID
	v record.Code
}

// silentSessions lists the sessions of a scope that expect somebody of a place
// and have not begun.
func (t *Turn) silentSessions(sc silentScope, place record.Code) ([]record.Session, error) {
	if sc.only != "" {
		s, err := t.Session(sc.only)
		if err != nil || s.Over() || !t.Now.Before(s.Start) {
			return nil, err
		}
		return []record.Session{s}, nil
	}
	list, err := t.Duties(place, t.Now, sc.until.Add(time.Second), 0)
	var near []record.Session
	for _, s := range list {
		if !s.Over() && s.Day <= 1 && t.Now.Before(s.Start) {
			near = append(near, s)
		}
	}
	return near, err
}

// nobodySilent says that nobody is left to be asked, or that it is too late: those who
// have not answered stand in the result then.
func (t *Turn) nobodySilent(sc silentScope) error {
	until := sc.until
	if sc.only != "" {
		s, err := t.Session(sc.only)
		if err != nil {
			return err
		}
		until = s.Start
	}
	key := "duty.nobody_silent"
	if !t.Now.Before(until) {
		key = "duty.silent_over"
	}
	t.Answer(t.Say(key), t.homeRow())
	return nil
}

// silentList is a page of those who have not answered, with a button each.
func (t *Turn) silentList() error {
	sc := t.scope()
	list, err := t.silent(sc)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return t.nobodySilent(sc)
	}
	from, to, turn := t.window(3, len(list), "silent "+sc.args())
	lines := []string{t.Say("duty.list", text.A{"N": len(list)})}
	var row []Btn
	for _, one := range list[from:to] {
		line, b, err := t.silentLine(one, sc)
		if err != nil {
			return err
		}
		lines, row = append(lines, line), append(row, b)
	}
	rows := append(inRows(row, 2), turn...)
	rows = append(rows, []Btn{t.Btn("home", "start"), t.Btn("all_called", "silent.all "+sc.args())})
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// silentLine says a branch and its session, with the button that leads to it.
func (t *Turn) silentLine(one silence, sc silentScope) (string, Btn, error) {
	place, err := t.Place(one.v)
	if err != nil {
		return "", Btn{}, err
	}
	args := t.sessionArgs(one.s)
	letters := 12
	if t.Voice.Lang == "en" {
		letters = 28 // of half the width
	}
	args["Place"], args["Title"] = place.Name, clip(t.title(one.s), letters)
	args["Name"], args["More"] = t.Say("query.vacant"), ""
	p, held, err := t.Secretary(one.v)
	if err != nil {
		return "", Btn{}, err
	}
	if held {
		args["Name"] = p.Name
		if !p.Enrolled() || !p.UnreachableSince.IsZero() {
			args["More"] = t.reachOf(p)
		}
	}
	return t.Say("duty.line", args), Btn{Text: place.Name, Line: "silent.one " + string(one.s.ID) + " " + string(one.v) + " " + sc.args()}, nil
}

// silentOne is a branch that has not answered, with what an officer can say for
// it. A look at the person is one line of the audit log.
func (t *Turn) silentOne() error {
	s, v, back, err := t.silenceArgs()
	if err != nil {
		return err
	}
	name, err := t.placeName(v)
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["Place"], args["Name"], args["Tail"], args["State"] = name, t.Say("query.vacant"), "", ""
	p, held, err := t.Secretary(v)
	if err != nil {
		return err
	}
	if held {
		args["Name"], args["Tail"], args["State"] = p.Name, p.PhoneTail, t.reachOf(p)
		if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SeePerson, Person: p.ID, Place: v, Session: s.ID, Note: "silent"}); err != nil {
			return err
		}
	}
	line := string(s.ID) + " " + string(v)
	t.Answer(t.Say("duty.branch", args),
		[]Btn{t.Btn("will_come", "silent.answer "+line+" coming"+back), t.Btn("called", "silent.answer "+line+" spoken"+back)},
		[]Btn{t.Btn("leave", "leave.ask "+string(v)+" "+string(s.ID)), t.Btn("back", "silent"+back)})
	return nil
}

// silenceArgs reads a session and a branch, and the scope of the page before.
func (t *Turn) silenceArgs() (s record.Session, v record.Code, back string, err error) {
	if s, err = t.Session(record.SessionID(t.Arg(0))); err != nil {
		return s, v, "", err
	}
	v = record.Code(t.Arg(1))
	if err := t.Allow(record.AnswerDuty, record.Object{Place: v}); err != nil {
		return s, v, "", err
	}
	rest := t.Args[2:]
	if len(rest) > 3 {
		rest = rest[len(rest)-3:]
	}
	return s, v, " " + strings.Join(rest, " "), nil
}

// silentAnswer takes an officer's word for a branch, and goes back to the list.
func (t *Turn) silentAnswer() error {
	s, v, back, err := t.silenceArgs()
	if err != nil {
		return err
	}
	kind := record.AnswerKind(t.Arg(2))
	if kind != record.Coming && kind != record.Spoken {
		return record.ErrNotFound
	}
	if err := t.answerOnBehalf(s, v, kind); err != nil {
		return err
	}
	t.Args = strings.Fields(back)
	return t.silentList()
}

func (t *Turn) answerOnBehalf(s record.Session, v record.Code, kind record.AnswerKind) error {
	_, changed, err := t.AnswerDuty(s.ID, v, kind, t.Person.ID, "")
	if err != nil || !changed {
		return err
	}
	p, _, err := t.Secretary(v)
	if err != nil {
		return err
	}
	return t.auditDuty(s, v, p.ID, kind)
}

// allAtOnce is how many branches one press answers for: a key each, four of the
// audit log.
const allAtOnce = 18

// silentAll says that an officer has all of a scope by telephone; it is asked
// once more with its consequence.
func (t *Turn) silentAll() error {
	sc := t.scope()
	list, err := t.silent(sc)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return t.nobodySilent(sc)
	}
	if t.Arg(3) != "yes" {
		t.Answer(t.Say("duty.all_ask", text.A{"N": min(len(list), allAtOnce), "Left": len(list) - min(len(list), allAtOnce)}),
			[]Btn{t.Btn("back", "silent "+sc.args()), t.Btn("all_called", "silent.all "+sc.args()+" yes")})
		return nil
	}
	n := min(len(list), allAtOnce)
	for _, one := range list[:n] {
		if err := t.Allow(record.AnswerDuty, record.Object{Place: one.v}); err != nil {
			return err
		}
		if err := t.answerOnBehalf(one.s, one.v, record.Spoken); err != nil {
			return err
		}
	}
	rows := [][]Btn{t.homeRow()}
	if len(list) > n {
		rows = [][]Btn{{t.Btn("home", "start"), t.Btn("one_by_one", "silent "+sc.args())}}
	}
	t.Answer(t.Say("duty.all_done", text.A{"N": n, "Left": len(list) - n}), rows...)
	return nil
}

// silentSeats lists the seats whose answer is overdue, with the way to each.
func (t *Turn) silentSeats() error {
	sc := t.scope()
	var seats []record.Standing
	for _, place := range sc.places {
		if err := t.Allow(record.SeeRotation, record.Object{Place: place}); err != nil {
			return err
		}
		more, err := t.overdueSeats(place)
		if err != nil {
			return err
		}
		seats = append(seats, more...)
	}
	var list []branchOf
	for _, st := range seats {
		list = append(list, branchOf{st.Programme, st.Village})
	}
	return t.silentBranches(t.Say("duty.seats", text.A{"N": len(list)}), list, "silent.seats "+sc.args())
}

// silentNotes lists the study notes that are late, with the way to each.
func (t *Turn) silentNotes() error {
	sc := t.scope()
	var list []branchOf
	for _, place := range sc.places {
		if err := t.Allow(record.SeeRotation, record.Object{Place: place}); err != nil {
			return err
		}
		late, err := t.LateNotes(place, record.DateOf(t.Now))
		if err != nil {
			return err
		}
		for _, n := range late {
			list = append(list, branchOf{n.Programme, n.Village})
		}
	}
	return t.silentBranches(t.Say("duty.notes", text.A{"N": len(list)}), list, "silent.notes "+sc.args())
}

// branchOf is a branch in a programme.
type branchOf struct {
	programme record.ProgrammeID
	village   record.Code
}

// silentBranches is a page of branches with the way to each.
func (t *Turn) silentBranches(head string, list []branchOf, line string) error {
	from, to, turn := t.window(3, len(list), line)
	lines := []string{head}
	var row []Btn
	for _, one := range list[from:to] {
		line, _, err := t.branchLine(one.village, "")
		if err != nil {
			return err
		}
		place, err := t.Place(one.village)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		row = append(row, Btn{Text: place.Name, Line: "plan.branch " + string(one.programme) + " " + string(one.village)})
	}
	t.Answer(strings.Join(lines, "\n"), append(append(inRows(row, 2), turn...), t.homeRow())...)
	return nil
}

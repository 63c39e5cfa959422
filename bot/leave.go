package bot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Leave: asked by the branch's secretary or by an officer on their behalf, decided
// by the township's officer (the county's where there is none).
func leaveCommands() []command {
	return []command{
		{name: "leave", words: []string{"请假", "leave"}, roles: branch, run: (*Turn).leaves},
		{name: "leave.ask", hidden: true, roles: branch, run: (*Turn).leaveAsk},
		{name: "leave.show", hidden: true, roles: branch, run: (*Turn).leaveShow},
		{name: "leave.yes", hidden: true, roles: officers, run: (*Turn).leaveYes},
		{name: "leave.no", hidden: true, roles: officers, run: func(t *Turn) error { return t.startFlow("refuse", dialog.Answers{"id": t.Arg(0)}) }},
		{name: "leave.withdraw", hidden: true, roles: branch, run: (*Turn).leaveWithdraw},
	}
}

func requestFlows() []*flow {
	return []*flow{
		{name: "leave", steps: leaveSteps, title: leaveTitle, may: mayAskLeave, save: saveLeave},
		{name: "refuse", direct: true, steps: reasonSteps("leave.ask_refusal"), title: say("leave.refuse_title"), may: mayRefuse, save: saveRefusal},
		{name: "swap", steps: reasonSteps("swap.ask_reason"), title: swapTitle, may: mayAskSwap, save: saveSwap, direct: true},
	}
}

// leaves lists the leave of the person's branches, and for an officer what waits.
func (t *Turn) leaves() error {
	var ids []record.RequestID
	for _, v := range t.Actor.Places(record.Secretary) {
		more, err := t.RequestsOf(v)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	for _, place := range t.offices() {
		more, err := t.OpenRequests(place)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	var list []record.Leave
	for _, id := range ids {
		if !storage.IsLeave(id) {
			continue
		}
		l, err := t.Tx.Leave(id)
		if err != nil {
			return err
		}
		shown := l.State.Open() || (l.State == record.RequestApproved && l.To >= record.DateOf(t.Now))
		if shown && !slices.ContainsFunc(list, func(o record.Leave) bool { return o.ID == l.ID }) {
			list = append(list, l)
		}
	}
	lines := []string{t.Say("leave.list", text.A{"N": len(list)})}
	if len(list) == 0 {
		lines = []string{t.Say("leave.none")}
	}
	n, pages := t.pageNumber(0, len(list), 6)
	var rows [][]Btn
	for _, l := range list[(n-1)*6 : min(n*6, len(list))] {
		args, err := t.leaveArgs(l)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("leave.line", args))
		rows = append(rows, []Btn{{Text: t.Say("leave.button", args), Line: "leave.show " + string(l.ID)}})
	}
	rows = append(rows, t.pager(n, pages, "leave")...)
	for _, v := range t.Actor.Places(record.Secretary) {
		label := t.Say("button.ask_leave")
		if len(t.Actor.Places(record.Secretary)) > 1 {
			p, err := t.Place(v)
			if err != nil {
				return err
			}
			label = t.Say("leave.ask_for", text.A{"Place": p.Name})
		}
		rows = append(rows, []Btn{{Text: label, Line: "leave.ask " + string(v)}})
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, t.homeRow())...)
	return nil
}

func (t *Turn) leaveArgs(l record.Leave) (text.A, error) {
	var names []string
	for _, v := range l.Villages() { // whoever holds two posts is away for both
		name, err := t.placeName(v)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	name := strings.Join(names, t.Say("host.and"))
	p, err := t.Tx.Person(l.Person)
	if err != nil {
		return nil, err
	}
	short, err := t.Place(l.Village)
	last := l.Rows[len(l.Rows)-1]
	return text.A{
		"Place": name, "Village": short.Name, "Name": p.Name, "Span": t.daysText(l.Days), "Reason": l.Reason,
		"State": t.Say("request_state." + string(l.State)), "Word": last.Reason,
	}, err
}

// leaveAsk begins the form: of a branch, and of a session where a button says so.
func (t *Turn) leaveAsk() error {
	a := dialog.Answers{"village": t.Arg(0)}
	if id := t.Arg(1); id != "" {
		s, err := t.Session(record.SessionID(id))
		if err != nil {
			return err
		}
		a["from"], a["days"] = string(record.DateOf(s.Start.In(t.b.conf.Zone))), "1"
	}
	return t.startFlow("leave", a)
}

func mayAskLeave(t *Turn, a dialog.Answers) error {
	return t.Allow(record.AskLeave, record.Object{Place: record.Code(a["village"])})
}

func leaveSteps(t *Turn) []dialog.Step {
	return []dialog.Step{
		{Name: "from", Ask: "leave.ask_from", Field: "plan.field_from", Choices: t.leaveDays, Parse: t.parseDay, Show: t.showDay},
		{Name: "days", Ask: "leave.ask_days", Field: "plan.field_days", Choices: numbers("1", "2", "3", "5"), Parse: parseNumber(1, storage.MaxLeave)},
		{Name: "reason", Ask: "leave.ask_reason", Field: "correct.reason", Parse: dialog.Text(record.MaxReason)},
	}
}

// leaveDays offers the days of the branch's next sessions, then the next days.
func (t *Turn) leaveDays(a dialog.Answers) ([]dialog.Choice, error) {
	sessions, err := t.Duties(record.Code(a["village"]), t.Now, t.Now.AddDate(0, 2, 0), 4)
	if err != nil {
		return nil, err
	}
	var list []dialog.Choice
	seen := map[string]bool{}
	add := func(day time.Time, label string) {
		if value := day.Format(time.DateOnly); !seen[value] {
			seen[value] = true
			list = append(list, dialog.Choice{Value: value, Label: label})
		}
	}
	for _, s := range sessions {
		at := s.Start.In(t.b.conf.Zone)
		add(at, t.Say("leave.day_of", text.A{"Day": t.Voice.Day(at, t.Now), "Title": clip(t.title(s), 8)}))
	}
	for i := range 3 {
		day := t.Now.AddDate(0, 0, i)
		add(day, t.Voice.Day(day, t.Now))
	}
	return list, nil
}

func saveLeave(t *Turn, a dialog.Answers) error {
	v := record.Code(a["village"])
	from, err := record.Date(a["from"]).In(t.b.conf.Zone)
	if err != nil {
		return err
	}
	p, found, err := t.Secretary(v)
	if err != nil {
		return err
	}
	if !found {
		return record.ErrNotFound
	}
	l, err := t.Tx.AskLeave(record.Leave{
		Village: v, Person: p.ID, Reason: a["reason"],
		Days: record.Days{From: record.Date(a["from"]), To: record.DateOf(from.AddDate(0, 0, atoi(a["days"])-1))},
	}, t.hours(), t.Person.ID)
	if err != nil {
		return err
	}
	if err := t.auditRequest(record.AskLeave, l.ID, v, "ask"); err != nil {
		return err
	}
	if err := t.askDecision(l.ID, v); err != nil {
		return err
	}
	c, err := t.leaveCard(l) // who asked on behalf and decides, decides it here
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, t.homeRow())...)
	return nil
}

// leaveTitle names the form and the branch.
func leaveTitle(t *Turn, a dialog.Answers) (string, error) {
	name, err := branchTitle(t, a)
	return t.Say("leave.form", text.A{"Place": name}), err
}

func (t *Turn) auditRequest(action record.Action, id record.RequestID, v record.Code, note string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: action, Place: v, Note: note + " " + string(id)})
}

// askDecision asks the officers of a branch's township for their word, the
// county's where there is none.
func (t *Turn) askDecision(id record.RequestID, v record.Code) error {
	ids, _, err := t.officersOf(record.Post{Role: record.Secretary, Place: v})
	if err != nil {
		return err
	}
	for _, officer := range ids {
		if officer == t.Person.ID {
			continue
		}
		if err := t.queueRequest(id, v, officer); err != nil {
			return err
		}
	}
	return nil
}

// leaveShow is one leave, with what may be done.
func (t *Turn) leaveShow() error {
	l, err := t.Tx.Leave(record.RequestID(t.Arg(0)))
	if err != nil {
		return err
	}
	if err := t.allowAny(record.AskLeave, l.Villages()); err != nil {
		return err
	}
	c, err := t.leaveCard(l)
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, []Btn{t.Btn("back", "leave")})...)
	return nil
}

// allowAny asks for an action on one of some branches.
func (t *Turn) allowAny(action record.Action, villages []record.Code) (err error) {
	for _, v := range villages {
		if err = t.Allow(action, record.Object{Place: v}); err == nil {
			return nil
		}
	}
	return err
}

// leaveCard says a leave as it stands, to the branch or to an officer.
func (t *Turn) leaveCard(l record.Leave) (card, error) {
	args, err := t.leaveArgs(l)
	if err != nil {
		return card{}, err
	}
	id := string(l.ID)
	decides := t.Allow(record.DecideLeave, record.Object{Place: l.Village}) == nil
	key := "leave." + string(l.State)
	var rows [][]Btn
	switch {
	case l.State == record.RequestAsked && decides:
		key = "leave.decide"
		rows = [][]Btn{{t.Btn("agree", "leave.yes "+id), t.Btn("refuse", "leave.no "+id)}}
	case l.State == record.RequestAsked, l.State == record.RequestApproved && l.From > record.DateOf(t.Now):
		rows = [][]Btn{{t.Btn("withdraw", "leave.withdraw "+id)}}
	}
	return card{Text: t.Say(key, args), rows: rows}, nil
}

func (t *Turn) leaveYes() error { return t.decideLeave(record.RequestID(t.Arg(0)), true, "") }

func mayRefuse(t *Turn, a dialog.Answers) error {
	id := record.RequestID(a["id"])
	if storage.IsLeave(id) {
		l, err := t.Tx.Leave(id)
		if err != nil {
			return err
		}
		return t.Allow(record.DecideLeave, record.Object{Place: l.Village})
	}
	w, err := t.Tx.Swap(id)
	if err != nil {
		return err
	}
	if w.State == record.RequestAsked {
		return t.Allow(record.AskSwap, record.Object{Place: w.To})
	}
	return t.Allow(record.DecideSwap, record.Object{Place: w.From})
}

func saveRefusal(t *Turn, a dialog.Answers) error {
	id := record.RequestID(a["id"])
	if storage.IsLeave(id) {
		return t.decideLeave(id, false, a["reason"])
	}
	return t.swapWord(id, false, a["reason"])
}

func (t *Turn) decideLeave(id record.RequestID, yes bool, reason string) error {
	l, err := t.Tx.Leave(id)
	if err != nil {
		return err
	}
	if err := t.Allow(record.DecideLeave, record.Object{Place: l.Village}); err != nil {
		return err
	}
	var ended []record.Swap
	if yes {
		if ended, err = t.EndedByLeave(l, t.hours()); err != nil {
			return err
		}
	}
	if l, err = t.DecideLeave(id, yes, t.hours(), t.Person.ID, reason); err != nil {
		return err
	}
	for _, w := range ended {
		if w, err = t.Tx.Swap(w.ID); err != nil {
			return err
		}
		if err := t.tellSwap(w); err != nil {
			return err
		}
	}
	if err := t.auditRequest(record.DecideLeave, id, l.Village, string(l.State)); err != nil {
		return err
	}
	t.planChanged()
	t.AfterCommit(t.b.boards.kick)
	return t.leaveDone(l)
}

func (t *Turn) leaveWithdraw() error {
	l, err := t.Tx.Leave(record.RequestID(t.Arg(0)))
	if err != nil {
		return err
	}
	if err := t.Allow(record.AskLeave, record.Object{Place: l.Village}); err != nil {
		return err
	}
	if l, err = t.WithdrawLeave(l.ID, t.hours(), t.Person.ID); err != nil {
		return err
	}
	if err := t.auditRequest(record.AskLeave, l.ID, l.Village, string(l.State)); err != nil {
		return err
	}
	t.planChanged()
	t.AfterCommit(t.b.boards.kick)
	return t.leaveDone(l)
}

// leaveDone tells the branch where somebody else acted, and answers.
func (t *Turn) leaveDone(l record.Leave) error {
	if err := t.tellRequest(l.ID, l.Village); err != nil {
		return err
	}
	c, err := t.leaveCard(l)
	if err != nil {
		return err
	}
	t.Answer(c.Text, []Btn{t.Btn("back", "leave"), t.Btn("home", "start")})
	return nil
}

// tellRequest tells a branch of a step that somebody else made.
func (t *Turn) tellRequest(id record.RequestID, v record.Code) error {
	p, found, err := t.Secretary(v)
	if err != nil || !found || !p.Enrolled() || p.ID == t.Person.ID {
		return err
	}
	return t.queueRequest(id, v, p.ID)
}

// queueRequest tells a person how a request stands.
func (t *Turn) queueRequest(id record.RequestID, v record.Code, to record.PersonID) error {
	row, err := t.RequestNotice(id, v, to, t.hours())
	t.Queue(row)
	return err
}

// requestNotices say leaves and swaps to branches and officers.
func requestNotices() map[string]render { return map[string]render{record.KindRequest: requestNotice} }

func requestNotice(t *Turn, row record.Outbox) (notice, string, error) {
	id := record.RequestID(row.Args["id"])
	v := record.Code(row.Args["village"])
	if err := t.Allow(record.AskLeave, record.Object{Place: v}); err != nil {
		return notice{}, "", err
	}
	var (
		c    card
		rows int
	)
	if storage.IsLeave(id) {
		l, err := t.Tx.Leave(id)
		if err != nil {
			return notice{}, "", err
		}
		rows = len(l.Rows)
		if c, err = t.leaveCard(l); err != nil {
			return notice{}, "", err
		}
	} else {
		w, err := t.Tx.Swap(id)
		if err != nil {
			return notice{}, "", err
		}
		rows = len(w.Rows)
		if c, err = t.swapCard(w, v); err != nil {
			return notice{}, "", err
		}
	}
	if strconv.Itoa(rows) != row.Args["rows"] {
		return notice{}, "changed since", nil
	}
	return notice{card: c}, "", nil
}

// requestDuty is what the home card says of requests: those that wait for the
// person's word, and the own ones that are open.
func requestDuty() homeDuty {
	return homeDuty{
		buttons: requestButtons,
		lines: func(t *Turn) ([]string, error) {
			var lines []string
			for _, v := range t.Actor.Places(record.Secretary) {
				ids, err := t.RequestsOf(v)
				if err != nil {
					return nil, err
				}
				for _, id := range ids {
					line, err := t.openRequestLine(id, v)
					if err != nil {
						return nil, err
					}
					if line != "" {
						lines = append(lines, line)
					}
				}
			}
			for _, place := range t.offices() {
				ids, err := t.OpenRequests(place)
				if err != nil {
					return nil, err
				}
				if len(ids) > 0 {
					lines = append(lines, t.Say("leave.waiting", text.A{"N": len(ids)}))
				}
			}
			return lines, nil
		},
	}
}

// requestButtons lead an officer to the leave and the exchanges that wait.
func requestButtons(t *Turn) ([]Btn, error) {
	leave, swap := false, false
	for _, place := range t.offices() {
		ids, err := t.OpenRequests(place)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			leave, swap = leave || storage.IsLeave(id), swap || !storage.IsLeave(id)
		}
	}
	var row []Btn
	if leave {
		row = append(row, t.Btn("leave_waiting", "leave"))
	}
	if swap {
		row = append(row, t.Btn("swap_waiting", "swap"))
	}
	return row, nil
}

// openRequestLine says an open request of a branch; "" for one that is over.
func (t *Turn) openRequestLine(id record.RequestID, v record.Code) (string, error) {
	if storage.IsLeave(id) {
		l, err := t.Tx.Leave(id)
		if err != nil || !l.State.Open() {
			return "", err
		}
		args, err := t.leaveArgs(l)
		return t.Say("leave.line", args), err
	}
	w, err := t.Tx.Swap(id)
	if err != nil || !w.State.Open() {
		return "", err
	}
	args, err := t.swapArgs(w)
	return t.Say("swap.line", args), err
}

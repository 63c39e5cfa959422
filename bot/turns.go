package bot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

var utc = time.UTC

func itoa(n int) string { return strconv.Itoa(n) }

// cycleTurn is one branch in a cycle: its turns with their history, and what an
// officer may change.
func (t *Turn) cycleTurn() error {
	c, err := t.ownCycle(record.SeeRota)
	if err != nil {
		return err
	}
	v := record.Code(t.Arg(1))
	if err := t.Allow(record.SeeRota, record.Object{Place: v}); err != nil {
		return err
	}
	name, err := t.placeName(v)
	if err != nil {
		return err
	}
	lines := []string{t.Say("cycle.branch", text.A{"Title": c.Title, "Place": name})}
	var rows [][]Btn
	may := t.Allow(record.PlanRota, record.Object{Place: c.Place}) == nil
	for _, b := range c.Bases {
		turn, err := t.Tx.Turn(c.ID, b.Base, v)
		if err != nil {
			return err
		}
		lines = append(lines, t.turnText(turn))
		lines = append(lines, t.turnHistory(turn)...)
		if may && !turn.State.Settled() && c.State == record.PlanPublished {
			args := " " + string(c.ID) + " " + string(v) + " " + string(b.Base)
			base := t.baseShort(b.Base)
			rows = append(rows, []Btn{
				{Text: t.Say("cycle.move_button", text.A{"Base": base}), Line: "cycle.move" + args},
				{Text: t.Say("cycle.forgive_button", text.A{"Base": base}), Line: "cycle.forgive" + args},
			})
		}
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "cycle.town "+string(c.ID)+" "+string(v.Township()))})...)
	return nil
}

// baseShort names a base on a button: 党性.
func (t *Turn) baseShort(id record.BaseID) string {
	b, err := t.Base(t.b.conf.County, id)
	if err != nil || (b.Kind != record.PartySpirit && b.Kind != record.CleanGovernment) {
		return clip(t.baseTitle(id), 3)
	}
	return t.Say("base_kind." + b.Kind)
}

// turnHistory says the last steps of a turn, the newest first.
func (t *Turn) turnHistory(turn record.Turn) []string {
	const shown = 3
	var lines []string
	for i := len(turn.Rows) - 1; i >= max(0, len(turn.Rows)-shown); i-- {
		r := turn.Rows[i]
		what := t.Say("turn_state." + string(r.State))
		if r.State == record.TurnPlanned {
			what += " " + t.slotOf(r.TurnSlot)
		}
		reason := r.Reason
		if key := turnReasons[reason]; key != "" {
			reason = t.Say(key)
		}
		lines = append(lines, t.Say("cycle.history", text.A{"Day": t.Voice.ShortDay(r.At.In(t.b.conf.Zone)), "What": what, "Reason": reason}))
	}
	return lines
}

// turnReasons are the reasons that the program itself writes into a turn.
var turnReasons = map[string]string{
	"absent": "status.absent", "excused": "status.excused", "present": "status.present", "late": "status.late",
	"moved": "cycle.reason_moved", "cancelled": "cycle.reason_cancelled", "make_up": "cycle.make_up",
	"replan": "cycle.reason_replan", "undo": "cycle.reason_undo",
}

// cycleForgive and cycleMove ask for what an officer changes of one turn.
func (t *Turn) cycleForgive() error { return t.startFlow("forgive", t.turnContext()) }

func (t *Turn) cycleMove() error { return t.startFlow("turn", t.turnContext()) }

// turnContext is the turn of the arguments, as a form's context.
func (t *Turn) turnContext() dialog.Answers {
	return dialog.Answers{"cycle": t.Arg(0), "village": t.Arg(1), "base": t.Arg(2)}
}

// formTurn is the turn of a form's context.
func (t *Turn) formTurn(a dialog.Answers) (record.Cycle, record.Turn, error) {
	c, err := t.Cycle(t.b.conf.County, record.CycleID(a["cycle"]))
	if err != nil {
		return c, record.Turn{}, err
	}
	turn, err := t.Tx.Turn(c.ID, record.BaseID(a["base"]), record.Code(a["village"]))
	return c, turn, err
}

func mayChangeTurn(t *Turn, a dialog.Answers) error {
	c, turn, err := t.formTurn(a)
	if err != nil {
		return err
	}
	if err := t.Allow(record.PlanRota, record.Object{Place: c.Place}); err != nil {
		return err
	}
	if c.State != record.PlanPublished || turn.State.Settled() {
		return record.ErrChanged
	}
	return nil
}

func turnTitle(t *Turn, a dialog.Answers) (string, error) {
	_, turn, err := t.formTurn(a)
	if err != nil {
		return "", err
	}
	name, err := t.placeName(turn.Village)
	return t.Say("cycle.turn_title", text.A{"Place": name, "Turn": t.turnText(turn)}), err
}

// turnSteps ask to which slot a turn moves, and why. The slots offered are those
// with room on days that suit the branch.
func turnSteps(t *Turn) []dialog.Step {
	return []dialog.Step{
		{Name: "slot", Ask: "cycle.ask_slot", Field: "cycle.field_slot", Choices: t.slotChoices, PerPage: 8, Columns: 1, Show: t.showSlot},
		{Name: "reason", Ask: "cycle.ask_reason", Field: "correct.reason", Parse: dialog.Text(record.MaxReason)},
	}
}

func (t *Turn) showSlot(value string) string {
	day, hours, _ := strings.Cut(value, "/")
	return t.slotOf(record.TurnSlot{Day: record.Date(day), Hours: hours})
}

// slotChoices lists the free slots of the next weeks that suit a branch.
func (t *Turn) slotChoices(a dialog.Answers) ([]dialog.Choice, error) {
	c, turn, err := t.formTurn(a)
	if err != nil {
		return nil, err
	}
	slots, err := t.freeSlots(c, turn, 16)
	var list []dialog.Choice
	for _, s := range slots {
		value := string(s.Day) + "/" + s.Hours
		list = append(list, dialog.Choice{Value: value, Label: t.showSlot(value)})
	}
	return list, err
}

// freeSlots asks the planner for the days that a turn could have: planned alone,
// again and again, each time not before the day after the last answer.
func (t *Turn) freeSlots(c record.Cycle, turn record.Turn, most int) ([]record.TurnSlot, error) {
	in, err := t.RotaInput(c, t.hours())
	if err != nil {
		return nil, err
	}
	for i := range in.Turns {
		if in.Turns[i].Base == turn.Base && in.Turns[i].Village == turn.Village {
			in.Turns[i].State, in.Turns[i].TurnSlot = record.TurnOwed, record.TurnSlot{}
		} else if in.Turns[i].State == record.TurnPlanned {
			in.Turns[i].Fixed = true
		}
	}
	in.Turns = withoutOwed(in.Turns, turn)
	var slots []record.TurnSlot
	for len(slots) < most {
		plan := t.b.conf.Rota.PlanRota(in)
		found := false
		for _, p := range plan.Turns {
			if p.Base == turn.Base && p.Village == turn.Village && p.TurnSlot != turn.TurnSlot {
				slots, found = append(slots, p.TurnSlot), true
			}
			if p.Base == turn.Base && p.Village == turn.Village {
				in.Today = p.Day
			}
		}
		if !found && len(plan.Unplaced) > 0 {
			break
		}
	}
	return slots, nil
}

// withoutOwed leaves the owed turns of others out.
func withoutOwed(turns []record.Turn, but record.Turn) []record.Turn {
	var list []record.Turn
	for _, x := range turns {
		if x.State != record.TurnOwed || (x.Base == but.Base && x.Village == but.Village) {
			list = append(list, x)
		}
	}
	return list
}

func saveTurn(t *Turn, a dialog.Answers) error {
	c, turn, err := t.formTurn(a)
	if err != nil {
		return err
	}
	day, hours, _ := strings.Cut(a["slot"], "/")
	move := record.TurnMove{Base: turn.Base, Village: turn.Village, From: turn.TurnSlot, To: record.TurnSlot{Day: record.Date(day), Hours: hours}}
	moved, err := t.MoveTurn(c, move, t.hours(), t.Person.ID, a["reason"])
	if err != nil {
		return err
	}
	if err := t.FixTurn(moved); err != nil {
		return err
	}
	return t.turnChanged(c, moved, a["reason"])
}

func saveForgive(t *Turn, a dialog.Answers) error {
	c, turn, err := t.formTurn(a)
	if err != nil {
		return err
	}
	forgiven, err := t.ForgiveTurn(c, turn.Base, turn.Village, t.Person.ID, a["reason"])
	if err != nil {
		return err
	}
	return t.turnChanged(c, forgiven, a["reason"])
}

// turnChanged tells the branch and answers, once an officer has changed a turn.
func (t *Turn) turnChanged(c record.Cycle, turn record.Turn, reason string) error {
	if err := t.tellTurn(c.ID, turn); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRota, Place: turn.Village, Note: "turn"}); err != nil {
		return err
	}
	t.planChanged()
	name, err := t.placeName(turn.Village)
	if err != nil {
		return err
	}
	t.Answer(t.Say("cycle.turn_changed", text.A{"Place": name, "Turn": t.turnText(turn)}),
		[]Btn{t.Btn("back", "cycle.turn "+string(c.ID)+" "+string(turn.Village)), t.Btn("home", "start")})
	return nil
}

// tellTurn tells a branch of its turns as they stand now, once for each step of
// the turn that changed.
func (t *Turn) tellTurn(cycle record.CycleID, turn record.Turn) error {
	p, found, err := t.Secretary(turn.Village)
	if err != nil || !found || !p.Enrolled() || p.ID == t.Person.ID {
		return err
	}
	begins := []time.Time{t.hours().Begins(turn.TurnSlot)}
	for _, r := range turn.Rows[max(0, len(turn.Rows)-2):] {
		begins = append(begins, t.hours().Begins(r.TurnSlot))
	}
	step := itoa(len(turn.Rows))
	t.Queue(record.Outbox{
		Key:   strings.Join([]string{"turns", string(cycle), string(turn.Base), string(turn.Village), step}, "/"),
		Class: record.Notice, Kind: record.KindTurns, Person: p.ID, Change: record.FirstAfter(t.Now, begins...),
		Args: map[string]string{"cycle": string(cycle), "village": string(turn.Village)},
	})
	return nil
}

// cycleNotices tell branches of their turns.
func cycleNotices() map[string]render { return map[string]render{record.KindTurns: turnsNotice} }

// turnsNotice says a branch's turns in a cycle as they stand when it is sent.
func turnsNotice(t *Turn, row record.Outbox) (notice, string, error) {
	c, err := t.Cycle(t.b.conf.County, record.CycleID(row.Args["cycle"]))
	if err != nil {
		return notice{}, "", err
	}
	change := record.RotaChange{}
	if id := row.Args["change"]; id != "" {
		if change, err = t.RotaChange(c.ID, record.RotaChangeID(id)); err != nil {
			return notice{}, "", err
		}
	}
	if row.Args["change"] != "" && !change.Publication {
		if news, err := t.changeIsNews(change); err != nil || !news {
			return notice{}, "changed since", err
		}
	}
	concerned := villagesOf(change.Moves)
	concerned[record.Code(row.Args["village"])] = true
	key := "cycle.notice_changed"
	if change.Publication {
		key = "cycle.notice"
	}
	var lines []string
	provisional := false
	for _, v := range t.Actor.Places(record.Secretary) {
		if !concerned[v] {
			continue
		}
		name, err := t.placeName(v)
		if err != nil {
			return notice{}, "", err
		}
		lines = append(lines, t.Say(key, text.A{"Title": c.Title, "Place": name}))
		for _, b := range c.Bases {
			turn, err := t.Tx.Turn(c.ID, b.Base, v)
			if err != nil {
				return notice{}, "", err
			}
			provisional = provisional || (turn.Provisional && turn.State == record.TurnPlanned)
			line := t.turnText(turn)
			if was := movedFrom(change, b.Base, v); was.Day != "" && was != turn.TurnSlot && turn.State == record.TurnPlanned {
				line += t.Say("cycle.was", text.A{"When": t.slotOf(was)})
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return notice{}, "post ended", nil
	}
	if provisional {
		lines = append(lines, t.Say("cycle.provisional_note"))
	}
	return notice{card: card{
		Text: strings.Join(lines, "\n"), rows: [][]Btn{{t.Btn("got_it", "noop"), t.Btn("schedule", "schedule")}},
	}}, "", nil
}

// changeIsNews says whether a change is still to be told to the person: some turn of
// their branches stands where the change put it, and, where it takes another one back,
// they have heard of that one. What was changed again is told by what changed it.
func (t *Turn) changeIsNews(change record.RotaChange) (bool, error) {
	if change.Undo != "" {
		before, found, err := t.Outbox("turns/" + string(change.Cycle) + "/" + string(change.Undo) + "/" + string(t.Person.ID))
		if err != nil || (found && before.State == record.Dropped) {
			return false, err
		}
	}
	for _, m := range change.Moves {
		if !slices.Contains(t.Actor.Places(record.Secretary), m.Village) {
			continue
		}
		turn, err := t.Tx.Turn(change.Cycle, m.Base, m.Village)
		if err != nil || (turn.TurnSlot == m.To && turn.TurnSlot != m.From) {
			return true, err
		}
	}
	return false, nil
}

// movedFrom is where a change moved a turn from; zero where it did not.
func movedFrom(change record.RotaChange, base record.BaseID, v record.Code) record.TurnSlot {
	for _, m := range change.Moves {
		if m.Base == base && m.Village == v {
			return m.From
		}
	}
	return record.TurnSlot{}
}

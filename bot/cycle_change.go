package bot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// RotaPlanner gives the turns of a cycle their days; the schedule has it.
type RotaPlanner interface {
	PlanRota(record.RotaInput) record.RotaPlan
}

// hours is how the sessions of plans get their times.
func (t *Turn) hours() record.Hours {
	return record.Hours{Zone: t.b.conf.Zone, OpensBefore: t.b.conf.OpensBefore, Grace: t.b.conf.Grace}
}

// planOf plans a cycle as it stands now, and says what would move.
func (t *Turn) planOf(c record.Cycle) (record.RotaInput, record.RotaPlan, []record.TurnMove, error) {
	in, err := t.RotaInput(c, t.hours())
	if err != nil {
		return in, record.RotaPlan{}, nil, err
	}
	plan := t.b.conf.Rota.PlanRota(in)
	return in, plan, record.MovesOf(in.Turns, plan), nil
}

// cyclePlan shows a draft with its consequences.
func (t *Turn) cyclePlan() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	if c.State != record.PlanDraft {
		return t.showCycle(c)
	}
	in, plan, _, err := t.planOf(c)
	if err != nil {
		return err
	}
	lines := []string{t.Say("cycle.draft", text.A{"Title": c.Title})}
	lines = append(lines, t.spanLines(c, plan)...)
	lines = append(lines, t.clashLines(in, plan)...)
	id := string(c.ID)
	t.Answer(strings.Join(lines, "\n"),
		[]Btn{t.Btn("back", "cycle.show "+id), t.Btn("publish", "cycle.publish "+id)})
	return nil
}

// spanLines say, a base a line, how many turns on how many days, the first and
// the last.
func (t *Turn) spanLines(c record.Cycle, plan record.RotaPlan) []string {
	var lines []string
	for _, b := range c.Bases {
		var first, last record.Date
		days := map[record.Date]bool{}
		n := 0
		for _, p := range plan.Turns {
			if p.Base != b.Base {
				continue
			}
			n++
			days[p.Day] = true
			if first == "" || p.Day < first {
				first = p.Day
			}
			last = max(last, p.Day)
		}
		if n > 0 {
			lines = append(lines, t.Say("cycle.span", text.A{
				"Base": t.baseTitle(b.Base), "N": n, "Days": len(days), "First": t.dayOf(first), "Last": t.dayOf(last),
			}))
		}
	}
	return lines
}

// clashLines say what does not go smoothly: provisional days, branches that had
// to be put elsewhere, turns without a day.
func (t *Turn) clashLines(in record.RotaInput, plan record.RotaPlan) []string {
	provisional, elsewhere := 0, map[busyWith]int{}
	for _, p := range plan.Turns {
		if p.Provisional {
			provisional++
		}
		if p.Why.Kind == record.WhyClash && len(p.Why.Args) > 0 {
			elsewhere[t.busyWith(p.Why.Args)]++
		}
	}
	var lines []string
	for _, with := range slices.SortedFunc(maps.Keys(elsewhere), busyWith.compare) {
		what := t.Say("busy." + string(with.kind))
		if with.number > 0 {
			what = t.Say("cycle.clash_batch", text.A{"Number": with.number, "To": with.to})
		}
		lines = append(lines, t.Say("cycle.clash", text.A{"N": elsewhere[with], "What": what}))
	}
	if provisional > 0 {
		lines = append(lines, t.Say("cycle.provisional", text.A{"N": provisional}))
	}
	if n := len(plan.Unplaced); n > 0 {
		lines = append(lines, t.Say("cycle.unplaced", text.A{"N": n}))
	}
	return lines
}

// busyWith is what branches are busy with: of a batch, which one.
type busyWith struct {
	kind   record.BusyKind
	number int
	to     string
}

func (b busyWith) compare(c busyWith) int {
	return cmp.Or(cmp.Compare(b.kind, c.kind), cmp.Compare(b.number, c.number), cmp.Compare(b.to, c.to))
}

// busyWith reads the reason of a clash. A batch that is not there any more is said
// by its kind alone.
func (t *Turn) busyWith(args []string) busyWith {
	with := busyWith{kind: record.BusyKind(args[0])}
	if with.kind != record.BusyBatch || len(args) < 4 {
		return with
	}
	s, err := t.Session(record.SessionID(args[3]))
	if err != nil {
		return with
	}
	if b, err := t.Batch(s.Batch); err == nil {
		with.number, with.to = b.Number, b.Place
	}
	return with
}

// cyclePublish publishes a draft in one step; it is asked once more with its
// consequence.
func (t *Turn) cyclePublish() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	if c.State != record.PlanDraft {
		return record.ErrChanged
	}
	_, _, moves, err := t.planOf(c)
	if err != nil {
		return err
	}
	id := string(c.ID)
	args := text.A{"Title": c.Title, "N": len(villagesOf(moves))}
	mark := markOf(moves)
	if t.Arg(2) != mark {
		t.Answer(strings.Join(append(t.changedSince(1), t.Say("cycle.publish_ask", args)), "\n"), []Btn{t.Btn("back", "cycle.plan "+id), t.Btn("publish_yes", "cycle.publish "+id+" yes "+mark)})
		return nil
	}
	_, err = t.AddRotaChange(record.RotaChange{Cycle: c.ID, By: t.Person.ID, Moves: moves, Publication: true})
	if err != nil {
		return err
	}
	if _, err := t.ChangeCycle(c.Place, c.ID, func(c *record.Cycle) { c.State = record.PlanPublishing }); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRota, Place: c.Place, Note: "publish " + id}); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("cycle.published", args), []Btn{t.Btn("cycle", "cycle.show "+id), t.Btn("home", "start")})
	return nil
}

func villagesOf(moves []record.TurnMove) map[record.Code]bool {
	villages := map[record.Code]bool{}
	for _, m := range moves {
		villages[m.Village] = true
	}
	return villages
}

// cycleDrop deletes a draft.
func (t *Turn) cycleDrop() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	if t.Arg(1) != "yes" {
		id := string(c.ID)
		t.Answer(t.Say("cycle.drop_ask", text.A{"Title": c.Title}), []Btn{t.Btn("back", "cycle.show "+id), t.Btn("drop_yes", "cycle.drop "+id+" yes")})
		return nil
	}
	if err := t.DropCycle(c.Place, c.ID); err != nil {
		return err
	}
	t.Args = nil
	return t.cycles()
}

// consequences say what a change moves: 23 个村顺延 7 天.
func (t *Turn) consequences(in record.RotaInput, plan record.RotaPlan, moves []record.TurnMove) []string {
	by := map[int]int{}
	added, gone := 0, 0
	for _, m := range moves {
		switch {
		case m.From.Day == "":
			added++
		case m.To.Day == "":
			gone++
		default:
			by[daysApart(m.From.Day, m.To.Day)]++
		}
	}
	var days []int
	for d := range by {
		days = append(days, d)
	}
	slices.Sort(days)
	var lines []string
	for i, d := range days {
		if i == 4 {
			rest := 0
			for _, d := range days[i:] {
				rest += by[d]
			}
			lines = append(lines, t.Say("cycle.moves_more", text.A{"N": rest, "Days": d, "Most": days[len(days)-1]}))
			break
		}
		key := "cycle.moves"
		if d == 0 {
			key = "cycle.moves_hours"
		}
		lines = append(lines, t.Say(key, text.A{"N": by[d], "Days": d}))
	}
	if added > 0 {
		lines = append(lines, t.Say("cycle.placed", text.A{"N": added}))
	}
	if gone > 0 {
		lines = append(lines, t.Say("cycle.moves_gone", text.A{"N": gone}))
	}
	return append(lines, t.clashLines(in, plan)...)
}

func daysApart(from, to record.Date) int {
	a, errA := from.In(utc)
	b, errB := to.In(utc)
	if errA != nil || errB != nil {
		return 0
	}
	return int(b.Sub(a) / dayLong)
}

// cycleReplan plans anew what is not settled, after the calendar or people's
// days have changed: its consequences first.
func (t *Turn) cycleReplan() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	if c.State != record.PlanPublished {
		return record.ErrChanged
	}
	in, plan, moves, err := t.planOf(c)
	if err != nil {
		return err
	}
	id := string(c.ID)
	if len(moves) == 0 {
		t.Answer(t.Say("cycle.nothing_moves", text.A{"Title": c.Title}), []Btn{t.Btn("back", "cycle.show "+id)})
		return nil
	}
	if mark := markOf(moves); t.Arg(2) != mark {
		lines := append(t.changedSince(1), t.Say("cycle.replan_ask", text.A{"Title": c.Title, "N": len(villagesOf(moves))}))
		lines = append(lines, t.consequences(in, plan, moves)...)
		t.Answer(strings.Join(lines, "\n"), []Btn{t.Btn("back", "cycle.show "+id), t.Btn("change_yes", "cycle.replan "+id+" yes "+mark)})
		return nil
	}
	return t.changeRota(c, record.RotaChange{Cycle: c.ID, By: t.Person.ID, Moves: moves, Reason: "replan"})
}

// changeRota stores a change that is made from now on.
func (t *Turn) changeRota(c record.Cycle, change record.RotaChange) error {
	change, err := t.AddRotaChange(change)
	if err != nil {
		return err
	}
	note := fmt.Sprintf("%s %s %d", change.Reason, c.ID, len(change.Moves))
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRota, Place: c.Place, Note: note}); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("cycle.changed", text.A{"Title": c.Title, "N": len(villagesOf(change.Moves))}),
		[]Btn{t.Btn("cycle", "cycle.show "+string(c.ID)), t.Btn("home", "start")})
	return nil
}

// cycleUndo takes the last change back: its moves the other way round, as far as
// the turns still stand where it put them.
func (t *Turn) cycleUndo() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	id := string(c.ID)
	last, found, err := t.LastRotaChange(c.ID)
	if err != nil {
		return err
	}
	if !found {
		t.Answer(t.Say("cycle.nothing_to_undo", text.A{"Title": c.Title}), []Btn{t.Btn("back", "cycle.show "+id)})
		return nil
	}
	if day, follows, err := t.LastCalendarChange(c.Place); err != nil || (follows && day.Rota[c.ID] == last.ID) {
		if err != nil {
			return err
		}
		t.Args = nil // the days go back with the turns, or these would stand on closed days
		return t.calendarUndo()
	}
	whole := record.Net(last.Moves)
	undo := record.RotaChange{Cycle: c.ID, By: t.Person.ID, Reason: "undo", Undo: last.ID}
	if undo.Moves, err = t.movesBack(c, whole); err != nil {
		return err
	}
	args := text.A{"Title": c.Title, "When": t.When(last.At), "N": len(undo.Moves), "Of": len(whole)}
	if len(undo.Moves) == 0 {
		t.Answer(t.Say("cycle.nothing_to_undo", args), []Btn{t.Btn("back", "cycle.show "+id)})
		return nil
	}
	if mark := markOf(undo.Undo, undo.Moves); t.Arg(2) != mark {
		t.Answer(strings.Join(append(t.changedSince(1), t.Say("cycle.undo_ask", args)), "\n"), []Btn{t.Btn("back", "cycle.show "+id), t.Btn("undo_yes", "cycle.undo "+id+" yes "+mark)})
		return nil
	}
	last.Undone = "undone"
	if err := t.PutRotaChange(last, true); err != nil {
		return err
	}
	return t.changeRota(c, undo)
}

// movesBack are moves the other way round, as far as the turns still stand where
// they were put and the days that they had lie ahead.
func (t *Turn) movesBack(c record.Cycle, moves []record.TurnMove) ([]record.TurnMove, error) {
	var back []record.TurnMove
	for _, m := range moves {
		turn, err := t.Tx.Turn(c.ID, m.Base, m.Village)
		if err != nil {
			return nil, err
		}
		ahead := m.From.Day == "" || m.From.Day > record.DateOf(t.Now)
		if turn.TurnSlot == m.To && !turn.State.Settled() && ahead {
			back = append(back, record.TurnMove{Base: m.Base, Village: m.Village, From: m.To, To: m.From, Provisional: m.Was, Was: m.Provisional})
		}
	}
	return back, nil
}

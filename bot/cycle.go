package bot

import (
	"slices"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The rota of the bases: cycles, in which every branch has its turn at each
// base.
//
//	cycle                          the cycles, and a new one
//	cycle.show, .new, .drop        one cycle (cycle_form.go: the form)
//	cycle.plan, .publish           a draft with its consequences, and the decision
//	cycle.towns, .town             the ledger of turns by township
//	cycle.turn, .forgive, .move    one branch's turn (turn.go holds Turn; turns.go these)
//	cycle.replan, .undo            changes of a published plan (cycle_change.go)
func cycleCommands() []command {
	return []command{
		{name: "cycle", hidden: true, roles: officers, run: (*Turn).cycles},
		{name: "cycle.show", hidden: true, roles: officers, run: (*Turn).cycleShow},
		{name: "cycle.new", hidden: true, roles: officers, run: func(t *Turn) error { return t.startFlow("cycle", nil) }},
		{name: "cycle.drop", hidden: true, roles: officers, run: (*Turn).cycleDrop},
		{name: "cycle.plan", hidden: true, roles: officers, run: (*Turn).cyclePlan},
		{name: "cycle.publish", hidden: true, roles: officers, run: (*Turn).cyclePublish},
		{name: "cycle.towns", hidden: true, roles: officers, run: (*Turn).cycleTowns},
		{name: "cycle.town", hidden: true, roles: officers, run: (*Turn).cycleTown},
		{name: "cycle.turn", hidden: true, roles: officers, run: (*Turn).cycleTurn},
		{name: "cycle.forgive", hidden: true, roles: officers, run: (*Turn).cycleForgive},
		{name: "cycle.move", hidden: true, roles: officers, run: (*Turn).cycleMove},
		{name: "cycle.replan", hidden: true, roles: officers, run: (*Turn).cycleReplan},
		{name: "cycle.undo", hidden: true, roles: officers, run: (*Turn).cycleUndo},
	}
}

// cycles lists the cycles, the newest first.
func (t *Turn) cycles() error {
	if err := t.Allow(record.SeeRota, record.Object{Place: t.planPlace()}); err != nil {
		return err
	}
	list, err := t.Cycles(t.b.conf.County)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if t.Allow(record.PlanRota, t.countyObject()) != nil {
		list = slices.DeleteFunc(list, func(c record.Cycle) bool { return c.State == record.PlanDraft })
	}
	lines := []string{t.Say("cycle.list", text.A{"N": len(list)})}
	if len(list) == 0 {
		lines = []string{t.Say("cycle.none")}
	}
	n, pages := t.pageNumber(0, len(list), 6)
	var rows [][]Btn
	for _, c := range list[(n-1)*6 : min(n*6, len(list))] {
		lines = append(lines, t.Say("cycle.line", text.A{"Title": c.Title, "State": t.Say("plan_state." + string(c.State))}))
		rows = append(rows, []Btn{{Text: clip(c.Title, 24), Line: "cycle.show " + string(c.ID)}})
	}
	rows = append(rows, t.pager(n, pages, "cycle")...)
	foot := []Btn{t.Btn("back", "rota")}
	if t.Allow(record.PlanRota, t.countyObject()) == nil {
		foot = append(foot, t.Btn("new_cycle", "cycle.new"))
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, foot)...)
	return nil
}

// countyObject is the county as the object of record.Allow.
func (t *Turn) countyObject() record.Object { return record.Object{Place: t.b.conf.County} }

// ownCycle reads the cycle of argument 0 and asks whether the person may do
// action to it.
func (t *Turn) ownCycle(action record.Action) (record.Cycle, error) {
	c, err := t.Cycle(t.b.conf.County, record.CycleID(t.Arg(0)))
	if err != nil {
		return c, err
	}
	if action == record.SeeRota {
		return c, t.Allow(action, record.Object{Place: t.planPlace()})
	}
	return c, t.Allow(action, record.Object{Place: c.Place})
}

// cycleShow is a cycle's page: where it stands, and what can be done.
func (t *Turn) cycleShow() error {
	c, err := t.ownCycle(record.SeeRota)
	if err != nil {
		return err
	}
	return t.showCycle(c)
}

func (t *Turn) showCycle(c record.Cycle) error {
	id := string(c.ID)
	lines := []string{t.Say("cycle.page", text.A{"Title": c.Title, "State": t.Say("plan_state." + string(c.State)), "From": t.dayOf(c.From)})}
	place := t.planPlace()
	counts, err := t.turnLines(c, place)
	if err != nil {
		return err
	}
	if c.State == record.PlanDraft {
		counts = t.baseLines(c)
	}
	lines = append(lines, counts...)
	open, err := t.OpenRotaChange(c.ID)
	if err != nil {
		return err
	}
	if open != "" {
		lines = append(lines, t.Say("cycle.changing"))
	}
	t.Answer(strings.Join(lines, "\n"), append(t.cycleButtons(c, id, open != ""), []Btn{t.Btn("back", "cycle")})...)
	return nil
}

// cycleButtons are what can be done with a cycle as it stands.
func (t *Turn) cycleButtons(c record.Cycle, id string, changing bool) [][]Btn {
	may := t.Allow(record.PlanRota, record.Object{Place: c.Place}) == nil
	switch {
	case c.State == record.PlanDraft && may && !changing:
		return [][]Btn{{t.Btn("see_draft", "cycle.plan "+id), t.Btn("drop_draft", "cycle.drop "+id)}}
	case c.State == record.PlanDraft:
		return nil
	}
	rows := [][]Btn{{t.Btn("townships", "cycle.towns "+id)}}
	if t.planPlace().Level() == record.Township {
		rows = [][]Btn{{t.Btn("villages", "cycle.town "+id+" "+string(t.planPlace()))}}
	}
	if may && c.State == record.PlanPublished && !changing {
		rows = append(rows, []Btn{t.Btn("replan", "cycle.replan "+id), t.Btn("undo", "cycle.undo "+id)})
	}
	return rows
}

// baseLines say how the bases of a draft take part.
func (t *Turn) baseLines(c record.Cycle) []string {
	var lines []string
	for _, b := range c.Bases {
		var days []string
		for _, s := range b.Slots {
			days = append(days, t.Voice.Weekday(s.Weekday))
		}
		lines = append(lines, t.Say("cycle.base", text.A{
			"Base": t.baseTitle(b.Base), "N": b.Capacity, "Days": strings.Join(slices.Compact(days), t.Say("host.and")), "Hours": b.Slots[0].Hours,
		}))
	}
	return append(lines, t.Say("cycle.gap", text.A{"N": c.Gap}))
}

// baseTitle is a base's name; its id where it is gone.
func (t *Turn) baseTitle(id record.BaseID) string {
	b, err := t.Base(t.b.conf.County, id)
	if err != nil {
		return string(id)
	}
	return t.baseName(b)
}

// turnStates are the states of a turn in the order in which they are counted.
var turnStates = []record.TurnState{record.TurnServed, record.TurnSubstituted, record.TurnPlanned, record.TurnOwed, record.TurnForgiven}

// turnLines count the turns of a place, a base a line: 党性教育基地:已轮 120 · 待轮 240.
func (t *Turn) turnLines(c record.Cycle, place record.Code) ([]string, error) {
	n, err := t.TurnCount(c.ID, place)
	if err != nil {
		return nil, err
	}
	count, err := t.Count(place)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, b := range c.Bases {
		by := map[record.TurnState]int{record.TurnOwed: count.Villages}
		for state, k := range n[b.Base] {
			if state != record.TurnOwed {
				by[state] += k
				by[record.TurnOwed] -= k
			}
		}
		var parts []string
		for _, state := range turnStates {
			if by[state] > 0 {
				parts = append(parts, t.Say("turn_state."+string(state))+" "+itoa(by[state]))
			}
		}
		lines = append(lines, t.Say("cycle.count", text.A{"Base": t.baseTitle(b.Base), "Counts": strings.Join(parts, " · ")}))
	}
	return lines, nil
}

// dayOf says a day of the calendar as the person reads it.
func (t *Turn) dayOf(day record.Date) string {
	at, err := day.In(t.b.conf.Zone)
	if err != nil {
		return string(day)
	}
	return t.Voice.Day(at, t.Now)
}

// slotOf says a slot: 12月8日(周二) 09:00.
func (t *Turn) slotOf(slot record.TurnSlot) string {
	from, _, _ := strings.Cut(slot.Hours, "-")
	return t.dayOf(slot.Day) + " " + from
}

// cycleTowns lists the townships of a cycle with what is settled and what is not.
func (t *Turn) cycleTowns() error {
	c, err := t.ownCycle(record.PlanRota)
	if err != nil {
		return err
	}
	towns, err := t.Children(c.Place)
	if err != nil {
		return err
	}
	var row []Btn
	lines := []string{t.Say("cycle.towns", text.A{"Title": c.Title})}
	for _, town := range towns {
		n, err := t.TurnCount(c.ID, town.Code)
		if err != nil {
			return err
		}
		count, err := t.Count(town.Code)
		if err != nil {
			return err
		}
		done := 0
		for _, by := range n {
			done += by[record.TurnServed] + by[record.TurnSubstituted] + by[record.TurnForgiven]
		}
		lines = append(lines, t.Say("cycle.town_line", text.A{"Name": town.Name, "Done": done, "All": count.Villages * len(c.Bases)}))
		row = append(row, Btn{Text: town.Name, Line: "cycle.town " + string(c.ID) + " " + string(town.Code)})
	}
	t.Answer(strings.Join(lines, "\n"), append(inRows(row, 2), []Btn{t.Btn("back", "cycle.show "+string(c.ID))})...)
	return nil
}

// cycleTown lists the branches of a township with their turns.
func (t *Turn) cycleTown() error {
	c, err := t.ownCycle(record.SeeRota)
	if err != nil {
		return err
	}
	town := record.Code(t.Arg(1))
	if err := t.Allow(record.SeeRota, record.Object{Place: town}); err != nil {
		return err
	}
	places, err := t.Villages(town)
	if err != nil {
		return err
	}
	var codes []record.Code
	for _, p := range places {
		codes = append(codes, p.Code)
	}
	line := "cycle.town " + string(c.ID) + " " + string(town)
	page, turn := t.page(codes, 2, 8, line)
	name, err := t.placeName(town)
	if err != nil {
		return err
	}
	lines := []string{t.Say("cycle.town_head", text.A{"Title": c.Title, "Place": name})}
	var row []Btn
	for _, v := range page {
		said, err := t.branchTurns(c, v)
		if err != nil {
			return err
		}
		p, err := t.Place(v)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("cycle.branch_line", text.A{"Name": p.Name, "Turns": said}))
		row = append(row, Btn{Text: p.Name, Line: "cycle.turn " + string(c.ID) + " " + string(v)})
	}
	back := "cycle.towns " + string(c.ID)
	if t.Allow(record.PlanRota, record.Object{Place: c.Place}) != nil {
		back = "cycle.show " + string(c.ID)
	}
	rows := append(inRows(row, 2), turn...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", back)})...)
	return nil
}

// branchTurns says a branch's turns in a line: 党性 12月8日 · 廉政 已轮.
func (t *Turn) branchTurns(c record.Cycle, v record.Code) (string, error) {
	var parts []string
	for _, b := range c.Bases {
		turn, err := t.Tx.Turn(c.ID, b.Base, v)
		if err != nil {
			return "", err
		}
		parts = append(parts, t.turnText(turn))
	}
	return strings.Join(parts, " · "), nil
}

// turnText says one turn: 党性教育基地 12月8日(周二) 09:00.
func (t *Turn) turnText(turn record.Turn) string {
	said := t.Say("turn_state." + string(turn.State))
	switch {
	case turn.State == record.TurnPlanned:
		said = t.slotOf(turn.TurnSlot)
		if turn.Provisional {
			said += t.Say("cycle.provisional_mark")
		}
	case turn.State == record.TurnOwed && turn.MakeUp:
		said = t.Say("cycle.make_up")
	}
	return t.Say("cycle.turn_text", text.A{"Base": t.baseTitle(turn.Base), "State": said})
}

// Package rota plans the branches' turns at the bases. It is pure: everything
// it looks at is in a record.RotaInput, and the same input gives the same plan
// whatever its order.
//
// # Rules that are never broken
//
//   - A slot of a base receives no more branches than its capacity.
//   - No turn lies on a day on which the base is not open: weekends and holidays
//     (a weekend day that is worked counts as a workday), closures of the base,
//     days on which nobody travels. Slots are given by weekday.
//   - A branch has at most one turn at a base, its turns at different bases are
//     at least Gap days apart, and none lies on a day on which it is busy.
//   - What is settled, set by hand (Turn.Fixed), or planned up to Frozen stays.
//
// # The order
//
// Branches come in the scheduled order: the townships from Cycle.First on and
// round, each with its villages in the office's order. At the n-th of several
// bases the order begins so many parts later, so that the two turns of a branch
// lie apart. The rota advances by turns served: where a slot falls out, its
// branches take the next slot's places, those the ones after, until free places
// take up the push; nobody is skipped, and the order stays.
//
// A branch whose turn at another base is too near lets those after it go first and
// takes a place as soon as the gap is kept. One that cannot come for a reason of its
// own (leave, a batch) pushes nobody: it gets the first free place that suits it,
// like every turn that is still owed, make-ups before the others. What is planned
// is never moved forward: a change of the input moves as few as it must.
package rota

import (
	"cmp"
	"slices"

	"headgoose/schedule/calendar"
	"headgoose/storage/record"
)

// horizon is how many days ahead slots are looked for.
const horizon = 420

// Plan says where every turn goes that is not settled. It does not change its
// input.
func Plan(in record.RotaInput) record.RotaPlan {
	p := newPlanner(in)
	var plan record.RotaPlan
	for n, base := range in.Cycle.Bases {
		p.base(n, base, &plan)
	}
	slices.SortFunc(plan.Turns, func(a, b record.PlannedTurn) int {
		return cmp.Or(
			cmp.Compare(a.Day, b.Day), cmp.Compare(a.Hours, b.Hours), cmp.Compare(a.Base, b.Base), cmp.Compare(a.Village, b.Village),
		)
	})
	slices.SortFunc(plan.Unplaced, func(a, b record.UnplacedTurn) int {
		return cmp.Or(cmp.Compare(a.Base, b.Base), cmp.Compare(a.Village, b.Village))
	})
	return plan
}

type planner struct {
	in    record.RotaInput
	table calendar.Table
	rank  map[record.Code]int // of a branch in the scheduled order
	turns map[record.BaseID][]record.Turn
	// days are the days of each branch's turns that are known so far, by base.
	days map[record.Code]map[record.BaseID]record.Date
}

func newPlanner(in record.RotaInput) *planner {
	p := &planner{
		in: in, table: calendar.NewTable(in.Days), rank: map[record.Code]int{},
		turns: map[record.BaseID][]record.Turn{}, days: map[record.Code]map[record.BaseID]record.Date{},
	}
	var villages []record.Code
	for _, t := range in.Turns {
		villages = append(villages, t.Village)
		p.turns[t.Base] = append(p.turns[t.Base], t)
		if p.stays(t) && t.Day != "" && t.State != record.TurnForgiven {
			p.note(t.Village, t.Base, t.Day)
		}
	}
	slices.SortFunc(villages, func(a, b record.Code) int {
		return cmp.Or(cmp.Compare(round(a, in.Cycle.First), round(b, in.Cycle.First)), cmp.Compare(a, b))
	})
	for i, v := range slices.Compact(villages) {
		p.rank[v] = i
	}
	return p
}

// round is 0 for a branch of the townships from first on, 1 for those before.
func round(v, first record.Code) int {
	if v.Township() < first {
		return 1
	}
	return 0
}

// stays says whether a turn is not planned anew.
func (p *planner) stays(t record.Turn) bool {
	return t.State.Settled() || (t.State == record.TurnPlanned && (t.Fixed || t.Day <= p.in.Frozen))
}

func (p *planner) note(v record.Code, base record.BaseID, day record.Date) {
	if p.days[v] == nil {
		p.days[v] = map[record.BaseID]record.Date{}
	}
	p.days[v][base] = day
}

// place is one slot on one day.
type place struct {
	record.TurnSlot
	left int
}

// places lists the slots of a base from the first day that may be planned on,
// and the room that settled turns leave in them.
func (p *planner) places(base record.CycleBase) []place {
	taken := map[record.TurnSlot]int{}
	for _, t := range p.turns[base.Base] {
		if p.stays(t) && t.State == record.TurnPlanned {
			taken[t.TurnSlot]++
		}
	}
	slots := slices.Clone(base.Slots)
	slices.SortFunc(slots, func(a, b record.Slot) int { return cmp.Compare(a.Hours, b.Hours) })
	first := max(p.in.Cycle.From, calendar.Shift(p.in.Today, 1))
	var list []place
	for i := range horizon {
		day := calendar.Shift(first, i)
		if open, _ := p.table.Open(base.Base, day); !open {
			continue
		}
		for _, s := range slots {
			if s.Weekday == calendar.Weekday(day) {
				at := record.TurnSlot{Day: day, Hours: s.Hours}
				list = append(list, place{at, base.Capacity - taken[at]})
			}
		}
	}
	return list
}

// waiting is a turn that is to be placed.
type waiting struct {
	record.Turn
	why record.Why
}

// base plans the n-th base: first what is planned keeps its place or is pushed
// on, then what is owed gets what is free.
func (p *planner) base(n int, base record.CycleBase, plan *record.RotaPlan) {
	places := p.places(base)
	var planned, owed []waiting
	for _, t := range p.turns[base.Base] {
		switch {
		case t.State.Settled():
		case p.stays(t):
			plan.Turns = append(plan.Turns, record.PlannedTurn{
				Base: t.Base, Village: t.Village, TurnSlot: t.TurnSlot, Provisional: p.table.Provisional(t.Day),
			})
		case t.State == record.TurnPlanned:
			planned = append(planned, waiting{Turn: t})
		default:
			owed = append(owed, waiting{Turn: t})
		}
	}
	slices.SortFunc(planned, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Hours, b.Hours), cmp.Compare(p.turnOf(a, n), p.turnOf(b, n)))
	})
	owed = append(owed, p.push(base, planned, places, plan)...)
	slices.SortStableFunc(owed, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(late(a), late(b)), cmp.Compare(p.turnOf(a, n), p.turnOf(b, n)))
	})
	for _, w := range owed {
		p.fill(base, w, places, plan)
	}
}

// late is 0 for those who go before the others: make-ups, and who had a day.
func late(w waiting) int {
	if w.MakeUp || w.Day != "" {
		return 0
	}
	return 1
}

// turnOf is whose turn it is at the n-th base.
func (p *planner) turnOf(w waiting, n int) int {
	all := len(p.rank)
	shift := n * all / max(1, len(p.in.Cycle.Bases))
	return (p.rank[w.Village] + all - shift) % max(1, all)
}

// push walks the slots in time: each takes whoever was pushed out of an earlier
// one, or whose other turn was too near, then its own, as far as it has room. Who
// cannot come for a reason of their own is returned.
func (p *planner) push(base record.CycleBase, planned []waiting, places []place, plan *record.RotaPlan) (own []waiting) {
	next := 0
	var pushed []waiting
	for i := range places {
		at := &places[i]
		for next < len(planned) && !after(planned[next].TurnSlot, at.TurnSlot) {
			pushed = append(pushed, planned[next])
			next++
		}
		var rest []waiting
		for _, w := range pushed {
			if at.left <= 0 {
				rest = append(rest, w)
				continue
			}
			why := p.against(w.Village, base.Base, at.Day)
			switch {
			case why.Kind == "":
				p.set(base, w, at, plan)
			case why.Args[0] == string(record.BusyTurn): // some days on it is far enough
				w.why = why
				rest = append(rest, w)
			default:
				w.why = why
				own = append(own, w)
			}
		}
		pushed = rest
	}
	return append(own, append(pushed, planned[next:]...)...)
}

// after says whether a slot lies after another.
func after(a, b record.TurnSlot) bool { return a.Day > b.Day || (a.Day == b.Day && a.Hours > b.Hours) }

// fill gives a turn the first free place that suits it, not before the day that
// it had.
func (p *planner) fill(base record.CycleBase, w waiting, places []place, plan *record.RotaPlan) {
	why := record.Why{Kind: record.WhyNoSeats}
	for i := range places {
		at := &places[i]
		if at.left <= 0 || (w.State == record.TurnPlanned && after(w.TurnSlot, at.TurnSlot)) {
			continue
		}
		if against := p.against(w.Village, base.Base, at.Day); against.Kind != "" {
			why = against
			continue
		}
		p.set(base, w, at, plan)
		return
	}
	plan.Unplaced = append(plan.Unplaced, record.UnplacedTurn{Base: base.Base, Village: w.Village, Why: why})
}

func (p *planner) set(base record.CycleBase, w waiting, at *place, plan *record.RotaPlan) {
	at.left--
	p.note(w.Village, base.Base, at.Day)
	plan.Turns = append(plan.Turns, record.PlannedTurn{
		Base: base.Base, Village: w.Village, TurnSlot: at.TurnSlot, Provisional: p.table.Provisional(at.Day), Why: w.why,
	})
}

// against is what speaks against a branch's turn on a day; empty where nothing
// does.
func (p *planner) against(v record.Code, base record.BaseID, day record.Date) record.Why {
	for _, b := range p.in.Busy[v] {
		if b.Has(day) {
			return record.Why{Kind: record.WhyClash, Args: []string{string(b.Kind), string(b.From), string(b.To), b.ID}}
		}
	}
	for other, on := range p.days[v] {
		if other != base && abs(calendar.Between(on, day)) < p.in.Cycle.Gap {
			return record.Why{Kind: record.WhyClash, Args: []string{string(record.BusyTurn), string(on), string(on)}}
		}
	}
	return record.Why{}
}

func abs(n int) int { return max(n, -n) }

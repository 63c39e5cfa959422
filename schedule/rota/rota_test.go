package rota

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/schedule/calendar"
	"headgoose/storage/record"
)

func village(township, n int) record.Code {
	return record.Code(fmt.Sprintf("630224%03d%03d", 100+township, 200+n))
}

// today is a Friday.
const today = record.Date("2026-11-27")

func day(n int) record.Date { return calendar.Shift(today, n) }

// cycle is a cycle of two bases with slots on two mornings each.
func cycle(capacity, gap int) record.Cycle {
	mornings := func(days ...time.Weekday) (list []record.Slot) {
		for _, d := range days {
			list = append(list, record.Slot{Weekday: d, Hours: "09:00-11:30"})
		}
		return list
	}
	return record.Cycle{
		ID: "c1", From: day(1), Gap: gap,
		Bases: []record.CycleBase{
			{Base: "party", Capacity: capacity, Slots: mornings(time.Tuesday, time.Thursday)},
			{Base: "clean", Capacity: capacity, Slots: mornings(time.Wednesday, time.Friday)},
		},
	}
}

func owed(c record.Cycle, villages ...record.Code) []record.Turn {
	var turns []record.Turn
	for _, b := range c.Bases {
		for _, v := range villages {
			turns = append(turns, record.Turn{Base: b.Base, Village: v, State: record.TurnOwed})
		}
	}
	return turns
}

func county(townships, each int) (villages []record.Code) {
	for t := range townships {
		for n := range each {
			villages = append(villages, village(t, n))
		}
	}
	return villages
}

// made are the turns as they stand once a plan was made.
func made(turns []record.Turn, plan record.RotaPlan) []record.Turn {
	turns = slices.Clone(turns)
	for i := range turns {
		for _, p := range plan.Turns {
			if p.Base == turns[i].Base && p.Village == turns[i].Village {
				turns[i].State, turns[i].TurnSlot = record.TurnPlanned, p.TurnSlot
			}
		}
	}
	return turns
}

// broken names every rule that a plan breaks.
func broken(in record.RotaInput, plan record.RotaPlan) (list []string) {
	table := calendar.NewTable(in.Days)
	type at struct {
		base record.BaseID
		slot record.TurnSlot
	}
	bases := map[record.BaseID]record.CycleBase{}
	for _, b := range in.Cycle.Bases {
		bases[b.Base] = b
	}
	was := map[string]record.Turn{}
	for _, t := range in.Turns {
		was[string(t.Base)+string(t.Village)] = t
	}
	used, days, seen := map[at]int{}, map[record.Code][]record.Date{}, map[string]bool{}
	fixed := func(t record.Turn) bool { return t.State == record.TurnPlanned && (t.Fixed || t.Day <= in.Frozen) }
	for _, t := range in.Turns {
		if t.State == record.TurnServed {
			days[t.Village] = append(days[t.Village], t.Day)
		}
	}
	for _, p := range plan.Turns {
		key := string(p.Base) + string(p.Village)
		old := was[key]
		if seen[key] || old.State.Settled() {
			list = append(list, "twice, or settled: "+key)
		}
		seen[key] = true
		if fixed(old) {
			if old.TurnSlot != p.TurnSlot {
				list = append(list, "a fixed turn moved: "+key)
			}
		} else {
			open, _ := table.Open(p.Base, p.Day)
			inSlot := slices.ContainsFunc(bases[p.Base].Slots, func(s record.Slot) bool {
				return s.Weekday == calendar.Weekday(p.Day) && s.Hours == p.Hours
			})
			if !open || !inSlot || p.Day <= in.Today || p.Day < in.Cycle.From {
				list = append(list, fmt.Sprintf("%s on %s: not open", key, p.Day))
			}
			for _, b := range in.Busy[p.Village] {
				if b.Has(p.Day) {
					list = append(list, "busy: "+key)
				}
			}
			for _, d := range days[p.Village] {
				if abs(calendar.Between(d, p.Day)) < in.Cycle.Gap {
					list = append(list, fmt.Sprintf("%s has turns on %s and %s", p.Village, d, p.Day))
				}
			}
			if old.State == record.TurnPlanned && after(old.TurnSlot, p.TurnSlot) {
				list = append(list, "moved forward: "+key)
			}
		}
		days[p.Village] = append(days[p.Village], p.Day)
		if used[at{p.Base, p.TurnSlot}]++; used[at{p.Base, p.TurnSlot}] > bases[p.Base].Capacity && !fixed(old) {
			list = append(list, fmt.Sprintf("more than the capacity on %s", p.Day))
		}
	}
	for _, u := range plan.Unplaced {
		key := string(u.Base) + string(u.Village)
		if seen[key] || u.Why.Kind == "" {
			list = append(list, "unplaced and placed, or no reason: "+key)
		}
		seen[key] = true
	}
	for key, t := range was {
		if !seen[key] && !t.State.Settled() {
			list = append(list, "forgotten: "+key)
		}
	}
	return list
}

// draw draws an input: a county in the middle of a cycle.
func draw(t *rapid.T) record.RotaInput {
	in := record.RotaInput{Cycle: cycle(rapid.IntRange(1, 3).Draw(t, "capacity"), rapid.IntRange(0, 6).Draw(t, "gap")), Today: today, Frozen: day(2)}
	if rapid.Bool().Draw(t, "first") {
		in.Cycle.First = village(1, 0).Township()
	}
	in.Turns = owed(in.Cycle, county(rapid.IntRange(1, 3).Draw(t, "townships"), rapid.IntRange(1, 5).Draw(t, "villages"))...)
	if rapid.Bool().Draw(t, "planned") {
		in.Turns = made(in.Turns, Plan(in))
	}
	in.Busy = map[record.Code][]record.Busy{}
	for i := range in.Turns {
		turn := &in.Turns[i]
		switch rapid.IntRange(0, 11).Draw(t, "fate") {
		case 0:
			turn.State, turn.Day = record.TurnServed, day(-rapid.IntRange(0, 9).Draw(t, "ago"))
		case 1:
			turn.Fixed = true
		case 2:
			turn.State, turn.MakeUp, turn.TurnSlot = record.TurnOwed, true, record.TurnSlot{}
		case 3:
			from := rapid.IntRange(0, 30).Draw(t, "leave")
			in.Busy[turn.Village] = append(in.Busy[turn.Village], record.Busy{Days: record.Days{From: day(from), To: day(from + 4)}, Kind: record.BusyLeave})
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "closures") {
		in.Days = append(in.Days, record.CalendarDay{
			Day: day(rapid.IntRange(0, 30).Draw(t, "closed")), Kind: record.Shut,
			Base: rapid.SampledFrom([]record.BaseID{"", "party", "clean"}).Draw(t, "base"),
		})
	}
	return in
}

func TestRulesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		plan := Plan(in)
		if faults := broken(in, plan); len(faults) > 0 {
			t.Fatal(faults)
		}
		if len(plan.Unplaced) > 0 {
			t.Fatalf("nobody is busy for ever, but %v", plan.Unplaced)
		}
		shuffled := in
		shuffled.Turns = rapid.Permutation(in.Turns).Draw(t, "order")
		if fmt.Sprint(plan) != fmt.Sprint(Plan(shuffled)) {
			t.Fatal("another order of the input gives another plan")
		}
	})
}

// Planning again what was planned moves nothing.
func TestAPlanIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		in.Turns = made(in.Turns, Plan(in))
		if moves := record.MovesOf(in.Turns, Plan(in)); len(moves) > 0 {
			t.Fatal(moves)
		}
	})
}

// A first plan follows the scheduled order at each base, everybody once.
func TestTheOrder(t *testing.T) {
	c := cycle(3, 3)
	c.First = village(1, 0).Township()
	plan := Plan(record.RotaInput{Cycle: c, Today: today, Turns: owed(c, county(3, 4)...)})
	var party []record.Code
	for _, p := range plan.Turns {
		if p.Base == "party" {
			party = append(party, p.Village)
		}
	}
	want := []record.Code{
		village(1, 0), village(1, 1), village(1, 2), // 1 December
		village(1, 3), village(2, 0), village(2, 1),
		village(2, 2), village(2, 3), village(0, 0),
		village(0, 1), village(0, 2), village(0, 3),
	}
	for i := range 4 { // a slot lists its branches in the office's order
		slices.Sort(want[3*i : 3*i+3])
	}
	if !slices.Equal(party, want) {
		t.Errorf("at the first base: %v\nwant %v", party, want)
	}
	if plan.Turns[0].Day != "2026-12-01" || plan.Turns[0].Hours != "09:00-11:30" {
		t.Errorf("the first turn is %+v", plan.Turns[0])
	}
}

// A day that falls out pushes its branches into the next slot, and those there
// on, in order, until free places take up the push: nobody is skipped.
func TestAClosurePushesOn(t *testing.T) {
	c := cycle(2, 0)
	c.Bases = c.Bases[:1]
	in := record.RotaInput{Cycle: c, Today: today, Turns: owed(c, county(1, 7)...)}
	in.Turns = made(in.Turns, Plan(in)) // 2 on 1, 3, 8 December, 1 on the 10th
	in.Days = []record.CalendarDay{{Day: "2026-12-03", Base: "party", Kind: record.Shut}}
	got := map[record.Code]record.Date{}
	for _, p := range Plan(in).Turns {
		got[p.Village] = p.Day
	}
	for n, want := range []record.Date{"2026-12-01", "2026-12-01", "2026-12-08", "2026-12-08", "2026-12-10", "2026-12-10", "2026-12-15"} {
		if v := village(0, n); got[v] != want {
			t.Errorf("%s: %s, want %s", v, got[v], want)
		}
	}
	if moves := record.MovesOf(in.Turns, Plan(in)); len(moves) != 5 {
		t.Errorf("%d turns move: %+v", len(moves), moves)
	}
}

// Leave of one branch pushes nobody: it gets the first free place.
func TestLeavePushesNobody(t *testing.T) {
	c := cycle(2, 0)
	c.Bases = c.Bases[:1]
	in := record.RotaInput{Cycle: c, Today: today, Turns: owed(c, county(1, 7)...)}
	in.Turns = made(in.Turns, Plan(in))
	in.Busy = map[record.Code][]record.Busy{village(0, 2): {{Days: record.Days{From: "2026-12-03", To: "2026-12-03"}, Kind: record.BusyLeave}}}
	moves := record.MovesOf(in.Turns, Plan(in))
	if len(moves) != 1 || moves[0].Village != village(0, 2) || moves[0].To.Day != "2026-12-10" {
		t.Errorf("moves: %+v", moves)
	}
}

func TestHolidays(t *testing.T) {
	c := cycle(1, 0)
	c.Bases = c.Bases[1:] // Wednesday and Friday
	c.From = "2026-12-30"
	in := record.RotaInput{Cycle: c, Today: "2026-12-29", Turns: owed(c, county(1, 3)...), Days: calendar.Year(2027)}
	plan := Plan(in)
	var days []record.Date
	for _, p := range plan.Turns {
		days = append(days, p.Day)
		if p.Provisional != (p.Day == "2026-12-30") {
			t.Errorf("%s provisional: %v", p.Day, p.Provisional)
		}
	}
	if want := []record.Date{"2026-12-30", "2027-01-06", "2027-01-08"}; !slices.Equal(days, want) {
		t.Errorf("days %v, want %v", days, want)
	}
}

func TestUnplacedHasAReason(t *testing.T) {
	c := cycle(1, 0)
	in := record.RotaInput{Cycle: c, Today: today, Turns: owed(c, village(0, 0))}
	in.Busy = map[record.Code][]record.Busy{village(0, 0): {{Days: record.Days{From: today, To: "2030-01-01"}, Kind: record.BusyLeave}}}
	plan := Plan(in)
	if len(plan.Unplaced) != 2 || plan.Unplaced[0].Why.Kind != record.WhyClash {
		t.Errorf("unplaced: %+v", plan.Unplaced)
	}
}

func BenchmarkCycle(b *testing.B) {
	c := cycle(12, 7)
	in := record.RotaInput{Cycle: c, Today: today, Turns: owed(c, county(17, 22)[:362]...), Days: slices.Concat(calendar.Year(2026), calendar.Year(2027))}
	planned := in
	planned.Turns = made(in.Turns, Plan(in))
	closed := planned
	closed.Days = append(slices.Clone(in.Days), record.CalendarDay{Day: "2026-12-08", Kind: record.Shut})
	for name, in := range map[string]record.RotaInput{"first plan": in, "a closure": closed} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if len(Plan(in).Turns) != 724 {
					b.Fatal("not everybody has two turns")
				}
			}
		})
	}
}

// A base that is shut for weeks pushes everybody on by about those weeks: whose other
// turn comes too near waits until it is far enough, and is not put behind the others.
func TestALongClosureSkipsNobody(t *testing.T) {
	c := cycle(12, 7)
	in := record.RotaInput{Cycle: c, Today: today, Frozen: today, Turns: owed(c, county(17, 21)...)}
	in.Turns = made(in.Turns, Plan(in))
	for weeks := 1; weeks <= 12; weeks++ {
		for _, base := range c.Bases {
			shut := in
			for i := range 7 * weeks {
				shut.Days = append(shut.Days, record.CalendarDay{Day: day(9 + i), Base: base.Base, Kind: record.Shut})
			}
			plan := Plan(shut)
			if list := broken(shut, plan); len(list) > 0 {
				t.Fatal(list[0])
			}
			was := map[string]record.Date{}
			for _, turn := range in.Turns {
				was[string(turn.Base)+string(turn.Village)] = turn.Day
			}
			most := 0
			for _, p := range plan.Turns {
				most = max(most, calendar.Between(was[string(p.Base)+string(p.Village)], p.Day))
			}
			if bound := 7*weeks + 2*c.Gap + 14; most > bound || len(plan.Unplaced) > 0 {
				t.Errorf("%s shut for %d weeks: a branch moves by %d days, want at most %d; %d have no day", base.Base, weeks, most, bound, len(plan.Unplaced))
			}
		}
	}
}

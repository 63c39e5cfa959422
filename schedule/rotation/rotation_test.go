package rotation

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/storage/record"
)

func village(township, n int) record.Code {
	return record.Code(fmt.Sprintf("630224%03d%03d", 100+township, 200+n))
}

func day(n int) record.Date {
	return record.DateOf(time.Date(2026, 12, 1+n, 0, 0, 0, 0, time.UTC))
}

// slot is a batch that begins on day n and lasts so many days.
func slot(n, from, days, seats int) record.BatchSlot {
	return record.BatchSlot{ID: record.BatchID(fmt.Sprintf("b%02d", n)), Days: record.Days{From: day(from), To: day(from + days - 1)}, Seats: seats}
}

// input draws an input; overlap lets batches share days.
func input(t *rapid.T, most int, overlap bool) record.RotationInput {
	in := record.RotationInput{Share: rapid.SampledFrom([]int{0, 20, 34, 50, 100}).Draw(t, "share"), Townships: map[record.Code]int{}}
	start := 0
	for i := range rapid.IntRange(0, 4).Draw(t, "batches") {
		days := rapid.IntRange(1, 4).Draw(t, "days")
		b := slot(i, start, days, rapid.IntRange(0, 3).Draw(t, "seats"))
		in.Batches = append(in.Batches, b)
		if start += days; overlap {
			start -= rapid.IntRange(0, days).Draw(t, "back")
		}
	}
	for i := range rapid.IntRange(0, most).Draw(t, "people") {
		in.Candidates = append(in.Candidates, candidate(t, in, i))
	}
	for _, c := range in.Candidates {
		in.Townships[c.Village.Township()]++
	}
	if len(in.Batches) > 0 && rapid.Bool().Draw(t, "held") {
		in.Batches[0].Held = []record.Code{village(0, 90)}
		in.Townships[village(0, 90).Township()]++
	}
	return in
}

func candidate(t *rapid.T, in record.RotationInput, i int) record.Candidate {
	c := record.Candidate{
		Village: village(rapid.IntRange(0, 2).Draw(t, "township"), i), Person: record.PersonID(fmt.Sprint("p", i+1)),
		Last:     rapid.SampledFrom([]record.Date{"", "", "2019-05-01", "2022-05-01"}).Draw(t, "last"),
		MakeUp:   rapid.IntRange(0, 5).Draw(t, "make-up") == 0,
		Excluded: rapid.IntRange(0, 9).Draw(t, "excluded") == 0,
	}
	if rapid.IntRange(0, 9).Draw(t, "vacant") == 0 {
		c.Person = ""
	}
	if rapid.IntRange(0, 2).Draw(t, "busy") == 0 {
		from := rapid.IntRange(0, 12).Draw(t, "from")
		c.Busy = []record.Busy{{Days: record.Days{From: day(from), To: day(from + rapid.IntRange(0, 3).Draw(t, "to"))}, Kind: record.BusyTurn}}
	}
	if len(in.Batches) > 0 {
		if b := in.Batches[rapid.IntRange(0, len(in.Batches)-1).Draw(t, "batch")].ID; rapid.IntRange(0, 9).Draw(t, "locked") == 0 {
			c.Locked = b
		} else if rapid.Bool().Draw(t, "now") {
			c.Now = b
		}
	}
	return c
}

// rules names every rule that a plan breaks.
func rules(in record.RotationInput, plan record.RotationPlan) (broken []string) {
	batches, people := map[record.BatchID]record.BatchSlot{}, map[record.Code]record.Candidate{}
	taken := map[record.BatchID]int{}
	away := map[record.Code]map[record.Date]int{}
	leave := func(v record.Code, days record.Days) {
		t := v.Township()
		if away[t] == nil {
			away[t] = map[record.Date]int{}
		}
		for d := range 40 {
			if days.Has(day(d)) {
				away[t][day(d)]++
			}
		}
	}
	for _, b := range in.Batches {
		batches[b.ID] = b
		taken[b.ID] = len(b.Held)
		for _, v := range b.Held {
			leave(v, b.Days)
		}
	}
	for _, c := range in.Candidates {
		people[c.Village] = c
	}
	seen := map[record.Code]bool{}
	for _, s := range plan.Seats {
		c, b := people[s.Village], batches[s.Batch]
		if seen[s.Village] {
			broken = append(broken, "twice: "+string(s.Village))
		}
		seen[s.Village] = true
		if taken[s.Batch]++; taken[s.Batch] > max(b.Seats, len(b.Held)) {
			broken = append(broken, "more people than seats: "+string(s.Batch))
		}
		for _, busy := range c.Busy {
			if busy.Meets(b.Days) {
				broken = append(broken, "busy: "+string(s.Village))
			}
		}
		if c.Excluded || c.Person == "" || (c.Locked != "" && c.Locked != s.Batch) {
			broken = append(broken, "against a hand or vacant: "+string(s.Village))
		}
		if s.Why.Kind == "" {
			broken = append(broken, "no reason: "+string(s.Village))
		}
		leave(s.Village, b.Days)
	}
	for _, o := range plan.Out {
		if seen[o.Village] || o.Why.Kind == "" {
			broken = append(broken, "out and in, or no reason: "+string(o.Village))
		}
		seen[o.Village] = true
	}
	if len(seen) != len(in.Candidates) {
		broken = append(broken, "somebody is neither in nor out")
	}
	for t, days := range away {
		for d, n := range days {
			held := 0
			for _, b := range in.Batches {
				if b.Has(d) {
					for _, v := range b.Held {
						if v.Township() == t {
							held++
						}
					}
				}
			}
			if n > max(1, in.Townships[t]*in.Share/100, held) {
				broken = append(broken, fmt.Sprintf("%d of %s away on %s", n, t, d))
			}
		}
	}
	return broken
}

func TestRulesHold(t *testing.T) {
	for _, overlap := range []bool{false, true} {
		t.Run(fmt.Sprint("overlap ", overlap), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				in := input(t, 14, overlap)
				plan := Plan(in)
				if broken := rules(in, plan); len(broken) > 0 {
					t.Fatal(broken)
				}
				shuffled := in
				shuffled.Candidates = rapid.Permutation(in.Candidates).Draw(t, "order")
				shuffled.Batches = rapid.Permutation(in.Batches).Draw(t, "order of batches")
				if !equal(plan, Plan(shuffled)) {
					t.Fatal("another order of the input gives another plan")
				}
			})
		})
	}
}

func equal(a, b record.RotationPlan) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// A draft that is planned again, with its own seats as Now, stays as it is.
func TestAPlanIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := input(t, 14, false)
		for i := range in.Candidates {
			in.Candidates[i].Now = ""
		}
		plan := Plan(in)
		if again := Plan(withNow(in, plan)); moved(plan, again) > 0 {
			t.Fatalf("moved %d\n%v\n%v", moved(plan, again), plan, again)
		}
	})
}

func withNow(in record.RotationInput, plan record.RotationPlan) record.RotationInput {
	now := map[record.Code]record.BatchID{}
	for _, s := range plan.Seats {
		now[s.Village] = s.Batch
	}
	in.Candidates = slices.Clone(in.Candidates)
	for i := range in.Candidates {
		in.Candidates[i].Now = now[in.Candidates[i].Village]
	}
	return in
}

// moved counts whose seat is another one, or gone.
func moved(before, after record.RotationPlan) (n int) {
	now := map[record.Code]record.BatchID{}
	for _, s := range after.Seats {
		now[s.Village] = s.Batch
	}
	for _, s := range before.Seats {
		if now[s.Village] != s.Batch {
			n++
		}
	}
	return n
}

// One person who drops out, or comes in, moves few others in the county's own
// size: at most the people who change batches for it, a handful.
func TestASmallChangeMovesFew(t *testing.T) {
	in := countyInput(362, 17, 12, 30)
	plan := Plan(in)
	in = withNow(in, plan)
	for _, i := range []int{0, 17, 100, 361} {
		changed := in
		changed.Candidates = slices.Clone(in.Candidates)
		changed.Candidates[i].Excluded = true
		if n := moved(plan, Plan(changed)); n > 4 {
			t.Errorf("without %s %d people move", in.Candidates[i].Village, n)
		}
		changed.Candidates[i].Excluded = false
		changed.Candidates[i].Busy = []record.Busy{{Days: record.Days{From: day(0), To: day(20)}, Kind: record.BusyLeave}}
		if n := moved(plan, Plan(changed)); n > 4 {
			t.Errorf("with leave of %s %d people move", in.Candidates[i].Village, n)
		}
	}
}

// Who goes is held against the best that brute force finds: people enter in
// order, each if those before and they together can all be seated.
func TestCoverageIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := input(t, 7, false)
		for i := range in.Candidates {
			in.Candidates[i].Locked = ""
		}
		plan := Plan(in)
		got := map[record.Code]bool{}
		for _, s := range plan.Seats {
			got[s.Village] = true
		}
		var in2 []record.Candidate
		want := map[record.Code]bool{}
		for _, c := range order(in.Candidates) {
			if c.Person == "" || c.Excluded {
				continue
			}
			if seatable(in, append(slices.Clone(in2), c)) {
				in2 = append(in2, c)
				want[c.Village] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seated %v\n  best %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	})
}

// seatable says whether all of some people can be seated, by trying everything.
func seatable(in record.RotationInput, people []record.Candidate) bool {
	var try func(i int, seats []record.RotationSeat) bool
	try = func(i int, seats []record.RotationSeat) bool {
		part := in
		part.Candidates = people[:i]
		if len(rules(part, record.RotationPlan{Seats: seats})) > 0 {
			return false
		}
		if i == len(people) {
			return true
		}
		for _, b := range in.Batches {
			s := record.RotationSeat{Village: people[i].Village, Batch: b.ID, Why: record.Why{Kind: record.WhyNever}}
			if try(i+1, append(slices.Clone(seats), s)) {
				return true
			}
		}
		return false
	}
	return try(0, nil)
}

func TestReasons(t *testing.T) {
	in := record.RotationInput{
		Share: 100, Townships: map[record.Code]int{village(0, 0).Township(): 9},
		Batches: []record.BatchSlot{slot(1, 0, 3, 3), slot(2, 5, 3, 1)},
		Candidates: []record.Candidate{
			{Village: village(0, 0), Person: "p1"},
			{Village: village(0, 1), Person: "p2", Last: "2020-05-01", MakeUp: true},
			{Village: village(0, 2), Person: "p3", Last: "2020-05-01"},
			{Village: village(0, 3), Person: ""},
			{Village: village(0, 4), Person: "p5", Excluded: true, Reason: "借调"},
			{Village: village(0, 5), Person: "p6", Locked: "b02", Reason: "本人要求"},
			{Village: village(0, 6), Person: "p7", Last: "2024-05-01"},
			{Village: village(0, 7), Person: "p8", Busy: []record.Busy{{Days: record.Days{From: day(1), To: day(6)}, Kind: record.BusyLeave}}},
			{Village: village(0, 8), Person: "p9", Locked: "b02", Reason: "调整"},
		},
	}
	plan := Plan(in)
	why := map[record.Code]string{}
	for _, s := range plan.Seats {
		why[s.Village] = fmt.Sprint(s.Batch, " ", s.Why)
	}
	for _, o := range plan.Out {
		why[o.Village] = fmt.Sprintf("out %v%v", o.Why, o.Blocks)
	}
	for v, want := range map[record.Code]string{
		village(0, 0): "b01 {never []}", village(0, 1): "b01 {make_up []}", village(0, 2): "b01 {longest [2020-05-01]}",
		village(0, 3): "out {vacant []}[]", village(0, 4): "out {excluded [借调]}[]", village(0, 5): "b02 {locked [本人要求]}",
		village(0, 6): "out {no_seats []}[]",
		village(0, 7): "out {all_clash []}[{b01 {clash [leave 2026-12-02 2026-12-07]}} {b02 {clash [leave 2026-12-02 2026-12-07]}}]",
		village(0, 8): "out {no_seats []}[]",
	} {
		if why[v] != want {
			t.Errorf("%s: %s\nwant %s", v, why[v], want)
		}
	}
}

func TestNext(t *testing.T) {
	in := countyInput(40, 4, 2, 10)
	plan := Plan(in)
	in = withNow(in, plan)
	freed := plan.Seats[0]
	for i := range in.Candidates {
		if in.Candidates[i].Village == freed.Village {
			in.Candidates[i].Now, in.Candidates[i].Excluded = "", true
		}
	}
	none := func(record.Code) bool { return false }
	first, ok := Next(in, freed.Batch, none)
	if !ok || first.Batch != freed.Batch || first.Why.Kind != record.WhyFreed {
		t.Fatalf("%+v, %v", first, ok)
	}
	if slices.ContainsFunc(plan.Seats, func(s record.RotationSeat) bool { return s.Village == first.Village }) {
		t.Error("somebody who has a seat is next")
	}
	second, ok := Next(in, freed.Batch, func(v record.Code) bool { return v == first.Village })
	if !ok || second.Village == first.Village {
		t.Errorf("after passing over %s: %+v, %v", first.Village, second, ok)
	}
	if _, ok := Next(in, freed.Batch, func(record.Code) bool { return true }); ok {
		t.Error("somebody who is passed over is next")
	}
	if _, ok := Next(in, "none", none); ok {
		t.Error("somebody is next for no batch")
	}
}

// Neighbours are mixed: a batch of the county's programme draws on most of its
// townships.
func TestNeighboursAreMixed(t *testing.T) {
	in := countyInput(362, 17, 12, 31)
	townships := map[record.BatchID]map[record.Code]bool{}
	for _, s := range Plan(in).Seats {
		if townships[s.Batch] == nil {
			townships[s.Batch] = map[record.Code]bool{}
		}
		townships[s.Batch][s.Village.Township()] = true
	}
	for b, list := range townships {
		if len(list) < 12 {
			t.Errorf("%s draws on %d townships", b, len(list))
		}
	}
}

// countyInput is a county: people in townships, batches of a week each, and
// turns at a base that keep a tenth busy at some time.
func countyInput(people, townships, batches, seats int) record.RotationInput {
	in := record.RotationInput{Share: 20, Townships: map[record.Code]int{}}
	for i := range batches {
		in.Batches = append(in.Batches, record.BatchSlot{
			ID: record.BatchID(fmt.Sprintf("b%04d", i)), Days: record.Days{From: day(7 * i), To: day(7*i + 4)}, Seats: seats,
		})
	}
	for i := range people {
		v := record.Code(fmt.Sprintf("%06d%03d%03d", 100000+i%townships/900, 100+i%townships%900, i/townships))
		c := record.Candidate{Village: v, Person: record.PersonID(fmt.Sprint("p", i+1))}
		if i%3 == 0 {
			c.Last = record.Date(fmt.Sprintf("20%02d-05-01", 15+i%9))
		}
		if i%10 == 0 {
			c.Busy = []record.Busy{{Days: record.Days{From: day(i % (7 * batches)), To: day(i % (7 * batches))}, Kind: record.BusyTurn}}
		}
		in.Candidates = append(in.Candidates, c)
		in.Townships[v.Township()]++
	}
	return in
}

func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct{ people, townships, batches, seats int }{
		{362, 17, 12, 30}, {362, 17, 12, 31}, {5000, 230, 100, 40}, {50_000, 2300, 1000, 40}, {50_000, 2300, 1000, 60},
	} {
		in := countyInput(size.people, size.townships, size.batches, size.seats)
		b.Run(fmt.Sprintf("%dx%dx%d", size.people, size.batches, size.seats), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if plan := Plan(in); len(plan.Seats) == 0 {
					b.Fatal("nobody goes")
				}
			}
		})
	}
}

// Package rotation assigns secretaries to the batches of rotation training. It
// is pure: everything it looks at is in a record.RotationInput, the same input
// gives the same plan whatever its order, and every seat and every person left
// out has a reason.
//
// # Rules that are never broken
//
//   - A batch has no more people than seats.
//   - On no day are more than Share percent of a township's secretaries away (at
//     least one may be); batches that overlap count together.
//   - Nobody goes while busy: a turn at a base, approved leave, another batch.
//   - Seats that are settled (BatchSlot.Held) stay; who is left out by hand is
//     left out. Who is put into a batch by hand gets that seat before all others
//     or, where a rule speaks against it, none.
//
// # Who goes first
//
// Who has never been trained, then who was absent and owes a make-up, then
// whoever's training is longest ago. Among equals the townships take turns, each
// with its villages in the office's order, so that neighbours are mixed.
//
// Where no two batches overlap the plan is the best there is for that order:
// nobody is left out because of somebody who comes after, and as many go as can
// (people enter one by one, and each may have others change batches to make
// room: the greedy rule of a transversal matroid, which is optimal). Where
// batches overlap, the rules hold as well, but a change of batches that would
// make room may be missed.
//
// # Who stays
//
// A candidate keeps the seat of the draft before (Candidate.Now) where nothing
// speaks against it and nobody before them needs it; so a small change of the
// input moves few people.
package rotation

import (
	"cmp"
	"slices"
	"strconv"

	"headgoose/storage/record"
)

// Plan assigns seats. It does not change its input.
func Plan(in record.RotationInput) record.RotationPlan {
	p := newPlanner(in)
	p.seatLocked()
	for i := range p.people {
		if c := &p.people[i]; c.batch == none && c.Locked == "" && p.mayGo(c) {
			p.seat(i)
		}
	}
	return p.plan()
}

// Next is who comes next for a freed seat of a batch: the first in order who has
// no seat (Candidate.Now), may go, and is not passed over; ok is false where
// there is nobody. The seat itself must be free.
func Next(in record.RotationInput, batch record.BatchID, skip func(village record.Code) bool) (seat record.RotationSeat, ok bool) {
	p := newPlanner(in)
	for i := range p.people { // who has a seat counts for the township's share
		if c := &p.people[i]; c.Now != "" {
			if b := p.index(c.Now); b != none {
				p.put(i, b)
			}
		}
	}
	b := p.index(batch)
	if b == none {
		return seat, false
	}
	for i := range p.people {
		c := &p.people[i]
		if c.batch != none || c.Locked != "" || !p.mayGo(c) || skip(c.Village) || p.clash(c, b) != nil || p.full(c.township, b) {
			continue
		}
		return record.RotationSeat{Village: c.Village, Batch: batch, Why: record.Why{Kind: record.WhyFreed}}, true
	}
	return seat, false
}

// none is the index of no batch.
const none = -1

// person is a candidate with what the planner knows besides.
type person struct {
	record.Candidate
	township int
	batch    int // none: no seat
}

// planner is one run.
type planner struct {
	batches   []record.BatchSlot
	people    []person // in the order of who goes first
	townships map[record.Code]int
	most      []int     // by township: how many may be away at one time
	left      []int     // by batch: seats that are free
	claimed   []int     // by batch: people not placed yet whose Now it is
	away      [][]int32 // by township and batch: how many go with it
	inBatch   [][]int   // by batch: the people placed, settled ones not among them
	at        [][][]int // by batch: the sets of batches that are away on one of its days
	overlap   bool
	search    search
}

func newPlanner(in record.RotationInput) *planner {
	p := &planner{batches: slices.Clone(in.Batches), townships: map[record.Code]int{}}
	slices.SortFunc(p.batches, func(a, b record.BatchSlot) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.ID, b.ID))
	})
	p.number(in)
	for _, c := range order(in.Candidates) {
		p.people = append(p.people, person{Candidate: c, township: p.townships[c.Village.Township()], batch: none})
	}
	n := len(p.batches)
	p.left, p.claimed, p.inBatch = make([]int, n), make([]int, n), make([][]int, n)
	p.away = make([][]int32, len(p.townships))
	cells := make([]int32, n*len(p.townships))
	for t := range p.away {
		p.away[t] = cells[t*n : (t+1)*n]
	}
	for b, slot := range p.batches {
		p.left[b] = max(0, slot.Seats-len(slot.Held))
		for _, v := range slot.Held {
			p.away[p.townships[v.Township()]][b]++
		}
	}
	p.findOverlaps()
	for i := range p.people {
		if c := &p.people[i]; c.Now != "" && c.Locked == "" && p.mayGo(c) {
			if b := p.index(c.Now); b != none && p.clash(c, b) == nil {
				p.claimed[b]++
			}
		}
	}
	p.search.init(p)
	return p
}

// number numbers the townships in the office's order and says how many of each
// may be away.
func (p *planner) number(in record.RotationInput) {
	var codes []record.Code
	for t := range in.Townships {
		codes = append(codes, t)
	}
	for _, c := range in.Candidates {
		codes = append(codes, c.Village.Township())
	}
	for _, b := range p.batches {
		for _, v := range b.Held {
			codes = append(codes, v.Township())
		}
	}
	slices.Sort(codes)
	for i, t := range slices.Compact(codes) {
		p.townships[t] = i
		p.most = append(p.most, max(1, in.Townships[t]*in.Share/100))
	}
}

// order puts candidates in the order of who goes first.
func order(candidates []record.Candidate) []record.Candidate {
	list := slices.Clone(candidates)
	slices.SortFunc(list, func(a, b record.Candidate) int { return cmp.Compare(a.Village, b.Village) })
	rank := map[record.Code]int{} // of a village among the equals of its township
	type class struct {
		township record.Code
		tier     int
		last     record.Date
	}
	seen := map[class]int{}
	for _, c := range list {
		k := class{c.Village.Township(), tier(c), c.Last}
		rank[c.Village] = seen[k]
		seen[k]++
	}
	slices.SortStableFunc(list, func(a, b record.Candidate) int {
		return cmp.Or(
			cmp.Compare(tier(a), tier(b)), cmp.Compare(a.Last, b.Last),
			cmp.Compare(rank[a.Village], rank[b.Village]), cmp.Compare(a.Village, b.Village),
		)
	})
	return list
}

// tier is how soon somebody goes: never trained, a make-up due, trained before.
func tier(c record.Candidate) int {
	switch {
	case c.Last == "":
		return 0
	case c.MakeUp:
		return 1
	}
	return 2
}

// findOverlaps finds for each batch which batches are away together on its days:
// the sets at its own first day and at the first days of those that begin
// within it (a set never grows between two beginnings).
func (p *planner) findOverlaps() {
	p.at = make([][][]int, len(p.batches))
	for b, slot := range p.batches {
		for _, x := range p.batches {
			if !slot.Has(x.From) || (x.From == slot.From && x.ID != slot.ID) {
				continue
			}
			var set []int
			for y, other := range p.batches {
				if other.Has(x.From) {
					set = append(set, y)
				}
				if other.From > x.From {
					break
				}
			}
			p.at[b] = append(p.at[b], set)
			p.overlap = p.overlap || len(set) > 1
		}
	}
}

func (p *planner) index(id record.BatchID) int {
	return slices.IndexFunc(p.batches, func(b record.BatchSlot) bool { return b.ID == id })
}

// mayGo says whether somebody may have a seat at all.
func (p *planner) mayGo(c *person) bool { return c.Person != "" && !c.Excluded && c.Same == "" }

// clash is what keeps somebody from a batch; nil where nothing does.
func (p *planner) clash(c *person, b int) *record.Busy {
	for i := range c.Busy {
		if c.Busy[i].Meets(p.batches[b].Days) {
			return &c.Busy[i]
		}
	}
	return nil
}

// full says whether on some day of a batch as many of a township are away as may
// be.
func (p *planner) full(township, b int) bool {
	if !p.overlap {
		return int(p.away[township][b]) >= p.most[township]
	}
	for _, set := range p.at[b] {
		n := 0
		for _, x := range set {
			n += int(p.away[township][x])
		}
		if n >= p.most[township] {
			return true
		}
	}
	return false
}

// put gives somebody a seat, take takes it back.
func (p *planner) put(i, b int) {
	c := &p.people[i]
	c.batch = b
	p.left[b]--
	p.away[c.township][b]++
	p.inBatch[b] = append(p.inBatch[b], i)
}

func (p *planner) take(i int) {
	c := &p.people[i]
	b := c.batch
	c.batch = none
	p.left[b]++
	p.away[c.township][b]--
	p.inBatch[b] = slices.DeleteFunc(p.inBatch[b], func(other int) bool { return other == i })
}

// seatLocked seats those who were put into a batch by hand.
func (p *planner) seatLocked() {
	for i := range p.people {
		c := &p.people[i]
		if c.Locked == "" || !p.mayGo(c) {
			continue
		}
		if b := p.index(c.Locked); b != none && p.left[b] > 0 && !p.full(c.township, b) && p.clash(c, b) == nil {
			p.put(i, b)
		}
	}
}

// seat finds a seat for somebody: the one of the draft before, else a free one,
// else one that others make free by changing batches.
func (p *planner) seat(i int) {
	c := &p.people[i]
	if now := p.index(c.Now); c.Now != "" && now != none && p.clash(c, now) == nil {
		p.claimed[now]--
		if p.left[now] > 0 && !p.full(c.township, now) {
			p.put(i, now)
			return
		}
	}
	if b := p.free(c); b != none {
		p.put(i, b)
		return
	}
	p.search.run(i)
}

// free is the free seat that suits somebody best: one that nobody claims, in the
// batch with the fewest of the township, the earliest.
func (p *planner) free(c *person) int {
	best, bestKey := none, [2]int{}
	for b := range p.batches {
		if p.left[b] <= 0 || p.full(c.township, b) || p.clash(c, b) != nil {
			continue
		}
		key := [2]int{0, int(p.away[c.township][b])}
		if p.left[b] <= p.claimed[b] {
			key[0] = 1
		}
		if best == none || slices.Compare(key[:], bestKey[:]) < 0 {
			best, bestKey = b, key
		}
	}
	return best
}

// plan writes the result down.
func (p *planner) plan() record.RotationPlan {
	var plan record.RotationPlan
	for i := range p.people {
		c := &p.people[i]
		if c.batch != none {
			plan.Seats = append(plan.Seats, record.RotationSeat{Village: c.Village, Batch: p.batches[c.batch].ID, Why: whySeat(c)})
		} else {
			plan.Out = append(plan.Out, p.whyOut(c))
		}
	}
	slices.SortFunc(plan.Seats, func(a, b record.RotationSeat) int {
		return cmp.Or(cmp.Compare(p.index(a.Batch), p.index(b.Batch)), cmp.Compare(a.Village, b.Village))
	})
	slices.SortFunc(plan.Out, func(a, b record.RotationOut) int { return cmp.Compare(a.Village, b.Village) })
	return plan
}

func whySeat(c *person) record.Why {
	switch {
	case c.Locked != "":
		return record.Why{Kind: record.WhyLocked, Args: []string{c.Reason}}
	case c.Last == "":
		return record.Why{Kind: record.WhyNever}
	case c.MakeUp:
		return record.Why{Kind: record.WhyMakeUp}
	}
	return record.Why{Kind: record.WhyLongest, Args: []string{string(c.Last)}}
}

// whyOut says why somebody has no seat, and what speaks against each batch.
func (p *planner) whyOut(c *person) record.RotationOut {
	out := record.RotationOut{Village: c.Village}
	switch {
	case c.Person == "":
		out.Why.Kind = record.WhyVacant
		return out
	case c.Same != "":
		out.Why.Kind = record.WhySame
		return out
	case c.Excluded:
		out.Why = record.Why{Kind: record.WhyExcluded, Args: []string{c.Reason}}
		return out
	}
	for b, slot := range p.batches {
		if c.Locked != "" && slot.ID != c.Locked {
			continue
		}
		if busy := p.clash(c, b); busy != nil {
			out.Blocks = append(out.Blocks, record.Block{Batch: slot.ID, Why: record.Why{
				Kind: record.WhyClash, Args: []string{string(busy.Kind), string(busy.From), string(busy.To)},
			}})
		} else if p.full(c.township, b) {
			out.Blocks = append(out.Blocks, record.Block{Batch: slot.ID, Why: record.Why{
				Kind: record.WhyTownship, Args: []string{strconv.Itoa(p.most[c.township])},
			}})
		}
	}
	out.Why.Kind = record.WhyNoSeats
	switch {
	case c.Locked != "" && len(out.Blocks) == 1:
		out.Why = out.Blocks[0].Why
	case c.Locked == "" && len(p.batches) > 0 && len(out.Blocks) == len(p.batches):
		out.Why.Kind = record.WhyAllClash
	}
	return out
}

package rotation

// search looks for a seat that others make free by changing batches: a path from
// the person through people who give up a place, to a free one. It is breadth
// first, so as few as possible change.
//
// A place in a batch has two parts: room in the township's share, and a seat.
// Where the share is used up, one of the township has to leave that batch, and
// leaves both parts; where only the seats are, anybody of the batch.
//
// What a failed search has reached leads to no free place, then and ever after:
// later changes happen elsewhere (nothing that was reached leads out). So it is
// never looked at again, and all searches together cost the size of the input.
// That holds where no batches overlap; where some do, each search begins anew.
type search struct {
	p    *planner
	dead [2][]bool // by kind of node: reached by a failed search
	seen [2][]int  // by kind of node: the run that reached it
	all  []int     // by township: the run in which somebody free on all days looked on
	lost []bool    // the same, by failed searches
	run_ int
	todo []step
}

// The kinds of nodes: a township's share of a batch, and a batch's seats.
const (
	share = iota
	seats
)

// step is a node that was reached: who would take the place, and the step whose
// person takes that person's old place.
type step struct {
	kind   int
	batch  int
	person int
	from   int // index in todo; none: the person who looks for a seat
}

func (s *search) init(p *planner) {
	s.p = p
	shares := len(p.townships) * len(p.batches)
	s.dead = [2][]bool{make([]bool, shares), make([]bool, len(p.batches))}
	s.seen = [2][]int{make([]int, shares), make([]int, len(p.batches))}
	s.all, s.lost = make([]int, len(p.townships)), make([]bool, len(p.townships))
}

// run finds a seat for somebody, if there is one, and has everybody on the path
// change.
func (s *search) run(i int) {
	s.run_++
	s.todo = s.todo[:0]
	s.lookOn(i, none)
	for at := 0; at < len(s.todo); at++ { //nolint:intrange // the list grows while it is walked
		st := s.todo[at]
		township := s.p.people[st.person].township
		switch {
		case st.kind == share && s.p.full(township, st.batch):
			for _, other := range s.p.inBatch[st.batch] {
				if s.p.people[other].township == township {
					s.moveOn(other, at)
				}
			}
		case st.kind == share:
			s.reach(step{seats, st.batch, st.person, st.from})
		case s.p.left[st.batch] > 0:
			if s.apply(at) {
				return
			}
		default:
			for _, other := range s.p.inBatch[st.batch] {
				s.moveOn(other, at)
			}
		}
	}
	s.fail()
}

// moveOn has somebody who would give up a place look for another one. Who was
// put there by hand stays.
func (s *search) moveOn(i, from int) {
	if s.p.people[i].Locked == "" {
		s.lookOn(i, from)
	}
}

// lookOn reaches every batch that somebody could go with.
func (s *search) lookOn(i, from int) {
	c := &s.p.people[i]
	if len(c.Busy) == 0 {
		if s.all[c.township] == s.run_ || s.lost[c.township] {
			return // somebody of the township has looked everywhere
		}
		s.all[c.township] = s.run_
	}
	for b := range s.p.batches {
		if b != c.batch && s.p.clash(c, b) == nil {
			s.reach(step{share, b, i, from})
		}
	}
}

func (s *search) node(st step) int {
	if st.kind == seats {
		return st.batch
	}
	return s.p.people[st.person].township*len(s.p.batches) + st.batch
}

func (s *search) reach(st step) {
	n := s.node(st)
	if s.dead[st.kind][n] || s.seen[st.kind][n] == s.run_ {
		return
	}
	s.seen[st.kind][n] = s.run_
	s.todo = append(s.todo, st)
}

// apply has everybody on a path to a free seat take the next one's place, and
// says whether every township's share still holds; where it does not (batches
// that overlap), nothing is changed.
func (s *search) apply(at int) bool {
	type move struct{ person, from, to int }
	var moves []move
	for at != none {
		st := s.todo[at]
		moves = append(moves, move{st.person, s.p.people[st.person].batch, st.batch})
		at = st.from
	}
	for _, m := range moves {
		if m.from != none {
			s.p.take(m.person)
		}
		s.p.put(m.person, m.to)
	}
	if !s.p.overlap {
		return true
	}
	for _, m := range moves {
		if s.p.over(s.p.people[m.person].township, m.to) {
			for i := len(moves) - 1; i >= 0; i-- {
				s.p.take(moves[i].person)
				if moves[i].from != none {
					s.p.put(moves[i].person, moves[i].from)
				}
			}
			return false
		}
	}
	return true
}

// over says whether on some day of a batch more of a township are away than may
// be.
func (p *planner) over(township, b int) bool {
	for _, set := range p.at[b] {
		n := 0
		for _, x := range set {
			n += int(p.away[township][x])
		}
		if n > p.most[township] {
			return true
		}
	}
	return false
}

// fail keeps what the search has reached from being looked at again.
func (s *search) fail() {
	if s.p.overlap {
		return
	}
	for _, st := range s.todo {
		s.dead[st.kind][s.node(st)] = true
	}
	for t, run := range s.all {
		s.lost[t] = s.lost[t] || run == s.run_
	}
}

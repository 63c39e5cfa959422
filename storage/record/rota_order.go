package record

// turnAt is a slot of a base.
type turnAt struct {
	base BaseID
	slot TurnSlot
}

// InOrder puts the moves of a change into an order in which each finds room when
// it is made, one after the other: a slot that is full is left before it is
// entered. Where moves wait for each other in a circle, one of them is made in
// two steps, over being owed. turns are those of the cycle as they stand. Moves
// into slots that stay full come last; they will be refused.
func InOrder(c Cycle, turns []Turn, moves []TurnMove) []TurnMove {
	free := map[turnAt]int{}
	room := map[BaseID]int{}
	for _, b := range c.Bases {
		room[b.Base] = b.Capacity
	}
	for _, t := range turns {
		if t.State == TurnPlanned {
			free[turnAt{t.Base, t.TurnSlot}]--
		}
	}
	ordered := make([]TurnMove, 0, len(moves))
	apply := func(m TurnMove) {
		if m.From.Day != "" {
			free[turnAt{m.Base, m.From}]++
		}
		if m.To.Day != "" {
			free[turnAt{m.Base, m.To}]--
		}
		ordered = append(ordered, m)
	}
	for left := moves; len(left) > 0; {
		var wait []TurnMove
		for _, m := range left {
			if m.To.Day == "" || room[m.Base]+free[turnAt{m.Base, m.To}] > 0 {
				apply(m)
			} else {
				wait = append(wait, m)
			}
		}
		if len(wait) == len(left) && !stepAside(wait, apply) {
			return append(ordered, wait...)
		}
		left = wait
	}
	return ordered
}

// stepAside breaks a circle: the first move that leaves a slot does so, and
// enters its new one later. It says whether there is one.
func stepAside(wait []TurnMove, apply func(TurnMove)) bool {
	for i, m := range wait {
		if m.From.Day != "" {
			apply(TurnMove{Base: m.Base, Village: m.Village, From: m.From, Was: m.Was})
			wait[i].From = TurnSlot{}
			return true
		}
	}
	return false
}

// Net joins the steps of each turn into one move, in the order of their first
// ones; a turn that comes back to where it was is left out.
func Net(moves []TurnMove) []TurnMove {
	type turn struct {
		base    BaseID
		village Code
	}
	at := map[turn]int{}
	var net []TurnMove
	for _, m := range moves {
		key := turn{m.Base, m.Village}
		if i, found := at[key]; found {
			net[i].To, net[i].Provisional = m.To, m.Provisional
			continue
		}
		at[key] = len(net)
		net = append(net, m)
	}
	kept := net[:0]
	for _, m := range net {
		if m.From != m.To {
			kept = append(kept, m)
		}
	}
	return kept
}

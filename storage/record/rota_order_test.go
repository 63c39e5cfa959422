package record

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Whatever moves from one full plan to another, in order each finds room, and at
// the end every turn stands where it was to go.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days, room := rapid.IntRange(1, 6).Draw(t, "days"), rapid.IntRange(1, 3).Draw(t, "room")
		c := Cycle{Bases: []CycleBase{{Base: "party", Capacity: room}}}
		var places []TurnSlot
		for d := range days {
			for range room {
				places = append(places, TurnSlot{Day: Date(fmt.Sprintf("2026-12-%02d", d+1)), Hours: "09:00-11:30"})
			}
		}
		// Each turn has one of all places, or none, before and after.
		before, after := rapid.Permutation(places).Draw(t, "before"), rapid.Permutation(places).Draw(t, "after")
		var turns []Turn
		var moves []TurnMove
		for i := range places {
			turn := Turn{Base: "party", Village: Code(fmt.Sprint("v", i)), State: TurnPlanned, TurnSlot: before[i]}
			to := after[i]
			if rapid.Bool().Draw(t, "owed before") {
				turn.State, turn.TurnSlot = TurnOwed, TurnSlot{}
			}
			if rapid.IntRange(0, 4).Draw(t, "owed after") == 0 {
				to = TurnSlot{}
			}
			turns = append(turns, turn)
			if to != turn.TurnSlot {
				moves = append(moves, TurnMove{Base: "party", Village: turn.Village, From: turn.TurnSlot, To: to})
			}
		}
		moves = rapid.Permutation(moves).Draw(t, "order")
		at, in := map[Code]TurnSlot{}, map[TurnSlot]int{}
		for _, turn := range turns {
			at[turn.Village] = turn.TurnSlot
			in[turn.TurnSlot]++
		}
		ordered := InOrder(c, turns, moves)
		for _, m := range ordered {
			if at[m.Village] != m.From {
				t.Fatalf("%+v, but the turn stands at %v", m, at[m.Village])
			}
			if m.To.Day != "" && in[m.To] >= room {
				t.Fatalf("%+v finds no room", m)
			}
			in[m.From]--
			in[m.To]++
			at[m.Village] = m.To
		}
		net := Net(ordered)
		if len(net) != len(moves) {
			t.Fatalf("%d moves in all, want %d", len(net), len(moves))
		}
		for _, m := range moves {
			if at[m.Village] != m.To {
				t.Fatalf("%s ends at %v, want %v", m.Village, at[m.Village], m.To)
			}
		}
	})
}

func TestInOrderOfWhatCannotBe(t *testing.T) {
	slot := TurnSlot{Day: "2026-12-01", Hours: "09:00-11:30"}
	c := Cycle{Bases: []CycleBase{{Base: "party", Capacity: 1}}}
	turns := []Turn{{Base: "party", Village: "a", State: TurnPlanned, TurnSlot: slot}}
	moves := []TurnMove{{Base: "party", Village: "b", To: slot}}
	if got := InOrder(c, turns, moves); len(got) != 1 || got[0] != moves[0] {
		t.Errorf("got %+v", got)
	}
}

package boltkv

import (
	"context"
	"slices"
	"sync"
)

// A group is bounded, so that the first of its members does not wait for an
// endless stream of others, and a commit stays small.
const (
	maxGroup      = 512
	maxGroupBytes = 4 << 20
)

// turns says who may write. One caller has the turn; it runs its function and
// passes the turn on, together with the open group, to the one who has waited
// longest. Where nobody waits, or the group is full, it commits and passes
// the turn on without a group.
type turns struct {
	mu      sync.Mutex
	taken   bool
	waiting []*place
}

// place is a caller's place in the line.
type place struct {
	turn  chan *group // receives the turn once; nil: begin a new group
	alone bool        // wants a commit of its own
}

// take waits for the turn. A nil group means that the caller opens one. ok is
// false where ctx ended first; then the caller has no turn.
func (t *turns) take(ctx context.Context, alone bool) (g *group, ok bool) {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil, true
	}
	p := &place{turn: make(chan *group, 1), alone: alone}
	t.waiting = append(t.waiting, p)
	t.mu.Unlock()

	select {
	case g = <-p.turn:
		return g, true
	case <-ctx.Done():
		if t.leave(p) {
			return nil, false
		}
		return <-p.turn, true // it was on its way
	}
}

// leave gives up a place; false where the turn has already been passed to it.
func (t *turns) leave(p *place) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, p)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return true
}

// join passes the turn to the next in line, to run in g; false where nobody
// waits or g takes no more: then the caller still has the turn, and commits.
func (t *turns) join(g *group) bool {
	t.mu.Lock()
	if len(t.waiting) == 0 || g.full() || t.waiting[0].alone {
		t.mu.Unlock()
		return false
	}
	next := t.pop()
	t.mu.Unlock()
	next.turn <- g
	return true
}

// release passes the turn to the next in line, to open a group.
func (t *turns) release() {
	t.mu.Lock()
	if len(t.waiting) == 0 {
		t.taken = false
		t.mu.Unlock()
		return
	}
	next := t.pop()
	t.mu.Unlock()
	next.turn <- nil
}

func (t *turns) pop() *place {
	p := t.waiting[0]
	t.waiting[0] = nil
	t.waiting = t.waiting[1:]
	return p
}

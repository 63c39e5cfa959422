package memkv

import (
	"bytes"
	"hash/maphash"

	"headgoose/storage/kv"
)

// node is a node of a treap: ordered by key, and a heap by priority. The
// priority is a hash of the key, so the shape depends on the set of keys alone
// and is balanced whatever the order of writes. Nodes never change: with and
// without copy the path to what they change. A nil node is the empty tree.
type node struct {
	key, value  []byte
	priority    uint64
	left, right *node
}

var seed = maphash.MakeSeed()

// get finds the node of key, or nil.
func (n *node) get(key []byte) *node {
	for n != nil {
		switch order := bytes.Compare(key, n.key); {
		case order < 0:
			n = n.left
		case order > 0:
			n = n.right
		default:
			return n
		}
	}
	return nil
}

// with is the tree in which key has value.
func (n *node) with(key, value []byte) *node {
	return n.insert(&node{key: key, value: value, priority: maphash.Bytes(seed, key)})
}

func (n *node) insert(fresh *node) *node {
	if n == nil {
		return fresh
	}
	c := *n
	switch order := bytes.Compare(fresh.key, n.key); {
	case order < 0:
		c.left = n.left.insert(fresh)
		if l := c.left; l.priority > c.priority { // rotate; l is new, so it may change
			c.left, l.right = l.right, &c
			return l
		}
	case order > 0:
		c.right = n.right.insert(fresh)
		if r := c.right; r.priority > c.priority {
			c.right, r.left = r.left, &c
			return r
		}
	default:
		c.key, c.value = fresh.key, fresh.value
	}
	return &c
}

// without is the tree in which key is not there.
func (n *node) without(key []byte) *node {
	if n.get(key) == nil {
		return n
	}
	c := *n
	switch order := bytes.Compare(key, n.key); {
	case order < 0:
		c.left = n.left.without(key)
	case order > 0:
		c.right = n.right.without(key)
	default:
		return join(n.left, n.right)
	}
	return &c
}

// join is the tree of both, where every key of a is below every key of b.
func join(a, b *node) *node {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if a.priority > b.priority {
		c := *a
		c.right = join(a.right, b)
		return &c
	}
	c := *b
	c.left = join(a, b.left)
	return &c
}

// walk yields the nodes of r in its order until yield returns false.
func (n *node) walk(r kv.Range, yield func(*node) bool) bool {
	if n == nil {
		return true
	}
	above := bytes.Compare(r.Lo, n.key) <= 0
	below := len(r.Hi) == 0 || bytes.Compare(n.key, r.Hi) < 0
	first, second := n.left, n.right
	goFirst, goSecond := above, below
	if r.Reverse {
		first, second = second, first
		goFirst, goSecond = goSecond, goFirst
	}
	if goFirst && !first.walk(r, yield) {
		return false
	}
	if above && below && !yield(n) {
		return false
	}
	return !goSecond || second.walk(r, yield)
}

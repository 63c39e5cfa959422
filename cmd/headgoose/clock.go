package main

import (
	"sync/atomic"
	"time"
)

// movableClock is a clock plus an offset that a demo moves on.
type movableClock struct {
	base   func() time.Time
	offset atomic.Int64
}

// startingAt is a clock that shows t now and goes on as the machine's does, in
// the zone of t: the demo's page shows the hours that the bot speaks of.
func startingAt(t time.Time) *movableClock {
	c := &movableClock{base: func() time.Time { return time.Now().In(t.Location()) }}
	c.offset.Store(int64(time.Until(t)))
	return c
}

// standingAt is a clock that shows t until it is moved.
func standingAt(t time.Time) *movableClock {
	return &movableClock{base: func() time.Time { return t }}
}

// Now is the time that the clock shows.
func (c *movableClock) Now() time.Time { return c.base().Add(time.Duration(c.offset.Load())) }

// move puts the clock forward.
func (c *movableClock) move(d time.Duration) { c.offset.Add(int64(d)) }

// real puts the clock to the machine's.
func (c *movableClock) real() { c.offset.Store(0) }

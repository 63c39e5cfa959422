//go:build race

package main

// yearDays is less under the race detector, which makes a look ten times as long.
const yearDays = 30

// underRace: the race detector is on.
const underRace = true

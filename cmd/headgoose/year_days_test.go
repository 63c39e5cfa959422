//go:build !race

package main

const yearDays = 365

// underRace: the race detector is on.
const underRace = false

package main

import "runtime/debug"

// What the collector aims at. Half the usual growth between two collections
// costs a few percent of the processor, which waits for disk and network most
// of the time, and keeps the peak of a rush low; memoryGoal, which is no hard
// limit, has it work harder as the heap nears it.
const (
	heapGrowth = 50 // percent
	memoryGoal = 32 << 20
)

// tuneMemory trades a little time for memory: a county's machine is small.
func tuneMemory() {
	debug.SetGCPercent(heapGrowth)
	debug.SetMemoryLimit(memoryGoal)
}

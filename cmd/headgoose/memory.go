package main

import "runtime/debug"

// memoryGoal is below what the program is to stay resident in; the collector
// works harder as it nears it. It is no hard limit.
const memoryGoal = 32 << 20

// tuneMemory trades a little time for memory: a county's machine is small, and
// the program waits for the disk and the network, not for the processor.
func tuneMemory() {
	debug.SetMemoryLimit(memoryGoal)
}

package main

// maxSocketPath is the longest path of a unix socket that every system takes.
const maxSocketPath = 103

// controlPath is the socket on which the bot that holds a data file answers
// `headgoose backup` and the like.
func controlPath(dataFile string) string { return dataFile + ".sock" }

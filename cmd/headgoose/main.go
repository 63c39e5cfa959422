// Command headgoose is a chat bot for the work groups of a county's village
// party branches.
//
//	headgoose demo                        a county's day on this machine, no token needed
//	headgoose run --config config.yaml    the bot for real
//
// Its other commands work on the data: check, roster, backup, restore. While
// the bot runs they go through it, by a socket beside the data file; otherwise
// they open the file themselves. See `headgoose help` and config.example.yaml.
//
// The exit code is 0 for success, 1 for a failure or for faults that were
// found, 2 for a command line that was not understood.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the county's zone, on a machine that has no zone data
)

const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	// The first signal stops in order, a second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, terminal{os.Stdin, os.Stdout, os.Stderr, os.LookupEnv}, os.Args[1:]))
}

// terminal is what a command talks to.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	env      environment
}

// execute runs a command line and says how to exit.
func execute(ctx context.Context, t terminal, args []string) int {
	understood := false
	root := newRoot(t, &understood)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case !understood:
		say(t.err, "headgoose: %v\nSee: headgoose help\n", err)
		return exitUsage
	}
	say(t.err, "headgoose: %v\n", err)
	return exitFailed
}

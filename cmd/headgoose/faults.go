package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// fault is one thing that is wrong in the configuration, and what is right.
type fault struct {
	line, col int    // from 1
	path      string // such as telegram.webhook.url; empty for the whole file
	text      string
	form      bool // the value could not be read at all
}

// faults are all that is wrong in a configuration file, in its order.
type faults struct {
	file string
	list []fault
}

// Error lists every fault on a line of its own, as file:line:column: key: text.
func (f *faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d fault(s):", len(f.list))
	for _, one := range f.list {
		fmt.Fprintf(&b, "\n%s:%d:%d: ", f.file, one.line, one.col)
		if one.path != "" {
			b.WriteString(one.path + ": ")
		}
		b.WriteString(one.text)
	}
	return b.String()
}

// sorted puts the faults in the order of the file, each once.
func (f *faults) sorted() *faults {
	slices.SortStableFunc(f.list, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
	})
	f.list = slices.Compact(f.list)
	return f
}

// asFaults finds the faults in an error.
func asFaults(err error) (*faults, bool) {
	var f *faults
	ok := errors.As(err, &f)
	return f, ok
}

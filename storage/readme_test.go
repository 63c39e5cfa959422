package storage

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeListsTheKeys holds the layout in README.md against the comments at
// the heads of the files.
func TestReadmeListsTheKeys(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?m)^// Keys:\n//\n((?://\t.*\n)+)`)
	keys := 0
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m := block.FindSubmatch(source)
		if m == nil {
			continue
		}
		for line := range strings.Lines(string(m[1])) {
			key, _, _ := strings.Cut(strings.TrimPrefix(line, "//\t"), "->")
			keys++
			if !strings.Contains(string(readme), "| `"+strings.TrimSpace(key)+"` |") {
				t.Errorf("README.md does not list %s of %s", strings.TrimSpace(key), name)
			}
		}
	}
	if keys < 30 {
		t.Errorf("only %d keys were found in the sources", keys)
	}
}

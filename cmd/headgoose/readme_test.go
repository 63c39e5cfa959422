package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"headgoose/bot"
	"headgoose/bot/text"
)

// readmes are the two languages of one page, which name the same commands.
var readmes = []string{"README.md", "README.zh-CN.md"}

var (
	// a command line in a block, a span or a unit file; what follows a comment
	// sign or ends a span is not of it.
	commandLine = regexp.MustCompile("(?m)(?:^|[`(=/ ])headgoose ((?:[a-z]+)(?: +[^\\s`#)]+)*)")
	bareLine    = regexp.MustCompile("`((?:roster|backup|restore|check|run|demo) [^`]+)`")
	codeBlock   = regexp.MustCompile("(?ms)^```.*?^```")
	sameBlock   = regexp.MustCompile("(?ms)^```(?:ini|nginx|csv)$.*?^```")
	codeSpan    = regexp.MustCompile("`[^`\n]+`")
	pageLink    = regexp.MustCompile(`\]\(([^)]+)\)`)
	goCommand   = regexp.MustCompile("go (?:test|run|build|doc)[^`\\n#]*")
	chatCommand = regexp.MustCompile("(?m)^\\|[^|]*\\| `/([a-z]+)[^`]*` \\| ([^ |]+)")
)

func readReadme(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// code is what stands in blocks and spans, a piece a line.
func code(page string) string {
	pieces := codeSpan.FindAllString(codeBlock.ReplaceAllString(page, ""), -1)
	for _, block := range codeBlock.FindAllString(page, -1) {
		if !strings.HasPrefix(block, "```\n") { // those are drawings
			pieces = append(pieces, block)
		}
	}
	return strings.Join(pieces, "\n")
}

// commandLines are the program's command lines that a page names, in order.
func commandLines(page string) (lines []string) {
	text := code(page)
	for _, re := range []*regexp.Regexp{commandLine, bareLine} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(m[1], "headgoose "))) // sudo -u headgoose headgoose …
		}
	}
	return lines
}

func testRoot() *cobra.Command {
	understood := false
	return newRoot(terminal{strings.NewReader(""), io.Discard, io.Discard, vars(nil)}, &understood)
}

// unknownIn says what of a command line the program does not have.
func unknownIn(root *cobra.Command, line string) string {
	words := strings.Fields(line)
	cmd, rest, err := root.Find(words)
	if err != nil || !cmd.Runnable() {
		return "no such command"
	}
	for _, w := range rest {
		name, long := strings.CutPrefix(w, "--")
		name, _, _ = strings.Cut(name, "=")
		switch {
		case long && cmd.Flags().Lookup(name) == nil:
			return "no flag --" + name
		case !long && strings.HasPrefix(w, "-") && cmd.Flags().ShorthandLookup(w[1:]) == nil:
			return "no flag " + w
		}
	}
	return ""
}

func TestReadmeCommands(t *testing.T) {
	root := testRoot()
	for _, name := range readmes {
		t.Run(name, func(t *testing.T) {
			lines := commandLines(readReadme(t, name))
			named := map[string]bool{}
			for _, line := range lines {
				if what := unknownIn(root, line); what != "" {
					t.Errorf("headgoose %s: %s", line, what)
					continue
				}
				cmd, _, _ := root.Find(strings.Fields(line))
				named[cmd.CommandPath()] = true
			}
			for _, cmd := range root.Commands() {
				if cmd.Runnable() && !named[cmd.CommandPath()] {
					t.Errorf("%s is not named", cmd.CommandPath())
				}
			}
		})
	}
	t.Run("what is not there is found", func(t *testing.T) {
		for _, line := range []string{"serve", "roster send", "run --port 1", "demo -q"} {
			if unknownIn(root, line) == "" {
				t.Errorf("headgoose %s passes", line)
			}
		}
	})
}

// Both pages name the same command lines, files and settings.
func TestReadmesAgree(t *testing.T) {
	for _, c := range []struct {
		what string
		of   func(page string) []string
	}{
		{"command lines", commandLines},
		{"go commands", func(page string) []string { return trimmed(goCommand.FindAllString(page, -1)) }},
		{"links", pageLinks},
		{"chat commands", func(page string) []string {
			var list []string
			for _, m := range chatCommand.FindAllStringSubmatch(page, -1) {
				list = append(list, m[1]+" "+m[2])
			}
			return list
		}},
		{"unit, server and roster", func(page string) []string { return sameBlock.FindAllString(page, -1) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			en, zh := c.of(readReadme(t, readmes[0])), c.of(readReadme(t, readmes[1]))
			if len(en) == 0 || !slices.Equal(en, zh) {
				t.Errorf("%s: %q\n%s: %q", readmes[0], en, readmes[1], zh)
			}
		})
	}
}

func trimmed(list []string) []string {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// pageLinks are the files that a page links to, but for the other language.
func pageLinks(page string) (links []string) {
	for _, m := range pageLink.FindAllStringSubmatch(page, -1) {
		if !slices.Contains(readmes, m[1]) && !strings.Contains(m[1], "://") {
			links = append(links, m[1])
		}
	}
	return links
}

func TestReadmeLinks(t *testing.T) {
	for _, name := range append([]string{"CHANGELOG.md", "bot/README.md", "storage/README.md", "schedule/README.md"}, readmes...) {
		for _, link := range pageLinks(readReadme(t, name)) {
			if _, err := os.Stat(filepath.Join("..", "..", filepath.Dir(name), link)); err != nil {
				t.Errorf("%s links to %s: %v", name, link, err)
			}
		}
	}
}

// The table of commands is that of the bot.
func TestReadmeChatCommands(t *testing.T) {
	texts, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range bot.New(bot.Config{Lang: "zh"}, nil, texts, nil, slog.New(slog.DiscardHandler)).Menus()["en"] {
		want = append(want, c.Name)
	}
	slices.Sort(want)
	for _, name := range readmes {
		var got []string
		for _, m := range chatCommand.FindAllStringSubmatch(readReadme(t, name), -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, the bot has %v", name, got, want)
		}
	}
}

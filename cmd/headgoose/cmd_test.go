package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// shell runs command lines in this process.
type shell struct {
	t     testing.TB
	env   environment
	input string
}

// answer is what a command line answered.
type answered struct {
	exit     int
	out, err string
}

func (s shell) run(args ...string) answered {
	s.t.Helper()
	var out, errs bytes.Buffer
	env := s.env
	if env == nil {
		env = vars(nil)
	}
	exit := execute(s.t.Context(), terminal{strings.NewReader(s.input), &out, &errs, env}, args)
	noCanary(s.t, strings.Join(args, " "), out.String()+errs.String())
	return answered{exit, out.String(), errs.String()}
}

func (a answered) want(t testing.TB, exit int, says ...string) {
	t.Helper()
	if a.exit != exit {
		t.Fatalf("exit %d, want %d\n%s\n%s", a.exit, exit, a.out, a.err)
	}
	for _, s := range says {
		if !strings.Contains(a.out+a.err, s) {
			t.Errorf("%q is not in\n%s\n%s", s, a.out, a.err)
		}
	}
}

func TestCommandLine(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.yaml")
	for _, c := range []struct {
		line string
		exit int
		says string
	}{
		{"", exitOK, "headgoose demo"},
		{"help", exitOK, "Available Commands"},
		{"version", exitOK, "data schema"},
		{"bogus", exitUsage, `unknown command "bogus"`},
		{"restor", exitUsage, "Did you mean this?"},
		{"run --port 1", exitUsage, "unknown flag"},
		{"run now", exitUsage, "unknown command"},
		{"backup", exitUsage, "accepts 1 arg"},
		{"roster links", exitUsage, `"out" not set`},
		{"roster import x --yes --dry-run", exitUsage, "none of the others can be"},
		{"run -c " + none, exitFailed, "config.example.yaml"},
		{"run -c ../../config.example.yaml", exitFailed, "Two ways on"},
		{"check -c ../../config.example.yaml", exitFailed, "HEADGOOSE_TOKEN is not set"},
		{"restore x -c " + none, exitFailed, "there is no configuration file"},
	} {
		t.Run(c.line, func(t *testing.T) {
			shell{t: t}.run(strings.Fields(c.line)...).want(t, c.exit, c.says)
		})
	}
}

func TestHelp(t *testing.T) {
	understood := false
	root := newRoot(terminal{strings.NewReader(""), io.Discard, io.Discard, vars(nil)}, &understood)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			if !strings.Contains(c.Short, "·") || !chinese.MatchString(c.Short) {
				t.Errorf("the one line is not in both languages: %q", c.Short)
			}
			if c.Runnable() && c.Name() != "version" && (c.Long == "" || !strings.Contains(c.Example, c.CommandPath())) {
				t.Error("no explanation or no example")
			}
			for line := range strings.Lines(c.Long) {
				if len([]rune(line)) > 85 {
					t.Errorf("a line too long for a terminal: %q", line)
				}
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "restore\tPut a backup"},
		{"roster |", "links\tIssue"},
		{"roster import |", "xlsx\ncsv\n:8"},
		{"restore |", "db\n:8"},
		{"restore a.db |", ":4"},
		{"run --config |", "yaml\nyml\n:8"},
		{"roster links --out |", "xlsx\n:8"},
		{"roster links --lang |", "zh\nen\n:4"},
		{"demo --data |", ":16"},
	} {
		t.Run(c.line, func(t *testing.T) {
			args := append([]string{"__complete"}, strings.Fields(strings.TrimSuffix(c.line, "|"))...)
			shell{t: t}.run(append(args, "")...).want(t, exitOK, c.want)
		})
	}
	t.Run("bash", func(t *testing.T) {
		shell{t: t}.run("completion", "bash").want(t, exitOK, "__start_headgoose")
	})
}

func TestDemoCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, w := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- execute(ctx, terminal{strings.NewReader(""), w, io.Discard, vars(nil)}, []string{"demo", "--listen", "127.0.0.1:0", "--data", t.TempDir()})
		_ = w.Close()
	}()
	var said bytes.Buffer
	address := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)
	for buf := make([]byte, 1024); !address.Match(said.Bytes()); {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v after %q", err, said.String())
		}
	}
	cancel()
	_, _ = io.Copy(io.Discard, out)
	if got := <-exit; got != exitOK {
		t.Errorf("exit %d", got)
	}
}

func TestVersion(t *testing.T) {
	version = "1.2.3"
	t.Cleanup(func() { version = "" })
	shell{t: t}.run("version").want(t, exitOK, "headgoose 1.2.3, go")
}

func TestLogger(t *testing.T) {
	t.Run("level and format", func(t *testing.T) {
		var out bytes.Buffer
		log, done, err := newLogger(logConfig{Level: "warn", Format: "json"}, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("quiet")
		log.Warn("loud", "token", NewSecret(canary))
		if err := done(); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud","token":"***"`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a file, for its owner alone, that is continued", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "bot.log")
		for _, line := range []string{"one", "two"} {
			log, done, err := newLogger(logConfig{Level: "info", Format: "text", File: path}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			log.Info(line)
			if err := done(); err != nil {
				t.Fatal(err)
			}
		}
		raw, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(raw), "msg=one") || !strings.Contains(string(raw), "msg=two") {
			t.Errorf("%v: %s", err, raw)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	})
}

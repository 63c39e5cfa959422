package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
)

// office is a folder with a configuration, and the sandbox that it speaks to.
type office struct {
	shell
	dir, config, data string
	sandbox           *sandbox.Server
	log               *logLines
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{dir: shortDir(t), log: newLogLines()}
	o.shell = shell{t: t, env: vars(map[string]string{"TOKEN": testToken})}
	o.sandbox = sandbox.New(sandbox.Options{Token: testToken})
	t.Cleanup(func() { _ = o.sandbox.Close() })
	if err := o.sandbox.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	o.config, o.data = filepath.Join(o.dir, "c.yaml"), filepath.Join(o.dir, "data", "headgoose.db")
	o.write("c.yaml", "telegram: {token: '${TOKEN}', api_url: '"+o.sandbox.URL()+"'}\n"+
		"county: {name: 化隆县, code: '630224', officers: [77]}\nlog: {level: debug}\n")
	return o
}

func (o *office) write(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

func (o *office) path(name string) string { return filepath.Join(o.dir, name) }

// do runs a command on the office's configuration.
func (o *office) do(args ...string) answered {
	o.t.Helper()
	return o.run(append(args, "--config", o.config)...)
}

// start runs the bot until the function that it returns is called.
func (o *office) start() (stop func()) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	exit := make(chan int, 1)
	go func() {
		exit <- execute(ctx, terminal{strings.NewReader(""), o.log, o.log, o.env}, []string{"run", "-c", o.config})
	}()
	select {
	case <-o.log.seen("msg=running"):
	case code := <-exit:
		o.t.Fatalf("the bot ended with %d:\n%s", code, o.log)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if code := <-exit; code != exitOK {
				o.t.Errorf("the bot ended with %d:\n%s", code, o.log)
			}
			noCanary(o.t, "the log", o.log.String())
		})
	}
	o.t.Cleanup(stop)
	return stop
}

// logLines is a log that can be waited on.
type logLines struct {
	mu    sync.Mutex
	text  bytes.Buffer
	waits map[string]chan struct{}
}

func newLogLines() *logLines { return &logLines{waits: map[string]chan struct{}{}} }

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	for what, ch := range l.waits {
		if strings.Contains(string(p), what) {
			close(ch)
			delete(l.waits, what)
		}
	}
	return len(p), nil
}

// seen is closed when the next line with what in it is written.
func (l *logLines) seen(what string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waits[what] == nil {
		l.waits[what] = make(chan struct{})
	}
	return l.waits[what]
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const roster = "区划代码,乡镇,村,职务,姓名,手机\n" +
	"630224100200,巴燕镇,下加合村,支部书记,书记 001,13800000001\n" +
	"630224100201,巴燕镇,金家庄村,支部书记,书记 002,+86 138 0000 0002\n" +
	"630224100,巴燕镇,,组织委员,组织委员 001,13800000003\n"

// What an operator does is the same with the bot running and without it.
func TestOperator(t *testing.T) {
	for _, c := range []struct {
		name    string
		running bool
	}{{"while the bot runs", true}, {"on the file itself", false}} {
		t.Run(c.name, func(t *testing.T) {
			leaks := goleak.IgnoreCurrent()
			o := newOffice(t)
			t.Cleanup(func() { _ = o.sandbox.Close(); goleak.VerifyNone(t, leaks) })
			if c.running {
				o.start()
			}
			file := o.write("roster.csv", roster)
			t.Run("a dry run shows and writes nothing", func(t *testing.T) {
				for range 2 {
					o.do("roster", "import", file, "--dry-run").want(t, exitOK, "读到 3 行")
				}
				o.do("roster", "import", file, "--dry-run", "--lang", "en").want(t, exitOK, "3 rows read", "3 new")
			})
			t.Run("no yes, nothing is written", func(t *testing.T) {
				o.do("roster", "import", file).want(t, exitFailed, "[y/N]", "nothing was written")
			})
			t.Run("written after a yes, and once", func(t *testing.T) {
				o.input = "y\n"
				o.do("roster", "import", file, "--lang", "en").want(t, exitOK, "Import 3 row(s)?", "3 rows written")
				o.do("roster", "import", file, "--yes", "--lang", "en").want(t, exitOK, "0 new", "3 unchanged")
			})
			t.Run("refused rows are a failure", func(t *testing.T) {
				bad := o.write("bad.csv", roster+"630224100202,巴燕镇,什杰列村,支部书记,书记 003,138\n")
				o.do("roster", "import", bad, "--yes", "--lang", "en").want(t, exitFailed, "Row 5", "1 row(s) cannot be imported")
			})
			t.Run("what is never collected is refused by name", func(t *testing.T) {
				bad := o.write("never.csv", strings.ReplaceAll(roster, "姓名", "民族"))
				o.do("roster", "import", bad, "--yes").want(t, exitFailed, "民族")
			})
			t.Run("links", func(t *testing.T) { testLinks(t, o) })
			t.Run("check", func(t *testing.T) {
				o.do("check").want(t, exitOK, "configuration: in order", "data: in order")
			})
			t.Run("purge", func(t *testing.T) {
				o.do("purge", "--dry-run").want(t, exitOK, "link ", "kept   30 days: 0 to delete")
				o.do("purge").want(t, exitOK, "deleted 0 rows")
			})
			t.Run("backup", func(t *testing.T) { testBackup(t, o) })
		})
	}
}

func testLinks(t *testing.T, o *office) {
	out := o.path("links.xlsx")
	o.do("roster", "links", "--out", out).want(t, exitOK, "3 link(s)", out)
	f, err := excelize.OpenFile(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows("巴燕镇")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(rows)
	for _, want := range []string{"书记 001", "书记 002", "组织委员 001", "https://t.me/headgoose_bot?start=e"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the workbook can be read by others: %v", err)
	}
	o.do("roster", "links", "--out", out, "--place", "630224100200").want(t, exitOK, "1 link(s)")
	o.do("roster", "links", "--out", out, "--place", "1").want(t, exitFailed, "not the code of a place")
}

func testBackup(t *testing.T, o *office) {
	out := o.path("copy.db")
	o.do("backup", out).want(t, exitOK, "checked", "the ring of keys are not in it")
	first := contents(t, out)
	o.do("backup", out).want(t, exitOK)
	if !strings.Contains(string(first), "person/p1") {
		t.Error("the copy lacks what was imported")
	}
	if strings.Contains(string(first), "书记 001") {
		t.Error("the copy tells a name without the ring of keys")
	}
	o.do("backup", o.path("headgoose.ring")).want(t, exitFailed, "needs another name")
	if err := boltkv.Check(out); err != nil {
		t.Error(err)
	}
	o.do("backup", o.data).want(t, exitFailed, "needs another name")
	o.do("backup", o.path("headgoose.key")).want(t, exitFailed, "needs another name")
	o.do("backup", filepath.Join(o.dir, "none", "copy.db")).want(t, exitFailed, "no such file")
	left, err := filepath.Glob(o.path("*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestOneBotADataFile(t *testing.T) {
	o := newOffice(t)
	stop := o.start()
	t.Run("a second one is refused", func(t *testing.T) {
		o.do("run").want(t, exitFailed, kv.ErrInUse.Error())
		o.do("check").want(t, exitOK) // the first one's socket still answers
	})
	t.Run("the socket is the owner's alone", func(t *testing.T) {
		info, err := os.Stat(controlPath(o.data))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	})
	t.Run("restore waits for its end", func(t *testing.T) {
		o.do("backup", o.path("copy.db")).want(t, exitOK)
		o.do("restore", o.path("copy.db"), "--force").want(t, exitFailed, "stop it first")
	})
	stop()
	if _, err := os.Stat(controlPath(o.data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	t.Run("a dead one's socket is no bot", func(t *testing.T) {
		listener, err := listenPrivate(controlPath(o.data))
		if err != nil {
			t.Fatal(err)
		}
		if err := listener.Close(); err != nil { // as after a kill: its name stays
			t.Fatal(err)
		}
		o.do("check").want(t, exitOK, "data: in order")
		o.start()
		o.do("check").want(t, exitOK, "data: in order")
	})
}

// What is written is what was shown, or nothing.
func TestImportOfAnotherPlan(t *testing.T) {
	o := newOffice(t)
	cfg, err := loadConfig(o.config, forRun, o.env)
	if err != nil {
		t.Fatal(err)
	}
	ops, done, err := openOperator(t.Context(), cfg, terminal{err: o.log}, readWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = done() }()
	first, err := ops.Import(t.Context(), importRequest{File: []byte(roster), Lang: "zh"})
	if err != nil || first.Changes != 3 {
		t.Fatalf("%+v, %v", first, err)
	}
	other := strings.Replace(roster, "书记 001", "书记 009", 1)
	if _, err := ops.Import(t.Context(), importRequest{File: []byte(other), Lang: "zh", Plan: first.Plan}); !errors.Is(err, errPlanChanged) {
		t.Errorf("got %v", err)
	}
	again, err := ops.Import(t.Context(), importRequest{File: []byte(roster), Lang: "zh"})
	if err != nil || again.Changes != 3 || again.Plan != first.Plan {
		t.Errorf("something was written: %+v, %v", again, err)
	}
}

func TestMasterKey(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	c := storageConfig{Path: filepath.Join(dir, "data", "x.db"), KeyFile: filepath.Join(dir, "keys", "x.key")}
	key, err := masterKey(c, log)
	if err != nil || len(key) != 32 {
		t.Fatal(len(key), err)
	}
	t.Run("is made once, for its owner alone", func(t *testing.T) {
		again, err := masterKey(c, log)
		if err != nil || !bytes.Equal(key, again) {
			t.Errorf("another key, or %v", err)
		}
		if info, err := os.Stat(c.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v", err)
		}
	})
	t.Run("is not made for data that has one", func(t *testing.T) {
		lost := c
		lost.KeyFile = filepath.Join(dir, "lost.key")
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.Path, []byte("data"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := masterKey(lost, log); err == nil || !strings.Contains(err.Error(), "put the key back") {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(lost.KeyFile); !errors.Is(err, fs.ErrNotExist) {
			t.Error("a key was made")
		}
	})
	t.Run("of another length is refused", func(t *testing.T) {
		short := c
		short.KeyFile = filepath.Join(dir, "short.key")
		if err := os.WriteFile(short.KeyFile, []byte(canary), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := masterKey(short, log)
		if err == nil {
			t.Fatal("taken")
		}
		noCanary(t, "the error", err.Error())
	})
}

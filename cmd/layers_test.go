// Package cmd_test keeps the rooms apart: which package of the project may
// import which, and who alone may import a library that stands behind a seam.
package cmd_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "headgoose"

// rooms says what a folder and those below it may import of the project; a
// folder's own entry wins over that of the one above. "x/..." is x and all
// below it. Tests may import more, see testRooms.
var rooms = map[string][]string{
	"cmd":                  {"bot/...", "schedule/...", "storage/...", "cmd/..."},
	"bot":                  {"bot/...", "storage", "storage/record", "storage/sheet", "storage/kv"},
	"bot/chat":             {},
	"bot/chat/chattest":    {"bot/chat"},
	"bot/chart":            {"storage/record"},
	"bot/telegram":         {"bot/chat"},
	"bot/telegram/sandbox": {"bot/telegram/sandbox/..."},
	"bot/text":             {"bot/text/...", "bot/chat", "storage", "storage/record", "storage/sheet"},
	"schedule":             {"schedule/...", "storage", "storage/record", "storage/kv"},
	"schedule/calendar":    {"storage/record"},
	"schedule/rotation":    {"storage/record"},
	"schedule/rota":        {"schedule/calendar", "storage/record"},
	"storage":              {"storage/record", "storage/kv", "storage/seal"},
	"storage/record":       {},
	"storage/seal":         {},
	"storage/sheet":        {"storage/record"},
	"storage/kv":           {},
	"storage/kv/internal":  {"storage/kv"},
	"storage/kv/kvtest":    {"storage/kv"},
	"storage/kv/memkv":     {"storage/kv", "storage/kv/internal/..."},
	"storage/kv/boltkv":    {"storage/kv", "storage/kv/internal/..."},
}

// testRooms is what the tests in and below a folder may import besides.
var testRooms = map[string][]string{
	"bot":          {"storage/kv/memkv", "storage/kv/boltkv", "storage/seal"},
	"bot/telegram": {"bot/telegram/...", "bot/chat/chattest"},
	"schedule":     {"bot/chat", "storage/kv/memkv", "storage/kv/boltkv"},
	"storage":      {"storage/sheet", "storage/kv/...", "storage/record"},
}

// stdlibOnly are the seams and the domain: nothing but the standard library.
var stdlibOnly = []string{"storage/record", "storage/seal", "storage/kv", "bot/chat", "schedule/rotation"}

// single says who may import a library, and no one else.
var single = map[string]importers{
	"github.com/go-telegram/bot":    {code: []string{"bot/telegram"}, tests: []string{"bot/telegram", "bot/telegram/sandbox"}},
	"go.etcd.io/bbolt":              {code: []string{"storage/kv/boltkv"}, tests: []string{"storage/kv/boltkv", "cmd/headgoose"}},
	"github.com/robfig/cron/v3":     {code: []string{"schedule"}, tests: []string{"schedule"}},
	"github.com/xuri/excelize":      {code: []string{"storage/sheet"}, tests: []string{"storage/sheet", "bot", "cmd/headgoose"}},
	"github.com/6tail/lunar-go":     {code: []string{"schedule/calendar"}, tests: []string{"schedule/calendar"}},
	"github.com/arran4/golang-ical": {code: []string{"bot"}, tests: []string{"bot", "cmd/headgoose"}},
	"github.com/spf13/cobra":        {code: []string{"cmd/headgoose"}, tests: []string{"cmd/headgoose"}},
	"go.yaml.in/yaml/v4":            {code: []string{"cmd/headgoose", "bot/text"}, tests: []string{"cmd/headgoose", "bot/text"}},
}

type importers struct{ code, tests []string }

// topFolders are the four rooms: no code stands elsewhere.
var topFolders = []string{"cmd", "bot", "schedule", "storage"}

// breach is one import that the house does not allow.
type breach struct{ file, imported, why string }

func (b breach) String() string { return fmt.Sprintf("%s imports %s: %s", b.file, b.imported, b.why) }

// breaches reads the imports of every Go file in a tree.
func breaches(tree fs.FS) (found []breach, files int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		files++
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if top, _, _ := strings.Cut(name, "/"); !slices.Contains(topFolders, top) {
			found = append(found, breach{name, "nothing", "code stands in cmd, bot, schedule or storage"})
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := refuse(name, imported); why != "" {
				found = append(found, breach{name, imported, why})
			}
		}
		return nil
	})
	return found, files, err
}

// refuse says why a file may not import a package; "" if it may.
func refuse(file, imported string) string {
	folder, isTest := path.Dir(file), strings.HasSuffix(file, "_test.go")
	if own, inside := strings.CutPrefix(imported, module+"/"); inside {
		return refuseOwn(folder, own, isTest)
	}
	for library, who := range single {
		allowed := who.code
		if isTest {
			allowed = who.tests
		}
		if below(imported, library) && !slices.Contains(allowed, folder) {
			return "only " + strings.Join(allowed, ", ") + " may"
		}
	}
	first, _, _ := strings.Cut(imported, "/")
	if strings.Contains(first, ".") && !isTest && slices.Contains(stdlibOnly, folder) {
		return "this package is standard library only"
	}
	return ""
}

func refuseOwn(folder, imported string, isTest bool) string {
	if imported == folder {
		return "" // an external test of the package itself
	}
	room, known := roomOf(folder)
	if !known {
		return "the folder is in no room of this test"
	}
	allowed := rooms[room]
	if isTest {
		for above, more := range testRooms {
			if below(folder, above) {
				allowed = slices.Concat(allowed, more)
			}
		}
	}
	for _, a := range allowed {
		tree, whole := strings.CutSuffix(a, "/...")
		if imported == a || whole && below(imported, tree) {
			return ""
		}
	}
	return fmt.Sprintf("%s may import %s", room, strings.Join(allowed, ", "))
}

// roomOf is the nearest folder above that has an entry.
func roomOf(folder string) (string, bool) {
	for ; folder != "."; folder = path.Dir(folder) {
		if _, ok := rooms[folder]; ok {
			return folder, true
		}
	}
	return "", false
}

func below(name, above string) bool { return name == above || strings.HasPrefix(name, above+"/") }

func TestLayers(t *testing.T) {
	found, files, err := breaches(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("read %d files only", files)
	}
	for _, b := range found {
		t.Error(b)
	}
}

// The checker itself: each planted import is found, each allowed one passes.
func TestLayersFindsPlantedImports(t *testing.T) {
	for _, c := range []struct {
		file, imported string
		allowed        bool
	}{
		{"bot/checkin.go", "headgoose/schedule", false},
		{"bot/checkin.go", "headgoose/schedule/calendar", false},
		{"bot/checkin_test.go", "headgoose/schedule", false},
		{"bot/checkin.go", "headgoose/cmd/headgoose", false},
		{"bot/checkin.go", "headgoose/storage/kv/boltkv", false},
		{"bot/checkin_test.go", "headgoose/storage/kv/memkv", true},
		{"bot/checkin.go", "headgoose/storage", true},
		{"bot/checkin.go", "headgoose/bot/text", true},
		{"bot/chat/chat.go", "headgoose/storage/record", false},
		{"bot/chat/chat.go", "golang.org/x/text/width", false},
		{"bot/chat/chat.go", "net/http", true},
		{"bot/telegram/send.go", "headgoose/storage", false},
		{"bot/telegram/send.go", "github.com/go-telegram/bot/models", true},
		{"bot/telegram/sandbox/page.go", "github.com/go-telegram/bot/models", false},
		{"bot/courier.go", "github.com/go-telegram/bot", false},
		{"schedule/delivery.go", "headgoose/bot", false},
		{"schedule/delivery.go", "headgoose/bot/chat", false},
		{"schedule/due.go", "github.com/robfig/cron/v3", true},
		{"schedule/calendar/calendar.go", "github.com/robfig/cron/v3", false},
		{"schedule/calendar/calendar.go", "headgoose/storage/record", true},
		{"schedule/calendar/calendar.go", "headgoose/storage", false},
		{"schedule/rotation/plan.go", "headgoose/storage", false},
		{"schedule/rotation/plan.go", "headgoose/storage/record", true},
		{"schedule/rota/plan.go", "headgoose/storage", false},
		{"bot/plan.go", "headgoose/schedule/rotation", false},
		{"storage/people.go", "headgoose/bot", false},
		{"storage/people.go", "headgoose/storage/kv/boltkv", false},
		{"storage/people.go", "headgoose/storage/sheet", false},
		{"storage/people.go", "headgoose/storage/record", true},
		{"storage/record/date.go", "headgoose/storage", false},
		{"storage/record/date.go", "golang.org/x/text/width", false},
		{"storage/sheet/xlsx.go", "headgoose/storage", false},
		{"storage/kv/memkv/memkv.go", "go.etcd.io/bbolt", false},
		{"storage/kv/boltkv/boltkv.go", "go.etcd.io/bbolt/errors", true},
		{"cmd/headgoose/app.go", "headgoose/storage/kv/boltkv", true},
		{"cmd/headgoose/app.go", "go.etcd.io/bbolt", false},
		{"web/page.go", "fmt", false},
		{"storage/new/new.go", "headgoose/bot", false},
	} {
		t.Run(c.file+" imports "+c.imported, func(t *testing.T) {
			src := fmt.Sprintf("package p\n\nimport _ %q\n", c.imported)
			found, files, err := breaches(fstest.MapFS{c.file: {Data: []byte(src)}})
			if err != nil || files != 1 {
				t.Fatalf("read %d files: %v", files, err)
			}
			if got := len(found) == 0; got != c.allowed {
				t.Errorf("allowed: %v, want %v %v", got, c.allowed, found)
			}
		})
	}
}

// A room that is gone must not stay in the list.
func TestRoomsExist(t *testing.T) {
	for room := range rooms {
		if info, err := os.Stat("../" + room); err != nil || !info.IsDir() {
			t.Errorf("there is no folder %s", room)
		}
	}
}

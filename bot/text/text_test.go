package text

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"text/template/parse"

	"go.yaml.in/yaml/v4"
)

// saying is one sentence in one language: its plural forms, "other" alone
// where it has none.
type saying map[string]string

// sayings reads all sentences of a language by key, straight from the files.
func sayings(t *testing.T, lang string) map[string]saying {
	t.Helper()
	names, err := fs.Glob(files, "*."+lang+".yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files of %s: %v", lang, err)
	}
	all := map[string]saying{}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := yaml.Unmarshal(raw, &tree); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, s := range leaves("", tree) {
			if _, twice := all[key]; twice {
				t.Errorf("%s says %s, which another file says too", name, key)
			}
			all[key] = s
		}
	}
	return all
}

// leaves flattens a tree of sentences.
func leaves(prefix string, tree map[string]any) map[string]saying {
	all := map[string]saying{}
	for k, v := range tree {
		switch v := v.(type) {
		case string:
			all[prefix+k] = saying{"other": v}
		case map[string]any:
			if _, plural := v["other"].(string); plural && v["one"] != nil {
				all[prefix+k] = saying{"one": v["one"].(string), "other": v["other"].(string)}
				continue
			}
			maps.Copy(all, leaves(prefix+k+".", v))
		}
	}
	return all
}

// arguments are the names that the forms of a sentence ask for.
func (s saying) arguments(t *testing.T, key string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, form := range s {
		tmpl, err := template.New(key).Parse(form)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		collect(tmpl.Tree.Root, found)
	}
	return slices.Sorted(maps.Keys(found))
}

func collect(n parse.Node, found map[string]bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				collect(c, found)
			}
		}
	case *parse.ActionNode:
		collect(n.Pipe, found)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			for _, a := range c.Args {
				collect(a, found)
			}
		}
	case *parse.FieldNode:
		found[n.Ident[0]] = true
	case *parse.IfNode:
		collect(n.Pipe, found)
		collect(n.List, found)
		collect(n.ElseList, found)
	}
}

// chineseWord is the line of the help, which names the Chinese word of a command
// in Chinese alone.
const chineseWord = "help.line"

// countsThings finds a number with a plural behind it.
var countsThings = regexp.MustCompile(`\{\{\.N\}\} \w+s\b`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	zh, en := sayings(t, "zh"), sayings(t, "en")
	for key := range zh {
		if en[key] == nil {
			t.Errorf("%s is not said in English", key)
		}
	}
	for key, s := range en {
		if zh[key] == nil {
			t.Errorf("%s is not said in Chinese", key)
			continue
		}
		if a, b := zh[key].arguments(t, key), s.arguments(t, key); !slices.Equal(a, b) && key != chineseWord {
			t.Errorf("%s asks for %v in Chinese and for %v in English", key, a, b)
		}
		if s["one"] == "" && countsThings.MatchString(s["other"]) {
			t.Errorf("%s counts, and has no singular in English: %q", key, s["other"])
		}
	}
}

// TestEverySentenceCanBeSaid says every sentence, with a short and with a long
// argument, with none left out.
func TestEverySentenceCanBeSaid(t *testing.T) {
	texts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages {
		for key, s := range sayings(t, lang) {
			args := A{}
			for _, name := range s.arguments(t, key) {
				args[name] = "x"
			}
			for _, n := range []int{0, 1, 2} {
				if args["N"] != nil {
					args["N"] = n
				}
				said, err := texts.In(lang).Try(key, args)
				if err != nil || strings.TrimSpace(said) == "" || strings.Contains(said, "<no value>") {
					t.Errorf("%s %s: %q, %v", lang, key, said, err)
				}
			}
			if len(args) > 0 {
				if _, err := texts.In(lang).Try(key, A{"Nothing": 1}); err == nil && !onlyIfs(s) {
					t.Errorf("%s %s is said without its arguments", lang, key)
				}
			}
		}
	}
}

// onlyIfs says whether all arguments stand in conditions, which may be absent.
func onlyIfs(s saying) bool {
	for _, form := range s {
		if strings.Contains(form, "{{.") {
			return false
		}
	}
	return true
}

func TestTheVoice(t *testing.T) {
	for _, lang := range Languages {
		for key, s := range sayings(t, lang) {
			for _, form := range s {
				switch {
				case strings.ContainsAny(form, "!\uff01"):
					t.Errorf("%s %s raises its voice: %q", lang, key, form)
				case strings.Count(form, "\n") > 5:
					t.Errorf("%s %s has more than six lines", lang, key)
				case len([]rune(form)) > 600:
					t.Errorf("%s %s is too long for a phone: %d characters", lang, key, len([]rune(form)))
				case key == "host.and", key == "fault.or": // separators
				case strings.Contains(form, " \n"), strings.HasSuffix(form, "\n"), strings.HasSuffix(form, " "):
					t.Errorf("%s %s has white space at the end of a line", lang, key)
				}
			}
		}
	}
}

// buttonWidth is what two buttons in a row have on a phone, in columns.
const buttonWidth = 16

func TestButtonsFitAPhone(t *testing.T) {
	for _, lang := range Languages {
		for key, s := range sayings(t, lang) {
			label := s["other"]
			isButton := strings.HasPrefix(key, "button.") || slices.Contains(labels, key)
			if isButton && !strings.Contains(label, "{{") && Columns(label) > buttonWidth {
				t.Errorf("%s %s is %d columns wide: %q", lang, key, Columns(label), label)
			}
		}
	}
}

// labels are the texts of buttons that do not stand under button.
var labels = []string{
	"enrol.send_phone", "enrol.not_me", "enrol.yes", "enrol.no", "checkin.why_button",
	"register.same_yes", "register.same_no", "register.me", "register.not_me", "register.graduated", "register.still",
	"register.consent_yes", "register.consent_yes_self", "register.consent_no",
	"education.college", "education.bachelor", "education.postgrad",
	"employment.employed", "employment.self_employed", "employment.further_study", "employment.exams",
	"employment.serving", "employment.seeking", "willingness.yes", "willingness.considering", "willingness.no",
	"step.asked", "step.agreed", "step.agreed_voice", "step.declined", "step.declined_voice", "step.introduced", "step.trial", "step.placed", "step.ended",
	"refer_outcome.still", "refer_outcome.left", "refer_outcome.elsewhere",
	"refer_reason.employed", "refer_reason.study", "refer_reason.away", "refer_reason.pay", "refer_reason.unsuited", "refer_reason.not_come",
	"graduates.filter_all", "graduates.filter_graduated", "graduates.filter_seeking", "graduates.filter_willing",
}

func TestLabelsAreThere(t *testing.T) {
	zh := sayings(t, "zh")
	for _, key := range labels {
		if zh[key] == nil {
			t.Errorf("label %s is not said", key)
		}
	}
}

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "签到": 4, "✓ 巴燕镇": 8, "\uff083\uff09": 5, "𠀀": 2} {
		if got := Columns(s); got != want {
			t.Errorf("%q is %d columns wide, want %d", s, got, want)
		}
	}
}

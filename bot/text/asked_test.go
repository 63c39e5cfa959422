package text

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"headgoose/storage/record"
)

// dynamic are the keys that the code puts together, by their beginning, with
// all that can stand behind it. Another beginning in a Say fails the test.
func dynamic(t *testing.T, code *sources) map[string][]string {
	return map[string][]string{
		"base_kind.":         {record.PartySpirit, record.CleanGovernment},
		"request_state.":     code.constants(t, "RequestState"),
		"swap_kind.":         code.constants(t, "SwapKind"),
		"leave.":             {"asked", "approved", "refused", "withdrawn", "expired"},
		"swap.":              {"approved", "refused", "withdrawn", "expired", "void"},
		"swap.whom_":         code.constants(t, "SwapKind"),
		"swap.title_":        code.constants(t, "SwapKind"),
		"swap.head_":         code.constants(t, "SwapKind"),
		"plan_state.":        code.constants(t, "PlanState"),
		"action.":            code.constants(t, "Action"),
		"day_kind.":          code.constants(t, "DayKind"),
		"calendar.choose_":   append(code.constants(t, "DayKind"), "plain"),
		"note_state.":        code.constants(t, "NoteState"),
		"reserve_deed.":      code.constants(t, "ReserveDeedKind"),
		"reserve_outcome.":   code.constants(t, "ReserveOutcome"),
		"opening_kind.":      code.constants(t, "OpeningKind"),
		"referral_stage.":    code.constants(t, "ReferralStage"),
		"referral_end.":      code.constants(t, "ReferralEnd"),
		"step.":              {"asked", "agreed", "declined", "introduced", "trial", "placed", "ended", "agreed_voice", "declined_voice"},
		"refer.told_":        {"asked", "agreed", "declined", "introduced", "trial", "placed", "ended"},
		"refer.done_":        {"asked", "agreed", "declined", "introduced", "trial", "placed", "ended"},
		"refer.but_":         {"proposed", "no_consent"},
		"refer.over_":        {"closed", "withdrawn", "erased"},
		"refer_side.":        {"graduate", "receiver"},
		"refer_outcome.":     {"still", "left", "elsewhere"},
		"refer_reason.":      {"employed", "study", "away", "pay", "unsuited", "not_come"},
		"note.":              {"due", "returned", "submitted", "accepted", "forgiven"},
		"turn_state.":        code.constants(t, "TurnState"),
		"seat_state.":        code.constants(t, "SeatState"),
		"stage.":             code.constants(t, "Stage"),
		"busy.":              code.constants(t, "BusyKind"),
		"why.":               code.constants(t, "WhyKind"),
		"seat.":              {"assigned", "offered", "confirmed", "declined", "lapsed", "released", "attended", "absent", "excused"},
		"role.":              named(append(record.Roles(), record.Alumnus)),
		"help.":              code.visible,
		"state.":             code.constants(t, "SessionState"),
		"status.":            append(code.constants(t, "Status"), "missing"),
		"field.":             code.constants(t, "Field"),
		"level.":             named(record.Educations()),
		"education.":         named(record.GraduateEducations()),
		"screening.by_":      code.constants(t, "Criterion"),
		"employment.":        append(named(record.Employments()), "studying", "awaits"),
		"willingness.":       named(record.Willingnesses()),
		"source.":            code.constants(t, "Source"),
		"facts.by.":          code.constants(t, "Source"),
		"facts.fact.":        named(record.AgingFacts()),
		"query.employment.":  named(record.Employments()),
		"query.willingness.": named(record.Willingnesses()),
		"graduates.dropped_": {"asked", "struck"},
		"privacy.what.":      uses(),
		"privacy.ground.":    code.constants(t, "Ground"),
		"privacy.keep.":      code.constants(t, "KeepFrom"),
		"consent.purpose.":   named(record.Purposes()),
		"consent.short.":     named(record.Purposes()),
		"consent.end.":       named(record.Purposes()),
		"audit.word.":        {"asked", "struck", "expired", "left", "given", "withdrawn", "keep", "refer", "contact", "correction", "made", "kept", "confirmed", "added", "sheet", "new", "cancel", "close", "move", "open", "unbind", "roster", "links", "villages", "attendance", "graduates", "coverage", "notes", "graduate_show", "status_person", "mydata_asked", "mydata", "consent", "facts_ask", "facts_calls", "published", "opened", "closed", "month", "privacy", "referrals", "referral_list", "referral_show", "referral_posts", "opening_show", "yes", "no", "unknown", "graduate_vouch", "graduate_compare", "undone", "ask", "approved", "refused", "agreed", "undo", "shut", "holiday", "workday", "publish", "batch", "edit", "remove", "hand", "trained", "silent", "note", "turn", "reserve", "reason"},
		"undo.why_":          code.constants(t, "ImportLeft"),
		"vouch.line_":        {"open", "yes", "no", "unknown", "own"},
		"vouch.said_":        named(record.VouchAnswers()),
		"vouch.answer_":      named(record.VouchAnswers()),
		"fix.decided_":       {"made", "kept"},
		"fix.told_":          {"made", "kept"},
		"mydata.topic.":      {"att", "answer", "standing", "turn", "leave", "swap", "note", "referral", "reserve", "dialog"},
		"graduates.filter_":  code.constants(t, "GraduateFilter"),
		"query.who_":         {"came", "excused", "missing"},
		"fault.":             append(code.constants(t, "FaultKind"), "line", "or"),
		"file.":              code.constants(t, "RefusalKind"),
		"button.":            code.buttons,
		"export.name_":       {"roster", "attendance", "graduates"},
		"export.caption_":    {"roster", "attendance", "graduates"},
	}
}

// uses are those of which people are told.
func uses() (list []string) {
	for _, rule := range record.UseRules() {
		list = append(list, string(rule.Use))
	}
	return list
}

func named[S ~string](list []S) []string {
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	return names
}

// sources is what the code says about keys.
type sources struct {
	fset     *token.FileSet
	literals map[string]token.Pos // every string in the code
	asked    map[string]token.Pos // keys that are certainly asked for
	prefixes map[string]token.Pos // beginnings of keys that are put together
	names    map[string]bool      // of commands: they may look like keys
	visible  []string             // of commands that the help lists
	buttons  []string             // with a number, put together behind "button."
	chosen   map[string]bool      // of buttons whose text is one of several
	files    []*ast.File          // of this room and of storage, for their constants
}

func readSources(t *testing.T) *sources {
	t.Helper()
	s := &sources{
		fset: token.NewFileSet(), literals: map[string]token.Pos{}, asked: map[string]token.Pos{},
		prefixes: map[string]token.Pos{}, names: map[string]bool{}, chosen: map[string]bool{},
	}
	code := s.parse(t, ".", "..", "../dialog")
	for _, file := range code {
		for _, d := range file.Decls {
			s.readDecl(d)
		}
	}
	s.files = append(code, s.parse(t, "../../storage", "../../storage/record", "../../storage/sheet")...)
	return s
}

// parse reads the Go files of directories, without their tests.
func (s *sources) parse(t *testing.T, dirs ...string) (files []*ast.File) {
	t.Helper()
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			f, err := parser.ParseFile(s.fset, filepath.Join(dir, e.Name()), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	return files
}

// counted is how the texts of buttons with a number are called.
var counted = regexp.MustCompile(`^[a-z]+_n$`)

func (s *sources) readDecl(d ast.Decl) {
	choosesButton := false
	var here []string
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if v, ok := literal(n); ok {
				s.literals[v] = n.Pos()
				here = append(here, v)
			}
		case *ast.BinaryExpr:
			if begin, ok := beginning(n); ok && keyBegin.MatchString(begin) {
				s.prefixes[begin] = n.Pos()
				choosesButton = choosesButton || begin == "button."
			}
		case *ast.CallExpr:
			choosesButton = s.readCall(n) || choosesButton
		case *ast.CompositeLit:
			s.readFields(n)
		}
		return true
	})
	if !choosesButton {
		return
	}
	for _, v := range here {
		s.chosen["button."+v] = true
		if counted.MatchString(v) {
			s.buttons = append(s.buttons, v)
		}
	}
}

// keyBegin is how a key begins that is put together.
var keyBegin = regexp.MustCompile(`^[a-z]+\.([a-z_]*[._])?$`)

// readCall reads what a call asks for. It says whether the call chooses the
// text of a button among others.
func (s *sources) readCall(c *ast.CallExpr) (choosesButton bool) {
	f, ok := c.Fun.(*ast.SelectorExpr)
	name := ""
	if ok {
		name = f.Sel.Name
	} else if id, isName := c.Fun.(*ast.Ident); isName {
		name = id.Name
	}
	at := map[string]int{"Say": 0, "Try": 0, "Btn": 0, "say": 0, "sayChoices": 1}
	i, asks := at[name]
	if !asks || len(c.Args) <= i {
		return false
	}
	key, whole := literal(c.Args[i])
	switch {
	case whole && name == "Btn":
		s.asked["button."+key] = c.Pos()
	case whole && name == "sayChoices":
		s.prefixes[key] = c.Pos()
	case whole:
		s.asked[key] = c.Pos()
	}
	return name == "Btn" && !whole
}

// readFields reads the keys in the fields of steps and faults, and the names
// of commands.
func (s *sources) readFields(c *ast.CompositeLit) {
	fields := map[string]string{}
	for _, e := range c.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			name, isName := kv.Key.(*ast.Ident)
			if !isName {
				continue
			}
			if v, ok := literal(kv.Value); ok {
				fields[name.Name] = v
			} else {
				fields[name.Name] = "?"
			}
		}
	}
	for _, f := range []string{"Ask", "Field", "Key"} {
		if strings.Contains(fields[f], ".") && !strings.Contains(fields[f], "/") {
			s.asked[fields[f]] = c.Pos()
		}
	}
	if fields["name"] != "" && fields["run"] != "" {
		s.names[fields["name"]] = true
		if fields["hidden"] == "" {
			s.visible = append(s.visible, fields["name"])
		}
	}
}

// constants are the values of all constants of a type.
func (s *sources) constants(t *testing.T, typ string) (values []string) {
	t.Helper()
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if typeName(spec.Type) == typ {
				if v, ok := literal(spec.Values[0]); ok && v != "" {
					values = append(values, v)
				}
			}
			return true
		})
	}
	if len(values) == 0 {
		t.Fatalf("no constants of type %s", typ)
	}
	return values
}

// typeName is the name of a type, of another package too.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	v, err := strconv.Unquote(lit.Value)
	return v, err == nil
}

// beginning is the literal at the left of what is put together with +.
func beginning(e ast.Expr) (string, bool) {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		return beginning(sum.X)
	}
	v, ok := literal(e)
	return v, ok
}

func (s *sources) at(pos token.Pos) string {
	p := s.fset.Position(pos)
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}

func TestEverythingAskedForIsSaid(t *testing.T) {
	code, zh := readSources(t), sayings(t, "zh")
	families := map[string]bool{}
	for key := range zh {
		family, _, _ := strings.Cut(key, ".")
		families[family] = true
	}
	keyLike := regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)+$`)
	for v, pos := range code.literals {
		family, _, _ := strings.Cut(v, ".")
		if keyLike.MatchString(v) && !strings.HasSuffix(v, "_") && families[family] && !code.names[v] && !notKeys[v] {
			code.asked[v] = pos
		}
	}
	for prefix, pos := range code.prefixes {
		if _, known := dynamic(t, code)[prefix]; !known {
			t.Errorf("%s puts a key together from %q, which is not declared", code.at(pos), prefix)
		}
	}
	for prefix, values := range dynamic(t, code) {
		for _, v := range values {
			if zh[prefix+v] == nil {
				t.Errorf("%s%s is not said", prefix, v)
			}
		}
	}
	for key, pos := range code.asked {
		if zh[key] == nil {
			t.Errorf("%s asks for %s, which is not said", code.at(pos), key)
		}
	}
}

// notKeys are strings that look like keys and are none.
var notKeys = map[string]bool{
	"enrol.link": true, // a kind of notice
}

func TestNothingIsSaidInVain(t *testing.T) {
	code, zh := readSources(t), sayings(t, "zh")
	used := code.chosen
	for v := range code.literals {
		used[v] = true
	}
	for key := range code.asked {
		used[key] = true
	}
	for prefix, values := range dynamic(t, code) {
		for _, v := range values {
			used[prefix+v] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(zh)) {
		if !used[key] {
			t.Errorf("%s is said, and nothing asks for it", key)
		}
	}
}

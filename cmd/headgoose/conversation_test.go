package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"headgoose/bot/telegram/sandbox"
)

var update = flag.Bool("update", false, "write what the bot says into the conversations")

// TestConversations plays testdata/conversations/*.txt through the whole
// program: sandbox, adapter, bot, store and delivery, with the county of the
// demo. A line that begins with a name is what that person does:
//
//	书记 001 > 签到            types a text
//	书记 001 * 我的日程         presses a button of the newest message that has it
//	书记 001 ~ 主持人 001       scans the code on the other's phone
//	书记 001 & 组织委员 001     opens the newest deep link in the other's chat
//	书记 005 @ enrol           opens a link that the demo offers (enrol, village), or one of any payload
//	书记 005 ^ own             sends the own contact card (other: somebody else's; a number: an own card with it)
//	县级管理员 001 < name.csv    sends a file of the archive
//	书记 001 ! block           blocks the bot (or: unblock)
//	书记 001 + /status         types a text in the work group
//	clock 25m                  moves the clock on
//	restart                    stops the program and starts it on its data
//	stopped 3h                 the same, with so much time between
//
// In a text, CODE is the code on the live message of whoever hosts, OLD the one
// that it showed before, and WIDE is CODE in full-width digits, with a gap.
//
// Indented lines are what the people's phones show after it: new messages, and
// edited ones with a pencil, notices over a button with a bell, the keys under
// the text field with a keyboard. With -update they are written, to be read.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/conversations/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no conversations", err)
	}
	var said spoken
	t.Cleanup(func() {
		if run := flag.Lookup("test.run").Value.String(); (run == "" || run == "TestConversations") && !underRace {
			said.complete(t)
		}
	})
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			if underRace && strings.HasSuffix(path, ".en.txt") {
				t.Skip("the race detector sees the same way in Chinese")
			}
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if underRace && goesBy(string(archive.Comment)) > raceDays {
				t.Skip("days that go by are played by TestYear, with the same planner and delivery")
			}
			p := newPlay(t, archive)
			got := p.act(string(archive.Comment))
			said.look(t, p.d.app.store)
			if *update {
				archive.Comment = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(archive.Comment) {
				t.Errorf("%s reads otherwise now; first difference:\n%s", path, firstDifference(string(archive.Comment), got))
			}
		})
	}
}

// raceDays is how much time goes by at most in a conversation that the race
// detector plays: what falls due in a day takes the detector longer than all that
// is said in most of them.
const raceDays = 5 * 24 * time.Hour

// goesBy is how long the clock of a script moves on.
func goesBy(script string) (sum time.Duration) {
	for line := range strings.Lines(script) {
		for _, word := range []string{"clock ", "stopped "} {
			if by, ok := strings.CutPrefix(strings.TrimSpace(line), word); ok {
				d, _ := time.ParseDuration(by) // a fault is said when it is played
				sum += d
			}
		}
	}
	return sum
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant: %s\n got: %s", i+1, a, b)
		}
	}
	return "none"
}

// play is one conversation that is being played.
type play struct {
	t     *testing.T
	d     *demo
	files map[string][]byte
	names map[string]int64
	seen  map[int64]map[int64]string // what each phone showed last, by message
	keys  map[int64]string           // the keys under the text field of each phone
	rung  map[int64]string           // the press of each phone that is not answered yet
	codes []string                   // the codes that hosts' phones showed
	// passed: the line being played lets time pass.
	passed bool
}

// demoGroup is the work group, with everybody in it.
const demoGroup = -5001

// playTime is when conversations begin: a Monday, 07:50.
var playTime = time.Date(2026, 12, 7, 7, 50, 0, 0, time.FixedZone("CST", 8*3600))

func newPlay(t *testing.T, archive *txtar.Archive) *play {
	t.Helper()
	return newPlayIn(t, archive, t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// newPlayIn is newPlay with its data in a folder, and a log of its own.
func newPlayIn(t *testing.T, archive *txtar.Archive, dir string, log *slog.Logger) *play {
	t.Helper()
	p := &play{t: t, files: map[string][]byte{}, names: map[string]int64{}, seen: map[int64]map[int64]string{}, keys: map[int64]string{}, rung: map[int64]string{}}
	for _, f := range archive.Files {
		p.files[f.Name] = f.Data
	}
	key := make([]byte, 32)
	d, err := startDemo(t.Context(), demoOptions{
		listen: "127.0.0.1:0", data: dir, clock: standingAt(playTime), key: key, alone: true, noLimits: true,
	}, io.Discard, log)
	if err != nil {
		t.Fatal(err)
	}
	p.d = d
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	var members []int64
	for _, who := range []struct {
		name string
		id   int64
	}{
		{"县级管理员 001", demoOfficer},
		{"组织委员 001", demoTownship + 1},
		{"组织委员 002", demoTownship + 2},
		{"主持人 001", demoHost},
		{"毕业生 001", demoGraduate},
		{"路人 001", demoStranger},
		{"书记 001", demoSecretary + 1},
		{"书记 002", demoSecretary + 2},
		{"书记 003", demoSecretary + 3},
		{"书记 005", demoSecretary + 5},
		{"书记 006", demoSecretary + 6},
		{"书记 040", demoSecretary + 40},
	} {
		p.names[who.name] = who.id
		members = append(members, who.id)
	}
	if err := d.sandbox.AddGroup(sandbox.Group{ID: demoGroup, Title: "工作群", Members: members}); err != nil {
		t.Fatal(err)
	}
	p.names["工作群"] = demoGroup
	p.settle()
	p.news()
	return p
}

// act plays the lines of a script and returns it with what was said.
func (p *play) act(script string) string {
	p.t.Helper()
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "  "):
			continue
		case line == "" || strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
			continue
		}
		out.WriteString(line + "\n")
		if err := p.do(line); err != nil {
			p.t.Errorf("%s: %v", line, err)
			out.WriteString("  ✗ " + err.Error() + "\n")
		}
		p.settle()
		for _, said := range p.news() {
			out.WriteString(said)
		}
	}
	return out.String()
}

var actPattern = regexp.MustCompile(`^(.+?) ([>*~&@^<!+]) (.*)$`)

func (p *play) do(line string) error {
	p.passed = strings.HasPrefix(line, "clock ") || strings.HasPrefix(line, "stopped ")
	if by, ok := strings.CutPrefix(line, "clock "); ok {
		d, err := time.ParseDuration(by)
		if err != nil {
			return err
		}
		return p.d.advance(p.t.Context(), d)
	}
	if by, ok := strings.CutPrefix(line, "stopped "); ok {
		d, err := time.ParseDuration(by)
		if err != nil {
			return err
		}
		return p.restart(d)
	}
	if line == "restart" {
		return p.restart(0)
	}
	m := actPattern.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("not understood")
	}
	who, known := p.names[m[1]]
	if !known {
		return fmt.Errorf("nobody of that name")
	}
	return p.person(who, m[2], m[3])
}

func (p *play) person(who int64, verb, rest string) (err error) {
	s := p.d.sandbox
	switch verb {
	case ">":
		_, err = s.Say(who, p.withCodes(rest))
	case "+":
		_, err = s.SayIn(demoGroup, who, rest)
	case "*":
		return p.press(who, rest)
	case "~", "&":
		return p.link(who, p.names[rest], verb == "~")
	case "@":
		payload := rest
		switch rest {
		case "enrol":
			payload = p.d.offered.secretary
		case "village":
			payload = p.d.offered.graduate
		}
		_, err = s.OpenLink(who, payload)
	case "^":
		return p.card(who, rest)
	case "<":
		_, err = s.SendFile(who, rest, p.files[rest])
	case "!":
		if rest == "block" {
			return s.Block(who)
		}
		return s.Unblock(who)
	}
	return err
}

// card sends a contact card.
func (p *play) card(who int64, of string) (err error) {
	s := p.d.sandbox
	switch of {
	case "own":
		_, err = s.ShareContact(who)
	case "other":
		_, err = s.ShareCard(who, sandbox.Card{Phone: demoPhone(demoSecretary + 1), UserID: demoSecretary + 1})
	default:
		_, err = s.ShareCard(who, sandbox.Card{Phone: of, UserID: who})
	}
	return err
}

// press presses the button of the newest message that has it, of the person's
// own chat or else of the group.
func (p *play) press(who int64, label string) error {
	for _, chat := range []int64{who, demoGroup} {
		for _, m := range slices.Backward(p.d.sandbox.Messages(chat)) {
			if _, _, ok := m.Find(label); ok && m.Bot {
				id, err := p.d.sandbox.PressText(who, chat, m.ID, label)
				p.rung[who] = id
				return err
			}
		}
	}
	return fmt.Errorf("no button %q", label)
}

// link opens what a phone shows: the newest QR code, or the newest deep link.
func (p *play) link(who, other int64, scan bool) error {
	s := p.d.sandbox
	for _, m := range slices.Backward(s.Messages(other)) {
		text := ""
		switch {
		case scan && m.Photo != nil:
			text = s.QR(m.Photo.ID)
		case !scan:
			text = regexp.MustCompile(`https://t\.me/\S+`).FindString(m.Text)
		}
		if payload, ok := s.Payload(text); ok {
			_, err := s.OpenLink(who, payload)
			return err
		}
	}
	return fmt.Errorf("no link to open")
}

var codePattern = regexp.MustCompile(`(\d{3}) (\d{3})`)

// withCodes puts the codes that hosts' phones show into a text.
func (p *play) withCodes(text string) string {
	code := func(back int) string {
		if len(p.codes) < back {
			return "000000"
		}
		return p.codes[len(p.codes)-back]
	}
	wide := strings.Map(func(r rune) rune {
		if r == ' ' {
			return r
		}
		return r - '0' + '\uff10'
	}, code(1)[:3]+" "+code(1)[3:])
	return strings.NewReplacer("CODE", code(1), "OLD", code(2), "WIDE", wide).Replace(text)
}

// settle waits until everything that was said has been answered.
func (p *play) settle() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute) // a whole county under the race detector, on two cores
	defer cancel()
	for range 3 { // an answer may cause another: a file's progress, a live message
		if err := p.d.sandbox.WaitAcked(ctx); err != nil {
			p.t.Fatal("updates are not taken:", err)
		}
		if _, err := p.d.app.bot.WorkJobs(ctx, nil); err != nil {
			p.t.Fatal("files:", err)
		}
		if err := p.d.look(ctx); err != nil {
			p.t.Fatal("deliveries:", err)
		}
	}
}

// restart stops the program, lets time pass, and starts it on its data.
func (p *play) restart(after time.Duration) error {
	s := p.d.app.setup
	if err := p.d.app.stop(); err != nil {
		return err
	}
	p.d.clock.move(after)
	s.engine, s.schedule.Upkeep = nil, nil // those of the app that is gone
	a, err := startApp(p.t.Context(), s)
	p.d.app = a
	return err
}

// news is what the phones show that they did not before.
func (p *play) news() []string {
	names := make([]string, 0, len(p.names))
	for name := range p.names {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		id := p.names[name]
		said := p.said(name, id)
		if p.passed {
			slices.Sort(said) // what fell due meanwhile has no order of its own
		}
		out = append(append(out, said...), p.edges(name, id)...)
	}
	return out
}

// said is what a chat shows that it did not before.
func (p *play) said(name string, id int64) (out []string) {
	if p.seen[id] == nil {
		p.seen[id] = map[int64]string{}
	}
	for _, m := range p.d.sandbox.Messages(id) {
		if !m.Bot {
			continue
		}
		shown := p.show(m)
		before, had := p.seen[id][m.ID]
		p.seen[id][m.ID] = shown
		switch {
		case !had:
			out = append(out, "  "+name+"\n"+shown)
		case before != shown:
			out = append(out, "  "+name+" ✎\n"+shown)
		}
		if code := codePattern.FindStringSubmatch(m.Text); before != shown && m.Photo != nil && code != nil {
			p.codes = append(p.codes, code[1]+code[2])
		}
	}
	return out
}

// edges are what a phone shows beside its messages: the notice over a pressed
// button, and other keys under the text field.
func (p *play) edges(name string, id int64) (out []string) {
	if notice, _, ok := p.d.sandbox.Answer(p.rung[id]); ok && notice != "" {
		out = append(out, "  "+name+" 🔔 "+notice+"\n")
	}
	delete(p.rung, id)
	var keys []string
	for _, row := range p.d.sandbox.Keyboard(id) {
		for _, key := range row {
			keys = append(keys, "["+key.Text+"]")
		}
	}
	if now := strings.Join(keys, " "); now != p.keys[id] {
		p.keys[id] = now
		out = append(out, "  "+name+" ⌨ "+now+"\n")
	}
	return out
}

// masks are what differs from run to run.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`https://t\.me/\S+`), "https://t.me/…"},
}

// show writes a message as it stands in a script.
func (p *play) show(m sandbox.Message) string {
	text := m.Text
	for _, mask := range masks {
		text = mask.pattern.ReplaceAllString(text, mask.with)
	}
	var b strings.Builder
	if m.Photo != nil {
		b.WriteString("    ▣ picture\n")
	}
	if m.Document != nil {
		fmt.Fprintf(&b, "    ▤ %s\n", m.Document.Name)
	}
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString("    " + line + "\n")
	}
	for _, row := range m.Buttons {
		b.WriteString("   ")
		for _, key := range row {
			b.WriteString(" [" + key.Text + "]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

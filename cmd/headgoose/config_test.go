package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	examplePath = "../../config.example.yaml"
	testToken   = "1000000001:" + canary + "-token"
)

// vars is an environment of these variables alone.
func vars(list map[string]string) environment {
	return func(name string) (string, bool) {
		v, ok := list[name]
		return v, ok
	}
}

var withToken = vars(map[string]string{"HEADGOOSE_TOKEN": testToken})

const minimal = "county: {name: 化隆县, code: '630224', officers: [1]}\ntelegram: {token: \"${HEADGOOSE_TOKEN}\"}\n"

func parse(t testing.TB, text string, use purpose, env environment) (*config, error) {
	t.Helper()
	return parseConfig("c.yaml", shortDir(t), []byte(text), use, env)
}

// shortDir is a temporary folder whose path leaves room for a socket's.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// wantFaults compares the faults with lines such as "3:5 county.code: expected the".
func wantFaults(t *testing.T, err error, want ...string) {
	t.Helper()
	found, ok := asFaults(err)
	if !ok {
		t.Fatalf("got %v, want faults", err)
	}
	noCanary(t, "the list of faults", err.Error())
	for i, f := range found.list {
		got := fmt.Sprintf("%d:%d %s: %s", f.line, f.col, f.path, f.text)
		if i >= len(want) || !strings.HasPrefix(got, want[i]) {
			t.Errorf("fault %d: %s", i, got)
		}
	}
	if len(found.list) != len(want) {
		t.Errorf("%d faults, want %d:\n%v", len(found.list), len(want), err)
	}
}

func TestExample(t *testing.T) {
	cfg, err := loadConfig(examplePath, forRun, withToken)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("holds the defaults but for the county", func(t *testing.T) {
		var plain config
		if err := yaml.Load(raw, &plain); err != nil {
			t.Fatal(err)
		}
		want := defaultConfig()
		want.County.Name, want.County.Code, want.County.Officers = plain.County.Name, plain.County.Code, plain.County.Officers
		want.Bases = plain.Bases
		if got := plain.Telegram.Token.Reveal(); got != "${HEADGOOSE_TOKEN}" {
			t.Errorf("token is %q", got)
		}
		for _, s := range []*Secret{&plain.Telegram.Token, &plain.Telegram.Proxy, &plain.Telegram.Webhook.Secret} {
			*s = Secret{}
		}
		if !reflect.DeepEqual(plain, want) {
			t.Errorf("got  %+v\nwant %+v", plain, want)
		}
	})
	t.Run("has every key, and each explained in both languages", func(t *testing.T) {
		doc, ok := readDocument(raw, &faults{})
		if !ok {
			t.Fatal("not readable")
		}
		for _, key := range configKeys() {
			if _, there := doc.at[strings.ReplaceAll(key, "[]", "[0]")]; !there {
				t.Errorf("%s is missing", key)
			}
		}
		for _, at := range unexplained(string(raw)) {
			t.Errorf("line %d has no explanation above it", at)
		}
	})
	t.Run("names the county's two bases", func(t *testing.T) {
		bases := setupFor(cfg, nil, nil, nil).county.Bases
		if len(bases) != 2 || bases[0].Kind == bases[1].Kind {
			t.Errorf("got %+v", bases)
		}
	})
}

var (
	exampleKey = regexp.MustCompile(`^\s*(- )?[a-z_]+:`)
	chinese    = regexp.MustCompile(`\p{Han}`)
)

// unexplained lists the lines of keys with neither a comment above nor a
// sibling that has one: an explanation may cover a pair such as cert and key,
// and the second of two list elements needs none.
func unexplained(text string) (lines []int) {
	explained := map[string]bool{}
	comment := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "#"):
			comment += trimmed
		case exampleKey.MatchString(line):
			key := strings.TrimLeft(strings.SplitN(trimmed, ":", 2)[0], "- ")
			pair := map[string]string{"key": "cert", "from": "quiet_hours", "to": "quiet_hours"}[key]
			section := strings.HasSuffix(trimmed, ":")
			if !section && !chinese.MatchString(comment) && !explained[key] && !explained[pair] {
				lines = append(lines, i+1)
			}
			explained[key] = explained[key] || comment != ""
			comment = ""
		}
	}
	return lines
}

func TestUnexplained(t *testing.T) {
	if got := unexplained("# 名 name\na: 1\nb: 2\nc:\n  # english\n  d: 1\n"); !slices.Equal(got, []int{3, 6}) {
		t.Errorf("got %v", got)
	}
}

func TestConfigFaults(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"all at once, of form and of meaning", `telegram:
  tokn: x
  token: ${HEADGOOSE_TOKEN}
  mode: pull
  mode: polling
  poll_timeout: fifty
  webhook: none
county:
  name: 化隆县
  code: 63
  timezone: Asia/Xining
  languages: [zh, fr, zh]
  officers: [me, -5]
bases:
  - id: A
    kind: farm
schedules:
  week_schedule: 61 * * * *
  upkeep: 0 0 30 2 *
storage: {type: etcd, max_size: 3}
quiet_hours: {from: 25:00}
extra: 1
`, []string{
			"2:3 telegram.tokn: unknown key, is token meant?",
			"4:9 telegram.mode: expected polling or webhook",
			"5:3 telegram.mode: stands twice, first in line 4",
			"6:17 telegram.poll_timeout: not a length of time",
			"7:12 telegram.webhook: expected keys with their values below it",
			"10:9 county.code: expected the county's statistical code",
			"11:13 county.timezone: not a time zone",
			"12:19 county.languages[1]: expected zh or en",
			"12:23 county.languages[2]: stands twice",
			"13:14 county.officers[0]: expected the positive number",
			"13:18 county.officers[1]: expected the positive number",
			"15:5 bases[0].name: name the base",
			"15:9 bases[0].id: expected a short name",
			"16:11 bases[0].kind: expected party_spirit or",
			"18:18 schedules.week_schedule: cron line",
			"19:11 schedules.upkeep: cron line \"0 0 30 2 *\" never comes",
			"20:17 storage.type: expected bolt",
			"20:33 storage.max_size: not a size",
			"21:21 quiet_hours.from: ",
			"22:1 extra: unknown key",
		}},
		{"a key of another section", minimal + "mode: polling\n", []string{"3:1 mode: unknown key, is telegram.mode meant?"}},
		{"an empty file", "# nothing\n", []string{"1:1 : the file is empty"}},
		{"two documents", minimal + "---\n{}\n", []string{"1:1 : the file has more than one document"}},
		{"no YAML", "county: {", []string{"2:1 : not readable as YAML"}},
		{"a list where keys belong", "county: []\n", []string{"1:1 telegram.token: there is no bot token", "1:9 county: expected keys"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(t, c.text, forRun, withToken)
			wantFaults(t, err, c.want...)
		})
	}
}

// A text of a table has a ^ before the value that the fault is of.
func marked(t *testing.T, text, fault string) (plain, want string) {
	t.Helper()
	before, after, ok := strings.Cut(text, "^")
	if !ok {
		t.Fatal("no mark ^")
	}
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return before + after, fmt.Sprintf("%d:%d %s", strings.Count(before, "\n")+1, len(line)+1, fault)
}

// Each line is put below minimal.
func TestConfigValues(t *testing.T) {
	for _, c := range []struct{ line, fault string }{
		{"storage: {path: ^''}", "storage.path: name the data file"},
		{"storage: {path: ^.}", "storage.path: "},
		{"storage: {path: ^" + strings.Repeat("d", 120) + "}", "storage.path: the path is"},
		{"storage: {path: a.db, key_file: ^a.db}", "storage.key_file: the key cannot be"},
		{"storage: {max_size: ^1MiB}", "storage.max_size: expected 16MiB to 64GiB"},
		{"checkin: {grace: ^0s}", "checkin.grace: expected 1m to 4h"},
		{"checkin: {opens_before: ^-1h}", "checkin.opens_before: not a length"},
		{"enrolment: {link_valid: ^91d}", "enrolment.link_valid: expected 1h to 90d"},
		{"reminders: {hours_before: ^13}", "reminders.hours_before: expected 1 to 12"},
		{"schedules: {week_digest: ^'@every -1h'}", "schedules.week_digest: @every"},
		{"schedules: {week_digest: ^'CRON_TZ=X'}", "schedules.week_digest: a cron line has no zone"},
		{"schedules: {facts: ^'0 9 * *'}", "schedules.facts: "},
		{"graduates: {seeking_days: ^3}", "graduates.seeking_days: expected 14 to 730"},
		{"graduates: {answer_days: 40, seeking_days: ^30}", "graduates.seeking_days: shorter than the 40 days"},
		{"graduates: {silences: ^0}", "graduates.silences: expected 1 to 5"},
		{"log: {level: ^loud}", "log.level: expected debug or"},
		{"log: {format: ^xml}", "log.format: expected text or json"},
		{"log: {file: ^nowhere/at/all.log}", "log.file: there is no folder"},
	} {
		t.Run(c.line, func(t *testing.T) {
			text, want := marked(t, minimal+c.line+"\n", c.fault)
			_, err := parse(t, text, forRun, withToken)
			wantFaults(t, err, want)
		})
	}
}

// Each entry is the section telegram, with a token where <> stands.
func TestConfigTelegram(t *testing.T) {
	env := vars(map[string]string{"TOKEN": testToken, "SECRET": canary + "-0123456789", "PROXY": "socks5://u:" + canary + "@h:1080"})
	hook := func(rest string) string { return "{<>, mode: webhook, webhook: {" + rest + "}}" }
	for _, c := range []struct{ section, fault string }{
		{"{<>, proxy: ^'${PROXY}'}", ""},
		{"{<>, proxy: ^'${GONE}'}", "telegram.proxy: GONE is not set"},
		{"{<>, proxy: ^'ftp://" + canary + "'}", "telegram.proxy: expected an http"},
		{"{<>, api_url: ^'https://" + canary + ":x@h'}", "telegram.api_url: the address must not"},
		{"{<>, api_url: ^'telegram'}", "telegram.api_url: expected"},
		{"{token: ^'" + canary + "'}", "telegram.token: not a bot token"},
		{"{token: ^['" + testToken + "']}", "telegram.token: expected a text"},
		{"{token: ^!!int '" + canary + "'}", "telegram.token: "},
		{"{<>, poll_timeout: ^" + canary + "}", "telegram.poll_timeout: "},
		{"{<>, limits: {per_second: ^'" + canary + "'}}", "telegram.limits.per_second: expected a whole number"},
		{"{<>, token_file: ^x}", "telegram.token_file: give either"},
		{"{<>, username: ^'a b'}", "telegram.username: not the name"},
		{"{<>, limits: {per_second: ^31}}", "telegram.limits.per_second: expected 1 to 30"},
		{"{<>, poll_timeout: ^1s}", "telegram.poll_timeout: expected 2s to 50s"},
		{hook("listen: ':8443', url: ^'https://h/x', secret: '${SECRET}'"), ""},
		{hook("listen: ':8443', url: ^'http://127.0.0.1:99/x', secret: '${SECRET}'"), ""},
		{hook("listen: ':8443', url: ^'http://h/x', secret: '${SECRET}'"), "telegram.webhook.url: Telegram calls https only"},
		{hook("listen: ':8443', url: ^'https://h:444/', secret: '${SECRET}'"), "telegram.webhook.url: Telegram calls the ports"},
		{hook("listen: ':8443', url: ^'https://u:" + canary + "@h/', secret: '${SECRET}'"), "telegram.webhook.url: the address must not"},
		{hook("listen: ^'8443', url: 'https://h/x', secret: '${SECRET}'"), "telegram.webhook.listen: expected an address"},
		{hook("listen: ':8443', url: 'https://h/x', secret: ^'${GONE}'"), "telegram.webhook.secret: GONE is not set"},
		{hook("listen: ':8443', url: 'https://h/x', secret: ^'short'"), "telegram.webhook.secret: expected 16"},
		{"{<>, webhook: ^{cert: '" + exampleAbs(t) + "'}}", "telegram.webhook: cert and key belong"},
		{"{<>, webhook: {cert: ^no.pem, key: '" + exampleAbs(t) + "'}}", "telegram.webhook.cert: there is no file"},
	} {
		t.Run(c.section, func(t *testing.T) {
			section := strings.ReplaceAll(c.section, "<>", "token: '${TOKEN}'")
			text, want := marked(t, "county: {name: 化隆县, code: '630224', officers: [1]}\ntelegram: "+section+"\n", c.fault)
			cfg, err := parse(t, text, forRun, env)
			switch {
			case c.fault != "":
				wantFaults(t, err, want)
			case err != nil:
				t.Fatal(err)
			case cfg.Telegram.Token.Reveal() != testToken:
				t.Error("another token")
			}
		})
	}
}

func exampleAbs(t *testing.T) string {
	t.Helper()
	abs, err := filepath.Abs(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func TestMissingToken(t *testing.T) {
	for _, c := range []struct{ name, telegram, says string }{
		{"variable not set", "{token: '${HEADGOOSE_TOKEN}'}", "HEADGOOSE_TOKEN is not set"},
		{"empty", "{token: ''}", "there is no bot token"},
		{"no key", "{}", "there is no bot token"},
		{"no section", "", "there is no bot token"},
	} {
		text := "county: {name: 化隆县, code: '630224'}\ntelegram: " + c.telegram + "\n"
		t.Run(c.name+": the running bot is told the two ways on", func(t *testing.T) {
			_, err := parse(t, text, forRun, vars(nil))
			if err == nil {
				t.Fatal("no fault")
			}
			for _, want := range []string{c.says, "@BotFather", "headgoose demo", "c.yaml:2:"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
		t.Run(c.name+": work on the data goes without", func(t *testing.T) {
			if _, err := parse(t, text, forData, vars(nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTokenFile(t *testing.T) {
	write := func(t *testing.T, content string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return "county: {name: 化隆县, code: '630224', officers: [1]}\ntelegram: {token_file: " + path + "}\n"
	}
	t.Run("is trimmed", func(t *testing.T) {
		cfg, err := parse(t, write(t, "\ufeff"+testToken+"\r\n", 0o600), forRun, vars(nil))
		if err != nil || cfg.Telegram.Token.Reveal() != testToken {
			t.Fatalf("got %v", err)
		}
		if len(cfg.Warnings) > 0 {
			t.Errorf("warned of %v", cfg.Warnings)
		}
	})
	t.Run("readable by all is warned of", func(t *testing.T) {
		cfg, err := parse(t, write(t, testToken, 0o644), forRun, vars(nil))
		if err != nil {
			t.Fatal(err)
		}
		if len(cfg.Warnings) != 1 || !strings.Contains(cfg.Warnings[0], "chmod 600") {
			t.Errorf("warned of %v", cfg.Warnings)
		}
	})
	t.Run("faults", func(t *testing.T) {
		_, err := parse(t, write(t, " \n", 0o600), forRun, vars(nil))
		wantFaults(t, err, "2:24 telegram.token_file: ")
		_, err = parse(t, write(t, canary, 0o600), forRun, vars(nil))
		wantFaults(t, err, "2:24 telegram.token_file: not a bot token")
		_, err = parse(t, "county: {name: 化隆县, code: '630224'}\ntelegram: {token_file: none}\n", forRun, vars(nil))
		wantFaults(t, err, "2:24 telegram.token_file: stat")
	})
}

func TestConfigPaths(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(path, forRun, withToken)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "data", "headgoose.db"); cfg.Storage.Path != want {
		t.Errorf("data in %s, want %s", cfg.Storage.Path, want)
	}
	if want := filepath.Join(dir, "headgoose.key"); cfg.Storage.KeyFile != want {
		t.Errorf("key in %s, want %s", cfg.Storage.KeyFile, want)
	}
	if cfg.Zone.String() != "Asia/Shanghai" {
		t.Errorf("zone %s", cfg.Zone)
	}
	t.Run("a missing file says what to do", func(t *testing.T) {
		_, err := loadConfig(filepath.Join(dir, "none.yaml"), forRun, withToken)
		if err == nil || !strings.Contains(err.Error(), "config.example.yaml") {
			t.Errorf("got %v", err)
		}
	})
}

func TestValueTexts(t *testing.T) {
	for _, s := range []string{"30s", "15m", "2h", "1h30m", "14d", "0s", "1m30s", "100ms"} {
		var d duration
		if err := d.UnmarshalText([]byte(s)); err != nil || d.String() != s {
			t.Errorf("%s: got %s, %v", s, d, err)
		}
	}
	for _, s := range []string{"16MiB", "1GiB", "3KiB"} {
		var z size
		if err := z.UnmarshalText([]byte(s)); err != nil || z.String() != s {
			t.Errorf("%s: got %s, %v", s, z, err)
		}
	}
	for _, s := range []string{"", "5", "d", "-1d", "99999d", "1.5d"} {
		if err := new(duration).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is no length of time", s)
		}
	}
	for _, s := range []string{"", "1", "GiB", "-1GiB", "1GB", "99999999999GiB"} {
		if err := new(size).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is no size", s)
		}
	}
}

// FuzzConfig: whatever stands in a file, it becomes a configuration that can
// be used, or a list of faults of which each has its place. Neither shows the
// token.
func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile(examplePath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(minimal))
	f.Add([]byte("telegram: &a {token: *a}\ncounty: {<<: *a}\n"))
	f.Add([]byte("county:\n  code: 630224\n  code: [1]\nbases: [{id: x}, 3]\n"))
	f.Add([]byte("? [a]\n: b\n---\n..."))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		cfg, err := parseConfig("c.yaml", dir, raw, forRun, withToken)
		noCanary(t, "the error", fmt.Sprint(err))
		noCanary(t, "the configuration", fmt.Sprintf("%+v", cfg))
		if err == nil {
			usable(t, cfg)
			return
		}
		found, ok := asFaults(err)
		if !ok || len(found.list) == 0 {
			t.Fatalf("no faults: %v", err)
		}
		lines := strings.Count(string(raw), "\n") + strings.Count(string(raw), "\r") + strings.Count(string(raw), "\u0085") + strings.Count(string(raw), "\u2028") + strings.Count(string(raw), "\u2029") + 2
		for _, one := range found.list {
			if one.line < 1 || one.col < 1 || one.line > lines || one.text == "" {
				t.Errorf("fault %+v of %d lines", one, lines)
			}
		}
	})
}

func usable(t *testing.T, cfg *config) {
	t.Helper()
	if cfg.Telegram.Token.IsZero() || cfg.Zone == nil || cfg.County.Name == "" || cfg.Storage.Path == "" {
		t.Errorf("not usable: %+v", cfg)
	}
	if time.Duration(cfg.CheckIn.Grace) <= 0 || cfg.Telegram.Limits.PerSecond < 1 {
		t.Errorf("not usable: %+v", cfg)
	}
}

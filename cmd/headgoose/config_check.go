package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage/record"
)

// configCheck looks at what a configuration means, after its form is known.
// Nothing that it says quotes a value that may hold a secret.
type configCheck struct {
	cfg   *config
	doc   *document
	use   purpose
	env   environment
	found *faults
}

func (c *configCheck) all() {
	c.token()
	c.line()
	c.webhook()
	c.storage()
	c.county()
	c.bases()
	c.times()
	c.schedules()
	c.graduates()
	c.log()
}

// bad notes a fault of a key, unless the form of its value is one already.
func (c *configCheck) bad(path, format string, args ...any) {
	if c.malformed(path) {
		return
	}
	at := c.doc.locate(path)
	c.found.list = append(c.found.list, fault{line: at.line, col: at.col, path: path, text: fmt.Sprintf(format, args...)})
}

// malformed says whether the value of a key, or of a key that it stands below,
// has not been read. In a list, one element that was not read is enough: the
// others may have moved up.
func (c *configCheck) malformed(path string) bool {
	for _, f := range c.found.list {
		if !f.form {
			continue
		}
		list, _, element := strings.Cut(f.path, "[")
		if path == f.path || strings.HasPrefix(path, f.path+".") || element && strings.HasPrefix(path, list+"[") && strings.HasSuffix(f.path, "]") {
			return true
		}
	}
	return false
}

// badToRun notes a fault that only the running bot minds.
func (c *configCheck) badToRun(path, format string, args ...any) {
	if c.use == forRun {
		c.bad(path, format, args...)
	}
}

func (c *configCheck) warn(path, format string, args ...any) {
	c.cfg.Warnings = append(c.cfg.Warnings, path+": "+fmt.Sprintf(format, args...))
}

const noToken = `there is no bot token (没有机器人令牌). Two ways on:
    1. get one: in Telegram write /newbot to @BotFather, then set the environment variable HEADGOOSE_TOKEN
       or put the token alone into a file and name it in telegram.token_file
    2. see it work without one: headgoose demo (先看演示,不需要令牌)`

var tokenShape = regexp.MustCompile(`^[0-9]{3,20}:[A-Za-z0-9_-]{10,128}$`)

func (c *configCheck) token() {
	t := &c.cfg.Telegram
	given := !t.Token.IsZero()
	unset := t.Token.expand(c.env)
	switch {
	case given && t.TokenFile != "" && !t.Token.IsZero():
		c.bad("telegram.token_file", "give either token or token_file, not both")
		return
	case t.TokenFile != "":
		if !c.tokenFile() {
			return
		}
	case len(unset) > 0:
		c.badToRun("telegram.token", "%s is not set: %s", strings.Join(unset, ", "), noToken)
		t.Token = Secret{}
		return
	}
	if t.Token.IsZero() {
		c.badToRun("telegram.token", noToken)
	} else if !tokenShape.MatchString(t.Token.Reveal()) {
		c.bad(c.tokenKey(), "not a bot token: BotFather's have digits, a colon, then letters, digits, _ and -")
	}
	if t.Username = strings.TrimPrefix(t.Username, "@"); t.Username != "" && !accountName.MatchString(t.Username) {
		c.bad("telegram.username", "not the name of a bot account, such as hualong_headgoose_bot")
	}
}

var accountName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)

func (c *configCheck) tokenKey() string {
	if c.cfg.Telegram.TokenFile != "" {
		return "telegram.token_file"
	}
	return "telegram.token"
}

// tokenFile reads the token, and answers false where there is none.
func (c *configCheck) tokenFile() bool {
	path := c.cfg.Telegram.TokenFile
	raw, err := readLimited(path, maxToken)
	if err != nil {
		c.badToRun("telegram.token_file", "%v", err)
		return false
	}
	if worldReadable(path) {
		c.warn("telegram.token_file", "everybody on this machine can read %s: chmod 600", path)
	}
	c.cfg.Telegram.Token = NewSecret(strings.TrimSpace(string(raw)))
	if c.cfg.Telegram.Token.IsZero() {
		c.badToRun("telegram.token_file", "%s is empty", path)
		return false
	}
	return true
}

// line is the way to Telegram.
func (c *configCheck) line() {
	t := &c.cfg.Telegram
	api, err := url.Parse(t.APIURL)
	switch {
	case err != nil || api.Host == "" || (api.Scheme != "https" && api.Scheme != "http"):
		c.bad("telegram.api_url", "expected an http or https address such as https://api.telegram.org")
	case api.User != nil:
		c.bad("telegram.api_url", "the address must not contain a name or password")
	case api.Scheme == "http" && !loopback(api.Hostname()):
		c.warn("telegram.api_url", "the token goes over http without encryption")
	}
	if unset := t.Proxy.expand(c.env); len(unset) > 0 {
		c.badToRun("telegram.proxy", "%s is not set", strings.Join(unset, ", "))
	} else if !t.Proxy.IsZero() {
		proxy, err := url.Parse(t.Proxy.Reveal())
		if err != nil || proxy.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
			c.bad("telegram.proxy", "expected an http, https or socks5 address such as socks5://127.0.0.1:1080")
		}
	}
	c.within("telegram.poll_timeout", t.PollTimeout, 2*time.Second, 50*time.Second)
	if err == nil && loopback(api.Hostname()) && t.Limits == (limitsConfig{}) {
		return // no pace at all, which only a test server on this machine takes
	}
	c.between("telegram.limits.per_second", t.Limits.PerSecond, 1, 30)
	c.within("telegram.limits.chat_every", t.Limits.ChatEvery, 100*time.Millisecond, time.Minute)
	c.between("telegram.limits.chat_burst", t.Limits.ChatBurst, 1, 10)
	c.between("telegram.limits.group_per_minute", t.Limits.GroupPerMinute, 1, 20)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var webhookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

func (c *configCheck) webhook() {
	t := &c.cfg.Telegram
	c.oneOf("telegram.mode", t.Mode, modePolling, modeWebhook)
	w := &t.Webhook
	hook := t.Mode == modeWebhook
	unset := w.Secret.expand(c.env)
	if len(unset) > 0 && hook {
		c.badToRun("telegram.webhook.secret", "%s is not set", strings.Join(unset, ", "))
	} else if (hook || !w.Secret.IsZero()) && len(unset) == 0 && !webhookSecret.MatchString(w.Secret.Reveal()) {
		c.bad("telegram.webhook.secret", "expected 16 to 256 of A-Z a-z 0-9 _ -, such as `openssl rand -hex 24` gives")
	}
	if hook || w.Listen != "" {
		c.address("telegram.webhook.listen", w.Listen)
	}
	if hook || w.URL != "" {
		c.webhookURL(w.URL)
	}
	if (w.Cert == "") != (w.Key == "") {
		c.bad("telegram.webhook", "cert and key belong together: give both, or none behind a proxy that ends TLS")
	}
	c.file("telegram.webhook.cert", w.Cert)
	c.file("telegram.webhook.key", w.Key)
	if w.Key != "" && worldReadable(w.Key) {
		c.warn("telegram.webhook.key", "everybody on this machine can read %s: chmod 600", w.Key)
	}
}

func (c *configCheck) webhookURL(text string) {
	const key = "telegram.webhook.url"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "":
		c.bad(key, "expected an address such as https://bot.example.cn/telegram")
	case u.User != nil:
		c.bad(key, "the address must not contain a name or password")
	case u.Scheme == "http" && loopback(u.Hostname()): // a sandbox on this machine
	case u.Scheme != "https":
		c.bad(key, "Telegram calls https only")
	case !slices.Contains([]string{"", "443", "80", "88", "8443"}, u.Port()):
		c.bad(key, "Telegram calls the ports 443, 80, 88 and 8443 only")
	}
}

func (c *configCheck) storage() {
	s := c.cfg.Storage
	c.oneOf("storage.type", s.Type, "bolt")
	if s.Path == "" {
		c.bad("storage.path", "name the data file, such as data/headgoose.db")
	} else if info, err := os.Stat(s.Path); err == nil && !info.Mode().IsRegular() {
		c.bad("storage.path", "%s is not a file", s.Path)
	} else if n := len(controlPath(s.Path)); n > maxSocketPath {
		c.bad("storage.path", "the path is %d bytes too long for the control socket beside the file", n-maxSocketPath)
	}
	if s.KeyFile != "" && s.KeyFile == s.Path {
		c.bad("storage.key_file", "the key cannot be the data file")
	}
	if s.RingFile != "" && (s.RingFile == s.Path || s.RingFile == s.KeyFile) {
		c.bad("storage.ring_file", "the ring of keys is a file of its own")
	}
	if s.MaxSize < 16<<20 || s.MaxSize > 64<<30 {
		c.bad("storage.max_size", "expected 16MiB to 64GiB")
	}
}

func (c *configCheck) county() {
	county := &c.cfg.County
	if county.Name == "" {
		c.bad("county.name", "name the county, such as 化隆县")
	}
	if county.Code.Level() != record.County {
		c.bad("county.code", "expected the county's statistical code of 6 digits, such as 630224")
	}
	zone, err := time.LoadLocation(county.Timezone)
	if err != nil || county.Timezone == "" || county.Timezone == "Local" {
		c.bad("county.timezone", "not a time zone such as Asia/Shanghai")
		zone = time.UTC
	}
	c.cfg.Zone = zone
	if len(county.Languages) == 0 {
		c.bad("county.languages", "name at least one of %s", strings.Join(text.Languages, ", "))
	}
	for i, lang := range county.Languages {
		path := fmt.Sprintf("county.languages[%d]", i)
		if c.oneOf(path, lang, text.Languages...); slices.Contains(county.Languages[:i], lang) {
			c.bad(path, "stands twice")
		}
	}
	for i, id := range county.Officers {
		if slices.Contains(county.Officers[:i], id) {
			c.bad(fmt.Sprintf("county.officers[%d]", i), "stands twice")
		}
	}
	if len(county.Officers) == 0 {
		c.warn("county.officers", "nobody is a county officer but those of the roster")
	}
}

var baseID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

func (c *configCheck) bases() {
	seen := map[record.BaseID]bool{}
	for i, b := range c.cfg.Bases {
		path := fmt.Sprintf("bases[%d]", i)
		if !baseID.MatchString(string(b.ID)) {
			c.bad(path+".id", "expected a short name of a-z 0-9 _ -, such as party-spirit")
		} else if seen[b.ID] {
			c.bad(path+".id", "%s stands twice", b.ID)
		}
		seen[b.ID] = true
		if b.Name == "" {
			c.bad(path+".name", "name the base as people are to read it")
		}
		if b.Kind != "" {
			c.oneOf(path+".kind", b.Kind, record.PartySpirit, record.CleanGovernment)
		}
	}
}

// times are lengths of time and times of day.
func (c *configCheck) times() {
	c.within("checkin.opens_before", c.cfg.CheckIn.OpensBefore, time.Minute, 12*time.Hour)
	c.within("checkin.grace", c.cfg.CheckIn.Grace, time.Minute, 4*time.Hour)
	c.within("enrolment.link_valid", c.cfg.Enrolment.LinkValid, time.Hour, 90*24*time.Hour)
	c.between("reminders.hours_before", c.cfg.Reminders.HoursBefore, 1, 12)
	if r := c.cfg.Reminders; r.CountyAt > r.TownshipAt {
		c.bad("reminders.county_at", "the county hears in the morning who is silent still, the townships in the afternoon before: earlier in the day than %s", r.TownshipAt)
	}
	c.between("reminders.weekly_prompts", c.cfg.Reminders.WeeklyPrompts, 0, 100)
	c.between("reminders.officer_prompts", c.cfg.Reminders.OfficerPrompts, 0, 500)
	at := c.cfg.Reminders.DayBeforeAt.On(time.Unix(0, 0), 0, c.cfg.Zone)
	quiet := calendar.Quiet{From: c.cfg.QuietHours.From, To: c.cfg.QuietHours.To}
	if quiet.Contains(at, c.cfg.Zone) {
		c.warn("reminders.day_before_at", "lies in the quiet hours: these reminders wait until %s", c.cfg.QuietHours.To)
	}
}

func (c *configCheck) schedules() {
	for name, line := range map[string]string{
		"week_schedule": c.cfg.Schedules.WeekSchedule,
		"week_digest":   c.cfg.Schedules.WeekDigest,
		"upkeep":        c.cfg.Schedules.Upkeep,
		"facts":         c.cfg.Schedules.Facts,
		"referrals":     c.cfg.Schedules.Referrals,
	} {
		if line == "" {
			continue // off
		}
		if _, err := schedule.ParseLine(line, c.cfg.Zone); err != nil {
			c.bad("schedules."+name, "%v", err)
		}
	}
}

// graduates are the intervals at which facts are asked about anew. An answer is
// waited for no longer than until the next question.
func (c *configCheck) graduates() {
	g := c.cfg.Graduates
	for name, days := range map[string]int{
		"seeking_days": g.SeekingDays, "exams_days": g.ExamsDays, "employed_days": g.EmployedDays, "unwilling_days": g.UnwillingDays,
	} {
		c.between("graduates."+name, days, 14, 730)
		if days >= 14 && g.AnswerDays >= days {
			c.bad("graduates."+name, "shorter than the %d days for which an answer is waited for", g.AnswerDays)
		}
	}
	c.between("graduates.studying_months", g.StudyingMonths, 1, 12)
	c.between("graduates.answer_days", g.AnswerDays, 1, 60)
	c.between("graduates.silences", g.Silences, 1, 5)
}

func (c *configCheck) log() {
	l := c.cfg.Log
	c.oneOf("log.level", l.Level, "debug", "info", "warn", "error")
	c.oneOf("log.format", l.Format, "text", "json")
	if l.File == "" {
		return
	}
	if info, err := os.Stat(filepath.Dir(l.File)); err != nil || !info.IsDir() {
		c.bad("log.file", "there is no folder %s", filepath.Dir(l.File))
	}
}

func (c *configCheck) file(path, name string) {
	if name == "" {
		return
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		c.bad(path, "there is no file %s", name)
	}
}

func (c *configCheck) oneOf(path, value string, choice ...string) {
	if !slices.Contains(choice, value) {
		c.bad(path, "expected %s", strings.Join(choice, " or "))
	}
}

func (c *configCheck) between(path string, value, low, high int) {
	if value < low || value > high {
		c.bad(path, "expected %d to %d", low, high)
	}
}

func (c *configCheck) within(path string, value duration, low, high time.Duration) {
	if d := time.Duration(value); d < low || d > high {
		c.bad(path, "expected %s to %s", duration(low), duration(high))
	}
}

func (c *configCheck) address(path, value string) {
	_, port, err := net.SplitHostPort(value)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		c.bad(path, "expected an address and a port, such as 127.0.0.1:8443")
	}
}

package main

import (
	"path/filepath"
	"time"

	"headgoose/bot/telegram"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage/record"
)

// config is the configuration file. Every key has its line, with an
// explanation, in config.example.yaml. A key that is missing has the value of
// defaultConfig; see loadConfig for how a file becomes a config.
type config struct {
	Telegram   telegramConfig   `yaml:"telegram"`
	Storage    storageConfig    `yaml:"storage"`
	County     countyConfig     `yaml:"county"`
	Bases      []baseConfig     `yaml:"bases"`
	CheckIn    checkInConfig    `yaml:"checkin"`
	Enrolment  enrolmentConfig  `yaml:"enrolment"`
	Schedules  schedulesConfig  `yaml:"schedules"`
	Reminders  remindersConfig  `yaml:"reminders"`
	Graduates  graduatesConfig  `yaml:"graduates"`
	QuietHours quietHoursConfig `yaml:"quiet_hours"`
	Log        logConfig        `yaml:"log"`

	// Zone is County.Timezone.
	Zone *time.Location `yaml:"-"`
	// Warnings are what works, but should not stay so.
	Warnings []string `yaml:"-"`
}

// How updates come.
const (
	modePolling = "polling"
	modeWebhook = "webhook"
)

type telegramConfig struct {
	Token       Secret        `yaml:"token"`
	TokenFile   string        `yaml:"token_file"`
	Username    string        `yaml:"username"`
	APIURL      string        `yaml:"api_url"`
	Proxy       Secret        `yaml:"proxy"`
	Mode        string        `yaml:"mode"`
	PollTimeout duration      `yaml:"poll_timeout"`
	Webhook     webhookConfig `yaml:"webhook"`
	Limits      limitsConfig  `yaml:"limits"`
}

type webhookConfig struct {
	Listen string `yaml:"listen"`
	URL    string `yaml:"url"`
	Secret Secret `yaml:"secret"`
	Cert   string `yaml:"cert"`
	Key    string `yaml:"key"`
}

type limitsConfig struct {
	PerSecond      int      `yaml:"per_second"`
	ChatEvery      duration `yaml:"chat_every"`
	ChatBurst      int      `yaml:"chat_burst"`
	GroupPerMinute int      `yaml:"group_per_minute"`
}

type storageConfig struct {
	Type     string `yaml:"type"`
	Path     string `yaml:"path"`
	KeyFile  string `yaml:"key_file"`
	RingFile string `yaml:"ring_file"`
	MaxSize  size   `yaml:"max_size"`
}

type countyConfig struct {
	Name      string      `yaml:"name"`
	Code      record.Code `yaml:"code"`
	Timezone  string      `yaml:"timezone"`
	Languages []string    `yaml:"languages"`
	Officers  []account   `yaml:"officers"`
}

type baseConfig struct {
	ID     record.BaseID `yaml:"id"`
	Name   string        `yaml:"name"`
	NameEN string        `yaml:"name_en"`
	Place  string        `yaml:"place"`
	Kind   string        `yaml:"kind"`
}

type checkInConfig struct {
	OpensBefore duration `yaml:"opens_before"`
	Grace       duration `yaml:"grace"`
}

type enrolmentConfig struct {
	LinkValid duration `yaml:"link_valid"`
}

type schedulesConfig struct {
	WeekSchedule string `yaml:"week_schedule"`
	WeekDigest   string `yaml:"week_digest"`
	Upkeep       string `yaml:"upkeep"`
	Facts        string `yaml:"facts"`
	Referrals    string `yaml:"referrals"`
}

type remindersConfig struct {
	DayBeforeAt calendar.TimeOfDay `yaml:"day_before_at"`
	HoursBefore int                `yaml:"hours_before"`
	// TownshipAt and CountyAt are when officers hear who has not answered.
	TownshipAt calendar.TimeOfDay `yaml:"township_at"`
	CountyAt   calendar.TimeOfDay `yaml:"county_at"`
	// WeeklyPrompts and OfficerPrompts bound what a person gets in a week.
	WeeklyPrompts  int `yaml:"weekly_prompts"`
	OfficerPrompts int `yaml:"officer_prompts"`
}

// graduatesConfig is how soon facts of graduates are asked about anew, in days.
type graduatesConfig struct {
	SeekingDays   int `yaml:"seeking_days"`
	ExamsDays     int `yaml:"exams_days"`
	EmployedDays  int `yaml:"employed_days"`
	UnwillingDays int `yaml:"unwilling_days"`
	// StudyingMonths is how many months before the graduation.
	StudyingMonths int `yaml:"studying_months"`
	AnswerDays     int `yaml:"answer_days"`
	Silences       int `yaml:"silences"`
}

func (g graduatesConfig) ages() record.Ages {
	return record.Ages{
		Seeking: g.SeekingDays, Exams: g.ExamsDays, Employed: g.EmployedDays, Unwilling: g.UnwillingDays,
		Studying: g.StudyingMonths, AnswerDays: g.AnswerDays, Silences: g.Silences,
	}
}

type quietHoursConfig struct {
	From calendar.TimeOfDay `yaml:"from"`
	To   calendar.TimeOfDay `yaml:"to"`
}

type logConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
	File   string `yaml:"file"`
}

// defaultConfig is what holds where the file says nothing. The county itself
// has no default: it must be named.
func defaultConfig() config {
	limits := schedule.DefaultLimits()
	times := schedule.DefaultConfig(nil)
	ages := record.DefaultAges()
	return config{
		Telegram: telegramConfig{
			APIURL:      telegram.DefaultAPIURL,
			Mode:        modePolling,
			PollTimeout: duration(50 * time.Second),
			Limits: limitsConfig{
				PerSecond:      limits.PerSecond,
				ChatEvery:      duration(limits.ChatEvery),
				ChatBurst:      limits.ChatBurst,
				GroupPerMinute: limits.GroupPerMinute,
			},
		},
		Storage: storageConfig{Type: "bolt", Path: "data/headgoose.db", MaxSize: 1 << 30},
		County:  countyConfig{Timezone: "Asia/Shanghai", Languages: []string{"zh", "en"}},
		CheckIn: checkInConfig{OpensBefore: duration(30 * time.Minute), Grace: duration(15 * time.Minute)},
		Enrolment: enrolmentConfig{
			LinkValid: duration(14 * 24 * time.Hour),
		},
		Schedules: schedulesConfig{
			WeekSchedule: times.Jobs[schedule.JobWeek],
			WeekDigest:   times.Jobs[schedule.JobDigest],
			Upkeep:       times.Jobs[schedule.JobUpkeep],
			Facts:        times.Jobs[schedule.JobFacts],
			Referrals:    times.Jobs[schedule.JobReferrals],
		},
		Reminders: remindersConfig{
			DayBeforeAt: times.DayBefore, HoursBefore: int(times.Before / time.Hour),
			TownshipAt: times.SilentAt, CountyAt: times.StillAt,
			WeeklyPrompts: times.Prompts.Week, OfficerPrompts: times.Prompts.Officer,
		},
		Graduates: graduatesConfig{
			SeekingDays: ages.Seeking, ExamsDays: ages.Exams, EmployedDays: ages.Employed, UnwillingDays: ages.Unwilling,
			StudyingMonths: ages.Studying, AnswerDays: ages.AnswerDays, Silences: ages.Silences,
		},
		QuietHours: quietHoursConfig{From: times.Quiet.From, To: times.Quiet.To},
		Log:        logConfig{Level: "info", Format: "text"},
	}
}

// resolve makes every path absolute: a relative one counts from dir, where
// the configuration file stands, wherever the program is called from.
func (c *config) resolve(dir string) {
	for _, p := range []*string{
		&c.Telegram.TokenFile, &c.Telegram.Webhook.Cert, &c.Telegram.Webhook.Key,
		&c.Storage.Path, &c.Storage.KeyFile, &c.Storage.RingFile, &c.Log.File,
	} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if c.Storage.KeyFile == "" && c.Storage.Path != "" {
		c.Storage.KeyFile = filepath.Join(filepath.Dir(filepath.Dir(c.Storage.Path)), "headgoose.key")
	}
	if c.Storage.RingFile == "" && c.Storage.KeyFile != "" {
		c.Storage.RingFile = filepath.Join(filepath.Dir(c.Storage.KeyFile), "headgoose.ring")
	}
}

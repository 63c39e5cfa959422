package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"headgoose/bot"
	"headgoose/bot/telegram"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

// runBot runs the bot of a configuration until ctx ends or a part cannot go on.
func runBot(ctx context.Context, cfg *config, log *slog.Logger) (err error) {
	tuneMemory()
	for _, w := range cfg.Warnings {
		log.Warn("configuration: " + w)
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Storage.Path), 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	key, err := masterKey(cfg.Storage, log)
	if err != nil {
		return err
	}
	ring, err := openRing(ctx, cfg.Storage, key, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	a, err := startApp(ctx, setupFor(cfg, ring.Root(), ring, log))
	if err != nil {
		return err
	}
	ops := &admin{cfg: cfg, store: a.store, link: func(_ context.Context, payload string) (string, error) {
		return a.adapter.Link(payload), nil
	}}
	if err := a.life.start(ctx, controlStep(controlPath(cfg.Storage.Path), ops, log)); err != nil {
		return err // everything is stopped
	}
	log.Info("running", "county", cfg.County.Code, "mode", cfg.Telegram.Mode, "data", cfg.Storage.Path)
	return errors.Join(a.wait(ctx), a.stop())
}

// setupFor is what a configuration means to the rooms.
func setupFor(cfg *config, key []byte, ring storage.Keys, log *slog.Logger) setup {
	s := setup{
		county: storage.County{Place: cfg.place()},
		bot: bot.Config{
			County:      cfg.County.Code,
			Zone:        cfg.Zone,
			Lang:        cfg.County.Languages[0],
			OpensBefore: time.Duration(cfg.CheckIn.OpensBefore),
			Grace:       time.Duration(cfg.CheckIn.Grace),
			LinkValid:   time.Duration(cfg.Enrolment.LinkValid),
		},
		path:     cfg.Storage.Path,
		maxSize:  int(cfg.Storage.MaxSize),
		key:      key,
		ring:     ring,
		ages:     cfg.Graduates.ages(),
		telegram: cfg.telegram(log),
		limits: schedule.Limits{
			PerSecond:      cfg.Telegram.Limits.PerSecond,
			ChatEvery:      time.Duration(cfg.Telegram.Limits.ChatEvery),
			ChatBurst:      cfg.Telegram.Limits.ChatBurst,
			GroupPerMinute: cfg.Telegram.Limits.GroupPerMinute,
		},
		schedule: cfg.schedule(),
		log:      log,
	}
	for _, b := range cfg.Bases {
		s.county.Bases = append(s.county.Bases, record.Base{ID: b.ID, Name: b.Name, NameEN: b.NameEN, At: b.Place, Kind: b.Kind})
	}
	for _, id := range cfg.County.Officers {
		s.county.Officers = append(s.county.Officers, int64(id))
	}
	if w := cfg.Telegram.Webhook; cfg.Telegram.Mode == modeWebhook {
		s.webhook = &telegram.WebhookConfig{Listen: w.Listen, URL: w.URL, Secret: w.Secret.Reveal(), CertFile: w.Cert, KeyFile: w.Key}
	}
	return s
}

func (c *config) place() record.Place { return record.Place{Code: c.County.Code, Name: c.County.Name} }

func (c *config) telegram(log *slog.Logger) telegram.Config {
	return telegram.Config{
		Token:       c.Telegram.Token.Reveal(),
		APIURL:      c.Telegram.APIURL,
		Proxy:       c.Telegram.Proxy.Reveal(),
		Username:    c.Telegram.Username,
		PollTimeout: time.Duration(c.Telegram.PollTimeout),
		Log:         log,
	}
}

func (c *config) schedule() schedule.Config {
	s := schedule.DefaultConfig(c.Zone)
	s.County = c.County.Code
	s.Jobs = map[string]string{}
	for job, line := range map[string]string{
		schedule.JobWeek:      c.Schedules.WeekSchedule,
		schedule.JobDigest:    c.Schedules.WeekDigest,
		schedule.JobUpkeep:    c.Schedules.Upkeep,
		schedule.JobFacts:     c.Schedules.Facts,
		schedule.JobReferrals: c.Schedules.Referrals,
	} {
		if line != "" {
			s.Jobs[job] = line
		}
	}
	s.DayBefore = c.Reminders.DayBeforeAt
	s.Before = time.Duration(c.Reminders.HoursBefore) * time.Hour
	s.SilentAt, s.StillAt = c.Reminders.TownshipAt, c.Reminders.CountyAt
	s.Prompts.Week, s.Prompts.Officer = c.Reminders.WeeklyPrompts, c.Reminders.OfficerPrompts
	s.OpensBefore, s.Grace = time.Duration(c.CheckIn.OpensBefore), time.Duration(c.CheckIn.Grace)
	s.Quiet = calendar.Quiet{From: c.QuietHours.From, To: c.QuietHours.To}
	return s
}

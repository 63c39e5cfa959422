package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"headgoose/bot"
	"headgoose/bot/chat"
	"headgoose/bot/telegram"
	"headgoose/bot/text"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
)

// setup is all that an app is built from: what the configuration says, and
// what a demo or a test puts in its place.
type setup struct {
	county  storage.County
	bot     bot.Config
	path    string       // of the data file
	maxSize int          // of the data file in bytes; 0: the engine's default
	key     []byte       // root secret
	ring    storage.Keys // seals what concerns people; nil: derived from key
	ages    record.Ages  // how soon graduates' facts are asked about anew; zero: the defaults

	telegram telegram.Config
	webhook  *telegram.WebhookConfig // nil: polling

	limits   schedule.Limits
	schedule schedule.Config

	clock  func() time.Time // nil: time.Now
	log    *slog.Logger
	engine kv.Engine // nil: the file at path; else it is the caller's to close
}

// app is the running program: the rooms, joined.
type app struct {
	setup
	life     *lifecycle
	store    *storage.Store
	adapter  *telegram.Adapter
	bot      *bot.Bot
	budget   *schedule.Budget
	delivery *schedule.Delivery
	planner  *schedule.Planner
	failed   chan error // the first part that cannot go on
}

// startApp builds the rooms from the bottom up and sets them to work. When it
// fails, what was started is stopped again.
func startApp(ctx context.Context, s setup) (*app, error) {
	if s.clock == nil {
		s.clock = time.Now
	}
	a := &app{setup: s, life: newLifecycle(s.log, cleanupLimit), failed: make(chan error, 1)}
	err := a.life.start(ctx,
		step{"data", a.openData},
		step{"store", a.openStore},
		step{"chat", a.openChat},
		a.background("delivery", func(ctx context.Context) error { return a.delivery.Run(ctx) }),
		a.background("schedule", func(ctx context.Context) error { return a.planner.Run(ctx) }),
		a.background("live messages", func(ctx context.Context) error { a.bot.RunBoards(ctx, a.budget); return nil }),
		a.background("files", func(ctx context.Context) error { return a.bot.RunJobs(ctx, a.budget) }),
		a.background("updates", a.receive),
	)
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *app) openData(context.Context) (func(context.Context) error, error) {
	if a.engine != nil {
		return nil, nil
	}
	engine, err := boltkv.Open(a.path, boltkv.Options{MaxSize: a.maxSize})
	if err != nil {
		return nil, err
	}
	a.engine = engine
	return func(context.Context) error { return engine.Close() }, nil
}

func (a *app) openStore(ctx context.Context) (func(context.Context) error, error) {
	store, err := storage.Open(ctx, a.engine, storage.Options{Clock: a.clock, Key: a.key, Ring: a.ring, Ages: a.ages})
	if err != nil {
		return nil, err
	}
	a.store = store
	if err := store.SetUp(ctx, a.county); err != nil {
		return nil, err
	}
	return nil, a.seedCalendar(ctx)
}

// seedCalendar gives the store the holidays of this year and the next, as far as
// the program knows them.
func (a *app) seedCalendar(ctx context.Context) error {
	year := a.clock().Year()
	for y := year; y <= year+1; y++ {
		if _, err := a.store.SeedCalendar(ctx, a.county.Place.Code, y, calendar.Year(y)); err != nil {
			return fmt.Errorf("calendar of %d: %w", y, err)
		}
	}
	return nil
}

// handlers is how many events are handled at once: those of one poll, which
// share a commit, and some that come while it runs.
const handlers = 128

// openChat makes what needs no call: a platform that is down does not keep the
// program from starting.
func (a *app) openChat(context.Context) (func(context.Context) error, error) {
	texts, err := text.Load()
	if err != nil {
		return nil, err
	}
	a.telegram.Clock, a.telegram.Log = a.clock, a.log
	a.telegram.Workers = handlers
	a.telegram.OnUndecodable = func(ctx context.Context, id int64, raw []byte) error {
		return a.unlessUnknown(a.bot.Undecodable(ctx, id, raw))
	}
	if a.adapter, err = telegram.New(a.telegram); err != nil {
		return nil, err
	}
	a.schedule.Upkeep = append(a.schedule.Upkeep, a.upkeep)
	if a.planner, err = schedule.NewPlanner(a.store, a.schedule, a.log); err != nil {
		return nil, err
	}
	a.setup.bot.Planner, a.setup.bot.Rota, a.setup.bot.Rotation = a.planner, a.planner, a.planner
	a.setup.bot.Prompts, a.setup.bot.OfficerPrompts = a.schedule.Prompts.Week, a.schedule.Prompts.Officer
	a.bot = bot.New(a.setup.bot, a.store, texts, a.adapter, a.log)
	a.budget = schedule.NewBudget(a.limits)
	a.delivery = schedule.NewDelivery(a.store, a.bot, a.budget, schedule.DeliveryConfig{Allowed: a.schedule.Allowed, Prompts: a.schedule.Prompts}, a.log)
	return func(context.Context) error { a.adapter.Close(); return nil }, nil
}

// upkeep deletes what is kept no longer.
func (a *app) upkeep(ctx context.Context) error {
	n, err := a.store.Purge(ctx)
	a.log.Info("upkeep", "deleted", n)
	return errors.Join(err, a.seedCalendar(ctx))
}

// receive learns the bot's own name, fills its menu, and hands over updates.
func (a *app) receive(ctx context.Context) error {
	if err := a.adapter.Start(ctx); err != nil {
		return err
	}
	a.fillMenu(ctx)
	var source chat.Source = a.adapter.Poller()
	if a.webhook != nil {
		hook, err := a.adapter.Webhook(*a.webhook)
		if err != nil {
			return err
		}
		source = hook
	}
	return source.Run(ctx, func(ctx context.Context, ev chat.Event) error {
		return a.unlessUnknown(a.bot.Handle(ctx, ev))
	})
}

// unlessUnknown ends the program where the outcome of a commit is unknown: the
// store takes nothing more, and the next start finds out what holds. The source
// would only try the update again and again.
func (a *app) unlessUnknown(err error) error {
	if errors.Is(err, kv.ErrUnknown) {
		a.fail(fmt.Errorf("data: %w", err))
	}
	return err
}

// fillMenu sets the command menu in each language. The bot works without it.
func (a *app) fillMenu(ctx context.Context) {
	for lang, menu := range a.bot.Menus() {
		if err := a.adapter.SetCommands(ctx, lang, menu); err != nil {
			a.log.Warn("command menu not set", "lang", lang, "outcome", chat.OutcomeOf(err))
		}
	}
}

// background is a part that runs beside the others until it is stopped. When it
// ends by itself with an error, the whole program ends with it.
func (a *app) background(name string, run func(context.Context) error) step {
	return step{name, func(context.Context) (func(context.Context) error, error) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := run(ctx); err != nil && ctx.Err() == nil {
				a.fail(fmt.Errorf("%s: %w", name, err))
			}
		}()
		return func(stopCtx context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stopCtx.Done():
				return stopCtx.Err()
			}
		}, nil
	}}
}

func (a *app) fail(err error) {
	select {
	case a.failed <- err:
	default: // an earlier failure is the cause
	}
}

// wait blocks until ctx ends (nil) or a part cannot go on.
func (a *app) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.failed:
		return err
	}
}

// stop takes the parts down, the last one first.
func (a *app) stop() error { return a.life.stop() }

// run starts an app, waits and stops it.
func run(ctx context.Context, s setup) error {
	a, err := startApp(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(a.wait(ctx), a.stop())
}

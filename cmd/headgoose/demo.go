package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"headgoose/bot"
	"headgoose/bot/telegram"
	"headgoose/bot/telegram/sandbox"
	"headgoose/schedule"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// villagesCSV are the county's real villages with their statistical codes.
//
//go:embed data/hualong-villages.csv
var villagesCSV []byte

// demoOptions are the flags of the demo.
type demoOptions struct {
	listen string
	data   string // empty: a folder that is removed at the end
	// clock is the county's; nil: it starts on the Monday of this week, 07:50.
	clock *movableClock
	// key is the master key; nil: one of the demo's own.
	key []byte
	// alone leaves the crowd and the plans out, so that nobody but the personas acts.
	alone bool
	// step is the time between two of the crowd; 0: as people at a door.
	step time.Duration
	// noLimits turns the rate limits of sandbox and bot off.
	noLimits bool
}

// demo is a county in a box: the sandbox, the bot and a populated store.
type demo struct {
	clock   *movableClock
	sandbox *sandbox.Server
	app     *app
	crowd   *crowd
	zone    *time.Location
	plans   bool   // a programme and a cycle are on
	dir     string // where kept data is; empty: it is removed at the end
	log     *slog.Logger
	offered demoLinks
	clean   []func() error
}

// runDemo starts a demo, says where its page is, and waits for ctx to end.
func runDemo(ctx context.Context, o demoOptions, out io.Writer, log *slog.Logger) error {
	d, err := startDemo(ctx, o, out, log)
	if err != nil {
		return err
	}
	say(out, "Headgoose demo · 头雁演示:%s\n", d.sandbox.URL())
	say(out, "Open it in a browser; Ctrl-C ends it. 用浏览器打开,按 Ctrl-C 结束。\n")
	return errors.Join(d.app.wait(ctx), d.stop())
}

// say prints to a terminal; that it cannot is no reason to stop.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }

func startDemo(ctx context.Context, o demoOptions, out io.Writer, log *slog.Logger) (_ *demo, err error) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return nil, err
	}
	if o.clock == nil {
		start, err := demoStart(o.data, time.Now().In(zone))
		if err != nil {
			return nil, err
		}
		o.clock = startingAt(start)
	}
	d := &demo{clock: o.clock, zone: zone, plans: !o.alone, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	dir, err := d.folder(o.data)
	if err != nil {
		return nil, err
	}
	if err := d.startSandbox(o, out); err != nil {
		return nil, err
	}
	s, err := d.setup(o, dir)
	if err != nil {
		return nil, err
	}
	if err := d.populate(ctx, s); err != nil {
		return nil, err
	}
	d.dir = o.data
	if d.app, err = startApp(ctx, s); err != nil {
		return nil, err
	}
	if !o.alone {
		d.crowd = gatherCrowd(d.sandbox, o.step, log)
		d.clean = append(d.clean, d.crowd.stop)
	}
	return d, nil
}

// demoMorning is the Monday of the week of now, 07:50: the week's schedule is
// about to go out.
func demoMorning(now time.Time) time.Time {
	back := (int(now.Weekday()) + 6) % 7
	return time.Date(now.Year(), now.Month(), now.Day()-back, 7, 50, 0, 0, now.Location())
}

// demoStart is the time that a demo's clock starts from: the morning, or where
// it stood when kept data was last in use, since time never goes back.
func demoStart(data string, now time.Time) (time.Time, error) {
	morning := demoMorning(now)
	if data == "" {
		return morning, nil
	}
	kept, err := os.ReadFile(filepath.Join(data, clockFile))
	if errors.Is(err, os.ErrNotExist) {
		return morning, nil
	}
	if err != nil {
		return morning, err
	}
	last, err := time.Parse(time.RFC3339, string(kept))
	if err != nil {
		return morning, fmt.Errorf("%s: %w", clockFile, err)
	}
	if last.After(morning) {
		return last.In(now.Location()), nil
	}
	return morning, nil
}

// clockFile is where a demo's folder says what its clock shows.
const clockFile = "demo.clock"

// keepTime writes down what the clock shows.
func (d *demo) keepTime() error {
	if d.dir == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(d.dir, clockFile), []byte(d.clock.Now().Format(time.RFC3339)), 0o600)
}

// numbersFile is where a demo's folder says from which number the platform counts the
// next time: the bot takes no update twice, so each start has numbers of its own.
const numbersFile = "demo.numbers"

// The numbers of a start, and where the first one begins: above those that a demo took
// before it kept this file.
const (
	numbersAtOnce = 1_000_000
	firstNumbers  = 2_000_000_000
)

// takeNumbers is the first of the numbers of this start on kept data; 0 for data that
// is not kept, of which there is no other start. They are taken before they are used,
// so that a demo that is cut off leaves none to the next.
func takeNumbers(data string) (first int64, err error) {
	if data == "" {
		return 0, nil
	}
	path := filepath.Join(data, numbersFile)
	kept, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		first = firstNumbers
	case err != nil:
		return 0, err
	default:
		if first, err = strconv.ParseInt(string(kept), 10, 64); err != nil {
			return 0, fmt.Errorf("%s: %w", numbersFile, err)
		}
	}
	return first, os.WriteFile(path, []byte(strconv.FormatInt(first+numbersAtOnce, 10)), 0o600)
}

// startSandbox starts the chat platform and its page; a busy port is said, and
// a free one taken.
func (d *demo) startSandbox(o demoOptions, out io.Writer) error {
	first, err := takeNumbers(o.data)
	if err != nil {
		return err
	}
	so := sandbox.Options{
		Now: d.clock.Now, First: first,
		Page: sandbox.Page{
			Title:   sandbox.Label{ZH: "化隆县 · 头雁", EN: "Hualong County · Headgoose"},
			Advance: d.advance,
			RealTime: func(ctx context.Context) error {
				d.clock.real()
				return errors.Join(d.look(ctx), d.keepTime())
			},
		},
	}
	if o.noLimits {
		so.Limits = &sandbox.NoLimits
	}
	d.sandbox = sandbox.New(so)
	d.clean = append(d.clean, d.sandbox.Close)
	err = d.sandbox.Start(o.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, port, _ := net.SplitHostPort(o.listen)
		say(out, "Port %s is taken; using a free one. 端口 %s 被占用,改用空闲端口。\n", port, port)
		err = d.sandbox.Start(net.JoinHostPort(host, "0"))
	}
	return err
}

// folder is where the demo keeps its data.
func (d *demo) folder(dir string) (string, error) {
	if dir != "" {
		return dir, os.MkdirAll(dir, 0o700)
	}
	dir, err := os.MkdirTemp("", "headgoose-demo-")
	if err != nil {
		return "", err
	}
	d.clean = append(d.clean, func() error { return os.RemoveAll(dir) })
	return dir, nil
}

func (d *demo) setup(o demoOptions, dir string) (setup, error) {
	key := o.key
	if key == nil {
		var err error
		if key, err = demoKey(filepath.Join(dir, "demo.key")); err != nil {
			return setup{}, err
		}
	}
	ring, err := d.ring(filepath.Join(dir, "demo.ring"), key)
	if err != nil {
		return setup{}, err
	}
	conf := schedule.DefaultConfig(d.zone)
	conf.County = demoCounty.Code
	limits := schedule.DefaultLimits()
	if o.noLimits {
		limits = schedule.Limits{}
	}
	return setup{
		county: storage.County{Place: demoCounty, Bases: demoBases(), Officers: []int64{demoOfficer}},
		bot:    bot.Config{County: demoCounty.Code, Zone: d.zone, Lang: "zh"},
		path:   filepath.Join(dir, "headgoose.db"), key: key, ring: ring,
		telegram: telegram.Config{Token: d.sandbox.Token(), APIURL: d.sandbox.URL(), Username: d.sandbox.Username()},
		limits:   limits, schedule: conf,
		clock: d.clock.Now, log: d.log,
	}, nil
}

// ring opens the ring of keys of a demo's folder, or makes one.
func (d *demo) ring(path string, key []byte) (storage.Keys, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := makeRing(path, key, key); err != nil {
			return nil, err
		}
	}
	ring, err := seal.Open(path, key)
	if err != nil {
		return nil, err
	}
	d.clean = append(d.clean, ring.Close)
	return ring, nil
}

// demoKey reads the key of a demo's folder, or makes one.
func demoKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	key = make([]byte, storage.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, key, 0o600)
}

// advanceStep is how far the clock moves at a time, so that what falls due is
// seen to go out in its order.
const advanceStep = 10 * time.Minute

// advance moves the clock on in steps, and has everything that falls due
// delivered before the next one.
func (d *demo) advance(ctx context.Context, by time.Duration) error {
	for by > 0 {
		step := min(by, advanceStep)
		by -= step
		d.clock.move(step)
		if err := d.look(ctx); err != nil {
			return err
		}
	}
	return d.keepTime()
}

// look has what is due planned, delivered and shown.
func (d *demo) look(ctx context.Context) error {
	if err := d.app.planner.Wake(ctx); err != nil {
		return err
	}
	d.app.delivery.Kick()
	if err := d.app.delivery.Idle(ctx); err != nil {
		return err
	}
	return d.app.bot.RefreshBoards(ctx, d.app.budget)
}

// stop takes everything down, the app first.
func (d *demo) stop() error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.keepTime(), d.app.stop())
	}
	for i := len(d.clean) - 1; i >= 0; i-- {
		errs = append(errs, d.clean[i]())
	}
	return errors.Join(errs...)
}

var demoCounty = record.Place{Code: "630224", Name: "化隆县"}

func demoBases() []record.Base {
	return []record.Base{
		{ID: "party", Name: "党性教育基地", NameEN: "Party-spirit base", At: "县党性教育基地", Kind: record.PartySpirit},
		{ID: "clean", Name: "廉政教育基地", NameEN: "Clean-government base", At: "县委党校", Kind: record.CleanGovernment},
	}
}

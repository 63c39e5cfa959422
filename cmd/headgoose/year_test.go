package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/bot"
	"headgoose/bot/chat/chattest"
	"headgoose/bot/text"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// TestYear plays a year of the whole county in fake time: a programme of
// rotation training, the rota of the two bases, people who answer, stay silent,
// ask leave, swap, come and stay away; closures, changes of post, and three
// outages of days. The people press the buttons of the messages that they get.
// What has to hold is in year_check_test.go; the figures are printed. Under the
// race detector it is a shorter one.
//
//	go test -v -run TestYear ./cmd/headgoose -yearseed 1
func TestYear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	seed := *yearSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed: -yearseed %d, %d days", seed, yearDays)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(playTime))
		y := newYear(t, seed)
		y.play()
		y.check()
		t.Log(y.figures())
	})
}

var yearSeed = flag.Uint64("yearseed", 0, "seed of the year; 0: a new one, which it prints")

const (
	yearStep   = 30 * time.Minute // in which people think
	yearCounty = "630224"
)

// year is the county with its program: store, planner, bot and delivery are the
// real ones; the platform records.
type year struct {
	t       *testing.T
	ctx     context.Context
	zone    *time.Location
	store   *storage.Store
	conf    schedule.Config
	planner *schedule.Planner
	bot     *bot.Bot
	phones  *chattest.Recorder
	chance  *rand.Rand
	log     *slog.Logger
	stop    func()    // of delivery; nil during an outage
	back    time.Time // when it ends
	upSince time.Time
	looked  time.Time // when the planner did last
	deaf    bool      // the platform is out of reach, and the program goes on

	officer, host record.PersonID
	villages      []record.Code
	programme     record.Programme
	cycles        []record.CycleID

	mu    sync.Mutex // what delivery's workers note
	heard []received
	// reminders are those of heard that speak of a session, digests those that say
	// who is silent.
	reminders map[record.SessionID][]record.Outbox
	digests   []received
	todo      []act
	late      []string // faults seen when something arrived
	counts    map[string]int
	updates   int64
	fresh     int64 // accounts of new people
}

// received is a notice that arrived.
type received struct {
	at  time.Time
	row record.Outbox
}

// act is what a person will do at a time.
type act struct {
	at time.Time
	do func()
}

func newYear(t *testing.T, seed uint64) *year {
	t.Helper()
	y := &year{
		t: t, ctx: t.Context(), zone: playTime.Location(), phones: chattest.NewRecorder(),
		chance: rand.New(rand.NewPCG(seed, 2)), counts: map[string]int{}, reminders: map[record.SessionID][]record.Outbox{}, fresh: 900_000,
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	store, err := storage.Open(y.ctx, memkv.New(memkv.Options{}), storage.Options{Key: make([]byte, storage.KeySize)})
	y.must(err)
	y.store = store
	y.conf = schedule.DefaultConfig(y.zone)
	y.conf.County = yearCounty
	y.planner, err = schedule.NewPlanner(store, y.conf, log)
	y.must(err)
	texts, err := text.Load()
	y.must(err)
	y.bot = bot.New(bot.Config{County: yearCounty, Zone: y.zone, Lang: "zh", Rota: y.planner, Rotation: y.planner}, store, texts, y.phones, log)
	y.people()
	y.log = log
	y.start()
	return y
}

func (y *year) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *year) update(fn func(*storage.Tx) error) {
	y.t.Helper()
	y.must(y.store.Update(y.ctx, fn))
}

// people fills the county: its real villages, placeholders who are all enrolled.
func (y *year) people() {
	y.t.Helper()
	villages, err := readVillages(villagesCSV)
	y.must(err)
	y.must(y.store.SetUp(y.ctx, storage.County{Place: demoCounty, Bases: demoBases(), Officers: []int64{demoOfficer}}))
	for _, year := range []int{2026, 2027} {
		_, err := y.store.SeedCalendar(y.ctx, yearCounty, year, calendar.Year(year))
		y.must(err)
	}
	plan, err := y.store.PlanRoster(y.ctx, storage.Importer{County: demoCounty, Operator: true}, demoRoster(villages))
	y.must(err)
	_, err = y.store.ApplyRoster(y.ctx, plan, func(int, int) {})
	y.must(err)
	for _, v := range villages {
		y.villages = append(y.villages, v.code)
	}
	bind := func(role record.Role, place record.Code) (id record.PersonID) {
		y.update(func(tx *storage.Tx) error {
			ids, err := tx.Holders(role, place)
			if err != nil || len(ids) == 0 {
				return err
			}
			id = ids[0]
			p, err := tx.Person(id)
			if err != nil || p.Enrolled() {
				return err
			}
			y.fresh++
			return tx.Bind(id, y.fresh, "zh")
		})
		return id
	}
	y.host = bind(record.Host, yearCounty)
	y.officer = bind(record.CountyOfficer, yearCounty)
	for _, v := range y.villages {
		bind(record.TownshipOfficer, v.Township())
		bind(record.Secretary, v)
	}
}

// start starts delivery: at first, and after an outage.
func (y *year) start() {
	d := schedule.NewDelivery(y.store, yearCourier{y}, schedule.NewBudget(schedule.DefaultLimits()),
		schedule.DeliveryConfig{Allowed: y.conf.Allowed, Prompts: y.conf.Prompts}, y.log)
	y.upSince, y.deaf = time.Now(), false
	ctx, cancel := context.WithCancel(y.ctx)
	var done sync.WaitGroup
	done.Go(func() {
		if err := d.Run(ctx); err != nil {
			y.t.Error("delivery:", err)
		}
	})
	y.stop = func() { cancel(); done.Wait(); y.stop = nil }
}

// play lets the year go by.
func (y *year) play() {
	y.publishProgramme()
	y.publishCycle("2026-12-21")
	y.plotYear()
	end := playTime.AddDate(0, 0, yearDays)
	for now := time.Now(); now.Before(end); now = time.Now() {
		if y.stop == nil && now.After(y.back) {
			y.start()
		}
		y.act(now)
		if y.stop != nil || y.deaf {
			y.must(y.planner.Wake(y.ctx))
			y.hold(now)
		}
		time.Sleep(time.Until(y.nextLook(now)))
		synctest.Wait()
	}
	y.act(end)
	y.must(y.planner.Wake(y.ctx))
	y.looked = time.Now()
	time.Sleep(20 * time.Hour) // what is due is sent, also after the night
	y.stop()
}

// nextLook is when the planner looks next: every hour of the day, at half past
// eight, and not at night; a look that is missed is made up for.
func (y *year) nextLook(now time.Time) time.Time {
	next := now.In(y.zone).Truncate(yearStep).Add(yearStep)
	for next.Hour() < 7 || next.Hour() > 21 || (next.Minute() > 0 && next.Hour() != 8) {
		next = next.Add(yearStep)
	}
	return next
}

// act does what people have in mind for now; during an outage it waits.
func (y *year) act(now time.Time) {
	if y.stop == nil && !y.deaf {
		return
	}
	for {
		y.mu.Lock()
		i := slices.IndexFunc(y.todo, func(a act) bool { return !a.at.After(now) })
		if i < 0 {
			y.mu.Unlock()
			return
		}
		do := y.todo[i].do
		y.todo = slices.Delete(y.todo, i, i+1)
		y.mu.Unlock()
		do()
	}
}

// later has something done after a while.
func (y *year) later(after time.Duration, do func()) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.todo = append(y.todo, act{time.Now().Add(after), do})
}

// on has something done at noon of a day of the year.
func (y *year) on(day int, do func()) {
	y.later(time.Until(playTime.AddDate(0, 0, day).Add(4*time.Hour)), do)
}

// plotYear draws what happens to the county: outages, closures, changes of post,
// the second cycle.
func (y *year) plotYear() {
	for _, day := range []int{8, 133, 290} {
		length := time.Duration(30+y.luck(60)) * time.Hour
		y.on(day+y.luck(10), func() {
			y.note("outages")
			y.stop()
			y.back = time.Now().Add(length)
		})
	}
	for _, day := range []int{43, 85, 113, 204} {
		y.on(day, y.goDeaf)
	}
	const wholeYear = 365
	for range 10 {
		y.on(10+y.luck(wholeYear-30), y.closeBase)
	}
	for range 30 {
		y.on(5+y.luck(wholeYear-20), y.changePost)
	}
	y.on(190, func() { y.publishCycle("2027-06-28") })
	for week := range 52 {
		y.on(7*week+4, y.reviewNotes)
	}
}

func (y *year) figures() string {
	list := ""
	for _, name := range sortedKeys(y.counts) {
		list += fmt.Sprintf("\n  %-28s %6d", name, y.counts[name])
	}
	return "the year in figures:" + list
}

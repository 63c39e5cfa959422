package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"headgoose/bot"
	"headgoose/bot/telegram"
	"headgoose/bot/telegram/sandbox"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/kv/memkv"
	"headgoose/storage/record"
)

// Chat accounts of a stage, beside those of the secretaries (benchAccount + i).
const (
	stageTownship = 200_000 // + number of the township
	stageHost     = 300_000
	stageOfficer  = 300_001
	stageStranger = 300_002
)

// stage is the whole program and the sandbox in this process, in fake time and
// without a network: every wait for a retry is waited for, and takes no time.
type stage struct {
	*sandbox.Server
	t      *testing.T
	people int
	engine kv.Engine
	setup  setup
	app    *app
	log    *logBook
	// patience is how long until waits.
	patience time.Duration
}

// onStage plays a test with so many secretaries, in townships of benchVillages,
// from playTime on. change, where it is not nil, has the last word on the setup.
func onStage(t *testing.T, people int, change func(*setup), test func(*testing.T, *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(playTime))
		s := newStage(t, people)
		if change != nil {
			change(&s.setup)
		}
		t.Cleanup(s.stop)
		s.start()
		test(t, s)
	})
}

// onWire plays a test like onStage, but in real time and over the network.
func onWire(t *testing.T, people int, change func(*setup), test func(*testing.T, *stage)) {
	t.Helper()
	others := goleak.IgnoreCurrent()
	s := newStage(t, people)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.patience = 30 * time.Second
	s.setup.telegram.Transport, s.setup.telegram.APIURL = nil, s.URL()
	if change != nil {
		change(&s.setup)
	}
	t.Cleanup(func() {
		s.stop()
		goleak.VerifyNone(t, others)
	})
	s.start()
	test(t, s)
}

func newStage(t *testing.T, people int) *stage {
	t.Helper()
	s := &stage{t: t, people: people, engine: memkv.New(memkv.Options{}), log: &logBook{}, patience: 12 * time.Hour}
	s.Server = sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits, CallLog: 20_000, History: 20_000})
	conf := schedule.DefaultConfig(playTime.Location())
	conf.County, conf.Jobs, conf.Quiet = benchCounty.Code, nil, calendar.Quiet{}
	conf.SilentAt, conf.StillAt, conf.Prompts = 0, 0, schedule.Prompts{}
	s.setup = setup{
		county: storage.County{Place: benchCounty, Officers: []int64{stageOfficer}},
		bot:    bot.Config{County: benchCounty.Code, Zone: playTime.Location(), Lang: "zh"},
		key:    make([]byte, storage.KeySize), engine: s.engine,
		telegram: telegram.Config{
			Token: s.Token(), APIURL: "http://127.0.0.1", Username: s.Username(), Transport: s.Transport(),
		},
		schedule: conf, log: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, account := range stageAccounts(people) {
		s.AddUser(sandbox.User{ID: account, Lang: "zh", Started: true})
	}
	s.AddUser(sandbox.User{ID: stageStranger, Lang: "zh"})
	store, err := storage.Open(t.Context(), s.engine, storage.Options{Key: s.setup.key})
	if err == nil {
		err = fillStage(t.Context(), store, s.setup.county, people)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stageAccounts are the accounts of all who are enrolled.
func stageAccounts(people int) []int64 {
	list := []int64{stageHost, stageOfficer}
	for i := range people {
		if i%benchVillages == 0 {
			list = append(list, stageTownship+int64(i/benchVillages))
		}
		list = append(list, benchAccount+int64(i))
	}
	return list
}

// fillStage puts a county of so many villages into a store: each with its
// secretary, each township with its officer, and a host.
func fillStage(ctx context.Context, store *storage.Store, county storage.County, people int) error {
	if err := store.SetUp(ctx, county); err != nil {
		return err
	}
	for i := range people {
		err := store.Update(ctx, func(tx *storage.Tx) error {
			v, town := benchVillage(i), i/benchVillages
			if i%benchVillages == 0 {
				if err := tx.PutPlace(record.Place{Code: v.Township(), Name: fmt.Sprintf("第%d镇", town)}); err != nil {
					return err
				}
				err := enrolStage(tx, record.TownshipOfficer, v.Township(), fmt.Sprintf("组织委员 %03d", town), stageTownship+int64(town))
				if err != nil {
					return err
				}
			}
			if err := tx.PutPlace(record.Place{Code: v, Name: fmt.Sprintf("第%d村", i)}); err != nil {
				return err
			}
			return enrolStage(tx, record.Secretary, v, fmt.Sprintf("书记 %04d", i), benchAccount+int64(i))
		})
		if err != nil {
			return err
		}
	}
	return store.Update(ctx, func(tx *storage.Tx) error {
		return enrolStage(tx, record.Host, county.Place.Code, "主持人 001", stageHost)
	})
}

// enrolStage adds a person who holds a post and has an account.
func enrolStage(tx *storage.Tx, role record.Role, place record.Code, name string, account int64) error {
	id, err := tx.AddPerson(record.Person{Name: name}, "")
	if err != nil {
		return err
	}
	if err := tx.Appoint(id, role, place, "2020"); err != nil {
		return err
	}
	return tx.Bind(id, account, "zh")
}

func (s *stage) start() {
	s.t.Helper()
	a, err := startApp(s.t.Context(), s.setup)
	if err != nil {
		s.t.Fatal(err)
	}
	s.app = a
}

// stop ends the program, which must end well, and holds indexes and counts
// against the records.
func (s *stage) stop() {
	s.t.Helper()
	if s.app == nil {
		return // it did not start
	}
	if err := s.app.stop(); err != nil {
		s.t.Error("the program did not end well:", err)
	}
	if err := s.Close(); err != nil {
		s.t.Error(err)
	}
	s.agrees()
	if s.t.Failed() {
		s.t.Log("the program said:\n" + s.log.tail())
	}
}

// agrees holds indexes and counts of the data at rest against the records.
func (s *stage) agrees() {
	s.t.Helper()
	engine := s.engine
	if s.setup.engine == nil {
		file, err := boltkv.Open(s.setup.path, boltkv.Options{})
		if err != nil {
			s.t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		engine = file
	}
	ctx := context.Background()
	store, err := storage.Open(ctx, engine, storage.Options{Key: s.setup.key})
	if err != nil {
		s.t.Fatal(err)
	}
	found, err := store.Check(ctx)
	for _, f := range found {
		s.t.Error("data:", f)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// session plans a session that expects everybody and opens it, unless it is to
// be reminded of.
func (s *stage) session(title string, start time.Time, open bool) (id record.SessionID) {
	s.t.Helper()
	s.do(func(tx *storage.Tx) (err error) {
		id, err = addStageSession(tx, title, start, s.people, open)
		return err
	})
	s.app.planner.Kick()
	return id
}

func addStageSession(tx *storage.Tx, title string, start time.Time, people int, open bool) (record.SessionID, error) {
	var villages []record.Code
	for i := range people {
		villages = append(villages, benchVillage(i))
	}
	host, _, err := tx.PersonByChat(stageHost)
	if err != nil {
		return "", err
	}
	added, err := tx.AddSession(record.Session{
		Place: benchCounty.Code, Title: title, Start: start, End: start.Add(8 * time.Hour),
		Opens: tx.Now.Add(-time.Hour), LateFrom: start.Add(8 * time.Hour), Hosts: []record.PersonID{host.ID},
	}, villages)
	if err == nil && open {
		_, err = tx.OpenSession(added.ID)
	}
	return added.ID, err
}

func (s *stage) do(fn func(*storage.Tx) error) {
	s.t.Helper()
	if err := s.app.store.Update(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) see(fn func(*storage.Tx) error) {
	s.t.Helper()
	if err := s.app.store.View(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// code is what the host of a session shows now, as six digits and as a link.
func (s *stage) code(id record.SessionID) storage.Code {
	return s.app.store.CodeAt(id, time.Now())
}

// says has a person type a text.
func (s *stage) says(account int64, text string) {
	s.t.Helper()
	if _, err := s.Say(account, text); err != nil {
		s.t.Fatal(err)
	}
}

// until waits till it is so. In fake time it waits half a day, more than any
// retry takes.
func (s *stage) until(what string, so func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience)
	defer cancel()
	if err := s.Wait(ctx, so); err != nil {
		s.t.Fatalf("%s: never (%v)\nthe program said:\n%s", what, err, s.log.tail())
	}
}

// quiet lets everything happen that happens within d.
func (s *stage) quiet(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// heard are the texts that a person has had from the bot and that contain part.
func heard(s *sandbox.Server, account int64, part string) (list []string) {
	for _, m := range s.Messages(account) {
		if m.Bot && strings.Contains(m.Text, part) {
			list = append(list, m.Text)
		}
	}
	return list
}

// hears fails unless a person has had so many messages that contain part.
func (s *stage) hears(account int64, part string, want int) {
	s.t.Helper()
	if got := heard(s.Server, account, part); len(got) != want {
		s.t.Errorf("%d had %d of %q, want %d: %q", account, len(got), part, want, got)
	}
}

// came fails unless exactly these people stand as present, each by one row.
func (s *stage) came(id record.SessionID, accounts ...int64) {
	s.t.Helper()
	s.see(func(tx *storage.Tx) error {
		tally, err := tx.Tally(id, "")
		if err != nil {
			return err
		}
		if tally.Present != len(accounts) {
			s.t.Errorf("%d stand as present, want %d", tally.Present, len(accounts))
		}
		for i := range s.people {
			account := benchAccount + int64(i)
			want := 0
			if slices.Contains(accounts, account) {
				want = 1
			}
			if n, err := rowsOf(tx, id, account); err != nil || n != want {
				s.t.Errorf("%d has %d rows of attendance, want %d (%v)", account, n, want, err)
			}
		}
		return nil
	})
}

// rowsOf is how many rows of attendance a person has at a session.
func rowsOf(tx *storage.Tx, id record.SessionID, account int64) (int, error) {
	p, _, err := tx.PersonByChat(account)
	if err != nil {
		return 0, err
	}
	att, _, err := tx.Attendance(id, p.ID)
	return len(att.Rows), err
}

// logBook keeps what the program logs.
type logBook struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.Write(p)
}

// tail is the end of what was logged.
func (b *logBook) tail() string {
	const most = 3000
	all := b.String()
	return all[max(0, len(all)-most):]
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.String()
}

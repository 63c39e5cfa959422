package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

var (
	crashes   = flag.Int("crashes", 6, "how often the crash test kills the program")
	crashSeed = flag.Uint64("crashseed", 0, "seed of the crash test; 0: a new one, which it prints")
)

const crashPeople = 12 // one township

// TestCrashes kills the real program with SIGKILL at random moments while
// people use it, starts it again on the same data, and holds what is stored and
// what the phones show against what the people did: every update has exactly
// one effect, every reply comes at least once, every notice once unless its
// repeat says so. What a phone has shown is in the data after every kill.
//
//	go test -run TestCrashes ./cmd/headgoose -crashes 200 -crashseed 7
//
// Each kill begins a round: a new session to check in to and one to be reminded
// of. A moment is a number of calls of the program and acts of the people.
func TestCrashes(t *testing.T) {
	if testing.Short() && *crashes <= 6 {
		t.Skip("takes about half a minute")
	}
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed: -crashseed %d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(*crashes)*15*time.Second)
	defer cancel()
	c := newCrash(t, seed)
	c.history = newHistory(c.sandbox, *crashes+1, seed)
	people, acting := errgroup.WithContext(ctx)
	for _, act := range c.history.cast(c.code, c.beat) {
		people.Go(func() error { return act(acting) })
	}
	chance := rand.New(rand.NewPCG(seed, 99))
	for r := range *crashes {
		c.round(r)
		c.killAt(acting, 1+chance.Int64N(beatsOfRound))
		c.atRest(func(tx *storage.Tx) error { return c.history.holds(tx, t.Errorf) })
	}
	c.round(*crashes)
	if err := people.Wait(); err != nil {
		t.Fatalf("%v\nthe program said:\n%s", err, c.said.tail())
	}
	c.settle(ctx)
	c.stopInOrder()
	c.atRest(func(tx *storage.Tx) error { return c.history.agrees(tx, t.Errorf) })
	if out, err := exec.Command(c.binary, "check", "--config", c.config).CombinedOutput(); err != nil {
		t.Errorf("headgoose check: %v\n%s", err, out)
	}
}

// beatsOfRound is about how many calls and acts a round has.
const beatsOfRound = 180

// crash is the program as a process, its data, and the sandbox beside it.
type crash struct {
	t       *testing.T
	sandbox *sandbox.Server
	binary  string
	config  string
	data    string
	key     []byte
	codes   storage.Codes
	history *history

	cmd   *exec.Cmd
	ended chan error
	said  *logBook

	beats  atomic.Int64
	target atomic.Int64 // the beat of the kill; 0: none
	mu     sync.Mutex
}

func newCrash(t *testing.T, seed uint64) *crash {
	t.Helper()
	dir := t.TempDir()
	c := &crash{
		t: t, binary: filepath.Join(dir, "headgoose"), config: filepath.Join(dir, "config.yaml"),
		data: filepath.Join(dir, "data", "headgoose.db"), key: make([]byte, storage.KeySize), said: &logBook{},
	}
	if out, err := exec.Command("go", "build", "-o", c.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	c.sandbox = sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits, CallLog: -1, History: 100_000, Seed: seed})
	if err := c.sandbox.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		_ = c.sandbox.Close()
	})
	c.sandbox.OnCall(func(sandbox.Call) { c.beat() })
	for _, account := range append(stageAccounts(crashPeople), c.hosts()...) {
		c.sandbox.AddUser(sandbox.User{ID: account, Lang: "zh", Started: true})
	}
	c.configure(dir)
	var err error
	if c.codes, err = storage.CodesOf(c.key); err != nil {
		t.Fatal(err)
	}
	c.open(func(ctx context.Context, s *storage.Store) error {
		if err := fillStage(ctx, s, storage.County{Place: benchCounty, Officers: []int64{stageOfficer}}, crashPeople); err != nil {
			return err
		}
		for i, account := range c.hosts() {
			name := fmt.Sprintf("主持人 %03d", i+100)
			err := s.Update(ctx, func(tx *storage.Tx) error {
				return enrolStage(tx, record.Host, benchCounty.Code, name, account)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

// hosts are the accounts of the hosts, one for each round: a host's list shows
// no more than the next few sessions.
func (c *crash) hosts() (list []int64) {
	for r := range *crashes + 1 {
		list = append(list, hostOf(r))
	}
	return list
}

func hostOf(round int) int64 { return stageHost + 1000 + int64(round) }

func (c *crash) configure(dir string) {
	c.t.Helper()
	text := fmt.Sprintf(`telegram:
  token: %q
  username: %s
  api_url: %s
  poll_timeout: 20s
  limits: {per_second: 30, chat_every: 100ms, chat_burst: 10}
storage: {path: data/headgoose.db, key_file: key}
county: {name: %s, code: "%s", timezone: Asia/Shanghai, languages: [zh], officers: [%d]}
bases: []
schedules: {week_schedule: "", week_digest: "", upkeep: "", facts: ""}
quiet_hours: {from: "03:00", to: "03:00"}
reminders: {township_at: "00:00", county_at: "00:00", weekly_prompts: 0, officer_prompts: 0}
log: {level: warn}
`, c.sandbox.Token(), c.sandbox.Username(), c.sandbox.URL(), benchCounty.Name, benchCounty.Code, stageOfficer)
	for path, body := range map[string][]byte{c.config: []byte(text), filepath.Join(dir, "key"): c.key} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Dir(c.data), 0o700), makeRing(c.ring(), c.key, c.key)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crash) ring() string { return filepath.Join(filepath.Dir(c.config), "headgoose.ring") }

// open opens the data while no program runs.
func (c *crash) open(fn func(context.Context, *storage.Store) error) {
	c.t.Helper()
	ctx := context.Background()
	engine, err := boltkv.Open(c.data, boltkv.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	ring, err := seal.Open(c.ring(), c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	store, err := storage.Open(ctx, engine, storage.Options{Key: c.key, Ring: ring})
	if err == nil {
		err = fn(ctx, store)
	}
	if closeErr := engine.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// atRest looks at the data: its indexes and counts, and whatever see looks at.
func (c *crash) atRest(see func(*storage.Tx) error) {
	c.t.Helper()
	c.open(func(ctx context.Context, s *storage.Store) error {
		found, err := s.Check(ctx)
		for _, f := range found {
			c.t.Error("data:", f)
		}
		if err != nil {
			return err
		}
		return s.View(ctx, see)
	})
}

// round adds the sessions of a round, starts the program, and lets people on.
func (c *crash) round(r int) {
	c.t.Helper()
	var id record.SessionID
	c.open(func(ctx context.Context, s *storage.Store) error {
		return s.Update(ctx, func(tx *storage.Tx) (err error) {
			id, err = addRound(tx, r)
			return err
		})
	})
	c.start()
	c.history.begin(r, id)
}

// addRound plans what a round is about: a session to check in to, and one that
// has been announced and is to be reminded of now.
func addRound(tx *storage.Tx, r int) (record.SessionID, error) {
	host, _, err := tx.PersonByChat(hostOf(r))
	if err != nil {
		return "", err
	}
	var villages []record.Code
	for i := range crashPeople {
		villages = append(villages, benchVillage(i))
	}
	day := tx.Now.Add(8 * time.Hour)
	s, err := tx.AddSession(record.Session{
		Place: benchCounty.Code, Title: sessionTitle(r), Hosts: []record.PersonID{host.ID},
		Start: tx.Now, End: day, Opens: tx.Now.Add(-time.Hour), LateFrom: day,
	}, villages)
	if err != nil {
		return "", err
	}
	start := tx.Now.Add(2 * time.Hour)
	reminded, err := tx.AddSession(record.Session{
		Place: benchCounty.Code, Title: reminderTitle(r), Start: start, End: start.Add(time.Hour), Opens: start, LateFrom: start,
	}, villages)
	if err != nil {
		return "", err
	}
	return s.ID, tx.SetSaid(reminded, storage.Said{Rev: reminded.Rev, Start: start, Told: true})
}

func sessionTitle(r int) string  { return fmt.Sprintf("签到场%03d号", r) }
func reminderTitle(r int) string { return fmt.Sprintf("提醒场%03d号", r) }

// code is what the host of a session shows now.
func (c *crash) code(id record.SessionID) storage.Code { return c.codes.CodeAt(id, time.Now()) }

func (c *crash) start() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cmd = exec.Command(c.binary, "run", "--config", c.config)
	c.cmd.Stderr = c.said
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended, cmd := make(chan error, 1), c.cmd
	c.ended = ended
	go func() { ended <- cmd.Wait() }()
}

// beat counts a call or an act; one at or after the target kills the program
// there and then.
func (c *crash) beat() {
	n, at := c.beats.Add(1), c.target.Load()
	if at != 0 && n >= at && c.target.CompareAndSwap(at, 0) {
		c.kill()
	}
}

// kill sends SIGKILL.
func (c *crash) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd != nil {
		_ = c.cmd.Process.Kill() // it may have been killed before
	}
}

// killAt kills the program so many beats from now, or once the people of the
// round have nothing left to do, and waits until it is gone.
func (c *crash) killAt(ctx context.Context, beats int64) {
	c.t.Helper()
	at := c.beats.Load() + beats
	c.target.Store(at)
	var err error
	select {
	case err = <-c.ended:
	case <-c.history.idle():
		if c.target.CompareAndSwap(at, 0) { // or else a beat kills it
			c.kill()
		}
		err = <-c.ended
	case <-ctx.Done():
		c.t.Fatalf("round: %v\nthe program said:\n%s", context.Cause(ctx), c.said.tail())
	}
	if c.target.Load() != 0 || err == nil || !strings.Contains(err.Error(), "killed") {
		c.t.Fatalf("the program ended with %v, not by the kill\n%s", err, c.said.tail())
	}
}

// settle waits until every update is taken and every notice is on its phone.
func (c *crash) settle(ctx context.Context) {
	c.t.Helper()
	err := c.sandbox.Wait(ctx, func() bool { return c.sandbox.Stats().Pending == 0 && c.history.told(*crashes) })
	if err != nil {
		c.t.Errorf("the last notices: %v\nthe program said:\n%s", err, c.said.tail())
	}
}

// stopInOrder ends the program as an operator does.
func (c *crash) stopInOrder() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := <-c.ended; err != nil {
		c.t.Fatalf("the program did not end well: %v\n%s", err, c.said.tail())
	}
}

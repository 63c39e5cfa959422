package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"headgoose/bot"
	"headgoose/bot/telegram"
	"headgoose/bot/telegram/sandbox"
	"headgoose/schedule"
	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// childEnv tells the test binary to be the bot; its value is a childSetup.
const childEnv = "HEADGOOSE_BENCH_BOT"

// profileEnv names the file of a profile.
const profileEnv = "HEADGOOSE_BENCH_PROFILE"

type childSetup struct {
	Path, APIURL, Token, Username string
	CommitDelay                   time.Duration
	Limits                        bool
}

// runChild is the bot process of a benchmark.
func runChild(spec string) error {
	var c childSetup
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	tuneMemory()
	if stop := profile(os.Getenv(profileEnv)); stop != nil {
		defer stop()
	}
	engine, err := boltkv.Open(c.Path, boltkv.Options{BeforeCommit: delayed(c.CommitDelay)})
	if err != nil {
		return err
	}
	conf := schedule.DefaultConfig(time.UTC)
	conf.County, conf.Quiet = benchCounty.Code, calendar.Quiet{} // a benchmark may run at night
	conf.Prompts = schedule.Prompts{Zone: time.UTC}
	limits := schedule.Limits{}
	if c.Limits {
		limits = schedule.DefaultLimits()
	}
	ring, err := seal.Open(filepath.Join(filepath.Dir(c.Path), "headgoose.ring"), make([]byte, storage.KeySize))
	if err != nil {
		return err
	}
	defer func() { _ = ring.Close() }()
	err = run(ctx, setup{
		ring:   ring,
		county: storage.County{Place: benchCounty}, bot: bot.Config{County: benchCounty.Code, Zone: time.UTC},
		key: make([]byte, storage.KeySize), engine: engine,
		telegram: telegram.Config{Token: c.Token, APIURL: c.APIURL, Username: c.Username},
		limits:   limits, schedule: conf, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if closeErr := engine.Close(); err == nil {
		err = closeErr
	}
	return err
}

// profile writes a profile of the bot's process to a file, to see where its
// time goes; nil where none is asked for.
func profile(path string) (stop func()) {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil || pprof.StartCPUProfile(f) != nil {
		return nil
	}
	return pprof.StopCPUProfile
}

func delayed(d time.Duration) func() {
	if d == 0 {
		return nil
	}
	return func() { time.Sleep(d) }
}

var benchCounty = record.Place{Code: "990001", Name: "某县"}

const (
	benchPeople    = 5000
	benchVillages  = 20 // a township
	benchTownships = benchPeople / benchVillages
	benchAccount   = 100_000
	benchOfficer   = 99_999
)

func benchVillage(i int) record.Code {
	return record.Code(fmt.Sprintf("990001%03d%03d", 100+i/benchVillages, 200+i%benchVillages))
}

// bench is a county of 5,000 villages on disk and the chat platform beside it.
type bench struct {
	b       testing.TB
	path    string
	key     []byte
	sandbox *sandbox.Server
	cmd     *exec.Cmd

	mu      sync.Mutex
	asked   map[int64]time.Time
	waits   []time.Duration
	replied chan struct{}
	want    int
}

func newBench(b testing.TB) *bench {
	b.Helper()
	x := &bench{b: b, path: filepath.Join(b.TempDir(), "headgoose.db"), key: make([]byte, storage.KeySize), asked: map[int64]time.Time{}}
	if _, err := program(); err != nil { // built before anything is timed
		b.Fatal(err)
	}
	x.store(func(ctx context.Context, s *storage.Store) error { return fillBench(ctx, s) })
	x.sandbox = sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits, CallLog: -1, History: 2})
	if err := x.sandbox.Start("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = x.sandbox.Close() })
	x.sandbox.AddUser(sandbox.User{ID: benchOfficer, Lang: "zh", Started: true})
	for i := range benchPeople {
		x.sandbox.AddUser(sandbox.User{ID: int64(benchAccount + i), Lang: "zh", Started: true})
	}
	x.sandbox.OnCall(x.answered)
	return x
}

// ring opens the ring of keys beside the data, and makes it the first time.
func (x *bench) ring() (*seal.Ring, error) {
	path := filepath.Join(filepath.Dir(x.path), "headgoose.ring")
	if _, err := os.Stat(path); err != nil {
		if err := makeRing(path, x.key, x.key); err != nil {
			return nil, err
		}
	}
	return seal.Open(path, x.key)
}

// store opens the data while no bot runs.
func (x *bench) store(fn func(context.Context, *storage.Store) error) {
	x.b.Helper()
	engine, err := boltkv.Open(x.path, boltkv.Options{})
	if err != nil {
		x.b.Fatal(err)
	}
	ring, err := x.ring()
	if err != nil {
		x.b.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	s, err := storage.Open(context.Background(), engine, storage.Options{Key: x.key, Ring: ring})
	if err == nil {
		err = fn(context.Background(), s)
	}
	if closeErr := engine.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		x.b.Fatal(err)
	}
}

// fillBench puts places and people into the store, many transactions at once.
func fillBench(ctx context.Context, s *storage.Store) error {
	if err := s.SetUp(ctx, storage.County{Place: benchCounty}); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(200)
	for i := range benchPeople {
		group.Go(func() error {
			return s.Update(ctx, func(tx *storage.Tx) error {
				v := benchVillage(i)
				if i%benchVillages == 0 {
					if err := tx.PutPlace(record.Place{Code: v.Township(), Name: fmt.Sprintf("第%d镇", i/benchVillages)}); err != nil {
						return err
					}
				}
				if err := tx.PutPlace(record.Place{Code: v, Name: fmt.Sprintf("第%d村", i)}); err != nil {
					return err
				}
				id, err := tx.AddPerson(record.Person{Name: fmt.Sprintf("书记 %04d", i)}, fmt.Sprintf("1390%07d", i))
				if err != nil {
					return err
				}
				if err := tx.Appoint(id, record.Secretary, v, "2020"); err != nil {
					return err
				}
				return tx.Bind(id, int64(benchAccount+i), "zh")
			})
		})
	}
	return group.Wait()
}

// open plans and opens sessions that expect everybody, and returns them with
// the villages of each in the order of the people.
func (x *bench) open() (sessions []record.SessionID) {
	x.b.Helper()
	const perSession = record.MaxTownships * benchVillages
	x.store(func(ctx context.Context, s *storage.Store) error {
		for from := 0; from < benchPeople; from += perSession {
			var villages []record.Code
			for i := from; i < min(from+perSession, benchPeople); i++ {
				villages = append(villages, benchVillage(i))
			}
			err := s.Update(ctx, func(tx *storage.Tx) error {
				now := tx.Now
				added, err := tx.AddSession(record.Session{
					Place: benchCounty.Code, Title: "廉政教育基地", Start: now, End: now.Add(8 * time.Hour), Opens: now, LateFrom: now.Add(8 * time.Hour),
				}, villages)
				if err != nil {
					return err
				}
				if from == 0 {
					sessions = nil
				}
				sessions = append(sessions, added.ID)
				_, err = tx.OpenSession(added.ID)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return sessions
}

// close ends the sessions and returns how many villages came.
func (x *bench) close(sessions []record.SessionID) (came int) {
	x.b.Helper()
	x.store(func(ctx context.Context, s *storage.Store) error {
		for _, id := range sessions {
			err := s.Update(ctx, func(tx *storage.Tx) error {
				c, err := tx.Tally(id, "")
				if err != nil {
					return err
				}
				came += c.Present
				_, err = tx.CloseSession(id)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return came
}

// program builds the real program, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "headgoose-bench-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "headgoose")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

const benchConfig = `
telegram: {token: "%s", username: "%s", api_url: "%s", limits: {per_second: 0, chat_every: 0s, chat_burst: 0, group_per_minute: 0}}
storage: {path: "%s", key_file: "%s"}
county: {name: "%s", code: "%s", timezone: UTC, officers: [%d]}
log: {level: warn}
`

// start starts the bot's process.
func (x *bench) start(delay time.Duration) {
	x.b.Helper()
	if delay == 0 && os.Getenv(profileEnv) == "" {
		x.startProgram()
		return
	}
	x.startChild(childSetup{CommitDelay: delay})
}

// startChild starts this test binary as the bot's process.
func (x *bench) startChild(s childSetup) {
	x.b.Helper()
	s.Path, s.APIURL, s.Token, s.Username = x.path, x.sandbox.URL(), x.sandbox.Token(), x.sandbox.Username()
	spec, err := json.Marshal(s)
	if err != nil {
		x.b.Fatal(err)
	}
	x.cmd = exec.Command(os.Args[0])
	x.cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	x.cmd.Stderr = os.Stderr
	if err := x.cmd.Start(); err != nil {
		x.b.Fatal(err)
	}
}

// startProgram starts the real program, with a configuration file.
func (x *bench) startProgram() {
	x.b.Helper()
	path, err := program()
	if err != nil {
		x.b.Fatal(err)
	}
	dir := filepath.Dir(x.path)
	keyFile, config := filepath.Join(dir, "bench.key"), filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(keyFile, x.key, 0o600); err != nil {
		x.b.Fatal(err)
	}
	text := fmt.Sprintf(benchConfig, x.sandbox.Token(), x.sandbox.Username(), x.sandbox.URL(), x.path, keyFile, benchCounty.Name, benchCounty.Code, benchOfficer)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		x.b.Fatal(err)
	}
	x.cmd = exec.Command(path, "run", "--config", config)
	x.cmd.Stderr = os.Stderr
	if err := x.cmd.Start(); err != nil {
		x.b.Fatal(err)
	}
}

// stop ends the bot and returns its peak resident memory in MB.
func (x *bench) stop() (peak float64) {
	x.b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.cmd.Process.Pid))
	if err == nil {
		for line := range strings.Lines(string(status)) {
			if f := strings.Fields(line); f[0] == "VmHWM:" {
				kb, _ := strconv.Atoi(f[1])
				peak = float64(kb) / 1024
			}
		}
	}
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		x.b.Fatal(err)
	}
	if err := x.cmd.Wait(); err != nil {
		x.b.Fatal("the bot did not end well: ", err)
	}
	return peak
}

// expect says how many replies are waited for from now on.
func (x *bench) expect(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.want, x.waits, x.replied = n, make([]time.Duration, 0, n), make(chan struct{})
}

// say has a person type a text; the time until the reply is kept.
func (x *bench) say(user int64, text string) {
	x.mu.Lock()
	x.asked[user] = time.Now()
	x.mu.Unlock()
	if _, err := x.sandbox.Say(user, text); err != nil {
		x.b.Error(err)
	}
}

func (x *bench) answered(c sandbox.Call) {
	if c.Method != "sendMessage" || c.Code != 200 {
		return
	}
	now := time.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	asked, found := x.asked[c.ChatID]
	if !found {
		return
	}
	delete(x.asked, c.ChatID)
	x.waits = append(x.waits, now.Sub(asked))
	if len(x.waits) == x.want {
		close(x.replied)
	}
}

func (x *bench) wait() {
	x.b.Helper()
	select {
	case <-x.replied:
	case <-time.After(2 * time.Minute):
		x.b.Fatal("not everybody was answered")
	}
}

// percentile is how long the share p of the replies took at most.
func (x *bench) percentile(p float64) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	slices.Sort(x.waits)
	return x.waits[min(len(x.waits)-1, int(p*float64(len(x.waits))))]
}

// warm has the bot answer once, so that it polls and its connections are up.
func (x *bench) warm() {
	x.b.Helper()
	x.expect(1)
	x.say(benchAccount, "/help")
	x.wait()
}

// codes are what the people of the sessions type now.
func (x *bench) codes(sessions []record.SessionID) []string {
	x.b.Helper()
	k, err := storage.CodesOf(x.key)
	if err != nil {
		x.b.Fatal(err)
	}
	var codes []string
	for _, id := range sessions {
		codes = append(codes, k.CodeAt(id, time.Now()).Digits)
	}
	return codes
}

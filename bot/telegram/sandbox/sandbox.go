// Package sandbox is a Telegram Bot API server on loopback, with people in it
// and a page to watch them on. A bot that is given its address instead of
// api.telegram.org cannot tell the difference where the difference matters:
// the demo shows it to people, tests, benchmarks and crash tests talk to it.
//
// # The two sides
//
// The bot's side is HTTP, as Telegram has it: /bot<TOKEN>/<method> with JSON,
// urlencoded or multipart bodies, /file/bot<TOKEN>/<path>, long polling or a
// webhook. [Methods] lists what is offered; every other name is answered 404.
//
// The people's side is Go: [Server.AddUser], [Server.Say], [Server.Press],
// [Server.ShareContact], [Server.OpenLink] and so on act as a person with the
// app does, and [Server.Messages] is what that person then sees. The page (at
// /) offers the same to a hand with a mouse.
//
// # Strict where Telegram is
//
// An update stays until a later offset or a 2xx of the webhook acknowledges
// it, 24 hours at most. Lengths are counted in UTF-16 units after entities,
// button data in bytes. An edit that changes nothing, an answer to a press
// after 150 seconds, a chat that nobody knows, a person who blocked the bot or
// never pressed Start, a second poller, a call beyond the rate: each is
// refused with Telegram's code and words. All of these read one clock,
// [Options.Now].
//
// Where it differs, it is the stricter or it says no: an unknown parameter, a
// parameter of the wrong JSON type and an unknown named HTML entity are 400
// (Telegram overlooks them); the Markdown parse modes, media fetched by URL,
// web apps, inline mode and the parameters of channels and businesses are not
// offered. Two things it allows that Telegram does not: a webhook by plain
// HTTP to loopback, and a person's first text without the Start button.
//
// # Told to fail
//
// [Server.AddFault] makes calls fail before or after their effect,
// [Server.DuplicateUpdates], [Server.ReorderUpdates] and [Server.InjectUpdate]
// spoil what the bot receives. Nothing fails by itself.
//
// # Waiting
//
// No test needs to sleep: [Server.WaitAcked], [Server.WaitMessages],
// [Server.WaitCall] and [Server.Wait] block until it is so or ctx ends.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultToken    = "1000000001:SANDBOX-headgoose-loopback-only"
	DefaultUsername = "headgoose_bot"
	// DefaultCallLog is how many calls are kept for Calls and the page.
	DefaultCallLog = 2000
	// DefaultHistory is how many messages of a chat are kept.
	DefaultHistory = 1000
)

// Options configures a Server. The zero value is a working sandbox with
// Telegram's limits and the machine's clock.
type Options struct {
	Token    string // default DefaultToken
	Username string // of the bot, default DefaultUsername
	Name     string // of the bot, as people see it; default 头雁

	// Now is the sandbox's clock: message dates, the age of updates and
	// presses, and the rate limits follow it. Default time.Now.
	Now func() time.Time
	// Limits are the rate limits; nil means TelegramLimits. NoLimits turns
	// them off.
	Limits *Limits
	// Lenient overlooks unknown parameters and wrong JSON types, as Telegram
	// itself does.
	Lenient bool
	// ReadAll turns the bot's privacy mode off: it sees every group message.
	ReadAll bool
	// CallLog is how many calls are kept; 0 means DefaultCallLog, a negative
	// number none (benchmarks).
	CallLog int
	// History is how many messages of a chat are kept; 0 means
	// DefaultHistory.
	History int
	// WebhookRetry is the first pause after a failed webhook delivery; it
	// doubles up to 60 times itself. Default one second, in real time.
	WebhookRetry time.Duration
	// First is the number of the first update, of at most ten digits, and each
	// chat's messages count on from it. A sandbox for a bot that has met an
	// earlier one needs it: numbers come once. Default 10,000,001, messages
	// from 1.
	First int64
	// Seed makes the faults by probability repeatable.
	Seed uint64

	// Page configures the chat page; see the type.
	Page Page
}

// Server is the sandbox. All methods are safe for concurrent use.
type Server struct {
	opt   Options
	me    wireUser
	now   func() time.Time
	chats chatTable
	queue updateQueue

	presses pressTable
	files   fileTable
	menus   menuTable
	calls   callLog
	faults  faultTable
	overall bucket
	limits  atomic.Pointer[Limits]
	changes changes
	pages   pageState

	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup // webhook deliveries and the listener

	mu   sync.Mutex // guards what follows
	http *http.Server
	url  string
}

// New makes a sandbox. It serves as an http.Handler at once; Start gives it a
// listener of its own. Close it in either case.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{opt: o, now: o.Now, closing: make(chan struct{})}
	s.me = wireUser{ID: tokenID(o.Token), IsBot: true, FirstName: o.Name, Username: o.Username}
	s.limits.Store(o.Limits)
	s.chats.init()
	s.queue.init(o.First)
	s.presses.init()
	s.files.init()
	s.menus.init()
	s.calls.init(o.CallLog)
	s.faults.rand = rand.New(rand.NewPCG(o.Seed, 1))
	s.changes.init()
	for _, p := range o.Page.Personas {
		s.AddPersona(p)
	}
	return s
}

func (o Options) withDefaults() Options {
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.Username == "" {
		o.Username = DefaultUsername
	}
	if o.Name == "" {
		o.Name = "头雁"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limits == nil {
		o.Limits = &TelegramLimits
	}
	if o.CallLog == 0 {
		o.CallLog = DefaultCallLog
	}
	if o.History == 0 {
		o.History = DefaultHistory
	}
	if o.WebhookRetry == 0 {
		o.WebhookRetry = time.Second
	}
	return o
}

// Token is the bot's token.
func (s *Server) Token() string { return s.opt.Token }

// Username is the bot's user name, without @.
func (s *Server) Username() string { return s.opt.Username }

// Now reads the sandbox's clock.
func (s *Server) Now() time.Time { return s.now() }

// Start listens on addr, which must be a loopback address ("127.0.0.1:0" takes
// a free port), and serves until Close.
func (s *Server) Start(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("sandbox: %s is not a loopback address", addr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return errors.New("sandbox: already started")
	}
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.url = "http://" + ln.Addr().String()
	s.running.Go(func() { _ = s.http.Serve(ln) }) // its error says only that Close was called
	return nil
}

// URL is the server's address ("http://127.0.0.1:8080"), for the bot's API
// address and for a browser. It is empty before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Close ends long polls, webhook deliveries and connections; whoever waits on
// one sees it cut, never an answer. It may be called again.
func (s *Server) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.queue.arm(func(q *updateQueue) { q.closed = true })
		s.queue.stopWebhook()
	})
	s.mu.Lock()
	srv := s.http
	s.mu.Unlock()
	var err error
	if srv != nil {
		err = srv.Close()
	}
	s.running.Wait()
	return err
}

// Run starts the server on addr, tells ready its URL and serves until ctx
// ends: the whole main of a process that is nothing but a sandbox.
func (s *Server) Run(ctx context.Context, addr string, ready func(url string)) error {
	if err := s.Start(addr); err != nil {
		return err
	}
	ready(s.URL())
	<-ctx.Done()
	return s.Close()
}

// Package telegram joins Telegram's Bot API to bot/chat. It is the only
// importer of github.com/go-telegram/bot.
//
//	a, err := telegram.New(telegram.Config{Token: token})
//	err = a.Start(ctx)             // learns the bot's name; needed for Link
//	err = a.Poller().Run(ctx, handler)
//
// # Sending
//
// An [Adapter] is a chat.Platform. The calls that make up nearly all traffic
// (getUpdates, sendMessage, editMessageText, answerCallbackQuery) are lean JSON
// posts; uploads and rare calls go through the library. Both use one transport,
// and one table turns every failure into a chat.SendError. The table reads
// Telegram's words and not only its code, because Telegram reports most faults
// as 400.
//
// After a failure on the network the adapter knows whether the request was
// written: chat.NotSent if no connection was had or the request was cut short,
// chat.Unknown if it was written whole and the answer is missing. No request is
// written twice: the calls are POSTs, which the transport repeats only when not
// one byte of them was written.
//
// Texts are sent without parse mode and without link previews.
//
// # Receiving
//
// A [Poller] asks for updates, a [Webhook] is told of them. Both give the
// events of one chat to the handler in order and one at a time, those of
// different chats side by side, and let Telegram forget an update only after
// its handler returned nil. Each update is decoded alone; one that cannot be
// decoded goes to Config.OnUndecodable as it came and does not hold up others.
//
// # The token
//
// Telegram's addresses contain the bot's token. It never gets into an error or
// a log line: calls bypass http.Client, whose errors quote the address, and
// every text that leaves the package is searched for it.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"

	"headgoose/bot/chat"
)

// Errors with which Start and Run give up. A call that meets one of them
// returns a chat.SendError (chat.NotSent) that wraps it.
var (
	// ErrToken: Telegram does not know the token.
	ErrToken = errors.New("telegram: the bot token is not accepted")
	// ErrConflict: another instance is polling with the same token.
	ErrConflict = errors.New("telegram: another instance is receiving this bot's updates")
)

// DefaultAPIURL is Telegram's own server.
const DefaultAPIURL = "https://api.telegram.org"

// Config makes an Adapter. Only Token is needed.
type Config struct {
	Token string
	// APIURL is the root of the Bot API server; empty is DefaultAPIURL.
	APIURL string
	// Proxy is an http, https, socks5 or socks5h URL. Empty: as the
	// environment says (HTTPS_PROXY and so on).
	Proxy string
	// Username of the bot, without @. Empty: Start asks Telegram.
	Username string

	// Transport makes the calls instead of the adapter's own; Proxy is then
	// not used. It must honour net/http/httptrace, from which the adapter
	// learns whether a request was written.
	Transport http.RoundTripper
	// Clock stamps events; nil is time.Now. Waits and timeouts do not use it.
	Clock func() time.Time
	Log   *slog.Logger // nil: slog.Default

	// PollTimeout is how long one getUpdates waits on the server, 1 s to
	// 50 s; 0 is 50 s.
	PollTimeout time.Duration
	// Workers is how many handlers run at once; 0 is 256. Handlers that wait
	// for a commit share it, so more of them waiting is better.
	Workers int
	// OnUndecodable keeps an update that cannot be decoded. nil from it: the
	// update counts as handled. If OnUndecodable itself is nil, such an
	// update is logged by its id and dropped.
	OnUndecodable func(ctx context.Context, updateID int64, raw []byte) error
}

// Adapter is the bot's account on Telegram. It is safe for concurrent use.
type Adapter struct {
	cfg      Config
	client   *client
	lib      *bot.Bot
	log      *slog.Logger
	username atomic.Pointer[string]
}

var _ chat.Platform = (*Adapter)(nil)

// New makes an adapter. It makes no call.
func New(cfg Config) (*Adapter, error) {
	cfg.Token = strings.TrimSpace(cfg.Token)
	if err := checkToken(cfg.Token); err != nil {
		return nil, err
	}
	cfg.Username = strings.TrimPrefix(cfg.Username, "@")
	if cfg.APIURL == "" {
		cfg.APIURL = DefaultAPIURL
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 256
	}
	if cfg.PollTimeout == 0 {
		cfg.PollTimeout = maxPollTimeout
	}
	cfg.PollTimeout = min(max(cfg.PollTimeout, time.Second), maxPollTimeout)

	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	a := &Adapter{cfg: cfg, client: c, log: cfg.Log}
	a.lib, err = bot.New(cfg.Token,
		bot.WithSkipGetMe(),
		bot.WithServerURL(strings.TrimRight(cfg.APIURL, "/")),
		bot.WithHTTPClient(cfg.PollTimeout, libraryClient{c}),
		bot.WithErrorsHandler(func(error) {}), // only of its own polling, which is not used
	)
	if err != nil {
		return nil, c.mask("telegram: the library refuses the configuration", err)
	}
	if cfg.Username != "" {
		a.username.Store(&cfg.Username)
	}
	return a, nil
}

// checkToken accepts what can stand in a path as it is. The error does not
// quote the token.
func checkToken(token string) error {
	if token == "" {
		return errors.New("telegram: no bot token")
	}
	for _, r := range token {
		ok := r == ':' || r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !ok {
			return errors.New("telegram: the bot token has a character that no token has (expected digits, a colon, then letters, digits, _ and -)")
		}
	}
	return nil
}

// Start learns the bot's username, trying again until ctx ends as long as
// Telegram cannot be reached. It gives up with ErrToken, or when the call is
// refused. If Config has a username, Start makes no call.
func (a *Adapter) Start(ctx context.Context) error {
	if a.username.Load() != nil {
		return nil
	}
	wait := newBackoff(200*time.Millisecond, 30*time.Second)
	line := connection{log: a.log}
	for {
		me, err := call[struct {
			Username string `json:"username"`
		}](ctx, a.client, a.client.getMe, struct{}{}, callTimeout)
		if err == nil {
			line.up()
			a.username.Store(&me.Username)
			return nil
		}
		switch {
		case errors.Is(err, ErrToken):
			return ErrToken
		case chat.OutcomeOf(err) == chat.Refused:
			return fmt.Errorf("telegram: start: %w", err)
		}
		line.down(ctx, err)
		if !sleep(ctx, max(wait.NextBackOff(), retryAfter(err))) {
			return fmt.Errorf("telegram: start: %w", context.Cause(ctx))
		}
	}
}

// Username is the bot's name without @, empty before Start.
func (a *Adapter) Username() string {
	if name := a.username.Load(); name != nil {
		return *name
	}
	return ""
}

// Link implements chat.Platform. Before Start it has no name to link to and
// returns "".
func (a *Adapter) Link(payload string) string {
	name := a.Username()
	if name == "" {
		return ""
	}
	return "https://t.me/" + name + "?start=" + url.QueryEscape(payload)
}

// Close drops idle connections. Calls may follow it.
func (a *Adapter) Close() {
	if t, ok := a.client.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// drain reads a body to its end, so that its connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	_ = body.Close()
}

package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot"
	"golang.org/x/net/netutil"

	"headgoose/bot/chat"
)

const (
	maxWebhookBody  = 1 << 20 // bytes
	webhookShutdown = 15 * time.Second
)

// WebhookConfig makes a Webhook.
type WebhookConfig struct {
	// Listen is the address to listen on, such as 127.0.0.1:8443. Listener,
	// if set, is used instead, and closed by Run.
	Listen   string
	Listener net.Listener
	// URL is what Telegram calls: https on port 443, 80, 88 or 8443. A Bot
	// API server of one's own (Config.APIURL) may call any port, and plain
	// http.
	URL string
	// Secret is sent by Telegram with each update: 1–256 of A–Z a–z 0–9 _ -.
	Secret string
	// CertFile and KeyFile, PEM, serve TLS; without them the server speaks
	// plain HTTP and belongs behind a reverse proxy that has the certificate.
	CertFile, KeyFile string
	// MaxConns bounds open connections; 0 is 128. Telegram is asked to use
	// at most 100 of them.
	MaxConns int
}

// Webhook receives updates that Telegram posts. It implements chat.Source.
//
// What is answered: 405 to anything but POST, 401 to a wrong secret, 413 to a
// body over 1 MiB, 400 to one that is empty or cut short, 200 after the handler
// returned nil, 500 when it failed. On 500 Telegram sends the update again,
// and meanwhile nothing newer of that chat. So an update that cannot be decoded
// is kept by Config.OnUndecodable and answered 200: an error would block its
// chat for a day and mend nothing.
type Webhook struct {
	a   *Adapter
	cfg WebhookConfig
}

var _ chat.Source = (*Webhook)(nil)

// Webhook checks the configuration; nothing is opened before Run.
func (a *Adapter) Webhook(cfg WebhookConfig) (*Webhook, error) {
	if err := a.checkWebhookURL(cfg.URL); err != nil {
		return nil, err
	}
	switch {
	case !isSecret(cfg.Secret):
		return nil, errors.New("telegram: the webhook's secret must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
	case (cfg.CertFile == "") != (cfg.KeyFile == ""):
		return nil, errors.New("telegram: the webhook needs both a certificate and a key file, or neither")
	case cfg.Listen == "" && cfg.Listener == nil:
		return nil, errors.New("telegram: the webhook has no address to listen on")
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 128
	}
	return &Webhook{a: a, cfg: cfg}, nil
}

func (a *Adapter) checkWebhookURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("telegram: the webhook's url is not an address such as https://bot.example.org/hook")
	}
	if strings.TrimRight(a.cfg.APIURL, "/") != DefaultAPIURL {
		return nil
	}
	if u.Scheme != "https" {
		return errors.New("telegram: the webhook's url must begin with https://")
	}
	switch u.Port() {
	case "", "443", "80", "88", "8443":
		return nil
	}
	return fmt.Errorf("telegram: the webhook's port is %s; Telegram calls 443, 80, 88 and 8443 only", u.Port())
}

func isSecret(s string) bool {
	for i := 0; i < len(s); i += 64 {
		if !isPayload(s[i:min(i+64, len(s))]) {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// Run implements chat.Source. It listens, tells Telegram the address (trying
// on while Telegram cannot be reached) and serves until ctx ends; the webhook
// stays set, so that updates wait for the next start.
func (w *Webhook) Run(ctx context.Context, h chat.Handler) error {
	listener, err := w.listen(ctx)
	if err != nil {
		return err
	}
	lanes := newLanes(ctx, w.a.cfg.Workers)
	server := &http.Server{
		Handler:           &receiver{a: w.a, handler: h, lanes: lanes, secret: sha256.Sum256([]byte(w.cfg.Secret))},
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers' broken handshakes
	}
	var running sync.WaitGroup
	served := make(chan error, 1)
	running.Go(func() { served <- w.serve(server, netutil.LimitListener(listener, w.cfg.MaxConns)) })

	setting, cancel := context.WithCancel(ctx)
	set := make(chan error, 1)
	running.Go(func() { set <- w.set(setting) })
	for waiting := true; waiting; {
		select {
		case err = <-set:
			waiting = err == nil
		case err = <-served:
			waiting = false
			err = fmt.Errorf("telegram: webhook: %w", err)
		case <-ctx.Done():
			waiting = false
		}
	}
	cancel()
	lanes.close()
	w.shutdown(ctx, server)
	lanes.wait()
	running.Wait()
	if ctx.Err() != nil {
		err = nil // stopped: what broke on the way is of no interest
	}
	return err
}

func (w *Webhook) listen(ctx context.Context) (net.Listener, error) {
	if w.cfg.Listener != nil {
		return w.cfg.Listener, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", w.cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("telegram: webhook: %w", err)
	}
	return l, nil
}

func (w *Webhook) serve(s *http.Server, l net.Listener) error {
	if w.cfg.CertFile != "" {
		return s.ServeTLS(l, w.cfg.CertFile, w.cfg.KeyFile)
	}
	return s.Serve(l)
}

func (w *Webhook) shutdown(ctx context.Context, s *http.Server) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookShutdown)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		_ = s.Close()
	}
}

// set tells Telegram where to post. nil: done, or ctx ended.
func (w *Webhook) set(ctx context.Context) error {
	wait := newBackoff(500*time.Millisecond, time.Minute)
	line := connection{log: w.a.log}
	for {
		_, err := w.a.lib.SetWebhook(ctx, &bot.SetWebhookParams{
			URL: w.cfg.URL, SecretToken: w.cfg.Secret, AllowedUpdates: allowedUpdates,
			MaxConnections: min(w.cfg.MaxConns, 100),
		})
		err = w.a.libraryError(err)
		switch chat.OutcomeOf(err) {
		case 0:
			line.up()
			return nil
		case chat.Refused:
			return fmt.Errorf("telegram: the webhook is refused: %w", err)
		}
		if errors.Is(err, ErrToken) {
			return ErrToken
		}
		line.down(ctx, err)
		if !sleep(ctx, max(wait.NextBackOff(), retryAfter(err))) {
			return nil
		}
	}
}

// receiver answers Telegram's posts.
type receiver struct {
	a       *Adapter
	handler chat.Handler
	lanes   *lanes
	secret  [sha256.Size]byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	given := sha256.Sum256([]byte(req.Header.Get("X-Telegram-Bot-Api-Secret-Token")))
	if subtle.ConstantTimeCompare(given[:], r.secret[:]) != 1 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxWebhookBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case err != nil || len(body) == 0:
		w.WriteHeader(http.StatusBadRequest)
	case r.take(body):
		w.WriteHeader(http.StatusOK)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// take has an update handled in the lane of its chat and reports whether
// Telegram may forget it. It does not depend on the request's context: a
// handler that has begun is let finish.
func (r *receiver) take(body []byte) bool {
	ev, ok, err := r.a.decode(body)
	if err == nil && !ok {
		return true
	}
	work := func(ctx context.Context) error { return r.a.handle(ctx, r.handler, ev) }
	if err != nil {
		work = func(ctx context.Context) error { return r.a.keep(ctx, ev.ID, body) }
	}
	handled := make(chan bool, 1)
	r.lanes.add(ev.Chat.ID, job{
		do: func(ctx context.Context) bool {
			err := work(ctx)
			if err != nil {
				r.a.log.Warn("an update was not handled and will be sent again", "update", ev.ID, "error", r.a.client.mask("handler", err))
			}
			handled <- err == nil
			return true
		},
		drop: func() { handled <- false },
	})
	return <-handled
}

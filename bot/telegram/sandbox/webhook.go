package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// webhook delivers updates by POST. The updates of one chat go one after the
// other, so a failing one holds up its chat; chats go side by side.
type webhook struct {
	s       *Server
	url     string
	secret  string
	max     int
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	slots   chan struct{} // as many as deliveries may run at once
	running sync.WaitGroup

	// under updateQueue.mu
	lanes     map[int64][]*update // a lane that is there has its goroutine
	lastError string
	errorAt   time.Time
}

const (
	defaultConnections = 40
	maxConnections     = 100
	hookTimeout        = 60 * time.Second
)

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (c *call) setWebhook() ([]byte, *apiError) {
	var kinds []string
	given, err := c.decode("allowed_updates", &kinds)
	if err != nil {
		return nil, err
	}
	address, secret, most := c.str("url"), c.str("secret_token"), int(c.int("max_connections"))
	if err := checkHook(address, secret); err != nil {
		return nil, err
	}
	if most < 1 || most > maxConnections {
		most = defaultConnections
	}
	h := &webhook{s: c.s, url: address, secret: secret, max: most, lanes: map[int64][]*update{}}
	h.client = &http.Client{
		Timeout: hookTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: most},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.slots = make(chan struct{}, most)
	for { // until no other call has put its own webhook in between
		c.s.stopHook(c.bool("drop_pending_updates"))
		if c.s.queue.start(h, given, kinds) {
			return resultTrue, nil
		}
	}
}

// checkHook holds the address to Telegram's rule, HTTPS on one of four ports,
// and beyond it lets anything on loopback pass.
func checkHook(address, secret string) *apiError {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return badRequest("bad webhook: invalid webhook URL specified")
	}
	switch {
	case secret != "" && !secretShape.MatchString(secret):
		return badRequest("secret token contains unallowed characters")
	case isLoopback(u.Hostname()):
		return nil
	case u.Scheme != "https":
		return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	switch u.Port() {
	case "", "443", "80", "88", "8443":
		return nil
	}
	return badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
}

func (c *call) deleteWebhook() ([]byte, *apiError) {
	c.s.stopHook(c.bool("drop_pending_updates"))
	return resultTrue, nil
}

func (c *call) getWebhookInfo() ([]byte, *apiError) {
	q := &c.s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	info := struct {
		URL         string   `json:"url"`
		Certificate bool     `json:"has_custom_certificate"`
		Pending     int      `json:"pending_update_count"`
		ErrorDate   int64    `json:"last_error_date,omitempty"`
		Error       string   `json:"last_error_message,omitempty"`
		Connections int      `json:"max_connections,omitempty"`
		Allowed     []string `json:"allowed_updates,omitempty"`
	}{Allowed: q.allowed}
	for _, u := range q.list[q.head:] {
		if !u.done {
			info.Pending++
		}
	}
	if h := q.hook; h != nil {
		info.URL, info.Connections, info.Error = h.url, h.max, h.lastError
		if !h.errorAt.IsZero() {
			info.ErrorDate = h.errorAt.Unix()
		}
	}
	return mustJSON(info), nil
}

// start makes h the way out, and hands it what waits; ok is false while
// another webhook is.
func (q *updateQueue) start(h *webhook, given bool, kinds []string) (ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true
	}
	if q.hook != nil {
		return false
	}
	q.setAllowed(given, kinds)
	q.hook = h
	if q.poller != nil {
		close(q.poller.stop)
		q.poller = nil
	}
	for _, u := range q.list[q.head:] {
		h.take(u)
	}
	return true
}

// stopHook ends the webhook, if there is one, and waits for its deliveries.
func (s *Server) stopHook(drop bool) {
	s.queue.stopWebhook()
	if drop {
		s.queue.arm(func(q *updateQueue) { q.drop(len(q.list) - q.head) })
	}
}

func (q *updateQueue) stopWebhook() {
	q.mu.Lock()
	h := q.hook
	q.hook = nil
	q.mu.Unlock()
	if h == nil {
		return
	}
	h.cancel()
	h.running.Wait()
	h.client.CloseIdleConnections()
}

// take puts an update into the lane of its chat. The queue's lock is held.
func (h *webhook) take(u *update) {
	lane, runs := h.lanes[u.chat]
	h.lanes[u.chat] = append(lane, u)
	if !runs {
		h.running.Go(func() { h.run(u.chat) })
	}
}

// run delivers a chat's updates until there are no more.
func (h *webhook) run(chat int64) {
	for {
		u := h.head(chat)
		if u == nil {
			return
		}
		pause := h.s.opt.WebhookRetry
		for {
			err := h.deliver(u)
			if h.ctx.Err() != nil {
				return
			}
			if err == nil || h.s.now().Sub(u.at) > keptFor {
				break
			}
			h.failed(err)
			select {
			case <-time.After(pause):
			case <-h.ctx.Done():
				return
			}
			pause = min(pause*2, 60*h.s.opt.WebhookRetry)
		}
		h.done(u)
	}
}

// head is the next update of a lane; an empty lane is closed.
func (h *webhook) head(chat int64) *update {
	q := &h.s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	lane := h.lanes[chat]
	if len(lane) == 0 {
		delete(h.lanes, chat)
		return nil
	}
	h.lanes[chat] = lane[1:]
	return lane[0]
}

func (h *webhook) failed(err error) {
	q := &h.s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	h.lastError, h.errorAt = err.Error(), h.s.now()
}

// done takes a delivered update, and those delivered before it, off the list.
func (h *webhook) done(u *update) {
	q := &h.s.queue
	q.mu.Lock()
	u.done = true
	n := 0
	for q.head+n < len(q.list) && q.list[q.head+n].done {
		n++
	}
	q.drop(n)
	again := q.again
	q.again = nil
	for _, twice := range again {
		twice.done = false
		q.list = append(q.list, twice)
		h.take(twice)
	}
	q.mu.Unlock()
	h.s.changes.bump()
	h.s.changes.announce()
}

// hookStatus is an answer other than 2xx, in the words of getWebhookInfo.
type hookStatus string

func (st hookStatus) Error() string { return "Wrong response from the webhook: " + string(st) }

// deliver posts one update; anything but 2xx is a failure.
func (h *webhook) deliver(u *update) error {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-h.ctx.Done():
		return h.ctx.Err()
	}
	req, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(u.raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return hookStatus(resp.Status)
	}
	return nil
}

package main

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"headgoose/bot/telegram/sandbox"
)

// crowdStep is the time between two of the crowd.
const crowdStep = 400 * time.Millisecond

// crowd is the rest of the county in a demo: when a host shows a code, the
// secretaries who are expected and have no phone on the page scan it, one
// after the other, as people at a door do. They only see what a phone sees:
// the picture, and their own chats.
type crowd struct {
	sandbox *sandbox.Server
	step    time.Duration
	log     *slog.Logger
	remove  func()
	stopped chan struct{}
	done    sync.WaitGroup

	mu      sync.Mutex
	payload string          // of the newest code
	began   map[string]bool // sessions that the crowd has come to
}

// gatherCrowd has the crowd look out for codes.
func gatherCrowd(server *sandbox.Server, step time.Duration, log *slog.Logger) *crowd {
	if step == 0 {
		step = crowdStep
	}
	c := &crowd{sandbox: server, step: step, log: log, stopped: make(chan struct{}), began: map[string]bool{}}
	c.remove = server.OnCall(c.see)
	return c
}

func (c *crowd) stop() error {
	c.remove()
	close(c.stopped)
	c.done.Wait()
	return nil
}

// see looks at a finished call: a photo with the code of a session starts the
// crowd of that session, once.
func (c *crowd) see(call sandbox.Call) {
	if call.Method != "sendPhoto" && call.Method != "editMessageMedia" {
		return
	}
	photo, payload := c.codeOn(call.ChatID)
	session, _, isCode := strings.Cut(payload, "-")
	if !isCode || !strings.HasPrefix(session, "c") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.payload = payload
	if c.began[session] {
		return
	}
	c.began[session] = true
	c.done.Go(func() { c.come(session, photo) })
}

// codeOn finds the newest photo in a chat, and reads the QR code on it.
func (c *crowd) codeOn(chat int64) (photo sandbox.Message, payload string) {
	messages := c.sandbox.Messages(chat)
	for i := len(messages) - 1; i >= 0; i-- {
		if p := messages[i].Photo; p != nil {
			payload, _ := c.sandbox.Payload(c.sandbox.QR(p.ID))
			return messages[i], payload
		}
	}
	return photo, ""
}

// come has those scan who were told of a session today: all but every eighth.
func (c *crowd) come(session string, photo sandbox.Message) {
	for i, user := range c.told(photo) {
		if i%8 == 7 {
			continue
		}
		select {
		case <-c.stopped:
			return
		case <-time.After(c.step):
		}
		c.mu.Lock()
		payload := c.payload
		c.mu.Unlock()
		if !strings.HasPrefix(payload, session+"-") {
			return // another session shows its code now
		}
		if _, err := c.sandbox.OpenLink(user, payload); err != nil {
			c.log.Debug("crowd: not scanned", "user", user, "error", err)
		}
	}
}

// told lists the crowd's accounts that a message of the photo's day asks to
// scan a code at what the photo's caption names.
func (c *crowd) told(photo sandbox.Message) []int64 {
	title, _, _ := strings.Cut(photo.Text, " · ")
	asks := func(m sandbox.Message) bool {
		return m.Bot && m.Date.Format(time.DateOnly) == photo.Date.Format(time.DateOnly) &&
			strings.Contains(m.Text, title) && strings.Contains(m.Text, "扫主持人手机")
	}
	var list []int64
	for _, id := range c.sandbox.Users() {
		if id > demoSecretary+5 && slices.ContainsFunc(c.sandbox.Messages(id), asks) {
			list = append(list, id)
		}
	}
	return list
}

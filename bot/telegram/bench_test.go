package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-telegram/bot"

	"headgoose/bot/chat"
	"headgoose/bot/telegram/sandbox"
)

const benchSenders = 32 // calls under way at once

// benchServer answers every call at once with body.
func benchServer(b *testing.B, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// timed runs f n times over benchSenders goroutines.
func timed(b *testing.B, n int, f func() error) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	began := time.Now()
	for range benchSenders {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// BenchmarkSend sends a reply with two buttons, in turns with the same body
// posted by a bare http.Client and with the library's own way. The server is in
// the same process; x-raw is the adapter's time over the bare client's.
func BenchmarkSend(b *testing.B) {
	address := benchServer(b, sentReply)
	a := newAdapter(b, address)
	raw := &http.Client{Transport: newTransport(nil)}
	defer raw.CloseIdleConnections()
	m := chat.Message{
		Text:    "✅ 已签到 09:02,准时。\n廉政教育基地 · 12月3日(周三)上午\n无需再做任何操作。",
		Buttons: [][]chat.Button{{{Text: "收到", Data: "ok:1"}, {Text: "我的日程", Data: "sch"}}},
	}
	body, err := json.Marshal(&textMessage{ChatID: 5, Text: m.Text, Preview: noPreview, Markup: markup(m)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	ways := []func() error{
		func() error { return post(ctx, raw, address+"/bot"+canary+"/sendMessage", body) },
		func() error { _, err := a.Send(ctx, 5, m); return err },
		func() error {
			_, err := a.lib.SendMessage(ctx, &bot.SendMessageParams{ChatID: 5, Text: m.Text, ReplyMarkup: markup(m)})
			return err
		},
	}
	took := inTurns(b, ways)
	b.ReportMetric(float64(b.N)/took[1].Seconds(), "sends/s")
	b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "x-raw")
	b.ReportMetric(took[2].Seconds()/took[0].Seconds(), "library-x-raw")
}

// inTurns runs each way b.N times in rounds, so that all meet the same machine.
func inTurns(b *testing.B, ways []func() error) []time.Duration {
	took := make([]time.Duration, len(ways))
	for _, way := range ways {
		timed(b, benchSenders, way) // opens the connections
	}
	const round = 500
	for done := 0; b.Loop(); done++ {
		if done%round != 0 {
			continue
		}
		for i, way := range ways {
			took[i] += timed(b, round, way)
		}
	}
	rounds := (b.N + round - 1) / round
	for i := range took {
		took[i] = took[i] * time.Duration(b.N) / time.Duration(rounds*round)
	}
	return took
}

func post(ctx context.Context, c *http.Client, address string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// BenchmarkPoll takes in batches of 100 check-ins of 100 chats with a handler
// that does nothing; x-raw is over fetching the same answers with a bare client
// and dropping them.
func BenchmarkPoll(b *testing.B) {
	var next atomic.Int64
	next.Store(1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, benchBatch(next.Add(batchLimit)-batchLimit))
	}))
	defer s.Close()
	raw := &http.Client{Transport: newTransport(nil)}
	defer raw.CloseIdleConnections()
	batches := (b.N + batchLimit - 1) / batchLimit
	b.ReportAllocs()
	b.ResetTimer()
	var bare time.Duration
	for range batches {
		began := time.Now()
		if err := post(b.Context(), raw, s.URL, []byte(`{"offset":1,"limit":100}`)); err != nil {
			b.Fatal(err)
		}
		bare += time.Since(began)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var handled atomic.Int64
	began := time.Now()
	err := newAdapter(b, s.URL).Poller().Run(ctx, func(context.Context, chat.Event) error {
		if handled.Add(1) == int64(batches*batchLimit) {
			cancel()
		}
		return nil
	})
	took := time.Since(began)
	cancel()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(batches*batchLimit)/took.Seconds(), "updates/s")
	b.ReportMetric(took.Seconds()/bare.Seconds(), "x-raw")
}

func benchBatch(first int64) string {
	var out strings.Builder
	out.WriteString(`{"ok":true,"result":[`)
	for i := range int64(batchLimit) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"update_id":%d,"message":{"message_id":3,"from":{"id":%d,"is_bot":false,"first_name":"x","language_code":"zh-hans"},"chat":{"id":%d,"first_name":"x","type":"private"},"date":1764723720,"text":"/checkin 123456","entities":[{"offset":0,"length":8,"type":"bot_command"}]}}`, first+i, i+1, i+1)
	}
	out.WriteString(`]}`)
	return out.String()
}

// BenchmarkEcho is the adapter's part of a check-in: an update in, a reply
// accepted by the sandbox in the same process, the update acknowledged.
func BenchmarkEcho(b *testing.B) {
	s := sandbox.New(sandbox.Options{Limits: &sandbox.NoLimits, CallLog: -1, History: 1})
	if err := s.Start("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const people = 5000
	for i := range int64(people) {
		s.AddUser(sandbox.User{ID: i + 1, Started: true})
	}
	for i := range b.N {
		if _, err := s.Say(int64(i%people)+1, "/checkin 123456"); err != nil {
			b.Fatal(err)
		}
	}
	a := newAdapter(b, s.URL(), func(c *Config) { c.Token = s.Token() })
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		ended <- a.Poller().Run(ctx, func(ctx context.Context, ev chat.Event) error {
			_, err := a.Send(ctx, ev.Chat.ID, chat.Message{Text: "✅ 已签到 09:02,准时。"})
			return err
		})
	}()
	if err := s.WaitAcked(ctx); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "echoes/s")
}

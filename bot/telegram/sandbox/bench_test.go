package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// BenchmarkServer measures what the sandbox adds to bare HTTP: the floor is a
// handler that reads the same body and answers the same length.
//
//	go test -run - -bench Server ./bot/telegram/sandbox
func BenchmarkServer(b *testing.B) {
	s := start(b, Options{Limits: &NoLimits, CallLog: -1, History: 100})
	s.AddUser(User{ID: 7, Name: "书记 001", Started: true})
	body := []byte(`{"chat_id":7,"text":"✅ 已签到 09:02,准时。\n廉政教育基地 · 12月3日(周三)上午\n无需再做任何操作。"}`)
	reply := ok[json.RawMessage](b, s, "sendMessage", params{"chat_id": 7, "text": "✅ 已签到 09:02,准时。"})
	floor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		writeResult(w, reply)
	}))
	b.Cleanup(floor.Close)
	b.Run("floor", func(b *testing.B) { hammer(b, floor.URL+"/bot/sendMessage", body) })
	b.Run("sendMessage", func(b *testing.B) { hammer(b, s.URL()+"/bot"+s.Token()+"/sendMessage", body) })
}

func hammer(b *testing.B, url string, body []byte) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Post(url, "application/json", bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkHandler is sendMessage without the network.
func BenchmarkHandler(b *testing.B) {
	s := New(Options{Limits: &NoLimits, CallLog: -1, History: 100})
	defer s.Close()
	s.AddUser(User{ID: 7, Name: "书记 001", Started: true})
	body := []byte(`{"chat_id":7,"text":"✅ 已签到 09:02,准时。","reply_markup":{"inline_keyboard":[[{"text":"收到","callback_data":"k1"},{"text":"我的日程","callback_data":"k2"}]]}}`)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "http://127.0.0.1/bot"+s.Token()+"/sendMessage", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkUpdates queues updates and hands them over, a hundred at a time.
func BenchmarkUpdates(b *testing.B) {
	s := start(b, Options{Limits: &NoLimits, CallLog: -1, History: 100})
	const users = 1000
	for i := range users {
		s.AddUser(User{ID: int64(i + 1), Name: fmt.Sprintf("书记 %03d", i+1), Started: true})
	}
	b.ReportAllocs()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range b.N {
			if _, err := s.Say(int64(i%users+1), "/checkin 482913"); err != nil {
				b.Error(err)
			}
		}
	})
	offset := int64(0)
	for got := 0; got < b.N; {
		list := ok[[]json.RawMessage](b, s, "getUpdates", params{"offset": offset, "timeout": 5})
		for _, raw := range list {
			var u struct {
				ID int64 `json:"update_id"`
			}
			if err := json.Unmarshal(raw, &u); err != nil {
				b.Fatal(err)
			}
			offset = u.ID + 1
		}
		got += len(list)
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

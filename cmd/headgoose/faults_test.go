package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/bot/telegram"
	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
	"headgoose/storage/record"
)

const checkedIn = "✅ 已签到"

// A reply comes at least once whatever becomes of its call, and what it tells
// of happens once.
func TestRepliesThroughFaults(t *testing.T) {
	for _, c := range []struct {
		fault    sandbox.Fault
		messages int
		wait     time.Duration // the reply takes at least so long
	}{
		{sandbox.Fault{Kind: sandbox.FaultTooMany, RetryAfter: 7 * time.Second}, 1, 7 * time.Second},
		{sandbox.Fault{Kind: sandbox.FaultInternal}, 1, time.Second / 2},
		{sandbox.Fault{Kind: sandbox.FaultBadGateway}, 1, time.Second / 2},
		{sandbox.Fault{Kind: sandbox.FaultResetBefore}, 1, time.Second / 2},
		{sandbox.Fault{Kind: sandbox.FaultResetAfter}, 2, time.Second / 2},
		{sandbox.Fault{Kind: sandbox.FaultTimeoutAfter}, 2, 30 * time.Second},
		{sandbox.Fault{Kind: sandbox.FaultSlow, Delay: 20 * time.Second}, 1, 20 * time.Second},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			onStage(t, 2, nil, func(t *testing.T, s *stage) {
				id := s.session("廉政教育", time.Now(), true)
				who := int64(benchAccount)
				c.fault.Method, c.fault.Times = "sendMessage", 1
				s.AddFault(c.fault)
				began := time.Now()
				s.says(who, "签到 "+s.code(id).Digits)
				s.until("the reply", func() bool { return len(heard(s.Server, who, checkedIn)) == c.messages })
				if took := time.Since(began); took < c.wait || took > c.wait+3*time.Second {
					t.Errorf("the reply took %v, want about %v", took, c.wait)
				}
				s.quiet(time.Hour)
				s.hears(who, checkedIn, c.messages)
				s.came(id, who)
			})
		})
	}
}

// retry_after holds up the chat that it is said to, to the second, and nobody
// else.
func TestRetryAfterIsObeyed(t *testing.T) {
	onStage(t, 2, nil, func(t *testing.T, s *stage) {
		s.AddFault(sandbox.Fault{Method: "sendMessage", Kind: sandbox.FaultTooMany, Times: 1, RetryAfter: 30 * time.Second})
		began := time.Now()
		s.says(benchAccount, "/help")
		s.until("the refusal", func() bool { return s.Stats().TooMany == 1 })
		s.says(benchAccount, "/lang")
		s.says(benchAccount+1, "/help")
		s.until("the other's reply", func() bool { return s.Sent(benchAccount+1) == 1 })
		if took := time.Since(began); took > time.Second {
			t.Errorf("the other waited %v", took)
		}
		s.until("the replies", func() bool { return s.Sent(benchAccount) == 2 })
		if took := time.Since(began).Truncate(time.Second); took != 30*time.Second {
			t.Errorf("the next call came after %v, not 30 s", took)
		}
		if first := heard(s.Server, benchAccount, "")[0]; !strings.Contains(first, "签到") {
			t.Errorf("out of order: first came %q", first)
		}
	})
}

const (
	soon     = "还有约 2 小时"
	repeated = "(重发"
)

// A reminder goes out once. Where nobody can know whether it arrived, it is
// repeated once, and says so; if that stays open too, a person sees it.
func TestRemindersThroughFaults(t *testing.T) {
	for _, c := range []struct {
		name          string
		faults        []sandbox.Fault
		plain, marked int // messages of the one whose call failed
		state         record.OutState
	}{
		{"429", []sandbox.Fault{{Kind: sandbox.FaultTooMany, RetryAfter: 3 * time.Second}}, 1, 0, record.Sent},
		{"reset before the effect", []sandbox.Fault{{Kind: sandbox.FaultResetBefore}}, 0, 1, record.Sent},
		{"reset after the effect", []sandbox.Fault{{Kind: sandbox.FaultResetAfter}}, 1, 1, record.Sent},
		{"timeout after the effect", []sandbox.Fault{{Kind: sandbox.FaultTimeoutAfter}}, 1, 1, record.Sent},
		{"500", []sandbox.Fault{{Kind: sandbox.FaultInternal}}, 0, 1, record.Sent},
		{"500 twice", []sandbox.Fault{{Kind: sandbox.FaultInternal, Times: 2}}, 0, 0, record.Unknown},
		{"timeout twice", []sandbox.Fault{{Kind: sandbox.FaultTimeoutAfter, Times: 2}}, 1, 1, record.Unknown},
		{"slow", []sandbox.Fault{{Kind: sandbox.FaultSlow, Delay: 25 * time.Second}}, 1, 0, record.Sent},
	} {
		t.Run(c.name, func(t *testing.T) {
			onStage(t, 1, nil, func(t *testing.T, s *stage) {
				id := s.planned()
				for _, f := range c.faults {
					f.Method, f.Times = "sendMessage", max(f.Times, 1)
					s.AddFault(f)
				}
				s.quiet(3 * time.Hour)
				s.hears(benchAccount, soon, c.plain+c.marked)
				s.hears(benchAccount, repeated, c.marked)
				if row := s.reminderOf(id, benchAccount); row.State != c.state {
					t.Errorf("the reminder counts as %s (%s), want %s", row.State, row.Reason, c.state)
				}
			})
		})
	}
}

// One fault in ten touches nobody else's reminder.
func TestFaultsAmongManyReminders(t *testing.T) {
	const people = 60
	onStage(t, people, nil, func(t *testing.T, s *stage) {
		s.planned()
		s.AddFault(sandbox.Fault{Method: "sendMessage", Kind: sandbox.FaultResetAfter, Every: 10, Times: 5})
		s.AddFault(sandbox.Fault{Method: "sendMessage", Kind: sandbox.FaultTooMany, Every: 7, Times: 8, RetryAfter: 2 * time.Second})
		s.quiet(3 * time.Hour)
		again := 0
		for i := range people {
			who := benchAccount + int64(i)
			all, marked := len(heard(s.Server, who, soon)), len(heard(s.Server, who, repeated))
			if again += marked; all-marked != 1 || marked > 1 {
				t.Errorf("%d was reminded %d times, %d of them marked as repeats", who, all, marked)
			}
		}
		if again != 5 {
			t.Errorf("%d repeats, want one for each of the 5 lost answers", again)
		}
	})
}

// planned plans a session whose reminder falls due in an hour and a half, and
// waits for its announcement to be over.
func (s *stage) planned() record.SessionID {
	s.t.Helper()
	id := s.session("廉政教育", time.Now().Add(3*time.Hour+30*time.Minute), false)
	s.until("the announcements", func() bool {
		return len(heard(s.Server, benchAccount+int64(s.people)-1, "新安排")) == 1
	})
	s.quiet(time.Minute)
	return id
}

func (s *stage) reminderOf(id record.SessionID, account int64) (row record.Outbox) {
	s.t.Helper()
	s.see(func(tx *storage.Tx) error {
		p, _, err := tx.PersonByChat(account)
		if err != nil {
			return err
		}
		var found bool
		row, found, err = tx.Outbox(record.NoticeKey(id, p.ID, record.KindSoon, "1"))
		if !found {
			s.t.Error("there is no such reminder")
		}
		return err
	})
	return row
}

// Updates that come twice, or chat by chat in another order, have one effect
// and one reply each.
func TestUpdatesTwiceAndOutOfOrder(t *testing.T) {
	const people = 30
	onStage(t, people, nil, func(t *testing.T, s *stage) {
		id := s.session("廉政教育", time.Now(), true)
		s.DuplicateUpdates(2 * people)
		s.ReorderUpdates(10)
		var all []int64
		for i := range people {
			who := benchAccount + int64(i)
			all = append(all, who)
			s.says(who, "签到 000000")
			if _, err := s.OpenLink(who, storage.CodePayload(id, s.code(id))); err != nil {
				t.Fatal(err)
			}
		}
		s.quiet(time.Hour)
		for _, who := range all {
			s.hears(who, "还可再试 4 次", 1)
			s.hears(who, checkedIn, 1)
			if n := s.Sent(who); n != 2 {
				t.Errorf("%d had %d messages for two updates", who, n)
			}
		}
		s.came(id, all...)
	})
}

// An update that cannot be decoded is kept as it came, and the rest goes on.
func TestUndecodableUpdate(t *testing.T) {
	onStage(t, 1, nil, func(t *testing.T, s *stage) {
		s.says(benchAccount, "/help")
		for _, fields := range []string{
			`{"message":{"message_id":"not a number","chat":[],"date":null}}`,
			`{"callback_query":17}`,
		} {
			if err := s.InjectUpdate(fields); err != nil {
				t.Fatal(err)
			}
		}
		s.says(benchAccount, "/lang")
		s.until("both replies", func() bool { return s.Sent(benchAccount) == 2 && s.Stats().Pending == 0 })
		var kept []storage.Aside
		err := s.app.store.View(t.Context(), func(tx *storage.Tx) (err error) {
			kept, err = tx.Asides()
			return err
		})
		if err != nil || len(kept) != 2 || !strings.Contains(string(kept[0].Raw), `"not a number"`) {
			t.Errorf("kept aside is %q (%v)", kept, err)
		}
	})
}

// A second instance that keeps polling ends the program with an error that
// names it.
func TestSecondPollerEndsTheProgram(t *testing.T) {
	onStage(t, 1, nil, func(t *testing.T, s *stage) {
		s.quiet(time.Second)
		s.SecondPoller(1)
		s.says(benchAccount, "/help")
		s.until("a reply after one conflict", func() bool { return s.Sent(benchAccount) == 1 })
		s.SecondPoller(100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := s.app.wait(ctx); !errors.Is(err, telegram.ErrConflict) ||
			!strings.Contains(err.Error(), "another instance") {
			t.Errorf("the program ended with %v", err)
		}
	})
}

// Who blocks the bot is flagged, their officer is told once, and they are
// reachable again as soon as they come back.
func TestBlockedPerson(t *testing.T) {
	onStage(t, 2, nil, func(t *testing.T, s *stage) {
		gone := int64(benchAccount)
		if err := s.Deactivate(gone); err != nil { // the bot is told nothing
			t.Fatal(err)
		}
		s.planned()
		s.quiet(3 * time.Hour)
		s.hears(stageTownship, "联系不上", 1)
		s.hears(stageOfficer, "联系不上", 0)
		s.hears(benchAccount+1, soon, 1)
		s.flagged(gone, true)
	})
	onStage(t, 1, nil, func(t *testing.T, s *stage) {
		who := int64(benchAccount)
		for _, step := range []struct {
			do      func(int64) error
			flagged bool
		}{{s.Block, true}, {s.Unblock, false}, {s.Block, true}} {
			if err := step.do(who); err != nil {
				t.Fatal(err)
			}
			s.quiet(time.Second)
			s.flagged(who, step.flagged)
		}
		s.says(who, "/start")
		s.until("the home card", func() bool { return s.Sent(who) == 1 })
		s.flagged(who, false)
	})
}

// flagged fails unless a person counts as unreachable, or not.
func (s *stage) flagged(account int64, want bool) {
	s.t.Helper()
	s.see(func(tx *storage.Tx) error {
		p, _, err := tx.PersonByChat(account)
		if err != nil {
			return err
		}
		n, err := tx.Count(benchCounty.Code)
		if got := !p.UnreachableSince.IsZero(); got != want || (n.Unreachable == 1) != want {
			s.t.Errorf("%d unreachable: %v, counted %d; want %v", account, got, n.Unreachable, want)
		}
		return err
	})
}

// A button on the live message works, and leaves it as it is, while the answer
// to its sending is still out.
func TestPressOnALiveMessageJustSent(t *testing.T) {
	onStage(t, 2, nil, func(t *testing.T, s *stage) {
		s.session("廉政教育", time.Now(), false)
		s.AddFault(sandbox.Fault{Method: "sendPhoto", Kind: sandbox.FaultTimeoutAfter, Times: 1})
		host := &actor{history: &history{sandbox: s.Server, beat: func() {}}, ctx: t.Context(), who: stageHost}
		for _, step := range []struct {
			act      func() error
			answered func() bool
		}{
			{host.says("主持"), host.shows("请选择场次")},
			{host.presses("12月7日"), host.shows("未开始")},
			{host.presses("开始签到"), host.shows("· 口令")},
			{host.presses("点名", "· 口令"), host.shows("点名:廉政教育")},
		} {
			if err := host.do("host", step.act, step.answered); err != nil {
				t.Fatal(err)
			}
		}
		if !host.shows("· 口令")() {
			t.Error("the live message is overwritten")
		}
	})
}

// On a server where every call takes its time, nobody waits for others.
func TestSlowServer(t *testing.T) {
	const people = 40
	onStage(t, people, nil, func(t *testing.T, s *stage) {
		s.quiet(time.Second)
		s.AddFault(sandbox.Fault{Kind: sandbox.FaultSlow, Delay: 4 * time.Second})
		began := time.Now()
		for i := range people {
			s.says(benchAccount+int64(i), "/help")
		}
		s.until("all replies", func() bool {
			for i := range people {
				if s.Sent(benchAccount+int64(i)) == 0 {
					return false
				}
			}
			return true
		})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("40 replies of 4 s each took %v: they wait for one another", took)
		}
	})
}

// The program takes updates by webhook too; what does not carry the secret is
// refused and has no effect.
func TestWebhookEndToEnd(t *testing.T) {
	const secret = "0123456789abcdefghij"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String() + "/hook"
	onWire(t, 20, func(s *setup) {
		s.webhook = &telegram.WebhookConfig{Listener: listener, URL: address, Secret: secret}
	}, func(t *testing.T, s *stage) {
		s.until("the webhook", func() bool { return s.Stats().Calls["setWebhook"] == 1 })
		id := s.session("廉政教育", time.Now(), true)
		forged := fmt.Sprintf(`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":%d,"type":"private"},`+
			`"from":{"id":%[1]d,"first_name":"x"},"text":"签到 %s"}}`, benchAccount, s.code(id).Digits)
		for _, wrong := range []string{"", "0123456789abcdefghiJ", secret + "k"} {
			if code := post(t, address, wrong, forged); code != http.StatusUnauthorized {
				t.Errorf("secret %q was answered %d", wrong, code)
			}
		}
		s.came(id)
		var all []int64
		for i := range s.people {
			who := benchAccount + int64(i)
			all = append(all, who)
			s.says(who, "签到 "+s.code(id).Digits)
		}
		s.until("the replies", func() bool {
			return !slices.ContainsFunc(all, func(who int64) bool { return s.Sent(who) == 0 }) && s.Stats().Pending == 0
		})
		s.came(id, all...)
	})
}

func post(t *testing.T, address, secret, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

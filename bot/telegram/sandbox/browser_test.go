package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"headgoose/bot/telegram/sandbox/pagetest"
)

const (
	county, host, sec1, sec2 = 100, 200, 301, 302
)

// county's day for the page: an officer, a host, two secretaries, a stranger.
func pageServer(t *testing.T) *Server {
	t.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 12, 3, 9, 2, 11, 0, time.FixedZone("CST", 8*3600))
	secretary := Label{"支部书记", "Secretary"}
	s := start(t, Options{
		Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Page: Page{
			Title: Label{"化隆县", "Hualong County"},
			Advance: func(_ context.Context, d time.Duration) error {
				mu.Lock()
				defer mu.Unlock()
				now = now.Add(d)
				return nil
			},
			RealTime: func(context.Context) error { return nil },
			Personas: []Persona{
				{
					User: User{ID: county, Name: "管理员 001", Phone: "+8613900000001", Lang: "zh", Started: true}, Show: true,
					Role: Label{"县级管理员", "County officer"}, Place: Label{"化隆县", "Hualong"},
					Suggest: []Suggestion{{Label: Label{"查询本周", "This week"}, Text: "/status"}, {Label: Label{"导出", "Export"}, Text: "/export"}},
				},
				{
					User: User{ID: host, Name: "主持人 001", Phone: "+8613900000002", Lang: "zh", Started: true}, Show: true,
					Role: Label{"主持人", "Host"}, Place: Label{"廉政教育基地", "Clean-government base"},
					Suggest: []Suggestion{{Label: Label{"开始签到", "Open check-in"}, Text: "/host"}},
				},
				{
					User: User{ID: sec1, Name: "书记 001", Phone: "+8613800000001", Lang: "zh"}, Show: true, Role: secretary,
					Place: Label{"巴燕镇 下加合村", "Bayan, Xiajiahe"}, Suggest: []Suggestion{{Label: Label{"打开登记链接", "Open the enrolment link"}, Payload: "enrol-001"}},
				},
				{User: User{ID: sec2, Name: "书记 002", Phone: "+8613800000002", Lang: "zh", Started: true}, Role: secretary, Place: Label{"甘都镇 阿河滩村", "Gandu, Ahetan"}},
				{User: User{ID: 999, Name: "陌生人"}, Role: Label{"无职务", "Stranger"}},
			},
		},
	})
	done := runScript(t, s, host)
	t.Cleanup(func() { s.Close(); <-done })
	return s
}

func TestPage(t *testing.T) {
	ctx := pagetest.Browser(t)
	s := pageServer(t)
	errors := pagetest.ConsoleErrors(ctx)
	type css = chromedp.CSS
	pagetest.Drive(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.URL()), chromedp.WaitVisible(css("body.ready")))

	t.Run("enrol by a link and the contact key", func(t *testing.T) {
		pagetest.Shot(t, ctx, "start")
		pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("301")+".suggest")))
		pagetest.Sees(t, ctx, pagetest.Phone("301")+".bubble", "发送您本人的手机号")
		pagetest.Shot(t, ctx, "keyboard")
		pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("301")+".key")))
		pagetest.Sees(t, ctx, pagetest.Phone("301")+".bubble", "核对一致")
		pagetest.Drive(t, ctx, chromedp.WaitNotPresent(css(pagetest.Phone("301")+".key")))
	})
	t.Run("type and press", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.SendKeys(css(pagetest.Phone("100")+"textarea"), "/status\r"))
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".bubble strong", "化隆县 · 本周")
		pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("100")+".inline-button")))
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".bubble", "巴燕镇 应到 31")
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".edited", "已编辑")
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".answer", "已更新")
	})
	t.Run("receive a file", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.SendKeys(css(pagetest.Phone("100")+"textarea"), "/export\r"))
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".file", "化隆县_签到_2026-12-01.xlsx")
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".file", "18.0 KB")
	})
	t.Run("another person scans the code", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("200")+".suggest")), chromedp.Click(css(pagetest.Phone("200")+".photo.code")),
			chromedp.WaitVisible(css("dialog.picker")))
		pagetest.Shot(t, ctx, "picker")
		pagetest.Drive(t, ctx, chromedp.Click(css(`dialog.picker .person[data-user="302"]`)))
		pagetest.Sees(t, ctx, pagetest.Phone("302")+".bubble", "✅ 已签到")
		pagetest.Sees(t, ctx, pagetest.Phone("200")+".bubble", "已到 24 / 31")
	})
	t.Run("send a file", func(t *testing.T) {
		sheet := filepath.Join(t.TempDir(), "名册.xlsx")
		if err := os.WriteFile(sheet, []byte("sheet"), 0o644); err != nil {
			t.Fatal(err)
		}
		pagetest.Drive(t, ctx, chromedp.SetUploadFiles(css(pagetest.Phone("100")+"input[type=file]"), []string{sheet}))
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".file", "名册.xlsx")
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".bubble", "读到 362 行")
	})
	t.Run("calls and faults", func(t *testing.T) { callsAndFaults(t, ctx, s) })
	t.Run("block", func(t *testing.T) { blockAndBack(t, ctx, s) })
	t.Run("the clock moves", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.Click(css(".steps .step:nth-child(2)")))
		pagetest.Shot(t, ctx, "clock")
		pagetest.Sees(t, ctx, ".now .time", "10:02")
	})
	t.Run("phone width", func(t *testing.T) { phoneWidth(t, ctx) })
	t.Run("english", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Click(css(".tool.quiet")), chromedp.WaitVisible(css(`html[lang="en"] body.ready`)))
		pagetest.Sees(t, ctx, "#tool-calls", "API calls")
		pagetest.Sees(t, ctx, pagetest.Phone("100")+".bubble", "读到 362 行")
		pagetest.Shot(t, ctx, "english")
	})
	if list := errors(); len(list) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(list, "\n"))
	}
}

// phoneWidth looks at the page on a phone: one person at a time, nothing wider
// than the screen.
func phoneWidth(t *testing.T, ctx context.Context) {
	pagetest.Drive(t, ctx, chromedp.EmulateViewport(390, 844), chromedp.Click(chromedp.CSS(".panel header button")),
		chromedp.Click(chromedp.CSS(".tab:nth-child(2)")), chromedp.WaitVisible(chromedp.CSS(pagetest.Phone("200")+".photo")),
		chromedp.WaitNotVisible(chromedp.CSS(pagetest.Phone("100")+".history")))
	pagetest.Shot(t, ctx, "phone")
	pagetest.Holds(t, ctx, "the page is no wider than the screen", `document.documentElement.scrollWidth <= innerWidth`)
	pagetest.Drive(t, ctx, chromedp.Click(chromedp.CSS("#tool-calls")), chromedp.WaitVisible(chromedp.CSS(".panel")))
	pagetest.Shot(t, ctx, "phone-calls")
	pagetest.Drive(t, ctx, chromedp.Click(chromedp.CSS(".panel header button")), chromedp.WaitNotVisible(chromedp.CSS(".panel")))
}

// callsAndFaults looks at a failed call, and sets and ends a fault by hand.
func callsAndFaults(t *testing.T, ctx context.Context, s *Server) {
	type css = chromedp.CSS
	s.AddFault(Fault{Method: "sendMessage", Kind: FaultTooMany, Times: 1, RetryAfter: time.Second})
	if _, err := try(s, "sendMessage", params{"chat_id": 100, "text": "x"}); err != nil {
		t.Fatal(err)
	}
	pagetest.Sees(t, ctx, ".call.fault .code", "429")
	pagetest.Drive(t, ctx, chromedp.Click(css(".call.fault summary")))
	pagetest.Shot(t, ctx, "desktop")
	pagetest.Drive(t, ctx, chromedp.Click(css("#tool-faults")), chromedp.Click(css(".fault-form button[type=submit]")))
	pagetest.Sees(t, ctx, ".fault-row", "429")
	pagetest.Shot(t, ctx, "faults")
	pagetest.Drive(t, ctx, chromedp.Click(css(".fault-row .icon-button")), chromedp.WaitNotPresent(css(".fault-row")))
}

// blockAndBack has a person block the bot and take it back.
func blockAndBack(t *testing.T, ctx context.Context, s *Server) {
	type css = chromedp.CSS
	if err := s.Block(sec2); err != nil {
		t.Fatal(err)
	}
	pagetest.Sees(t, ctx, pagetest.Phone("302")+".footer", "停用")
	pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("301")+".phone-head .icon-button")), chromedp.WaitVisible(css(".popup")))
	pagetest.Shot(t, ctx, "blocked")
	pagetest.Drive(t, ctx, chromedp.KeyEvent("\x1b"), chromedp.WaitNotPresent(css(".popup")))
	pagetest.Drive(t, ctx, chromedp.Click(css(pagetest.Phone("302")+".footer button")), chromedp.WaitVisible(css(pagetest.Phone("302")+"textarea")))
}

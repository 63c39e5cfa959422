package sandbox

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium: the one that HEADGOOSE_CHROMIUM names,
// or one in PATH.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("HEADGOOSE_CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		t.Skip("no Chromium: name one in HEADGOOSE_CHROMIUM to run the page's test")
	}
	flag := chromedp.Flag
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, flag("disable-background-networking", true),
		flag("disable-component-update", true), flag("disable-sync", true), flag("lang", "zh-CN"),
		chromedp.WindowSize(1440, 900))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	drive(t, ctx) // starts it
	t.Cleanup(func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(bye) // the test's verdict stands whether the browser leaves in order or not
	})
	return ctx
}

// drive runs steps with a limit, so that a selector that never comes fails.
func drive(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	limit := 20 * time.Second
	if len(steps) == 0 {
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// sees waits until an element that the selector finds shows a text.
func sees(t *testing.T, ctx context.Context, selector, text string) {
	t.Helper()
	holds(t, ctx, selector+" shows "+text, `[...document.querySelectorAll(`+string(mustJSON(selector))+
		`)].some((e) => e.textContent.includes(`+string(mustJSON(text))+`))`)
}

// holds waits until a JavaScript condition does.
func holds(t *testing.T, ctx context.Context, what, js string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		t.Fatalf("not so: %s (%v)", what, err)
	}
}

// shot writes a screenshot into the folder that HEADGOOSE_SHOTS names.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("HEADGOOSE_SHOTS")
	if dir == "" {
		return
	}
	drive(t, ctx, chromedp.Sleep(400*time.Millisecond)) // let the animations end
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// consoleErrors collects what the page writes to its console as an error.
func consoleErrors(ctx context.Context) (read func() []string) {
	var mu sync.Mutex
	var list []string
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				mu.Lock()
				list = append(list, m.String())
				mu.Unlock()
			}
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

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
				{User: User{ID: county, Name: "管理员 001", Phone: "+8613900000001", Lang: "zh", Started: true}, Show: true,
					Role: Label{"县级管理员", "County officer"}, Place: Label{"化隆县", "Hualong"},
					Suggest: []Suggestion{{Label: Label{"查询本周", "This week"}, Text: "/status"}, {Label: Label{"导出", "Export"}, Text: "/export"}}},
				{User: User{ID: host, Name: "主持人 001", Phone: "+8613900000002", Lang: "zh", Started: true}, Show: true,
					Role: Label{"主持人", "Host"}, Place: Label{"廉政教育基地", "Clean-government base"},
					Suggest: []Suggestion{{Label: Label{"开始签到", "Open check-in"}, Text: "/host"}}},
				{User: User{ID: sec1, Name: "书记 001", Phone: "+8613800000001", Lang: "zh"}, Show: true, Role: secretary,
					Place: Label{"巴燕镇 下加合村", "Bayan, Xiajiahe"}, Suggest: []Suggestion{{Label: Label{"打开登记链接", "Open the enrolment link"}, Payload: "enrol-001"}}},
				{User: User{ID: sec2, Name: "书记 002", Phone: "+8613800000002", Lang: "zh", Started: true}, Role: secretary, Place: Label{"甘都镇 阿河滩村", "Gandu, Ahetan"}},
				{User: User{ID: 999, Name: "陌生人"}, Role: Label{"无职务", "Stranger"}},
			},
		},
	})
	done := runScript(t, s, host)
	t.Cleanup(func() { s.Close(); <-done })
	return s
}

func phoneOf(id string) string { return `.phone[data-user="` + id + `"] ` }

func TestPage(t *testing.T) {
	ctx := browser(t)
	s := pageServer(t)
	errors := consoleErrors(ctx)
	type css = chromedp.CSS
	drive(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.URL()), chromedp.WaitVisible(css("body.ready")))

	t.Run("enrol by a link and the contact key", func(t *testing.T) {
		shot(t, ctx, "start")
		drive(t, ctx, chromedp.Click(css(phoneOf("301")+".suggest")))
		sees(t, ctx, phoneOf("301")+".bubble", "发送您本人的手机号")
		shot(t, ctx, "keyboard")
		drive(t, ctx, chromedp.Click(css(phoneOf("301")+".key")))
		sees(t, ctx, phoneOf("301")+".bubble", "核对一致")
		drive(t, ctx, chromedp.WaitNotPresent(css(phoneOf("301")+".key")))
	})
	t.Run("type and press", func(t *testing.T) {
		drive(t, ctx, chromedp.SendKeys(css(phoneOf("100")+"textarea"), "/status\r"))
		sees(t, ctx, phoneOf("100")+".bubble strong", "化隆县 · 本周")
		drive(t, ctx, chromedp.Click(css(phoneOf("100")+".inline-button")))
		sees(t, ctx, phoneOf("100")+".bubble", "巴燕镇 应到 31")
		sees(t, ctx, phoneOf("100")+".edited", "已编辑")
		sees(t, ctx, phoneOf("100")+".answer", "已更新")
	})
	t.Run("receive a file", func(t *testing.T) {
		drive(t, ctx, chromedp.SendKeys(css(phoneOf("100")+"textarea"), "/export\r"))
		sees(t, ctx, phoneOf("100")+".file", "化隆县_签到_2026-12-01.xlsx")
		sees(t, ctx, phoneOf("100")+".file", "18.0 KB")
	})
	t.Run("another person scans the code", func(t *testing.T) {
		drive(t, ctx, chromedp.Click(css(phoneOf("200")+".suggest")), chromedp.Click(css(phoneOf("200")+".photo.code")),
			chromedp.WaitVisible(css("dialog.picker")))
		shot(t, ctx, "picker")
		drive(t, ctx, chromedp.Click(css(`dialog.picker .person[data-user="302"]`)))
		sees(t, ctx, phoneOf("302")+".bubble", "✅ 已签到")
		sees(t, ctx, phoneOf("200")+".bubble", "已到 24 / 31")
	})
	t.Run("send a file", func(t *testing.T) {
		sheet := filepath.Join(t.TempDir(), "名册.xlsx")
		if err := os.WriteFile(sheet, []byte("sheet"), 0o644); err != nil {
			t.Fatal(err)
		}
		drive(t, ctx, chromedp.SetUploadFiles(css(phoneOf("100")+"input[type=file]"), []string{sheet}))
		sees(t, ctx, phoneOf("100")+".file", "名册.xlsx")
		sees(t, ctx, phoneOf("100")+".bubble", "读到 362 行")
	})
	t.Run("calls and faults", func(t *testing.T) { callsAndFaults(t, ctx, s) })
	t.Run("block", func(t *testing.T) { blockAndBack(t, ctx, s) })
	t.Run("the clock moves", func(t *testing.T) {
		drive(t, ctx, chromedp.Click(css(".steps .step:nth-child(2)")))
		shot(t, ctx, "clock")
		sees(t, ctx, ".now .time", "10:02")
	})
	t.Run("phone width", func(t *testing.T) { phoneWidth(t, ctx) })
	t.Run("english", func(t *testing.T) {
		drive(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Click(css(".tool.quiet")), chromedp.WaitVisible(css(`html[lang="en"] body.ready`)))
		sees(t, ctx, "#tool-calls", "API calls")
		sees(t, ctx, phoneOf("100")+".bubble", "读到 362 行")
		shot(t, ctx, "english")
	})
	if list := errors(); len(list) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(list, "\n"))
	}
}

// phoneWidth looks at the page on a phone: one person at a time, nothing wider
// than the screen.
func phoneWidth(t *testing.T, ctx context.Context) {
	drive(t, ctx, chromedp.EmulateViewport(390, 844), chromedp.Click(chromedp.CSS(".panel header button")),
		chromedp.Click(chromedp.CSS(".tab:nth-child(2)")), chromedp.WaitVisible(chromedp.CSS(phoneOf("200")+".photo")),
		chromedp.WaitNotVisible(chromedp.CSS(phoneOf("100")+".history")))
	shot(t, ctx, "phone")
	holds(t, ctx, "the page is no wider than the screen", `document.documentElement.scrollWidth <= innerWidth`)
	drive(t, ctx, chromedp.Click(chromedp.CSS("#tool-calls")), chromedp.WaitVisible(chromedp.CSS(".panel")))
	shot(t, ctx, "phone-calls")
	drive(t, ctx, chromedp.Click(chromedp.CSS(".panel header button")), chromedp.WaitNotVisible(chromedp.CSS(".panel")))
}

// callsAndFaults looks at a failed call, and sets and ends a fault by hand.
func callsAndFaults(t *testing.T, ctx context.Context, s *Server) {
	type css = chromedp.CSS
	s.AddFault(Fault{Method: "sendMessage", Kind: FaultTooMany, Times: 1, RetryAfter: time.Second})
	if _, err := try(s, "sendMessage", params{"chat_id": 100, "text": "x"}); err != nil {
		t.Fatal(err)
	}
	sees(t, ctx, ".call.fault .code", "429")
	drive(t, ctx, chromedp.Click(css(".call.fault summary")))
	shot(t, ctx, "desktop")
	drive(t, ctx, chromedp.Click(css("#tool-faults")), chromedp.Click(css(".fault-form button[type=submit]")))
	sees(t, ctx, ".fault-row", "429")
	shot(t, ctx, "faults")
	drive(t, ctx, chromedp.Click(css(".fault-row .icon-button")), chromedp.WaitNotPresent(css(".fault-row")))
}

// blockAndBack has a person block the bot and take it back.
func blockAndBack(t *testing.T, ctx context.Context, s *Server) {
	type css = chromedp.CSS
	if err := s.Block(sec2); err != nil {
		t.Fatal(err)
	}
	sees(t, ctx, phoneOf("302")+".footer", "停用")
	drive(t, ctx, chromedp.Click(css(phoneOf("301")+".phone-head .icon-button")), chromedp.WaitVisible(css(".popup")))
	shot(t, ctx, "blocked")
	drive(t, ctx, chromedp.KeyEvent("\x1b"), chromedp.WaitNotPresent(css(".popup")))
	drive(t, ctx, chromedp.Click(css(phoneOf("302")+".footer button")), chromedp.WaitVisible(css(phoneOf("302")+"textarea")))
}

// Package pagetest drives the sandbox's chat page in a headless Chromium, for
// the tests of the page and of the whole program behind it.
package pagetest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser starts a headless Chromium: the one that HEADGOOSE_CHROMIUM names,
// or one in PATH.
func Browser(t *testing.T) context.Context {
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
	Drive(t, ctx) // starts it
	t.Cleanup(func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(bye) // the test's verdict stands whether the browser leaves in order or not
	})
	return ctx
}

// Drive runs steps with a limit, so that a selector that never comes fails.
func Drive(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
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

// Sees waits until an element that the selector finds shows a text.
func Sees(t *testing.T, ctx context.Context, selector, text string) {
	t.Helper()
	Holds(t, ctx, selector+" shows "+text, `[...document.querySelectorAll(`+quote(selector)+
		`)].some((e) => e.textContent.includes(`+quote(text)+`))`)
}

// Holds waits until a JavaScript condition does.
func Holds(t *testing.T, ctx context.Context, what, js string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		t.Fatalf("not so: %s (%v)", what, err)
	}
}

// Shot writes a screenshot into the folder that HEADGOOSE_SHOTS names.
func Shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("HEADGOOSE_SHOTS")
	if dir == "" {
		return
	}
	Drive(t, ctx, chromedp.Sleep(400*time.Millisecond)) // let the animations end
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// ConsoleErrors collects what the page writes to its console as an error.
func ConsoleErrors(ctx context.Context) (read func() []string) {
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

// Phone selects the phone of a person, for a selector behind it.
func Phone(id string) string { return `.phone[data-user="` + id + `"] ` }

// quote writes a string as JavaScript reads it.
func quote(s string) string {
	out, _ := json.Marshal(s) // a string always can be
	return string(out)
}

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"headgoose/bot/telegram/sandbox/pagetest"
)

// TestDemoPage walks through a morning in the demo's page as somebody does who
// sees it for the first time: the week's schedule comes, a host opens check-in,
// people scan, an officer asks.
func TestDemoPage(t *testing.T) {
	ctx := pagetest.Browser(t)
	d, err := startDemo(t.Context(), demoOptions{
		listen: "127.0.0.1:0", data: t.TempDir(), clock: standingAt(playTime), noLimits: true,
	}, io.Discard, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	type css = chromedp.CSS
	officer, host, first := phoneNo(demoOfficer), phoneNo(demoHost), phoneNo(demoSecretary+1)
	errors := pagetest.ConsoleErrors(ctx)
	pagetest.Drive(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(d.sandbox.URL()), chromedp.WaitVisible(css("body.ready")))

	t.Run("the week's schedule comes by itself", func(t *testing.T) {
		moveOn(t, ctx, 1)
		pagetest.Sees(t, ctx, first+".bubble", "近两周安排")
	})
	t.Run("a secretary looks at the home card", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.Click(css(first+".suggest:nth-child(1)")))
		pagetest.Sees(t, ctx, first+".bubble", "下一项")
		pagetest.Shot(t, ctx, "demo-home")
	})
	t.Run("the host opens check-in", func(t *testing.T) {
		moveOn(t, ctx, 2)
		pagetest.Sees(t, ctx, ".now .time", "09:00")
		pagetest.Drive(t, ctx, chromedp.Click(css(host+".suggest:nth-child(1)")))
		press(t, ctx, host, "12月7日 09:00 廉政教育基地")
		press(t, ctx, host, "开始签到")
		pagetest.Sees(t, ctx, host+".bubble", "口令")
		pagetest.Drive(t, ctx, chromedp.WaitVisible(css(host+".photo.code")))
	})
	t.Run("a secretary scans the code on the host's phone", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.Click(css(host+".photo.code")), chromedp.WaitVisible(css("dialog.picker")))
		pagetest.Drive(t, ctx, chromedp.Click(css(fmt.Sprintf(`dialog.picker .person[data-user="%d"]`, demoSecretary+1))))
		pagetest.Sees(t, ctx, first+".bubble", "已签到 09:00")
		pagetest.Sees(t, ctx, host+".bubble", "/ 38")
	})
	t.Run("the officer asks", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.Click(css(officer+".suggest:nth-child(1)")))
		pagetest.Sees(t, ctx, officer+".bubble", "化隆县 · 本周")
		pagetest.Shot(t, ctx, "demo-morning")
		press(t, ctx, officer, "看图")
		pagetest.Drive(t, ctx, chromedp.WaitVisible(css(officer+".photo")))
		pagetest.Shot(t, ctx, "demo-chart")
	})
	t.Run("on a phone", func(t *testing.T) {
		pagetest.Drive(t, ctx, chromedp.EmulateViewport(390, 844))
		pagetest.Holds(t, ctx, "no wider than the screen", `document.documentElement.scrollWidth <= innerWidth`)
		pagetest.Shot(t, ctx, "demo-phone")
	})
	if list := errors(); len(list) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(list, "\n"))
	}
}

func phoneNo(account int) string { return pagetest.Phone(fmt.Sprint(account)) }

// moveOn presses the n-th button of the clock, and waits until it has moved.
func moveOn(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	pagetest.Drive(t, ctx, chromedp.Click(chromedp.CSS(fmt.Sprintf(".steps .step:nth-child(%d)", n))))
	pagetest.Holds(t, ctx, "the clock has moved", `document.querySelector("#clock.running") === null`)
}

// press presses the newest button of a phone that reads so.
func press(t *testing.T, ctx context.Context, phone, label string) {
	t.Helper()
	button := fmt.Sprintf(`[...document.querySelectorAll(%q)].filter((b) => b.textContent.includes(%q)).at(-1)`, phone+".inline-button", label)
	pagetest.Holds(t, ctx, "there is a button "+label, button+` !== undefined`)
	pagetest.Holds(t, ctx, "pressing "+label, `(`+button+`.click(), true)`)
}

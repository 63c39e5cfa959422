package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

func testDemo(t *testing.T, o demoOptions, out io.Writer) *demo {
	t.Helper()
	if o.listen == "" {
		o.listen = "127.0.0.1:0"
	}
	o.data, o.noLimits = t.TempDir(), true
	d, err := startDemo(t.Context(), o, out, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// TestDemoCrowd has the host open a session: the rest of its secretaries come
// by themselves.
func TestDemoCrowd(t *testing.T) {
	d := testDemo(t, demoOptions{clock: standingAt(playTime), step: time.Millisecond}, io.Discard)
	// What asks to scan comes first, then the week's schedule.
	if err := errors.Join(d.look(t.Context()), d.advance(t.Context(), 70*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sandbox.Say(demoHost, "主持"); err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"12月7日 09:00 廉政教育基地", "开始签到"} {
		offered := func() bool { _, _, ok := d.sandbox.Last(demoHost).Find(label); return ok }
		if err := d.sandbox.Wait(t.Context(), offered); err != nil {
			t.Fatal(err)
		}
		if _, err := d.sandbox.PressText(demoHost, demoHost, d.sandbox.Last(demoHost).ID, label); err != nil {
			t.Fatal(err)
		}
	}
	came := func() (n, of int) {
		_, counts, _ := strings.Cut(d.sandbox.Last(demoHost).Text, "已到 ")
		_, _ = fmt.Sscanf(counts, "%d / %d", &n, &of)
		return n, of
	}
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.sandbox.Wait(limit, func() bool { n, of := came(); return n > of/2 }); err != nil {
		n, of := came()
		t.Errorf("%d of %d came", n, of)
	}
}

func TestDemoTakesAFreePort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	var out strings.Builder
	d := testDemo(t, demoOptions{listen: busy.Addr().String(), clock: standingAt(playTime), alone: true}, &out)
	if strings.Contains(d.sandbox.URL(), busy.Addr().String()) || !strings.Contains(out.String(), "is taken") {
		t.Errorf("served at %s; said %q", d.sandbox.URL(), out.String())
	}
}

// TestDemoIsTakenUp starts a demo again on its data: nobody is doubled, people
// are answered as before, and the clock goes on from where it stood.
func TestDemoIsTakenUp(t *testing.T) {
	dir := t.TempDir()
	last := time.Time{}
	for range 3 {
		d, err := startDemo(t.Context(), demoOptions{listen: "127.0.0.1:0", data: dir, alone: true, noLimits: true},
			io.Discard, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		found, err := d.app.store.Check(t.Context())
		if err != nil || len(found) > 0 {
			t.Error("the data does not agree: ", found, err)
		}
		if now := d.clock.Now(); now.Before(last) {
			t.Errorf("the clock went back from %s to %s", last, now)
		}
		if err := d.advance(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		for range 12 { // each start has numbers of its own, however many a short one takes
			before := d.sandbox.Last(demoSecretary + 1).ID
			if _, err := d.sandbox.Say(demoSecretary+1, "用法"); err != nil {
				t.Fatal(err)
			}
			limit, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			answered := func() bool { m := d.sandbox.Last(demoSecretary + 1); return m.Bot && m.ID > before }
			if err := d.sandbox.Wait(limit, answered); err != nil {
				t.Fatal("no answer: ", err)
			}
			cancel()
		}
		last = d.clock.Now().Truncate(time.Second)
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	}
}

// A machine in another zone shows the county's hours all the same.
func TestDemoClockKeepsTheZone(t *testing.T) {
	c := startingAt(playTime)
	check := func(when string) {
		t.Helper()
		if got := c.Now().Format("-07:00"); got != "+08:00" {
			t.Errorf("%s: %s", when, got)
		}
	}
	check("at the start")
	if d := c.Now().Sub(playTime); d < 0 || d > time.Minute {
		t.Errorf("begins %s off", d)
	}
	c.move(time.Hour)
	check("moved on")
	c.real()
	check("in real time")
}

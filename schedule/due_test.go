package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/schedule/calendar"
	"headgoose/storage"
	"headgoose/storage/record"
)

func TestSlots(t *testing.T) {
	line := mustLine(t, "0 8 * * *")
	for _, c := range []struct {
		name      string
		mark, now string
		late      Late
		due       []string
		done      string
	}{
		{"nothing yet", "12-01 08:00", "12-02 07:59", Late{}, nil, "12-01 08:00"},
		{"at its instant", "12-01 08:00", "12-02 08:00", Late{}, []string{"12-02 08:00"}, "12-02 08:00"},
		{"all that were missed", "12-01 08:00", "12-04 09:00", Late{}, []string{"12-02 08:00", "12-03 08:00", "12-04 08:00"}, "12-04 08:00"},
		{"only the last", "12-01 08:00", "12-04 09:00", Late{Last: true}, []string{"12-04 08:00"}, "12-04 08:00"},
		{"not what is of no use", "12-01 08:00", "12-04 09:00", Late{Drop: 25 * time.Hour}, []string{"12-03 08:00", "12-04 08:00"}, "12-04 08:00"},
		{"all of no use", "12-01 08:00", "12-04 07:00", Late{Last: true, Drop: time.Hour}, nil, "12-03 08:00"},
		{"a clock set back", "12-04 08:00", "12-01 09:00", Late{}, nil, "12-04 08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, done := slots(line.Next, on(c.mark), on(c.now), c.late)
			var got []string
			for _, slot := range due {
				got = append(got, slot.In(shanghai).Format("01-02 15:04"))
			}
			if !slices.Equal(got, c.due) || !done.Equal(on(c.done)) {
				t.Errorf("due %v, mark %v; want %v, %s", got, done, c.due, c.done)
			}
		})
	}
}

// However a stretch of time is cut into looks, with looks at odd times and a
// clock that is set back between them, the same slots come, each once.
func TestSlotsComeOnceForAnyLooks(t *testing.T) {
	line := mustLine(t, "0 */6 * * *")
	start, end := on("11-28 00:00"), on("12-03 00:00")
	want, _ := slots(line.Next, start, end, Late{})
	rapid.Check(t, func(t *rapid.T) {
		mark := start
		var got []time.Time
		looks := rapid.SliceOf(rapid.Int64Range(0, int64(end.Sub(start)/time.Minute))).Draw(t, "looks at minute")
		for _, minute := range append(looks, int64(end.Sub(start)/time.Minute)) {
			var due []time.Time
			due, mark = slots(line.Next, mark, start.Add(time.Duration(minute)*time.Minute), Late{})
			got = append(got, due...)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestWeekOf(t *testing.T) {
	for push, want := range map[string]string{
		"11-30 08:00": "11-30 00:00", // Monday: this week
		"12-03 08:00": "11-30 00:00", // Thursday still
		"12-04 16:00": "12-07 00:00", // Friday: the coming one
		"12-06 18:00": "12-07 00:00", // Sunday evening
	} {
		if got := weekOf(on(push), shanghai); !got.Equal(on(want)) {
			t.Errorf("a push at %s speaks of %v, want %s", push, got, want)
		}
	}
}

// play is one session under the rules, looked at as time goes by.
type play struct {
	cfg    Config
	s      record.Session
	said   storage.Said
	pushed time.Time // the end of the week that was pushed last
	heard  []string  // "12-02 16:00 day_before"
}

func newPlay(start string) *play {
	cfg := DefaultConfig(shanghai)
	cfg.County = "630224"
	s := record.Session{ID: "s1", Place: cfg.County, State: record.Planned, Rev: 1, Start: on(start), End: on(start).Add(2 * time.Hour)}
	return &play{cfg: cfg, s: s}
}

// look is one look of the planner at a time.
func (p *play) look(now time.Time) {
	if p.pushed.IsZero() {
		p.push(now)
		if p.pushed.IsZero() { // Monday before eight: the last was a week ago
			p.push(now.AddDate(0, 0, -7))
		}
	}
	for range 20 {
		d, ok := p.cfg.decide(p.s, p.said, now, func(start time.Time) bool { return start.Before(p.pushed) })
		if !ok {
			p.push(now)
			return
		}
		if d.kind != "" {
			p.heard = append(p.heard, d.notBefore.In(shanghai).Format("01-02 15:04 ")+d.kind)
		}
		if d.close {
			p.s.State, p.s.ClosedAt = record.Closed, now
		}
		p.said = d.said
	}
	panic("it never comes to rest")
}

// push makes the push of the weeks from now on, where it is due: Monday 08:00.
func (p *play) push(now time.Time) {
	monday := calendar.Week(now, shanghai)
	if until := pushedUntil(monday, shanghai); !now.Before(monday.Add(8*time.Hour)) && p.pushed.Before(until) {
		p.pushed = until
	}
}

// until looks every minute up to an instant.
func (p *play) until(from, to string) *play {
	for now := on(from); !now.After(on(to)); now = now.Add(time.Minute) {
		p.look(now)
	}
	return p
}

func (p *play) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(p.heard, want) {
		t.Errorf("heard %q, want %q", p.heard, want)
	}
}

func TestDecideReminders(t *testing.T) {
	t.Run("planned long before", func(t *testing.T) {
		newPlay("12-03 09:00").until("11-13 10:00", "12-03 09:00").
			want(t, "12-02 16:00 day_before", "12-03 07:00 soon")
	})
	t.Run("planned after the push of its week", func(t *testing.T) {
		newPlay("12-03 09:00").until("12-01 10:00", "12-03 09:00").
			want(t, "12-01 10:00 announce", "12-02 16:00 day_before", "12-03 07:00 soon")
	})
	t.Run("planned after its reminder", func(t *testing.T) {
		newPlay("12-03 14:00").until("12-02 17:00", "12-03 09:00").want(t, "12-02 17:00 announce")
		newPlay("12-03 14:00").until("12-03 12:30", "12-03 14:00").want(t, "12-03 12:30 announce")
	})
	t.Run("an announcement stands for the reminder that follows at once", func(t *testing.T) {
		newPlay("12-03 14:00").until("12-02 15:30", "12-03 14:00").
			want(t, "12-02 15:30 announce", "12-03 12:00 soon")
	})
	t.Run("a Monday's session made on Sunday evening, before the push", func(t *testing.T) {
		newPlay("11-30 09:30").until("11-29 18:00", "11-30 09:30").
			want(t, "11-29 18:00 announce", "11-30 07:30 soon")
	})
	t.Run("not at night", func(t *testing.T) {
		newPlay("12-03 08:00").until("12-01 23:00", "12-03 08:00").
			want(t, "12-02 07:00 announce", "12-02 16:00 day_before", "12-03 07:00 soon")
		newPlay("12-03 06:30").until("12-01 12:00", "12-03 06:30").
			want(t, "12-01 12:00 announce", "12-02 16:00 day_before")
	})
	t.Run("after a standstill only the last", func(t *testing.T) {
		p := newPlay("12-03 09:00")
		p.look(on("11-13 10:00"))
		p.look(on("12-03 07:30"))
		p.want(t, "12-03 07:30 soon")
		q := newPlay("12-03 09:00")
		q.look(on("11-13 10:00"))
		q.look(on("12-03 09:00"))
		q.want(t)
	})
	t.Run("opened on the spot: nobody has to be told", func(t *testing.T) {
		p := newPlay("12-03 09:00")
		p.s.State = record.Open
		p.until("12-03 09:00", "12-03 11:00").want(t)
	})
}

func TestDecideChanges(t *testing.T) {
	move := func(p *play, to string) {
		p.s.Start, p.s.Rev = on(to), p.s.Rev+1
		p.s.End = p.s.Start.Add(2 * time.Hour)
	}
	t.Run("moved after it was pushed", func(t *testing.T) {
		p := newPlay("12-03 09:00").until("11-13 10:00", "12-01 10:00")
		move(p, "12-04 09:00")
		p.until("12-01 10:01", "12-04 09:00").
			want(t, "12-01 10:01 announce", "12-03 16:00 day_before", "12-04 07:00 soon")
	})
	t.Run("moved out of its week, weeks ahead", func(t *testing.T) {
		p := newPlay("12-03 09:00").until("11-13 10:00", "12-01 10:00")
		move(p, "12-24 09:00")
		p.until("12-01 10:01", "12-24 09:00").
			want(t, "12-01 10:01 announce", "12-23 16:00 day_before", "12-24 07:00 soon")
	})
	t.Run("moved before anybody had heard of it", func(t *testing.T) {
		p := newPlay("12-03 09:00").until("11-13 10:00", "11-13 12:00")
		move(p, "12-04 09:00")
		p.until("11-13 12:01", "12-04 09:00").want(t, "12-03 16:00 day_before", "12-04 07:00 soon")
	})
	t.Run("cancelled", func(t *testing.T) {
		for day, want := range map[string][]string{
			"11-13 12:00": nil,
			"12-01 10:00": {"12-01 10:01 cancelled"},
		} {
			p := newPlay("12-03 09:00").until("11-13 10:00", day)
			p.s.State, p.s.Rev = record.Cancelled, 2
			p.until(day[:9]+"01", "12-03 12:00").want(t, want...)
		}
	})
	t.Run("a turn of a cycle: told by its turn, moved as any other", func(t *testing.T) {
		p := newPlay("12-03 09:00")
		p.s.Cycle = "c1"
		p.until("12-01 10:00", "12-01 12:00")
		move(p, "12-04 09:00")
		p.until("12-01 12:01", "12-04 09:00").
			want(t, "12-01 12:01 announce", "12-03 16:00 day_before", "12-04 07:00 soon")
	})
	t.Run("a day of a batch: told by the seat, whatever becomes of it", func(t *testing.T) {
		for day, want := range map[int][]string{1: {"12-03 16:00 day_before", "12-04 07:00 soon"}, 2: nil} {
			p := newPlay("12-03 09:00")
			p.s.Batch, p.s.Day = "b1", day
			p.until("12-01 10:00", "12-01 12:00")
			move(p, "12-04 09:00")
			p.until("12-01 12:01", "12-04 08:00").want(t, want...)
			p.s.State, p.s.Rev = record.Cancelled, 3
			p.until("12-04 08:01", "12-04 09:00").want(t, want...)
		}
	})
}

func TestDecideAfterwards(t *testing.T) {
	t.Run("closed in time", func(t *testing.T) {
		p := newPlay("12-03 09:00").until("12-03 08:00", "12-03 10:00")
		p.heard = nil
		p.s.State, p.s.ClosedAt = record.Closed, on("12-03 10:00")
		p.until("12-03 10:01", "12-05 10:00").want(t, "12-03 10:01 result")
	})
	t.Run("never closed", func(t *testing.T) {
		p := newPlay("12-03 09:00")
		p.s.State = record.Open
		p.until("12-03 09:00", "12-05 10:00").
			want(t, "12-03 11:30 unclosed", "12-03 13:00 auto_closed", "12-03 13:00 result")
		if p.s.State != record.Closed {
			t.Error("it is still open")
		}
	})
	t.Run("never opened", func(t *testing.T) {
		p := newPlay("12-03 09:00").until("12-03 09:00", "12-05 10:00")
		p.want(t, "12-03 11:30 unclosed", "12-03 13:00 unclosed")
		if p.s.State != record.Planned {
			t.Errorf("it became %s", p.s.State)
		}
		p.s.State, p.s.ClosedAt = record.Closed, on("12-05 10:01") // opened and closed after all
		p.heard = nil
		p.until("12-05 10:01", "12-05 11:00").want(t, "12-05 10:01 result")
	})
	t.Run("a result that is a week late is of no use", func(t *testing.T) {
		p := newPlay("12-03 09:00")
		p.s.State, p.s.ClosedAt = record.Closed, on("12-03 11:00")
		p.look(on("12-12 11:00"))
		p.want(t)
	})
}

// Whatever the looks and the changes of the plan: nothing comes twice for one
// plan, nothing comes at night or too late, and when there was a look with time
// left, people have heard of the plan before it begins.
func TestDecideForAnyLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay("12-03 09:00")
		p.s.Start = on("12-03 00:00").Add(time.Duration(rapid.IntRange(10, 23*2).Draw(t, "half hour")) * 30 * time.Minute)
		p.s.End = p.s.Start.Add(2 * time.Hour)
		now := on("11-27 10:00").Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "first look")) * time.Minute)
		heardOf := map[string]bool{} // kind and plan
		lastAwake := time.Time{}
		for now.Before(on("12-08 00:00")) {
			if rapid.IntRange(0, 19).Draw(t, "move") == 0 && p.s.State == record.Planned && now.Before(p.s.Start) {
				p.s.Start, p.s.Rev = p.s.Start.Add(24*time.Hour), p.s.Rev+1
				p.s.End = p.s.Start.Add(2 * time.Hour)
			}
			before := len(p.heard)
			p.look(now)
			for _, what := range p.heard[before:] {
				at := on(what[:11])
				once := fmt.Sprint(what[12:], p.s.Rev, p.said.Asked)
				if heardOf[once] {
					t.Fatalf("%s twice: %v", once, p.heard)
				}
				heardOf[once] = true
				if p.cfg.Quiet.Contains(at, shanghai) {
					t.Fatalf("at night: %s", what)
				}
			}
			if now.Before(p.s.Start) && p.cfg.Allowed(now).Before(p.s.Start) {
				lastAwake = now
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 1500).Draw(t, "pause")) * time.Minute)
		}
		_, soon := p.cfg.reminders(p.s)
		heard := heardOf[record.KindAnnounce+fmt.Sprint(p.s.Rev)] || heardOf[record.KindDayBefore+fmt.Sprint(p.s.Rev)] ||
			heardOf[record.KindSoon+fmt.Sprint(p.s.Rev)] || p.said.Start.Before(p.pushed)
		if lastAwake.After(soon) && !heard {
			t.Fatalf("nobody heard of the plan of %v; last look %v: %v", p.s.Start, lastAwake, p.heard)
		}
	})
}

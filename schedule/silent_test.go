package schedule

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// digests lists who got a digest of the silent ones: "12-04T17:00 town0 <places>".
func (c *county) digests() []string {
	c.t.Helper()
	names := map[record.PersonID]string{c.officer: "county", c.town[0]: "town0"}
	if len(c.town) > 1 {
		names[c.town[1]] = "town1"
	}
	var list []string
	c.update(func(tx *storage.Tx) error {
		list = nil
		rows, err := tx.OutboxUnder("silent/", 100)
		for _, row := range rows {
			at := strings.Split(row.Key, "/")[1]
			list = append(list, at[5:]+" "+names[row.Person]+" "+row.Args["places"])
		}
		return err
	})
	slices.Sort(list)
	return list
}

// at looks at each of the instants.
func (c *county) at(instants ...string) {
	c.t.Helper()
	for _, when := range instants {
		c.goTo(when)
		c.wake()
	}
}

func TestSilentOnes(t *testing.T) {
	const one, two = "630224001", "630224002"
	for name, try := range map[string]struct {
		start string
		do    func(*county, record.Session)
		want  []string
	}{
		"a Monday's: on Friday, then on Monday morning": {
			start: "12-07 09:00",
			want:  []string{"12-04T17:00 town0 " + one, "12-04T17:00 town1 " + two, "12-07T08:30 county 630224"},
		},
		"a Thursday's": {
			start: "12-03 09:00",
			want:  []string{"12-02T17:00 town0 " + one, "12-02T17:00 town1 " + two, "12-03T08:30 county 630224"},
		},
		"too early for the morning: a day sooner": {
			start: "12-03 08:00",
			want:  []string{"12-01T17:00 town0 " + one, "12-01T17:00 town1 " + two, "12-02T08:30 county 630224"},
		},
		"a Saturday's: in the days before": {
			start: "12-05 09:00",
			want:  []string{"12-03T17:00 town0 " + one, "12-03T17:00 town1 " + two, "12-04T08:30 county 630224"},
		},
		"a Saturday that is worked": {
			start: "12-05 09:00",
			do: func(c *county, _ record.Session) {
				c.update(func(tx *storage.Tx) error {
					return tx.SetCalendarDay(hualong, record.CalendarDay{Day: "2026-12-05", Kind: record.Workday})
				})
			},
			want: []string{"12-04T17:00 town0 " + one, "12-04T17:00 town1 " + two, "12-05T08:30 county 630224"},
		},
		"one township has answered": {
			start: "12-03 09:00",
			do: func(c *county, s record.Session) {
				c.answer(s, c.villages[0], record.Coming)
				c.answer(s, c.villages[1], record.Received)
			},
			want: []string{"12-02T17:00 town1 " + two, "12-03T08:30 county 630224"},
		},
		"all have": {
			start: "12-03 09:00",
			do: func(c *county, s record.Session) {
				for _, v := range c.villages {
					c.answer(s, v, record.Spoken)
				}
			},
		},
		"an answer to an earlier plan is none": {
			start: "12-03 09:00",
			do: func(c *county, s record.Session) {
				for _, v := range c.villages {
					c.answer(s, v, record.Coming)
				}
				c.update(func(tx *storage.Tx) error {
					_, err := tx.ChangeSession(s.ID, func(s *record.Session) { s.Start, s.End = on("12-03 10:00"), on("12-03 12:00") })
					return err
				})
			},
			want: []string{"12-02T17:00 town0 " + one, "12-02T17:00 town1 " + two, "12-03T08:30 county 630224"},
		},
		"a township without an officer: the county in its place": {
			start: "12-03 09:00",
			do: func(c *county, s record.Session) {
				c.update(func(tx *storage.Tx) error { return tx.EndPost(c.town[1], record.TownshipOfficer, two) })
			},
			want: []string{"12-02T17:00 county " + two, "12-02T17:00 town0 " + one, "12-03T08:30 county 630224"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCounty(t, 2, 2, func(t *testing.T, c *county) {
				c.wake()
				s := c.session(try.start, c.villages...)
				c.wake()
				if try.do != nil {
					try.do(c, s)
				}
				for _, day := range []string{"11-30", "12-01", "12-02", "12-03", "12-04", "12-05", "12-06", "12-07"} {
					for _, clock := range []string{"08:30", "17:00"} {
						if on(day + " " + clock).Before(on(try.start)) {
							c.at(day + " " + clock)
							c.wake()
						}
					}
				}
				if got := c.digests(); !slices.Equal(got, try.want) {
					t.Errorf("got  %q\nwant %q", got, try.want)
				}
			})
		})
	}
}

// What a branch has said decides which reminders it still gets.
func TestAnswerStopsReminders(t *testing.T) {
	for name, try := range map[string]struct {
		at   string
		kind record.AnswerKind
		want map[string]int
	}{
		"never":                {"", "", map[string]int{record.KindDayBefore: 1, record.KindSoon: 1}},
		"a week before":        {"12-03 09:00", record.Coming, map[string]int{record.KindDayBefore: 1}},
		"read of it only":      {"12-08 09:00", record.Received, map[string]int{record.KindDayBefore: 1, record.KindSoon: 1}},
		"the day before":       {"12-09 10:00", record.Coming, map[string]int{}},
		"after the day before": {"12-09 17:00", record.Received, map[string]int{record.KindDayBefore: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			inCounty(t, 1, 1, func(t *testing.T, c *county) {
				c.wake()
				s := c.session("12-10 09:00", c.villages[0])
				c.at("11-30 08:00")
				if try.at != "" && on(try.at).Before(on("12-09 16:00")) {
					c.at(try.at)
					c.answer(s, c.villages[0], try.kind)
				}
				c.at("12-09 16:00")
				if try.at == "12-09 17:00" {
					c.at(try.at)
					c.answer(s, c.villages[0], try.kind)
				}
				c.at("12-10 07:00")
				if got := c.kinds(s); !maps.Equal(got, try.want) {
					t.Errorf("got %v, want %v", got, try.want)
				}
			})
		})
	}
}

package bot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"headgoose/storage/record"
)

// hostingSays are the sentences that tell hosts of their sessions, by what has
// happened to the plan.
var hostingSays = map[string]string{
	"new": "notice.hosting_new", "moved": "notice.hosting_moved", "off": "notice.hosting_off",
}

// tellHosts tells those who host a session, but for the person who plans it,
// that it is new, moved or off.
func (t *Turn) tellHosts(s record.Session, what string) {
	for _, id := range s.Hosts {
		if id == t.Person.ID {
			continue
		}
		t.Queue(record.Outbox{
			Key:   strings.Join([]string{"hosting", string(s.ID), strconv.Itoa(s.Rev), what, string(id)}, "/"),
			Class: record.Notice, Kind: record.KindHosting, Person: id, Session: s.ID, Rev: s.Rev, Change: s.Start,
			Args: map[string]string{"what": what},
		})
	}
}

// hosting lists the sessions that start in [from, to) and that the person hosts
// and may run: whoever is a host no longer stays named in older ones.
func (t *Turn) hosting(from, to time.Time) ([]record.Session, error) {
	list, err := t.Hosting(t.Person.ID, from, to)
	return slices.DeleteFunc(list, func(s record.Session) bool {
		return t.Allow(record.RunSession, sessionObject(s)) != nil
	}), err
}

// hostingNotice is what tellHosts says, as long as the plan stands so.
func hostingNotice(t *Turn, row record.Outbox) (notice, string, error) {
	s, err := t.Session(row.Session)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.maySeeSession(s); err != nil {
		return notice{}, "", err
	}
	what := row.Args["what"]
	changed := s.Rev != row.Rev || s.Over() || !slices.Contains(s.Hosts, t.Person.ID)
	if what == "off" {
		changed = s.State != record.Cancelled
	}
	if changed {
		return notice{}, "plan changed", nil
	}
	c, err := t.Tally(s.ID, "")
	if err != nil {
		return notice{}, "", err
	}
	args := t.sessionArgs(s)
	args["When"], args["N"] = t.relative(s.Start), c.Expected
	row1 := []Btn{t.Btn("got_it", "noop")}
	if what != "off" {
		row1 = append(row1, t.Btn("host", "host.show "+string(s.ID)))
	}
	return notice{card: card{Text: t.Say(hostingSays[what], args), rows: [][]Btn{row1}}}, "", nil
}

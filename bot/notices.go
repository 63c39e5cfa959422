package bot

import (
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// scheduleNotices are what the schedule has said: they are put into words when
// they are sent, and dropped where the plan has changed since they were due.
func scheduleNotices() map[string]render {
	return map[string]render{
		record.KindWeek:       weekNotice,
		record.KindAnnounce:   announceNotice,
		record.KindCancelled:  cancelledNotice,
		record.KindDayBefore:  dutyNotice("notice.day_before"),
		record.KindSoon:       dutyNotice("notice.soon"),
		record.KindResult:     resultNotice,
		record.KindDigest:     digestNotice,
		record.KindUnclosed:   unclosedNotice,
		record.KindAutoClosed: unclosedNotice,
	}
}

// dutyNotice reminds one person of one session, as long as it is planned so and
// still expects the person, who has not answered it by coming.
func dutyNotice(key string) render {
	return func(t *Turn, row record.Outbox) (notice, string, error) {
		s, err := t.Session(row.Session)
		if err != nil {
			return notice{}, "", err
		}
		why, err := t.needless(s, row)
		if err != nil || why != "" {
			return notice{}, why, err
		}
		mine, answered, err := t.hasAnswered(s)
		if err != nil {
			return notice{}, "", err
		}
		args := t.sessionArgs(s)
		args["When"] = t.relative(s.Start)
		body := t.Say(key, args)
		rows := [][]Btn{{t.Btn("got_it", "duty.got "+string(s.ID)), t.Btn("schedule", "schedule")}}
		if row.Kind != record.KindSoon {
			ask := "duty.ask"
			if answered {
				ask = "duty.confirmed"
			}
			body += "\n" + t.Say(ask)
			rows = t.dutyRows(s, mine[0], answered)
		}
		return notice{card: card{Text: body, rows: rows}}, "", nil
	}
}

// announceNotice says a session made at short notice, or its new time.
func announceNotice(t *Turn, row record.Outbox) (notice, string, error) {
	if row.Args["moved"] != "" {
		return dutyNotice("notice.moved")(t, row)
	}
	return dutyNotice("notice.announce")(t, row)
}

// cancelledNotice says that a session is off to those who knew of it.
func cancelledNotice(t *Turn, row record.Outbox) (notice, string, error) {
	s, err := t.Session(row.Session)
	if err != nil || s.State != record.Cancelled {
		return notice{}, "plan changed", err
	}
	expected, err := t.expects(s)
	if err != nil || !expected {
		return notice{}, "post ended", err
	}
	return notice{card: card{
		Text: t.Say("notice.cancelled", t.sessionArgs(s)),
		rows: [][]Btn{{t.Btn("got_it", "noop"), t.Btn("schedule", "schedule")}},
	}}, "", nil
}

// needless says why a person need not be reminded of a session; "" where they
// do.
func (t *Turn) needless(s record.Session, row record.Outbox) (string, error) {
	switch {
	case s.State == record.Cancelled:
		return "cancelled", nil
	case s.Rev != row.Rev:
		return "plan changed", nil
	case s.State == record.Closed, s.State == record.Planned && !t.Now.Before(s.End):
		return "over", nil
	}
	expected, err := t.expects(s)
	if err != nil {
		return "", err
	}
	if !expected {
		return "post ended", nil
	}
	att, _, err := t.Attendance(s.ID, t.Person.ID)
	if err != nil {
		return "", err
	}
	if now := att.Now().Status; now.Came() || now == record.Excused {
		return "answered", nil
	}
	mine, err := t.StandsFor(s.ID, t.Actor)
	if err != nil {
		return "", err
	}
	for _, v := range mine {
		if a, found, err := t.Answered(s, v); err != nil || !found || !a.Covers(row.Kind, s.Start) {
			return "", err
		}
	}
	return "answered", nil
}

// relative says a time that is near as people say it: 明天 09:00.
func (t *Turn) relative(at time.Time) string {
	at = at.In(t.b.conf.Zone)
	if y, m, d := t.Now.AddDate(0, 0, 1).Date(); at.Year() == y && at.Month() == m && at.Day() == d {
		return t.Say("notice.tomorrow", text.A{"Day": t.Voice.Day(at, t.Now), "Time": t.Voice.Clock(at)})
	}
	return t.When(at)
}

// weekNotice says a branch's sessions of the week.
func weekNotice(t *Turn, row record.Outbox) (notice, string, error) {
	from, err := time.Parse(time.RFC3339, row.Args["from"])
	if err != nil {
		return notice{}, "", unfit(err)
	}
	from = from.In(t.b.conf.Zone)
	to := from.AddDate(0, 0, pushDays)
	lines, err := t.dutyLines(from, to)
	if err != nil {
		return notice{}, "", err
	}
	if len(lines) == 0 {
		return notice{}, "nothing planned any more", nil
	}
	head := t.Say("notice.week", text.A{"Span": t.Voice.Span(from, to.AddDate(0, 0, -1)), "N": len(lines)})
	return notice{card: card{
		Text: strings.Join(append([]string{head}, lines...), "\n"),
		rows: [][]Btn{{t.Btn("got_it", "duty.week "+from.Format(mondayLayout)), t.Btn("schedule", "schedule")}},
	}}, "", nil
}

// dutyLines says the sessions of a span that expect the person and are to come.
func (t *Turn) dutyLines(from, to time.Time) ([]string, error) {
	list, err := t.duties(from, to)
	var lines []string
	for _, s := range list {
		lines = append(lines, t.Say("notice.duty_line", t.sessionArgs(s)))
	}
	return lines, err
}

// resultNotice tells an officer how a session went in the own place.
func resultNotice(t *Turn, row record.Outbox) (notice, string, error) {
	s, err := t.Session(row.Session)
	if err != nil {
		return notice{}, "", err
	}
	place := record.Code(row.Args["place"])
	if err := t.Allow(record.SeePlace, record.Object{Place: place}); err != nil {
		return notice{}, "", err
	}
	township := place
	if place.Level() == record.County {
		township = ""
	}
	c, err := t.Tally(s.ID, township)
	if err != nil {
		return notice{}, "", err
	}
	name, err := t.placeName(place)
	if err != nil {
		return notice{}, "", err
	}
	missing, err := t.Missing(s.ID, place)
	if err != nil {
		return notice{}, "", err
	}
	const shown = 12
	lines, err := t.namesByTownship(missing[:min(len(missing), shown)])
	if err != nil {
		return notice{}, "", err
	}
	args := t.sessionArgs(s)
	args["Name"], args["Counts"], args["N"] = name, t.tallyText(c), len(missing)
	body := t.Say("notice.result", args)
	if len(missing) > 0 {
		body += "\n" + t.Say("notice.result_missing", args) + "\n" + strings.Join(lines, "\n")
		if len(missing) > shown {
			body += " …"
		}
	}
	return notice{card: card{Text: body, rows: [][]Btn{{t.Btn("details", "status.session "+string(s.ID)+" "+string(place))}}}}, "", nil
}

// digestNotice tells an officer the week of the own place.
func digestNotice(t *Turn, row record.Outbox) (notice, string, error) {
	from, err := time.Parse(time.RFC3339, row.Args["from"])
	if err != nil {
		return notice{}, "", unfit(err)
	}
	place := record.Code(row.Args["place"])
	if err := t.Allow(record.SeePlace, record.Object{Place: place}); err != nil {
		return notice{}, "", err
	}
	name, err := t.placeName(place)
	if err != nil {
		return notice{}, "", err
	}
	from = from.In(t.b.conf.Zone)
	sum, err := t.weekSum(place, from)
	if err != nil {
		return notice{}, "", err
	}
	n, err := t.Count(place)
	if err != nil {
		return notice{}, "", err
	}
	body := t.Say("notice.digest", text.A{
		"Place": name, "Span": t.Voice.Span(from, from.AddDate(0, 0, 6)), "Sessions": sum.sessions,
		"Expected": sum.Expected, "Present": sum.Present, "Excused": sum.Excused, "Missing": sum.missed,
		"Open":        sum.Expected - sum.Present - sum.Excused - sum.missed,
		"NotEnrolled": n.Secretaries - n.Enrolled, "Unreachable": n.Unreachable,
	})
	return notice{card: card{Text: body, rows: [][]Btn{{t.Btn("details", "status "+string(place))}}}}, "", nil
}

// weekCount is the sum over the sessions of a week.
type weekCount struct {
	record.SessionCount
	sessions int
	missed   int // missing at sessions that have ended
}

// weekSum adds up the sessions of a place in the week that begins at from. The
// cost is that of the sessions, not of the roster.
func (t *Turn) weekSum(place record.Code, from time.Time) (weekCount, error) {
	var sum weekCount
	list, err := t.Duties(place, from, from.AddDate(0, 0, 7), 0)
	if err != nil {
		return sum, err
	}
	township := place
	if place.Level() == record.County {
		township = ""
	}
	for _, s := range list {
		if s.State == record.Cancelled {
			continue
		}
		c, err := t.Tally(s.ID, township)
		if err != nil {
			return sum, err
		}
		sum.sessions++
		sum.Expected += c.Expected
		sum.Present += c.Present
		sum.Late += c.Late
		sum.Excused += c.Excused
		if s.State == record.Closed {
			sum.missed += c.Missing()
		}
	}
	return sum, nil
}

// unclosedNotice tells a host about a session that was not ended.
func unclosedNotice(t *Turn, row record.Outbox) (notice, string, error) {
	s, err := t.Session(row.Session)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.maySeeSession(s); err != nil {
		return notice{}, "", err
	}
	id := string(s.ID)
	if row.Kind == record.KindAutoClosed {
		return notice{card: card{
			Text: t.Say("notice.auto_closed", t.sessionArgs(s)),
			rows: [][]Btn{{t.Btn("missing", "host.missing "+id), t.Btn("correct", "roll.list "+id)}},
		}}, "", nil
	}
	if s.Over() {
		return notice{}, "ended meanwhile", nil
	}
	key := "notice.unclosed"
	if s.State == record.Planned {
		key = "notice.unopened"
	}
	return notice{card: card{
		Text: t.Say(key, t.sessionArgs(s)),
		rows: [][]Btn{{t.unclosedButton(s)}},
	}}, "", nil
}

// unclosedButton leads a host to the own session, an officer to its plan.
func (t *Turn) unclosedButton(s record.Session) Btn {
	if t.Allow(record.RunSession, sessionObject(s)) == nil {
		return Btn{Text: t.Say("button.host"), Line: "host.show " + string(s.ID)}
	}
	return Btn{Text: t.Say("button.see_plan"), Line: "rota.show " + string(s.ID)}
}

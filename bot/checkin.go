package bot

import (
	"errors"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

func checkinCommands() []command {
	return []command{
		{name: "checkin", words: []string{"签到", "打卡", "checkin"}, run: (*Turn).checkin},
		{name: "checkin.why", hidden: true, run: (*Turn).lateReason},
	}
}

// checkin takes six digits, or says how to check in.
func (t *Turn) checkin() error {
	if t.Ev.Chat.Group {
		return nil
	}
	code := strings.ReplaceAll(strings.Join(t.Args, ""), " ", "")
	if code == "" {
		return t.howToCheckIn()
	}
	fits, open, err := t.OpenFor(t.b.conf.County, code)
	if err != nil {
		return err
	}
	switch {
	case !open:
		return t.nothingOpen()
	case !isCode(code):
		t.Send(t.Say("checkin.six_digits"), t.homeRow()) // no guess, so no try is lost
		return nil
	}
	left, err := t.GuessesLeft(t.Person.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		return record.ErrTooMany
	}
	if len(fits) == 0 {
		return t.wrongCode()
	}
	s, err := t.oneOf(fits)
	if err != nil {
		return err
	}
	return t.checkInto(s, record.ByCode)
}

// oneOf is the session that a code is for; where six digits fit several, the
// one that expects the person.
func (t *Turn) oneOf(fits []record.SessionID) (record.Session, error) {
	for _, id := range fits[1:] {
		s, err := t.Session(id)
		if err != nil {
			return s, err
		}
		if mine, err := t.expects(s); err != nil || mine {
			return s, err
		}
	}
	return t.Session(fits[0])
}

// expects says whether a session expects the person: for an own village, or for
// one that it stands in for.
func (t *Turn) expects(s record.Session) (bool, error) {
	villages, err := t.StandsFor(s.ID, t.Actor)
	return len(villages) > 0, err
}

// scanned takes the code of a deep link.
func (t *Turn) scanned(id record.SessionID, long string) error {
	left, err := t.GuessesLeft(t.Person.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		return record.ErrTooMany
	}
	s, err := t.Session(id)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return err
	}
	if err != nil || !t.CodeFits(id, long) {
		if s.State == record.Closed {
			return t.refused(s, record.AttendanceRow{}, record.ErrClosed)
		}
		return t.wrongCode()
	}
	return t.checkInto(s, record.ByLink)
}

func (t *Turn) wrongCode() error {
	left, err := t.WrongGuess(t.Person.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		t.Send(t.Say("checkin.no_tries"))
		return nil
	}
	t.Send(t.Say("checkin.wrong_code", text.A{"N": left}))
	return nil
}

// checkInto appends the check-in and answers with what was written. Rows of
// attendance are only appended and name their author, so they are their own
// audit log.
func (t *Turn) checkInto(s record.Session, method record.Method) error {
	row, err := t.CheckIn(s, t.Actor, method)
	if _, isRefusal := text.Refusal(err); isRefusal {
		return t.refused(s, row, err)
	}
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["At"], args["N"] = t.Voice.Clock(row.At.In(t.b.conf.Zone)), row.LateMin
	switch row.Status {
	case record.Late:
		t.Send(t.Say("checkin.late", args), []Btn{{Text: t.Say("checkin.why_button"), Line: "checkin.why " + string(s.ID)}})
	case record.Waiting:
		own, err := t.nextDuty()
		if err != nil {
			return err
		}
		args["Own"] = own
		t.Send(t.Say("checkin.not_expected", args))
	default:
		t.Send(t.Say("checkin.done", args))
	}
	return nil
}

// refused says why a check-in was not written, with what the person needs.
func (t *Turn) refused(s record.Session, row record.AttendanceRow, err error) error {
	args := t.sessionArgs(s)
	args["Opens"], args["Now"] = t.Voice.Clock(s.Opens.In(t.b.conf.Zone)), t.Voice.Clock(t.Now)
	args["At"], args["Closed"] = t.Voice.Clock(row.At.In(t.b.conf.Zone)), t.Voice.Clock(s.ClosedAt.In(t.b.conf.Zone))
	switch {
	case errors.Is(err, record.ErrTooEarly):
		t.Send(t.Say("checkin.too_early", args))
	case errors.Is(err, record.ErrAlready):
		t.Send(t.Say("checkin.already", args))
	case errors.Is(err, record.ErrClosed):
		t.Send(t.Say("checkin.closed", args))
	case errors.Is(err, record.ErrWaiting):
		t.Send(t.Say("refusal.waiting"))
	default:
		return err
	}
	return nil
}

// title is a session's title in the reader's language, where it has one.
func (t *Turn) title(s record.Session) string {
	if t.Voice.Lang == "en" && s.TitleEN != "" {
		return s.TitleEN
	}
	return s.Title
}

// sessionArgs are what a sentence says of a session.
func (t *Turn) sessionArgs(s record.Session) text.A {
	place := s.At
	if s.Batch != "" {
		place = "" // the title of a batch says it
	}
	return text.A{"Title": t.title(s), "When": t.When(s.Start), "At": "", "Place": place, "Meet": s.Meet}
}

// howToCheckIn answers a check-in without a code: what is open, and how.
func (t *Turn) howToCheckIn() error {
	open, err := t.OpenSessions(t.b.conf.County)
	if err != nil {
		return err
	}
	for _, s := range open {
		mine, err := t.expects(s)
		if err != nil {
			return err
		}
		if !mine {
			continue
		}
		att, _, err := t.Attendance(s.ID, t.Person.ID)
		if err != nil {
			return err
		}
		if att.Now().Status.Came() {
			return t.refused(s, att.Now(), record.ErrAlready)
		}
		t.Answer(t.Say("checkin.how", t.sessionArgs(s)), t.homeRow())
		return nil
	}
	if len(open) > 0 {
		t.Answer(t.Say("checkin.how_any"), t.homeRow())
		return nil
	}
	return t.nothingOpen()
}

// nothingOpen answers a check-in while no session is open: one that has just
// been closed without the person is told of, or one that should be open by now,
// else what comes next.
func (t *Turn) nothingOpen() error {
	for _, v := range t.Actor.Places(record.Secretary) {
		list, err := t.Duties(v, t.Now.Add(-dayLong/2), t.Now.Add(dayLong/4), 0)
		if err != nil {
			return err
		}
		for _, s := range list {
			mark, _, err := t.Branch(s.ID, v)
			if err != nil {
				return err
			}
			if s.State == record.Closed && mark.Status == "" {
				return t.refused(s, record.AttendanceRow{}, record.ErrClosed)
			}
		}
	}
	if s, found, err := t.firstDuty(); err != nil {
		return err
	} else if found && s.State == record.Planned && !t.Now.Before(s.Opens) {
		t.Answer(t.Say("checkin.not_begun", t.sessionArgs(s)), t.homeRow())
		return nil
	}
	next, err := t.nextDuty()
	if err != nil {
		return err
	}
	t.Answer(t.Say("checkin.none_open", text.A{"Next": next}), t.homeRow())
	return nil
}

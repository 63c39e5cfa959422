package bot

import (
	"errors"
	"slices"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The answer of a branch to a session to come: in the reminder itself, on the
// home card, or by an officer who has it by telephone. It stops the reminders
// that it makes needless, and takes the branch off the officers' digest.
func dutyCommands() []command {
	return []command{
		{name: "duty.yes", hidden: true, roles: []record.Role{record.Secretary}, run: (*Turn).dutyYes},
		{name: "duty.got", hidden: true, roles: []record.Role{record.Secretary}, run: (*Turn).dutyGot},
		{name: "duty.week", hidden: true, roles: []record.Role{record.Secretary}, run: (*Turn).dutyWeek},
	}
}

// dutyYes says that the person will come to a session.
func (t *Turn) dutyYes() error { return t.dutyAnswer(record.Coming) }

// dutyGot says that the person has read of a session.
func (t *Turn) dutyGot() error { return t.dutyAnswer(record.Received) }

func (t *Turn) dutyAnswer(kind record.AnswerKind) error {
	s, err := t.Session(record.SessionID(t.Arg(0)))
	if err != nil {
		return err
	}
	mine, err := t.answerFor(s, kind)
	if err != nil {
		return err
	}
	if len(mine) == 0 {
		return record.ErrNotFound
	}
	args := t.sessionArgs(s)
	key := "duty.coming"
	if kind == record.Received {
		key = "duty.received"
	}
	t.Answer(t.Say(key, args), t.dutyRows(s, mine[0], true)...)
	return nil
}

// answerFor takes the word of the person's branches about a session, and lists
// them. A seat of a batch that waits for an answer is confirmed with it.
func (t *Turn) answerFor(s record.Session, kind record.AnswerKind) ([]record.Code, error) {
	mine, err := t.StandsFor(s.ID, t.Actor)
	if err != nil {
		return nil, err
	}
	for _, v := range mine {
		if err := t.Allow(record.AnswerDuty, record.Object{Place: v}); err != nil {
			return nil, err
		}
		_, changed, err := t.AnswerDuty(s.ID, v, kind, t.Person.ID, "")
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		if err := t.auditDuty(s, v, t.Person.ID, kind); err != nil {
			return nil, err
		}
		if kind == record.Coming {
			if err := t.confirmSeat(s, v); err != nil {
				return nil, err
			}
		}
	}
	return mine, nil
}

func (t *Turn) auditDuty(s record.Session, v record.Code, about record.PersonID, kind record.AnswerKind) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.AnswerDuty, Session: s.ID, Person: about, Place: v, Note: string(kind)})
}

// confirmSeat confirms a seat that waits for an answer, where a session is a day
// of its batch.
func (t *Turn) confirmSeat(s record.Session, v record.Code) error {
	if s.Batch == "" {
		return nil
	}
	b, err := t.Batch(s.Batch)
	if err != nil {
		return err
	}
	st, err := t.Standing(b.Programme, v)
	if err != nil || st.Batch != b.ID || (st.State != record.SeatAssigned && st.State != record.SeatOffered) {
		return err
	}
	_, err = t.AnswerSeat(b.Programme, v, true, t.hours(), t.Person.ID, "")
	if errors.Is(err, record.ErrTooLate) && st.State == record.SeatAssigned {
		return nil // the batch begins today: the word counts, the seat is settled by who comes
	}
	return err
}

// dutyWeek says that the person has read the schedule of two weeks.
func (t *Turn) dutyWeek() error {
	from, err := time.ParseInLocation(mondayLayout, t.Arg(0), t.b.conf.Zone)
	if err != nil {
		return record.ErrNotFound
	}
	list, err := t.duties(from, from.AddDate(0, 0, pushDays))
	if err != nil {
		return err
	}
	const most = 20 // each writes at most four keys
	for _, s := range list[:min(len(list), most)] {
		if _, err := t.answerFor(s, record.Received); err != nil {
			return err
		}
	}
	t.Answer(t.Say("duty.received_all", text.A{"N": len(list)}), []Btn{t.Btn("schedule", "schedule"), t.Btn("home", "start")})
	return nil
}

// pushDays is how far the weekly schedule reaches, as the schedule pushes it.
const pushDays = 14

// duties lists the sessions of a span that expect the person and are to come,
// by start; of a batch its first day.
func (t *Turn) duties(from, to time.Time) ([]record.Session, error) {
	var all []record.Session
	for _, v := range t.Actor.Places(record.Secretary) {
		list, err := t.Duties(v, from, to, 0)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if !s.Over() && s.Day <= 1 && t.Now.Before(s.End) && !slices.ContainsFunc(all, func(o record.Session) bool { return o.ID == s.ID }) {
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b record.Session) int { return a.Start.Compare(b.Start) })
	return all, nil
}

// hasAnswered says whether all of the person's branches have said that they will
// come to a session, which having read of it is not, and lists them.
func (t *Turn) hasAnswered(s record.Session) (mine []record.Code, all bool, err error) {
	mine, err = t.StandsFor(s.ID, t.Actor)
	if err != nil || len(mine) == 0 {
		return mine, false, err
	}
	for _, v := range mine {
		if a, found, err := t.Answered(s, v); err != nil || !found || a.Kind == record.Received {
			return mine, false, err
		}
	}
	return mine, true, nil
}

// dutyRows are the buttons under a session to come: the harmless one first.
func (t *Turn) dutyRows(s record.Session, v record.Code, answered bool) [][]Btn {
	leave := t.Btn("leave", "leave.ask "+string(v)+" "+string(s.ID))
	if answered {
		return [][]Btn{{t.Btn("schedule", "schedule"), leave}}
	}
	rows := [][]Btn{{t.Btn("can_go", "duty.yes "+string(s.ID)), leave}}
	if s.Cycle != "" && s.Base != "" {
		rows = append(rows, []Btn{t.Btn("swap_with", "swap.turn "+string(s.Cycle)+" "+string(s.Base)+" "+string(v))})
	}
	return rows
}

// dutyDuty is the button of the home card for the next session, while it waits
// for an answer and is near.
func dutyDuty() homeDuty {
	return homeDuty{
		lines: func(*Turn) ([]string, error) { return nil, nil }, // the card says the session itself
		buttons: func(t *Turn) ([]Btn, error) {
			s, found, err := t.firstDuty()
			if err != nil || !found || s.State != record.Planned || s.Start.Sub(t.Now) > pushDays*dayLong {
				return nil, err
			}
			mine, done, err := t.hasAnswered(s)
			if err != nil || done || len(mine) == 0 {
				return nil, err
			}
			return []Btn{t.Btn("can_go", "duty.yes "+string(s.ID)), t.Btn("leave", "leave.ask "+string(mine[0])+" "+string(s.ID))}, nil
		},
	}
}

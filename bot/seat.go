package bot

import (
	"strconv"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Rotation training as the person meets it who is assigned: the message with the
// seat, a yes, a no with its reason, and what changes later.
func seatCommands() []command {
	return []command{
		{name: "seat.yes", hidden: true, roles: []record.Role{record.Secretary}, run: (*Turn).seatYes},
		{name: "seat.no", hidden: true, roles: []record.Role{record.Secretary}, run: func(t *Turn) error { return t.startFlow("decline", t.branchContext()) }},
		{name: "seat.show", hidden: true, roles: []record.Role{record.Secretary}, run: (*Turn).seatShow},
	}
}

func seatFlows() []*flow {
	return []*flow{{
		name: "decline", direct: true, title: declineTitle, may: mayDecline,
		steps: reasonSteps("seat.ask_reason"),
		save: func(t *Turn, a dialog.Answers) error {
			return t.answerSeat(record.ProgrammeID(a["programme"]), record.Code(a["village"]), false, a["reason"])
		},
	}}
}

func mayDecline(t *Turn, a dialog.Answers) error {
	v := record.Code(a["village"])
	if err := t.Allow(record.AnswerSeat, record.Object{Place: v}); err != nil {
		return err
	}
	st, err := t.Standing(record.ProgrammeID(a["programme"]), v)
	if err == nil && st.State != record.SeatAssigned && st.State != record.SeatOffered && st.State != record.SeatConfirmed {
		err = record.ErrChanged
	}
	return err
}

func declineTitle(t *Turn, a dialog.Answers) (string, error) {
	st, err := t.Standing(record.ProgrammeID(a["programme"]), record.Code(a["village"]))
	if err != nil {
		return "", err
	}
	b, err := t.Batch(st.Batch)
	if err != nil {
		return "", err
	}
	name, err := t.placeName(st.Village)
	if err != nil {
		return "", err
	}
	args, err := t.seatArgs(b)
	args["Place"] = name
	return t.Say("seat.decline_title", args), err
}

// seatArgs are the arguments of what is said of a seat: those of the batch, with the
// programme, for there may be several at a time.
func (t *Turn) seatArgs(b record.Batch) (text.A, error) {
	args := t.batchArgs(b)
	p, err := t.Programme(t.b.conf.County, b.Programme)
	args["Title"] = p.Title
	return args, err
}

func (t *Turn) seatYes() error {
	return t.answerSeat(record.ProgrammeID(t.Arg(0)), record.Code(t.Arg(1)), true, "")
}

// answerSeat takes a yes or a no, the branch's own or an officer's on its behalf,
// and answers with how it stands now.
func (t *Turn) answerSeat(programme record.ProgrammeID, v record.Code, yes bool, reason string) error {
	if err := t.Allow(record.AnswerSeat, record.Object{Place: v}); err != nil {
		return err
	}
	st, err := t.AnswerSeat(programme, v, yes, t.hours(), t.Person.ID, reason)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.AnswerSeat, Person: st.Person, Place: v, Note: string(st.State)}); err != nil {
		return err
	}
	t.planChanged()
	own := t.Allow(record.CheckIn, record.Object{Place: v}) == nil
	if !own {
		p, err := t.Programme(t.b.conf.County, programme)
		if err != nil {
			return err
		}
		holder, found, err := t.Secretary(v)
		if err != nil {
			return err
		}
		if found && holder.Enrolled() {
			if err := t.queueSeat(st, holder.ID); err != nil {
				return err
			}
		}
		return t.showBranch(p, v)
	}
	c, err := t.seatCard(st)
	if err != nil {
		return err
	}
	t.Answer(c.Text, c.rows...)
	return nil
}

// queueSeat tells a person of the seat of a branch.
func (t *Turn) queueSeat(st record.Standing, to record.PersonID) error {
	row, err := t.SeatNotice(st, to, t.Tx.Now, t.hours())
	t.Queue(row)
	return err
}

// seatShow shows the seat of the person's own branch.
func (t *Turn) seatShow() error {
	v := record.Code(t.Arg(1))
	if err := t.Allow(record.AnswerSeat, record.Object{Place: v}); err != nil {
		return err
	}
	st, err := t.Standing(record.ProgrammeID(t.Arg(0)), v)
	if err != nil {
		return err
	}
	if st.State == "" {
		return record.ErrNotFound
	}
	c, err := t.seatCard(st)
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, t.homeRow())...)
	return nil
}

// seatCard says a seat to its holder as it stands, with what can be answered.
func (t *Turn) seatCard(st record.Standing) (card, error) {
	b, err := t.Batch(st.Batch)
	if err != nil {
		return card{}, err
	}
	name, err := t.placeName(st.Village)
	if err != nil {
		return card{}, err
	}
	args, err := t.seatArgs(b)
	if err != nil {
		return card{}, err
	}
	args["Place"], args["Until"] = name, ""
	if !st.AnswerBy.IsZero() {
		args["Until"] = t.When(st.AnswerBy)
	}
	last := st.Rows[len(st.Rows)-1]
	args["Reason"] = last.Reason
	line := string(st.Programme) + " " + string(st.Village)
	c := card{Text: t.Say("seat."+string(st.State), args)}
	switch st.State {
	case record.SeatAssigned, record.SeatOffered:
		c.rows = [][]Btn{{t.Btn("cannot_go", "seat.no "+line), t.Btn("can_go", "seat.yes "+line)}}
	case record.SeatConfirmed:
		c.rows = [][]Btn{{t.Btn("cannot_go", "seat.no "+line), t.Btn("schedule", "schedule")}}
	}
	return c, nil
}

// seatNotices tell branches of their seats, and of what happens to their batch.
func seatNotices() map[string]render {
	return map[string]render{record.KindSeat: seatNotice, "batch": batchNotice, "plan.chart": planChartNotice}
}

// seatNotice says a seat as it stood when the row was written; where it has
// changed since, another row says so.
func seatNotice(t *Turn, row record.Outbox) (notice, string, error) {
	v := record.Code(row.Args["village"])
	if err := t.Allow(record.CheckIn, record.Object{Place: v}); err != nil {
		return notice{}, "", err
	}
	st, err := t.Standing(record.ProgrammeID(row.Args["programme"]), v)
	if err != nil {
		return notice{}, "", err
	}
	if strconv.Itoa(len(st.Rows)) != row.Args["rows"] {
		return notice{}, "changed since", nil
	}
	c, err := t.seatCard(st)
	return notice{card: c}, "", err
}

// batchNotice says that a batch has other days or details.
func batchNotice(t *Turn, row record.Outbox) (notice, string, error) {
	v := record.Code(row.Args["village"])
	if err := t.Allow(record.CheckIn, record.Object{Place: v}); err != nil {
		return notice{}, "", err
	}
	b, err := t.Batch(record.BatchID(row.Args["batch"]))
	if err != nil {
		return notice{}, "", err
	}
	st, err := t.Standing(b.Programme, v)
	if err != nil {
		return notice{}, "", err
	}
	if itoa(b.Rev) != row.Args["rev"] || st.Batch != b.ID || !st.State.Held() {
		return notice{}, "changed since", nil
	}
	args, err := t.seatArgs(b)
	if err != nil {
		return notice{}, "", err
	}
	line := string(st.Programme) + " " + string(v)
	return notice{card: card{
		Text: t.Say("seat.batch_moved", args),
		rows: [][]Btn{{t.Btn("got_it", "noop"), t.Btn("my_seat", "seat.show "+line)}},
	}}, "", nil
}

// seatDuty is what the home card says of seats that wait for an answer.
func seatDuty() homeDuty {
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			var lines []string
			err := t.eachOpenSeat(func(st record.Standing) error {
				b, err := t.Batch(st.Batch)
				if err != nil {
					return err
				}
				args, err := t.seatArgs(b)
				if err != nil {
					return err
				}
				args["State"], args["Until"] = t.Say("seat_state."+string(st.State)), ""
				if !st.AnswerBy.IsZero() {
					args["Until"] = t.When(st.AnswerBy)
				}
				lines = append(lines, t.Say("seat.home", args))
				return nil
			})
			return lines, err
		},
		buttons: func(t *Turn) ([]Btn, error) {
			var row []Btn
			err := t.eachOpenSeat(func(st record.Standing) error {
				row = append(row, t.Btn("my_seat", strings.Join([]string{"seat.show", string(st.Programme), string(st.Village)}, " ")))
				return nil
			})
			return row, err
		},
	}
}

// eachOpenSeat calls fn for the seats of the person's branches that are not over.
func (t *Turn) eachOpenSeat(fn func(record.Standing) error) error {
	for _, v := range t.Actor.Places(record.Secretary) {
		list, err := t.StandingsOf(v)
		if err != nil {
			return err
		}
		for _, st := range list {
			if st.State == record.SeatAssigned || st.State == record.SeatOffered || st.State == record.SeatConfirmed {
				if err := fn(st); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

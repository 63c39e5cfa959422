package bot

import (
	"slices"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// planWho lists the seats of a batch in a state.
func (t *Turn) planWho() error {
	b, p, err := t.batch(0, record.SeeRotation)
	if err != nil {
		return err
	}
	state := record.SeatState(t.Arg(1))
	if !slices.Contains(seatStates, state) {
		return record.ErrInvalid
	}
	seats, err := t.ownSeats(b)
	if err != nil {
		return err
	}
	var codes []record.Code
	for _, st := range seats {
		if st.State == state {
			codes = append(codes, st.Village)
		}
	}
	line := "plan.who " + string(b.ID) + " " + string(state)
	lines, rows, err := t.standingList(p, codes, 2, line)
	if err != nil {
		return err
	}
	args := t.batchArgs(b)
	args["State"], args["Count"] = t.Say("seat_state."+string(state)), len(codes)
	lines = append([]string{t.Say("plan.who", args)}, lines...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "plan.batch "+string(b.ID))})...)
	return nil
}

// standingList is a page of branches with their secretaries, each with a button
// that leads to its standing.
func (t *Turn) standingList(p record.Programme, codes []record.Code, arg int, line string) ([]string, [][]Btn, error) {
	page, turn := t.page(codes, arg, 8, line)
	var lines []string
	var row []Btn
	for _, v := range page {
		name, err := t.placeName(v)
		if err != nil {
			return nil, nil, err
		}
		holder, _, err := t.Secretary(v)
		if err != nil {
			return nil, nil, err
		}
		st, err := t.Standing(p.ID, v)
		if err != nil {
			return nil, nil, err
		}
		lines = append(lines, t.Say("plan.branch_line", text.A{"Place": name, "Name": holder.Name, "Why": t.standingText(st)}))
		place, err := t.Place(v)
		if err != nil {
			return nil, nil, err
		}
		row = append(row, Btn{Text: place.Name, Line: "plan.branch " + string(p.ID) + " " + string(v)})
	}
	return lines, append(inRows(row, 2), turn...), nil
}

// standingText says where a branch stands: 已确认;不能参加:家中有事.
func (t *Turn) standingText(st record.Standing) string {
	if st.State == "" {
		return t.Say("stage.none")
	}
	said := t.Say("seat_state." + string(st.State))
	last := st.Rows[len(st.Rows)-1]
	if last.Reason != "" && last.Reason != "cancelled" {
		said = t.Say("plan.why_reason", text.A{"Why": said, "Reason": last.Reason})
	}
	if st.State == record.SeatOffered || st.State == record.SeatAssigned {
		if !st.AnswerBy.IsZero() {
			said = t.Say("plan.until", text.A{"State": said, "When": t.When(st.AnswerBy)})
		}
	}
	return said
}

// planBranch is one branch in a published programme: where it stands, how it
// came to it, and what may be done.
func (t *Turn) planBranch() error {
	p, err := t.programme(record.SeeRotation)
	if err != nil {
		return err
	}
	return t.showBranch(p, record.Code(t.Arg(1)))
}

func (t *Turn) showBranch(p record.Programme, v record.Code) error {
	if err := t.Allow(record.SeeRotation, record.Object{Place: v}); err != nil {
		return err
	}
	st, err := t.Standing(p.ID, v)
	if err != nil {
		return err
	}
	name, err := t.placeName(v)
	if err != nil {
		return err
	}
	holder, found, err := t.Secretary(v)
	if err != nil {
		return err
	}
	lines := []string{t.Say("plan.branch", text.A{"Title": p.Title, "Place": name, "Name": holder.Name})}
	if st.Batch != "" {
		b, err := t.Batch(st.Batch)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("plan.batch_short", t.batchArgs(b)))
	}
	lines = append(lines, t.standingText(st))
	if found {
		trained, err := t.Trained(holder.ID)
		if err != nil {
			return err
		}
		key := "plan.trained_never"
		if trained != "" {
			key = "plan.trained_last"
		}
		lines = append(lines, t.Say(key, text.A{"Day": string(trained)}))
	}
	lines = append(lines, t.standingHistory(st)...)
	t.Answer(strings.Join(lines, "\n"), append(t.branchButtons(p, st), []Btn{t.Btn("back", "plan.town "+string(p.ID)+" "+string(v.Township()))})...)
	return nil
}

// standingHistory says the last steps of a standing, the newest first.
func (t *Turn) standingHistory(st record.Standing) []string {
	const shown = 3
	var lines []string
	for i := len(st.Rows) - 2; i >= max(0, len(st.Rows)-1-shown); i-- {
		r := st.Rows[i]
		lines = append(lines, t.Say("cycle.history", text.A{
			"Day": t.Voice.ShortDay(r.At.In(t.b.conf.Zone)), "What": t.Say("seat_state." + string(r.State)), "Reason": r.Reason,
		}))
	}
	return lines
}

func (t *Turn) branchButtons(p record.Programme, st record.Standing) [][]Btn {
	args := " " + string(p.ID) + " " + string(st.Village)
	var row []Btn
	if st.State == record.SeatAssigned || st.State == record.SeatOffered {
		row = append(row, t.Btn("answer_no", "plan.answer"+args+" no"), t.Btn("answer_yes", "plan.answer"+args+" yes"))
	}
	if t.mayPlanRotation() {
		switch st.State {
		case record.SeatAssigned, record.SeatOffered, record.SeatConfirmed:
			row = append(row, t.Btn("release", "plan.release"+args), t.Btn("other_batch", "plan.assign"+args))
		case record.SeatAttended:
			row = append(row, t.Btn("correct", "plan.outcome"+args))
		case record.SeatAbsent, record.SeatExcused: // a later batch makes up for it
			row = append(row, t.Btn("correct", "plan.outcome"+args), t.Btn("assign", "plan.assign"+args))
		default:
			row = append(row, t.Btn("assign", "plan.assign"+args))
		}
		row = append(row, t.Btn("trained", "plan.trained"+args))
	}
	return inRows(row, 2)
}

// planAnswer is an officer's answer on behalf of a branch; a no asks for the
// reason first.
func (t *Turn) planAnswer() error {
	v := record.Code(t.Arg(1))
	if err := t.Allow(record.AnswerSeat, record.Object{Place: v}); err != nil {
		return err
	}
	if t.Arg(2) != "yes" {
		return t.startFlow("decline", t.branchContext())
	}
	return t.answerSeat(record.ProgrammeID(t.Arg(0)), v, true, "")
}

func (t *Turn) planAssign() error { return t.startFlow("assign", t.branchContext()) }

func (t *Turn) planRelease() error { return t.startFlow("release", t.branchContext()) }

func (t *Turn) planOutcome() error { return t.startFlow("outcome", t.branchContext()) }

func (t *Turn) planTrained() error { return t.startFlow("trained", t.branchContext()) }

// saveAssign gives a branch a seat by hand, or moves it to another batch.
func saveAssign(t *Turn, a dialog.Answers) error {
	p, err := t.programmeOf(record.ProgrammeID(a["programme"]), record.PlanRotation)
	if err != nil {
		return err
	}
	if p.State != record.PlanPublished {
		return record.ErrChanged
	}
	v, batch := record.Code(a["village"]), record.BatchID(a["batch"])
	if err := t.suits(p, v, batch); err != nil {
		return err
	}
	st, err := t.Standing(p.ID, v)
	if err != nil {
		return err
	}
	by := t.Tx.Now.AddDate(0, 0, p.AnswerDays)
	if !st.Open() {
		st, err = t.MoveSeat(p.ID, v, batch, by, t.hours(), t.Person.ID, a["reason"])
	} else {
		seat := record.RotationSeat{Village: v, Batch: batch, Why: record.Why{Kind: record.WhyOfficer, Args: []string{a["reason"]}}}
		st, err = t.GiveSeat(p.ID, seat, record.SeatAssigned, by, t.hours(), t.Person.ID)
	}
	if err != nil {
		return err
	}
	return t.seatChanged(p, st, "assign")
}

// suits asks whether a branch can go with a batch: a fault says what speaks
// against it.
func (t *Turn) suits(p record.Programme, v record.Code, batch record.BatchID) error {
	b, err := t.Batch(batch)
	if err != nil {
		return err
	}
	busy, err := t.BusyDays(p.Place, t.hours(), func(s record.Session) bool { return s.Batch == "" })
	if err != nil {
		return err
	}
	for _, x := range busy[v] {
		if x.Meets(b.Days) {
			return &dialog.Fault{Key: "plan.fault_clash", Step: "batch", Args: text.A{"What": t.Say("busy." + string(x.Kind)), "Span": t.daysText(x.Days)}}
		}
	}
	return nil
}

func saveRelease(t *Turn, a dialog.Answers) error {
	p, err := t.programmeOf(record.ProgrammeID(a["programme"]), record.PlanRotation)
	if err != nil {
		return err
	}
	st, err := t.ReleaseSeat(p.ID, record.Code(a["village"]), t.hours(), t.Person.ID, a["reason"])
	if err != nil {
		return err
	}
	return t.seatChanged(p, st, "release")
}

func saveOutcome(t *Turn, a dialog.Answers) error {
	p, err := t.programmeOf(record.ProgrammeID(a["programme"]), record.PlanRotation)
	if err != nil {
		return err
	}
	st, err := t.Standing(p.ID, record.Code(a["village"]))
	if err != nil {
		return err
	}
	b, err := t.Batch(st.Batch)
	if err != nil {
		return err
	}
	if st, err = t.CorrectSeat(b, st.Village, record.SeatState(a["state"]), t.Person.ID, a["reason"]); err != nil {
		return err
	}
	return t.seatChanged(p, st, "outcome")
}

// seatChanged tells the branch, writes the audit line and shows the branch, once
// an officer has changed its seat.
func (t *Turn) seatChanged(p record.Programme, st record.Standing, what string) error {
	holder, found, err := t.Secretary(st.Village)
	if err != nil {
		return err
	}
	if found && holder.Enrolled() && holder.ID != t.Person.ID {
		if err := t.queueSeat(st, holder.ID); err != nil {
			return err
		}
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRotation, Person: holder.ID, Place: st.Village, Note: what}); err != nil {
		return err
	}
	t.planChanged()
	return t.showBranch(p, st.Village)
}

// planCancel cancels a published batch; it is asked once more.
func (t *Turn) planCancel() error {
	b, p, err := t.batch(0, record.PlanRotation)
	if err != nil {
		return err
	}
	args := t.batchArgs(b)
	id := string(b.ID)
	if t.Arg(1) != "yes" {
		t.Answer(t.Say("plan.cancel_ask", args), []Btn{t.Btn("back", "plan.batch "+id), t.Btn("cancel_yes", "plan.cancel "+id+" yes")})
		return nil
	}
	if b, err = t.CancelBatch(b.ID, t.hours()); err != nil {
		return err
	}
	if err := t.auditPlan("cancel " + id); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("plan.cancelled", t.batchArgs(b)), []Btn{t.Btn("batches", "plan.batches "+string(p.ID)), t.Btn("home", "start")})
	return nil
}

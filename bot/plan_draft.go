package bot

import (
	"slices"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// draftOf reads the draft of a programme, or makes it.
func (t *Turn) draftOf(p record.Programme) (record.RotationPlan, error) {
	draft, found, err := t.Draft(p.ID)
	if err != nil || found {
		return draft, err
	}
	_, draft, err = t.redraft(p)
	return draft, err
}

// redraft plans the seats anew and keeps the draft; moved says how many people
// have another seat than before, or none.
func (t *Turn) redraft(p record.Programme) (moved int, draft record.RotationPlan, err error) {
	was, _, err := t.Draft(p.ID)
	if err != nil {
		return 0, draft, err
	}
	in, err := t.RotationInput(p, t.hours())
	if err != nil {
		return 0, draft, err
	}
	draft = t.b.conf.Rotation.PlanRotation(in)
	now := map[record.Code]record.BatchID{}
	for _, s := range draft.Seats {
		now[s.Village] = s.Batch
	}
	for _, s := range was.Seats {
		if now[s.Village] != s.Batch {
			moved++
		}
	}
	return moved, draft, t.PutDraft(p.ID, draft)
}

// planned reads a programme that is still a draft.
func (t *Turn) plannedProgramme(id record.ProgrammeID) (record.Programme, error) {
	p, err := t.programmeOf(id, record.PlanRotation)
	if err == nil && p.State != record.PlanDraft {
		err = record.ErrChanged
	}
	return p, err
}

// planDraft makes the draft anew and shows it with its consequences.
func (t *Turn) planDraft() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	moved, draft, err := t.redraft(p)
	if err != nil {
		return err
	}
	return t.showDraft(p, draft, moved)
}

// showDraft says how many go and how many are left and why, and leads on.
func (t *Turn) showDraft(p record.Programme, draft record.RotationPlan, moved int) error {
	batches, err := t.Batches(p.ID)
	if err != nil {
		return err
	}
	in := map[record.BatchID]int{}
	for _, s := range draft.Seats {
		in[s.Batch]++
	}
	why := map[record.WhyKind]int{}
	for _, o := range draft.Out {
		why[o.Why.Kind]++
	}
	lines := []string{t.Say("plan.draft", text.A{"Title": p.Title, "In": len(draft.Seats), "Out": len(draft.Out)})}
	for _, kind := range []record.WhyKind{record.WhyNoSeats, record.WhyAllClash, record.WhyClash, record.WhyTownship, record.WhyExcluded, record.WhySame, record.WhyVacant} {
		if why[kind] > 0 {
			lines = append(lines, t.Say("plan.why_count", text.A{"Why": t.Say("why." + string(kind)), "N": why[kind]}))
		}
	}
	if moved > 0 {
		lines = append(lines, t.Say("plan.moved", text.A{"N": moved}))
	}
	id := string(p.ID)
	var row []Btn
	n, pages := t.pageNumber(1, len(batches), 8)
	for _, b := range batches[(n-1)*8 : min(n*8, len(batches))] {
		args := t.batchArgs(b)
		args["In"] = in[b.ID]
		row = append(row, Btn{Text: t.Say("plan.draft_button", args), Line: "plan.list " + id + " " + string(b.ID)})
	}
	rows := append(inRows(row, 2), t.pager(n, pages, "plan.draft "+id)...)
	last := []Btn{t.Btn("back", "plan.show "+id)}
	if len(draft.Out) > 0 {
		last = append(last, Btn{Text: t.Say("button.left_n", text.A{"N": len(draft.Out)}), Line: "plan.out " + id})
	}
	rows = append(rows, last)
	if len(draft.Seats) > 0 {
		rows = append(rows, []Btn{t.Btn("publish", "plan.publish "+id)})
	}
	t.Answer(strings.Join(lines, "\n"), rows...)
	return nil
}

// planList lists who goes with a batch in the draft, each with the reason.
func (t *Turn) planList() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	b, err := t.Batch(record.BatchID(t.Arg(1)))
	if err != nil {
		return err
	}
	draft, err := t.draftOf(p)
	if err != nil {
		return err
	}
	var lines []string
	var codes []record.Code
	why := map[record.Code]record.Why{}
	for _, s := range draft.Seats {
		if s.Batch == b.ID {
			codes = append(codes, s.Village)
			why[s.Village] = s.Why
		}
	}
	line := "plan.list " + string(p.ID) + " " + string(b.ID)
	lines, rows, err := t.branchList(p, codes, 2, line, func(v record.Code) string { return t.whyText(why[v]) })
	if err != nil {
		return err
	}
	args := t.batchArgs(b)
	args["In"] = len(codes)
	lines = append([]string{t.Say("plan.list", args)}, lines...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "plan.draft "+string(p.ID))})...)
	return nil
}

// planOut lists who has no seat in the draft, and why.
func (t *Turn) planOut() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	draft, err := t.draftOf(p)
	if err != nil {
		return err
	}
	var codes []record.Code
	why := map[record.Code]record.Why{}
	for _, o := range draft.Out {
		codes = append(codes, o.Village)
		why[o.Village] = o.Why
	}
	lines, rows, err := t.branchList(p, codes, 1, "plan.out "+string(p.ID), func(v record.Code) string { return t.whyText(why[v]) })
	if err != nil {
		return err
	}
	lines = append([]string{t.Say("plan.out", text.A{"Title": p.Title, "N": len(codes)})}, lines...)
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "plan.draft "+string(p.ID))})...)
	return nil
}

// branchList is a page of branches with what is said of each, and a button for
// each that leads to its page in the draft.
func (t *Turn) branchList(p record.Programme, codes []record.Code, arg int, line string, say func(record.Code) string) ([]string, [][]Btn, error) {
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
		lines = append(lines, t.Say("plan.branch_line", text.A{"Place": name, "Name": holder.Name, "Why": say(v)}))
		place, err := t.Place(v)
		if err != nil {
			return nil, nil, err
		}
		row = append(row, Btn{Text: place.Name, Line: "plan.seat " + string(p.ID) + " " + string(v)})
	}
	return lines, append(inRows(row, 2), turn...), nil
}

// whyText says a reason: 从未参加;上次 2019年5月.
func (t *Turn) whyText(w record.Why) string {
	args := text.A{}
	for i, a := range w.Args {
		args["Arg"+itoa(i)] = a
	}
	switch {
	case w.Kind == "":
		return ""
	case w.Kind == record.WhyClash && len(w.Args) == 3:
		args["What"], args["Span"] = t.Say("busy."+w.Args[0]), t.daysText(record.Days{From: record.Date(w.Args[1]), To: record.Date(w.Args[2])})
		return t.Say("plan.why_clash", args)
	case w.Kind == record.WhyTownship && len(w.Args) == 1:
		return t.Say("plan.why_township", args)
	case w.Kind == record.WhyLongest && len(w.Args) == 1:
		return t.Say("plan.why_longest", args)
	case len(w.Args) == 1 && w.Args[0] != "":
		return t.Say("plan.why_reason", text.A{"Why": t.Say("why." + string(w.Kind)), "Reason": w.Args[0]})
	}
	return t.Say("why." + string(w.Kind))
}

// planSeat is one branch in the draft: its seat or why it has none, what speaks
// against each batch, and what a hand may change.
func (t *Turn) planSeat() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	return t.showPlanSeat(p, record.Code(t.Arg(1)))
}

func (t *Turn) showPlanSeat(p record.Programme, v record.Code) error {
	draft, err := t.draftOf(p)
	if err != nil {
		return err
	}
	name, err := t.placeName(v)
	if err != nil {
		return err
	}
	holder, _, err := t.Secretary(v)
	if err != nil {
		return err
	}
	lines := []string{t.Say("plan.seat", text.A{"Place": name, "Name": holder.Name})}
	for _, s := range draft.Seats {
		if s.Village == v {
			b, err := t.Batch(s.Batch)
			if err != nil {
				return err
			}
			lines = append(lines, t.Say("plan.seat_in", t.batchArgs(b)), t.whyText(s.Why))
		}
	}
	for _, o := range draft.Out {
		if o.Village != v {
			continue
		}
		lines = append(lines, t.Say("plan.seat_out", text.A{"Why": t.whyText(o.Why)}))
		for _, block := range o.Blocks[:min(3, len(o.Blocks))] {
			b, err := t.Batch(block.Batch)
			if err != nil {
				return err
			}
			args := t.batchArgs(b)
			args["Why"] = t.whyText(block.Why)
			lines = append(lines, t.Say("plan.block", args))
		}
	}
	args := string(p.ID) + " " + string(v)
	row := []Btn{t.Btn("lock", "plan.lock "+args), t.Btn("exclude", "plan.exclude "+args)}
	hands, err := t.Constraints(p.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(hands, func(c record.Constraint) bool { return c.Village == v }) {
		row = append(row, t.Btn("free_hand", "plan.free "+args))
	}
	t.Answer(strings.Join(lines, "\n"), append(inRows(row, 2), []Btn{t.Btn("back", "plan.draft "+string(p.ID))})...)
	return nil
}

func (t *Turn) planLock() error { return t.startFlow("lock", t.branchContext()) }

func (t *Turn) planExclude() error { return t.startFlow("exclude", t.branchContext()) }

func saveLock(t *Turn, a dialog.Answers) error {
	return t.byHand(record.Constraint{Batch: record.BatchID(a["batch"])}, a)
}

func saveExclude(t *Turn, a dialog.Answers) error { return t.byHand(record.Constraint{}, a) }

// byHand keeps a hand's change of the draft, plans anew, and shows the branch.
func (t *Turn) byHand(c record.Constraint, a dialog.Answers) error {
	p, err := t.plannedProgramme(record.ProgrammeID(a["programme"]))
	if err != nil {
		return err
	}
	c.Programme, c.Village, c.Reason, c.By = p.ID, record.Code(a["village"]), a["reason"], t.Person.ID
	if err := t.PutConstraint(c); err != nil {
		return err
	}
	return t.handChanged(p, c.Village, "hand "+string(c.Batch))
}

// planFree takes a hand's change back.
func (t *Turn) planFree() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	v := record.Code(t.Arg(1))
	if err := t.DropConstraint(p.ID, v); err != nil {
		return err
	}
	return t.handChanged(p, v, "hand taken back")
}

func (t *Turn) handChanged(p record.Programme, v record.Code, note string) error {
	if _, _, err := t.redraft(p); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRotation, Place: v, Note: note}); err != nil {
		return err
	}
	return t.showPlanSeat(p, v)
}

// planPublish publishes a draft in one step; it is asked once more with its
// consequence.
func (t *Turn) planPublish() error {
	p, err := t.plannedProgramme(record.ProgrammeID(t.Arg(0)))
	if err != nil {
		return err
	}
	draft, err := t.draftOf(p)
	if err != nil {
		return err
	}
	enrolled := 0
	for _, s := range draft.Seats {
		holder, found, err := t.Secretary(s.Village)
		if err != nil {
			return err
		}
		if found && holder.Enrolled() {
			enrolled++
		}
	}
	id := string(p.ID)
	args := text.A{"Title": p.Title, "N": len(draft.Seats), "Told": enrolled, "Out": len(draft.Out), "Days": p.AnswerDays}
	if mark := markOf(draft.Seats); t.Arg(2) != mark {
		t.Answer(strings.Join(append(t.changedSince(1), t.Say("plan.publish_ask", args)), "\n"), []Btn{t.Btn("back", "plan.draft "+id), t.Btn("publish_yes", "plan.publish "+id+" yes "+mark)})
		return nil
	}
	if len(draft.Seats) == 0 {
		return record.ErrInvalid
	}
	if _, err := t.ChangeProgramme(p.Place, p.ID, func(p *record.Programme) { p.State, p.By = record.PlanPublishing, t.Person.ID }); err != nil {
		return err
	}
	if err := t.auditPlan("publish " + id); err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("plan.published", args), []Btn{t.Btn("programme", "plan.show "+id), t.Btn("home", "start")})
	return nil
}

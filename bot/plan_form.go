package bot

import (
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

func planFlows() []*flow {
	return []*flow{
		{name: "programme", steps: programmeSteps, title: say("plan.form"), may: mayPlanProgramme, save: saveProgramme},
		{name: "batch", steps: batchSteps, title: batchTitle, may: mayEditBatch, known: knownBatch, save: saveBatch},
		{name: "lock", steps: lockSteps, title: branchTitle, may: mayPlanProgramme, save: saveLock},
		{name: "exclude", steps: reasonSteps("plan.ask_reason"), title: branchTitle, may: mayPlanProgramme, save: saveExclude, direct: true},
		{name: "assign", steps: lockSteps, title: branchTitle, may: mayPlanProgramme, save: saveAssign},
		{name: "release", steps: reasonSteps("plan.ask_reason"), title: branchTitle, may: mayPlanProgramme, save: saveRelease, direct: true},
		{name: "outcome", steps: outcomeSteps, title: branchTitle, may: mayPlanProgramme, save: saveOutcome},
		{name: "trained", steps: trainedSteps, title: branchTitle, may: mayPlanProgramme, save: saveTrained, direct: true},
	}
}

func mayPlanProgramme(t *Turn, _ dialog.Answers) error {
	return t.Allow(record.PlanRotation, t.countyObject())
}

func numbers(values ...string) func(dialog.Answers) ([]dialog.Choice, error) {
	return func(dialog.Answers) ([]dialog.Choice, error) { return plainChoices(values...), nil }
}

func programmeSteps(t *Turn) []dialog.Step {
	titles := func(dialog.Answers) ([]dialog.Choice, error) {
		var list []dialog.Choice
		for i := range 2 {
			label := t.Say("plan.title_of", text.A{"Year": t.Now.Year() + i})
			list = append(list, dialog.Choice{Value: strings.ReplaceAll(label, " ", "_"), Label: label})
		}
		return list, nil
	}
	return []dialog.Step{
		{Name: "title", Ask: "plan.ask_title", Field: "rota.field_title", Parse: dialog.Text(record.MaxTitle), Choices: titles, Columns: 1},
		{Name: "share", Ask: "plan.ask_share", Field: "plan.field_share", Parse: parseNumber(1, 100), Choices: numbers("10", "20", "30", "50")},
		{Name: "answer", Ask: "plan.ask_answer", Field: "plan.field_answer", Parse: parseNumber(1, 30), Choices: numbers("2", "3", "5", "7")},
		{Name: "offer", Ask: "plan.ask_offer", Field: "plan.field_offer", Parse: parseNumber(1, 240), Choices: numbers("12", "24", "48")},
		{Name: "note", Ask: "plan.ask_note", Field: "plan.field_note", Parse: parseNumber(1, 90), Choices: numbers("7", "14", "30")},
	}
}

func saveProgramme(t *Turn, a dialog.Answers) error {
	p, err := t.AddProgramme(record.Programme{
		Place: t.b.conf.County, Title: strings.ReplaceAll(a["title"], "_", " "), Share: atoi(a["share"]),
		AnswerDays: atoi(a["answer"]), OfferHours: atoi(a["offer"]), NoteDays: atoi(a["note"]), By: t.Person.ID,
	})
	if err != nil {
		return err
	}
	if err := t.auditPlan("new " + string(p.ID)); err != nil {
		return err
	}
	return t.showProgramme(p)
}

func (t *Turn) auditPlan(note string) error {
	return t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRotation, Place: t.b.conf.County, Note: note})
}

// planAdd asks for a new batch, planEdit for what changes of one.
func (t *Turn) planAdd() error { return t.startFlow("batch", dialog.Answers{"programme": t.Arg(0)}) }

func (t *Turn) planEdit() error {
	b, p, err := t.batch(0, record.PlanRotation)
	if err != nil {
		return err
	}
	return t.startFlow("batch", dialog.Answers{"programme": string(p.ID), "batch": string(b.ID)})
}

// mayEditBatch: a batch can be changed until it begins.
func mayEditBatch(t *Turn, a dialog.Answers) error {
	p, err := t.programmeOf(record.ProgrammeID(a["programme"]), record.PlanRotation)
	if err != nil || a["batch"] == "" {
		if err == nil && p.State != record.PlanDraft {
			err = record.ErrChanged
		}
		return err
	}
	b, err := t.Batch(record.BatchID(a["batch"]))
	if err != nil {
		return err
	}
	if b.State != record.PlanDraft && b.State != record.PlanPublished || (b.State == record.PlanPublished && b.From <= record.DateOf(t.Now)) {
		return record.ErrTooLate
	}
	return nil
}

func knownBatch(t *Turn, context dialog.Answers) (dialog.Answers, error) {
	if context["batch"] == "" {
		return context, nil
	}
	b, err := t.Batch(record.BatchID(context["batch"]))
	if err != nil {
		return context, err
	}
	var hosts []string
	for _, id := range b.Hosts {
		hosts = append(hosts, string(id))
	}
	return dialog.Answers{
		"programme": context["programme"], "batch": context["batch"], "to": b.Place, "contact": b.Contact, "from": string(b.From),
		"days": itoa(daysApart(b.From, b.To) + 1), "hours": b.Hours, "seats": itoa(b.Seats), "hosts": strings.Join(hosts, ","),
		"meet": b.Meet, "bring": b.Bring,
	}, nil
}

func batchTitle(t *Turn, a dialog.Answers) (string, error) {
	if a["batch"] == "" {
		return t.Say("plan.form_batch"), nil
	}
	b, err := t.Batch(record.BatchID(a["batch"]))
	return t.Say("plan.form_edit", text.A{"N": b.Number}), err
}

func batchSteps(t *Turn) []dialog.Step {
	// A published batch keeps its length, its hours and its hosts: its days have
	// their sessions.
	published := func(a dialog.Answers) (bool, error) {
		if a["batch"] == "" {
			return false, nil
		}
		b, err := t.Batch(record.BatchID(a["batch"]))
		return b.State != record.PlanDraft, err
	}
	return []dialog.Step{
		{Name: "to", Ask: "plan.ask_to", Field: "plan.field_to", Parse: dialog.Text(record.MaxPlace)},
		{Name: "from", Ask: "plan.ask_from", Field: "plan.field_from", Choices: t.mondayChoices, Parse: t.parseDay, Show: t.showDay},
		{Name: "days", Ask: "plan.ask_days", Field: "plan.field_days", Choices: numbers("3", "4", "5", "7"), Parse: parseNumber(1, storage.MaxBatchDays), Skip: published},
		{Name: "hours", Ask: "plan.ask_hours", Field: "rota.field_time", Choices: numbers("09:00-17:00", "08:30-17:30"), Parse: parseSpan, Skip: published},
		{Name: "seats", Ask: "plan.ask_seats", Field: "plan.field_seats", Choices: numbers("20", "25", "30", "35", "40"), Parse: parseNumber(1, storage.MaxSeats)},
		{Name: "hosts", Ask: "plan.ask_hosts", Field: "rota.field_hosts", Many: true, Optional: true, Choices: t.hostChoices, Skip: published},
		{Name: "contact", Ask: "plan.ask_contact", Field: "plan.field_contact", Parse: dialog.Text(record.MaxTitle), Optional: true},
		{Name: "meet", Ask: "rota.ask_meet", Field: "rota.field_meet", Parse: dialog.Text(record.MaxTitle), Optional: true},
		{Name: "bring", Ask: "plan.ask_bring", Field: "plan.field_bring", Parse: dialog.Text(record.MaxTitle), Optional: true},
	}
}

func saveBatch(t *Turn, a dialog.Answers) error {
	from, err := record.Date(a["from"]).In(t.b.conf.Zone)
	if err != nil {
		return err
	}
	b := record.Batch{
		Programme: record.ProgrammeID(a["programme"]), Place: a["to"], Contact: a["contact"], Seats: atoi(a["seats"]),
		Hours: a["hours"], Meet: a["meet"], Bring: a["bring"],
		Days: record.Days{From: record.Date(a["from"]), To: record.DateOf(from.AddDate(0, 0, atoi(a["days"])-1))},
	}
	for _, id := range dialog.List(a["hosts"]) {
		b.Hosts = append(b.Hosts, record.PersonID(id))
	}
	if len(b.Hosts) > record.MaxHosts {
		return &dialog.Fault{Key: "rota.many_hosts", Args: text.A{"Max": record.MaxHosts}, Step: "hosts"}
	}
	if a["batch"] != "" {
		return t.changeBatch(record.BatchID(a["batch"]), b)
	}
	if b, err = t.AddBatch(b); err != nil {
		return err
	}
	if err := t.auditPlan("batch " + string(b.ID)); err != nil {
		return err
	}
	t.Answer(t.Say("plan.batch_saved", t.batchArgs(b)),
		[]Btn{t.Btn("add_batch", "plan.add "+string(b.Programme)), t.Btn("programme", "plan.show "+string(b.Programme))})
	return nil
}

// changeBatch changes a batch; of a published one it tells those who have seats.
func (t *Turn) changeBatch(id record.BatchID, to record.Batch) error {
	was, err := t.Batch(id)
	if err != nil {
		return err
	}
	if was.State == record.PlanPublished && to.From != was.From {
		if _, err := t.MoveBatch(id, to.From, t.hours()); err != nil {
			return err
		}
	}
	b, err := t.ChangeBatch(id, func(b *record.Batch) {
		b.Place, b.Contact, b.Seats, b.Meet, b.Bring = to.Place, to.Contact, to.Seats, to.Meet, to.Bring
		if was.State == record.PlanDraft {
			b.Days, b.Hours, b.Hosts = to.Days, to.Hours, to.Hosts
		}
	})
	if err != nil {
		return err
	}
	if err := t.auditPlan("edit " + string(id)); err != nil {
		return err
	}
	told := 0
	if was.State == record.PlanPublished && b.Rev != was.Rev {
		if told, err = t.tellBatch(b, "moved"); err != nil {
			return err
		}
	}
	t.planChanged()
	args := t.batchArgs(b)
	args["Told"] = told
	t.Answer(t.Say("plan.batch_changed", args), []Btn{t.Btn("back", "plan.batch "+string(id)), t.Btn("home", "start")})
	return nil
}

// tellBatch tells those who have seats of a batch what has happened to it.
func (t *Turn) tellBatch(b record.Batch, what string) (told int, err error) {
	seats, err := t.SeatsOf(b)
	if err != nil {
		return 0, err
	}
	start := t.hours().Begins(record.TurnSlot{Day: b.From, Hours: b.Hours})
	for _, st := range seats {
		p, found, err := t.Secretary(st.Village)
		if err != nil {
			return told, err
		}
		if !found || !p.Enrolled() {
			continue
		}
		told++
		t.Queue(record.Outbox{
			Key:   strings.Join([]string{"batch", string(b.ID), what, itoa(b.Rev), string(st.Village)}, "/"),
			Class: record.Notice, Kind: record.KindBatch, Person: p.ID, Change: start,
			Args: map[string]string{"batch": string(b.ID), "rev": itoa(b.Rev), "village": string(st.Village), "what": what},
		})
	}
	return told, nil
}

// planRemove deletes a batch of a draft.
func (t *Turn) planRemove() error {
	b, p, err := t.batch(0, record.PlanRotation)
	if err != nil {
		return err
	}
	if t.Arg(1) != "yes" {
		id := string(b.ID)
		t.Answer(t.Say("plan.remove_ask", t.batchArgs(b)), []Btn{t.Btn("back", "plan.batch "+id), t.Btn("drop_yes", "plan.remove "+id+" yes")})
		return nil
	}
	if err := t.DropBatch(b.ID); err != nil {
		return err
	}
	if err := t.auditPlan("remove " + string(b.ID)); err != nil {
		return err
	}
	t.Args = []string{string(p.ID)}
	return t.planBatches()
}

// branchTitle names the branch of a form's context.
func branchTitle(t *Turn, a dialog.Answers) (string, error) {
	return t.placeName(record.Code(a["village"]))
}

// branchContext is the programme and the branch of the arguments.
func (t *Turn) branchContext() dialog.Answers {
	return dialog.Answers{"programme": t.Arg(0), "village": t.Arg(1)}
}

// lockSteps ask with which batch a branch goes, and why.
func lockSteps(t *Turn) []dialog.Step {
	return []dialog.Step{
		{Name: "batch", Ask: "plan.ask_batch", Field: "plan.field_batch", Choices: t.batchChoices, Columns: 1},
		{Name: "reason", Ask: "plan.ask_reason", Field: "correct.reason", Parse: dialog.Text(record.MaxReason)},
	}
}

// batchChoices are the batches of a form's programme that have not begun.
func (t *Turn) batchChoices(a dialog.Answers) ([]dialog.Choice, error) {
	batches, err := t.Batches(record.ProgrammeID(a["programme"]))
	var list []dialog.Choice
	for _, b := range batches {
		if b.State != record.PlanCancelled && b.From > record.DateOf(t.Now) {
			list = append(list, dialog.Choice{Value: string(b.ID), Label: t.Say("plan.batch_choice", t.batchArgs(b))})
		}
	}
	return list, err
}

func outcomeSteps(t *Turn) []dialog.Step {
	return []dialog.Step{
		{
			Name: "state", Ask: "plan.ask_outcome", Field: "plan.field_outcome",
			Choices: func(dialog.Answers) ([]dialog.Choice, error) {
				var list []dialog.Choice
				for _, s := range []record.SeatState{record.SeatAttended, record.SeatExcused, record.SeatAbsent} {
					list = append(list, dialog.Choice{Value: string(s), Label: t.Say("seat_state." + string(s))})
				}
				return list, nil
			},
		},
		{Name: "reason", Ask: "plan.ask_reason", Field: "correct.reason", Parse: dialog.Text(record.MaxReason)},
	}
}

// trainedSteps ask in which year somebody was at a training that the bot does
// not know of.
func trainedSteps(t *Turn) []dialog.Step {
	return []dialog.Step{{
		Name: "year", Ask: "plan.ask_trained", Field: "plan.field_trained", Parse: dialog.Year(2000, t.Now.Year()), Digits: true,
		Choices: func(dialog.Answers) ([]dialog.Choice, error) {
			y := t.Now.Year()
			return plainChoices(itoa(y), itoa(y-1), itoa(y-2), itoa(y-3)), nil
		},
	}}
}

func saveTrained(t *Turn, a dialog.Answers) error {
	v := record.Code(a["village"])
	p, found, err := t.Secretary(v)
	if err != nil {
		return err
	}
	if !found {
		return record.ErrNotFound
	}
	if err := t.SetTrained(p.ID, record.Date(a["year"])); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.PlanRotation, Person: p.ID, Place: v, Note: "trained " + a["year"]}); err != nil {
		return err
	}
	t.Answer(t.Say("plan.trained", text.A{"Name": p.Name, "Year": a["year"]}), []Btn{t.Btn("back", "plan.never "+string(v.Township())), t.Btn("home", "start")})
	return nil
}

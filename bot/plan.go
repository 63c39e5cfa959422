package bot

import (
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// RotationPlanner assigns the seats of a programme; the schedule has it.
type RotationPlanner interface {
	PlanRotation(record.RotationInput) record.RotationPlan
}

// Rotation training as the office plans and follows it:
//
//	plan                          the programmes, and a new one
//	plan.show, .batches, .batch   one programme, its batches (plan_form.go: the forms)
//	plan.draft, .list, .out       a draft: seats by batch, who is left and why (plan_draft.go)
//	plan.seat, .lock, .exclude    one branch in a draft, changed by hand
//	plan.publish                  the decision
//	plan.who, .branch             seats after publication (plan_seats.go)
//	plan.towns, .town, .never     coverage by place (plan_cover.go)
//
// What the person does who is assigned is in seat.go.
func planCommands() []command {
	return []command{
		{name: "plan", words: []string{"轮训", "集中轮训", "training"}, roles: officers, run: (*Turn).plans},
		{name: "plan.show", hidden: true, roles: officers, run: (*Turn).planShow},
		{name: "plan.new", hidden: true, roles: officers, run: func(t *Turn) error { return t.startFlow("programme", nil) }},
		{name: "plan.batches", hidden: true, roles: officers, run: (*Turn).planBatches},
		{name: "plan.batch", hidden: true, roles: officers, run: (*Turn).planBatch},
		{name: "plan.add", hidden: true, roles: officers, run: (*Turn).planAdd},
		{name: "plan.edit", hidden: true, roles: officers, run: (*Turn).planEdit},
		{name: "plan.remove", hidden: true, roles: officers, run: (*Turn).planRemove},
		{name: "plan.cancel", hidden: true, roles: officers, run: (*Turn).planCancel},
		{name: "plan.draft", hidden: true, roles: officers, run: (*Turn).planDraft},
		{name: "plan.list", hidden: true, roles: officers, run: (*Turn).planList},
		{name: "plan.out", hidden: true, roles: officers, run: (*Turn).planOut},
		{name: "plan.seat", hidden: true, roles: officers, run: (*Turn).planSeat},
		{name: "plan.lock", hidden: true, roles: officers, run: (*Turn).planLock},
		{name: "plan.exclude", hidden: true, roles: officers, run: (*Turn).planExclude},
		{name: "plan.free", hidden: true, roles: officers, run: (*Turn).planFree},
		{name: "plan.publish", hidden: true, roles: officers, run: (*Turn).planPublish},
		{name: "plan.who", hidden: true, roles: officers, run: (*Turn).planWho},
		{name: "plan.ledger", hidden: true, roles: officers, run: (*Turn).planLedger},
		{name: "plan.sheet", hidden: true, roles: officers, run: (*Turn).planSheet},
		{name: "plan.branch", hidden: true, roles: officers, run: (*Turn).planBranch},
		{name: "plan.answer", hidden: true, roles: officers, run: (*Turn).planAnswer},
		{name: "plan.assign", hidden: true, roles: officers, run: (*Turn).planAssign},
		{name: "plan.release", hidden: true, roles: officers, run: (*Turn).planRelease},
		{name: "plan.outcome", hidden: true, roles: officers, run: (*Turn).planOutcome},
		{name: "plan.towns", hidden: true, roles: officers, run: (*Turn).planTowns},
		{name: "plan.town", hidden: true, roles: officers, run: (*Turn).planTown},
		{name: "plan.never", hidden: true, roles: officers, run: (*Turn).planNever},
		{name: "plan.trained", hidden: true, roles: officers, run: (*Turn).planTrained},
		{name: "plan.chart", hidden: true, roles: officers, run: (*Turn).planChart},
	}
}

// mayPlanRotation says whether the person plans, or only follows, rotation
// training.
func (t *Turn) mayPlanRotation() bool { return t.Allow(record.PlanRotation, t.countyObject()) == nil }

// plans lists the programmes, the newest first; to a township officer the newest
// published one is shown at once.
func (t *Turn) plans() error {
	list, err := t.Programmes(t.b.conf.County)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if !t.mayPlanRotation() {
		list = slices.DeleteFunc(list, func(p record.Programme) bool { return p.State == record.PlanDraft })
		if len(list) > 0 {
			return t.showProgramme(list[0])
		}
		t.Answer(t.Say("plan.none_yet"), t.homeRow())
		return nil
	}
	lines := []string{t.Say("plan.programmes", text.A{"N": len(list)})}
	if len(list) == 0 {
		lines = []string{t.Say("plan.none")}
	}
	n, pages := t.pageNumber(0, len(list), 6)
	var rows [][]Btn
	for _, p := range list[(n-1)*6 : min(n*6, len(list))] {
		lines = append(lines, t.Say("cycle.line", text.A{"Title": p.Title, "State": t.Say("plan_state." + string(p.State))}))
		rows = append(rows, []Btn{{Text: clip(p.Title, 12), Line: "plan.show " + string(p.ID)}})
	}
	rows = append(rows, t.pager(n, pages, "plan")...)
	rows = append(rows, []Btn{t.Btn("new_programme", "plan.new"), t.Btn("never", "plan.never "+string(t.b.conf.County))})
	t.Answer(strings.Join(lines, "\n"), append(rows, t.homeRow())...)
	return nil
}

// programme reads the programme of argument 0 and asks whether the person may do
// action to it; to see it, in the place that they answer for.
func (t *Turn) programme(action record.Action) (record.Programme, error) {
	return t.programmeOf(record.ProgrammeID(t.Arg(0)), action)
}

func (t *Turn) programmeOf(id record.ProgrammeID, action record.Action) (record.Programme, error) {
	p, err := t.Programme(t.b.conf.County, id)
	if err != nil {
		return p, err
	}
	place := p.Place
	if action == record.SeeRotation {
		place = t.planPlace()
	}
	return p, t.Allow(action, record.Object{Place: place})
}

// batch reads the batch of an argument with its programme.
func (t *Turn) batch(i int, action record.Action) (record.Batch, record.Programme, error) {
	b, err := t.Batch(record.BatchID(t.Arg(i)))
	if err != nil {
		return b, record.Programme{}, err
	}
	p, err := t.programmeOf(b.Programme, action)
	return b, p, err
}

func (t *Turn) planShow() error {
	p, err := t.programme(record.SeeRotation)
	if err != nil {
		return err
	}
	return t.showProgramme(p)
}

func (t *Turn) showProgramme(p record.Programme) error {
	if p.State == record.PlanDraft {
		return t.showDraftProgramme(p)
	}
	place := t.planPlace()
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	counts, n, err := t.coverText(p, place)
	if err != nil {
		return err
	}
	lines := []string{t.Say("plan.page", text.A{"Title": p.Title, "Place": name}), counts}
	if p.State == record.PlanPublishing {
		lines = append(lines, t.Say("plan.publishing"))
	}
	id := string(p.ID)
	row := []Btn{t.Btn("batches", "plan.batches "+id)}
	if place.Level() == record.County {
		row = append(row, t.Btn("townships", "plan.towns "+id))
	} else {
		row = append(row, t.Btn("villages", "plan.town "+id+" "+string(place)))
	}
	if n.Never > 0 {
		row = append(row, Btn{Text: t.Say("button.never_n", text.A{"N": n.Never}), Line: "plan.never " + string(place)})
	}
	if place.Level() == record.County {
		row = append(row, t.Btn("chart", "plan.chart "+id))
	}
	if t.Allow(record.ExportRoster, record.Object{Place: place}) == nil {
		row = append(row, t.Btn("ledger", "plan.ledger "+id))
	}
	back := t.homeRow()
	if t.mayPlanRotation() {
		back = []Btn{t.Btn("back", "plan")}
	}
	t.Answer(strings.Join(lines, "\n"), append(inRows(row, 2), back)...)
	return nil
}

// showDraftProgramme is the page of a programme that is being planned.
func (t *Turn) showDraftProgramme(p record.Programme) error {
	if err := t.Allow(record.PlanRotation, record.Object{Place: p.Place}); err != nil {
		return err
	}
	batches, err := t.Batches(p.ID)
	if err != nil {
		return err
	}
	seats := 0
	for _, b := range batches {
		seats += b.Seats
	}
	n, err := t.Count(p.Place)
	if err != nil {
		return err
	}
	id := string(p.ID)
	lines := []string{
		t.Say("plan.draft_page", text.A{"Title": p.Title, "Batches": len(batches), "Seats": seats, "People": n.Secretaries}),
		t.Say("plan.rules", text.A{"Share": p.Share, "Answer": p.AnswerDays, "Offer": p.OfferHours, "Note": p.NoteDays}),
	}
	rows := [][]Btn{{t.Btn("batches", "plan.batches "+id), t.Btn("add_batch", "plan.add "+id)}}
	rows = append(rows, []Btn{t.Btn("plan_sheet", "plan.sheet "+id)})
	if len(batches) > 0 {
		rows = append(rows, []Btn{t.Btn("make_draft", "plan.draft "+id)})
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "plan")})...)
	return nil
}

// planBatches lists the batches of a programme.
func (t *Turn) planBatches() error {
	p, err := t.programme(record.SeeRotation)
	if err != nil {
		return err
	}
	batches, err := t.Batches(p.ID)
	if err != nil {
		return err
	}
	id := string(p.ID)
	lines := []string{t.Say("plan.batches", text.A{"Title": p.Title, "N": len(batches)})}
	var rows [][]Btn
	n, pages := t.pageNumber(1, len(batches), 6)
	for _, b := range batches[(n-1)*6 : min(n*6, len(batches))] {
		lines = append(lines, t.Say("plan.batch_line", t.batchArgs(b)))
		rows = append(rows, []Btn{{Text: t.Say("plan.batch_button", t.batchArgs(b)), Line: "plan.batch " + string(b.ID)}})
	}
	rows = append(rows, t.pager(n, pages, "plan.batches "+id)...)
	foot := []Btn{t.Btn("back", "plan.show "+id)}
	if p.State == record.PlanDraft && t.mayPlanRotation() {
		foot = append(foot, t.Btn("add_batch", "plan.add "+id))
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, foot)...)
	return nil
}

// batchArgs are what a sentence says of a batch.
func (t *Turn) batchArgs(b record.Batch) text.A {
	day := string(b.From)
	if from, err := b.From.In(t.b.conf.Zone); err == nil {
		day = t.Voice.ShortDay(from)
	}
	state := "" // of one that a sheet is about to make
	if b.State != "" {
		state = t.Say("plan_state." + string(b.State))
	}
	return text.A{
		"Day": day,

		"N": b.Number, "To": b.Place, "Span": t.daysText(b.Days), "Seats": b.Seats, "Taken": b.Taken, "Meet": b.Meet,
		"Bring": b.Bring, "Contact": b.Contact, "Hours": b.Hours, "State": state,
	}
}

// daysText says a run of days: 12月14日—18日.
func (t *Turn) daysText(d record.Days) string {
	from, errFrom := d.From.In(t.b.conf.Zone)
	to, errTo := d.To.In(t.b.conf.Zone)
	if errFrom != nil || errTo != nil {
		return string(d.From)
	}
	if d.From == d.To {
		return t.Voice.Day(from, t.Now)
	}
	if from.Year() != t.Now.Year() {
		return t.Say("plan.span_year", text.A{"Year": from.Year(), "Span": t.Voice.Span(from, to)})
	}
	return t.Voice.Span(from, to)
}

// planBatch is a batch's page.
func (t *Turn) planBatch() error {
	b, p, err := t.batch(0, record.SeeRotation)
	if err != nil {
		return err
	}
	args := t.batchArgs(b)
	var hosts []string
	for _, id := range b.Hosts {
		person, err := t.Tx.Person(id)
		if err != nil {
			return err
		}
		hosts = append(hosts, person.Name)
	}
	args["Hosts"] = strings.Join(hosts, t.Say("host.and"))
	id := string(b.ID)
	lines := []string{t.Say("plan.batch_page", args)}
	var rows [][]Btn
	if b.State == record.PlanDraft {
		if t.mayPlanRotation() && p.State == record.PlanDraft {
			rows = [][]Btn{{t.Btn("edit", "plan.edit "+id), t.Btn("remove", "plan.remove "+id)}}
		}
	} else {
		counts, err := t.seatCounts(b)
		if err != nil {
			return err
		}
		lines = append(lines, counts.text(t))
		rows = t.batchButtons(b, counts)
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", "plan.batches "+string(p.ID))})...)
	return nil
}

// seatStates are the states of held seats in the order in which they are counted.
var seatStates = []record.SeatState{
	record.SeatConfirmed, record.SeatAssigned, record.SeatOffered, record.SeatAttended, record.SeatAbsent, record.SeatExcused,
}

// stateCount counts seats by state.
type stateCount map[record.SeatState]int

func (n stateCount) text(t *Turn) string {
	var parts []string
	for _, state := range seatStates {
		if n[state] > 0 {
			parts = append(parts, t.Say("seat_state."+string(state))+" "+strconv.Itoa(n[state]))
		}
	}
	if len(parts) == 0 {
		return t.Say("plan.no_seats_taken")
	}
	return strings.Join(parts, " · ")
}

func (t *Turn) seatCounts(b record.Batch) (stateCount, error) {
	seats, err := t.ownSeats(b)
	n := stateCount{}
	for _, st := range seats {
		n[st.State]++
	}
	return n, err
}

// ownSeats lists the seats of a batch in the place that the person answers for.
func (t *Turn) ownSeats(b record.Batch) ([]record.Standing, error) {
	seats, err := t.SeatsOf(b)
	place := t.planPlace()
	return slices.DeleteFunc(seats, func(st record.Standing) bool { return !place.Contains(st.Village) }), err
}

func (t *Turn) batchButtons(b record.Batch, n stateCount) [][]Btn {
	var row []Btn
	for _, state := range seatStates {
		if n[state] > 0 {
			row = append(row, Btn{Text: t.Say("seat_state."+string(state)) + " " + strconv.Itoa(n[state]), Line: "plan.who " + string(b.ID) + " " + string(state)})
		}
	}
	if n[record.SeatAttended] > 0 {
		row = append(row, t.Btn("note", "note.list "+string(b.ID)))
	}
	if t.mayPlanRotation() && b.State == record.PlanPublished {
		row = append(row, t.Btn("move", "plan.edit "+string(b.ID)), t.Btn("cancel_batch", "plan.cancel "+string(b.ID)))
	}
	return inRows(row, 2)
}

// coverText counts where the branches of a place stand in a programme.
func (t *Turn) coverText(p record.Programme, place record.Code) (string, record.PlaceCount, error) {
	n, err := t.Count(place)
	if err != nil {
		return "", n, err
	}
	cover, err := t.Coverage(p.ID, place)
	if err != nil {
		return "", n, err
	}
	stages := stagesOf(cover, n.Villages)
	var parts []string
	for _, s := range coverStages {
		if stages[s] > 0 {
			parts = append(parts, t.Say("stage."+string(s))+" "+strconv.Itoa(stages[s]))
		}
	}
	body := t.Say("plan.cover", text.A{"Villages": n.Villages, "Counts": strings.Join(parts, " · ")})
	if notes := t.noteCounts(cover.Notes); notes != "" {
		body += "\n" + t.Say("note.counts", text.A{"Counts": notes})
	}
	return body, n, nil
}

// Stage is where a branch stands in a programme, as the office counts it.
type Stage string

// The stages, from what is settled to what is open.
const (
	StageAttended  Stage = "attended"
	StageConfirmed Stage = "confirmed"
	StageAssigned  Stage = "assigned"
	StageDeclined  Stage = "declined"
	StageAbsent    Stage = "absent"
	StageExcused   Stage = "excused"
	StageNone      Stage = "none"
)

var coverStages = []Stage{StageAttended, StageConfirmed, StageAssigned, StageDeclined, StageExcused, StageAbsent, StageNone}

// stageOf is the stage of a state.
func stageOf(s record.SeatState) Stage {
	switch s {
	case record.SeatAttended:
		return StageAttended
	case record.SeatConfirmed:
		return StageConfirmed
	case record.SeatAssigned, record.SeatOffered:
		return StageAssigned
	case record.SeatDeclined:
		return StageDeclined
	case record.SeatAbsent:
		return StageAbsent
	case record.SeatExcused:
		return StageExcused
	}
	return StageNone
}

// stagesOf counts stages; the branches without a standing are not planned.
func stagesOf(c storage.Coverage, villages int) map[Stage]int {
	n := map[Stage]int{StageNone: villages}
	for state, k := range c.States {
		if s := stageOf(state); s != StageNone {
			n[s] += k
			n[StageNone] -= k
		}
	}
	return n
}

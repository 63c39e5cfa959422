package bot

import (
	"errors"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// planLedger has the coverage ledger of a programme sent as a workbook: of the
// county, or of the township that the person answers for. The audit log says who
// has it.
func (t *Turn) planLedger() error {
	p, err := t.programme(record.SeeRotation)
	if err != nil {
		return err
	}
	place := t.planPlace()
	if err := t.Allow(record.ExportRoster, record.Object{Place: place}); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.ExportRoster, Place: place, Note: "coverage " + string(p.ID)}); err != nil {
		return err
	}
	t.sendFile("plan.ledger", map[string]string{"programme": string(p.ID)})
	return nil
}

// planLedgerNotice reads the ledger; the workbook is made after the transaction.
func planLedgerNotice(t *Turn, row record.Outbox) (notice, string, error) {
	p, err := t.programmeOf(record.ProgrammeID(row.Args["programme"]), record.SeeRotation)
	if err != nil {
		return notice{}, "", err
	}
	place := t.planPlace()
	if err := t.Allow(record.ExportRoster, record.Object{Place: place}); err != nil {
		return notice{}, "", err
	}
	name, err := t.placeName(place)
	if err != nil {
		return notice{}, "", err
	}
	batches, err := t.Batches(p.ID)
	if err != nil {
		return notice{}, "", err
	}
	byID := map[record.BatchID]record.Batch{}
	for _, b := range batches {
		byID[b.ID] = b
	}
	var lines []sheet.LedgerLine
	err = t.eachTownship(place, func(town record.Place, villages []record.Place) error {
		for _, v := range villages {
			line, err := t.ledgerLine(p, v, byID)
			if err != nil {
				return err
			}
			line.Township = town.Name
			lines = append(lines, line)
		}
		return nil
	})
	if err != nil {
		return notice{}, "", err
	}
	lang, title := sheet.Lang(t.Voice.Lang), t.Say("plan.ledger_title", text.A{"Title": p.Title, "Place": name})
	return notice{
		card: card{Text: title},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WriteLedger(lang, title, lines)
			return nil, &chat.Upload{Name: title + ".xlsx", Body: body}, err
		},
	}, "", nil
}

func (t *Turn) ledgerLine(p record.Programme, v record.Place, batches map[record.BatchID]record.Batch) (line sheet.LedgerLine, err error) {
	line.Village = v.Name
	st, err := t.Standing(p.ID, v.Code)
	if err != nil {
		return line, err
	}
	line.State = t.Say("stage.none")
	if st.State != "" {
		line.State, line.Reason = t.Say("seat_state."+string(st.State)), st.Rows[len(st.Rows)-1].Reason
	}
	if b, found := batches[st.Batch]; found {
		line.Batch, line.Days = t.Say("plan.batch_choice", t.batchArgs(b)), t.daysText(b.Days)
	}
	holder, held, err := t.Secretary(v.Code)
	if err != nil {
		return line, err
	}
	line.Name = t.Say("query.vacant")
	if held {
		line.Name = holder.Name
		if line.Trained, err = t.Trained(holder.ID); err != nil {
			return line, err
		}
	}
	n, err := t.Note(p.ID, v.Code)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return line, nil
	case err != nil:
		return line, err
	}
	line.Note = t.Say("note_state." + string(n.State))
	return line, nil
}

// programmeLine says the newest programme that is going on in a place: 轮训 已参加
// 120 / 362 · 未安排 88; "" where there is none.
func (t *Turn) programmeLine(place record.Code) (line string, id record.ProgrammeID, err error) {
	list, err := t.Programmes(t.b.conf.County)
	if err != nil {
		return "", "", err
	}
	var p record.Programme
	for _, o := range list {
		if o.State == record.PlanPublished && o.Published.After(p.Published) {
			p = o
		}
	}
	if p.ID == "" {
		return "", "", nil
	}
	n, err := t.Count(place)
	if err != nil {
		return "", "", err
	}
	cover, err := t.Coverage(p.ID, place)
	if err != nil {
		return "", "", err
	}
	stages := stagesOf(cover, n.Villages)
	return t.Say("query.rotation", text.A{
		"Title": p.Title, "Attended": stages[StageAttended], "All": n.Villages, "None": stages[StageNone], "MakeUp": cover.MakeUp,
	}), p.ID, nil
}

// cycleLine says the cycle that is going on in a place: how many of its turns are
// settled; "" where there is none.
func (t *Turn) cycleLine(place record.Code) (line string, id record.CycleID, err error) {
	list, err := t.Cycles(t.b.conf.County)
	if err != nil {
		return "", "", err
	}
	var c record.Cycle
	for _, o := range list {
		if o.State == record.PlanPublished && o.Published.After(c.Published) {
			c = o
		}
	}
	if c.ID == "" {
		return "", "", nil
	}
	n, err := t.Count(place)
	if err != nil {
		return "", "", err
	}
	count, err := t.TurnCount(c.ID, place)
	if err != nil {
		return "", "", err
	}
	settled := 0
	for _, by := range count {
		for state, k := range by {
			if state.Settled() {
				settled += k
			}
		}
	}
	return t.Say("query.cycle", text.A{"Title": c.Title, "Settled": settled, "All": n.Villages * len(c.Bases)}), c.ID, nil
}

package bot

import (
	"fmt"
	"strings"

	"headgoose/bot/chart"
	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// planTowns lists the townships with where their branches stand.
func (t *Turn) planTowns() error {
	p, err := t.programme(record.PlanRotation)
	if err != nil {
		return err
	}
	towns, err := t.Children(p.Place)
	if err != nil {
		return err
	}
	lines := []string{t.Say("plan.towns", text.A{"Title": p.Title})}
	var row []Btn
	for _, town := range towns {
		n, err := t.Count(town.Code)
		if err != nil {
			return err
		}
		cover, err := t.Coverage(p.ID, town.Code)
		if err != nil {
			return err
		}
		stages := stagesOf(cover, n.Villages)
		lines = append(lines, t.Say("plan.town_line", text.A{
			"Name": town.Name, "Attended": stages[StageAttended], "All": n.Villages,
			"Going": stages[StageConfirmed], "Asked": stages[StageAssigned], "Never": n.Never,
		}))
		row = append(row, Btn{Text: town.Name, Line: "plan.town " + string(p.ID) + " " + string(town.Code)})
	}
	t.Answer(strings.Join(lines, "\n"), append(inRows(row, 2), []Btn{t.Btn("back", "plan.show "+string(p.ID))})...)
	return nil
}

// planTown lists the branches of a township.
func (t *Turn) planTown() error {
	p, err := t.programme(record.SeeRotation)
	if err != nil {
		return err
	}
	town := record.Code(t.Arg(1))
	if err := t.Allow(record.SeeRotation, record.Object{Place: town}); err != nil {
		return err
	}
	places, err := t.Villages(town)
	if err != nil {
		return err
	}
	var codes []record.Code
	for _, place := range places {
		codes = append(codes, place.Code)
	}
	counts, _, err := t.coverText(p, town)
	if err != nil {
		return err
	}
	name, err := t.placeName(town)
	if err != nil {
		return err
	}
	lines, rows, err := t.standingList(p, codes, 2, "plan.town "+string(p.ID)+" "+string(town))
	if err != nil {
		return err
	}
	lines = append([]string{t.Say("plan.page", text.A{"Title": p.Title, "Place": name}), counts}, lines...)
	back := "plan.show " + string(p.ID)
	if t.mayPlanRotation() {
		back = "plan.towns " + string(p.ID)
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{t.Btn("back", back)})...)
	return nil
}

// planNever lists the secretaries of a place who have never been to rotation
// training, in the office's order.
func (t *Turn) planNever() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.SeeRotation, record.Object{Place: place}); err != nil {
		return err
	}
	n, err := t.Count(place)
	if err != nil {
		return err
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	const size = 20
	after := storage.Flagged{Place: record.Code(t.Arg(1)), Person: record.PersonID(t.Arg(2))}
	list, err := t.Flagged(storage.Never, place, after, size+1)
	if err != nil {
		return err
	}
	more := len(list) > size
	list = list[:min(len(list), size)]
	lines := []string{t.Say("plan.never", text.A{"Place": name, "N": n.Never, "All": n.Secretaries})}
	if n.Never == 0 {
		lines = []string{t.Say("plan.never_none", text.A{"Place": name})}
	}
	var last record.Code
	for _, f := range list {
		if up := f.Place.Township(); up != last {
			last = up
			town, err := t.Place(up)
			if err != nil {
				return err
			}
			lines = append(lines, town.Name)
		}
		village, err := t.Place(f.Place)
		if err != nil {
			return err
		}
		holder, err := t.Tx.Person(f.Person)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("plan.never_line", text.A{"Place": village.Name, "Name": holder.Name}))
	}
	var row []Btn
	if t.Arg(1) != "" {
		row = append(row, t.Btn("first_page", "plan.never "+string(place)))
	}
	if more {
		end := list[len(list)-1]
		row = append(row, t.Btn("next_page", strings.Join([]string{"plan.never", string(place), string(end.Place), string(end.Person)}, " ")))
	}
	t.Answer(strings.Join(lines, "\n"), row, []Btn{t.Btn("back", "plan"), t.Btn("home", "start")})
	return nil
}

// planChart has the coverage by township drawn and sent.
func (t *Turn) planChart() error {
	p, err := t.programme(record.PlanRotation)
	if err != nil {
		return err
	}
	t.Toast(t.Say("chart.drawing"))
	t.Queue(record.Outbox{
		Key:   strings.Join([]string{"plan.chart", string(p.ID), string(t.Person.ID), stampOf(t.Tx.Now)}, "/"),
		Class: record.Reply, Kind: "plan.chart", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		Args: map[string]string{"programme": string(p.ID)},
	})
	return nil
}

// planChartNotice draws the coverage of a programme by township.
func planChartNotice(t *Turn, row record.Outbox) (notice, string, error) {
	p, err := t.programmeOf(record.ProgrammeID(row.Args["programme"]), record.PlanRotation)
	if err != nil {
		return notice{}, "", err
	}
	towns, err := t.Children(p.Place)
	if err != nil {
		return notice{}, "", err
	}
	bars := chart.Bars{Title: t.Say("plan.chart_title", text.A{"Title": p.Title})}
	for _, c := range chartStages {
		bars.Series = append(bars.Series, chart.Series{Name: t.Say("stage." + string(c.shown)), Color: c.color})
	}
	for _, town := range towns {
		n, err := t.Count(town.Code)
		if err != nil {
			return notice{}, "", err
		}
		cover, err := t.Coverage(p.ID, town.Code)
		if err != nil {
			return notice{}, "", err
		}
		stages := stagesOf(cover, n.Villages)
		bar := chart.Row{Label: town.Name, Note: fmt.Sprintf("%d / %d", stages[StageAttended], n.Villages)}
		for _, c := range chartStages {
			sum := 0
			for _, s := range c.stages {
				sum += stages[s]
			}
			bar.Values = append(bar.Values, sum)
		}
		bars.Rows = append(bars.Rows, bar)
	}
	counts, _, err := t.coverText(p, p.Place)
	if err != nil {
		return notice{}, "", err
	}
	bars.Subtitle = t.Say("plan.chart_note", text.A{"Day": t.Voice.ShortDay(t.Now)})
	return notice{
		card: card{Text: bars.Title + "\n" + counts},
		draw: func() ([]byte, *chat.Upload, error) {
			photo, err := bars.PNG()
			return photo, nil, err
		},
	}, "", nil
}

// chartStages are the series of the chart: what a picture can tell apart.
var chartStages = []struct {
	shown  Stage
	stages []Stage
	color  chart.Color
}{
	{StageAttended, []Stage{StageAttended}, chart.Done},
	{StageConfirmed, []Stage{StageConfirmed}, chart.Coming},
	{StageAssigned, []Stage{StageAssigned}, chart.Between},
	{StageDeclined, []Stage{StageDeclined, StageExcused, StageAbsent}, chart.Lacking},
	{StageNone, []Stage{StageNone}, chart.Rest},
}

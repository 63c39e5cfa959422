package bot

import (
	"strconv"
	"time"

	"headgoose/bot/chart"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The graduates over the months: what was counted of a place at the end of each,
// and what is counted now.

// monthsShown is how many months a picture has at most.
const monthsShown = 12

// graduateMonths asks for the two pictures of a place.
func (t *Turn) graduateMonths() error {
	v, err := t.view(record.SeePlace)
	if err != nil {
		return err
	}
	t.queueCharts(v, "work", "will")
	return nil
}

// workMonths shows over the months what the graduates of a place do.
func (t *Turn) workMonths(v view) (chart.Bars, error) {
	b := chart.Bars{
		Title: t.Say("chart.work_months", text.A{"Place": v.name}),
		Series: []chart.Series{
			{Name: t.Say("chart.at_work"), Color: chart.Done},
			{Name: t.Say("chart.further"), Color: chart.Other},
			{Name: t.Say("query.employment.seeking"), Color: chart.Between},
			{Name: t.Say("query.studying"), Color: chart.Rest},
		},
	}
	return t.monthBars(b, v.place, func(n record.GraduateCount) []int {
		e := n.Employment
		return []int{
			e[record.Employed] + e[record.SelfEmployed], e[record.FurtherStudy] + e[record.Exams] + e[record.Serving], e[record.Seeking], n.Studying,
		}
	})
}

// willMonths shows over the months whether they want to return.
func (t *Turn) willMonths(v view) (chart.Bars, error) {
	b := chart.Bars{Title: t.Say("chart.will_months", text.A{"Place": v.name})}
	colors := []chart.Color{chart.Done, chart.Between, chart.Other}
	for i, w := range record.Willingnesses() {
		b.Series = append(b.Series, chart.Series{Name: t.Say("query.willingness." + string(w)), Color: colors[i]})
	}
	return t.monthBars(b, v.place, func(n record.GraduateCount) []int {
		var values []int
		for _, w := range record.Willingnesses() {
			values = append(values, n.Willingness[w])
		}
		return values
	})
}

// monthBars has a bar for each month from the first that was kept on, and one
// for now; a month in which nobody counted has none, and says so.
func (t *Turn) monthBars(b chart.Bars, place record.Code, of func(record.GraduateCount) []int) (chart.Bars, error) {
	this := time.Date(t.Now.Year(), t.Now.Month(), 1, 0, 0, 0, 0, t.b.conf.Zone)
	list, err := t.GraduateMonths(place, monthDate(this.AddDate(0, 1-monthsShown, 0)))
	if err != nil {
		return b, err
	}
	kept := map[record.Date]record.GraduateMonth{}
	first := this
	for i, m := range list {
		kept[m.Month] = m
		if at, err := m.Month.In(t.b.conf.Zone); err == nil && i == 0 {
			first = at
		}
	}
	n, err := t.Count(place)
	if err != nil {
		return b, err
	}
	b.Subtitle = t.Say("chart.months_none")
	if first.Before(this) {
		b.Subtitle = t.Say("chart.months_from", text.A{"Month": t.monthName(first)})
	}
	for at := first; at.Before(this); at = at.AddDate(0, 1, 0) {
		row := chart.Row{Label: t.monthName(at), Note: t.Say("chart.month_missing")}
		if m, found := kept[monthDate(at)]; found {
			row.Values, row.Note = of(m.Counts), strconv.Itoa(m.Counts.All)
		}
		b.Rows = append(b.Rows, row)
	}
	b.Rows = append(b.Rows, chart.Row{
		Label: t.Say("chart.month_now", text.A{"Month": t.monthName(this)}), Values: of(n.Graduates), Note: strconv.Itoa(n.Graduates.All),
	})
	return b, nil
}

func monthDate(t time.Time) record.Date { return record.Date(t.Format(monthLayout)) }

func (t *Turn) monthName(at time.Time) string {
	return t.Say("graduates.month", text.A{"Year": at.Year(), "Month": t.Voice.Month(at.Month())})
}

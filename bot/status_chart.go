package bot

import (
	"fmt"
	"strconv"
	"time"

	"headgoose/bot/chart"
	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// chartUseful is how long somebody waits for a picture.
const chartUseful = 10 * time.Minute

// statusChart asks for a picture: it is drawn when it is sent, from the counts
// as they then stand. The row is of the class of replies, as somebody waits
// for it: quiet hours do not hold it back.
func (t *Turn) statusChart() error {
	what := t.Arg(0)
	t.Args = t.Args[min(1, len(t.Args)):]
	v, err := t.view(record.SeePlace)
	if err != nil {
		return err
	}
	if charts[what] == nil {
		return record.ErrNotFound
	}
	t.queueCharts(v, what)
	return nil
}

// queueCharts asks for pictures of a view, each a message of its own.
func (t *Turn) queueCharts(v view, pictures ...string) {
	for _, what := range pictures {
		t.Queue(record.Outbox{
			Key:   fmt.Sprintf("chart/%016x/%s", uint64(t.Ev.ID), what),
			Class: record.Reply, Kind: "chart", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
			Args:         map[string]string{"what": what, "place": string(v.place), "week": v.from.Format(mondayLayout)},
			UselessAfter: t.Now.Add(chartUseful),
		})
	}
	t.Toast(t.Say("chart.drawing"))
}

// charts are the pictures, by the word behind status.chart.
var charts map[string]func(*Turn, view) (chart.Bars, error)

func init() {
	charts = map[string]func(*Turn, view) (chart.Bars, error){
		"attendance": (*Turn).attendanceChart,
		"enrolled":   (*Turn).enrolledChart,
		"graduates":  (*Turn).graduatesChart,
		"work":       (*Turn).workMonths,
		"will":       (*Turn).willMonths,

		"referrals":      (*Turn).referralsChart,
		"referral_posts": (*Turn).referralPostsChart,
	}
}

func statusNotices() map[string]render {
	return map[string]render{"chart": chartNotice}
}

// chartNotice reads the counts of a picture and draws it after the
// transaction.
func chartNotice(t *Turn, row record.Outbox) (notice, string, error) {
	t.Args = []string{row.Args["place"], row.Args["week"]}
	read := charts[row.Args["what"]]
	if read == nil {
		return notice{}, "no such picture", nil
	}
	v, err := t.view(record.SeePlace)
	if err != nil {
		return notice{}, "", err
	}
	bars, err := read(t, v)
	if err != nil {
		return notice{}, "", err
	}
	return notice{
		card: card{Text: bars.Title + "\n" + bars.Subtitle},
		draw: func() ([]byte, *chat.Upload, error) {
			png, err := bars.PNG()
			return png, nil, err
		},
	}, "", nil
}

// below lists what a chart of a place has a bar for: the townships of a county,
// or the place itself.
func (t *Turn) below(v view) ([]record.Place, error) {
	if v.place.Level() == record.County {
		return t.Children(v.place)
	}
	p, err := t.Place(v.place)
	return []record.Place{p}, err
}

// attendanceChart shows the week by township; for a township, by session.
func (t *Turn) attendanceChart(v view) (chart.Bars, error) {
	b := chart.Bars{
		Title: t.Say("chart.attendance", text.A{"Place": v.name}),
		Series: []chart.Series{
			{Name: t.Say("status.present"), Color: chart.Done},
			{Name: t.Say("status.excused"), Color: chart.Between},
			{Name: t.Say("status.missing"), Color: chart.Lacking},
			{Name: t.Say("chart.open"), Color: chart.Rest},
		},
	}
	all, err := t.weekSum(v.place, v.from)
	if err != nil {
		return b, err
	}
	b.Subtitle = t.Say("chart.week", text.A{
		"Span": t.Voice.Span(v.from, v.from.AddDate(0, 0, 6)), "Sessions": all.sessions, "Expected": all.Expected,
	})
	if v.place.Level() != record.County {
		b.Rows, err = t.sessionBars(v)
		return b, err
	}
	towns, err := t.below(v)
	if err != nil {
		return b, err
	}
	for _, town := range towns {
		sum, err := t.weekSum(town.Code, v.from)
		if err != nil {
			return b, err
		}
		b.Rows = append(b.Rows, attendanceBar(town.Name, sum))
	}
	return b, nil
}

func attendanceBar(label string, c weekCount) chart.Row {
	row := chart.Row{Label: label, Values: []int{c.Present, c.Excused, c.missed, c.open()}}
	if c.Expected > 0 {
		row.Note = fmt.Sprintf("%d / %d", c.Present, c.Expected)
	}
	return row
}

// sessionBars has a bar for each session of a township's week.
func (t *Turn) sessionBars(v view) ([]chart.Row, error) {
	list, err := t.Duties(v.place, v.from, v.from.AddDate(0, 0, 7), 0)
	if err != nil {
		return nil, err
	}
	var rows []chart.Row
	for _, s := range list {
		if s.State == record.Cancelled {
			continue
		}
		c, err := t.Tally(s.ID, v.township())
		if err != nil {
			return nil, err
		}
		sum := weekCount{SessionCount: c}
		if s.State == record.Closed {
			sum.missed = c.Missing()
		}
		rows = append(rows, attendanceBar(t.buttonOf(s), sum))
	}
	return rows, nil
}

// enrolledChart shows who is enrolled, by township.
func (t *Turn) enrolledChart(v view) (chart.Bars, error) {
	n, err := t.Count(v.place)
	if err != nil {
		return chart.Bars{}, err
	}
	b := chart.Bars{
		Title: t.Say("chart.enrolled", text.A{"Place": v.name}),
		Subtitle: t.Say("chart.enrolled_of", text.A{
			"Day": t.Voice.ShortDay(t.Now), "Enrolled": n.Enrolled, "Secretaries": n.Secretaries, "Villages": n.Villages,
		}),
		Series: []chart.Series{
			{Name: t.Say("query.enrolled"), Color: chart.Done},
			{Name: t.Say("query.unreachable"), Color: chart.Lacking},
			{Name: t.Say("query.not_enrolled"), Color: chart.Between},
			{Name: t.Say("query.vacant"), Color: chart.Rest},
		},
	}
	towns, err := t.below(v)
	if err != nil {
		return b, err
	}
	for _, town := range towns {
		n, err := t.Count(town.Code)
		if err != nil {
			return b, err
		}
		b.Rows = append(b.Rows, chart.Row{
			Label:  town.Name,
			Values: []int{n.Enrolled - n.Unreachable, n.Unreachable, n.Secretaries - n.Enrolled, n.Villages - n.Secretaries},
			Note:   fmt.Sprintf("%d / %d", n.Enrolled, n.Villages),
		})
	}
	return b, nil
}

// graduatesChart shows what the graduates of a place do, each bar by whether
// they want to return.
func (t *Turn) graduatesChart(v view) (chart.Bars, error) {
	n, err := t.Count(v.place)
	if err != nil {
		return chart.Bars{}, err
	}
	g := n.Graduates
	b := chart.Bars{
		Title:    t.Say("chart.graduates", text.A{"Place": v.name}),
		Subtitle: t.Say("chart.graduates_of", text.A{"Day": t.Voice.ShortDay(t.Now), "All": g.All, "Key": g.SeekingWilling}),
	}
	colors := []chart.Color{chart.Done, chart.Between, chart.Other}
	for i, w := range record.Willingnesses() {
		b.Series = append(b.Series, chart.Series{Name: t.Say("query.willingness." + string(w)), Color: colors[i]})
	}
	b.Series = append(b.Series, chart.Series{Name: t.Say("chart.not_said"), Color: chart.Rest})
	bar := func(label string, e record.Employment, all int) {
		row := chart.Row{Label: label, Note: strconv.Itoa(all)}
		rest := all
		for _, w := range record.Willingnesses() {
			n := g.Outlook[record.OutlookOf(e, w)]
			row.Values, rest = append(row.Values, n), rest-n
		}
		row.Values = append(row.Values, rest)
		b.Rows = append(b.Rows, row)
	}
	for _, e := range record.Employments() {
		bar(t.Say("query.employment."+string(e)), e, g.Employment[e])
	}
	bar(t.Say("query.studying"), "", g.Studying)
	return b, nil
}

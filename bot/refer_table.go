package bot

import (
	"fmt"
	"strings"

	"headgoose/bot/chart"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// What became of all referrals: a table by village or by post, two pictures, and
// a workbook (refer_sheet.go). The table costs the counts that it shows.

// The views of the table, as its command line names them.
const (
	byVillages = "villages"
	byPosts    = "posts"
)

// referralTable is a table of a place: place, by villages or posts, page.
func (t *Turn) referralTable() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.KeepReferral, record.Object{Place: place}); err != nil {
		return err
	}
	by := byVillages
	if t.Arg(1) == byPosts {
		by = byPosts
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	all, err := t.ReferralCount(place)
	if err != nil {
		return err
	}
	n, stages := t.stagesOfCount(all, record.OpeningKinds()...)
	lines := []string{t.Say("refer.table", text.A{"Place": name, "N": n, "Stages": stages})}
	var rows [][]Btn
	other, line := t.Btn("by_post", "referral.table "+string(place)+" "+byPosts), "referral.table "+string(place)+" "+by
	if by == byPosts {
		other = t.Btn("by_home", "referral.table "+string(place)+" "+byVillages)
		lines = append(lines, t.postLinesOf(all)...)
	} else {
		more, turn, err := t.placeLinesOf(place, line)
		if err != nil {
			return err
		}
		lines, rows = append(lines, more...), turn
	}
	id := string(place)
	back := "refer " + id
	if place.Level() == record.Township && t.Allow(record.KeepReferral, record.Object{Place: place.Parent()}) == nil {
		back = "referral.table " + string(place.Parent())
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, []Btn{other, t.Btn("chart", "referral.chart "+id)},
		[]Btn{t.Btn("referral_sheet", "referral.sheet "+id)}, []Btn{t.Btn("back", back), t.Btn("home", "start")})...)
	return nil
}

// stagesOfCount adds up the kinds of posts: how many referrals there are, and in
// words how many stand where.
func (t *Turn) stagesOfCount(c record.ReferralCount, kinds ...record.OpeningKind) (all int, words string) {
	var parts []string
	for _, stage := range record.ReferralStages() {
		n := 0
		for _, kind := range kinds {
			n += c.Of(kind, stage)
		}
		if all += n; n > 0 {
			parts = append(parts, t.Say("refer.count", text.A{"Stage": t.Say("referral_stage." + string(stage)), "N": n}))
		}
	}
	return all, strings.Join(parts, " · ")
}

// postLinesOf say each kind of post for which somebody was referred.
func (t *Turn) postLinesOf(c record.ReferralCount) []string {
	var lines []string
	for _, kind := range record.OpeningKinds() {
		if n, stages := t.stagesOfCount(c, kind); n > 0 {
			lines = append(lines, t.Say("refer.table_line", text.A{"Name": t.Say("opening_kind." + string(kind)), "N": n, "Stages": stages}))
		}
	}
	return lines
}

// referredIn lists the places in a place of which somebody was referred, with the
// counts.
func (t *Turn) referredIn(place record.Code) (list []record.Place, counts []record.ReferralCount, err error) {
	children, err := t.Children(place)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range children {
		c, err := t.ReferralCount(p.Code)
		if err != nil {
			return nil, nil, err
		}
		if n, _ := t.stagesOfCount(c, record.OpeningKinds()...); n > 0 {
			list, counts = append(list, p), append(counts, c)
		}
	}
	return list, counts, nil
}

// placeLinesOf say a page of the places in a place, with the ways into townships.
func (t *Turn) placeLinesOf(place record.Code, line string) ([]string, [][]Btn, error) {
	list, counts, err := t.referredIn(place)
	if err != nil {
		return nil, nil, err
	}
	from, to, turn := t.window(2, len(list), line)
	var lines []string
	var row []Btn
	for i := from; i < to; i++ {
		n, stages := t.stagesOfCount(counts[i], record.OpeningKinds()...)
		lines = append(lines, t.Say("refer.table_line", text.A{"Name": list[i].Name, "N": n, "Stages": stages}))
		if list[i].Code.Level() == record.Township {
			row = append(row, Btn{Text: list[i].Name, Line: "referral.table " + string(list[i].Code)})
		}
	}
	return lines, append(inRows(row, 2), turn...), nil
}

// referralCharts asks for the two pictures of a place.
func (t *Turn) referralCharts() error {
	v, err := t.view(record.KeepReferral)
	if err != nil {
		return err
	}
	t.queueCharts(v, "referrals", "referral_posts")
	return nil
}

// referralBars is a picture of referrals without its rows.
func (t *Turn) referralBars(title string, v view) (chart.Bars, record.ReferralCount, error) {
	all, err := t.ReferralCount(v.place)
	n, _ := t.stagesOfCount(all, record.OpeningKinds()...)
	return chart.Bars{
		Title: title, Subtitle: t.Say("chart.referrals_all", text.A{"N": n}),
		Series: []chart.Series{
			{Name: t.Say("referral_stage.placed"), Color: chart.Done},
			{Name: t.Say("chart.referrals_open"), Color: chart.Between},
			{Name: t.Say("referral_stage.declined"), Color: chart.Other},
			{Name: t.Say("referral_stage.ended"), Color: chart.Rest},
		},
	}, all, err
}

// referralBar is one bar: placed, under way, declined, ended.
func (t *Turn) referralBar(label string, c record.ReferralCount, kinds ...record.OpeningKind) chart.Row {
	values := make([]int, 4)
	all := 0
	for _, stage := range record.ReferralStages() {
		i := 1
		switch stage {
		case record.ReferralPlaced:
			i = 0
		case record.ReferralDeclined:
			i = 2
		case record.ReferralEnded:
			i = 3
		}
		for _, kind := range kinds {
			values[i] += c.Of(kind, stage)
			all += c.Of(kind, stage)
		}
	}
	return chart.Row{Label: label, Values: values, Note: fmt.Sprint(all)}
}

// referralsChart shows the referrals of the places in a place.
func (t *Turn) referralsChart(v view) (chart.Bars, error) {
	b, _, err := t.referralBars(t.Say("chart.referrals", text.A{"Place": v.name}), v)
	if err != nil {
		return b, err
	}
	list, counts, err := t.referredIn(v.place)
	for i, p := range list {
		b.Rows = append(b.Rows, t.referralBar(p.Name, counts[i], record.OpeningKinds()...))
	}
	return b, err
}

// referralPostsChart shows the referrals of a place by the kind of post.
func (t *Turn) referralPostsChart(v view) (chart.Bars, error) {
	b, all, err := t.referralBars(t.Say("chart.referral_posts", text.A{"Place": v.name}), v)
	for _, kind := range record.OpeningKinds() {
		b.Rows = append(b.Rows, t.referralBar(t.Say("opening_kind."+string(kind)), all, kind))
	}
	return b, err
}

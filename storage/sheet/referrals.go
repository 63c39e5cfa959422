package sheet

import (
	"strconv"

	"headgoose/storage/record"
)

// ReferralLine is what became of one referral, in words. It has no number.
type ReferralLine struct {
	Township, Village, Name string // the graduate's
	Post, Place             string // the post's kind and place
	Stage                   string
	By                      string // who proposed
	Proposed, Last          record.Date
	End                     string // why it ended, or the reason of a no
	After1, After3, After6  string // how the placement has turned out
}

// ReferralSum is how many referrals of a village, or for a post, stand where.
type ReferralSum struct {
	Labels []string // of a village: township, village; of a post: kind, place, number, last day, closed on
	Stages map[record.ReferralStage]int
}

// Referrals is the workbook of referrals: each, and the sums by village and by post.
type Referrals struct {
	Lines            []ReferralLine
	Villages, Posts  []ReferralSum
	StageNames       []string // in the order of record.ReferralStages
	SumTitle, PostOf string   // titles of the two sheets of sums
}

// WriteReferrals writes what became of referrals.
func WriteReferrals(lang Lang, title string, r Referrals) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("推荐", "Referrals"), title, "", []column{
		{"序号", "No.", 7},
		{"乡镇", "Township", 16},
		{"村", "Village", 18},
		{"毕业生", "Graduate", 14},
		{"岗位", "Post", 14},
		{"用人地点", "Place of the post", 24},
		{"现在", "Stage", 12},
		{"提名人", "Proposed by", 14},
		{"提名日期", "Proposed", 13},
		{"最近一步", "Last step", 13},
		{"结束或不同意的原因", "Why it ended, or no", 26},
		{"满 1 个月", "After 1 month", 24},
		{"满 3 个月", "After 3 months", 24},
		{"满 6 个月", "After 6 months", 24},
	})
	for i, l := range r.Lines {
		p.add(strconv.Itoa(i+1), l.Township, l.Village, l.Name, l.Post, l.Place, l.Stage, l.By, string(l.Proposed), string(l.Last), l.End, l.After1, l.After3, l.After6)
	}
	r.sums(b, lang.either("按村", "By village"), r.SumTitle, []column{{"乡镇", "Township", 16}, {"村", "Village", 18}}, r.Villages)
	r.sums(b, lang.either("按岗位", "By post"), r.PostOf, []column{
		{"岗位", "Post", 14},
		{"用人地点", "Place of the post", 24},
		{"名额", "Wanted", 9},
		{"截止", "Until", 13},
		{"关闭", "Closed", 13},
	}, r.Posts)
	return b.bytes()
}

// sums writes a sheet with a column for each stage, and for all.
func (r Referrals) sums(b *workbook, name, title string, cols []column, rows []ReferralSum) {
	cols = append(cols, column{"合计", "All", 9})
	for _, stage := range r.StageNames {
		cols = append(cols, column{stage, stage, 12})
	}
	p := b.sheet(name, title, "", cols)
	for _, row := range rows {
		all := 0
		var counts []string
		for _, stage := range record.ReferralStages() {
			n := row.Stages[stage]
			all += n
			counts = append(counts, strconv.Itoa(n))
		}
		p.add(append(append(append([]string{}, row.Labels...), strconv.Itoa(all)), counts...)...)
	}
}

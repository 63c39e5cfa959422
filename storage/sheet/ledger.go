package sheet

import (
	"strconv"

	"headgoose/storage/record"
)

// LedgerLine is where one branch stands in a programme of rotation training.
type LedgerLine struct {
	Township, Village, Name string
	State                   string // in words
	Batch                   string // its number and destination
	Days                    string
	Reason                  string
	Note                    string // where the study note stands, in words
	Trained                 record.Date
}

// WriteLedger writes the coverage ledger of a programme, a row for each village in
// the order of the list.
func WriteLedger(lang Lang, title string, lines []LedgerLine) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("轮训台账", "Coverage"), title, "", []column{
		{"序号", "No.", 7},
		{"乡镇", "Township", 16},
		{"村", "Village", 18},
		{"支部书记", "Secretary", 14},
		{"状态", "State", 14},
		{"批次", "Batch", 22},
		{"日期", "Days", 24},
		{"原因", "Reason", 26},
		{"学习札记", "Study note", 16},
		{"最近一次轮训", "Last trained", 15},
	})
	for i, l := range lines {
		p.add(strconv.Itoa(i+1), l.Township, l.Village, l.Name, l.State, l.Batch, l.Days, l.Reason, l.Note, string(l.Trained))
	}
	return b.bytes()
}

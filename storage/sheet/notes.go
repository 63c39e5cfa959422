package sheet

import (
	"strconv"
	"time"

	"headgoose/storage/record"
)

// NoteLine is the study note of one branch.
type NoteLine struct {
	Township, Village, Name string
	State                   string // in words
	Due                     record.Date
	HandedIn                time.Time // zero where it was not; written in its own zone
	Text                    string    // all texts, at most MaxText runes
	Files                   string    // the names of its documents
	After30, After90        string    // what was used at home
}

// MaxText is how many runes a cell with a text holds (Excel's own limit is 32,767
// UTF-16 units).
const MaxText = 16_000

// WriteNotes writes the notes of a batch, in the order of the list.
func WriteNotes(lang Lang, title string, lines []NoteLine) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("学习札记", "Study notes"), title, "", []column{
		{"序号", "No.", 7},
		{"乡镇", "Township", 16},
		{"村", "Village", 18},
		{"姓名", "Name", 14},
		{"状态", "State", 12},
		{"应交日期", "Due", 13},
		{"交来时间", "Handed in", 18},
		{"内容", "Text", 60},
		{"文件", "Documents", 24},
		{"30 天后用上了什么", "Used after 30 days", 30},
		{"90 天后用上了什么", "Used after 90 days", 30},
	})
	for i, l := range lines {
		at := ""
		if !l.HandedIn.IsZero() {
			at = l.HandedIn.Format("2006-01-02 15:04")
		}
		p.add(strconv.Itoa(i+1), l.Township, l.Village, l.Name, l.State, string(l.Due), at, l.Text, l.Files, l.After30, l.After90)
	}
	return b.bytes()
}

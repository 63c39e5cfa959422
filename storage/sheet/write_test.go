package sheet

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/xuri/excelize/v2"

	"headgoose/storage/record"
)

var both = []Lang{Chinese, English}

func must(t *testing.T) func([]byte, error) []byte {
	return func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// reopen opens a written file as a spreadsheet program does.
func reopen(t *testing.T, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func table(t *testing.T, f *excelize.File, sheet string) string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join(r, "|"))
	}
	return strings.Join(lines, "\n")
}

func TestRosterRoundTrip(t *testing.T) {
	rows := []record.RosterRow{
		{Township: "巴燕镇", Village: "下加合村", Code: "630224100200", Role: record.Secretary, Name: "书记 001", Phone: "13900000001", BirthYear: 1975, Education: record.SeniorHigh, Since: "2021-03"},
		{Township: "巴燕镇", Village: "金家庄村", Code: "630224100201"},
		{Township: "巴燕镇", Code: "630224100", Role: record.TownshipOfficer, Name: "=委员 001", Education: record.Postgrad},
		{Role: record.CountyOfficer, Name: "+管理员 001", Since: "2020-01-02"},
		{Township: "巴燕镇", Role: record.Host, Name: "@主持 001"},
	}
	for _, lang := range both {
		t.Run(string(lang), func(t *testing.T) {
			data := must(t)(WriteRoster(lang, "化隆县名册", rows))
			b := mustRead(t, data)
			check(t, "faults", b.Faults, []record.Fault(nil))
			check(t, "ignored", b.Ignored, []string(nil))
			got := slices.Clone(b.Roster)
			for i := range got {
				check(t, "row", got[i].Row, i+b.HeaderRow+1)
				got[i].Row = 0
			}
			check(t, "rows", got, rows)
		})
	}
}

// 362 villages are more than a list in a cell may hold.
func TestRosterTemplateHasDropLists(t *testing.T) {
	villages := mustRead(t, hualongCSV(t)).Roster
	f := reopen(t, must(t)(WriteRoster(Chinese, "化隆县名册", villages)))
	lists, err := f.GetDataValidations("名册")
	if err != nil || len(lists) != 3 {
		t.Fatalf("%d lists, %v", len(lists), err)
	}
	names := map[string]bool{}
	for _, v := range villages {
		names[v.Village] = true
	}
	check(t, "villages", lists[0].Formula1, fmt.Sprintf("lists!$B$1:$B$%d", len(names)))
	if !strings.Contains(lists[1].Formula1, "支部书记") {
		t.Errorf("posts: %s", lists[1].Formula1)
	}
	if visible, err := f.GetSheetVisible("lists"); visible || err != nil {
		t.Errorf("the sheet of lists is visible: %v, %v", visible, err)
	}
	if first, _ := f.GetCellValue("lists", "B1"); first != "下加合村" {
		t.Errorf("first village: %q", first)
	}
}

func TestGraduatesRoundTrip(t *testing.T) {
	rows := []GraduateRow{
		{Township: "巴燕镇", Village: "下加合村", Code: "630224100200", Name: "毕业生 001", BirthYear: 2003, Education: record.Bachelor, School: "青海大学", Major: "-农学", Studying: true, Graduation: "2027-06", Willingness: record.Considering, Phone: "13900000201", Consent: record.SheetYes, ConsentDate: "2026-03-01"},
		{Township: "巴燕镇", Village: "下加合村", Code: "630224100200", Name: "毕业生 002", BirthYear: 2001, Education: record.JuniorColl, Graduation: "2024-07", Employment: record.Serving, Willingness: record.Unwilling},
	}
	for _, e := range record.Employments() {
		rows = append(rows, GraduateRow{Township: "巴燕镇", Village: "金家庄村", Name: "毕业生 " + string(e), BirthYear: 2000, Employment: e})
	}
	for _, lang := range both {
		t.Run(string(lang), func(t *testing.T) {
			b := mustRead(t, must(t)(WriteGraduates(lang, "化隆县毕业生", rows)))
			check(t, "faults", b.Faults, []record.Fault(nil))
			for i := range b.Graduates {
				b.Graduates[i].Row, b.Graduates[i].SaysStudying = 0, false
			}
			check(t, "rows", b.Graduates, rows)
		})
	}
}

// What a program could take for a formula is a text in the file.
func TestNoFormulaIsWritten(t *testing.T) {
	var rows []record.RosterRow
	begins := []string{"=1+1", "+1", "-1", "@SUM(A1)", "=1", "＋1", "－1", "＠a", "\t=1"}
	for _, b := range begins {
		rows = append(rows, record.RosterRow{Township: "巴燕镇", Village: "下加合村", Role: record.Secretary, Name: b})
	}
	f := reopen(t, must(t)(WriteRoster(Chinese, "=1+1", rows)))
	for i, want := range begins {
		cell, _ := excelize.CoordinatesToCellName(5, i+4)
		kind, err := f.GetCellType("名册", cell)
		formula, _ := f.GetCellFormula("名册", cell)
		value, _ := f.GetCellValue("名册", cell)
		if err != nil || kind != excelize.CellTypeSharedString || formula != "" || value != want {
			t.Errorf("%q: type %v, formula %q, value %q, %v", want, kind, formula, value, err)
		}
		id, _ := f.GetCellStyle("名册", cell)
		if style, err := f.GetStyle(id); err != nil || style.NumFmt != 49 {
			t.Errorf("%q: not kept as text when it is edited: %+v, %v", want, style, err)
		}
	}
}

func TestAttendanceLayout(t *testing.T) {
	at := time.Date(2026, 12, 3, 9, 2, 0, 0, time.FixedZone("", 8*3600))
	lines := []AttendanceLine{
		{"巴燕镇", "下加合村", "书记 001", at, record.Present, record.ByLink, ""},
		{"巴燕镇", "金家庄村", "书记 002", at.Add(20 * time.Minute), record.Late, record.ByRollCall, "车坏了"},
		{"巴燕镇", "什杰列村", "书记 003", time.Time{}, "", "", ""},
	}
	for lang, want := range map[Lang]string{
		Chinese: "廉政教育基地\n序号|乡镇|村|姓名|签到时间|状态|方式|备注\n" +
			"1|巴燕镇|下加合村|书记 001|2026-12-03 09:02|准时|扫码\n" +
			"2|巴燕镇|金家庄村|书记 002|2026-12-03 09:22|迟到|点名|车坏了\n" +
			"3|巴燕镇|什杰列村|书记 003||未到",
		English: "廉政教育基地\nNo.|Township|Village|Name|Checked in|Status|How|Remarks\n" +
			"1|巴燕镇|下加合村|书记 001|2026-12-03 09:02|On time|Scanned\n" +
			"2|巴燕镇|金家庄村|书记 002|2026-12-03 09:22|Late|Roll call|车坏了\n" +
			"3|巴燕镇|什杰列村|书记 003||Not there",
	} {
		t.Run(string(lang), func(t *testing.T) {
			f := reopen(t, must(t)(WriteAttendance(lang, "廉政教育基地", lines)))
			got := table(t, f, f.GetSheetName(0))
			check(t, "table", got, want)
		})
	}
}

func TestDetail(t *testing.T) {
	f := reopen(t, must(t)(WriteDetail(Chinese, []DetailRow{{17, "手机", "1388888", "不足 11 位"}}, []DetailRow{{Row: 20, Text: "书记 041 → 书记 363"}})))
	check(t, "faults", table(t, f, "问题"), "行|列|值|说明\n17|手机|1388888|不足 11 位")
	check(t, "changes", table(t, f, "变更"), "行|列|值|说明\n20|||书记 041 → 书记 363")
}

// Each township has its sheet; each code leads where its link does.
func TestLinks(t *testing.T) {
	lines := []LinkLine{
		{"", "", record.CountyOfficer, "管理员 001", "https://t.me/headgoose_bot?start=eAAAA"},
		{"巴燕镇", "下加合村", record.Secretary, "书记 001", "https://t.me/headgoose_bot?start=eBBBB"},
		{"群科镇", "日兰村", record.Secretary, "书记 003", "https://t.me/headgoose_bot?start=eDDDD"},
		{"巴燕镇", "金家庄村", record.Secretary, "书记 002", "https://t.me/headgoose_bot?start=eCCCC"},
	}
	f := reopen(t, must(t)(WriteLinks(Chinese, "每人一条,请勿转发。", lines)))
	check(t, "sheets", f.GetSheetList(), []string{"县级", "巴燕镇", "群科镇"})
	for row, want := range map[int]LinkLine{4: lines[1], 5: lines[3]} {
		cell, _ := excelize.CoordinatesToCellName(5, row)
		pictures, err := f.GetPictures("巴燕镇", cell)
		if err != nil || len(pictures) != 1 {
			t.Fatalf("%s: %d pictures, %v", cell, len(pictures), err)
		}
		check(t, "code of "+want.Name, scan(t, pictures[0].File), want.URL)
		link, _ := f.GetCellValue("巴燕镇", "D"+cell[1:])
		check(t, "link of "+want.Name, link, want.URL)
	}
}

func scan(t *testing.T, file []byte) string {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

func TestSheetNames(t *testing.T) {
	b := newWorkbook(Chinese)
	long := strings.Repeat("长", 40)
	for _, tc := range []struct{ name, want string }{
		{"巴燕镇", "巴燕镇"},
		{"巴燕镇", "巴燕镇 2"},
		{"a/b:c*", "a b c"},
		{"", "-"},
		{"lists", "lists 2"},
		{long, long[:31*3]},
		{long, long[:29*3] + " 2"},
	} {
		check(t, "sheet "+tc.name, b.sheetName(tc.name), tc.want)
	}
}

// The workbook of referrals has each, and the sums by village and by post; a name
// that begins like a formula is text.
func TestReferrals(t *testing.T) {
	sums := []ReferralSum{{Labels: []string{"巴燕镇", "下加合村"}, Stages: map[record.ReferralStage]int{record.ReferralPlaced: 1, record.ReferralDeclined: 2}}}
	posts := []ReferralSum{{Labels: []string{"村文书", "巴燕镇 上圈村", "1", "2026-12-31", ""}}}
	book := Referrals{
		Lines:    []ReferralLine{{Township: "巴燕镇", Village: "下加合村", Name: "=毕业生 001", Post: "村文书", Place: "巴燕镇 上圈村", Stage: "到岗", Proposed: "2026-12-01", Last: "2026-12-09"}},
		Villages: sums, Posts: posts, SumTitle: "合计", PostOf: "合计",
	}
	for range record.ReferralStages() {
		book.StageNames = append(book.StageNames, "阶段")
	}
	f := reopen(t, must(t)(WriteReferrals(Chinese, "推荐结果", book)))
	for sheet, want := range map[string]string{
		"推荐": "1|巴燕镇|下加合村|=毕业生 001|村文书|巴燕镇 上圈村|到岗||2026-12-01|2026-12-09", "按村": "巴燕镇|下加合村|3|0|0|0|2|0|0|1|0", "按岗位": "村文书|巴燕镇 上圈村|1|2026-12-31||0|0",
	} {
		if got := table(t, f, sheet); !strings.Contains(got, want) {
			t.Errorf("%s: want %s in\n%s", sheet, want, got)
		}
	}
}

// Links of villages stand a row each, whatever a name begins with.
func TestVillageLinks(t *testing.T) {
	until := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	lines := []VillageLinkLine{
		{Township: "巴燕镇", Village: "下加合村", URL: "https://example.org/1", Until: until},
		{Township: "群科镇", Village: "=文卜具村", URL: "https://example.org/2", Until: until},
	}
	for lang, name := range map[Lang]string{Chinese: "各村登记链接", English: "Villages' links"} {
		data := must(t)(WriteVillageLinks(lang, "化隆县", lines))
		f := reopen(t, data)
		want := "巴燕镇|下加合村|https://example.org/1|2027-03-01 00:00\n群科镇|=文卜具村|https://example.org/2|2027-03-01 00:00"
		if got := table(t, f, name); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
	}
}

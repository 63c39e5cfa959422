package sheet

import (
	"strconv"
	"time"

	"headgoose/storage/record"
)

// WriteRoster writes the roster as an .xlsx that the office fills in or
// corrects and sends back: a row for each of rows, with drop lists for posts,
// education levels and villages. A row without a name is a post to be filled.
// Phone numbers are written where the rows have them; the store keeps none.
func WriteRoster(lang Lang, title string, rows []record.RosterRow) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("名册", "Roster"), title, lang.either(
		"每行一个职务。姓名留空表示尚未填写;手机为 11 位;出生年份和任职时间如 1975、2021-03。留空的格不改动已有内容。"+
			"请勿增加民族、宗教、政治面貌、身份证、银行卡、健康、家庭、照片、声音、定位等栏,有此类栏的表不能导入。",
		"One post a row. An empty name: not filled in yet; phone of 11 digits; birth year and date like 1975, 2021-03. An empty cell changes nothing. "+
			"No columns for ethnicity, religion, politics, ID number, bank account, health, family, photo, voice or location: a sheet with one is refused."),
		[]column{
			{"乡镇", "Township", 16},
			{"村", "Village", 18},
			{"统计代码", "Code", 16},
			{"职务", "Post", 16},
			{"姓名", "Name", 14},
			{"手机", "Phone", 16},
			{"出生年份", "Birth year", 11},
			{"学历", "Education", 14},
			{"任职时间", "In the post since", 16},
		})
	var villages []string
	seen := map[string]bool{}
	for _, r := range rows {
		role := r.Role
		if role == "" && r.Village != "" {
			role = record.Secretary
		}
		p.add(r.Township, r.Village, string(r.Code), roleWords.write(lang, role), r.Name, r.Phone,
			number(r.BirthYear), educationWords.write(lang, r.Education), string(r.Since))
		if r.Village != "" && !seen[r.Village] {
			seen[r.Village] = true
			villages = append(villages, r.Village)
		}
	}
	const spare = 50 // rows below for who is added by hand
	p.choices(1, len(rows)+spare, villages)
	p.choices(3, len(rows)+spare, roleWords.words(lang))
	p.choices(7, len(rows)+spare, educationWords.words(lang))
	return b.bytes()
}

// AttendanceLine is one branch or person of a session.
type AttendanceLine struct {
	Township string
	Village  string
	Name     string
	At       time.Time // zero where nobody checked in; written in its own zone
	Status   record.Status
	Method   record.Method
	Note     string
}

// WriteAttendance writes who came, in the layout of the office's own list.
func WriteAttendance(lang Lang, title string, lines []AttendanceLine) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("签到表", "Attendance"), title, "", []column{
		{"序号", "No.", 7},
		{"乡镇", "Township", 16},
		{"村", "Village", 18},
		{"姓名", "Name", 14},
		{"签到时间", "Checked in", 18},
		{"状态", "Status", 12},
		{"方式", "How", 14},
		{"备注", "Remarks", 28},
	})
	for i, l := range lines {
		at := ""
		if !l.At.IsZero() {
			at = l.At.Format("2006-01-02 15:04")
		}
		p.add(strconv.Itoa(i+1), l.Township, l.Village, l.Name, at, statusWords.write(lang, l.Status), methodWords.write(lang, l.Method), l.Note)
	}
	return b.bytes()
}

// WriteGraduates writes a list of graduates that Read reads again. Phone is
// written where a row has it: who may see it is the caller's to decide.
func WriteGraduates(lang Lang, title string, rows []GraduateRow) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("毕业生", "Graduates"), title, "", []column{
		{"乡镇", "Township", 16},
		{"村", "Village", 18},
		{"统计代码", "Code", 16},
		{"姓名", "Name", 14},
		{"出生年份", "Birth year", 11},
		{"学历", "Education", 12},
		{"毕业院校", "School", 24},
		{"专业", "Major", 20},
		{"在读或毕业", "Studying or graduated", 13},
		{"毕业时间", "Graduation", 12},
		{"就业情况", "Employment", 16},
		{"返乡意愿", "Willingness to return", 13},
		{"手机", "Phone", 16},
		{"本人同意", "Consent", 11},
		{"同意日期", "Consent date", 13},
	})
	for _, r := range rows {
		studying := lang.either("已毕业", "Graduated")
		if r.Studying {
			studying = lang.either("在读", "Studying")
		}
		p.add(r.Township, r.Village, string(r.Code), r.Name, number(r.BirthYear), educationWords.write(lang, r.Education), r.School,
			r.Major, studying, string(r.Graduation), employmentWords.write(lang, r.Employment), willingnessWords.write(lang, r.Willingness), r.Phone,
			consentWords.write(lang, r.Consent), string(r.ConsentDate))
	}
	p.choices(5, len(rows), educationWords.words(lang))
	p.choices(10, len(rows), employmentWords.words(lang))
	p.choices(11, len(rows), willingnessWords.words(lang))
	return b.bytes()
}

// number writes a number; none where there is none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

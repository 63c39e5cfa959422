package sheet

import (
	"headgoose/storage/record"
)

// CalendarRow is one day of a calendar's sheet.
type CalendarRow struct {
	Row  int
	Day  record.Date
	Kind record.DayKind
	Name string
	Base string // as the sheet has it; empty: the whole county
}

var dayKindWords = indexed([]choice[record.DayKind]{
	{record.Holiday, "放假 休息 休假 节假日 法定节假日", "day off|holiday|off"},
	{record.Workday, "调休上班 上班 补班 调休", "make-up workday|workday|work"},
	{record.Shut, "停训 关闭 停用 闭馆", "closed|shut"},
})

func readCalendarDay(l *line) CalendarRow {
	row := CalendarRow{
		Row: l.row.n, Day: field(l, record.FieldDate, l.day), Name: l.text(record.FieldReason, record.MaxTitle), Base: l.text(record.FieldBase, record.MaxTitle),
		Kind: field(l, record.FieldKind, func(s string) (record.DayKind, *bad) {
			kind, known := dayKindWords.read(s)
			if !known {
				return "", &bad{kind: record.FaultChoice, hint: kindHints()}
			}
			return kind, nil
		}),
	}
	l.need(record.FieldDate, row.Day != "")
	l.need(record.FieldKind, row.Kind != "")
	return row
}

// kindHints are the kinds as both languages write them.
func kindHints() (hints []string) {
	for i, word := range dayKindWords.words(Chinese) {
		hints = append(hints, word+"/"+dayKindWords.words(English)[i])
	}
	return hints
}

// WriteCalendar writes the days of a year in the layout that Read reads again.
func WriteCalendar(lang Lang, title string, bases []string, rows []CalendarRow) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("日历", "Calendar"), title, lang.either(
		"每行一天,只写与平常不同的日子,填好发回聊天。停训可写基地,不写即全部基地。表里没有的日子不改动。",
		"One day a row, only those that differ; send it back in the chat. A closure may name its base, none means all. Days that are not in the sheet stay as they are."),
		[]column{
			{"日期", "Date", 14},
			{"类型", "Kind", 18},
			{"名称或原因", "Name or reason", 28},
			{"基地", "Base", 22},
		})
	for _, r := range rows {
		p.add(string(r.Day), dayKindWords.write(lang, r.Kind), r.Name, r.Base)
	}
	const spare = 40
	for range spare {
		p.add("", "", "", "")
	}
	p.choices(1, len(rows)+spare, dayKindWords.words(lang))
	p.choices(3, len(rows)+spare, bases)
	return b.bytes()
}

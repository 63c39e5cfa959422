package sheet

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"headgoose/storage/record"
)

// RotaRow is one turn of the county's rota: which branches come to which base
// on which day. Names are as the sheet has them.
type RotaRow struct {
	Row      int
	Date     record.Date // a whole day
	Start    string      // "09:00"
	End      string      // "11:30"; empty where the sheet names none
	Base     string
	Township string   // empty where the branches say it, or in more than one
	Branches []string // villages; empty with a township: all its villages
	Meet     string
	Host     string
}

// maxBranches is how many branches one row may list.
const maxBranches = 200

func readRota(l *line) RotaRow {
	row := RotaRow{
		Row:      l.row.n,
		Base:     l.text(record.FieldBase, record.MaxTitle),
		Township: l.text(record.FieldTownship, record.MaxPlace),
		Meet:     l.text(record.FieldMeet, record.MaxTitle),
		Host:     field(l, record.FieldHost, cleanName),
		Date:     field(l, record.FieldDate, l.day),
	}
	l.need(record.FieldDate, row.Date != "")
	l.need(record.FieldBase, row.Base != "")
	l.hours(&row)
	for _, f := range []record.Field{record.FieldBranches, record.FieldVillage} {
		row.Branches = append(row.Branches, field(l, f, readList)...)
	}
	if len(row.Branches) == 1 && isAll(row.Branches[0]) {
		row.Branches = nil
	}
	l.need(l.firstOf(record.FieldBranches, record.FieldVillage, record.FieldTownship), row.Township != "" || len(row.Branches) > 0)
	return row
}

// firstOf is the first of the fields that the sheet has a column for.
func (l *line) firstOf(fields ...record.Field) record.Field {
	for _, f := range fields {
		if l.head.has(f) {
			return f
		}
	}
	return fields[0]
}

// day reads a whole day, which may name the weekday behind it; a day without
// a year lies in this year, or in the next where it would lie far behind.
func (l *line) day(s string) (record.Date, *bad) {
	s = weekday.ReplaceAllString(width.Fold.String(s), "")
	if m := dayOfYear.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		year := l.year
		if l.today[5:7] > "09" && len(pad(m[1])) == 2 && pad(m[1]) < "04" {
			year++
		}
		s = strconv.Itoa(year) + "-" + m[1] + "-" + m[2]
	}
	d, b := readDate(s, l.grid.date1904)
	if b == nil && len(d) != len("2006-01-02") {
		return "", &bad{kind: record.FaultDate}
	}
	return d, b
}

var (
	weekday   = regexp.MustCompile(`\s*[(]?(?:周|星期|礼拜)[一二三四五六日天][)]?\s*|\s*[(]?\b(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b[)]?,?\s*`)
	dayOfYear = regexp.MustCompile(`^(\d{1,2})[月./\-](\d{1,2})日?$`)
	// between stands between start and end: "09:00-11:30".
	between = regexp.MustCompile(`\s*(?:-|–|—|~|至|到|to)+\s*`)
)

// hours reads start and end, from one column or two.
func (l *line) hours(row *RotaRow) {
	text := l.cell(record.FieldTime)
	if text == "" {
		l.need(record.FieldTime, false)
		return
	}
	parts := between.Split(width.Fold.String(strings.TrimSpace(text)), 2)
	end, endField := l.cell(record.FieldEnd), record.FieldEnd
	if len(parts) == 2 {
		end, endField = parts[1], record.FieldTime
	}
	var ok bool
	if row.Start, ok = readClock(parts[0]); !ok {
		l.reject(record.FieldTime, bad{kind: record.FaultTime})
		return
	}
	if end == "" {
		return
	}
	row.End, ok = readClock(end)
	if ok && row.End <= row.Start && row.Start >= "12:00" {
		// "下午2点至4点" says 下午 once.
		if later, fine := readClock("下午" + end); fine {
			row.End = later
		}
	}
	if !ok {
		l.reject(endField, bad{kind: record.FaultTime})
	} else if row.End <= row.Start {
		l.reject(endField, bad{kind: record.FaultTimeOrder})
	}
}

// readList reads names that stand in one cell.
func readList(s string) ([]string, *bad) {
	var names []string
	for _, part := range strings.FieldsFunc(width.Fold.String(s), func(r rune) bool {
		return strings.ContainsRune("、,;/\n\r\t，；､｡", r)
	}) {
		name, b := cleanText(part, record.MaxPlace)
		if strings.TrimSpace(part) == "" {
			continue
		}
		if b != nil {
			return nil, b
		}
		if name = strings.TrimSuffix(name, "党支部"); name != "" {
			names = append(names, name)
		}
	}
	if len(names) > maxBranches {
		return nil, &bad{kind: record.FaultTooLong, args: []string{strconv.Itoa(maxBranches)}}
	}
	return names, nil
}

// isAll says whether a list of branches says "all of the township".
func isAll(s string) bool {
	switch fold(s) {
	case "全部", "所有", "各村", "全体", "所有村", "全部村", "各党支部", "全镇", "全乡", "all":
		return true
	}
	return false
}

package sheet

import (
	"headgoose/storage/record"
)

// GraduateRow is one line of a list of graduates.
type GraduateRow = record.GraduateRow

func readGraduate(l *line) GraduateRow {
	row := GraduateRow{
		Row:       l.row.n,
		Township:  l.text(record.FieldTownship, record.MaxPlace),
		Village:   l.text(record.FieldVillage, record.MaxPlace),
		Code:      l.code(record.FieldCode, record.Village),
		Name:      field(l, record.FieldName, cleanName),
		Education: field(l, record.FieldEducation, readEducation),
		School:    l.text(record.FieldSchool, record.MaxTitle),
		Major:     l.text(record.FieldMajor, record.MaxTitle),
		Phone:     field(l, record.FieldPhone, func(s string) (string, *bad) { return readPhone(s, l.grid.exact) }),
	}
	row.BirthYear = field(l, record.FieldBirthYear, func(s string) (int, *bad) { return readBirthYear(s, l.grid.date1904, l.year) })
	row.Studying = field(l, record.FieldStudying, l.studying)
	row.SaysStudying = l.cell(record.FieldStudying) != ""
	row.Graduation = field(l, record.FieldGraduation, l.month)
	row.Employment = field(l, record.FieldEmployment, oneOf(employmentWords))
	row.Willingness = field(l, record.FieldWillingness, oneOf(willingnessWords))
	row.Consent = field(l, record.FieldConsent, oneOf(consentWords))
	row.ConsentDate = field(l, record.FieldConsentDate, l.past)
	var county string
	l.carry(&county, &row.Township, row.Village != "")
	l.need(record.FieldVillage, row.Village != "" || row.Code != "")
	l.need(record.FieldName, row.Name != "")
	l.need(record.FieldBirthYear, row.BirthYear != 0)
	return row
}

// studying reads whether somebody still studies; a column that asks "是否毕业"
// turns a bare yes or no around.
func (l *line) studying(s string) (bool, *bad) {
	asksGraduated := false
	switch fold(l.head.titles[l.head.cols[record.FieldStudying]]) {
	case "是否毕业", "graduated":
		asksGraduated = true
	}
	switch fold(s) {
	case "在读", "在校", "就读", "未毕业", "studying":
		return true, nil
	case "已毕业", "毕业", "graduated":
		return false, nil
	case "是", "yes", "y", "1":
		return !asksGraduated, nil
	case "否", "no", "n", "0":
		return asksGraduated, nil
	}
	return false, &bad{kind: record.FaultChoice}
}

// month reads a date and keeps year and month.
func (l *line) month(s string) (record.Date, *bad) {
	d, b := readDate(s, l.grid.date1904)
	if len(d) > len("2006-01") {
		d = d[:len("2006-01")]
	}
	return d, b
}

func oneOf[T ~string](set choices[T]) func(string) (T, *bad) {
	return func(s string) (T, *bad) {
		v, ok := set.read(s)
		if !ok {
			return "", &bad{kind: record.FaultChoice}
		}
		return v, nil
	}
}

package sheet

import (
	"headgoose/storage/record"
)

// readRosterRow reads one row of a roster. A row with a village and a name but
// no column for the post is the secretary's; a row without a name gives only
// the place.
func readRosterRow(l *line) record.RosterRow {
	row := record.RosterRow{
		Row:          l.row.n,
		County:       l.text(record.FieldCounty, record.MaxPlace),
		Township:     l.text(record.FieldTownship, record.MaxPlace),
		Village:      l.text(record.FieldVillage, record.MaxPlace),
		TownshipCode: l.code(record.FieldTownshipCode, record.Township),
		Name:         field(l, record.FieldName, cleanName),
		Phone:        field(l, record.FieldPhone, func(s string) (string, *bad) { return readPhone(s, l.grid.exact) }),
		Education:    field(l, record.FieldEducation, readEducation),
		Role:         field(l, record.FieldRole, readRole),
	}
	row.BirthYear = field(l, record.FieldBirthYear, func(s string) (int, *bad) { return readBirthYear(s, l.grid.date1904, l.year) })
	row.Since = field(l, record.FieldSince, l.past)
	l.carry(&row.County, &row.Township, row.Village != "")
	l.post(&row)
	l.place(&row)
	return row
}

// carry goes on with the county and township of the rows above where a
// village's row leaves them out.
func (p *parser) carry(county, township *string, village bool) {
	if *county != "" {
		p.county = *county
	} else if village {
		*county = p.county
	}
	if *township != "" {
		p.township = *township
	} else if village {
		*township = p.township
	}
}

// post settles which post the row gives, if any.
func (l *line) post(row *record.RosterRow) {
	said := row.Phone != "" || row.BirthYear != 0 || row.Education != "" || row.Since != ""
	if row.Name == "" {
		l.need(record.FieldName, !said)
		row.Role = "" // a vacant post: the row names the place alone
		return
	}
	if row.Role == "" && l.cell(record.FieldRole) == "" {
		row.Role = l.head.role
		if row.Role == "" && !l.head.has(record.FieldRole) && l.head.has(record.FieldVillage) {
			row.Role = record.Secretary
		}
	}
	l.need(record.FieldRole, row.Role != "")
}

// place reads the code at the level of the post's place, and sees to it that
// the row says where it belongs.
func (l *line) place(row *record.RosterRow) {
	switch level := row.Role.Level(); {
	case row.Role == record.CountyOfficer:
		row.Code = l.code(record.FieldCode, level, record.Township, record.Village).County()
		row.Township, row.Village, row.TownshipCode = "", "", ""
	case row.Role == record.TownshipOfficer:
		row.Code = l.code(record.FieldCode, level, record.Village).Township()
		row.Village = ""
		l.need(record.FieldTownship, row.Township != "" || row.Code != "" || row.TownshipCode != "")
	case row.Role == record.Secretary:
		row.Code = l.code(record.FieldCode, level)
		l.need(record.FieldVillage, row.Village != "" || row.Code != "")
	case row.Role == record.Host || row.Village == "":
		row.Code = l.code(record.FieldCode, levelNamed(*row), record.Township, record.Village)
	default:
		row.Code = l.code(record.FieldCode, record.Village)
	}
}

// levelNamed is the level of the smallest place that the row names.
func levelNamed(row record.RosterRow) record.Level {
	switch {
	case row.Village != "":
		return record.Village
	case row.Township != "":
		return record.Township
	}
	return record.County
}

func (l *line) code(f record.Field, level ...record.Level) record.Code {
	return field(l, f, func(s string) (record.Code, *bad) { return readCode(s, l.grid.exact, level...) })
}

// past reads a date that lies behind.
func (l *line) past(s string) (record.Date, *bad) {
	d, b := readDate(s, l.grid.date1904)
	if b == nil && d > l.today {
		return "", &bad{kind: record.FaultDateFuture}
	}
	return d, b
}

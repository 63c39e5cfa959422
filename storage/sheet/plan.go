package sheet

import (
	"strconv"

	"headgoose/storage/record"
)

// BatchRow is one batch of a plan of rotation training.
type BatchRow struct {
	Row    int
	Number int // in the programme; 0: the sheet does not say
	Place  string
	record.Days
	Hours   string // "09:00-17:00"; empty: the sheet does not say, like To and the texts
	Seats   int
	Contact string
	Meet    string
	Bring   string
}

// DayHours are the hours of a day of a batch of which nobody says any.
const DayHours = "09:00-17:00"

// maxSeats bounds a number of seats that is read; the store has the last word.
const maxSeats = 500

func readBatch(l *line) BatchRow {
	row := BatchRow{
		Row: l.row.n, Number: l.number(record.FieldBatch, 1, 999), Place: l.text(record.FieldTo, record.MaxPlace),
		Seats: l.number(record.FieldSeats, 1, maxSeats), Contact: l.text(record.FieldContact, record.MaxTitle),
		Meet: l.text(record.FieldMeet, record.MaxTitle), Bring: l.text(record.FieldBring, record.MaxTitle),
	}
	row.From, row.To = field(l, record.FieldFirst, l.day), field(l, record.FieldLast, l.day)
	l.need(record.FieldTo, row.Place != "")
	l.need(record.FieldFirst, row.From != "")
	l.need(record.FieldSeats, row.Seats > 0)
	if row.To != "" && row.To < row.From {
		l.reject(record.FieldLast, bad{kind: record.FaultTimeOrder})
	}
	if l.cell(record.FieldTime) != "" {
		var times RotaRow
		if l.hours(&times); times.End != "" {
			row.Hours = times.Start + "-" + times.End
		}
	}
	return row
}

// number reads a whole number between two bounds; 0 where the cell says nothing.
func (l *line) number(f record.Field, lo, hi int) int {
	return field(l, f, func(s string) (int, *bad) {
		n, err := strconv.Atoi(digitsOf(s))
		if err != nil || n < lo || n > hi {
			return 0, &bad{kind: record.FaultNumber, args: []string{strconv.Itoa(lo), strconv.Itoa(hi)}}
		}
		return n, nil
	})
}

// digitsOf takes the words off a number: 第 3 批, 30人, 30.0.
func digitsOf(s string) string {
	digits := ""
	for _, r := range fold(s) {
		switch {
		case r >= '0' && r <= '9':
			digits += string(r)
		case r == '.':
			return digits
		case digits != "":
			return digits
		}
	}
	return digits
}

// WritePlan writes batches in the layout that Read reads again: the template of a
// plan, with rows to be filled in below.
func WritePlan(lang Lang, title string, rows []BatchRow) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("轮训计划", "Training plan"), title, lang.either(
		"每行一批,填好发回聊天。日期如 2027-01-11;时间如 09:00-17:00;名额为数字。已有的批次按批次号对照,没有批次号的按目的地和开始日期对照。",
		"One batch a row; fill it in and send it back in the chat. Days like 2027-01-11, hours like 09:00-17:00, seats as a number. A batch is known by its number, or by destination and first day."),
		[]column{
			{"批次", "Batch", 8},
			{"目的地", "Destination", 20},
			{"开始日期", "First day", 14},
			{"结束日期", "Last day", 14},
			{"时间", "Hours", 15},
			{"名额", "Seats", 8},
			{"联系人", "Contact person", 20},
			{"集合", "Meet", 26},
			{"携带", "Bring", 26},
		})
	for _, r := range rows {
		p.add(number(r.Number), r.Place, string(r.From), string(r.To), r.Hours, number(r.Seats), r.Contact, r.Meet, r.Bring)
	}
	const spare = 30
	for range spare {
		p.add("", "", "", "", "", "", "", "", "")
	}
	p.choices(4, len(rows)+spare, []string{DayHours, "08:30-17:30", "09:00-12:00"})
	p.choices(5, len(rows)+spare, []string{"20", "25", "30", "35", "40"})
	return b.bytes()
}

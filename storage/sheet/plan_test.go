package sheet

import (
	"testing"
	"time"

	"headgoose/storage/record"
)

// What is written to be filled in and sent back is read as it was.
func TestPlanAndCalendarComeBack(t *testing.T) {
	now := time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)
	for _, lang := range []Lang{Chinese, English} {
		t.Run(string(lang), func(t *testing.T) {
			batches := []BatchRow{
				{Number: 1, Place: "海东市平安区", Days: record.Days{From: "2027-01-11", To: "2027-01-15"}, Hours: "09:00-17:00", Seats: 31, Contact: "接待人 001", Meet: "07:40 县委门口", Bring: "身份证"},
				{Number: 2, Place: "海东市乐都区", Days: record.Days{From: "2027-01-18", To: "2027-01-18"}, Hours: "08:30-17:30", Seats: 30},
			}
			file, err := WritePlan(lang, "2027 年集中轮训", batches)
			if err != nil {
				t.Fatal(err)
			}
			book, err := Read(file, Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if book.Kind != KindPlan || len(book.Faults) > 0 || len(book.Plan) != len(batches) {
				t.Fatalf("%s, %d rows, faults %v", book.Kind, len(book.Plan), book.Faults)
			}
			for i, got := range book.Plan {
				if got.Row = 0; got != batches[i] {
					t.Errorf("got  %+v\nwant %+v", got, batches[i])
				}
			}
			days := []CalendarRow{
				{Day: "2027-01-01", Kind: record.Holiday, Name: "元旦"},
				{Day: "2027-01-10", Kind: record.Workday, Name: "元旦调休"},
				{Day: "2027-01-13", Kind: record.Shut, Name: "维修", Base: "党性教育基地"},
			}
			file, err = WriteCalendar(lang, "日历 2027", []string{"党性教育基地"}, days)
			if err != nil {
				t.Fatal(err)
			}
			if book, err = Read(file, Options{Now: now}); err != nil {
				t.Fatal(err)
			}
			if book.Kind != KindCalendar || len(book.Faults) > 0 || len(book.Calendar) != len(days) {
				t.Fatalf("%s, %d rows, faults %v", book.Kind, len(book.Calendar), book.Faults)
			}
			for i, got := range book.Calendar {
				if got.Row = 0; got != days[i] {
					t.Errorf("got  %+v\nwant %+v", got, days[i])
				}
			}
		})
	}
}

func TestPlanFaults(t *testing.T) {
	for name, c := range map[string]struct {
		row  string
		kind record.FaultKind
		on   record.Field
	}{
		"no destination":  {",2027-01-11,2027-01-15,30", record.FaultMissing, record.FieldTo},
		"no first day":    {"平安区,,2027-01-15,30", record.FaultMissing, record.FieldFirst},
		"ends before":     {"平安区,2027-01-11,2027-01-10,30", record.FaultTimeOrder, record.FieldLast},
		"no number":       {"平安区,2027-01-11,2027-01-15,若干", record.FaultNumber, record.FieldSeats},
		"too many":        {"平安区,2027-01-11,2027-01-15,9999", record.FaultNumber, record.FieldSeats},
		"no seats":        {"平安区,2027-01-11,2027-01-15,", record.FaultMissing, record.FieldSeats},
		"no day that is":  {"平安区,2027-02-30,2027-03-01,30", record.FaultDate, record.FieldFirst},
		"a month, no day": {"平安区,2027-02,2027-03-01,30", record.FaultDate, record.FieldFirst},
	} {
		t.Run(name, func(t *testing.T) {
			book, err := Read([]byte("目的地,开始日期,结束日期,名额\n"+c.row+"\n"), Options{Now: time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			if len(book.Plan) > 0 || len(book.Faults) == 0 || book.Faults[0].Kind != c.kind || book.Faults[0].Field != c.on {
				t.Errorf("rows %v, faults %v", book.Plan, book.Faults)
			}
		})
	}
}

package bot

import (
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// A plan goes to the draft that its name says; where it does not say and there are
// several, to none.
func TestWhichDraftAPlanIsFor(t *testing.T) {
	spring := record.Programme{ID: "r1", Title: "2027年轮训", State: record.PlanDraft}
	autumn := record.Programme{ID: "r2", Title: "2027年轮训(秋季)", State: record.PlanDraft}
	for _, c := range []struct {
		drafts []record.Programme
		name   string
		want   record.ProgrammeID
	}{
		{[]record.Programme{spring}, "x.xlsx", "r1"},
		{[]record.Programme{spring, autumn}, "轮训计划 2027年轮训.xlsx", "r1"},
		{[]record.Programme{spring, autumn}, "轮训计划 2027年轮训(秋季).xlsx", "r2"},
		{[]record.Programme{autumn, spring}, "轮训计划 2027年轮训(秋季) (1).xlsx", "r2"},
		{[]record.Programme{spring, autumn}, "计划.xlsx", ""},
		{[]record.Programme{spring, {ID: "r3", Title: spring.Title}}, "轮训计划 2027年轮训.xlsx", ""},
	} {
		p, found := draftFor(c.drafts, c.name)
		if found != (c.want != "") || (found && p.ID != c.want) {
			t.Errorf("%s of %d drafts: %q, %v, want %q", c.name, len(c.drafts), p.ID, found, c.want)
		}
	}
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error {
		for _, title := range []string{spring.Title, autumn.Title} {
			if _, err := tx.AddProgramme(record.Programme{Place: hualong, Title: title, Share: 50, AnswerDays: 3, OfferHours: 24, NoteDays: 14}); err != nil {
				return err
			}
		}
		return nil
	})
	book := &sheet.Book{Kind: sheet.KindPlan, Read: 1, Plan: []sheet.BatchRow{{Row: 2, Number: 1, Place: "平安区", Days: record.Days{From: "2027-01-11", To: "2027-01-13"}, Seats: 30}}}
	w.see(func(tx *storage.Tx) error {
		turn, err := w.bot.turnTo(tx, record.Outbox{Person: w.county.id})
		if err != nil {
			return err
		}
		turn.Now = turn.Now.In(time.Local)
		f, err := turn.comparePlan(book, "计划.xlsx")
		if err != nil || f.found() != 0 {
			t.Errorf("of no draft: %d, %v", f.found(), err)
		}
		t.Log(f.summary(turn))
		f, err = turn.comparePlan(book, "轮训计划 2027年轮训.xlsx")
		if err != nil || f.found() != 1 {
			t.Errorf("of the draft: %d, %v", f.found(), err)
		}
		return err
	})
}

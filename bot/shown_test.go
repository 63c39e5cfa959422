package bot

import (
	"testing"

	"headgoose/storage"
)

// What is saved is what was shown: a yes to other consequences saves nothing, and shows
// what it would do now.
func TestAYesToWhatWasShown(t *testing.T) {
	w := newOfficeWorld(t)
	w.county.line("calendar.save shut * 2026-12-14 1 x else").sees("刚才安排有变", "12月14日")
	w.see(func(tx *storage.Tx) error {
		days, err := tx.CalendarDays(hualong, "2026-12-14", "2026-12-14")
		if len(days) > 0 {
			t.Errorf("saved: %+v", days)
		}
		return err
	})
	w.county.press("保存").sees("✅ 日历已改")
	w.county.line("calendar.undo").press("确定撤销").sees("已撤销")
}

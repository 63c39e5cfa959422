package bot

import (
	"errors"
	"fmt"
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// addGraduates puts n records into a village; every second is seeking work.
func (w *world) addGraduates(village record.Code, n int) {
	w.Helper()
	for i := range n {
		w.do(func(tx *storage.Tx) error {
			g := record.Graduate{
				Village: village, Name: fmt.Sprintf("毕业生 %03d", i+1), BirthYear: 2003, Education: record.Bachelor,
				School: "青海大学", Graduation: "2025-07", Employment: record.Employed, Willingness: record.Unwilling,
				Consent: record.Consent{Version: consentVersion, At: tx.Now, Source: record.BySecretary}, Source: record.BySecretary,
			}
			if i%2 == 0 {
				g.Employment, g.Willingness = record.Seeking, record.Willing
			}
			_, err := tx.AddGraduate(g, nil)
			return err
		})
	}
}

func TestGraduatesByPage(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 10)
	sec := w.secretary(xiajiahe).say("毕业生")
	sec.sees("巴燕镇 下加合村 · 毕业生 10 人", "已毕业 10 · 求职中 5 · 愿意返乡 5", "毕业生 008", "✓ 全部").seesNot("毕业生 009", "上一页")
	sec.press("下一页").sees("毕业生 009", "毕业生 010", "上一页").seesNot("毕业生 008", "下一页")
	sec.press("上一页").sees("毕业生 001", "下一页").seesNot("上一页")
	sec.press("求职中").sees("✓ 求职中", "毕业生 009").seesNot("毕业生 002")
	if sec.messages() != 1 {
		t.Fatalf("%d messages for one list", sec.messages())
	}
}

func TestARecordIsOpenedChangedAndConfirmed(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 1)
	sec := w.secretary(xiajiahe).say("/graduates").press("毕业生 001").sees("2025年7月毕业,求职中", "书记登记")
	sec.press("修改", "改就业", "已就业", "确认保存").sees("✅ 已更新", "已就业")
	sec.press("看名单").sees("求职中 0").press("毕业生 001", "没有变化").sees("✅ 已确认")
	sec.press("返回").press("毕业生 001", "删除登记", "保留").sees("书记登记")
}

// An officer's look at a record is a line of the audit log, a secretary's at the
// own village's is not.
func TestAnOfficersLookIsNoted(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 1)
	sec := w.secretary(xiajiahe).say("/graduates").press("毕业生 001").sees("求职中")
	county := w.person("县 001", record.CountyOfficer, hualong).say("/graduates").press("毕业生 001").sees("求职中")
	w.see(func(tx *storage.Tx) error {
		for _, want := range []struct {
			by    record.PersonID
			looks int
		}{{sec.id, 0}, {county.id, 1}} {
			lines, _, err := tx.AuditLines(storage.AuditQuery{By: want.by, Limit: 20})
			if err != nil {
				return err
			}
			looks := 0
			for _, a := range lines {
				if a.Action == record.SeeGraduates && a.Graduate != "" && a.Note == "graduate.show" {
					looks++
				}
			}
			if looks != want.looks {
				t.Errorf("%s: %d looks are noted, want %d", want.by, looks, want.looks)
			}
		}
		return nil
	})
}

func TestAPastGraduationIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").say("毕业生 001").say("2003")
	sec.press("本科").say("青海大学").press("不填", "在读", "2027", "7月", "考虑中", "不填", "本人已同意", "确认保存").sees("✅ 已登记")
	w.now = w.now.AddDate(1, 0, 0)
	sec.say("/graduates").press("毕业生 001", "没有变化").sees("已毕业,还是在读")
	sec.press("已毕业", "2027", "7月", "求职中", "确认保存").sees("✅ 已更新", "2027年7月毕业")
}

func TestOfficersSeeTheirPlaces(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 2)
	w.addGraduates(wenbuju, 1)
	county := w.person("县 001", record.CountyOfficer, hualong).say("/graduates")
	county.sees("化隆县 · 毕业生 3 人", "下加合村 毕业生 001", "文卜具村 毕业生 001")
	county.press("按乡镇看").sees("巴燕镇(2)", "群科镇(1)").press("群科镇").sees("群科镇 · 毕业生 1 人").press("按村看", "文卜具村").sees("文卜具村 · 毕业生 1 人")

	township := w.person("乡镇 001", record.TownshipOfficer, bayan).say("/graduates")
	township.sees("巴燕镇 · 毕业生 2 人").seesNot("文卜具村")
	township.say("/graduates " + string(qunke)).sees("不在您的权限内")

	t.Run("buttons of a post that ended do nothing", func(t *testing.T) {
		sec := w.person("书记 002", record.Secretary, wenbuju).say("/graduates").sees("毕业生 001")
		list := sec.last()
		w.do(func(tx *storage.Tx) error {
			return errors.Join(tx.EndPost(sec.id, record.Secretary, wenbuju), tx.Appoint(sec.id, record.Secretary, jinjia, "2026-12-01"))
		})
		for _, button := range []string{"毕业生 001", "本村登记链接", "求职中", "返乡登记"} {
			n := sec.messages()
			sec.pressOn(list, button).sees("不在您的权限内")
			if sec.messages() != n+1 {
				t.Errorf("%s: %d messages more", button, sec.messages()-n)
			}
		}
	})
}

// A button that would begin a form over another holds no record: what it knows
// is read when it is pressed, and nothing of it outlives the record.
func TestAButtonHoldsNoRecord(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001").press("确认保存")
	edit := "graduate.edit " + string(w.graduates(xiajiahe)[0].ID)
	sec.say("/register").say("毕业生 002").line(edit).sees("[办新的]")
	asked := sec.last()
	sec.press("继续填写").line("graduate.drop " + string(w.graduates(xiajiahe)[0].ID) + " asked")
	if w.stored("13800000001") {
		t.Error("the number outlives the record")
	}
	sec.pressOn(asked, "办新的").sees("✗")
}

package bot

import (
	"fmt"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// One person in two villages, one record made by the secretary, the other by the
// person.
func (w *world) twice() (self persona, first, second record.Graduate) {
	w.Helper()
	w.addGraduates(xiajiahe, 1)
	first = w.graduates(xiajiahe)[0]
	w.now = w.now.Add(time.Hour)
	self, second = w.registersSelf(w.secretary(jinjia), jinjia, "毕业生 001")
	w.do(func(tx *storage.Tx) error {
		_, err := tx.EditGraduate(second.ID, nil, func(g *record.Graduate) { g.Employment = record.Employed })
		return err
	})
	return self, first, second
}

func TestTwoRecordsOfOnePerson(t *testing.T) {
	w := newWorld(t)
	self, first, second := w.twice()
	officer := w.person("组织委员 001", record.TownshipOfficer, bayan)
	officer.line("graduate.show "+string(first.ID)).press("同一个人?").sees("可能是同一个人的登记 1 条", "金家庄村 毕业生 001")
	officer.press("金家庄村 2003").sees("是同一个人吗?2 项不同", "① 巴燕镇 下加合村 毕业生 001", "② 巴燕镇 金家庄村 毕业生 001", "有本人账号",
		"≠ 就业:① 求职中 ② 已就业", "≠ 手机:① (空) ② 139 0000 1300", "相同:出生年份 2003、学历 本科")
	officer.press("留①").sees("合并后只留这一条", "下加合村 毕业生 001", "已就业", "取自另一条(说得更晚):就业、手机", "转过来:本人账号", "30 天内可以撤销")
	preview := officer.last()
	w.do(func(tx *storage.Tx) error { // somebody changes a record before the yes
		_, err := tx.EditGraduate(first.ID, nil, func(g *record.Graduate) { g.School = "兰州大学" })
		return err
	})
	officer.pressOn(preview, "确认合并").sees("合并后只留这一条", "兰州大学").press("确认合并").sees("✅ 已合并", "下加合村 毕业生 001", "已就业", "139 0000 1300")
	if left := w.graduates(hualong); len(left) != 1 || left[0].ID != first.ID || left[0].Person == "" {
		t.Fatalf("%+v", left)
	}
	self.say("返乡登记").sees("下加合村 毕业生 001")
	officer.line("graduate.show " + string(second.ID)).sees("下加合村 毕业生 001") // an old button leads to the one that is left
	w.now = w.now.Add(24 * time.Hour)
	officer.line("graduate.show "+string(first.ID)).press("撤销合并").sees("⚠️ 撤销", "金家庄村").press("确认撤销").sees("✅ 已撤销合并").press("看②").sees("金家庄村 毕业生 001", "已就业")
	self.say("返乡登记").sees("金家庄村 毕业生 001")
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{By: officer.id, Limit: 50})
		count := map[string]int{}
		for _, a := range lines {
			if a.Action == record.MergeGraduates || a.Note == "graduate.compare" {
				count[string(a.Action)+" "+a.Note]++
			}
		}
		if count["graduate.merge "+string(second.ID)] != 1 || count["graduate.merge "+string(second.ID)+" undone"] != 1 || count["graduates.see graduate.compare"] != 2 {
			t.Errorf("audit: %v", count)
		}
		return err
	})
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

// A township neither sees nor merges what is of another; a secretary merges nothing.
func TestWhoMergesRecords(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 1)
	w.addGraduates(wenbuju, 1)
	own, other := w.graduates(xiajiahe)[0], w.graduates(wenbuju)[0]
	pair := string(own.ID) + " " + string(other.ID)
	township := w.person("组织委员 001", record.TownshipOfficer, bayan)
	township.line("graduate.same "+string(own.ID)).sees("可能是同一个人的登记 0 条", "其他乡镇另有 1 条同名登记").seesNot("文卜具")
	sec := w.secretary(xiajiahe)
	for _, line := range []string{"graduate.compare " + pair, "graduate.merge " + pair, "graduate.merge " + string(other.ID) + " " + string(own.ID)} {
		township.line(line).sees("不在您的权限内")
		sec.line(line).sees("不在您的权限内")
	}
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	county.line("graduate.merge " + pair).press("确认合并").sees("✅ 已合并")
	township.line("graduate.show " + string(own.ID)).sees("同一个人?").seesNot("撤销合并")
	township.line("graduate.unmerge " + string(other.ID) + " yes").sees("不在您的权限内")
	county.line("graduate.unmerge " + string(other.ID) + " yes").sees("✅ 已撤销合并")
	if n := len(w.graduates(hualong)); n != 2 {
		t.Errorf("%d records", n)
	}
}

func TestWhatIsNotMerged(t *testing.T) {
	w := newWorld(t)
	_, first, second := w.twice()
	w.do(func(tx *storage.Tx) error {
		p, err := tx.AddPerson(record.Person{Name: "毕业生 001"}, "")
		if err != nil {
			return err
		}
		_, err = tx.EditGraduate(first.ID, nil, func(g *record.Graduate) { g.Person = p })
		return err
	})
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	county.line(fmt.Sprintf("graduate.compare %s %s", first.ID, second.ID)).press("留②").sees("✗ 两条登记各有本人账号").press("返回").sees("是同一个人吗")
	if n := len(w.graduates(hualong)); n != 2 {
		t.Errorf("%d records", n)
	}
}

package bot

import (
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// registersSelf has a stranger register by the village's link, and gives them with
// their record.
func (w *world) registersSelf(sec persona, village record.Code, name string) (persona, record.Graduate) {
	w.Helper()
	had := len(w.graduates(village))
	p := w.stranger().open(villageLinkOf(sec, village)).registers(name, "2003", "13900001300").press("确认保存")
	all := w.graduates(village)
	if len(all) != had+1 {
		w.Fatalf("not registered: %q", p.last().Text)
	}
	return p, all[len(all)-1]
}

func TestTheSecretaryIsAsked(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	self, g := w.registersSelf(sec, xiajiahe, "毕业生 001")
	self.sees("⏳ 待村里确认")
	sec.sees("⚠️ 有人用本村链接自己登记", "毕业生 001").press("不清楚").sees("✅ 已记下:不清楚 毕业生 001")
	self.say("返乡登记").sees("⏳ 村里还没有确认,乡镇正在核实").seesNot("不清楚", "是本村的")
	officer := w.person("组织委员 001", record.TownshipOfficer, bayan)
	officer.say("/start").sees("1 位自己登记的毕业生,村里说不是或不清楚").press("核实登记(1)").sees("✓ 待核实", "毕业生 001")
	officer.press("毕业生 001").sees("村里说不清楚,待乡镇核实").press("改答复", "是本村的").sees("✅ 已记下:毕业生 001 是")
	self.say("返乡登记").sees("村里已确认是本村的")
	officer.say("/status").seesNot("待核实")
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{About: string(g.ID), Limit: 50})
		var said []string
		for _, a := range lines {
			if a.Action == record.VouchGraduate {
				said = append(said, string(a.By)+" "+a.Note)
			}
		}
		if len(said) != 2 || said[1] != string(sec.id)+" unknown" || said[0] != string(officer.id)+" yes" {
			t.Errorf("audit: %q", said)
		}
		return err
	})
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

// Only the own village, and its offices, have a word; a graduate has none of their
// own.
func TestWhoHasAWordAboutAGraduate(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	self, g := w.registersSelf(sec, xiajiahe, "毕业生 001")
	line := "graduate.vouch " + string(g.ID) + " yes"
	for name, p := range map[string]persona{
		"the graduate": self, "another village": w.secretary(jinjia), "another township": w.person("组织委员 002", record.TownshipOfficer, qunke),
	} {
		p.line(line).sees("不在您的权限内")
		p.line("graduate.move " + string(g.ID)).sees("不在您的权限内")
		if now := w.graduates(xiajiahe)[0]; !now.Vouch.Waits() {
			t.Errorf("%s had a word: %+v", name, now.Vouch)
		}
	}
	sec.line("graduate.move " + string(g.ID)).sees("不在您的权限内")
}

// A record that cannot be so any more is vouched for all the same: that is another
// question.
func TestAStaleRecordIsVouchedFor(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	_, g := w.registersSelf(sec, xiajiahe, "毕业生 001")
	w.do(func(tx *storage.Tx) error {
		_, err := tx.EditGraduate(g.ID, nil, func(g *record.Graduate) { g.Studying, g.Employment, g.Graduation = true, "", "2026-12" })
		return err
	})
	w.now = w.now.Add(62 * 24 * time.Hour)
	sec.say("毕业生").press("待村里确认", "毕业生 001", "是本村的").sees("✅ 已记下")
}

func TestMoveByAnOfficer(t *testing.T) {
	w := newWorld(t)
	sec, other := w.secretary(xiajiahe), w.secretary(wenbuju)
	_, g := w.registersSelf(sec, xiajiahe, "毕业生 001")
	sec.say("毕业生").press("毕业生 001", "不是")
	w.addGraduates(jinjia, 1) // 毕业生 001, born 2003
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	county.line("graduate.show "+string(g.ID)).press("移到别的村", "巴燕镇", "金家庄村", "确认保存").sees("那个村已有同名同年出生的登记")
	county.line("graduate.show "+string(g.ID)).press("移到别的村", "办新的", "群科镇", "文卜具村", "确认保存").sees("✅ 毕业生 001 已从 巴燕镇 下加合村 移到 群科镇 文卜具村", "请那个村的书记确认")
	other.sees("⚠️ 有人用本村链接自己登记", "文卜具村 毕业生 001").press("是本村的")
	// A township moves within the township only.
	_, g = w.registersSelf(sec, xiajiahe, "毕业生 009")
	w.person("组织委员 001", record.TownshipOfficer, bayan).line("graduate.show "+string(g.ID)).press("移到别的村").sees("下加合村", "金家庄村").seesNot("文卜具村")
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

package bot

import (
	"strings"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// works has the worker do what it is to do, and its answers arrive.
func (w *world) works() {
	w.Helper()
	if _, err := w.bot.WorkJobs(w.Context(), nil); err != nil {
		w.Fatal(err)
	}
	w.deliver()
}

// saves makes a screening of who is graduated, seeks work and is willing.
func (p persona) saves() persona {
	p.w.Helper()
	p.say("筛选").press("新建筛选", "已毕业", "求职中", "选好了(1)", "愿意返乡", "选好了(1)").sees("已毕业·求职中·愿意返乡").press("确认保存")
	p.sees("⏳ 正在筛选… 0 /")
	p.w.works()
	return p
}

func TestAScreeningIsSavedAndFollows(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 20)
	w.addGraduates(wenbuju, 2)
	county := w.person("县 001", record.CountyOfficer, hualong)
	county.saves().sees("已毕业·求职中·愿意返乡 · 化隆县 11 人", "条件:已毕业 · 求职中 · 愿意返乡", "· 下加合村 毕业生 001:已毕业、求职中、愿意返乡,12月1日确认").seesNot("毕业生 002", "新 ")
	county.press("下一页").sees("毕业生 019", "文卜具村 毕业生 001").press("上一页").sees("下加合村 毕业生 001")
	county.press("各乡镇人数").sees("巴燕镇:10 人", "群科镇:1 人").press("群科镇").sees("群科镇 1 人", "文卜具村 毕业生 001").seesNot("下加合村")
	w.now = w.now.Add(time.Hour)
	sec := w.secretary(xiajiahe).say("/graduates").press("毕业生 002", "修改", "改就业", "求职中", "改返乡意愿", "愿意返乡", "确认保存").sees("✅ 已更新")
	county.say("筛选").sees("12 人,新增 1").press("已毕业·求职中·愿意返乡").sees("新 下加合村 毕业生 002")
	sec.say("/graduates").press("毕业生 002", "修改", "改就业", "已就业", "确认保存")
	county.say("筛选").sees("11 人").seesNot("新增").press("已毕业·求职中·愿意返乡", "改名").say("求职愿返").sees("✅ 已改名为“求职愿返”").press("看名单").sees("求职愿返 · 化隆县 11 人")
	county.press("修改", "改地点", "群科镇", "选好了(1)", "确认保存")
	w.works()
	county.sees("求职愿返 · 化隆县 1 人", "条件:群科镇 · 已毕业").press("删除筛选").sees("⚠️ 删除筛选").press("确认删除").sees("已删除")
	w.works()
	county.say("筛选").sees("共 0 个")
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

func TestWhySomebodyIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 3)
	w.addGraduates(wenbuju, 1)
	county := w.person("县 001", record.CountyOfficer, hualong).saves()
	county.press("为什么没有某人").say("毕业生 002").sees(
		"✗ 巴燕镇 下加合村 毕业生 002 不在“已毕业·求职中·愿意返乡”里,2 项不符:",
		"✗ 就业:已就业(12月1日确认),条件是求职中", "✗ 返乡意愿:暂不返乡", "✓ 学业:已毕业")
	county.press("再查一人").say("没有 此人").sees("没有登记叫").say("毕业生 001").sees("有几位“毕业生 001”").press("文卜具村,2003 年生").sees("✅ 群科镇 文卜具村 毕业生 001 符合")
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{By: county.id, Limit: 20})
		seen := 0
		for _, a := range lines {
			if a.Action == record.SeeGraduates && a.Graduate != "" && strings.HasPrefix(a.Note, "screening.why") {
				seen++
			}
		}
		if seen != 2 {
			t.Errorf("%d looks are noted, want 2", seen)
		}
		return err
	})
}

func TestScreeningsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(wenbuju, 2)
	w.person("县 001", record.CountyOfficer, hualong).saves()
	township := w.person("乡镇 001", record.TownshipOfficer, bayan)
	for _, line := range []string{"screenings " + string(hualong), "screening.new " + string(qunke), "screening.show s000001", "screening.drop s000001 yes", "screening.why s000001", "screening.edit s000001", "screening.fill s000001", "screening.towns s000001"} {
		township.line(line).sees("不在您的权限内")
	}
	township.say("筛选").sees("筛选 · 巴燕镇(共 0 个)").press("新建筛选", "不填", "选好了(0)", "选好了(0)", "确认保存").sees("✗ 还没有任何条件")
	w.secretary(xiajiahe).say("筛选").sees("不在您的权限内")
}

// The weekly word names who newly fits and still does, and is dropped where
// nobody is left.
func TestTheWeeklyWord(t *testing.T) {
	w := newWorld(t)
	county := w.person("县 001", record.CountyOfficer, hualong)
	w.addGraduates(wenbuju, 1)
	county.saves()
	since := w.now
	w.now = w.now.Add(time.Hour)
	w.addGraduates(xiajiahe, 18)
	word := func(key string) {
		w.do(func(tx *storage.Tx) error {
			_, err := tx.AddOutbox(record.Outbox{
				Key: key, Class: record.Notice, Kind: record.KindScreened, Person: county.id, Prompt: true,
				Args: map[string]string{"ids": "s000001", "since": since.Format(time.RFC3339Nano), "at": w.now.Format(time.RFC3339Nano)},
			})
			return err
		})
		w.deliver()
	}
	word("screened/1")
	county.sees("本周新符合筛选条件的有 9 人:", "已毕业·求职中·愿意返乡 9 人:下加合村 毕业生 001、下加合村 毕业生 003", "毕业生 011 等").seesNot("文卜具村", "毕业生 013")
	county.press("已毕业·求职中·愿意返乡").sees("化隆县 10 人", "新 下加合村")
	n := county.messages()
	since = w.now
	word("screened/2")
	if county.messages() != n {
		t.Error("a word of nobody")
	}
}

// A page of a screening costs what it shows, however many fit.
func TestAScreeningCostsItsPage(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 20)
	county := w.person("县 001", record.CountyOfficer, hualong).saves()
	before := map[string]int{}
	pages := []string{"screenings", "screening.show s000001", "screening.show s000001 - after g1", "screening.towns s000001"}
	for _, page := range pages {
		before[page] = w.readsOf(county, page)
	}
	w.addGraduates(jinjia, 120)
	for _, page := range pages {
		if after := w.readsOf(county, page); after != before[page] {
			t.Errorf("%s reads %d keys, %d while fewer fitted", page, after, before[page])
		}
	}
	county.say("筛选").sees("70 人,新增 60")
}

// Every button behind the screenings leads somewhere.
func TestPagesOfScreenings(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 30)
	county := w.person("县 001", record.CountyOfficer, hualong).saves()
	for _, lang := range []string{"zh", "en"} {
		county.say("/lang " + lang)
		if n := county.walk("screenings", "screening"); n < 8 {
			t.Errorf("only %d pages are reached", n)
		}
	}
}

func TestMonthsOfGraduates(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 4)
	county := w.person("县 001", record.CountyOfficer, hualong)
	w.do(func(tx *storage.Tx) error { return tx.KeepMonth([]record.Code{hualong}, "2026-08") })
	w.addGraduates(wenbuju, 2)
	w.do(func(tx *storage.Tx) error { return tx.KeepMonth([]record.Code{hualong}, "2026-10") })
	w.see(func(tx *storage.Tx) error {
		turn := &Turn{Tx: tx, b: w.bot, Now: w.now, Voice: w.bot.texts.In("zh")}
		bars, err := turn.workMonths(view{place: hualong, name: "化隆县"})
		if err != nil {
			return err
		}
		var got []string
		for _, r := range bars.Rows {
			got = append(got, r.Label+" "+r.Note)
		}
		want := "2026年8月 4|2026年9月 未记数|2026年10月 6|2026年11月 未记数|2026年12月至今 6"
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("rows %s, want %s", s, want)
		}
		if v := bars.Rows[0].Values; v[0] != 2 || v[2] != 2 || len(bars.Rows[1].Values) != 0 {
			t.Errorf("values %v, %v", v, bars.Rows[1].Values)
		}
		return nil
	})
	n := county.messages()
	county.say("毕业生").press("走势图")
	w.deliver()
	if county.messages() != n+3 {
		t.Errorf("%d messages, want the list and two pictures", county.messages()-n)
	}
}

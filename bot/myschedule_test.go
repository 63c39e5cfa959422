package bot

import (
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

func TestScheduleOfSecretary(t *testing.T) {
	w := newOfficeWorld(t)
	w.xia.say("日程").sees("您的安排,共 1 场", "12月3日(周四) 10:00 党性教育基地", "地点:县委党校", "集合:07:40 镇政府门口").seesNot("廉政", "本单位")
	for day := range 6 {
		w.session("轮训", w.now.AddDate(0, 0, 10+day), []record.Code{xiajiahe})
	}
	w.session("别村", w.now.AddDate(0, 0, 2), []record.Code{jinjia})
	w.xia.say("我的日程").sees("共 7 场", "12月15日").seesNot("12月16日", "别村").press("下一页").sees("12月16日", "12月17日").seesNot("党性")
	w.do(func(tx *storage.Tx) error {
		_, err := tx.CancelSession(w.thursday.ID)
		return err
	})
	w.xia.say("日程").sees("共 6 场").seesNot("党性")
}

func TestScheduleOfTwoVillagesSaysASessionOnce(t *testing.T) {
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.xia.id, record.Secretary, jinjia, "2026") })
	w.xia.say("日程").sees("共 1 场")
	w.jin.say("日程").sees("近期没有您的安排")
}

func TestScheduleOfHost(t *testing.T) {
	w := newOfficeWorld(t)
	host := w.person("主持人 001", record.Host, hualong)
	host.say("日程").sees("近期没有您的安排")
	w.do(func(tx *storage.Tx) error {
		_, err := tx.ChangeSession(w.thursday.ID, func(s *record.Session) { s.Hosts = []record.PersonID{host.id} })
		return err
	})
	host.say("日程").sees("党性教育基地,您主持").press("主持").sees("党性教育基地")
}

func TestScheduleOfOfficer(t *testing.T) {
	w := newOfficeWorld(t)
	w.county.say("日程").sees("化隆县 · 本周", "廉政教育基地,已结束", "党性教育基地,未开始", "应到 3")
	w.county.press("下一周").sees("化隆县 · 12月7日—13日", "这一周没有场次").press("上一周").sees("本周")
	w.other.say("日程").sees("群科镇 · 本周", "已到 0 / 1 · 请假 1", "应到 1").press("党性教育基地").sees("党性教育基地 · 未开始", "应到 1").seesNot("未到")
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.other.id, record.Secretary, wenbuju, "2026") })
	w.other.say("日程").sees("您的安排,共 1 场").press("本单位日程").sees("群科镇 · 本周").press("我的安排").sees("您的安排")
}

// Whoever is a host no longer is told of no session, though older ones still
// name them.
func TestAFormerHostIsToldNothing(t *testing.T) {
	w := newOfficeWorld(t)
	host := w.person("主持人 001", record.Host, hualong)
	var s record.Session
	w.do(func(tx *storage.Tx) (err error) {
		if s, err = tx.ChangeSession(w.thursday.ID, func(s *record.Session) { s.Hosts = []record.PersonID{host.id} }); err != nil {
			return err
		}
		return tx.EndPost(host.id, record.Host, hualong)
	})
	host.say("/start").seesNot("党性教育基地").say("日程").seesNot("党性教育基地")
	row := record.Outbox{Kind: "hosting", Class: record.Notice, Person: host.id, Session: s.ID, Rev: s.Rev, Args: map[string]string{"what": "new"}}
	if r := w.bot.Deliver(t.Context(), row); r.State != record.Dropped {
		t.Errorf("%+v", r)
	}
}

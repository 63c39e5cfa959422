package bot

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/record"
)

// line presses a button that stands for a command line: one that an older
// message could carry, whether or not a page shows it.
func (p persona) line(line string) persona {
	p.w.Helper()
	const token = "AAAABBBBCCCC"
	p.w.do(func(tx *storage.Tx) error {
		return tx.PutIntent(token, record.Intent{Chat: p.chat, Acts: []string{line}})
	})
	p.w.handle(chat.Event{
		Kind: chat.Press, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat}, PressID: "press", Data: token + ".0",
	})
	return p
}

// inGroup types a text in a group.
func (p persona) inGroup(group int64, body string) {
	p.w.Helper()
	p.w.handle(chat.Event{Kind: chat.Text, Chat: chat.Chat{ID: group, Group: true}, From: chat.User{ID: p.chat}, Text: body})
}

// in has a subtest report what the personas see.
func (w *world) in(t *testing.T) {
	parent := w.T
	w.T = t
	t.Cleanup(func() { w.T = parent })
}

// officeWorld is a county in the middle of a week: one session over on Monday,
// at which 下加合村 came, 金家庄村 did not and 文卜具村 is excused, and one to come
// on Thursday.
type officeWorld struct {
	*world
	county, township, other, xia, jin, wen persona
	monday, thursday                       record.Session
}

func newOfficeWorld(t *testing.T) *officeWorld {
	t.Helper()
	w := &officeWorld{world: newWorld(t)}
	w.now = w.now.AddDate(0, 0, 1) // Wednesday 2 December 2026
	w.county = w.person("县级管理员 001", record.CountyOfficer, hualong)
	w.township = w.person("组织委员 001", record.TownshipOfficer, bayan)
	w.other = w.person("组织委员 002", record.TownshipOfficer, qunke)
	w.xia = w.person("书记 001", record.Secretary, xiajiahe)
	w.jin = w.person("书记 002", record.Secretary, jinjia)
	w.wen = w.person("书记 003", record.Secretary, wenbuju)
	villages := []record.Code{xiajiahe, jinjia, wenbuju}
	w.monday = w.session("廉政教育基地", w.now.AddDate(0, 0, -2), villages)
	w.thursday = w.session("党性教育基地", w.now.AddDate(0, 0, 1), villages)
	w.do(func(tx *storage.Tx) error {
		s, err := tx.OpenSession(w.monday.ID)
		if err != nil {
			return err
		}
		for id, status := range map[record.PersonID]record.Status{w.xia.id: record.Present, w.wen.id: record.Excused} {
			about, err := tx.Actor(id)
			if err != nil {
				return err
			}
			if err := tx.Mark(s, about, status, record.ByRollCall, w.county.id, ""); err != nil {
				return err
			}
		}
		_, err = tx.CloseSession(s.ID)
		return err
	})
	return w
}

func (w *world) session(title string, start time.Time, villages []record.Code) (s record.Session) {
	w.Helper()
	w.do(func(tx *storage.Tx) (err error) {
		s, err = tx.AddSession(record.Session{
			Place: hualong, Title: title, At: "县委党校", Meet: "07:40 镇政府门口", Start: start, End: start.Add(2 * time.Hour),
			Opens: start.Add(-30 * time.Minute), LateFrom: start.Add(15 * time.Minute),
		}, villages)
		return err
	})
	return s
}

// more adds villages with enrolled secretaries to a township.
func (w *world) more(township record.Code, n int) {
	w.Helper()
	for i := range n {
		w.do(func(tx *storage.Tx) error {
			code := township + record.Code(fmt.Sprintf("%03d", 300+i))
			if err := tx.PutPlace(record.Place{Code: code, Name: fmt.Sprintf("新%d村", i)}); err != nil {
				return err
			}
			id, err := tx.AddPerson(record.Person{Name: fmt.Sprintf("新书记 %03d", i)}, "")
			if err != nil {
				return err
			}
			return tx.Appoint(id, record.Secretary, code, "2025")
		})
	}
}

func TestStatusOfCounty(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(qunke, 12)
	w.county.say("查询").sees("化隆县 · 本周(11月30日—12月6日)",
		"场次 2 · 应到 6 · 已到 1 · 请假 1 · 未到 1 · 未结束 3", "未登记 12 人 · 联系不上 0 人")
	w.county.press("按乡镇").sees("巴燕镇:已到 1 / 4 · 未到 1", "群科镇:已到 0 / 2 · 请假 1 · 未登记 12")
	w.county.press("群科镇").sees("群科镇 · 本周", "场次 2 · 应到 2 · 已到 0 · 请假 1 · 未到 0 · 未结束 1")
	w.county.press("各村").sees("群科镇:13 个村,书记在任 13,已登记 1", "文卜具村 书记 003,已登记", "新8村").seesNot("新9村")
	w.county.press("下一页").sees("新11村 新书记 011,未登记").seesNot("文卜具村")
	w.county.press("返回", "返回", "返回").sees("化隆县 · 本周")
	w.county.press("上一周").sees("化隆县 · 11月23日—29日", "这一周没有场次")
	w.county.press("下一周").sees("本周(11月30日—12月6日)")
	if n := w.county.messages(); n != 1 {
		t.Errorf("turning pages left %d messages, want the one that is edited", n)
	}
}

func TestStatusOfSession(t *testing.T) {
	w := newOfficeWorld(t)
	w.county.say("/status").press("场次 2").sees("廉政教育基地,已结束", "已到 1 / 3 · 请假 1", "党性教育基地,未开始", "应到 3")
	w.county.press("廉政教育基地").sees("廉政教育基地 · 已结束", "县委党校", "巴燕镇:已到 1 / 2", "群科镇:已到 0 / 1 · 请假 1")
	w.county.press("未到 1").sees("未到 1:", "巴燕镇 金家庄村 书记 002").seesNot("书记 001")
	w.county.press("返回", "已到 1").sees("已到 1:", "巴燕镇 下加合村 书记 001 10:00")
	w.county.press("返回", "请假 1").sees("群科镇 文卜具村 书记 003")
	w.county.press("返回", "返回", "返回", "未到 1").sees("已结束的场次,未到 1", "廉政教育基地", "金家庄村 书记 002")
	w.county.press("金家庄村").sees("巴燕镇 金家庄村", "支部书记 书记 002(2024-01-01 起),已登记",
		"下一场:12月3日(周四) 10:00 党性教育基地", "11月30日 廉政教育基地:未到", "毕业生 0 人")
}

func TestStatusSeesTheOwnPlaceOnly(t *testing.T) {
	w := newOfficeWorld(t)
	const refused = "不在您的权限内"
	w.township.say("查询").sees("巴燕镇 · 本周", "应到 4 · 已到 1").seesNot("群科镇")
	id, other := string(w.monday.ID), string(qunke)
	for _, line := range []string{
		"status " + other, "status " + string(hualong), "status " + string(wenbuju), "status.towns " + string(hualong),
		"status.villages " + other, "status.sessions " + other, "status.missed " + other,
		"status.session " + id + " " + other, "status.session " + id, "status.who " + id + " " + other + " came",
		"status.flag unreachable " + other, "status.undelivered " + string(hualong), "status.grads " + other,
		"status.chart attendance " + other, "status.person " + string(w.wen.id), "status.link " + string(w.wen.id),
		"status.unbind " + string(w.wen.id) + " yes", "people " + other, "people.staff " + other, "people.villages " + other,
		"people.towns " + string(hualong), "schedule.week " + other,
	} {
		t.Run(line, func(t *testing.T) {
			w.in(t)
			w.township.line(line).sees(refused)
		})
	}
	w.township.line("status.session " + id + " " + string(bayan)).sees("已到 1 / 2").seesNot("群科镇")
	w.township.line("status.person " + string(w.xia.id)).sees("书记 001")
	for _, line := range []string{"status", "status.person " + string(w.xia.id), "people", "schedule.week " + string(bayan)} {
		w.jin.line(line).sees(refused)
	}
}

func TestStatusInGroupSaysCountsOnly(t *testing.T) {
	w := newOfficeWorld(t)
	const group = -100
	for _, body := range []string{"/status", "/status 巴燕镇", "/status 下加合村", "/status 书记 001", "/status 下加哈"} {
		w.county.inGroup(group, body)
		m, _ := w.rec.Last(group)
		if strings.Contains(draw(m), "书记 0") || len(m.Buttons) > 0 {
			t.Errorf("%s says more than counts in a group:\n%s", body, draw(m))
		}
	}
	w.county.inGroup(group, "/status 巴燕镇")
	if m, _ := w.rec.Last(group); !strings.Contains(m.Text, "应到 4 · 已到 1") {
		t.Errorf("a group is not told the counts: %s", m.Text)
	}
}

func TestStatusFlags(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(bayan, 12)
	w.do(func(tx *storage.Tx) error {
		if _, err := tx.SetReachable(w.jin.id, false); err != nil {
			return err
		}
		return tx.EndPost(w.wen.id, record.Secretary, wenbuju)
	})
	w.county.say("查询").sees("未登记 12 人 · 联系不上 1 人 · 空缺 1")
	w.county.press("未登记 12").sees("化隆县 · 未登记", "新书记 000", "新书记 009").seesNot("新书记 010", "第一页")
	w.county.press("下一页").sees("新书记 010", "新书记 011", "第一页").seesNot("新书记 009", "下一页")
	w.county.press("新11村").sees("新书记 011", "未登记")
	w.county.press("返回").sees("巴燕镇 新11村")
	w.county.say("查询").press("空缺 1").sees("群科镇 文卜具村 空缺").press("文卜具村").sees("支部书记空缺", "上一任:书记 003")
	w.county.say("查询").press("联系不上").sees("巴燕镇 金家庄村 书记 002 (12月2日起)")
	w.other.say("查询").press("联系不上").sees("✅ 没有")
}

func TestStatusUndelivered(t *testing.T) {
	w := newOfficeWorld(t)
	fail := func(key string, id record.PersonID, state record.OutState, reason string) {
		w.do(func(tx *storage.Tx) error {
			_, err := tx.AddOutbox(record.Outbox{Key: key, Class: record.Notice, Kind: record.KindDayBefore, Person: id})
			return err
		})
		w.do(func(tx *storage.Tx) error {
			rows, err := tx.LeaseOutbox(record.Notice, 10, func(record.Outbox) bool { return true })
			if err != nil {
				return err
			}
			for _, row := range rows {
				row.State, row.Reason = state, reason
				if _, err := tx.SettleOutbox(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	fail("a", w.xia.id, record.Failed, "unreachable")
	fail("b", w.jin.id, record.Unknown, "timeout")
	fail("c", w.wen.id, record.Failed, "refused")
	w.township.line("status.undelivered "+string(bayan)).sees("未送达的消息 2 条",
		"书记 001:提醒,对方停用了机器人", "书记 002:提醒,可能已送到,结果不明").seesNot("书记 003")
	w.county.line("status.undelivered "+string(hualong)).sees("3 条", "书记 003:提醒,没有送到")
}

func TestStatusPerson(t *testing.T) {
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error { return tx.SetPhone(w.jin.id, "13800138002") })
	w.county.line("status.person "+string(w.jin.id)).sees("书记 002", "巴燕镇 金家庄村 支部书记(2024-01-01 起)",
		"已登记(2026-12-02) · 手机尾号 8002", "近一年应到 1 场:到 0,请假 0,未到 1").seesNot("13800138002")
	w.county.line("status.person " + string(w.xia.id)).sees("应到 1 场:到 1,请假 0,未到 0")
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.xia.id, record.Secretary, jinjia, "2026-12-02") })
	w.county.line("status.person "+string(w.xia.id)).sees("巴燕镇 金家庄村 支部书记(2026-12-02 起)", "应到 1 场:到 1")
	w.county.line("status.person " + string(w.jin.id)).sees("不在您的权限内") // holds nothing any more
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.jin.id, record.Host, hualong, "") })
	w.county.line("status.person "+string(w.jin.id)).sees("原 巴燕镇 金家庄村 支部书记(2024-01-01 至 2026-12-02)", "主持人", "应到 1 场:到 0")
}

func TestStatusChart(t *testing.T) {
	w := newOfficeWorld(t)
	for _, what := range []string{"attendance", "enrolled", "graduates"} {
		for _, place := range []record.Code{hualong, bayan} {
			before := w.county.messages()
			w.county.line("status.chart " + what + " " + string(place))
			if n := w.county.messages(); n != before+1 {
				t.Fatalf("%d messages for one picture", n-before)
			}
			m := w.county.last()
			img, kind, err := image.Decode(bytes.NewReader(m.Photo))
			if err != nil || kind != "png" || img.Bounds().Dx() < 800 {
				t.Errorf("the chart %s is %q, %v", what, kind, err)
			}
			if strings.Contains(m.Text, "⟦") {
				t.Error(m.Text)
			}
		}
	}
	if notice, _ := w.rec.Notice("press"); notice != "正在画图,稍后发来。" {
		t.Errorf("the press is answered by %q", notice)
	}
	w.county.line("status.chart votes " + string(hualong)).sees("没有找到")
}

func TestStatusChartForWhoeverMayStillSee(t *testing.T) {
	w := newOfficeWorld(t)
	row := record.Outbox{
		Kind: "chart", Person: w.township.id, Chat: w.township.chat,
		Args: map[string]string{"what": "attendance", "place": string(bayan), "week": "20261130"},
	}
	w.do(func(tx *storage.Tx) error { return tx.EndPost(w.township.id, record.TownshipOfficer, bayan) })
	if r := w.bot.Deliver(t.Context(), row); r.State != record.Dropped {
		t.Errorf("a chart asked for by a former officer is %v", r)
	}
}

// TestEveryPage walks through every page that the buttons of the officers'
// and the secretaries' commands lead to, in both languages.
func TestEveryPage(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			w := newOfficeWorld(t)
			w.more(bayan, 12)
			w.do(func(tx *storage.Tx) error {
				_, err := tx.SetReachable(w.jin.id, false)
				return err
			})
			for _, p := range []persona{w.county, w.township, w.xia} {
				p.say("/lang " + lang)
				if n := p.walk("status", "people", "schedule"); p.id != w.xia.id && n < 25 {
					t.Errorf("only %d pages are reached", n)
				}
			}
		})
	}
}

// farWeek is a week more than one from now.
var farWeek = regexp.MustCompile(` 20(25|27|260|2610|261116|261214)`)

// walk presses every button that leads on within some families of commands,
// each page once, and says how many there are.
func (p persona) walk(families ...string) int {
	p.w.Helper()
	todo, seen := slices.Clone(families), map[string]bool{}
	for len(todo) > 0 {
		line := todo[0]
		todo = todo[1:]
		name, _, _ := strings.Cut(line, " ")
		family, _, _ := strings.Cut(name, ".")
		asks := name == "status.chart" || name == "status.link" || strings.HasSuffix(line, " yes")
		if seen[line] || !slices.Contains(families, family) || asks {
			continue
		}
		if seen[line] = true; len(seen) > 400 {
			p.w.Fatal("the pages have no end")
		}
		p.line(line)
		m := p.last()
		if strings.Contains(draw(m), "⟦") || len(m.Buttons) == 0 {
			p.w.Errorf("%s shows\n%s", line, draw(m))
		}
		for _, row := range m.Buttons {
			for _, b := range row {
				if next := p.means(b.Data); !farWeek.MatchString(next) {
					todo = append(todo, next)
				}
			}
		}
	}
	return len(seen)
}

// means is the command line that a button stands for.
func (p persona) means(data string) (line string) {
	p.w.Helper()
	token, index, _ := strings.Cut(data, ".")
	p.w.see(func(tx *storage.Tx) error {
		i, err := tx.Intent(token)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(index, 36, 32)
		if err == nil && int(n) < len(i.Acts) {
			line = i.Acts[n]
		}
		return err
	})
	return line
}

package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// A new version of the privacy text is shown once, before the home card, to who
// was shown an earlier one.
func TestNewPrivacyTextIsShownOnce(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	if n := sec.say("首页").messages(); n != 1 {
		t.Fatalf("%d messages for the home card", n)
	}
	w.bot.privacyVersion = "2"
	sec.say("首页")
	if n := sec.messages(); n != 3 {
		t.Fatalf("%d messages after the change, want the text and the card", n-1)
	}
	told := w.rec.Messages(sec.chat)[1]
	sec.shows(told, "隐私说明有更新", "第 2 版", "职务名册", "[知道了]")
	if sec.say("首页"); sec.messages() != 4 {
		t.Error("shown again")
	}
	sec.pressOn(told, "知道了").shows(sec.now(told), "✅")
	w.see(func(tx *storage.Tx) error {
		line, err := tx.LastAudit()
		if line.By != sec.id || line.Note != "privacy 2" {
			t.Errorf("audit: %+v", line)
		}
		return err
	})
}

// The file has what is held about its reader, as records, and nobody else's.
func TestMyDataAsAFile(t *testing.T) {
	w := newWorld(t)
	sec, other := w.secretary(xiajiahe), w.secretary(jinjia)
	sec.say("我的数据").sees("机器人保存的关于您").press("要一份文件")
	w.deliver()
	var body []byte
	for _, m := range w.rec.Messages(sec.chat) {
		if m.Document != nil {
			body = m.Document.Body
		}
	}
	var file struct {
		Person record.PersonID `json:"person"`
		Held   []struct {
			Topic  string          `json:"topic"`
			Record json.RawMessage `json:"record"`
		} `json:"held"`
	}
	if err := json.Unmarshal(body, &file); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	topics := map[string]bool{}
	for _, h := range file.Held {
		topics[h.Topic] = true
	}
	if file.Person != sec.id || !topics["person"] || !topics["posts"] {
		t.Errorf("person %s, topics %v", file.Person, topics)
	}
	if strings.Contains(string(body), `"`+string(other.id)+`"`) || strings.Contains(string(body), "sealed") {
		t.Errorf("somebody else, or what is sealed, in %s", body)
	}
}

// Who keeps the record decides about a correction: not the person, not a neighbour.
func TestWhoDecidesACorrection(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	neighbour := w.secretary(jinjia)
	officer := w.person("组织委员 001", record.TownshipOfficer, bayan)
	for range storage.MaxCorrections {
		sec.say("我的数据").press("要求更正").say("出生年应为 1972").press("确认保存").sees("✅ 已提交")
	}
	sec.say("我的数据").press("要求更正").say("还有一条").press("确认保存").sees("✗")
	id := "c1"
	for _, p := range []persona{sec, neighbour} {
		for _, line := range []string{"mydata.made ", "mydata.kept ", "mydata.asked "} {
			p.line(line + id).sees("不在您的权限内")
		}
	}
	w.deliver()
	officer.sees("要求更正", "出生年应为 1972")
	officer.line("mydata.made "+id).sees("✅ 已记为更正", "还有 2 条")
	officer.line("mydata.made " + id).sees("已经办结")
	w.deliver()
	sec.sees("✅ 您要求的更正已办好")
}

// Whoever has left the last post takes account, number and the like away; the name
// stays for its time, and the bot knows the account no more.
func TestALeaverTakesTheDataAway(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	sec.say("删除我的数据").sees("任职期间要用").seesNot("[删除这些]")
	w.do(func(tx *storage.Tx) error { return tx.EndPost(sec.id, record.Secretary, xiajiahe) })
	sec.say("删除我的数据").sees("您已卸任", "2029年12月").press("删除这些").sees("不能恢复").press("确认删除").sees("✅ 已删除")
	w.see(func(tx *storage.Tx) error {
		p, err := tx.Person(sec.id)
		if p.Enrolled() || p.PhoneHash != "" || p.Stripped.IsZero() || p.Name == "" {
			t.Errorf("what is left: %+v", p)
		}
		if _, known, err := tx.PersonByChat(sec.chat); known || err != nil {
			t.Errorf("the account: %v, %v", known, err)
		}
		return err
	})
	sec.say("首页").sees("只供已登记的人员使用")
}

// Whatever changes in what people are told changes its version.
func TestThePrivacyTextHasItsVersion(t *testing.T) {
	w := newWorld(t)
	sum := sha256.New()
	for _, lang := range text.Languages {
		turn := &Turn{b: w.bot, Voice: w.bot.texts.In(lang)}
		for _, rule := range record.UseRules() {
			sum.Write([]byte(turn.useLine(rule)))
		}
		sum.Write([]byte(turn.Say("privacy.foot")))
	}
	sums := map[string]string{"1": "5a170bdeac2d98b4"}
	if got := hex.EncodeToString(sum.Sum(nil)[:8]); sums[privacyVersion] != got {
		t.Errorf("the texts of version %s sum to %s, want %s", privacyVersion, got, sums[privacyVersion])
	}
}

// A form about something that is gone is ended when it is to be saved: it is not
// left over, to be filled in once more for nothing.
func TestAFormAboutSomebodyForgotten(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.own.say("我的数据").press("要求更正").say("学校名称不对").press("确认保存").sees("✅ 已提交")
	w.home.press("不更正").sees("为什么不更正")
	w.township.line("referral.step r1 ended").sees("结束这个推荐?")
	w.own.say("删除我的数据").press("删除登记", "确认删除").sees("✅ 您的登记已删除")
	w.home.say("核实过,没有错").sees("没有找到").say("首页").seesNot("没填完的表")
	w.township.say("没有来").sees("已经办结").say("首页").seesNot("没填完的表")
}

// Requests beyond a page are reached.
func TestManyCorrections(t *testing.T) {
	w := newWorld(t)
	officer := w.person("组织委员 001", record.TownshipOfficer, bayan)
	for i := range 2 * listSize {
		s := w.person(fmt.Sprintf("书记 1%02d", i), record.Secretary)
		w.do(func(tx *storage.Tx) error {
			_, err := tx.AskCorrection(record.Correction{Person: s.id, Place: xiajiahe, Text: "出生年应为 1972"})
			return err
		})
	}
	officer.line("mydata.fixes").sees(fmt.Sprintf("有 %d 条", 2*listSize), "书记 100").press("下一页").sees(fmt.Sprintf("书记 1%02d", listSize)).seesNot("书记 100")
}

// Who has held very many posts reads the newest; who looked last stands first,
// whichever of the two records it was.
func TestMyDataOfALongLife(t *testing.T) {
	w := newReferWorld(t)
	for i := range 60 {
		w.do(func(tx *storage.Tx) error {
			if err := tx.Appoint(w.own.id, record.Secretary, wenbuju, record.Date(fmt.Sprintf("19%02d-01-01", 30+i))); err != nil {
				return err
			}
			return tx.EndPost(w.own.id, record.Secretary, wenbuju)
		})
	}
	county := w.person("管理员 001", record.CountyOfficer, hualong)
	w.do(func(tx *storage.Tx) error {
		return tx.Audit(record.Audit{By: county.id, Action: record.SeePerson, Person: w.own.id, Note: "status.person"})
	})
	w.now = w.now.Add(time.Hour)
	county.line("graduate.show " + string(w.g.ID))
	w.own.say("我的数据").sees("1989-01-01", "更早的任职 52 项", "别人看过或改过 2 次").seesNot("1981-01-01")
	said := w.own.last().Text
	if at := strings.Index(said, "查看毕业生"); at < 0 || at > strings.Index(said, "看个人页") {
		t.Errorf("the newest look is not the first:\n%s", said)
	}
}

// Whoever has left the last post and keeps an own record hears that it goes as well.
func TestALeaverHearsThatTheOwnRecordGoes(t *testing.T) {
	w := newReferWorld(t)
	w.do(func(tx *storage.Tx) error {
		if err := tx.Appoint(w.own.id, record.Secretary, wenbuju, "2024-01-01"); err != nil {
			return err
		}
		return tx.EndPost(w.own.id, record.Secretary, wenbuju)
	})
	w.own.say("删除我的数据").press("删除这些").sees("连同您的毕业生登记").press("确认删除").sees("✅ 已删除")
	w.see(func(tx *storage.Tx) error {
		if _, found, err := tx.GraduateOf(w.own.id); found || err != nil {
			t.Errorf("the record is there: %v", err)
		}
		return nil
	})
}

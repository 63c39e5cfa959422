package bot

import (
	"strings"
	"testing"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/record"
)

// registers lets somebody answer the whole form about a graduate who is
// seeking work and willing to return, up to the summary.
func (p persona) registers(name, birth, phone string) persona {
	p.w.Helper()
	p.say(name).say(birth)
	return p.fills(phone)
}

// fills answers what comes behind name and birth year.
func (p persona) fills(phone string) persona {
	p.w.Helper()
	p.press("本科").say("青海大学").press("不填", "已毕业").say("2025年7月")
	return p.press("求职中", "愿意返乡").say(phone).agrees().sees("(核对)")
}

// agrees gives the consent, the own or that of the graduate.
func (p persona) agrees() persona {
	p.w.Helper()
	if _, own := p.last().Button("同意"); own {
		return p.press("同意")
	}
	return p.press("本人已同意")
}

// graduates are all records of a place.
func (w *world) graduates(place record.Code) (list []record.Graduate) {
	w.Helper()
	w.see(func(tx *storage.Tx) (err error) {
		list, _, err = tx.Graduates(storage.GraduateQuery{Place: place, Filter: storage.AllGraduates, Limit: 100})
		return err
	})
	return list
}

func TestSecretaryRegistersAGraduate(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	sec.say("返乡登记").sees("返乡登记 · 下加合村", "第 1 步", "姓名")
	sec.seesNot("上一步") // the first question
	sec.say("毕业生 001").sees("第 2 步", "姓名 毕业生 001")
	sec.say("2003").press("本科").say("青海大学").say("计算机").press("已毕业", "2025", "7月", "求职中", "愿意返乡")
	sec.say("1380000001").sees("只有 10 位,还少 1 位")
	sec.say("138 0000 0001").sees("请先向毕业生本人说明")
	sec.press("本人已同意").sees("(核对)", "学校 青海大学", "手机 13800000001")
	if got := w.graduates(hualong); len(got) != 0 {
		t.Fatalf("kept before it was saved: %v", got)
	}
	sec.press("确认保存").sees("✅ 已登记", "巴燕镇 下加合村 毕业生 001", "2025年7月毕业")
	got := w.graduates(xiajiahe)
	if len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
	g := got[0]
	if g.Phone != "13800000001" || g.Graduation != "2025-07" || g.Consent.Version != consentVersion || g.Source != record.BySecretary || g.By != sec.id {
		t.Fatalf("kept %+v", g)
	}
	w.see(func(tx *storage.Tx) error {
		last, err := tx.LastAudit()
		if last.Action != record.RegisterGraduate || last.By != sec.id || last.Place != xiajiahe {
			t.Errorf("audit says %+v", last)
		}
		return err
	})
}

func TestAnAnswerIsChangedBeforeSaving(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001")
	sec.press("改学校").sees("学校全称").press("不改").sees("(核对)")
	sec.press("改学校").say("青海师范大学").sees("(核对)", "学校 青海师范大学")
	sec.press("改学业").press("在读").sees("预计哪一年").press("2028", "6月").sees("(核对)", "学业 在读").seesNot("就业")
	sec.press("改出生年份").say("2004").sees("预计哪一年") // what hangs on it is asked again
	sec.say("202806").press("确认保存").sees("预计2028年6月毕业")
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register")
	sec.say("甲").sees("✗ 请只写姓名")
	sec.say(strings.Repeat("长", 300)).sees("✗ 太长了:300 字")
	sec.say("毕业生 001").say("1949").sees("✗ 请写四位年份,1950 到 2011 之间")
	sec.say("2003").say("博士后").sees("✗ 请点下面的按钮选择")
	sec.say("本科").say("青海大学").press("不填", "已毕业").say("2017").sees("✗ 请发 2018 到 2026 之间")
	sec.say("2026年12月").sees("现在做什么")
	sec.press("上一步").press("上一步").say("2027-01").sees("✗ 请发 2018 到 2026 之间")
}

func TestWithoutConsentNothingIsKept(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").say("毕业生 001").say("2003")
	sec.press("本科").say("青海大学").press("不填", "在读", "2027", "7月", "考虑中", "不填", "不同意")
	sec.sees("没有保存任何内容")
	if got := w.graduates(hualong); len(got) != 0 {
		t.Fatalf("kept %v", got)
	}
	w.see(func(tx *storage.Tx) error {
		if _, open, err := tx.Dialog(sec.chat); open || err != nil {
			t.Errorf("the form is still there: %v, %v", open, err)
		}
		return nil
	})
}

func TestALikelyDoubleIsShown(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001").press("确认保存")

	t.Run("another person", func(t *testing.T) {
		sec.say("/register").say("毕业生 001").say("2003").sees("已有同名同年出生的登记", "求职中", "[就是此人] [是另一个人]")
		sec.press("是另一个人").fills("13800000002").press("确认保存").sees("✅ 已登记")
		if n := len(w.graduates(xiajiahe)); n != 2 {
			t.Fatalf("%d records", n)
		}
	})
	t.Run("the same person", func(t *testing.T) {
		sec.say("/register").say("毕业生 001").say("2003").press("是第 1 个").sees("修改登记", "(核对)", "手机 13800000001")
		sec.press("改就业").press("已就业").press("确认保存").sees("✅ 已更新", "已就业")
		if n := len(w.graduates(xiajiahe)); n != 2 {
			t.Fatalf("%d records", n)
		}
	})
	t.Run("added meanwhile by another", func(t *testing.T) {
		sec.say("/register").registers("毕业生 009", "2003", "13800000003")
		w.person("乡镇 001", record.TownshipOfficer, bayan).say("/register "+string(xiajiahe)).
			registers("毕业生 009", "2003", "13800000004").press("确认保存")
		sec.press("确认保存").sees("已有同名同年出生的登记")
		sec.press("是另一个人").sees("(核对)").press("确认保存").sees("✅ 已登记")
	})
}

func TestThePlaceIsAskedWhereItIsNotKnown(t *testing.T) {
	w := newWorld(t)
	t.Run("secretary of two villages", func(t *testing.T) {
		w.secretary(xiajiahe, wenbuju).say("/register").sees("哪个村", "下加合村", "文卜具村").seesNot("金家庄村")
	})
	t.Run("township officer", func(t *testing.T) {
		w.person("乡镇 001", record.TownshipOfficer, bayan).say("/register").sees("哪个村", "金家庄村").seesNot("文卜具村").
			say("金家庄").sees("返乡登记 · 金家庄村", "姓名")
	})
	t.Run("county officer", func(t *testing.T) {
		w.person("县 001", record.CountyOfficer, hualong).say("/register").sees("哪个乡镇").
			press("群科镇", "文卜具村").sees("返乡登记 · 文卜具村")
	})
	t.Run("not somebody else's village", func(t *testing.T) {
		w.person("书记 002", record.Secretary, jinjia).say("/register " + string(wenbuju)).sees("不在您的权限内")
	})
}

func TestAPostThatEndsEndsTheRight(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001")
	w.do(func(tx *storage.Tx) error { return tx.EndPost(sec.id, record.Secretary, xiajiahe) })
	sec.press("确认保存").sees("不在您的权限内")
	if got := w.graduates(hualong); len(got) != 0 {
		t.Fatalf("kept %v", got)
	}
}

func TestTheOwnContactCardIsThePhone(t *testing.T) {
	w := newWorld(t)
	grad := w.stranger().open(villageLinkOf(w.secretary(xiajiahe), xiajiahe)).say("毕业生 001").say("2003")
	grad.press("本科").say("青海大学").press("不填", "已毕业").say("2025年7月").press("求职中", "愿意返乡")
	grad.sendsContact("+86 13900000000", false).sees("这不是您本人的名片", "您的手机号") // somebody else's
	grad.sendsContact("+86 13800000001", true).sees("您同意吗", "手机 13800000001")
}

// sendsContact sends a contact card.
func (p persona) sendsContact(phone string, own bool) persona {
	p.w.Helper()
	p.w.handle(chat.Event{
		Kind: chat.Contact, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat},
		Contact: &chat.ContactCard{Phone: phone, Own: own},
	})
	return p
}

// villageLinkOf has a secretary ask for the village's link and reads it off
// the answer.
func villageLinkOf(sec persona, village record.Code) string {
	sec.w.Helper()
	sec.say("/graduates " + string(village)).press("本村登记链接")
	for _, m := range sec.w.rec.Messages(sec.chat) {
		if _, payload, ok := strings.Cut(m.Text, "?start="); ok {
			payload, _, _ = strings.Cut(payload, "\n")
			return payload
		}
	}
	sec.w.Fatalf("no link in:\n%s", draw(sec.last()))
	return ""
}

func TestAGraduateRegistersByTheVillagesLink(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	link := villageLinkOf(sec, xiajiahe)
	if m := sec.last(); len(m.Photo) == 0 {
		t.Fatalf("no QR code in:\n%s", draw(m))
	}
	grad := w.stranger()
	grad.say("hello").sees("只供已登记的人员使用")
	grad.open(link).sees("返乡登记 · 下加合村", "您的姓名")
	grad.registers("毕业生 001", "2003", "13800000001")
	w.see(func(tx *storage.Tx) error {
		if _, known, err := tx.PersonByChat(grad.chat); known || err != nil {
			t.Errorf("a person before the yes was saved: %v, %v", known, err)
		}
		return nil
	})
	grad.press("确认保存").sees("✅ 已登记", "本人登记")

	t.Run("sees and changes the own record", func(t *testing.T) {
		grad.open(link).sees("毕业生 001", "手机 138 0000 0001", "[没有变化] [修改]").seesNot("返回")
		grad.press("修改").sees("修改登记", "(核对)").press("改返乡意愿", "暂不返乡", "确认保存").sees("✅ 已更新", "暂不返乡")
		grad.say("/register").press("没有变化").sees("✅ 已确认")
	})
	t.Run("sees nobody else's", func(t *testing.T) {
		grad.say("/graduates").seesNot("毕业生 001")
	})
	t.Run("erases it", func(t *testing.T) {
		grad.say("/register").press("删除登记").sees("不能恢复").press("确认删除").sees("✅ 您的登记已删除")
		if got := w.graduates(hualong); len(got) != 0 {
			t.Fatalf("kept %v", got)
		}
		grad.open(link).sees("您的姓名")
	})
	t.Run("a secretary is told to pass it on", func(t *testing.T) {
		sec.open(link).sees("请转发给毕业生本人")
	})
}

func TestAGraduateTakesOverWhatTheSecretaryWrote(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001").press("确认保存")
	link := villageLinkOf(sec, xiajiahe)
	grad := w.stranger().open(link)
	grad.say("毕业生 001").say("2003").sees("是您本人吗").seesNot("求职中", "138")
	grad.press("是我")

	t.Run("not with a number that is typed", func(t *testing.T) {
		grad.fills("13800000001").press("确认保存").sees("请点下方按钮发送您本人的手机号")
		if g := w.graduates(xiajiahe); len(g) != 1 || g[0].Person != "" {
			t.Fatalf("changed: %+v", g)
		}
	})
	t.Run("nor with the card of one number and another one typed", func(t *testing.T) {
		grad.sendsContact("13900000000", true).press("改手机").say("13800000001").press("确认保存").sees("请点下方按钮发送您本人的手机号")
		if g := w.graduates(xiajiahe); len(g) != 1 || g[0].Person != "" {
			t.Fatalf("changed: %+v", g)
		}
	})
	t.Run("not with another number", func(t *testing.T) {
		grad.sendsContact("13900000000", true).press("确认保存").sees("手机号与已有的登记不一致").seesNot("13800000001")
		if g := w.graduates(xiajiahe); len(g) != 1 || g[0].Person != "" || g[0].Source != record.BySecretary {
			t.Fatalf("changed: %+v", g)
		}
	})
	t.Run("with the number of the record", func(t *testing.T) {
		grad.sendsContact("13800000001", true).press("确认保存").sees("✅ 已更新", "本人登记")
		g := w.graduates(xiajiahe)
		if len(g) != 1 || g[0].Person == "" || g[0].Consent.Source != record.BySelf {
			t.Fatalf("kept %+v", g)
		}
	})
}

func TestNumbersCannotBeTriedOut(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("/register").registers("毕业生 001", "2003", "13800000001").press("确认保存")
	grad := w.stranger().open(villageLinkOf(sec, xiajiahe)).say("毕业生 001").say("2003").press("是我").fills("13900000000").press("确认保存")
	for range storage.MaxGuesses {
		grad.sendsContact("13900000000", true).press("确认保存").sees("手机号与已有的登记不一致")
	}
	grad.sendsContact("13900000000", true).press("确认保存").sees("试的次数太多了")
	grad.open("").seesNot("13800000001")
}

func TestAGraduateWhoTakesAPostKeepsTheRecord(t *testing.T) {
	w := newWorld(t)
	grad := w.stranger().open(villageLinkOf(w.secretary(xiajiahe), xiajiahe)).registers("毕业生 001", "2003", "13800000001").press("确认保存")
	var id record.PersonID
	link := ""
	w.do(func(tx *storage.Tx) (err error) {
		if id, err = tx.AddPerson(record.Person{Name: "毕业生 001"}, "13800000001"); err != nil {
			return err
		}
		if err := tx.Appoint(id, record.Secretary, jinjia, "2026-12-01"); err != nil {
			return err
		}
		link, err = tx.IssueEnrolLink(id, "", make([]byte, storage.TokenSize), dayLong)
		return err
	})
	grad.open(link).sendsContact("13800000001", true).sees("金家庄村 支部书记")
	w.see(func(tx *storage.Tx) error {
		g, found, err := tx.GraduateOf(id)
		if !found || g.Name != "毕业生 001" {
			t.Errorf("own record %+v, %v", g, found)
		}
		return err
	})
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
}

// A yes that has ended is asked for again with the next change of the record.
func TestAnEndedConsentIsAskedForAgain(t *testing.T) {
	w := newReferWorld(t)
	w.now = w.now.AddDate(0, record.ConsentMonths, 1)
	w.home.line("graduate.edit "+string(w.g.ID)).sees("本人同意吗?").press("本人已同意", "确认保存").sees("✅ 已更新")
	w.see(func(tx *storage.Tx) error {
		g, err := tx.Graduate(w.g.ID)
		if !g.Consent.Holds(w.now) || g.Consent.Source != record.BySecretary {
			t.Errorf("the consent: %+v", g.Consent)
		}
		return err
	})
}

package bot

import (
	"fmt"
	"testing"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// referWorld is a township's officer, the secretaries of two villages, and a
// graduate of the first of them with an account, who agrees to being referred.
type referWorld struct {
	*world
	township, home, receiver, own persona
	g                             record.Graduate
	o                             record.Opening
}

// ownPhone is the graduate's number.
const ownPhone = "13900001301"

func newReferWorld(t *testing.T) *referWorld {
	t.Helper()
	w := &referWorld{world: newWorld(t)}
	w.township = w.person("组织委员 001", record.TownshipOfficer, bayan)
	w.home = w.person("书记 001", record.Secretary, xiajiahe)
	w.receiver = w.person("书记 002", record.Secretary, jinjia)
	w.own = w.person("毕业生 001", record.Secretary) // no post
	w.do(func(tx *storage.Tx) (err error) {
		if w.g, err = tx.AddGraduate(w.graduate("毕业生 001", w.own.id), nil); err != nil {
			return err
		}
		if w.g, err = tx.SetConsent(w.g.ID, record.ToRefer, w.g.Consent); err != nil {
			return err
		}
		w.o, err = tx.AddOpening(record.Opening{Kind: record.ClerkPost, Place: jinjia, Number: 1, Until: "2027-06-30", By: w.township.id})
		return err
	})
	return w
}

func (w *referWorld) graduate(name string, own record.PersonID) record.Graduate {
	return record.Graduate{
		Village: xiajiahe, Name: name, BirthYear: 2003, Education: record.Bachelor, School: "青海大学", Graduation: "2025-07",
		Employment: record.Seeking, Willingness: record.Willing, Phone: ownPhone, Source: record.BySelf, Person: own,
		Consent: record.Consent{Version: consentVersion, At: w.now, Source: record.BySelf},
	}
}

// asks has the officer propose the graduate and ask.
func (w *referWorld) asks() {
	w.Helper()
	w.township.line("referral.propose " + string(w.o.ID) + " " + string(w.g.ID)).press("征求本人").sees("✅ 已征求")
}

func TestAReferralToTheEnd(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.receiver.say("推荐").sees("与您有关的推荐 0 个")
	w.own.sees("有一个家乡岗位", "村文书 · 巴燕镇 金家庄村").press("同意").sees("✅ 已同意")
	w.township.sees("本人同意了", "139 0000 1301").press("介绍双方")
	w.receiver.sees("向您介绍一位毕业生", "139 0000 1301").press("已到岗").sees("✅ 已到岗")
	w.own.sees("已到岗").press("结束推荐").sees("结束这个推荐?").say("去外地了").sees("这个推荐已结束", "结束(已离岗) · 本人:去外地了")
	w.receiver.sees("这个推荐已结束", "结束(已离岗)").seesNot("去外地了", "1301")
}

// Who has nothing to do with a referral, or not yet, sees nothing of it, however
// the way in is found.
func TestReferralsOfOthers(t *testing.T) {
	w := newReferWorld(t)
	other := w.person("组织委员 002", record.TownshipOfficer, qunke)
	far := w.person("书记 003", record.Secretary, wenbuju)
	w.asks()
	id := "r000001"
	w.see(func(tx *storage.Tx) error {
		list, err := tx.OpenReferrals(xiajiahe)
		id = string(list[0].ID)
		return err
	})
	for _, line := range []string{"referral.show " + id, "referral.step " + id + " ended", "referral.outcome " + id + " 1 still", "referral.step " + id + " agreed"} {
		for _, p := range []persona{other, far, w.receiver, w.home} { // the graduate speaks for the own self
			p.line(line).sees("不在您的权限内")
		}
	}
	for _, line := range []string{"referral.publish " + id + " yes", "referral.propose " + string(w.o.ID) + " " + string(w.g.ID), "opening.close " + string(w.o.ID) + " yes", "opening.show " + string(w.o.ID), "referral.list " + string(bayan), "opening.new " + string(bayan)} {
		other.line(line).sees("不在您的权限内")
	}
	w.receiver.line("opening.close " + string(w.o.ID)).sees("不在您的权限内")
	w.township.line("referral.step "+id+" agreed").sees("已有变化", "现在:已征求本人")
}

func TestWithoutConsentNobodyIsProposed(t *testing.T) {
	w := newReferWorld(t)
	w.own.say("推荐").press("同意事项", "撤回推荐").sees("⚠️ 撤回“推荐返乡岗位”").press("确认撤回").sees("不再同意")
	w.township.line("referral.propose "+string(w.o.ID)+" "+string(w.g.ID)).sees("还没有同意被推荐,不能提名", "请本人在“同意事项”里").press("同意事项").sees("请先问过本人").press("同意推荐").sees("到2028年12月1日")
	w.township.press("同意事项", "看登记", "推荐岗位", "金家庄村 村文书").sees("✅ 已提名")
	w.township.line("referral.propose " + string(w.o.ID) + " " + string(w.g.ID)).sees("已在这个岗位的推荐中")
}

// A post whose last day has passed is offered to nobody, says so, and may be opened
// for longer.
func TestAPostPastItsLastDay(t *testing.T) {
	w := newReferWorld(t)
	day := record.DateOf(w.now.AddDate(0, 0, -2).UTC())
	w.do(func(tx *storage.Tx) error {
		o, err := tx.Opening(w.o.ID)
		if err != nil {
			return err
		}
		tx.Now = tx.Now.AddDate(0, 0, -7)
		_, err = tx.ExtendOpening(o.ID, day)
		return err
	})
	w.township.line("refer " + string(bayan)).sees("截止(已过期)")
	w.township.line("referral.posts " + string(w.g.ID)).seesNot("金家庄村 村文书")
	w.township.line("opening.show " + string(w.o.ID)).sees("截止日期已过,不能再提名").seesNot("选人推荐")
	w.township.press("延期").sees("延到哪一天?").press("2027年1月").sees("✅ 已延到").seesNot("已过")
	w.township.sees("选人推荐")
	w.receiver.line("opening.longer " + string(w.o.ID)).sees("不在您的权限内")
	w.township.line("opening.longer " + string(w.o.ID) + " 2020-01-01").seesNot("已延到2020")
}

// Withdrawing the consent takes the number off every page at once.
func TestWithdrawalTakesTheNumberOff(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.township.press("介绍双方")
	card := w.receiver.sees("139 0000 1301").last()
	w.own.line("consent.no "+string(w.g.ID)+" refer yes").sees("不再同意", "1 项推荐已结束")
	w.receiver.pressOn(card, "开始试用").sees("已有变化", "结束(本人退出)").seesNot("1301", "开始试用")
}

func TestAFullPostAndAFullList(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.township.press("介绍双方", "已到岗").sees("✅ 已到岗")
	for i := range record.MaxUnderWay + 1 {
		w.do(func(tx *storage.Tx) error {
			g, err := tx.AddGraduate(w.graduate(fmt.Sprintf("毕业生 1%02d", i), ""), nil)
			if err != nil {
				return err
			}
			if w.g, err = tx.SetConsent(g.ID, record.ToRefer, g.Consent); err != nil || i == record.MaxUnderWay {
				return err
			}
			_, err = tx.Propose(w.o.ID, g.ID, w.township.id, "")
			return err
		})
	}
	w.township.line("referral.propose "+string(w.o.ID)+" "+string(w.g.ID)).sees("✗ 不能再提名", "同时最多推荐 12 人")
	w.township.line("opening.show "+string(w.o.ID)).sees("推荐 13 人", "下一页").press("下一页", "毕业生 111", "征求本人")
	w.home.press("本人同意")
	w.township.press("介绍双方", "已到岗").sees("✗ 名额已满")
	w.township.line("opening.close " + string(w.o.ID)).sees("进行中的 12 个推荐随之结束").press("关闭岗位").sees("✅ 岗位已关闭。进行中的 12 个")
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

// How a placement has turned out is answered once, on the question or on the card;
// an end is asked for once more.
func TestOutcomeOfAPlacement(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.township.press("介绍双方", "已到岗")
	ask := func(word string) {
		w.now = w.now.Add(31 * 24 * time.Hour)
		w.do(func(tx *storage.Tx) error {
			list, err := tx.OpenReferrals(xiajiahe)
			if err != nil {
				return err
			}
			for side, to := range map[record.ReferralSide]record.PersonID{record.GraduateSide: w.own.id, record.ReceiverSide: w.receiver.id} {
				if _, err := tx.AddOutbox(record.ReferralNotice(list[0], side, word, to, true, tx.Now, tx.Now.Add(referUse))); err != nil {
					return err
				}
			}
			return tx.SaidOfReferral(list[0], word)
		})
		w.deliver()
	}
	ask("month1")
	first := w.own.sees("您到岗满 1 个月").last()
	w.own.press("还在岗").sees("✅ 已记下", "满 1 个月:本人说还在岗").seesNot("[还在岗]")
	w.own.pressOn(first, "已离岗").sees("已答过")
	w.receiver.sees("到岗满 1 个月").say("首页").sees("有 1 个推荐等您处理")
	ask("month3")
	w.receiver.sees("到岗满 3 个月").press("去了别处").sees("记为“去了别处”?").press("去了别处").sees("这个推荐已结束", "满 3 个月:用人一方说去了别处", "结束(已离岗)")
	w.own.sees("这个推荐已结束")
}

func TestPeopleFromAScreening(t *testing.T) {
	w := newReferWorld(t)
	w.township.saves().press("推荐岗位").sees("选人 · 可选岗位 1 个").press("金家庄村 村文书").sees("· 下加合村 毕业生 001", "[推荐 毕业生 001]")
	w.township.press("推荐 毕业生 001").sees("✅ 已提名")
	w.township.line("refer.for s000001").press("金家庄村 村文书").sees("(已提名)").seesNot("[推荐 毕业生 001]")
}

// A reason has no number in it, however it is written: who sees one is not for
// words to say.
func TestAReasonHasNoNumber(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("不同意").say("打 139-0000 1301").sees("原因里请不要写手机号").say("工资 3000 元,太低").sees("已记下:不同意")
	w.township.sees("本人不同意", "工资 3000 元,太低")
}

// Where the post's village has no secretary, an officer of its place hears for it.
func TestAPostInAVillageWithoutASecretary(t *testing.T) {
	w := newReferWorld(t)
	county := w.person("县 001", record.CountyOfficer, hualong)
	w.do(func(tx *storage.Tx) error { return tx.EndPost(w.receiver.id, record.Secretary, jinjia) })
	county.line("referral.propose " + string(w.o.ID) + " " + string(w.g.ID)).press("征求本人")
	w.own.press("同意")
	county.sees("本人同意了").press("介绍双方")
	w.township.sees("向您介绍一位毕业生", "139 0000 1301").press("已到岗").sees("✅ 已到岗")
	w.receiver.say("推荐").sees("不在您的权限内")
}

// What was still to be said of a graduate who is forgotten is not said.
func TestWordsAboutSomebodyForgotten(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.do(func(tx *storage.Tx) error {
		list, err := tx.OpenReferrals(xiajiahe)
		if err != nil {
			return err
		}
		for side, to := range map[record.ReferralSide]record.PersonID{
			record.GraduateSide: w.own.id, record.ReceiverSide: w.receiver.id, record.OfficeSide: w.township.id, record.VoiceSide: w.home.id,
		} {
			if _, err := tx.AddOutbox(record.ReferralNotice(list[0], side, "wait3", to, true, tx.Now.Add(time.Hour), tx.Now.Add(referUse))); err != nil {
				return err
			}
		}
		return nil
	})
	had := map[int64]int{}
	all := []persona{w.own, w.receiver, w.township, w.home}
	w.own.line("graduate.drop " + string(w.g.ID) + " asked").sees("✅ 您的登记已删除")
	for _, p := range all {
		had[p.chat] = p.messages()
	}
	w.now = w.now.Add(2 * time.Hour)
	w.deliver()
	for _, p := range all {
		if n := p.messages(); n != had[p.chat] {
			p.sees("nothing")
		}
	}
}

// Whoever is a secretary and a graduate is told at home of a question about a post.
func TestASecretaryWhoIsAskedAsAGraduate(t *testing.T) {
	w := newReferWorld(t)
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.own.id, record.Secretary, wenbuju, "2024-01-01") })
	w.asks()
	w.own.say("首页").sees("有 1 个推荐等您处理")
}

// The log says the stages of a referral as its card does.
func TestReferralsInTheLog(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	county := w.person("管理员 001", record.CountyOfficer, hualong)
	county.say("操作记录").sees("(已提名 r1)", "(已征求本人 r1)", "(本人同意 r1)").seesNot("本人要求", "agreed")
}

// A placement leaves the record as it is; who keeps it says that it says employed now.
func TestAPlacedGraduateIsEmployed(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.township.press("介绍双方", "已到岗").sees("✅ 已到岗", "[登记改为已就业]")
	var list []record.Referral
	w.see(func(tx *storage.Tx) (err error) { list, err = tx.ReferralsOf(w.g.ID); return err })
	w.receiver.line("referral.employed " + string(list[0].ID)).sees("已有变化")
	w.township.press("登记改为已就业").sees("毕业生 001的登记已改为“已就业”").seesNot("[登记改为已就业]")
	w.see(func(tx *storage.Tx) error {
		g, err := tx.Graduate(w.g.ID)
		if told := g.Told(record.EmploymentFact); g.Employment != record.Employed || told.By != w.township.id || g.Told(record.PhoneFact).By == w.township.id {
			t.Error(g.Employment, told)
		}
		return err
	})
}

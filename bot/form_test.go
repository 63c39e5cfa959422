package bot

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// lateAt checks a secretary in 20 minutes late, with the reply on the screen.
func lateAt(w *world, village record.Code) persona {
	w.Helper()
	sec := w.secretary(village)
	var s record.Session
	w.do(func(tx *storage.Tx) (err error) {
		s, err = tx.AddSession(record.Session{
			Place: hualong, Title: "廉政教育基地", State: record.Planned,
			Start: w.now.Add(-20 * time.Minute), End: w.now.Add(time.Hour),
			Opens: w.now.Add(-time.Hour), LateFrom: w.now.Add(-5 * time.Minute),
		}, []record.Code{village})
		if err != nil {
			return err
		}
		_, err = tx.OpenSession(s.ID)
		return err
	})
	sec.say("签到 " + w.store.CodeAt(s.ID, w.now).Digits)
	return sec.sees("迟到")
}

func TestLateReason(t *testing.T) {
	w := newWorld(t)
	sec := lateAt(w, xiajiahe)
	reply := sec.last()
	sec.press("补充说明").sees("廉政教育基地", "请用一句话说明迟到原因", "[稍后再填] [取消]")
	sec.say("山路塌方,绕行").sees("已补充说明")
	sec.pressOn(reply, "补充说明").sees("已经记录")
}

func TestAFormIsLeftAndTakenUp(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("返乡登记").say("毕业生 001")

	t.Run("later", func(t *testing.T) {
		sec.press("稍后再填").sees("⏳ 已留着", "7 天内")
		sec.say("2003").seesNot("学历") // not taken as an answer
		sec.say("/start").sees("还有一份没填完的表").press("继续填写").sees("第 2 步", "姓名 毕业生 001")
	})
	t.Run("a command parks it", func(t *testing.T) {
		sec.say("/schedule").say("2003").seesNot("学历")
		sec.say("/start").press("继续填写").say("2003").sees("第 3 步", "出生年份 2003")
	})
	t.Run("another process takes it up", func(t *testing.T) {
		texts, err := text.Load()
		if err != nil {
			t.Fatal(err)
		}
		w.bot = New(w.bot.conf, w.store, texts, w.rec, slog.New(slog.DiscardHandler))
		sec.press("本科").sees("第 4 步", "学历 本科")
	})
	t.Run("in the other language", func(t *testing.T) {
		sec.say("/lang").press("English").say("/start").press("Go on").sees("step 4 of 12", "Education: bachelor", "Full name of the school")
	})
	t.Run("a week later it is gone", func(t *testing.T) {
		w.now = w.now.Add(formKept + time.Second)
		sec.say("/start").seesNot("not finished")
		w.see(func(tx *storage.Tx) error {
			if _, open, err := tx.Dialog(sec.chat); open || err != nil {
				t.Errorf("still kept: %v, %v", open, err)
			}
			return nil
		})
	})
}

func TestOneMessageIsEdited(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("返乡登记").say("毕业生 001").say("2003")
	n := sec.messages()
	sec.press("本科").press("上一步").press("大专")
	if got := sec.messages(); got != n {
		t.Fatalf("%d messages after buttons, want %d", got, n)
	}
	sec.say("青海大学")
	if got := sec.messages(); got != n+1 {
		t.Fatalf("%d messages after a typed answer, want %d", got, n+1)
	}
}

func TestAStaleButtonChangesNothing(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("返乡登记").say("毕业生 001").say("2003")
	old := sec.last() // asks for the education
	sec.press("本科").say("青海大学")
	for range 2 {
		sec.pressOn(old, "大专").shows(old, "专业?", "学历 本科")
	}

	t.Run("of a form that is over", func(t *testing.T) {
		sec.press("取消", "确认取消").sees("已取消,没有保存")
		sec.pressOn(old, "大专").sees("您好")
	})
	t.Run("of an earlier form of the same kind", func(t *testing.T) {
		sec.say("返乡登记").say("毕业生 002").say("2003")
		sec.pressOn(old, "大专").shows(old, "姓名 毕业生 002", "学历?")
	})
}

func TestCancelAsksOnceMoreWhereSomethingIsLost(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	sec.say("/cancel").sees("没有正在填写")
	sec.say("返乡登记").say("取消").sees("已取消")
	sec.say("返乡登记").say("毕业生 001").say("/cancel").sees("已填的内容会丢掉").press("继续填写").sees("姓名 毕业生 001")
	sec.press("取消", "确认取消").sees("已取消")
	sec.say("/start").seesNot("没填完")
}

func TestTwoFormsAreNotMixed(t *testing.T) {
	w := newWorld(t)
	sec := lateAt(w, xiajiahe)
	late := sec.last()
	sec.say("返乡登记").say("毕业生 001")
	t.Run("keep the old one", func(t *testing.T) {
		sec.pressOn(late, "补充说明").sees("还有一份没填完:返乡登记 · 下加合村").shows(late, "迟到 5 分钟")
		sec.press("继续填写").sees("姓名 毕业生 001")
	})
	t.Run("take the new one", func(t *testing.T) {
		sec.pressOn(late, "补充说明").press("办新的").sees("迟到原因")
		sec.say("下雪").sees("已补充说明")
	})
}

func TestWhatATextMeansWhileAFormIsOpen(t *testing.T) {
	w := newWorld(t)
	sec := lateAt(w, xiajiahe)
	sec.say("返乡登记").say("帮助 我").sees("姓名 帮助 我") // a command's word with more behind it
	sec.say("/help").sees("签到:扫码").say("/start").press("继续填写")
	sec.say("签到 123456").sees("口令不对") // a check-in goes first
	sec.say("/start").press("继续填写").say("123456").sees("口令不对")
	sec.say("/start").press("继续填写").sees("姓名 帮助 我")
}

func TestAFormIsNotHandedOn(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe).say("返乡登记").say("毕业生 001")
	next := persona{w: w, chat: sec.chat}
	w.do(func(tx *storage.Tx) (err error) {
		if err := tx.Unbind(sec.id); err != nil {
			return err
		}
		if next.id, err = tx.AddPerson(record.Person{Name: "书记 002"}, ""); err != nil {
			return err
		}
		return errors.Join(tx.Appoint(next.id, record.Secretary, jinjia, "2026-12-01"), tx.Bind(next.id, sec.chat, "zh"))
	})
	next.say("2003").seesNot("毕业生 001").say("/start").seesNot("没填完")
}

func TestGroupsHaveNoForms(t *testing.T) {
	w := newWorld(t)
	sec := w.secretary(xiajiahe)
	w.handle(chat.Event{Kind: chat.Text, Chat: chat.Chat{ID: -5, Group: true}, From: chat.User{ID: sec.chat}, Text: "/register"})
	if got := w.rec.Messages(-5); len(got) != 0 {
		t.Fatalf("said in a group: %v", got)
	}
}

func TestTheConsentTextHasItsVersion(t *testing.T) {
	texts, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, lang := range text.Languages {
		for _, key := range []string{"register.ask_consent", "register.ask_consent_self"} {
			h.Write([]byte(texts.In(lang).Say(key, text.A{"County": "-"})))
		}
	}
	// The sum of the texts of each version. A text that people have agreed to
	// is not changed: it gets a new version and a new sum.
	sums := map[string]string{"2026-11": "3ecd975ac0c6c614", "2026-12": "81b27d9b7f9cfca3"}
	if got := fmt.Sprintf("%x", h.Sum(nil)[:8]); got != sums[consentVersion] {
		t.Errorf("the texts of version %s sum to %s, want %s", consentVersion, got, sums[consentVersion])
	}
}

package bot

import (
	"testing"
	"time"

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

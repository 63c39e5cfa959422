package bot

import (
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// A mentor is somebody who holds a post in the village or township; one whose post has
// ended is shown as such until there is another.
func TestMentorOfAReserveCadre(t *testing.T) {
	w := newReferWorld(t)
	far := w.person("书记 003", record.Secretary, wenbuju)
	id := string(w.g.ID)
	w.home.line("reserve.add "+id).sees("帮带人 书记 001", "[换帮带人]")
	w.home.line("reserve.mentor " + id + " " + string(far.id)).seesNot("帮带人 书记 003")
	w.do(func(tx *storage.Tx) error { return tx.EndPost(w.home.id, record.Secretary, xiajiahe) })
	w.township.line("reserve.show " + id).sees("帮带人 书记 001(已离任,请换人)").press("换帮带人").sees("[组织委员 001]").seesNot("书记 001")
	w.township.press("组织委员 001").sees("帮带人 组织委员 001").seesNot("已离任")
	far.line("reserve.mentor " + id).sees("不在您的权限内")
}

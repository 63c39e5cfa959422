package bot

import (
	"bytes"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

func TestPeople(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(qunke, 2)
	w.county.say("名册").sees("化隆县 · 名册", "5 个村,书记在任 5,空缺 0", "已登记 3 · 未登记 2 · 联系不上 0")
	w.county.press("按乡镇").sees("巴燕镇:已登记 2 / 2", "群科镇:已登记 1 / 3 · 未登记 2")
	w.county.press("群科镇").sees("群科镇 · 名册").press("各村").sees("文卜具村 书记 003,已登记", "新0村 新书记 000,未登记")
	w.county.press("新0村").sees("群科镇 新0村", "新书记 000(2025 起),未登记").press("新书记").sees("群科镇 新0村 支部书记", "[发登记链接]").seesNot("解绑")
	w.county.say("名册").press("工作人员").sees("化隆县 县级管理员 县级管理员 001,已登记", "群科镇 乡镇组织委员 组织委员 002")
	w.county.press("组织委员 002").sees("组织委员 002", "乡镇组织委员").press("返回").sees("群科镇", "组织委员 002").seesNot("组织委员 001")
	w.county.say("名册").press("发送名册表").sees(".xlsx", "请勿包含身份证")
	w.township.say("名册").sees("巴燕镇 · 名册", "2 个村").seesNot("发送名册表", "按乡镇").press("各村").sees("下加合村 书记 001")
}

func TestPeopleShowsWhoWaits(t *testing.T) {
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error {
		if err := tx.Unbind(w.jin.id); err != nil {
			return err
		}
		return tx.PutClaim(record.Claim{Chat: 7, Person: w.jin.id, At: tx.Now, Waiting: true, GotTail: "0000"})
	})
	w.township.say("名册").sees("⚠️ 有 1 人的登记等您核对").press("逐个核对").sees("书记 002,巴燕镇 金家庄村", "[是本人]")
	w.township.line("status.person " + string(w.jin.id)).press("逐个核对").sees("本人发来尾号 0000")
	w.other.say("名册").seesNot("等您核对")
}

// readQR reads the text of a photo of a code.
func readQR(t *testing.T, photo []byte) string {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil { // the detector misses some patterns that lie in a drawing straight
		pure := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
		got, err = qrcode.NewQRCodeReader().Decode(bitmap, pure)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got.GetText()
}

func TestEnrolLink(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(bayan, 1)
	var id record.PersonID
	w.do(func(tx *storage.Tx) error {
		ids, err := tx.Holders(record.Secretary, bayan+"300")
		if err != nil {
			return err
		}
		id = ids[0]
		return tx.SetPhone(id, "13800138009")
	})
	w.township.line("status.person "+string(id)).press("发登记链接").sees("新书记 000(巴燕镇 新0村 支部书记)的登记链接", "14 天内有效")
	first := readQR(t, w.township.last().Photo)
	w.township.sees(first)
	w.township.line("status.link " + string(id))
	second := readQR(t, w.township.last().Photo)

	for _, link := range []string{first, second} {
		if payload := payloadOf(link); payload == "" || w.stored(payload) || w.stored(payload[1:]) {
			t.Errorf("the link %q is stored", link)
		}
	}
	w.stranger().open(payloadOf(first)).sees("此链接不能使用")
	p := w.stranger().open(payloadOf(second)).sees("巴燕镇 新0村 支部书记")
	w.handle(chat.Event{
		Kind: chat.Contact, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat},
		Contact: &chat.ContactCard{Phone: "+86 138 0013 8009", Own: true},
	})
	p.sees("新书记 000,您好")
	w.see(func(tx *storage.Tx) error {
		last, err := tx.LastAudit()
		if err == nil && (last.Action != record.Enrol || last.Person != id) {
			t.Errorf("the last line of the audit log is %+v", last)
		}
		return err
	})
}

func payloadOf(link string) string {
	_, payload, _ := strings.Cut(link, "start=")
	return payload
}

// stored says whether a text stands in any key or value of the store.
func (w *world) stored(text string) (found bool) {
	w.Helper()
	err := w.store.Engine().View(w.Context(), func(r kv.Reader) error {
		for e, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			found = found || bytes.Contains(e.Key, []byte(text)) || bytes.Contains(e.Value, []byte(text))
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return found
}

// A township officer may not take over the account of somebody above, though
// the person is also secretary of a village of the township.
func TestLinkNotAboveTheOwnOffice(t *testing.T) {
	w := newOfficeWorld(t)
	w.do(func(tx *storage.Tx) error { return tx.Appoint(w.xia.id, record.CountyOfficer, hualong, "2026") })
	page := "status.person " + string(w.xia.id)
	w.township.line(page).sees("书记 001", "县级管理员").seesNot("发登记链接", "解绑账号")
	for _, line := range []string{"status.link ", "status.unbind "} {
		w.township.line(line + string(w.xia.id)).sees("不在您的权限内")
	}
	w.county.line(page).sees("发登记链接", "解绑账号")
}

func TestLinkOfFormerOfficerIsNotMade(t *testing.T) {
	w := newOfficeWorld(t)
	row := record.Outbox{Kind: "enrol.link", Person: w.township.id, Chat: w.township.chat, Args: map[string]string{"person": string(w.xia.id)}}
	if r := w.bot.Deliver(t.Context(), row); r.State != record.Sent {
		t.Fatalf("an officer's link is %v", r)
	}
	w.do(func(tx *storage.Tx) error { return tx.EndPost(w.township.id, record.TownshipOfficer, bayan) })
	if r := w.bot.Deliver(t.Context(), row); r.State != record.Dropped {
		t.Errorf("a former officer's link is %v", r)
	}
}

func TestUnbind(t *testing.T) {
	w := newOfficeWorld(t)
	w.township.line("status.person "+string(w.xia.id)).press("解绑账号").sees("⚠️ 解绑后,书记 001", "[返回] [确定解绑]")
	w.xia.say("/start").sees("书记 001,您好")
	w.township.press("确定解绑").sees("✅ 已解绑 书记 001 的账号", "[发登记链接]")
	w.xia.say("/start").sees("只供已登记的人员使用")
	w.township.line("status.person " + string(w.xia.id)).sees("未登记").seesNot("解绑")
	w.township.line("status.unbind " + string(w.xia.id) + " yes").sees("现在没有绑定账号")
	w.township.line("status.unbind " + string(w.township.id) + " yes").sees("不能解绑自己的账号")
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{About: string(w.xia.id), Limit: 10})
		found := slices.ContainsFunc(lines, func(a record.Audit) bool { return a.By == w.township.id && a.Note == "unbind" })
		if err == nil && !found {
			t.Errorf("the audit log says %+v", lines)
		}
		return err
	})
}

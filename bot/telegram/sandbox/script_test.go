package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// scriptedBot is a tiny bot for the page's test: a host's code, a check-in by
// it, a status with buttons and a file.
type scriptedBot struct {
	t        testing.TB
	s        *Server
	host     int64
	hostPost int64 // the host's message with the code
	arrived  int
}

const scriptedPayload = "c-482913"

// runScript polls until the server closes.
func runScript(t testing.TB, s *Server, host int64) (done chan struct{}) {
	b := &scriptedBot{t: t, s: s, host: host, arrived: 23}
	ok[bool](t, s, "setMyCommands", params{"commands": []params{
		{"command": "checkin", "description": "签到"},
		{"command": "status", "description": "查询"},
		{"command": "export", "description": "导出"},
	}})
	done = make(chan struct{})
	go func() {
		defer close(done)
		for offset := int64(0); ; {
			a, err := try(s, "getUpdates", params{"offset": offset, "timeout": 50})
			if err != nil || !a.OK {
				return // the server closed
			}
			var list []gotUpdate
			if err := json.Unmarshal(a.Result, &list); err != nil {
				t.Error(err)
				return
			}
			for _, u := range list {
				offset = u.ID + 1
				b.handle(u)
			}
		}
	}()
	return done
}

func (b *scriptedBot) handle(u gotUpdate) {
	switch {
	case u.Query != nil:
		b.press(u.Query)
	case u.Message == nil:
	case u.Message.Contact != nil:
		b.send("sendMessage", params{
			"chat_id": u.Message.Chat.ID, "reply_markup": params{"remove_keyboard": true},
			"text": "✅ 核对一致,登记完成。\n下一项:12月3日(周三) 09:00 廉政教育基地(县委党校),第 3 轮。\n前一天和开始前 2 小时会提醒您。",
		})
	case u.Message.Document != nil:
		b.send("sendMessage", params{
			"chat_id": u.Message.Chat.ID, "text": "读到 362 行(表头在第 3 行)。\n新增 0 · 变更 4 · 不变 355 · 不能导入 3",
			"reply_markup": keys("导入 359 行", "下载明细", "取消"),
		})
	default:
		b.text(u.Message.Chat.ID, u.Message.Text)
	}
}

func (b *scriptedBot) text(chat int64, text string) {
	switch {
	case strings.HasPrefix(text, "/start "+scriptedPayload):
		b.send("sendMessage", params{"chat_id": chat, "text": "✅ 已签到 09:02,准时。\n廉政教育基地 · 12月3日(周三)上午\n无需再做任何操作。"})
		b.arrived++
		b.send("editMessageCaption", params{"chat_id": b.host, "message_id": b.hostPost, "caption": b.caption(), "reply_markup": keys("点名", "未到名单", "确认 1 人", "结束签到")})
	case text == "/host":
		b.sendCode(chat)
	case text == "/status":
		b.send("sendMessage", params{
			"chat_id": chat, "text": "<b>化隆县 · 本周(12月1日—7日)</b>\n场次 6 · 应到 184 · 已到 171 · 请假 8 · 未到 5\n未登记 12 人 · 联系不上 3 人",
			"parse_mode": "HTML", "reply_markup": keys("按乡镇", "未到 5 人", "联系不上", "看图"),
		})
	case text == "/export":
		b.sendFile(chat)
	case strings.HasPrefix(text, "/start"):
		b.send("sendMessage", params{
			"chat_id": chat, "text": "您好,这里是化隆县党支部工作助手。\n此链接登记的职务:巴燕镇 下加合村 支部书记。\n请点下方按钮发送您本人的手机号,用于核对身份,不向他人显示。",
			"reply_markup": params{"keyboard": [][]params{{{"text": "发送我的手机号", "request_contact": true}, {"text": "不是我"}}}, "resize_keyboard": true},
		})
	default:
		b.send("sendMessage", params{"chat_id": chat, "text": "请发送 /status 或签到口令。"})
	}
}

func (b *scriptedBot) press(q *wireQuery) {
	b.send("answerCallbackQuery", params{"callback_query_id": q.ID, "text": "已更新"})
	b.send("editMessageText", params{
		"chat_id": q.From.ID, "message_id": q.Message.ID,
		"text": "巴燕镇 应到 31 · 已到 24\n甘都镇 应到 28 · 已到 28\n扎巴镇 应到 26 · 已到 25\n(按下:" + q.Data + ")", "reply_markup": keys("上一级", "下一页"),
	})
}

func (b *scriptedBot) caption() string {
	return fmt.Sprintf("廉政教育基地 · 上午 · 口令 482 913\n已到 %d / 31 · 迟到 2 · 请假 3 · 待确认 1", b.arrived)
}

func keys(labels ...string) params {
	var rows [][]params
	for i, l := range labels {
		if i%2 == 0 {
			rows = append(rows, nil)
		}
		rows[i/2] = append(rows[i/2], params{"text": l, "callback_data": fmt.Sprintf("k%d", i)})
	}
	return params{"inline_keyboard": rows}
}

func (b *scriptedBot) send(method string, p params) {
	if a, err := try(b.s, method, p); err != nil || !a.OK {
		b.t.Errorf("%s: %v %s", method, err, a.Desc)
	}
}

func (b *scriptedBot) sendCode(chat int64) {
	body := qrImage(b.t, "https://t.me/"+b.s.Username()+"?start="+scriptedPayload)
	a := postFile(b.t, b.s, "sendPhoto", map[string]string{
		"chat_id": fmt.Sprint(chat), "caption": b.caption(),
		"reply_markup": string(mustJSON(keys("点名", "未到名单", "确认 1 人", "结束签到"))),
	}, "photo", "code.png", body)
	var m wireMessage
	if err := json.Unmarshal(a.Result, &m); err != nil || !a.OK {
		b.t.Errorf("sendPhoto: %v %s", err, a.Desc)
	}
	b.hostPost = m.ID
}

func (b *scriptedBot) sendFile(chat int64) {
	a := postFile(b.t, b.s, "sendDocument", map[string]string{"chat_id": fmt.Sprint(chat), "caption": "12月1日—7日 签到情况"},
		"document", "化隆县_签到_2026-12-01.xlsx", bytes.Repeat([]byte("x"), 18_400))
	if !a.OK {
		b.t.Errorf("sendDocument: %s", a.Desc)
	}
}

// postFile calls a method with a multipart body, as upload libraries write it.
func postFile(t testing.TB, s *Server, method string, fields map[string]string, file, name string, body []byte) answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile(file, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := post(s, method, w.FormDataContentType(), b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// qrImage draws a QR code with its quiet zone.
func qrImage(t testing.TB, text string) []byte {
	t.Helper()
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	code, err = barcode.Scale(code, 480, 480)
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 560, 560))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(40, 40, 520, 520), code, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

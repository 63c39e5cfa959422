package sandbox

import (
	"bytes"
	"image"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// qrCode is what a photo's QR code says; it is read when first asked for, so
// that a bot that sends photos does not wait for it.
type qrCode struct {
	once sync.Once
	text string
}

// read decodes the picture as a phone's camera would; "" where there is no
// code in it.
func (f *file) read() string {
	f.qr.once.Do(func() {
		img, _, err := image.Decode(bytes.NewReader(f.body))
		if err != nil {
			return
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			return
		}
		hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
		if result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
			f.qr.text = result.GetText()
		}
	})
	return f.qr.text
}

// QR is the text of the QR code on a photo; "" where the file is no photo or
// has no code that can be read.
func (s *Server) QR(fileID string) string {
	f := s.files.get(fileID)
	if f == nil || f.width == 0 {
		return ""
	}
	return f.read()
}

var payloadShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Payload is the payload of a deep link to this bot
// (https://t.me/<bot>?start=<payload> or tg://resolve?domain=<bot>&start=…).
func (s *Server) Payload(link string) (payload string, ok bool) {
	u, err := url.Parse(link)
	if err != nil {
		return "", false
	}
	q := u.Query()
	name := strings.Trim(u.Path, "/")
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && (u.Host == "t.me" || u.Host == "telegram.me"):
	case u.Scheme == "tg" && u.Host == "resolve":
		name = q.Get("domain")
	default:
		return "", false
	}
	payload = q.Get("start")
	return payload, strings.EqualFold(name, s.opt.Username) && payloadShape.MatchString(payload)
}

package chart

import (
	"os"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func TestPosterIsReadBack(t *testing.T) {
	p := Poster{
		Title: "毕业生返乡登记", Place: "巴燕镇 下加合村",
		Lines: []string{"请本村大学生、毕业生本人扫码登记", "只用于返乡服务和岗位推荐,本人可随时删除"},
		Link:  "https://t.me/headgoose_bot?start=vAAAAAAAAAAAAAAAAAAAAA", Foot: "有效期至 3月1日(周一)",
	}
	raw, err := p.PNG()
	img := decode(t, raw, err)
	if to := os.Getenv("HEADGOOSE_POSTER"); to != "" {
		if err := os.WriteFile(to, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if b := img.Bounds(); b.Dx() != width || b.Dy() != posterHeight {
		t.Errorf("the poster is %v", b)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil || got.GetText() != p.Link {
		t.Errorf("read back %v, %v", got, err)
	}
}

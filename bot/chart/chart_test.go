package chart

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/golang/freetype/truetype"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func attendance() Bars {
	names := []string{"巴燕镇", "群科镇", "牙什尕镇", "甘都镇", "扎巴镇", "昂思多镇", "雄先藏族乡", "查甫藏族乡", "二塘乡", "谢家滩乡", "德恒隆乡", "沙连堡乡", "阿什努乡", "石大仓乡", "初麻乡", "金源藏族乡", "塔加藏族乡"}
	b := Bars{
		Title: "化隆县 · 签到", Subtitle: "12月1日—7日 · 场次 6 · 应到 184",
		Series: []Series{{"已到", Done}, {"请假", Between}, {"未到", Lacking}, {"未结束", Rest}},
	}
	for i, n := range names {
		b.Rows = append(b.Rows, Row{Label: n, Values: []int{12 + i, i % 3, i % 2, 0}, Note: "12/14"})
	}
	return b
}

func decode(t *testing.T, raw []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if out := os.Getenv("CHART_OUT"); out != "" {
		if err := os.WriteFile(out+"/"+t.Name()+".png", raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestBars(t *testing.T) {
	raw, err := attendance().PNG()
	img := decode(t, raw, err)
	if w := img.Bounds().Dx(); w != width {
		t.Errorf("the picture is %d wide", w)
	}
	// The longest bar fills the room, and is the last of the rows.
	runs := blueRuns(img)
	if len(runs) != 17 {
		t.Fatalf("%d bars with somebody present, want 17", len(runs))
	}
	for i := 1; i < len(runs); i++ {
		if runs[i] <= runs[i-1] {
			t.Errorf("bar %d is %d long, the one above it %d: not in the order given", i, runs[i], runs[i-1])
		}
	}
}

// blueRuns is how many pixels of Done each bar has, from the top.
func blueRuns(img image.Image) []int {
	var runs []int
	inside := false
	for y := 200; y < img.Bounds().Dy(); y++ {
		n := 0
		for x := range width {
			if r, g, b, _ := img.At(x, y).RGBA(); r>>8 == 0x2f && g>>8 == 0x6d && b>>8 == 0xb5 {
				n++
			}
		}
		if n > 0 && !inside {
			runs = append(runs, n)
		}
		inside = n > 0
	}
	return runs
}

func TestBarsOfNothing(t *testing.T) {
	b := attendance()
	b.Rows = []Row{{Label: "巴燕镇", Values: []int{0, 0, 0, 0}}, {Label: "群科镇"}, {Label: "甘都镇", Values: []int{1, 2, 3, 4, 5}}}
	raw, err := b.PNG()
	if runs := blueRuns(decode(t, raw, err)); len(runs) != 1 {
		t.Errorf("%d bars, want the one of 甘都镇", len(runs))
	}
	b.Rows, b.Series = nil, nil
	raw, err = b.PNG()
	decode(t, raw, err)
}

func TestBarsAtOnce(t *testing.T) {
	want, err := attendance().PNG()
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if got, err := attendance().PNG(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("a chart drawn beside others differs (%v)", err)
			}
		})
	}
}

func TestFontHasEveryName(t *testing.T) {
	f, err := truetype.Parse(fontFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "尕什列合隆燕群科牙扎巴昂思多雄先查甫塘谢滩德恒沙连堡努初麻金源塔藏族撒拉回苏〇·—()✅" {
		if r != '✅' && f.Index(r) == 0 {
			t.Errorf("no glyph for %q", r)
		}
	}
}

func TestQR(t *testing.T) {
	for _, text := range []string{
		"https://t.me/headgoose_bot?start=eAAAAAAAAAAAAAAAAAAAA",
		"https://t.me/a_very_long_name_of_a_bot_indeed?start=" + strings.Repeat("z", 64),
	} {
		raw, err := QR(text)
		img := decode(t, raw, err)
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
		if err != nil || got.GetText() != text {
			t.Errorf("read back %v, %v", got, err)
		}
		for i := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(i, qrQuiet*qrScale-1).RGBA(); r == 0 {
				t.Fatal("the quiet zone is not white")
			}
		}
	}
	if _, err := QR(strings.Repeat("長", 3000)); err == nil {
		t.Error("a text too long for a code is no error")
	}
}

func BenchmarkBars(b *testing.B) {
	b.ReportAllocs()
	chart := attendance()
	for b.Loop() {
		if _, err := chart.PNG(); err != nil {
			b.Fatal(err)
		}
	}
}

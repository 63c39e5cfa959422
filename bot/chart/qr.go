package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// qrQuiet is the quiet zone around a code in modules (ISO/IEC 18004 asks for
// four), qrScale how many pixels a module has.
const (
	qrQuiet = 4
	qrScale = 8
)

// QR draws a text as a QR code with its quiet zone, as a PNG that a phone
// reads off another phone. Error correction is M (15%).
func QR(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("chart: qr: %w", err)
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*qrQuiet) * qrScale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	black := image.NewUniform(color.Black)
	for y := range modules {
		for x := range modules {
			if r, _, _, _ := code.At(x, y).RGBA(); r != 0 {
				continue
			}
			at := image.Pt((x+qrQuiet)*qrScale, (y+qrQuiet)*qrScale)
			draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(qrScale, qrScale))}, black, image.Point{}, draw.Src)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("chart: qr: %w", err)
	}
	return out.Bytes(), nil
}

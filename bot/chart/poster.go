package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"

	"github.com/boombuler/barcode/qr"
	"github.com/go-analyze/charts"
)

// Poster is a sheet to be hung up or passed on: what it is for, a code to scan,
// and the same link to be typed.
type Poster struct {
	Title, Place string
	Lines        []string // above the code
	Link         string
	Foot         string
}

// Measures of a poster in pixels; its sides are those of A4.
const (
	posterHeight = width * 297 / 210
	posterTitle  = 62
	posterPlace  = 46
	posterText   = 30
	posterCode   = 720 // the side of the code, at most
)

// PNG draws the poster.
func (p Poster) PNG() ([]byte, error) {
	one.Lock()
	defer one.Unlock()
	if err := font(); err != nil {
		return nil, err
	}
	code, err := qr.Encode(p.Link, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("chart: poster: %w", err)
	}
	painter := newPainter(width, posterHeight)
	painter.FilledRect(0, 0, width, posterHeight, charts.ColorWhite, charts.ColorWhite, 0)
	y := 150
	line := func(text string, size float64, color charts.Color, down int) {
		s := style(size, color)
		for size > 14 && painter.MeasureText(text, 0, s).Width() > width-2*margin {
			size--
			s = style(size, color)
		}
		painter.Text(text, (width-painter.MeasureText(text, 0, s).Width())/2, y, 0, s)
		y += down
	}
	line(p.Title, posterTitle, ink, 100)
	line(p.Place, posterPlace, charts.ColorFromHex(string(Done)), 90)
	for _, text := range p.Lines {
		line(text, posterText, ink, 56)
	}
	modules := code.Bounds().Dx() + 2*qrQuiet
	scale := posterCode / modules
	top := y - 20
	y = top + modules*scale + 40
	line(p.Link, smallSize, grey, 60)
	line(p.Foot, smallSize, grey, 0)
	raw, err := painter.Bytes()
	if err != nil {
		return nil, fmt.Errorf("chart: poster: %w", err)
	}
	return withCode(raw, code, image.Pt((width-modules*scale)/2, top), scale)
}

// withCode draws a code with its quiet zone onto a picture.
func withCode(raw []byte, code image.Image, at image.Point, scale int) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("chart: poster: %w", err)
	}
	img := image.NewRGBA(from.Bounds())
	draw.Draw(img, img.Bounds(), from, image.Point{}, draw.Src)
	for y := range code.Bounds().Dy() {
		for x := range code.Bounds().Dx() {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				p := at.Add(image.Pt((x+qrQuiet)*scale, (y+qrQuiet)*scale))
				draw.Draw(img, image.Rectangle{Min: p, Max: p.Add(image.Pt(scale, scale))}, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("chart: poster: %w", err)
	}
	return out.Bytes(), nil
}

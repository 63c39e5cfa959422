// Package chart draws counts as pictures for a phone, and texts as QR codes.
//
// A picture is 1,080 pixels wide, a phone's own width, so that nothing is
// scaled down before it is read. Its rows stand in the order in which they are
// given, the first one on top, and every count stands on its bar as a figure:
// colour only repeats what the figures say.
//
// Drawing takes tens of milliseconds and some megabytes. Never draw inside a
// transaction.
package chart

import (
	_ "embed"
	"fmt"
	"strconv"
	"sync"

	"github.com/go-analyze/charts"
)

// Color is the colour of a series: told apart by people who see no red or no
// green, too.
type Color string

// The colours, by what they say.
const (
	Done    Color = "#2f6db5" // here, enrolled, willing
	Coming  Color = "#9cc4ec" // has said yes: will be here
	Between Color = "#f0b445" // excused, considering
	Lacking Color = "#c8503c" // missing, cannot be reached
	Other   Color = "#7d8893" // neither good nor bad: does not want to return
	Rest    Color = "#b9c0c8" // not known, nobody there
)

// Bars is a chart of stacked horizontal bars.
type Bars struct {
	Title, Subtitle string
	Series          []Series
	Rows            []Row
}

// Series is one kind of count.
type Series struct {
	Name  string
	Color Color
}

// Row is one bar: a label, a count for each series, and a note behind it.
type Row struct {
	Label  string
	Values []int
	Note   string
}

// All measures are pixels of the picture; a font's size is in points.
const (
	width      = 1080
	margin     = 40
	gap        = 18
	rowHeight  = 58
	barHeight  = 38
	swatch     = 30
	headHeight = 34 + 50 + 2*gap // title and subtitle
	foot       = 30

	titleSize = 34
	textSize  = 26
	smallSize = 22
)

var (
	ink   = charts.ColorFromHex("#1c2024")
	grey  = charts.ColorFromHex("#5b646d")
	faint = charts.ColorFromHex("#d4d9de")
)

//go:embed NotoSansSC-tgh.ttf
var fontFile []byte

// font reads the embedded font once, when the first chart is drawn: a program
// that never draws one does not carry it in memory.
var font = sync.OnceValue(func() error {
	if err := charts.InstallFont(fontName, fontFile); err != nil {
		return fmt.Errorf("chart: font: %w", err)
	}
	return nil
})

const fontName = "headgoose"

// drawing is a chart in the making.
type drawing struct {
	p *charts.Painter
	b Bars
	// left and right bound the bars.
	left, right int
	y           int
}

// one is held while a chart is drawn: one at a time bounds the memory.
var one sync.Mutex

// PNG draws the chart.
func (b Bars) PNG() ([]byte, error) {
	one.Lock()
	defer one.Unlock()
	if err := font(); err != nil {
		return nil, err
	}
	d := &drawing{b: b}
	legend := d.legendRows()
	height := margin + headHeight + legend*46 + gap + len(b.Rows)*rowHeight + foot
	d.p = newPainter(width, height)
	d.p.FilledRect(0, 0, width, height, charts.ColorWhite, charts.ColorWhite, 0)
	d.head()
	d.legend()
	d.bounds()
	for _, r := range b.Rows {
		d.row(r)
	}
	png, err := d.p.Bytes()
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return png, nil
}

func newPainter(w, h int) *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputPNG, Width: w, Height: h, Font: charts.GetFont(fontName),
	})
}

func style(size float64, color charts.Color) charts.FontStyle {
	return charts.FontStyle{FontSize: size, FontColor: color, Font: charts.GetFont(fontName)}
}

func (d *drawing) head() {
	d.y = margin + 34
	d.p.Text(d.b.Title, margin, d.y, 0, style(titleSize, ink))
	d.y += 50
	d.p.Text(d.b.Subtitle, margin, d.y, 0, style(smallSize, grey))
	d.y += 2 * gap
}

// legendAt walks through the legend: where each name stands, and in how many
// rows.
func (d *drawing) legendAt(visit func(s Series, x, row int)) (rows int) {
	p := d.p
	if p == nil {
		p = newPainter(1, 1)
	}
	x := margin
	for _, s := range d.b.Series {
		w := swatch + 12 + p.MeasureText(s.Name, 0, style(smallSize, ink)).Width() + 34
		if x > margin && x+w > width-margin {
			x, rows = margin, rows+1
		}
		if visit != nil {
			visit(s, x, rows)
		}
		x += w
	}
	return rows + 1
}

func (d *drawing) legendRows() int { return d.legendAt(nil) }

func (d *drawing) legend() {
	rows := d.legendAt(func(s Series, x, row int) {
		y := d.y + row*46
		c := charts.ColorFromHex(string(s.Color))
		d.p.FilledRect(x, y, x+swatch, y+swatch, c, c, 0)
		d.p.Text(s.Name, x+swatch+12, y+swatch-5, 0, style(smallSize, ink))
	})
	d.y += rows*46 + gap
}

// bounds finds the room that labels and notes leave to the bars.
func (d *drawing) bounds() {
	label, note := 0, 0
	for _, r := range d.b.Rows {
		label = max(label, d.p.MeasureText(r.Label, 0, style(textSize, ink)).Width())
		note = max(note, d.p.MeasureText(r.Note, 0, style(smallSize, grey)).Width())
	}
	d.left = margin + min(label, width/2) + gap
	d.right = width - margin - gap - min(note, width/4)
}

// row draws one bar with its label, figures and note.
func (d *drawing) row(r Row) {
	mid := d.y + rowHeight/2
	top, bottom := mid-barHeight/2, mid+barHeight/2
	label := style(textSize, ink)
	d.p.Text(r.Label, d.left-gap-d.p.MeasureText(r.Label, 0, label).Width(), mid+12, 0, label)
	d.p.FilledRect(d.left-2, d.y, d.left, d.y+rowHeight, faint, faint, 0)
	x := d.left
	for i, w := range d.widths(r.Values) {
		if w > 0 {
			d.segment(d.b.Series[i].Color, r.Values[i], x, x+w, top, bottom)
		}
		x += w
	}
	d.p.Text(r.Note, d.right+gap, mid+10, 0, style(smallSize, grey))
	d.y += rowHeight
}

// widths shares the room of a bar out: by the counts, but none so narrow that
// its figure has no place. What such a one needs more, the widest gives.
func (d *drawing) widths(values []int) []int {
	values = values[:min(len(values), len(d.b.Series))]
	widths := make([]int, len(values))
	most, widest, need := d.most(), 0, 0
	for i, n := range values {
		if n <= 0 {
			continue
		}
		widths[i] = (d.right - d.left) * n / most
		if least := d.figureWidth(n) + 6; widths[i] < least {
			need += least - widths[i]
			widths[i] = least
		}
		if widths[i] > widths[widest] {
			widest = i
		}
	}
	if need > 0 && widths[widest] > 4*need {
		widths[widest] -= need
	}
	return widths
}

func (d *drawing) figureWidth(n int) int {
	return d.p.MeasureText(strconv.Itoa(n), 0, style(smallSize, ink)).Width()
}

// segment draws one part of a bar with its figure.
func (d *drawing) segment(c Color, n, from, to, top, bottom int) {
	fill := charts.ColorFromHex(string(c))
	d.p.FilledRect(from, top, to, bottom, fill, fill, 0)
	text := style(smallSize, charts.ColorWhite)
	if c == Between || c == Rest || c == Coming {
		text.FontColor = ink
	}
	d.p.Text(strconv.Itoa(n), from+(to-from-d.figureWidth(n))/2, bottom-(barHeight-smallSize)/2-1, 0, text)
}

// most is the sum of the longest bar, at least 1.
func (d *drawing) most() int {
	most := 1
	for _, r := range d.b.Rows {
		sum := 0
		for _, n := range r.Values {
			sum += max(n, 0)
		}
		most = max(most, sum)
	}
	return most
}

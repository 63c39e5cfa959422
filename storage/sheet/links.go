package sheet

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/xuri/excelize/v2"

	"headgoose/storage/record"
)

// LinkLine is one personal link that is handed out.
type LinkLine struct {
	Township string // empty for the county's own posts
	Village  string
	Role     record.Role
	Name     string
	URL      string
}

// WriteLinks writes links with their QR codes, a worksheet for each township
// in the order in which they come, so that each township is given its own.
func WriteLinks(lang Lang, note string, lines []LinkLine) ([]byte, error) {
	b := newWorkbook(lang)
	pages := map[string]*page{}
	for _, l := range lines {
		p, there := pages[l.Township]
		if !there {
			name := l.Township
			if name == "" {
				name = lang.either("县级", "County")
			}
			p = b.sheet(name, name, note, []column{
				{"村", "Village", 18},
				{"职务", "Post", 16},
				{"姓名", "Name", 14},
				{"链接", "Link", 44},
				{"二维码", "QR code", 19},
			})
			pages[l.Township] = p
		}
		p.add(l.Village, roleWords.write(lang, l.Role), l.Name, l.URL, "")
		p.picture(4, l.URL)
	}
	return b.bytes()
}

// VillageLinkLine is the link by which the graduates of a village register.
type VillageLinkLine struct {
	Township, Village, URL string
	Until                  time.Time // written in its own zone
}

// WriteVillageLinks writes the links of villages, a row each.
func WriteVillageLinks(lang Lang, title string, lines []VillageLinkLine) ([]byte, error) {
	b := newWorkbook(lang)
	p := b.sheet(lang.either("各村登记链接", "Villages' links"), title, lang.either(
		"每个链接供所列村的在读大学生、毕业生本人登记,可以多人使用,到期作废。请只发给该村。",
		"By each link the students and graduates of its village register themselves; it serves many, until it expires. Pass it on to that village only."),
		[]column{
			{"乡镇", "Township", 16},
			{"村", "Village", 18},
			{"登记链接", "Link", 60},
			{"有效期至", "Valid until", 18},
		})
	for _, l := range lines {
		p.add(l.Township, l.Village, l.URL, l.Until.Format("2006-01-02 15:04"))
	}
	return b.bytes()
}

// qrPoints is the side of a printed code in points: 3.5 cm.
const qrPoints = 100

// picture puts a QR code into a cell of the last row.
func (p *page) picture(col int, text string) {
	code, err := qrPNG(text)
	if err != nil {
		p.keep(err)
		return
	}
	p.keep(p.f.SetRowHeight(p.name, p.row, qrPoints+8))
	const pixels = 96.0 / 72 // in a point
	scale := qrPoints * pixels / float64(code.side)
	p.keep(p.f.AddPictureFromBytes(p.name, p.cell(col), &excelize.Picture{
		Extension: ".png", File: code.png,
		Format: &excelize.GraphicOptions{
			ScaleX: scale, ScaleY: scale, OffsetX: 4, OffsetY: 4, Positioning: "oneCell", AltText: text,
		},
	}))
}

type qrImage struct {
	png  []byte
	side int // pixels
}

// qrPNG draws a code with the quiet zone of four modules around it, in two
// colours and as small as a file can be.
func qrPNG(text string) (qrImage, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrImage{}, fmt.Errorf("sheet: QR code: %w", err)
	}
	const module, quiet = 4, 4
	n := code.Bounds().Dx()
	side := (n + 2*quiet) * module
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			mx, my := x/module-quiet, y/module-quiet
			if mx < 0 || my < 0 || mx >= n || my >= n {
				continue
			}
			if r, _, _, _ := code.At(mx, my).RGBA(); r == 0 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return qrImage{}, fmt.Errorf("sheet: QR code: %w", err)
	}
	return qrImage{out.Bytes(), side}, nil
}

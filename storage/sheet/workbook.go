package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Lang is the language of headings and words that are written.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// either picks the text of the language.
func (l Lang) either(chinese, english string) string {
	if l == English {
		return english
	}
	return chinese
}

// column is one column of a sheet that is written.
type column struct {
	chinese, english string
	width            float64
}

// workbook is a file that is being written. The first error stays, and ends
// what follows.
type workbook struct {
	f     *excelize.File
	lang  Lang
	used  map[string]bool // names of worksheets
	head  int             // styles
	text  int
	title int
	err   error
}

func newWorkbook(lang Lang) *workbook {
	b := &workbook{f: excelize.NewFile(), lang: lang, used: map[string]bool{}}
	border := []excelize.Border{
		{Type: "left", Color: "BFBFBF", Style: 1},
		{Type: "right", Color: "BFBFBF", Style: 1},
		{Type: "top", Color: "BFBFBF", Style: 1},
		{Type: "bottom", Color: "BFBFBF", Style: 1},
	}
	const asText = 49 // the number format "@": what stands there is text
	middle := &excelize.Alignment{Vertical: "center", WrapText: true}
	b.head = b.style(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7EEF7"}},
		Border: border, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}, NumFmt: asText,
	})
	b.text = b.style(&excelize.Style{Border: border, Alignment: middle, NumFmt: asText})
	b.title = b.style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}, Alignment: middle, NumFmt: asText})
	return b
}

func (b *workbook) style(s *excelize.Style) int {
	id, err := b.f.NewStyle(s)
	b.keep(err)
	return id
}

func (b *workbook) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// bytes ends the workbook and gives its file.
func (b *workbook) bytes() ([]byte, error) {
	defer func() { _ = b.f.Close() }() // nothing of it is on disk
	if b.err != nil {
		return nil, fmt.Errorf("sheet: write: %w", b.err)
	}
	out, err := b.f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("sheet: write: %w", err)
	}
	return out.Bytes(), nil
}

// page is one worksheet that is being written, from the top.
type page struct {
	*workbook
	name  string
	cols  []column
	row   int // the last one written
	first int // the header row
}

// sheet adds a worksheet with a title, an explanation (either may be empty)
// and a header row that stays in view and is printed on every page.
func (b *workbook) sheet(name, title, note string, cols []column) *page {
	p := &page{workbook: b, name: b.sheetName(name), cols: cols}
	if len(b.used) == 1 {
		b.keep(b.f.SetSheetName("Sheet1", p.name))
	} else {
		_, err := b.f.NewSheet(p.name)
		b.keep(err)
	}
	for _, line := range []struct {
		text   string
		style  int
		height float64
	}{{title, b.title, 26}, {note, b.text, 48}} {
		if line.text == "" {
			continue
		}
		p.row++
		p.put(0, line.text, line.style)
		b.keep(b.f.MergeCell(p.name, p.cell(0), p.cell(len(cols)-1)))
		b.keep(b.f.SetRowHeight(p.name, p.row, line.height))
	}
	p.row++
	p.first = p.row
	for i, c := range cols {
		p.put(i, b.lang.either(c.chinese, c.english), b.head)
		b.keep(b.f.SetColWidth(p.name, letter(i), letter(i), c.width))
	}
	p.layout()
	return p
}

// layout freezes the header row and fits the print to a page's width.
func (p *page) layout() {
	below, _ := excelize.CoordinatesToCellName(1, p.first+1)
	p.keep(p.f.SetPanes(p.name, &excelize.Panes{Freeze: true, YSplit: p.first, TopLeftCell: below, ActivePane: "bottomLeft"}))
	size, wide, high, fit, landscape := 9, 1, 0, true, "landscape"
	p.keep(p.f.SetPageLayout(p.name, &excelize.PageLayoutOptions{Size: &size, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}))
	p.keep(p.f.SetSheetProps(p.name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	p.keep(p.f.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", Scope: p.name,
		RefersTo: "'" + strings.ReplaceAll(p.name, "'", "''") + "'!$" + strconv.Itoa(p.first) + ":$" + strconv.Itoa(p.first),
	}))
}

// add writes one row below the last. Whatever a text begins with, it is
// written as text: no program takes it for a formula.
func (p *page) add(values ...string) {
	p.row++
	for i, v := range values {
		p.put(i, v, p.text)
	}
}

func (p *page) cell(col int) string {
	name, err := excelize.CoordinatesToCellName(col+1, p.row)
	p.keep(err)
	return name
}

func (p *page) put(col int, value string, style int) {
	cell := p.cell(col)
	p.keep(p.f.SetCellStr(p.name, cell, value))
	p.keep(p.f.SetCellStyle(p.name, cell, cell, style))
}

// choices gives the cells of a column below the header a drop list. One that
// is too long for the cell itself stands in a hidden worksheet.
func (p *page) choices(col, rows int, list []string) {
	if len(list) == 0 {
		return
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = letter(col) + strconv.Itoa(p.first+1) + ":" + letter(col) + strconv.Itoa(p.first+rows)
	const longest = 255 // characters that a list in a cell may have
	if utf8.RuneCountInString(strings.Join(list, ",")) <= longest {
		p.keep(v.SetDropList(list))
	} else {
		v.SetSqrefDropList(p.hidden(col, list))
	}
	// A list helps; who writes something else is told on reading.
	v.SetError(excelize.DataValidationErrorStyleWarning, p.lang.either("不在列表中", "Not in the list"),
		p.lang.either("请从列表中选择", "Please choose from the list"))
	p.keep(p.f.AddDataValidation(p.name, v))
}

// hidden writes a list into a column of the hidden worksheet and names the
// range.
func (b *workbook) hidden(col int, list []string) string {
	const name = "lists"
	if !b.used[name] {
		b.used[name] = true
		_, err := b.f.NewSheet(name)
		b.keep(err)
		b.keep(b.f.SetSheetVisible(name, false))
	}
	c := letter(col)
	for i, v := range list {
		b.keep(b.f.SetCellStr(name, c+strconv.Itoa(i+1), v))
	}
	return name + "!$" + c + "$1:$" + c + "$" + strconv.Itoa(len(list))
}

// sheetName makes a name that a worksheet may have and no other has.
func (b *workbook) sheetName(name string) string {
	const longest = 31
	name = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) {
			return ' '
		}
		return r
	}, name), " '")
	if name == "" {
		name = "-"
	}
	cut := func(room int) string {
		if r := []rune(name); len(r) > room {
			return string(r[:room])
		}
		return name
	}
	unique := cut(longest)
	for n := 2; b.used[strings.ToLower(unique)] || strings.EqualFold(unique, "lists"); n++ {
		tail := " " + strconv.Itoa(n)
		unique = cut(longest-len(tail)) + tail
	}
	b.used[strings.ToLower(unique)] = true
	return unique
}

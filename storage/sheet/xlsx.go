package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of a workbook's parts that a spreadsheet program's own files keep.
const (
	maxParts  = 2_000
	maxMerges = 4_000
	maxString = 32 << 10 // bytes of one shared string
)

// openWorkbook reads the visible worksheets of an .xlsx file. The parts are
// walked once before excelize sees them: it trusts the sizes that the archive
// declares, takes a broken part for its end, and pads a row to its last cell.
func openWorkbook(data []byte) (grids []*grid, err error) {
	merged, err := walkParts(data)
	if err != nil {
		return nil, err
	}
	// What the walk lets through is well-formed, but need not be a workbook.
	defer func() {
		if recover() != nil {
			grids, err = nil, refused(RefusedDamaged)
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxUnzipped, RawCellValue: true,
	})
	if err != nil {
		return nil, refused(RefusedDamaged)
	}
	defer func() { _ = f.Close() }() // it was only read
	props, err := f.GetWorkbookProps()
	if err != nil {
		return nil, refused(RefusedDamaged)
	}
	for _, name := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		g := &grid{name: name, exact: true, date1904: props.Date1904 != nil && *props.Date1904}
		if err := g.readSheet(f, merged); err != nil {
			return nil, err
		}
		grids = append(grids, g)
	}
	return grids, nil
}

func (g *grid) readSheet(f *excelize.File, merged bool) error {
	rows, err := f.Rows(g.name)
	if err != nil {
		return refused(RefusedDamaged)
	}
	defer func() { _ = rows.Close() }() // it was only read
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return refused(RefusedDamaged, n)
		}
		if err := g.add(n, cells); err != nil {
			return err
		}
	}
	if rows.Error() != nil {
		return refused(RefusedDamaged)
	}
	if !merged {
		return nil
	}
	cells, err := f.GetMergeCells(g.name, true)
	if err != nil {
		return refused(RefusedDamaged)
	}
	g.fill(cells)
	return nil
}

// fill gives every cell of a merged range the value of its first.
func (g *grid) fill(merged []excelize.MergeCell) {
	for _, m := range merged {
		c1, r1, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		c2, r2, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err1 != nil || err2 != nil || c1 > MaxColumns {
			continue
		}
		var value string
		for i := range g.rows {
			row := &g.rows[i]
			if row.n < r1 || row.n > r2 {
				continue
			}
			if row.n == r1 {
				value = row.at(c1 - 1)
			}
			if value == "" {
				break
			}
			for c := c1 - 1; c < min(c2, MaxColumns); c++ {
				for len(row.cells) <= c {
					row.cells = append(row.cells, "")
				}
				row.cells[c] = value
			}
		}
	}
}

// walkParts unpacks every part once, against the limits, and reads those that
// hold cells to their end. merged says whether any cells are merged.
func walkParts(data []byte) (merged bool, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false, refused(RefusedDamaged)
	}
	if err := checkArchive(z); err != nil {
		return false, err
	}
	left := int64(MaxUnzipped)
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, "\\", "/"))
		r, err := part.Open()
		if err != nil {
			return false, refused(RefusedDamaged)
		}
		bounded := &io.LimitedReader{R: r, N: left + 1}
		if strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") || name == "xl/sharedstrings.xml" {
			var m bool
			m, err = walkCells(bounded)
			merged = merged || m
		}
		if err == nil {
			_, err = io.Copy(io.Discard, bounded)
		}
		_ = r.Close() // what was read counts
		left = bounded.N - 1
		if left < 0 {
			return false, refused(RefusedTooBig, MaxUnzipped)
		}
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			return false, refusal
		}
		if err != nil {
			return false, refused(RefusedDamaged)
		}
	}
	return merged, nil
}

// checkArchive looks at what the archive declares: a bomb that is honest about
// its size is refused before anything is unpacked.
func checkArchive(z *zip.Reader) error {
	if len(z.File) > maxParts {
		return refused(RefusedTooBig, MaxUnzipped)
	}
	var total uint64
	is := "zip"
	for _, part := range z.File {
		total += min(part.UncompressedSize64, MaxUnzipped+1)
		switch name := strings.ToLower(strings.ReplaceAll(part.Name, "\\", "/")); {
		case name == "xl/workbook.xml", name == "[content_types].xml" && is == "zip":
			is = "xlsx"
		case strings.HasPrefix(name, "word/"):
			is = "docx"
		case strings.HasPrefix(name, "ppt/"):
			is = "pptx"
		case name == "xl/workbook.bin":
			is = "xlsb"
		case name == "content.xml":
			is = "ods"
		}
	}
	if is != "xlsx" {
		return refused(RefusedFormat, is)
	}
	if total > MaxUnzipped {
		return refused(RefusedTooBig, MaxUnzipped)
	}
	return nil
}

// walkCells reads a part with cells or shared strings to its end and bounds
// the cells of a row, the rows, the length of a string and the merged ranges.
func walkCells(r io.Reader) (merged bool, err error) {
	d := xml.NewDecoder(r)
	var cells, rows, merges int
	var itemAt int64
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return merges > 0, nil
		}
		if err != nil {
			return false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				cells = 0
				rows++
			case "c":
				cells++
			case "si", "is":
				itemAt = d.InputOffset()
			case "mergeCell":
				merges++
			}
		case xml.EndElement:
			if l := t.Name.Local; (l == "si" || l == "is") && d.InputOffset()-itemAt > maxString {
				return false, refused(RefusedTooBig, maxString)
			}
		}
		switch {
		case cells > 4*MaxColumns: // styled empty cells may trail
			return false, refused(RefusedColumns, MaxColumns)
		case rows > 50*MaxRows:
			return false, refused(RefusedRows, MaxRows)
		case merges > maxMerges:
			return false, refused(RefusedTooBig, maxMerges)
		}
	}
}

package sheet

import (
	"bytes"
	"strings"

	"github.com/xuri/excelize/v2"
)

// grid is one worksheet: the rows that hold something, from the top.
type grid struct {
	name     string
	rows     []gridRow
	date1904 bool
	// exact: numbers stand as the program keeps them, not as it shows them.
	exact bool
}

type gridRow struct {
	n     int // the row's number, from 1
	cells []string
}

// at is the cell of a column, from 0; empty beyond the row's end.
func (r gridRow) at(col int) string {
	if col < 0 || col >= len(r.cells) {
		return ""
	}
	return r.cells[col]
}

// add appends a row as read. A row without a text is not kept; a cell beyond
// MaxCell is cut just above it, so that it is seen to be too long.
func (g *grid) add(n int, cells []string) error {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) == 0 {
		return nil
	}
	if len(cells) > MaxColumns {
		return refused(RefusedColumns, MaxColumns)
	}
	if len(g.rows) == MaxRows+headerWithin {
		return refused(RefusedRows, MaxRows)
	}
	for i, c := range cells {
		if len(c) > MaxCell {
			cells[i] = strings.Clone(c[:MaxCell+1])
		}
	}
	g.rows = append(g.rows, gridRow{n, cells})
	return nil
}

// letter names a column, from 0.
func letter(col int) string {
	name, err := excelize.ColumnNumberToName(col + 1)
	if err != nil {
		return ""
	}
	return name
}

// open tells the format by the first bytes and reads all visible worksheets.
func open(data []byte) ([]*grid, error) {
	if len(data) > MaxFile {
		return nil, refused(RefusedTooBig, MaxFile)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, refused(RefusedEmpty)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openWorkbook(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, olderOffice(data)
	}
	for magic, is := range foreign {
		if bytes.HasPrefix(data, []byte(magic)) {
			return nil, refused(RefusedFormat, is)
		}
	}
	g, err := openText(data)
	if err != nil {
		return nil, err
	}
	return []*grid{g}, nil
}

// foreign tells other formats that people send by their first bytes.
var foreign = map[string]string{
	"%PDF":         "pdf",
	"\xff\xd8\xff": "image",
	"\x89PNG":      "image",
	"GIF8":         "image",
	"Rar!":         "archive",
	"7z\xbc\xaf":   "archive",
	"\x1f\x8b":     "archive",
	"{\\rtf":       "rtf",
}

// olderOffice tells an encrypted workbook from the older .xls: both are the
// same kind of container, whose directory names its streams in UTF-16.
func olderOffice(data []byte) error {
	var utf16 []byte
	for _, c := range []byte("EncryptedPackage") {
		utf16 = append(utf16, c, 0)
	}
	if bytes.Contains(data, utf16) {
		return refused(RefusedEncrypted)
	}
	return refused(RefusedFormat, "xls")
}

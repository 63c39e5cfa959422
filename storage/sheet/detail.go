package sheet

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// DetailRow is one line of the details of an import, already in the reader's
// words.
type DetailRow struct {
	Row    int    // of the sheet that was read
	Column string // heading; empty where the row as a whole is meant
	Value  string
	Text   string
}

// WriteDetail writes what keeps rows out and what the others change, a
// worksheet each.
func WriteDetail(lang Lang, faults, changes []DetailRow) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	names := [2]string{"问题", "变更"}
	head := []string{"行", "列", "值", "说明"}
	if lang == English {
		names, head = [2]string{"Faults", "Changes"}, []string{"Row", "Column", "Value", "Text"}
	}
	for i, rows := range [][]DetailRow{faults, changes} {
		if i == 0 {
			if err := f.SetSheetName("Sheet1", names[0]); err != nil {
				return nil, fmt.Errorf("sheet: details: %w", err)
			}
		} else if _, err := f.NewSheet(names[i]); err != nil {
			return nil, fmt.Errorf("sheet: details: %w", err)
		}
		if err := writeDetailRows(f, names[i], head, rows); err != nil {
			return nil, fmt.Errorf("sheet: details: %w", err)
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("sheet: details: %w", err)
	}
	return out.Bytes(), nil
}

func writeDetailRows(f *excelize.File, name string, head []string, rows []DetailRow) error {
	if err := f.SetSheetRow(name, "A1", &head); err != nil {
		return err
	}
	if err := f.SetColWidth(name, "B", "C", 18); err != nil {
		return err
	}
	if err := f.SetColWidth(name, "D", "D", 60); err != nil {
		return err
	}
	for i, r := range rows {
		at := fmt.Sprintf("A%d", i+2)
		// A string cell is never taken for a formula when it is typed as one.
		if err := f.SetSheetRow(name, at, &[]any{r.Row, r.Column, r.Value, r.Text}); err != nil {
			return err
		}
	}
	return nil
}

// Lang is the language of what is written.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

package sheet

// DetailRow is one line of the details of an import, already in the reader's
// words.
type DetailRow struct {
	Row    int    // of the sheet that was read
	Column string // heading; empty where the row as a whole is meant
	Value  string
	Text   string
}

// WriteDetail writes what keeps rows out and what the others change, a
// worksheet each, for somebody to go through at a desk.
func WriteDetail(lang Lang, faults, changes []DetailRow) ([]byte, error) {
	b := newWorkbook(lang)
	cols := []column{
		{"行", "Row", 8},
		{"列", "Column", 18},
		{"值", "Value", 26},
		{"说明", "Text", 70},
	}
	for _, part := range []struct {
		name string
		rows []DetailRow
	}{{lang.either("问题", "Faults"), faults}, {lang.either("变更", "Changes"), changes}} {
		p := b.sheet(part.name, "", "", cols)
		for _, r := range part.rows {
			p.add(number(r.Row), r.Column, r.Value, r.Text)
		}
	}
	return b.bytes()
}

package sheet

import (
	"slices"
	"strings"

	"headgoose/storage/record"
)

// parser goes through the rows below a header.
type parser struct {
	grid   *grid
	head   *header
	year   int
	today  record.Date
	faults []record.Fault
	read   int
	// township and county are those of the rows above, for rows that leave
	// them out.
	township, county string
}

// line is one row that is being read.
type line struct {
	*parser
	row   gridRow
	fault bool
}

// readRows reads every row below the header and keeps those without a fault.
func readRows[T any](p *parser, read func(*line) T) []T {
	var out []T
	for _, row := range p.grid.rows[p.head.at+1:] {
		l := &line{parser: p, row: row}
		if l.skip() {
			continue
		}
		p.read++
		v := read(l)
		if !l.fault {
			out = append(out, v)
		}
	}
	return out
}

// skip passes over sums, signatures, remarks and a header row that a printed
// page repeats.
func (l *line) skip() bool {
	used := 0
	for _, c := range l.head.cols {
		if !blank(l.row.at(c)) {
			used++
		}
	}
	if used == 0 {
		return true
	}
	for _, c := range l.row.cells {
		if word := fold(c); word != "" {
			for _, mark := range []string{"合计", "总计", "小计", "共计", "填表", "制表", "审核", "备注", "说明", "注", "total", "note"} {
				if word == mark || (strings.HasPrefix(word, mark) && distinct(l.row.cells) <= 2) {
					return true
				}
			}
			break
		}
	}
	return l.repeatsHeader()
}

// repeatsHeader says whether the row is the header once more.
func (l *line) repeatsHeader() bool {
	for _, c := range l.head.cols {
		if strings.TrimSpace(l.row.at(c)) != strings.TrimSpace(l.head.titles[c]) {
			return false
		}
	}
	return true
}

// cell is the text of a field; "" where the column is not there or says nothing.
func (l *line) cell(f record.Field) string {
	c, ok := l.head.cols[f]
	if !ok || blank(l.row.at(c)) {
		return ""
	}
	return strings.TrimSpace(l.row.at(c))
}

// reject notes a fault of a field.
func (l *line) reject(f record.Field, b bad) {
	l.fault = true
	fault := record.Fault{Row: l.row.n, Field: f, Kind: b.kind, Args: b.args, Hint: b.hint}
	if c, ok := l.head.cols[f]; ok {
		fault.Letter, fault.Title = letter(c), shorten(l.head.titles[c])
		if !b.mask {
			fault.Value = shorten(l.row.at(c))
		}
	}
	l.faults = append(l.faults, fault)
}

// field reads one field if it says anything; a cell that is too long or
// cannot be read is rejected.
func field[T any](l *line, f record.Field, read func(string) (T, *bad)) T {
	var none T
	text := l.cell(f)
	if text == "" {
		return none
	}
	if len(text) > MaxCell {
		l.reject(f, bad{kind: record.FaultTooLong, args: []string{"200"}})
		return none
	}
	v, b := read(text)
	if b != nil {
		l.reject(f, *b)
		return none
	}
	return v
}

// text reads a field as text of at most longest characters.
func (l *line) text(f record.Field, longest int) string {
	return field(l, f, func(s string) (string, *bad) { return cleanText(s, longest) })
}

// need rejects a row that leaves out what it cannot do without.
func (l *line) need(f record.Field, there bool) {
	if !there && !slices.ContainsFunc(l.faults, func(x record.Fault) bool { return x.Row == l.row.n && x.Field == f }) {
		l.reject(f, bad{kind: record.FaultMissing})
	}
}

// Locate fills in where the fields of faults stand that were found after
// reading, and puts all faults in the order of the rows.
func (b *Book) Locate(found ...record.Fault) []record.Fault {
	all := slices.Concat(b.Faults, found)
	for i := range all {
		if c, ok := b.Columns[all[i].Field]; ok && all[i].Letter == "" {
			all[i].Letter, all[i].Title = c.Letter, c.Title
		}
	}
	slices.SortStableFunc(all, func(x, y record.Fault) int { return x.Row - y.Row })
	return all
}

// Rows counts the rows that faults concern.
func Rows(faults []record.Fault) int {
	rows := map[int]bool{}
	for _, f := range faults {
		rows[f.Row] = true
	}
	return len(rows)
}

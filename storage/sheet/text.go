package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxLines is how many lines one quoted cell may have: beyond it a quotation
// mark was left open and swallows the rows.
const maxLines = 30

// openText reads a text separated by comma, semicolon or tab.
func openText(data []byte) (*grid, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	if start := strings.ToLower(strings.TrimSpace(text[:min(len(text), 200)])); strings.HasPrefix(start, "<") {
		return nil, refused(RefusedFormat, "html")
	}
	if strings.ContainsRune(text, 0) {
		return nil, refused(RefusedFormat, "unknown")
	}
	// A first line "sep=;" is how some programs name their separator.
	if first, rest, ok := strings.Cut(text, "\n"); ok {
		if mark, ok := strings.CutPrefix(strings.TrimSpace(first), "sep="); ok && len(mark) == 1 && strings.Contains(separators, mark) {
			return readText("\n"+rest, rune(mark[0]))
		}
	}
	return readText(text, separator(text))
}

const separators = ",;\t"

// separator is the one under which the first rows show the most columns that
// we know, or else simply the most columns.
func separator(text string) rune {
	var best rune = ','
	var bestScore int
	for _, sep := range separators {
		r := reader(text, sep)
		score := 0
		for range headerWithin {
			cells, err := r.Read()
			if err != nil {
				break
			}
			score = max(score, len(knownFields(cells))*1000+min(len(cells), 999))
		}
		if score > bestScore {
			best, bestScore = sep, score
		}
	}
	return best
}

func reader(text string, sep rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = sep, true, -1, true
	return r
}

func readText(text string, sep rune) (*grid, error) {
	g := &grid{}
	r := reader(text, sep)
	within := 0 // line breaks inside cells so far: they make no row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		if err != nil {
			return nil, refused(RefusedDamaged)
		}
		line, _ := r.FieldPos(0)
		n := line - within
		for _, c := range cells {
			lines := strings.Count(c, "\n")
			if lines > maxLines {
				return nil, refused(RefusedDamaged, n)
			}
			within += lines
		}
		if len(cells) > MaxColumns*4 {
			return nil, refused(RefusedColumns, MaxColumns)
		}
		if err := g.add(n, append([]string(nil), cells...)); err != nil {
			return nil, err
		}
	}
}

// decode brings UTF-8, UTF-16 with a mark, or GB18030 into UTF-8.
func decode(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return decodeWith(data, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data), nil
	}
	return decodeWith(data, simplifiedchinese.GB18030.NewDecoder())
}

func decodeWith(data []byte, t transform.Transformer) (string, error) {
	out, _, err := transform.Bytes(t, data)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", refused(RefusedFormat, "unknown")
	}
	return string(out), nil
}

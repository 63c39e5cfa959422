package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"headgoose/storage/record"
)

// part is one file of an archive.
type part struct {
	name string
	body io.Reader
}

// archive packs a workbook whose first worksheet is the given XML.
func archive(t testing.TB, sheet io.Reader, more ...part) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	const ns = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	parts := append([]part{
		{"[Content_Types].xml", strings.NewReader(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`)},
		{"_rels/.rels", strings.NewReader(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
		{"xl/workbook.xml", strings.NewReader(`<workbook ` + ns + `><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", strings.NewReader(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`)},
		{"xl/worksheets/sheet1.xml", sheet},
	}, more...)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err == nil {
			_, err = io.Copy(w, p.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// repeat reads a text many times over.
func repeat(head, body string, n int, tail string) io.Reader {
	readers := []io.Reader{strings.NewReader(head)}
	for range n {
		readers = append(readers, strings.NewReader(body))
	}
	return io.MultiReader(append(readers, strings.NewReader(tail))...)
}

const sheetHead = `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>村</t></is></c><c r="B1" t="inlineStr"><is><t>姓名</t></is></c></row>`

func TestRefusedFiles(t *testing.T) {
	older := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...)
	locked := append(bytes.Clone(older), []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")...)
	ods := func() []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, name := range []string{"mimetype", "content.xml"} {
			if _, err := z.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}()
	whole := xlsx(t, [][]any{{"村", "姓名"}, {"下加合村", "书记 001"}})
	for name, tc := range map[string]struct {
		data []byte
		kind RefusalKind
		args string
	}{
		"nothing":            {nil, RefusedEmpty, ""},
		"white space":        {[]byte(" \r\n"), RefusedEmpty, ""},
		"an empty workbook":  {xlsx(t, nil), RefusedEmpty, ""},
		"older excel":        {older, RefusedFormat, "xls"},
		"with a password":    {locked, RefusedEncrypted, ""},
		"pdf":                {[]byte("%PDF-1.7"), RefusedFormat, "pdf"},
		"photo":              {[]byte("\xff\xd8\xff\xe0"), RefusedFormat, "image"},
		"a page as a sheet":  {[]byte("<html><table><tr><td>村"), RefusedFormat, "html"},
		"open document":      {ods, RefusedFormat, "ods"},
		"NULs":               {[]byte("村,姓名\n\x00,书记 001\n"), RefusedFormat, "unknown"},
		"noise":              {[]byte("\x80\xff\x80\xff村"), RefusedFormat, "unknown"},
		"no header":          {[]byte("1,2\n3,4\n"), RefusedHeader, ""},
		"a header too short": {[]byte("姓名,手机\n书记 001,13900000001\n"), RefusedColumn, "village"},
		"too large":          {make([]byte, MaxFile+1), RefusedTooBig, fmt.Sprint(MaxFile)},
		"cut off":            {whole[:len(whole)/2], RefusedDamaged, ""},
		"a broken part":      {archive(t, strings.NewReader(sheetHead+`<row r="2"><c r="A2"><v>1</v>`)), RefusedDamaged, ""},
		"rows without end": {
			archive(t, repeat(sheetHead, `<row><c t="inlineStr"><is><t>a</t></is></c></row>`, 40_000, `</sheetData></worksheet>`)), RefusedRows, fmt.Sprint(MaxRows),
		},
		"lines without end": {[]byte("村,姓名\n" + strings.Repeat("a,b\n", 100_000)), RefusedRows, fmt.Sprint(MaxRows)},
		"a wide row":        {[]byte("村,姓名" + strings.Repeat(",x", 300) + "\n"), RefusedColumns, fmt.Sprint(MaxColumns)},
		"cells without end": {
			archive(t, repeat(sheetHead+`<row r="2">`, `<c><v>1</v></c>`, 16_384, `</row></sheetData></worksheet>`)), RefusedColumns, fmt.Sprint(MaxColumns),
		},
		"the last column":   {archive(t, strings.NewReader(sheetHead+`<row r="2"><c r="XFD2"><v>1</v></c></row></sheetData></worksheet>`)), RefusedColumns, fmt.Sprint(MaxColumns)},
		"an open quotation": {[]byte("村,姓名\n\"下加合村,书记 001\n" + strings.Repeat("a,b\n", 100)), RefusedDamaged, "2"},
		"a huge string": {
			archive(t, repeat(sheetHead+`<row r="2"><c t="inlineStr"><is>`, `<r><t>ab</t></r>`, 5_000, `</is></c></row></sheetData></worksheet>`)), RefusedTooBig, fmt.Sprint(maxString),
		},
		"merged without end": {
			archive(t, repeat(sheetHead+`</sheetData><mergeCells>`, `<mergeCell ref="A1:B1"/>`, maxMerges+1, `</mergeCells></worksheet>`)), RefusedTooBig, fmt.Sprint(maxMerges),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := refusal(t, tc.data)
			if got := strings.Join(r.Args, " "); r.Kind != tc.kind || got != tc.args {
				t.Errorf("%s %q; want %s %q", r.Kind, got, tc.kind, tc.args)
			}
		})
	}
}

// A file of some kilobytes that unpacks to much more is refused, whether it
// says so or not, and is not unpacked for it.
func TestZipBomb(t *testing.T) {
	bomb := archive(t, strings.NewReader(sheetHead+`</sheetData></worksheet>`),
		part{"xl/media/a.bin", io.LimitReader(zeros{}, 1<<26)})
	if len(bomb) > MaxFile {
		t.Fatalf("%d bytes are refused for their size", len(bomb))
	}
	for name, data := range map[string][]byte{"honest": bomb, "lying": understate(t, bomb)} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := refusal(t, data)
			runtime.ReadMemStats(&after)
			if r.Kind != RefusedTooBig && r.Kind != RefusedDamaged {
				t.Errorf("refused as %s", r.Kind)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 2*MaxUnzipped {
				t.Errorf("%d MB were allocated", grown>>20)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// understate writes a small size for the largest part into the directory.
func understate(t *testing.T, data []byte) []byte {
	t.Helper()
	out := bytes.Clone(data)
	entry := bytes.LastIndex(out, []byte("PK\x01\x02"))
	const size = 24 // of the unpacked part, in an entry of the directory
	if entry < 0 || binary.LittleEndian.Uint32(out[entry+size:]) != 1<<26 {
		t.Fatal("the directory is not where it should be")
	}
	binary.LittleEndian.PutUint32(out[entry+size:], 1000)
	return out
}

// A formula is read as the value that the file has for it, and never worked out.
func TestFormulaCells(t *testing.T) {
	b := mustRead(t, archive(t, strings.NewReader(sheetHead+
		`<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://x","y")</f><v>下加合村</v></c><c r="B2" t="str"><f>A1</f><v>书记 001</v></c></row>`+
		`<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B3"><f>A1</f></c></row></sheetData></worksheet>`)))
	check(t, "rows", b.Roster, []record.RosterRow{
		{Row: 2, Village: "下加合村", Role: record.Secretary, Name: "书记 001"}, {Row: 3, Village: "#DIV/0!"},
	})
}

// A worksheet that is not read, and rows far down, cost nothing and hide
// nothing.
func TestRowsFarDown(t *testing.T) {
	data := xlsx(t, [][]any{{"村", "姓名"}}, func(f *excelize.File) {
		for cell, v := range map[string]string{"A1048576": "下加合村", "B1048576": "书记 001"} {
			if err := f.SetCellStr("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
		}
	})
	b := mustRead(t, data)
	check(t, "rows", b.Roster, []record.RosterRow{{Row: 1048576, Village: "下加合村", Role: record.Secretary, Name: "书记 001"}})
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("乡镇,村,统计代码,职务,姓名,手机,出生年份,学历,任职时间\n巴燕镇,下加合村,630224100200,支部书记,书记 001,1.39E+10,27500,大专,2021.03\n"))
	f.Add([]byte("日期,时间,基地,参训村\n12月3日(周三),下午2点至4点,廉政教育基地,下加合村、金家庄村\n"))
	f.Add([]byte("村;姓名;出生年份;就业情况\n下加合村;毕业生 001;2003;求职\n"))
	f.Add([]byte("\xff\xfeQg,\x00\x59\xd3\x0d\x54"))
	f.Add(xlsx(f, [][]any{{"村", "姓名"}, {"下加合村", "书记 001"}}))
	f.Add(archive(f, strings.NewReader(sheetHead+`<row r="2"><c r="A2"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A9"/></mergeCells></worksheet>`)))
	f.Fuzz(func(t *testing.T, data []byte) { readSafely(t, data) })
}

// FuzzWorksheet puts the bytes where a workbook has its cells.
func FuzzWorksheet(f *testing.F) {
	f.Add([]byte(sheetHead + `<row r="2"><c r="A2"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A9"/></mergeCells></worksheet>`))
	f.Add([]byte(sheetHead + `<row r="9"><c r="C1" t="s"><v>-1</v></c><c r="A2" t="d"><v>2021-03-01</v></c><c r="" t="b"><f>A1</f></c></row></sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, data []byte) { readSafely(t, archive(t, bytes.NewReader(data))) })
}

// readSafely reads a file of which nothing is known.
func readSafely(t *testing.T, data []byte) {
	b, err := Read(data, opts)
	if err != nil {
		if b != nil {
			t.Fatal("a refused file left rows")
		}
		return
	}
	if n := len(b.Roster) + len(b.Rota) + len(b.Graduates); n > b.Read || b.Read > MaxRows+headerWithin || Rows(b.Faults)+n != b.Read {
		t.Fatalf("%d rows and %d with faults of %d", n, Rows(b.Faults), b.Read)
	}
	for _, x := range b.Faults {
		if len([]rune(x.Value)) > 24 || len([]rune(x.Title)) > 24 {
			t.Fatalf("%v shows %d bytes", x, len(x.Value))
		}
	}
	for _, r := range b.Roster {
		if len(r.Phone) != 0 && len(r.Phone) != 11 || len([]rune(r.Name)) > record.MaxName {
			t.Fatalf("%v was let through", r)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	villages := mustRead(b, hualongCSV(b)).Roster
	for _, rows := range []int{362, 20_000} {
		list := make([]record.RosterRow, rows)
		for i := range list {
			list[i] = villages[i%len(villages)]
			list[i].Role, list[i].Name, list[i].Phone = record.Secretary, fmt.Sprintf("书记 %05d", i), fmt.Sprintf("139%08d", i)
		}
		data, err := WriteRoster(Chinese, "名册", list)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if book := mustRead(b, data); len(book.Roster) != rows {
					b.Fatalf("%d rows, faults %v", len(book.Roster), book.Faults[:1])
				}
			}
		})
	}
}

// Other worksheets are named; hidden ones and charts are passed over.
func TestOtherWorksheets(t *testing.T) {
	data := xlsx(t, [][]any{{"填表说明"}}, func(f *excelize.File) {
		for _, err := range []error{
			second(f.NewSheet("隐藏")), f.SetSheetRow("隐藏", "A1", &[]string{"村", "民族"}), f.SetSheetVisible("隐藏", false),
			second(f.NewSheet("名册")), f.SetSheetRow("名册", "A1", &[]string{"村", "姓名"}), f.SetSheetRow("名册", "A2", &[]string{"下加合村", "书记 001"}),
			f.AddChartSheet("图", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Values: "Sheet1!$A$1"}}}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	b := mustRead(t, data)
	check(t, "sheet", b.Sheet, "名册")
	check(t, "unread", b.Unread, []string{"Sheet1"})
	check(t, "rows", len(b.Roster), 1)
}

func second(_ int, err error) error { return err }

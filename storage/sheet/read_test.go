package sheet

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"headgoose/storage/record"
)

var opts = Options{Now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}

// mustRead reads a file that must not be refused.
func mustRead(t testing.TB, data []byte) *Book {
	t.Helper()
	b, err := Read(data, opts)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return b
}

// refusal reads a file that must be refused.
func refusal(t *testing.T, data []byte) *Refusal {
	t.Helper()
	b, err := Read(data, opts)
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("Read = %+v, %v; want a refusal", b, err)
	}
	if b != nil {
		t.Errorf("a refused file left %d rows", len(b.Roster))
	}
	return r
}

// xlsx writes rows of values into the first sheet of an .xlsx file.
func xlsx(t testing.TB, rows [][]any, edit ...func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	for i, row := range rows {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range edit {
		e(f)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func check(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, plain(got), plain(want))
	}
}

// plain prints a row with what its String hides.
func plain(v any) string {
	switch v := v.(type) {
	case []record.RosterRow:
		var b strings.Builder
		for _, r := range v {
			b.WriteString(plain(r))
		}
		return b.String()
	case record.RosterRow:
		type open record.RosterRow
		return sprint(open(v))
	case []record.Fault:
		type open record.Fault
		var b strings.Builder
		for _, f := range v {
			b.WriteString("\n  " + sprint(open(f)))
		}
		return b.String()
	}
	return sprint(v)
}

func TestReadRoster(t *testing.T) {
	secretary := record.RosterRow{
		Row: 2, Township: "巴燕镇", Village: "下加合村", Code: "630224100200", Role: record.Secretary, Name: "书记 001",
		Phone: "13900000001", BirthYear: 1975, Education: record.JuniorColl, Since: "2021-03",
	}
	at := func(row int) []record.RosterRow { s := secretary; s.Row = row; return []record.RosterRow{s} }
	chinese := "乡镇,村,统计代码,职务,姓名,手机,出生年份,学历,任职时间\n巴燕镇,下加合村,630224100200,支部书记,书记 001,13900000001,1975,大专,2021-03\n"
	for name, tc := range map[string]struct {
		data []byte
		want []record.RosterRow
	}{
		"chinese csv":               {[]byte(chinese), at(2)},
		"with a mark":               {[]byte("\ufeff" + chinese), at(2)},
		"GB18030":                   {encode(t, chinese), at(2)},
		"UTF-16 and tabs":           {utf16(t, strings.ReplaceAll(chinese, ",", "\t")), at(2)},
		"semicolons, CRLF":          {[]byte(strings.ReplaceAll(strings.ReplaceAll(chinese, ",", ";"), "\n", "\r\n")), at(2)},
		"named separator":           {[]byte("sep=;\n" + strings.ReplaceAll(chinese, ",", ";")), at(3)},
		"a line break in a heading": {[]byte(strings.Replace(chinese, "统计代码", "\"统计\n代码\"", 1)), at(2)},
		"english, another order": {[]byte("Name,Mobile phone,Position,Village,Township,Village code,Birth year,Education,In post since,Remarks\n" +
			"书记 001,+86 139 0000 0001,Secretary,下加合村,巴燕镇,630224100200,1975,College,2021-03,x\n"), at(2)},
		"xlsx: titles, brackets, numbers, serials": {xlsx(t, [][]any{
			{"化隆县民族团结村党支部书记花名册"},
			{nil, "填报单位:县委组织部", nil, "2026年"},
			nil,
			{"序号", "乡(镇)名称", "行政村(社区)", "统计用区划代码", "职 务", "姓名", "联系电话(手机)", "出生年月", "文化程度", "任现职时间"},
			{1, "巴燕镇", "下加合村", 630224100200, "村党支部书记、村委会主任", "书记 001", 13900000001, 27500, "省委党校大专", "2021.03"},
			{nil, "合计", "1个村"},
		}), at(5)},
		"the heading names the post": {[]byte("乡镇,村,村代码,现任党支部书记,书记手机号码,出生年月,学历,任职时间\n" +
			"巴燕镇,下加合村,630224100200,书记 001,139-0000-0001,1975年4月,专科,2021年3月\n"), at(2)},
		"scientific in a workbook": {xlsx(t, [][]any{
			{"乡镇", "村", "统计代码", "姓名", "手机", "出生年份", "学历", "任职时间"},
			{"巴燕镇", "下加合村", "6.302241002E11", "书记 001", "1.3900000001E10", 1975.0, "高职", "202103"},
		}), at(2)},
	} {
		t.Run(name, func(t *testing.T) {
			b := mustRead(t, tc.data)
			check(t, "kind", b.Kind, KindRoster)
			check(t, "faults", b.Faults, []record.Fault(nil))
			check(t, "rows", b.Roster, tc.want)
		})
	}
}

func TestMergedCells(t *testing.T) {
	data := xlsx(t, [][]any{
		{"名册"},
		{"所在地", nil, "人员", nil, nil},
		{nil, nil, "姓名", "联系方式", nil},
		{"乡镇", "村", nil, "手机", "微信"},
		{"巴燕镇", "下加合村", "书记 001", "13900000001"},
		{nil, "金家庄村", "书记 002", "13900000002"},
		{"群科镇", "日兰村", "书记 003", "13900000003"},
	}, func(f *excelize.File) {
		for _, m := range [][2]string{{"A1", "E1"}, {"A2", "B3"}, {"C2", "E2"}, {"C3", "C4"}, {"D3", "E3"}, {"A5", "A6"}} {
			if err := f.MergeCell("Sheet1", m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
	b := mustRead(t, data)
	check(t, "header row", b.HeaderRow, 4)
	check(t, "ignored", b.Ignored, []string{"微信"})
	check(t, "name column", b.Columns[record.FieldName], Column{"C", "姓名"})
	var places []string
	for _, r := range b.Roster {
		places = append(places, r.Township+r.Village+r.Name)
	}
	check(t, "rows", places, []string{"巴燕镇下加合村书记 001", "巴燕镇金家庄村书记 002", "群科镇日兰村书记 003"})
}

func TestRoles(t *testing.T) {
	b := mustRead(t, []byte(`县,乡镇,村,职务,姓名,手机
化隆县,,,县级管理员,管理员 001,13900000101
化隆县,巴燕镇,,乡镇党委组织委员,委员 001,13900000102
化隆县,,,主持人,主持 001,13900000103
化隆县,巴燕镇,下加合村,书记,书记 001,
化隆县,巴燕镇,金家庄村,支部书记,,
`))
	check(t, "faults", b.Faults, []record.Fault(nil))
	check(t, "rows", b.Roster, []record.RosterRow{
		{Row: 2, County: "化隆县", Role: record.CountyOfficer, Name: "管理员 001", Phone: "13900000101"},
		{Row: 3, County: "化隆县", Township: "巴燕镇", Role: record.TownshipOfficer, Name: "委员 001", Phone: "13900000102"},
		{Row: 4, County: "化隆县", Role: record.Host, Name: "主持 001", Phone: "13900000103"},
		{Row: 5, County: "化隆县", Township: "巴燕镇", Village: "下加合村", Role: record.Secretary, Name: "书记 001"},
		{Row: 6, County: "化隆县", Township: "巴燕镇", Village: "金家庄村"},
	})
}

func TestFaults(t *testing.T) {
	head := "乡镇,村,统计代码,职务,姓名,手机,出生年份,学历,任职时间\n"
	good := []string{"巴燕镇", "下加合村", "630224100200", "支部书记", "书记 001", "13900000001", "1975", "大专", "2021-03"}
	for name, tc := range map[string]struct {
		col   int
		value string
		kind  record.FaultKind
		args  []string
		shown string
	}{
		"phone short":        {5, "1388888", record.FaultPhoneDigits, []string{"7"}, "1388888"},
		"phone landline":     {5, "09728712345", record.FaultPhoneForm, nil, "09728712345"},
		"phone rounded":      {5, "1.39E+10", record.FaultPhoneRounded, nil, "1.39E+10"},
		"identity number":    {5, "63022419750101001X", record.FaultIDNumber, nil, ""},
		"code of a township": {2, "630224100", record.FaultCode, []string{"12"}, "630224100"},
		"code with letters":  {2, "63022410020O", record.FaultCode, []string{"12"}, "63022410020O"},
		"deputy":             {3, "支部副书记", record.FaultRole, nil, "支部副书记"},
		"first secretary":    {3, "驻村第一书记", record.FaultRole, nil, "驻村第一书记"},
		"name missing":       {4, "", record.FaultMissing, nil, ""},
		"role missing":       {3, "", record.FaultMissing, nil, ""},
		"name too long":      {4, strings.Repeat("长", 33), record.FaultTooLong, []string{"32"}, strings.Repeat("长", 23) + "…"},
		"name with NUL-like": {4, "书\u202e记", record.FaultText, nil, "书 记"},
		"born tomorrow":      {6, "2024", record.FaultYearBounds, []string{"1925", "2010"}, "2024"},
		"born in no year":    {6, "七五年", record.FaultYear, nil, "七五年"},
		"education":          {7, "好", record.FaultEducation, nil, "好"},
		"since the future":   {8, "2031-01", record.FaultDateFuture, nil, "2031-01"},
		"since no day":       {8, "2021-02-30", record.FaultDate, nil, "2021-02-30"},
		"huge cell":          {4, strings.Repeat("长", 5000), record.FaultTooLong, []string{"200"}, strings.Repeat("长", 23) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			row := append([]string(nil), good...)
			row[tc.col] = tc.value
			fine := strings.Join(good, ",") + "\n"
			b := mustRead(t, []byte(head+fine+strings.Join(row, ",")+"\n"+fine))
			titles := strings.Split(strings.TrimSpace(head), ",")
			want := []record.Fault{{
				Row: 3, Field: b.fieldAt(tc.col), Letter: string(rune('A' + tc.col)), Title: titles[tc.col],
				Value: tc.shown, Kind: tc.kind, Args: tc.args,
			}}
			check(t, "faults", b.Faults, want)
			check(t, "rows kept", len(b.Roster), 2)
		})
	}
}

// fieldAt is the field that is read from a column.
func (b *Book) fieldAt(col int) record.Field {
	for f, c := range b.Columns {
		if c.Letter == letter(col) {
			return f
		}
	}
	return ""
}

func TestNeverCollected(t *testing.T) {
	for title, want := range map[string]Never{
		"民族": NeverEthnicity, "族 别": NeverEthnicity, "Ethnic group": NeverEthnicity, "姓名(民族)": NeverEthnicity,
		"宗教信仰": NeverReligion, "Religion": NeverReligion, "政治面貌": NeverPolitics, "入党时间": NeverPolitics, "politicalStatus": NeverPolitics,
		"身份证号": NeverIDNumber, "公民身份号码": NeverIDNumber, "ID_number": NeverIDNumber, "ID No.": NeverIDNumber,
		"银行卡号": NeverBank, "Bank account": NeverBank, "健康状况": NeverHealth, "blood type": NeverHealth,
		"家庭成员": NeverFamily, "婚姻状况": NeverFamily, "Family members": NeverFamily, "照片": NeverFace, "Photo": NeverFace,
		"声纹": NeverVoice, "voice": NeverVoice, "家庭住址": NeverFamily, "现居住地": NeverLocation, "GPS": NeverLocation,
	} {
		t.Run(title, func(t *testing.T) {
			r := refusal(t, []byte("乡镇,村,姓名,"+title+",手机\n巴燕镇,下加合村,书记 001,x,13900000001\n"))
			check(t, "kind", r.Kind, RefusedNever)
			check(t, "what", r.Never, want)
			check(t, "letter", r.Letter, "D")
			check(t, "title", r.Title, title)
		})
	}
	t.Run("in a group above the header", func(t *testing.T) {
		r := refusal(t, xlsx(t, [][]any{{"人员", nil, nil, "身份证"}, {"村", "姓名", "手机", "号码"}, {"下加合村", "书记 001", "13900000001", "1"}}))
		check(t, "what", r.Never, NeverIDNumber)
	})
	t.Run("without a header row that is known", func(t *testing.T) {
		check(t, "what", refusal(t, []byte("甲,民族\nx,y\n")).Never, NeverEthnicity)
	})
	t.Run("harmless headings", func(t *testing.T) {
		mustRead(t, []byte("乡镇,村,姓名,性别,接口,surface,trace,民族乡镇,Family name\n巴燕镇,下加合村,书记 001,,,,,,\n"))
	})
}

func hualongCSV(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/hualong-villages.csv")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestVillageList(t *testing.T) {
	b := mustRead(t, hualongCSV(t))
	check(t, "faults", b.Faults, []record.Fault(nil))
	check(t, "villages", len(b.Roster), 362)
	check(t, "first", b.Roster[0], record.RosterRow{
		Row: 2, Township: "巴燕镇", Village: "下加合村", Code: "630224100200", TownshipCode: "630224100",
	})
}

func TestRota(t *testing.T) {
	b := mustRead(t, []byte(`化隆县基地教育轮值表,,,,,,
日期,时间,基地,乡镇,参训村,集合地点,主持人
2026年12月3日(周三),9:00-11:30,廉政教育基地,巴燕镇,下加合村、金家庄村党支部,07:40 镇政府门口,主持 001
12月10日,下午2点30分至4点,党性教育基地,群科镇,全部,,主持 001
1月7日,09:00,党性教育基地,,日兰村,,
2026-12-31,11:00-9:00,党性教育基地,巴燕镇,全部,,
下周,9点,,,,,
`))
	check(t, "kind", b.Kind, KindRota)
	check(t, "rows", b.Rota, []RotaRow{
		{Row: 3, Date: "2026-12-03", Start: "09:00", End: "11:30", Base: "廉政教育基地", Township: "巴燕镇", Branches: []string{"下加合村", "金家庄村"}, Meet: "07:40 镇政府门口", Host: "主持 001"},
		{Row: 4, Date: "2026-12-10", Start: "14:30", End: "16:00", Base: "党性教育基地", Township: "群科镇", Host: "主持 001"},
		{Row: 5, Date: "2027-01-07", Start: "09:00", Base: "党性教育基地", Branches: []string{"日兰村"}},
	})
	var kinds []string
	for _, f := range b.Faults {
		kinds = append(kinds, f.String())
	}
	check(t, "faults", kinds, []string{
		"row 6 column B (time): time_order", "row 7 column A (date): date",
		"row 7 column C (base): missing", "row 7 column E (branches): missing",
	})
}

func TestGraduates(t *testing.T) {
	b := mustRead(t, []byte(`村,姓名,出生年份,学历,毕业院校,专业,是否毕业,毕业时间,就业情况,返乡意愿,联系电话
下加合村,毕业生 001,2003,本科,青海大学,农学,否,2027.06,,考虑中,139 0000 0201
下加合村,毕业生 002,2001,大专,,,是,2024年7月,求职中,愿意,
下加合村,毕业生 003,2001,大专,,,也许,,,,
`))
	check(t, "kind", b.Kind, KindGraduates)
	check(t, "rows", b.Graduates, []GraduateRow{
		{Row: 2, Village: "下加合村", Name: "毕业生 001", BirthYear: 2003, Education: record.Bachelor, School: "青海大学", Major: "农学", Studying: true, SaysStudying: true, Graduation: "2027-06", Willingness: record.Considering, Phone: "13900000201"},
		{Row: 3, Village: "下加合村", Name: "毕业生 002", BirthYear: 2001, Education: record.JuniorColl, SaysStudying: true, Graduation: "2024-07", Employment: record.Seeking, Willingness: record.Willing},
	})
	check(t, "fault", b.Faults[0].Kind, record.FaultChoice)
}

// Values of faults and rows do not reach a log, whatever verb prints them.
func TestNothingOfAPersonIsLogged(t *testing.T) {
	b := mustRead(t, []byte("村,姓名,手机\n下加合村,书记 001,13900000001\n金家庄村,书记 002,1388888\n"))
	var log bytes.Buffer
	logger := newLogger(&log)
	logger.Info("import", "faults", b.Faults, "fault", b.Faults[0], "row", b.Roster[0])
	text := log.String() + sprint(b.Faults) + sprint(b.Roster)
	for _, private := range []string{"1388888", "书记", "13900000001"} {
		if strings.Contains(text, private) {
			t.Errorf("%q stands in %s", private, text)
		}
	}
}

func encode(t *testing.T, s string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func utf16(t *testing.T, s string) []byte {
	t.Helper()
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

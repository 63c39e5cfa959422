package sheet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"headgoose/storage/record"
)

// Bounds of years.
const (
	firstBirth = 1925
	youngest   = 16 // years of age
)

// shorten cuts a value to what a message may show of it.
func shorten(s string) string {
	const longest = 24
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)), " ")
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}

// blank says whether a cell says nothing: empty, or a stroke.
func blank(s string) bool {
	switch strings.TrimSpace(width.Fold.String(s)) {
	case "", "-", "--", "—", "——", "/", "无", "暂无", "#N/A", "n/a", "N/A":
		return true
	}
	return false
}

// bad is a value that cannot be taken.
type bad struct {
	kind record.FaultKind
	args []string
	hint []string
	mask bool // the value must not be shown
}

// cleanName trims a person's name, folds the dots that names of some peoples
// have into one form, and takes out the spaces that sheets put into short
// names to align them.
func cleanName(s string) (string, *bad) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("•・‧∙．●", r) {
			return '·'
		}
		return r
	}, s)
	onlyHan := true
	for _, r := range s {
		onlyHan = onlyHan && (unicode.Is(unicode.Han, r) || unicode.IsSpace(r) || r == '·')
	}
	if onlyHan {
		s = strings.Join(strings.Fields(s), "")
	}
	return cleanText(s, record.MaxName)
}

func cleanText(s string, longest int) (string, *bad) {
	if n := utf8.RuneCountInString(strings.TrimSpace(s)); n > longest {
		return "", &bad{kind: record.FaultTooLong, args: []string{strconv.Itoa(longest)}}
	}
	s, err := record.CleanText(s, longest)
	if err != nil {
		return "", &bad{kind: record.FaultText}
	}
	return s, nil
}

var (
	scientific = regexp.MustCompile(`^[+]?(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})$`)
	wholeFloat = regexp.MustCompile(`^\d+\.0+$`)
	idNumber   = regexp.MustCompile(`^\d{17}[\dXx]$`)
)

// digits writes a number of a cell as digits: "1.3888888888E10" and
// "13888888888.0" are 13888888888. lost says that the program that wrote the
// text has dropped digits.
func digits(s string, exact bool) (out string, lost bool) {
	s = strings.Trim(strings.TrimSpace(width.Fold.String(s)), "'`")
	if wholeFloat.MatchString(s) {
		s = s[:strings.IndexByte(s, '.')]
	}
	m := scientific.FindStringSubmatch(s)
	if m == nil {
		return s, false
	}
	power, _ := strconv.Atoi(m[3])
	all := m[1] + strings.TrimRight(m[2], "0")
	if power > 20 || len(all) > power+1 {
		return s, false
	}
	if !exact && len(m[2]) < power {
		return s, true
	}
	return all + strings.Repeat("0", power+1-len(all)), false
}

func readPhone(s string, exact bool) (string, *bad) {
	text, lost := digits(s, exact)
	if lost {
		return "", &bad{kind: record.FaultPhoneRounded}
	}
	if idNumber.MatchString(strings.ReplaceAll(text, " ", "")) {
		return "", &bad{kind: record.FaultIDNumber, mask: true}
	}
	phone, err := record.CleanPhone(text)
	if err == nil {
		return phone, nil
	}
	n := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			n++
		}
	}
	if n != 11 && n > 0 {
		return "", &bad{kind: record.FaultPhoneDigits, args: []string{strconv.Itoa(n)}}
	}
	return "", &bad{kind: record.FaultPhoneForm}
}

var codeDigits = map[record.Level]int{record.County: 6, record.Township: 9, record.Village: 12}

// readCode reads the code of a place of one of the levels.
func readCode(s string, exact bool, level ...record.Level) (record.Code, *bad) {
	text, _ := digits(s, exact)
	c := record.Code(strings.Join(strings.Fields(text), ""))
	for _, l := range level {
		if c.Level() == l {
			return c, nil
		}
	}
	// Offices also write the code of a township or county with zeros to 12 digits.
	if c.Level() == record.Village && strings.HasSuffix(string(c), "000") && level[0] != record.Village {
		if level[0] == record.County {
			return c.County(), nil
		}
		return c.Township(), nil
	}
	return "", &bad{kind: record.FaultCode, args: []string{strconv.Itoa(codeDigits[level[0]])}}
}

var (
	dateForm   = regexp.MustCompile(`^(\d{4})(?:[年./\-](?:(\d{1,2})(?:[月./\-](?:(\d{1,2})日?)?)?)?)?$`)
	packedDate = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})?$`)
)

// readDate reads a day, a month or a year: 2021-03-01, 2021年3月, 2021.03,
// 202103, 20210301, or a spreadsheet's serial number.
func readDate(s string, date1904 bool) (record.Date, *bad) {
	s = strings.Join(strings.Fields(width.Fold.String(s)), "")
	if i := strings.IndexAny(s, "T"); i == 10 {
		s = s[:i] // a time behind the day says nothing
	}
	if d, ok := serialDate(s, date1904); ok {
		return d, nil
	}
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		m = packedDate.FindStringSubmatch(s)
	} else if len(s) == 6 && s[4] == '.' {
		// 2021.1 may be January as typed, or October as a number.
		m[2] = ""
	}
	if m == nil {
		return "", &bad{kind: record.FaultDate}
	}
	for _, layout := range []struct{ from, to string }{
		{m[1] + "-" + pad(m[2]) + "-" + pad(m[3]), time.DateOnly}, {m[1] + "-" + pad(m[2]), "2006-01"}, {m[1], "2006"},
	} {
		if strings.HasSuffix(layout.from, "-") {
			continue
		}
		t, err := time.Parse(layout.to, layout.from)
		if err != nil || t.Year() < 1900 || t.Year() > 2200 {
			break
		}
		return record.Date(layout.from), nil
	}
	return "", &bad{kind: record.FaultDate}
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// serialDate reads a spreadsheet's day number of the years 1905 to 2173,
// where no year and no month written as a number lies.
func serialDate(s string, date1904 bool) (record.Date, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 3_000 || n > 100_000 || strings.ContainsAny(s, "eE") {
		return "", false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if date1904 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return record.DateOf(epoch.AddDate(0, 0, int(math.Floor(n)))), true
}

// readBirthYear keeps the year of a date of birth and forgets the rest.
func readBirthYear(s string, date1904 bool, now int) (int, *bad) {
	s = strings.TrimSuffix(strings.Join(strings.Fields(s), ""), "生")
	d, fault := readDate(s, date1904)
	if fault != nil {
		return 0, &bad{kind: record.FaultYear}
	}
	year, err := strconv.Atoi(string(d[:4]))
	if err != nil || year < firstBirth || year > now-youngest {
		return 0, &bad{kind: record.FaultYearBounds, args: []string{strconv.Itoa(firstBirth), strconv.Itoa(now - youngest)}}
	}
	return year, nil
}

// readClock reads a time of day as "09:00".
func readClock(s string) (string, bool) {
	s = strings.NewReplacer("时", ":", "点", ":", "分", "", "半", "30").Replace(strings.Join(strings.Fields(width.Fold.String(s)), ""))
	afternoon := false
	for _, half := range []string{"上午", "早上", "am", "AM"} {
		s = strings.TrimPrefix(strings.TrimSuffix(s, half), half)
	}
	for _, half := range []string{"下午", "晚上", "pm", "PM"} {
		if t := strings.TrimPrefix(strings.TrimSuffix(s, half), half); t != s {
			s, afternoon = t, true
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 0 && n < 1 && strings.Contains(s, ".") {
		minutes := int(math.Round(n * 24 * 60))
		return clock(minutes/60, minutes%60)
	}
	hour, minute, _ := strings.Cut(s, ":")
	minute, _, _ = strings.Cut(minute, ":")
	h, err := strconv.Atoi(hour)
	if err != nil || len(hour) > 2 || len(minute) > 2 {
		return "", false
	}
	m := 0
	if minute != "" {
		if m, err = strconv.Atoi(minute); err != nil {
			return "", false
		}
	}
	if afternoon && h < 12 {
		h += 12
	}
	return clock(h, m)
}

func clock(h, m int) (string, bool) {
	if h < 0 || h > 23 || m < 0 || m > 59 {
		return "", false
	}
	return pad(strconv.Itoa(h)) + ":" + pad(strconv.Itoa(m)), true
}

package sheet

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Never is something about a person that is never collected.
type Never string

// What is never collected.
const (
	NeverEthnicity Never = "ethnicity"
	NeverReligion  Never = "religion"
	NeverPolitics  Never = "politics"
	NeverIDNumber  Never = "id_number"
	NeverBank      Never = "bank"
	NeverHealth    Never = "health"
	NeverFamily    Never = "family"
	NeverFace      Never = "face"
	NeverVoice     Never = "voice"
	NeverLocation  Never = "location"
)

// neverWords are parts of a Chinese heading that ask for it, most telling
// first; neverEnglish are whole words of an English one, a phrase joined by
// spaces.
var neverWords = []struct {
	what    Never
	chinese string
	english string
}{
	{NeverIDNumber, "身份证 公民身份 身份号码 证件号 证件号码 证件类型 护照 户口本", "id number|id no|id card|identity|identity card|national id|citizen id|passport|idcard|idnumber"},
	{NeverEthnicity, "民族 族别 族属 族裔", "ethnicity|ethnic|nationality|race|minority"},
	{NeverReligion, "宗教 信仰 信教 教派", "religion|religious|faith|belief|beliefs"},
	{NeverPolitics, "政治面貌 政治身份 政治观点 政治倾向 政治表现 党派 入党 党龄 党员 转正时间", "political|politics|party member|party membership|party joined|joined party"},
	{NeverBank, "银行 账户 帐户 卡号 开户 一卡通 工资卡 存折 收款", "bank|bank account|account number|iban|card number"},
	{NeverHealth, "健康 病史 疾病 患病 残疾 血型 体检 身体状况 伤残 疫苗", "health|medical|illness|disease|disability|blood|blood type|vaccination"},
	{NeverFamily, "家庭 家属 婚姻 婚否 婚育 配偶 子女 父母 父亲 母亲 亲属 户主 社会关系 生育", "family|marital|marriage|married|spouse|wife|husband|children|parents|father|mother|relatives"},
	{NeverFace, "照片 相片 头像 人脸 面部 免冠 证件照 自拍 指纹", "photo|photos|photograph|face|facial|portrait|selfie|fingerprint"},
	{NeverVoice, "声音 声纹 录音 语音", "voice|voiceprint|recording"},
	{NeverLocation, "定位 经纬度 经度 纬度 坐标 轨迹 住址 居住地 现居 地理位置 实时位置 户籍地址 gps", "location|gps|latitude|longitude|coordinates|home address|residence|tracking"},
}

// neverAsked says what a heading asks for that is never collected; "" if
// nothing. Remarks in brackets count.
func neverAsked(title string) Never {
	plain := foldPlain(title)
	english := " " + strings.Join(englishWords(title), " ") + " "
	// A family name and the name of a nationality township are harmless.
	english = strings.ReplaceAll(english, " family name ", " ")
	plain = strings.ReplaceAll(plain, "民族乡", "")
	for _, n := range neverWords {
		for _, w := range strings.Fields(n.chinese) {
			if strings.Contains(plain, w) {
				return n.what
			}
		}
		for w := range strings.SplitSeq(n.english, "|") {
			if strings.Contains(english, " "+w+" ") {
				return n.what
			}
		}
	}
	return ""
}

// englishWords are the words of a heading, also of one in camel case or with
// underscores.
func englishWords(s string) []string {
	var b strings.Builder
	var last rune
	for _, r := range width.Fold.String(s) {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		last = r
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// refuseNever refuses a sheet one of whose columns asks for what is never
// collected. at is the index of the header row, with the row of groups above
// it and a second one below; where none was found, any row that looks like
// headings counts.
func (g *grid) refuseNever(at int) error {
	if at < 0 {
		for _, row := range g.rows[:min(len(g.rows), headerWithin)] {
			if distinct(row.cells) < 2 {
				continue
			}
			if err := refuseNeverIn(row, maxLooseHeading); err != nil {
				return err
			}
		}
		return nil
	}
	if err := refuseNeverIn(g.rows[at], MaxCell); err != nil {
		return err
	}
	if at > 0 && distinct(g.rows[at-1].cells) > 1 {
		return refuseNeverIn(g.rows[at-1], MaxCell)
	}
	return nil
}

// maxLooseHeading bounds what counts as a heading where no header row is
// sure: a sentence is none.
const maxLooseHeading = 24

func refuseNeverIn(row gridRow, longest int) error {
	for i, title := range row.cells {
		if len(title) > longest {
			continue
		}
		if what := neverAsked(title); what != "" {
			r := refused(RefusedNever)
			r.Never, r.Title, r.Letter = what, shorten(title), letter(i)
			return r
		}
	}
	return nil
}

// distinct counts different texts of a row; a merged title is one.
func distinct(cells []string) int {
	seen := map[string]bool{}
	for _, c := range cells {
		if c = strings.TrimSpace(c); c != "" {
			seen[c] = true
		}
	}
	return len(seen)
}

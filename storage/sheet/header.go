package sheet

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"headgoose/storage/record"
)

// header is the row that names the columns.
type header struct {
	kind    Kind
	row     int // its number
	at      int // its index in the grid
	cols    map[record.Field]int
	titles  []string
	ignored []string
	// role is the post that the heading of the name column implies: a column
	// "支部书记" holds names of secretaries.
	role record.Role
}

func (h *header) has(f record.Field) bool {
	_, ok := h.cols[f]
	return ok
}

func (h *header) columns() map[record.Field]Column {
	m := make(map[record.Field]Column, len(h.cols))
	for f, c := range h.cols {
		m[f] = Column{Letter: letter(c), Title: shorten(h.titles[c])}
	}
	return m
}

// headings are what columns are called, folded as fold does.
var headings = map[record.Field]string{
	record.FieldCounty: "县 县名 县名称 县区 县市区 所属县 所在县 区县 县(市) county countyname",
	record.FieldTownship: "乡镇 乡 镇 乡镇名 乡镇名称 乡镇街道 乡镇(街道) 乡(镇) 乡(镇)名称 街道 乡镇党委 所属乡镇 所在乡镇 township " +
		"townshipname town",
	record.FieldVillage: "村 村名 村名称 行政村 行政村名称 行政村名 建制村 村社区 村(社区) 村委会 村(居) 村(居)名称 所属村 所在村 " +
		"村居 村党支部 所在行政村 village villagename",
	record.FieldBranches: "党支部 支部 支部名称 党支部名称 参加支部 参训支部 参加党支部 参训党支部 参加村 参训村 参加单位 参训单位 轮训支部 " +
		"branch branches partybranch partybranches villages",
	record.FieldCode: "村代码 村编码 统计代码 村统计代码 统计用区划代码 区划代码 行政区划代码 统计用代码 代码 编码 地区代码 " +
		"code villagecode statisticalcode placecode",
	record.FieldTownshipCode: "乡镇代码 乡镇编码 乡镇统计代码 townshipcode",
	record.FieldRole:         "职务 岗位 角色 身份 现任职务 担任职务 党内职务 post role position",
	record.FieldName:         "姓名 名字 人员姓名 人员 name fullname personname",
	record.FieldPhone: "手机 手机号 手机号码 电话 电话号码 联系电话 联系方式 联系手机 移动电话 联系号码 本人手机 本人电话 " +
		"phone phonenumber mobile mobilephone mobilenumber cellphone tel telephone contact contactnumber",
	record.FieldBirthYear: "出生年份 出生年月 出生日期 出生年 出生时间 出生 生年 出生年月日 birthyear yearofbirth born birthdate dateofbirth birth dob",
	record.FieldEducation: "学历 文化程度 文化 学历层次 最高学历 受教育程度 教育程度 education educationlevel",
	record.FieldSince: "任职时间 任现职时间 任职日期 任职起始时间 任职年月 任现职年月 任现职日期 到任时间 上任时间 担任时间 何时任现职 当选时间 " +
		"inthepostsince inpostsince since from appointed appointedon startdate",

	record.FieldDate: "日期 活动日期 培训日期 轮训日期 教育日期 date day",
	record.FieldTime: "时间 时段 活动时间 培训时间 轮训时间 起止时间 开始时间 开始 time hours start starttime begin begins",
	record.FieldEnd:  "结束时间 结束 end endtime ends",
	record.FieldBase: "基地 教育基地 基地名称 地点 活动地点 培训地点 base basename place venue",
	record.FieldMeet: "集合 集合地点 集合点 集合时间地点 集合地点及时间 meet meeting meetingpoint meetat",
	record.FieldHost: "主持人 主持 带队人 带队 负责人 带队领导 host leader",

	record.FieldKind:   "类型 日历类型 类别 放假调休 kind daykind",
	record.FieldReason: "名称 节日 节假日 假日名称 原因 名称或原因 holiday holidayname reason nameorreason",

	record.FieldBatch:   "批次 期次 第几批 batch batchno batchnumber",
	record.FieldTo:      "目的地 目的县 目的地(县区) 接收县区 接收地 前往 destination",
	record.FieldFirst:   "开始日期 起始日期 开始日 出发日期 firstday firstdate",
	record.FieldLast:    "结束日期 截止日期 结束日 返回日期 lastday lastdate",
	record.FieldSeats:   "名额 人数 seats",
	record.FieldContact: "联系人 接待联系人 接待人 对方联系人 contactperson",
	record.FieldBring:   "携带 携带材料 要带的材料 携带物品 bring tobring",

	record.FieldSchool:      "毕业院校 学校 院校 就读院校 毕业学校 就读学校 学校名称 school university schoolname",
	record.FieldMajor:       "专业 所学专业 专业名称 major subject",
	record.FieldStudying:    "是否在读 在读 在读或毕业 在读/毕业 在校情况 是否毕业 studying studyingorgraduated graduated",
	record.FieldGraduation:  "毕业时间 毕业年月 毕业年份 毕业日期 预计毕业时间 graduation graduationmonth graduationdate graduatedon",
	record.FieldEmployment:  "就业情况 就业状况 就业状态 就业 是否就业 employment employmentstatus work",
	record.FieldWillingness: "返乡意愿 返乡 返乡就业意愿 回村意愿 是否愿意返乡 意愿 willingness willingnesstoreturn willingtoreturn return",

	record.FieldConsent:     "本人同意 是否同意 本人是否同意 同意 知情同意 consent consented agreed",
	record.FieldConsentDate: "同意日期 同意时间 本人同意日期 consentdate agreedon consentedon",
}

// posts before a heading say whose name or phone it is: "支部书记姓名".
var headingPosts = []struct {
	word string
	role record.Role
}{
	{"村党支部书记", record.Secretary},
	{"党支部书记", record.Secretary},
	{"村支部书记", record.Secretary},
	{"支部书记", record.Secretary},
	{"村支书", record.Secretary},
	{"村书记", record.Secretary},
	{"支书", record.Secretary},
	{"书记", record.Secretary},
	{"secretary", record.Secretary},
	{"乡镇组织委员", record.TownshipOfficer},
	{"组织委员", record.TownshipOfficer},
	{"townshipofficer", record.TownshipOfficer},
	{"县级管理员", record.CountyOfficer},
	{"countyofficer", record.CountyOfficer},
}

var fieldOf = func() map[string]record.Field {
	m := map[string]record.Field{}
	for f, words := range headings {
		for _, w := range strings.Fields(words) {
			m[fold(w)] = f
			m[foldPlain(w)] = f
		}
	}
	return m
}()

// fold brings a heading into the form in which headings are compared: narrow,
// lower case, without white space, brackets and what stands in them, stars
// and colons.
func fold(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range width.Fold.String(s) {
		switch {
		case strings.ContainsRune("([{【〔《<", r):
			depth++
		case strings.ContainsRune(")]}】〕》>", r):
			depth = max(0, depth-1)
		case depth > 0:
		case foldedAway(r):
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// foldPlain is fold that keeps what stands in brackets: "乡(镇)" is "乡镇".
func foldPlain(s string) string {
	var b strings.Builder
	for _, r := range width.Fold.String(s) {
		if !foldedAway(r) && !strings.ContainsRune("([{【〔《<)]}】〕》>", r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func foldedAway(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || strings.ContainsRune("*:_-.'\"、。·/\\", r)
}

// fieldNamed reads a heading. role is set where the heading names a post and
// means its holder.
func fieldNamed(title string) (f record.Field, role record.Role) {
	if len(title) > 120 || title == "" {
		return "", ""
	}
	for _, word := range []string{fold(title), foldPlain(title)} {
		if f, ok := fieldOf[word]; ok {
			return f, ""
		}
		word = strings.TrimPrefix(word, "现任")
		for _, p := range headingPosts {
			rest, ok := strings.CutPrefix(word, p.word)
			if !ok {
				continue
			}
			if rest == "" {
				return record.FieldName, p.role
			}
			if f, ok := fieldOf[rest]; ok {
				return f, p.role
			}
		}
	}
	return "", ""
}

// knownFields finds the columns that a row names, the first of each.
func knownFields(cells []string) map[record.Field]int {
	cols := map[record.Field]int{}
	for i, c := range cells {
		if i == MaxColumns {
			break
		}
		if f, _ := fieldNamed(c); f != "" {
			if _, twice := cols[f]; !twice {
				cols[f] = i
			}
		}
	}
	return cols
}

// choose finds the worksheet to be read and its header row: the first one
// that has any. The header row is the one that names the most columns.
func choose(grids []*grid) (*grid, *header, error) {
	empty := true
	for _, g := range grids {
		empty = empty && len(g.rows) == 0
		best, score := -1, 1
		for i, row := range g.rows[:min(len(g.rows), headerWithin)] {
			if n := len(knownFields(row.cells)); n > score {
				best, score = i, n
			}
		}
		if err := g.refuseNever(best); err != nil {
			return nil, nil, err
		}
		if best < 0 {
			continue
		}
		h := g.header(best)
		return g, h, h.complete()
	}
	if empty {
		return nil, nil, refused(RefusedEmpty)
	}
	return nil, nil, refused(RefusedHeader)
}

// header reads the header row and tells the kind of the sheet.
func (g *grid) header(at int) *header {
	row := g.rows[at]
	h := &header{row: row.n, at: at, titles: row.cells, cols: knownFields(row.cells)}
	switch {
	case h.has(record.FieldTo) && (h.has(record.FieldSeats) || h.has(record.FieldFirst)):
		h.kind = KindPlan
	case h.has(record.FieldDate) && h.has(record.FieldKind):
		h.kind = KindCalendar
	case h.has(record.FieldDate) && (h.has(record.FieldTime) || h.has(record.FieldBase)):
		h.kind = KindRota
	case h.has(record.FieldEmployment) || h.has(record.FieldWillingness):
		h.kind = KindGraduates
	default:
		h.kind = KindRoster
		h.asRoster()
	}
	for i, title := range row.cells {
		known := slices.ContainsFunc(fieldsOf[h.kind], func(f record.Field) bool {
			c, ok := h.cols[f]
			return ok && c == i
		})
		if !known && strings.TrimSpace(title) != "" {
			h.ignored = append(h.ignored, shorten(title))
		}
	}
	return h
}

// asRoster reads headings as a roster has them: a column of branches is one
// of villages, and a host's column holds names.
func (h *header) asRoster() {
	move := func(from, to record.Field) {
		if c, ok := h.cols[from]; ok && !h.has(to) {
			h.cols[to] = c
		}
		delete(h.cols, from)
	}
	move(record.FieldBranches, record.FieldVillage)
	if h.has(record.FieldHost) && !h.has(record.FieldName) {
		h.role = record.Host
	}
	move(record.FieldHost, record.FieldName)
	if c, ok := h.cols[record.FieldName]; ok && h.role == "" {
		_, h.role = fieldNamed(h.titles[c])
	}
}

// fieldsOf lists what is read of each kind of sheet.
var fieldsOf = map[Kind][]record.Field{
	KindRoster: {
		record.FieldCounty, record.FieldTownship, record.FieldVillage, record.FieldCode, record.FieldTownshipCode, record.FieldRole,
		record.FieldName, record.FieldPhone, record.FieldBirthYear, record.FieldEducation, record.FieldSince,
	},
	KindRota: {
		record.FieldDate, record.FieldTime, record.FieldEnd, record.FieldBase, record.FieldTownship, record.FieldVillage,
		record.FieldBranches, record.FieldMeet, record.FieldHost,
	},
	KindPlan: {
		record.FieldBatch, record.FieldTo, record.FieldFirst, record.FieldLast, record.FieldTime, record.FieldEnd, record.FieldSeats,
		record.FieldContact, record.FieldMeet, record.FieldBring,
	},
	KindCalendar: {record.FieldDate, record.FieldKind, record.FieldReason, record.FieldBase},
	KindGraduates: {
		record.FieldTownship, record.FieldVillage, record.FieldCode, record.FieldName, record.FieldBirthYear, record.FieldEducation,
		record.FieldSchool, record.FieldMajor, record.FieldStudying, record.FieldGraduation, record.FieldEmployment,
		record.FieldWillingness, record.FieldPhone, record.FieldConsent, record.FieldConsentDate,
	},
}

// complete refuses a header row that lacks what its kind cannot do without.
func (h *header) complete() error {
	need := func(any ...record.Field) error {
		if slices.ContainsFunc(any, h.has) {
			return nil
		}
		return refused(RefusedColumn, any[0])
	}
	var errs [3]error
	switch h.kind {
	case KindRota:
		errs = [3]error{need(record.FieldTime), need(record.FieldBase), need(record.FieldBranches, record.FieldVillage, record.FieldTownship)}
	case KindPlan:
		errs = [3]error{need(record.FieldFirst), need(record.FieldSeats)}
	case KindCalendar: // what tells it is all that it needs
	case KindGraduates:
		errs = [3]error{need(record.FieldVillage, record.FieldCode), need(record.FieldName), need(record.FieldBirthYear)}
	default:
		errs = [3]error{need(record.FieldVillage, record.FieldCode, record.FieldTownship, record.FieldRole)}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package sheet

import (
	"strings"

	"headgoose/storage/record"
)

// choice is one value of a column with a fixed set, and how sheets write it.
// The first Chinese and English word are the ones that are written.
type choice[T ~string] struct {
	value   T
	chinese string
	english string
}

var roleWords = indexed([]choice[record.Role]{
	{record.CountyOfficer, "县级管理员 县管理员 县委组织部 县组织部 县级 县组织员", "county officer|county_officer|county"},
	{record.TownshipOfficer, "乡镇组织委员 组织委员 乡镇管理员 镇组织委员 乡组织委员 乡镇党委组织委员 党委组织委员 乡镇", "township officer|township_officer|township"},
	{record.Host, "主持人 主持 场次主持人 带队人 基地负责人", "host"},
	{record.Secretary, "支部书记 党支部书记 村党支部书记 村支部书记 村支书 支书 村书记 书记 村党组织书记 党组织书记 党总支书记 村党总支书记", "secretary|branch secretary|party branch secretary|village secretary"},
})

var educationWords = indexed([]choice[record.Education]{
	{record.Primary, "小学", "primary|primary school"},
	{record.JuniorHigh, "初中", "junior high|junior high school|junior_high"},
	{record.SeniorHigh, "高中 中专 高中中专 职高 技校 中技 中师 中等专科", "senior high|senior high school|senior_high|high school|vocational school"},
	{record.JuniorColl, "大专 专科 大学专科 高职 高专 大学大专", "college|junior college|associate"},
	{record.Bachelor, "本科 大学 大学本科 学士 专升本", "bachelor|bachelor's|university|undergraduate"},
	{record.Postgrad, "研究生 硕士 博士 硕士研究生 博士研究生", "postgraduate|postgrad|master|master's|doctor|phd"},
})

var employmentWords = indexed([]choice[record.Employment]{
	{record.Employed, "已就业 就业 在职 已工作 工作", "employed|working"},
	{record.SelfEmployed, "自主创业 创业 自营 个体", "self-employed|self employed|self_employed"},
	{record.FurtherStudy, "升学 继续深造 深造 考研成功 读研", "further study|further_study"},
	{record.Exams, "备考 考研 考公 准备考试", "preparing exams|exams|preparing for exams"},
	{record.Serving, "参军或服务基层 参军 入伍 服役 服务基层 三支一扶 西部计划 参军、服务基层", "serving|army or grassroots service"},
	{record.Seeking, "求职中 求职 待业 未就业 待就业 找工作", "seeking|seeking work|unemployed|looking for work"},
})

var willingnessWords = indexed([]choice[record.Willingness]{
	{record.Willing, "愿意 愿意返乡 是 有 有意愿", "yes|willing"},
	{record.Considering, "考虑中 考虑 观望 不确定 待定", "considering|undecided"},
	{record.Unwilling, "不愿意 否 不返乡 无意愿 暂不", "no|unwilling|not willing"},
})

var consentWords = indexed([]choice[record.SheetConsent]{
	{record.SheetYes, "是 同意 已同意 本人同意 有", "yes|agreed|y"},
	{record.SheetNo, "否 不同意 未同意", "no|not agreed|n"},
})

// choices is a fixed set of values, found by what sheets call them.
type choices[T ~string] struct {
	list  []choice[T]
	named map[string]T // by folded word
}

func indexed[T ~string](list []choice[T]) choices[T] {
	named := map[string]T{}
	for _, c := range list {
		for _, w := range append(strings.Fields(c.chinese), strings.Split(c.english, "|")...) {
			if w = foldPlain(w); w != "" {
				named[w] = c.value
			}
		}
	}
	return choices[T]{list, named}
}

// read finds the value that a cell names.
func (c choices[T]) read(cell string) (T, bool) {
	if v, ok := c.named[foldPlain(cell)]; ok {
		return v, true
	}
	v, ok := c.named[fold(cell)]
	return v, ok
}

// write is how a value is written; a value that has no word stays as it is.
func (c choices[T]) write(lang Lang, v T) string {
	for _, x := range c.list {
		if x.value == v {
			return x.word(lang)
		}
	}
	return string(v)
}

// words lists how all values are written.
func (c choices[T]) words(lang Lang) (list []string) {
	for _, x := range c.list {
		list = append(list, x.word(lang))
	}
	return list
}

func (c choice[T]) word(lang Lang) string {
	if lang == English {
		first, _, _ := strings.Cut(c.english, "|")
		return strings.ToUpper(first[:1]) + first[1:]
	}
	return strings.Fields(c.chinese)[0]
}

// readRole reads a post. One that is held together with another is the post
// too ("党支部书记、村委会主任"); a deputy or a first secretary sent from
// outside is not the secretary.
func readRole(cell string) (record.Role, *bad) {
	if role, ok := roleWords.read(cell); ok {
		return role, nil
	}
	plain := foldPlain(cell)
	other := strings.Contains(plain, "副") || strings.Contains(plain, "第一书记") || strings.Contains(plain, "deputy")
	for _, w := range []string{"支部书记", "村支书", "总支书记", "branchsecretary"} {
		if !other && strings.Contains(plain, w) {
			return record.Secretary, nil
		}
	}
	if !other && strings.Contains(plain, "组织委员") {
		return record.TownshipOfficer, nil
	}
	return "", &bad{kind: record.FaultRole}
}

// readEducation reads a level, also where it says where it was reached
// ("省委党校研究生", "在职大专").
func readEducation(cell string) (record.Education, *bad) {
	if e, ok := educationWords.read(cell); ok {
		return e, nil
	}
	plain := foldPlain(cell)
	for i := len(educationWords.list) - 1; i >= 0; i-- {
		c := educationWords.list[i]
		for _, w := range strings.Fields(c.chinese) {
			if w != "大学" && strings.Contains(plain, w) {
				return c.value, nil
			}
		}
	}
	if strings.HasSuffix(plain, "大学") {
		return record.Bachelor, nil
	}
	return "", &bad{kind: record.FaultEducation}
}

var statusWords = indexed([]choice[record.Status]{
	{record.Present, "准时", "on time"},
	{record.Late, "迟到", "late"},
	{record.Excused, "请假", "excused"},
	{record.Absent, "缺席", "absent"},
	{record.Waiting, "待确认", "waiting"},
	{"", "未到", "not there"},
})

var methodWords = indexed([]choice[record.Method]{
	{record.ByLink, "扫码", "scanned"},
	{record.ByCode, "口令", "code typed"},
	{record.ByRollCall, "点名", "roll call"},
	{record.ByHost, "主持人", "host"},
})

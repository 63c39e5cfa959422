package bot

import (
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// namesakes adds what makes names ambiguous: two 上滩村, a 巴燕村 beside 巴燕镇, a
// township with a people's name in its own.
func (w *officeWorld) namesakes() {
	w.Helper()
	w.do(func(tx *storage.Tx) error {
		for code, name := range map[record.Code]string{
			"630224100250": "上滩村", "630224101250": "上滩村", "630224100251": "群科村",
			"630224203": "塔加藏族乡", "630224203200": "尕洞村",
		} {
			if err := tx.PutPlace(record.Place{Code: code, Name: name}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestLookup(t *testing.T) {
	w := newOfficeWorld(t)
	w.namesakes()
	for _, c := range []struct {
		name, typed string
		sees        []string
	}{
		{"a township", "巴燕镇", []string{"巴燕镇 · 本周"}},
		{"without its kind", "巴燕", []string{"巴燕镇 · 本周"}},
		{"a village", "下加合村", []string{"巴燕镇 下加合村", "支部书记 书记 001"}},
		{"without 村", "下加合", []string{"巴燕镇 下加合村"}},
		{"behind its township", "巴燕镇 下加合", []string{"巴燕镇 下加合村"}},
		{"without a space", "巴燕镇下加合村", []string{"巴燕镇 下加合村"}},
		{"a people's name left out", "塔加", []string{"塔加藏族乡 · 本周"}},
		{"the county", "化隆", []string{"化隆县 · 本周"}},
		{"with the command", "查询 下加合村", []string{"巴燕镇 下加合村"}},
		{"namesakes", "上滩村", []string{"“上滩村”有 2 个", "[上滩村(巴燕镇)]", "[上滩村(群科镇)]"}},
		{"one of the namesakes", "群科镇上滩", []string{"群科镇 上滩村"}},
		{"a village and a township", "群科", []string{"“群科”有 2 个", "[群科镇]", "[群科村(巴燕镇)]"}},
		{"the whole name decides", "群科镇", []string{"群科镇 · 本周"}},
		{"a slip", "下加哈", []string{"是否指 下加合村(巴燕镇)?", "[下加合村(巴燕镇)]"}},
		{"a slip in a township", "塔佳藏族乡", []string{"是否指 塔加藏族乡?"}},
		{"a slip with several near", "下滩村", []string{"没有这个名称,是否指:", "[上滩村(巴燕镇)]", "[上滩村(群科镇)]"}},
		{"a person", "书记 002", []string{"书记 002", "巴燕镇 金家庄村 支部书记"}},
		{"nothing like it", "天气怎么样呢", []string{"没有看懂“天气怎么样呢”"}},
		{"nothing like it, with the command", "查询 天气怎么样呢", []string{"没有找到“天气怎么样呢”"}},
		{"a slip of a command", "查讯", []string{"是否指 查询"}},
		{"one sign", "村", []string{"没有看懂"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.in(t)
			w.county.say(c.typed).sees(c.sees...)
		})
	}
	w.county.say("上滩村").press("群科镇").sees("群科镇 上滩村", "支部书记空缺")
	w.county.say("下加哈").press("下加合村").sees("支部书记 书记 001")
}

func TestLookupStaysWithinTheOffice(t *testing.T) {
	w := newOfficeWorld(t)
	w.namesakes()
	for _, c := range []struct {
		typed string
		sees  string
		not   string
	}{
		{"上滩村", "巴燕镇 上滩村", "群科镇"},
		{"群科镇", "不在您的权限内", ""},
		{"文卜具村", "不在您的权限内", "书记 003"},
		{"书记 003", "首页", "支部书记"},
		{"文卜巨", "没有看懂", "文卜具"},
		{"书记 001", "下加合村 支部书记", ""},
	} {
		t.Run(c.typed, func(t *testing.T) {
			w.in(t)
			w.township.say(c.typed).sees(c.sees)
			if c.not != "" {
				w.township.seesNot(c.not)
			}
		})
	}
	w.xia.say("下加合村").sees("没有看懂") // a secretary looks nothing up
}

func TestLookupOfManyNamesakes(t *testing.T) {
	w := newOfficeWorld(t)
	w.more(bayan, 10)
	w.do(func(tx *storage.Tx) error {
		for i := range 10 {
			ids, err := tx.Holders(record.Secretary, bayan+record.Code("30"+string(rune('0'+i))))
			if err != nil {
				return err
			}
			if err := tx.EditPerson(ids[0], func(p *record.Person) { p.Name = "马某某" }); err != nil {
				return err
			}
		}
		return nil
	})
	w.county.say("马某某").sees("“马某某”有 10 个", "新0村", "新7村").seesNot("新8村")
	w.county.press("下一页").sees("新8村", "新9村").seesNot("新7村").press("新9村").sees("马某某", "巴燕镇 新9村 支部书记")
}

func TestStemOf(t *testing.T) {
	for name, want := range map[string]string{
		"下加合村": "下加合", "塔加藏族乡": "塔加", "化隆回族自治县": "化隆", "巴燕镇": "巴燕", "村": "村", "乡": "乡", "": "", "东村村": "东村", "Bayan": "Bayan",
	} {
		if got := stemOf(name); got != want {
			t.Errorf("stemOf(%q) = %q, want %q", name, got, want)
		}
	}
}

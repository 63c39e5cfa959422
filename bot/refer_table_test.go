package bot

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"headgoose/storage"
	"headgoose/storage/record"
)

func TestWhatBecameOfReferrals(t *testing.T) {
	w := newReferWorld(t)
	w.asks()
	w.own.press("同意")
	w.township.press("介绍双方", "已到岗")
	w.do(func(tx *storage.Tx) error {
		g, err := tx.AddGraduate(w.graduate("毕业生 002", ""), nil)
		if err != nil {
			return err
		}
		if _, err := tx.SetConsent(g.ID, record.ToRefer, g.Consent); err != nil {
			return err
		}
		o, err := tx.AddOpening(record.Opening{Kind: record.WelfarePost, Place: bayan, Number: 3, Until: "2027-06-30", By: w.township.id})
		if err != nil {
			return err
		}
		_, err = tx.Propose(o.ID, g.ID, w.township.id, "")
		return err
	})
	county := w.person("县 001", record.CountyOfficer, hualong)
	county.say("推荐").press("推荐结果").sees("推荐结果 · 化隆县(共 2 人次)", "已提名 1 · 到岗 1", "· 巴燕镇 2:已提名 1 · 到岗 1").seesNot("群科镇")
	county.press("按岗位看").sees("· 村文书 1:到岗 1", "· 公益性岗位 1:已提名 1").press("按地方看", "巴燕镇").sees("· 下加合村 2:")
	county.press("看图")
	n := len(w.rec.Messages(county.chat))
	for _, m := range w.rec.Messages(county.chat)[n-2:] {
		if m.Photo == nil || !strings.Contains(m.Text, "毕业生推荐") {
			t.Errorf("no picture: %s", m.Text)
		}
	}
	county.line("referral.sheet " + string(hualong)).sees("推荐结果(2 人次,不含手机号)")
	f, err := excelize.OpenReader(bytes.NewReader(county.last().Document.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil || len(rows) < 3 {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
		for _, row := range rows {
			if strings.Contains(strings.ReplaceAll(strings.Join(row, "|"), " ", ""), ownPhone) {
				t.Errorf("%s has a number: %v", name, row)
			}
		}
	}
	noted := false
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{By: county.id, Limit: 20})
		for _, a := range lines {
			noted = noted || (a.Action == record.ExportRoster && a.Note == "referrals" && a.Place == hualong)
		}
		return err
	})
	if !noted {
		t.Error("the audit log does not say who has the workbook")
	}
	other := w.person("组织委员 002", record.TownshipOfficer, qunke)
	for _, line := range []string{"referral.table " + string(bayan), "referral.chart " + string(bayan), "referral.sheet " + string(bayan), "referral.sheet " + string(hualong)} {
		other.line(line).sees("不在您的权限内")
	}
}

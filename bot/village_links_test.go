package bot

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"headgoose/storage"
	"headgoose/storage/record"
)

// sheetRows reads the rows of the file that a persona had last, below its title.
func (p persona) sheetRows() [][]string {
	p.w.Helper()
	m := p.last()
	if m.Document == nil {
		p.w.Fatalf("no file: %q", m.Text)
	}
	f, err := excelize.OpenReader(bytes.NewReader(m.Document.Body))
	if err != nil {
		p.w.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		p.w.Fatal(err)
	}
	return rows
}

func TestAllVillageLinksInOneSheet(t *testing.T) {
	w := newWorld(t)
	township := w.person("组织委员 001", record.TownshipOfficer, bayan)
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	county.say("毕业生").press("各村登记链接").sees("⏳ 正在生成各村登记链接 0 / 3")
	w.works()
	rows := county.sheetRows()[3:]
	if len(rows) != 3 || rows[0][0] != "巴燕镇" || rows[0][1] != "下加合村" || rows[2][1] != "文卜具村" || rows[0][3] != "2027-03-01 00:00" {
		t.Fatalf("%q", rows)
	}
	township.say("毕业生").press("各村登记链接")
	w.works()
	if own := township.sheetRows()[3:]; len(own) != 2 {
		t.Errorf("a township has %q", own)
	}
	_, payload, _ := strings.Cut(rows[1][2], "start=")
	if payload == "" {
		t.Fatalf("no link: %q", rows[1])
	}
	w.stranger().open(payload).sees("返乡登记 · 金家庄村", "您的姓名?")
	w.see(func(tx *storage.Tx) error {
		lines, _, err := tx.AuditLines(storage.AuditQuery{By: county.id, Limit: 20})
		if len(lines) != 1 || lines[0].Action != record.IssueVillageLink || lines[0].Place != hualong {
			t.Errorf("audit: %+v", lines)
		}
		return err
	})
	w.now = w.now.Add(91 * 24 * time.Hour)
	w.stranger().open(payload).sees("此链接不能使用")
}

// Nobody gets links of another township, or any as a secretary.
func TestVillageLinksOfOthers(t *testing.T) {
	w := newWorld(t)
	w.person("组织委员 001", record.TownshipOfficer, bayan).line("graduates.links " + string(qunke)).sees("不在您的权限内")
	w.person("组织委员 002", record.TownshipOfficer, bayan).line("graduates.links " + string(hualong)).sees("不在您的权限内")
	w.secretary(xiajiahe).line("graduates.links " + string(bayan)).sees("不在您的权限内")
	w.see(func(tx *storage.Tx) error {
		jobs, err := tx.Jobs()
		if len(jobs) > 0 {
			t.Errorf("%+v", jobs)
		}
		return err
	})
}

package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// dying is an engine that fails after so many updates, as if the machine stopped.
type dying struct {
	kv.Engine
	left atomic.Int64
}

var errDead = errors.New("the machine stopped")

func (e *dying) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if e.left.Add(-1) < 0 {
		return errDead
	}
	return e.Engine.Update(ctx, fn)
}

// importsSheet sends a list of n graduates and has it written.
func (p persona) importsSheet(n int) persona {
	p.w.Helper()
	var b strings.Builder
	b.WriteString("村,姓名,出生年份,学历,毕业院校,在读或毕业,毕业时间,就业情况,返乡意愿,本人同意,同意日期\n")
	for i := range n {
		fmt.Fprintf(&b, "下加合村,毕业生 %03d,2003,本科,青海大学,已毕业,2025-07,已就业,愿意,是,2026-03-01\n", i+1)
	}
	p.w.rec.AddFile("list", []byte(b.String()))
	p.w.handle(chat.Event{Kind: chat.Document, Chat: chat.Chat{ID: p.chat}, From: chat.User{ID: p.chat}, File: &chat.File{ID: "list", Name: "名单.csv"}})
	p.w.works()
	p.press(fmt.Sprintf("导入 %d 行", n))
	p.w.works()
	return p
}

// The machine stops while an import is undone; the next start brings it to its end.
func TestUndoingAnImportGoesOnAfterACrash(t *testing.T) {
	w := newWorld(t)
	w.addGraduates(xiajiahe, 2) // the first is willing and seeks work, the second not
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	w.now = w.now.Add(time.Hour)
	county.importsSheet(60).sees("✅ 已写入 60 行", "24 小时内、下次导入前,可以撤销")
	county.press("撤销这次导入").sees("新增的 58 人会删除,变更的 2 人恢复原样").press("确认撤销").sees("⏳ 正在撤销导入 0 / 60")
	engine := &dying{Engine: w.store.Engine()}
	engine.left.Store(20)
	store, err := storage.Open(t.Context(), engine, storage.Options{Clock: func() time.Time { return w.now }, Key: make([]byte, storage.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	b := New(w.bot.conf, store, w.bot.texts, w.rec, slog.New(slog.DiscardHandler))
	if _, err := b.WorkJobs(t.Context(), nil); err != nil && !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if left := len(w.graduates(hualong)); left == 60 || left == 2 {
		t.Fatalf("it was not stopped in between: %d records", left)
	}
	w.works()
	county.sees("✅ 已撤销导入:删除 58 人,恢复 2 人。").seesNot("没有动", "看没有动的")
	left := w.graduates(hualong)
	if len(left) != 2 || left[0].Employment != record.Seeking || left[1].Willingness != record.Unwilling {
		t.Errorf("%+v", left)
	}
	if faults, err := w.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
	county.importsSheet(60).sees("✅ 已写入 60 行")
}

func TestWhoIsLeftByAnUndoneImport(t *testing.T) {
	w := newWorld(t)
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	county.importsSheet(12)
	page := county.last()
	sec := w.secretary(xiajiahe)
	w.now = w.now.Add(time.Hour)
	sec.say("毕业生").press("毕业生 001", "没有变化")
	for _, g := range w.graduates(xiajiahe) {
		if g.Name == "毕业生 001" || g.Name == "毕业生 012" {
			continue
		}
		w.do(func(tx *storage.Tx) error { _, err := tx.AddReserve(g.ID, "2026-12-01"); return err })
	}
	other := w.person("县级管理员 002", record.CountyOfficer, hualong)
	other.line("import.undo j1 yes").sees("没有找到")
	county.pressOn(page, "撤销这次导入").press("确认撤销")
	w.works()
	county.sees("删除 1 人,恢复 0 人", "另有 11 人没有动").press("看没有动的").sees("没有动的 11 人", "下加合村 毕业生 001:之后改过", "毕业生 002:已用于推荐、后备干部或合并").seesNot("毕业生 012")
	county.press("毕业生 002").sees("下加合村 毕业生 002")
	county.pressOn(page, "撤销这次导入").sees("已经")
	if n := len(w.graduates(hualong)); n != 11 {
		t.Errorf("%d records", n)
	}
}

func TestAnImportIsUndoneWithinADay(t *testing.T) {
	w := newWorld(t)
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	page := county.importsSheet(1).last()
	w.now = w.now.Add(25 * time.Hour)
	county.pressOn(page, "撤销这次导入").press("确认撤销").sees("已过办理时间")
	if n := len(w.graduates(hualong)); n != 1 {
		t.Errorf("%d records", n)
	}
}

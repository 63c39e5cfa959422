package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/seal"
)

// TestNothingIsLeftOfAForgottenGraduate plays a graduate's way through the whole
// program, with a marker in everything that is typed, to the end where the person
// is forgotten: the marker is not in the log, in the data, in a backup of before,
// or in what can be read of either, but for messages on their way, whose key goes
// with the week.
func TestNothingIsLeftOfAForgottenGraduate(t *testing.T) {
	const mark = "暗记"
	dir, log := t.TempDir(), &logBook{}
	p := newPlayIn(t, &txtar.Archive{}, dir, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	p.act(`书记 001 @ village
毕业生 001 @ village
毕业生 001 > 毕业生暗记
毕业生 001 > 2004
毕业生 001 * 本科
毕业生 001 > 暗记大学
毕业生 001 > 暗记学
毕业生 001 * 已毕业
毕业生 001 > 2025年6月
毕业生 001 * 求职中
毕业生 001 * 愿意返乡
毕业生 001 > 13900001301
毕业生 001 * 同意
毕业生 001 * 确认保存
毕业生 001 > 我的数据
毕业生 001 * 要求更正
毕业生 001 > 暗记应为暗记
毕业生 001 * 确认保存
书记 001 * 不更正
书记 001 > 暗记没有错
组织委员 001 > 毕业生
组织委员 001 * 毕业生暗记
组织委员 001 * 后备干部
组织委员 001 * 列入后备
组织委员 001 * 记一条
组织委员 001 * 参与村务
组织委员 001 * 12月6日(周日)
组织委员 001 > 暗记做的事
组织委员 001 * 确认保存
`)
	path, backup := filepath.Join(dir, "headgoose.db"), filepath.Join(dir, "backup.db")
	if err := boltkv.Backup(t.Context(), p.d.app.engine.(*boltkv.Engine), backup); err != nil {
		t.Fatal(err)
	}
	if seen := readable(t, dir, backup, mark); !slices.Contains(seen, "graduate") || !slices.Contains(seen, "reserve") || !slices.Contains(seen, "correction") {
		t.Fatalf("before, the marker is readable in %v only", seen)
	}
	p.act("毕业生 001 > 删除我的数据\n毕业生 001 * 删除登记\n毕业生 001 * 确认删除\n")
	after := filepath.Join(dir, "after.db")
	if err := boltkv.Backup(t.Context(), p.d.app.engine.(*boltkv.Engine), after); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, backup, after} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(mark)) || bytes.Contains(raw, []byte("13900001301")) {
			t.Errorf("%s shows the marker openly", filepath.Base(file))
		}
	}
	for _, file := range []string{backup, after} {
		for _, topic := range readable(t, dir, file, mark) {
			if record.ChatUse != useOf(topic) {
				t.Errorf("%s: %s can still be read", filepath.Base(file), topic)
			}
		}
	}
	if said := log.String(); strings.Contains(said, mark) || strings.Contains(said, "13900001301") {
		t.Error("the log has the marker")
	}
}

func useOf(topic string) record.Use {
	for _, h := range storage.Registry() {
		if h.Topic == topic {
			return h.Use
		}
	}
	return record.NoUse
}

// readable lists the topics in which whoever has all files of a demo's folder reads
// the marker.
func readable(t *testing.T, dir, file, mark string) (topics []string) {
	t.Helper()
	ring, err := seal.Open(filepath.Join(dir, "demo.ring"), make([]byte, storage.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	copied := file + ".read"
	raw, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(copied, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	engine, err := boltkv.Open(copied, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	store, err := storage.Open(t.Context(), engine, storage.Options{Key: ring.Root(), Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Each(t.Context(), func(h storage.Held) error {
		text, err := json.Marshal(h.Value)
		if err == nil && bytes.Contains(text, []byte(mark)) && !slices.Contains(topics, h.Topic) {
			topics = append(topics, h.Topic)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return topics
}

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
)

// actor is one person of the crash test. An act waits until the phone shows
// its answer, as people do, however often the program is killed meanwhile.
type actor struct {
	*history
	ctx    context.Context
	who    int64
	chance *rand.Rand
	wrong  int // wrong codes so far
}

// do makes an act and waits for its answer.
func (a *actor) do(what string, act func() error, answered func() bool) error {
	if err := act(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.beat()
	return a.sees(what, answered)
}

func (a *actor) sees(what string, so func() bool) error {
	if err := a.sandbox.Wait(a.ctx, so); err != nil {
		return fmt.Errorf("%s: no answer: %w; the phone shows %q", what, err, a.sandbox.Last(a.who).Text)
	}
	return nil
}

func (a *actor) says(text string) func() error {
	return func() error { _, err := a.sandbox.Say(a.who, text); return err }
}

// shows says whether the phone shows a message with all these parts.
func (a *actor) shows(parts ...string) func() bool {
	return func() bool { _, found := a.message(parts...); return found }
}

func (a *actor) message(parts ...string) (sandbox.Message, bool) {
	for _, m := range slices.Backward(a.sandbox.Messages(a.who)) {
		if m.Bot && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(m.Text, p) }) {
			return m, true
		}
	}
	return sandbox.Message{}, false
}

// presses presses the button that begins so, of the newest message that has it
// and these parts.
func (a *actor) presses(label string, parts ...string) func() error {
	return func() error {
		for _, m := range slices.Backward(a.sandbox.Messages(a.who)) {
			if !m.Bot || slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(m.Text, p) }) {
				continue
			}
			for _, row := range m.Buttons {
				for _, b := range row {
					if strings.HasPrefix(b.Text, label) {
						_, err := a.sandbox.PressData(a.who, a.who, m.ID, b.Data)
						return err
					}
				}
			}
		}
		return fmt.Errorf("no button %q; the phone shows %q", label, heard(a.sandbox, a.who, ""))
	}
}

// secretary checks in to the round's session, and does some of the rest.
func (h *history) secretary(a *actor, r int) error {
	acts := []func(int) error{a.asksNonsense}
	if a.who != benchAccount { // the first one's phone is dead: the host calls the roll
		acts = append(acts, a.checksIn)
	}
	if a.chance.IntN(4) == 0 {
		acts = append(acts, a.registers)
	}
	a.chance.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	for _, act := range acts {
		if err := act(r); err != nil {
			return err
		}
	}
	return nil
}

// checksIn waits for the host, may mistype the code, then scans or types it, and
// does so once more.
func (a *actor) checksIn(r int) error {
	opened := func() bool { return len(heard(a.sandbox, hostOf(r), "已开始签到:"+sessionTitle(r))) > 0 }
	if err := a.sees("the host to open", opened); err != nil {
		return err
	}
	if err := a.guesses(); err != nil { // the host ends nothing before the person has come
		return err
	}
	scan := func() error {
		_, err := a.sandbox.OpenLink(a.who, storage.CodePayload(a.session(r), a.code(a.session(r))))
		return err
	}
	if a.chance.IntN(2) == 0 {
		scan = func() error { return a.says("签到 " + a.code(a.session(r)).Digits)() }
	}
	if err := a.do("check-in", scan, a.shows(checkedIn, sessionTitle(r))); err != nil {
		return err
	}
	a.sawCheckIn(r, a.who)
	if err := a.do("check-in again", scan, a.shows("不用再签", sessionTitle(r))); err != nil {
		return err
	}
	a.leaves(r, a.who)
	return nil
}

// guesses sends a wrong code: each of them counts once.
func (a *actor) guesses() error {
	if a.wrong == storage.MaxGuesses-1 || a.chance.IntN(2) == 0 {
		return nil
	}
	a.wrong++
	return a.do("wrong code", a.says("签到 000000"), a.shows(fmt.Sprintf("还可再试 %d 次", storage.MaxGuesses-a.wrong)))
}

func (a *actor) asksNonsense(r int) error {
	word := fmt.Sprintf("第%d回的话", r)
	return a.do("nonsense", a.says(word), a.shows("没有看懂“"+word+"”"))
}

// registers a graduate, question by question.
func (a *actor) registers(r int) error {
	name := "毕业生" + strings.NewReplacer("0", "零", "1", "一", "2", "二", "3", "三", "4", "四", "5", "五",
		"6", "六", "7", "七", "8", "八", "9", "九").Replace(fmt.Sprintf("%d甲%d", r, a.who-benchAccount))
	if err := a.do("register", a.says("/register"), func() bool {
		last := a.sandbox.Last(a.who)
		return last.Bot && strings.Contains(last.Text, "毕业生的姓名?")
	}); err != nil {
		return err
	}
	for _, step := range []struct{ typed, button, next string }{
		{typed: name, next: "哪一年出生"},
		{typed: "2003", next: "学历?"},
		{button: "本科", next: "学校全称"},
		{typed: "青海大学", next: "专业?"},
		{button: "不填", next: "已毕业,还是在读"},
		{button: "已毕业", next: "哪一年毕业"},
		{typed: "2025年7月", next: "现在做什么"},
		{button: "求职中", next: "愿意回村"},
		{button: "愿意返乡", next: "手机号"},
		{button: "不填", next: "本人同意吗"},
		{button: "本人已同意", next: "请核对"},
		{button: "确认保存", next: "✅ 已登记"},
	} {
		act := a.says(step.typed)
		if step.button != "" {
			act = a.presses(step.button, name)
		}
		if err := a.do("register: "+step.typed+step.button, act, a.shows(step.next, name)); err != nil {
			return err
		}
	}
	a.sawSaved(a.who, name)
	return nil
}

// hosts opens the session of a round, calls the roll for the first secretary,
// and closes when everybody has come.
func (h *history) hosts(of *actor, r int) error {
	a := *of
	a.who = hostOf(r)
	title := sessionTitle(r)
	for _, step := range []struct {
		what     string
		act      func() error
		answered func() bool
	}{
		{"list", a.says("主持"), a.shows("请选择场次")},
		{"session", func() error { return a.pressesTitled(title) }, a.shows(title + " · 未开始")},
		{"open", a.presses("开始签到", title), a.shows("已开始签到:" + title)},
		{"live message", func() error { return nil }, func() bool { _, ok := a.message(title, "· 口令"); return ok }},
		{"roll", a.presses("点名", title, "· 口令"), a.shows("点名:" + title)},
		{"village", a.presses("○ 第0村", "点名:"+title), a.shows("第0村 书记 0000", "现在:未到")},
		{"mark", a.presses("记到", "第0村 书记 0000"), func() bool {
			return len(heard(a.sandbox, benchAccount, "主持人已为您记录")) > 0 && a.marked(title)
		}},
	} {
		if err := a.do("host: "+step.what, step.act, step.answered); err != nil {
			return err
		}
	}
	a.sawCheckIn(r, benchAccount)
	a.leaves(r, benchAccount)
	return a.closes(r)
}

// marked says whether the first secretary has been told of the roll call.
func (a *actor) marked(title string) bool {
	return slices.ContainsFunc(heard(a.sandbox, benchAccount, title), func(s string) bool { return strings.Contains(s, "主持人已为您记录") })
}

func (a *actor) closes(r int) error {
	all := func() bool {
		for i := range crashPeople - 1 {
			if !a.hasLeft(r, benchAccount+int64(i)) {
				return false
			}
		}
		return true
	}
	title := sessionTitle(r)
	if err := a.sees("everybody", all); err != nil {
		return err
	}
	if err := a.do("host: close", a.presses("结束签到", title, "· 口令"), a.shows("确定结束吗", title)); err != nil {
		return err
	}
	return a.do("host: yes", a.presses("确定结束", title), a.shows("已结束签到:"+title))
}

// pressesTitled presses the button of a session in the host's list, whose text
// is the day, the time and the beginning of the title.
func (a *actor) pressesTitled(title string) error {
	m, _ := a.message("请选择场次")
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.Contains(b.Text, title) {
				_, err := a.sandbox.PressData(a.who, a.who, m.ID, b.Data)
				return err
			}
		}
	}
	return fmt.Errorf("no button for %s", title)
}

// asks is the officer, who looks up the county and a village.
func (h *history) asks(a *actor, r int) error {
	village := fmt.Sprintf("第%d村", r%crashPeople)
	for _, text := range []string{"查询", village} {
		want := len(heard(a.sandbox, a.who, "")) + 1
		if err := a.do("query", a.says(text), func() bool {
			return len(heard(a.sandbox, a.who, "")) >= want && a.shows(map[bool]string{true: benchCounty.Name, false: village}[text == "查询"])()
		}); err != nil {
			return err
		}
	}
	return nil
}

// blocks stops the bot and lets it back.
func (h *history) blocks(a *actor, r int) error {
	if err := errors.Join(a.sandbox.Block(a.who), a.sandbox.Unblock(a.who)); err != nil {
		return err
	}
	word := fmt.Sprintf("第%d回还在", r)
	return a.do("back", a.says(word), a.shows("没有看懂“"+word+"”"))
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/chat/chattest"
	"headgoose/storage"
	"headgoose/storage/record"
)

// yearCourier is the bot as the courier of a year; it notes what arrived, holds
// it against the plan of that moment, and gives its reader something to do.
type yearCourier struct{ y *year }

func (c yearCourier) Deliver(ctx context.Context, row record.Outbox) record.Result {
	res := c.y.bot.Deliver(ctx, row)
	if res.State == record.Sent && row.Class != record.Reply {
		c.y.arrived(row, res)
	}
	if res.State == record.Dropped {
		c.y.note("dropped: " + res.Reason)
	}
	return res
}

func (c yearCourier) Settled(tx *storage.Tx, row record.Outbox, res record.Result) error {
	return c.y.bot.Settled(tx, row, res)
}

// luck is a number below n, from the seed; delivery's workers draw too.
func (y *year) luck(n int) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.chance.IntN(n)
}

// note counts what happened, for the year's figures.
func (y *year) note(what string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.counts[what]++
}

// arrived notes a notice, and has its reader answer after a while, or never.
func (y *year) arrived(row record.Outbox, res record.Result) {
	fault := y.untrue(row)
	y.mu.Lock()
	y.heard = append(y.heard, received{time.Now(), row})
	if row.Session != "" {
		y.reminders[row.Session] = append(y.reminders[row.Session], row)
	}
	if row.Kind == record.KindSilent {
		y.digests = append(y.digests, received{time.Now(), row})
	}
	y.counts["notice "+row.Kind]++
	if fault != "" {
		y.late = append(y.late, row.Key+": "+fault)
	}
	y.mu.Unlock()
	luck, wait := y.luck(100), time.Duration(1+y.luck(40))*yearStep
	chatID := row.Chat
	if chatID == 0 {
		chatID = y.chatOf(row.Person)
	}
	y.later(wait, func() { y.react(chatID, res.MessageID, row.Kind, luck) })
	if row.Kind == record.KindUnclosed && row.Person == y.officer {
		y.later(24*time.Hour, func() { y.cancelUnheld(row.Session) })
	}
}

// untrue says why a notice should not have arrived.
func (y *year) untrue(row record.Outbox) (why string) {
	err := y.store.View(context.Background(), func(tx *storage.Tx) (err error) {
		if now := y.conf.Allowed(tx.Now); now.After(tx.Now) {
			why = "in the quiet hours"
			return nil
		}
		switch row.Kind {
		case record.KindDayBefore, record.KindSoon, record.KindAnnounce:
			why, err = y.untrueDuty(tx, row)
		case record.KindSeat:
			var st record.Standing
			st, err = tx.Standing(record.ProgrammeID(row.Args["programme"]), record.Code(row.Args["village"]))
			why = stepsOn(len(st.Rows), row)
		case record.KindRequest:
			var now record.Outbox
			now, err = tx.RequestNotice(record.RequestID(row.Args["id"]), record.Code(row.Args["village"]), row.Person, y.hours())
			if now.Key != row.Key {
				why = "the request has come further"
			}
		case record.KindNote:
			var n record.Note
			n, err = tx.Note(record.ProgrammeID(row.Args["programme"]), record.Code(row.Args["village"]))
			word := record.NoteStep(row.Args["word"])
			if asks := word == record.NoteOwed || word == record.NoteSoon || word == record.NoteLate; asks && !n.State.Writable() {
				why = "the note is " + string(n.State)
			}
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return why
}

func stepsOn(rows int, row record.Outbox) string {
	if fmt.Sprint(rows) != row.Args["rows"] {
		return "it has come further"
	}
	return ""
}

// untrueDuty says why a notice of a session should not have arrived.
func (y *year) untrueDuty(tx *storage.Tx, row record.Outbox) (string, error) {
	s, err := tx.Session(row.Session)
	if err != nil {
		return "", err
	}
	actor, err := tx.Actor(row.Person)
	if err != nil {
		return "", err
	}
	mine, err := tx.StandsFor(s.ID, actor)
	switch {
	case err != nil:
		return "", err
	case s.Rev != row.Rev:
		return "the plan had changed", nil
	case s.Over():
		return "the session was over", nil
	case len(mine) == 0:
		return "the session does not expect the person", nil
	}
	att, _, err := tx.Attendance(s.ID, row.Person)
	if now := att.Now().Status; err != nil || now.Came() || now == record.Excused {
		return "the person is " + string(now), err
	}
	for _, v := range actor.Places(record.Secretary) {
		a, found, err := tx.Answered(s, v)
		if err != nil {
			return "", err
		}
		early := s.Start.Sub(a.At) >= 3*24*time.Hour
		if found && slices.Contains(mine, v) && len(mine) == 1 && a.Kind != record.Received && (row.Kind == record.KindSoon || (row.Kind == record.KindDayBefore && !early)) {
			return "the person had said to come", nil
		}
	}
	return "", nil
}

func (y *year) chatOf(id record.PersonID) (chatID int64) {
	_ = y.store.View(context.Background(), func(tx *storage.Tx) error {
		p, err := tx.Person(id)
		chatID = p.Chat
		return err
	})
	return chatID
}

// react does what somebody does about a message: the buttons pressed one after
// the other, or nothing.
func (y *year) react(chatID, messageID int64, kind string, luck int) {
	var does []string
	switch kind {
	case record.KindWeek:
		does = pick(luck, 50, "收到")
	case record.KindDayBefore, record.KindAnnounce:
		switch {
		case luck < 55:
			does = []string{"能参加"}
		case luck < 60:
			does = []string{"请假", ">家里有急事", "确认保存"}
		case luck < 63:
			does = []string{"与别村调换", "换日期", "*", ">农忙"}
		}
	case record.KindSoon:
		does = pick(luck, 40, "收到")
	case record.KindSeat:
		switch {
		case luck < 70:
			does = []string{"能参加"}
		case luck < 80:
			does = []string{"不能参加", ">家里有急事"}
		}
	case record.KindRequest:
		switch {
		case luck < 75:
			does = []string{"同意"}
		case luck < 85:
			does = []string{"不同意", ">那天走不开"}
		}
	case record.KindNote:
		switch {
		case luck < 40:
			does = []string{"写札记", ">学了合作社怎样公开账目,回村照着做。", "交上去"}
		case luck < 60:
			does = []string{"写几句", ">账目已经公开了"}
		case luck < 70:
			does = []string{"还没用上"}
		}
	case record.KindFacts:
		does = pick(luck, 60, "仍是这样")
	case record.KindFactsOf:
		switch {
		case luck < 50:
			does = []string{"逐个确认", "仍是这样", "仍是这样", "仍是这样"}
		case luck < 60:
			does = []string{"逐个确认", "联系不上", "仍是这样"}
		}
	case record.KindConsent:
		switch {
		case luck < 40:
			does = []string{"继续保存"}
		case luck < 55:
			does = []string{"撤回保存", "确认删除"}
		}
	case record.KindConsentsOf:
		does = pick(luck, 60, "去问*", "*", "继续保存")
	case record.KindSilent:
		does = pick(luck, 70, "都已电话联系", "都已电话联系")
	}
	y.walk(chatID, messageID, does)
}

// cancelUnheld takes off a session that nobody ever opened.
func (y *year) cancelUnheld(id record.SessionID) {
	y.update(func(tx *storage.Tx) error {
		s, err := tx.Session(id)
		if err != nil || s.State != record.Planned {
			return err
		}
		y.note("sessions never held")
		_, err = tx.CancelSession(id)
		return err
	})
}

func pick(luck, below int, does ...string) []string {
	if luck < below {
		return does
	}
	return nil
}

// walk presses a button of a message, then of what the bot shows next, and types
// what begins with >; "*" is the first button that is not a way back, "去问*" one
// whose text begins so. It ends
// where there is no such button (the plan has moved on).
func (y *year) walk(chatID, messageID int64, does []string) {
	shown, found := y.message(chatID, messageID)
	for _, do := range does {
		if !found {
			return
		}
		ev := chat.Event{Chat: chat.Chat{ID: chatID}, From: chat.User{ID: chatID, Lang: "zh"}}
		if typed, is := strings.CutPrefix(do, ">"); is {
			ev.Kind, ev.Text = chat.Text, typed
		} else {
			b, there := button(shown, do)
			if !there {
				return
			}
			ev.Kind, ev.Data, ev.MessageID, ev.PressID = chat.Press, b.Data, shown.ID, "p"
			y.note("pressed " + do)
		}
		y.updates++
		ev.ID = y.updates
		y.must(y.bot.Handle(y.ctx, ev))
		time.Sleep(10 * time.Second) // the reply is sent
		if next, is := y.phones.Last(chatID); is && (ev.Kind == chat.Text || next.ID > shown.ID) {
			shown, found = next, true
		} else {
			shown, found = y.message(chatID, shown.ID)
		}
	}
}

func (y *year) message(chatID, id int64) (chattest.Shown, bool) {
	all := y.phones.Messages(chatID)
	i, found := slices.BinarySearchFunc(all, id, func(s chattest.Shown, id int64) int { return int(s.ID - id) })
	if !found {
		return chattest.Shown{}, false
	}
	return all[i], true
}

// waysBack are buttons that lead nowhere new.
var waysBack = []string{"返回", "首页", "取消", "稍后再填", "下一页", "上一页", "上一步"}

func button(s chattest.Shown, text string) (chat.Button, bool) {
	if begin, open := strings.CutSuffix(text, "*"); open && begin != "" {
		for _, row := range s.Buttons {
			for _, b := range row {
				if strings.HasPrefix(b.Text, begin) {
					return b, true
				}
			}
		}
		return chat.Button{}, false
	}
	if text != "*" {
		return s.Button(text)
	}
	for _, row := range s.Buttons {
		for _, b := range row {
			if !slices.Contains(waysBack, b.Text) {
				return b, true
			}
		}
	}
	return chat.Button{}, false
}

package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"headgoose/bot/chat"
	"headgoose/storage"
	"headgoose/storage/record"
)

// anyOrder plays whatever may happen around referrals of one graduate, in any
// order: people who press what they see and type what they may not, the schedule's
// words, consents given and taken back, numbers that change.
type anyOrder struct {
	*referWorld
	rt         *rapid.T
	far, other persona
	phones     []string
	calls      int // of the platform, looked at
}

// In any order of events nothing that is shown to the receiving side, or to
// anybody who has nothing to do with it, has the graduate's number before the yes
// to that post, nor once it is over.
func TestNoNumberBeforeTheYes(t *testing.T) {
	shown := 0
	rapid.Check(t, func(rt *rapid.T) {
		m := &anyOrder{referWorld: newReferWorld(t), rt: rt, phones: []string{ownPhone}}
		m.other, m.far = m.person("组织委员 002", record.TownshipOfficer, qunke), m.person("书记 003", record.Secretary, wenbuju)
		for range rapid.IntRange(5, 25).Draw(rt, "events") {
			m.event()
			shown += m.look()
		}
	})
	if shown == 0 {
		t.Error("the number was never shown, not even after a yes: the test shows nothing")
	}
}

func (m *anyOrder) everybody() []persona {
	return []persona{m.township, m.home, m.receiver, m.own, m.other, m.far}
}

// event is one thing that happens. The way forward is drawn often, so that all
// stages are reached.
func (m *anyOrder) event() {
	who := rapid.SampledFrom(m.everybody()).Draw(m.rt, "who")
	switch what := rapid.SampledFrom([]string{
		"step", "step", "step", "step", "press", "press", "press", "line", "line", "say", "word", "withdraw", "agree", "phone", "time", "unbind",
	}).Draw(m.rt, "what"); what {
	case "step":
		m.forward()
	case "press":
		m.pressAny(who)
	case "line":
		who.line(m.anyLine())
	case "say":
		said := []string{"推荐", "首页", "毕业生 001", "待遇低"}
		if who == m.own || who == m.township { // the others would be shown what they typed themselves
			said = append(said, "打 "+m.phones[len(m.phones)-1])
		}
		who.say(rapid.SampledFrom(said).Draw(m.rt, "said"))
	case "word":
		m.word()
	case "withdraw", "agree":
		m.changes(func(tx *storage.Tx) error {
			var c record.Consent
			if what == "agree" {
				c = record.Consent{Version: consentVersion, At: tx.Now, Source: record.BySelf}
			}
			_, err := tx.SetConsent(m.g.ID, record.ToRefer, c)
			return err
		})
	case "phone":
		number := fmt.Sprintf("1390000%04d", 2000+len(m.phones))
		m.phones = append(m.phones, number)
		m.changes(func(tx *storage.Tx) error {
			_, err := tx.EditGraduate(m.g.ID, nil, func(g *record.Graduate) { g.Phone = number })
			return err
		})
	case "time":
		m.now = m.now.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(m.rt, "hours")) * time.Hour)
		m.deliver()
	case "unbind":
		m.changes(func(tx *storage.Tx) error { return tx.Unbind(m.own.id) })
	}
}

// changes changes the data past the bot, where it can be; the graduate may be gone.
func (m *anyOrder) changes(f func(*storage.Tx) error) {
	if err := m.store.Update(m.Context(), f); err != nil && !errors.Is(err, record.ErrNotFound) && !errors.Is(err, record.ErrInvalid) && !errors.Is(err, record.ErrNoConsent) {
		m.rt.Fatal(err)
	}
	m.deliver()
}

// referrals are all of the graduate.
func (m *anyOrder) referrals() (list []record.Referral) {
	m.see(func(tx *storage.Tx) (err error) {
		list, err = tx.ReferralsOf(m.g.ID)
		return err
	})
	return list
}

// forward leads the newest referral on, by whoever may, or proposes anew.
func (m *anyOrder) forward() {
	list := m.referrals()
	if len(list) == 0 || !list[len(list)-1].Stage.Open() {
		m.township.line("referral.propose " + string(m.o.ID) + " " + string(m.g.ID))
		return
	}
	r := list[len(list)-1]
	to := map[record.ReferralStage]record.ReferralStage{
		record.ReferralProposed: record.ReferralAsked, record.ReferralAsked: record.ReferralAgreed, record.ReferralAgreed: record.ReferralIntroduced,
		record.ReferralIntroduced: record.ReferralTrial, record.ReferralTrial: record.ReferralPlaced, record.ReferralPlaced: record.ReferralEnded,
	}[r.Stage]
	for _, p := range []persona{m.own, m.home, m.township} {
		p.line("referral.step " + string(r.ID) + " " + string(to))
	}
	m.receiver.line("referral.show " + string(r.ID))
}

// pressAny presses a button of the newest message that somebody has.
func (m *anyOrder) pressAny(who persona) {
	last, ok := m.rec.Last(who.chat)
	if !ok {
		return
	}
	var all []chat.Button
	for _, row := range last.Buttons {
		all = append(all, row...)
	}
	if len(all) == 0 {
		return
	}
	b := rapid.SampledFrom(all).Draw(m.rt, "button")
	m.handle(chat.Event{
		Kind: chat.Press, Chat: chat.Chat{ID: who.chat}, From: chat.User{ID: who.chat}, MessageID: last.ID, PressID: "press", Data: b.Data,
	})
}

// anyLine is a command line about the post, the graduate or a referral, which
// whoever sends it may have no right to.
func (m *anyOrder) anyLine() string {
	id := "r000001"
	if list := m.referrals(); len(list) > 0 {
		id = string(rapid.SampledFrom(list).Draw(m.rt, "referral").ID)
	}
	o, g := string(m.o.ID), string(m.g.ID)
	var lines []string
	for _, stage := range record.ReferralStages() {
		lines = append(lines, "referral.step "+id+" "+string(stage))
	}
	return rapid.SampledFrom(append(lines,
		"refer", "refer "+string(bayan), "opening.show "+o, "opening.close "+o+" yes", "referral.show "+id, "referral.publish "+id+" yes",
		"referral.list "+string(bayan), "referral.posts "+g, "referral.propose "+o+" "+g, "consent "+g, "consent.yes "+g+" refer", "consent.no "+g+" refer yes", "graduate.show "+g,
		"referral.table "+string(bayan), "referral.outcome "+id+" 1 still", "referral.outcome "+id+" 1 left yes", "reserve.show "+g,
	)).Draw(m.rt, "line")
}

// word has the schedule say its next word to every side, whether or not it would.
func (m *anyOrder) word() {
	list := m.referrals()
	if len(list) == 0 {
		return
	}
	r := list[len(list)-1]
	m.changes(func(tx *storage.Tx) error {
		word, _ := r.Coming()
		if word == "" {
			return nil
		}
		for side, to := range map[record.ReferralSide]record.PersonID{
			record.OfficeSide: m.township.id, record.GraduateSide: m.own.id, record.VoiceSide: m.home.id, record.ReceiverSide: m.receiver.id,
		} {
			if _, err := tx.AddOutbox(record.ReferralNotice(r, side, word, to, true, tx.Now, tx.Now.Add(referUse))); err != nil {
				return err
			}
		}
		return tx.SaidOfReferral(r, word)
	})
}

// look goes through what was shown since the last look, and says how often the
// receiving side was shown the number, as it may be after the yes.
func (m *anyOrder) look() (shown int) {
	calls := m.rec.Calls()
	fresh := calls[m.calls:]
	m.calls = len(calls)
	may := m.saidYes()
	for _, c := range fresh {
		if !slices.ContainsFunc([]persona{m.receiver, m.other, m.far}, func(p persona) bool { return p.chat == c.Chat }) || !m.hasNumber(c.Message) {
			continue
		}
		if c.Chat != m.receiver.chat || !may {
			m.rt.Fatalf("chat %d is shown the number:\n%s", c.Chat, c.Message.Text)
		}
		shown++
	}
	return shown
}

// saidYes says, by the rows alone, whether the graduate's yes to the post stands.
func (m *anyOrder) saidYes() bool {
	return slices.ContainsFunc(m.referrals(), func(r record.Referral) bool {
		yes := slices.ContainsFunc(r.Rows, func(row record.ReferralRow) bool {
			return row.Stage == record.ReferralAgreed && (row.Side == record.GraduateSide || row.Side == record.VoiceSide)
		})
		return yes && r.Place == jinjia && r.Rows[len(r.Rows)-1].Stage != record.ReferralEnded
	})
}

// hasNumber says whether a message has one of the graduate's numbers, as it is or
// in groups.
func (m *anyOrder) hasNumber(msg chat.Message) bool {
	all := msg.Text
	for _, row := range msg.Buttons {
		for _, b := range row {
			all += "\n" + b.Text + "\n" + b.Data + "\n" + b.URL
		}
	}
	digits := strings.ReplaceAll(all, " ", "")
	return slices.ContainsFunc(m.phones, func(p string) bool { return strings.Contains(digits, p) })
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/schedule"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/kv/kvtest"
)

// counted puts an engine under a setup that counts commits and can make them
// fail.
func counted(into **kvtest.Faults) func(*setup) {
	return func(s *setup) {
		*into = kvtest.NewFaults(s.engine)
		s.engine = *into
	}
}

// A stranger is answered once, or a few times where they try links, whatever
// they send and however often; what they send after that is not written down.
func TestStrangerFlood(t *testing.T) {
	const updates = 10_000
	for _, c := range []struct {
		name    string
		replies int // at most
		send    func(s *stage, i int) error
	}{
		{"texts", 1, func(s *stage, i int) error { _, err := s.Say(stageStranger, fmt.Sprint("你好 ", i)); return err }},
		{"commands", 1, func(s *stage, i int) error {
			_, err := s.Say(stageStranger, []string{"/start", "/checkin 123456", "/status", "/register", "签到 000000"}[i%5])
			return err
		}},
		{"links", 6, func(s *stage, i int) error {
			_, err := s.OpenLink(stageStranger, fmt.Sprintf("%c%032d", "cev"[i%3], i))
			return err
		}},
		{"cards", 1, func(s *stage, _ int) error { _, err := s.ShareContact(stageStranger); return err }},
		{"blocks", 1, func(s *stage, i int) error {
			if i == 0 {
				_, err := s.Say(stageStranger, "/start")
				return err
			}
			if i%2 == 0 {
				return s.Unblock(stageStranger)
			}
			return s.Block(stageStranger)
		}},
		{"files", 1, func(s *stage, i int) error {
			_, err := s.SendFile(stageStranger, "x.csv", []byte(fmt.Sprint("村,姓名\n", i)))
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var engine *kvtest.Faults
			onStage(t, 1, counted(&engine), func(t *testing.T, s *stage) {
				s.quiet(time.Minute)
				before := engine.Commits()
				for i := range updates {
					if err := c.send(s, i); err != nil {
						t.Fatal(err)
					}
				}
				s.until("all taken", func() bool { return s.Stats().Pending == 0 })
				s.quiet(time.Hour)
				if n := s.Sent(stageStranger); n > c.replies {
					t.Errorf("a stranger had %d replies to %d updates", n, updates)
				}
				if n := engine.Commits() - before; n > 3*c.replies {
					t.Errorf("%d updates of a stranger cost %d commits", updates, n)
				}
			})
		})
	}
}

// The flood of one person is answered in its order and holds up nobody else.
func TestFloodOfOnePerson(t *testing.T) {
	const updates = 400
	limits := func(s *setup) { s.limits = schedule.DefaultLimits() }
	onStage(t, 2, limits, func(t *testing.T, s *stage) {
		id := s.session("廉政教育", time.Now().Add(time.Hour), true)
		for i := range updates {
			s.says(benchAccount, fmt.Sprintf("第%d句", i))
		}
		began := time.Now()
		s.says(benchAccount+1, "签到 "+s.code(id).Digits)
		s.until("the other's reply", func() bool { return len(heard(s.Server, benchAccount+1, checkedIn)) == 1 })
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the other waited %v", took)
		}
		s.until("all replies", func() bool { return len(heard(s.Server, benchAccount, "没有看懂")) >= updates })
		s.quiet(time.Hour)
		for i, text := range heard(s.Server, benchAccount, "没有看懂") {
			if !strings.Contains(text, fmt.Sprintf("“第%d句”", i)) {
				t.Fatalf("reply %d is %q", i, text)
			}
		}
		s.hears(benchAccount, "没有看懂", updates)
	})
}

// hostileTexts are texts that have broken programs.
var hostileTexts = map[string]string{
	"long":             strings.Repeat("长", 64<<10/3),
	"long word":        strings.Repeat("a", 64<<10),
	"many words":       strings.Repeat("x ", 32<<10),
	"controls":         "\x00\x01\x07\x08\x1b[31m\x7f\u0085\u2028\u2029",
	"right to left":    "\u202e\u2066签到\u2069 000000\u202c",
	"zero width":       "签\u200b到\u200d \ufeff000000",
	"combining":        "e" + strings.Repeat("\u0301", 2000),
	"emoji":            strings.Repeat("👨‍👩‍👧‍👦", 200),
	"html":             `<b>x</b><script>alert(1)</script>&amp;<tg-spoiler>`,
	"markdown":         "*x* _y_ `z` [a](tg://user?id=1) \\",
	"sql":              `'; DROP TABLE people; --`,
	"template":         `{{.Name}} {{template "x"}} ${HOME} %s%n%d`,
	"path":             "../../../../etc/passwd\x00.db",
	"key":              "out/../att/s1/p1",
	"json":             `{"update_id":1,"message":{}}`,
	"slash":            "/",
	"slashes":          "////",
	"other bot":        "/checkin@another_bot 000000",
	"hidden command":   "/host.close s1 yes",
	"hidden by word":   "roll.list s1",
	"number":           "99999999999999999999999999999999",
	"full width":       "/ｃｈｅｃｋｉｎ　０００００",
	"arabic digits":    "签到 ٠١٢٣٤٥",
	"private use":      "\ue000\uf8ff\U0010ffff",
	"tags":             "\U000e0001\U000e0061\U000e007f",
	"link, no payload": "/start ",
	"link, long":       "/start " + strings.Repeat("A", 4000),
	"link, path":       "/start ../../x",
	"link, session":    "/start c-",
	"link, no session": "/start c" + strings.Repeat("z", 40) + "-" + strings.Repeat("-", 20),
	"link, enrolment":  "/start e" + strings.Repeat("_", 43),
	"link, village":    "/start v" + strings.Repeat("A", 43),
	"link, nul":        "/start c\x00-\x00",
}

// Hostile texts, links and buttons are answered by a sentence or not at all;
// nothing fails inside and nothing but the conversation is written.
func TestHostileInput(t *testing.T) {
	speakers := []int64{benchAccount, stageTownship, stageOfficer, stageHost, stageStranger}
	onStage(t, 2, nil, func(t *testing.T, s *stage) {
		s.session("廉政教育", time.Now(), true)
		s.says(stageStranger, "/start")
		s.quiet(time.Minute)
		before := s.kept()
		for _, name := range slices.Sorted(maps.Keys(hostileTexts)) {
			for _, who := range speakers {
				s.inject(t, who, hostileTexts[name])
			}
		}
		for _, who := range speakers {
			s.injectRaw(t, who, []byte("\"\xff\xfe\xc0\x80 \xed\xa0\x80 签到\xe7\""))
			s.injectRaw(t, who, []byte(`"\ud800\udc00\ud800 \u0000"`))
			for _, data := range []string{"x", "AAAAAAAAAAAA.0", "............0", "AAAAAAAAAAAA.zzzzzzzzzzzz", strings.Repeat("9", 64)} {
				s.injectPress(t, who, data)
			}
		}
		s.until("all taken", func() bool { return s.Stats().Pending == 0 })
		s.quiet(time.Hour)
		if log := s.log.String(); strings.Contains(log, "ERROR") {
			t.Errorf("something failed inside:\n%.4000s", log)
		}
		after := s.kept()
		for key, value := range after {
			if before[key] != value {
				t.Errorf("changed: %s = %.200s", key, value)
			}
		}
		if len(before) != len(after) {
			t.Errorf("%d keys before, %d after", len(before), len(after))
		}
		for _, who := range speakers {
			s.hears(who, "请把编号", 0)
		}
		s.says(benchAccount, "/help")
		s.until("a reply", func() bool { return strings.Contains(s.Last(benchAccount).Text, "签到") })
	})
}

// kept is what is stored but for what conversations leave behind: which
// updates were seen, what buttons mean, wrong guesses, who was told what.
func (s *stage) kept() map[string]string {
	s.t.Helper()
	kept := map[string]string{}
	err := s.engine.View(s.t.Context(), func(r kv.Reader) error {
		for e, err := range r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			topic, _, _ := strings.Cut(string(e.Key), "/")
			if !slices.Contains([]string{"seen", "intent", "stranger", "guess", "board"}, topic) {
				kept[string(e.Key)] = string(e.Value)
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return kept
}

// inject sends a text as no app would let it pass.
func (s *stage) inject(t *testing.T, who int64, text string) {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	s.injectRaw(t, who, quoted)
}

func (s *stage) injectRaw(t *testing.T, who int64, quoted []byte) {
	t.Helper()
	err := s.InjectUpdate(fmt.Sprintf(`{"message":{"message_id":7,"date":1,"chat":{"id":%d,"type":"private"},`+
		`"from":{"id":%[1]d,"is_bot":false,"first_name":"<b>&\u202e"},"text":%s}}`, who, quoted))
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) injectPress(t *testing.T, who int64, data string) {
	t.Helper()
	err := s.InjectUpdate(fmt.Sprintf(`{"callback_query":{"id":"1","chat_instance":"1","data":%q,"from":{"id":%d,"is_bot":false,"first_name":"x"},`+
		`"message":{"message_id":7,"date":1,"chat":{"id":%[2]d,"type":"private"}}}}`, data, who))
	if err != nil {
		t.Fatal(err)
	}
}

// While there is no room, nothing is acknowledged and nothing half done; when
// there is, everything is done, once.
func TestNoRoom(t *testing.T) {
	const people = 12
	var engine *kvtest.Faults
	onStage(t, people, counted(&engine), func(t *testing.T, s *stage) {
		id := s.session("廉政教育", time.Now(), true)
		s.quiet(time.Minute)
		code := "签到 " + s.code(id).Digits
		for n := range 8 * people {
			engine.At(n+1, kvtest.Full)
		}
		taken := s.Stats().Acked
		var all []int64
		for i := range people {
			all = append(all, benchAccount+int64(i))
			s.says(benchAccount+int64(i), code)
		}
		s.quiet(time.Second)
		s.came(id)
		if n := s.Stats().Acked - taken; n != 0 {
			t.Errorf("%d updates were acknowledged without their effect", n)
		}
		s.until("all replies", func() bool {
			return !slices.ContainsFunc(all, func(who int64) bool { return len(heard(s.Server, who, checkedIn)) == 0 })
		})
		s.quiet(time.Hour)
		for _, who := range all {
			s.hears(who, checkedIn, 1)
		}
		s.came(id, all...)
	})
}

// A reminder that meets a full store is sent when there is room, once.
func TestRemindersWithoutRoom(t *testing.T) {
	const people = 20
	for from := 1; from <= 5; from += 2 {
		t.Run(fmt.Sprintf("from commit %d", from), func(t *testing.T) {
			var engine *kvtest.Faults
			onStage(t, people, counted(&engine), func(t *testing.T, s *stage) {
				s.planned()
				for n := range 25 {
					engine.At(from+n, kvtest.Full)
				}
				s.quiet(3 * time.Hour)
				for i := range people {
					s.hears(benchAccount+int64(i), soon, 1)
					s.hears(benchAccount+int64(i), repeated, 0)
				}
			})
		})
	}
}

// A data file that has reached its size takes no update that does not fit, and
// loses none; with more room they are taken.
func TestFileOfFullSize(t *testing.T) {
	const people, updates = 20, 40
	onStage(t, people, func(s *setup) { ontoFile(t, s, people) }, func(t *testing.T, s *stage) {
		id := s.session("廉政教育", time.Now(), true)
		s.quiet(time.Minute)
		s.fill()
		var all []int64
		for i := range people {
			who := benchAccount + int64(i)
			all = append(all, who)
			for n := range updates {
				s.says(who, fmt.Sprintf("第%d句", n))
			}
			s.says(who, "/help")
		}
		s.quiet(10 * time.Minute)
		if s.Stats().Pending == 0 {
			t.Fatal("there was room for everything")
		}
		if err := s.app.stop(); err != nil {
			t.Log(err) // it may say that results could not be stored
		}
		s.setup.maxSize = 0
		s.start()
		s.until("all taken", func() bool { return s.Stats().Pending == 0 })
		s.quiet(time.Hour)
		for _, who := range all {
			for n := range updates {
				if len(heard(s.Server, who, fmt.Sprintf("“第%d句”", n))) == 0 {
					t.Errorf("%d had no reply to update %d", who, n)
				}
			}
			s.says(who, "签到 "+s.code(id).Digits)
		}
		s.quiet(time.Minute)
		s.came(id, all...)
	})
}

// ontoFile puts the data of a stage into a file of limited size.
func ontoFile(t *testing.T, s *setup, people int) {
	t.Helper()
	s.engine, s.path, s.maxSize = nil, filepath.Join(t.TempDir(), "headgoose.db"), 20<<20
	engine, err := boltkv.Open(s.path, boltkv.Options{MaxSize: s.maxSize})
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), engine, storage.Options{Key: s.key})
	if err == nil {
		err = fillStage(t.Context(), store, s.county, people)
	}
	if err = errors.Join(err, engine.Close()); err != nil {
		t.Fatal(err)
	}
}

// fill writes small values to the data file until not one more finds room.
func (s *stage) fill() {
	s.t.Helper()
	n := 0
	for many := kv.MaxWrites; many > 0; many /= 2 {
		for err := error(nil); err == nil; {
			err = s.app.engine.Update(s.t.Context(), func(tx kv.Txn) error {
				for range many {
					n++
					if err := tx.Put(fmt.Appendf(nil, "zz/%06d", n), make([]byte, 1500)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil && !errors.Is(err, kv.ErrFull) {
				s.t.Fatal(err)
			}
		}
	}
}

// An unknown commit ends the program with an error, wherever it happens; the
// next one finds every update done once.
func TestUnknownCommit(t *testing.T) {
	const people = 10
	for _, fault := range []kvtest.Fault{kvtest.Lost, kvtest.Kept} {
		for _, nth := range []int{1, 2, 5, people, people + 1} { // the last one settles replies
			t.Run(fmt.Sprintf("fault %d at commit %d", fault, nth), func(t *testing.T) {
				var engine *kvtest.Faults
				onStage(t, people, counted(&engine), func(t *testing.T, s *stage) {
					id := s.session("廉政教育", time.Now(), true)
					s.quiet(time.Minute)
					code := "签到 " + s.code(id).Digits
					engine.At(nth, fault)
					var all []int64
					for i := range people {
						all = append(all, benchAccount+int64(i))
						s.says(benchAccount+int64(i), code)
					}
					s.endsUnknown(engine)
					s.start()
					s.until("all replies", func() bool {
						return !slices.ContainsFunc(all, func(who int64) bool { return len(heard(s.Server, who, checkedIn)) == 0 })
					})
					s.quiet(time.Hour)
					s.came(id, all...)
				})
			})
		}
	}
}

// endsUnknown waits until the program ends by itself because a commit's outcome
// is unknown, and opens the data again.
func (s *stage) endsUnknown(engine *kvtest.Faults) {
	s.t.Helper()
	select {
	case err := <-s.app.failed:
		if !errors.Is(err, kv.ErrUnknown) {
			s.t.Errorf("the program ended with %v", err)
		}
	case <-time.After(time.Minute):
		s.t.Error("a minute after an unknown commit the program still stands")
	}
	_ = s.app.stop() // what it could not store is found by the next one
	engine.Reopen()
}

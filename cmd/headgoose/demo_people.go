package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"time"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
)

// Chat accounts of the demo. Secretaries have demoSecretary + their number.
const (
	demoOfficer   = 1001
	demoTownship  = 1100 // + number of the township
	demoHost      = 1201
	demoGraduate  = 1301
	demoStranger  = 1401
	demoSecretary = 2000
)

// village is a line of the list of villages.
type village struct {
	township, name string
	townshipCode   record.Code
	code           record.Code
	number         int // from 1, over the county
	townshipNumber int
}

func readVillages(data []byte) ([]village, error) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("list of villages: %w", err)
	}
	var list []village
	townships := map[string]int{}
	for i, r := range rows[1:] {
		if townships[r[0]] == 0 {
			townships[r[0]] = len(townships) + 1
		}
		list = append(list, village{
			townshipCode: record.Code(r[0]), township: r[1], code: record.Code(r[2]), name: r[3],
			number: i + 1, townshipNumber: townships[r[0]],
		})
	}
	return list, nil
}

// demoRoster gives every village a placeholder as its secretary, every township
// an officer, and the county a host. The secretary of the third village has
// the fourth one too.
func demoRoster(villages []village) []record.RosterRow {
	levels := record.Educations()
	rows := []record.RosterRow{{County: demoCounty.Name, Code: demoCounty.Code, Role: record.Host, Name: "主持人 001", Phone: demoPhone(demoHost)}}
	last := 0
	for _, v := range villages {
		if v.townshipNumber != last {
			last = v.townshipNumber
			rows = append(rows, record.RosterRow{
				County: demoCounty.Name, Township: v.township, Code: v.townshipCode, Role: record.TownshipOfficer,
				Name: fmt.Sprintf("组织委员 %03d", last), Phone: demoPhone(demoTownship + last),
			})
		}
		holder := v.number
		if v.number == 4 {
			holder = 3
		}
		rows = append(rows, record.RosterRow{
			County: demoCounty.Name, Township: v.township, Village: v.name, Code: v.code, Role: record.Secretary,
			Name: fmt.Sprintf("书记 %03d", holder), Phone: demoPhone(demoSecretary + holder),
			BirthYear: 1963 + (holder*7)%28, Education: levels[1+(holder*5)%4], Since: record.Date(fmt.Sprint(2008 + holder%17)),
		})
	}
	for i := range rows {
		rows[i].Row = i + 2
	}
	return rows
}

// demoPhone is a number that nobody has.
func demoPhone(account int) string { return fmt.Sprintf("1390000%04d", account) }

// demoLang is what a placeholder's app is set to: the secretary of the second
// village reads English.
func demoLang(account int) string {
	if account == demoSecretary+2 {
		return "en"
	}
	return "zh"
}

// unenrolled says which placeholders have not come by their link yet.
func unenrolled(number int) bool { return number == 5 || number%29 == 0 }

// populate fills a new store with the county; one that has people stays as it
// is. The people of the store are given to the sandbox.
func (d *demo) populate(ctx context.Context, s setup) error {
	villages, err := readVillages(villagesCSV)
	if err != nil {
		return err
	}
	engine, err := boltkv.Open(s.path, boltkv.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close() }() // nothing is written after the last commit
	store, err := storage.Open(ctx, engine, storage.Options{Clock: s.clock, Key: s.key, Ring: s.ring})
	if err != nil {
		return err
	}
	if err := store.SetUp(ctx, s.county); err != nil {
		return err
	}
	var count record.PlaceCount
	err = store.View(ctx, func(tx *storage.Tx) (err error) {
		count, err = tx.Count(demoCounty.Code)
		return err
	})
	if err != nil {
		return err
	}
	if count.Villages == 0 {
		if err := d.fill(ctx, store, villages); err != nil {
			return err
		}
		if d.plans {
			if err := d.planTraining(ctx, store, s); err != nil {
				return err
			}
		}
	}
	links, err := d.links(ctx, store, villages)
	if err != nil {
		return err
	}
	d.offered = links
	d.people(villages, links)
	return nil
}

func (d *demo) fill(ctx context.Context, store *storage.Store, villages []village) error {
	plan, err := store.PlanRoster(ctx, storage.Importer{County: demoCounty, Operator: true}, demoRoster(villages))
	if err != nil {
		return err
	}
	if len(plan.Faults) > 0 {
		return fmt.Errorf("demo roster: %v", plan.Faults[0])
	}
	if _, err := store.ApplyRoster(ctx, plan, func(int, int) {}); err != nil {
		return err
	}
	if err := d.enrol(ctx, store, villages); err != nil {
		return err
	}
	return d.planWeek(ctx, store, villages)
}

// enrol binds most of the county to their accounts, a few in a transaction.
func (d *demo) enrol(ctx context.Context, store *storage.Store, villages []village) error {
	var accounts []int
	for _, v := range villages {
		if v.number != 4 && !unenrolled(v.number) {
			accounts = append(accounts, demoSecretary+v.number)
		}
		if n := demoTownship + v.townshipNumber; len(accounts) < 2 || accounts[len(accounts)-2] != n {
			accounts = append(accounts, n)
		}
	}
	accounts = append(accounts, demoHost)
	const few = 5
	for len(accounts) > 0 {
		n := min(few, len(accounts))
		err := store.Update(ctx, func(tx *storage.Tx) error {
			for _, account := range accounts[:n] {
				p, found, err := tx.PersonByPhone(demoPhone(account))
				if err != nil {
					return err
				}
				if !found {
					return fmt.Errorf("demo: no person for account %d", account)
				}
				if err := tx.Bind(p.ID, int64(account), demoLang(account)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		accounts = accounts[n:]
	}
	return nil
}

// planWeek plans two weeks at the two bases: a township or two a day, one of
// them at both.
func (d *demo) planWeek(ctx context.Context, store *storage.Store, villages []village) error {
	host := record.PersonID("")
	err := store.View(ctx, func(tx *storage.Tx) error {
		p, _, err := tx.PersonByPhone(demoPhone(demoHost))
		host = p.ID
		return err
	})
	if err != nil {
		return err
	}
	now := d.clock.Now().In(d.zone)
	monday := demoMorning(now)
	bases := demoBases()
	for i, visit := range []struct{ day, hour, township int }{
		{0, 9, 1}, {0, 14, 2}, {1, 9, 3}, {1, 14, 4}, {2, 9, 5}, {3, 9, 6}, {3, 14, 7}, {7, 9, 8}, {8, 14, 9}, {10, 9, 1},
	} {
		base := bases[(i+1)%2]
		start := time.Date(monday.Year(), monday.Month(), monday.Day()+visit.day, visit.hour, 0, 0, 0, d.zone)
		var expected []record.Code
		for _, v := range villages {
			if v.townshipNumber == visit.township {
				expected = append(expected, v.code)
			}
		}
		s := record.Session{
			Place: demoCounty.Code, Base: base.ID, Title: base.Name, TitleEN: base.NameEN, At: base.At, Meet: "镇政府门口,有车",
			Start: start, End: start.Add(150 * time.Minute), Opens: start.Add(-30 * time.Minute), LateFrom: start.Add(15 * time.Minute),
			Hosts: []record.PersonID{host},
		}
		if !start.After(now) {
			continue
		}
		err := store.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.AddSession(s, expected)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// demoLinks are the links that the page offers to tap.
type demoLinks struct{ secretary, graduate string }

func (d *demo) links(ctx context.Context, store *storage.Store, villages []village) (l demoLinks, err error) {
	tokens := make([][]byte, 2)
	for i := range tokens {
		tokens[i] = make([]byte, storage.TokenSize)
		if _, err := rand.Read(tokens[i]); err != nil {
			return l, err
		}
	}
	const valid = 30 * 24 * time.Hour
	err = store.Update(ctx, func(tx *storage.Tx) error {
		p, found, err := tx.PersonByPhone(demoPhone(demoSecretary + 5))
		if err != nil || !found {
			return err
		}
		if !p.Enrolled() {
			if l.secretary, err = tx.IssueEnrolLink(p.ID, "", tokens[0], valid); err != nil {
				return err
			}
		}
		l.graduate, err = tx.IssueVillageLink(villages[0].code, "", tokens[1], valid)
		return err
	})
	return l, err
}

// people gives the sandbox everybody of the county; a few of them are personas
// with a phone on the page.
func (d *demo) people(villages []village, links demoLinks) {
	text := func(zh, en, typed string) sandbox.Suggestion {
		return sandbox.Suggestion{Label: sandbox.Label{ZH: zh, EN: en}, Text: typed}
	}
	persona := func(account int, name, lang string, role, place sandbox.Label, show bool, suggest ...sandbox.Suggestion) {
		d.sandbox.AddPersona(sandbox.Persona{
			User: sandbox.User{ID: int64(account), Name: name, Phone: demoPhone(account), Lang: lang, Started: true},
			Role: role, Place: place, Show: show, Suggest: suggest,
		})
	}
	county := sandbox.Label{ZH: "化隆县", EN: "Hualong County"}
	persona(demoOfficer, "县级管理员 001", "zh", sandbox.Label{ZH: "县级管理员", EN: "county officer"}, county, true,
		text("查询", "Status", "查询"), text("轮值", "Rota", "轮值"), text("巴燕镇", "巴燕镇", "巴燕镇"))
	last := 0
	for _, v := range villages {
		if v.townshipNumber == last {
			continue
		}
		last = v.townshipNumber
		account, name := demoTownship+last, fmt.Sprintf("组织委员 %03d", last)
		if last > 2 {
			d.sandbox.AddUser(sandbox.User{ID: int64(account), Name: name, Phone: demoPhone(account), Lang: "zh", Started: true})
			continue
		}
		persona(account, name, "zh", sandbox.Label{ZH: "乡镇组织委员", EN: "township officer"}, sandbox.Label{ZH: v.township, EN: v.township}, false,
			text("首页", "Home", "/start"), text("查询", "Status", "查询"))
	}
	persona(demoHost, "主持人 001", "zh", sandbox.Label{ZH: "主持人", EN: "host"}, county, true, text("主持", "Host", "主持"))
	for _, v := range villages {
		account, name := demoSecretary+v.number, fmt.Sprintf("书记 %03d", v.number)
		switch {
		case v.number == 4: // the third village's secretary has it too
		case v.number == 5:
			d.sandbox.AddPersona(sandbox.Persona{
				User: sandbox.User{ID: int64(account), Name: name, Phone: demoPhone(account), Lang: "zh"},
				Role: sandbox.Label{ZH: "支部书记(未登记)", EN: "secretary, not enrolled"}, Place: sandbox.Label{ZH: v.township + " " + v.name, EN: v.name},
				Suggest: []sandbox.Suggestion{{Label: sandbox.Label{ZH: "打开登记链接", EN: "Open the enrolment link"}, Payload: links.secretary}},
			})
		case v.number <= 3 || v.number == 40:
			persona(account, name, demoLang(account), sandbox.Label{ZH: "支部书记", EN: "secretary"}, sandbox.Label{ZH: v.township + " " + v.name, EN: v.name}, v.number == 1,
				text("首页", "Home", "/start"), text("签到", "Check in", "签到"), text("日程", "Dates", "日程"), text("返乡登记", "Register", "返乡登记"))
		default:
			d.sandbox.AddUser(sandbox.User{ID: int64(account), Name: name, Phone: demoPhone(account), Lang: "zh", Started: !unenrolled(v.number)})
		}
	}
	d.sandbox.AddPersona(sandbox.Persona{
		User: sandbox.User{ID: demoGraduate, Name: "毕业生 001", Phone: demoPhone(demoGraduate), Lang: "zh"},
		Role: sandbox.Label{ZH: "毕业生", EN: "graduate"}, Place: sandbox.Label{ZH: villages[0].township + " " + villages[0].name, EN: villages[0].name},
		Suggest: []sandbox.Suggestion{{Label: sandbox.Label{ZH: "打开本村登记链接", EN: "Open the village's link"}, Payload: links.graduate}},
	})
	d.sandbox.AddPersona(sandbox.Persona{
		User: sandbox.User{ID: demoStranger, Name: "路人 001", Phone: demoPhone(demoStranger), Lang: "zh"},
		Role: sandbox.Label{ZH: "陌生人", EN: "stranger"}, Suggest: []sandbox.Suggestion{text("你好", "Hello", "你好")},
	})
}

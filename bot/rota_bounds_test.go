package bot

import (
	"fmt"
	"strings"
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// largest adds townships with a village each, and hosts, to a county.
func (w *world) largest(townships, hosts int) (villages []record.Code, ids []record.PersonID) {
	w.Helper()
	for i := range townships {
		w.do(func(tx *storage.Tx) error {
			town := record.Code(fmt.Sprintf("630224%03d", 200+i))
			villages = append(villages, town+"200")
			if err := tx.PutPlace(record.Place{Code: town, Name: fmt.Sprintf("第%02d镇", i)}); err != nil {
				return err
			}
			return tx.PutPlace(record.Place{Code: town + "200", Name: fmt.Sprintf("第%02d村", i)})
		})
		villages = villages[:i+1] // an update may run again
	}
	for i := range hosts {
		ids = append(ids, w.person(fmt.Sprintf("主持人 %03d", i), record.Host, hualong).id)
	}
	return villages, ids
}

// The largest session that may be is planned, opened, marked, closed and moved,
// each in one transaction with all that goes with it.
func TestTheLargestSession(t *testing.T) {
	w := newWorld(t)
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	villages, hosts := w.largest(record.MaxTownships, record.MaxHosts)
	form := func(hosts []record.PersonID) string {
		list := make([]string, len(hosts))
		for i, id := range hosts {
			list[i] = string(id)
		}
		towns := make([]string, len(villages))
		for i, v := range villages {
			towns[i] = string(v.Township())
		}
		return strings.Join([]string{
			"base=other", "title=会议", "at=县委", "day=2026-12-03", "time=09:00-11:00", "which=all", "meet=",
			"townships=" + strings.Join(towns, ","), "hosts=" + strings.Join(list, ","),
		}, "&")
	}
	county.line("form replace session " + form(hosts)).press("确认保存").sees("✅")
	list := []record.Session{}
	w.see(func(tx *storage.Tx) (err error) {
		list, err = tx.SessionsBetween(hualong, w.now, w.now.AddDate(1, 0, 0))
		return err
	})
	if len(list) != 1 || len(list[0].Hosts) != record.MaxHosts {
		t.Fatalf("planned: %+v", list)
	}
	id := string(list[0].ID)
	county.line("form replace move session=" + id + "&day=2026-12-04&time=10:00-12:00").press("确认保存").sees("12月4日")
	county.line("host.open " + id).sees("✅")
	county.line("host.close " + id + " yes").sees("✅")
}

func TestTooLargeASessionIsSaid(t *testing.T) {
	w := newWorld(t)
	county := w.person("县级管理员 001", record.CountyOfficer, hualong)
	villages, hosts := w.largest(record.MaxTownships+1, record.MaxHosts+1)
	base := "form replace session base=other&title=会议&at=县委&day=2026-12-03&time=09:00-11:00&which=all&meet="
	var ids, towns []string
	for _, h := range hosts {
		ids = append(ids, string(h))
	}
	for _, v := range villages {
		towns = append(towns, string(v.Township()))
	}
	county.line(base + "&townships=" + towns[0] + "&hosts=" + strings.Join(ids, ",")).press("确认保存").sees("最多 4 位主持人")
	county.line(base + "&hosts=&townships=" + strings.Join(towns, ",")).press("确认保存").sees("最多 25 个乡镇")

	w.see(func(tx *storage.Tx) error {
		u, err := w.bot.turnTo(tx, record.Outbox{Person: county.id})
		if err != nil {
			return err
		}
		var f rotaFile
		start := w.now.AddDate(0, 0, 3)
		err = f.sort(u, rotaSession{rows: []int{2}, villages: villages[:1], session: record.Session{Place: hualong, Start: start, End: start.Add(1), Hosts: hosts}})
		if len(f.adds) > 0 || len(f.faults) != 1 || f.faults[0].Kind != faultHosts {
			t.Errorf("adds %d, faults %+v", len(f.adds), f.faults)
		}
		return err
	})
}

package main

import (
	"context"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/schedule/rota"
	"headgoose/schedule/rotation"
	"headgoose/storage"
	"headgoose/storage/record"
)

// planTraining decides a programme of two batches and a cycle of both bases, as
// the county's officer would by buttons: they are published when the demo starts,
// so that the phones show seats to answer and turns to come.
func (d *demo) planTraining(ctx context.Context, store *storage.Store, s setup) error {
	hours := record.Hours{Zone: d.zone, OpensBefore: s.schedule.OpensBefore, Grace: s.schedule.Grace}
	monday := demoMorning(d.clock.Now().In(d.zone))
	day := func(days int) record.Date { return record.DateOf(monday.AddDate(0, 0, days)) }
	for year := monday.Year(); year <= monday.Year()+1; year++ {
		if _, err := store.SeedCalendar(ctx, demoCounty.Code, year, calendar.Year(year)); err != nil {
			return err
		}
	}
	return store.Update(ctx, func(tx *storage.Tx) error {
		host, _, err := tx.PersonByPhone(demoPhone(demoHost))
		if err != nil {
			return err
		}
		if err := demoProgramme(tx, hours, day, host.ID); err != nil {
			return err
		}
		return demoCycle(tx, hours, day(21), host.ID, s.county.Bases)
	})
}

// demoProgramme has two batches: one next week, one after the turns have begun.
func demoProgramme(tx *storage.Tx, hours record.Hours, day func(int) record.Date, host record.PersonID) error {
	r, err := tx.AddProgramme(record.Programme{
		Place: demoCounty.Code, Title: "集中轮训", Share: 20, AnswerDays: 3, OfferHours: 24, NoteDays: 14, By: host,
	})
	if err != nil {
		return err
	}
	for i, place := range []string{"海东市平安区", "海东市乐都区"} {
		_, err := tx.AddBatch(record.Batch{
			Programme: r.ID, Place: place, Days: record.Days{From: day(8 + 7*i), To: day(9 + 7*i)}, Hours: "09:00-17:00", Seats: 30,
			Meet: "07:30 县委党校门口", Bring: "身份证、笔记本", Hosts: []record.PersonID{host},
		})
		if err != nil {
			return err
		}
	}
	in, err := tx.RotationInput(r, hours)
	if err != nil {
		return err
	}
	if err := tx.PutDraft(r.ID, rotation.Plan(in)); err != nil {
		return err
	}
	_, err = tx.ChangeProgramme(demoCounty.Code, r.ID, func(r *record.Programme) { r.State = record.PlanPublishing })
	return err
}

// demoCycle gives every village its turn at both bases.
func demoCycle(tx *storage.Tx, hours record.Hours, from record.Date, host record.PersonID, bases []record.Base) error {
	c := record.Cycle{Place: demoCounty.Code, Title: "第 1 轮", From: from, Gap: 14, By: host}
	for i, b := range bases {
		c.Bases = append(c.Bases, record.CycleBase{
			Base: b.ID, Capacity: 18, Hosts: []record.PersonID{host}, Meet: "镇政府门口,有车",
			Slots: []record.Slot{{Weekday: time.Tuesday + time.Weekday(i), Hours: "09:00-11:30"}, {Weekday: time.Thursday + time.Weekday(i), Hours: "09:00-11:30"}},
		})
	}
	c, err := tx.AddCycle(c)
	if err != nil {
		return err
	}
	in, err := tx.RotaInput(c, hours)
	if err != nil {
		return err
	}
	_, err = tx.AddRotaChange(record.RotaChange{Cycle: c.ID, By: host, Publication: true, Moves: record.MovesOf(in.Turns, rota.Plan(in))})
	if err != nil {
		return err
	}
	_, err = tx.ChangeCycle(demoCounty.Code, c.ID, func(c *record.Cycle) { c.State = record.PlanPublishing })
	return err
}

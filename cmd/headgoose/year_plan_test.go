package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

func sortedKeys(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }

func (y *year) hours() record.Hours {
	return record.Hours{Zone: y.zone, OpensBefore: y.conf.OpensBefore, Grace: y.conf.Grace}
}

// publishProgramme plans twelve batches of five days over the year, with seats
// for all, and decides them.
func (y *year) publishProgramme() {
	y.update(func(tx *storage.Tx) (err error) {
		y.programme, err = tx.AddProgramme(record.Programme{
			Place: yearCounty, Title: "2027 年集中轮训", Share: 20, AnswerDays: 3, OfferHours: 48, NoteDays: 14, By: y.officer,
		})
		if err != nil {
			return err
		}
		for n := range 12 {
			from := playTime.AddDate(0, 0, 28*n+21) // Mondays
			_, err := tx.AddBatch(record.Batch{
				Programme: y.programme.ID, Place: []string{"平安区", "乐都区", "民和县"}[n%3],
				Days:  record.Days{From: record.DateOf(from), To: record.DateOf(from.AddDate(0, 0, 4))},
				Hours: "09:00-17:00", Seats: 31, Meet: "07:30 县委党校门口", Hosts: []record.PersonID{y.host},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	y.update(func(tx *storage.Tx) error {
		in, err := tx.RotationInput(y.programme, y.hours())
		if err != nil {
			return err
		}
		if err := tx.PutDraft(y.programme.ID, y.planner.PlanRotation(in)); err != nil {
			return err
		}
		_, err = tx.ChangeProgramme(yearCounty, y.programme.ID, func(r *record.Programme) { r.State = record.PlanPublishing })
		return err
	})
}

// publishCycle plans a cycle of both bases from a day on, and publishes it.
func (y *year) publishCycle(from record.Date) {
	slots := func(days ...time.Weekday) (list []record.Slot) {
		for _, d := range days {
			list = append(list, record.Slot{Weekday: d, Hours: "09:00-11:30"})
		}
		return list
	}
	var c record.Cycle
	y.update(func(tx *storage.Tx) (err error) {
		bases := demoBases()
		c, err = tx.AddCycle(record.Cycle{
			Place: yearCounty, Title: "第 " + fmt.Sprint(len(y.cycles)+1) + " 轮", From: from, Gap: 7, By: y.officer,
			Bases: []record.CycleBase{
				{Base: bases[0].ID, Capacity: 14, Slots: slots(time.Tuesday, time.Thursday), Hosts: []record.PersonID{y.host}},
				{Base: bases[1].ID, Capacity: 14, Slots: slots(time.Wednesday, time.Friday), Hosts: []record.PersonID{y.host}},
			},
		})
		return err
	})
	y.cycles = append(y.cycles, c.ID)
	y.change(c.ID, "", true)
}

// change plans a cycle anew and has the difference made, as an officer does by
// buttons. A change that is being made is waited for.
func (y *year) change(id record.CycleID, reason string, publication bool) {
	pending := false
	y.update(func(tx *storage.Tx) error {
		pending = false
		c, err := tx.Cycle(yearCounty, id)
		if err != nil || c.State == record.PlanEnded {
			return err
		}
		in, err := tx.RotaInput(c, y.hours())
		if err != nil {
			return err
		}
		moves := record.MovesOf(in.Turns, y.planner.PlanRota(in))
		if len(moves) == 0 {
			return nil
		}
		_, err = tx.AddRotaChange(record.RotaChange{Cycle: id, By: y.officer, Reason: reason, Moves: moves, Publication: publication})
		if errors.Is(err, record.ErrMoving) {
			pending = true
			return nil
		}
		if err == nil && publication {
			_, err = tx.ChangeCycle(yearCounty, id, func(c *record.Cycle) { c.State = record.PlanPublishing })
		}
		return err
	})
	if pending {
		y.later(yearStep, func() { y.change(id, reason, publication) })
	}
}

// closeBase closes a base for some days from next week on, and plans the cycles
// anew around it.
func (y *year) closeBase() {
	y.note("closures")
	base := demoBases()[y.luck(2)].ID
	first := time.Now().In(y.zone).AddDate(0, 0, 7)
	days := 1 + y.luck(4)
	y.update(func(tx *storage.Tx) error {
		for i := range days {
			d := record.CalendarDay{Day: record.DateOf(first.AddDate(0, 0, i)), Base: base, Kind: record.Shut, Name: "维修", By: y.officer}
			if err := tx.SetCalendarDay(yearCounty, d); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range y.cycles {
		y.change(id, "维修", false)
	}
}

// goDeaf has the platform out of reach from noon until the evening, while the program
// goes on: the reminders of the next day wait, the plan changes, and when they can
// go out they are not true any more.
func (y *year) goDeaf() {
	if y.stop == nil {
		return
	}
	y.note("platform out of reach")
	y.stop()
	y.deaf, y.back = true, time.Now().Add(7*time.Hour+30*time.Minute)
	y.later(7*time.Hour, y.moveSoon)
	y.later(7*time.Hour, y.closeBase)
}

// moveSoon moves what begins in the next two days by an hour, cancels one of it,
// and has somebody else hold a post.
func (y *year) moveSoon() {
	var soon []record.Session
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) (err error) {
		soon, err = tx.SessionsBetween(yearCounty, time.Now().Add(6*time.Hour), time.Now().Add(60*time.Hour))
		return err
	}))
	for i, s := range soon {
		if s.State != record.Planned || s.Batch != "" {
			continue
		}
		y.note("moved while out of reach")
		y.update(func(tx *storage.Tx) (err error) {
			if i == len(soon)-1 {
				_, err = tx.CancelSession(s.ID)
				return err
			}
			_, err = tx.ChangeSession(s.ID, func(s *record.Session) {
				s.Start, s.End, s.LateFrom, s.Opens = s.Start.Add(time.Hour), s.End.Add(time.Hour), s.LateFrom.Add(time.Hour), s.Opens.Add(time.Hour)
			})
			return err
		})
	}
	y.changePost()
}

// changePost gives the post of a village to somebody else.
func (y *year) changePost() {
	y.note("changes of post")
	v := y.villages[y.luck(len(y.villages))]
	y.fresh++
	y.update(func(tx *storage.Tx) error {
		old, held, err := tx.Secretary(v)
		if err != nil {
			return err
		}
		if held {
			if err := tx.EndPost(old.ID, record.Secretary, v); err != nil {
				return err
			}
		}
		id, err := tx.AddPerson(record.Person{Name: fmt.Sprint("书记 ", y.fresh)}, "")
		if err != nil {
			return err
		}
		if err := tx.Bind(id, y.fresh, "zh"); err != nil {
			return err
		}
		return tx.Appoint(id, record.Secretary, v, record.DateOf(time.Now().In(y.zone)))
	})
}

// reviewNotes has the townships' officers read what was handed in: most is
// accepted.
func (y *year) reviewNotes() {
	towns := map[record.Code]bool{}
	for _, v := range y.villages {
		towns[v.Township()] = true
	}
	for _, town := range slices.Sorted(maps.Keys(towns)) {
		var waiting []record.Note
		y.must(y.store.View(y.ctx, func(tx *storage.Tx) (err error) { waiting, err = tx.NotesToReview(town); return err }))
		for _, n := range waiting {
			accept := y.luck(5) > 0
			y.update(func(tx *storage.Tx) error {
				n, err := tx.ReviewNote(n.Programme, n.Village, accept, y.officer, "请再写具体些")
				if err != nil {
					return err
				}
				_, err = tx.AddOutbox(record.NoteNotice(n, fmt.Sprint(len(n.Rows)), n.Person, tx.Now, tx.Now.AddDate(0, 0, 14)))
				return err
			})
		}
	}
}

// hold opens the sessions that have begun, takes those who come, and closes those
// that are over; some hosts forget one or the other.
func (y *year) hold(now time.Time) {
	var begun []record.Session
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) (err error) {
		begun, err = tx.SessionsBetween(yearCounty, now.Add(-12*time.Hour), now.Add(1))
		return err
	}))
	for _, s := range begun {
		forgets := int(s.Start.Unix()/3600)%41 == 0
		switch {
		case s.State == record.Planned && now.Before(s.End) && !forgets:
			y.heardOf(s)
			y.update(func(tx *storage.Tx) (err error) { s, err = tx.OpenSession(s.ID); return err })
			y.arrive(s)
		case s.State == record.Open && !now.Before(s.End) && int(s.Start.Unix()/3600)%17 != 0:
			y.note("sessions held")
			y.update(func(tx *storage.Tx) error { _, err := tx.CloseSession(s.ID); return err })
		}
	}
}

// arrive checks in those who come: nine in ten.
func (y *year) arrive(s record.Session) {
	var attend []record.Code
	y.must(y.store.View(y.ctx, func(tx *storage.Tx) error {
		missing, err := tx.Missing(s.ID, yearCounty)
		if err != nil {
			return err
		}
		by, err := tx.StandIns(s.ID)
		for _, v := range missing {
			if in := by[v]; in != "" {
				v = in
			}
			attend = append(attend, v)
		}
		return err
	}))
	for _, v := range attend {
		if y.luck(10) == 0 {
			y.note("absences")
			continue
		}
		y.update(func(tx *storage.Tx) error {
			p, held, err := tx.Secretary(v)
			if err != nil || !held {
				return err
			}
			actor, err := tx.Actor(p.ID)
			if err != nil {
				return err
			}
			_, err = tx.CheckIn(s, actor, record.ByCode)
			if errors.Is(err, record.ErrAlready) {
				return nil // for another of their villages
			}
			return err
		})
		y.note("check-ins")
	}
}

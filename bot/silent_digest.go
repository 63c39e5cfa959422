package bot

import (
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// The digest of those who have not answered, as it is sent to officers.

// silentNotices tell officers who has not answered.
func silentNotices() map[string]render { return map[string]render{record.KindSilent: silentNotice} }

// silentNotice is the digest as things stand when it is sent; nothing is left of
// it when everybody has answered.
func silentNotice(t *Turn, row record.Outbox) (notice, string, error) {
	until, err := time.Parse(time.RFC3339, row.Args["until"])
	if err != nil {
		return notice{}, "", unfit(err)
	}
	sc := silentScope{until: until}
	for _, code := range strings.Split(row.Args["places"], ",") {
		sc.places = append(sc.places, record.Code(code))
	}
	list, err := t.silent(sc)
	if err != nil {
		return notice{}, "", err
	}
	lines, err := t.silentLines(list)
	if err != nil {
		return notice{}, "", err
	}
	more, seats, late, err := t.silentSums(sc.places)
	if err != nil {
		return notice{}, "", err
	}
	if len(list) == 0 && seats == 0 && late == 0 {
		return notice{}, "all have answered", nil
	}
	var rows [][]Btn
	if len(list) > 0 {
		rows = append(rows, []Btn{t.Btn("one_by_one", "silent "+sc.args()), t.Btn("all_called", "silent.all "+sc.args())})
	}
	if seats > 0 {
		rows = append(rows, []Btn{t.Btn("seats_silent", "silent.seats "+sc.args())})
	}
	if late > 0 {
		rows = append(rows, []Btn{t.Btn("notes_late", "silent.notes "+sc.args())})
	}
	return notice{card: card{Text: strings.Join(append(lines, more...), "\n"), rows: rows}}, "", nil
}

// silentLines says who is silent, a session after the other: the names of the
// first ones, counts of the rest.
func (t *Turn) silentLines(list []silence) ([]string, error) {
	const sessions, names, towns = 3, 10, 3
	var lines []string
	var err error
	said := 0
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].s.ID == list[0].s.ID {
			n++
		}
		if said++; said > sessions {
			return append(lines, t.Say("duty.silent_more", text.A{"N": len(list)})), nil
		}
		args := t.sessionArgs(list[0].s)
		args["When"], args["N"] = t.relative(list[0].s.Start), n
		if args["Off"], err = t.cannotAnswer(list[:n]); err != nil {
			return nil, err
		}
		var villages []record.Code
		for _, one := range list[:min(n, names)] {
			villages = append(villages, one.v)
		}
		who, err := t.namesByTownship(villages)
		if err != nil {
			return nil, err
		}
		if n > names || len(who) > towns {
			who = who[:min(len(who), towns)]
			who[len(who)-1] += " …"
		}
		lines = append(append(lines, t.Say("duty.silent", args)), who...)
		list = list[n:]
	}
	return lines, nil
}

// cannotAnswer counts those whose post is vacant or whose holder is not enrolled:
// they have not been asked.
func (t *Turn) cannotAnswer(list []silence) (n int, err error) {
	for _, one := range list {
		p, held, err := t.Secretary(one.v)
		if err != nil {
			return n, err
		}
		if !held || !p.Enrolled() {
			n++
		}
	}
	return n, nil
}

// silentSums says what else waits in places: seats without an answer, notes that
// are late, requests to decide, notes to read.
func (t *Turn) silentSums(places []record.Code) (lines []string, seats, late int, err error) {
	requests, notes := 0, 0
	for _, place := range places {
		overdue, err := t.overdueSeats(place)
		if err != nil {
			return nil, 0, 0, err
		}
		seats += len(overdue)
		owed, err := t.LateNotes(place, record.DateOf(t.Now))
		if err != nil {
			return nil, 0, 0, err
		}
		late += len(owed)
		if place.Level() != record.Township {
			continue
		}
		open, err := t.OpenRequests(place)
		if err != nil {
			return nil, 0, 0, err
		}
		requests += len(open)
		waiting, err := t.NotesToReview(place)
		if err != nil {
			return nil, 0, 0, err
		}
		notes += len(waiting)
	}
	if seats > 0 {
		lines = append(lines, t.Say("duty.seats", text.A{"N": seats}))
	}
	if late > 0 {
		lines = append(lines, t.Say("duty.notes", text.A{"N": late}))
	}
	if requests > 0 {
		lines = append(lines, t.Say("leave.waiting", text.A{"N": requests}))
	}
	if notes > 0 {
		lines = append(lines, t.Say("note.waiting", text.A{"N": notes}))
	}
	return lines, seats, late, nil
}

// overdueSeats lists the seats of a place whose answer was due.
func (t *Turn) overdueSeats(place record.Code) ([]record.Standing, error) {
	const most = 500
	all, err := t.SeatsDue(t.b.conf.County, t.Now, most)
	var list []record.Standing
	for _, st := range all {
		if !place.Contains(st.Village) || st.State != record.SeatAssigned {
			continue
		}
		b, err := t.Batch(st.Batch)
		if err != nil {
			return nil, err
		}
		if b.From > record.DateOf(t.Now) { // else it is too late for an answer
			list = append(list, st)
		}
	}
	return list, err
}

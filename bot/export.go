package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

func exportCommands() []command {
	return []command{
		{name: "export", words: []string{"导出", "export"}, roles: officers, run: (*Turn).export},
		{name: "export.file", hidden: true, roles: officers, run: (*Turn).exportFile},
	}
}

// exports are the files, by the word behind export.file; each is made when it
// is sent, for the reader's place as it then stands.
var exports map[string]func(*Turn, view) (func() ([]byte, error), error)

func init() {
	exports = map[string]func(*Turn, view) (func() ([]byte, error), error){
		"roster":     (*Turn).rosterSheet,
		"attendance": (*Turn).attendanceSheet,
		"graduates":  (*Turn).graduatesSheet,
	}
}

// export offers the files in the office's layout.
func (t *Turn) export() error {
	if t.Ev.Chat.Group {
		return nil
	}
	offices := t.offices()
	if len(offices) == 0 {
		return record.ErrNotYours
	}
	place := string(offices[0])
	name, err := t.placeName(offices[0])
	if err != nil {
		return err
	}
	last := weekStart(t.Now).AddDate(0, 0, -7).Format(mondayLayout)
	t.Answer(t.Say("export.choose", text.A{"Place": name}),
		[]Btn{t.Btn("export_week", "export.file attendance "+place), t.Btn("export_last", "export.file attendance "+place+" "+last)},
		[]Btn{t.Btn("export_roster", "export.file roster "+place), t.Btn("export_grads", "export.file graduates "+place)},
		t.homeRow())
	return nil
}

// exportFile asks for a file and notes in the audit log who has it. The row is
// of the class of replies, as somebody waits for it.
func (t *Turn) exportFile() error {
	what := t.Arg(0)
	t.Args = t.Args[min(1, len(t.Args)):]
	v, err := t.view(record.SeePlace)
	if err != nil {
		return err
	}
	if exports[what] == nil || !record.Carries(record.Sheet(what)) { // what no use declares stays in
		return record.ErrNotFound
	}
	if err := t.Allow(record.ExportRoster, record.Object{Place: v.place}); err != nil {
		return err
	}
	filter := t.graduateFilter(2)
	note := what
	if filter != storage.AllGraduates {
		note += " " + string(filter)
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.ExportRoster, Place: v.place, Note: note}); err != nil {
		return err
	}
	t.Queue(record.Outbox{
		Key:   fmt.Sprintf("export/%016x", uint64(t.Ev.ID)),
		Class: record.Reply, Kind: "export", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		Args:         map[string]string{"what": what, "place": string(v.place), "week": v.from.Format(mondayLayout), "filter": string(filter)},
		UselessAfter: t.Now.Add(chartUseful),
	})
	t.Toast(t.Say("export.coming"))
	return nil
}

// sendFile has a file made and sent to the person who waits for it: a row of the
// class of replies, which quiet hours do not hold back.
func (t *Turn) sendFile(kind string, args map[string]string) {
	t.Queue(record.Outbox{
		Key:   kind + "/" + stampOf(t.Tx.Now) + "/" + string(t.Person.ID),
		Class: record.Reply, Kind: kind, Person: t.Person.ID, Chat: t.Ev.Chat.ID, Args: args, UselessAfter: t.Now.Add(chartUseful),
	})
	t.Toast(t.Say("export.coming"))
}

func exportNotices() map[string]render {
	return map[string]render{"export": exportNotice}
}

// exportNotice reads what a file says; the workbook is made after the
// transaction.
func exportNotice(t *Turn, row record.Outbox) (notice, string, error) {
	what := row.Args["what"]
	t.Args = []string{row.Args["place"], row.Args["week"], row.Args["filter"]}
	v, err := t.view(record.SeePlace)
	if err != nil {
		return notice{}, "", err
	}
	if err := t.Allow(record.ExportRoster, record.Object{Place: v.place}); err != nil {
		return notice{}, "", err
	}
	read := exports[what]
	if read == nil {
		return notice{}, "no such file", nil
	}
	write, err := read(t, v)
	if err != nil {
		return notice{}, "", err
	}
	args := text.A{"Place": v.name, "Span": t.Voice.Span(v.from, v.from.AddDate(0, 0, 6))}
	name, caption := t.Say("export.name_"+what, args)+".xlsx", t.Say("export.caption_"+what, args)
	if what == "graduates" {
		more, err := t.graduatesCaption(v.place)
		if err != nil {
			return notice{}, "", err
		}
		caption += more
	}
	return notice{
		card: card{Text: caption},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := write()
			return nil, &chat.Upload{Name: name, Body: body}, err
		},
	}, "", nil
}

// rosterSheet is the roster of a place, a row for each post, vacant ones too.
// Phones are not in it: the store has none.
func (t *Turn) rosterSheet(v view) (func() ([]byte, error), error) {
	var rows []record.RosterRow
	add := func(role record.Role, place record.Place, township string) error {
		ids, err := t.Holders(role, place.Code)
		if err != nil {
			return err
		}
		base := record.RosterRow{Township: township, Code: place.Code, Role: role}
		if place.Code.Level() == record.Village {
			base.Village = place.Name
		}
		for _, id := range ids {
			row, err := t.rosterRow(base, id)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		if len(ids) == 0 && role == record.Secretary {
			rows = append(rows, base)
		}
		return nil
	}
	err := t.eachTownship(v.place, func(township record.Place, villages []record.Place) error {
		if err := add(record.TownshipOfficer, township, township.Name); err != nil {
			return err
		}
		for _, p := range villages {
			if err := add(record.Secretary, p, township.Name); err != nil {
				return err
			}
		}
		return nil
	})
	lang, title := sheet.Lang(t.Voice.Lang), t.Say("export.name_roster", text.A{"Place": v.name, "Span": ""})
	return func() ([]byte, error) { return sheet.WriteRoster(lang, title, rows) }, err
}

func (t *Turn) rosterRow(base record.RosterRow, id record.PersonID) (record.RosterRow, error) {
	p, err := t.Tx.Person(id)
	if err != nil {
		return base, err
	}
	posts, err := t.Posts(id)
	for _, post := range posts {
		if post.Held() && post.Role == base.Role && post.Place == base.Code {
			base.Since = post.From
		}
	}
	base.Name, base.BirthYear, base.Education = p.Name, p.BirthYear, p.Education
	return base, err
}

// eachTownship walks over the townships of a place with their villages.
func (t *Turn) eachTownship(place record.Code, fn func(record.Place, []record.Place) error) error {
	townships := []record.Place{}
	var err error
	if place.Level() == record.County {
		townships, err = t.Children(place)
	} else {
		var one record.Place
		one, err = t.Place(place.Township())
		townships = append(townships, one)
	}
	if err != nil {
		return err
	}
	for _, township := range townships {
		villages, err := t.Children(township.Code)
		if err != nil {
			return err
		}
		if err := fn(township, villages); err != nil {
			return err
		}
	}
	return nil
}

// attendanceSheet is who came to the sessions of a week, a row for each
// expected village.
func (t *Turn) attendanceSheet(v view) (func() ([]byte, error), error) {
	sessions, err := t.Duties(v.place, v.from, v.from.AddDate(0, 0, 7), 0)
	if err != nil {
		return nil, err
	}
	var lines []sheet.AttendanceLine
	for _, s := range sessions {
		if s.State == record.Cancelled {
			continue
		}
		villages, err := t.Expected(s.ID, v.place)
		if err != nil {
			return nil, err
		}
		for _, village := range villages {
			line, err := t.attendanceLine(s, village)
			if err != nil {
				return nil, err
			}
			lines = append(lines, line)
		}
	}
	lang := sheet.Lang(t.Voice.Lang)
	title := t.Say("export.caption_attendance", text.A{"Place": v.name, "Span": t.Voice.Span(v.from, v.from.AddDate(0, 0, 6))})
	return func() ([]byte, error) { return sheet.WriteAttendance(lang, title, lines) }, nil
}

func (t *Turn) attendanceLine(s record.Session, village record.Code) (sheet.AttendanceLine, error) {
	var line sheet.AttendanceLine
	place, err := t.Place(village)
	if err != nil {
		return line, err
	}
	up, err := t.Place(village.Township())
	if err != nil {
		return line, err
	}
	line.Township, line.Village = up.Name, place.Name
	note := t.Say("export.session", text.A{"When": t.When(s.Start), "Title": t.title(s)})
	mark, found, err := t.Branch(s.ID, village)
	if err != nil {
		return line, err
	}
	if !found {
		p, held, err := t.Secretary(village)
		if held {
			line.Name = p.Name
		}
		if s.State == record.Closed {
			line.Status = record.Absent
		}
		line.Note = note
		return line, err
	}
	p, err := t.Tx.Person(mark.Person)
	if err != nil {
		return line, err
	}
	att, _, err := t.Attendance(s.ID, mark.Person)
	now := att.Now()
	line.Name, line.Status, line.Method, line.At = p.Name, now.Status, now.Method, now.At.In(t.b.conf.Zone)
	if now.Reason != "" {
		note += ";" + now.Reason
	}
	line.Note = note
	return line, err
}

// maxExported is how many graduates one file holds. Of more the caption says
// so: a workbook is made in memory.
const maxExported = 10_000

// graduateFilter is the filter that an argument names; all where it names none.
func (t *Turn) graduateFilter(i int) storage.GraduateFilter {
	f := storage.GraduateFilter(t.Arg(i))
	if !slices.Contains(storage.GraduateFilters(), f) {
		return storage.AllGraduates
	}
	return f
}

// graduatesSheet is the list of graduates of a place, as argument 2 filters it.
// Phones are in it: the officer keeps in touch with them, and the audit log says
// who has the file. It is read in one View when the file is made.
func (t *Turn) graduatesSheet(v view) (func() ([]byte, error), error) {
	if err := t.Allow(record.SeeGraduates, record.Object{Place: v.place}); err != nil {
		return nil, err
	}
	b, filter := t.b, t.graduateFilter(2)
	lang, title := sheet.Lang(t.Voice.Lang), t.Say("export.caption_graduates", text.A{"Place": v.name, "Span": ""})
	return func() ([]byte, error) {
		var rows []sheet.GraduateRow
		err := b.store.View(context.Background(), func(tx *storage.Tx) (err error) {
			rows, err = graduateRows(tx, v.place, filter, b.conf.Zone)
			return err
		})
		if err != nil {
			return nil, err
		}
		return sheet.WriteGraduates(lang, title, rows)
	}, nil
}

// graduateRows reads the rows of a list that is exported.
func graduateRows(tx *storage.Tx, place record.Code, filter storage.GraduateFilter, zone *time.Location) ([]sheet.GraduateRow, error) {
	list, _, err := tx.Graduates(storage.GraduateQuery{Place: place, Filter: filter, Limit: maxExported})
	if err != nil {
		return nil, err
	}
	names := map[record.Code]string{}
	name := func(c record.Code) (string, error) {
		if n, known := names[c]; known {
			return n, nil
		}
		p, err := tx.Place(c)
		names[c] = p.Name
		return p.Name, err
	}
	var rows []sheet.GraduateRow
	for _, g := range list {
		village, err := name(g.Village)
		if err != nil {
			return nil, err
		}
		township, err := name(g.Village.Township())
		if err != nil {
			return nil, err
		}
		rows = append(rows, sheet.GraduateRow{
			Township: township, Village: village, Code: g.Village, Name: g.Name, BirthYear: g.BirthYear,
			Education: g.Education, School: g.School, Major: g.Major, Studying: g.Studying, Graduation: g.Graduation,
			Employment: g.Employment, Willingness: g.Willingness, Phone: g.Phone,
			Consent: record.SheetYes, ConsentDate: record.DateOf(g.Consent.At.In(zone)),
		})
	}
	return rows, nil
}

// graduatesCaption says more of a file of graduates: the filter, and that it
// does not hold all.
func (t *Turn) graduatesCaption(place record.Code) (string, error) {
	filter := t.graduateFilter(2)
	n, err := t.Count(place)
	if err != nil {
		return "", err
	}
	more := ""
	if filter != storage.AllGraduates {
		more = "\n" + t.Say("export.filtered", text.A{"Filter": t.Say("graduates.filter_" + string(filter))})
	}
	if all := filter.Of(n.Graduates); all > maxExported {
		more += "\n" + t.Say("export.cut", text.A{"N": maxExported, "All": all})
	}
	return more, nil
}

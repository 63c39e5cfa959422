package bot

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"headgoose/bot/chat"
	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// Study notes as officers meet them: what waits for a word, a batch's notes, and
// the file of them.

// noteReview lists the notes that wait for the officer's word.
func (t *Turn) noteReview() error {
	var list []record.Note
	for _, place := range t.offices() {
		towns := []record.Code{place}
		if place.Level() == record.County {
			children, err := t.Children(place)
			if err != nil {
				return err
			}
			towns = nil
			for _, p := range children {
				towns = append(towns, p.Code)
			}
		}
		for _, town := range towns {
			if err := t.Allow(record.ReviewNote, record.Object{Place: town}); err != nil {
				return err
			}
			more, err := t.NotesToReview(town)
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
	}
	head := t.Say("note.to_review", text.A{"N": len(list)})
	if len(list) == 0 {
		head = t.Say("note.nothing_to_review")
	}
	return t.noteListing(head, list, 0, "note.review", t.homeRow())
}

// noteListing is a page of notes with a button each.
func (t *Turn) noteListing(head string, list []record.Note, pageArg int, line string, back []Btn) error {
	from, to, turn := t.window(pageArg, len(list), line)
	lines := []string{head}
	var row []Btn
	for _, n := range list[from:to] {
		args, err := t.noteArgs(n)
		if err != nil {
			return err
		}
		place, err := t.Place(n.Village)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("note.list_line", args))
		row = append(row, Btn{Text: place.Name, Line: "note.look " + noteLine(n)})
	}
	t.Answer(strings.Join(lines, "\n"), append(append(inRows(row, 2), turn...), back)...)
	return nil
}

// noteList lists the notes of a batch, in the place that the person answers for.
func (t *Turn) noteList() error {
	b, _, err := t.batch(0, record.SeeRotation)
	if err != nil {
		return err
	}
	list, err := t.batchNotes(b)
	if err != nil {
		return err
	}
	counts := map[record.NoteState]int{}
	for _, n := range list {
		counts[n.State]++
	}
	args := t.batchArgs(b)
	args["Counts"], args["Of"] = t.noteCounts(counts), len(list)
	back := []Btn{t.Btn("back", "plan.batch "+string(b.ID))}
	if len(list) > 0 {
		back = append(back, t.Btn("note_sheet", "note.sheet "+string(b.ID)))
	}
	return t.noteListing(t.Say("note.batch", args), list, 1, "note.list "+string(b.ID), back)
}

// noteStates are the states in the order in which they are counted.
var noteStates = []record.NoteState{record.NoteDue, record.NoteReturned, record.NoteSubmitted, record.NoteAccepted, record.NoteForgiven}

// noteCounts says how many notes are where; "" where there are none.
func (t *Turn) noteCounts(counts map[record.NoteState]int) string {
	var parts []string
	for _, s := range noteStates {
		if counts[s] > 0 {
			parts = append(parts, t.Say("note_state."+string(s))+" "+strconv.Itoa(counts[s]))
		}
	}
	return strings.Join(parts, " · ")
}

// batchNotes lists the notes of a batch in the place that the person answers
// for, in the office's order.
func (t *Turn) batchNotes(b record.Batch) ([]record.Note, error) {
	seats, err := t.ownSeats(b)
	if err != nil {
		return nil, err
	}
	var list []record.Note
	for _, st := range seats {
		if st.State != record.SeatAttended {
			continue
		}
		n, err := t.Note(b.Programme, st.Village)
		if err != nil {
			return nil, err
		}
		if err := t.Allow(record.ReviewNote, noteObject(n)); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// noteLook is a note as an officer sees it.
func (t *Turn) noteLook() error {
	n, err := t.argNote(record.ReviewNote)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SeePerson, Person: n.Person, Place: n.Village, Note: "note"}); err != nil {
		return err
	}
	return t.lookAt(n)
}

func (t *Turn) lookAt(n record.Note) error {
	args, err := t.noteArgs(n)
	if err != nil {
		return err
	}
	lines := []string{t.Say("note.look", args)}
	for _, f := range n.Follow {
		if f.Answer != "" {
			lines = append(lines, t.Say("note.look_follow", text.A{"Days": f.Days, "Answer": clip(f.Answer, 200)}))
		}
	}
	var rows [][]Btn
	if n.Parts > 0 {
		rows = append(rows, []Btn{t.Btn("read_note", "note.read "+noteLine(n)+" 1")})
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, t.reviewRows(n)...)...)
	return nil
}

// reviewRows are the buttons of an officer under a note.
func (t *Turn) reviewRows(n record.Note) [][]Btn {
	line := noteLine(n)
	var rows [][]Btn
	switch n.State {
	case record.NoteSubmitted:
		rows = append(rows, []Btn{t.Btn("accept_note", "note.accept "+line), t.Btn("return_note", "note.return "+line)})
	case record.NoteDue, record.NoteReturned:
		rows = append(rows, []Btn{t.Btn("forgive_note", "note.forgive "+line)})
	}
	return append(rows, []Btn{t.Btn("to_review", "note.review"), t.Btn("of_batch", "note.list "+string(n.Batch))})
}

func mayReviewNote(t *Turn, a dialog.Answers) error {
	_, err := t.noteOf(a, record.ReviewNote)
	return err
}

func (t *Turn) noteAccept() error { return t.reviewNote(t.noteContext(), true, "") }

// reviewNote takes an officer's word, and tells the writer.
func (t *Turn) reviewNote(a dialog.Answers, accept bool, comment string) error {
	n, err := t.noteOf(a, record.ReviewNote)
	if err != nil {
		return err
	}
	if n, err = t.ReviewNote(n.Programme, n.Village, accept, t.Person.ID, comment); err != nil {
		return err
	}
	return t.noteJudged(n)
}

func saveForgiveNote(t *Turn, a dialog.Answers) error {
	n, err := t.noteOf(a, record.ReviewNote)
	if err != nil {
		return err
	}
	if n, err = t.ForgiveNote(n.Programme, n.Village, t.Person.ID, a["reason"]); err != nil {
		return err
	}
	return t.noteJudged(n)
}

func (t *Turn) noteJudged(n record.Note) error {
	err := t.Audit(record.Audit{By: t.Person.ID, Action: record.ReviewNote, Person: n.Person, Place: n.Village, Note: string(n.State)})
	if err != nil {
		return err
	}
	t.Queue(record.NoteNotice(n, strconv.Itoa(len(n.Rows)), n.Person, t.Tx.Now, t.Tx.Now.Add(2*weekLong)))
	return t.lookAt(n)
}

// noteSheet has the notes of a batch sent as a workbook, and notes in the audit
// log who has it.
func (t *Turn) noteSheet() error {
	b, _, err := t.batch(0, record.SeeRotation)
	if err != nil {
		return err
	}
	if err := t.Allow(record.ExportRoster, record.Object{Place: t.planPlace()}); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.ExportRoster, Place: t.planPlace(), Note: "notes " + string(b.ID)}); err != nil {
		return err
	}
	t.sendFile("note.sheet", map[string]string{"batch": string(b.ID)})
	return nil
}

// noteSheetNotice reads the notes of a batch; the workbook is made after the
// transaction.
func noteSheetNotice(t *Turn, row record.Outbox) (notice, string, error) {
	t.Args = []string{row.Args["batch"]}
	b, _, err := t.batch(0, record.SeeRotation)
	if err != nil {
		return notice{}, "", err
	}
	list, err := t.batchNotes(b)
	if err != nil {
		return notice{}, "", err
	}
	var lines []sheet.NoteLine
	for _, n := range list {
		line, err := t.noteSheetLine(n)
		if err != nil {
			return notice{}, "", err
		}
		lines = append(lines, line)
	}
	lang, title := sheet.Lang(t.Voice.Lang), t.Say("note.sheet_title", t.batchArgs(b))
	return notice{
		card: card{Text: title},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WriteNotes(lang, title, lines)
			return nil, &chat.Upload{Name: title + ".xlsx", Body: body}, err
		},
	}, "", nil
}

func (t *Turn) noteSheetLine(n record.Note) (line sheet.NoteLine, err error) {
	place, err := t.Place(n.Village)
	if err != nil {
		return line, err
	}
	town, err := t.Place(n.Village.Township())
	if err != nil {
		return line, err
	}
	p, err := t.Tx.Person(n.Person)
	if err != nil {
		return line, err
	}
	parts, err := t.NoteParts(n)
	if err != nil {
		return line, err
	}
	line = sheet.NoteLine{Township: town.Name, Village: place.Name, Name: p.Name, State: t.Say("note_state." + string(n.State)), Due: n.Due}
	var texts, files []string
	for _, part := range parts {
		if part.Text != "" {
			texts = append(texts, part.Text)
		}
		if part.Name != "" {
			files = append(files, part.Name)
		}
	}
	line.Text, line.Files = strings.Join(texts, "\n"), strings.Join(files, "\n")
	if over := utf8.RuneCountInString(line.Text) - sheet.MaxText; over > 0 {
		line.Text = clip(line.Text, sheet.MaxText)
	}
	for _, row := range n.Rows {
		if row.State == record.NoteSubmitted {
			line.HandedIn = row.At.In(t.b.conf.Zone)
		}
	}
	for _, f := range n.Follow {
		switch f.Days {
		case 30:
			line.After30 = f.Answer
		case 90:
			line.After90 = f.Answer
		}
	}
	return line, nil
}

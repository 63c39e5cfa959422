package bot

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// Study notes as their writer meets them. A note is written in parts: each text
// or document that is sent while the flow "note" is open is one, kept at once and
// confirmed; what was said of one is never lost with a form. A note is named by
// programme and village.
func noteCommands() []command {
	own := []record.Role{record.Secretary}
	return []command{
		{name: "note", words: []string{"札记", "学习札记", "notes"}, roles: branch, run: (*Turn).notes},
		{name: "note.show", hidden: true, roles: own, run: (*Turn).noteShow},
		{name: "note.write", hidden: true, roles: own, run: (*Turn).noteWrite},
		{name: "note.read", hidden: true, roles: branch, run: (*Turn).noteRead},
		{name: "note.file", hidden: true, roles: branch, run: (*Turn).noteFile},
		{name: "note.drop", hidden: true, roles: own, run: (*Turn).noteDrop},
		{name: "note.done", hidden: true, roles: own, run: (*Turn).noteDone},
		{name: "note.answer", hidden: true, roles: own, run: (*Turn).noteAnswer},
		{name: "note.unused", hidden: true, roles: own, run: (*Turn).noteUnused},
		{name: "note.review", hidden: true, roles: officers, run: (*Turn).noteReview},
		{name: "note.list", hidden: true, roles: officers, run: (*Turn).noteList},
		{name: "note.look", hidden: true, roles: officers, run: (*Turn).noteLook},
		{name: "note.accept", hidden: true, roles: officers, run: (*Turn).noteAccept},
		{name: "note.return", hidden: true, roles: officers, run: func(t *Turn) error { return t.startFlow("note.return", t.noteContext()) }},
		{name: "note.forgive", hidden: true, roles: officers, run: func(t *Turn) error { return t.startFlow("note.forgive", t.noteContext()) }},
		{name: "note.sheet", hidden: true, roles: officers, run: (*Turn).noteSheet},
	}
}

func noteFlows() []*flow {
	return []*flow{
		{
			name: "note", direct: true, title: noteTitle, may: mayWriteNote, save: saveNotePart,
			steps: func(*Turn) []dialog.Step {
				return []dialog.Step{{Name: "part", Ask: "note.ask_part", Field: "note.field_part", Parse: dialog.Text(record.MaxNotePart)}}
			},
		},
		{
			name: "note.follow", direct: true, title: noteTitle, may: mayAnswerNote, save: saveFollow,
			steps: func(*Turn) []dialog.Step {
				return []dialog.Step{{Name: "answer", Ask: "note.ask_follow", Field: "note.field_answer", Parse: dialog.Text(record.MaxNotePart)}}
			},
		},
		{name: "note.return", direct: true, title: noteTitle, may: mayReviewNote, steps: reasonSteps("note.ask_comment"), save: func(t *Turn, a dialog.Answers) error { return t.reviewNote(a, false, a["reason"]) }},
		{name: "note.forgive", direct: true, title: noteTitle, may: mayReviewNote, steps: reasonSteps("note.ask_forgive"), save: saveForgiveNote},
	}
}

// noteContext is the form's context: the note that the arguments name.
func (t *Turn) noteContext() dialog.Answers {
	return dialog.Answers{"programme": t.Arg(0), "village": t.Arg(1)}
}

// argNote reads the note of arguments 0 and 1 and asks whether the person may do
// action to it.
func (t *Turn) argNote(action record.Action) (record.Note, error) {
	return t.noteOf(t.noteContext(), action)
}

func (t *Turn) noteOf(a dialog.Answers, action record.Action) (record.Note, error) {
	n, err := t.Note(record.ProgrammeID(a["programme"]), record.Code(a["village"]))
	if err != nil {
		return n, err
	}
	return n, t.Allow(action, noteObject(n))
}

func noteObject(n record.Note) record.Object {
	return record.Object{Place: n.Village, Persons: []record.PersonID{n.Person}}
}

func noteLine(n record.Note) string { return string(n.Programme) + " " + string(n.Village) }

func noteTitle(t *Turn, a dialog.Answers) (string, error) {
	n, err := t.Note(record.ProgrammeID(a["programme"]), record.Code(a["village"]))
	if err != nil {
		return "", err
	}
	args, err := t.noteArgs(n)
	return t.Say("note.title", args), err
}

// noteArgs are what a sentence says of a note.
func (t *Turn) noteArgs(n record.Note) (text.A, error) {
	b, err := t.Batch(n.Batch)
	if err != nil {
		return nil, err
	}
	args := t.batchArgs(b)
	p, err := t.Tx.Person(n.Person)
	if err != nil {
		return nil, err
	}
	name, err := t.placeName(n.Village)
	if err != nil {
		return nil, err
	}
	args["Name"], args["Place"], args["Parts"] = p.Name, name, n.Parts
	args["State"], args["Due"] = t.Say("note_state."+string(n.State)), t.dayOf(n.Due)
	args["Late"] = n.State.Writable() && record.DateOf(t.Now) > n.Due
	args["Comment"] = ""
	if len(n.Rows) > 0 {
		args["Comment"] = n.Rows[len(n.Rows)-1].Comment
	}
	return args, nil
}

// notes lists the person's own notes; for an officer those that wait for a word.
func (t *Turn) notes() error {
	own, err := t.NotesOf(t.Person.ID)
	if err != nil {
		return err
	}
	if len(own) == 0 && len(t.offices()) > 0 {
		t.Args = nil
		return t.noteReview()
	}
	lines := []string{t.Say("note.own", text.A{"N": len(own)})}
	if len(own) == 0 {
		lines = []string{t.Say("note.none")}
	}
	from, to, turn := t.window(0, len(own), "note")
	var rows [][]Btn
	for _, n := range own[from:to] {
		args, err := t.noteArgs(n)
		if err != nil {
			return err
		}
		lines = append(lines, t.Say("note.line", args))
		rows = append(rows, []Btn{{Text: t.Say("note.button", args), Line: "note.show " + noteLine(n)}})
	}
	rows = append(rows, turn...)
	if len(t.offices()) > 0 {
		rows = append(rows, []Btn{t.Btn("to_review", "note.review")})
	}
	t.Answer(strings.Join(lines, "\n"), append(rows, t.homeRow())...)
	return nil
}

// noteShow is an own note with what can be done.
func (t *Turn) noteShow() error {
	n, err := t.argNote(record.WriteNote)
	if err != nil {
		return err
	}
	c, err := t.noteCard(n)
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, []Btn{t.Btn("back", "note"), t.Btn("home", "start")})...)
	return nil
}

// noteCard says an own note as it stands.
func (t *Turn) noteCard(n record.Note) (card, error) {
	args, err := t.noteArgs(n)
	if err != nil {
		return card{}, err
	}
	c := card{Text: t.Say("note."+string(n.State), args)}
	line := noteLine(n)
	if n.State.Writable() {
		row := []Btn{t.Btn("write_note", "note.write "+line)}
		if n.Parts > 0 {
			row = append(row, t.Btn("hand_in", "note.done "+line))
		}
		c.rows = append(c.rows, row)
	}
	if n.Parts > 0 {
		c.rows = append(c.rows, []Btn{t.Btn("read_note", "note.read "+line+" 1")})
	}
	return c, nil
}

func mayWriteNote(t *Turn, a dialog.Answers) error {
	n, err := t.noteOf(a, record.WriteNote)
	if err == nil && !n.State.Writable() {
		err = record.ErrSettled
	}
	return err
}

// noteWrite waits for the parts of a note.
func (t *Turn) noteWrite() error { return t.startFlow("note", t.noteContext()) }

// saveNotePart keeps what was typed as a part, with its paragraphs, and waits for
// the next one.
func saveNotePart(t *Turn, a dialog.Answers) error {
	body := strings.TrimSpace(t.Ev.Text)
	if body == "" {
		body = a["part"]
	}
	return t.keepPart(a, record.NotePart{Person: t.Person.ID, Text: body})
}

func (t *Turn) keepPart(a dialog.Answers, part record.NotePart) error {
	n, err := t.AddNotePart(record.ProgrammeID(a["programme"]), record.Code(a["village"]), part)
	if err != nil {
		return err
	}
	if err := t.waitForPart(a); err != nil {
		return err
	}
	line := noteLine(n)
	t.Answer(t.Say("note.kept", text.A{"N": n.Parts, "Runes": utf8.RuneCountInString(part.Text), "File": part.Name, "Most": record.MaxNoteParts}),
		[]Btn{t.Btn("read_note", "note.read "+line+" "+strconv.Itoa(n.Parts)), t.Btn("hand_in", "note.done "+line)},
		[]Btn{t.Btn("drop_part", "note.drop "+line), t.Btn("later", "note.show "+line)})
	return nil
}

// waitForPart opens the flow for the next part without a question of its own.
func (t *Turn) waitForPart(a dialog.Answers) error {
	kind := t.b.flows["note"]
	f := openForm{flow: kind, Flow: dialog.Flow{Steps: kind.steps(t)}}
	f.d = record.Dialog{
		Chat: t.Ev.Chat.ID, Person: t.Person.ID, Flow: kind.name, Rev: newRev(), Started: t.Tx.Now,
		Answers: dialog.Answers{"programme": a["programme"], "village": a["village"]},
	}
	if err := f.Begin(&f.d); err != nil {
		return err
	}
	return t.PutDialog(f.d)
}

// noteDocument takes a file as a part, while a note is being written; taken is
// false where none is.
func (t *Turn) noteDocument() (taken bool, err error) {
	f, found, err := t.findForm()
	if err != nil || !found || f.d.Parked || f.d.Flow != "note" {
		return false, err
	}
	if t.Ev.File == nil || t.Ev.File.Size > record.MaxNoteFile {
		t.Answer(t.Say("import.too_big", text.A{"MB": record.MaxNoteFile >> 20}))
		return true, nil
	}
	if err := mayWriteNote(t, f.d.Answers); err != nil {
		return true, err
	}
	return true, t.keepPart(f.d.Answers, record.NotePart{Person: t.Person.ID, File: t.Ev.File.ID, Name: clip(t.Ev.File.Name, 60)})
}

// noteDrop takes the last part back.
func (t *Turn) noteDrop() error {
	if _, err := t.argNote(record.WriteNote); err != nil {
		return err
	}
	n, err := t.DropNotePart(record.ProgrammeID(t.Arg(0)), record.Code(t.Arg(1)), t.Person.ID)
	if err != nil {
		return err
	}
	t.Answer(t.Say("note.dropped", text.A{"N": n.Parts}),
		[]Btn{t.Btn("write_note", "note.write "+noteLine(n)), t.Btn("back", "note.show "+noteLine(n))})
	return nil
}

// noteDone hands a note in, and tells the officer.
func (t *Turn) noteDone() error {
	if _, err := t.argNote(record.WriteNote); err != nil {
		return err
	}
	n, err := t.HandInNote(record.ProgrammeID(t.Arg(0)), record.Code(t.Arg(1)), t.Person.ID)
	if err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.WriteNote, Person: n.Person, Place: n.Village, Note: string(n.State)}); err != nil {
		return err
	}
	args, err := t.noteArgs(n)
	if err != nil {
		return err
	}
	t.Answer(t.Say("note.handed_in", args), []Btn{t.Btn("read_note", "note.read "+noteLine(n)+" 1"), t.Btn("home", "start")})
	return nil
}

// noteRead shows a part of a note, to its writer or an officer.
func (t *Turn) noteRead() error {
	n, err := t.readableNote()
	if err != nil {
		return err
	}
	parts, err := t.NoteParts(n)
	if err != nil {
		return err
	}
	if len(parts) == 0 {
		return record.ErrNotFound
	}
	page, pages := t.pageNumber(2, len(parts), 1)
	part := parts[page-1]
	args, err := t.noteArgs(n)
	if err != nil {
		return err
	}
	args["N"], args["Of"], args["Text"], args["File"] = page, pages, part.Text, part.Name
	rows := t.pager(page, pages, "note.read "+noteLine(n))
	if part.File != "" {
		rows = append(rows, []Btn{t.Btn("get_file", "note.file "+noteLine(n)+" "+strconv.Itoa(page))})
	}
	if n.Person == t.Person.ID {
		rows = append(rows, []Btn{t.Btn("back", "note.show "+noteLine(n))})
	} else {
		rows = append(rows, t.reviewRows(n)...)
	}
	t.Answer(t.Say("note.part", args), rows...)
	return nil
}

// readableNote reads the note of the arguments for its writer, or for an officer
// of the place; a look of the officer's is a line of the audit log.
func (t *Turn) readableNote() (record.Note, error) {
	n, err := t.Note(record.ProgrammeID(t.Arg(0)), record.Code(t.Arg(1)))
	if err != nil || n.Person == t.Person.ID {
		return n, err
	}
	if err := t.Allow(record.ReviewNote, noteObject(n)); err != nil {
		return n, err
	}
	return n, t.Audit(record.Audit{By: t.Person.ID, Action: record.SeePerson, Person: n.Person, Place: n.Village, Note: "note"})
}

// noteFile has a document sent on.
func (t *Turn) noteFile() error {
	n, err := t.readableNote()
	if err != nil {
		return err
	}
	t.sendFile("note.file", map[string]string{"programme": string(n.Programme), "village": string(n.Village), "part": t.Arg(2)})
	return nil
}

func mayAnswerNote(t *Turn, a dialog.Answers) error {
	_, err := t.noteOf(a, record.WriteNote)
	return err
}

// noteAnswer asks what was used at home; noteUnused says that nothing was, yet.
func (t *Turn) noteAnswer() error {
	a := t.noteContext()
	a["days"] = t.Arg(2)
	return t.startFlow("note.follow", a)
}

func (t *Turn) noteUnused() error {
	a := t.noteContext()
	a["days"], a["answer"] = t.Arg(2), t.Say("note.unused")
	if err := mayAnswerNote(t, a); err != nil {
		return err
	}
	return saveFollow(t, a)
}

func saveFollow(t *Turn, a dialog.Answers) error {
	err := t.AnswerFollow(record.ProgrammeID(a["programme"]), record.Code(a["village"]), atoi(a["days"]), t.Person.ID, a["answer"])
	if err != nil {
		return err
	}
	t.Answer(t.Say("note.follow_kept"), t.homeRow())
	return nil
}

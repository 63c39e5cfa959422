package bot

import (
	"context"
	"strconv"
	"strings"

	"headgoose/bot/chat"
	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// What is said of study notes: on the home card, when a word is due, after an
// officer has had one.

// noteDuty is what the home card says of notes that are to be written.
func noteDuty() homeDuty {
	open := func(t *Turn) (list []record.Note, err error) {
		own, err := t.NotesOf(t.Person.ID)
		for _, n := range own {
			if n.State.Writable() {
				list = append(list, n)
			}
		}
		return list, err
	}
	return homeDuty{
		lines: func(t *Turn) ([]string, error) {
			list, err := open(t)
			if err != nil {
				return nil, err
			}
			var lines []string
			for _, n := range list {
				args, err := t.noteArgs(n)
				if err != nil {
					return nil, err
				}
				lines = append(lines, t.Say("note.home", args))
			}
			for _, place := range t.Actor.Places(record.TownshipOfficer) {
				waiting, err := t.NotesToReview(place)
				if err != nil {
					return nil, err
				}
				if len(waiting) > 0 {
					lines = append(lines, t.Say("note.waiting", text.A{"N": len(waiting)}))
				}
			}
			return lines, nil
		},
		buttons: func(t *Turn) ([]Btn, error) {
			list, err := open(t)
			if err != nil || len(list) == 0 {
				return nil, err
			}
			return []Btn{t.Btn("write_note", "note.write "+noteLine(list[0]))}, nil
		},
	}
}

// noteNotices say what is due about notes, and an officer's word.
func noteNotices() map[string]render {
	return map[string]render{record.KindNote: noteNotice, "note.file": noteFileNotice, "note.sheet": noteSheetNotice}
}

func noteNotice(t *Turn, row record.Outbox) (notice, string, error) {
	n, err := t.noteOf(dialog.Answers{"programme": row.Args["programme"], "village": row.Args["village"]}, record.WriteNote)
	if err != nil {
		return notice{}, "", err
	}
	word := row.Args["word"]
	args, err := t.noteArgs(n)
	if err != nil {
		return notice{}, "", err
	}
	switch record.NoteStep(word) {
	case record.NoteFirst, record.NoteSecond:
		days := strings.TrimPrefix(word, "follow")
		for _, f := range n.Follow {
			if strconv.Itoa(f.Days) == days && f.Answer != "" {
				return notice{}, "answered", nil
			}
		}
		line := noteLine(n) + " " + days
		return notice{card: card{Text: t.Say("note.follow", args), rows: [][]Btn{
			{t.Btn("not_used", "note.unused "+line), t.Btn("say_some", "note.answer "+line)},
		}}}, "", nil
	case record.NoteOwed, record.NoteSoon, record.NoteLate:
		if !n.State.Writable() {
			return notice{}, "handed in meanwhile", nil
		}
	default:
		if strconv.Itoa(len(n.Rows)) != word {
			return notice{}, "changed since", nil
		}
	}
	c, err := t.noteCard(n)
	return notice{card: c}, "", err
}

// noteFileNotice fetches a document from the platform and sends it on; it is kept
// nowhere.
func noteFileNotice(t *Turn, row record.Outbox) (notice, string, error) {
	t.Args = []string{row.Args["programme"], row.Args["village"]}
	n, err := t.Note(record.ProgrammeID(t.Arg(0)), record.Code(t.Arg(1)))
	if err != nil {
		return notice{}, "", err
	}
	if n.Person != t.Person.ID {
		if err := t.Allow(record.ReviewNote, noteObject(n)); err != nil {
			return notice{}, "", err
		}
	}
	parts, err := t.NoteParts(n)
	if err != nil {
		return notice{}, "", err
	}
	i := atoi(row.Args["part"]) - 1
	if i < 0 || i >= len(parts) || parts[i].File == "" {
		return notice{}, "no such file", nil
	}
	part, platform := parts[i], t.b.platform
	args, err := t.noteArgs(n)
	if err != nil {
		return notice{}, "", err
	}
	return notice{card: card{Text: t.Say("note.title", args)}, fill: fetched(platform, part)}, "", nil
}

// fetched fills a message with a document of the platform.
func fetched(platform chat.Platform, part record.NotePart) func(context.Context, *chat.Message) error {
	return func(ctx context.Context, m *chat.Message) error {
		body, err := platform.Download(ctx, part.File, record.MaxNoteFile)
		if err != nil {
			return err
		}
		m.Document = &chat.Upload{Name: part.Name, Body: body}
		return nil
	}
}

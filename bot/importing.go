package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// A file that an officer sends becomes a job: its handler stores who sent what,
// and a worker outside of any transaction fetches it, reads it, and answers
// with what it would change. Nothing of the file is kept: when the officer
// says yes it is fetched and compared once more, then applied in chunks that a
// restart repeats without harm.

const (
	// jobTries is how often a file is fetched before the job is given up.
	jobTries = 5
	// jobRest is the wait before the next try, times the number of tries.
	jobRest = 5 * time.Second
	// progressRest is the least time between two edits of the progress.
	progressRest = 3 * time.Second
	// jobKept is how long a question about a file stays open.
	jobKept = 24 * time.Hour
)

func importCommands() []command {
	return []command{
		{name: "import.apply", hidden: true, roles: officers, run: (*Turn).importApply},
		{name: "import.detail", hidden: true, roles: officers, run: (*Turn).importDetail},
		{name: "import.cancel", hidden: true, roles: officers, run: (*Turn).importCancel},
		{name: "import.undo", hidden: true, roles: officers, run: (*Turn).importUndo},
		{name: "import.left", hidden: true, roles: officers, run: (*Turn).importLeft},
		{name: "import", words: []string{"导入", "import"}, roles: officers, run: (*Turn).importHint},
	}
}

// jobQueue wakes the worker, and has one work at a time.
type jobQueue struct {
	wake chan struct{}
	mu   sync.Mutex
}

func (q *jobQueue) init() { q.wake = make(chan struct{}, 1) }

func (q *jobQueue) kick() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// document takes a file: while a note is being written it is a part of it, else
// from an officer it becomes a job.
func (t *Turn) document() error {
	switch {
	case t.Ev.Chat.Group:
		return nil
	case !t.Known:
		return t.stranger()
	}
	if taken, err := t.noteDocument(); err != nil || taken {
		return err
	}
	switch {
	case !t.Actor.Has(officers...):
		t.Answer(t.Say("import.not_for_you"), t.homeRow())
		return nil
	case t.Ev.File == nil || t.Ev.File.Size > sheet.MaxFile:
		t.Answer(t.Say("import.too_big", text.A{"MB": sheet.MaxFile >> 20}), t.homeRow())
		return nil
	}
	_, err := t.AddJob(record.Job{
		Chat: t.Ev.Chat.ID, Person: t.Person.ID, File: t.Ev.File.ID, Name: clip(t.Ev.File.Name, 60), State: record.JobRead,
	})
	if err != nil {
		return err
	}
	t.AfterCommit(t.b.jobs.kick)
	t.Answer(t.Say("import.reading", text.A{"Name": clip(t.Ev.File.Name, 40)}))
	return nil
}

// importHint says how a roster or a rota is sent.
func (t *Turn) importHint() error {
	t.Answer(t.Say("import.hint"), t.homeRow())
	return nil
}

// ownJob reads the job of argument 0, which waits for the person's yes.
func (t *Turn) ownJob() (record.Job, error) {
	j, err := t.Job(t.Arg(0))
	if err == nil && (j.Person != t.Person.ID || j.State != record.JobAsked) {
		err = record.ErrChanged
	}
	return j, err
}

func (t *Turn) importApply() error {
	j, err := t.ownJob()
	if err != nil {
		return err
	}
	j.State, j.Message = record.JobApply, t.Ev.MessageID
	if err := t.PutJob(j); err != nil {
		return err
	}
	t.AfterCommit(t.b.jobs.kick)
	t.Answer(t.Say("import.applying", text.A{"Done": 0, "Of": "…"}))
	return nil
}

func (t *Turn) importCancel() error {
	j, err := t.ownJob()
	if err != nil {
		return err
	}
	if err := t.DropJob(j.ID); err != nil {
		return err
	}
	t.Answer(t.Say("import.cancelled"), t.homeRow())
	return nil
}

// importDetail sends the faults and changes of a file as a workbook.
func (t *Turn) importDetail() error {
	j, err := t.ownJob()
	if err != nil {
		return err
	}
	t.Queue(record.Outbox{
		Key:   fmt.Sprintf("detail/%s/%d", j.ID, t.Tx.Now.UnixMilli()),
		Class: record.Reply, Kind: "import.detail", Person: t.Person.ID, Chat: t.Ev.Chat.ID,
		Args: map[string]string{"job": j.ID},
	})
	t.Toast(t.Say("import.detail_coming"))
	return nil
}

// RunJobs works on the files that were sent, one after the other, until ctx
// ends.
func (b *Bot) RunJobs(ctx context.Context, pace Pacer) error {
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		wait, err := b.WorkJobs(ctx, pace)
		if err != nil {
			return err
		}
		retry.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-b.jobs.wake:
		case <-retry.C:
		}
	}
}

// WorkJobs works on every job that is due and says when to look again.
func (b *Bot) WorkJobs(ctx context.Context, pace Pacer) (wait time.Duration, err error) {
	b.jobs.mu.Lock()
	defer b.jobs.mu.Unlock()
	var jobs []record.Job
	err = b.store.View(ctx, func(tx *storage.Tx) (err error) {
		jobs, err = tx.Jobs()
		return err
	})
	if err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("bot: jobs: %w", err)
	}
	wait = time.Hour
	for _, j := range jobs {
		if ctx.Err() != nil {
			return 0, nil
		}
		again, err := b.workJob(ctx, pace, j)
		switch {
		case errors.Is(err, kv.ErrUnknown), errors.Is(err, kv.ErrClosed):
			return 0, err
		case err != nil && ctx.Err() == nil:
			b.log.Error("bot: job failed", "job", j.ID, "state", string(j.State), "err", err)
			again = jobRest
		}
		if again > 0 {
			wait = min(wait, again)
		}
	}
	return wait, nil
}

// workJob does the next step of one job; again > 0 asks for another try. What
// fails is tried a few times, whatever it is: a file that cannot be brought to
// its end must not hold up the others, nor end the process.
func (b *Bot) workJob(ctx context.Context, pace Pacer, j record.Job) (again time.Duration, err error) {
	if j.State == record.JobAsked {
		return 0, b.forgetOld(ctx, j)
	}
	err = b.stepJob(ctx, pace, j)
	var refused *sheet.Refusal
	switch {
	case errors.As(err, &refused):
		return 0, b.endJob(ctx, j, func(t *Turn) { t.Send(t.Voice.Refusal(refused), t.homeRow()) })
	case err == nil, errors.Is(err, kv.ErrUnknown), errors.Is(err, kv.ErrClosed), errors.Is(err, kv.ErrFull):
		return 0, err
	}
	return b.retryJob(ctx, j, err)
}

// stepJob reads the file of a job, and asks about it or writes it; a panic is an
// error.
func (b *Bot) stepJob(ctx context.Context, pace Pacer, j record.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("bot: job panicked", "job", j.ID, "stack", string(debug.Stack()))
			err = fmt.Errorf("bot: job panicked")
		}
	}()
	switch j.State {
	case record.JobScreen:
		return b.workScreening(ctx, pace, j)
	case record.JobLinks:
		return b.workLinks(ctx, pace, j)
	case record.JobUndo:
		return b.workUndo(ctx, pace, j)
	}
	f, err := b.loadFile(ctx, j)
	switch {
	case err != nil:
		return err
	case j.State == record.JobRead:
		return b.askAbout(ctx, j, f)
	}
	return b.applyFile(ctx, pace, j, f)
}

// forgetOld drops a question that nobody answered.
func (b *Bot) forgetOld(ctx context.Context, j record.Job) error {
	if b.store.Now().Sub(j.At) < jobKept {
		return nil
	}
	return b.store.Update(ctx, func(tx *storage.Tx) error { return tx.DropJob(j.ID) })
}

// retryJob counts a failed try; the last one ends the job with a word to the
// person.
func (b *Bot) retryJob(ctx context.Context, j record.Job, cause error) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err // stopped; the next start takes the job up
	}
	ref := reference()
	out := chat.OutcomeOf(cause)
	b.log.Warn("bot: job not done", "job", j.ID, "try", j.Tries+1, "outcome", out.String(), "ref", ref, "err", cause)
	final := out == chat.Refused || out == chat.TooBig || out == chat.Stale
	key := jobWords(j.State).failed
	if j.Tries++; final || j.Tries >= jobTries {
		return 0, b.endJob(ctx, j, func(t *Turn) { t.Send(t.Say(key, text.A{"Ref": ref}), t.homeRow()) })
	}
	err := b.store.Update(ctx, func(tx *storage.Tx) error { return tx.PutJob(j) })
	return time.Duration(j.Tries) * jobRest, err
}

// jobWords are the keys of what is said of a job: how far it is, and that it was
// not brought to its end.
func jobWords(s record.JobState) (say struct{ progress, failed string }) {
	say.progress, say.failed = "import.applying", "import.not_fetched"
	switch s {
	case record.JobApply:
		say.failed = "import.not_finished"
	case record.JobScreen:
		say.progress, say.failed = "screening.filling", "screening.not_filled"
	case record.JobLinks:
		say.progress, say.failed = "links.issuing", "links.not_issued"
	case record.JobUndo:
		say.progress, say.failed = "undo.undoing", "undo.not_undone"
	}
	return say
}

// file is what a job's file says, compared with the store.
type file interface {
	// found is how many rows would change something; summary says what.
	found() int
	summary(t *Turn) string
	// detail is a workbook of faults and changes.
	detail(t *Turn) ([]byte, error)
	// apply writes, in chunks that can be repeated.
	apply(ctx context.Context, b *Bot, by record.PersonID, progress func(done, of int)) (done func(t *Turn) string, err error)
}

// loadFile fetches and reads the file of a job and compares it with the store.
func (b *Bot) loadFile(ctx context.Context, j record.Job) (file, error) {
	callCtx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	body, err := b.platform.Download(callCtx, j.File, sheet.MaxFile)
	if err != nil {
		return nil, err
	}
	book, err := sheet.Read(body, sheet.Options{Now: b.store.Now().In(b.conf.Zone)})
	if err != nil {
		return nil, err
	}
	switch book.Kind {
	case sheet.KindRoster:
		return b.loadRoster(ctx, j, book)
	case sheet.KindRota:
		return b.loadRota(ctx, j, book)
	case sheet.KindPlan:
		return b.loadPlan(ctx, j, book)
	case sheet.KindCalendar:
		return b.loadCalendar(ctx, j, book)
	case sheet.KindGraduates:
		return b.loadGraduates(ctx, j, book)
	}
	return otherFile{key: "import.other_kind"}, nil
}

// askAbout answers with what a file would change, and asks for a yes.
func (b *Bot) askAbout(ctx context.Context, j record.Job, f file) error {
	if f.found() == 0 {
		return b.endJob(ctx, j, func(t *Turn) { t.Send(f.summary(t), t.homeRow()) })
	}
	return b.jobTurn(ctx, j, func(t *Turn) error {
		j.State = record.JobAsked
		t.Send(f.summary(t),
			[]Btn{{Text: t.Say("import.yes", text.A{"N": f.found()}), Line: "import.apply " + j.ID}, {Text: t.Say("import.detail"), Line: "import.detail " + j.ID}},
			[]Btn{{Text: t.Say("button.cancel"), Line: "import.cancel " + j.ID}})
		return t.PutJob(j)
	})
}

// applyFile writes a file after the yes and shows how far it is.
func (b *Bot) applyFile(ctx context.Context, pace Pacer, j record.Job, f file) error {
	done, err := f.apply(ctx, b, j.Person, b.progress(ctx, pace, j))
	if err != nil {
		return err
	}
	if p := b.conf.Planner; p != nil {
		p.Kick()
	}
	return b.endJob(ctx, j, func(t *Turn) {
		rows := [][]Btn{t.homeRow()}
		if u, can := f.(interface{ undo(t *Turn) []Btn }); can {
			rows = append([][]Btn{u.undo(t)}, rows...)
		}
		w := t.words(done(t), rows)
		w.Edit = j.Message
		t.add(w)
	})
}

// progress edits the message of a job now and then. Losing an edit is harmless.
func (b *Bot) progress(ctx context.Context, pace Pacer, j record.Job) func(done, of int) {
	last := b.store.Now()
	voice, key := b.personVoice(ctx, j.Person), jobWords(j.State).progress
	return func(done, of int) {
		now := b.store.Now()
		if j.Message == 0 || now.Sub(last) < progressRest || done == of {
			return
		}
		last = now
		if pace != nil && pace.Wait(ctx, j.Chat) != nil {
			return
		}
		callCtx, cancel := context.WithTimeout(ctx, SendTimeout)
		defer cancel()
		m := chat.Message{Text: voice.Say(key, text.A{"Done": done, "Of": of})}
		if err := b.platform.Edit(callCtx, j.Chat, j.Message, m); err != nil {
			b.log.Debug("bot: progress not shown", "job", j.ID, "outcome", chat.OutcomeOf(err).String())
		}
	}
}

func (b *Bot) personVoice(ctx context.Context, id record.PersonID) text.Voice {
	var p record.Person
	_ = b.store.View(ctx, func(tx *storage.Tx) (err error) { // on an error: the county's language
		p, err = tx.Person(id)
		return err
	})
	return b.voiceFor(p, "")
}

// endJob answers about a job and drops it, in one transaction.
func (b *Bot) endJob(ctx context.Context, j record.Job, say func(*Turn)) error {
	return b.jobTurn(ctx, j, func(t *Turn) error {
		say(t)
		return t.DropJob(j.ID)
	})
}

// jobTurn runs fn as a turn towards the person of a job, who must still wait
// for it. The answers have keys of their own, so that a repeat adds none.
func (b *Bot) jobTurn(ctx context.Context, j record.Job, fn func(*Turn) error) error {
	return b.store.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.Job(j.ID)
		if errors.Is(err, record.ErrNotFound) || (err == nil && now.State != j.State) {
			return nil // cancelled meanwhile, or done before a crash
		}
		if err != nil {
			return err
		}
		t, err := b.turnTo(tx, record.Outbox{Person: j.Person, Chat: j.Chat})
		if err != nil {
			return err
		}
		if t.Person.Chat != j.Chat {
			return tx.DropJob(j.ID) // the chat is not the person's any more
		}
		if err := fn(t); err != nil {
			return err
		}
		return t.finishAs("job/" + j.ID + "/" + string(j.State))
	})
}

// otherFile is a sheet that is not imported; it is what is said of it.
type otherFile struct {
	key  string
	args text.A
}

func (otherFile) found() int                   { return 0 }
func (f otherFile) summary(t *Turn) string     { return t.Say(f.key, f.args) }
func (otherFile) detail(*Turn) ([]byte, error) { return nil, record.ErrNotFound }
func (f otherFile) apply(context.Context, *Bot, record.PersonID, func(int, int)) (func(*Turn) string, error) {
	return f.summary, nil
}

// importNotices send the workbook of faults and changes.
func importNotices() map[string]render {
	return map[string]render{
		"plan.sheet": planSheetNotice, "plan.ledger": planLedgerNotice, "calendar.sheet": calendarSheetNotice,
		"import.detail": func(t *Turn, row record.Outbox) (notice, string, error) {
			j, err := t.Job(row.Args["job"])
			if err != nil {
				return notice{}, "", err
			}
			if j.Person != t.Person.ID {
				return notice{}, "", record.ErrNotYours
			}
			b, voice := t.b, t.Voice
			return notice{
				card: card{Text: t.Say("import.detail_caption", text.A{"Name": j.Name})},
				draw: func() ([]byte, *chat.Upload, error) {
					ctx, cancel := context.WithTimeout(context.Background(), SendTimeout)
					defer cancel()
					f, err := b.loadFile(ctx, j)
					if err != nil {
						return nil, nil, err
					}
					body, err := f.detail(&Turn{b: b, Voice: voice})
					return nil, &chat.Upload{Name: voice.Say("import.detail_file") + ".xlsx", Body: body}, err
				},
			}, "", nil
		},
	}
}

// faultLines says the first faults of a file.
func faultLines(t *Turn, faults []record.Fault, most int) []string {
	var lines []string
	for _, f := range faults[:min(len(faults), most)] {
		lines = append(lines, t.Voice.Fault(f))
	}
	if more := len(faults) - most; more > 0 {
		lines = append(lines, t.Say("import.more_faults", text.A{"N": more}))
	}
	return lines
}

func joinLines(head string, more ...[]string) string {
	lines := []string{head}
	for _, m := range more {
		lines = append(lines, m...)
	}
	return strings.Join(lines, "\n")
}

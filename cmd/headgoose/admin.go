package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"headgoose/bot"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// operator is the work of whoever runs the program: on the data file itself,
// or through the bot that holds it.
type operator interface {
	// Backup writes a checked copy of the data to an absolute path.
	Backup(ctx context.Context, path string) (backupReport, error)
	// Check lists what does not agree in the data; nothing is changed.
	Check(ctx context.Context) ([]string, error)
	// Purge says what is kept no longer, and deletes it unless it is a dry run.
	Purge(ctx context.Context, dry bool) (purgeReport, error)
	// Import reads a roster and says what it would change. With the Plan of
	// an earlier report it writes that, if it still is the same.
	Import(ctx context.Context, req importRequest) (importReport, error)
	// Links issues enrolment links and returns them as a workbook.
	Links(ctx context.Context, req linksRequest) (linksReport, error)
}

type backupReport struct {
	Bytes     int64     `json:"bytes"`
	Schema    int       `json:"schema"`
	LastWrite time.Time `json:"last_write"`
}

// purgeReport is what the keeping periods remove: of each topic so many rows.
type purgeReport struct {
	Topics  []storage.Aged `json:"topics"`
	Deleted int            `json:"deleted"` // 0 in a dry run
}

type importRequest struct {
	File []byte `json:"file"`
	Lang string `json:"lang"`
	Plan string `json:"plan,omitzero"` // empty: a dry run
}

type importReport struct {
	Lines   []string `json:"lines"`
	Changes int      `json:"changes"` // rows that would be, or were, written
	Refused int      `json:"refused"`
	Plan    string   `json:"plan"`
}

// errPlanChanged refuses to write what was not shown.
var errPlanChanged = errors.New("the roster has changed since it was compared: nothing was written, import again and look once more")

// admin is an operator on an open store.
type admin struct {
	cfg   *config
	store *storage.Store
	link  func(ctx context.Context, payload string) (string, error)
}

var _ operator = (*admin)(nil)

// Backup implements operator.
func (a *admin) Backup(ctx context.Context, path string) (backupReport, error) {
	return backup(ctx, a.cfg.Storage, a.store.Engine(), path)
}

// backup copies the data of an engine, which may be at work. The copy is
// synced and checked before it gets its name.
func backup(ctx context.Context, c storageConfig, engine kv.Engine, path string) (backupReport, error) {
	source, ok := engine.(kv.Snapshotter)
	if !ok {
		return backupReport{}, fmt.Errorf("storage of type %s has no backup of its own", c.Type)
	}
	for _, taken := range []string{c.Path, c.KeyFile, c.RingFile} {
		if sameFile(taken, path) {
			return backupReport{}, fmt.Errorf("%s is in use: a backup needs another name", path)
		}
	}
	if err := boltkv.Backup(ctx, source, path); err != nil {
		return backupReport{}, fmt.Errorf("backup: %w", err)
	}
	stamp, err := readStamp(ctx, path)
	if err != nil {
		return backupReport{}, fmt.Errorf("backup: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return backupReport{}, fmt.Errorf("backup: %w", err)
	}
	return backupReport{Bytes: info.Size(), Schema: stamp.Schema, LastWrite: stamp.LastWrite}, nil
}

// sameFile says whether two paths name one file.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// readStamp tells how new the data of a file is.
func readStamp(ctx context.Context, path string) (storage.Stamp, error) {
	engine, err := boltkv.Open(path, boltkv.Options{ReadOnly: true})
	if err != nil {
		return storage.Stamp{}, err
	}
	stamp, err := storage.ReadStamp(ctx, engine)
	return stamp, errors.Join(err, engine.Close())
}

// Check implements operator: structure, indexes and counts are looked at in a
// copy, since the bot may be writing.
func (a *admin) Check(ctx context.Context) ([]string, error) {
	source, ok := a.store.Engine().(kv.Snapshotter)
	if !ok {
		return a.store.Check(ctx)
	}
	dir, err := os.MkdirTemp(filepath.Dir(a.cfg.Storage.Path), ".check-")
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "copy.db")
	if err := boltkv.Backup(ctx, source, path); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return []string{err.Error()}, nil // the structure itself is damaged
	}
	engine, err := boltkv.Open(path, boltkv.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	found, err := a.store.On(engine).Check(ctx)
	return found, errors.Join(err, engine.Close())
}

// Purge implements operator.
func (a *admin) Purge(ctx context.Context, dry bool) (report purgeReport, err error) {
	if report.Topics, err = a.store.PurgePlan(ctx); err != nil || dry {
		return report, err
	}
	report.Deleted, err = a.store.Purge(ctx)
	return report, err
}

// Import implements operator.
func (a *admin) Import(ctx context.Context, req importRequest) (importReport, error) {
	texts, err := text.Load()
	if err != nil {
		return importReport{}, err
	}
	voice := texts.In(req.Lang)
	book, err := sheet.Read(req.File, sheet.Options{Now: a.store.Now()})
	var refused *sheet.Refusal
	if errors.As(err, &refused) {
		return importReport{}, errors.New(voice.Refusal(refused))
	}
	if err != nil {
		return importReport{}, fmt.Errorf("import: %w", err)
	}
	if book.Kind != sheet.KindRoster {
		return importReport{}, errors.New(voice.Say("import.other_kind"))
	}
	plan, err := a.store.PlanRoster(ctx, storage.Importer{County: a.cfg.place(), Operator: true}, book.Roster)
	if err != nil {
		return importReport{}, fmt.Errorf("import: %w", err)
	}
	id, err := planID(plan)
	if err != nil {
		return importReport{}, fmt.Errorf("import: %w", err)
	}
	if req.Plan == "" {
		return planReport(voice, book, plan, id), nil
	}
	if req.Plan != id {
		return importReport{}, errPlanChanged
	}
	result, err := a.store.ApplyRoster(ctx, plan, nil)
	if err != nil {
		return importReport{}, fmt.Errorf("import: %w", err)
	}
	return resultReport(voice, book, result, id), nil
}

// planID names what a plan would write, so that a yes to one is not taken for
// a yes to another.
func planID(plan *storage.RosterPlan) (string, error) {
	raw, err := json.Marshal(plan.Changes)
	return fmt.Sprintf("%x", sha256.Sum256(raw)), err
}

func planReport(v text.Voice, book *sheet.Book, plan *storage.RosterPlan, id string) importReport {
	faults := book.Locate(plan.Faults...)
	added, changed := plan.Count()
	r := importReport{Changes: len(plan.Changes), Refused: sheet.Rows(faults), Plan: id}
	r.say(v.Say("import.read", text.A{"N": book.Read, "Header": book.HeaderRow}))
	r.say(v.Say("import.counts", text.A{"Added": added, "Changed": changed, "Same": plan.Unchanged, "Refused": r.Refused}))
	r.sayFaults(v, faults)
	for _, c := range plan.Changes {
		if !c.Adds() {
			r.say(v.Say("import.change", text.A{"What": bot.RosterChange(v, c)}))
		}
	}
	if plan.NotInSheet > 0 {
		r.say(v.Say("import.not_in_sheet", text.A{"N": plan.NotInSheet}))
	}
	if r.Changes == 0 {
		r.say(v.Say("import.nothing"))
	}
	return r
}

func resultReport(v text.Voice, book *sheet.Book, result storage.RosterResult, id string) importReport {
	r := importReport{Changes: result.Applied, Refused: sheet.Rows(book.Locate(result.Faults...)), Plan: id}
	r.say(v.Say("import.done", text.A{"N": result.Applied, "Already": result.Already, "Refused": r.Refused}))
	r.sayFaults(v, result.Faults)
	return r
}

func (r *importReport) say(line string) { r.Lines = append(r.Lines, line) }

func (r *importReport) sayFaults(v text.Voice, faults []record.Fault) {
	for _, f := range faults {
		r.say(v.Fault(f))
	}
}

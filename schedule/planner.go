package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Planner writes into the outbox what falls due. Safe for concurrent use.
type Planner struct {
	store *storage.Store
	cfg   Config
	tasks []task
	log   *slog.Logger
	kick  chan struct{}
	turn  sync.Mutex        // one look at a time
	tried map[string]string // by plan: as of when its gaps were looked at last
}

// task is one job of the configuration.
type task struct {
	name string
	line Line
	late Late
	// rows makes the rows of a slot; run does something else.
	rows func(tx *storage.Tx, slot time.Time) ([]record.Outbox, error)
	run  func(ctx context.Context) error
}

// NewPlanner makes a planner; it does nothing until Run or Wake.
func NewPlanner(store *storage.Store, cfg Config, log *slog.Logger) (*Planner, error) {
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	lines, err := cfg.lines()
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	p := &Planner{store: store, cfg: cfg, log: log, kick: make(chan struct{}, 1), tried: map[string]string{}}
	for _, j := range []task{
		{name: JobWeek, late: Late{Last: true, Drop: 6 * 24 * time.Hour}, rows: p.weekRows},
		{name: JobDigest, late: Late{Drop: 72 * time.Hour}, rows: p.digestRows},
		{name: jobSilent, late: Late{Last: true, Drop: silentDrop}, rows: p.silentRows},
		{name: jobStill, late: Late{Last: true, Drop: silentDrop}, rows: p.stillSilentRows},
		{name: jobScreens, late: Late{Last: true, Drop: screenDrop}, rows: p.screenRows},
		{name: JobUpkeep, late: Late{Last: true}, run: p.upkeep},
		{name: JobFacts, late: Late{Last: true}, run: p.graduates},
		{name: JobReferrals, late: Late{Last: true}, run: p.referrals},
	} {
		if line, on := lines[j.name]; on {
			j.line = line
			p.tasks = append(p.tasks, j)
		}
	}
	return p, nil
}

// silentDrop is how late a digest of the silent ones may come: after that it
// would be the evening, or the sessions that it speaks of.
const silentDrop = 2 * time.Hour

// heartbeat is how often a planner looks at the store without being asked. It
// bounds how late a stepped clock or a suspended machine makes it.
const heartbeat = time.Minute

// Run looks at the store at every full minute and after every Kick, until ctx
// ends. A look that fails or panics is logged, and the next comes all the same.
func (p *Planner) Run(ctx context.Context) error {
	for {
		if err := p.safely(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("schedule: look failed", "error", err)
			if errors.Is(err, kv.ErrUnknown) || errors.Is(err, kv.ErrClosed) {
				return fmt.Errorf("schedule: %w", err)
			}
		}
		now := p.store.Now()
		timer := time.NewTimer(now.Truncate(heartbeat).Add(heartbeat).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-p.kick:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (p *Planner) safely(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return p.Wake(ctx)
}

// Kick has a running planner look at once: a session was made, changed or
// closed. It does not wait.
func (p *Planner) Kick() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// Wake looks once, now: when it returns, everything that is due by the store's
// clock stands in the outbox. What fails does not hold up the rest.
func (p *Planner) Wake(ctx context.Context) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	now := p.store.Now()
	marks, err := p.marks(ctx, now)
	if err != nil {
		return err
	}
	// Sessions come first: whether a new plan still gets into a weekly push
	// is told by what the one before spoke of.
	faults := []error{p.sessions(ctx, now, marks[markPushed])}
	for _, part := range p.parts() {
		if err := part.look(ctx, now); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", part.name, err))
		}
	}
	for _, t := range p.tasks {
		if err := p.task(ctx, t, marks[t.name], now); err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", t.name, err))
		}
	}
	return errors.Join(faults...)
}

// part is something that a look does besides sessions and jobs. It finds what
// is due in the store, does it in transactions that can be repeated, and does
// nothing where nothing is due.
type part struct {
	name string
	look func(ctx context.Context, now time.Time) error
}

// parts lists them in the order in which a look does them.
func (p *Planner) parts() []part {
	return []part{
		{"outcomes", p.carry},
		{"rota changes", p.rotaChanges},
		{"turns owed", p.placeOwed},
		{"publication", p.publish},
		{"days of batches", p.batchDays},
		{"seats", p.seats},
		{"study notes", p.notes},
		{"requests", p.expireRequests},
		{"leave", p.keepLeave},
		{"posts", p.endPosts},
		{"screenings", p.screenAgain},
		{"referrals that are over", p.overReferrals},
		{"months of graduates", p.keepMonths},
	}
}

// task does what is due of a job in (mark, now].
func (p *Planner) task(ctx context.Context, t task, mark, now time.Time) error {
	due, done := slots(t.line.Next, mark, now, t.late)
	for _, slot := range due {
		if err := p.slot(ctx, t, slot); err != nil {
			return err
		}
	}
	if !done.After(mark) || (len(due) > 0 && due[len(due)-1].Equal(done)) {
		return nil
	}
	return p.store.Update(ctx, func(tx *storage.Tx) error { return tx.SetJobMark(t.name, done) })
}

// marks reads the mark of each job. A job's first look ever marks the slots
// gone by as handled.
func (p *Planner) marks(ctx context.Context, now time.Time) (marks map[string]time.Time, err error) {
	fresh := map[string]time.Time{}
	err = p.store.View(ctx, func(tx *storage.Tx) error {
		marks = map[string]time.Time{}
		for _, t := range p.tasks {
			mark, found, err := tx.JobMark(t.name)
			if err != nil {
				return err
			}
			if !found {
				mark = t.line.last(now)
				fresh[t.name] = mark
			}
			marks[t.name] = mark
		}
		return p.markPushed(tx, marks, fresh)
	})
	if err != nil || len(fresh) == 0 {
		return marks, err
	}
	return marks, p.store.Update(ctx, func(tx *storage.Tx) error {
		for name, mark := range fresh {
			if err := tx.SetJobMark(name, mark); err != nil {
				return err
			}
		}
		return nil
	})
}

// markPushed reads until when the last weekly push spoke of sessions. At the
// first look there was none: it counts as if one had told the week that is
// going on, and nothing after it.
func (p *Planner) markPushed(tx *storage.Tx, marks, fresh map[string]time.Time) error {
	week, on := marks[JobWeek]
	if !on {
		return nil
	}
	until, found, err := tx.JobMark(markPushed)
	if err == nil && !found {
		until = weekOf(week, p.cfg.Zone).AddDate(0, 0, 7)
		fresh[markPushed] = until
	}
	marks[markPushed] = until
	return err
}

func (p *Planner) slot(ctx context.Context, t task, slot time.Time) error {
	var rows []record.Outbox
	if t.run != nil {
		if err := t.run(ctx); err != nil {
			return err
		}
	} else if err := p.store.View(ctx, func(tx *storage.Tx) (err error) {
		rows, err = t.rows(tx, slot)
		return err
	}); err != nil {
		return err
	}
	_, err := p.commit(ctx, rows, nil, func(tx *storage.Tx) error {
		if t.name == JobWeek {
			if err := tx.SetJobMark(markPushed, pushedUntil(slot, p.cfg.Zone)); err != nil {
				return err
			}
		}
		return tx.SetJobMark(t.name, slot)
	})
	return err
}

// chunk is how many rows one transaction adds: two writes each, and some for
// what goes with the last.
const chunk = (kv.MaxWrites - 8) / 2

// commit adds rows in chunks that can be repeated, and does last in the
// transaction of the last one. Each transaction first asks still, whether the
// rows hold; where they do not, nothing more is written and ok is false.
func (p *Planner) commit(ctx context.Context, rows []record.Outbox, still func(*storage.Tx) (bool, error), last func(*storage.Tx) error) (ok bool, err error) {
	for {
		n := min(len(rows), chunk)
		err := p.store.Update(ctx, func(tx *storage.Tx) error {
			if ok = true; still != nil {
				if ok, err = still(tx); err != nil || !ok {
					return err
				}
			}
			for _, row := range rows[:n] {
				if _, err := tx.AddOutbox(row); err != nil {
					return err
				}
			}
			if n == len(rows) {
				return last(tx)
			}
			return nil
		})
		if err != nil || !ok {
			return false, err
		}
		if rows = rows[n:]; len(rows) == 0 {
			return true, nil
		}
	}
}

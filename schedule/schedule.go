// Package schedule is time: what is due, when, and its delivery. It knows no
// words and no chat platform; what it has to say stands in the outbox as kind,
// person and event, and a [Courier] turns that into a message.
//
// # What is due
//
// A [Planner] looks at the store once a minute, when something was changed
// ([Planner.Kick]), and when the clock was moved ([Planner.Wake]). Each look
// compares what the clock says with what the store says has been handled, so a
// missed look, a second look or a standstill of a week cost nothing but time:
//
//   - Jobs (week, digest, upkeep, facts, referrals, who is silent) have the slots of a cron line. Each keeps a
//     mark, the last slot that it handled; a look walks the slots in (mark, now].
//   - Sessions have what has been said about them (storage.Said). A look at a
//     session decides what is to be said next, until nothing is left.
//
// Rows of the outbox and mark are committed together, in chunks that fit a
// transaction; the mark goes with the last. A row's key means once, so a chunk
// that is repeated adds nothing. A first start marks the slots gone by as
// handled: nobody hears on Wednesday what was planned for Monday.
//
// Clocks: what is due follows the office's clock (storage.Options.Clock). One
// that is set back makes nothing due until it has passed the marks again; one
// that is set forward is caught up with, each job by its own rule (see Late).
//
// # Delivery
//
// A [Delivery] sends. Replies go from memory the moment their transaction is
// committed; notices and bulk rows are leased from the store as they fall due
// and are not sent in quiet hours. Each chat gets one message at a time and in
// order, all share one [Budget], and replies go first without starving the
// rest. What a try came to is a [Retry]'s verdict, settled in the store
// together with what else is waiting to be settled.
//
// After a crash a leased row's outcome is unknown: replies are sent again,
// notices too, marked as a repeat; what must be at most once is not, and ends in
// the list that a person sees (storage.Tx.Undelivered).
//
// Throttling follows the machine's clock, not the office's.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"headgoose/schedule/calendar"
	"headgoose/schedule/rota"
	"headgoose/schedule/rotation"
	"headgoose/storage/record"
)

// The names of the jobs in a configuration.
const (
	JobWeek   = "week"   // each branch's sessions of the week, to its secretary
	JobDigest = "digest" // the week in figures, to township and county officers
	JobUpkeep = "upkeep" // deletes what is kept no longer
	JobFacts  = "facts"  // asks whether graduates' facts are still so, and consents go on
	// JobReferrals reminds of referrals, and asks how placements have turned out.
	JobReferrals = "referrals"

	// Not in a configuration as lines: see Config.SilentAt and StillAt.
	jobSilent = "silent"
	jobStill  = "still silent"
	// Not in a configuration: who newly fits the screenings, once a week.
	jobScreens = "screenings"

	// markPushed is not a job: until when the last weekly push spoke of sessions.
	markPushed = "pushed until"
)

// Config is what is said when.
type Config struct {
	County record.Code
	Zone   *time.Location
	// Jobs gives each job its cron line (see ParseLine); a job without one
	// is off.
	Jobs map[string]string
	// DayBefore is when, the day before, people are reminded of a session,
	// Before how long before its start they are once more.
	DayBefore calendar.TimeOfDay
	Before    time.Duration
	// SilentAt is when, on workdays, township officers hear who has not
	// answered what is near, StillAt, earlier in the day, when the county's do.
	// Equal ones, and so the zero value, mean that nobody is told.
	SilentAt, StillAt calendar.TimeOfDay
	// Prompts bounds what a person is asked in a week.
	Prompts Prompts
	// Cover is how long an announcement stands for a reminder.
	Cover time.Duration
	Quiet calendar.Quiet
	// AskAfter and CloseAfter are how long after a session's end its hosts
	// are asked to close it, and it is closed for them.
	AskAfter, CloseAfter time.Duration
	// OpensBefore and Grace are the check-in times of the sessions that the
	// planner makes: turns at the bases, days of a batch.
	OpensBefore, Grace time.Duration
	// KeepSent is how long settled rows of the outbox are kept.
	KeepSent time.Duration
	// Upkeep is what else the upkeep job does.
	Upkeep []func(context.Context) error
}

// DefaultConfig is a county's in Shanghai's zone; County is left to be set.
func DefaultConfig(zone *time.Location) Config {
	return Config{
		Zone:      zone,
		Jobs:      map[string]string{JobWeek: "0 8 * * MON", JobDigest: "0 16 * * FRI", JobUpkeep: "30 3 * * *", JobFacts: "0 9 * * MON-FRI", JobReferrals: "30 9 * * MON-FRI"},
		DayBefore: calendar.Clock(16, 0),
		Before:    2 * time.Hour,
		SilentAt:  calendar.Clock(17, 0), StillAt: calendar.Clock(8, 30),
		Prompts:  DefaultPrompts(zone),
		Cover:    time.Hour,
		Quiet:    calendar.Quiet{From: calendar.Clock(21, 30), To: calendar.Clock(7, 0)},
		AskAfter: 30 * time.Minute, CloseAfter: 2 * time.Hour,
		OpensBefore: 30 * time.Minute, Grace: 15 * time.Minute,
		KeepSent: 120 * 24 * time.Hour,
	}
}

// hours is how the planner's sessions get their times.
func (c Config) hours() record.Hours {
	return record.Hours{Zone: c.Zone, OpensBefore: c.OpensBefore, Grace: c.Grace}
}

// PlanRotation assigns the seats of a programme; for bot.RotationPlanner.
func (p *Planner) PlanRotation(in record.RotationInput) record.RotationPlan { return rotation.Plan(in) }

// PlanRota gives every turn of a cycle its day; for bot.RotaPlanner.
func (p *Planner) PlanRota(in record.RotaInput) record.RotaPlan { return rota.Plan(in) }

// Allowed is the first instant at or after t that is not quiet; for
// DeliveryConfig.
func (c Config) Allowed(t time.Time) time.Time { return c.Quiet.Next(t, c.Zone) }

// Check names every fault.
func (c Config) Check() error {
	_, err := c.lines()
	if c.County.Level() != record.County {
		err = errors.Join(err, fmt.Errorf("county %q is not the code of a county", c.County))
	}
	if c.Zone == nil {
		err = errors.Join(err, errors.New("no time zone"))
	}
	if c.Before <= 0 || c.Before > 12*time.Hour {
		err = errors.Join(err, fmt.Errorf("reminder %v before the start: more than 0, at most 12 h", c.Before))
	}
	if c.SilentAt < c.StillAt {
		err = errors.Join(err, fmt.Errorf("townships hear at %s who is silent, the county at %s: it is to be earlier in the day", c.SilentAt, c.StillAt))
	}
	if c.Prompts.Week < 0 || c.Prompts.Officer < 0 {
		err = errors.Join(err, errors.New("the prompts of a week are a number, 0: no bound"))
	}
	if c.AskAfter < 0 || c.CloseAfter <= c.AskAfter {
		err = errors.Join(err, fmt.Errorf("a session is closed %v after its end, but its hosts are asked after %v", c.CloseAfter, c.AskAfter))
	}
	if c.KeepSent < 60*24*time.Hour {
		err = errors.Join(err, fmt.Errorf("sent rows are kept %v: at least 60 days, or a key could come twice", c.KeepSent))
	}
	return err
}

// lines parses the cron lines, in the order of the jobs' names.
func (c Config) lines() (map[string]Line, error) {
	lines, faults := map[string]Line{}, []error(nil)
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, name := range slices.Sorted(maps.Keys(c.Jobs)) {
		if !slices.Contains([]string{JobWeek, JobDigest, JobUpkeep, JobFacts, JobReferrals}, name) {
			faults = append(faults, fmt.Errorf("no job is called %q", name))
			continue
		}
		if c.Jobs[name] == "" {
			continue
		}
		line, err := ParseLine(c.Jobs[name], zone)
		if err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", name, err))
			continue
		}
		lines[name] = line
	}
	line, err := ParseLine(screenLine, zone)
	if err != nil {
		faults = append(faults, fmt.Errorf("job %s: %w", jobScreens, err))
	}
	lines[jobScreens] = line
	if c.SilentAt == c.StillAt {
		return lines, errors.Join(faults...)
	}
	for name, at := range map[string]calendar.TimeOfDay{jobSilent: c.SilentAt, jobStill: c.StillAt} {
		line, err := ParseLine(fmt.Sprintf("%d %d * * *", at%60, at/60), zone)
		if err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", name, err))
			continue
		}
		lines[name] = line
	}
	return lines, errors.Join(faults...)
}

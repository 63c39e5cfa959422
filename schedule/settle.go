package schedule

import (
	"context"
	"errors"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// What a settled row may write: one key for a reply, three for a notice, and
// what a Settler adds for a person or a chat that changed. It is an estimate:
// a group that turns out too large is halved.
const (
	replyWrites   = 1
	noticeWrites  = 3
	settlerWrites = 8
	promptWrites  = 2
)

func (s settled) writes() int {
	n := noticeWrites
	if s.row.Class == record.Reply && s.row.State == record.Sent {
		n = replyWrites
	}
	if s.result.Unreachable || s.result.MovedTo != 0 {
		n += settlerWrites
	}
	if s.row.Prompt {
		n += promptWrites
	}
	return n
}

// settleLoop settles whatever was tried while the transaction before ran.
func (d *Delivery) settleLoop(ctx context.Context) error {
	for {
		group := d.nextResults()
		if len(group) == 0 {
			return nil
		}
		err := d.settle(ctx, group)
		d.mu.Lock()
		d.settling = 0
		notices := false
		for _, s := range group {
			notices = d.unhold(s.job) || notices
		}
		d.look = d.look || (notices && err == nil) // before Idle may see that nothing is held
		d.still.Broadcast()
		d.mu.Unlock()
		if err != nil {
			return err
		}
		if notices {
			d.Kick()
		}
	}
}

// nextResults waits for results and takes as many as fit one transaction; none
// when nobody sends any more.
func (d *Delivery) nextResults() []settled {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.results) == 0 {
		if d.sent {
			return nil
		}
		d.tried.Wait()
	}
	writes, n := 0, 0
	for n < len(d.results) {
		writes += d.results[n].writes()
		if n > 0 && writes > kv.MaxWrites {
			break
		}
		n++
	}
	group := d.results[:n:n]
	d.results = d.results[n:]
	d.settling = n
	return group
}

// unhold ends the lease of a notice and says whether the job was one.
func (d *Delivery) unhold(j *job) bool {
	if j.row.Class == record.Reply {
		return false
	}
	id := j.lane()
	if d.held[id]--; d.held[id] <= 0 {
		delete(d.held, id)
	}
	d.heldAll--
	return true
}

// settle stores a group of results in one transaction. A group that fails is
// halved until the row at fault stands alone; that row is stored without what
// the Settler adds. Only a store that can do no more is an error.
func (d *Delivery) settle(ctx context.Context, group []settled) error {
	err := d.store.Update(ctx, func(tx *storage.Tx) error {
		for _, s := range group {
			if err := d.settleOne(tx, s, true); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrUnknown), errors.Is(err, kv.ErrClosed):
		return err
	case errors.Is(err, kv.ErrFull):
		return d.settleLater(ctx, group, err)
	case len(group) > 1:
		half := len(group) / 2
		return errors.Join(d.settle(ctx, group[:half]), d.settle(ctx, group[half:]))
	}
	s := group[0]
	d.log.Error("result not kept", "kind", s.row.Kind, "error", err)
	err = d.store.Update(ctx, func(tx *storage.Tx) error { return d.settleOne(tx, s, false) })
	if err != nil {
		return d.settleLater(ctx, group, err)
	}
	return nil
}

func (d *Delivery) settleOne(tx *storage.Tx, s settled, full bool) error {
	settled, err := tx.SettleOutbox(s.row)
	if err != nil || !settled || !full {
		return err
	}
	if err := tx.CountSettled(d.cfg.Prompts.WeekName(tx.Now), s.row); err != nil || d.settler == nil {
		return err
	}
	return d.settler.Settled(tx, s.row, s.result)
}

// settlePause is how long a store without room is left alone.
const settlePause = 5 * time.Second

// settleLater tries a group again until it is stored; a stop does not wait.
func (d *Delivery) settleLater(ctx context.Context, group []settled, cause error) error {
	d.log.Error("results wait for the store", "rows", len(group), "error", cause)
	d.mu.Lock()
	stopping := d.stopping
	d.mu.Unlock()
	if stopping {
		return errors.Join(errStopped, cause)
	}
	timer := time.NewTimer(settlePause)
	defer timer.Stop()
	<-timer.C
	return d.settle(ctx, group)
}

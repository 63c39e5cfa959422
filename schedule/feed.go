package schedule

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"headgoose/storage"
	"headgoose/storage/kv"
	"headgoose/storage/record"
)

const (
	// recoverChunk is how many rows one transaction takes up or gives back:
	// three writes for each.
	recoverChunk = kv.MaxWrites / noticeWrites
	// replyChunk is how many replies one View reads.
	replyChunk = 500
	// laneDepth is how many leased notices one chat may hold up.
	laneDepth = 2
	// feedEvery bounds how late a step of the clock is noticed that nobody
	// announced with Kick.
	feedEvery = time.Minute
)

// recover takes up what an earlier process left: leased notices become pending
// again, marked, or unknown; every reply that stands is sent. A reply that is
// committed meanwhile arrives by accept as well.
func (d *Delivery) recover(ctx context.Context) error {
	for n := recoverChunk; n == recoverChunk; {
		err := d.store.Update(ctx, func(tx *storage.Tx) (err error) {
			n, err = tx.RecoverOutbox(recoverChunk)
			return err
		})
		if err != nil {
			return err
		}
	}
	var left []record.Outbox
	for after := ""; ; {
		var rows []record.Outbox
		err := d.store.View(ctx, func(tx *storage.Tx) (err error) {
			rows, err = tx.Replies(after, replyChunk)
			return err
		})
		if err != nil {
			return err
		}
		left = append(left, rows...)
		if len(rows) < replyChunk {
			break
		}
		after = rows[len(rows)-1].Key
	}
	d.takeUp(left)
	return nil
}

// takeUp queues the replies of an earlier process, in the order in which they
// were made, before those that were accepted since. A row may be committed, seen
// here, and only then be told to accept: it is sent once all the same. One that is at most once
// may have been sent and is not sent again.
func (d *Delivery) takeUp(left []record.Outbox) {
	slices.SortFunc(left, func(a, b record.Outbox) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := map[string]bool{}
	for _, row := range d.early {
		fresh[row.Key] = true
	}
	d.took = map[string]bool{}
	for _, row := range left {
		j := &job{row: row, chat: row.Chat}
		d.took[row.Key] = !fresh[row.Key]
		switch {
		case fresh[row.Key]:
		case row.AtMostOnce:
			row.State, row.Reason = record.Unknown, reasonUnclear
			d.results = append(d.results, settled{job: j, row: row, result: record.Result{State: record.Unknown}})
		default:
			d.queue.push(j)
		}
	}
	for _, row := range d.early {
		d.queue.push(&job{row: row, chat: row.Chat})
	}
	d.early, d.ready = nil, true
}

// feedLoop leases notices as they fall due and room is in the window.
func (d *Delivery) feedLoop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, err := d.feed(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, kv.ErrUnknown), errors.Is(err, kv.ErrClosed):
			return err
		case err != nil:
			d.log.Error("outbox not read", "error", err)
			wait = settlePause
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-d.kick:
		case <-timer.C:
			d.mu.Lock()
			d.look = true
			d.mu.Unlock()
		}
	}
}

// feed leases what is due and says how long to wait for the next look. After a
// failure the store still is to be looked at.
func (d *Delivery) feed(ctx context.Context) (wait time.Duration, err error) {
	d.mu.Lock()
	d.look, d.looking = false, true
	room := d.cfg.Window - d.heldAll
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.looking, d.look = false, d.look || err != nil
		d.still.Broadcast()
	}()
	if room < d.cfg.Window/2 {
		return feedEvery, nil // settling the held ones kicks
	}
	now := d.store.Now()
	if from := d.cfg.Allowed(now); from.After(now) {
		return min(feedEvery, from.Sub(now)), nil
	}
	var due bool
	err = d.store.View(ctx, func(tx *storage.Tx) error {
		var at time.Time
		var ok bool
		if due, err = tx.OutboxDue(); err != nil {
			return err
		}
		at, ok, err = tx.NextOutbox()
		wait = feedEvery
		if ok {
			wait = min(wait, at.Sub(tx.Now))
		}
		return err
	})
	if err != nil || !due {
		return wait, err
	}
	return wait, d.lease(ctx, room)
}

// lease leases up to room notices, then bulk rows, and queues them.
func (d *Delivery) lease(ctx context.Context, room int) error {
	var jobs []*job
	var over []record.Outbox
	err := d.store.Update(ctx, func(tx *storage.Tx) error {
		jobs, over = nil, nil
		for _, class := range []record.Class{record.Notice, record.Bulk} {
			more, held, err := d.leaseClass(tx, class, room-len(jobs))
			if err != nil {
				return err
			}
			jobs, over = append(jobs, more...), append(over, held...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	for _, j := range jobs {
		d.held[j.lane()]++
		d.heldAll++
		d.queue.push(j)
		d.work.Signal()
	}
	d.mu.Unlock()
	return d.holdPrompts(ctx, over)
}

// leaseClass leases notices of a class, and lists those that are due but are
// more than their people are to get this week.
func (d *Delivery) leaseClass(tx *storage.Tx, class record.Class, limit int) (jobs []*job, over []record.Outbox, err error) {
	d.mu.Lock()
	held := make(map[laneID]int, len(d.held))
	for id, n := range d.held {
		held[id] = n
	}
	d.mu.Unlock()
	chats := map[record.PersonID]int64{}
	jobOf := func(row record.Outbox) *job {
		chat, known := row.Chat, row.Chat != 0
		if !known {
			if chat, known = chats[row.Person]; !known && row.Person != "" {
				if p, err := tx.Person(row.Person); err == nil {
					chat = p.Chat
				}
				chats[row.Person] = chat
			}
		}
		return &job{row: row, chat: chat}
	}
	var fault error
	rows, err := tx.LeaseOutbox(class, limit, func(row record.Outbox) bool {
		id := jobOf(row).lane()
		v, err := d.cfg.Prompts.verdict(tx, row, held[id])
		if err != nil || v != promptGoes {
			fault = errors.Join(fault, err)
			if v == promptHeld {
				over = append(over, row)
			}
			return false
		}
		if held[id] >= laneDepth {
			return false
		}
		held[id]++
		return true
	})
	for _, row := range rows {
		jobs = append(jobs, jobOf(row))
	}
	return jobs, over, errors.Join(err, fault)
}

// giveBack makes the leased notices that nobody tried pending again. Replies
// stand in the store as they are.
func (d *Delivery) giveBack(ctx context.Context) error {
	d.mu.Lock()
	var rows []record.Outbox
	for _, j := range d.queue.drain() {
		if j.row.Class != record.Reply {
			row := j.row
			row.State = record.Pending
			rows = append(rows, row)
		}
	}
	d.mu.Unlock()
	for len(rows) > 0 {
		n := min(len(rows), recoverChunk)
		err := d.store.Update(ctx, func(tx *storage.Tx) error {
			for _, row := range rows[:n] {
				if _, err := tx.SettleOutbox(row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

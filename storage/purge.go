package storage

import (
	"context"
	"encoding/json"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keeping periods of what serves a conversation and is of no use afterwards. Who
// is forgotten when stands in purge_people.go; sessions, attendance and audit lines
// stay.
const (
	claimFor  = 7 * 24 * time.Hour  // an enrolment that nobody finished
	linkFor   = 30 * 24 * time.Hour // after a link has expired or was used
	asideFor  = 90 * 24 * time.Hour // updates that could not be handled
	importFor = 2 * record.ImportUndoFor
	dialogFor = 7 * 24 * time.Hour // a form that nobody touched: what was typed is personal
)

// purged are the topics that age, each with how to tell when a row was last of
// use and for how long it is kept after that.
var purged = []struct {
	topic string
	at    func(raw []byte) (time.Time, error)
	keep  time.Duration
}{
	{"seen", bareTime, SeenFor},
	{"trial", timeOf(func(t trial) time.Time { return t.At }), SeenFor},
	{"stranger", bareTime, StrangerAgain},
	{"intent", timeOf(func(i record.Intent) time.Time { return i.At }), IntentFor},
	{"guess", timeOf(func(g guesses) time.Time { return g.Since }), GuessWindow},
	{"claim", timeOf(func(c record.Claim) time.Time { return c.At }), claimFor},
	{"dialog", timeOf(func(d record.Dialog) time.Time { return d.Touched }), dialogFor},
	{"aside", timeOf(func(a Aside) time.Time { return a.At }), asideFor},
	{"importrow", timeOf(func(r record.ImportRow) time.Time { return r.At }), importFor},
	{"importrun", timeOf(func(r record.ImportRun) time.Time { return r.At }), importFor},
	{"link", timeOf(func(l record.Link) time.Time {
		if !l.UsedAt.IsZero() {
			return l.UsedAt
		}
		return l.Expires
	}), linkFor},
}

func bareTime(raw []byte) (t time.Time, err error) {
	err = json.Unmarshal(raw, &t)
	return t, err
}

func timeOf[T any](at func(T) time.Time) func([]byte) (time.Time, error) {
	return func(raw []byte) (time.Time, error) {
		var v T
		err := json.Unmarshal(raw, &v)
		return at(v), err
	}
}

// purgeChunk is how many rows are looked at in one View and deleted in one
// Update.
const purgeChunk = kv.MaxWrites / 4

// Purge deletes what is kept no longer, a few rows at a time, and says how
// many. It may be repeated at any time.
func (s *Store) Purge(ctx context.Context) (deleted int, err error) {
	if deleted, err = s.purgeRows(ctx); err != nil {
		return deleted, err
	}
	gone, err := s.purgePeople(ctx)
	return deleted + gone, err
}

func (s *Store) purgeRows(ctx context.Context) (deleted int, err error) {
	for _, p := range purged {
		from := []byte(p.topic + "/")
		for from != nil {
			var old [][]byte
			old, from, err = s.aged(ctx, from, p.topic, p.at, p.keep)
			if err != nil {
				return deleted, err
			}
			if len(old) == 0 {
				continue
			}
			n, err := s.deleteAged(ctx, old, p.topic, p.at, p.keep)
			deleted += n
			if err != nil {
				return deleted, err
			}
		}
	}
	return deleted, nil
}

// Aged says how many rows of a topic are kept no longer.
type Aged struct {
	Topic string        `json:"topic"`
	Keep  time.Duration `json:"keep"` // after they were last of use, or after the period's end
	Rows  int           `json:"rows"`
}

// PurgePlan says what Purge would delete now, topic by topic. It changes nothing.
func (s *Store) PurgePlan(ctx context.Context) ([]Aged, error) {
	var plan []Aged
	for _, p := range purged {
		a := Aged{Topic: p.topic, Keep: p.keep}
		for from := []byte(p.topic + "/"); from != nil; {
			old, next, err := s.aged(ctx, from, p.topic, p.at, p.keep)
			if err != nil {
				return nil, err
			}
			a.Rows, from = a.Rows+len(old), next
		}
		plan = append(plan, a)
	}
	return s.planPeople(ctx, plan)
}

// agedLook bounds the rows that one View looks at.
const agedLook = 2000

// aged finds the next few rows of a topic that are too old; next is where to
// go on, nil at the end.
func (s *Store) aged(ctx context.Context, from []byte, topic string, at func([]byte) (time.Time, error), keep time.Duration) (old [][]byte, next []byte, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		old, next = nil, nil
		looked := 0
		for e, err := range tx.r.Scan(kv.Range{Lo: from, Hi: kv.PrefixEnd([]byte(topic + "/"))}) {
			if err != nil {
				return err
			}
			if looked++; looked > agedLook || len(old) == purgeChunk {
				next = append([]byte(nil), e.Key...)
				return nil
			}
			if t, err := at(e.Value); err == nil && tx.Now.Sub(t) >= keep {
				old = append(old, append([]byte(nil), e.Key...))
			}
		}
		return nil
	})
	return old, next, err
}

// deleteAged deletes the rows that are still too old.
func (s *Store) deleteAged(ctx context.Context, keys [][]byte, topic string, at func([]byte) (time.Time, error), keep time.Duration) (n int, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		n = 0
		for _, key := range keys {
			raw, found, err := tx.r.Get(key)
			if err != nil {
				return err
			}
			if t, bad := at(raw); !found || bad != nil || tx.Now.Sub(t) < keep {
				continue
			}
			if err := tx.drop(topic, string(key)); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// drop deletes one row, with what leads to it.
func (tx *Tx) drop(topic, key string) error {
	if topic != "claim" {
		return del(tx, key)
	}
	c, _, err := get[record.Claim](tx, key)
	if err != nil {
		return err
	}
	return tx.DropClaim(c)
}

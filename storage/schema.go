package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Keys:
//
//	meta/schema      -> meta
//	seq/<name>       -> the last number of a sequence

// meta is what the data says of itself.
type meta struct {
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	// KeyCheck tells the data's master key from another one.
	KeyCheck string `json:"key_check" personal:"-"`
}

// check is a value by which the keys are told from others.
func (k keys) check() string { return hex.EncodeToString(mac(k.link, "key check")[:8]) }

// migrations[i] leads from version i+1 to i+2. Each is repeatable and keeps
// within the limits of a transaction by going in chunks.
var migrations = []func(context.Context, *Store) error{sealRecords, sealWordsAndIndex}

// sealRecords leads to version 2: what concerns people is sealed, names leave
// the keys of the indexes, and the audit log becomes a chain.
func sealRecords(ctx context.Context, s *Store) error {
	for _, topic := range []string{"name/", "gradlist/", "gradlike/"} {
		if err := s.eachChunk(ctx, topic, func(tx *Tx, key string) error { return del(tx, key) }); err != nil {
			return err
		}
	}
	err := s.eachChunk(ctx, "person/", func(tx *Tx, key string) error {
		p, _, err := get[record.Person](tx, key)
		if err != nil {
			return err
		}
		if err := tx.reserve(p.Seal()); err != nil {
			return err
		}
		actor, err := tx.Actor(p.ID)
		if err != nil {
			return err
		}
		for _, post := range actor.Posts {
			if err := put(tx, tx.nameKey(post.Place.County(), p.Name, p.ID), true); err != nil {
				return err
			}
		}
		return put(tx, key, p)
	})
	if err != nil {
		return err
	}
	err = s.eachChunk(ctx, "graduate/", func(tx *Tx, key string) error {
		g, _, err := get[record.Graduate](tx, key)
		if err != nil {
			return err
		}
		if err := tx.reserve(g.Seal()); err != nil {
			return err
		}
		for _, f := range GraduateFilters() {
			if f.Takes(g) {
				if err := put(tx, listKey(f, g), true); err != nil {
					return err
				}
			}
		}
		return errors.Join(put(tx, tx.likeKey(g)+numbered(g.ID), true), put(tx, key, g))
	})
	if err != nil {
		return err
	}
	return chainAudit(ctx, s)
}

// sealWordsAndIndex leads to version 3.
func sealWordsAndIndex(ctx context.Context, s *Store) error {
	if err := sealWords(ctx, s); err != nil {
		return err
	}
	return s.eachChunk(ctx, "graduate/", indexGraduateAnew)
}

// indexGraduateAnew makes the indexes that version 3 adds: of names, of the days on
// which consents end, and of facts that are due.
func indexGraduateAnew(tx *Tx, key string) error {
	return change(tx, key, func(g *record.Graduate) error {
		old := *g
		tx.s.ages.Age(g, tx.Now)
		return errors.Join(put(tx, tx.gradNameKey(*g), true), tx.indexConsents(nil, g), tx.indexFacts(&old, g))
	})
}

// sealWords seals every text about a person, also those in rows, in forms, on
// buttons and in messages on their way. Records of before learn whom their words
// are about from who holds the post now.
func sealWords(ctx context.Context, s *Store) error {
	steps := []struct {
		topic string
		seal  func(tx *Tx, key string) error
	}{
		{"claim/", again[record.Claim]},
		{"att/", again[record.Attendance]},
		{"leave/", again[record.Leave]},
		{"turn/", again[record.Turn]},
		{"standing/", again[record.Standing]},
		{"rotachange/", again[record.RotaChange]},
		{"calchange/", again[record.CalendarChange]},
		{"dialog/", again[record.Dialog]},
		{"intent/", again[record.Intent]},
		{"job/", again[record.Job]},
		{"out/", again[record.Outbox]},
		{"outr/", again[record.Outbox]},
		{"aside/", again[Aside]},
		{"answer/", func(tx *Tx, key string) error {
			return change(tx, key, func(a *record.Answer) (err error) {
				a.Person, err = tx.holderID(a.Village)
				return err
			})
		}},
		{"constraint/", func(tx *Tx, key string) error {
			return change(tx, key, func(c *record.Constraint) (err error) {
				c.Person, err = tx.holderID(c.Village)
				return err
			})
		}},
		{"draft/", func(tx *Tx, key string) error {
			d, _, err := get[draft](tx, key)
			if err != nil || !d.At.IsZero() {
				return err
			}
			plan, _, err := get[record.RotationPlan](tx, key)
			if err != nil {
				return err
			}
			return put(tx, key, draft{At: tx.Now, Plan: plan})
		}},
		{"swap/", func(tx *Tx, key string) error {
			return change(tx, key, func(w *record.Swap) (err error) {
				if w.Asker, err = tx.holderID(w.From); err != nil {
					return err
				}
				for i, row := range w.Rows {
					if w.Rows[i].About, err = tx.aboutSwap(*w, row); err != nil {
						return err
					}
				}
				return nil
			})
		}},
	}
	for _, step := range steps {
		if err := s.eachChunk(ctx, step.topic, step.seal); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) holderID(village record.Code) (record.PersonID, error) {
	p, _, err := tx.Secretary(village)
	return p.ID, err
}

// again writes a record as it is, which seals it.
func again[T any](tx *Tx, key string) error { return change(tx, key, func(*T) error { return nil }) }

// change reads a record, changes and writes it.
func change[T any](tx *Tx, key string, fn func(*T) error) error {
	v, found, err := get[T](tx, key)
	if err != nil || !found {
		return err
	}
	if err := fn(&v); err != nil {
		return err
	}
	return put(tx, key, v)
}

// eachChunk calls fn for every key of a topic, a few in a transaction: fn
// writes at most a tenth of what one may, and may be called again.
func (s *Store) eachChunk(ctx context.Context, topic string, fn func(tx *Tx, key string) error) error {
	const chunk = 10
	r := under(topic)
	for {
		var keys []string
		err := s.Update(ctx, func(tx *Tx) error {
			keys = nil
			for e, err := range tx.r.Scan(r) {
				if err != nil {
					return err
				}
				if keys = append(keys, string(e.Key)); len(keys) == chunk {
					break
				}
			}
			for _, key := range keys {
				if err := fn(tx, key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(keys) < chunk {
			return err
		}
		r.Lo = []byte(keys[len(keys)-1] + "\x00")
	}
}

func (s *Store) migrate(ctx context.Context) error {
	var m meta
	var found bool
	err := s.View(ctx, func(tx *Tx) (err error) {
		m, found, err = get[meta](tx, "meta/schema")
		return err
	})
	if err != nil {
		return err
	}
	if !found {
		m = meta{Version: SchemaVersion, Created: s.clock(), KeyCheck: s.keys.check()}
		return s.setMeta(ctx, m)
	}
	if m.Version > SchemaVersion {
		return fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, m.Version, SchemaVersion)
	}
	if m.KeyCheck != s.keys.check() {
		return ErrKey
	}
	for ; m.Version < SchemaVersion; m.Version++ {
		if err := migrations[m.Version-1](ctx, s); err != nil {
			return fmt.Errorf("storage: migrate from schema %d: %w", m.Version, err)
		}
		next := m
		next.Version++
		if err := s.setMeta(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) setMeta(ctx context.Context, m meta) error {
	return s.Update(ctx, func(tx *Tx) error { return put(tx, "meta/schema", m) })
}

// Stamp tells how new some data is, without opening it as a Store: the schema
// version and the last audit line. Restore compares two of them.
type Stamp struct {
	Schema    int
	Seq       uint64 // of the last audit line
	LastWrite time.Time
}

// ReadStamp reads the stamp of an engine's data; a zero Stamp for empty data.
func ReadStamp(ctx context.Context, engine kv.Engine) (Stamp, error) {
	var st Stamp
	err := engine.View(ctx, func(r kv.Reader) error {
		tx := &Tx{r: r}
		m, _, err := get[meta](tx, "meta/schema")
		if err != nil {
			return err
		}
		st.Schema = m.Version
		last, err := tx.LastAudit()
		st.Seq, st.LastWrite = last.Seq, last.At
		return err
	})
	return st, err
}

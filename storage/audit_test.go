package storage

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// logged is a county with n lines in its audit log, about two people in turns.
func logged(t *testing.T, n int) *county {
	t.Helper()
	c := newCounty(t)
	for i := range n {
		c.now = c.now.Add(time.Minute)
		c.do(func(tx *Tx) error {
			return tx.Audit(record.Audit{By: c.people[0], Action: record.SeePerson, Person: c.people[1+i%2], Note: fmt.Sprint("第 ", i+1)})
		})
	}
	if found := c.check(); len(found) > 0 {
		t.Fatal("before any damage: ", found)
	}
	return c
}

func TestAuditIsAChain(t *testing.T) {
	const lines = 9
	for name, damageIt := range map[string]func(w kv.Txn) error{
		"a changed note": func(w kv.Txn) error {
			line, _, err := w.Get([]byte(auditKey(4)))
			if err != nil {
				return err
			}
			return w.Put([]byte(auditKey(4)), bytes.Replace(line, []byte("第 4"), []byte("第 5"), 1))
		},
		"a line taken out": func(w kv.Txn) error { return w.Delete([]byte(auditKey(5))) },
		"the last line taken out": func(w kv.Txn) error {
			return w.Delete([]byte(auditKey(lines)))
		},
		"two lines exchanged": func(w kv.Txn) error {
			a, _, err := w.Get([]byte(auditKey(2)))
			if err != nil {
				return err
			}
			b, _, err := w.Get([]byte(auditKey(3)))
			if err != nil {
				return err
			}
			a, b = bytes.Clone(a), bytes.Clone(b)
			if err := w.Put([]byte(auditKey(2)), b); err != nil {
				return err
			}
			return w.Put([]byte(auditKey(3)), a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := logged(t, lines)
			damage(t, c.engine, damageIt)
			if !slices.ContainsFunc(c.check(), func(f string) bool { return strings.HasPrefix(f, "audit: ") }) {
				t.Error("the break is not found")
			}
		})
	}
}

func TestAuditLines(t *testing.T) {
	c := logged(t, 9)
	numbers := func(q AuditQuery) (list []uint64, more bool) {
		c.do(func(tx *Tx) error {
			lines, left, err := tx.AuditLines(q)
			list, more = nil, left
			for _, l := range lines {
				list = append(list, l.Seq)
			}
			return err
		})
		return list, more
	}
	for _, tc := range []struct {
		q    AuditQuery
		want []uint64
		more bool
	}{
		{AuditQuery{Limit: 3}, []uint64{9, 8, 7}, true},
		{AuditQuery{Limit: 3, Before: 7}, []uint64{6, 5, 4}, true},
		{AuditQuery{Limit: 3, Before: 4}, []uint64{3, 2, 1}, false},
		{AuditQuery{Limit: 9, About: string(c.people[1])}, []uint64{9, 7, 5, 3, 1}, false},
		{AuditQuery{Limit: 2, About: string(c.people[2]), Before: 6}, []uint64{4, 2}, false},
		{AuditQuery{Limit: 2, By: c.people[0]}, []uint64{9, 8}, true},
		{AuditQuery{Limit: 2, By: c.people[1]}, nil, false},
	} {
		if got, more := numbers(tc.q); !slices.Equal(got, tc.want) || more != tc.more {
			t.Errorf("%+v: lines %v, more %v; want %v, %v", tc.q, got, more, tc.want, tc.more)
		}
	}
}

package main

import (
	"slices"
	"sync"
	"testing"

	"headgoose/storage"
	"headgoose/storage/record"
)

// spoken gathers what the bot has said of its own accord, and holds each row
// against the table of kinds (storage/record/kinds.go).
type spoken struct {
	mu    sync.Mutex
	kinds map[string]int
}

// look reads the rows of a store, sent and unsent.
func (s *spoken) look(t *testing.T, store *storage.Store) {
	t.Helper()
	err := store.View(t.Context(), func(tx *storage.Tx) error {
		rows, err := tx.OutboxUnder("", 1_000_000)
		for _, row := range rows {
			s.row(t, row)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func (s *spoken) row(t *testing.T, row record.Outbox) {
	t.Helper()
	if row.Class == record.Reply {
		return // one that failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]int{}
	}
	s.kinds[row.Kind]++
	k, ok := record.KindOf(row.Kind)
	switch {
	case !ok:
		t.Errorf("%s: a notice of the kind %q, of which nothing is known", row.Key, row.Kind)
	case k.Counts != record.CountsByRow && row.Prompt != (k.Counts == record.CountsAlways):
		t.Errorf("%s: counted %t, its kind is %+v", row.Key, row.Prompt, k)
	case row.UselessAfter.IsZero():
		t.Errorf("%s: of use for ever", row.Key)
	case !k.Change && !row.Change.IsZero():
		t.Errorf("%s: names a change, its kind tells of none", row.Key)
	}
}

// elsewhere are kinds that take months to come up, or a host who forgets: TestYear
// and TestYearGraduates bring them about.
var elsewhere = []string{record.KindAutoClosed, record.KindConsent, record.KindConsentsOf}

// complete fails for kinds of the table that nobody has seen.
func (s *spoken) complete(t *testing.T) {
	t.Helper()
	for _, kind := range record.KindNames() {
		if s.kinds[kind] == 0 && !slices.Contains(elsewhere, kind) {
			t.Errorf("no conversation has brought about a notice of the kind %q", kind)
		}
	}
	t.Logf("notices: %v", s.kinds)
}

package record

import (
	"testing"
	"time"
)

// Every kind says whether it counts and how long it is of use.
func TestKinds(t *testing.T) {
	for name, k := range kinds {
		if k.Counts < CountsAlways || k.Counts > CountsByRow || k.Use <= 0 {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

func TestFitted(t *testing.T) {
	at := time.Date(2026, 12, 7, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		row  Outbox
		want bool
	}{
		{Outbox{Class: Notice, Kind: KindMarked}, true},
		{Outbox{Class: Notice, Kind: KindFixed, Prompt: true}, false},
		{Outbox{Class: Notice, Kind: KindRequest}, false},
		{Outbox{Class: Notice, Kind: KindRequest, Prompt: true}, true},
		{Outbox{Class: Reply, Kind: KindReply}, false},
	} {
		c.row.NotBefore = at
		got := c.row.Fitted()
		if got.Prompt != c.want || got.UselessAfter.IsZero() != (c.row.Class == Reply) {
			t.Errorf("%+v becomes %+v", c.row, got)
		}
	}
	if own := (Outbox{Class: Notice, Kind: KindMarked, UselessAfter: at}).Fitted(); !own.UselessAfter.Equal(at) {
		t.Errorf("a row's own end becomes %s", own.UselessAfter)
	}
}

// A change is urgent in the day before it, and not once it has begun.
func TestUrgentAt(t *testing.T) {
	begins := time.Date(2026, 12, 9, 9, 0, 0, 0, time.UTC)
	row := Outbox{Change: begins}
	for _, c := range []struct {
		before time.Duration
		want   bool
	}{{25 * time.Hour, false}, {24 * time.Hour, true}, {time.Minute, true}, {0, false}, {-time.Hour, false}} {
		if got := row.UrgentAt(begins.Add(-c.before)); got != c.want {
			t.Errorf("%s before: %t", c.before, got)
		}
	}
	if (Outbox{}).UrgentAt(begins) {
		t.Error("a row without a change is urgent")
	}
}

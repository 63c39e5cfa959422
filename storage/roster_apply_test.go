package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"headgoose/storage/record"
)

// What changed between the plan and the yes is reported, and left as it is.
func TestRosterChangedMeanwhile(t *testing.T) {
	for name, meanwhile := range map[string][]record.RosterRow{
		"another holder":  {secretary(2, "下加合村", "书记 555", "13900000555")},
		"another number":  {secretary(2, "下加合村", "书记 001", "13900000777")},
		"the number gone": {secretary(2, "什杰列村", "书记 556", "13900000363")},
	} {
		t.Run(name, func(t *testing.T) {
			s := rosterStore(t)
			take(t, s, villages(t)...)
			take(t, s, secretary(2, "下加合村", "书记 001", "13900000001"))
			plan := planRoster(t, s, secretary(7, "下加合村", "书记 363", "13900000363"), secretary(8, "金家庄村", "书记 002", ""))
			if name == "another number" {
				plan = planRoster(t, s, secretary(7, "下加合村", "书记 001", "13900000888"), secretary(8, "金家庄村", "书记 002", ""))
			}
			take(t, s, meanwhile...)
			r := applyRoster(t, s, plan)
			if r.Applied != 1 || len(r.Faults) != 1 || r.Faults[0].Row != 7 || r.Faults[0].Kind != record.FaultChanged {
				t.Errorf("%+v", r)
			}
			wantNames(t, holds(t, s, record.Secretary, jinjia), "书记 002")
		})
	}
}

func TestRosterAuthority(t *testing.T) {
	s := rosterStore(t)
	take(t, s, secretaries(t)...)
	take(t, s, record.RosterRow{Row: 2, Role: record.CountyOfficer, Name: "管理员 001", Phone: "13900000901"})
	who := func(phone string) Importer {
		var p record.Person
		view(t, s, func(tx *Tx) (err error) { p, _, err = tx.PersonByPhone(phone); return err })
		return Importer{County: hualong.County, By: p.ID}
	}
	change := secretary(2, "下加合村", "书记 999", "13900000999")
	for name, tc := range map[string]struct {
		by   Importer
		want int
	}{
		"county officer":   {who("13900000901"), 1},
		"township officer": {who("13800000001"), 0},
		"secretary":        {who("13900000001"), 0},
		"nobody":           {Importer{County: hualong.County}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := s.PlanRoster(t.Context(), tc.by, []record.RosterRow{change})
			if err != nil || len(plan.Changes) != tc.want || len(plan.Faults) != 1-tc.want {
				t.Fatalf("%+v, %v", plan, err)
			}
			// A plan that a wider authority made is asked again.
			wider := planRoster(t, s, change)
			wider.By = tc.by
			if tc.want == 1 {
				return
			}
			if r := applyRoster(t, s, wider); r.Applied != 0 || r.Faults[0].Kind != record.FaultNotAllowed {
				t.Errorf("%+v", r)
			}
		})
	}
}

// An import that is cut off goes on where it was.
func TestRosterCutOff(t *testing.T) {
	s, whole := rosterStore(t), rosterStore(t)
	rows := secretaries(t)
	plan := planRoster(t, s, rows...)
	ctx, cut := context.WithCancel(t.Context())
	_, err := s.ApplyRoster(ctx, plan, func(done, _ int) {
		if done > 100 {
			cut()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: %v", err)
	}
	r := applyRoster(t, s, plan)
	if r.Already < 100 || r.Already+r.Applied != len(rows) {
		t.Errorf("taken up: %+v", r)
	}
	take(t, whole, rows...)
	if !maps.Equal(dump(t, s), dump(t, whole)) {
		t.Error("cut off and taken up differs from at once")
	}
}

type open record.RosterRow // prints what a RosterRow hides

// Every sheet, on every state: a second import of it changes nothing, and
// what the plan counts is what happens.
func TestRosterTwiceIsOnce(t *testing.T) {
	places := []string{"下加合村", "金家庄村", "什杰列村", "上圈村"}
	names := []string{"书记 001", "书记 002", "马进财", "马进才", "韩某"}
	phones := []string{"", "13900000001", "13900000002", "13900000003", "13900000004"}
	anyRow := rapid.Custom(func(t *rapid.T) record.RosterRow {
		r := secretary(0, rapid.SampledFrom(places).Draw(t, "village"), rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(phones).Draw(t, "phone"))
		r.BirthYear = rapid.SampledFrom([]int{0, 0, 1970, 1971}).Draw(t, "born")
		if rapid.IntRange(0, 4).Draw(t, "officer") == 0 {
			r.Role, r.Village = record.TownshipOfficer, ""
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		s := rosterStore(t)
		take(t, s, villages(t)[:4]...)
		for range rapid.IntRange(1, 3).Draw(t, "sheets") {
			rows := rapid.SliceOfN(anyRow, 1, 6).Draw(t, "rows")
			for i := range rows {
				rows[i].Row = i + 2
				t.Log(open(rows[i]))
			}
			plan := planRoster(t, s, rows...)
			r := applyRoster(t, s, plan)
			if r.Applied+r.Already != len(plan.Changes) || len(r.Faults) != 0 {
				t.Fatalf("planned %d, applied %+v", len(plan.Changes), r)
			}
			before := dump(t, s)
			again := planRoster(t, s, rows...)
			if len(again.Changes) != 0 || len(again.Faults) != len(plan.Faults) {
				t.Fatalf("a second time: %+v, faults %v, before %v", again.Changes, again.Faults, plan.Faults)
			}
			applyRoster(t, s, plan)
			if !maps.Equal(before, dump(t, s)) {
				t.Fatal("the old plan changed the store")
			}
		}
	})
}

func BenchmarkRosterImport(b *testing.B) {
	county := secretaries(b)[:362]
	for _, n := range []int{362, 20_000} {
		rows := make([]record.RosterRow, n)
		for i := range rows {
			r := county[i%362]
			r.Row, r.Name, r.Phone = i+2, fmt.Sprintf("书记 %05d", i), fmt.Sprintf("139%08d", i)
			if i >= 362 { // villages beyond the county's own
				r.TownshipCode, r.Township = "", fmt.Sprintf("镇%03d镇", i/500)
				r.Code, r.Village = record.Code(fmt.Sprintf("6302245%02d%03d", i/500, i%500)), fmt.Sprintf("村%05d村", i)
			}
			rows[i] = r
		}
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				s := rosterStore(b)
				plan := planRoster(b, s, rows...)
				if len(plan.Faults) > 0 {
					b.Fatal(plan.Faults[:1])
				}
				if r := applyRoster(b, s, plan); r.Applied != n {
					b.Fatalf("%+v", r)
				}
				if again := planRoster(b, s, rows...); again.Unchanged != n {
					b.Fatalf("a second time: %d changes", len(again.Changes))
				}
			}
		})
	}
}

// The most that rows can change still fits the transactions.
func TestRosterOfEveryHandover(t *testing.T) {
	s := rosterStore(t)
	rows := secretaries(t)
	take(t, s, rows...)
	for i := range rows {
		rows[i].Name, rows[i].Phone = fmt.Sprintf("书记 1%03d", i), fmt.Sprintf("137%08d", i)
	}
	take(t, s, rows...)
	for i := range rows { // the same people, everything about them
		r := &rows[i]
		r.Phone, r.BirthYear, r.Education, r.Since = fmt.Sprintf("136%08d", i), 1980, record.Postgrad, "2022-02-02"
	}
	take(t, s, rows...)
	view(t, s, func(tx *Tx) error {
		n, err := tx.Count("630224")
		if n.Villages != 362 || n.Secretaries != 362 {
			t.Errorf("counts: %+v", n)
		}
		return err
	})
	if plan := planRoster(t, s, rows...); plan.Unchanged != len(rows) {
		t.Errorf("unchanged %d of %d", plan.Unchanged, len(rows))
	}
}

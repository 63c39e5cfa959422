package record

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the role table as it is into testdata")

// The places of the test: the actor's own and others.
const (
	ownCounty     Code = "630224"
	ownTownship   Code = "630224100"
	ownVillage    Code = "630224100200"
	sameTownship  Code = "630224100201"
	otherTownship Code = "630224101200"
	otherCounty   Code = "630225100200"
)

// postOf is the post that a role is tried with.
func postOf(role Role) Post {
	place := map[Role]Code{CountyOfficer: ownCounty, TownshipOfficer: ownTownship, Host: ownTownship, Secretary: ownVillage}[role]
	return Post{Person: "p1", Role: role, Place: place}
}

// objects are what each action is tried on, by how they lie to the actor.
var objects = []struct {
	name   string
	object Object
}{
	{"own", Object{Place: otherCounty, Persons: []PersonID{"p1"}}},
	{"village", Object{Place: ownVillage, Persons: []PersonID{"p2"}}},
	{"township", Object{Place: sameTownship, Persons: []PersonID{"p2"}}},
	{"county", Object{Place: otherTownship, Persons: []PersonID{"p2"}}},
	{"elsewhere", Object{Place: otherCounty, Persons: []PersonID{"p2"}}},
}

// TestAuthority tries every role with every action on objects near and far, and
// holds the outcome against testdata/authority.txt: a change of the table is
// seen there, cell by cell. Run with -update to write it, and read it.
func TestAuthority(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s %-16s", "action", "role")
	for _, o := range objects {
		fmt.Fprintf(&b, " %-9s", o.name)
	}
	b.WriteString("\n")
	for _, action := range slices.Sorted(maps.Keys(grants)) {
		for _, role := range append(Roles(), Alumnus) {
			actor := Actor{Person: "p1"}
			if role != Alumnus {
				actor.Posts = []Post{postOf(role)}
			}
			fmt.Fprintf(&b, "%-18s %-16s", action, role)
			for _, o := range objects {
				cell := "-"
				if err := Allow(actor, action, o.object); err == nil {
					cell = "yes"
				} else if !errors.Is(err, ErrNotYours) {
					t.Errorf("%s by %s: %v is no refusal", action, role, err)
				}
				fmt.Fprintf(&b, " %-9s", cell)
			}
			b.WriteString("\n")
		}
	}
	const path = "testdata/authority.txt"
	got := strings.ReplaceAll(b.String(), " \n", "\n")
	for strings.Contains(got, " \n") {
		got = strings.ReplaceAll(got, " \n", "\n")
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the role table is not the one of %s:\n%s", path, got)
	}
}

func TestDenyByDefault(t *testing.T) {
	officer := Actor{Person: "p1", Posts: []Post{postOf(CountyOfficer)}}
	for name, c := range map[string]struct {
		actor  Actor
		action Action
		object Object
	}{
		"an action of no grant": {officer, "session.burn", Object{Place: ownVillage}},
		"an empty action":       {officer, "", Object{Place: ownVillage}},
		"an object of no place": {officer, SeePlace, Object{}},
		"a place that is none":  {officer, SeePlace, Object{Place: "63022"}},
		"nobody":                {Actor{}, SeeSelf, Object{Persons: []PersonID{""}}},
		"a post that has ended": {
			Actor{Person: "p1", Posts: []Post{{Person: "p1", Role: CountyOfficer, Place: ownCounty, Until: time.Now()}}},
			SeePlace,
			Object{Place: ownVillage},
		},
		"a post of no place": {Actor{Person: "p1", Posts: []Post{{Role: CountyOfficer}}}, SeePlace, Object{Place: ownVillage}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Allow(c.actor, c.action, c.object); !errors.Is(err, ErrNotYours) {
				t.Errorf("allowed: %v", err)
			}
		})
	}
}

package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Two records of one person: an officer sees both side by side, chooses the one that
// stays and sees what it will say, and has both back within record.MergeDays. A
// township sees its own records only.
//
//	graduate.same     graduate                those who may be the same person
//	graduate.compare  graduate, other         both side by side
//	graduate.merge    kept, other [both]      what would be kept; with what was seen it is done
//	graduate.unmerge  other [yes]             both again
func mergeCommands() []command {
	return []command{
		{name: "graduate.same", hidden: true, roles: officers, run: onGraduate(record.MergeGraduates, (*Turn).sameGraduates)},
		{name: "graduate.compare", hidden: true, roles: officers, run: onPair((*Turn).compareGraduates)},
		{name: "graduate.merge", hidden: true, roles: officers, run: onPair((*Turn).mergeGraduates)},
		{name: "graduate.unmerge", hidden: true, roles: officers, run: (*Turn).unmergeGraduates},
	}
}

// onPair is a command about two records, the first arguments, which the person may
// both merge.
func onPair(run func(t *Turn, g, other record.Graduate) error) func(*Turn) error {
	return onGraduate(record.MergeGraduates, func(t *Turn, g record.Graduate) error {
		other, err := t.Graduate(record.GraduateID(t.Arg(1)))
		if err != nil {
			return err
		}
		if err := t.Allow(record.MergeGraduates, objectOf(other)); err != nil {
			return err
		}
		return run(t, g, other)
	})
}

// onKept leads from a record that went into another to that one: buttons of before
// stand in many chats.
func onKept(run func(*Turn) error) func(*Turn) error {
	return func(t *Turn) error {
		m, err := t.Merge(record.GraduateID(t.Arg(0)))
		if err == nil {
			t.Args[0] = string(m.Kept)
		} else if !errors.Is(err, record.ErrNotFound) {
			return err
		}
		return run(t)
	}
}

// sameShown is how many of a name are looked through for somebody.
const sameShown = 30

// doubles are the records that may be of the same person, as far as the officer may
// see them; others are those elsewhere.
func (t *Turn) doubles(g record.Graduate) (list []record.Graduate, others int, err error) {
	like, err := t.LikeGraduates(g)
	if err != nil {
		return nil, 0, err
	}
	named, err := t.GraduatesNamed(g.Village.County(), g.Name, sameShown)
	if err != nil {
		return nil, 0, err
	}
	seen := []record.GraduateID{g.ID}
	for _, other := range slices.Concat(like, named) {
		if slices.Contains(seen, other.ID) {
			continue
		}
		seen = append(seen, other.ID)
		if t.Allow(record.MergeGraduates, objectOf(other)) != nil {
			others++
			continue
		}
		list = append(list, other)
	}
	return list, others, nil
}

// sameGraduates lists who may be the same person.
func (t *Turn) sameGraduates(g record.Graduate) error {
	list, others, err := t.doubles(g)
	if err != nil {
		return err
	}
	village, err := t.placeName(g.Village)
	if err != nil {
		return err
	}
	lines := []string{t.Say("merge.who", text.A{"Name": g.Name, "Village": village, "N": len(list)})}
	var row []Btn
	for _, other := range list {
		line, err := t.graduateLine(other, g.Village.County())
		if err != nil {
			return err
		}
		lines = append(lines, line)
		place, err := t.Place(other.Village)
		if err != nil {
			return err
		}
		row = append(row, Btn{
			Text: t.Say("merge.choose", text.A{"Village": clip(place.Name, 8), "Born": other.BirthYear}),
			Line: "graduate.compare " + string(g.ID) + " " + string(other.ID),
		})
	}
	if others > 0 {
		lines = append(lines, t.Say("merge.others", text.A{"N": others}))
	}
	t.Answer(strings.Join(lines, "\n"), append(inRows(row, 2), t.backRow("graduate.show "+string(g.ID)))...)
	return nil
}

// pairFact is one fact as two records have it.
type pairFact struct {
	name string
	says [2]string
}

// pairFacts are the facts of two records, in the order of the form.
func (t *Turn) pairFacts(pair [2]record.Graduate) []pairFact {
	said := func(s string) string {
		if s == "" {
			return t.Say("import.empty")
		}
		return s
	}
	fact := func(f record.Field, of func(record.Graduate) string) pairFact {
		return pairFact{t.Say("field." + string(f)), [2]string{said(of(pair[0])), said(of(pair[1]))}}
	}
	return []pairFact{
		fact(record.FieldBirthYear, func(g record.Graduate) string { return strconv.Itoa(g.BirthYear) }),
		fact(record.FieldEducation, func(g record.Graduate) string { return t.Say("education." + string(g.Education)) }),
		fact(record.FieldSchool, func(g record.Graduate) string { return g.School }),
		fact(record.FieldMajor, func(g record.Graduate) string { return g.Major }),
		fact(record.FieldGraduation, func(g record.Graduate) string { return string(g.Graduation) }),
		fact(record.FieldEmployment, t.stateOf),
		fact(record.FieldWillingness, func(g record.Graduate) string { return t.Say("willingness." + string(g.Willingness)) }),
		fact(record.FieldPhone, func(g record.Graduate) string { return spaced(g.Phone) }),
	}
}

// compareGraduates shows two records side by side, what differs marked.
func (t *Turn) compareGraduates(g, other record.Graduate) error {
	for _, one := range []record.Graduate{g, other} {
		if err := t.lookedAt(one, "graduate.compare"); err != nil {
			return err
		}
	}
	pair := [2]record.Graduate{g, other}
	var same, differ []string
	for _, f := range t.pairFacts(pair) {
		if f.says[0] == f.says[1] {
			same = append(same, f.name+" "+f.says[0])
			continue
		}
		differ = append(differ, t.Say("merge.differs", text.A{"Fact": f.name, "A": f.says[0], "B": f.says[1]}))
	}
	lines := []string{t.Say("merge.ask", text.A{"N": len(differ)})}
	for i, one := range pair {
		line, err := t.pairHead(i, one)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	lines = append(lines, differ...)
	if len(same) > 0 {
		lines = append(lines, t.Say("merge.same", text.A{"Facts": strings.Join(same, t.Say("host.and"))}))
	}
	a, b := string(g.ID), string(other.ID)
	t.Answer(strings.Join(lines, "\n"),
		[]Btn{t.Btn("keep_first", "graduate.merge "+a+" "+b), t.Btn("keep_second", "graduate.merge "+b+" "+a)},
		[]Btn{t.Btn("other_person", "graduate.show "+a), t.Btn("home", "start")})
	return nil
}

// pairHead says which record is which, and what hangs on it.
func (t *Turn) pairHead(i int, g record.Graduate) (string, error) {
	village, err := t.placeName(g.Village)
	if err != nil {
		return "", err
	}
	referrals, err := t.ReferralsOf(g.ID)
	if err != nil {
		return "", err
	}
	_, reserve, err := t.Reserve(g.ID)
	return t.Say("merge.head", text.A{
		"I": string([]rune("①②")[i]), "Village": village, "Name": g.Name, "Source": t.Say("source." + string(g.Source)),
		"Day": t.Voice.Day(g.ConfirmedAt.In(t.b.conf.Zone), t.Now), "Referrals": len(referrals), "Reserve": reserve, "Account": g.Person != "",
	}), err
}

// mergeGraduates shows what would be kept, and does it once that was seen.
func (t *Turn) mergeGraduates(kept, gone record.Graduate) error {
	p, err := t.PlanMerge(kept.ID, gone.ID)
	if key := cannotMerge(p, err); key != "" {
		t.Answer(t.Say(key), []Btn{t.Btn("back", "graduate.compare "+string(kept.ID)+" "+string(gone.ID)), t.Btn("home", "start")})
		return nil
	}
	if err != nil {
		return err
	}
	seen, err := seenPair(kept, gone)
	if err != nil {
		return err
	}
	if t.Arg(2) != seen {
		return t.mergePreview(p, seen)
	}
	if _, err := t.MergeGraduates(kept.ID, gone.ID, t.Person.ID); err != nil {
		return err
	}
	err = t.Audit(record.Audit{By: t.Person.ID, Action: record.MergeGraduates, Person: p.Merged.Person, Graduate: kept.ID, Place: kept.Village, Note: string(gone.ID)})
	if err != nil {
		return err
	}
	t.planChanged()
	lines, err := t.graduateLines(p.Merged)
	if err != nil {
		return err
	}
	t.Answer(t.Say("merge.done", text.A{"Lines": lines, "Days": record.MergeDays}),
		[]Btn{t.Btn("open_record", "graduate.show "+string(kept.ID)), t.Btn("unmerge", "graduate.unmerge "+string(gone.ID))}, t.homeRow())
	return nil
}

// cannotMerge is the key of why two records cannot be made one; "" where they can,
// or for any other error.
func cannotMerge(p storage.MergePlan, err error) string {
	switch {
	case errors.Is(err, record.ErrExists) && p.Gone.Person != "" && p.Kept.Person != "" && p.Gone.Person != p.Kept.Person:
		return "merge.cannot_accounts"
	case errors.Is(err, record.ErrExists):
		return "merge.cannot_post"
	case errors.Is(err, record.ErrFull):
		return "merge.cannot_full"
	}
	return ""
}

// seenPair is a mark of two records as they stand: a yes holds for what was seen.
func seenPair(kept, gone record.Graduate) (string, error) {
	h := fnv.New32a()
	err := json.NewEncoder(h).Encode([]record.Graduate{kept, gone})
	return fmt.Sprintf("%08x", h.Sum32()), err
}

// mergePreview shows what would be kept, and asks.
func (t *Turn) mergePreview(p storage.MergePlan, seen string) error {
	lines, err := t.graduateLines(p.Merged)
	if err != nil {
		return err
	}
	var facts, over []string
	for _, f := range p.Facts {
		facts = append(facts, t.Say("facts.fact."+string(f)))
	}
	if p.Referrals > 0 {
		over = append(over, t.Say("merge.over_referrals", text.A{"N": p.Referrals}))
	}
	if p.Reserve {
		over = append(over, t.Say("merge.over_reserve"))
	}
	if p.Account {
		over = append(over, t.Say("merge.over_account"))
	}
	and := t.Say("host.and")
	pair := string(p.Kept.ID) + " " + string(p.Gone.ID)
	t.Answer(t.Say("merge.preview", text.A{"Lines": lines, "Facts": strings.Join(facts, and), "Over": strings.Join(over, and), "Days": record.MergeDays}),
		[]Btn{t.Btn("back", "graduate.compare "+pair), t.Btn("merge_yes", "graduate.merge "+pair+" "+seen)})
	return nil
}

// unmergeGraduates has two records back, once it was asked with the consequence.
func (t *Turn) unmergeGraduates() error {
	m, err := t.Merge(record.GraduateID(t.Arg(0)))
	if err != nil {
		return err
	}
	kept, err := t.Graduate(m.Kept)
	if err != nil {
		return err
	}
	for _, o := range []record.Object{objectOf(kept), {Place: m.Place}} {
		if err := t.Allow(record.MergeGraduates, o); err != nil {
			return err
		}
	}
	if t.Arg(1) != "yes" {
		village, err := t.placeName(m.Place)
		if err != nil {
			return err
		}
		t.Answer(t.Say("merge.undo_ask", text.A{"Name": kept.Name, "Village": village, "When": t.When(m.At)}),
			[]Btn{t.Btn("back", "graduate.show "+string(kept.ID)), t.Btn("unmerge_yes", "graduate.unmerge "+string(m.Dropped)+" yes")})
		return nil
	}
	kept, back, err := t.UnmergeGraduates(m.Dropped)
	if err != nil {
		return err
	}
	err = t.Audit(record.Audit{By: t.Person.ID, Action: record.MergeGraduates, Person: kept.Person, Graduate: kept.ID, Place: kept.Village, Note: string(back.ID) + " undone"})
	if err != nil {
		return err
	}
	t.planChanged()
	t.Answer(t.Say("merge.undone", text.A{"Name": back.Name}),
		[]Btn{t.Btn("show_first", "graduate.show "+string(kept.ID)), t.Btn("show_second", "graduate.show "+string(back.ID))}, t.homeRow())
	return nil
}

// mergeButtons are what a record offers an officer about others of the same person.
func (t *Turn) mergeButtons(g record.Graduate) ([]Btn, error) {
	if may := t.Allow(record.MergeGraduates, objectOf(g)) == nil; !may {
		return nil, nil
	}
	row := []Btn{t.Btn("same_person", "graduate.same "+string(g.ID))}
	into, err := t.MergedInto(g.ID)
	for _, m := range into {
		if t.Tx.Now.Before(m.Ends()) && t.Allow(record.MergeGraduates, record.Object{Place: m.Place}) == nil {
			row = append(row, t.Btn("unmerge", "graduate.unmerge "+string(m.Dropped)))
		}
	}
	return row, err
}

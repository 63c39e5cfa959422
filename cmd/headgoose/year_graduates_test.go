package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"headgoose/storage"
	"headgoose/storage/record"
)

// TestYearGraduates plays two years of the graduates' programme in fake time: some
// have an account, of the others the secretary is asked; they answer or stay
// silent, and secretaries call some of those on their list. Under the race detector
// it is shorter.
//
//	go test -v -run TestYearGraduates ./cmd/headgoose -yearseed 1
func TestYearGraduates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	seed := *yearSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed: -yearseed %d, %d days", seed, 2*yearDays)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(playTime))
		g := &graduateYears{year: newYear(t, seed), asked: map[record.GraduateID]time.Time{}, consent: map[record.GraduateID]time.Time{}, gone: map[record.GraduateID]bool{}, agreed: map[record.GraduateID]time.Time{}}
		g.register()
		g.play()
		g.onceEach()
		g.withinBudget()
		found, err := g.store.Check(g.ctx)
		g.must(err)
		for _, f := range found {
			t.Error("data:", f)
		}
		for _, what := range []string{"asked of self", "asked of secretary", "pressed 仍是这样", "came to the call list", "called", "asked about a consent", "pressed 继续保存", "forgotten: asked", "forgotten: expired"} {
			if g.counts[what] == 0 && yearDays == 365 { // a short look may see none
				t.Errorf("nothing of this happened: %s", what)
			}
		}
		t.Log(g.figures())
	})
}

// graduateYears is the county with graduates, and when each was asked last.
type graduateYears struct {
	*year
	ids   []record.GraduateID
	asked map[record.GraduateID]time.Time
	calls map[record.GraduateID]bool
	// consent is when it was last asked whether a consent goes on.
	consent map[record.GraduateID]time.Time
	gone    map[record.GraduateID]bool
	agreed  map[record.GraduateID]time.Time
}

// register enters six graduates in each of thirty villages, every third with an
// account.
func (g *graduateYears) register() {
	work := record.Employments()
	for n := range 180 {
		grad := record.Graduate{
			Village: g.villages[n%30], Name: fmt.Sprint("毕业生 ", n), BirthYear: 2003, Education: record.Bachelor, School: "青海大学",
			Graduation: "2026-07", Employment: work[n%len(work)], Willingness: record.Willingnesses()[n%3], Source: record.BySecretary,
			Consent: record.Consent{Version: "1", At: time.Now(), Source: record.BySecretary, Until: time.Now().AddDate(3, 0, 0)},
		}
		if n%4 == 1 { // ends within the two years
			grad.Consent.Until = time.Now().AddDate(0, 0, 40+g.luck(2*yearDays))
		}
		if n%5 == 0 {
			grad.Studying, grad.Employment, grad.Graduation = true, "", record.Date(fmt.Sprintf("2027-%02d", 3+g.luck(9)))
		}
		g.update(func(tx *storage.Tx) error {
			if n%3 == 0 {
				id, err := tx.AddPerson(record.Person{Name: grad.Name}, "")
				if err != nil {
					return err
				}
				if err := tx.Bind(id, 700_000+int64(n), "zh"); err != nil {
					return err
				}
				grad.Person = id
			}
			added, err := tx.AddGraduate(grad, nil)
			grad.ID = added.ID
			return err
		})
		g.ids = append(g.ids, grad.ID)
	}
	g.calls = map[record.GraduateID]bool{}
}

// play lets two years go by: four looks a day, with an outage in between.
func (g *graduateYears) play() {
	for day := range 2 * yearDays {
		midnight := playTime.AddDate(0, 0, day).Truncate(time.Hour).Add(-time.Duration(playTime.Hour()) * time.Hour)
		if out := day%200 > 60 && day%200 < 64; out {
			continue // three days of standstill
		}
		for _, at := range []time.Duration{9 * time.Hour, 9*time.Hour + 30*time.Minute, 14 * time.Hour, 20 * time.Hour} {
			if !midnight.Add(at).After(time.Now()) {
				continue
			}
			time.Sleep(time.Until(midnight.Add(at)))
			g.act(time.Now())
			g.must(g.planner.Wake(g.ctx))
			synctest.Wait()
			g.look()
		}
		_, err := g.store.Purge(g.ctx)
		g.must(err)
	}
	g.stop()
}

// staleFor is how long facts may be due before somebody is asked: a secretary's
// digest is weekly, and a standstill takes days.
const staleFor = 13 * 24 * time.Hour

// mayBeGone holds a record that is not there any more against the promise: the
// graduate wished it, or the consent ended, and it was asked first.
func (g *graduateYears) mayBeGone(tx *storage.Tx, id record.GraduateID) error {
	if g.gone[id] {
		return nil
	}
	g.gone[id] = true
	stone, found, err := tx.Gone(string(id))
	if err != nil {
		return err
	}
	if !found {
		g.t.Errorf("%s is gone without a tombstone", id)
	}
	g.note("forgotten: " + string(stone.Why))
	if asked := g.consent[id]; stone.Why == record.GoneExpired && (asked.IsZero() || stone.At.Sub(asked) < record.ConsentAskDays*24*time.Hour) {
		g.t.Errorf("%s: asked on %s, gone on %s", id, asked, stone.At)
	}
	return nil
}

// consentKept holds a consent that ends against the promise: it is asked about in
// time, once, unless there is nobody who can be asked.
func (g *graduateYears) consentKept(tx *storage.Tx, grad record.Graduate) error {
	at, asked, err := tx.ConsentAsked(grad.ID, record.ToKeep)
	if err != nil {
		return err
	}
	ends := grad.Consent.Expires()
	if asked && !at.Equal(g.consent[grad.ID]) {
		g.note("asked about a consent")
		g.consent[grad.ID] = at
		if at.Before(ends.AddDate(0, 0, -record.ConsentAskDays-2)) {
			g.t.Errorf("%s ends on %s and was asked about on %s", grad.ID, ends, at)
		}
	}
	late := tx.Now.After(ends.AddDate(0, 0, -record.ConsentAskDays).Add(staleFor))
	if !late || asked {
		return nil
	}
	if grad.Person != "" {
		g.t.Errorf("%s has an account, ends on %s and was not asked (%s)", grad.ID, ends, tx.Now)
	}
	g.note("consents nobody could be asked about, by days")
	return nil
}

// look holds every graduate against the promise, and has some of the call list
// called.
func (g *graduateYears) look() {
	now := time.Now()
	var call []record.Graduate
	g.must(g.store.View(g.ctx, func(tx *storage.Tx) error {
		for _, id := range g.ids {
			grad, err := tx.Graduate(id)
			if errors.Is(err, record.ErrNotFound) {
				if err := g.mayBeGone(tx, id); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			if err := g.consentKept(tx, grad); err != nil {
				return err
			}
			k, due := grad.Asked, tx.Ages().Due(grad)
			g.agreed[id] = grad.Consent.At
			if k.At.IsZero() && now.Sub(due) > staleFor && now.Sub(g.agreed[id]) > staleFor && grad.Agrees(record.ToKeep, now) {
				g.t.Errorf("%s has been stale since %s, and nobody was asked (%s)", id, due, now)
			}
			if last := g.asked[id]; k.Open && k.At.After(last) {
				g.note("asked of " + string(k.Of))
				if !last.IsZero() && k.At.Sub(last) < tx.Ages().Interval(grad) {
					g.t.Errorf("%s was asked on %s and again on %s", id, last, k.At)
				}
				g.asked[id] = k.At
			}
			if k.Listed && !g.calls[id] {
				g.note("came to the call list")
				call = append(call, grad)
			}
			g.calls[id] = k.Listed
		}
		return nil
	}))
	for _, grad := range call {
		if g.luck(2) == 0 {
			continue
		}
		g.later(time.Duration(1+g.luck(300))*time.Hour, func() {
			g.update(func(tx *storage.Tx) error {
				if _, gone, err := tx.Gone(string(grad.ID)); err != nil || gone {
					return err
				}
				_, err := tx.EditGraduate(grad.ID, nil, func(r *record.Graduate) {
					if r.AwaitsGraduation(tx.Now.In(g.zone)) {
						r.Studying, r.Employment = false, record.Seeking
					}
					r.Confirm(record.Said{Source: record.BySecretary, At: tx.Now}, record.AgingFacts()...)
				})
				return err
			})
			g.note("called")
		})
	}
}

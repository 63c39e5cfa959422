package storage

import (
	"fmt"
	"time"

	"headgoose/storage/record"
)

// checkScreenings compares who fits each screening with what is kept of it.
// Who is due to be looked at again is left out, and so is a screening that is
// being filled, but for its counts.
func (tx *Tx) checkScreenings() ([]string, error) {
	var found []string
	screens := map[record.ScreeningID]record.Screening{}
	for e, err := range scan[record.Screening](tx, under("screening/")) {
		if err != nil {
			return nil, err
		}
		screens[e.val.ID] = e.val
	}
	for e, err := range tx.r.Scan(under("screenof/")) {
		if err != nil {
			return nil, err
		}
		key := string(e.Key)
		id := record.ScreeningID(key[len(key)-len("s000001"):])
		if s, there := screens[id]; !there || key != "screenof/"+string(s.Place)+"/"+string(id) {
			found = append(found, key+": left over")
		}
	}
	for id, s := range screens {
		there, err := has(tx, "screenof/"+string(s.Place)+"/"+string(id))
		if err != nil {
			return nil, err
		}
		if !there {
			found = append(found, "screenof/"+string(s.Place)+"/"+string(id)+": missing")
		}
	}
	pending, err := tx.screenPending()
	if err != nil {
		return nil, err
	}
	for _, check := range []func(map[record.ScreeningID]record.Screening, map[string]bool) ([]string, error){tx.checkMembers, tx.checkFitting, tx.checkScreenCounts, tx.checkScreenEnds} {
		more, err := check(screens, pending)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// screenPending are the graduates, as village/number, who are due.
func (tx *Tx) screenPending() (map[string]bool, error) {
	pending := map[string]bool{}
	skip := len("screendue/") + 7 // the county's code
	for e, err := range tx.r.Scan(under("screendue/")) {
		if err != nil {
			return nil, err
		}
		pending[string(e.Key[skip:])] = true
	}
	for e, err := range scan[time.Time](tx, under("screenends/")) {
		if err != nil {
			return nil, err
		}
		if !e.val.After(tx.Now) {
			pending[e.key[len("screenends/"):]] = true
		}
	}
	return pending, nil
}

// checkMembers looks at each who is kept as fitting.
func (tx *Tx) checkMembers(screens map[record.ScreeningID]record.Screening, pending map[string]bool) ([]string, error) {
	var found []string
	for e, err := range tx.r.Scan(under("screen/")) {
		if err != nil {
			return nil, err
		}
		key := string(e.Key)
		at := string(villageOf(key)) + "/" + numbered(lastPart(e.Key))
		id := record.ScreeningID(key[len("screen/") : len(key)-len(at)-1])
		s, there := screens[id]
		if there && (s.State != record.ScreenReady || pending[at]) {
			continue
		}
		g, known, err := get[record.Graduate](tx, "graduate/"+string(lastPart(e.Key)))
		if err != nil {
			return nil, err
		}
		if !there || !known || g.Village != villageOf(key) || !s.Fits(g, tx.Now) {
			found = append(found, key+": left over")
		}
	}
	return found, nil
}

// checkFitting looks at each graduate, for a screening that misses it.
func (tx *Tx) checkFitting(screens map[record.ScreeningID]record.Screening, pending map[string]bool) ([]string, error) {
	var found []string
	if len(screens) == 0 {
		return nil, nil
	}
	for e, err := range scan[record.Graduate](tx, under("graduate/")) {
		if err != nil {
			return nil, err
		}
		g := e.val
		if pending[string(g.Village)+"/"+numbered(g.ID)] {
			continue
		}
		for id, s := range screens {
			if s.State != record.ScreenReady || !s.Fits(g, tx.Now) {
				continue
			}
			key := memberKey(id, g.Village, g.ID)
			there, err := has(tx, key)
			if err != nil {
				return nil, err
			}
			if !there {
				found = append(found, key+": missing")
			}
		}
	}
	return found, nil
}

// checkScreenCounts counts anew who is kept as fitting, and who as new.
func (tx *Tx) checkScreenCounts(screens map[record.ScreeningID]record.Screening, _ map[string]bool) ([]string, error) {
	var found []string
	for id, s := range screens {
		var want record.ScreenCount
		for e, err := range tx.r.Scan(under("screen/" + string(id) + "/")) {
			if err != nil {
				return nil, err
			}
			want.All++
			want.In = counted(want.In, s.Part(villageOf(string(e.Key))), 1)
		}
		for e, err := range tx.r.Scan(under("screennew/" + string(id) + "/")) {
			if err != nil {
				return nil, err
			}
			want.New++
			key := string(e.Key)
			member := memberKey(id, villageOf(key), lastPart(e.Key))
			there, err := has(tx, member)
			if err != nil {
				return nil, err
			}
			if !there {
				found = append(found, key+": left over")
			}
		}
		got, err := tx.ScreenCount(id)
		if err != nil {
			return nil, err
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			found = append(found, "screencount/"+string(id)+": differs from the records")
		}
	}
	return found, nil
}

// checkScreenEnds compares the two keys of when somebody drops out.
func (tx *Tx) checkScreenEnds(map[record.ScreeningID]record.Screening, map[string]bool) ([]string, error) {
	var found []string
	n := 0
	for e, err := range scan[time.Time](tx, under("screenends/")) {
		if err != nil {
			return nil, err
		}
		n++
		at := e.key[len("screenends/"):]
		key := "screenend/" + at[:6] + "/" + stamp(e.val) + "/" + at
		there, err := has(tx, key)
		if err != nil {
			return nil, err
		}
		if !there {
			found = append(found, key+": missing")
		}
	}
	for _, err := range tx.r.Scan(under("screenend/")) {
		if err != nil {
			return nil, err
		}
		n--
	}
	if n < 0 {
		found = append(found, fmt.Sprintf("screenend/…: %d left over", -n))
	}
	return found, nil
}

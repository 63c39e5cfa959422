package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// derived are the topics that follow from other records: indexes and counts.
var derived = []string{
	"placename", "count", "flag", "phone", "chat", "name", "holder", "claimof",
	"day", "duty", "hosting", "open", "tally", "wait", "branch",
	"gradlist", "gradlike", "gradname", "gradof", "auditof", "auditby",
	"turnof", "turncount", "standof", "seat", "seatdue", "cover", "postends",
	"standfor", "requestof", "requestopen", "requestdue", "leaveday", "burden",
	"noteof", "notereview", "notenext",
	"consentend", "factdue", "factask", "calllist",
	"openingat", "referto", "referof", "referopen", "refernext", "refercount", "reserveat", "reservecount", "correctof", "correctopen", "mergeof",
}

// Check builds every index and count anew from the records and lists where
// what is stored differs, up to a hundred lines without anybody's name. It
// reads everything in one View: run it on a copy where the store is at work.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var found []string
	err := s.View(ctx, func(tx *Tx) error {
		found = nil
		differ, err := tx.differing()
		if err != nil {
			return err
		}
		for _, d := range differ {
			found = append(found, shown(d.key)+": "+d.how)
		}
		for _, check := range []func() ([]string, error){tx.checkChain, tx.checkBatches, tx.checkScreenings} {
			more, err := check()
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		for fault, err := range tx.CheckOutbox() {
			if err != nil {
				return err
			}
			found = append(found, "outbox: "+fault)
		}
		return nil
	})
	const most = 100
	if len(found) > most {
		found = append(found[:most], fmt.Sprintf("and %d more", len(found)-most))
	}
	return found, err
}

// differing compares every index and count with what the records say.
func (tx *Tx) differing() ([]difference, error) {
	want := &Tx{Now: tx.Now, s: tx.s}
	sh := shadow{}
	want.r, want.w = sh, sh
	for _, rebuild := range []func(from, to *Tx) error{rebuildPlaces, rebuildPeople, rebuildSessions, rebuildAttendance, rebuildGraduates, rebuildAudit, rebuildTurns, rebuildStandings, rebuildNotes, rebuildRequests, rebuildBurden, rebuildOpenings, rebuildReferrals, rebuildReserves, rebuildCorrections, rebuildMerges} {
		if err := rebuild(tx, want); err != nil {
			return nil, err
		}
	}
	var found []difference
	for _, t := range derived {
		more, err := compare(tx, sh, t+"/")
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// difference is an entry that is not as the records say.
type difference struct {
	key  string
	how  string
	want []byte // nil: none
}

// mend writes every index and count as the records say. Run it while nothing else
// writes; it may be called again.
func (s *Store) mend(ctx context.Context) error {
	var differ []difference
	err := s.View(ctx, func(tx *Tx) (err error) {
		differ, err = tx.differing()
		return err
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(differ, kv.MaxWrites) {
		err := s.Update(ctx, func(tx *Tx) error {
			for _, d := range part {
				if d.want == nil {
					if err := tx.w.Delete([]byte(d.key)); err != nil {
						return err
					}
				} else if err := tx.w.Put([]byte(d.key), d.want); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shadow is a transaction in memory in which indexes are built anew.
type shadow map[string][]byte

func (s shadow) Get(key []byte) ([]byte, bool, error) {
	v, found := s[string(key)]
	return v, found, nil
}

func (s shadow) Put(key, value []byte) error { s[string(key)] = value; return nil }

func (s shadow) Delete(key []byte) error { delete(s, string(key)); return nil }

func (s shadow) Scan(r kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for _, key := range s.keys(string(r.Lo)) {
			if len(r.Hi) > 0 && key >= string(r.Hi) {
				return
			}
			if !yield(kv.Entry{Key: []byte(key), Value: s[key]}, nil) {
				return
			}
		}
	}
}

// keys lists the keys from lo on, in order.
func (s shadow) keys(lo string) []string {
	var keys []string
	for key := range s {
		if key >= lo {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// compare lists the entries of a topic that are missing, left over or different.
func compare(tx *Tx, want shadow, prefix string) ([]difference, error) {
	var found []difference
	seen := map[string]bool{}
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		key := string(e.Key)
		seen[key] = true
		value, there := want[key]
		switch {
		case !there:
			found = append(found, difference{key, "left over", nil})
		case !bytes.Equal(value, e.Value) && !sameButOrder(prefix, value, e.Value):
			found = append(found, difference{key, "differs from the records", value})
		}
	}
	for _, key := range want.keys(prefix) {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if !seen[key] {
			found = append(found, difference{key, "missing", want[key]})
		}
	}
	return found, nil
}

// sameButOrder says whether two lists of holders name the same people.
func sameButOrder(prefix string, a, b []byte) bool {
	if prefix != "holder/" {
		return false
	}
	x, y := bytes.Split(bytes.Trim(a, "[]"), []byte(",")), bytes.Split(bytes.Trim(b, "[]"), []byte(","))
	slices.SortFunc(x, bytes.Compare)
	slices.SortFunc(y, bytes.Compare)
	return slices.EqualFunc(x, y, bytes.Equal)
}

// shown is a key without keyed hashes of names and phones: the topic and the
// last part, which is an id or a code.
func shown(key string) string {
	switch t := topic(key); t {
	case "name", "gradlist", "gradlike", "gradname":
		return t + "/…" + key[strings.LastIndexByte(key, '/'):]
	case "phone":
		return t + "/…"
	}
	return key
}

func rebuildPlaces(from, to *Tx) error {
	for e, err := range scan[record.Place](from, under("place/")) {
		if err != nil {
			return err
		}
		if err := to.PutPlace(e.val); err != nil {
			return err
		}
	}
	return nil
}

func rebuildPeople(from, to *Tx) error {
	for e, err := range scan[record.Person](from, under("person/")) {
		if err != nil {
			return err
		}
		p := e.val
		if err := put(to, e.key, p); err != nil {
			return err
		}
		if p.PhoneHash != "" {
			if err := put(to, "phone/"+p.PhoneHash, p.ID); err != nil {
				return err
			}
		}
		if p.Enrolled() {
			if err := put(to, chatKey(p.Chat), p.ID); err != nil {
				return err
			}
		}
	}
	for e, err := range scan[record.Date](from, under("trained/")) {
		if err != nil {
			return err
		}
		if err := put(to, e.key, e.val); err != nil {
			return err
		}
	}
	for e, err := range scan[[]record.Post](from, under("posts/")) {
		if err != nil {
			return err
		}
		if err := put(to, e.key, e.val); err != nil {
			return err
		}
		for _, post := range e.val {
			if err := rebuildPost(to, post); err != nil {
				return err
			}
		}
	}
	return rebuildClaims(from, to)
}

func rebuildPost(to *Tx, post record.Post) error {
	if !post.Held() {
		return nil
	}
	holders, err := to.Holders(post.Role, post.Place)
	if err != nil {
		return err
	}
	if err := put(to, holderKey(post.Role, post.Place), append(holders, post.Person)); err != nil {
		return err
	}
	if err := to.indexName(post.Person, post.Place); err != nil {
		return err
	}
	if post.Ends != "" {
		if err := put(to, endsKey(post), true); err != nil {
			return err
		}
	}
	return to.recount(post.Person, post.Role, post.Place, +1)
}

func rebuildClaims(from, to *Tx) error {
	for e, err := range scan[record.Claim](from, under("claim/")) {
		if err != nil {
			return err
		}
		if !e.val.Waiting {
			continue
		}
		if err := to.PutClaim(e.val); err != nil {
			return err
		}
	}
	return nil
}

func rebuildSessions(from, to *Tx) error {
	for e, err := range scan[record.Session](from, under("session/")) {
		if err != nil {
			return err
		}
		townships, err := from.ExpectedTownships(e.val.ID)
		if err != nil {
			return err
		}
		if err := to.putSession(e.val, townships); err != nil {
			return err
		}
		if err := rebuildStandIns(from, to, e.val); err != nil {
			return err
		}
		all := 0
		for _, t := range townships {
			villages, err := from.Expected(e.val.ID, t)
			if err != nil {
				return err
			}
			all += len(villages)
			if err := put(to, expectKey(e.val.ID, t), villages); err != nil {
				return err
			}
			if err := put(to, tallyKey(e.val.ID, t), record.SessionCount{Expected: len(villages)}); err != nil {
				return err
			}
		}
		if err := put(to, tallyKey(e.val.ID, ""), record.SessionCount{Expected: all}); err != nil {
			return err
		}
	}
	return nil
}

func rebuildStandIns(from, to *Tx, s record.Session) error {
	by, err := from.StandIns(s.ID)
	if err != nil {
		return err
	}
	for village, in := range by {
		if err := put(to, standInKey(s.ID, village), in); err != nil {
			return err
		}
		if err := put(to, standForKey(s, in), s.ID); err != nil {
			return err
		}
	}
	return nil
}

// rebuildAttendance plays the rows of all people over again, in the order in
// which they were written: who stands for a village depends on it.
func rebuildAttendance(from, to *Tx) error {
	type event struct {
		att record.Attendance
		row int
	}
	bySession := map[record.SessionID][]event{}
	for e, err := range scan[record.Attendance](from, under("att/")) {
		if err != nil {
			return err
		}
		for i := range e.val.Rows {
			bySession[e.val.Session] = append(bySession[e.val.Session], event{e.val, i})
		}
	}
	for _, events := range bySession {
		slices.SortStableFunc(events, func(a, b event) int { return a.att.Rows[a.row].At.Compare(b.att.Rows[b.row].At) })
		for _, ev := range events {
			if err := to.appendRow(ev.att.Session, ev.att.Person, ev.att.Villages, ev.att.Rows[ev.row]); err != nil {
				return err
			}
		}
	}
	return nil
}

func rebuildGraduates(from, to *Tx) error {
	for e, err := range scan[record.Graduate](from, under("graduate/")) {
		if err != nil {
			return err
		}
		if err := errors.Join(to.indexGraduate(e.val, true), to.graduateChanged(nil, &e.val)); err != nil {
			return err
		}
	}
	return nil
}

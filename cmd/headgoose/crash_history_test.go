package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"headgoose/bot/telegram/sandbox"
	"headgoose/storage"
	"headgoose/storage/record"
)

// history is what the people of the crash test do and have seen: the model that
// the data is held against.
type history struct {
	sandbox *sandbox.Server
	seed    uint64
	rounds  []chan struct{}    // closed when a round begins
	ids     []record.SessionID // of the rounds that have begun
	code    func(record.SessionID) storage.Code
	beat    func()

	mu      sync.Mutex
	came    map[string]bool     // "round/person" that has seen the own check-in
	left    map[string]bool     // "round/person" that is done with the session
	saved   map[string][]string // names of graduates seen as saved, by village
	working map[int]int         // people who are not done with a round
	done    chan struct{}       // closed when nobody works on the newest round
}

func newHistory(s *sandbox.Server, rounds int, seed uint64) *history {
	h := &history{sandbox: s, seed: seed, came: map[string]bool{}, left: map[string]bool{}, saved: map[string][]string{}, working: map[int]int{}}
	for range rounds {
		h.rounds = append(h.rounds, make(chan struct{}))
	}
	return h
}

// cast is everybody's part, to be played side by side.
func (h *history) cast(code func(record.SessionID) storage.Code, beat func()) (parts []func(context.Context) error) {
	h.code, h.beat = code, beat
	parts = append(parts, h.part(stageOfficer, h.asks), h.part(stageHost, h.hosts))
	for i := range crashPeople - 1 {
		parts = append(parts, h.part(benchAccount+int64(i), h.secretary))
	}
	return append(parts, h.part(blocker, h.blocks))
}

// blocker is the secretary who stops the bot now and then and does nothing else.
const blocker = benchAccount + crashPeople - 1

// part plays one person through all rounds.
func (h *history) part(who int64, play func(*actor, int) error) func(context.Context) error {
	return func(ctx context.Context) error {
		a := &actor{history: h, ctx: ctx, who: who, chance: rand.New(rand.NewPCG(h.seed, uint64(who)))}
		for r, begun := range h.rounds {
			select {
			case <-begun:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := play(a, r); err != nil {
				return fmt.Errorf("round %d, %d: %w", r, who, err)
			}
			h.finished(r)
		}
		return nil
	}
}

// begin lets everybody into a round.
func (h *history) begin(r int, id record.SessionID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids = append(h.ids, id)
	h.working[r], h.done = crashPeople+2, make(chan struct{})
	close(h.rounds[r])
}

func (h *history) finished(r int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.working[r]--; h.working[r] == 0 && r == len(h.ids)-1 {
		close(h.done)
	}
}

// idle is closed when everybody is done with the newest round.
func (h *history) idle() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done
}

func (h *history) session(r int) record.SessionID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ids[r]
}

func (h *history) sawCheckIn(r int, who int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.came[fmt.Sprintf("%d/%d", r, who)] = true
}

// leaves notes that a person has nothing more to do at a session.
func (h *history) leaves(r int, who int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left[fmt.Sprintf("%d/%d", r, who)] = true
}

func (h *history) hasLeft(r int, who int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left[fmt.Sprintf("%d/%d", r, who)]
}

func (h *history) sawSaved(who int64, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := string(benchVillage(int(who - benchAccount)))
	h.saved[v] = append(h.saved[v], name)
}

// holds fails for what a phone has shown and the data does not have, and for
// whatever the data has twice.
func (h *history) holds(tx *storage.Tx, fault func(string, ...any)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r, id := range h.ids {
		for i := range crashPeople {
			who := benchAccount + int64(i)
			n, err := rowsOf(tx, id, who)
			if err != nil {
				return err
			}
			if seen := h.came[fmt.Sprintf("%d/%d", r, who)]; n > 1 || (seen && n == 0) {
				fault("round %d: %d has %d rows of attendance, and saw it: %v", r, who, n, seen)
			}
		}
	}
	for i := range crashPeople {
		v := benchVillage(i)
		names, err := graduatesOf(tx, v)
		if err != nil {
			return err
		}
		for _, name := range h.saved[string(v)] {
			if !slices.Contains(names, name) {
				fault("%s saw %s saved, and the data does not have it", v, name)
			}
		}
		if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
			fault("%s has a graduate twice: %q", v, names)
		}
	}
	return nil
}

func graduatesOf(tx *storage.Tx, village record.Code) (names []string, err error) {
	q := storage.GraduateQuery{Place: village, Filter: storage.AllGraduates, Limit: 1000}
	list, _, err := tx.Graduates(q)
	for _, g := range list {
		names = append(names, g.Name)
	}
	return names, err
}

// agrees fails unless the data is what everybody's acts come to, no more and
// no less, now that all are done.
func (h *history) agrees(tx *storage.Tx, fault func(string, ...any)) error {
	if err := h.holds(tx, fault); err != nil {
		return err
	}
	graduates := 0
	for i := range crashPeople {
		v := benchVillage(i)
		names, err := graduatesOf(tx, v)
		if err != nil {
			return err
		}
		if graduates += len(names); len(names) != len(h.saved[string(v)]) {
			fault("%s has graduates %q, its secretary registered %q", v, names, h.saved[string(v)])
		}
	}
	count, err := tx.Count(benchCounty.Code)
	if err != nil {
		return err
	}
	if count.Graduates.All != graduates || count.Unreachable != 0 {
		fault("counted: %d graduates of %d, %d people out of reach of 0", count.Graduates.All, graduates, count.Unreachable)
	}
	for r, id := range h.ids {
		tally, err := tx.Tally(id, "")
		if err != nil {
			return err
		}
		if tally.Present != crashPeople-1 || tally.Expected != crashPeople {
			fault("round %d: %+v, want all but one present", r, tally)
		}
		h.noticesOf(r, fault)
	}
	return h.nothingLeft(tx, fault)
}

// noticesOf fails where somebody had a notice of a round twice and was not
// told that it is a repeat, or not at all.
func (h *history) noticesOf(r int, fault func(string, ...any)) {
	once := func(who int64, title, part string, must bool) {
		all, plain := 0, 0
		for _, text := range heard(h.sandbox, who, title) {
			if strings.Contains(text, part) {
				if all++; !strings.Contains(text, repeated) {
					plain++
				}
			}
		}
		if plain > 1 || (must && all == 0) {
			fault("round %d: %d had %q %d times, %d of them not marked as repeats", r, who, title, all, plain)
		}
	}
	for i := range crashPeople - 1 {
		who := benchAccount + int64(i)
		once(who, reminderTitle(r), soon, true)
		once(who, sessionTitle(r), "新安排", false) // needless where the person had come
	}
	for _, officer := range []int64{stageOfficer, stageTownship} {
		once(officer, sessionTitle(r), "已结束\n", true)
	}
}

// nothingLeft fails for updates that were set aside and rows that were left.
func (h *history) nothingLeft(tx *storage.Tx, fault func(string, ...any)) error {
	left, err := tx.Replies("", 100)
	if err != nil {
		return err
	}
	for _, row := range left {
		fault("a reply was left: %s to %d", row.Key, row.Chat)
	}
	if due, err := tx.OutboxDue(); err != nil || due {
		fault("notices were left (%v)", err)
	}
	if st := h.sandbox.Stats(); st.Expired > 0 || st.Pending > 0 {
		fault("updates: %+v", st)
	}
	return nil
}

// told says whether the reminders and results of all rounds up to the last one
// are on the phones.
func (h *history) told(last int) bool {
	complete := true
	for r := range last + 1 {
		h.noticesOf(r, func(string, ...any) { complete = false })
	}
	return complete
}

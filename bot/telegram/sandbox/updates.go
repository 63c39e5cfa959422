package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// update is one waiting update, encoded when it happened.
type update struct {
	id   int64
	chat int64 // what keeps its order; 0 for an injected one
	at   time.Time
	raw  []byte
	done bool // delivered by webhook, waits to be taken off the list
}

// updateQueue holds the updates until they are acknowledged.
type updateQueue struct {
	mu      sync.Mutex
	next    int64
	list    []*update // by id; list[:head] is gone
	head    int
	again   []*update // handed over once more though acknowledged: a fault
	allowed []string  // nil: Telegram's default
	poller  *poller
	hook    *webhook
	closed  bool // no webhook starts any more

	duplicate int // faults that are armed
	reorder   int
	conflicts int

	acked, expired, queued atomic.Int64
}

// poller is one running getUpdates.
type poller struct {
	wake chan struct{} // buffered by one
	stop chan struct{} // closed by the poller that takes over
}

func (q *updateQueue) init(first int64) {
	q.next = 10_000_001
	if first > 0 {
		q.next = first
	}
}

// byDefaultOff are the kinds that Telegram sends only when asked to.
var byDefaultOff = []string{"chat_member", "message_reaction", "message_reaction_count"}

// enqueue adds an update whose fields, after update_id, are body
// (`"message":{…}`). Call it with the chat's lock held: that is what keeps a
// chat's updates in the order of its messages.
func (s *Server) enqueue(kind string, chat int64, object any) {
	body := mustJSON(object)
	raw := make([]byte, 0, len(body)+len(kind)+40)
	raw = append(raw, `{"update_id":0000000000,"`...)
	raw = append(raw, kind...)
	raw = append(raw, `":`...)
	raw = append(raw, body...)
	raw = append(raw, '}')
	s.queue.add(kind, &update{chat: chat, at: s.now(), raw: raw}, s)
}

func (q *updateQueue) add(kind string, u *update, s *Server) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.allows(kind) {
		return
	}
	u.id = q.next
	q.next++
	u.raw = withID(u.raw, u.id)
	q.list = append(q.list, u)
	q.queued.Add(1)
	if q.hook != nil {
		q.hook.take(u)
	}
	if q.poller != nil {
		select {
		case q.poller.wake <- struct{}{}:
		default: // it has been woken and has not looked yet
		}
	}
	s.changes.bump()
}

// withID puts the id into its place; eight digits and more all fit, since
// JSON minds a leading zero but not a space.
func withID(raw []byte, id int64) []byte {
	const at = len(`{"update_id":`)
	for i := range 10 {
		raw[at+i] = ' '
	}
	strconv.AppendInt(raw[at:at], id, 10)
	return raw
}

func (q *updateQueue) allows(kind string) bool {
	if kind == "" {
		return true
	}
	if len(q.allowed) == 0 {
		return !slices.Contains(byDefaultOff, kind)
	}
	return slices.Contains(q.allowed, kind)
}

// setAllowed notes allowed_updates where a call gives it; it counts for
// updates that happen from now on. The lock is held.
func (q *updateQueue) setAllowed(given bool, kinds []string) {
	if given {
		q.allowed = slices.Clone(kinds)
	}
}

// acknowledge drops the updates before offset; a negative one leaves only the
// last -offset. The lock is held.
func (q *updateQueue) acknowledge(offset int64) {
	if offset < 0 {
		if n := len(q.list) - q.head; int64(n) > -offset {
			q.drop(n + int(offset))
		}
		return
	}
	n := 0
	for i := q.head; i < len(q.list) && q.list[i].id < offset; i++ {
		n++
	}
	q.drop(n)
}

// drop takes n acknowledged updates off the head. The lock is held.
func (q *updateQueue) drop(n int) {
	for range n {
		u := q.list[q.head]
		q.list[q.head] = nil
		q.head++
		q.acked.Add(1)
		if q.duplicate > 0 {
			q.duplicate--
			q.again = append(q.again, u)
		}
	}
	q.compact()
}

// compact gives the memory of gone updates back, now and then.
func (q *updateQueue) compact() {
	if q.head > 1024 && q.head*2 > len(q.list) {
		q.list = slices.Clone(q.list[q.head:])
		q.head = 0
	}
}

// expire forgets updates that nobody fetched for 24 hours. The lock is held.
func (q *updateQueue) expire(now time.Time) {
	for q.head < len(q.list) && now.Sub(q.list[q.head].at) > keptFor {
		q.list[q.head] = nil
		q.head++
		q.expired.Add(1)
	}
	q.compact()
}

// batch is what the next answer carries. The lock is held.
func (q *updateQueue) batch(limit int) []*update {
	var out []*update
	if len(q.again) > 0 {
		out, q.again = q.again, nil
	}
	end := min(len(q.list), q.head+max(0, limit-len(out)))
	out = append(out, q.list[q.head:end]...)
	if q.reorder > 0 && len(out) > 1 {
		q.reorder--
		mixChats(out)
	}
	return out
}

// mixChats turns the order of the chats round and keeps the order in each.
func mixChats(list []*update) {
	rank := map[int64]int{}
	for _, u := range list {
		if _, seen := rank[u.chat]; !seen {
			rank[u.chat] = -len(rank)
		}
	}
	slices.SortStableFunc(list, func(a, b *update) int { return rank[a.chat] - rank[b.chat] })
}

func (q *updateQueue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list) - q.head + len(q.again)
}

const (
	hookActive   = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
	otherPoller  = "terminated by other getUpdates request; make sure that only one bot instance is running"
	maxBatch     = 100
	maxPollPause = 50 * time.Second
)

func (c *call) getUpdates() ([]byte, *apiError) {
	var kinds []string
	given, err := c.decode("allowed_updates", &kinds)
	if err != nil {
		return nil, err
	}
	limit := int(c.int("limit"))
	if limit < 1 || limit > maxBatch {
		limit = maxBatch
	}
	p := &poller{wake: make(chan struct{}, 1), stop: make(chan struct{})}
	if err := c.s.queue.begin(p, given, kinds, c.int("offset")); err != nil {
		return nil, err
	}
	c.s.changes.announce() // what the offset acknowledged
	defer c.s.queue.end(p)
	return c.poll(p, limit)
}

// begin takes over from a running poll, which is what Telegram does: the
// newer request wins, the older is answered 409.
func (q *updateQueue) begin(p *poller, given bool, kinds []string, offset int64) *apiError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hook != nil {
		return errConflict(hookActive)
	}
	if q.conflicts > 0 {
		q.conflicts--
		return errConflict(otherPoller)
	}
	if q.poller != nil {
		close(q.poller.stop)
	}
	q.poller = p
	q.setAllowed(given, kinds)
	if offset != 0 {
		q.acknowledge(offset)
	}
	return nil
}

func (q *updateQueue) end(p *poller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.poller == p {
		q.poller = nil
	}
}

// poll waits until there is something to hand over or the time is up.
func (c *call) poll(p *poller, limit int) ([]byte, *apiError) {
	q := &c.s.queue
	pause := min(time.Duration(max(0, c.int("timeout")))*time.Second, maxPollPause)
	var timeout <-chan time.Time
	for {
		q.mu.Lock()
		q.expire(c.s.now())
		list := q.batch(limit)
		q.mu.Unlock()
		if len(list) > 0 || pause == 0 {
			return encodeBatch(list), nil
		}
		if timeout == nil {
			t := time.NewTimer(pause)
			defer t.Stop()
			timeout = t.C
		}
		select {
		case <-p.wake:
		case <-timeout:
			return encodeBatch(nil), nil
		case <-p.stop:
			return nil, errConflict(otherPoller)
		case <-c.s.closing:
			return nil, nil
		case <-c.r.Context().Done():
			return nil, nil
		}
	}
}

func encodeBatch(list []*update) []byte {
	size := 2
	for _, u := range list {
		size += len(u.raw) + 1
	}
	b := append(make([]byte, 0, size), '[')
	for i, u := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, u.raw...)
	}
	return append(b, ']')
}

// InjectUpdate queues an update of the caller's making: fields is a JSON
// object without update_id, for example {"message":{"message_id":"x"}}. It
// goes out as it is, so a bot's decoder can be given what it cannot decode.
func (s *Server) InjectUpdate(fields string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fields), &members); err != nil {
		return err
	}
	body := []byte(`{"update_id":0000000000`)
	for name, raw := range members {
		body = append(body, ',')
		body = append(body, mustJSON(name)...)
		body = append(body, ':')
		body = append(body, raw...)
	}
	s.queue.add("", &update{at: s.now(), raw: append(body, '}')}, s)
	s.changes.announce()
	return nil
}

// DuplicateUpdates makes the next n updates come once more after they were
// acknowledged.
func (s *Server) DuplicateUpdates(n int) {
	s.queue.arm(func(q *updateQueue) { q.duplicate += n })
}

// ReorderUpdates makes the next n batches of several updates arrive with
// their chats in another order; the order within a chat stays.
func (s *Server) ReorderUpdates(n int) {
	s.queue.arm(func(q *updateQueue) { q.reorder += n })
}

// SecondPoller answers the next n getUpdates as if another instance polled.
// The one that waits now is cut off as well.
func (s *Server) SecondPoller(n int) {
	s.queue.arm(func(q *updateQueue) {
		q.conflicts += n
		if q.poller != nil && q.conflicts > 0 {
			q.conflicts--
			close(q.poller.stop)
			q.poller = nil
		}
	})
}

func (q *updateQueue) arm(set func(*updateQueue)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	set(q)
}

package schedule

import (
	"container/heap"
	"time"

	"headgoose/storage/record"
)

// queue is what waits in memory to be sent: a lane for each chat, so that a
// chat gets one message at a time and in order; among the lanes replies go
// before notices before bulk, except that every share-th turn goes to what has
// been passed over so often. It has no lock and no clock.
type queue struct {
	share   int
	lanes   map[laneID]*lane
	ready   [record.Bulk + 1][]*lane
	passed  [record.Bulk + 1]int
	delayed laneHeap
	size    int // jobs in lanes
}

// laneID names a lane: the chat, or the person while the chat is not known.
type laneID struct {
	chat   int64
	person record.PersonID
}

// job is one row on its way.
type job struct {
	row  record.Outbox // as it is stored
	chat int64         // where it goes
}

func (j *job) lane() laneID {
	if j.chat != 0 {
		return laneID{chat: j.chat}
	}
	return laneID{person: j.row.Person}
}

type lane struct {
	id    laneID
	jobs  [record.Bulk + 1][]*job
	lined [record.Bulk + 1]bool // stands in ready
	busy  bool                  // a worker has one of its jobs
	until time.Time             // not before; zero: at once
	place int                   // in the heap, while delayed
}

func newQueue(share int) *queue {
	return &queue{share: max(2, share), lanes: map[laneID]*lane{}}
}

func (q *queue) lane(id laneID) *lane {
	l := q.lanes[id]
	if l == nil {
		l = &lane{id: id, place: -1}
		q.lanes[id] = l
	}
	return l
}

// push adds a job at the end of its lane.
func (q *queue) push(j *job) {
	l := q.lane(j.lane())
	l.jobs[j.row.Class] = append(l.jobs[j.row.Class], j)
	q.size++
	q.line(l)
}

// again puts a job back at the head of its lane, which then waits.
func (q *queue) again(j *job, until time.Time) {
	l := q.lane(j.lane())
	jobs := l.jobs[j.row.Class]
	l.jobs[j.row.Class] = append([]*job{j}, jobs...)
	q.size++
	q.delay(l, until)
}

// line puts a lane that may go on in line for each class that it holds.
func (q *queue) line(l *lane) {
	if l.busy || l.place >= 0 {
		return
	}
	for class := record.Reply; class <= record.Bulk; class++ {
		if len(l.jobs[class]) > 0 && !l.lined[class] {
			l.lined[class] = true
			q.ready[class] = append(q.ready[class], l)
		}
	}
}

// delay lets a lane wait.
func (q *queue) delay(l *lane, until time.Time) {
	l.until = until
	if l.place >= 0 {
		heap.Fix(&q.delayed, l.place)
		return
	}
	heap.Push(&q.delayed, l)
}

// release ends the turn that pick gave.
func (q *queue) release(id laneID) {
	l := q.lanes[id]
	l.busy = false
	if l.empty() && l.place < 0 {
		delete(q.lanes, id)
		return
	}
	q.line(l)
}

func (l *lane) empty() bool {
	return len(l.jobs[record.Reply])+len(l.jobs[record.Notice])+len(l.jobs[record.Bulk]) == 0
}

// pick takes the next job whose lane may go on and for which take grants the
// budget. Without one, wait says when to ask again; 0: when something changes.
func (q *queue) pick(now time.Time, take func(chat int64) (wait time.Duration, everybody bool)) (j *job, wait time.Duration) {
	for len(q.delayed) > 0 && !q.delayed[0].until.After(now) {
		l := heap.Pop(&q.delayed).(*lane)
		l.until = time.Time{}
		if l.empty() && !l.busy {
			delete(q.lanes, l.id)
		}
		q.line(l)
	}
	for {
		class := q.turn()
		if class == 0 {
			break
		}
		l := q.ready[class][0]
		wait, everybody := take(l.id.chat)
		if wait > 0 && everybody {
			return nil, wait
		}
		q.ready[class] = q.ready[class][1:]
		l.lined[class] = false
		if wait > 0 {
			q.delay(l, now.Add(wait))
			continue
		}
		return q.start(l, class), 0
	}
	if len(q.delayed) > 0 {
		return nil, q.delayed[0].until.Sub(now)
	}
	return nil, 0
}

// start hands out the first job of a class in a lane.
func (q *queue) start(l *lane, class record.Class) *job {
	j := l.jobs[class][0]
	l.jobs[class][0] = nil
	l.jobs[class] = l.jobs[class][1:]
	l.busy = true
	q.size--
	for lower := class + 1; lower <= record.Bulk; lower++ {
		if len(q.ready[lower]) > 0 {
			q.passed[lower]++
		}
	}
	q.passed[class] = 0
	return j
}

// turn is the class whose turn it is; 0 where no lane may go on.
func (q *queue) turn() record.Class {
	var first record.Class
	for class := record.Reply; class <= record.Bulk; class++ {
		q.prune(class)
		if len(q.ready[class]) == 0 {
			continue
		}
		if first == 0 {
			first = class
		} else if q.passed[class] >= q.share {
			return class
		}
	}
	return first
}

// prune takes lanes off the head of the line that cannot go on any more: a
// lane stands in line for each of its classes and leaves only one of them.
func (q *queue) prune(class record.Class) {
	line := q.ready[class]
	for len(line) > 0 && (line[0].busy || line[0].place >= 0 || len(line[0].jobs[class]) == 0) {
		line[0].lined[class] = false
		line[0] = nil
		line = line[1:]
	}
	q.ready[class] = line
}

// anyReady says whether a lane stands in line.
func (q *queue) anyReady() bool { return q.turn() != 0 }

// drain empties the queue and returns the jobs that were in it.
func (q *queue) drain() []*job {
	var all []*job
	for _, l := range q.lanes {
		for class := record.Reply; class <= record.Bulk; class++ {
			all = append(all, l.jobs[class]...)
		}
	}
	*q = *newQueue(q.share)
	return all
}

// laneHeap orders delayed lanes by when they may go on (container/heap).
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].until.Before(h[j].until) }
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.place = len(*h)
	*h = append(*h, l)
}

func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	l.place = -1
	return l
}

package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Call is one finished call of the bot.
type Call struct {
	Seq    int64
	Method string
	ChatID int64 // 0 where the method has none
	// Code is the HTTP status; 0 where a fault cut the connection.
	Code   int
	Error  string // the description of a refusal
	Result string // JSON, cut at 2 KiB
	// Fault is the kind of the fault that was put into the call, if any.
	Fault FaultKind
	At    time.Time     // on the sandbox's clock
	Took  time.Duration // in real time

	args []arg
}

const (
	maxLogged      = 2 << 10
	maxLoggedParam = 4 << 10
)

// Param is a parameter as the bot wrote it; of a file, its name and size.
func (c Call) Param(name string) string {
	i := slices.IndexFunc(c.args, func(a arg) bool { return a.name == name })
	if i < 0 {
		return ""
	}
	return c.args[i].text
}

// Params are all parameters as a JSON object, in the order of the request.
func (c Call) Params() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, a := range c.args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(mustJSON(a.name))
		b.WriteByte(':')
		if a.bare() {
			b.WriteString(a.text)
		} else {
			b.Write(mustJSON(a.text))
		}
	}
	b.WriteByte('}')
	return b.String()
}

// bare tells that the text is JSON already.
func (a *arg) bare() bool { return a.kind >= argNumber && len(a.text) < maxLoggedParam }

// callLog keeps the last calls and counts all.
type callLog struct {
	mu    sync.Mutex
	ring  []Call
	size  int // 0: nothing is kept
	seq   int64
	hooks atomic.Pointer[[]*func(Call)]

	counts  map[string]*atomic.Int64 // by method; the map never changes
	tooMany atomic.Int64
	refused atomic.Int64
}

func (l *callLog) init(size int) {
	l.size = max(size, 0)
	l.counts = make(map[string]*atomic.Int64, len(methods))
	for _, m := range methods {
		l.counts[m.name] = new(atomic.Int64)
	}
}

// log notes a finished call and tells the hooks.
func (c *call) log(result []byte, err *apiError, f *Fault) {
	l := &c.s.calls
	l.counts[c.method.name].Add(1)
	if err != nil {
		l.refused.Add(1)
		if err.Code == 429 {
			l.tooMany.Add(1)
		}
	}
	hooks := l.hooks.Load()
	if l.size == 0 && hooks == nil {
		return
	}
	entry := c.entry(result, err, f)
	l.keep(&entry)
	if hooks != nil {
		for _, hook := range *hooks {
			(*hook)(entry)
		}
	}
	c.s.changes.bump()
	c.s.changes.announce()
}

func (c *call) entry(result []byte, err *apiError, f *Fault) Call {
	e := Call{Method: c.method.name, ChatID: c.int("chat_id"), Code: 200, At: c.now, Took: time.Since(c.start)}
	e.Result = string(result[:min(len(result), maxLogged)])
	if err != nil {
		e.Code, e.Error = err.Code, err.Desc
	}
	if f != nil {
		e.Fault = f.Kind
		if f.Kind.cuts() {
			e.Code = 0
		}
	}
	e.args = c.args.list
	for i := range e.args {
		if len(e.args[i].text) > maxLoggedParam {
			e.args[i].text = strings.Clone(e.args[i].text[:maxLoggedParam]) + "…"
		}
	}
	for name, up := range c.args.files {
		e.args = append(e.args, arg{name: name, text: up.name + " (" + strconv.Itoa(len(up.body)) + " bytes)"})
	}
	return e
}

func (l *callLog) keep(e *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	e.Seq = l.seq
	switch {
	case l.size == 0:
	case len(l.ring) < l.size:
		l.ring = append(l.ring, *e)
	default:
		l.ring[(e.Seq-1)%int64(l.size)] = *e
	}
}

// since are the kept calls after seq, oldest first.
func (l *callLog) since(seq int64) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := max(seq, l.seq-int64(len(l.ring)))
	out := make([]Call, 0, l.seq-first)
	for n := first; n < l.seq; n++ {
		out = append(out, l.ring[n%int64(l.size)])
	}
	return out
}

// Calls are the calls that the log still holds, oldest first.
func (s *Server) Calls() []Call { return s.calls.since(0) }

// Mark is the number of the last finished call; those after have a higher Seq.
func (s *Server) Mark() int64 {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.seq
}

// OnCall has fn called with every finished call, from the goroutine that
// serves it: keep it short. remove ends that.
func (s *Server) OnCall(fn func(Call)) (remove func()) {
	hook := &fn
	s.calls.changeHooks(func(list []*func(Call)) []*func(Call) { return append(list, hook) })
	return func() {
		s.calls.changeHooks(func(list []*func(Call)) []*func(Call) {
			return slices.DeleteFunc(list, func(h *func(Call)) bool { return h == hook })
		})
	}
}

func (l *callLog) changeHooks(change func([]*func(Call)) []*func(Call)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*func(Call)
	if old := l.hooks.Load(); old != nil {
		list = slices.Clone(*old)
	}
	if list = change(list); len(list) == 0 {
		l.hooks.Store(nil)
		return
	}
	l.hooks.Store(&list)
}

// Stats counts what happened since New.
type Stats struct {
	Calls   map[string]int64 // finished calls by method
	Refused int64            // calls answered with an error, 429 included
	TooMany int64            // calls answered 429

	Queued  int64 // updates that happened
	Acked   int64 // updates that the bot acknowledged
	Expired int64 // updates that nobody fetched for 24 hours
	Pending int   // updates that wait
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	st := Stats{
		Calls: map[string]int64{}, Refused: s.calls.refused.Load(), TooMany: s.calls.tooMany.Load(),
		Queued: s.queue.queued.Load(), Acked: s.queue.acked.Load(), Expired: s.queue.expired.Load(),
		Pending: s.queue.pending(),
	}
	for name, n := range s.calls.counts {
		if v := n.Load(); v > 0 {
			st.Calls[name] = v
		}
	}
	return st
}

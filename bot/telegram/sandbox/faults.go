package sandbox

import (
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind names what goes wrong with a call.
type FaultKind string

// The kinds of faults.
const (
	FaultTooMany      FaultKind = "429"           // refused before its effect, with retry_after
	FaultInternal     FaultKind = "500"           // refused before its effect
	FaultBadGateway   FaultKind = "502"           // refused before its effect, by a proxy's HTML page
	FaultResetBefore  FaultKind = "reset-before"  // connection reset, no effect
	FaultResetAfter   FaultKind = "reset-after"   // connection reset after the effect
	FaultTimeoutAfter FaultKind = "timeout-after" // effect, then no answer until the client gives up
	FaultSlow         FaultKind = "slow"          // a pause, then all is well
)

// FaultKinds lists them in the order of the page.
var FaultKinds = []FaultKind{
	FaultTooMany, FaultInternal, FaultBadGateway, FaultResetBefore, FaultResetAfter,
	FaultTimeoutAfter, FaultSlow,
}

// cuts tells that the caller gets no answer.
func (k FaultKind) cuts() bool {
	return k == FaultResetBefore || k == FaultResetAfter || k == FaultTimeoutAfter
}

// Fault is an order to let calls fail.
type Fault struct {
	Method string // "" is every method but getUpdates
	Kind   FaultKind
	// Times is how many calls fail before the fault is over; 0 is no end.
	Times int
	// Every lets only every nth matching call fail; 0 and 1 are each.
	Every int
	// Probability lets a matching call fail by chance; 0 is always.
	Probability float64
	// RetryAfter is for FaultTooMany; the least and the default is 1 s.
	RetryAfter time.Duration
	// Delay is for FaultSlow, default 1 s, and ends a FaultTimeoutAfter whose
	// client waits longer. Real time.
	Delay time.Duration
}

// FaultID identifies an active fault.
type FaultID int

type activeFault struct {
	Fault
	ID    FaultID
	seen  int
	Fired int
}

// faultTable holds the active faults, first added first asked.
type faultTable struct {
	armed atomic.Int32
	mu    sync.Mutex
	list  []*activeFault
	next  FaultID
	rand  *rand.Rand
}

// AddFault makes calls fail from now on.
func (s *Server) AddFault(f Fault) FaultID {
	t := &s.faults
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	t.list = append(t.list, &activeFault{Fault: f, ID: t.next})
	t.armed.Store(int32(len(t.list)))
	s.changes.bump()
	return t.next
}

// RemoveFault ends a fault; one that is over is no error.
func (s *Server) RemoveFault(id FaultID) {
	s.faults.remove(func(f *activeFault) bool { return f.ID == id })
	s.changes.bump()
}

// ClearFaults ends all faults, those of the updates too.
func (s *Server) ClearFaults() {
	s.faults.remove(func(*activeFault) bool { return true })
	s.queue.arm(func(q *updateQueue) { q.duplicate, q.reorder, q.conflicts = 0, 0, 0 })
	s.changes.bump()
}

func (t *faultTable) remove(which func(*activeFault) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(t.list, which)
	t.armed.Store(int32(len(t.list)))
}

// pick is the fault for a call of the method, nil for none.
func (t *faultTable) pick(method string) *Fault {
	if t.armed.Load() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, f := range t.list {
		if !f.hits(method, t.rand) {
			continue
		}
		f.Fired++
		if f.Times > 0 && f.Fired >= f.Times {
			t.list = slices.Delete(t.list, i, i+1)
			t.armed.Store(int32(len(t.list)))
		}
		return &f.Fault
	}
	return nil
}

func (f *activeFault) hits(method string, r *rand.Rand) bool {
	if f.Method == "" && method == "getUpdates" || f.Method != "" && !strings.EqualFold(f.Method, method) {
		return false
	}
	f.seen++
	if f.Every > 1 && f.seen%f.Every != 0 {
		return false
	}
	return f.Probability == 0 || r.Float64() < f.Probability
}

func (t *faultTable) active() []activeFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]activeFault, len(t.list))
	for i, f := range t.list {
		out[i] = *f
	}
	return out
}

// failBefore does what the fault does before the effect; done says that the
// call has been answered.
func (c *call) failBefore(f *Fault) (done bool) {
	var err *apiError
	switch f.Kind {
	case FaultTooMany:
		err = errTooMany(max(1, int((f.RetryAfter+time.Second-1)/time.Second)))
		writeError(c.w, err)
	case FaultInternal:
		err = &apiError{Code: 500, Desc: "Internal Server Error"}
		writeError(c.w, err)
	case FaultBadGateway:
		err = &apiError{Code: 502, Desc: "Bad Gateway"}
		http.Error(c.w, "<html><head><title>502 Bad Gateway</title></head></html>", http.StatusBadGateway)
	case FaultResetBefore:
		c.log(nil, nil, f)
		c.cut()
		return true
	case FaultSlow:
		delay := f.Delay
		if delay == 0 {
			delay = time.Second
		}
		c.pause(delay)
		return false
	default:
		return false
	}
	c.log(nil, err, f)
	return true
}

// failAfter does what the fault does after the effect.
func (c *call) failAfter(f *Fault, result []byte, err *apiError) (done bool) {
	switch f.Kind {
	case FaultResetAfter:
		c.log(result, err, f)
		c.cut()
		return true
	case FaultTimeoutAfter:
		c.log(result, err, f)
		c.pause(f.Delay)
		c.cut()
		return true
	}
	return false
}

// pause waits for d, without end for 0, while the client and the server do.
func (c *call) pause(d time.Duration) {
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
	case <-c.r.Context().Done():
	case <-c.s.closing:
	}
}

// cut resets the connection.
func (c *call) cut() {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of our own: let net/http drop it
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close with a reset instead of an orderly end
	}
	_ = conn.Close()
}

package storage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	leave/<id>                          -> record.Leave
//	swap/<id>                           -> record.Swap
//	requestof/<village>/<id>            -> true: leaves and swaps that concern a branch
//	requestopen/<township>/<id>         -> true: those that wait for an answer
//	requestdue/<county>/<deadline>/<id> -> true: when they expire
//	leaveday/<county>/<last day>/<id>   -> true: approved leave
//	rule/<township>                     -> record.TownshipRule
//
// Ids of leaves begin with l, of swaps with w.

// IsLeave tells a leave's id from a swap's.
func IsLeave(id record.RequestID) bool { return strings.HasPrefix(string(id), "l") }

// RequestsOf lists the leaves and swaps that concern a branch, the oldest first.
func (tx *Tx) RequestsOf(village record.Code) ([]record.RequestID, error) {
	return tx.requestIDs("requestof/" + string(village) + "/")
}

// OpenRequests lists the leaves and swaps of a township, or of a whole county,
// that wait for an answer.
func (tx *Tx) OpenRequests(place record.Code) ([]record.RequestID, error) {
	return tx.requestIDs("requestopen/" + string(place))
}

func (tx *Tx) requestIDs(prefix string) ([]record.RequestID, error) {
	var ids []record.RequestID
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		if id := record.RequestID(lastOf(string(e.Key))); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, older)
	return ids, nil
}

// older orders ids of leaves and swaps, which are counted together, by age.
func older(a, b record.RequestID) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a[1:], b[1:]))
}

// RequestsDue lists the requests of a county whose deadline has passed.
func (tx *Tx) RequestsDue(county record.Code) ([]record.RequestID, error) {
	prefix := "requestdue/" + string(county) + "/"
	var ids []record.RequestID
	for e, err := range tx.r.Scan(between(prefix, prefix+stamp(tx.Now))) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, record.RequestID(keyAfterStamp(e.Key[len(prefix):])))
	}
	return ids, nil
}

// request is what the indexes know of a leave or a swap.
type request struct {
	id       record.RequestID
	villages []record.Code
	open     bool
	deadline time.Time
	approved record.Date // last day of approved leave
}

func ofLeave(l record.Leave) request {
	r := request{id: l.ID, villages: l.Villages(), open: l.State.Open(), deadline: l.Deadline}
	if l.State == record.RequestApproved {
		r.approved = l.To
	}
	return r
}

func ofSwap(w record.Swap) request {
	return request{id: w.ID, villages: []record.Code{w.From, w.To}, open: w.State.Open(), deadline: w.Deadline}
}

// keys are the index entries of a request. The officers of both townships see a
// swap.
func (r request) keys() []string {
	var keys []string
	for _, v := range r.villages {
		keys = append(keys, "requestof/"+string(v)+"/"+string(r.id))
		if r.open {
			keys = append(keys, "requestopen/"+string(v.Township())+"/"+string(r.id))
		}
	}
	county := string(r.villages[0].County())
	if r.open {
		keys = append(keys, "requestdue/"+county+"/"+stamp(r.deadline)+"/"+string(r.id))
	}
	if r.approved != "" {
		keys = append(keys, "leaveday/"+county+"/"+string(r.approved)+"/"+string(r.id))
	}
	return keys
}

// index brings the index entries of a request from what it was to what it is.
func (tx *Tx) indexRequest(was *request, is request) error {
	now := is.keys()
	if was != nil {
		for _, key := range was.keys() {
			if !slices.Contains(now, key) {
				if err := del(tx, key); err != nil {
					return err
				}
			}
		}
	}
	for _, key := range now {
		if err := put(tx, key, true); err != nil {
			return err
		}
	}
	return nil
}

// ExpireRequest ends a request whose deadline has passed; expired is false where
// it was answered meanwhile.
func (tx *Tx) ExpireRequest(id record.RequestID) (expired bool, err error) {
	if IsLeave(id) {
		l, err := tx.Leave(id)
		if err != nil || !l.State.Open() || tx.Now.Before(l.Deadline) {
			return false, err
		}
		_, err = tx.setLeave(&l, l, record.RequestExpired, record.RequestRow{})
		return true, err
	}
	w, err := tx.Swap(id)
	if err != nil || !w.State.Open() || !tx.Now.After(w.Deadline) {
		return false, err
	}
	_, err = tx.setSwap(&w, w, record.RequestExpired, record.RequestRow{})
	return true, err
}

// rebuildRequests writes the indexes of requests anew, for Check.
func rebuildRequests(from, to *Tx) error {
	for e, err := range scan[record.Leave](from, under("leave/")) {
		if err != nil {
			return err
		}
		if err := to.indexRequest(nil, ofLeave(e.val)); err != nil {
			return err
		}
	}
	for e, err := range scan[record.Swap](from, under("swap/")) {
		if err != nil {
			return err
		}
		if err := to.indexRequest(nil, ofSwap(e.val)); err != nil {
			return err
		}
	}
	return nil
}

package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	att/<session>/<person>      -> record.Attendance: one per person and session, rows appended
//	branch/<session>/<village>  -> BranchMark: where an expected village stands
//	wait/<session>/<person>     -> true: came without being expected, for the host to accept
//	guess/<person>              -> guesses: wrong codes of late

// CodeStep is how long one rotating code is shown.
const CodeStep = 30 * time.Second

// MaxGuesses is how many wrong codes a person has within GuessWindow.
const (
	MaxGuesses  = 5
	GuessWindow = 10 * time.Minute
)

// Code is a session's code in one time step. It is computed, not stored: an
// HMAC of session and step (the construction of RFC 6238 with SHA-256).
type Code struct {
	Digits string    // six digits, for typing
	Long   string    // for a deep link: not to be guessed
	Until  time.Time // when the next one is shown
}

// Codes makes the codes of sessions from a master key.
type Codes struct{ key []byte }

// CodesOf derives the codes' key from a master key.
func CodesOf(master []byte) (Codes, error) {
	k, err := deriveKeys(master)
	return Codes{k.code}, err
}

// CodeAt is the code of a session that is shown at t. The codes of the open
// sessions are asked for with every check-in, so the newest are remembered.
func (s *Store) CodeAt(id record.SessionID, t time.Time) Code {
	at := codeStep{id, t.UnixNano() / int64(CodeStep)}
	if c, found := s.codes.Load(at); found {
		return c.(Code)
	}
	c := Codes{s.keys.code}.CodeAt(id, t)
	if s.codesKept.Add(1) > maxCodesKept {
		s.codes.Clear()
		s.codesKept.Store(0)
	}
	s.codes.Store(at, c)
	return c
}

// codeStep is a session in one time step, maxCodesKept how many of them are
// remembered.
type codeStep struct {
	id   record.SessionID
	step int64
}

const maxCodesKept = 1000

// CodeAt is the code of a session that is shown at t.
func (c Codes) CodeAt(id record.SessionID, t time.Time) Code {
	step := t.UnixNano() / int64(CodeStep)
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(id))
	_ = binary.Write(h, binary.BigEndian, step)
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return Code{
		Digits: fmt.Sprintf("%06d", number%1_000_000),
		Long:   base64.RawURLEncoding.EncodeToString(sum[:9]),
		Until:  time.Unix(0, (step+1)*int64(CodeStep)),
	}
}

// CodeAt is Store.CodeAt.
func (tx *Tx) CodeAt(id record.SessionID, t time.Time) Code { return tx.s.CodeAt(id, t) }

// CodePayload writes a session and its long code as the payload of a deep link.
func CodePayload(id record.SessionID, c Code) string { return "c" + string(id) + "-" + c.Long }

// SplitCodePayload reads what CodePayload wrote.
func SplitCodePayload(payload string) (id record.SessionID, long string, ok bool) {
	if !strings.HasPrefix(payload, "c") {
		return "", "", false
	}
	session, long, found := strings.Cut(payload[1:], "-")
	return record.SessionID(session), long, found && session != "" && long != ""
}

// CodeFits says whether code (six digits or a long one) is that of the session
// now, or of the step before or after.
func (tx *Tx) CodeFits(id record.SessionID, code string) bool {
	fits := 0
	for _, shift := range [...]time.Duration{0, -CodeStep, CodeStep} {
		c := tx.s.CodeAt(id, tx.Now.Add(shift))
		fits |= subtle.ConstantTimeCompare([]byte(code), []byte(c.Digits))
		fits |= subtle.ConstantTimeCompare([]byte(code), []byte(c.Long))
	}
	return fits == 1
}

type guesses struct {
	Since time.Time `json:"since"`
	Wrong int       `json:"wrong"`
}

// over says whether the window has passed. One that begins in the future was
// counted by a clock that has been set right since: it would last for ever.
func (g guesses) over(now time.Time) bool {
	return now.Sub(g.Since) >= GuessWindow || now.Before(g.Since)
}

// GuessesLeft is how many wrong codes a person may still send.
func (tx *Tx) GuessesLeft(id record.PersonID) (int, error) {
	g, _, err := get[guesses](tx, "guess/"+string(id))
	if err != nil || g.over(tx.Now) {
		return MaxGuesses, err
	}
	return max(0, MaxGuesses-g.Wrong), nil
}

// WrongGuess counts a wrong code and returns how many are left.
func (tx *Tx) WrongGuess(id record.PersonID) (left int, err error) {
	key := "guess/" + string(id)
	g, _, err := get[guesses](tx, key)
	if err != nil {
		return 0, err
	}
	if g.over(tx.Now) {
		g = guesses{Since: tx.Now}
	}
	g.Wrong++
	return max(0, MaxGuesses-g.Wrong), put(tx, key, g)
}

// Attendance is what is said about a person at a session.
func (tx *Tx) Attendance(id record.SessionID, person record.PersonID) (record.Attendance, bool, error) {
	return get[record.Attendance](tx, attKey(id, person))
}

func attKey(id record.SessionID, person record.PersonID) string {
	return "att/" + string(id) + "/" + string(person)
}

// BranchMark is where an expected village stands at a session.
type BranchMark struct {
	Person record.PersonID `json:"person"`
	Status record.Status   `json:"status"`
	At     time.Time       `json:"at"`
}

// Branch is the mark of a village at a session; found is false while nobody
// stood for it.
func (tx *Tx) Branch(id record.SessionID, village record.Code) (BranchMark, bool, error) {
	return get[BranchMark](tx, branchKey(id, village))
}

func branchKey(id record.SessionID, village record.Code) string {
	return "branch/" + string(id) + "/" + string(village)
}

// CheckIn appends the check-in of a person. The row says present, late, or
// waiting where the person is not on the list. Refusals: ErrNotOpen,
// ErrTooEarly, ErrClosed, ErrCancelled; ErrAlready and ErrWaiting with the row
// that stands.
func (tx *Tx) CheckIn(s record.Session, who record.Actor, method record.Method) (record.AttendanceRow, error) {
	if err := checkInTime(s, tx.Now); err != nil {
		return record.AttendanceRow{}, err
	}
	att, _, err := tx.Attendance(s.ID, who.Person)
	if err != nil {
		return record.AttendanceRow{}, err
	}
	switch last := att.Now(); {
	case last.Status.Came():
		return last, record.ErrAlready
	case last.Status == record.Waiting:
		return last, record.ErrWaiting
	}
	row := presence(s, tx.Now)
	row.Method, row.By = method, who.Person
	villages, err := tx.standsFor(s.ID, who)
	if err != nil {
		return row, err
	}
	if len(villages) == 0 {
		row.Status, row.LateMin = record.Waiting, 0
	}
	return row, tx.appendRow(s.ID, who.Person, villages, row)
}

func checkInTime(s record.Session, now time.Time) error {
	switch {
	case s.State == record.Closed:
		return record.ErrClosed
	case s.State == record.Cancelled:
		return record.ErrCancelled
	case now.Before(s.Opens):
		return record.ErrTooEarly
	case s.State != record.Open:
		return record.ErrNotOpen
	}
	return nil
}

// presence is present or late at an instant.
func presence(s record.Session, at time.Time) record.AttendanceRow {
	if at.Before(s.LateFrom) {
		return record.AttendanceRow{At: at, Status: record.Present}
	}
	return record.AttendanceRow{At: at, Status: record.Late, LateMin: max(1, int(at.Sub(s.LateFrom)/time.Minute))}
}

// StandsFor lists the expected villages of a session that a person stands for
// now; see standsFor.
func (tx *Tx) StandsFor(id record.SessionID, who record.Actor) ([]record.Code, error) {
	return tx.standsFor(id, who)
}

// standsFor lists the expected villages that the person stands for now: those
// whose secretary it is, unless another branch stands in for them, and those
// that one of its villages stands in for.
func (tx *Tx) standsFor(id record.SessionID, who record.Actor) ([]record.Code, error) {
	by, err := tx.StandIns(id)
	if err != nil {
		return nil, err
	}
	own := who.Places(record.Secretary)
	var villages []record.Code
	for _, v := range own {
		found, err := tx.Expected(id, v)
		if err != nil {
			return nil, err
		}
		if by[v] == "" || slices.Contains(own, by[v]) {
			villages = append(villages, found...)
		}
	}
	for v, in := range by {
		if slices.Contains(own, in) && !slices.Contains(own, v) {
			villages = append(villages, v)
		}
	}
	slices.Sort(villages)
	return villages, nil
}

// Mark appends a row by a host or officer about a person: a roll call, an
// acceptance, a correction. It also works after the session was closed; the
// reason is then required, as it is for every row that contradicts one before.
func (tx *Tx) Mark(s record.Session, about record.Actor, status record.Status, method record.Method, by record.PersonID, reason string) error {
	if s.State == record.Cancelled {
		return record.ErrCancelled
	}
	att, _, err := tx.Attendance(s.ID, about.Person)
	if err != nil {
		return err
	}
	last := att.Now().Status
	villages, err := tx.standsFor(s.ID, about)
	if err != nil {
		return err
	}
	// A branch that came to the session later, of a person of whom it is known
	// already, is still to be marked.
	more := slices.ContainsFunc(villages, func(v record.Code) bool { return !slices.Contains(att.Villages, v) })
	if (last == status || (last.Came() && status.Came())) && !more {
		return record.ErrAlready
	}
	if (s.State == record.Closed || last.Came() || last == record.Excused) && reason == "" {
		return fmt.Errorf("%w: a correction needs a reason", record.ErrInvalid)
	}
	villages = slices.Compact(slices.Sorted(slices.Values(append(villages, att.Villages...))))
	row := record.AttendanceRow{At: tx.Now, Status: status, Method: method, By: by, Reason: reason}
	if s.State == record.Closed {
		if err := tx.carry(s); err != nil {
			return err
		}
	}
	return tx.appendRow(s.ID, about.Person, villages, row)
}

// AddReason appends the person's own words to a late check-in.
func (tx *Tx) AddReason(id record.SessionID, person record.PersonID, reason string) error {
	att, found, err := tx.Attendance(id, person)
	if err != nil {
		return err
	}
	if !found {
		return record.ErrNotFound
	}
	row := att.Now()
	row.Reason, row.By = reason, person
	att.Rows = append(att.Rows, row)
	return put(tx, attKey(id, person), att)
}

// appendRow writes a row with the marks of its villages, the counts and the
// list of those who wait.
func (tx *Tx) appendRow(id record.SessionID, person record.PersonID, villages []record.Code, row record.AttendanceRow) error {
	att, _, err := tx.Attendance(id, person)
	if err != nil {
		return err
	}
	before := att.Now().Status
	att.Session, att.Person, att.Villages = id, person, villages
	att.Rows = append(att.Rows, row)
	if err := put(tx, attKey(id, person), att); err != nil {
		return err
	}
	if err := tx.setWaiting(id, person, before, row.Status, len(villages) > 0); err != nil {
		return err
	}
	for _, v := range villages {
		if err := tx.markBranch(id, v, BranchMark{Person: person, Status: row.Status, At: row.At}); err != nil {
			return err
		}
	}
	return nil
}

// setWaiting keeps the list of those who came without being expected, and the
// counts of those and of the accepted ones.
func (tx *Tx) setWaiting(id record.SessionID, person record.PersonID, before, after record.Status, expected bool) error {
	key := "wait/" + string(id) + "/" + string(person)
	waited, waits := before == record.Waiting, after == record.Waiting
	var extra int
	if !expected {
		extra = b2i(after.Came()) - b2i(before.Came())
	}
	if waited == waits && extra == 0 {
		return nil
	}
	if waits {
		if err := put(tx, key, true); err != nil {
			return err
		}
	} else if waited {
		if err := del(tx, key); err != nil {
			return err
		}
	}
	return tx.tallyUp(id, "", func(c *record.SessionCount) {
		c.Waiting += b2i(waits) - b2i(waited)
		c.Extra += extra
	})
}

func (tx *Tx) markBranch(id record.SessionID, village record.Code, m BranchMark) error {
	old, _, err := tx.Branch(id, village)
	if err != nil {
		return err
	}
	if old.Person != "" && old.Person != m.Person && old.Status.Came() && !m.Status.Came() {
		return nil // somebody else already stood for the village
	}
	if err := put(tx, branchKey(id, village), m); err != nil {
		return err
	}
	return tx.tallyUp(id, village.Township(), func(c *record.SessionCount) {
		c.Present += b2i(m.Status.Came()) - b2i(old.Status.Came())
		c.Late += b2i(m.Status == record.Late) - b2i(old.Status == record.Late)
		c.Excused += b2i(m.Status == record.Excused) - b2i(old.Status == record.Excused)
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// WaitingFor lists those who came to a session without being expected.
func (tx *Tx) WaitingFor(id record.SessionID) ([]record.PersonID, error) {
	var list []record.PersonID
	prefix := "wait/" + string(id) + "/"
	for e, err := range tx.r.Scan(under(prefix)) {
		if err != nil {
			return nil, err
		}
		list = append(list, record.PersonID(e.Key[len(prefix):]))
	}
	return list, nil
}

// Missing lists the expected villages of a place that nobody stood for.
func (tx *Tx) Missing(id record.SessionID, place record.Code) ([]record.Code, error) {
	expected, err := tx.Expected(id, place)
	if err != nil {
		return nil, err
	}
	var missing []record.Code
	for _, v := range expected {
		m, _, err := tx.Branch(id, v)
		if err != nil {
			return nil, err
		}
		if !m.Status.Came() && m.Status != record.Excused {
			missing = append(missing, v)
		}
	}
	return missing, nil
}

package bot

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/url"
	"strconv"
	"time"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage/record"
)

// A form is a flow of questions (see bot/dialog) in a private chat. To add one:
//
//   - write a *flow: its steps (made anew for every event, so they may read
//     the turn's transaction), its title, who may, and how it is saved;
//   - add the family's function to flowTable below;
//   - say its texts: the Ask and Field keys of the steps;
//   - begin it with t.startFlow(name, answers), where answers hold what the
//     bot knows already, and the flow's context.
//
// The engine shows one message with all answers so far, edits it when a button
// is pressed and sends it anew when an answer is typed. A button belongs to
// one state of the form (record.Dialog.Rev); a press on an older one shows the
// form as it stands and changes nothing.

// flow is one form.
type flow struct {
	name string
	// steps in the order of asking.
	steps func(t *Turn) []dialog.Step
	// title stands in the form's first line.
	title func(t *Turn, a dialog.Answers) (string, error)
	// may is asked when the form begins, with what is known then, and again
	// inside the transaction that saves, with everything.
	may func(t *Turn, a dialog.Answers) error
	// known adds to the form's context what is known of its answers; nil:
	// nothing. A button that begins a form carries the context alone, so what
	// is known is read when it is pressed and kept in no button.
	known func(t *Turn, context dialog.Answers) (dialog.Answers, error)
	// after is called when a step got an answer: to fill in others, or to end
	// the form early (done: the dialog is closed and something was answered).
	// May be nil.
	after func(t *Turn, d *record.Dialog, step string) (done bool, err error)
	// save has the form's effect and answers. It returns a *dialog.Fault,
	// before it wrote anything, to have a step answered again.
	save func(t *Turn, a dialog.Answers) error
	// direct: the last answer saves, without a summary.
	direct bool
}

// flowTable lists the forms, a family after the other.
func flowTable() []*flow {
	var all []*flow
	for _, family := range [][]*flow{
		lateFlows(), registerFlows(), moveFlows(), screeningFlows(), rotaFlows(), cycleFlows(), calendarFlows(), planFlows(), seatFlows(), requestFlows(), noteFlows(), reserveFlows(), referFlows(), fixFlows(),
	} {
		all = append(all, family...)
	}
	return all
}

// formKept is how long a form that nobody touches waits: what was typed into
// it is personal data that nobody has said yes to.
const formKept = 7 * 24 * time.Hour

func formCommands() []command {
	return []command{
		{name: "form", hidden: true, open: true, keepsForm: true, run: (*Turn).form},
	}
}

func (b *Bot) buildFlows() {
	b.flows = map[string]*flow{}
	for _, f := range flowTable() {
		b.flows[f.name] = f
	}
}

// openForm is the form of this chat.
type openForm struct {
	*flow
	dialog.Flow
	d    record.Dialog
	page int
}

// findForm reads the form of the chat; found is false where none is open. One
// that is too old, somebody else's or of an unknown kind is closed.
func (t *Turn) findForm() (f openForm, found bool, err error) {
	if t.Ev.Chat.Group {
		return f, false, nil
	}
	d, found, err := t.Dialog(t.Ev.Chat.ID)
	if err != nil || !found {
		return f, false, err
	}
	kind := t.b.flows[d.Flow]
	foreign := d.Person != "" && d.Person != t.Person.ID
	if kind == nil || foreign || t.Tx.Now.Sub(d.Touched) > formKept {
		return f, false, t.EndDialog(d.Chat)
	}
	f = openForm{flow: kind, d: d, Flow: dialog.Flow{Steps: kind.steps(t)}}
	return f, true, f.Settle(&f.d)
}

// startFlow begins a form with its context. Where another one is open with
// answers in it, the person is asked which to keep.
func (t *Turn) startFlow(name string, answers dialog.Answers) error {
	kind := t.b.flows[name]
	if kind == nil || t.Ev.Chat.Group {
		return record.ErrNotFound
	}
	if err := kind.may(t, answers); err != nil {
		return err
	}
	open, found, err := t.findForm()
	if err != nil {
		return err
	}
	if found && open.d.Edited {
		return t.askWhich(open, name, answers)
	}
	return t.beginFlow(kind, answers)
}

func (t *Turn) beginFlow(kind *flow, answers dialog.Answers) error {
	if kind.known != nil {
		var err error
		if answers, err = kind.known(t, answers); err != nil {
			return err
		}
	}
	f := openForm{flow: kind, Flow: dialog.Flow{Steps: kind.steps(t)}}
	f.d = record.Dialog{
		Chat: t.Ev.Chat.ID, Person: t.Person.ID, Flow: kind.name, Answers: answers,
		Rev: newRev(), Started: t.Tx.Now,
	}
	if err := f.Begin(&f.d); err != nil {
		return err
	}
	return t.keepForm(f, nil)
}

// newRev is where the revisions of a form begin: far from those of any other
// form, whose buttons may still stand in the chat.
func newRev() int64 {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return int64(binary.BigEndian.Uint64(raw[:]) >> 2)
}

// askWhich lets the person choose between the open form and the new one.
func (t *Turn) askWhich(open openForm, name string, answers dialog.Answers) error {
	title, err := open.title(t, open.d.Answers)
	if err != nil {
		return err
	}
	known := url.Values{}
	for k, v := range answers {
		known.Set(k, v)
	}
	t.Answer(t.Say("form.which", text.A{"Title": title}),
		[]Btn{t.Btn("resume", "form resume"), t.Btn("start_new", "form replace "+name+" "+known.Encode())}, t.homeRow())
	return nil
}

// form is the hidden command behind the buttons of a form: a revision and what
// to do at it, or one of the ways in from elsewhere.
func (t *Turn) form() error {
	if t.Arg(0) == "replace" {
		return t.replaceForm()
	}
	f, found, err := t.findForm()
	if err != nil {
		return err
	}
	if !found {
		t.Toast(t.Say("refusal.old_button"))
		if !t.Known {
			return nil
		}
		return t.home()
	}
	switch t.Arg(0) {
	case "resume":
		return t.keepForm(f, nil)
	case "cancel":
		return t.cancel()
	}
	if rev, err := strconv.ParseInt(t.Arg(0), 10, 64); err != nil || rev != f.d.Rev {
		return t.keepForm(f, nil)
	}
	return t.formVerb(f, t.Arg(1), t.Arg(2))
}

func (t *Turn) replaceForm() error {
	known, err := url.ParseQuery(t.Arg(2))
	kind := t.b.flows[t.Arg(1)]
	if err != nil || kind == nil {
		return record.ErrInvalid
	}
	answers := dialog.Answers{}
	for k := range known {
		answers[k] = known.Get(k)
	}
	if err := kind.may(t, answers); err != nil {
		return err
	}
	return t.beginFlow(kind, answers)
}

// formVerb does what a button of the form as it stands says.
func (t *Turn) formVerb(f openForm, verb, arg string) error {
	step := f.d.Step
	var err error
	switch verb {
	case "set":
		return t.stepAnswered(f, step, f.Choose(&f.d, arg))
	case "done":
		return t.stepAnswered(f, step, f.Done(&f.d))
	case "leave":
		return t.stepAnswered(f, step, f.Leave(&f.d))
	case "pick":
		f.page, _ = strconv.Atoi(t.Arg(3))
		err = f.Pick(&f.d, arg)
	case "page":
		f.page, _ = strconv.Atoi(arg)
	case "goto":
		err = f.Goto(&f.d, arg)
	case "back":
		err = f.Back(&f.d)
	case "keep":
		err = f.Keep(&f.d)
	case "later":
		return t.parkAndSay(f)
	case "drop":
		return t.dropForm(f.d)
	case "save":
		return t.saveForm(f)
	default:
		return record.ErrInvalid
	}
	return t.keepForm(f, err)
}

// answerDialog takes a typed text as the answer to the open question; taken is
// false where none is open.
func (t *Turn) answerDialog(body string) (taken bool, err error) {
	f, found, err := t.findForm()
	if err != nil || !found || f.d.Parked {
		return false, err
	}
	step := f.d.Step
	return true, t.stepAnswered(f, step, f.Type(&f.d, body))
}

// formWants says whether a typed text that could be a command without a slash
// is the answer to the open question: a text with more words behind the
// command's, or six digits where the step takes them. Six digits behind a word
// are a check-in everywhere.
func (t *Turn) formWants(body, rest string) (bool, error) {
	if isCommand(body) || (rest == "" && !isCode(body)) {
		return false, nil
	}
	f, found, err := t.findForm()
	if err != nil || !found || f.d.Parked {
		return false, err
	}
	step, ok := f.Current(&f.d)
	if !ok || step.Parse == nil {
		return false, nil
	}
	if isCode(body) || isCode(rest) {
		return isCode(body) && step.Digits, nil
	}
	return true, nil
}

// answerContact takes the person's own contact card, and nobody else's, as the
// answer to the open question; taken is false where none is open that asks for it.
func (t *Turn) answerContact() (taken bool, err error) {
	f, found, err := t.findForm()
	if err != nil || !found || f.d.Parked {
		return false, err
	}
	step, ok := f.Current(&f.d)
	if !ok || !step.Contact {
		return false, nil
	}
	if !t.Ev.Contact.Own {
		return true, t.keepForm(f, &dialog.Fault{Key: "form.own_card"})
	}
	err = f.Type(&f.d, t.Ev.Contact.Phone)
	if err == nil {
		f.d.Answers[ofCard] = f.d.Answers[step.Name]
	}
	return true, t.stepAnswered(f, step.Name, err)
}

// ofCard is, in a form's context, the number that the person's own contact card
// gave: what is typed may be anybody's.
const ofCard = "card"

// stepAnswered goes on after a step was answered, or shows what is wrong.
func (t *Turn) stepAnswered(f openForm, step string, err error) error {
	if err != nil {
		return t.keepForm(f, err)
	}
	if f.after != nil {
		done, err := f.after(t, &f.d, step)
		if err != nil || done {
			return err
		}
		if err := f.Settle(&f.d); err != nil {
			return err
		}
	}
	if f.d.Step == dialog.Summary && f.direct {
		return t.saveForm(f)
	}
	return t.keepForm(f, nil)
}

// keepForm stores the form in its new state and shows it. err is nil, or what
// is wrong with the answer.
func (t *Turn) keepForm(f openForm, err error) error {
	fault, err := faultOf(err)
	if err != nil {
		return err
	}
	f.d.Parked = false
	f.d.Rev++
	if err := t.PutDialog(f.d); err != nil {
		return err
	}
	wantsCard := fault != nil && fault.Card
	said := fault
	if wantsCard {
		said = nil // by the message with the button
	}
	c, err := t.formCard(f, said)
	if err != nil {
		return err
	}
	t.Answer(c.Text, c.rows...)
	if wantsCard {
		t.AskContact(t.Say(fault.Key, fault.Args), t.Say("enrol.send_phone"), "")
	}
	return nil
}

// faultOf tells a fault that the person can mend from an error.
func faultOf(err error) (*dialog.Fault, error) {
	var fault *dialog.Fault
	switch {
	case err == nil, errors.As(err, &fault):
		return fault, nil
	case errors.Is(err, record.ErrChanged):
		return &dialog.Fault{Key: "form.gone"}, nil
	}
	return nil, err
}

// saveForm saves the form: everything is answered, and the person still may.
func (t *Turn) saveForm(f openForm) error {
	answers, ready, err := f.Ready(&f.d)
	if err != nil {
		return err
	}
	if !ready {
		return t.keepForm(f, &dialog.Fault{Key: "form.incomplete"})
	}
	err = f.may(t, answers)
	if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrSettled) {
		return t.endVoid(f, err)
	}
	if err != nil {
		return err
	}
	if err := t.EndDialog(f.d.Chat); err != nil {
		return err
	}
	err = f.save(t, answers)
	if fault := (*dialog.Fault)(nil); errors.As(err, &fault) {
		delete(f.d.Answers, fault.Step)
		f.d.Step = fault.Step
		return t.keepForm(f, fault)
	}
	return err
}

// endVoid ends a form about something that is gone or over meanwhile: it can never
// be saved.
func (t *Turn) endVoid(f openForm, err error) error {
	key, _ := text.Refusal(err)
	t.Answer(t.Say(key), t.homeRow())
	return t.EndDialog(f.d.Chat)
}

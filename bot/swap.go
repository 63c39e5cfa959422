package bot

import (
	"cmp"
	"slices"
	"strings"

	"headgoose/bot/dialog"
	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// Swaps: two branches exchange their turns at a base, or one stands in for
// another. The other side says yes; then the rule of the townships decides
// whether it stands, or the officer of the asking branch is asked.
func swapCommands() []command {
	return []command{
		{name: "swap", words: []string{"调换", "替代", "swap"}, roles: branch, run: (*Turn).swaps},
		{name: "swap.turn", hidden: true, roles: branch, run: (*Turn).swapTurn},
		{name: "swap.with", hidden: true, roles: branch, run: (*Turn).swapWith},
		{name: "swap.ask", hidden: true, roles: branch, run: (*Turn).swapAsk},
		{name: "swap.show", hidden: true, roles: branch, run: (*Turn).swapShow},
		{name: "swap.yes", hidden: true, roles: branch, run: func(t *Turn) error { return t.swapWord(record.RequestID(t.Arg(0)), true, "") }},
		{name: "swap.no", hidden: true, roles: branch, run: func(t *Turn) error { return t.startFlow("refuse", dialog.Answers{"id": t.Arg(0)}) }},
		{name: "swap.withdraw", hidden: true, roles: branch, run: (*Turn).swapWithdraw},
		{name: "swap.rule", hidden: true, roles: officers, run: (*Turn).swapRule},
	}
}

// swaps lists the own turns that can be swapped, open requests, and for an officer
// what waits and the township's rule.
func (t *Turn) swaps() error {
	var lines []string
	var rows [][]Btn
	places := append(t.Actor.Places(record.Secretary), t.offices()...)
	var seen []record.RequestID
	for _, place := range places {
		ids, err := t.RequestsOf(place)
		if place.Level() != record.Village {
			ids, err = t.OpenRequests(place)
		}
		if err != nil {
			return err
		}
		for _, id := range ids {
			if storage.IsLeave(id) || slices.Contains(seen, id) || len(seen) == 8 {
				continue
			}
			seen = append(seen, id)
			w, err := t.Tx.Swap(id)
			if err != nil {
				return err
			}
			if !w.State.Open() {
				continue
			}
			args, err := t.swapArgs(w)
			if err != nil {
				return err
			}
			lines = append(lines, t.Say("swap.line", args))
			rows = append(rows, []Btn{{Text: t.Say("swap.button", args), Line: "swap.show " + string(id)}})
		}
	}
	for _, v := range t.Actor.Places(record.Secretary) {
		turns, err := t.swappableTurns(v)
		if err != nil {
			return err
		}
		for _, turn := range turns {
			p, err := t.Place(v)
			if err != nil {
				return err
			}
			line := strings.Join([]string{"swap.turn", string(turn.Cycle), string(turn.Base), string(v)}, " ")
			rows = append(rows, []Btn{{Text: t.Say("swap.turn_button", text.A{"Base": t.baseShort(turn.Base), "When": t.slotOf(turn.TurnSlot), "Place": p.Name}), Line: line}})
		}
	}
	head := "swap.choose"
	switch {
	case len(rows) > len(lines): // there are turns to choose from
	case len(lines) > 0:
		head = "swap.open"
	default:
		head = "swap.none"
	}
	for _, place := range t.Actor.Places(record.TownshipOfficer) {
		rows = append(rows, []Btn{t.Btn("swap_rule", "swap.rule "+string(place))})
	}
	t.Answer(strings.Join(append([]string{t.Say(head, text.A{"N": len(lines)})}, lines...), "\n"), append(rows, t.homeRow())...)
	return nil
}

// swappableTurns lists the planned turns of a branch that lie after today.
func (t *Turn) swappableTurns(v record.Code) ([]record.Turn, error) {
	turns, err := t.TurnsOf(v)
	today := record.DateOf(t.Now)
	turns = slices.DeleteFunc(turns, func(x record.Turn) bool { return x.State != record.TurnPlanned || x.Day <= today || x.Substitute != "" })
	slices.SortFunc(turns, func(a, b record.Turn) int { return cmp.Compare(a.Day, b.Day) })
	return turns, err
}

// swapTurn asks whether a turn is to be exchanged or stood in for.
func (t *Turn) swapTurn() error {
	turn, err := t.argTurn()
	if err != nil {
		return err
	}
	line := "swap.with " + strings.Join(t.Args[:3], " ") + " "
	t.Answer(t.Say("swap.kind", text.A{"Turn": t.turnText(turn)}),
		[]Btn{t.Btn("exchange", line+"swap"), t.Btn("stand_in", line+"substitute")}, []Btn{t.Btn("back", "swap")})
	return nil
}

// argTurn is the turn of the arguments: cycle, base, village.
func (t *Turn) argTurn() (record.Turn, error) {
	v := record.Code(t.Arg(2))
	if err := t.Allow(record.AskSwap, record.Object{Place: v}); err != nil {
		return record.Turn{}, err
	}
	turn, err := t.Tx.Turn(record.CycleID(t.Arg(0)), record.BaseID(t.Arg(1)), v)
	if err == nil && turn.State != record.TurnPlanned {
		err = record.ErrChanged
	}
	return turn, err
}

// swapWith lists the branches that could take part, the own township's first.
func (t *Turn) swapWith() error {
	turn, err := t.argTurn()
	if err != nil {
		return err
	}
	kind := record.SwapKind(t.Arg(3))
	others, err := t.swapPartners(turn, kind)
	if err != nil {
		return err
	}
	line := "swap.with " + strings.Join(t.Args[:4], " ")
	n, pages := t.pageNumber(4, len(others), 8)
	var row []Btn
	for _, o := range others[(n-1)*8 : min(n*8, len(others))] {
		p, err := t.Place(o.Village)
		if err != nil {
			return err
		}
		label := p.Name
		if kind == record.SwapTurns {
			label = t.Say("swap.partner", text.A{"Place": p.Name, "When": t.shortSlot(o.TurnSlot)})
		}
		row = append(row, Btn{Text: label, Line: "swap.ask " + strings.Join(t.Args[:4], " ") + " " + string(o.Village)})
	}
	key := "swap.whom_" + string(kind)
	if len(others) == 0 {
		key = "swap.nobody"
	}
	columns := 2
	if kind == record.SwapTurns {
		columns = 1
	}
	rows := append(inRows(row, columns), t.pager(n, pages, line)...)
	back := "swap.turn " + strings.Join(t.Args[:3], " ")
	t.Answer(t.Say(key, text.A{"Turn": t.turnText(turn)}), append(rows, []Btn{t.Btn("back", back)})...)
	return nil
}

// shortSlot says a slot on a button: 12月8日 09:00.
func (t *Turn) shortSlot(slot record.TurnSlot) string {
	at, err := slot.Day.In(t.b.conf.Zone)
	if err != nil {
		return string(slot.Day)
	}
	from, _, _ := strings.Cut(slot.Hours, "-")
	return t.Voice.ShortDay(at) + " " + from
}

// swapPartners lists the turns of branches that could swap with a turn, or the
// branches that could stand in: secretaries in office, not busy on the day, of the
// own township first; for an exchange the nearest turns.
func (t *Turn) swapPartners(turn record.Turn, kind record.SwapKind) ([]record.Turn, error) {
	c, err := t.Cycle(t.b.conf.County, turn.Cycle)
	if err != nil {
		return nil, err
	}
	place := c.Place
	if kind == record.Substitute {
		place = turn.Village.Township()
	}
	turns, err := t.Turns(c, place)
	if err != nil {
		return nil, err
	}
	busy, err := t.BusyDays(c.Place, t.hours(), func(s record.Session) bool { return s.Cycle != c.ID || s.Base != turn.Base })
	if err != nil {
		return nil, err
	}
	free := func(v record.Code, day record.Date) bool {
		return !slices.ContainsFunc(busy[v], func(b record.Busy) bool { return b.Has(day) })
	}
	today := record.DateOf(t.Now)
	turns = slices.DeleteFunc(turns, func(o record.Turn) bool {
		switch {
		case o.Base != turn.Base, o.Village == turn.Village, !free(o.Village, turn.Day):
			return true
		case kind == record.SwapTurns:
			return o.State != record.TurnPlanned || o.Day <= today || o.TurnSlot == turn.TurnSlot || o.Substitute != "" || !free(turn.Village, o.Day)
		}
		_, held, err := t.Secretary(o.Village)
		return err != nil || !held
	})
	own := turn.Village.Township()
	slices.SortStableFunc(turns, func(a, b record.Turn) int {
		far := func(o record.Turn) int {
			if o.Village.Township() == own {
				return 0
			}
			return 1
		}
		if c := cmp.Compare(far(a), far(b)); c != 0 || kind == record.Substitute {
			return c
		}
		return cmp.Compare(abs(daysApart(turn.Day, a.Day)), abs(daysApart(turn.Day, b.Day)))
	})
	return turns[:min(len(turns), 80)], nil
}

func abs(n int) int { return max(n, -n) }

// swapAsk begins the form that asks the reason.
func (t *Turn) swapAsk() error {
	return t.startFlow("swap", dialog.Answers{"cycle": t.Arg(0), "base": t.Arg(1), "village": t.Arg(2), "kind": t.Arg(3), "to": t.Arg(4)})
}

func mayAskSwap(t *Turn, a dialog.Answers) error {
	return t.Allow(record.AskSwap, record.Object{Place: record.Code(a["village"])})
}

func swapTitle(t *Turn, a dialog.Answers) (string, error) {
	name, err := t.placeName(record.Code(a["to"]))
	return t.Say("swap.title_"+a["kind"], text.A{"Place": name}), err
}

func saveSwap(t *Turn, a dialog.Answers) error {
	c, err := t.Cycle(t.b.conf.County, record.CycleID(a["cycle"]))
	if err != nil {
		return err
	}
	w, err := t.AskSwap(c, record.Swap{
		Kind: record.SwapKind(a["kind"]), Base: record.BaseID(a["base"]), From: record.Code(a["village"]), To: record.Code(a["to"]), Reason: a["reason"],
	}, t.hours(), t.Person.ID)
	if err != nil {
		return err
	}
	return t.swapDone(w, "ask")
}

// swapDone writes the audit line, tells everybody concerned but the person who
// acted, and answers with how it stands.
func (t *Turn) swapDone(w record.Swap, what string) error {
	if err := t.auditRequest(record.AskSwap, w.ID, w.From, what); err != nil {
		return err
	}
	if err := t.tellSwap(w); err != nil {
		return err
	}
	if w.State == record.RequestAgreed {
		if err := t.askDecision(w.ID, w.From); err != nil {
			return err
		}
	}
	t.planChanged()
	c, err := t.swapCard(w, t.sideOf(w))
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, []Btn{t.Btn("back", "swap"), t.Btn("home", "start")})...)
	return nil
}

// tellSwap tells both branches how a swap stands, but the person who acted.
func (t *Turn) tellSwap(w record.Swap) error {
	for _, v := range []record.Code{w.From, w.To} {
		p, found, err := t.Secretary(v)
		if err != nil {
			return err
		}
		if found && p.Enrolled() && p.ID != t.Person.ID {
			if err := t.queueRequest(w.ID, v, p.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// sideOf is the branch of a swap for which the person stands: the asking one where
// it is neither.
func (t *Turn) sideOf(w record.Swap) record.Code {
	if slices.Contains(t.Actor.Places(record.Secretary), w.To) {
		return w.To
	}
	return w.From
}

func (t *Turn) swapArgs(w record.Swap) (text.A, error) {
	from, err := t.placeName(w.From)
	if err != nil {
		return nil, err
	}
	to, err := t.placeName(w.To)
	if err != nil {
		return nil, err
	}
	last := w.Rows[len(w.Rows)-1]
	args := text.A{
		"From": from, "To": to, "Base": t.baseTitle(w.Base), "FromAt": t.slotOf(w.FromAt), "ToAt": "", "Reason": w.Reason, "Word": last.Reason,
		"Until": t.When(w.Deadline), "State": t.Say("request_state." + string(w.State)), "Kind": t.Say("swap_kind." + string(w.Kind)),
	}
	if w.ToAt.Day != "" {
		args["ToAt"] = t.slotOf(w.ToAt)
	}
	if c := last.Clash; c != nil {
		who, err := t.placeName(c.Village)
		if err != nil {
			return nil, err
		}
		args["Who"], args["Day"], args["What"] = who, t.daysText(record.Days{From: c.Day, To: c.Day}), t.Say("busy."+string(c.Kind))
	}
	return args, nil
}

// swapCard says a swap as it stands, to one of its branches or to an officer.
func (t *Turn) swapCard(w record.Swap, v record.Code) (card, error) {
	args, err := t.swapArgs(w)
	if err != nil {
		return card{}, err
	}
	lines := []string{t.Say("swap.head_"+string(w.Kind), args)}
	id := string(w.ID)
	stands := func(v record.Code) bool { return t.Allow(record.AskSwap, record.Object{Place: v}) == nil }
	var rows [][]Btn
	switch w.State {
	case record.RequestAsked:
		if stands(w.To) && (v == w.To || !slices.Contains(t.Actor.Places(record.Secretary), w.From)) {
			lines = append(lines, t.Say("swap.asked_you", args))
			rows = append(rows, []Btn{t.Btn("agree", "swap.yes "+id), t.Btn("refuse", "swap.no "+id)})
		} else {
			lines = append(lines, t.Say("swap.asked", args))
		}
	case record.RequestAgreed:
		if t.Allow(record.DecideSwap, record.Object{Place: w.From}) == nil {
			lines = append(lines, t.Say("swap.decide", args))
			rows = append(rows, []Btn{t.Btn("agree", "swap.yes "+id), t.Btn("refuse", "swap.no "+id)})
		} else {
			lines = append(lines, t.Say("swap.agreed", args))
		}
	case record.RequestVoid:
		key := "swap.void"
		if args["Who"] != nil {
			key = "swap.void_clash"
		}
		lines = append(lines, t.Say(key, args))
		if slices.Contains(t.Actor.Places(record.Secretary), w.From) {
			rows = append(rows, []Btn{t.Btn("swap_again", "swap")})
		}
	default:
		lines = append(lines, t.Say("swap."+string(w.State), args))
	}
	if w.State.Open() && len(rows) == 0 && (stands(w.From) || stands(w.To)) {
		rows = append(rows, []Btn{t.Btn("withdraw", "swap.withdraw "+id)})
	}
	return card{Text: strings.Join(lines, "\n"), rows: rows}, nil
}

func (t *Turn) swapShow() error {
	w, err := t.Tx.Swap(record.RequestID(t.Arg(0)))
	if err != nil {
		return err
	}
	if t.Allow(record.AskSwap, record.Object{Place: w.From}) != nil {
		if err := t.Allow(record.AskSwap, record.Object{Place: w.To}); err != nil {
			return err
		}
	}
	c, err := t.swapCard(w, t.sideOf(w))
	if err != nil {
		return err
	}
	t.Answer(c.Text, append(c.rows, []Btn{t.Btn("back", "swap")})...)
	return nil
}

// swapWord is a yes or no: the other side's while it is asked, the officer's once
// both agree.
func (t *Turn) swapWord(id record.RequestID, yes bool, reason string) error {
	w, err := t.Tx.Swap(id)
	if err != nil {
		return err
	}
	c, err := t.Cycle(t.b.conf.County, w.Cycle)
	if err != nil {
		return err
	}
	row := record.RequestRow{By: t.Person.ID, Reason: reason}
	if w.State == record.RequestAgreed {
		if err := t.Allow(record.DecideSwap, record.Object{Place: w.From}); err != nil {
			return err
		}
		w, err = t.DecideSwap(c, id, yes, t.hours(), row)
	} else {
		if err := t.Allow(record.AskSwap, record.Object{Place: w.To}); err != nil {
			return err
		}
		row.For = w.To
		w, err = t.AnswerSwap(c, id, yes, t.hours(), row)
	}
	if err != nil {
		return err
	}
	return t.swapDone(w, string(w.State))
}

func (t *Turn) swapWithdraw() error {
	w, err := t.Tx.Swap(record.RequestID(t.Arg(0)))
	if err != nil {
		return err
	}
	if t.Allow(record.AskSwap, record.Object{Place: w.From}) != nil {
		if err := t.Allow(record.AskSwap, record.Object{Place: w.To}); err != nil {
			return err
		}
	}
	if w, err = t.WithdrawSwap(w.ID, record.RequestRow{By: t.Person.ID}); err != nil {
		return err
	}
	return t.swapDone(w, "withdraw")
}

// swapRule shows how a township deals with what its branches agree on, or changes
// it.
func (t *Turn) swapRule() error {
	place := record.Code(t.Arg(0))
	if err := t.Allow(record.SetRule, record.Object{Place: place}); err != nil {
		return err
	}
	rule, err := t.Rule(place)
	if err != nil {
		return err
	}
	if word := t.Arg(1); word == "auto" || word == "ask" {
		rule = record.TownshipRule{AutoSwap: word == "auto", By: t.Person.ID}
		if err := t.SetRule(place, rule); err != nil {
			return err
		}
		if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.SetRule, Place: place, Note: word}); err != nil {
			return err
		}
	}
	name, err := t.placeName(place)
	if err != nil {
		return err
	}
	key, other := "swap.rule_ask", t.Btn("rule_auto", "swap.rule "+string(place)+" auto")
	if rule.AutoSwap {
		key, other = "swap.rule_auto", t.Btn("rule_ask", "swap.rule "+string(place)+" ask")
	}
	t.Answer(t.Say(key, text.A{"Place": name}), []Btn{other}, []Btn{t.Btn("back", "swap")})
	return nil
}

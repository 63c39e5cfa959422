package storage

import (
	"fmt"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	cycle/<county>/<id>             -> record.Cycle
//	rotachange/<cycle>/<number>     -> record.RotaChange
//	rotaopen/<cycle>/<number>       -> record.RotaChangeID: changes that are being made

func cycleKey(county record.Code, id record.CycleID) string {
	return "cycle/" + string(county) + "/" + string(id)
}

// AddCycle adds a draft of a cycle and returns it with its id.
func (tx *Tx) AddCycle(c record.Cycle) (record.Cycle, error) {
	if c.Place.Level() != record.County || len(c.Bases) == 0 {
		return c, fmt.Errorf("%w: cycle", record.ErrInvalid)
	}
	for _, b := range c.Bases {
		if b.Capacity < 1 || len(b.Slots) == 0 || len(b.Hosts) > record.MaxHosts {
			return c, fmt.Errorf("%w: base of a cycle", record.ErrInvalid)
		}
	}
	id, err := tx.newID("cycle", "c")
	if err != nil {
		return c, err
	}
	c.ID, c.State, c.Created, c.Rev = record.CycleID(id), record.PlanDraft, tx.Now, 1
	return c, put(tx, cycleKey(c.Place, c.ID), c)
}

// Cycle reads a cycle of a county; ErrNotFound where there is none.
func (tx *Tx) Cycle(county record.Code, id record.CycleID) (record.Cycle, error) {
	c, found, err := get[record.Cycle](tx, cycleKey(county, id))
	if err == nil && !found {
		err = fmt.Errorf("%w: cycle %s", record.ErrNotFound, id)
	}
	return c, err
}

// Cycles lists the cycles of a county, the oldest first.
func (tx *Tx) Cycles(county record.Code) ([]record.Cycle, error) {
	var list []record.Cycle
	for e, err := range scan[record.Cycle](tx, under("cycle/"+string(county)+"/")) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}

// ChangeCycle changes a cycle; ID and Place stay, Rev grows.
func (tx *Tx) ChangeCycle(county record.Code, id record.CycleID, change func(*record.Cycle)) (record.Cycle, error) {
	c, err := tx.Cycle(county, id)
	if err != nil {
		return c, err
	}
	rev := c.Rev
	change(&c)
	c.ID, c.Place, c.Rev = id, county, rev+1
	return c, put(tx, cycleKey(county, id), c)
}

// DropCycle deletes a draft.
func (tx *Tx) DropCycle(county record.Code, id record.CycleID) error {
	c, err := tx.Cycle(county, id)
	if err != nil {
		return err
	}
	if c.State != record.PlanDraft {
		return record.ErrChanged
	}
	return del(tx, cycleKey(county, id))
}

func changeKey(cycle record.CycleID, id record.RotaChangeID) string {
	return "rotachange/" + string(cycle) + "/" + string(id)
}

// AddRotaChange stores a change of a cycle's plan, whole: it will be made from
// now on, in parts, in an order in which each move finds room. A change that is
// being made is ErrMoving; one without moves is ErrInvalid.
func (tx *Tx) AddRotaChange(c record.RotaChange) (record.RotaChange, error) {
	if len(c.Moves) == 0 {
		return c, fmt.Errorf("%w: change of the rota without moves", record.ErrInvalid)
	}
	if open, err := tx.OpenRotaChange(c.Cycle); err != nil || open != "" {
		if err == nil {
			err = record.ErrMoving
		}
		return c, err
	}
	cycle, err := tx.Cycle(c.Moves[0].Village.County(), c.Cycle)
	if err != nil {
		return c, err
	}
	turns, err := tx.Turns(cycle, cycle.Place)
	if err != nil {
		return c, err
	}
	c.Moves = record.InOrder(cycle, turns, c.Moves)
	n, err := tx.next("rotachange")
	if err != nil {
		return c, err
	}
	c.ID, c.At, c.Done, c.Told = record.RotaChangeID(fmt.Sprintf("%08d", n)), tx.Now, 0, 0
	if err := put(tx, "rotaopen/"+string(c.Cycle)+"/"+string(c.ID), c.ID); err != nil {
		return c, err
	}
	return c, put(tx, changeKey(c.Cycle, c.ID), c)
}

// RotaChange reads a change; ErrNotFound where there is none.
func (tx *Tx) RotaChange(cycle record.CycleID, id record.RotaChangeID) (record.RotaChange, error) {
	c, found, err := get[record.RotaChange](tx, changeKey(cycle, id))
	if err == nil && !found {
		err = fmt.Errorf("%w: change of the rota", record.ErrNotFound)
	}
	return c, err
}

// PutRotaChange writes how far a change has been made. over ends it.
func (tx *Tx) PutRotaChange(c record.RotaChange, over bool) error {
	if over {
		if err := del(tx, "rotaopen/"+string(c.Cycle)+"/"+string(c.ID)); err != nil {
			return err
		}
	}
	return put(tx, changeKey(c.Cycle, c.ID), c)
}

// OpenRotaChange is the change of a cycle that is being made; empty where none is.
func (tx *Tx) OpenRotaChange(cycle record.CycleID) (record.RotaChangeID, error) {
	for e, err := range scan[record.RotaChangeID](tx, under("rotaopen/"+string(cycle)+"/")) {
		return e.val, err
	}
	return "", nil
}

// LastRotaChange is the newest change of a cycle that can be taken back: none
// where it was taken back already, or where there is none; the publication
// cannot.
func (tx *Tx) LastRotaChange(cycle record.CycleID) (c record.RotaChange, found bool, err error) {
	r := under("rotachange/" + string(cycle) + "/")
	r.Reverse = true
	for e, err := range scan[record.RotaChange](tx, r) {
		if err != nil {
			return c, false, err
		}
		c = e.val
		return c, c.Undone == "" && c.Undo == "" && !c.Publication && tx.Now.Sub(c.At) < undoFor, nil
	}
	return c, false, nil
}

// undoFor is how long a change can be taken back.
const undoFor = 7 * 24 * time.Hour

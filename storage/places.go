package storage

import (
	"fmt"

	"headgoose/storage/record"
)

// Keys:
//
//	place/<level>/<code>              -> record.Place
//	placename/<county>/<name>/<code>  -> true: places by name

func placeKey(c record.Code) string { return fmt.Sprintf("place/%d/%s", c.Level(), c) }

func placeNameKey(p record.Place) string {
	return "placename/" + string(p.Code.County()) + "/" + p.Name + "/" + string(p.Code)
}

// PutPlace adds a place or renames it. A new village is counted with the
// places above it.
func (tx *Tx) PutPlace(p record.Place) error {
	if p.Code.Level() == record.NoLevel {
		return fmt.Errorf("%w: code %q", record.ErrInvalid, p.Code)
	}
	old, found, err := get[record.Place](tx, placeKey(p.Code))
	if err != nil {
		return err
	}
	if found {
		if old == p {
			return nil
		}
		if err := del(tx, placeNameKey(old)); err != nil {
			return err
		}
	} else if p.Code.Level() == record.Village {
		if err := tx.bump(p.Code, func(c *record.PlaceCount) { c.Villages++ }); err != nil {
			return err
		}
		if err := tx.setFlag(Vacant, p.Code, "", true); err != nil {
			return err
		}
	}
	if err := put(tx, placeNameKey(p), true); err != nil {
		return err
	}
	return put(tx, placeKey(p.Code), p)
}

// Place reads a place; ErrNotFound where there is none.
func (tx *Tx) Place(c record.Code) (record.Place, error) {
	p, found, err := get[record.Place](tx, placeKey(c))
	if err == nil && !found {
		err = fmt.Errorf("%w: place %s", record.ErrNotFound, c)
	}
	return p, err
}

// Children lists the townships of a county or the villages of a township, in
// the office's order.
func (tx *Tx) Children(c record.Code) ([]record.Place, error) {
	return tx.placesUnder(c, c.Level()+1)
}

// Villages lists all villages in a place.
func (tx *Tx) Villages(c record.Code) ([]record.Place, error) {
	return tx.placesUnder(c, record.Village)
}

func (tx *Tx) placesUnder(c record.Code, level record.Level) ([]record.Place, error) {
	if c.Level() == record.NoLevel || level > record.Village {
		return nil, nil
	}
	var places []record.Place
	for e, err := range scan[record.Place](tx, under(fmt.Sprintf("place/%d/%s", level, c))) {
		if err != nil {
			return nil, err
		}
		places = append(places, e.val)
	}
	return places, nil
}

// PlacesNamed lists the places of a county whose name begins with prefix.
// With the whole name it finds namesakes; with "" it lists all names.
func (tx *Tx) PlacesNamed(county record.Code, prefix string) ([]record.Place, error) {
	var places []record.Place
	base := "placename/" + string(county) + "/"
	for e, err := range scan[bool](tx, under(base+prefix)) {
		if err != nil {
			return nil, err
		}
		rest := e.key[len(base):]
		for i := len(rest) - 1; i >= 0; i-- {
			if rest[i] == '/' {
				places = append(places, record.Place{Code: record.Code(rest[i+1:]), Name: rest[:i]})
				break
			}
		}
	}
	return places, nil
}

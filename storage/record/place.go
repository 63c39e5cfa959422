package record

import "strings"

// Code is the statistical code of a place as the National Bureau of
// Statistics gives it: 6 digits a county, 9 a township, 12 a village. A
// place's code begins with the code of the place that it belongs to.
type Code string

// Level is the rank of a place.
type Level uint8

// The levels of places.
const (
	NoLevel Level = iota
	County
	Township
	Village
)

// Level reads the level from the code's length; NoLevel where it is none.
func (c Code) Level() Level {
	for _, r := range c {
		if r < '0' || r > '9' {
			return NoLevel
		}
	}
	switch len(c) {
	case 6:
		return County
	case 9:
		return Township
	case 12:
		return Village
	}
	return NoLevel
}

// County is the county of the place, "" where the code is none.
func (c Code) County() Code { return c.cut(6) }

// Township is the township of a township or village, "" for a county.
func (c Code) Township() Code { return c.cut(9) }

func (c Code) cut(n int) Code {
	if c.Level() == NoLevel || len(c) < n {
		return ""
	}
	return c[:n]
}

// Parent is the place that this one belongs to; "" for a county.
func (c Code) Parent() Code {
	switch c.Level() {
	case Village:
		return c[:9]
	case Township:
		return c[:6]
	}
	return ""
}

// Contains says whether other is this place or lies in it.
func (c Code) Contains(other Code) bool {
	return c.Level() != NoLevel && other.Level() != NoLevel && strings.HasPrefix(string(other), string(c))
}

// Up lists the place and all that it belongs to, the place first.
func (c Code) Up() []Code {
	var up []Code
	for p := c; p != ""; p = p.Parent() {
		if p.Level() == NoLevel {
			break
		}
		up = append(up, p)
	}
	return up
}

// Place is a county, a township or a village.
type Place struct {
	Code Code   `json:"code"`
	Name string `json:"name" personal:"-"`
}

package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// duration is a length of time such as 30s, 15m, 2h or 14d.
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	s := string(text)
	wrong := errors.New("not a length of time such as 30s, 15m, 2h or 14d")
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return wrong
		}
		*d = duration(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	parsed, err := time.ParseDuration(s)
	if err != nil || parsed < 0 {
		return wrong
	}
	*d = duration(parsed)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d duration) String() string {
	const day = 24 * time.Hour
	t := time.Duration(d)
	if t != 0 && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String() // such as 2h0m0s
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// account is the number of a person's account on the chat platform.
type account int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *account) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n <= 0 {
		return errors.New("expected the positive number of a person's account, such as 123456789 (a group's is negative)")
	}
	*a = account(n)
	return nil
}

// size is a number of bytes such as 512MiB or 1GiB.
type size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (z *size) UnmarshalText(text []byte) error {
	s := string(text)
	for _, unit := range sizeUnits {
		number, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 20)
		if err != nil {
			break
		}
		*z = size(int64(n) * unit.bytes)
		return nil
	}
	return errors.New("not a size such as 512MiB or 1GiB")
}

// MarshalText implements encoding.TextMarshaler.
func (z size) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

func (z size) String() string {
	for _, unit := range sizeUnits {
		if n := int64(z); n != 0 && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(z), 10)
}
